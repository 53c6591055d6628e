/* SPDX-License-Identifier: MIT
 * The oracle of scalar_tape.h. */
#include "scalar_tape.h"

#include <math.h>
#include <string.h>

enum { NONE = -1 };

void tape_start(tape *t) {
    t->n_numbers = t->n_values = t->n_homes = t->n_tensors = 0;
    t->recording = true;
    t->scope = 0;
    t->full = false;
}

/* ---- numbers ---- */

static int number(tape *t, double value, int a, double da, int b, double db) {
    if (t->n_numbers == TAPE_NUMBERS || fabs(value) > 1e9) {
        t->full = true;
        return 0;
    }
    int k = t->n_numbers++;
    t->number[k] = value;
    t->operand[k][0] = a, t->operand[k][1] = b;
    t->slope[k][0] = da, t->slope[k][1] = db;
    return k;
}

static int constant_number(tape *t, double value) { return number(t, value, NONE, 0, NONE, 0); }
static int same_number(tape *t, int a) { return number(t, t->number[a], a, 1, NONE, 0); }

static int combined(tape *t, char op, int a, int b) {
    const double x = t->number[a], y = t->number[b];
    if (op == '+') return number(t, x + y, a, 1, b, 1);
    if (op == '-') return number(t, x - y, a, 1, b, -1);
    if (op == '*') return number(t, x * y, a, y, b, x);
    return same_number(t, b);
}

/* ---- values and homes ---- */

/* A value with a history over those of a and b that are variables (NONE: none), if something is recorded. */
static int new_value(tape *t, int a, int b, bool variable) {
    if (t->n_values == TAPE_VALUES) {
        t->full = true;
        return 0;
    }
    tape_value *v = &t->value[t->n_values];
    *v = (tape_value){.variable = variable};
    const int from[2] = {a, b};
    for (int i = 0; i < 2 && t->recording && variable; i++)
        if (from[i] != NONE && t->value[from[i]].variable) v->from[v->n_from++] = from[i];
    return t->n_values++;
}

static bool has_history(const tape *t, int value) { return t->value[value].n_from > 0; }

static int new_home(tape *t, int value, int length) {
    if (t->n_homes == TAPE_VALUES) {
        t->full = true;
        return 0;
    }
    t->home[t->n_homes] = (tape_home){.value = value, .length = length};
    return t->n_homes++;
}

static tape_home *home_of(tape *t, int a) {
    const tape_tensor *x = &t->tensor[a];
    return &t->home[x->own != NONE ? x->own : x->home];
}

static int cell(const tape *t, int a, int i) {
    const tape_tensor *x = &t->tensor[a];
    return t->home[x->own != NONE ? x->own : x->home].cells[x->first + i * x->step];
}

/* The elements as they are, as the leaf of a home. */
static void become_leaf(tape *t, tape_home *home, const tape_home *elements, bool variable) {
    home->value = new_value(t, NONE, NONE, variable);
    for (int i = 0; i < TAPE_LENGTH; i++) home->cells[i] = constant_number(t, t->number[elements->cells[i]]);
    home->has_grad = home->aside = false;
    home->version = elements->version;
}

static void give_own(tape *t, int a, bool variable) {
    tape_tensor *x = &t->tensor[a];
    const bool kept = home_of(t, a)->kept;
    x->own = new_home(t, 0, t->home[x->home].length);
    x->own_variable = variable;
    t->home[x->own].kept = kept || x->kept;
    become_leaf(t, &t->home[x->own], &t->home[x->home], variable);
}

/* A consumed value goes on as a leaf, which has its gradient. */
static void go_on(tape *t, tape_home *home) {
    if (!t->value[home->value].consumed) return;
    const bool has_grad = home->has_grad, aside = home->aside;
    become_leaf(t, home, home, true);
    t->value[home->value].was_consumed = true;
    home->has_grad = has_grad;
    home->aside = aside;
}

/* Does a show all of its home, as it lies there? */
static bool is_all(const tape *t, int a) {
    const tape_tensor *x = &t->tensor[a];
    return x->first == 0 && x->n == t->home[x->home].length && (x->step == 1 || x->n == 1);
}

/* What is recorded when a is used. */
static int value_of(tape *t, int a) { return is_all(t, a) ? home_of(t, a)->value : t->tensor[a].seen; }

/* A view is a value too, which leads to that of its home; consumed, it is seen anew. */
static void see(tape *t, int a) {
    tape_tensor *x = &t->tensor[a];
    const int over = home_of(t, a)->value;
    if (is_all(t, a) || (x->seen != NONE && x->seen_over == over && !t->value[x->seen].consumed)) return;
    const tape_value *before = x->seen != NONE ? &t->value[x->seen] : NULL;
    const bool from_before = before && (before->was_consumed || t->value[x->seen_over].consumed);
    x->seen_over = over;
    x->seen = new_value(t, NONE, NONE, t->value[over].variable);
    t->value[x->seen].was_consumed = from_before && t->value[over].was_consumed;
    if (t->value[over].variable && !(x->apart && x->own == NONE))
        t->value[x->seen].from[t->value[x->seen].n_from++] = over;
}

/* a is about to be used: values of its own begin, or begin again where the elements were written by others. */
static void use(tape *t, int a) {
    tape_tensor *x = &t->tensor[a];
    tape_home *home = &t->home[x->home];
    if (home->synced) {
        for (int i = 0; i < TAPE_LENGTH; i++) home->cells[i] = constant_number(t, home->outside[i]);
        become_leaf(t, home, home, t->value[home->value].variable);
        home->synced = false;
        home->version++;
    }
    go_on(t, home);
    if (x->own == NONE && x->apart && t->recording) give_own(t, a, true);
    if (x->own != NONE && t->home[x->own].version != t->home[x->home].version)
        become_leaf(t, &t->home[x->own], &t->home[x->home], x->own_variable);
    if (x->own != NONE) go_on(t, &t->home[x->own]);
    see(t, a);
}

/* As an operand: its gradient is hidden, but not that of the base of a view; what accumulates still adds to it. */
static void set_aside_of(tape *t, int a) {
    if (t->tensor[a].own == NONE && t->tensor[a].base != a) return;
    tape_home *home = home_of(t, a);
    home->aside = home->aside || home->has_grad;
    home->has_grad = false;
}

static void use_in_op(tape *t, int a) {
    use(t, a);
    set_aside_of(t, a);
}

/* ---- tensors ---- */

static int new_tensor(tape *t, int home, int n) {
    if (t->n_tensors == TAPE_TENSORS) {
        t->full = true;
        return NONE;
    }
    int k = t->n_tensors++;
    t->tensor[k] = (tape_tensor){.live = true, .base = k, .home = home, .own = NONE, .n = n, .step = 1};
    t->tensor[k].scope = t->scope;
    t->tensor[k].seen = NONE;
    return k;
}

int tape_leaf(tape *t, const double *values, int n, bool variable) {
    int home = new_home(t, new_value(t, NONE, NONE, variable), n);
    for (int i = 0; i < n; i++) t->home[home].cells[i] = constant_number(t, values[i]);
    return new_tensor(t, home, n);
}

static bool any_variable(const tape *t, int a, int b) {
    return tape_is_variable(t, a) || (b != NONE && tape_is_variable(t, b));
}

/* Numbers lead on only where the value that they are elements of does. */
static void settle_numbers(tape *t, int home) {
    for (int i = 0; i < TAPE_LENGTH && !has_history(t, t->home[home].value); i++) {
        const int k = t->home[home].cells[i];
        t->home[home].cells[i] = constant_number(t, t->number[k]);
    }
}

int tape_binary(tape *t, char op, int a, int b) {
    use_in_op(t, a);
    use_in_op(t, b);
    const bool variable = !t->recording || any_variable(t, a, b);
    const int n = t->tensor[a].n;
    int home = new_home(t, new_value(t, value_of(t, a), value_of(t, b), variable), n);
    for (int i = 0; i < n; i++) t->home[home].cells[i] = combined(t, op, cell(t, a, i), cell(t, b, i));
    settle_numbers(t, home);
    return new_tensor(t, home, n);
}

int tape_negate(tape *t, int a) {
    use_in_op(t, a);
    const int n = t->tensor[a].n;
    int home = new_home(t, new_value(t, value_of(t, a), NONE, !t->recording || tape_is_variable(t, a)), n);
    for (int i = 0; i < n; i++) {
        const int c = cell(t, a, i);
        t->home[home].cells[i] = number(t, -t->number[c], c, -1, NONE, 0);
    }
    settle_numbers(t, home);
    return new_tensor(t, home, n);
}

int tape_slice(tape *t, int a, int first, int n, int step) {
    use(t, a);
    int k = new_tensor(t, t->tensor[a].home, n);
    if (k == NONE) return NONE;
    const tape_tensor *x = &t->tensor[a];
    tape_tensor *v = &t->tensor[k];
    v->base = x->base;
    v->first = x->first + first * x->step;
    v->step = step * x->step;
    v->apart = !t->recording;
    if (!v->apart) v->own = x->own, v->own_variable = x->own_variable;
    see(t, k);
    return k;
}

/* A copy of the whole, of which the same is shown. */
int tape_detach(tape *t, int a) {
    use(t, a);
    const tape_tensor *x = &t->tensor[a];
    double values[TAPE_LENGTH];
    for (int i = 0; i < TAPE_LENGTH; i++) values[i] = t->number[t->home[x->home].cells[i]];
    const int k = tape_leaf(t, values, t->home[x->home].length, false);
    if (k == NONE) return NONE;
    t->tensor[k].n = x->n, t->tensor[k].first = x->first, t->tensor[k].step = x->step;
    see(t, k);
    return k;
}

void tape_release(tape *t, int a) { t->tensor[a].live = false; }

void tape_keep(tape *t, int a) {
    use(t, a);
    t->tensor[a].kept = true;
    home_of(t, a)->kept = true;
}

void tape_open_scope(tape *t) { t->scope++; }

void tape_close_scope(tape *t) {
    for (int i = 0; i < t->n_tensors; i++)
        if (t->tensor[i].scope == t->scope && !t->tensor[i].kept) t->tensor[i].live = false;
    t->scope--;
}

void tape_use(tape *t, int a) { use(t, a); }

/* ---- writing ---- */

/* home's new elements: those of x become new_cells; the others stay what they are, in a value of its own. from: the
 * value that was written, or NONE where nothing is to lead to it. A whole that is written over as such does not lead to
 * what it was; one of which a view shows all does, with a gradient of zeros. */
static void rewrite(tape *t, tape_home *home, const tape_tensor *x, bool whole, const int *new_cells, int from) {
    const bool variable = t->value[home->value].variable;
    const int value = new_value(t, whole ? NONE : home->value, from, variable);
    const bool leads = has_history(t, value);
    int cells[TAPE_LENGTH];
    for (int i = 0; i < TAPE_LENGTH; i++) cells[i] = home->cells[i];
    for (int i = 0; i < x->n; i++) cells[x->first + i * x->step] = new_cells[i];
    for (int i = 0; i < TAPE_LENGTH; i++)
        home->cells[i] = leads ? same_number(t, cells[i]) : constant_number(t, t->number[cells[i]]);
    home->value = value;
    home->has_grad = home->aside = false;
    home->version++;
}

/* The elements of target become cells, which lead to the value `from`. */
static void put(tape *t, int target, const int *cells, int from, bool whole) {
    const tape_tensor *x = &t->tensor[target];
    tape_home *home = &t->home[x->home];
    int constants[TAPE_LENGTH];
    for (int i = 0; i < x->n; i++) constants[i] = constant_number(t, t->number[cells[i]]);
    home->kept = home->kept || x->kept; /* what a kept view shows is there, whatever becomes of its base */
    if (x->own == NONE) {
        rewrite(t, home, x, whole, cells, from);
        return;
    }
    const bool drop = t->value[home->value].variable && !x->own_variable; /* through a constant view */
    rewrite(t, &t->home[x->own], x, false, cells, from);
    rewrite(t, home, x, false, drop ? constants : cells, drop ? NONE : from);
    t->home[x->own].version = home->version;
}

/* The value in between, x op y, has a history of its own. */
void tape_write(tape *t, int target, char op, int a, bool as_view) {
    use(t, target);
    use(t, a);
    int cells[TAPE_LENGTH], from = value_of(t, a);
    for (int i = 0; i < t->tensor[target].n; i++) cells[i] = combined(t, op, cell(t, target, i), cell(t, a, i));
    if (op != '=') from = new_value(t, value_of(t, target), from, !t->recording || any_variable(t, target, a));
    if (a != target) set_aside_of(t, a);
    put(t, target, cells, from, t->tensor[target].base == target && is_all(t, target) && !as_view);
}

void tape_write_op(tape *t, int target, char op, int a, int b) {
    use(t, target);
    use_in_op(t, a);
    use_in_op(t, b);
    int cells[TAPE_LENGTH];
    for (int i = 0; i < t->tensor[target].n; i++) cells[i] = combined(t, op, cell(t, a, i), cell(t, b, i));
    int from = new_value(t, value_of(t, a), value_of(t, b), !t->recording || any_variable(t, a, b));
    put(t, target, cells, from, t->tensor[target].base == target && is_all(t, target));
}

void tape_overwrite(tape *t, int target, double value) {
    use(t, target);
    const tape_tensor *x = &t->tensor[target];
    tape_home *home = &t->home[x->home];
    become_leaf(t, home, home, t->value[home->value].variable);
    for (int i = 0; i < x->n; i++) home->cells[x->first + i * x->step] = constant_number(t, value);
    home->version++;
    if (x->own != NONE) use(t, target);
}

void tape_sync(tape *t, int a, const double *values) {
    tape_home *home = &t->home[t->tensor[a].home];
    home->synced = true;
    memcpy(home->outside, values, sizeof home->outside);
}

void tape_set_constant(tape *t, int a, bool constant) {
    use(t, a);
    tape_tensor *x = &t->tensor[a];
    if (tape_is_variable(t, a) == !constant) {
        if (x->own != NONE || x->base == a) home_of(t, a)->has_grad = home_of(t, a)->aside = false;
        return;
    }
    if (x->base != a) {
        give_own(t, a, !constant); /* other views of the same value keep it, and its gradient */
        return;
    }
    tape_home *home = &t->home[x->home];
    const unsigned version = home->version + 1;
    become_leaf(t, home, home, !constant);
    home->version = version;
}

/* ---- gradients ---- */

static void mark_reached(const tape *t, int value, bool *reached) {
    if (reached[value] || !t->value[value].variable) return;
    reached[value] = true;
    for (int i = 0; i < t->value[value].n_from; i++) mark_reached(t, t->value[value].from[i], reached);
}

static void sweep(tape *t, int f) {
    memset(t->adjoint, 0, (size_t)t->n_numbers * sizeof t->adjoint[0]);
    for (int i = 0; i < t->tensor[f].n; i++) t->adjoint[cell(t, f, i)] += 1;
    for (int k = t->n_numbers; k-- > 0;) {
        for (int i = 0; i < 2; i++)
            if (t->operand[k][i] != NONE) t->adjoint[t->operand[k][i]] += t->slope[k][i] * t->adjoint[k];
        if (fabs(t->adjoint[k]) > 1e12) t->full = true;
    }
}

/* Is it what a tensor shows? */
static bool is_shown(const tape *t, int value) {
    for (int i = 0; i < t->n_tensors; i++) {
        const tape_tensor *x = &t->tensor[i];
        if (!x->live) continue;
        if (t->home[x->home].value == value || (x->own != NONE && t->home[x->own].value == value)) return true;
    }
    return false;
}

static bool reached[TAPE_VALUES];

static void reach(tape *t, int f) {
    memset(reached, 0, sizeof reached);
    mark_reached(t, value_of(t, f), reached);
}

bool tape_may_consume(tape *t, int f) {
    static bool leads[TAPE_VALUES]; /* to a variable leaf that a tensor shows */
    use(t, f);
    reach(t, f);
    for (int i = 0; i < t->n_values; i++) { /* values come after those that they are from */
        const tape_value *v = &t->value[i];
        leads[i] = v->variable && !v->n_from && is_shown(t, i);
        for (int k = 0; k < v->n_from; k++) leads[i] = leads[i] || leads[v->from[k]];
        if (reached[i] && !leads[i] && v->n_from) return false;
    }
    return true;
}

static bool is_valid(tape *t, int f) {
    if (t->value[value_of(t, f)].was_consumed) return false;
    for (int v = 0; v < t->n_values; v++)
        if (reached[v] && t->value[v].consumed) return false;
    return true;
}

bool tape_backward(tape *t, int f, bool accumulate, bool consume) {
    use(t, f);
    if (!tape_is_variable(t, f)) return true;
    reach(t, f);
    if (!is_valid(t, f)) return false;
    sweep(t, f);
    for (int h = 0; h < t->n_homes; h++) {
        tape_home *home = &t->home[h];
        if (!reached[home->value]) continue;
        if (consume && has_history(t, home->value) && !home->kept) {
            home->has_grad = accumulate && (home->has_grad || home->aside);
            home->aside = false;
            continue;
        }
        for (int i = 0; i < TAPE_LENGTH; i++) {
            const double d = t->adjoint[home->cells[i]];
            home->grad[i] = accumulate && (home->has_grad || home->aside) ? home->grad[i] + d : d;
        }
        home->has_grad = true;
        home->aside = false;
    }
    for (int v = 0; v < t->n_values && consume; v++)
        if (reached[v] && has_history(t, v)) t->value[v].consumed = true;
    return true;
}

void tape_scale_grad(tape *t, int a, double by) {
    const tape_tensor *x = &t->tensor[a];
    tape_home *home = home_of(t, a);
    for (int i = 0; i < x->n; i++) home->grad[x->first + i * x->step] *= by;
}

void tape_fill_grad(tape *t, int a, double value) {
    const tape_tensor *x = &t->tensor[a];
    for (int i = 0; i < x->n; i++) home_of(t, a)->grad[x->first + i * x->step] = value;
}

/* ---- asking ---- */

bool tape_is_variable(const tape *t, int a) {
    const tape_tensor *x = &t->tensor[a];
    if (x->own != NONE) return x->own_variable;
    return x->apart || t->value[t->home[x->home].value].variable;
}

double tape_element(const tape *t, int a, int i) {
    const tape_tensor *x = &t->tensor[a];
    return t->number[t->home[x->home].cells[x->first + i * x->step]];
}

bool tape_has_grad(const tape *t, int a) {
    const tape_tensor *x = &t->tensor[a];
    if (!tape_is_variable(t, a) || (x->own == NONE && x->apart)) return false;
    const tape_home *home = &t->home[x->own != NONE ? x->own : x->home];
    return home->has_grad && (x->own == NONE || home->version == t->home[x->home].version);
}

double tape_grad(const tape *t, int a, int i) {
    const tape_tensor *x = &t->tensor[a];
    return t->home[x->own != NONE ? x->own : x->home].grad[x->first + i * x->step];
}

/* SPDX-License-Identifier: MIT
 * Gradients of rows by their definitions: sums and products of exact numbers, with 2400 bits, which hold any sum of
 * doubles. */
#include "row_oracle.h"

#include <math.h>
#include <string.h>

typedef enum family { SUMS, EXTREMA, PRODUCTS, MOMENTS, EXPONENTIALS, SCANS } family;

static const struct {
    const char *op;
    family family;
    bool one;
} ops[] = {
    {"sum", SUMS, true},
    {"mean", SUMS, true},
    {"max", EXTREMA, true},
    {"min", EXTREMA, true},
    {"prod", PRODUCTS, true},
    {"cumprod", PRODUCTS, false},
    {"var", MOMENTS, true},
    {"std", MOMENTS, true},
    {"cumsum", SCANS, false},
    {"logsumexp", EXPONENTIALS, true},
    {"softmax", EXPONENTIALS, false},
    {"logsoftmax", EXPONENTIALS, false},
    {"softmax_crossentropy", EXPONENTIALS, true},
};

static int find(const char *op) {
    int i = (int)(sizeof ops / sizeof *ops);
    while (i-- > 0 && strcmp(ops[i].op, op) != 0) {
    }
    return i;
}
bool row_knows(const char *op) { return find(op) >= 0; }
bool row_makes_one(const char *op) { return ops[find(op)].one; }
bool row_exponentiates(const char *op) { return ops[find(op)].family == EXPONENTIALS; }

#ifdef RANGE_HAVE_MPFR
#include <mpfr.h>

#define BITS 2400
#define R    MPFR_RNDN

/* exact[i] and scale[i] are to be filled; t: to use. */
typedef struct workspace {
    const char *op;
    const row_point *p;
    mpfr_t exact[ROW_MOST], scale[ROW_MOST], y[ROW_MOST], t[4];
    long least[ROW_MOST], most[ROW_MOST];
} workspace;

static bool is(const workspace *w, const char *op) { return strcmp(w->op, op) == 0; }

/* A number that is multiplied with others on the way to element i. */
static void on_the_way(workspace *w, int i, mpfr_ptr x) {
    if (!mpfr_regular_p(x)) return;
    const long e = mpfr_get_exp(x);
    if (e < w->least[i]) w->least[i] = e;
    if (e > w->most[i]) w->most[i] = e;
}

/* r += x, s += |x|; t[3] is used */
static void term(workspace *w, int i, mpfr_ptr x) {
    mpfr_add(w->exact[i], w->exact[i], x, R);
    mpfr_abs(w->t[3], x, R);
    mpfr_add(w->scale[i], w->scale[i], w->t[3], R);
}

static void alone(workspace *w, int i, double x) {
    mpfr_set_d(w->t[2], x, R);
    term(w, i, w->t[2]);
}

/* The place of the first largest or smallest. */
static int extremum(const workspace *w) {
    int best = 0;
    for (int i = 1; i < w->p->n; i++)
        if (is(w, "max") ? w->p->x[i] > w->p->x[best] : w->p->x[i] < w->p->x[best]) best = i;
    return best;
}

static void gradient_of_products(workspace *w) {
    const row_point *p = w->p;
    const bool scan = is(w, "cumprod");
    for (int i = 0; i < p->n; i++) {
        for (int last = scan ? i : p->n - 1; last < p->n; last++) {
            mpfr_set_ui(w->t[0], 1, R);
            mpfr_set_ui(w->t[1], 1, R);
            for (int k = 0; k <= last; k++) {
                if (k != i) mpfr_mul_d(w->t[0], w->t[0], p->x[k], R);
                mpfr_mul_d(w->t[1], w->t[1], p->x[k], R);
                if (scan) on_the_way(w, i, w->t[0]), on_the_way(w, i, w->t[1]);
            }
            mpfr_mul_d(w->t[1], w->t[1], p->g[scan ? last : 0], R);
            if (scan) on_the_way(w, i, w->t[1]);
            on_the_way(w, i, w->t[0]);
            mpfr_mul_d(w->t[0], w->t[0], p->g[scan ? last : 0], R);
            on_the_way(w, i, w->t[0]);
            term(w, i, w->t[0]);
        }
    }
}

/* t[0] = the mean, t[1] = sum (x - mean)^2 */
static void moments(workspace *w) {
    const row_point *p = w->p;
    mpfr_set_ui(w->t[0], 0, R);
    for (int i = 0; i < p->n; i++) mpfr_add_d(w->t[0], w->t[0], p->x[i], R);
    mpfr_div_ui(w->t[0], w->t[0], (unsigned long)p->n, R);
    mpfr_set_ui(w->t[1], 0, R);
    for (int i = 0; i < p->n; i++) {
        mpfr_d_sub(w->t[2], p->x[i], w->t[0], R);
        mpfr_sqr(w->t[2], w->t[2], R);
        mpfr_add(w->t[1], w->t[1], w->t[2], R);
    }
}

/* 2 (x - mean) g / n, over 2 std; differences are as good as x and the mean are. */
static void gradient_of_moments(workspace *w) {
    const row_point *p = w->p;
    double largest = 0;
    moments(w);
    mpfr_div_ui(w->t[1], w->t[1], (unsigned long)p->n, R);
    mpfr_sqrt(w->t[1], w->t[1], R);
    for (int i = 0; i < p->n; i++) largest = fmax(largest, fabs(p->x[i]));
    for (int i = 0; i < p->n; i++) {
        mpfr_d_sub(w->exact[i], p->x[i], w->t[0], R);
        mpfr_set_d(w->scale[i], largest, R);
        for (int k = 0; k < 2; k++) {
            mpfr_ptr r = k ? w->scale[i] : w->exact[i];
            mpfr_mul_ui(r, r, 2, R);
            mpfr_div_ui(r, r, (unsigned long)p->n, R);
            if (is(w, "std")) mpfr_div(r, r, w->t[1], R), mpfr_div_ui(r, r, 2, R);
            on_the_way(w, i, r);
            mpfr_mul_d(r, r, k ? fabs(p->g[0]) : p->g[0], R);
            on_the_way(w, i, r);
        }
        if (!is(w, "std")) continue; /* through var, and with g / std first */
        mpfr_sqr(w->t[2], w->t[1], R);
        on_the_way(w, i, w->t[2]);
        mpfr_d_div(w->t[2], p->g[0], w->t[1], R);
        on_the_way(w, i, w->t[2]);
        mpfr_div_ui(w->t[2], w->t[2], (unsigned long)p->n, R);
        on_the_way(w, i, w->t[2]);
    }
}

/* y = softmax, t[0] = the largest, t[1] = log of the sum of exp(x - largest) */
static void normalise(workspace *w) {
    const row_point *p = w->p;
    int best = 0;
    for (int i = 1; i < p->n; i++)
        if (p->x[i] > p->x[best]) best = i;
    mpfr_set_d(w->t[0], p->x[best], R);
    mpfr_set_ui(w->t[1], 0, R);
    for (int i = 0; i < p->n; i++) {
        mpfr_set_prec(w->y[i], 400);
        mpfr_d_sub(w->y[i], p->x[i], w->t[0], R);
        mpfr_exp(w->y[i], w->y[i], R);
        mpfr_add(w->t[1], w->t[1], w->y[i], R);
    }
    for (int i = 0; i < p->n; i++) mpfr_div(w->y[i], w->y[i], w->t[1], R);
    mpfr_set_prec(w->t[2], 400);
    mpfr_log(w->t[2], w->t[1], R);
    mpfr_set(w->t[1], w->t[2], R);
    mpfr_set_prec(w->t[2], BITS);
}

/* y_i g, a term of its own. Where y is the exp of a rounded number, the scale has the size of that number more. */
static void share(workspace *w, int i, double g) {
    const bool of_rounded = is(w, "logsoftmax") || is(w, "softmax_crossentropy");
    on_the_way(w, i, w->y[i]);
    mpfr_mul_d(w->t[2], w->y[i], g, R);
    on_the_way(w, i, w->t[2]);
    term(w, i, w->t[2]);
    if (!of_rounded || mpfr_zero_p(w->t[2])) return;
    mpfr_d_sub(w->t[3], w->p->x[i], w->t[0], R);
    mpfr_mul(w->t[2], w->t[2], w->t[3], R);
    mpfr_abs(w->t[2], w->t[2], R);
    mpfr_add(w->scale[i], w->scale[i], w->t[2], R);
}

static void gradient_of_exponentials(workspace *w) {
    const row_point *p = w->p;
    normalise(w);
    for (int i = 0; i < p->n; i++) {
        if (is(w, "logsumexp")) share(w, i, p->g[0]);
        if (is(w, "softmax_crossentropy")) {
            share(w, i, p->g[0]);
            if (i == p->label) alone(w, i, -p->g[0]);
        }
        for (int k = 0; k < p->n && !row_makes_one(w->op); k++) {
            const bool log = is(w, "logsoftmax");
            if (k == i && (log || p->g[i] != 0)) log ? alone(w, i, p->g[i]) : share(w, i, p->g[i]);
            if (log) {
                share(w, i, -p->g[k]);
                continue;
            }
            mpfr_mul(w->t[2], w->y[i], w->y[k], R);
            mpfr_mul_d(w->t[2], w->t[2], -p->g[k], R);
            on_the_way(w, i, w->y[i]);
            if (p->g[k] != 0) on_the_way(w, i, w->y[k]);
            term(w, i, w->t[2]);
        }
    }
}

static void gradient(workspace *w) {
    const row_point *p = w->p;
    switch (ops[find(w->op)].family) {
    case SUMS:
        for (int i = 0; i < p->n; i++) {
            alone(w, i, p->g[0]);
            if (is(w, "mean")) mpfr_div_ui(w->exact[i], w->exact[i], (unsigned long)p->n, R);
            if (is(w, "mean")) mpfr_div_ui(w->scale[i], w->scale[i], (unsigned long)p->n, R);
        }
        break;
    case EXTREMA:
        alone(w, extremum(w), p->g[0]);
        break;
    case PRODUCTS:
        gradient_of_products(w);
        break;
    case MOMENTS:
        gradient_of_moments(w);
        break;
    case EXPONENTIALS:
        gradient_of_exponentials(w);
        break;
    case SCANS:
        for (int i = 0; i < p->n; i++)
            for (int k = i; k < p->n; k++) alone(w, i, p->g[k]);
        break;
    }
}

static void value_of_exponentials(workspace *w) {
    const row_point *p = w->p;
    normalise(w);
    if (is(w, "logsumexp") || is(w, "softmax_crossentropy")) {
        term(w, 0, w->t[0]);
        term(w, 0, w->t[1]);
        if (is(w, "softmax_crossentropy")) alone(w, 0, -p->x[p->label]);
        return;
    }
    for (int i = 0; i < p->n; i++) {
        if (is(w, "softmax")) {
            term(w, i, w->y[i]);
            continue;
        }
        alone(w, i, p->x[i]);
        mpfr_neg(w->t[2], w->t[0], R), term(w, i, w->t[2]);
        mpfr_neg(w->t[2], w->t[1], R), term(w, i, w->t[2]);
    }
}

/* In whatever order: what is above 1 and what is below, each by itself. */
static void value_of_products(workspace *w) {
    const row_point *p = w->p;
    const int results = is(w, "cumprod") ? p->n : 1;
    for (int k = 0; k < results; k++) {
        for (int part = 0; part < 3; part++) {
            mpfr_set_ui(w->t[0], 1, R);
            for (int i = 0; i <= (results > 1 ? k : p->n - 1); i++)
                if (part == 2 || (part == 0) == (fabs(p->x[i]) > 1)) mpfr_mul_d(w->t[0], w->t[0], p->x[i], R);
            on_the_way(w, k, w->t[0]);
        }
        term(w, k, w->t[0]);
    }
}

static void value(workspace *w) {
    const row_point *p = w->p;
    const family kind = ops[find(w->op)].family;
    if (kind == EXTREMA) alone(w, 0, p->x[extremum(w)]);
    if (kind == EXPONENTIALS) value_of_exponentials(w);
    for (int i = 0; i < p->n && kind == SUMS; i++) alone(w, 0, p->x[i]);
    for (int i = 0; i < p->n && kind == SCANS; i++)
        for (int k = 0; k <= i; k++) alone(w, i, p->x[k]);
    if (is(w, "mean")) mpfr_div_ui(w->exact[0], w->exact[0], (unsigned long)p->n, R);
    if (is(w, "mean")) mpfr_div_ui(w->scale[0], w->scale[0], (unsigned long)p->n, R);
    if (kind == PRODUCTS) value_of_products(w);
    if (kind == MOMENTS) {
        moments(w);
        mpfr_div_ui(w->t[1], w->t[1], (unsigned long)p->n, R);
        if (is(w, "std")) mpfr_sqrt(w->t[1], w->t[1], R);
        term(w, 0, w->t[1]);
    }
}

static void compare(workspace *w, int i, double got, row_answer *a) {
    *a = (row_answer){.nearest = mpfr_get_d(w->exact[i], R), .least = w->least[i], .most = w->most[i]};
    a->zero = mpfr_zero_p(w->scale[i]) != 0;
    if (!a->zero) a->exponent = mpfr_regular_p(w->scale[i]) ? mpfr_get_exp(w->scale[i]) : 0;
    if (a->zero || !isfinite(got) || !mpfr_number_p(w->exact[i])) return;
    mpfr_set_d(w->t[2], got, R);
    mpfr_sub(w->t[2], w->t[2], w->exact[i], R);
    mpfr_div(w->t[2], w->t[2], w->scale[i], R);
    a->off = fabs(mpfr_get_d(w->t[2], R));
}

static void compute(const char *op, const row_point *p, const double *got, int n, void (*fill)(workspace *w),
                    row_answer *answers) {
    workspace w = {.op = op, .p = p};
    for (int i = 0; i < ROW_MOST; i++) {
        mpfr_inits2(BITS, w.exact[i], w.scale[i], w.y[i], (mpfr_ptr)0);
        mpfr_set_zero(w.exact[i], 1);
        mpfr_set_zero(w.scale[i], 1);
    }
    for (int i = 0; i < 4; i++) mpfr_init2(w.t[i], BITS);
    fill(&w);
    for (int i = 0; i < n; i++) compare(&w, i, got[i], &answers[i]);
    for (int i = 0; i < ROW_MOST; i++) mpfr_clears(w.exact[i], w.scale[i], w.y[i], (mpfr_ptr)0);
    for (int i = 0; i < 4; i++) mpfr_clear(w.t[i]);
}

void row_gradient(const char *op, const row_point *p, const double *got, row_answer *answers) {
    compute(op, p, got, p->n, gradient, answers);
}
void row_value(const char *op, const row_point *p, const double *got, row_answer *answers) {
    compute(op, p, got, row_makes_one(op) ? 1 : p->n, value, answers);
}

#else

void row_gradient(const char *op, const row_point *p, const double *got, row_answer *answers) {
    (void)op, (void)got;
    for (int i = 0; i < p->n; i++) answers[i] = (row_answer){.zero = false};
}
void row_value(const char *op, const row_point *p, const double *got, row_answer *answers) {
    row_gradient(op, p, got, answers);
}

#endif

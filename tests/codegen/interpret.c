/* SPDX-License-Identifier: MIT
 * Interpreters in double (or double rounded to float) for the tests of mgc. Nothing here is generated. */
#include "interpret.h"

#include <math.h>
#include <string.h>

#include "codegen/emit.h"

mgc_world *world_with(const char *extra, bool compile) {
    mgc_world *w = mgc_alloc(sizeof *w);
    const char *path = OP_FILES;
    while (*path) {
        const size_t len = strcspn(path, ":");
        char *one = mgc_copy(path, len);
        const char *text = mgc_read_file(&w->diag, one);
        CHECK_MSG(text && mgc_load(w, one, text), "%s", w->diag.text.s);
        path += path[len] ? len + 1 : len;
    }
    const char *measured = mgc_read_file(&w->diag, ACCURACY_FILE);
    CHECK_MSG(measured && mgc_load_accuracy(&w->diag, &w->accuracy, ACCURACY_FILE, measured), "%s", w->diag.text.s);
    w->users = true;
    if (extra) mgc_load(w, "extra.ops", extra);
    if (compile) CHECK_MSG(w->diag.errors == 0 && mgc_compile(w), "%s", w->diag.text.s);
    return w;
}

static bool drop(mgc_world *w, void *to, const char *name, const char *text) {
    (void)w, (void)to;
    return name && text;
}

mgc_world *world_measured(const char *text, const char *measured) {
    mgc_world *w = mgc_alloc(sizeof *w);
    w->users = true;
    const bool read = !measured || mgc_load_accuracy(&w->diag, &w->accuracy, "test.txt", measured);
    if (read && mgc_load(w, "test.ops", text) && mgc_compile(w)) mgc_emit_all(w, drop, NULL);
    return w;
}

mgc_world *world_of(const char *text) { return world_measured(text, NULL); }

static double larger(double a, double b) {
    if (isnan(a) || isnan(b)) return (double)NAN;
    if (a == b) return signbit(a) ? b : a;
    return a > b ? a : b;
}

bool interpret_primitive(const char *op, const double x[], double *r) {
    const double a = x[0], b = x[1];
    const struct {
        const char *name;
        double value;
    } table[] = {
        {"add", a + b},
        {"subtract", a - b},
        {"multiply", a * b},
        {"divide", a / b},
        {"negative", -a},
        {"sqrt", sqrt(a)},
        {"exp", exp(a)},
        {"expm1", expm1(a)},
        {"log", log(a)},
        {"log1p", log1p(a)},
        {"tanh", tanh(a)},
        {"absolute", fabs(a)},
        {"rint", nearbyint(a)},
        {"floor", floor(a)},
        {"ceil", ceil(a)},
        {"trunc", trunc(a)},
        {"signbit", !isnan(a) && signbit(a)},
        {"exp2", exp2(a)},
        {"log2", log2(a)},
        {"log10", log10(a)},
        {"cbrt", cbrt(a)},
        {"sinh", sinh(a)},
        {"cosh", cosh(a)},
        {"arcsinh", asinh(a)},
        {"arccosh", acosh(a)},
        {"arctanh", atanh(a)},
        {"sin", sin(a)},
        {"cos", cos(a)},
        {"tan", tan(a)},
        {"arctan", atan(a)},
        {"arcsin", asin(a)},
        {"arccos", acos(a)},
        {"erf", erf(a)},
        {"erfc", erfc(a)},
        {"arctan2", atan2(a, b)},
        {"power", pow(a, b)},
        {"maximum", larger(a, b)},
        {"minimum", -larger(-a, -b)},
        {"less", a < b},
        {"less_equal", a <= b},
        {"greater", a > b},
        {"greater_equal", a >= b},
        {"equal", a == b},
        {"not_equal", a != b},
        {"logical_not", a == 0},
        {"logical_and", a != 0 && b != 0},
        {"logical_or", a != 0 || b != 0},
        {"where", a != 0 ? b : x[2]},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].name, op) != 0) continue;
        *r = table[i].value;
        return true;
    }
    return false;
}

static double call(const mgc_op *op, const double x[], const interpret_env *env) {
    double r;
    if (!interpret_primitive(op->name, x, &r)) {
        interpret_env inner = {.f32 = env->f32};
        for (int i = 0; i < op->s->n_in; i++) inner.in[i] = x[i];
        for (int i = 0; i < op->s->n_params; i++) inner.param[i] = x[op->s->n_in + i];
        r = interpret(op->value[0], &inner);
    }
    return env->f32 ? (double)(float)r : r;
}

double interpret(const mgc_node *e, const interpret_env *env) {
    double x[MGC_MAX_ARGS + 2] = {0};
    switch (e->kind) {
    case MGC_NUM:
        return env->f32 ? (double)(float)e->num : e->num;
    case MGC_IN:
        return env->in[e->which];
    case MGC_OUT:
        return env->out[e->which];
    case MGC_GRAD:
        return env->grad[e->which];
    case MGC_PARAM:
        return env->param[e->which];
    case MGC_FN:
        FAIL("functions have no interpreter: %s", e->fn);
    case MGC_OP:
        break;
    }
    for (int i = 0; i < e->n_args; i++) x[i] = interpret(e->arg[i], env);
    return call(e->op, x, env);
}

/* Arithmetic on numbers alone: mgc does it once, in double. */
static bool is_constant(const mgc_expr *e) {
    static const char *const folded[] = {"add", "subtract", "multiply", "divide", "negative"};
    if (e->kind != MGC_E_CALL) return e->kind == MGC_E_NUMBER;
    bool constant = false;
    for (int i = 0; i < 5; i++) constant = constant || strcmp(e->name, folded[i]) == 0;
    for (int i = 0; i < e->n_args; i++) constant = constant && is_constant(e->args[i]);
    return constant;
}

double interpret_syntax(const mgc_world *w, const mgc_op *op, const mgc_expr *e, const interpret_env *env) {
    if (e->kind == MGC_E_NUMBER) return env->f32 ? (double)(float)e->number : e->number;
    if (e->kind == MGC_E_NAME) {
        for (int i = 0; i < op->s->n_in; i++)
            if (strcmp(op->s->in[i].name, e->name) == 0) return env->in[i];
        FAIL("no input is called %s", e->name);
    }
    if (env->f32 && is_constant(e)) return (double)(float)interpret_syntax(w, op, e, &(interpret_env){.f32 = false});
    double x[MGC_MAX_ARGS + 2] = {0};
    for (int i = 0; i < e->n_args; i++) x[i] = interpret_syntax(w, op, e->args[i], env);
    const mgc_op *callee = mgc_find(w, e->name);
    CHECK_MSG(callee != NULL, "no op is called %s", e->name);
    return call(callee, x, env);
}

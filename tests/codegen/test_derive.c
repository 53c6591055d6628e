/* SPDX-License-Identifier: MIT
 * Derivatives: every rule of the op files, and derived rules of formulas that are not among them, against central
 * differences of the interpreted value; the conventions at ties and kinks; steps and fused ops against the rule. */
#include <math.h>
#include <string.h>

#include "interpret.h"

static double value_at(const mgc_op *op, interpret_env env, int i, double x) {
    env.in[i] = x;
    return interpret(op->value[0], &env);
}

/* A point inside the domains, away from its ends. */
static interpret_env draw(mg_test_rng *rng, const mgc_op *op) {
    interpret_env env = {.f32 = false};
    for (int i = 0; i < op->s->n_in; i++) {
        const mgc_input *in = &op->s->in[i];
        const double lo = in->lo + 0.05 * (in->hi - in->lo), hi = in->hi - 0.05 * (in->hi - in->lo);
        env.in[i] = in->condition ? (double)(mg_test_u64(rng) & 1) : mg_test_uniform(rng, lo, hi);
    }
    for (int i = 0; i < op->s->n_params; i++) env.param[i] = mg_test_uniform(rng, 0.1, 2);
    env.grad[0] = mg_test_uniform(rng, 0.5, 2);
    return env;
}

static void check_rule(mg_test_rng *rng, const mgc_op *op, int i) {
    for (int times = mg_test_times(50); times > 0; times--) {
        interpret_env env = draw(rng, op);
        env.out[0] = interpret(op->value[0], &env);
        if (strcmp(op->name, "gate") == 0 && env.in[0] == 0) continue; /* hides its operand on purpose */
        const double x = env.in[i], h = 1e-5 * fmax(1, fabs(x));
        const double slope = (value_at(op, env, i, x + h) - value_at(op, env, i, x - h)) / (2 * h);
        const double near = (value_at(op, env, i, x + 2 * h) - value_at(op, env, i, x - 2 * h)) / (4 * h);
        if (fabs(slope - near) > 1e-6 * fmax(1, fabs(slope))) continue; /* a kink, or too steep to tell */
        const double got = interpret(op->rule[i].expr, &env);
        CHECK_MSG(fabs(got - env.grad[0] * slope) <= 1e-5 * fmax(1, fabs(got)),
                  "d/d%s of %s at %g: %g, difference quotient %g", op->s->in[i].name, op->name, x, got,
                  env.grad[0] * slope);
    }
}

/* How many rules of the world were checked. */
static int check_world(mg_test_rng *rng, const mgc_world *w) {
    int checked = 0;
    for (int k = 0; k < w->n_ops; k++) {
        const mgc_op *op = w->ops[k];
        if (op->s->kind != MGC_MAP || op->s->n_out != 1 || op->parent) continue;
        for (int i = 0; i < op->s->n_in; i++) {
            if (op->rule[i].kind != MGC_RULE_EXPR) continue;
            check_rule(rng, op, i);
            checked++;
        }
    }
    return checked;
}

MG_TEST(mgc_derive, rules_of_the_op_files) {
    mg_test_rng rng = mg_test_rng_new();
    mgc_world *w = world_with(NULL, true);
    CHECK(check_world(&rng, w) >= 20);
    mgc_free_all();
}

#define FLOAT "doc \"d\" types float ulp none \"a test\" "
static const char formulas[] =
    "op product(x) { " FLOAT "value exp(x) * tanh(x) }\n"
    "op scaled(x) { " FLOAT "value 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * expm1(x) : x) }\n"
    "op leaky(x; slope) { " FLOAT "value maximum(x, 0) + slope * minimum(x, 0) }\n"
    "op softer(x) { " FLOAT "value log1p(exp(x)) }\n"
    "op bell(x) { " FLOAT "value exp(-square(x)) }\n"
    "op quotient(x, z) { " FLOAT "value (x - z) / (1 + square(x) * square(z)) }\n"
    "op nested(x) { " FLOAT "let u = sqrt(1 + square(x)) value log(1 + u) }\n"
    "op capped(x) { " FLOAT "value minimum(exp(x), 1) }\n"
    "op capped_too(x) { " FLOAT "value minimum(1, exp(x)) }\n"
    "op clipped(x) { " FLOAT "value hard_tanh(2 * x, -1, 3) }\n"
    "op at_least(x, low) { " FLOAT "value maximum(low, x) }\n"
    "op twice(x) { " FLOAT "value leaky(tanh(x), 0.25) }\n";

MG_TEST(mgc_derive, derived_rules) {
    mg_test_rng rng = mg_test_rng_new();
    mgc_world *w = world_with(formulas, true);
    CHECK(check_world(&rng, w) >= 30);
    for (int k = 0; k < w->n_ops; k++)
        if (strcmp(w->files[w->ops[k]->file].stem, "extra") == 0 && !w->ops[k]->parent)
            CHECK(w->ops[k]->rule[0].derived);
    mgc_free_all();
}

static double rule_at(const mgc_world *w, const char *name, int i, double x, double y, double g) {
    const mgc_op *op = mgc_find(w, name);
    interpret_env env = {.in = {x, y}, .grad = {g}};
    env.out[0] = interpret(op->value[0], &env);
    return interpret(op->rule[i].expr, &env);
}

/* Masks select, they never multiply; ties and nan as docs/ops.md says. */
MG_TEST(mgc_derive, conventions) {
    mgc_world *w = world_with(formulas, true);
    const double inf = (double)INFINITY, nan = (double)NAN;
    CHECK_BITS_F64(rule_at(w, "relu", 0, -1, 0, inf), 0.0);
    CHECK_BITS_F64(rule_at(w, "relu", 0, 0, 0, 3), 0.0);
    CHECK_BITS_F64(rule_at(w, "relu", 0, nan, 0, 3), 0.0);
    CHECK_BITS_F64(rule_at(w, "relu", 0, inf, 0, 3), 3.0);
    CHECK_BITS_F64(rule_at(w, "maximum", 0, 2, 2, 3), 0.0);
    CHECK_BITS_F64(rule_at(w, "maximum", 1, 2, 2, 3), 0.0);
    CHECK_BITS_F64(rule_at(w, "maximum", 0, nan, 2, 3), 0.0);
    CHECK_BITS_F64(rule_at(w, "maximum", 1, nan, 2, 3), 3.0);
    CHECK_BITS_F64(rule_at(w, "minimum", 0, 1, nan, 3), 0.0);
    CHECK_BITS_F64(rule_at(w, "minimum", 1, 1, nan, 3), 3.0);
    CHECK_BITS_F64(rule_at(w, "minimum", 1, 2, 2, 3), 0.0);
    CHECK_BITS_F64(rule_at(w, "at_least", 0, nan, 2, 3), 3.0); /* x is the second operand, though maximum has (x, y) */
    CHECK_BITS_F64(rule_at(w, "at_least", 1, nan, 2, 3), 0.0);
    CHECK_BITS_F64(rule_at(w, "sqrt", 0, 0, 0, 1), inf);
    CHECK_BITS_F64(rule_at(w, "scaled", 0, 0, 0, 1), 1.0507009873554805);
    CHECK_BITS_F64(rule_at(w, "scaled", 0, 1000, 0, 1), 1.0507009873554805); /* exp(1000) stays outside */
    CHECK_BITS_F64(rule_at(w, "capped", 0, 1000, 0, 1), 0.0);
    CHECK_BITS_F64(rule_at(w, "clipped", 0, 1, 0, 1), 2.0); /* between both parameters, each in its place */
    CHECK_BITS_F64(rule_at(w, "clipped", 0, 1.5, 0, 1), 0.0);
    CHECK_BITS_F64(rule_at(w, "capped_too", 0, 1000, 0, 1), 0.0); /* the 0 is the first branch of minimum's rule */
    CHECK_NEAR(rule_at(w, "tanh", 0, 15, 0, 1), 1 / (cosh(15.0) * cosh(15.0)), 1e-27);
    mgc_free_all();
}

/* The rule's own value is named where it occurs, and common parts are one node. */
MG_TEST(mgc_derive, sharing) {
    mgc_world *w = world_with(formulas, true);
    const mgc_op *bell = mgc_find(w, "bell");
    CHECK(mgc_uses(bell->rule[0].expr, MGC_OUT, 0));
    CHECK_EQ_STR(mgc_print(bell, bell->rule[0].expr), "-(2 * (g * y) * x)");
    mgc_free_all();
}

/* Steps, run one by one, give the rule's value; so does the fused op on its operands. */
static void check_steps(mg_test_rng *rng, const mgc_op *op, int i) {
    const mgc_rule *r = &op->rule[i];
    interpret_env env = draw(rng, op);
    env.out[0] = interpret(op->value[0], &env);
    double steps[MGC_MAX_STEPS];
    for (int s = 0; s < r->n_steps; s++) {
        const mgc_step *step = &r->steps[s];
        const mgc_node *arg[MGC_MAX_ARGS];
        mgc_dag scratch = {0};
        for (int k = 0; k < step->node->n_args; k++) {
            const mgc_ref ref = step->in[k];
            double x = 0;
            if (ref.kind == MGC_IN) x = env.in[ref.which];
            if (ref.kind == MGC_OUT) x = env.out[ref.which];
            if (ref.kind == MGC_GRAD) x = env.grad[ref.which];
            if (ref.kind == MGC_PARAM) x = env.param[ref.which];
            if (ref.kind == MGC_NUM) x = r->consts[ref.which];
            if (ref.kind == MGC_OP) x = steps[ref.which];
            CHECK(ref.kind != MGC_OP || ref.which < s);
            arg[k] = mgc_num(&scratch, x);
        }
        steps[s] = interpret(mgc_op_node(&scratch, step->op, step->node->n_args, arg), &env);
    }
    const double expected = interpret(r->expr, &env);
    if (r->n_steps) CHECK_BITS_F64(steps[r->n_steps - 1], expected);
    if (!r->fused) return;
    interpret_env inner = {.f32 = false};
    memcpy(inner.param, env.param, sizeof inner.param);
    for (int k = 0; k < r->n_fused_in; k++) {
        const mgc_ref ref = r->fused_in[k];
        inner.in[k] = ref.kind == MGC_IN ? env.in[ref.which] : ref.kind == MGC_OUT ? env.out[0] : env.grad[0];
    }
    CHECK_BITS_F64(interpret(r->fused->value[0], &inner), expected);
}

MG_TEST(mgc_rules, steps_and_fused_ops_are_the_rule) {
    mg_test_rng rng = mg_test_rng_new();
    mgc_world *w = world_with(formulas, true);
    int fused = 0;
    for (int k = 0; k < w->n_ops; k++) {
        const mgc_op *op = w->ops[k];
        for (int i = 0; i < op->s->n_in; i++) {
            if (op->rule[i].kind != MGC_RULE_EXPR) continue;
            for (int times = 0; times < 20; times++) check_steps(&rng, op, i);
            fused += op->rule[i].fused != NULL;
        }
    }
    CHECK(fused >= 10);
    mgc_free_all();
}

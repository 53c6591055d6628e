/* SPDX-License-Identifier: MIT
 * Stanzas: from tokens to the syntax tree, one function per key. Expressions are in parse_expr.c; names are resolved
 * later. */
#include "parser.h"

#include <math.h>
#include <string.h>

bool mgc_fail_expected(mgc_parser *p, const char *what) {
    if (p->t->kind == MGC_T_END) return mgc_error(p->d, p->t->at, "expected %s, found the end of the file", what);
    return mgc_error(p->d, p->t->at, "expected %s, found '%.80s'", what, p->t->text);
}

bool mgc_at_punct(const mgc_parser *p, const char *s) {
    return p->t->kind == MGC_T_PUNCT && strcmp(p->t->text, s) == 0;
}

bool mgc_take_punct(mgc_parser *p, const char *s) {
    if (!mgc_at_punct(p, s)) return false;
    p->t++;
    return true;
}

bool mgc_need_punct(mgc_parser *p, const char *s) {
    if (mgc_take_punct(p, s)) return true;
    return mgc_fail_expected(p, mgc_format("'%s'", s));
}

static bool at_word(const mgc_parser *p, const char *s) {
    return p->t->kind == MGC_T_NAME && strcmp(p->t->text, s) == 0;
}

static bool need_name(mgc_parser *p, const char **out, const char *what) {
    if (p->t->kind != MGC_T_NAME) return mgc_fail_expected(p, what);
    *out = p->t++->text;
    return true;
}

/* Texts end up in comments of C, which must neither end there nor warn. */
static bool need_string(mgc_parser *p, const char **out) {
    static const char *const broken[] = {"*/", "/*", "?\?/"};
    if (p->t->kind != MGC_T_STRING) return mgc_fail_expected(p, "a string in double quotes");
    const char *s = p->t->text;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        if (strstr(s, broken[i]))
            return mgc_error(p->d, p->t->at, "expected a text that can stand in a comment of C, found '%s' in it",
                             broken[i]);
    if (*s && s[strlen(s) - 1] == '\\')
        return mgc_error(p->d, p->t->at, "expected a text that can stand in a comment of C, found '\\' at its end");
    *out = s;
    p->t++;
    return true;
}

static bool need_number(mgc_parser *p, double *out) {
    const bool negative = mgc_take_punct(p, "-");
    double x;
    if (at_word(p, "inf")) {
        x = (double)__builtin_inf();
    } else if (p->t->kind == MGC_T_NUMBER) {
        x = p->t->number;
    } else {
        return mgc_fail_expected(p, "a number");
    }
    p->t++;
    *out = negative ? -x : x;
    return true;
}

/* Of the hand-written function that propagates gradients; there is one for all inputs. */
static bool need_backward(mgc_parser *p, mgc_stanza *s) {
    if (p->t->kind != MGC_T_NAME || strncmp(p->t->text, "mga_", 4) != 0)
        return mgc_fail_expected(p, "the name of a function, mga_...");
    if (s->backward && strcmp(s->backward, p->t->text) != 0)
        return mgc_error(p->d, p->t->at, "expected one function for all derivatives, found '%s' beside '%s'",
                         p->t->text, s->backward);
    s->backward = p->t++->text;
    return true;
}

const char *mgc_unnamed_result(const mgc_stanza *s) {
    for (int i = 0; i < s->n_in; i++)
        if (strcmp(s->in[i].name, "y") == 0) return "result";
    return "y";
}

static bool parse_input(mgc_parser *p, mgc_stanza *s) {
    if (s->n_in == MGC_MAX_IN) return mgc_error(p->d, p->t->at, "expected at most %d inputs", MGC_MAX_IN);
    mgc_input in = {.lo = -4, .hi = 4, .at = p->t->at};
    if (!mgc_need_local_name(p, s, &in.name, "the name of an input")) return false;
    if (mgc_take_punct(p, ":")) {
        if (!at_word(p, "bool")) return mgc_fail_expected(p, "'bool'");
        p->t++;
        in.condition = true;
    }
    s->in[s->n_in++] = in;
    return true;
}

static bool parse_parameter(mgc_parser *p, mgc_stanza *s) {
    if (s->n_params == MGC_MAX_PARAMS)
        return mgc_error(p->d, p->t->at, "expected at most %d parameters", MGC_MAX_PARAMS);
    const char *name;
    if (!mgc_need_local_name(p, s, &name, "the name of a parameter")) return false;
    s->params[s->n_params++] = name;
    return true;
}

static bool parse_results(mgc_parser *p, mgc_stanza *s) {
    s->n_out = 0;
    if (!mgc_need_punct(p, "(")) return false;
    do {
        if (s->n_out == MGC_MAX_OUT) return mgc_error(p->d, p->t->at, "expected at most %d results", MGC_MAX_OUT);
        const char *name;
        if (!mgc_need_value_name(p, s, &name, "the name of a result")) return false;
        s->results[s->n_out++] = name;
    } while (mgc_take_punct(p, ","));
    return mgc_need_punct(p, ")");
}

/* name(x, y: bool; a, b) -> (q, r) */
static bool parse_signature(mgc_parser *p, mgc_stanza *s) {
    s->at = p->t->at;
    s->n_out = 1;
    if (!mgc_need_op_name(p, &s->name) || !mgc_need_punct(p, "(")) return false;
    do {
        if (!parse_input(p, s)) return false;
    } while (mgc_take_punct(p, ","));
    if (mgc_take_punct(p, ";")) {
        do {
            if (!parse_parameter(p, s)) return false;
        } while (mgc_take_punct(p, ","));
    }
    if (!mgc_need_punct(p, ")")) return false;
    return !mgc_take_punct(p, "->") || parse_results(p, s);
}

/* One expression, or a tuple of them when the op has several results. */
static bool parse_tuple(mgc_parser *p, const mgc_stanza *s, mgc_expr **out, int *n) {
    *n = s->n_out;
    if (s->n_out == 1) return (out[0] = mgc_parse_expr(p)) != NULL;
    if (!mgc_need_punct(p, "(")) return false;
    for (int i = 0; i < s->n_out; i++) {
        if (i > 0 && !mgc_need_punct(p, ",")) return false;
        if (!(out[i] = mgc_parse_expr(p))) return false;
    }
    return mgc_need_punct(p, ")");
}

static bool given_twice(mgc_parser *p, mgc_place at, const mgc_input *in) {
    return mgc_error(p->d, at, "the derivative with respect to '%s' is given twice", in->name);
}

static bool parse_rule(mgc_parser *p, mgc_stanza *s, mgc_input *in) {
    if (in->rule != MGC_RULE_UNSET) return given_twice(p, p->t->at, in);
    if (at_word(p, "none")) {
        p->t++;
        in->rule = MGC_RULE_NONE;
        return true;
    }
    if (at_word(p, "function")) {
        p->t++;
        in->rule = MGC_RULE_FUNCTION;
        return need_backward(p, s);
    }
    in->rule = MGC_RULE_EXPR;
    return (in->rule_expr = mgc_parse_expr(p)) != NULL;
}

/* d none  |  d/dx EXPR  |  d/dx none  |  d/dx function NAME */
static bool key_d(mgc_parser *p, mgc_stanza *s) {
    if (at_word(p, "none")) {
        const mgc_place at = p->t++->at;
        for (int i = 0; i < s->n_in; i++) {
            if (s->in[i].rule != MGC_RULE_UNSET) return given_twice(p, at, &s->in[i]);
            s->in[i].rule = MGC_RULE_NONE;
        }
        return true;
    }
    if (!mgc_need_punct(p, "/")) return false;
    for (int i = 0; i < s->n_in; i++) {
        if (p->t->kind != MGC_T_NAME || p->t->text[0] != 'd' || strcmp(p->t->text + 1, s->in[i].name) != 0) continue;
        p->t++;
        return parse_rule(p, s, &s->in[i]);
    }
    return mgc_fail_expected(p, "'d' and the name of an input");
}

static bool key_types(mgc_parser *p, mgc_stanza *s) {
    static const struct {
        const char *word;
        mgc_types types;
    } words[] = {{"float", MGC_TYPES_FLOAT},     {"divide", MGC_TYPES_DIVIDE},   {"numeric", MGC_TYPES_NUMERIC},
                 {"integer", MGC_TYPES_INTEGER}, {"all", MGC_TYPES_ALL},         {"same", MGC_TYPES_SAME},
                 {"compare", MGC_TYPES_COMPARE}, {"logical", MGC_TYPES_LOGICAL}, {"sum", MGC_TYPES_SUM},
                 {"mean", MGC_TYPES_MEAN}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!at_word(p, words[i].word)) continue;
        s->types = words[i].types;
        p->t++;
        return true;
    }
    return mgc_fail_expected(p, "float, divide, numeric, integer, all, same, compare, logical, sum or mean");
}

static bool need_ulp(mgc_parser *p, double *out, mgc_place *at) {
    const mgc_token *t = p->t;
    *at = t->at;
    if (!need_number(p, out)) return false;
    return (*out >= 0 && *out <= 1e6) ||
           mgc_error(p->d, t->at, "expected an error from 0 to 1000000 ULP, found '%s'", t->text);
}

/* ulp f32 NUMBER f64 NUMBER  |  ulp none "why" */
static bool key_ulp(mgc_parser *p, mgc_stanza *s) {
    if (at_word(p, "none")) {
        p->t++;
        return need_string(p, &s->no_ulp);
    }
    s->has_ulp = true;
    if (!at_word(p, "f32")) return mgc_fail_expected(p, "'f32' or 'none'");
    p->t++;
    if (!need_ulp(p, &s->ulp_f32, &s->ulp_at[0])) return false;
    if (!at_word(p, "f64")) return mgc_fail_expected(p, "'f64'");
    p->t++;
    return need_ulp(p, &s->ulp_f64, &s->ulp_at[1]);
}

static bool key_domain(mgc_parser *p, mgc_stanza *s) {
    for (int i = 0; i < s->n_in; i++) {
        if (!at_word(p, s->in[i].name)) continue;
        const mgc_place at = p->t++->at;
        if (s->in[i].has_domain) return mgc_error(p->d, at, "the domain of '%s' is given twice", s->in[i].name);
        s->in[i].has_domain = true;
        if (!need_number(p, &s->in[i].lo) || !need_number(p, &s->in[i].hi)) return false;
        if (isinf(s->in[i].lo) || isinf(s->in[i].hi))
            return mgc_error(p->d, at, "the domain of '%s' must be finite", s->in[i].name);
        if (s->in[i].lo < s->in[i].hi) return true;
        return mgc_error(p->d, at, "the domain of '%s' is empty", s->in[i].name);
    }
    return mgc_fail_expected(p, "the name of an input");
}

static bool key_let(mgc_parser *p, mgc_stanza *s) {
    if (s->n_lets == MGC_MAX_LETS) return mgc_error(p->d, p->t->at, "expected at most %d lets", MGC_MAX_LETS);
    const mgc_place at = p->t->at;
    const char *name;
    if (!mgc_need_value_name(p, s, &name, "the name of a let")) return false;
    if (!s->results[0] && strcmp(name, mgc_unnamed_result(s)) == 0)
        return mgc_error(p->d, at, "expected the name of a let, found '%s', which is the result already", name);
    if (!mgc_need_punct(p, "=") || !(s->lets[s->n_lets] = mgc_parse_expr(p))) return false;
    s->let_names[s->n_lets++] = name;
    return true;
}

static bool key_flops(mgc_parser *p, mgc_stanza *s) {
    const mgc_token *t = p->t;
    double x;
    if (!need_number(p, &x)) return false;
    if (!(x >= 1 && x <= 1e6 && x == floor(x)))
        return mgc_error(p->d, t->at, "expected a whole number from 1 to 1000000, found '%s'", t->text);
    s->flops = (int)x;
    return true;
}

/* super "why": no function of its own and no gradient; the tile machine puts it in place of its parts. */
static bool key_super(mgc_parser *p, mgc_stanza *s) {
    s->internal = true;
    for (int i = 0; i < s->n_in; i++) {
        if (s->in[i].rule != MGC_RULE_UNSET)
            return mgc_error(p->d, p->t->at, "a superinstruction has no derivatives; '%s' is given one", s->in[i].name);
        s->in[i].rule = MGC_RULE_NONE;
    }
    if (!need_string(p, &s->super)) return false;
    if (!s->doc) s->doc = s->super;
    return true;
}

static bool key_alias(mgc_parser *p, mgc_stanza *s) {
    if (s->n_aliases == MGC_MAX_ALIASES)
        return mgc_error(p->d, p->t->at, "expected at most %d aliases", MGC_MAX_ALIASES);
    return mgc_need_op_name(p, &s->aliases[s->n_aliases++]);
}

/* bool EXPR  |  bool int8 */
static bool key_bool(mgc_parser *p, mgc_stanza *s) {
    if (!at_word(p, "int8")) return (s->bool_row = mgc_parse_expr(p)) != NULL;
    p->t++;
    return s->bool_as_i8 = true;
}

/* The value of the key that p has just passed. */
static bool parse_key(mgc_parser *p, mgc_stanza *s, const char *key, mgc_place at) {
    if (strcmp(key, "doc") == 0) return need_string(p, &s->doc);
    if (strcmp(key, "note") == 0) return need_string(p, &s->note);
    if (strcmp(key, "since") == 0) return need_string(p, &s->since);
    if (strcmp(key, "types") == 0) return key_types(p, s);
    if (strcmp(key, "d") == 0) return key_d(p, s);
    if (strcmp(key, "commutative") == 0) return s->commutative = true;
    if (strcmp(key, "internal") == 0) return s->internal = true;
    if (strcmp(key, "domain") == 0) return key_domain(p, s);
    if (strcmp(key, "alias") == 0 && !mgc_is_written(s->kind)) return key_alias(p, s);
    if (s->kind == MGC_MAP) {
        if (strcmp(key, "value") == 0) return parse_tuple(p, s, s->value, &s->n_value);
        if (strcmp(key, "eval") == 0) return parse_tuple(p, s, s->eval, &s->n_eval);
        if (strcmp(key, "bool") == 0) return key_bool(p, s);
        if (strcmp(key, "integer") == 0) return (s->int_row = mgc_parse_expr(p)) != NULL;
        if (strcmp(key, "let") == 0) return key_let(p, s);
        if (strcmp(key, "ulp") == 0) return key_ulp(p, s);
        if (strcmp(key, "flops") == 0) return key_flops(p, s);
        if (strcmp(key, "super") == 0) return key_super(p, s);
        if (strcmp(key, "summed") == 0) return s->summed = true;
        return mgc_error(p->d, at,
                         "expected doc, note, value, eval, bool, integer, let, d, types, ulp, flops, domain, since, "
                         "commutative, internal, alias, super, summed or '}', found '%s'",
                         key);
    }
    const bool written = mgc_is_written(s->kind);
    if (written && strcmp(key, "function") == 0) return need_string(p, &s->function);
    if (written && strcmp(key, "shape") == 0) return need_string(p, &s->shape);
    if (written && strcmp(key, "tolerance") == 0) return need_string(p, &s->no_ulp);
    if (written && strcmp(key, "backward") == 0) return need_backward(p, s);
    if (s->kind == MGC_REDUCE && strcmp(key, "identity") == 0) return need_number(p, &s->identity);
    if (s->kind == MGC_REDUCE && strcmp(key, "step") == 0) {
        s->step_at = p->t->at;
        return need_name(p, &s->step, "the name of a binary op");
    }
    if (s->kind == MGC_REDUCE)
        return mgc_error(
            p->d, at, "expected doc, note, step, identity, d, types, domain, since, internal, alias or '}', found '%s'",
            key);
    return mgc_error(p->d, at,
                     "expected doc, note, function, shape, tolerance, backward, types, since or '}', found '%s'", key);
}

/* What every stanza of its kind must have. */
static bool check_stanza(mgc_parser *p, const mgc_stanza *s) {
    if (!s->doc) return mgc_error(p->d, s->at, "'%s' has no doc", s->name);
    if (s->types == MGC_TYPES_UNSET) return mgc_error(p->d, s->at, "'%s' has no types", s->name);
    if (s->kind == MGC_MAP && s->n_value == 0) return mgc_error(p->d, s->at, "'%s' has no value", s->name);
    if (s->kind == MGC_REDUCE && !s->step) return mgc_error(p->d, s->at, "'%s' has no step", s->name);
    if (mgc_is_written(s->kind) && !s->function) return mgc_error(p->d, s->at, "'%s' has no function", s->name);
    if (mgc_is_written(s->kind) && !s->shape) return mgc_error(p->d, s->at, "'%s' has no shape", s->name);
    const bool reduce_types = s->types == MGC_TYPES_SUM || s->types == MGC_TYPES_MEAN;
    if (s->kind == MGC_MAP && (reduce_types || s->types == MGC_TYPES_SAME))
        return mgc_error(p->d, s->at,
                         "the types of '%s' must be float, divide, numeric, integer, all, compare or logical", s->name);
    if (s->kind == MGC_MAP && s->n_params > 0 && s->types != MGC_TYPES_FLOAT && s->types != MGC_TYPES_DIVIDE)
        return mgc_error(p->d, s->at, "'%s' has parameters, so its types must be float or divide", s->name);
    const bool folded = s->types == MGC_TYPES_NUMERIC || s->types == MGC_TYPES_ALL || s->types == MGC_TYPES_LOGICAL;
    if (s->kind == MGC_REDUCE && !reduce_types && !folded)
        return mgc_error(p->d, s->at, "the types of '%s' must be sum, mean, numeric, all or logical", s->name);
    if (s->kind == MGC_REDUCE && (s->n_in != 1 || s->n_params != 0 || s->n_out != 1))
        return mgc_error(p->d, s->at, "the reduction '%s' must have one input, no parameters and one result", s->name);
    const bool conditions = s->bool_row || s->types == MGC_TYPES_COMPARE || s->types == MGC_TYPES_LOGICAL;
    if (s->kind == MGC_MAP && s->n_out > 1 && conditions)
        return mgc_error(p->d, s->at, "'%s' has several results, so they must be values in every row", s->name);
    if (s->kind == MGC_MAP && s->n_out > 1 && !s->internal)
        return mgc_error(p->d, s->at, "'%s' has several results, so it must be internal: public functions return one",
                         s->name);
    if (s->bool_row && s->types != MGC_TYPES_ALL && s->types != MGC_TYPES_INTEGER)
        return mgc_error(p->d, s->at, "'%s' has a bool row, so its types must be all or integer", s->name);
    if (s->bool_as_i8 && s->types != MGC_TYPES_NUMERIC && s->types != MGC_TYPES_INTEGER)
        return mgc_error(p->d, s->at, "'%s' takes bool as int8, so its types must be numeric or integer", s->name);
    if (s->summed && (s->n_in != 2 || s->n_params != 0 || s->n_out != 1 || conditions))
        return mgc_error(p->d, s->at,
                         "the values of '%s' are summed, so it must have two inputs, no parameters and one value",
                         s->name);
    if (s->n_aliases > 0 && s->internal)
        return mgc_error(p->d, s->at, "'%s' has an alias, but it is internal: no public function has it", s->name);
    const bool both = s->types == MGC_TYPES_NUMERIC || s->types == MGC_TYPES_ALL || s->types == MGC_TYPES_COMPARE;
    if (s->int_row && (!both || s->n_out > 1))
        return mgc_error(
            p->d, s->at,
            "'%s' has integer rows of their own, so it must have one result, and its types must be numeric, "
            "all or compare",
            s->name);
    return true;
}

/* For another input, or with another name. */
static bool may_come_again(const char *key) {
    return strcmp(key, "let") == 0 || strcmp(key, "d") == 0 || strcmp(key, "domain") == 0 || strcmp(key, "alias") == 0;
}

/* The keys between the braces. */
static bool parse_keys(mgc_parser *p, mgc_stanza *s) {
    const char *seen[32]; /* more than there are keys: an unknown one is an error at once */
    int n = 0;
    while (!mgc_take_punct(p, "}")) {
        const mgc_place at = p->t->at;
        const char *key = NULL;
        if (!need_name(p, &key, "a key of the stanza or '}'")) return false;
        for (int i = 0; i < n; i++)
            if (strcmp(seen[i], key) == 0)
                return mgc_error(p->d, at, "expected each key once, found a second '%s'", key);
        if (!parse_key(p, s, key, at)) return false;
        if (!may_come_again(key)) seen[n++] = key;
    }
    return true;
}

static mgc_stanza *parse_stanza(mgc_parser *p) {
    mgc_stanza *s = mgc_alloc(sizeof *s);
    static const char *const kinds[MGC_KINDS] = {[MGC_MAP] = "op",  [MGC_REDUCE] = "reduce", [MGC_SCAN] = "scan",
                                                 [MGC_ROW] = "row", [MGC_MOVE] = "move",     [MGC_OPAQUE] = "opaque"};
    int kind = 0;
    while (kind < MGC_KINDS && !at_word(p, kinds[kind])) kind++;
    if (kind == MGC_KINDS) {
        mgc_fail_expected(p, "op, reduce, scan, row, move or opaque");
        return NULL;
    }
    s->kind = (mgc_kind)kind;
    p->nodes = 0;
    p->t++;
    if (!parse_signature(p, s) || !mgc_need_punct(p, "{") || !parse_keys(p, s)) return NULL;
    return check_stanza(p, s) ? s : NULL;
}

bool mgc_parse(mgc_diag *d, const mgc_source *source, mgc_stanzas *out) {
    mgc_parser p = {.d = d, .t = mgc_lex(d, source)};
    if (!p.t) return false;
    while (p.t->kind != MGC_T_END) {
        mgc_stanza *s = parse_stanza(&p);
        if (!s) return false;
        if (out->n == out->cap) {
            mgc_stanza **grown = mgc_alloc((size_t)(2 * out->cap + 64) * sizeof *grown);
            if (out->n) memcpy(grown, out->list, (size_t)out->n * sizeof *grown);
            out->list = grown;
            out->cap = 2 * out->cap + 64;
        }
        out->list[out->n++] = s;
    }
    return true;
}

/* SPDX-License-Identifier: MIT
 * Result dtypes of operations against what NumPy answers (types_table.h), for every pair of dtypes and for weak
 * scalars. Values are not looked at. */
#include "harness.h"
#include "types_table.h"

#include <mygrad/mygrad.h>
#include <string.h>

enum { N_TYPES = sizeof numpy_dtypes / sizeof *numpy_dtypes };

typedef mg_tensor *binary_fn(mg_tensor *, mg_tensor *);
typedef mg_tensor *unary_fn(mg_tensor *);

static mg_tensor *where_true(mg_tensor *x, mg_tensor *y) {
    return mg_where(mg_from_bool((const bool[]){true}, MG_SHAPE(1)), x, y);
}

static binary_fn *binary_named(const char *name) {
    if (strcmp(name, "add") == 0) return mg_add;
    if (strcmp(name, "divide") == 0) return mg_divide;
    if (strcmp(name, "bitwise_and") == 0) return mg_bitwise_and;
    if (strcmp(name, "maximum") == 0) return mg_maximum;
    if (strcmp(name, "where") == 0) return where_true;
    return strcmp(name, "less") == 0 ? mg_less : NULL;
}

static unary_fn *unary_named(const char *name) {
    static const struct {
        const char *name;
        unary_fn *f;
    } table[] = {{"exp", mg_exp},
                 {"sum", mg_sum},
                 {"mean", mg_mean},
                 {"max", mg_max},
                 {"negative", mg_negative},
                 {"absolute", mg_absolute},
                 {"floor", mg_floor},
                 {"rint", mg_rint},
                 {"sign", mg_sign},
                 {"isnan", mg_isnan},
                 {"invert", mg_invert},
                 {"positive", mg_positive},
                 {"reciprocal", mg_reciprocal},
                 {"square", mg_square}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0) return table[i].f;
    return NULL;
}

/* '-' where there is none: an operation that fails must fail with a type error. */
static char code_of(const mg_tensor *x) {
    if (!x) return mg_take_error().code == MG_ERR_TYPE ? '-' : '!';
    for (int i = 0; i < N_TYPES; i++)
        if (mg_dtype_of(x) == numpy_dtypes[i]) return numpy_codes[i];
    return '!';
}

static void expect(char want, const mg_tensor *got, const char *op, const char *left, const char *right) {
    const char code = code_of(got);
    CHECK_MSG(code == want, "%s(%s, %s): dtype '%c', NumPy has '%c'", op, left, right, code, want);
}

static mg_tensor *one(int type) { return mg_ones(MG_SHAPE(1), .dtype = numpy_dtypes[type]); }

MG_TEST(types, every_pair) {
    for (size_t k = 0; k < sizeof numpy_binary / sizeof *numpy_binary; k++) {
        const binary_types *row = &numpy_binary[k];
        binary_fn *f = binary_named(row->op);
        CHECK_MSG(f != NULL, "no function for %s", row->op);
        for (int i = 0; i < N_TYPES; i++) {
            for (int j = 0; j < N_TYPES; j++) {
                MG_SCOPE;
                expect(row->pairs[i][j], f(one(i), one(j)), row->op, mg_dtype_name(numpy_dtypes[i]),
                       mg_dtype_name(numpy_dtypes[j]));
            }
        }
    }
}

MG_TEST(types, weak_scalars) {
    for (size_t k = 0; k < sizeof numpy_binary / sizeof *numpy_binary; k++) {
        const binary_types *row = &numpy_binary[k];
        binary_fn *f = binary_named(row->op);
        CHECK_MSG(f != NULL, "no function for %s", row->op);
        for (int i = 0; i < N_TYPES; i++) {
            MG_SCOPE;
            const char *name = mg_dtype_name(numpy_dtypes[i]);
            expect(row->int_left[i], f(mg_scalar_i64(1), one(i)), row->op, "1", name);
            expect(row->int_right[i], f(one(i), mg_scalar_i64(1)), row->op, name, "1");
            expect(row->float_left[i], f(mg_scalar(1), one(i)), row->op, "1.0", name);
            expect(row->float_right[i], f(one(i), mg_scalar(1)), row->op, name, "1.0");
        }
        MG_SCOPE;
        expect(row->scalars[0], f(mg_scalar_i64(1), mg_scalar_i64(1)), row->op, "1", "1");
        expect(row->scalars[1], f(mg_scalar_i64(1), mg_scalar(1)), row->op, "1", "1.0");
        expect(row->scalars[2], f(mg_scalar(1), mg_scalar_i64(1)), row->op, "1.0", "1");
        expect(row->scalars[3], f(mg_scalar(1), mg_scalar(1)), row->op, "1.0", "1.0");
    }
}

MG_TEST(types, one_operand) {
    for (size_t k = 0; k < sizeof numpy_unary / sizeof *numpy_unary; k++) {
        const char *op = numpy_unary[k].op;
        unary_fn *f = unary_named(op);
        CHECK_MSG(f != NULL, "no function for %s", op);
        for (int i = 0; i < N_TYPES; i++) {
            MG_SCOPE;
            expect(numpy_unary[k].results[i], f(one(i)), op, mg_dtype_name(numpy_dtypes[i]), "");
        }
        MG_SCOPE;
        expect(numpy_unary[k].of_int, f(mg_scalar_i64(1)), op, "1", "");
        expect(numpy_unary[k].of_float, f(mg_scalar(1)), op, "1.0", "");
    }
}

/* What NumPy does not have: bfloat16 divides as itself, and beside an int8 stays itself. */
MG_TEST(types, bfloat16) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(1), .dtype = MG_BF16);
    CHECK_EQ_I64(mg_dtype_of(mg_divide(x, x)), MG_BF16);
    CHECK_EQ_I64(mg_dtype_of(mg_divide(x, one(1))), MG_BF16);
    CHECK_EQ_I64(mg_dtype_of(mg_divide(x, mg_scalar(2))), MG_BF16);
    CHECK_EQ_I64(mg_dtype_of(mg_exp(x)), MG_BF16);
    CHECK_EQ_I64(mg_dtype_of(mg_sum(x)), MG_BF16);
}

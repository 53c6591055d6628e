# SPDX-License-Identifier: MIT
# Prints types_table.h, with what the installed NumPy 2 answers: python types_table.py > types_table.h. Neither the build
# nor the tests run it.
import warnings
import numpy as np

warnings.simplefilter("ignore")
CODES = "?bhiqBHIQefd"
UNARY = """absolute negative positive sign reciprocal square sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan
arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh rint floor ceil trunc isnan isfinite isinf signbit
logical_not invert sum prod mean max min any all""".split()
BINARY = """add subtract multiply divide maximum minimum power arctan2 hypot logaddexp logaddexp2 floor_divide remainder
fmod left_shift right_shift less less_equal greater greater_equal equal not_equal logical_and logical_or logical_xor
bitwise_and bitwise_or bitwise_xor where clip""".split()


def code(function, *operands):
    try:
        kind = np.asarray(function(*operands)).dtype.char
    except TypeError:
        return "-"
    return {"l": "q", "L": "Q"}.get(kind, kind)


def binary(name):
    if name == "where":
        return lambda x, y: np.where(np.ones(1, bool), x, y)
    if name == "clip":
        return lambda x, y: np._core.umath.clip(x, y, y)  # np.clip makes an array of a Python number first
    return getattr(np, name)


def one(kind):
    return np.ones(1, kind)


def rows_of_binary(name):
    f = binary(name)
    pairs = ["".join(code(f, one(a), one(b)) for b in CODES) for a in CODES]
    weak = ["".join(code(f, 1, one(b)) for b in CODES), "".join(code(f, one(a), 1) for a in CODES),
            "".join(code(f, 1.0, one(b)) for b in CODES), "".join(code(f, one(a), 1.0) for a in CODES)]
    both = "".join(code(f, x, y) for x, y in ((1, 1), (1, 1.0), (1.0, 1), (1.0, 1.0)))
    return tuple(pairs), tuple(weak), both


def rows_of_unary(name):
    f = getattr(np, name)
    return "".join(code(f, one(a)) for a in CODES), code(f, 1), code(f, 1.0)


def groups(names, rows):
    found = {}
    for name in names:
        found.setdefault(rows(name), []).append(name)
    return found.items()


def words(names):
    text, lines = "", []
    for name in names:
        if len(text) + len(name) > 80:
            lines.append(text)
            text = ""
        text += " " + name
    return "\n     ".join('"%s"' % line for line in lines + [text + " "])


print("""/* SPDX-License-Identifier: MIT
 * Result dtypes as NumPy %s has them: test data for tests/autodiff/test_types.c, no code. types_table.py wrote it,
 * by asking NumPy for the dtype of f(x, y) on arrays of one element, and with a Python int or float (1, 1.0) as either
 * operand; '-' where NumPy raises TypeError. Dtypes are NumPy's character codes, in the order of numpy_codes; bfloat16 is
 * not NumPy's. Functions that answer alike share a row. */
#ifndef TEST_TYPES_TABLE_H
#define TEST_TYPES_TABLE_H

#include "mygrad/base.h"

static const char numpy_codes[] = "%s";
static const mg_dtype numpy_dtypes[] = {MG_BOOL, MG_I8, MG_I16, MG_I32, MG_I64, MG_U8,
                                        MG_U16, MG_U32, MG_U64, MG_F16, MG_F32, MG_F64};

/* pairs[i][j]: f(x of dtype i, y of dtype j). int_left[j]: f(1, y), int_right[i]: f(x, 1); the same for 1.0.
 * where(true, x, y) and clip(x, y, y) are taken as f(x, y). */
typedef struct binary_types {
    const char *ops;
    const char *pairs[12];
    const char *int_left, *int_right, *float_left, *float_right;
    char scalars[5]; /* f(1, 1), f(1, 1.0), f(1.0, 1), f(1.0, 1.0) */
} binary_types;

static const binary_types numpy_binary[] = {""" % (np.__version__, CODES))
for (pairs, weak, both), names in groups(BINARY, rows_of_binary):
    print('    {%s,\n     {%s},\n     %s,\n     "%s"},' % (words(names), ", ".join('"%s"' % p for p in pairs),
                                                       ", ".join('"%s"' % w for w in weak), both))
print("""};

/* f(x of dtype i), f(1), f(1.0). */
typedef struct unary_types {
    const char *ops, *results;
    char of_int, of_float;
} unary_types;

static const unary_types numpy_unary[] = {""")
for (results, of_int, of_float), names in groups(UNARY, rows_of_unary):
    print("    {%s, \"%s\", '%s', '%s'}," % (words(names), results, of_int, of_float))
print("};\n\n#endif")

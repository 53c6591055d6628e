# SPDX-License-Identifier: MIT
# Prints types_mygrad.h, with what the installed MyGrad (2.2.0, on NumPy 1) answers for functions that NumPy does not
# have: python types_mygrad.py > types_mygrad.h. Neither the build nor the tests run it.
import warnings
import numpy as np
import mygrad as mg
from mygrad.nnet import activations as nn

warnings.simplefilter("ignore")
CODES = "?bhiqBHIQefd"
PLAIN = "csc sec cot csch sech coth arccsc arcsec arccsch arccoth sinc".split()
FUNCTIONS = {name: getattr(mg, name) for name in PLAIN}
FUNCTIONS |= {name: getattr(nn, name) for name in ("sigmoid", "soft_sign", "selu")}
FUNCTIONS["elu"] = lambda x: nn.elu(x, 0.5)
FUNCTIONS["leaky_relu"] = lambda x: nn.leaky_relu(x, 0.5)


def code(function, x):
    kind = np.asarray(function(x)).dtype.char
    return {"l": "q", "L": "Q"}.get(kind, kind)


def rows(name):
    f = FUNCTIONS[name]
    return "".join(code(f, mg.tensor(np.ones(1, kind))) for kind in CODES), code(f, 1), code(f, 1.0)


found = {}
for name in FUNCTIONS:
    found.setdefault(rows(name), []).append(name)
print("""/* SPDX-License-Identifier: MIT
 * Result dtypes as MyGrad %s has them, of what NumPy has not: test data for tests/autodiff/test_types.c, no code.
 * types_mygrad.py wrote it. Rows are as in types_table.h. */
#ifndef TEST_TYPES_MYGRAD_H
#define TEST_TYPES_MYGRAD_H

#include "types_table.h"

static const unary_types mygrad_unary[] = {""" % mg.__version__)
for (results, of_int, of_float), names in found.items():
    print("    {\" %s \", \"%s\", '%s', '%s'}," % (" ".join(names), results, of_int, of_float))
print("};\n\n#endif")

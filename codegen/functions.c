/* SPDX-License-Identifier: MIT
 * The table of simd functions that op files may name, with what they cost. */
#include "functions.h"

#include <stddef.h>
#include <string.h>

static const mgc_function table[] = {
    {"mgv_add", "vv", 'v', 1, 1},  {"mgv_sub", "vv", 'v', 1, 1},      {"mgv_mul", "vv", 'v', 1, 1},
    {"mgv_div", "vv", 'v', 1, 1},  {"mgv_rem", "vv", 'v', 1, 0},      {"mgv_neg", "v", 'v', 1, 0},
    {"mgv_abs", "v", 'v', 1, 0},   {"mgv_max", "vv", 'v', 1, 0},      {"mgv_min", "vv", 'v', 1, 0},
    {"mgv_sqrt", "v", 'v', 1, 1},  {"mgv_fma", "vvv", 'v', 2, 1},     {"mgv_fnma", "vvv", 'v', 2, 1},
    {"mgv_rint", "v", 'v', 1, 0},  {"mgv_floor", "v", 'v', 1, 0},     {"mgv_ceil", "v", 'v', 1, 0},
    {"mgv_trunc", "v", 'v', 1, 0}, {"mgv_copysign", "vv", 'v', 1, 0}, {"mgv_select", "mvv", 'v', 1, 0},
    {"mgv_eq", "vv", 'm', 1, 0},   {"mgv_ne", "vv", 'm', 1, 0},       {"mgv_lt", "vv", 'm', 1, 0},
    {"mgv_le", "vv", 'm', 1, 0},   {"mgv_gt", "vv", 'm', 1, 0},       {"mgv_ge", "vv", 'm', 1, 0},
    {"mgv_isnan", "v", 'm', 1, 0}, {"mgv_signbit", "v", 'm', 1, 0},   {"mgv_and", "mm", 'm', 1, 0},
    {"mgv_or", "mm", 'm', 1, 0},   {"mgv_xor", "mm", 'm', 1, 0},      {"mgv_andnot", "mm", 'm', 1, 0},
    {"mgv_not", "m", 'm', 1, 0},   {"mgv_and", "vv", 'v', 1, 0},      {"mgv_or", "vv", 'v', 1, 0},
    {"mgv_xor", "vv", 'v', 1, 0},  {"mgv_andnot", "vv", 'v', 1, 0},   {"mgv_not", "v", 'v', 1, 0},
};

bool mgc_is_function_name(const char *name) { return strncmp(name, "mgv_", 4) == 0 || strncmp(name, "vm_", 3) == 0; }

const mgc_function *mgc_find_function(const char *name, const char *args) {
    static const mgc_function vector_maths = {"vm_", "", 'v', 20, 2}; /* its accuracy is on file */
    if (strncmp(name, "vm_", 3) == 0) return strchr(args, 'm') ? NULL : &vector_maths;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0 && strcmp(table[i].args, args) == 0) return &table[i];
    return NULL;
}

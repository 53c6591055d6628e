/* SPDX-License-Identifier: MIT
 * The table of functions that op files may name, with what they cost. */
#include "functions.h"

#include <stddef.h>
#include <string.h>

static const mgc_function table[] = {
    {"mgv_add", "vv", 'v', 'a', 1, 1},          {"mgv_sub", "vv", 'v', 'a', 1, 1},
    {"mgv_mul", "vv", 'v', 'a', 1, 1},          {"mgv_div", "vv", 'v', 'a', 1, 1},
    {"mgv_rem", "vv", 'v', 'i', 1, 0},          {"mgv_neg", "v", 'v', 'a', 1, 0},
    {"mgv_abs", "v", 'v', 'a', 1, 0},           {"mgv_max", "vv", 'v', 'a', 1, 0},
    {"mgv_min", "vv", 'v', 'a', 1, 0},          {"mgv_sqrt", "v", 'v', 'f', 1, 1},
    {"mgv_fma", "vvv", 'v', 'f', 2, 1},         {"mgv_fnma", "vvv", 'v', 'f', 2, 1},
    {"mgv_rint", "v", 'v', 'f', 1, 0},          {"mgv_floor", "v", 'v', 'f', 1, 0},
    {"mgv_ceil", "v", 'v', 'f', 1, 0},          {"mgv_trunc", "v", 'v', 'f', 1, 0},
    {"mgv_copysign", "vv", 'v', 'f', 1, 0},     {"mgv_select", "mvv", 'v', 'a', 1, 0},
    {"mgv_eq", "vv", 'm', 'a', 1, 0},           {"mgv_ne", "vv", 'm', 'a', 1, 0},
    {"mgv_lt", "vv", 'm', 'a', 1, 0},           {"mgv_le", "vv", 'm', 'a', 1, 0},
    {"mgv_gt", "vv", 'm', 'a', 1, 0},           {"mgv_ge", "vv", 'm', 'a', 1, 0},
    {"mgv_isnan", "v", 'm', 'f', 1, 0},         {"mgv_signbit", "v", 'm', 'f', 1, 0},
    {"mgv_and", "mm", 'm', 'a', 1, 0},          {"mgv_or", "mm", 'm', 'a', 1, 0},
    {"mgv_xor", "mm", 'm', 'a', 1, 0},          {"mgv_andnot", "mm", 'm', 'a', 1, 0},
    {"mgv_not", "m", 'm', 'a', 1, 0},           {"mgv_and", "vv", 'v', 'i', 1, 0},
    {"mgv_or", "vv", 'v', 'i', 1, 0},           {"mgv_xor", "vv", 'v', 'i', 1, 0},
    {"mgv_andnot", "vv", 'v', 'i', 1, 0},       {"mgv_not", "v", 'v', 'i', 1, 0},
    {"mgv_shlv", "vv", 'v', 'i', 1, 0},         {"mgv_shrv", "vv", 'v', 'i', 1, 0},
    {"vm_fmod", "vv", 'v', 'f', 12, 0},         {"vm_remainder", "vv", 'v', 'f', 16, 1},
    {"vm_floor_divide", "vv", 'v', 'f', 10, 1}, {"vm_power", "vv", 'v', 'a', 60, 2},
};

bool mgc_is_function_name(const char *name) { return strncmp(name, "mgv_", 4) == 0 || strncmp(name, "vm_", 3) == 0; }

const mgc_function *mgc_find_function(const char *name, const char *args) {
    static const mgc_function vector_maths[] = {/* their accuracy is on file */
                                                {"vm_", "v", 'v', 'f', 20, 2},
                                                {"vm_", "vv", 'v', 'f', 40, 2},
                                                {"vm_", "vvv", 'v', 'f', 40, 2},
                                                {"vm_", "vvvv", 'v', 'f', 40, 2}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0 && strcmp(table[i].args, args) == 0) return &table[i];
    for (int i = 0; i < 4 && strncmp(name, "vm_", 3) == 0; i++)
        if (strcmp(args, vector_maths[i].args) == 0) return &vector_maths[i];
    return NULL;
}

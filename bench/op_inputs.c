/* SPDX-License-Identifier: MIT
 * Values in the domains that mgc takes from the stanzas. */
#include "op_inputs.h"

#include "op_domains.h"
#include "runtime/dtype.h"
#include "suite.h"

#include <string.h>

enum { BLOCK = 256 };

static void domain_of(int op, int input, double *low, double *high) {
    static const struct {
        int op, input;
        double low, high;
    } domains[] = {MGK_DOMAINS};
    *low = -4;
    *high = 4;
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
        if (domains[i].op == op && domains[i].input == input) {
            *low = domains[i].low;
            *high = domains[i].high;
        }
}

static void put(void *to, mg_dtype dtype, float value, double middle) {
    const int64_t whole = (int64_t)value;
    const double wide = (double)value;
    const uint8_t truth = wide > middle;
    if (dtype == MG_BOOL)
        memcpy(to, &truth, 1);
    else if (dtype == MG_F32)
        memcpy(to, &value, sizeof value);
    else if (dtype == MG_F64)
        memcpy(to, &wide, sizeof wide);
    else
        memcpy(to, &whole, mg_dtype_size(dtype)); /* little-endian, as all that we run on */
}

void op_inputs_fill(void *out, mg_dtype dtype, size_t n, int op, int input) {
    double low, high;
    float values[BLOCK];
    domain_of(op, input, &low, &high);
    for (size_t i = 0; i < n; i++) {
        if (i % BLOCK == 0) suite_fill_f32(values, BLOCK, low, high, (uint64_t)(input + 1) + i);
        put((char *)out + i * mg_dtype_size(dtype), dtype, values[i % BLOCK], (low + high) / 2);
    }
}

/* SPDX-License-Identifier: MIT
 * What the tests of generated kernels share: the tables of this machine, guarded memory, values, and oracles in plain C
 * that know nothing of the generator. */
#ifndef MYGRAD_TEST_GENERATED_H
#define MYGRAD_TEST_GENERATED_H

#include "harness.h"

#include "kernels/registry.h"

/* The tables that this CPU can run; the scalar one first. */
int gen_tables(const mgk_table *tables[MGK_ISA_COUNT]);

size_t gen_size(mg_dtype row);
const char *gen_row_name(mg_dtype row);

/* Element size of input i or result j of an op in this row: conditions are bytes. */
size_t gen_in_size(const mgk_op_info *op, mg_dtype row, int i);
size_t gen_out_size(const mgk_op_info *op, mg_dtype row, int j);

/* Memory between two pages that nobody may touch. The array of `bytes` ends exactly at the upper one (at_end) or
 * begins exactly at the lower one. */
typedef struct gen_guarded {
    unsigned char *map;
    size_t map_bytes;
    unsigned char *data;
    size_t bytes;
} gen_guarded;
gen_guarded gen_guard(size_t bytes, bool at_end);
void gen_release(gen_guarded *g);

/* n values for input i of an op: from its domain, with special values among them. */
void gen_fill(mg_test_rng *rng, const mgk_op_info *op, int i, mg_dtype row, void *out, size_t n);

/* One element as a number: integers as unsigned 64-bit ones, sign-extended where the row is signed; bool as 0 or 1. */
bool gen_is_signed(mg_dtype row);
uint64_t gen_read_int(mg_dtype row, const void *p);
double gen_read_float(mg_dtype row, const void *p);

/* Same bits, or NaN and NaN. */
bool gen_same(mg_dtype row, const void *a, const void *b);

/* Is result j = got for inputs in[] (element i of each) right? False with a sentence in `why`. Internal derivative ops
 * have no oracle here (gen_has_oracle): they are checked against their steps. */
bool gen_has_oracle(const mgk_op_info *op);
bool gen_check(const mgk_op_info *op, mg_dtype row, const void *const in[], const double *params, int j,
               const void *got, char why[200]);

/* One element of an exact op, rounded to the row once per operation; false when there is no such oracle. */
bool gen_exact(const char *op, mg_dtype row, const void *const in[], const double *params, void *const out[]);

/* The same for ops of one result that one expression states: generated_simple.c. */
bool gen_simple(const char *op, mg_dtype row, const void *const in[], int n_in, const double *params, void *out);

/* The same for division with remainder and shifts: generated_division.c. */
bool gen_division(const char *op, mg_dtype row, const void *const in[], void *out);

#endif

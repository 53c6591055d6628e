/* SPDX-License-Identifier: MIT
 * One line per operation and dtype, `name hash`, from inputs that are the same everywhere: what bits_of prints and
 * compares. Matmul and convolution are not among them (docs/numerics.md). */
#ifndef MYGRAD_TEST_BITS_H
#define MYGRAD_TEST_BITS_H

#include "harness.h"

#include "kernels/registry.h"

/* A running hash of elements; any NaN counts as the same NaN. */
typedef struct bits_hash {
    uint64_t state;
} bits_hash;

bits_hash bits_begin(void);
void bits_add(bits_hash *h, mg_dtype dtype, const void *elements, size_t n);

/* The line of one item; names are unique, and their order is the same on every machine. */
void bits_line(const bits_hash *h, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Random numbers of an item's own, so that a new op changes no other line. */
mg_test_rng bits_rng(const char *name, mg_dtype dtype);
const char *bits_dtype_name(mg_dtype dtype);
size_t bits_dtype_size(mg_dtype dtype);

/* The families of lines. */
void bits_of_kernels(const mgk_table *table);
void bits_of_tensors(void);

#endif

/* SPDX-License-Identifier: MIT
 * oneDNN without the library in between: what matmul and convolution are compared with, and a clock on the calls that
 * the library makes. raw_onednn.c is the bench's one file that knows oneDNN; it answers NULL where there is none. */
#ifndef BENCH_RAW_ONEDNN_H
#define BENCH_RAW_ONEDNN_H

#include <stdbool.h>
#include <stdint.h>

/* Is there a oneDNN to compare with? */
bool raw_available(void);

typedef struct raw_product raw_product;

typedef enum raw_kind { RAW_FORWARD, RAW_BACKWARD_DATA, RAW_BACKWARD_WEIGHTS } raw_kind;

/* n x c x h x w images, f filters of k x k, padding p, stride s; plain layouts (nchw, oihw) on the outside. */
typedef struct raw_conv {
    int64_t n, c, f, h, w, k, p, s;
} raw_conv;

/* The length of y along an axis of x. */
static inline int64_t raw_conv_out(const raw_conv *c, int64_t x) { return (x + 2 * c->p - c->k) / c->s + 1; }

/* f32, row-major. */
raw_product *raw_matmul_new(int64_t m, int64_t n, int64_t k);

/* With the layouts that oneDNN likes and reorders around it if `blocked`, else in the plain ones throughout. */
raw_product *raw_conv_new(raw_kind kind, const raw_conv *shape, bool blocked);

/* Operands as in mgr_conv_*: forward x, w, y; data dy, w, dx; weights x, dy, dw. Matmul a, b, c. */
bool raw_run(raw_product *p, const void *a, const void *b, void *result);
void raw_free(raw_product *p);

/* Seconds spent in oneDNN's primitives by this thread since the last call, when the clock is on. */
void raw_clock(bool on);
double raw_clock_take(void);

#endif

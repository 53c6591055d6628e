/* SPDX-License-Identifier: MIT
 * Random programs of ops, views, in-place writes, keeps and scopes: what they are, making them, running them on the
 * library, and on a plain model of NumPy's aliasing. Shared by test_random_programs.c and its shrinker; knows the
 * public API only. */
#ifndef MYGRAD_TEST_PROGRAM_H
#define MYGRAD_TEST_PROGRAM_H

#include "harness.h"

#include <mygrad/mygrad.h>

enum { PROGRAM_STEPS = 48, PROGRAM_VARS = 64, PROGRAM_MAX_ELEMENTS = 1 << 18 };

typedef enum step_kind {
    STEP_LEAF,
    STEP_UNARY,
    STEP_BINARY,
    STEP_WHERE,
    STEP_REDUCE,
    STEP_SLICE,
    STEP_TRANSPOSE,
    STEP_RESHAPE,
    STEP_IADD,
    STEP_IMULTIPLY,
    STEP_COPYTO,
    STEP_KEEP,
    STEP_RELEASE,
    STEP_OPEN,
    STEP_CLOSE,
    STEP_READ,
    STEP_BACKWARD,
    STEP_KINDS
} step_kind;

/* One step: operands are variable numbers, taken modulo what exists; a step that makes no sense where it stands is
 * skipped, the same way in every run. */
typedef struct program_step {
    step_kind kind;
    bool off; /* switched off by the shrinker */
    int a, b, c, what;
    uint64_t random; /* shapes, values, slices */
} program_step;

typedef struct program {
    program_step steps[PROGRAM_STEPS];
    int n;
    bool exact; /* f64 and correctly rounded ops only, no gradients: the model can follow */
    bool large;
    int layout; /* LAYOUT_* */
} program;

/* How leaves lie in memory. Unless this is as usual, one backward from everything ends the program, and is the only
 * one: gradients that were dropped or not, which depends on what is a view, do not show. */
enum { LAYOUT_USUAL, LAYOUT_OWN, LAYOUT_OFFSET, LAYOUT_BACKWARDS, LAYOUT_APART, LAYOUTS };

/* What a run came to: the bytes of everything that was read, in order. */
typedef struct program_result {
    char *bytes;
    size_t n, capacity;
    char error[256]; /* the library reported one; "" otherwise */
} program_result;

program program_random(mg_test_rng *rng, bool exact, bool large);
void program_run(const program *p, program_result *result);       /* on the library, as it is set up now */
void program_run_model(const program *p, program_result *result); /* on plain arrays; p->exact */
bool program_results_equal(const program_result *a, const program_result *b);
void program_result_free(program_result *result);
void program_print(const program *p);

/* What both runs share. */
void program_record(program_result *result, mg_dtype dtype, int64_t n, const void *elements);
double program_value(uint64_t random, int64_t i);
int program_shape(uint64_t random, bool large, int64_t *dims);
/* A slice of an axis of length n: start, stop, step as Python's. */
void program_slice(uint64_t random, int64_t n, int64_t *start, int64_t *stop, int64_t *step);

#endif

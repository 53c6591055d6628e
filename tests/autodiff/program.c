/* SPDX-License-Identifier: MIT
 * Random programs: making and printing them, and what the two runs share. */
#include "program.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[STEP_KINDS] = {"leaf",      "unary",   "binary", "where",     "reduce",  "slice",
                                              "transpose", "reshape", "iadd",   "imultiply", "copyto",  "keep",
                                              "release",   "open",    "close",  "read",      "backward"};

program program_random(mg_test_rng *rng, bool exact, bool large) {
    program p = {.n = (int)mg_test_int(rng, 6, PROGRAM_STEPS), .exact = exact, .large = large};
    for (int i = 0; i < p.n; i++) {
        program_step *s = &p.steps[i];
        s->kind = i < 2 ? STEP_LEAF : (step_kind)mg_test_int(rng, 0, STEP_KINDS - 1);
        if (mg_test_int(rng, 0, 3) == 0 && i >= 2) s->kind = mg_test_int(rng, 0, 1) ? STEP_BINARY : STEP_UNARY;
        if (exact && s->kind == STEP_BACKWARD) s->kind = STEP_READ;
        s->a = (int)mg_test_int(rng, 0, PROGRAM_VARS - 1);
        s->b = (int)mg_test_int(rng, 0, PROGRAM_VARS - 1);
        s->c = (int)mg_test_int(rng, 0, PROGRAM_VARS - 1);
        s->what = (int)mg_test_int(rng, 0, 1000);
        s->random = mg_test_u64(rng);
    }
    return p;
}

void program_print(const program *p) {
    for (int i = 0; i < p->n; i++) {
        const program_step *s = &p->steps[i];
        if (!s->off)
            fprintf(stderr, "  %2d %-9s a=%d b=%d c=%d what=%d random=%llu\n", i, names[s->kind], s->a, s->b, s->c,
                    s->what, (unsigned long long)s->random);
    }
}

void program_record(program_result *result, mg_dtype dtype, int64_t n, const void *elements) {
    size_t bytes = (size_t)n * mg_dtype_size(dtype);
    if (result->n + bytes > result->capacity) {
        result->capacity = 2 * (result->n + bytes) + 4096;
        result->bytes = realloc(result->bytes, result->capacity);
    }
    if (bytes) memcpy(result->bytes + result->n, elements, bytes);
    for (int64_t i = 0; i < n; i++) { /* any NaN equals any NaN */
        char *element = result->bytes + result->n + (size_t)i * mg_dtype_size(dtype);
        double f64;
        float f32;
        if (dtype == MG_F64 && (memcpy(&f64, element, sizeof f64), isnan(f64)))
            memcpy(element, &(double){NAN}, sizeof f64);
        if (dtype == MG_F32 && (memcpy(&f32, element, sizeof f32), isnan(f32)))
            memcpy(element, &(float){NAN}, sizeof f32);
    }
    result->n += bytes;
}

bool program_results_equal(const program_result *a, const program_result *b) {
    return strcmp(a->error, b->error) == 0 && a->n == b->n && (a->n == 0 || memcmp(a->bytes, b->bytes, a->n) == 0);
}

void program_result_free(program_result *result) {
    free(result->bytes);
    *result = (program_result){0};
}

double program_value(uint64_t random, int64_t i) {
    uint64_t x = (random + (uint64_t)i) * UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 29;
    if (x % 97 == 0) return -0.0;
    return (double)(int64_t)(x % 4001) / 1000.0 - 2.0;
}

int program_shape(uint64_t random, bool large, int64_t *dims) {
    static const struct {
        int ndim;
        int64_t dims[3];
    } shapes[] = {{0, {0}},       {1, {1}}, {1, {3}},    {2, {4, 3}},  {2, {1, 3}}, {2, {4, 1}},
                  {3, {2, 4, 3}}, {1, {6}}, {2, {0, 3}}, {2, {65, 3}}, {1, {130}}};
    size_t pick = random % (sizeof shapes / sizeof *shapes);
    if (large && random % 3 == 0) {
        dims[0] = 230;
        dims[1] = 301;
        return random % 2 ? (dims[0] = 301, 1) : 2;
    }
    memcpy(dims, shapes[pick].dims, sizeof shapes[pick].dims);
    return shapes[pick].ndim;
}

void program_slice(uint64_t random, int64_t n, int64_t *start, int64_t *stop, int64_t *step) {
    static const int64_t steps[] = {1, 1, 2, -1, -2, 3};
    *step = steps[random % 6];
    *start = n ? (int64_t)((random >> 8) % (uint64_t)n) : 0;
    *stop = n ? (int64_t)((random >> 24) % (uint64_t)(n + 1)) : 0;
    if (*step > 0 && *start > *stop) {
        int64_t swap = *start;
        *start = *stop;
        *stop = swap;
    }
    if (*step < 0 && *stop >= *start) *stop = MG_NONE;
}

/* SPDX-License-Identifier: MIT
 * The alloc family: getting memory and giving it back, by the library's pool and blocks against the C library. A buffer
 * is written once a page, as its user would. */
#include "suite.h"

#include "mygrad/mygrad.h"
#include "runtime/memory.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct request {
    size_t bytes;
} request;

static void touch(void *data, size_t bytes) {
    volatile char *p = data;
    for (size_t i = 0; i < bytes; i += 4096) p[i] = 1;
}

static void by_pool(void *context) {
    const request *r = context;
    mgr_buffer *b = mgr_buffer_new(r->bytes);
    if (b) touch(b->data, r->bytes);
    mgr_buffer_release(b);
}

static void by_block(void *context) {
    const request *r = context;
    void *p = mgr_block_new(r->bytes);
    if (p) touch(p, r->bytes);
    mgr_block_free(p, r->bytes);
}

static void by_malloc(void *context) {
    const request *r = context;
    void *p = malloc(r->bytes);
    if (p) touch(p, r->bytes);
    free(p);
}

static void tensor(void *context) {
    const request *r = context;
    MG_SCOPE;
    touch(mg_data_mut(mg_empty(MG_SHAPE((int64_t)r->bytes / 4))), 1);
}

static void against_malloc(bench_suite *suite, const char *what, void (*run)(void *), size_t bytes) {
    char size[24];
    request r = {bytes};
    bench_row *row = suite_row(suite, "alloc/%s/%s", what, suite_size_name(bytes, size));
    suite_progress(suite, row->name);
    suite_pair p = suite_measure_pair(suite, (suite_side){run, &r}, (suite_side){by_malloc, &r});
    row->value = p.a;
    row->ratio = p.ratio;
    row->control = p.control;
    snprintf(row->against, sizeof row->against, "malloc");
}

void family_alloc(bench_suite *suite) {
    static const size_t blocks[] = {64, 256, 1024};
    static const size_t buffers[] = {256, 64 << 10, 1 << 20, 64 << 20};
    static const size_t tensors[] = {256, 64 << 10};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) against_malloc(suite, "block", by_block, blocks[i]);
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) against_malloc(suite, "buffer", by_pool, buffers[i]);
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        against_malloc(suite, "tensor in a scope", tensor, tensors[i]);
    mg_error error = mg_take_error();
    if (error.code != MG_OK) suite_fail(suite, "alloc: %s: %s", error.op, error.message);
    mg_trim();
}

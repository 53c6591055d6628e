/* SPDX-License-Identifier: MIT
 * Size: deep graphs, long runs, steps that read as they go. Counters, never clocks. */
#include "harness.h"
#include "runtime/sizes.h"

#include <mygrad/mygrad.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static mg_stats stats(void) {
    mg_stats s;
    mg_get_stats(&s);
    return s;
}

MG_TEST(graph_size, a_million_ops_deep) {
    int depth = mg_test_is_quick() ? 100000 : 1000000;
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3}, MG_SHAPE(3)), *y = x;
    mg_tensor *c = mg_set_constant(mg_from_f64((double[]){0x1p-30, 0x1p-30, 0x1p-30}, MG_SHAPE(3)), true);
    for (int i = 0; i < depth; i++) {
        mg_tensor *next = i % 2 ? mg_add(y, c) : mg_subtract(y, c);
        y = next;
    }
    CHECK(y != NULL);
    CHECK_EQ_I64(mg_backward(mg_sum(y)), MG_OK);
    const double *g = mg_data_f64(mg_grad(x));
    CHECK(g != NULL);
    for (int i = 0; i < 3; i++) CHECK_BITS_F64(g[i], 1.0);
}

/* Wide: one tensor used by very many ops. */
MG_TEST(graph_size, a_hundred_thousand_uses) {
    int uses = mg_test_is_quick() ? 10000 : 100000;
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1}, MG_SHAPE(1)), *sum = mg_from_f64((double[]){0}, MG_SHAPE(1));
    for (int i = 0; i < uses; i++) sum = mg_add(sum, x);
    CHECK_EQ_I64(mg_backward(sum), MG_OK);
    CHECK_BITS_F64(mg_item(mg_grad(x)), (double)uses);
}

/* A value is computed at most twice, so clusters grow with steps and not with their square (rules D2). */
static uint64_t clusters_of_chain(int steps) {
    MG_SCOPE;
    uint64_t before = stats().clusters_run;
    mg_tensor *x = mg_full(MG_SHAPE(100000), 1.0, .dtype = MG_F64, .constant = MG_CONSTANT);
    for (int i = 0; i < steps; i++) {
        x = mg_multiply(mg_add(x, mg_scalar(1)), mg_scalar(0.5));
        CHECK_BITS_F64(mg_item(mg_max(x)), 1.0);
    }
    return stats().clusters_run - before;
}

MG_TEST(graph_size, a_chain_that_is_read_at_each_step_stays_linear) {
    uint64_t some = clusters_of_chain(100), many = clusters_of_chain(1000);
    CHECK_MSG(many <= 11 * some, "%llu clusters for 100 steps, %llu for 1000", (unsigned long long)some,
              (unsigned long long)many);
    CHECK_MSG(many <= 3000, "%llu clusters for 1000 steps", (unsigned long long)many);
}

/* One training step of a small network; the batch and the scalars change. */
static void train(mg_tensor *w, mg_tensor *b, mg_tensor *v, mg_optimizer *optimizer, int batch, double scale) {
    MG_SCOPE;
    float data[32 * 8];
    int64_t labels[32];
    for (int i = 0; i < batch * 8; i++) data[i] = (float)((i * 37 % 19) - 9) * (float)scale;
    for (int i = 0; i < batch; i++) labels[i] = i % 4;
    mg_tensor *x = mg_from_f32(data, MG_SHAPE(batch, 8));
    mg_tensor *h = mg_tanh(mg_add(mg_matmul(x, w), b));
    mg_tensor *scores = mg_multiply(mg_matmul(mg_relu(h), v), mg_scalar(scale));
    mg_tensor *f = mg_softmax_crossentropy(scores, mg_from_i64(labels, MG_SHAPE(batch)));
    CHECK_EQ_I64(mg_backward(f, .consume = true), MG_OK);
    CHECK_EQ_I64(mg_optimizer_step(optimizer), MG_OK);
    CHECK(mg_item(f) == mg_item(f));
}

MG_TEST(graph_size, training_in_steady_state_asks_for_nothing) {
    float values[8 * 16];
    for (int i = 0; i < 8 * 16; i++) values[i] = (float)((i * 29 % 23) - 11) / 40.0f;
    mg_tensor *w = mg_keep(mg_from_f32(values, MG_SHAPE(8, 16))), *v = mg_keep(mg_from_f32(values, MG_SHAPE(16, 4)));
    mg_tensor *b = mg_keep(mg_zeros(MG_SHAPE(16)));
    mg_optimizer *optimizer = mg_adam(((mg_tensor *[]){w, b, v}), 3);
    CHECK(optimizer != NULL);
    int steps = mg_test_is_quick() ? 3000 : 100000;
    for (int i = 0; i < 400; i++) train(w, b, v, optimizer, 1 + i % 32, 0.5 + i % 7);
    mg_stats before = stats();
    mg_stats_reset_peak();
    for (int i = 0; i < steps; i++) train(w, b, v, optimizer, 1 + i * 7 % 32, 0.1 + 1e-6 * i);
    mg_stats after = stats();
    if (MGR_SIZE(true, false)) { /* hardened: the caches hold two programs, the pool next to nothing, and shapes that
                                    nobody holds are swept all the time */
        CHECK_EQ_U64(after.live_shapes, before.live_shapes);
        CHECK_EQ_U64(after.programs_planned, before.programs_planned);
        CHECK_EQ_U64(after.system_allocs, before.system_allocs);
    }
    CHECK_EQ_U64(after.live_bytes, before.live_bytes);
    CHECK_EQ_U64(after.live_nodes, before.live_nodes);
    CHECK_EQ_U64(after.live_tensors, before.live_tensors);
    CHECK_EQ_U64(after.programs_cached, before.programs_cached);
    CHECK_MSG(after.peak_live_bytes <= 2u << 20, "%llu bytes at the peak",
              (unsigned long long)after.peak_live_bytes); /* 2 MiB for all of a step */
    mg_optimizer_free(optimizer);
    mg_release(w);
    mg_release(b);
    mg_release(v);
}

/* A caller with flushing and odd rounding set gets the same bits, and its own settings back (rules C5). */
MG_TEST(graph_size, the_callers_floating_point_environment_does_not_matter) {
#if defined(__x86_64__)
    double values[200], plain[200], odd[200];
    for (int i = 0; i < 200; i++) values[i] = 1e-310 * i + 1.0 / (i + 3);
    for (int round = 0; round < 2; round++) {
        MG_SCOPE;
        unsigned saved = _mm_getcsr(), foreign = 0x7f80u | 0x8040u; /* towards zero, FTZ, DAZ */
        if (round) _mm_setcsr(foreign);
        mg_tensor *x = mg_from_f64(values, MG_SHAPE(200));
        mg_tensor *y = mg_add(mg_multiply(mg_exp(x), mg_scalar(1e-308)), mg_mean(mg_multiply(x, mg_scalar(1e-3))));
        mg_status status = mg_read(y, MG_F64, round ? odd : plain);
        unsigned now = _mm_getcsr();
        _mm_setcsr(saved);
        CHECK_EQ_I64(status, MG_OK);
        if (round) CHECK_EQ_U64(now & 0xffc0u, foreign & 0xffc0u);
    }
    CHECK_EQ_MEM(plain, odd, sizeof plain);
#else
    SKIP("MXCSR is x86's");
#endif
}

/* SPDX-License-Identifier: MIT
 * Size: deep graphs, long runs, steps that read as they go. Counters, never clocks. */
#include "autodiff/handle.h"
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

/* An array of ones that is there, not a number. */
static mg_tensor *array(int64_t n, mg_dtype dtype) {
    mg_tensor *x = mg_ones(MG_SHAPE(n), .dtype = dtype, .constant = MG_CONSTANT);
    CHECK(mg_data(x) != NULL);
    return x;
}

/* D2 i: what is about to be computed for the second time is stored, whatever its size; then nothing computes it. */
MG_TEST(graph_size, what_is_computed_twice_is_stored) {
    static const int64_t sizes[] = {3000, 1 << 20};
    for (int i = 0; i < 2; i++) {
        MG_SCOPE;
        mg_tensor *x = array(sizes[i], MG_F64), *y = mg_add(x, mg_scalar(1)), *z = mg_subtract(y, mg_scalar(3));
        CHECK_BITS_F64(mg_item(mg_max(z)), -1.0);
        CHECK(!y->node->data && !z->node->data);
        CHECK_BITS_F64(mg_item(mg_sum(z)), -(double)sizes[i]);
        CHECK(y->node->data && z->node->data);
        uint64_t before = stats().clusters_run;
        CHECK_BITS_F64(mg_item(mg_min(z)), -1.0);
        CHECK_EQ_U64(stats().clusters_run, before + 1);
    }
}

/* Small arrays, too: what only led to what was asked for gives its buffer back, until it is computed again. */
MG_TEST(graph_size, small_values_that_led_to_others_are_handed_on) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){1, 2, 3}, MG_SHAPE(3)), *y = mg_add(x, mg_scalar(1));
    mg_tensor *z = mg_subtract(y, mg_scalar(3));
    CHECK(mg_data(mg_negative(z)) != NULL);
    CHECK(!y->node->data && !z->node->data);
    CHECK(mg_data_f64(z)[2] == 1 && z->node->data);
    CHECK(mg_data(mg_negative(z)) != NULL);
    CHECK(y->node->data != NULL); /* it was computed twice */
    mg_tensor *e = mg_exp(x);     /* whose derivative is itself */
    CHECK(mg_data(mg_negative(e)) != NULL);
    CHECK(e->node->data != NULL);
}

/* The caps of sizes.h, by their own words: what a cluster has and what a node may bring stay within them. */
static uint64_t clusters_allowed(int nodes, int instr_of_each) {
    int instr = 0, inputs = 0, outputs = 0;
    uint64_t clusters = 0;
    for (int i = 0; i < nodes; i++) {
        bool full = instr + instr_of_each > MGA_CLUSTER_INSTR || inputs + MGK_MAX_IN > MGA_CLUSTER_INPUTS ||
                    outputs + MGK_MAX_OUT > MGA_CLUSTER_OUTPUTS;
        if (clusters == 0 || full) {
            clusters++;
            instr = outputs = 0;
            inputs = 1; /* the chain so far */
        }
        instr += instr_of_each;
        inputs++;
        outputs++;
    }
    return clusters;
}

/* y + x + x + ..; x of another dtype is converted every time. */
MG_TEST(graph_size, clusters_are_filled_to_their_caps) {
    enum { N = 3000 };
    for (int kind = 0; kind < 2; kind++)
        for (int nodes = 1; nodes < 130 && nodes < MGA_DEPTH_CAP; nodes++) {
            MG_SCOPE;
            mg_tensor *y = array(N, MG_F64), *x = array(N, kind ? MG_F32 : MG_F64);
            for (int i = 0; i < nodes; i++) y = mg_add(y, x);
            uint64_t before = stats().clusters_run;
            const double *data = mg_data_f64(y);
            CHECK(data != NULL && data[0] == nodes + 1 && data[N - 1] == nodes + 1);
            CHECK_EQ_U64(stats().clusters_run - before, clusters_allowed(nodes, 1 + kind));
        }
}

/* An odd one first, so that a cap that is one too high lets one too many in. */
MG_TEST(graph_size, a_cluster_never_has_an_instruction_too_many) {
    enum { N = 3000 };
    for (int odd = 1; odd < 4; odd++)
        for (int nodes = 1; nodes < 70 && nodes + odd < MGA_DEPTH_CAP; nodes++) {
            MG_SCOPE;
            mg_tensor *y = array(N, MG_F64), *x = array(N, MG_F32);
            for (int i = 0; i < odd; i++) y = mg_negative(y);
            for (int i = 0; i < nodes; i++) y = mg_add(y, x);
            const double *data = mg_data_f64(y);
            CHECK(data != NULL && data[N - 1] == nodes + (odd % 2 ? -1 : 1));
        }
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

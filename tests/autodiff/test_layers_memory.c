/* SPDX-License-Identifier: MIT
 * What a training step through every layer leaves behind: nothing. Counters of the runtime as the oracle. */
#include <math.h>
#include <stdlib.h>

#include "nnet_check.h"
#include "runtime/sizes.h"

typedef struct network {
    mg_tensor *params[3];
    mg_optimizer *optimizer;
} network;

static network make_network(mg_dtype dtype) {
    MG_SCOPE;
    network n;
    mg_test_rng rng = mg_test_rng_new();
    n.params[0] = mg_keep(mg_astype(nnet_random(&rng, MG_SHAPE(3, 2, 3, 3)), dtype));
    n.params[1] = mg_keep(mg_astype(nnet_random(&rng, MG_SHAPE(12, 3)), dtype));
    n.params[2] = mg_keep(mg_astype(nnet_random(&rng, MG_SHAPE(3)), dtype));
    n.optimizer = (mg_adam)(n.params, 3);
    CHECK_MSG(n.optimizer != NULL, "%s", mg_take_error().message);
    return n;
}

static void free_network(network *n) {
    mg_optimizer_free(n->optimizer);
    for (int i = 0; i < 3; i++) mg_release(n->params[i]);
}

/* One step; the loss and an accuracy are read, as training loops do. */
static void train(network *n) {
    MG_SCOPE;
    mg_tensor *x = mg_ones_with(MG_SHAPE(4, 2, 6, 6),
                                &(mg_create_opts){.size = sizeof(mg_create_opts), .dtype = mg_dtype_of(n->params[0])});
    mg_tensor *labels = mg_from_i32((int32_t[]){0, 1, 2, 1}, MG_SHAPE(4));
    mg_tensor *y = mg_max_pool(mg_relu(mg_conv_nd(x, n->params[0])), MG_SHAPE(2, 2), MG_SHAPE(2));
    mg_tensor *scores = mg_add(mg_matmul(mg_reshape(y, MG_SHAPE(4, 12)), n->params[1]), n->params[2]);
    mg_tensor *loss = mg_softmax_crossentropy(scores, labels);
    double right = mg_item(mg_mean(mg_equal(mg_argmax(scores, .axis = MG_AXES(1)), labels)));
    CHECK(right >= 0 && right <= 1);
    CHECK_MSG(mg_backward(mg_add(loss, mg_mean(mg_max(scores, .axis = MG_AXES(1))))) == MG_OK, "%s",
              mg_take_error().message);
    CHECK_MSG(mg_optimizer_step(n->optimizer) == MG_OK, "%s", mg_take_error().message);
    CHECK(isfinite(mg_item(loss)));
}

MG_TEST(layers_memory, steady_state) {
    static const mg_dtype dtypes[] = {MG_F32, MG_F64, MG_F16, MG_BF16};
    for (int i = 0; i < 4; i++) {
        network n = make_network(dtypes[i]);
        for (int step = 0; step < 5; step++) train(&n);
        mg_stats before, after;
        mg_get_stats(&before);
        for (int step = 0; step < mg_test_times(100); step++) train(&n);
        mg_get_stats(&after);
        CHECK_EQ_U64(after.live_bytes, before.live_bytes);
        CHECK_EQ_U64(after.live_nodes, before.live_nodes);
        CHECK_EQ_U64(after.live_tensors, before.live_tensors);
        if (MGR_SIZE(true, false)) { /* hardened: the caches hold two programs, the pool next to nothing */
            CHECK_EQ_U64(after.programs_planned, before.programs_planned);
            CHECK_EQ_U64(after.system_allocs, before.system_allocs);
        }
        CHECK(after.clusters_run > before.clusters_run);
        free_network(&n);
    }
}

MG_TEST(layers_memory, nothing_is_left) {
    mg_stats before, after;
    mg_get_stats(&before);
    network n = make_network(MG_F32);
    for (int step = 0; step < 20; step++) train(&n);
    free_network(&n);
    mg_get_stats(&after);
    CHECK_EQ_U64(after.live_bytes, before.live_bytes);
    CHECK_EQ_U64(after.live_nodes, before.live_nodes);
    CHECK_EQ_U64(after.live_tensors, before.live_tensors);
}

/* A loop without scopes: a step adds nothing to the root scope. */
MG_TEST(layers_memory, steps_without_scope) {
    network n = make_network(MG_F32);
    mg_stats before, after;
    for (int step = 0; step < 3; step++) train(&n);
    mg_get_stats(&before);
    for (int step = 0; step < 3; step++) {
        mg_scope scope = mg_scope_open();
        CHECK(mg_backward(mg_sum(mg_multiply(n.params[2], n.params[2]))) == MG_OK);
        CHECK(mg_scope_close(scope) == MG_OK);
        CHECK(mg_optimizer_step(n.optimizer) == MG_OK); /* in the root scope */
    }
    mg_get_stats(&after);
    CHECK_EQ_U64(after.live_tensors, before.live_tensors);
    CHECK_EQ_U64(after.live_bytes, before.live_bytes);
    free_network(&n);
}

MG_TEST(layers_memory, threads_and_trim) {
    int usable = mg_num_threads();
    CHECK(usable >= 1);
    mg_set_num_threads(1);
    CHECK_EQ_I64(mg_num_threads(), 1);
    mg_set_num_threads(0);
    CHECK_EQ_I64(mg_num_threads(), usable);
    mg_stats stats;
    mg_trim();
    mg_get_stats(&stats);
    CHECK_EQ_U64(stats.idle_bytes, 0);
    CHECK(mg_isa()[0] != 0);
    mg_stats_reset_peak();
    mg_get_stats(&stats);
    CHECK_EQ_U64(stats.peak_live_bytes, stats.live_bytes);
}

/* SPDX-License-Identifier: MIT
 * Which values a flush computes together, which of them it stores, and in whose memory (rules D1, D2). */
#include "autodiff/flush.h"
#include "autodiff/handle.h"
#include "autodiff/record.h"
#include "autodiff/region.h"
#include "harness.h"
#include "runtime/cpu.h"
#include "runtime/sizes.h"
#include "runtime/tile.h"

#include <mygrad/mygrad.h>
#include <string.h>

static mg_stats stats(void) {
    mg_stats s;
    mg_get_stats(&s);
    return s;
}

/* An array of ones that is there, not a number. */
static mg_tensor *array(int64_t n, mg_dtype dtype) {
    mg_tensor *x = mg_ones(MG_SHAPE(n), .dtype = dtype, .constant = MG_CONSTANT);
    CHECK(mg_data(x) != NULL);
    return x;
}

/* What needs the sum of another cluster joins one that does, too. */
MG_TEST(clusters, are_joined_by_what_may_run_as_late) {
    enum { N = 3000 };
    MG_SCOPE;
    mg_tensor *x = array(N, MG_F64), *y = array(N, MG_F64), *sum = mg_sum(x);
    mg_tensor *both = mg_add(mg_multiply(x, sum), mg_multiply(y, sum));
    mg_tensor *third = mg_multiply(both, mg_sum(both));
    uint64_t before = stats().clusters_run;
    const double *d = mg_data_f64(third);
    CHECK(d != NULL && d[N - 1] == 2.0 * N * 2.0 * N * N);
    if (MGR_SIZE(true, false)) CHECK_EQ_U64(stats().clusters_run, before + 3); /* hardened: they are full at once */
}

/* D2 i: what is about to be computed for the second time is stored, whatever its size; then nothing computes it. */
MG_TEST(clusters, what_is_computed_twice_is_stored) {
    static const int64_t sizes[] = {3000, 1 << 20};
    for (int i = 0; i < 2; i++) {
        MG_SCOPE;
        mg_tensor *x = array(sizes[i], MG_F64), *y = mg_subtract(x, mg_scalar(2));
        CHECK_BITS_F64(mg_item(mg_max(y)), -1.0);
        CHECK(!y->node->data);
        CHECK_BITS_F64(mg_item(mg_sum(y)), -(double)sizes[i]);
        CHECK(y->node->data != NULL);
        uint64_t before = stats().clusters_run;
        CHECK_BITS_F64(mg_item(mg_min(y)), -1.0);
        CHECK_EQ_U64(stats().clusters_run, before + 1);
    }
}

/* Small arrays, too: what only led to what was asked for gives its buffer back, until it is computed again. */
MG_TEST(clusters, small_values_that_led_to_others_are_handed_on) {
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
static uint64_t clusters_allowed(int nodes, int instr_of_each, int inputs_of_each) {
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
        inputs += inputs_of_each;
        outputs++;
    }
    return clusters;
}

/* -(-(-y)), then y + x + x + .., then with an x of another dtype, which is converted every time. */
MG_TEST(clusters, are_filled_to_their_caps) {
    enum { N = 3000 };
    for (int kind = 0; kind < 3; kind++)
        for (int nodes = 1; nodes < 140 && nodes < MGA_DEPTH_CAP; nodes++) {
            MG_SCOPE;
            mg_tensor *y = array(N, MG_F64), *x = array(N, kind == 2 ? MG_F32 : MG_F64);
            for (int i = 0; i < nodes; i++) y = kind ? mg_add(y, x) : mg_negative(y);
            uint64_t before = stats().clusters_run;
            const double *data = mg_data_f64(y);
            double expected = kind ? nodes + 1 : nodes % 2 ? -1 : 1;
            CHECK(data != NULL && data[0] == expected && data[N - 1] == expected);
            CHECK_EQ_U64(stats().clusters_run - before, clusters_allowed(nodes, kind == 2 ? 2 : 1, kind > 0));
        }
}

/* An odd one first, so that a cap that is one too high lets one too many in. */
MG_TEST(clusters, never_have_an_instruction_too_many) {
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

/* D2 ii: a value that backward reads is stored where it fits half of L2, else computed again. */
MG_TEST(clusters, values_that_backward_reads_are_stored_if_they_fit) {
    const int64_t fits = (int64_t)(mgr_cpu_caches()->l2 / 2 / sizeof(double));
    for (int64_t n = fits; n <= fits + 1; n++) {
        MG_SCOPE;
        mg_tensor *x = mg_set_constant(mg_full(MG_SHAPE(n), 0.5, .dtype = MG_F64), false), *y = mg_exp(x);
        CHECK(mg_item(mg_sum(y)) > 0);
        CHECK((y->node->data != NULL) == (n == fits));
    }
}

/* One number, as an operand of two dtypes in one program: 0.1 is another one in each. */
MG_TEST(clusters, a_number_has_the_dtype_of_each_use) {
    enum { N = 3000 };
    MG_SCOPE;
    mg_tensor *x = array(N, MG_F32), *y = array(N, MG_F64), *tenth = mg_scalar(0.1);
    mg_tensor *narrow = mg_multiply(x, tenth), *wide = mg_multiply(y, tenth), *both = mg_subtract(wide, narrow);
    uint64_t before = stats().clusters_run;
    const double *d = mg_data_f64(both);
    CHECK(d != NULL && d[0] == 0.1 - (double)0.1f && d[N - 1] == d[0]);
    if (MGR_SIZE(true, false)) CHECK_EQ_U64(stats().clusters_run, before + 1);
}

/* f16 and bf16 are rounded after each step of a program, as if it had been stored. */
MG_TEST(clusters, sixteen_bit_floats_are_rounded_after_each_step) {
    enum { N = 3000 };
    for (int apart = 0; apart < 2; apart++)
        for (int kind = 0; kind < 2; kind++) {
            MG_SCOPE;
            static float in[N], out[2][2][N];
            for (int i = 0; i < N; i++) in[i] = 1 + (float)i / 4096;
            mg_tensor *x = mg_astype(mg_from_f32(in, MG_SHAPE(N)), kind ? MG_BF16 : MG_F16), *y = mg_multiply(x, x);
            if (apart) CHECK(mg_data(y) != NULL);
            mg_tensor *z = mg_subtract(y, x);
            if (apart) CHECK(mg_data(z) != NULL);
            CHECK_EQ_I64(mg_read(mg_multiply(z, z), MG_F32, out[apart][kind]), MG_OK);
            if (apart) CHECK_EQ_MEM(out[1][kind], out[0][kind], sizeof in);
        }
}

/* A program's result takes over memory that nobody else can see; two that read the same memory cannot both. */
MG_TEST(clusters, results_take_over_memory) {
    enum { N = 3000 };
    MG_SCOPE;
    mg_tensor *x = mg_keep(array(N, MG_F64));
    const void *memory = mg_data(x);
    mg_no_autodiff(true);
    mg_iadd(x, mg_scalar(1));
    CHECK(mg_data(x) == memory);
    mg_imultiply(mg_getitem(x, MG_KEY(MG_S(0, 10, 1))), mg_scalar(2));
    CHECK(mg_data(x) == memory);
    mg_tensor *y = mg_add(x, mg_scalar(1));
    mg_isubtract(x, mg_scalar(2)); /* y still reads what was there */
    CHECK(mg_data_f64(x)[0] == 2 && mg_data_f64(y)[0] == 5 && mg_data_f64(y)[N - 1] == 3);
    mg_no_autodiff(false);
    mg_release(x);
}

/* Results of one operation share its inputs: one that is stored alone leaves them to those that are still to come. */
MG_TEST(clusters, a_result_leaves_the_inputs_of_its_fellows) {
    enum { N = 3000 };
    static double alone[2][N], together[2][N], in[N];
    for (int i = 0; i < N; i++) in[i] = 1 + i / 4096.0;
    for (int apart = 0; apart < 2; apart++) {
        MG_SCOPE;
        mg_tensor *x = mg_from_f64(in, MG_SHAPE(N)), *shift = mg_from_f64(in, MG_SHAPE(N));
        const double params[1] = {0x1p-40};
        mga_node *parts[2];
        CHECK_EQ_I64(mga_record_multi(MGK_OP_EXP_PARTS, (mga_node *[]){x->node, shift->node}, params, parts), MG_OK);
        mg_release(x); /* the operation alone holds them now */
        mg_release(shift);
        mga_node *of_second = mga_record_map(MGK_OP_NEGATIVE, &parts[1], NULL, MG_DTYPE_NONE, MG_CONSTANT);
        CHECK(of_second != NULL); /* the second one is computed with the first, but not stored */
        CHECK_EQ_I64(mga_eval_all(2, (mga_node *[]){parts[0], apart ? of_second : parts[1]}), MG_OK);
        mga_node_release(of_second);
        for (int i = 0; i < 2; i++) {
            CHECK_EQ_I64(mga_eval(parts[i]), MG_OK);
            memcpy(apart ? alone[i] : together[i], mga_node_data(parts[i]), sizeof alone[i]);
        }
        mga_node_release(parts[0]);
        mga_node_release(parts[1]);
    }
    CHECK_EQ_MEM(alone, together, sizeof alone);
}

/* What a closing scope was to evaluate, and nobody can see any more, is not computed. */
MG_TEST(clusters, what_nobody_holds_is_not_computed) {
    enum { N = 3000 };
    MG_SCOPE;
    mg_tensor *outer = array(N, MG_F64);
    mg_scope scope = mg_scope_open();
    mg_iadd(outer, array(N, MG_F64));
    mg_release(outer);
    uint64_t before = stats().clusters_run;
    CHECK_EQ_I64(mg_scope_close(scope), MG_OK);
    CHECK_EQ_U64(stats().clusters_run, before);
}

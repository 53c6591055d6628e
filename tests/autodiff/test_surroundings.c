/* SPDX-License-Identifier: MIT
 * Forward, backward and an optimiser step in surroundings that are not ours: a foreign floating-point environment, a
 * child forked while other threads compute. Oracle: the bits of the same step in peace. */
#include "autodiff/thread.h"
#include "harness.h"
#include "runtime/fork_memory.h"

#include <fenv.h>
#include <mygrad/mygrad.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
static unsigned control(void) { return _mm_getcsr() & ~0x3fu; } /* without the flags */
static void start_flushing(void) { _mm_setcsr(_mm_getcsr() | 0x8040u); }
static void restore(unsigned value) { _mm_setcsr(value); }
#elif defined(__aarch64__)
static unsigned control(void) {
    uint64_t value;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return (unsigned)value;
}
static void restore(unsigned value) { __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)value)); }
static void start_flushing(void) { restore(control() | (1u << 24)); }
#endif

enum { N = 96, RESULT = 2 * N * N + 1 };

/* Values whose sums round; exact themselves, for they are made in the caller's environment. `scale` is a power of two.
 */
static mg_tensor *ramp(mg_dtype dtype, double scale) {
    double *values = malloc(N * N * sizeof *values);
    for (int k = 0; values && k < N * N; k++) values[k] = scale * (double)(37 * k % 101 + 1);
    mg_tensor *x = mg_astype(mg_from_f64(values, MG_SHAPE(N, N)), dtype);
    free(values);
    return x;
}

/* A loss of two matrices, one so small that its products with the gradients are denormals, and a step with momentum. */
static mg_status step(mg_dtype dtype, double tiny, double *result) {
    MG_SCOPE;
    mg_tensor *a = mg_keep(ramp(dtype, 0x1p-7)), *b = mg_keep(ramp(dtype, tiny));
    mg_optimizer *sgd = mg_sgd(((mg_tensor *[]){a, b}), 2, .lr = 0.1, .momentum = 0.9);
    mg_tensor *y = mg_multiply(mg_matmul(mg_tanh(a), b), mg_add(b, mg_scalar(tiny)));
    mg_tensor *loss = mg_add(mg_sum(mg_multiply(y, mg_scalar(0.3))), mg_mean(mg_sqrt(b)));
    mg_status status = mg_backward(loss);
    if (status == MG_OK) status = mg_read(loss, MG_F64, result);
    if (status == MG_OK) status = mg_read(mg_grad(a), MG_F64, result + 1);
    if (status == MG_OK) status = mg_optimizer_step(sgd);
    if (status == MG_OK) status = mg_read(b, MG_F64, result + 1 + N * N);
    mg_optimizer_free(sgd);
    mg_release(a);
    mg_release(b);
    return status;
}

static const struct {
    mg_dtype dtype;
    double tiny;
} kinds[] = {{MG_F32, 0x1p-76}, {MG_F64, 0x1p-524}, {MG_F16, 0x1p-14}, {MG_BF16, 0x1p-76}};
enum { KINDS = sizeof kinds / sizeof *kinds };

#if defined(__x86_64__) || defined(__aarch64__)
MG_TEST(surroundings, foreign_environments_do_not_reach_the_bits) {
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    static double expected[RESULT], got[RESULT];
    const unsigned before = control();
    int denormals = 0;
    for (int k = 0; k < 2 * KINDS * 4; k++) {
        const int kind = k / 8, mode = k % 4;
        const bool flush = k / 4 % 2;
        CHECK_EQ_I64(step(kinds[kind].dtype, kinds[kind].tiny, expected), MG_OK);
        fesetround(modes[mode]);
        if (flush) start_flushing();
        const unsigned callers = control();
        mg_status status = step(kinds[kind].dtype, kinds[kind].tiny, got);
        const unsigned after = control();
        fesetround(FE_TONEAREST);
        restore(before);
        CHECK_EQ_I64(status, MG_OK);
        CHECK_EQ_U64(after, callers);
        for (int i = 0; i < RESULT; i++)
            CHECK_MSG(memcmp(&got[i], &expected[i], sizeof got[i]) == 0,
                      "%s, mode %d, flushing %d, number %d: %a, not %a", mg_dtype_name(kinds[kind].dtype), mode, flush,
                      i, got[i], expected[i]);
        for (int i = 1; i <= N * N && kind == 0; i++) denormals += expected[i] != 0 && expected[i] < 0x1p-126;
    }
    CHECK(denormals > 0); /* else flushing could not have shown */
}
#endif

static atomic_bool stop;

static void *keep_computing(void *result) {
    while (!atomic_load(&stop)) (void)step(MG_F32, 1, result);
    return NULL;
}

/* In the child: 0 if it can still compute. The alarm ends it if it hangs. */
static int as_child(const double *expected) {
    static double got[RESULT];
    alarm(30);
    for (int i = 0; i < 3; i++)
        if (step(MG_F64, 1, got) != MG_OK) return 1;
    if (memcmp(got, expected, sizeof got) != 0) return 2;
    return 0;
}

MG_TEST(surroundings, forked_children_go_on) {
    static double expected[RESULT], others[RESULT];
    pthread_t thread;
    fork_memory_begin();
    mg_set_num_threads(1); /* as many as a child has */
    CHECK_EQ_I64(step(MG_F64, 1, expected), MG_OK);
    mg_set_num_threads(3);
    CHECK_EQ_I64(step(MG_F64, 1, others), MG_OK); /* the parent's teams exist */
    atomic_store(&stop, false);
    CHECK_EQ_I64(pthread_create(&thread, NULL, keep_computing, others), 0);
    int failed = 0;
    for (int i = 0; i < mg_test_times(30); i++) {
        int status = 1;
        pid_t child = fork();
        if (child == 0) _exit(as_child(expected));
        failed += child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    mg_set_num_threads(0);
    CHECK_EQ_I64(failed, 0);
    fork_memory_end();
}

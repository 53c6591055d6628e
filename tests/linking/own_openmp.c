/* SPDX-License-Identifier: MIT
 * A program with OpenMP regions of its own: its threads train inside them, and what it has set on its threads is there
 * again after our calls. Oracle: the same training outside, on one thread. */
#include "mygrad/mygrad.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
static void flush(void) { _mm_setcsr(_mm_getcsr() | 0x8040u); }
static bool flushes(void) { return (_mm_getcsr() & 0x8040u) == 0x8040u; }
#elif defined(__aarch64__)
static uint64_t control(void) {
    uint64_t value;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return value;
}
static void flush(void) { __asm__ volatile("msr fpcr, %0" : : "r"(control() | 1 << 24)); }
static bool flushes(void) { return control() >> 24 & 1; }
#else
static void flush(void) {}
static bool flushes(void) { return true; }
#endif

enum { TEAM = 4, N = 128, STEPS = 10 };

/* Some steps of descent; the matrix that results goes to `out`. */
static mg_status train(int number, float *out) {
    MG_SCOPE;
    float values[16];
    for (int i = 0; i < 16; i++) values[i] = 0.01f * (float)((5 * i + number) % 16);
    mg_tensor *x = mg_broadcast_to(mg_from_f32(values, MG_SHAPE(16)), MG_SHAPE(N, N / 16, 16));
    mg_tensor *w = mg_keep(mg_copy(mg_reshape(x, MG_SHAPE(N, N))));
    mg_optimizer *sgd = mg_sgd((&(mg_tensor *){w}), 1, .lr = 0.1);
    mg_status status = MG_OK;
    for (int i = 0; i < STEPS && status == MG_OK; i++) {
        mg_tensor *y = mg_tanh(mg_matmul(w, w));
        status = mg_backward(mg_mean(mg_multiply(y, y)));
        if (status == MG_OK) status = mg_optimizer_step(sgd);
    }
    if (status == MG_OK) status = mg_read(w, MG_F32, out);
    mg_optimizer_free(sgd);
    mg_release(w);
    return status;
}

/* Eight denormals in a row of zeros, times the identity: large enough for a team. */
static bool denormals_survive(void) {
    MG_SCOPE;
    static float eye[256 * 256], tiny[256 * 256], product[256 * 256];
    for (int i = 0; i < 256; i++) eye[257 * i] = 1;
    for (int i = 0; i < 256 * 256; i++) memcpy(&tiny[i], &(uint32_t){1000}, sizeof(float));
    mg_tensor *y = mg_matmul(mg_from_f32(tiny, MG_SHAPE(256, 256)), mg_from_f32(eye, MG_SHAPE(256, 256)));
    return mg_read(y, MG_F32, product) == MG_OK && memcmp(product, tiny, sizeof tiny) == 0;
}

static float expected[TEAM][N * N], got[TEAM][N * N];

int main(void) {
    int wrong = 0, before = 0, after = 0;
    alarm(100); /* a hang is a failure */
    mg_set_num_threads(1);
    for (int i = 0; i < TEAM; i++) wrong += train(i, expected[i]) != MG_OK;
    mg_set_num_threads(2);
#pragma omp parallel num_threads(TEAM) reduction(+ : wrong)
    {
        int i = omp_get_thread_num();
        for (int again = 0; again < 5; again++) wrong += train(i, got[i]) != MG_OK;
    }
    if (wrong || memcmp(got, expected, sizeof got) != 0) return puts("training inside a region went wrong"), 1;

    flush(); /* libomp hands the starter's environment to a team, and takes back what a region has set */
#pragma omp parallel num_threads(2)
    flush();
#pragma omp parallel num_threads(2) reduction(+ : before)
    before += flushes();
    if (!denormals_survive()) return puts("a thread of the program's has flushed our denormals"), 1;
#pragma omp parallel num_threads(2) reduction(+ : after)
    after += flushes();
    if (before != 2 || after != before)
        return printf("%d threads of %d have their environment back\n", after, before), 1;
    puts("ok");
    return 0;
}

/* SPDX-License-Identifier: MIT
 * A ladder of stacks: what a program pays for linking the library (nothing: threads start as they did), how much stack
 * our own code needs (64 KiB), and how much with the back ends (docs/dependencies.md says so). A rung runs in a child,
 * since one that is too low ends in a crash. Prints the lowest stack that served with --measure. */
#include "mygrad/mygrad.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef LINKED_KIB
#define LINKED_KIB 0
#endif
enum { N = 96 };

static mg_tensor *ramp(mg_dtype dtype) {
    static float values[N * N];
    for (int i = 0; i < N * N; i++) values[i] = (float)i / (N * N);
    return mg_set_constant(mg_astype(mg_from_f32(values, MG_SHAPE(N, N)), dtype), false);
}

static void *nothing(void *unused) { return unused; }

/* Maps, reductions, broadcasting, views, rows, an update in place, a graph's walk, text. */
static void *own_code(void *right) {
    MG_SCOPE;
    mg_set_num_threads(1);
    mg_tensor *x = ramp(MG_F32);
    mg_tensor *y = mg_tanh(mg_add(mg_multiply(x, x), mg_exp(mg_negative(x))));
    mg_tensor *z = mg_sum(mg_divide(y, mg_sum(y, .axis = MG_AXES(1), .keepdims = true)), .axis = MG_AXES(0));
    mg_tensor *loss = mg_add(mg_sum(mg_square(z)), mg_sum(mg_logsumexp(mg_getitem(x, MG_KEY(MG_S(0, N, 2))))));
    bool ok = mg_backward(loss) == MG_OK && mg_grad(x) && mg_data(mg_grad(x));
    mg_tensor *w = mg_keep(mg_copy(x));
    mg_isubtract(w, mg_multiply(mg_grad(x), mg_scalar(0.1)));
    char *text = mg_to_string(w);
    ok = ok && mg_data(mg_cumsum(w)) && mg_data(mg_var(w)) && text;
    free(text);
    mg_release(w);
    *(bool *)right = ok && mg_take_error().code == MG_OK;
    return right;
}

static void *products(void *right) {
    MG_SCOPE;
    bool ok = true;
    mg_set_num_threads(1);
    for (int i = 0; i < 2; i++) {
        mg_tensor *x = ramp(i ? MG_F64 : MG_F32);
        ok = ok && mg_backward(mg_sum(mg_matmul(x, x))) == MG_OK && mg_data(mg_grad(x));
        mg_tensor *images = mg_reshape(x, MG_SHAPE(2, 8, 24, 24));
        mg_tensor *f = mg_astype(mg_ones(MG_SHAPE(8, 8, 3, 3)), i ? MG_F64 : MG_F32);
        ok = ok && mg_backward(mg_sum(mg_conv_nd(images, f))) == MG_OK && mg_data(mg_grad(x));
    }
    *(bool *)right = ok && mg_take_error().code == MG_OK;
    return right;
}

/* Does `what` run on a stack of so many KiB? */
static bool serves(void *(*what)(void *), int kib) {
    pid_t child = fork();
    if (child == 0) {
        pthread_attr_t attributes;
        pthread_t thread;
        static bool right = true;
        pthread_attr_init(&attributes);
        if (pthread_attr_setstacksize(&attributes, (size_t)kib << 10) != 0) _exit(2);
        if (pthread_create(&thread, &attributes, what, &right) != 0) _exit(3);
        pthread_join(thread, NULL);
        _exit(right ? 0 : 1);
    }
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static const struct {
    const char *name;
    void *(*run)(void *);
    int kib; /* that it must run on; a BLAS that is linked takes its share from every thread */
} rungs[] = {{"a thread that never asks for us", nothing, 16 + LINKED_KIB},
             {"our own code", own_code, 64 + LINKED_KIB},
             {"products and convolutions", products, 96 + LINKED_KIB}};

int main(int argc, char **argv) {
    int failed = 0;
    bool measure = argc > 1 && strcmp(argv[1], "--measure") == 0;
    for (size_t i = 0; i < sizeof rungs / sizeof *rungs; i++) {
        int kib = rungs[i].kib;
        bool served = serves(rungs[i].run, kib);
        if (!served) failed = printf("%s does not run on a stack of %d KiB\n", rungs[i].name, kib);
        if (measure) {
            while (served && kib > 16 && serves(rungs[i].run, kib - 4)) kib -= 4;
            while (!served && kib < 1024 && !serves(rungs[i].run, kib += 4)) continue;
        }
        printf("%s: %d KiB\n", rungs[i].name, kib);
    }
    return failed != 0;
}

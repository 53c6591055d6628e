/* SPDX-License-Identifier: MIT
 * Loads the shared library as a plugin host would, uses it from two threads, unloads it while the second one lives, and
 * lets that one end; again and again. Usage: unloaded <libmygrad.so>. */
#include "mygrad/mygrad.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 50, N = 96 };

static struct {
    mg_tensor *(*ones)(mg_shape shape);
    mg_tensor *(*exp)(mg_tensor *x);
    mg_tensor *(*sum)(mg_tensor *x);
    mg_tensor *(*matmul)(mg_tensor *a, mg_tensor *b);
    mg_status (*backward)(mg_tensor *f);
    double (*item)(mg_tensor *x);
} library;

static pthread_barrier_t barrier;
static bool thread_right;

static bool find(void *handle) {
    struct {
        const char *name;
        void *function;
    } wanted[] = {{"mg_ones", &library.ones},     {"mg_exp", &library.exp},           {"mg_sum", &library.sum},
                  {"mg_matmul", &library.matmul}, {"mg_backward", &library.backward}, {"mg_item", &library.item}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        void *symbol = dlsym(handle, wanted[i].name);
        if (!symbol) return false;
        memcpy(wanted[i].function, &symbol, sizeof symbol);
    }
    return true;
}

/* Leaves something in every kind of per-thread state: tape, tiles, primitives, shapes, pool. */
static bool use(void) {
    mg_tensor *x = library.ones(MG_SHAPE(N, N));
    mg_tensor *loss = library.sum(library.exp(library.sum(library.matmul(x, x))));
    if (!loss || library.backward(library.sum(library.matmul(x, x))) != MG_OK) return false;
    return library.item(library.sum(library.matmul(x, x))) == (double)N * N * N;
}

static void *live_on(void *unused) {
    thread_right = use();
    pthread_barrier_wait(&barrier); /* used */
    pthread_barrier_wait(&barrier); /* unloaded */
    return unused;
}

static const char *round_of(const char *path) {
    pthread_t thread;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle || !find(handle)) return dlerror();
    if (pthread_create(&thread, NULL, live_on, NULL) != 0) return "no thread";
    pthread_barrier_wait(&barrier);
    bool right = use();
    dlclose(handle);
    bool gone = !dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    if (!right || !thread_right) return "a wrong result";
    return gone ? NULL : "still loaded after dlclose: nothing was tested";
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    alarm(100); /* a hang is a failure */
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < ROUNDS; i++) {
        const char *problem = round_of(argv[1]);
        if (!problem) continue;
        printf("round %d: %s\n", i, problem);
        return 1;
    }
    printf("%d rounds\n", ROUNDS);
    return 0;
}

/* SPDX-License-Identifier: MIT
 * A BLAS with threads of its own (fake_openblas.c) under a team of ours: it computes with one thread, has its number
 * back afterwards, also in a child that was forked while somebody was inside, and its threads take none of the
 * program's signals. Products are those of plain loops: sums of small integers. */
#include "mygrad/mygrad.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N = 300, PROGRAMS_NUMBER = 3 };

static int (*get_threads)(void), (*foreign_calls)(void), (*signals_taken)(void), (*hold)(int);

static void *find(void *library, const char *name, void *function) {
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol;
}

static bool found(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    return library && find(library, "openblas_get_num_threads", &get_threads) &&
           find(library, "fake_foreign_calls", &foreign_calls) && find(library, "fake_signals_taken", &signals_taken) &&
           find(library, "fake_hold", &hold);
}

static void *product(void *wrong) {
    MG_SCOPE;
    mg_tensor *x = mg_full(MG_SHAPE(N, N), 2, .dtype = MG_F64);
    *(int *)wrong = mg_item(mg_sum(mg_matmul(x, x))) != 4.0 * N * N * N;
    return wrong;
}

static int check(const char *when) {
    const int threads = get_threads(), calls = foreign_calls(), taken = signals_taken();
    if (threads == PROGRAMS_NUMBER && calls == 0 && taken == 0) return 0;
    return printf("%s: %d threads are set, %d calls with more than one, %d threads take signals\n", when, threads,
                  calls, taken);
}

/* A child, while a thread of ours is inside and stays there. */
static int child_of_the_busy(void) {
    pthread_t thread;
    int wrong = 0, status = -1;
    hold(1);
    pthread_create(&thread, NULL, product, &wrong);
    while (hold(1) == 0) usleep(1000);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        alarm(20);
        hold(0);
        product(&wrong);
        wrong = wrong || check("in the child") != 0;
        fflush(stdout);
        _exit(wrong);
    }
    waitpid(child, &status, 0);
    hold(0);
    pthread_join(thread, NULL);
    if (status != 0) printf("the child ended with %x\n", (unsigned)status);
    return wrong || status != 0 || check("after the fork") != 0;
}

int main(int argc, char **argv) {
    int wrong = 0;
    alarm(100); /* a hang is a failure */
    mg_set_num_threads(2);
    product(&wrong);
    if (argc < 2 || !found(argv[1])) return puts("the library's BLAS is another one"), 1;
    if (wrong) puts("the product is wrong");
    return wrong || check("after a product") != 0 || child_of_the_busy();
}

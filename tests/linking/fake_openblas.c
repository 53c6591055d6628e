/* SPDX-License-Identifier: MIT
 * A BLAS that is like OpenBLAS's variant with threads of its own: it starts one when it is loaded, others when their
 * number is set in a child, and has one number for the process. Tells what it saw. threaded_blas.c loads it. */
#include <cblas.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_int threads = 3, foreign_calls, signals_taken, hold, inside;
static _Atomic pid_t process;

static void *stand_by(void *unused) {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    if (!sigismember(&blocked, SIGALRM) || !sigismember(&blocked, SIGUSR1)) atomic_fetch_add(&signals_taken, 1);
    return unused;
}

static void start_threads(void) {
    pthread_t thread;
    if (atomic_exchange(&process, getpid()) == getpid()) return;
    if (pthread_create(&thread, NULL, stand_by, NULL) == 0) pthread_join(thread, NULL);
}

__attribute__((constructor)) static void loaded(void) { start_threads(); }

int openblas_get_parallel(void) { return 1; }
int openblas_get_num_threads(void) { return threads; }
void openblas_set_num_threads(int n) {
    start_threads();
    threads = n;
}

void cblas_dgemm(CBLAS_LAYOUT layout, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, double alpha,
                 const double *a, int lda, const double *b, int ldb, double beta, double *c, int ldc) {
    (void)layout;
    if (threads != 1) foreign_calls++;
    inside++;
    while (hold) usleep(1000);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int p = 0; p < k; p++)
                sum +=
                    a[ta == CblasTrans ? p * lda + i : i * lda + p] * b[tb == CblasTrans ? j * ldb + p : p * ldb + j];
            c[i * ldc + j] = alpha * sum + (beta != 0 ? beta * c[i * ldc + j] : 0);
        }
    if (threads != 1) foreign_calls++;
    inside--;
}

void cblas_sgemm(CBLAS_LAYOUT layout, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha,
                 const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc) {
    (void)layout, (void)ta, (void)tb, (void)m, (void)n, (void)k, (void)alpha, (void)a, (void)lda, (void)b, (void)ldb;
    (void)beta, (void)c, (void)ldc;
}

/* What it saw: calls while the number was not 1, and threads of its own that take the program's signals. */
int fake_foreign_calls(void) { return foreign_calls; }
int fake_signals_taken(void) { return signals_taken; }
/* Keep whoever comes inside there; how many are. */
int fake_hold(int on) {
    hold = on;
    return inside;
}

/* SPDX-License-Identifier: MIT
 * The only file that knows CBLAS: f32 and f64 products, each on one thread; linalg.c cuts what is worth more.
 *
 * The library is loaded at the first product that wants it: OpenBLAS brings 60 KiB of thread-local memory, which a
 * program that is linked with it pays in the stack of every thread it starts. MYGRAD_LINK_BLAS links it all the same,
 * for static libraries. */
#include "runtime/products.h"

#if MYGRAD_HAVE_BLAS

#include "runtime/openmp_alone.h"
#include "runtime/thread.h"

#include <cblas.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    __typeof__(cblas_sgemm) *sgemm;
    __typeof__(cblas_dgemm) *dgemm;
    /* Extensions of OpenBLAS; another CBLAS may lack them. */
    int (*get_parallel)(void), (*get_num_threads)(void);
    void (*set_num_threads)(int n);
    char *(*get_config)(void), *(*get_corename)(void);
    mgr_openmp openmp;
    bool owns_threads; /* has a pool of its own, and one number for the process */
    bool ready;
    char name[64];
} blas = {.name = "BLAS"};

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The variant of OpenBLAS with threads of its own starts them when it is loaded, and in a forked child when their
 * number is set. They take the signals that their starter takes: none of the program's. */
static void signals_block(sigset_t *before) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, before);
}
static void signals_restore(const sigset_t *before) { pthread_sigmask(SIG_SETMASK, before, NULL); }

#if MYGRAD_LINK_BLAS

#define WEAK __attribute__((weak))
extern WEAK int openblas_get_parallel(void);
extern WEAK int openblas_get_num_threads(void);
extern WEAK void openblas_set_num_threads(int n);
extern WEAK char *openblas_get_config(void);
extern WEAK char *openblas_get_corename(void);

static bool find_functions(void) {
    blas.sgemm = cblas_sgemm;
    blas.dgemm = cblas_dgemm;
    blas.get_parallel = openblas_get_parallel;
    blas.get_num_threads = openblas_get_num_threads;
    blas.set_num_threads = openblas_set_num_threads;
    blas.get_config = openblas_get_config;
    blas.get_corename = openblas_get_corename;
    blas.openmp = mgr_openmp_find(NULL);
    return true;
}

#else

/* The file that was there at configure time, else whatever the system has under its name. It stays loaded for good: a
 * program may end while a thread is inside. */
static bool find_functions(void) {
    static const char *const files[] = {MYGRAD_BLAS_FILE, MYGRAD_BLAS_SONAME};
    void *handle = NULL;
    sigset_t before;
    signals_block(&before);
    for (int i = 0; i < 2 && !handle; i++) handle = dlopen(files[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    signals_restore(&before);
    if (!handle) return false;
    struct {
        const char *name;
        void *function;
    } wanted[] = {{"cblas_sgemm", &blas.sgemm},
                  {"cblas_dgemm", &blas.dgemm},
                  {"openblas_get_parallel", &blas.get_parallel},
                  {"openblas_get_num_threads", &blas.get_num_threads},
                  {"openblas_set_num_threads", &blas.set_num_threads},
                  {"openblas_get_config", &blas.get_config},
                  {"openblas_get_corename", &blas.get_corename}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        void *symbol = dlsym(handle, wanted[i].name);
        memcpy(wanted[i].function, &symbol,
               sizeof symbol); /* an object pointer does not convert to a function's in C */
    }
    blas.openmp = mgr_openmp_find(handle);
    return blas.sgemm && blas.dgemm;
}

#endif

#define OPENBLAS_WITH_OWN_THREADS 1

static void find_blas(void) {
    char version[24] = "";
    blas.ready = find_functions();
    if (!blas.ready) return;
    blas.owns_threads = blas.get_parallel && blas.get_num_threads && blas.set_num_threads &&
                        blas.get_parallel() == OPENBLAS_WITH_OWN_THREADS;
    if (!blas.get_config) return;
    sscanf(blas.get_config(), "OpenBLAS %23s", version);
    snprintf(blas.name, sizeof blas.name, "OpenBLAS %s %s", version, blas.get_corename ? blas.get_corename() : "");
}

static bool is_ready(void) {
    pthread_once(&once, find_blas);
    return blas.ready;
}

bool mgr_blas_has(mg_dtype dtype) { return (dtype == MG_F32 || dtype == MG_F64) && is_ready(); }

static void set_own_threads(int n) {
    sigset_t before;
    signals_block(&before);
    blas.set_num_threads(n);
    signals_restore(&before);
}

/* The variant with threads of its own has one number for the process: the first of us who are inside sets it to 1, the
 * last gives it back. In a forked child nobody is inside any more, but the number may still be to be given back. */
static void own_threads_change(int by) {
    static int inside, before;
    static pid_t process;
    static bool lent;
    mgr_lock_acquire(MGR_LOCK_BLAS);
    if (process != getpid()) inside = 0;
    process = getpid();
    if (inside == 0 && !lent) before = blas.get_num_threads();
    if (inside == 0) set_own_threads(1);
    inside += by;
    lent = inside > 0;
    if (!lent) set_own_threads(before);
    mgr_lock_release(MGR_LOCK_BLAS);
}

/* CBLAS wants a leading dimension of at least the line's length and at least 1, also for matrices of one line. */
static int leading(int64_t stride, int64_t line) { return (int)(stride > line ? stride : line > 1 ? line : 1); }

void mgr_blas_gemm(const mgr_gemm *g) {
    bool a_trans = g->a_col != 1, b_trans = g->b_col != 1;
    enum CBLAS_TRANSPOSE ta = a_trans ? CblasTrans : CblasNoTrans, tb = b_trans ? CblasTrans : CblasNoTrans;
    int lda = a_trans ? leading(g->a_col, g->m) : leading(g->a_row, g->k);
    int ldb = b_trans ? leading(g->b_col, g->k) : leading(g->b_row, g->n);
    int ldc = leading(g->c_row, g->n), m = (int)g->m, n = (int)g->n, k = (int)g->k;
    if (blas.owns_threads) own_threads_change(1);
    int before = mgr_openmp_alone_begin(&blas.openmp);
    if (g->dtype == MG_F64)
        blas.dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, g->a, lda, g->b, ldb, g->accumulate ? 1.0 : 0.0, g->c, ldc);
    else
        blas.sgemm(CblasRowMajor, ta, tb, m, n, k, 1.0f, g->a, lda, g->b, ldb, g->accumulate ? 1.0f : 0.0f, g->c, ldc);
    mgr_openmp_alone_end(&blas.openmp, before);
    if (blas.owns_threads) own_threads_change(-1);
}

const char *mgr_blas_name(void) { return is_ready() ? blas.name : "none"; }

#else

bool mgr_blas_has(mg_dtype dtype) { return (void)dtype, false; }
void mgr_blas_gemm(const mgr_gemm *g) { (void)g; }
const char *mgr_blas_name(void) { return "none"; }

#endif

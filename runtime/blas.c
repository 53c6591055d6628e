/* SPDX-License-Identifier: MIT
 * The only file that knows CBLAS: f32 and f64 products with the library's thread count set around the call. */
#include "runtime/parallel.h"
#include "runtime/products.h"

#if MYGRAD_HAVE_BLAS

#include <cblas.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Extensions of OpenBLAS; another CBLAS may lack them. */
#define WEAK __attribute__((weak))
extern WEAK int openblas_get_parallel(void);
extern WEAK int openblas_get_num_threads(void);
extern WEAK void openblas_set_num_threads(int n);
extern WEAK char *openblas_get_config(void);
extern WEAK char *openblas_get_corename(void);

#define OPENBLAS_WITH_OWN_THREADS 1

bool mgr_blas_has(mg_dtype dtype) { return dtype == MG_F32 || dtype == MG_F64; }

/* The OpenMP variant takes its teams from OpenMP's setting for this thread, which enter_library has made; the variant
 * with threads of its own has one number for the process, touched only when it differs. */
static int set_own_threads(int wanted) {
    if (!openblas_get_parallel || !openblas_get_num_threads || !openblas_set_num_threads) return 0;
    if (openblas_get_parallel() != OPENBLAS_WITH_OWN_THREADS) return 0;
    int before = openblas_get_num_threads();
    if (before == wanted) return 0;
    openblas_set_num_threads(wanted);
    return before;
}

/* CBLAS wants a leading dimension of at least the line's length and at least 1, also for matrices of one line. */
static int leading(int64_t stride, int64_t line) { return (int)(stride > line ? stride : line > 1 ? line : 1); }

void mgr_blas_gemm(const mgr_gemm *g) {
    bool a_trans = g->a_col != 1, b_trans = g->b_col != 1;
    enum CBLAS_TRANSPOSE ta = a_trans ? CblasTrans : CblasNoTrans, tb = b_trans ? CblasTrans : CblasNoTrans;
    int lda = a_trans ? leading(g->a_col, g->m) : leading(g->a_row, g->k);
    int ldb = b_trans ? leading(g->b_col, g->k) : leading(g->b_row, g->n);
    int ldc = leading(g->c_row, g->n), m = (int)g->m, n = (int)g->n, k = (int)g->k;
    mgr_library_call call;
    double multiply_adds = (double)g->m * (double)g->n * (double)g->k;
    int before = set_own_threads(mgr_parallel_enter_library(&call, multiply_adds));
    if (g->dtype == MG_F64)
        cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, g->a, lda, g->b, ldb, g->accumulate ? 1.0 : 0.0, g->c, ldc);
    else
        cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1.0f, g->a, lda, g->b, ldb, g->accumulate ? 1.0f : 0.0f, g->c, ldc);
    if (before) openblas_set_num_threads(before);
    mgr_parallel_leave_library(&call);
}

static char name[64] = "BLAS";
static pthread_once_t name_once = PTHREAD_ONCE_INIT;

static void find_name(void) {
    char version[24] = "";
    if (!openblas_get_config) return;
    sscanf(openblas_get_config(), "OpenBLAS %23s", version);
    snprintf(name, sizeof name, "OpenBLAS %s %s", version, openblas_get_corename ? openblas_get_corename() : "");
}

const char *mgr_blas_name(void) {
    pthread_once(&name_once, find_name);
    return name;
}

#else

bool mgr_blas_has(mg_dtype dtype) { return (void)dtype, false; }
void mgr_blas_gemm(const mgr_gemm *g) { (void)g; }
const char *mgr_blas_name(void) { return "none"; }

#endif

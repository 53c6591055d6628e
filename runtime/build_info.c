/* SPDX-License-Identifier: MIT
 * mg_build_info: how this library was built and what serves it in this process, for bug reports and bench records. Asks
 * everyone, knows nothing itself. */
#include "mygrad/runtime.h"
#include "runtime/cpu.h"
#include "runtime/memory.h"
#include "runtime/openmp_runtimes.h"
#include "runtime/parallel.h"
#include "runtime/products.h"
#include "runtime/status.h"
#include "runtime/thread.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

typedef struct info {
    size_t length;
    char text[2048];
} info;

/* Append; what does not fit is cut. */
__attribute__((format(printf, 2, 3))) static void put(info *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->text + t->length, sizeof t->text - t->length, format, args);
    va_end(args);
    if (n > 0) t->length += (size_t)n;
    if (t->length >= sizeof t->text) t->length = sizeof t->text - 1;
}

static void put_kernels(info *t) {
    put(t, "kernels: %s; built in:", mgr_kernels()->name);
    for (int isa = 0; isa < MGK_ISA_COUNT; isa++)
        if (mgr_isa_built_in((mgk_isa)isa)) put(t, " %s", mgr_isa_built_in((mgk_isa)isa));
    put(t, "\n");
}

static void put_openmp(info *t) {
    unsigned loaded = mgr_openmp_loaded();
    int count = 0;
    put(t, "OpenMP runtimes loaded:");
    for (int i = 0; mgr_openmp_name(i); i++)
        if (loaded >> i & 1) {
            put(t, " %s", mgr_openmp_name(i));
            count++;
        }
    put(t, count == 0 ? " none\n" : count == 1 ? "\n" : "; more than one, each with a pool of threads of its own\n");
}

static MGR_THREAD_LOCAL info *self;

static void thread_end(void) {
    mgr_free(self);
    self = NULL;
}

const char *mg_build_info(void) {
    mg_status before = mgr_error();
    if (!self && !(self = mgr_alloc(sizeof *self))) {
        if (before == MG_OK) (void)mgr_error_take(NULL); /* not worth an error */
        return "mygrad " MYGRAD_VERSION_STRING "\n";
    }
    mgr_thread_arm(MGR_THREAD_TEXT, thread_end);
    info *t = self;
    const char *onednn = mgr_onednn_name(), *version = strrchr(onednn, ' ');
    t->length = 0;
    put(t, "mygrad %s\n", MYGRAD_VERSION_STRING);
    put(t, "compiler: %s\n", COMPILER);
    put(t, "flags: %s\n", MYGRAD_BUILD_FLAGS);
    put_kernels(t);
    put(t, "oneDNN: %s\n", version ? version + 1 : onednn);
    put(t, "BLAS: %s\n", mgr_blas_name());
    put(t, "zlib: %s\n", MYGRAD_HAVE_ZLIB ? "yes" : "none");
    put(t, "threads: %d by %s\n", mgr_num_threads(), mgr_parallel_backend());
    put_openmp(t);
    return t->text;
}

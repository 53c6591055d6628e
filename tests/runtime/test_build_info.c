/* SPDX-License-Identifier: MIT
 * mg_build_info: every name that its comment promises, once, at a line's start, with what those say who know. */
#include "harness.h"
#include "mygrad/runtime.h"
#include "runtime/cpu.h"
#include "runtime/linalg.h"
#include "runtime/openmp_runtimes.h"
#include "runtime/parallel.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* The value of a line "name: value"; fails if there is none, or a second one. */
static void value_of(const char *text, const char *name, char *value, size_t bytes) {
    char start[64];
    snprintf(start, sizeof start, "\n%s: ", name);
    const char *line = strstr(text, start);
    if (!line && strcmp(name, "OpenMP runtimes loaded") == 0) /* a list */
        line = strstr(text, "\nOpenMP runtimes loaded:");
    CHECK_MSG(line != NULL, "no '%s' in:\n%s", name, text);
    CHECK_MSG(strstr(line + 1, start) == NULL, "'%s' twice in:\n%s", name, text);
    line += strlen(start);
    size_t length = strcspn(line, "\n");
    CHECK(length > 0 && length < bytes);
    memcpy(value, line, length);
    value[length] = '\0';
}

MG_TEST(build_info, says_what_it_promises) {
    static const char *const names[] = {"compiler", "flags", "kernels", "oneDNN",
                                        "BLAS",     "zlib",  "threads", "OpenMP runtimes loaded"};
    const char *text = mg_build_info();
    char value[512];
    CHECK(strncmp(text, "mygrad " MYGRAD_VERSION_STRING "\n", strlen("mygrad " MYGRAD_VERSION_STRING "\n")) == 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) value_of(text, names[i], value, sizeof value);
    CHECK_EQ_I64(text[strlen(text) - 1], '\n');
}

MG_TEST(build_info, kernels_in_use_and_built_in) {
    char value[512], in_use[32];
    const mgk_table *scalar = mgr_kernels_of(MGK_SCALAR);
    value_of(mg_build_info(), "kernels", value, sizeof value);
    snprintf(in_use, sizeof in_use, "%s; built in: scalar", mgr_kernels()->name);
    CHECK_CONTAINS(value, in_use);
    for (int isa = 0; isa < MGK_ISA_COUNT; isa++) {
        if (mgr_kernels_of((mgk_isa)isa)) CHECK_CONTAINS(value, mgr_kernels_of((mgk_isa)isa)->name);
    }
    CHECK(mgr_isa_built_in(MGK_ISA_COUNT) == NULL);
    mgr_kernels_override(scalar);
    value_of(mg_build_info(), "kernels", value, sizeof value);
    mgr_kernels_override(NULL);
    CHECK_CONTAINS(value, "scalar; built in:");
}

MG_TEST(build_info, back_ends_and_threads) {
    char value[512], expected[640];
#if MYGRAD_HAVE_ONEDNN
    value_of(mg_build_info(), "oneDNN", value, sizeof value);
    snprintf(expected, sizeof expected, "oneDNN %s", value);
    CHECK_EQ_STR(expected, mgr_linalg_backend(MG_F32));
#endif
#if MYGRAD_HAVE_BLAS
    value_of(mg_build_info(), "BLAS", value, sizeof value);
    CHECK_EQ_STR(value, mgr_linalg_backend(MG_F64));
#endif
    mg_set_num_threads(3);
    value_of(mg_build_info(), "threads", value, sizeof value);
    mg_set_num_threads(0);
    snprintf(expected, sizeof expected, "3 by %s", mgr_parallel_backend());
    CHECK_EQ_STR(value, expected);
}

MG_TEST(build_info, openmp_runtimes_by_file) {
    CHECK_EQ_STR(mgr_openmp_name(mgr_openmp_of_file("/usr/lib/libgomp.so.1")), "libgomp");
    CHECK_EQ_STR(mgr_openmp_name(mgr_openmp_of_file("libomp.so.5")), "libomp");
    CHECK_EQ_STR(mgr_openmp_name(mgr_openmp_of_file("/opt/x/libiomp5.so")), "libiomp5");
    CHECK_EQ_STR(mgr_openmp_name(mgr_openmp_of_file("torch/lib/libgomp-a34b3233.so.1")), "libgomp"); /* wheels */
    CHECK_EQ_I64(mgr_openmp_of_file("/usr/lib/libompt_tool.so"), -1);
    CHECK_EQ_I64(mgr_openmp_of_file("/opt/libomp.so/libm.so.6"), -1);
    CHECK_EQ_I64(mgr_openmp_of_file(""), -1);
    CHECK_EQ_I64(mgr_openmp_of_file(NULL), -1);
}

static void *other_thread(void *result) {
    *(const char **)result = mg_build_info();
    return NULL;
}

MG_TEST(build_info, each_thread_has_its_own_text) {
    pthread_t thread;
    const char *mine = mg_build_info(), *other = NULL;
    CHECK(pthread_create(&thread, NULL, other_thread, &other) == 0);
    pthread_join(thread, NULL);
    CHECK(other != mine);
    CHECK_CONTAINS(mine, "mygrad ");
}

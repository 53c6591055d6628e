/* SPDX-License-Identifier: MIT
 * Brings a second OpenMP runtime into the process, as a plugin might, and looks whether mg_build_info and
 * MYGRAD_VERBOSE say so. Ends with 77 where there is no second one to be had. */
#include "mygrad/runtime.h"
#include "runtime/openmp_runtimes.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int count(unsigned set) { return __builtin_popcount(set); }

static int failed;

static void expect(const char *text, const char *part) {
    if (strstr(text, part)) return;
    fprintf(stdout, "expected '%s' in: %s\n", part, text);
    failed = 1;
}

/* What the first question for threads says on stderr. */
static void verbose_line(char *text, size_t bytes) {
    FILE *file = tmpfile();
    if (!file) return;
    int before = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    (void)mg_num_threads();
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    text[fread(text, 1, bytes - 1, file)] = '\0';
    fclose(file);
}

int main(void) {
    static const char *const files[] = {"libgomp.so.1", "libomp.so.5", "libiomp5.so"};
    char verbose[1024] = "";
    unsigned before = mgr_openmp_loaded();
    for (size_t i = 0; i < sizeof files / sizeof *files && count(mgr_openmp_loaded()) < 2; i++)
        if (!dlopen(files[i], RTLD_LAZY | RTLD_LOCAL)) printf("%s is not installed\n", files[i]);
    unsigned after = mgr_openmp_loaded();
    if (count(after) < 2) return 77;

    setenv("MYGRAD_VERBOSE", "1", 1);
    verbose_line(verbose, sizeof verbose);
    expect(verbose, "threads (");
    for (int i = 0; mgr_openmp_name(i); i++)
        if (after >> i & 1) {
            expect(mg_build_info(), mgr_openmp_name(i));
            expect(verbose, mgr_openmp_name(i));
        }
    expect(mg_build_info(), "; more than one, each with a pool of threads of its own\n");
    printf("%d runtimes at the start, %d now\n%s%s", count(before), count(after), verbose, mg_build_info());
    return failed;
}

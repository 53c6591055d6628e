/* SPDX-License-Identifier: MIT
 * A test runner of one process and no libraries, for emulators, sanitizers, fuzzers and the failing allocator. Tests
 * register themselves before main. A crash ends the run; the name of the test is on the screen by then.
 *
 * Usage: program [--list] [filter...]; a filter is a glob over "suite/name", or a part of it. */
#include "harness.h"

#include <fnmatch.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness_end.h"

typedef struct test {
    const char *suite, *name, *file;
    void (*run)(void);
} test;

static test *tests;
static size_t count, capacity;
static jmp_buf escape;

void mg_test_register(const char *suite, const char *name, const char *file, void (*run)(void)) {
    if (count == capacity) {
        capacity = capacity ? 2 * capacity : 64;
        tests = realloc(tests, capacity * sizeof *tests);
        if (!tests) abort();
    }
    tests[count++] = (test){suite, name, file, run};
}

void mg_test_end(mg_test_result result, const char *message) {
    fprintf(stderr, "%s%s\n", result == MG_TEST_SKIPPED ? "skipped: " : "", message);
    longjmp(escape, (int)result);
}

static int by_place(const void *a, const void *b) {
    const test *x = a, *y = b;
    int order = strcmp(x->suite, y->suite);
    return order ? order : strcmp(x->name, y->name);
}

static bool wanted(const test *t, int filters, char **filter) {
    char full[512];
    snprintf(full, sizeof full, "%s/%s", t->suite, t->name);
    for (int i = 0; i < filters; i++)
        if (strstr(full, filter[i]) || fnmatch(filter[i], full, 0) == 0) return true;
    return filters == 0;
}

static mg_test_result run(const test *t) {
    struct timespec start, end;
    printf("%s/%s ... ", t->suite, t->name);
    fflush(stdout);
    clock_gettime(CLOCK_MONOTONIC, &start);
    int result = setjmp(escape);
    if (result == MG_TEST_PASSED) t->run();
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    static const char *const words[] = {"ok", "FAILED", "skipped"};
    printf("%s (%.2f s)\n", words[result], seconds);
    return (mg_test_result)result;
}

int main(int argc, char **argv) {
    bool list = argc > 1 && strcmp(argv[1], "--list") == 0;
    int skip = list ? 2 : 1;
    size_t results[3] = {0};
    qsort(tests, count, sizeof *tests, by_place);
    for (size_t i = 0; i < count; i++) {
        if (!wanted(&tests[i], argc - skip, argv + skip)) continue;
        if (list)
            printf("%s/%s\n", tests[i].suite, tests[i].name);
        else
            results[run(&tests[i])]++;
    }
    free(tests);
    if (list) return 0;
    if (results[MG_TEST_SKIPPED]) printf("%zu skipped, ", results[MG_TEST_SKIPPED]);
    printf("%zu passed, %zu failed\n", results[MG_TEST_PASSED], results[MG_TEST_FAILED]);
    size_t ran = results[MG_TEST_PASSED] + results[MG_TEST_SKIPPED];
    return results[MG_TEST_FAILED] == 0 && (ran > 0 || argc == 1) ? 0
                                                                  : 1; /* a filter that finds nothing is a mistake */
}

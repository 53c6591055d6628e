/* SPDX-License-Identifier: MIT
 * Both sides of --child: starting this program again and reading its answer, and giving the answer. */
#include "child.h"

#include "runtime/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#endif

enum { WARM_ROUNDS = 200, COUNTED_OPS = 2000 };

void bench_counted(const tape_case *c, tape_data *data, long rounds); /* callgrind knows it by this name */

__attribute__((noinline)) void bench_counted(const tape_case *c, tape_data *data, long rounds) {
    for (long i = 0; i < rounds; i++) c->run(data);
}

/* ---- asking ---- */

/* Run this program again, `before` in front of it; the first number after `marker` in what it prints, 0 without one. */
static double ask(const char *before, const char *what, long n, const char *marker) {
    char self[1024], command[2048], line[512];
    double answer = 0;
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) return 0;
    self[length] = 0;
    snprintf(command, sizeof command, "%s '%s' --child %s %ld 2>&1", before, self, what, n);
    FILE *pipe = popen(command, "r");
    if (!pipe) return 0;
    while (fgets(line, sizeof line, pipe)) {
        const char *found = strstr(line, marker);
        if (found) answer = strtod(found + strlen(marker), NULL);
    }
    return pclose(pipe) == 0 ? answer : 0;
}

/* Instructions of `rounds` rounds by the kernel's counter; 0 where it has none (virtual machines often) or may not. */
static double counted_by_kernel(const tape_case *c, tape_data *data, long rounds) {
#if defined(__linux__)
    struct perf_event_attr attr = {.type = PERF_TYPE_HARDWARE, .size = sizeof attr};
    unsigned long long count = 0;
    attr.config = PERF_COUNT_HW_INSTRUCTIONS;
    attr.disabled = attr.exclude_kernel = attr.exclude_hv = 1;
    int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
    if (fd < 0) return 0;
    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
    bench_counted(c, data, rounds);
    ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
    if (read(fd, &count, sizeof count) != (ssize_t)sizeof count) count = 0;
    close(fd);
    return (double)count;
#else
    return (void)c, (void)data, (void)rounds, 0;
#endif
}

double child_instructions(const tape_case *c, tape_data *data, const char **by) {
    long rounds = COUNTED_OPS / c->ops;
    double n = counted_by_kernel(c, data, rounds);
    *by = "kernel";
    if (n <= 0 && system("command -v valgrind >/dev/null 2>&1") == 0) {
        n = ask("valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=bench_counted", c->name,
                rounds, "Collected :");
        *by = "callgrind";
    }
    return n / (double)rounds / c->ops;
}

child_memory child_graph(long ops) {
    child_memory m = {ask("", "graph", ops, "forward "), ask("", "graph", ops, "peak "),
                      ask("", "graph", ops, "resident ")};
    return m;
}

/* ---- answering ---- */

static size_t taken, most; /* bytes from the system, one thread */

static void *count_alloc(size_t bytes, size_t alignment, void *context) {
    (void)context;
    taken += bytes;
    if (taken > most) most = taken;
    return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

static void count_free(void *p, size_t bytes, void *context) {
    (void)context;
    taken -= bytes;
    free(p);
}

/* VmHWM: the most memory that was resident, in bytes; 0 where the system does not say. */
static double resident_peak(void) {
    char line[256];
    double kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    if (!f) return 0;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %lf", &kib) == 1) break;
    fclose(f);
    return 1024 * kib;
}

static int answer_graph(long ops) {
    mgr_set_allocator(&(mgr_allocator){count_alloc, count_free, NULL});
    mg_set_num_threads(1);
    mg_scope scope = mg_scope_open();
    mg_tensor *x = mg_from_f32((float[]){1, 2, 3}, MG_SHAPE(3)), *y = x;
    mg_tensor *c = mg_set_constant(mg_from_f32((float[]){1, -1, 1}, MG_SHAPE(3)), true);
    double resident = resident_peak();
    size_t before = taken;
    for (long i = 0; i < ops; i++) y = mg_multiply(y, c);
    mg_eval(y);
    printf("forward %zu\n", taken - before);
    mg_backward(y);
    mg_eval(mg_grad(x));
    printf("peak %zu\nresident %.0f\n", most - before, resident_peak() - resident);
    return mg_take_error().code != MG_OK || mg_scope_close(scope) != MG_OK;
}

static int answer_case(const char *name, long rounds) {
    tape_data data;
    if (!tape_data_make(&data)) return EXIT_FAILURE;
    mg_set_num_threads(1);
    for (const tape_case *c = tape_cases; c->name; c++) {
        if (strcmp(c->name, name) != 0) continue;
        for (int i = 0; i < WARM_ROUNDS; i++) c->run(&data);
        bench_counted(c, &data, rounds);
    }
    tape_data_free(&data);
    return mg_take_error().code != MG_OK;
}

int child_main(const char *what, long n) { return strcmp(what, "graph") == 0 ? answer_graph(n) : answer_case(what, n); }

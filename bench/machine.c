/* SPDX-License-Identifier: MIT
 * The facts about machine and build, for the JSON and the table's head. */
#include "machine.h"

#include "mygrad/mygrad.h"
#include "runtime/cpu.h"
#include "runtime/linalg.h"
#include "runtime/parallel.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static void cpu_model(char out[192]) {
    char line[256];
    FILE *f = fopen("/proc/cpuinfo", "r");
    snprintf(out, 192, "unknown");
    if (!f) return;
    while (fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10) != 0) continue;
        line[strcspn(line, "\n")] = 0;
        snprintf(out, 192, "%.180s", colon + 2);
        break;
    }
    fclose(f);
}

__attribute__((format(printf, 3, 4))) static void fact(machine_fact **next, const char *key, const char *format, ...) {
    va_list args;
    machine_fact *f = (*next)++;
    f->key = key;
    va_start(args, format);
    vsnprintf(f->value, sizeof f->value, format, args);
    va_end(args);
}

int machine_describe(machine_fact facts[MACHINE_FACTS], const char *commit) {
    machine_fact *next = facts;
    const mgr_caches *c = mgr_cpu_caches();
    struct utsname system = {.sysname = "unknown"};
    char model[192];
    cpu_model(model);
    uname(&system);
    fact(&next, "cpu", "%s", model);
    fact(&next, "caches", "L1 %zu K, L2 %zu K, last %zu K", c->l1 >> 10, c->l2 >> 10, c->llc >> 10);
    fact(&next, "system", "%s %s %s", system.sysname, system.release, system.machine);
    fact(&next, "version", "%s", MYGRAD_VERSION_STRING);
    fact(&next, "commit", "%s", commit && *commit ? commit : "unknown");
    fact(&next, "compiler", "%s", BENCH_COMPILER);
    fact(&next, "flags", "%s", BENCH_FLAGS);
    fact(&next, "isa", "%s", mg_isa());
    fact(&next, "threads", "%d, %s", mg_num_threads(), mgr_parallel_backend());
    fact(&next, "f32 products", "%s", mgr_linalg_backend(MG_F32));
    fact(&next, "f64 products", "%s", mgr_linalg_backend(MG_F64));
    return (int)(next - facts);
}

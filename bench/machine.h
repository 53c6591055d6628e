/* SPDX-License-Identifier: MIT
 * What a result is a result of: CPU, compiler, flags, commit, threads, back ends. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

enum { MACHINE_FACTS = 12 };

typedef struct machine_fact {
    const char *key;
    char value[192];
} machine_fact;

/* All facts; a missing one is "unknown". `commit` as the caller knows it, or NULL. Returns how many. */
int machine_describe(machine_fact facts[MACHINE_FACTS], const char *commit);

#endif

/* SPDX-License-Identifier: MIT
 * Measurements that need a process of their own: instructions counted by callgrind where the kernel counts none, and
 * the memory of a large graph, from the first allocation on. The program runs itself with --child. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include "tape_cases.h"

/* User instructions of one operation of a case, warm: counted by the kernel, or else by valgrind's callgrind (which has
 * no AVX-512); 0 where neither can. *by says which. */
double child_instructions(const tape_case *c, tape_data *data, const char **by);

/* Bytes taken from the system for a chain of `ops` operations on 3 f32: once recorded and evaluated, and at the peak of
 * its backward; and what the system counts as resident at its peak. 0 on failure. */
typedef struct child_memory {
    double forward, peak, resident;
} child_memory;
child_memory child_graph(long ops);

/* What `mygrad_bench --child WHAT N` does; the exit status. */
int child_main(const char *what, long n);

#endif

/* SPDX-License-Identifier: MIT
 * The tape family: what recording, evaluation and backward cost apart from arithmetic, per operation: in instructions,
 * of which something is promised, and in time; and the memory family: bytes that a recorded operation holds. */
#include "suite.h"

#include "child.h"
#include "tape_cases.h"

#include <stdio.h>

static bench_interval scaled(bench_interval i, double by) {
    return (bench_interval){i.low * by, i.mid * by, i.high * by};
}

void family_tape(bench_suite *suite) {
    tape_data data;
    size_t first = suite->n_rows;
    mg_set_num_threads(1);
    if (!tape_data_make(&data)) return suite_fail(suite, "tape: no tensors");
    for (const tape_case *c = tape_cases; c->name; c++) {
        suite_case added = {.run = c->run, .context = &data, .threads = 1};
        snprintf(added.name, sizeof added.name, "%s", c->name);
        suite_case_add(suite, &added);
    }
    suite_run_cases(suite);
    for (const tape_case *c = tape_cases; c->name; c++) {
        bench_row *row = &suite->rows[first++];
        row->value = scaled(row->value, 1.0 / c->ops);
        suite_progress(suite, "counting instructions");
        const char *by;
        double counted = child_instructions(c, &data, &by);
        row = suite_row(suite, "%s/instructions (%s)", c->name, by);
        row->value = (bench_interval){counted, counted, counted};
        row->unit = "instr";
        if (counted > 0)
            suite_gate(suite, c->name, row->value, c->instructions * (1 + TAPE_SLACK), false, "instr");
        else
            suite_fail(suite, "%s: nothing here counts instructions: neither the kernel nor callgrind", c->name);
    }
    mg_error error = mg_take_error();
    if (error.code != MG_OK) suite_fail(suite, "tape: %s: %s", error.op, error.message);
    tape_data_free(&data);
    mg_set_num_threads(0);
}

/* A chain of a million operations and its backward, in a process of its own whose allocations are counted. */
void family_memory(bench_suite *suite) {
    const long ops = 1000000; /* with --quick, too: with fewer, what is fixed shows */
    suite_progress(suite, "memory");
    child_memory m = child_graph(ops);
    if (m.peak <= 0) return suite_fail(suite, "memory: the process that builds the graph failed");
    double figures[3] = {m.forward, m.peak, m.resident};
    static const char *const names[3] = {"recorded", "with backward", "with backward, resident"};
    for (int i = 0; i < 3; i++) {
        double per_op = figures[i] / (double)ops;
        bench_row *row = suite_row(suite, "memory/graph/%s", names[i]);
        row->value = (bench_interval){per_op, per_op, per_op};
        row->unit = "B/op";
        if (i > 0)
            suite_gate(suite, i == 1 ? "memory/graph, an op with backward" : "memory/graph, the same, resident",
                       row->value, 600, false, "bytes");
    }
}

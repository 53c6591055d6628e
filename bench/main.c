/* SPDX-License-Identifier: MIT
 * mygrad_bench: runs families of benchmarks, prints their table and gates, writes JSON and SVG, compares with an older
 * JSON. This file is options and the order of events. */
#include "chart.h"
#include "child.h"
#include "compare.h"
#include "machine.h"
#include "result_json.h"
#include "runtime/cpu.h"
#include "suite.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const bench_family bench_families[] = {
    {"limits", "what the machine can do: bandwidth per level, peak multiply-adds", family_limits},
    {"kernels", "every generated kernel of the instruction set in use, in L1", family_kernels},
#ifdef BENCH_HAVE_SLEEF
    {"vs_sleef", "vector maths, against SLEEF's functions of 1.0 ULP", family_vs_sleef},
#endif
    {"stream", "elementwise arithmetic on 16M floats, against loops that move as many bytes", family_stream},
    {"chain", "relu(exp(x*w) + x*b - w) * x and its gradient, against eager and a loop by hand", family_chain},
    {"reduce", "sum, mean, max, var, cumsum and softmax of 16M floats, against reading them", family_reduce},
    {"supers", "superinstructions against their parts, and steps of training without them", family_supers},
    {"tape", "recording and backward of small tensors, with instruction counts", family_tape},
    {"memory", "bytes of an operation in a graph of a million", family_memory},
    {"alloc", "buffers and blocks, against the C library", family_alloc},
    {"products", "matmul and convolutions, against calling oneDNN directly", family_products},
    {"demo", "a training step of examples/train_digits, and its share outside oneDNN", family_demo},
    {"load", "a training step and a product beside busy processes, one thread and all", family_load},
    {0},
};

typedef struct arguments {
    const char *families[16];
    int n_families;
    const char *json, *svg, *compare, *commit, *child;
    long child_n;
    bool quick, help;
} arguments;

static void usage(void) {
    printf("usage: mygrad_bench [FAMILY...] [--family NAME] [--quick] [--json FILE] [--svg FILE] [--compare OLD.json]\n"
           "                    [--commit TEXT]\n\nfamilies, all by default:\n");
    for (const bench_family *f = bench_families; f->name; f++) printf("  %-9s %s\n", f->name, f->what);
    printf("\n--quick    fewer sizes and repetitions, for a first look\n"
           "--compare  say of each result whether it is faster, slower or noise\n");
}

static const bench_family *family_named(const char *name) {
    for (const bench_family *f = bench_families; f->name; f++)
        if (strcmp(f->name, name) == 0) return f;
    return NULL;
}

/* The value of an option that has one: argv[*i + 1]; NULL if argv[*i] is not this option. */
static const char *value_of(const char *option, int argc, char **argv, int *i) {
    if (strcmp(argv[*i], option) != 0) return NULL;
    if (*i + 1 >= argc) {
        fprintf(stderr, "mygrad_bench: %s needs a value\n", option);
        exit(2);
    }
    return argv[++*i];
}

static bool family_add(arguments *a, const char *name) {
    if (!family_named(name) || a->n_families == 16) {
        fprintf(stderr, "mygrad_bench: there is no family or option '%s'; --help lists them\n", name);
        return false;
    }
    a->families[a->n_families++] = name;
    return true;
}

static bool parse(arguments *a, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *v;
        if (strcmp(argv[i], "--quick") == 0)
            a->quick = true;
        else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            a->help = true;
        else if ((v = value_of("--json", argc, argv, &i)))
            a->json = v;
        else if ((v = value_of("--svg", argc, argv, &i)))
            a->svg = v;
        else if ((v = value_of("--compare", argc, argv, &i)))
            a->compare = v;
        else if ((v = value_of("--commit", argc, argv, &i)))
            a->commit = v;
        else if ((v = value_of("--child", argc, argv, &i))) {
            a->child = v;
            a->child_n = i + 1 < argc ? atol(argv[++i]) : 0;
        } else if ((v = value_of("--family", argc, argv, &i))) {
            if (!family_add(a, v)) return false;
        } else if (!family_add(a, argv[i])) {
            return false;
        }
    }
    return true;
}

static bool wanted(const arguments *a, const char *name) {
    for (int i = 0; i < a->n_families; i++)
        if (strcmp(a->families[i], name) == 0) return true;
    return a->n_families == 0;
}

static bool write_results(bench_suite *suite, const arguments *a, const machine_fact *facts, int n) {
    char error[256];
    if (a->json && !result_json_write(a->json, suite, facts, n)) suite_fail(suite, "cannot write %s", a->json);
    if (a->svg && !chart_write(a->svg, suite, facts, n)) suite_fail(suite, "cannot write %s", a->svg);
    if (a->compare && !compare_print(a->compare, suite, error, sizeof error))
        suite_fail(suite, "%s: %s", a->compare, error);
    return !suite->failed;
}

int main(int argc, char **argv) {
    arguments a = {0};
    machine_fact facts[MACHINE_FACTS];
    if (!parse(&a, argc, argv)) return 2;
    if (a.help) return usage(), 0;
    if (a.child) return child_main(a.child, a.child_n);
    bench_suite suite = {.quick = a.quick, .progress = isatty(STDERR_FILENO), .threads = mgr_cpu_usable()};
    int n = machine_describe(facts, a.commit);
    for (int i = 0; i < n; i++) printf("%-13s %s\n", facts[i].key, facts[i].value);
    printf("\n");
    for (const bench_family *f = bench_families; f->name; f++)
        if (wanted(&a, f->name)) f->run(&suite);
    suite_progress(&suite, "");
    table_print(&suite);
    gates_print(&suite);
    bool ok = write_results(&suite, &a, facts, n);
    free(suite.rows);
    free(suite.gates);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT
 * Parsing of the command line: one table, which the help is printed from too. */
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct option {
    const char *name, *argument, *help;
    enum { WHOLE, REAL, TEXT, FLAG } kind;
    double low, high;
} option;

/* The order of set_option's cases. */
static const option table[] = {
    {"--epochs", "N", "passes over the training images (5)", WHOLE, 1, 1000},
    {"--batch", "N", "images per step (64)", WHOLE, 1, 10000},
    {"--lr", "X", "Adam's learning rate (0.001)", REAL, 1e-8, 10},
    {"--seed", "N", "of digits, parameters and shuffling (1)", WHOLE, 0, 9007199254740992.0},
    {"--threads", "N", "threads to use (all that this process may)", WHOLE, 1, 1024},
    {"--images", "N", "train on at most N images, test on a quarter as many", WHOLE, 1, 1000000},
    {"--data", "DIR", "read MNIST's IDX files, plain or gzipped, in DIR", TEXT, 0, 0},
    {"--out", "DIR", "where the results go, made if need be (digits-out)", TEXT, 0, 0},
    {"--linear", NULL, "train a linear classifier instead, to compare with", FLAG, 0, 0},
    {"--help", NULL, "print this and stop; -h does, too", FLAG, 0, 0},
};
enum { EPOCHS, BATCH, LR, SEED, THREADS, IMAGES, DATA, OUT, LINEAR, HELP, OPTIONS };

static void print_help(void) {
    printf("usage: train_digits [options]\n\n"
           "Trains a small convolutional network on handwritten digits, then examines it. Without --data it draws\n"
           "its own digits. Writes model.npz, loss.svg, graph.dot (and graph.svg where Graphviz is installed).\n\n");
    for (int i = 0; i < OPTIONS; i++) {
        char left[32];
        snprintf(left, sizeof left, "%s%s%s", table[i].name, table[i].argument ? " " : "",
                 table[i].argument ? table[i].argument : "");
        printf("  %-14s %s\n", left, table[i].help);
    }
}

static bool parse_number(const option *o, const char *text, double *value) {
    char *end;
    errno = 0;
    *value = text && text[0] ? strtod(text, &end) : NAN;
    bool ok = text && text[0] && *end == '\0' && errno == 0 && *value >= o->low && *value <= o->high;
    if (ok && o->kind == WHOLE) ok = floor(*value) == *value;
    if (!ok)
        fprintf(stderr, "train_digits: %s: expected a %snumber from %.16g to %.16g, got '%s'\n", o->name,
                o->kind == WHOLE ? "whole " : "", o->low, o->high, text ? text : "");
    return ok;
}

static void set_option(options *o, int which, double value, const char *text) {
    switch (which) {
    case EPOCHS:
        o->epochs = (int)value;
        break;
    case BATCH:
        o->batch = (size_t)value;
        break;
    case LR:
        o->lr = value;
        break;
    case SEED:
        o->seed = (uint64_t)value;
        break;
    case THREADS:
        o->threads = (int)value;
        break;
    case IMAGES:
        o->images = (size_t)value;
        break;
    case DATA:
        o->data = text;
        break;
    case OUT:
        o->out = text;
        break;
    default:
        o->linear = true;
        break;
    }
}

/* `--name value` and `--name=value`. */
static int find_option(const char *argument, const char **value) {
    if (strcmp(argument, "-h") == 0) argument = table[HELP].name;
    size_t n = strcspn(argument, "=");
    *value = argument[n] ? argument + n + 1 : NULL;
    for (int i = 0; i < OPTIONS; i++)
        if (strlen(table[i].name) == n && strncmp(argument, table[i].name, n) == 0) return i;
    return -1;
}

options_result options_parse(options *o, int argc, char **argv) {
    *o = (options){.epochs = 5, .batch = 64, .lr = 1e-3, .seed = 1, .out = "digits-out"};
    for (int i = 1; i < argc; i++) {
        const char *text;
        double value = 0;
        int which = find_option(argv[i], &text);
        if (which < 0) {
            fprintf(stderr, "train_digits: unknown option '%s'; --help lists them\n", argv[i]);
            return OPTIONS_BAD;
        }
        if (which == HELP) {
            print_help();
            return OPTIONS_HELP;
        }
        bool flag = table[which].kind == FLAG;
        if (flag ? text != NULL : text == NULL && i + 1 == argc) {
            fprintf(stderr, "train_digits: %s takes %s argument\n", table[which].name, flag ? "no" : "an");
            return OPTIONS_BAD;
        }
        if (!flag && !text) text = argv[++i];
        if (table[which].kind <= REAL && !parse_number(&table[which], text, &value)) return OPTIONS_BAD;
        set_option(o, which, value, text);
    }
    return OPTIONS_RUN;
}

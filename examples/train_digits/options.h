/* SPDX-License-Identifier: MIT
 * The command line of train_digits. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct options {
    int epochs;
    size_t batch;
    double lr;
    uint64_t seed;
    int threads;   /* 0: as many as there are */
    size_t images; /* train on at most so many; 0: all */
    bool linear;
    const char *out, *data; /* data: NULL for own digits */
} options;

/* What main shall do next. */
typedef enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_BAD } options_result;

/* Fills *o; prints the help, or one sentence about what is wrong. */
options_result options_parse(options *o, int argc, char **argv);

#endif

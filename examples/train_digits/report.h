/* SPDX-License-Identifier: MIT
 * What came of it: the confusion matrix on the screen, the loss curve as a picture. */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "dataset.h"

typedef struct confusion {
    size_t count[CLASSES][CLASSES]; /* [true digit][answer] */
} confusion;

size_t confusion_total(const confusion *c);
size_t confusion_right(const confusion *c);
void confusion_print(const confusion *c);

/* One point per batch that was looked at. */
typedef struct curve {
    size_t count, capacity;
    double *step; /* in epochs */
    double *loss;
    int epochs;
} curve;

bool curve_add(curve *c, double step, double loss); /* false without memory */
void curve_free(curve *c);

/* An SVG of 720 x 420: axes, ticks, grid, the points and their running mean. False (errno says why) if it cannot be
 * written; then the file is as it was. */
bool curve_save(const curve *c, const char *path, const char *title);

#endif

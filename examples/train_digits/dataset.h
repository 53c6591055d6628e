/* SPDX-License-Identifier: MIT
 * Labelled grey images of 28 x 28 bytes, wherever they come from: made by digits.c or read by idx.c. */
#ifndef DATASET_H
#define DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMAGE_SIDE = 28, IMAGE_PIXELS = IMAGE_SIDE * IMAGE_SIDE, CLASSES = 10 };

typedef struct dataset {
    size_t count;
    uint8_t *pixels; /* count x 28 x 28, 0 background to 255 ink */
    uint8_t *labels; /* count, 0 to 9 */
} dataset;

/* Two sets: one to learn from, one to be examined with. */
typedef struct digit_data {
    dataset train, test;
    const char *source; /* for the reader: what was loaded */
} digit_data;

bool dataset_alloc(dataset *set, size_t count); /* false (and empty) without memory */
void dataset_free(dataset *set);

/* Images first..first+count-1 of `from`, copied. */
bool dataset_slice(dataset *set, const dataset *from, size_t first, size_t count);

/* Pixels and labels of the images order[0..count-1], ready for the network: pixels as (p / 255 - 0.13) / 0.31, the mean
 * and deviation of handwritten digits. */
void dataset_batch(const dataset *set, const uint32_t *order, size_t count, float *images, int64_t *labels);

#endif

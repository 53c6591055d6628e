/* SPDX-License-Identifier: MIT
 * Labelled images in memory. */
#include "dataset.h"

#include <stdlib.h>
#include <string.h>

bool dataset_alloc(dataset *set, size_t count) {
    *set = (dataset){count, malloc(count * IMAGE_PIXELS + 1), malloc(count + 1)};
    if (set->pixels && set->labels) return true;
    dataset_free(set);
    return false;
}

void dataset_free(dataset *set) {
    free(set->pixels);
    free(set->labels);
    *set = (dataset){0};
}

bool dataset_slice(dataset *set, const dataset *from, size_t first, size_t count) {
    if (!dataset_alloc(set, count)) return false;
    memcpy(set->pixels, from->pixels + first * IMAGE_PIXELS, count * IMAGE_PIXELS);
    memcpy(set->labels, from->labels + first, count);
    return true;
}

void dataset_batch(const dataset *set, const uint32_t *order, size_t count, float *images, int64_t *labels) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t *pixels = set->pixels + (size_t)order[i] * IMAGE_PIXELS;
        float *image = images + i * IMAGE_PIXELS;
        for (int k = 0; k < IMAGE_PIXELS; k++) image[k] = ((float)pixels[k] / 255.0f - 0.13f) / 0.31f;
        labels[i] = set->labels[order[i]];
    }
}

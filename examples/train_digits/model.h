/* SPDX-License-Identifier: MIT
 * The networks of this example: their parameters and their forward passes. */
#ifndef MODEL_H
#define MODEL_H

#include <mygrad/mygrad.h>

enum { MODEL_MAX_PARAMS = 8 };

typedef struct model {
    size_t count;
    const char *names[MODEL_MAX_PARAMS];
    mg_tensor *params[MODEL_MAX_PARAMS];
    mg_tensor *(*forward)(const struct model *m, mg_tensor *images);
} model;

/* New random parameters, the same for the same seed. On failure false, with mygrad's error pending and nothing to free.
 */
bool model_convolutional(model *m, uint64_t seed); /* conv 3x3 - pool - conv 3x3 - pool - dense - dense */
bool model_linear(model *m, uint64_t seed);        /* one dense layer, to compare with */
void model_free(model *m);

size_t model_bytes(const model *m); /* of all parameters */

/* (N, 1, 28, 28) images to (N, 10) scores. */
mg_tensor *model_forward(const model *m, mg_tensor *images);

#endif

/* SPDX-License-Identifier: MIT
 * Teaching a model and examining it. */
#ifndef TRAINING_H
#define TRAINING_H

#include "dataset.h"
#include "model.h"
#include "options.h"
#include "report.h"

/* All epochs, or until the program is interrupted, with progress on the screen; the losses go to *losses, how many
 * images it learned from to *images. False with mygrad's error pending, or (none pending) without memory. */
bool train(const model *m, const dataset *set, const options *o, curve *losses, size_t *images);

/* How often train looks at loss and answers, in steps: reading them costs a little of what fusing the step saves. */
enum { LOOK_EVERY = 4 };

/* The model's answers for every image, or until the program is interrupted. False as train. */
bool examine(const model *m, const dataset *set, confusion *out);

/* The computational graph of one training step on the first images of the set, as graph.dot in `directory`, and as
 * graph.svg if `svg`. */
bool draw_graph(const model *m, const dataset *set, const char *directory, bool svg);

#endif

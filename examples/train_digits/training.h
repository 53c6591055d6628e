/* SPDX-License-Identifier: MIT
 * Teaching a model and examining it. */
#ifndef TRAINING_H
#define TRAINING_H

#include "dataset.h"
#include "model.h"
#include "options.h"
#include "report.h"

/* All epochs, with progress on the screen; the losses go to *losses. False with mygrad's error pending, or (none
 * pending) without memory. */
bool train(const model *m, const dataset *set, const options *o, curve *losses);

/* The model's answers for every image. False as train. */
bool examine(const model *m, const dataset *set, confusion *out);

/* The computational graph of one training step on the first images of the set, as graph.dot in `directory`, and as
 * graph.svg if `svg`. */
bool draw_graph(const model *m, const dataset *set, const char *directory, bool svg);

#endif

/* SPDX-License-Identifier: MIT
 * The directory for what comes of the training, and what is written there. */
#ifndef RESULTS_H
#define RESULTS_H

#include "model.h"
#include "report.h"

/* Make `directory`, and those above it, and find out now whether `bytes` bytes of results can be written there. On
 * failure false, and one sentence in error. Leaves no file. */
bool results_prepare(const char *directory, size_t bytes, char *error, size_t error_bytes);

/* model.npz and loss.svg there, each whole or not at all. False as above. */
bool results_save(const char *directory, const model *m, const curve *losses, char *error, size_t error_bytes);

#endif

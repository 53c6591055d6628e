/* SPDX-License-Identifier: MIT
 * MNIST's files: IDX format, plain or gzipped. */
#ifndef IDX_H
#define IDX_H

#include "dataset.h"

/* Read {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz] in `directory`, also with a dot before idx, and each in a
 * directory of its own name. Without the train files, the first four fifths of t10k are for training and the rest is
 * for the test. On failure: false, and one sentence (file, offset, what was expected) in error. */
bool idx_load(const char *directory, digit_data *data, char *error, size_t error_bytes);

#endif

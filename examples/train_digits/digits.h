/* SPDX-License-Identifier: MIT
 * Digits drawn by the program itself, for when there is no data set at hand. */
#ifndef DIGITS_H
#define DIGITS_H

#include "dataset.h"

/* `train` and `test` random images of the ten digits, the same for the same seed. False without memory. */
bool digits_make(digit_data *data, size_t train, size_t test, uint64_t seed);

#endif

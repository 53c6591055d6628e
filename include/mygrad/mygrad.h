/* SPDX-License-Identifier: MIT
 * The whole public face of libmygrad in one include. */
#ifndef MYGRAD_MYGRAD_H
#define MYGRAD_MYGRAD_H

#include "mygrad/base.h"
#include "mygrad/cxx.h" /* C++: options as a last argument */
#include "mygrad/elementwise.h"
#include "mygrad/keywords.h"
#include "mygrad/nnet.h"
#include "mygrad/ops.h" /* generated: elementwise operations and reductions */
#include "mygrad/reductions.h"
#include "mygrad/runtime.h"
#include "mygrad/shapes.h"
#include "mygrad/tensor.h"

#endif

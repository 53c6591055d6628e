/* SPDX-License-Identifier: MIT
 * Umbrella of the vector maths. */
#ifndef MGK_VMATH_H
#define MGK_VMATH_H

#include "kernels/vmath/vm_exp.h"
#include "kernels/vmath/vm_log.h"
#include "kernels/vmath/vm_sigmoid.h"
#include "kernels/vmath/vm_tanh.h"

#endif

/* SPDX-License-Identifier: MIT
 * The kernels that are written by hand rather than generated, per instruction set: the generated tables point at them.
 * What they do is in kernel.h (families CONVERT and MOVE). */
#ifndef MGK_HAND_WRITTEN_H
#define MGK_HAND_WRITTEN_H

#include "kernels/kernel.h"

#define MGK_HAND_WRITTEN_(isa)                                                                                         \
    extern const mgk_moves mgk_moves_##isa;                                                                            \
    extern const mgk_converts mgk_converts_##isa;
MGK_HAND_WRITTEN_(scalar)
MGK_HAND_WRITTEN_(avx2)
MGK_HAND_WRITTEN_(avx512)
MGK_HAND_WRITTEN_(neon)
#undef MGK_HAND_WRITTEN_

#endif

/* SPDX-License-Identifier: MIT
 * power of integers, with wrap-around, by repeated squaring: as many steps as the largest exponent among the lanes has
 * bits, of which a lane whose own are used up does nothing. A negative exponent counts as 0; autodiff refuses it. */
#ifndef MGK_VM_POWER_INT_H
#define MGK_VM_POWER_INT_H

#include "kernels/simd/simd.h"

#define VM_POWER_INT_(t, b)                                                                                            \
    MGV_FN mgv_##t vm_power_##t(mgv_##t x, mgv_##t y) {                                                                \
        const mgv_##t zero = mgv_set1_##t(0), one = mgv_set1_##t(1);                                                   \
        mgv_##t r = one, left = mgv_max_##t(y, zero);                                                                  \
        while (mgv_any_##b(mgv_ne_##t(left, zero))) {                                                                  \
            r = mgv_select_##t(mgv_ne_##t(mgv_and_##t(left, one), zero), mgv_mul_##t(r, x), r);                        \
            x = mgv_mul_##t(x, x);                                                                                     \
            left = mgv_shr_##t(left, 1);                                                                               \
        }                                                                                                              \
        return r;                                                                                                      \
    }
VM_POWER_INT_(i8, b8)
VM_POWER_INT_(i16, b16)
VM_POWER_INT_(i32, b32)
VM_POWER_INT_(i64, b64)
VM_POWER_INT_(u8, b8)
VM_POWER_INT_(u16, b16)
VM_POWER_INT_(u32, b32)
VM_POWER_INT_(u64, b64)
#undef VM_POWER_INT_

#endif

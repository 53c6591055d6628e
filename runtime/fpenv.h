/* SPDX-License-Identifier: MIT
 * The canonical floating-point environment around every computation (rules C5): nearest even, no flushing, exceptions
 * masked. */
#ifndef MGR_FPENV_H
#define MGR_FPENV_H

#include "mygrad/base.h"

typedef struct mgr_fpenv {
    uint64_t saved;
    bool changed;
    bool outermost; /* what was set aside is the caller's own */
} mgr_fpenv;

/* Compare this thread's MXCSR/FPCR with the canonical value, set it only if different [5 ns]. Every thread that
 * computes does this itself.
 *
 * The rule for new functions: whoever does arithmetic, compares or converts floating numbers on the host stands between
 * enter and leave, once, at the outermost place that is still ours: a public function that computes says MGR_CANONICAL
 * in its first line. Recording alone needs none, for what is recorded runs inside the flush, and elements are converted
 * (runtime/dtype.h) inside by themselves. The compiler knows nothing of environments, and moves arithmetic on values
 * that it has in registers past these calls: what is computed is read from memory, or by another function.
 * tests/environment calls every exported function in every environment. */
mgr_fpenv mgr_fpenv_enter(void);
void mgr_fpenv_leave(mgr_fpenv env);

/* The same without the mode below: for what shows numbers, denormals too, as they are. */
mgr_fpenv mgr_fpenv_enter_exact(void);

/* From here to the end of the block. */
static inline void mgr_fpenv_cleanup(const mgr_fpenv *env) { mgr_fpenv_leave(*env); }
#define MGR_CANONICAL                                                                                                  \
    mgr_fpenv mgr_fpenv_of_block __attribute__((cleanup(mgr_fpenv_cleanup), unused)) = mgr_fpenv_enter()

#define MGR_EXACT                                                                                                      \
    mgr_fpenv mgr_fpenv_of_block __attribute__((cleanup(mgr_fpenv_cleanup), unused)) = mgr_fpenv_enter_exact()

/* Around a user's callback: it sees the environment of the call that it is made from, and what it sets there is kept.
 */
mgr_fpenv mgr_fpenv_pause(void);
void mgr_fpenv_resume(mgr_fpenv env);

/* The same as enter_exact and leave around the C library's conversions of numbers to text and back: on x86-64 it asks
 * the other unit, the x87, how to round. Nothing in between may call back. */
typedef struct mgr_fpenv_text {
    mgr_fpenv numbers;
    bool changed;
    uint32_t x87[7]; /* what fnstenv stores */
} mgr_fpenv_text;
void mgr_fpenv_enter_text(mgr_fpenv_text *env);
void mgr_fpenv_leave_text(const mgr_fpenv_text *env);

/* The one other mode: flush denormals to zero, on every thread that computes; outside the cross-ISA promise. */
void mgr_fpenv_set_flush_denormals(bool flush);

#endif

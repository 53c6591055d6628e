/* SPDX-License-Identifier: MIT
 * The canonical floating-point environment around every computation (rules C5): nearest even, no flushing, exceptions
 * masked. */
#ifndef MGR_FPENV_H
#define MGR_FPENV_H

#include "mygrad/base.h"

typedef struct mgr_fpenv {
    uint64_t saved;
    bool changed;
} mgr_fpenv;

/* Compare this thread's MXCSR/FPCR with the canonical value, set it only if different. Inline-cheap [5 ns]. Every
 * thread that computes does this itself. */
mgr_fpenv mgr_fpenv_enter(void);
void mgr_fpenv_leave(mgr_fpenv env);

/* The one other mode: flush denormals to zero, on every thread that computes; outside the cross-ISA promise. */
void mgr_fpenv_set_flush_denormals(bool flush);

#endif

/* SPDX-License-Identifier: MIT
 * The canonical floating-point environment (rules C5): MXCSR on x86-64, FPCR on AArch64. Exception flags are neither
 * read nor cleared. */
#include "runtime/fpenv.h"

#include <stdatomic.h>

static atomic_bool flush_denormals;

#if defined(__x86_64__)
/* All exceptions masked, nearest even; DAZ and FTZ are the flush mode. The low six bits are flags. */
#define CANONICAL 0x1f80u
#define FLUSH     0x8040u
#define CONTROL   0xffc0u

static inline uint64_t control_read(void) {
    uint32_t value;
    __asm__ volatile("stmxcsr %0" : "=m"(value));
    return value;
}

static inline void control_write(uint64_t control) {
    uint32_t value = (uint32_t)control;
    __asm__ volatile("ldmxcsr %0" : : "m"(value) : "memory");
}
#elif defined(__aarch64__)
/* Traps off, nearest even, IEEE halves, NaNs propagate; FZ is the flush mode. */
#define CANONICAL UINT64_C(0)
#define FLUSH     (UINT64_C(1) << 24)
#define CONTROL   UINT64_C(0x07f89f07)

static inline uint64_t control_read(void) {
    uint64_t value;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return value;
}

static inline void control_write(uint64_t value) { __asm__ volatile("msr fpcr, %0" : : "r"(value) : "memory"); }
#else
/* Elsewhere the caller's environment is taken as it is: the scalar kernels then promise what it gives. */
#define CANONICAL UINT64_C(0)
#define FLUSH     UINT64_C(0)
#define CONTROL   UINT64_C(0)
static inline uint64_t control_read(void) { return 0; }
static inline void control_write(uint64_t value) { (void)value; }
#endif

mgr_fpenv mgr_fpenv_enter(void) {
    uint64_t wanted = atomic_load_explicit(&flush_denormals, memory_order_relaxed) ? CANONICAL | FLUSH : CANONICAL;
    mgr_fpenv env = {control_read(), false};
    if ((env.saved & CONTROL) == wanted) return env;
    env.changed = true;
    control_write((env.saved & ~(uint64_t)CONTROL) | wanted);
    return env;
}

void mgr_fpenv_leave(mgr_fpenv env) {
    if (env.changed) control_write(env.saved);
}

void mgr_fpenv_set_flush_denormals(bool flush) { atomic_store_explicit(&flush_denormals, flush, memory_order_relaxed); }

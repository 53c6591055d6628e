/* SPDX-License-Identifier: MIT
 * The canonical floating-point environment (rules C5): MXCSR on x86-64 (and, around the C library's conversions to
 * text, the x87's control word), FPCR on AArch64. The caller's exception flags are neither read nor cleared. */
#include "runtime/fpenv.h"

#include "runtime/thread.h"

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

/* What the outermost enter of this thread has set aside. */
static MGR_THREAD_LOCAL struct {
    uint64_t control;
    bool set;
} callers;

static MGR_SLOW mgr_fpenv change(uint64_t found, uint64_t wanted) {
    mgr_fpenv env = {.saved = found, .changed = true, .outermost = !callers.set};
    if (env.outermost) {
        callers.control = found;
        callers.set = true;
    }
    control_write((found & ~(uint64_t)CONTROL) | wanted);
    return env;
}

static MGR_SLOW void change_back(mgr_fpenv env) {
    if (!env.outermost) {
        control_write(env.saved);
        return;
    }
    control_write(callers.control);
    callers.set = false;
}

static inline mgr_fpenv enter(uint64_t wanted) {
    uint64_t found = control_read();
    if ((found & CONTROL) == wanted) return (mgr_fpenv){0};
    return change(found, wanted);
}

mgr_fpenv mgr_fpenv_enter(void) {
    return enter(atomic_load_explicit(&flush_denormals, memory_order_relaxed) ? CANONICAL | FLUSH : CANONICAL);
}

mgr_fpenv mgr_fpenv_enter_exact(void) { return enter(CANONICAL); }

void mgr_fpenv_leave(mgr_fpenv env) {
    if (env.changed) change_back(env);
}

mgr_fpenv mgr_fpenv_pause(void) {
    if (!callers.set) return (mgr_fpenv){0};
    mgr_fpenv env = {.saved = control_read(), .changed = true};
    callers.set = false; /* the callback may never return */
    control_write(callers.control);
    return env;
}

void mgr_fpenv_resume(mgr_fpenv env) {
    if (!env.changed) return;
    callers.control = control_read();
    callers.set = true;
    control_write(env.saved);
}

#if defined(__x86_64__)
/* Masks, precision and rounding of the x87's control word: as the system starts programs. */
#define X87_CONTROL   0x0f3fu
#define X87_CANONICAL 0x033fu

/* fnstenv and fldenv keep the exception flags, too: one raised in between would end the program at its next x87
 * instruction. */
static bool x87_set_aside(uint32_t saved[7]) {
    uint16_t control;
    __asm__ volatile("fnstcw %0" : "=m"(control));
    if ((control & X87_CONTROL) == X87_CANONICAL) return false;
    __asm__ volatile("fnstenv %0" : "=m"(*(uint32_t(*)[7])saved) : : "memory");
    control = (uint16_t)((control & ~X87_CONTROL) | X87_CANONICAL);
    __asm__ volatile("fldcw %0" : : "m"(control) : "memory");
    return true;
}

static void x87_put_back(const uint32_t saved[7]) {
    __asm__ volatile("fldenv %0" : : "m"(*(const uint32_t(*)[7])saved) : "memory");
}
#else
static bool x87_set_aside(uint32_t saved[7]) {
    (void)saved;
    return false;
}
static void x87_put_back(const uint32_t saved[7]) { (void)saved; }
#endif

void mgr_fpenv_enter_text(mgr_fpenv_text *env) {
    env->numbers = mgr_fpenv_enter_exact();
    env->changed = x87_set_aside(env->x87);
}

void mgr_fpenv_leave_text(const mgr_fpenv_text *env) {
    if (env->changed) x87_put_back(env->x87);
    mgr_fpenv_leave(env->numbers);
}

void mgr_fpenv_set_flush_denormals(bool flush) { atomic_store_explicit(&flush_denormals, flush, memory_order_relaxed); }

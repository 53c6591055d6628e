/* SPDX-License-Identifier: MIT
 * Environments that a caller may have, of floating-point numbers and of texts, and a record of what a call gave in one.
 */
#ifndef MYGRAD_TEST_MODES_H
#define MYGRAD_TEST_MODES_H

#include <mygrad/mygrad.h>

#include "harness.h"

typedef enum mode {
    MODE_CANONICAL,
    MODE_TRAPS, /* every exception is a SIGFPE */
    MODE_UPWARD,
    MODE_DOWNWARD,
    MODE_TOWARD_ZERO,
    MODE_FLUSHING, /* denormals are zero */
    MODE_GERMAN,   /* a comma in 0,125 */
    MODES
} mode;

extern const char *const mode_names[MODES];

/* False where the machine has no such mode. */
bool mode_enter(mode m);

/* Makes the locale de_DE.UTF-8 in a directory of its own, which goes with the process, and sets it; false where the
 * system has no localedef or not what it needs. */
bool german_locale(void);

/* Back to the canonical environment; true if what was set since mode_enter is still what it set. */
bool mode_leave(void);

/* The rounding that this thread computes with, and that the C library sees: FE_UPWARD and so on; -1 if they differ. */
int rounding_now(void);

/* What one function gave, in one mode. */
typedef struct run {
    mode in;
    const char *name; /* of the function */
    unsigned char *bytes;
    size_t n, capacity;
    bool changed; /* some call came back with another environment */
} run;

void put(run *r, const void *bytes, size_t n);
void put_text(run *r, const char *text);
void put_tensor(run *r, mg_tensor *x); /* or the error that there is instead */
void put_error(run *r);

#define IN_MODE(r, ...)                                                                                                \
    do {                                                                                                               \
        mode_enter((r)->in);                                                                                           \
        __VA_ARGS__;                                                                                                   \
        if (!mode_leave()) (r)->changed = true;                                                                        \
    } while (0)

/* How to call a function, found by its type or by its name; NULL if nobody knows. */
typedef void any_function(void);
typedef void case_fn(run *r, any_function *f);
case_fn *case_by_name(const char *name);

typedef struct function_case {
    const char *name;
    any_function *function;
    case_fn *call;
} function_case;
extern const function_case functions[];
extern const size_t n_functions;

#endif

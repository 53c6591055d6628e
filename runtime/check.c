/* SPDX-License-Identifier: MIT
 * The end of a process whose invariant is broken. */
#include "runtime/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void mgr_broken(const char *condition, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("mygrad: broken invariant: ", stderr);
    vfprintf(stderr, format, args);
    fprintf(stderr, " (%s)\n", condition);
    va_end(args);
    abort();
}

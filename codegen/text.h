/* SPDX-License-Identifier: MIT
 * Memory, growing text and error messages of mgc. Nothing here knows what an op is.
 * mgc is a host tool that runs once: memory is given back all at once, and a refused allocation ends the process. */
#ifndef MGC_TEXT_H
#define MGC_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed memory that lives until mgc_free_all. Ends the process with a message when there is none. */
void *mgc_alloc(size_t size);
void mgc_free_all(void);

/* A copy of n bytes of s with a terminating zero. */
char *mgc_copy(const char *s, size_t n);

/* printf into fresh memory. */
__attribute__((format(printf, 1, 2))) char *mgc_format(const char *fmt, ...);

/* Text that grows; always zero-terminated once something was put. */
typedef struct mgc_text {
    char *s;
    size_t len, cap;
} mgc_text;

__attribute__((format(printf, 2, 3))) void mgc_put(mgc_text *t, const char *fmt, ...);

/* One source file, kept for error messages. */
typedef struct mgc_source {
    const char *path;
    const char *text;
} mgc_source;

/* A place in a source; line and column count from 1. */
typedef struct mgc_place {
    const mgc_source *source;
    int line, column;
} mgc_place;

/* What went wrong: messages as the user sees them. */
typedef struct mgc_diag {
    mgc_text text;
    int errors;
} mgc_diag;

/* "file:line:column: error: ..." followed by the line and a caret. Returns false, for `return mgc_error(...)`. */
__attribute__((format(printf, 3, 4))) bool mgc_error(mgc_diag *d, mgc_place at, const char *fmt, ...);

/* The same with "warning", which is no error. */
__attribute__((format(printf, 3, 4))) void mgc_warning(mgc_diag *d, mgc_place at, const char *fmt, ...);

/* 64-bit FNV-1a of a string, for the manifest. */
uint64_t mgc_hash(const char *s);

/* The whole file, or NULL with a message in d; a NUL byte is an error, for nothing behind it would be seen. */
char *mgc_read_file(mgc_diag *d, const char *path);

/* Writes the file unless it already has this content. */
bool mgc_write_file(mgc_diag *d, const char *path, const char *content);

#endif

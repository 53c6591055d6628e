/* SPDX-License-Identifier: MIT
 * Memory, growing text, messages and files of mgc. No knowledge of ops. */
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct mgc_block {
    struct mgc_block *next;
    max_align_t data[];
} mgc_block;

static mgc_block *blocks;

void *mgc_alloc(size_t size) {
    mgc_block *b = calloc(1, sizeof(mgc_block) + size);
    if (!b) {
        fprintf(stderr, "mgc: out of memory (%zu bytes)\n", size);
        exit(1);
    }
    b->next = blocks;
    blocks = b;
    return b->data;
}

void mgc_free_all(void) {
    while (blocks) {
        mgc_block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
}

char *mgc_copy(const char *s, size_t n) {
    char *copy = mgc_alloc(n + 1);
    memcpy(copy, s, n);
    return copy;
}

/* Room for `more` bytes and the zero behind them. */
static void reserve(mgc_text *t, size_t more) {
    const size_t need = t->len + more + 1;
    if (need <= t->cap) return;
    const size_t cap = 2 * need + 64;
    char *s = mgc_alloc(cap);
    if (t->len) memcpy(s, t->s, t->len);
    t->s = s;
    t->cap = cap;
}

static void put_list(mgc_text *t, const char *fmt, va_list args) {
    va_list again;
    va_copy(again, args);
    reserve(t, 64);
    const int wanted = vsnprintf(t->s + t->len, t->cap - t->len, fmt, args);
    if (wanted >= 0 && (size_t)wanted >= t->cap - t->len) {
        reserve(t, (size_t)wanted);
        vsnprintf(t->s + t->len, t->cap - t->len, fmt, again);
    }
    va_end(again);
    if (wanted > 0) t->len += (size_t)wanted;
}

void mgc_put(mgc_text *t, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    put_list(t, fmt, args);
    va_end(args);
}

char *mgc_format(const char *fmt, ...) {
    mgc_text t = {0};
    va_list args;
    va_start(args, fmt);
    put_list(&t, fmt, args);
    va_end(args);
    return t.s;
}

/* The line of the source that `at` names, without its end; its length in *len. */
static const char *find_line(mgc_place at, size_t *len) {
    const char *s = at.source->text;
    for (int line = 1; line < at.line && *s; s++)
        if (*s == '\n') line++;
    *len = strcspn(s, "\n");
    if (*len > 0 && s[*len - 1] == '\r') --*len;
    return s;
}

#define SHOWN 160 /* of a long line, around the place */

static void put_message(mgc_diag *d, mgc_place at, const char *kind, const char *fmt, va_list args) {
    if (at.source) mgc_put(&d->text, "%s:%d:%d: ", at.source->path, at.line, at.column);
    mgc_put(&d->text, "%s: ", kind);
    put_list(&d->text, fmt, args);
    mgc_put(&d->text, "\n");
    if (at.source && at.source->text) {
        size_t len;
        const char *line = find_line(at, &len);
        const size_t before = (size_t)at.column - 1, from = before > SHOWN / 2 ? before - SHOWN / 2 : 0;
        mgc_put(&d->text, "  ");
        for (size_t i = from; i < len && i < from + SHOWN; i++)
            mgc_put(&d->text, "%c", line[i] == '\t' || (unsigned char)line[i] >= ' ' ? line[i] : ' ');
        mgc_put(&d->text, "\n  ");
        for (size_t i = from; i < before; i++) mgc_put(&d->text, "%c", line[i] == '\t' ? '\t' : ' ');
        mgc_put(&d->text, "^\n");
    }
}

bool mgc_error(mgc_diag *d, mgc_place at, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    put_message(d, at, "error", fmt, args);
    va_end(args);
    d->errors++;
    return false;
}

void mgc_warning(mgc_diag *d, mgc_place at, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    put_message(d, at, "warning", fmt, args);
    va_end(args);
}

uint64_t mgc_hash(const char *s) {
    uint64_t h = 0xcbf29ce484222325u;
    for (; *s; s++) h = (h ^ (unsigned char)*s) * 0x100000001b3u;
    return h;
}

/* Reads without a message: false also means "not there". The text may contain zeros. */
static bool slurp(const char *path, mgc_text *t) {
    FILE *f = fopen(path, "rb");
    if (!f) return false;
    size_t got;
    do {
        reserve(t, 4096);
        got = fread(t->s + t->len, 1, 4096, f);
        t->len += got;
        t->s[t->len] = 0;
    } while (got > 0);
    const bool good = !ferror(f);
    fclose(f);
    return good;
}

static bool check_text(mgc_diag *d, const char *path, const mgc_text *t) {
    if (strlen(t->s) == t->len) return true;
    mgc_source *source = mgc_alloc(sizeof *source);
    *source = (mgc_source){path, t->s};
    mgc_place at = {source, 1, 1};
    for (const char *s = t->s; *s; s++) {
        at.column = *s == '\n' ? 1 : at.column + 1;
        at.line += *s == '\n';
    }
    return mgc_error(d, at, "expected text, found a NUL byte");
}

char *mgc_read_file(mgc_diag *d, const char *path) {
    mgc_text t = {0};
    if (slurp(path, &t)) return check_text(d, path, &t) ? t.s : NULL;
    mgc_error(d, (mgc_place){0}, "cannot read %s: %s", path, strerror(errno));
    return NULL;
}

bool mgc_write_file(mgc_diag *d, const char *path, const char *content) {
    const size_t len = strlen(content);
    mgc_text old = {0};
    if (slurp(path, &old) && old.len == len && memcmp(old.s, content, len) == 0) return true;
    FILE *f = fopen(path, "wb");
    if (!f) return mgc_error(d, (mgc_place){0}, "cannot write %s: %s", path, strerror(errno));
    const bool written = fwrite(content, 1, len, f) == len;
    if (fclose(f) != 0 || !written) return mgc_error(d, (mgc_place){0}, "cannot write %s: %s", path, strerror(errno));
    return true;
}

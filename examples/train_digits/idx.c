/* SPDX-License-Identifier: MIT
 * IDX files: bytes 0 0 type rank, one big-endian 32-bit size per axis, then the elements. Read through zlib, which
 * passes plain files on as they are. Nothing in a file is believed before it is checked. */
#include "idx.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { PATH_BYTES = 4096, IMAGES_LIMIT = 1000000 };

typedef struct reader {
    char path[PATH_BYTES];
    gzFile file;
    unsigned long long offset; /* in the unpacked file */
    char *error;
    size_t error_bytes;
} reader;

static bool fail(reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(reader *r, const char *format, ...) {
    int n = snprintf(r->error, r->error_bytes, "%s: offset %llu: ", r->path, r->offset);
    if (n < 0 || (size_t)n >= r->error_bytes) return false;
    va_list args;
    va_start(args, format);
    vsnprintf(r->error + n, r->error_bytes - (size_t)n, format, args);
    va_end(args);
    return false;
}

static bool try_path(reader *r, const char *directory, const char *name, const char *suffix) {
    const char *slash = directory[0] && directory[strlen(directory) - 1] == '/' ? "" : "/";
    int n = snprintf(r->path, sizeof r->path, "%s%s%s%s", directory, slash, name, suffix);
    return n > 0 && (size_t)n < sizeof r->path && access(r->path, R_OK) == 0;
}

/* directory/name, or else directory/name.gz; true if one can be read. */
static bool find(reader *r, const char *directory, const char *name) {
    return try_path(r, directory, name, "") || try_path(r, directory, name, ".gz");
}

static bool open_file(reader *r, const char *directory, const char *name) {
    if (!find(r, directory, name)) {
        snprintf(r->error, r->error_bytes, "%s: expected a readable file %s or %s.gz here", directory, name, name);
        return false;
    }
    r->offset = 0;
    r->file = gzopen(r->path, "rbe");
    return r->file || fail(r, "cannot open: %s", strerror(errno));
}

static bool read_bytes(reader *r, void *out, size_t bytes, const char *what) {
    unsigned char *to = out;
    size_t done = 0;
    while (done < bytes) {
        unsigned run = bytes - done < 1u << 30 ? (unsigned)(bytes - done) : 1u << 30;
        int got = gzread(r->file, to + done, run);
        if (got <= 0) break;
        done += (size_t)got;
    }
    if (done == bytes) {
        r->offset += bytes;
        return true;
    }
    int code;
    const char *why = gzerror(r->file, &code);
    r->offset += done;
    if (code == Z_ERRNO) return fail(r, "cannot read: %s", strerror(errno));
    if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END)
        return fail(r, "expected %zu more bytes of %s, but the gzip data are damaged (%s)", bytes - done, what, why);
    return fail(r, "expected %zu more bytes of %s, but the file ends here", bytes - done, what);
}

/* The header of a file of unsigned bytes with `rank` axes, of which the first is free and the others are 28. */
static bool read_header(reader *r, unsigned rank, size_t *count) {
    unsigned char b[4];
    if (!read_bytes(r, b, 4, "header")) return false;
    if (b[0] != 0 || b[1] != 0 || b[2] != 8 || b[3] != rank) {
        r->offset = 0;
        return fail(r, "expected the bytes 00 00 08 %02x, found %02x %02x %02x %02x", rank, b[0], b[1], b[2], b[3]);
    }
    for (unsigned axis = 0; axis < rank; axis++) {
        if (!read_bytes(r, b, 4, "header")) return false;
        unsigned long n = (unsigned long)b[0] << 24 | (unsigned long)b[1] << 16 | (unsigned long)b[2] << 8 | b[3];
        bool fits = axis == 0 ? n >= 1 && n <= IMAGES_LIMIT : n == IMAGE_SIDE;
        if (!fits) {
            r->offset -= 4;
            if (axis == 0) return fail(r, "expected a count from 1 to %d, found %lu", IMAGES_LIMIT, n);
            return fail(r, "expected images of %d x %d pixels, found %lu", IMAGE_SIDE, IMAGE_SIDE, n);
        }
        if (axis == 0) *count = n;
    }
    return true;
}

static bool read_end(reader *r) {
    unsigned char extra;
    if (gzread(r->file, &extra, 1) == 0) return true;
    return fail(r, "expected the end of the file");
}

static bool read_images(reader *r, dataset *set) {
    size_t count = 0;
    if (!read_header(r, 3, &count)) return false;
    if (!dataset_alloc(set, count)) return fail(r, "no memory for %zu images", count);
    return read_bytes(r, set->pixels, count * IMAGE_PIXELS, "images") && read_end(r);
}

static bool read_labels(reader *r, dataset *set) {
    size_t count = 0;
    if (!read_header(r, 1, &count)) return false;
    if (count != set->count) {
        r->offset = 4;
        return fail(r, "expected %zu labels, as many as there are images, found %zu", set->count, count);
    }
    if (!read_bytes(r, set->labels, count, "labels") || !read_end(r)) return false;
    for (size_t i = 0; i < count; i++)
        if (set->labels[i] >= CLASSES) {
            r->offset = 8 + i;
            return fail(r, "expected a label from 0 to 9, found %u", set->labels[i]);
        }
    return true;
}

static bool read_set(reader *r, const char *directory, const char *which, dataset *set) {
    char name[64];
    snprintf(name, sizeof name, "%s-images-idx3-ubyte", which);
    if (!open_file(r, directory, name)) return false;
    bool ok = read_images(r, set);
    gzclose(r->file);
    snprintf(name, sizeof name, "%s-labels-idx1-ubyte", which);
    if (ok && (ok = open_file(r, directory, name))) {
        ok = read_labels(r, set);
        gzclose(r->file);
    }
    if (!ok) dataset_free(set);
    return ok;
}

static bool split(reader *r, const dataset *all, digit_data *data) {
    size_t train = all->count - all->count / 5;
    if (train == all->count) return fail(r, "expected at least 5 images, found %zu", all->count);
    if (dataset_slice(&data->train, all, 0, train) && dataset_slice(&data->test, all, train, all->count - train))
        return true;
    return fail(r, "no memory for %zu images", all->count);
}

bool idx_load(const char *directory, digit_data *data, char *error, size_t error_bytes) {
    *data = (digit_data){.source = directory};
    reader r = {.error = error, .error_bytes = error_bytes};
    bool ok;
    if (find(&r, directory, "train-images-idx3-ubyte")) {
        ok = read_set(&r, directory, "train", &data->train) && read_set(&r, directory, "t10k", &data->test);
    } else {
        dataset all = {0};
        ok = read_set(&r, directory, "t10k", &all) && split(&r, &all, data);
        dataset_free(&all);
    }
    if (ok) return true;
    dataset_free(&data->train);
    dataset_free(&data->test);
    return false;
}

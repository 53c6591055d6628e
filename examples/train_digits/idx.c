/* SPDX-License-Identifier: MIT
 * IDX files: bytes 0 0 type rank, one big-endian 32-bit size per axis, then the elements. Read through zlib, which
 * passes plain files on as they are. Nothing in a file is believed before it is checked: memory for images grows as
 * they arrive. */
#include "idx.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PATH_BYTES = 4096, IMAGES_LIMIT = 1000000, FIRST_BYTES = 1 << 18 };

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

/* A regular file: some archives unpack to a directory of the file's name, with the file in it. */
static bool try_path(reader *r, const char *directory, const char *kind, char dot, const char *suffix) {
    const char *slash = directory[0] && directory[strlen(directory) - 1] == '/' ? "" : "/";
    char name[64];
    snprintf(name, sizeof name, "%s%cidx%d-ubyte%s", kind, dot, strstr(kind, "images") ? 3 : 1, suffix);
    struct stat info;
    int n = snprintf(r->path, sizeof r->path, "%s%s%s", directory, slash, name);
    bool found = n > 0 && (size_t)n < sizeof r->path && stat(r->path, &info) == 0;
    if (found && S_ISDIR(info.st_mode)) {
        n = snprintf(r->path, sizeof r->path, "%s%s%s/%s", directory, slash, name, name);
        found = n > 0 && (size_t)n < sizeof r->path && stat(r->path, &info) == 0;
    }
    return found && S_ISREG(info.st_mode);
}

/* train-images-idx3-ubyte for kind "train-images", or with a dot before idx3, or either with .gz; true if one is there.
 */
static bool find(reader *r, const char *directory, const char *kind) {
    return try_path(r, directory, kind, '-', "") || try_path(r, directory, kind, '.', "") ||
           try_path(r, directory, kind, '-', ".gz") || try_path(r, directory, kind, '.', ".gz");
}

static bool open_file(reader *r, const char *directory, const char *kind) {
    if (!find(r, directory, kind)) {
        int rank = strstr(kind, "images") ? 3 : 1;
        snprintf(r->error, r->error_bytes,
                 "%s: expected a readable file %s-idx%d-ubyte here, or %s.idx%d-ubyte, or one of them with .gz",
                 directory, kind, rank, kind, rank);
        return false;
    }
    r->offset = 0;
    int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* whatever it is by now, this does not wait */
    r->file = fd >= 0 ? gzdopen(fd, "rb") : NULL;
    if (r->file) return true;
    fail(r, "cannot open: %s", fd >= 0 ? "no memory" : strerror(errno));
    if (fd >= 0) close(fd);
    return false;
}

/* The next bytes of `what`, of which `more` follow later: messages count them all. */
static bool read_part(reader *r, void *out, size_t bytes, size_t more, const char *what) {
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
    size_t missing = bytes - done + more;
    if (code == Z_ERRNO) return fail(r, "cannot read: %s", strerror(errno));
    if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END)
        return fail(r, "expected %zu more bytes of %s, but the gzip data are damaged (%s)", missing, what, why);
    return fail(r, "expected %zu more bytes of %s, but the file ends here", missing, what);
}

static bool read_bytes(reader *r, void *out, size_t bytes, const char *what) {
    return read_part(r, out, bytes, 0, what);
}

/* Into memory that doubles while the bytes arrive; *out is the caller's, also on failure. */
static bool read_growing(reader *r, uint8_t **out, size_t bytes, const char *what) {
    for (size_t done = 0, room = bytes < FIRST_BYTES ? bytes : FIRST_BYTES;;) {
        uint8_t *larger = realloc(*out, room);
        if (!larger) return fail(r, "no memory for %zu bytes of %s", room, what);
        *out = larger;
        if (!read_part(r, larger + done, room - done, bytes - room, what)) return false;
        if (room == bytes) return true;
        done = room;
        room = room > bytes / 2 ? bytes : 2 * room;
    }
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
    set->count = count;
    return read_growing(r, &set->pixels, count * IMAGE_PIXELS, "images") && read_end(r);
}

static bool read_labels(reader *r, dataset *set) {
    size_t count = 0;
    if (!read_header(r, 1, &count)) return false;
    if (count != set->count) {
        r->offset = 4;
        return fail(r, "expected %zu labels, as many as there are images, found %zu", set->count, count);
    }
    if (!read_growing(r, &set->labels, count, "labels") || !read_end(r)) return false;
    for (size_t i = 0; i < count; i++)
        if (set->labels[i] >= CLASSES) {
            r->offset = 8 + i;
            return fail(r, "expected a label from 0 to 9, found %u", set->labels[i]);
        }
    return true;
}

static bool read_set(reader *r, const char *directory, const char *which, dataset *set) {
    char kind[32];
    snprintf(kind, sizeof kind, "%s-images", which);
    if (!open_file(r, directory, kind)) return false;
    bool ok = read_images(r, set);
    gzclose(r->file);
    snprintf(kind, sizeof kind, "%s-labels", which);
    if (ok && (ok = open_file(r, directory, kind))) {
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
    if (find(&r, directory, "train-images")) {
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

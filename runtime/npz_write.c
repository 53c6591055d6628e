/* SPDX-License-Identifier: MIT
 * Writing .npz files: a zip of .npy members, STORED. All sizes and offsets are in zip64 fields, whatever they are, so
 * that there is one form to test (NumPy itself writes zip64 headers always). Dates are fixed: equal arrays give equal
 * files. */
#include "runtime/npy.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/atomic_file.h"
#include "runtime/crc32.h"
#include "runtime/memory.h"
#include "runtime/npy_header.h"
#include "runtime/status.h"

#define ZIP_VERSION 45     /* 4.5: zip64 */
#define ZIP_UTF8    0x0800 /* names are UTF-8 */
#define ZIP_DATE    0x0021 /* 1 January 1980 */
#define ZIP64       0xffffffffu
#define NAME_LIMIT  65000u
#define NPZ_SUFFIX  ".npy"

typedef struct member {
    size_t header_bytes;
    uint64_t data_bytes;
    uint64_t offset; /* of the local header */
    uint32_t crc;
} member;

/* Little-endian fields, one after the other. */
typedef struct record {
    unsigned char bytes[128];
    size_t n;
} record;

static void put(record *r, uint64_t value, int width) {
    for (int i = 0; i < width; i++) r->bytes[r->n++] = (unsigned char)(value >> 8 * i);
}

/* Fields that the local and the central header share: version needed to name length. */
static void put_common(record *r, const member *m, size_t name_bytes, size_t extra_bytes) {
    put(r, ZIP_VERSION, 2);
    put(r, ZIP_UTF8, 2);
    put(r, 0, 2); /* stored */
    put(r, 0, 2); /* time */
    put(r, ZIP_DATE, 2);
    put(r, m->crc, 4);
    put(r, ZIP64, 4);
    put(r, ZIP64, 4);
    put(r, name_bytes, 2);
    put(r, extra_bytes, 2);
}

static void put_sizes(record *r, const member *m, size_t extra_bytes) {
    put(r, 1, 2); /* the zip64 field */
    put(r, extra_bytes - 4, 2);
    put(r, m->header_bytes + m->data_bytes, 8);
    put(r, m->header_bytes + m->data_bytes, 8);
}

static mg_status write_name(mgr_atomic_file *file, const char *name) {
    MGR_TRY(mgr_atomic_file_write(file, name, strlen(name)));
    return mgr_atomic_file_write(file, NPZ_SUFFIX, strlen(NPZ_SUFFIX));
}

static mg_status write_member(mgr_atomic_file *file, const mgr_npy_array *array, member *m,
                              const mgr_crc32_tables *tables, uint64_t *at) {
    char header[MGR_NPY_HEADER_BYTES];
    MGR_TRY(mgr_npy_format_header(array, header, &m->header_bytes, &m->data_bytes));
    m->crc = mgr_crc32(tables, 0, header, m->header_bytes);
    m->crc = mgr_crc32(tables, m->crc, array->data, (size_t)m->data_bytes);
    m->offset = *at;
    size_t name_bytes = strlen(array->name) + strlen(NPZ_SUFFIX), extra = 20;
    record r = {.n = 0};
    put(&r, 0x04034b50, 4);
    put_common(&r, m, name_bytes, extra);
    MGR_TRY(mgr_atomic_file_write(file, r.bytes, r.n));
    *at += r.n + name_bytes + extra + m->header_bytes + m->data_bytes;
    MGR_TRY(write_name(file, array->name));
    r.n = 0;
    put_sizes(&r, m, extra);
    MGR_TRY(mgr_atomic_file_write(file, r.bytes, r.n));
    MGR_TRY(mgr_atomic_file_write(file, header, m->header_bytes));
    return mgr_atomic_file_write(file, array->data, (size_t)m->data_bytes);
}

static mg_status write_entry(mgr_atomic_file *file, const char *name, const member *m, uint64_t *at) {
    size_t name_bytes = strlen(name) + strlen(NPZ_SUFFIX), extra = 28;
    record r = {.n = 0};
    put(&r, 0x02014b50, 4);
    put(&r, 3 << 8 | ZIP_VERSION, 2); /* made on: unix */
    put_common(&r, m, name_bytes, extra);
    put(&r, 0, 2);                       /* comment */
    put(&r, 0, 2);                       /* disk */
    put(&r, 0, 2);                       /* internal attributes */
    put(&r, UINT64_C(0100644) << 16, 4); /* external ones: a file, rw-r--r-- */
    put(&r, ZIP64, 4);
    MGR_TRY(mgr_atomic_file_write(file, r.bytes, r.n));
    *at += r.n + name_bytes + extra;
    MGR_TRY(write_name(file, name));
    r.n = 0;
    put_sizes(&r, m, extra);
    put(&r, m->offset, 8);
    return mgr_atomic_file_write(file, r.bytes, r.n);
}

/* The zip64 end, its locator, and the plain end, which says "see above". */
static mg_status write_end(mgr_atomic_file *file, uint64_t start, uint64_t end, size_t count) {
    record r = {.n = 0};
    put(&r, 0x06064b50, 4);
    put(&r, 44, 8); /* bytes that follow */
    put(&r, ZIP_VERSION, 2);
    put(&r, ZIP_VERSION, 2);
    put(&r, 0, 4); /* disks */
    put(&r, 0, 4);
    put(&r, count, 8);
    put(&r, count, 8);
    put(&r, end - start, 8);
    put(&r, start, 8);
    put(&r, 0x07064b50, 4);
    put(&r, 0, 4);
    put(&r, end, 8); /* where the zip64 end is */
    put(&r, 1, 4);
    put(&r, 0x06054b50, 4);
    put(&r, 0, 4);
    put(&r, 0xffff, 2);
    put(&r, 0xffff, 2);
    put(&r, ZIP64, 4);
    put(&r, ZIP64, 4);
    put(&r, 0, 2);
    return mgr_atomic_file_write(file, r.bytes, r.n);
}

/* Length of the UTF-8 character at p, 0 if there is none: no overlong forms, no surrogates, nothing above 10ffff. */
static size_t utf8_length(const unsigned char *p) {
    if (p[0] < 0x80) return 1;
    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    uint32_t code = p[0] & (0x7fu >> n);
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    bool bad = (n == 3 && code < 0x800) || (n == 4 && code < 0x10000) || code > 0x10ffff || code >> 11 == 0x1b;
    return bad ? 0 : n;
}

static mg_status check_name(const char *op, const char *name, size_t i, size_t n) {
    if (!name || !name[0]) return mgr_fail(MG_ERR_VALUE, op, "name %zu of %zu is %s", i, n, name ? "empty" : "NULL");
    size_t bytes = strlen(name), at = 0, run = 1;
    if (bytes > NAME_LIMIT)
        return mgr_fail(MG_ERR_VALUE, op, "name %zu of %zu has %zu bytes; expected at most %u", i, n, bytes,
                        NAME_LIMIT);
    for (; at < bytes && run > 0; at += run) run = utf8_length((const unsigned char *)name + at);
    if (run == 0)
        return mgr_fail(MG_ERR_VALUE, op, "name %zu of %zu is no UTF-8: byte %zu is %02x", i, n, at,
                        (unsigned char)name[at]);
    return MG_OK;
}

static int by_name(const void *a, const void *b) {
    const char *const *x = *(const char *const *const *)a, *const *y = *(const char *const *const *)b;
    int order = strcmp(*x, *y);
    return order != 0 ? order : x < y ? -1 : x > y;
}

mg_status mgr_npz_check_names(const char *op, const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++) MGR_TRY(check_name(op, names[i], i, n));
    const char *const **sorted = mgr_alloc((n + 1) * sizeof *sorted);
    if (!sorted) return MG_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) sorted[i] = &names[i];
    qsort(sorted, n, sizeof *sorted, by_name);
    size_t first = n, second = n;
    for (size_t i = 1; i < n; i++) /* the first name that is there already */
        if (strcmp(*sorted[i - 1], *sorted[i]) == 0 && (size_t)(sorted[i] - names) < second) {
            first = (size_t)(sorted[i - 1] - names);
            second = (size_t)(sorted[i] - names);
        }
    mgr_free(sorted);
    if (second == n) return MG_OK;
    return mgr_fail(MG_ERR_VALUE, op, "names %zu and %zu are both \"%.200s\"", first, second, names[first]);
}

static mg_status check_arrays(const mgr_npy_array *arrays, size_t count) {
    const char **names = mgr_alloc((count + 1) * sizeof *names);
    if (!names) return MG_ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) names[i] = arrays[i].name;
    mg_status status = mgr_npz_check_names("save", names, count);
    mgr_free(names);
    return status;
}

static mg_status write_all(mgr_atomic_file *file, const mgr_npy_array *arrays, size_t count, member *members,
                           const mgr_crc32_tables *tables) {
    uint64_t at = 0;
    for (size_t i = 0; i < count; i++) MGR_TRY(write_member(file, &arrays[i], &members[i], tables, &at));
    uint64_t start = at;
    for (size_t i = 0; i < count; i++) MGR_TRY(write_entry(file, arrays[i].name, &members[i], &at));
    return write_end(file, start, at, count);
}

mg_status mgr_npz_write(const char *path, const mgr_npy_array *arrays, size_t count) {
    MGR_TRY(check_arrays(arrays, count));
    member *members = mgr_alloc((count ? count : 1) * sizeof *members);
    if (!members) return MG_ERR_NO_MEMORY;
    mgr_crc32_tables tables;
    mgr_crc32_prepare(&tables);
    mgr_atomic_file file;
    mg_status status = mgr_atomic_file_begin(&file, path);
    if (status == MG_OK) status = mgr_atomic_file_end(&file, write_all(&file, arrays, count, members, &tables));
    mgr_free(members);
    return status;
}

/* SPDX-License-Identifier: MIT
 * Writing .npz files: a zip of .npy members, STORED. All sizes and offsets are in zip64 fields, whatever they are, so
 * that there is one form to test (NumPy itself writes zip64 headers always). Dates are fixed: equal arrays give equal
 * files. */
#include "runtime/npy.h"

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
    char header[MGR_NPY_HEADER_BYTES];
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
    MGR_TRY(mgr_npy_format_header(array, m->header, &m->header_bytes, &m->data_bytes));
    m->crc = mgr_crc32(tables, 0, m->header, m->header_bytes);
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
    MGR_TRY(mgr_atomic_file_write(file, m->header, m->header_bytes));
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

static mg_status check_names(const mgr_npy_array *arrays, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!arrays[i].name || !arrays[i].name[0] || strlen(arrays[i].name) > NAME_LIMIT)
            return mgr_fail(MG_ERR_VALUE, "save", "array %zu has no name, or one longer than %u bytes", i, NAME_LIMIT);
        for (size_t j = 0; j < i; j++)
            if (strcmp(arrays[i].name, arrays[j].name) == 0)
                return mgr_fail(MG_ERR_VALUE, "save", "arrays %zu and %zu are both named '%.200s'", j, i,
                                arrays[i].name);
    }
    return MG_OK;
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
    MGR_TRY(check_names(arrays, count));
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

/* SPDX-License-Identifier: MIT
 * Reading .npz files: the zip's central directory, then each .npy member through npy.c. Knows zip64, STORED and
 * deflated members; not encryption, not archives in several parts. Every number in the file is checked against its size
 * before it is used. */
#include "runtime/npy.h"

#include <errno.h>
#include <string.h>

#include "runtime/memory.h"
#include "runtime/npy_stream.h"
#include "runtime/status.h"

#define END_BYTES     22u /* of the end record, without comment */
#define COMMENT_LIMIT 65535u
#define ENTRY_BYTES   46u
#define LOCAL_BYTES   30u
#define NAME_LIMIT    65535u

typedef struct zip {
    FILE *file;
    const char *path;
    uint64_t size;
    uint64_t directory, directory_bytes, entries;
    mgr_crc32_tables tables;
} zip;

typedef struct entry {
    uint64_t packed, unpacked, offset;
    uint32_t crc;
    unsigned flags, method;
    const char *name; /* not terminated, in the directory */
    size_t name_bytes;
} entry;

static uint64_t get(const unsigned char *p, int width) {
    uint64_t value = 0;
    for (int i = 0; i < width; i++) value |= (uint64_t)p[i] << 8 * i;
    return value;
}

static mg_status bad(const zip *z, uint64_t offset, const char *what) {
    return mgr_fail(MG_ERR_FORMAT, "load", "%s: offset %llu: %s", z->path, (unsigned long long)offset, what);
}

/* `bytes` bytes at `offset`, both already known to lie inside the file. */
static mg_status read_at(const zip *z, uint64_t offset, void *out, size_t bytes) {
    if (fseeko(z->file, (off_t)offset, SEEK_SET) != 0 || fread(out, 1, bytes, z->file) != bytes)
        return mgr_fail(MG_ERR_IO, "load", "%s: cannot read %zu bytes at offset %llu: %s", z->path, bytes,
                        (unsigned long long)offset, errno ? strerror(errno) : "the file ends");
    return MG_OK;
}

/* The plain end record at `end` says where the directory is, or that a zip64 record before it does. */
static mg_status read_end(zip *z, uint64_t end, const unsigned char *p) {
    z->entries = get(p + 10, 2);
    z->directory_bytes = get(p + 12, 4);
    z->directory = get(p + 16, 4);
    uint64_t limit = end;
    unsigned char locator[20], end64[56];
    if (end >= sizeof locator) MGR_TRY(read_at(z, end - sizeof locator, locator, sizeof locator));
    if (end >= sizeof locator && get(locator, 4) == 0x07064b50) {
        uint64_t at = get(locator + 8, 8);
        if (at > end - sizeof locator || end - sizeof locator - at < sizeof end64)
            return bad(z, end - sizeof locator, "expected the place of a zip64 end record");
        MGR_TRY(read_at(z, at, end64, sizeof end64));
        if (get(end64, 4) != 0x06064b50) return bad(z, at, "expected a zip64 end record");
        z->entries = get(end64 + 32, 8);
        z->directory_bytes = get(end64 + 40, 8);
        z->directory = get(end64 + 48, 8);
        limit = at;
    }
    if (z->directory > limit || z->directory_bytes > limit - z->directory)
        return bad(z, end, "expected a central directory that lies before this record");
    if (z->entries > z->directory_bytes / ENTRY_BYTES)
        return bad(z, end, "expected fewer members: the central directory is too short for them");
    return MG_OK;
}

/* The end record is the last thing in the file but for a comment: search backwards. */
static mg_status find_end(zip *z) {
    uint64_t span = z->size < END_BYTES + COMMENT_LIMIT ? z->size : END_BYTES + COMMENT_LIMIT;
    if (span < END_BYTES) return bad(z, 0, "expected a zip file, which has at least 22 bytes");
    unsigned char *tail = mgr_alloc((size_t)span);
    if (!tail) return MG_ERR_NO_MEMORY;
    mg_status status = read_at(z, z->size - span, tail, (size_t)span);
    bool found = false;
    for (uint64_t i = span - END_BYTES + 1; status == MG_OK && !found && i-- > 0;)
        if (get(tail + i, 4) == 0x06054b50 && get(tail + i + 20, 2) == span - i - END_BYTES) {
            found = true;
            status = read_end(z, z->size - span + i, tail + i);
        }
    mgr_free(tail);
    if (status == MG_OK && !found) return bad(z, z->size, "expected the end record of a zip file before this place");
    return status;
}

/* Sizes and offset that do not fit 32 bits are all ones, and stand in the zip64 extra field in this order. */
static mg_status read_zip64(const zip *z, uint64_t at, const unsigned char *extra, size_t bytes, entry *e) {
    uint64_t *const fields[] = {&e->unpacked, &e->packed, &e->offset};
    while (bytes >= 4) {
        size_t id = (size_t)get(extra, 2), length = (size_t)get(extra + 2, 2);
        if (length > bytes - 4) return bad(z, at, "expected an extra field that ends inside its entry");
        extra += 4, bytes -= 4;
        size_t used = 0;
        for (int i = 0; id == 1 && i < 3; i++) {
            if (*fields[i] != UINT32_MAX) continue;
            if (length - used < 8) return bad(z, at, "expected sizes in the zip64 field of this entry");
            *fields[i] = get(extra + used, 8);
            used += 8;
        }
        extra += length, bytes -= length;
    }
    return MG_OK;
}

/* The entry at p (offset `at` in the file, `left` bytes to the directory's end); *bytes is its length. */
static mg_status read_entry(const zip *z, uint64_t at, const unsigned char *p, uint64_t left, entry *e, size_t *bytes) {
    if (left < ENTRY_BYTES || get(p, 4) != 0x02014b50) return bad(z, at, "expected an entry of the central directory");
    size_t extra = (size_t)get(p + 30, 2);
    *e = (entry){.flags = (unsigned)get(p + 8, 2),
                 .method = (unsigned)get(p + 10, 2),
                 .crc = (uint32_t)get(p + 16, 4),
                 .packed = get(p + 20, 4),
                 .unpacked = get(p + 24, 4),
                 .offset = get(p + 42, 4),
                 .name = (const char *)p + ENTRY_BYTES,
                 .name_bytes = (size_t)get(p + 28, 2)};
    *bytes = ENTRY_BYTES + e->name_bytes + extra + (size_t)get(p + 32, 2);
    if (*bytes > left) return bad(z, at, "expected an entry that ends inside the central directory");
    MGR_TRY(read_zip64(z, at, p + ENTRY_BYTES + e->name_bytes, extra, e));
    if (e->flags & 1) return bad(z, at, "expected a member that is not encrypted");
    if (e->method != 0 && e->method != 8) return bad(z, at, "expected a member that is stored or deflated");
    if (e->offset > z->directory || z->directory - e->offset < LOCAL_BYTES)
        return bad(z, at, "expected a member that lies before the central directory");
    return MG_OK;
}

/* Where the member's bytes begin: behind its local header, whose name and extra field may differ in length. */
static mg_status find_data(const zip *z, const entry *e, uint64_t *begin) {
    unsigned char local[LOCAL_BYTES];
    MGR_TRY(read_at(z, e->offset, local, sizeof local));
    if (get(local, 4) != 0x04034b50) return bad(z, e->offset, "expected the local header of a member");
    *begin = e->offset + LOCAL_BYTES + get(local + 26, 2) + get(local + 28, 2);
    if (*begin > z->directory || z->directory - *begin < e->packed)
        return bad(z, e->offset, "expected a member that ends before the central directory");
    if (e->method == 0 && e->packed != e->unpacked)
        return bad(z, e->offset, "expected equal sizes of a stored member, packed and not");
    if (e->method == 8 && e->unpacked / 1032 > e->packed + 1) /* deflate cannot pack better than that */
        return bad(z, e->offset, "expected a size that the packed bytes can unpack to");
    if (fseeko(z->file, (off_t)*begin, SEEK_SET) != 0) return bad(z, *begin, "cannot seek here");
    return MG_OK;
}

/* What is left of the member belongs to its checksum. */
static mg_status finish(mgr_npy_stream *s, uint32_t crc) {
    unsigned char rest[4096];
    while (s->offset < s->size) {
        uint64_t left = s->size - s->offset;
        MGR_TRY(mgr_npy_stream_read(s, rest, left < sizeof rest ? (size_t)left : sizeof rest, "a member"));
    }
    if (s->crc == crc) return MG_OK;
    return mgr_npy_stream_bad(s, 0, "the checksum is %08x, expected %08x", s->crc, crc);
}

static mg_status read_member(const zip *z, const entry *e, mgr_npy_array *out) {
    uint64_t begin = 0;
    MGR_TRY(find_data(z, e, &begin));
    char *name = mgr_alloc(e->name_bytes + 1);
    if (!name) return MG_ERR_NO_MEMORY;
    memcpy(name, e->name, e->name_bytes);
    name[e->name_bytes - 4] = '\0'; /* ".npy" is not part of it */
    mgr_npy_stream s = {
        .file = z->file, .path = z->path, .member = name, .base = begin, .size = e->unpacked, .tables = &z->tables};
    mg_status status = MG_OK;
    if (e->method == 8 && !(s.inflate = mgr_inflate_new(&s, e->packed))) status = mgr_error();
    if (status == MG_OK) status = mgr_npy_read_array(&s, out);
    if (status == MG_OK && (status = finish(&s, e->crc)) != MG_OK) mgr_free(out->data);
    mgr_inflate_free(s.inflate);
    if (status == MG_OK)
        out->name = name;
    else
        mgr_free(name);
    return status;
}

static bool is_array(const entry *e) {
    return e->name_bytes > 4 && memcmp(e->name + e->name_bytes - 4, ".npy", 4) == 0;
}

static mg_status read_members(const zip *z, const unsigned char *directory, mgr_npy_array *arrays, size_t *count) {
    uint64_t at = 0;
    for (uint64_t i = 0; i < z->entries; i++) {
        entry e;
        size_t bytes = 0;
        MGR_TRY(read_entry(z, z->directory + at, directory + at, z->directory_bytes - at, &e, &bytes));
        at += bytes;
        if (!is_array(&e)) continue; /* as numpy.load: other files in the archive are not ours */
        MGR_TRY(read_member(z, &e, &arrays[*count]));
        ++*count;
    }
    return MG_OK;
}

mg_status mgr_npz_read(const char *path, mgr_npy_array **out, size_t *count) {
    *out = NULL;
    *count = 0;
    zip z = {.path = path};
    MGR_TRY(mgr_npy_open(path, &z.file, &z.size));
    mgr_crc32_prepare(&z.tables);
    mg_status status = find_end(&z);
    unsigned char *directory = NULL;
    mgr_npy_array *arrays = NULL;
    if (status == MG_OK) directory = mgr_alloc((size_t)z.directory_bytes + 1);
    if (directory) arrays = mgr_alloc(((size_t)z.entries + 1) * sizeof *arrays);
    if (status == MG_OK && !arrays) status = MG_ERR_NO_MEMORY;
    if (status == MG_OK) status = read_at(&z, z.directory, directory, (size_t)z.directory_bytes);
    if (status == MG_OK) status = read_members(&z, directory, arrays, count);
    mgr_free(directory);
    fclose(z.file);
    if (status == MG_OK) {
        *out = arrays;
    } else {
        mgr_npz_free(arrays, *count);
        *count = 0;
    }
    return status;
}

void mgr_npz_free(mgr_npy_array *arrays, size_t count) {
    for (size_t i = 0; i < count; i++) {
        mgr_free(arrays[i].name);
        mgr_free(arrays[i].data);
    }
    mgr_free(arrays);
}

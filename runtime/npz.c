/* SPDX-License-Identifier: MIT
 * Reading .npz files: the zip's central directory, then each .npy member through npy.c. Knows zip64, STORED and
 * deflated members; not encryption, not archives in several parts. Every number in the file is checked against its size
 * before it is used. */
#include "runtime/npy.h"

#include <stdio.h>
#include <stdlib.h>
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
    mgr_input input;
    uint64_t directory, directory_bytes, entries;
    mgr_crc32_tables tables;
} zip;

typedef struct entry {
    uint64_t packed, unpacked, offset;
    uint32_t crc;
    unsigned flags, method;
    const char *name; /* not terminated, in the directory */
    size_t name_bytes;
    uint64_t place; /* of this entry */
} entry;

static uint64_t get(const unsigned char *p, int width) {
    uint64_t value = 0;
    for (int i = 0; i < width; i++) value |= (uint64_t)p[i] << 8 * i;
    return value;
}

static mg_status bad(const zip *z, uint64_t offset, const char *what) {
    return mgr_fail(MG_ERR_FORMAT, "load", "%s: offset %llu: %s", z->input.path, (unsigned long long)offset, what);
}

/* `bytes` bytes at `offset`, where the file had them when it was opened. */
static mg_status read_at(zip *z, uint64_t offset, void *out, size_t bytes) {
    size_t got = 0;
    z->input.at = offset;
    MGR_TRY(mgr_input_read(&z->input, out, bytes, &got));
    if (got < bytes) return bad(z, offset + got, "the file ends here; it was longer when it was opened");
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
    uint64_t span = z->input.size < END_BYTES + COMMENT_LIMIT ? z->input.size : END_BYTES + COMMENT_LIMIT;
    if (span < END_BYTES) return bad(z, 0, "expected a zip file, which has at least 22 bytes");
    unsigned char *tail = mgr_alloc((size_t)span);
    if (!tail) return MG_ERR_NO_MEMORY;
    mg_status status = read_at(z, z->input.size - span, tail, (size_t)span);
    bool found = false;
    for (uint64_t i = span - END_BYTES + 1; status == MG_OK && !found && i-- > 0;)
        if (get(tail + i, 4) == 0x06054b50 && get(tail + i + 20, 2) == span - i - END_BYTES) {
            found = true;
            status = read_end(z, z->input.size - span + i, tail + i);
        }
    mgr_free(tail);
    if (status == MG_OK && !found)
        return bad(z, z->input.size, "expected the end record of a zip file before this place");
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
                 .name_bytes = (size_t)get(p + 28, 2),
                 .place = at};
    *bytes = ENTRY_BYTES + e->name_bytes + extra + (size_t)get(p + 32, 2);
    if (*bytes > left) return bad(z, at, "expected an entry that ends inside the central directory");
    return read_zip64(z, at, p + ENTRY_BYTES + e->name_bytes, extra, e);
}

/* Where the member's bytes begin: behind its local header, whose name and extra field may differ in length. */
static mg_status find_data(zip *z, const entry *e, mgr_npy_stream *s) {
    unsigned char local[LOCAL_BYTES];
    s->base = e->offset;
    if (e->flags & 1) return mgr_npy_stream_bad(s, 0, "encrypted; expected a member that is not");
    if (e->method != 0 && e->method != 8)
        return mgr_npy_stream_bad(s, 0, "packed by method %u; expected a stored or deflated member", e->method);
    if (e->offset > z->directory || z->directory - e->offset < LOCAL_BYTES)
        return mgr_npy_stream_bad(s, 0, "expected a member that lies before the central directory");
    MGR_TRY(read_at(z, e->offset, local, sizeof local));
    if (get(local, 4) != 0x04034b50) return mgr_npy_stream_bad(s, 0, "expected the local header of a member");
    uint64_t begin = e->offset + LOCAL_BYTES + get(local + 26, 2) + get(local + 28, 2);
    if (begin > z->directory || z->directory - begin < e->packed)
        return mgr_npy_stream_bad(s, 0, "expected a member that ends before the central directory");
    if (e->method == 0 && e->packed != e->unpacked)
        return mgr_npy_stream_bad(s, 0, "expected equal sizes of a stored member, packed and not");
    if (e->method == 8 && e->unpacked / 1032 > e->packed + 1) /* deflate cannot pack better than that */
        return mgr_npy_stream_bad(s, 0, "expected a size that the packed bytes can unpack to");
    s->base = begin;
    z->input.at = begin;
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

static mg_status take_name(const entry *e, mgr_npy_array *out) {
    *out = (mgr_npy_array){.name = mgr_alloc(e->name_bytes)};
    if (!out->name) return MG_ERR_NO_MEMORY;
    memcpy(out->name, e->name, e->name_bytes - 4);
    out->name[e->name_bytes - 4] = '\0'; /* ".npy" is not part of it */
    return MG_OK;
}

static mg_status read_member(zip *z, const entry *e, mgr_npy_array *out) {
    mgr_npy_array named;
    MGR_TRY(take_name(e, &named));
    char *name = named.name;
    mgr_npy_stream s = {.input = &z->input, .member = name, .size = e->unpacked, .tables = &z->tables};
    mg_status status = find_data(z, e, &s);
    if (status == MG_OK && e->method == 8 && !(s.inflate = mgr_inflate_new(&s, e->packed))) status = mgr_error();
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

/* A member's entry, and what the walk is for. */
typedef mg_status visitor(zip *z, const entry *e, void *context);

static mg_status for_each_array(zip *z, const unsigned char *directory, visitor *visit, void *context) {
    uint64_t at = 0;
    for (uint64_t i = 0; i < z->entries; i++) {
        entry e;
        size_t bytes = 0;
        MGR_TRY(read_entry(z, z->directory + at, directory + at, z->directory_bytes - at, &e, &bytes));
        at += bytes;
        if (is_array(&e)) MGR_TRY(visit(z, &e, context)); /* as numpy.load: other files are not ours */
    }
    return MG_OK;
}

/* Open the archive, read its directory, and let `use` do with them what it is for. A pipe is taken into memory first.
 */
static mg_status with_directory(const char *path, mg_status (*use)(zip *z, const unsigned char *directory, void *),
                                void *context) {
    zip z = {0};
    MGR_TRY(mgr_input_open(&z.input, path));
    mgr_crc32_prepare(&z.tables);
    mg_status status = mgr_input_hold(&z.input, "PK");
    if (status == MG_OK) status = find_end(&z);
    unsigned char *directory = status == MG_OK ? mgr_alloc((size_t)z.directory_bytes + 1) : NULL;
    if (status == MG_OK && !directory) status = MG_ERR_NO_MEMORY;
    if (status == MG_OK) status = read_at(&z, z.directory, directory, (size_t)z.directory_bytes);
    if (status == MG_OK) status = use(&z, directory, context);
    mgr_free(directory);
    mgr_input_close(&z.input);
    return status;
}

/* ---- all members ---- */

typedef struct all_members {
    bool names_only;
    entry *entries;
    size_t found;
    mgr_npy_array *arrays;
    size_t count;
} all_members;

static int by_name(const void *a, const void *b) {
    const entry *x = a, *y = b;
    int order = memcmp(x->name, y->name, x->name_bytes < y->name_bytes ? x->name_bytes : y->name_bytes);
    if (order != 0) return order;
    if (x->name_bytes != y->name_bytes) return x->name_bytes < y->name_bytes ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

static int by_place(const void *a, const void *b) {
    const entry *x = a, *y = b;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* Of several entries with one name the last is meant. */
static void drop_hidden(all_members *all) {
    size_t kept = 0;
    qsort(all->entries, all->found, sizeof *all->entries, by_name);
    for (size_t i = 0; i < all->found; i++) {
        const entry *e = &all->entries[i], *next = e + 1;
        bool hidden =
            i + 1 < all->found && next->name_bytes == e->name_bytes && memcmp(next->name, e->name, e->name_bytes) == 0;
        if (!hidden) all->entries[kept++] = *e;
    }
    all->found = kept;
    qsort(all->entries, all->found, sizeof *all->entries, by_place);
}

static mg_status collect(zip *z, const entry *e, void *context) {
    all_members *all = context;
    if (memchr(e->name, '\0', e->name_bytes)) return bad(z, e->place, "expected a member's name without zero bytes");
    all->entries[all->found++] = *e;
    return MG_OK;
}

/* Members that share their bytes could ask for a thousand times the memory that the file has. */
static mg_status check_overlap(const zip *z, const all_members *all) {
    uint64_t left = z->directory;
    for (size_t i = 0; i < all->found; i++) {
        const entry *e = &all->entries[i];
        if (left < LOCAL_BYTES || left - LOCAL_BYTES < e->packed)
            return bad(z, e->place, "expected members that do not overlap, but their sizes come to more than the file");
        left -= LOCAL_BYTES + e->packed;
    }
    return MG_OK;
}

static mg_status read_found(zip *z, const unsigned char *directory, all_members *all) {
    MGR_TRY(for_each_array(z, directory, collect, all));
    drop_hidden(all);
    if (!all->names_only) MGR_TRY(check_overlap(z, all));
    all->arrays = mgr_alloc((all->found + 1) * sizeof *all->arrays);
    if (!all->arrays) return MG_ERR_NO_MEMORY;
    for (; all->count < all->found; all->count++) {
        const entry *e = &all->entries[all->count];
        mgr_npy_array *array = &all->arrays[all->count];
        MGR_TRY(all->names_only ? take_name(e, array) : read_member(z, e, array));
    }
    return MG_OK;
}

static mg_status read_all(zip *z, const unsigned char *directory, void *context) {
    all_members *all = context;
    all->entries = mgr_alloc(((size_t)z->entries + 1) * sizeof *all->entries);
    mg_status status = all->entries ? read_found(z, directory, all) : MG_ERR_NO_MEMORY;
    mgr_free(all->entries);
    return status;
}

static mg_status give_all(const char *path, bool names_only, mgr_npy_array **out, size_t *count) {
    all_members all = {.names_only = names_only};
    mg_status status = with_directory(path, read_all, &all);
    if (status != MG_OK) mgr_npz_free(all.arrays, all.count);
    *out = status == MG_OK ? all.arrays : NULL;
    *count = status == MG_OK ? all.count : 0;
    return status;
}

mg_status mgr_npz_read(const char *path, mgr_npy_array **out, size_t *count) {
    return give_all(path, false, out, count);
}

mg_status mgr_npz_names(const char *path, mgr_npy_array **out, size_t *count) {
    return give_all(path, true, out, count);
}

/* ---- one member ---- */

typedef struct one_member {
    const char *name;
    mgr_npy_array *out;
    entry found; /* the last of that name: it hides those before it */
    bool any;
    char names[256]; /* "a, b, c" for the message, cut where it ends */
    size_t used;
} one_member;

static void list_name(one_member *one, const entry *e) {
    const size_t bytes = e->name_bytes - 4, comma = one->used > 0 ? 2 : 0;
    const size_t room = sizeof one->names - sizeof ", ...";
    if (one->used > room) return;
    if (one->used + comma + bytes > room) {
        snprintf(one->names + one->used, sizeof ", ...", "%s...", one->used > 0 ? ", " : "");
        one->used = sizeof one->names;
        return;
    }
    memcpy(one->names + one->used, ", ", comma);
    memcpy(one->names + one->used + comma, e->name, bytes);
    one->used += comma + bytes;
    one->names[one->used] = '\0';
}

static mg_status look_at(zip *z, const entry *e, void *context) {
    one_member *one = context;
    (void)z;
    if (strlen(one->name) == e->name_bytes - 4 && memcmp(one->name, e->name, e->name_bytes - 4) == 0) {
        one->found = *e;
        one->any = true;
    }
    list_name(one, e);
    return MG_OK;
}

static mg_status read_one(zip *z, const unsigned char *directory, void *context) {
    one_member *one = context;
    MGR_TRY(for_each_array(z, directory, look_at, one));
    if (!one->any)
        return mgr_fail(MG_ERR_INDEX, "load", "%s has no member \"%s\"; it has: %s", z->input.path, one->name,
                        one->used > 0 ? one->names : "no arrays");
    return read_member(z, &one->found, one->out);
}

mg_status mgr_npz_read_member(const char *path, const char *name, mgr_npy_array *out) {
    one_member one = {.name = name, .out = out};
    return with_directory(path, read_one, &one);
}

void mgr_npz_free(mgr_npy_array *arrays, size_t count) {
    for (size_t i = 0; i < count; i++) {
        mgr_free(arrays[i].name);
        mgr_free(arrays[i].data);
    }
    mgr_free(arrays);
}

/* SPDX-License-Identifier: MIT
 * One array in NumPy's .npy format: reading from a stream, byte order, Fortran order; and whole .npy files. The
 * header's text is npy_header.c's business, zip files are npz.c's. */
#include "runtime/npy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/atomic_file.h"
#include "runtime/memory.h"
#include "runtime/npy_header.h"
#include "runtime/sizes.h"
#include "runtime/status.h"

/* NumPy's own headers are below 1 KiB for anything with a plain dtype. */
#define HEADER_LIMIT (1u << 20)

mg_status mgr_npy_stream_fail(const mgr_npy_stream *stream, mg_status code, uint64_t at, const char *format, ...) {
    char sentence[MGR_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    const char *open = stream->member ? " (member " : "", *close = stream->member ? ")" : "";
    const char *member = stream->member ? stream->member : "";
    uint64_t place = stream->inflate ? at : stream->base + at; /* a deflated byte has no place of its own */
    return mgr_fail(code, "load", "%s%s%s%s: offset %llu: %s", stream->input->path, open, member, close,
                    (unsigned long long)place, sentence);
}

/* The next bytes of `what`, of which `more` follow later: messages count them all. */
static mg_status read_part(mgr_npy_stream *stream, void *out, size_t bytes, size_t more, const char *what) {
    if (bytes > stream->size - stream->offset)
        return mgr_npy_stream_bad(stream, stream->offset, "expected %zu bytes of %s, but only %llu are there",
                                  bytes + more, what, (unsigned long long)(stream->size - stream->offset));
    if (bytes == 0) return MG_OK;
    if (stream->inflate) {
        MGR_TRY(mgr_inflate_read(stream, out, bytes));
    } else {
        size_t got = 0;
        MGR_TRY(mgr_input_read(stream->input, out, bytes, &got));
        if (got < bytes)
            return mgr_npy_stream_bad(stream, stream->offset + got, "expected %zu more bytes of %s, but the file ends",
                                      bytes - got + more, what);
    }
    if (stream->tables) stream->crc = mgr_crc32(stream->tables, stream->crc, out, bytes);
    stream->offset += bytes;
    return MG_OK;
}

mg_status mgr_npy_stream_read(mgr_npy_stream *stream, void *out, size_t bytes, const char *what) {
    return read_part(stream, out, bytes, 0, what);
}

/* The dictionary behind magic and version, into `header`. */
static mg_status read_header(mgr_npy_stream *s, mgr_npy_header *header) {
    unsigned char b[8];
    uint64_t start = s->offset;
    MGR_TRY(mgr_npy_stream_read(s, b, 8, "magic string and version"));
    if (memcmp(b, "\x93NUMPY", 6) != 0) return mgr_npy_stream_bad(s, start, "expected the magic string \\x93NUMPY");
    if (b[6] < 1 || b[6] > 3)
        return mgr_npy_stream_bad(s, start + 6, "expected version 1, 2 or 3, found %u.%u", b[6], b[7]);
    size_t width = b[6] == 1 ? 2 : 4, length = 0;
    MGR_TRY(mgr_npy_stream_read(s, b, width, "header length"));
    for (size_t i = 0; i < width; i++) length |= (size_t)b[i] << 8 * i;
    if (length > HEADER_LIMIT)
        return mgr_npy_stream_bad(s, s->offset - width, "expected a header below %u bytes, found %zu", HEADER_LIMIT,
                                  length);
    if (length > s->size - s->offset)
        return mgr_npy_stream_bad(s, s->offset, "expected %zu bytes of header, but only %llu are there", length,
                                  (unsigned long long)(s->size - s->offset));
    char *text = mgr_alloc(length + 1);
    if (!text) return MG_ERR_NO_MEMORY;
    uint64_t base = s->offset;
    mg_status status = mgr_npy_stream_read(s, text, length, "header");
    if (status == MG_OK) status = mgr_npy_parse_header(s, base, text, length, header);
    mgr_free(text);
    return status;
}

/* Bytes of the data; checked against what is there, so that a wrong header cannot make us allocate. */
static mg_status data_bytes(const mgr_npy_stream *s, const mgr_npy_header *h, size_t *out) {
    uint64_t bytes = mg_dtype_size(h->dtype), left = s->size - s->offset;
    bool empty = false;
    for (int i = 0; i < h->ndim; i++) {
        if (h->dims[i] == 0) empty = true;
        uint64_t dim = h->dims[i] == 0 ? 1 : (uint64_t)h->dims[i];
        if (bytes > (uint64_t)INT64_MAX / dim)
            return mgr_npy_stream_bad(s, s->offset, "expected an array below 2^63 bytes in all");
        bytes *= dim;
    }
    if (empty) bytes = 0;
    if (bytes > left)
        return mgr_npy_stream_bad(s, s->offset, "expected %llu bytes of data, but only %llu are there",
                                  (unsigned long long)bytes, (unsigned long long)left);
    *out = (size_t)bytes;
    return MG_OK;
}

static void swap_bytes(unsigned char *p, size_t bytes, size_t item) {
    for (size_t start = 0; start < bytes; start += item)
        for (size_t i = start, j = start + item - 1; i < j; i++, j--) {
            unsigned char c = p[i];
            p[i] = p[j];
            p[j] = c;
        }
}

/* from: first axis fastest; to: last axis fastest. Walks `to` in order and keeps the element number in `from`. */
static void to_c_order(unsigned char *to, const unsigned char *from, const mgr_npy_header *h, size_t bytes,
                       size_t item) {
    int64_t index[MG_MAX_NDIM] = {0}, stride[MG_MAX_NDIM];
    int64_t step = 1, at = 0;
    for (int i = 0; i < h->ndim; i++) {
        stride[i] = step;
        step *= h->dims[i];
    }
    for (size_t done = 0; done < bytes; done += item) {
        memcpy(to + done, from + (size_t)at * item, item);
        for (int i = h->ndim - 1; i >= 0; i--) {
            at += stride[i];
            if (++index[i] < h->dims[i]) break;
            at -= stride[i] * h->dims[i];
            index[i] = 0;
        }
    }
}

static mg_status reorder(void **data, const mgr_npy_header *h, size_t bytes, size_t item) {
    void *ordered = mgr_alloc(bytes);
    if (!ordered) return MG_ERR_NO_MEMORY;
    to_c_order(ordered, *data, h, bytes, item);
    mgr_free(*data);
    *data = ordered;
    return MG_OK;
}

/* Bytes that lie in a file are certain; those of a pipe, or packed, get memory as they arrive. */
static mg_status read_data(mgr_npy_stream *stream, size_t bytes, void **out) {
    bool certain = !stream->inflate && stream->size != UINT64_MAX;
    size_t room = certain || bytes < MGR_INPUT_BYTES ? bytes : MGR_INPUT_BYTES, done = 0;
    for (;;) {
        unsigned char *larger = mgr_alloc(room ? room : 1);
        if (!larger) return MG_ERR_NO_MEMORY;
        if (done > 0) memcpy(larger, *out, done);
        mgr_free(*out);
        *out = larger;
        MGR_TRY(read_part(stream, larger + done, room - done, bytes - room, "data"));
        if (room == bytes) return MG_OK;
        done = room;
        room = room > bytes / 2 ? bytes : 2 * room;
    }
}

mg_status mgr_npy_read_array(mgr_npy_stream *stream, mgr_npy_array *out) {
    mgr_npy_header h = {0};
    size_t bytes = 0;
    MGR_TRY(read_header(stream, &h));
    MGR_TRY(data_bytes(stream, &h, &bytes));
    void *data = NULL;
    size_t item = mg_dtype_size(h.dtype);
    mg_status status = read_data(stream, bytes, &data);
    if (status == MG_OK && h.swapped) swap_bytes(data, bytes, item);
    if (status == MG_OK && h.fortran && h.ndim > 1 && bytes > item) status = reorder(&data, &h, bytes, item);
    if (status != MG_OK) {
        mgr_free(data);
        return status;
    }
    if (h.dtype == MG_BOOL) /* one byte, 0 or 1: the library's kernels rely on it */
        for (size_t i = 0; i < bytes; i++) ((unsigned char *)data)[i] = ((unsigned char *)data)[i] != 0;
    *out = (mgr_npy_array){.dtype = h.dtype, .ndim = h.ndim, .data = data};
    memcpy(out->dims, h.dims, sizeof out->dims);
    return MG_OK;
}

mg_status mgr_npy_read(const char *path, mgr_npy_array *out) {
    *out = (mgr_npy_array){0};
    mgr_input input;
    MGR_TRY(mgr_input_open(&input, path));
    mgr_npy_stream stream = {.input = &input, .size = input.size};
    mg_status status = mgr_npy_read_array(&stream, out);
    mgr_input_close(&input);
    return status;
}

mg_status mgr_npy_write(const char *path, const mgr_npy_array *array) {
    char header[MGR_NPY_HEADER_BYTES];
    size_t header_bytes = 0;
    uint64_t bytes = 0;
    MGR_TRY(mgr_npy_format_header(array, header, &header_bytes, &bytes));
    mgr_atomic_file file;
    MGR_TRY(mgr_atomic_file_begin(&file, path));
    mg_status status = mgr_atomic_file_write(&file, header, header_bytes);
    if (status == MG_OK) status = mgr_atomic_file_write(&file, array->data, (size_t)bytes);
    return mgr_atomic_file_end(&file, status);
}

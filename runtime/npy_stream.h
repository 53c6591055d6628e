/* SPDX-License-Identifier: MIT
 * What npy.c and npz.c share: a run of bytes in a file (a whole .npy, or one member of a .npz, inflated if need be),
 * and the reading of one array from it. */
#ifndef MGR_NPY_STREAM_H
#define MGR_NPY_STREAM_H

#include "runtime/crc32.h"
#include "runtime/input_file.h"
#include "runtime/npy.h"

typedef struct mgr_inflate mgr_inflate;

typedef struct mgr_npy_stream {
    mgr_input *input;               /* stands at the next byte */
    const char *member;             /* NULL for a .npy file */
    uint64_t base;                  /* where in the file the run begins; messages count from there when deflated */
    uint64_t offset, size;          /* bytes delivered, bytes there are (UINT64_MAX: of a pipe, not known) */
    mgr_inflate *inflate;           /* NULL: bytes are as stored */
    const mgr_crc32_tables *tables; /* NULL: no checksum */
    uint32_t crc;
} mgr_npy_stream;

/* The next `bytes` bytes, or an error that names file, offset and `what` was expected. */
mg_status mgr_npy_stream_read(mgr_npy_stream *stream, void *out, size_t bytes, const char *what);

/* An error for something found at byte `at` of the run: names file, member and place. */
mg_status mgr_npy_stream_fail(const mgr_npy_stream *stream, mg_status code, uint64_t at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
#define mgr_npy_stream_bad(stream, at, ...) mgr_npy_stream_fail(stream, MG_ERR_FORMAT, at, __VA_ARGS__)

/* One array; *out is set (name NULL) only on success. */
mg_status mgr_npy_read_array(mgr_npy_stream *stream, mgr_npy_array *out);

/* npz_inflate.c: a member that was deflated to `bytes` bytes. NULL with an error set, also in a build without zlib. */
mgr_inflate *mgr_inflate_new(mgr_npy_stream *stream, uint64_t bytes);
mg_status mgr_inflate_read(mgr_npy_stream *stream, void *out, size_t bytes);
void mgr_inflate_free(mgr_inflate *inflate);

#endif

/* SPDX-License-Identifier: MIT
 * The text part of a .npy header, parsed and written. */
#ifndef MGR_NPY_HEADER_H
#define MGR_NPY_HEADER_H

#include "runtime/npy_stream.h"

typedef struct mgr_npy_header {
    mg_dtype dtype;
    bool swapped; /* the other byte order */
    bool fortran;
    int ndim;
    int64_t dims[MG_MAX_NDIM];
} mgr_npy_header;

/* text[0..length) stands at offset `base` of the stream. FORMAT and TYPE errors. */
mg_status mgr_npy_parse_header(const mgr_npy_stream *stream, uint64_t base, const char *text, size_t length,
                               mgr_npy_header *header);

/* The magic string, version and header of an array; at most MGR_NPY_HEADER_BYTES, the length in *bytes. Checks the
 * array's fields; *data_bytes is the size of its data. */
#define MGR_NPY_HEADER_BYTES 1024
mg_status mgr_npy_format_header(const mgr_npy_array *array, char *header, size_t *bytes, uint64_t *data_bytes);

#endif

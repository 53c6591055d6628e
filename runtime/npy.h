/* SPDX-License-Identifier: MIT
 * NumPy's .npy and .npz files: reading (either byte order, C or Fortran order, versions 1 to 3, STORED and deflated
 * members) and writing (version 1.0, C order, little-endian, STORED). Arrays only; tensors are made above. Files are
 * replaced atomically (temporary file, fsync, rename). */
#ifndef MGR_NPY_H
#define MGR_NPY_H

#include "mygrad/base.h"

typedef struct mgr_npy_array {
    char *name; /* member name without ".npy"; NULL for a .npy file */
    mg_dtype dtype;
    int ndim;
    int64_t dims[MG_MAX_NDIM];
    void *data; /* C order, native bytes; owned (mgr_free) */
} mgr_npy_array;

/* One array; reading takes pipes too. Errors (IO, FORMAT, TYPE, VALUE for what is neither file nor pipe) name the file,
 * the byte offset and what was expected. On error nothing is allocated. */
mg_status mgr_npy_read(const char *path, mgr_npy_array *out);
mg_status mgr_npy_write(const char *path, const mgr_npy_array *array);

/* All members, in file order; of several with one name only the last, as Python's zipfile. *out is an array of *count,
 * freed by mgr_npz_free. Data that are freed before are set to NULL. The second: names only, no data. */
mg_status mgr_npz_read(const char *path, mgr_npy_array **out, size_t *count);
mg_status mgr_npz_names(const char *path, mgr_npy_array **out, size_t *count);
/* One member, without reading any other; of several with that name the last, as Python's zipfile. MG_ERR_INDEX names
 * those that there are. mgr_free name and data. */
mg_status mgr_npz_read_member(const char *path, const char *name, mgr_npy_array *out);
/* Names are UTF-8, not empty, of at most 65,000 bytes, all different: else MG_ERR_VALUE, which says so of `op`. */
mg_status mgr_npz_check_names(const char *op, const char *const *names, size_t n);
mg_status mgr_npz_write(const char *path, const mgr_npy_array *arrays, size_t count);
void mgr_npz_free(mgr_npy_array *arrays, size_t count);

#endif

/* SPDX-License-Identifier: MIT
 * Tensors to and from NumPy's files. The formats are runtime/npy's. */
#include <string.h>

#include "autodiff/flush.h"
#include "autodiff/handle.h"
#include "mygrad/runtime.h"
#include "runtime/npy.h"

/* x's value, packed, described for the writer; the node has one count for the caller. */
static mga_node *describe(const char *op, mg_tensor *x, mgr_npy_array *array) {
    mga_node *node = mga_value(op, x), *packed = node ? mga_contiguous(node) : NULL;
    if (!packed) return NULL;
    array->dtype = (mg_dtype)packed->dtype;
    array->ndim = packed->shape->ndim;
    memcpy(array->dims, packed->shape->dims, (size_t)array->ndim * sizeof(int64_t));
    array->data = mga_data(packed);
    return packed;
}

static mg_status check_path(const char *op, const char *path) {
    MGR_TRY(mgr_error());
    return path ? MG_OK : mgr_fail(MG_ERR_VALUE, op, "path is NULL");
}

mg_status mg_save_npy(const char *path, mg_tensor *x) {
    MGR_TRY(check_path("save_npy", path));
    mgr_npy_array array = {0};
    mga_node *node = describe("save_npy", x, &array);
    if (!node) return mgr_error();
    mg_status status = mgr_npy_write(path, &array);
    mga_node_release(node);
    return status;
}

static mg_status check_names(size_t n, const char *const *names) {
    for (size_t i = 0; i < n; i++) {
        if (!names[i] || !names[i][0]) {
            return mgr_fail(MG_ERR_VALUE, "save_npz", "name %zu of %zu is %s", i, n, names[i] ? "empty" : "NULL");
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(names[i], names[j]) != 0) continue;
            return mgr_fail(MG_ERR_VALUE, "save_npz", "names %zu and %zu are both \"%s\"", j, i, names[i]);
        }
    }
    return MG_OK;
}

mg_status mg_save_npz(const char *path, size_t n, const char *const *names, mg_tensor *const *tensors) {
    MGR_TRY(check_path("save_npz", path));
    if (n > 0 && (!names || !tensors))
        return mgr_fail(MG_ERR_VALUE, "save_npz", "%s is NULL, and n is %zu", names ? "tensors" : "names", n);
    MGR_TRY(check_names(n, names));
    mgr_npy_array *arrays = mgr_alloc((n + 1) * sizeof *arrays);
    mga_node **nodes = arrays ? mgr_alloc((n + 1) * sizeof *nodes) : NULL;
    mg_status status = nodes ? MG_OK : mgr_error();
    size_t described = 0;
    while (status == MG_OK && described < n) {
        memset(&arrays[described], 0, sizeof *arrays);
        nodes[described] = describe("save_npz", tensors[described], &arrays[described]);
        if (!nodes[described]) {
            status = mgr_error();
            break;
        }
        arrays[described].name = (char *)(uintptr_t)names[described]; /* the writer only reads it */
        described++;
    }
    if (status == MG_OK) status = mgr_npz_write(path, arrays, n);
    for (size_t i = 0; i < described; i++) mga_node_release(nodes[i]);
    mgr_free(nodes);
    mgr_free(arrays);
    return status;
}

static mg_tensor *tensor_of(const mgr_npy_array *array) {
    return mg_from_data(array->dtype, array->data, mg_shape_of(array->ndim, array->dims));
}

mg_tensor *mg_load_npy(const char *path) {
    if (check_path("load_npy", path) != MG_OK) return NULL;
    mgr_npy_array array = {0};
    if (mgr_npy_read(path, &array) != MG_OK) return NULL;
    mg_tensor *tensor = tensor_of(&array);
    mgr_free(array.data);
    return tensor;
}

mg_tensor *mg_load_npz(const char *path, const char *name) {
    if (check_path("load_npz", path) != MG_OK) return NULL;
    if (!name) {
        mgr_fail(MG_ERR_VALUE, "load_npz", "name is NULL");
        return NULL;
    }
    mgr_npy_array array = {0};
    if (mgr_npz_read_member(path, name, &array) != MG_OK) return NULL;
    mg_tensor *tensor = tensor_of(&array);
    mgr_free(array.name);
    mgr_free(array.data);
    return tensor;
}

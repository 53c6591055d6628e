/* SPDX-License-Identifier: MIT
 * Tensors to and from NumPy's files. The formats are runtime/npy's. */
#include <stdio.h>
#include <stdlib.h>
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
    if (path && path[0]) return MG_OK;
    return mgr_fail(MG_ERR_VALUE, op, "path is %s", path ? "empty" : "NULL");
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

mg_status mg_save_npz(const char *path, size_t n, const char *const *names, mg_tensor *const *tensors) {
    MGR_TRY(check_path("save_npz", path));
    if (n > 0 && (!names || !tensors))
        return mgr_fail(MG_ERR_VALUE, "save_npz", "%s is NULL, and n is %zu", names ? "tensors" : "names", n);
    MGR_TRY(mgr_npz_check_names("save_npz", names, n));
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

/* ---- whole files ---- */

/* What a mg_npz is the beginning of: one block, with the lists and the names' text behind it. */
typedef struct npz_block {
    mg_npz shown;
    const char *const **sorted; /* places in shown.names, by name */
} npz_block;

static int by_name(const void *a, const void *b) {
    return strcmp(**(const char *const *const *)a, **(const char *const *const *)b);
}

static npz_block *make_block(const mgr_npy_array *arrays, size_t count, bool names_only) {
    size_t text = 0, lists = names_only ? 2 : 3;
    for (size_t i = 0; i < count; i++) text += strlen(arrays[i].name) + 1;
    npz_block *block = mgr_alloc(sizeof *block + lists * count * sizeof(void *) + text);
    if (!block) return NULL;
    const char **names = (const char **)(block + 1);
    const char *const **sorted = (const char *const **)(names + count);
    mg_tensor **tensors = (mg_tensor **)(sorted + count);
    char *at = (char *)(names + lists * count);
    *block = (npz_block){{count, names, names_only ? NULL : tensors}, sorted};
    for (size_t i = 0; i < count; i++) {
        size_t bytes = strlen(arrays[i].name) + 1;
        names[i] = memcpy(at, arrays[i].name, bytes);
        sorted[i] = &names[i];
        at += bytes;
    }
    qsort(sorted, count, sizeof *sorted, by_name);
    return block;
}

/* All tensors or none; each array goes when its tensor is there. */
static mg_status make_tensors(mgr_npy_array *arrays, size_t count, mg_tensor **tensors) {
    for (size_t i = 0; i < count; i++) {
        tensors[i] = tensor_of(&arrays[i]);
        if (!tensors[i]) {
            while (i > 0) mg_release(tensors[--i]);
            return mgr_error();
        }
        mgr_free(arrays[i].data);
        arrays[i].data = NULL;
    }
    return MG_OK;
}

static mg_npz *load_all(const char *op, const char *path, bool names_only) {
    mgr_npy_array *arrays = NULL;
    size_t count = 0;
    if (check_path(op, path) != MG_OK) return NULL;
    if ((names_only ? mgr_npz_names : mgr_npz_read)(path, &arrays, &count) != MG_OK) return NULL;
    npz_block *block = make_block(arrays, count, names_only);
    if (block && !names_only && make_tensors(arrays, count, (mg_tensor **)(uintptr_t)block->shown.tensors) != MG_OK) {
        mgr_free(block);
        block = NULL;
    }
    mgr_npz_free(arrays, count);
    return block ? &block->shown : NULL;
}

mg_npz *mg_load_npz_all(const char *path) { return load_all("load_npz_all", path, false); }

mg_npz *mg_npz_names(const char *path) { return load_all("npz_names", path, true); }

void mg_npz_free(mg_npz *npz) { mgr_free(npz); }

/* "a, b, c", cut where there is no more room. */
static void list_names(const mg_npz *npz, char *out, size_t bytes) {
    size_t used = 0;
    snprintf(out, bytes, "no arrays");
    for (size_t i = 0; i < npz->count; i++) {
        size_t n = strlen(npz->names[i]), comma = i > 0 ? 2 : 0;
        if (used + comma + n + sizeof ", ..." > bytes) {
            snprintf(out + used, bytes - used, "%s...", i > 0 ? ", " : "");
            return;
        }
        used += (size_t)snprintf(out + used, bytes - used, "%s%s", i > 0 ? ", " : "", npz->names[i]);
    }
}

mg_tensor *mg_npz_find(const mg_npz *npz, const char *name) {
    if (mgr_error() != MG_OK) return NULL;
    if (!npz || !name || (npz->count > 0 && !npz->tensors)) {
        mgr_fail(MG_ERR_VALUE, "npz_find", "%s", !npz ? "npz is NULL" : !name ? "name is NULL" : "npz has names only");
        return NULL;
    }
    const npz_block *block = (const npz_block *)npz;
    const char *const *wanted = &name, *const **found = NULL;
    if (npz->count > 0) found = bsearch(&wanted, block->sorted, npz->count, sizeof *block->sorted, by_name);
    if (found) return npz->tensors[*found - npz->names];
    char names[256];
    list_names(npz, names, sizeof names);
    mgr_fail(MG_ERR_INDEX, "npz_find", "no member \"%.200s\"; there are: %s", name, names);
    return NULL;
}

/* SPDX-License-Identifier: MIT
 * Tensors to NumPy files and back. What is in the files is tests/runtime's concern; here: views, dtypes, names, errors.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nnet_check.h"

/* A path of this process in the temporary directory; in a static buffer per slot. */
static const char *path_of(int slot, const char *suffix) {
    static char paths[2][256];
    const char *dir = getenv("TMPDIR");
    snprintf(paths[slot], sizeof paths[slot], "%s/mygrad-io-%ld-%d%s", dir ? dir : "/tmp", (long)getpid(), slot,
             suffix);
    return paths[slot];
}

static void check_same(mg_tensor *a, mg_tensor *b) {
    CHECK_MSG(a && b, "%s", mg_take_error().message);
    CHECK_EQ_I64(mg_dtype_of(a), mg_dtype_of(b));
    CHECK_EQ_I64(mg_ndim(a), mg_ndim(b));
    for (int i = 0; i < mg_ndim(a); i++) CHECK_EQ_I64(mg_dim(a, i), mg_dim(b, i));
    double *x = nnet_read(a), *y = nnet_read(b);
    for (int64_t i = 0; i < mg_size(a); i++) CHECK_BITS_F64(x[i], y[i]);
    free(x), free(y);
}

MG_TEST(io, npy_round_trips) {
    static const mg_dtype dtypes[] = {MG_BOOL, MG_I8,  MG_I16, MG_I32, MG_I64, MG_U8,
                                      MG_U16,  MG_U32, MG_U64, MG_F16, MG_F32, MG_F64};
    const char *path = path_of(0, ".npy");
    mg_test_rng rng = mg_test_rng_new();
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        MG_SCOPE;
        mg_tensor *x = mg_astype(mg_multiply(nnet_random(&rng, MG_SHAPE(3, 4)), mg_scalar(20)), dtypes[i]);
        mg_tensor *view = mg_transpose(mg_getitem(x, MG_KEY(MG_S(MG_NONE, MG_NONE, -1))), (mg_axes){0});
        CHECK_MSG(mg_save_npy(path, view) == MG_OK, "%s", mg_take_error().message);
        mg_tensor *back = mg_load_npy(path);
        check_same(back, view);
        CHECK(mg_is_constant(back) == !mg_dtype_is_float(dtypes[i]));
    }
    unlink(path);
}

MG_TEST(io, scalars_and_empties) {
    MG_SCOPE;
    const char *path = path_of(0, ".npy");
    mg_tensor *x[] = {mg_full(MG_SHAPE0, 2.5), mg_zeros(MG_SHAPE(0, 3))};
    for (int i = 0; i < 2; i++) {
        CHECK(mg_save_npy(path, x[i]) == MG_OK);
        check_same(mg_load_npy(path), x[i]);
    }
    unlink(path);
}

MG_TEST(io, npz_members) {
    MG_SCOPE;
    const char *path = path_of(0, ".npz");
    mg_tensor *tensors[2] = {mg_ones(MG_SHAPE(2, 2)), mg_from_i64((int64_t[]){7, -7}, MG_SHAPE(2))};
    const char *names[2] = {"weight", "step"};
    CHECK_MSG(mg_save_npz(path, 2, names, tensors) == MG_OK, "%s", mg_take_error().message);
    for (int i = 0; i < 2; i++) check_same(mg_load_npz(path, names[i]), tensors[i]);
    CHECK(mg_load_npz(path, "bias") == NULL);
    nnet_expect_error(MG_ERR_INDEX, "it has: weight, step");
    CHECK(mg_save_npz(path, 2, (const char *[]){"a", "a"}, tensors) == MG_ERR_VALUE);
    nnet_expect_error(MG_ERR_VALUE, "both \"a\"");
    check_same(mg_load_npz(path, "weight"), tensors[0]); /* the failed save left the file alone */
    unlink(path);
}

/* mixed.npz is NumPy's, with members that are no arrays of ours, or packed in other ways; "a" stands in it twice. */
MG_TEST(io, npz_other_members_do_not_matter) {
    MG_SCOPE;
    const char *path = MYGRAD_TEST_DATA "/mixed.npz";
    check_same(mg_load_npz(path, "a"), mg_from_f32((float[]){3, 4, 5}, MG_SHAPE(3))); /* the last one, as in NumPy */
    check_same(mg_load_npz(path, "b"), mg_from_i64((int64_t[]){7, 8}, MG_SHAPE(2)));
    CHECK(mg_load_npz(path, "object") == NULL);
    nnet_expect_error(MG_ERR_TYPE, "mixed.npz (member object)");
    CHECK(mg_load_npz(path, "text") == NULL);
    nnet_expect_error(MG_ERR_TYPE, "(member text): offset");
    CHECK(mg_load_npz(path, "packed") == NULL);
    nnet_expect_error(MG_ERR_FORMAT, "(member packed)");
    CHECK(mg_load_npz(path, "notes") == NULL);
    nnet_expect_error(MG_ERR_INDEX, "it has: a, object, text, packed, a, b");
}

MG_TEST(io, npz_lists_what_has_room) {
    MG_SCOPE;
    enum { N = 60 };
    static char names[N][300];
    const char *path = path_of(0, ".npz"), *pointers[N];
    mg_tensor *tensors[N];
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "weight_%d", i);
        pointers[i] = names[i];
        tensors[i] = mg_scalar(i);
    }
    CHECK(mg_save_npz(path, N, pointers, tensors) == MG_OK);
    CHECK(mg_load_npz(path, "bias") == NULL);
    nnet_expect_error(MG_ERR_INDEX, "weight_22, ...");
    memset(names[0], 'x', sizeof names[0] - 1);
    CHECK(mg_save_npz(path, 1, pointers, tensors) == MG_OK);
    CHECK(mg_load_npz(path, "bias") == NULL);
    nnet_expect_error(MG_ERR_INDEX, "it has: ...");
    CHECK(mg_save_npz(path, 0, pointers, tensors) == MG_OK);
    CHECK(mg_load_npz(path, "bias") == NULL);
    nnet_expect_error(MG_ERR_INDEX, "it has: no arrays");
    unlink(path);
}

/* All members of a file, in its order, by name; of one generation, whatever is saved after it was read. */
MG_TEST(io, npz_as_a_whole) {
    MG_SCOPE;
    const char *path = path_of(0, ".npz");
    mg_tensor *tensors[3] = {mg_full(MG_SHAPE(2, 2), 3), mg_from_i64((int64_t[]){7, -7}, MG_SHAPE(2)), mg_scalar(0.5)};
    const char *names[3] = {"w/1", "step", "b"};
    CHECK_MSG(mg_save_npz(path, 3, names, tensors) == MG_OK, "%s", mg_take_error().message);
    mg_npz *all = mg_load_npz_all(path), *list = mg_npz_names(path);
    CHECK_MSG(all && list, "%s", mg_take_error().message);
    CHECK(mg_save_npz(path, 1, names, &tensors[1]) == MG_OK);
    CHECK_EQ_I64(all->count, 3);
    CHECK_EQ_I64(list->count, 3);
    CHECK(list->tensors == NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ_STR(all->names[i], names[i]);
        CHECK_EQ_STR(list->names[i], names[i]);
        check_same(all->tensors[i], tensors[i]);
        CHECK(mg_npz_find(all, names[i]) == all->tensors[i]);
    }
    CHECK(mg_is_constant(all->tensors[1]) && !mg_is_constant(all->tensors[0]));
    CHECK(mg_npz_find(all, "w") == NULL);
    nnet_expect_error(MG_ERR_INDEX, "no member \"w\"; there are: w/1, step, b");
    CHECK(mg_npz_find(list, "b") == NULL);
    nnet_expect_error(MG_ERR_VALUE, "names only");
    CHECK(mg_npz_find(NULL, "b") == NULL);
    nnet_expect_error(MG_ERR_VALUE, "npz is NULL");
    mg_tensor *kept = mg_keep(all->tensors[0]);
    mg_npz_free(all), mg_npz_free(list), mg_npz_free(NULL);
    check_same(kept, tensors[0]); /* the list is gone, the tensor is not */
    mg_release(kept);
    unlink(path);
}

MG_TEST(io, npz_as_a_whole_or_not) {
    mg_stats before, after;
    mg_scope scope = mg_scope_open();
    const char *path = path_of(0, ".npz");
    CHECK(mg_save_npz(path, 0, NULL, NULL) == MG_OK);
    mg_npz *none = mg_load_npz_all(path);
    CHECK(none && none->count == 0);
    CHECK(mg_npz_find(none, "w") == NULL);
    nnet_expect_error(MG_ERR_INDEX, "there are: no arrays");
    mg_npz_free(none);
    mg_get_stats(&before);
    CHECK(mg_load_npz_all(MYGRAD_TEST_DATA "/mixed.npz") == NULL);
    nnet_expect_error(MG_ERR_TYPE, "(member object)");
    mg_get_stats(&after);
    CHECK_EQ_I64(after.live_tensors, before.live_tensors);
    mg_npz *list = mg_npz_names(MYGRAD_TEST_DATA "/mixed.npz");
    CHECK(list && list->count == 5);
    CHECK_EQ_STR(list->names[3], "a");
    mg_npz_free(list);
    unlink(path);
    CHECK(mg_load_npz_all(path) == NULL);
    nnet_expect_error(MG_ERR_IO, path);
    CHECK(mg_npz_names(NULL) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "path is NULL");
    CHECK(mg_load_npz_all("/dev/null") == NULL);
    nnet_expect_error(MG_ERR_VALUE, "/dev/null: is a character device");
    CHECK(mg_scope_close(scope) == MG_OK);
}

/* Names that are long, for the message; sorted otherwise than they stand. */
MG_TEST(io, npz_finds_each) {
    MG_SCOPE;
    enum { N = 200 };
    static char names[N][16];
    const char *path = path_of(0, ".npz"), *pointers[N];
    mg_tensor *tensors[N];
    for (int i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "weight_%d", i * 77 % N);
        pointers[i] = names[i];
        tensors[i] = mg_scalar(i);
    }
    CHECK(mg_save_npz(path, N, pointers, tensors) == MG_OK);
    mg_npz *all = mg_load_npz_all(path);
    CHECK(all && all->count == N);
    for (int i = 0; i < N; i++) CHECK_EQ_I64(mg_item(mg_npz_find(all, names[i])), i);
    CHECK(mg_npz_find(all, "bias") == NULL);
    nnet_expect_error(MG_ERR_INDEX, ", weight_140, weight_17, ...");
    mg_npz_free(all);
    unlink(path);
}

MG_TEST(io, errors) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(2));
    CHECK(mg_load_npy("/nonexistent/file.npy") == NULL);
    nnet_expect_error(MG_ERR_IO, "/nonexistent/file.npy");
    CHECK(mg_save_npy("/nonexistent/file.npy", x) == MG_ERR_IO);
    nnet_expect_error(MG_ERR_IO, "/nonexistent/file.npy");
    CHECK(mg_save_npy(NULL, x) == MG_ERR_VALUE);
    nnet_expect_error(MG_ERR_VALUE, "path is NULL");
    CHECK(mg_save_npy("", x) == MG_ERR_VALUE);
    nnet_expect_error(MG_ERR_VALUE, "path is empty");
    CHECK(mg_save_npy("/dev/null", x) == MG_ERR_VALUE);
    nnet_expect_error(MG_ERR_VALUE, "/dev/null: is a character device");
    CHECK(mg_load_npy("/tmp") == NULL);
    nnet_expect_error(MG_ERR_VALUE, "/tmp: is a directory");
    CHECK(mg_save_npz("x.npz", 1, (const char *[]){"\xff"}, &x) == MG_ERR_VALUE);
    nnet_expect_error(MG_ERR_VALUE, "no UTF-8");
    CHECK(mg_save_npy("x.npy", NULL) == MG_ERR_VALUE);
    nnet_expect_error(MG_ERR_VALUE, "");
    CHECK(mg_load_npz("x.npz", NULL) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "name is NULL");
}

/* SPDX-License-Identifier: MIT
 * NumPy's files: those in tests/data were written by NumPy itself, by the formula in expected_value; damaged copies of
 * them must give one sentence, never a crash. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mygrad/tensor.h"
#include "runtime/crc32.h"
#include "runtime/dtype.h"
#include "runtime/memory.h"
#include "runtime/npy.h"
#include "runtime/status.h"

#define DATA(name) MYGRAD_TEST_DATA "/" name

static const char *scratch(void) {
    static char path[64]; /* in memory where there is such a place: the tests write thousands of files */
    snprintf(path, sizeof path, "%s/mygrad-test-npy-%ld", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
             (long)getpid());
    return path;
}

static unsigned char *read_file(const char *path, size_t *bytes) {
    FILE *f = fopen(path, "rb");
    CHECK_MSG(f, "%s", path);
    unsigned char *data = malloc(1 << 16);
    CHECK(data);
    *bytes = fread(data, 1, 1 << 16, f);
    CHECK(*bytes < 1 << 16);
    fclose(f);
    return data;
}

static void write_file(const char *path, const void *data, size_t bytes) {
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(data, 1, bytes, f) == bytes && fclose(f) == 0);
}

static double expected_value(mg_dtype dtype, int64_t i) {
    if (dtype == MG_BOOL) return i % 3 == 0;
    return mg_dtype_is_float(dtype) ? (double)i * 0.5 - 1 : (double)(i * 7 % 100);
}

static int64_t size_of(const mgr_npy_array *a) {
    int64_t n = 1;
    for (int i = 0; i < a->ndim; i++) n *= a->dims[i];
    return n;
}

static void check_formula(const mgr_npy_array *a) {
    size_t item = mg_dtype_size(a->dtype);
    for (int64_t i = 0; i < size_of(a); i++)
        CHECK_NEAR(mgr_get_f64(a->dtype, (const char *)a->data + (size_t)i * item), expected_value(a->dtype, i), 0);
}

static mgr_npy_array check_file(const char *path, mg_dtype dtype, mg_shape shape) {
    mgr_npy_array a;
    CHECK_EQ_I64(mgr_npy_read(path, &a), MG_OK);
    CHECK_EQ_I64(a.dtype, dtype);
    CHECK_EQ_I64(a.ndim, shape.ndim);
    for (int i = 0; i < shape.ndim; i++) CHECK_EQ_I64(a.dims[i], shape.dims[i]);
    check_formula(&a);
    return a;
}

/* An error is pending, of this code, and its sentence contains the words. */
static void check_error(mg_status code, const char *words) {
    mgr_error_record record;
    CHECK(mgr_error_take(&record));
    CHECK_MSG(record.code == code, "%s: %s", mg_status_name(record.code), record.message);
    CHECK_CONTAINS(record.message, words);
}

MG_TEST(npy, reads_numpys_files) {
    mgr_free(check_file(DATA("c_f4.npy"), MG_F32, MG_SHAPE(2, 3)).data);
    mgr_free(check_file(DATA("big_endian_f8.npy"), MG_F64, MG_SHAPE(2, 3)).data);
    mgr_free(check_file(DATA("fortran_i4.npy"), MG_I32, MG_SHAPE(2, 3, 4)).data);
    mgr_free(check_file(DATA("scalar_i8.npy"), MG_I64, MG_SHAPE0).data);
    mgr_free(check_file(DATA("empty_f4.npy"), MG_F32, MG_SHAPE(0, 3)).data);
    mgr_free(check_file(DATA("version2_u2.npy"), MG_U16, MG_SHAPE(5)).data);
    mgr_free(check_file(DATA("version3_u2.npy"), MG_U16, MG_SHAPE(5)).data);
}

MG_TEST(npy, writes_numpys_bytes) {
    static const char *const files[] = {DATA("c_f4.npy"), DATA("scalar_i8.npy"), DATA("empty_f4.npy")};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        mgr_npy_array a;
        CHECK_EQ_I64(mgr_npy_read(files[i], &a), MG_OK);
        CHECK_EQ_I64(mgr_npy_write(scratch(), &a), MG_OK);
        size_t n, m;
        unsigned char *theirs = read_file(files[i], &n), *ours = read_file(scratch(), &m);
        CHECK_EQ_I64(m, n);
        CHECK_EQ_MEM(ours, theirs, n);
        free(theirs), free(ours), mgr_free(a.data);
    }
    unlink(scratch());
}

MG_TEST(npy, refuses_other_dtypes) {
    mgr_npy_array a;
    CHECK_EQ_I64(mgr_npy_read(DATA("structured.npy"), &a), MG_ERR_TYPE);
    check_error(MG_ERR_TYPE, "structured");
    CHECK_EQ_I64(mgr_npy_read(DATA("complex.npy"), &a), MG_ERR_TYPE);
    check_error(MG_ERR_TYPE, "'<c8'");
    CHECK_EQ_I64(mgr_npy_read(DATA("is-not-there.npy"), &a), MG_ERR_IO);
    check_error(MG_ERR_IO, "is-not-there.npy");
    CHECK_EQ_I64(mgr_npy_read("/tmp", &a), MG_ERR_VALUE);
    check_error(MG_ERR_VALUE, "/tmp: is a directory");
}

static mgr_npy_array random_array(mg_test_rng *rng) {
    mgr_npy_array a = {.dtype = (mg_dtype)mg_test_int(rng, MG_BOOL, MG_F64), .ndim = (int)mg_test_int(rng, 0, 5)};
    for (int i = 0; i < a.ndim; i++) a.dims[i] = mg_test_int(rng, mg_test_int(rng, 0, 4) ? 1 : 0, 4);
    size_t bytes = (size_t)size_of(&a) * mg_dtype_size(a.dtype);
    unsigned char *data = mgr_alloc(bytes + 1);
    CHECK(data);
    for (size_t i = 0; i < bytes; i++)
        data[i] = (unsigned char)(mg_test_u64(rng) >> 56 & (a.dtype == MG_BOOL ? 1 : 255));
    a.data = data;
    return a;
}

static void check_same(const mgr_npy_array *a, const mgr_npy_array *b) {
    CHECK_EQ_I64(a->dtype, b->dtype);
    CHECK_EQ_I64(a->ndim, b->ndim);
    for (int i = 0; i < a->ndim; i++) CHECK_EQ_I64(a->dims[i], b->dims[i]);
    CHECK_EQ_MEM(a->data, b->data, (size_t)size_of(a) * mg_dtype_size(a->dtype));
}

MG_TEST(npy, round_trips) {
    mg_test_rng rng = mg_test_rng_new();
    for (int k = mg_test_times(300); k > 0; k--) {
        mgr_npy_array a = random_array(&rng), b;
        CHECK_EQ_I64(mgr_npy_write(scratch(), &a), MG_OK);
        CHECK_EQ_I64(mgr_npy_read(scratch(), &b), MG_OK);
        CHECK(b.name == NULL);
        check_same(&a, &b);
        mgr_free(a.data), mgr_free(b.data);
    }
    unlink(scratch());
}

MG_TEST(npz, round_trips) {
    mg_test_rng rng = mg_test_rng_new();
    for (int k = mg_test_times(100); k > 0; k--) {
        mgr_npy_array a[6], *b;
        size_t n = (size_t)mg_test_int(&rng, 0, 6), m;
        char names[6][32];
        for (size_t i = 0; i < n; i++) {
            a[i] = random_array(&rng);
            snprintf(names[i], sizeof names[i], "w%zu/\xc3\xa4.%d", i, (int)mg_test_int(&rng, 0, 1000));
            a[i].name = names[i];
        }
        CHECK_EQ_I64(mgr_npz_write(scratch(), a, n), MG_OK);
        CHECK_EQ_I64(mgr_npz_read(scratch(), &b, &m), MG_OK);
        CHECK_EQ_I64(m, n);
        for (size_t i = 0; i < n; i++) {
            CHECK_EQ_STR(b[i].name, a[i].name);
            check_same(&a[i], &b[i]);
            mgr_free(a[i].data);
        }
        mgr_npz_free(b, m);
    }
    unlink(scratch());
}

MG_TEST(npz, reads_numpys_files) {
    mgr_npy_array *a;
    size_t n;
    CHECK_EQ_I64(mgr_npz_read(DATA("dtypes.npz"), &a, &n), MG_OK);
    CHECK_EQ_I64(n, 12);
    for (size_t i = 0; i < n; i++) {
        CHECK_EQ_STR(a[i].name + 2, mg_dtype_name(a[i].dtype)); /* members are named t_float32 and so on */
        CHECK_EQ_I64(size_of(&a[i]), 6);
        check_formula(&a[i]);
    }
    mgr_npz_free(a, n);
    CHECK_EQ_I64(mgr_npz_read(DATA("with_readme.npz"), &a, &n), MG_OK);
    CHECK_EQ_I64(n, 1);
    CHECK_EQ_STR(a[0].name, "x");
    check_formula(&a[0]);
    mgr_npz_free(a, n);
}

MG_TEST(npz, reads_deflated_members) {
    mgr_npy_array *a;
    size_t n;
    mg_status status = mgr_npz_read(DATA("deflated.npz"), &a, &n);
    if (status == MG_ERR_NOT_IMPLEMENTED) {
        check_error(status, "zlib");
        return;
    }
    CHECK_EQ_I64(status, MG_OK);
    CHECK_EQ_I64(n, 3);
    CHECK_EQ_I64(size_of(&a[0]), 400);
    for (size_t i = 0; i < n; i++) check_formula(&a[i]);
    mgr_npz_free(a, n);
}

MG_TEST(npz, refuses_bad_names) {
    float x = 1;
    mgr_npy_array a[2] = {{.name = (char *)(uintptr_t) "w", .dtype = MG_F32, .data = &x},
                          {.dtype = MG_F32, .data = &x}};
    CHECK_EQ_I64(mgr_npz_write(scratch(), a, 2), MG_ERR_VALUE);
    check_error(MG_ERR_VALUE, "name 1 of 2 is NULL");
    a[1].name = a[0].name;
    CHECK_EQ_I64(mgr_npz_write(scratch(), a, 2), MG_ERR_VALUE);
    check_error(MG_ERR_VALUE, "names 0 and 1 are both \"w\"");
    CHECK(access(scratch(), F_OK) != 0);
    CHECK_EQ_I64(mgr_npz_write("/tmp", a, 1), MG_ERR_VALUE);
    check_error(MG_ERR_VALUE, "not a regular file");
    CHECK_EQ_I64(mgr_npz_write("/nowhere/at/all", a, 1), MG_ERR_IO);
    check_error(MG_ERR_IO, "/nowhere/at/all");
}

/* What Python's utf-8 codec decodes, and what it does not; bytes around every boundary. */
MG_TEST(npz, names_are_utf8) {
    static const char *const good[] = {
        "a/b.c d",      "\x7f",         "\xc2\x80",     "\xdf\xbf",         "\xe0\xa0\x80",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc1\xbf",
                                      "\xc3",
                                      "\xc3(",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xe2\x82",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "\xf0\x90\x80"};
    CHECK_EQ_I64(mgr_npz_check_names("save", good, sizeof good / sizeof *good), MG_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char name[16];
        snprintf(name, sizeof name, "ab%s", bad[i]);
        CHECK_EQ_I64(mgr_npz_check_names("save", (const char *[]){"w", name}, 2), MG_ERR_VALUE);
        check_error(MG_ERR_VALUE, "name 1 of 2 is no UTF-8: byte 2 is");
    }
}

/* 10^5 members: in time that grows with them, not with their square. Written backwards; read in the file's order. */
MG_TEST(npz, many_members) {
    enum { MANY = 100000 };
    size_t n = (size_t)mg_test_times(MANY), m;
    char(*names)[24] = malloc(MANY * sizeof *names);
    mgr_npy_array *a = calloc(MANY, sizeof *a), *b;
    static double value = 0.5;
    CHECK(names && a && n <= MANY);
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "layer%zu/weight", n - i);
        a[i] = (mgr_npy_array){.name = names[i], .dtype = MG_F64, .data = &value};
    }
    CHECK_EQ_I64(mgr_npz_write(scratch(), a, n), MG_OK);
    CHECK_EQ_I64(mgr_npz_names(scratch(), &b, &m), MG_OK);
    CHECK_EQ_I64(m, n);
    for (size_t i = 0; i < n; i++) CHECK_EQ_STR(b[i].name, names[i]);
    mgr_npz_free(b, m);
    CHECK_EQ_I64(mgr_npz_read(scratch(), &b, &m), MG_OK);
    CHECK_EQ_I64(m, n);
    CHECK(*(double *)b[n - 1].data == 0.5);
    mgr_npz_free(b, m);
    a[n - 1].name = a[n / 2].name;
    CHECK_EQ_I64(mgr_npz_write(scratch(), a, n), MG_ERR_VALUE);
    char words[80];
    snprintf(words, sizeof words, "names %zu and %zu are both \"%s\"", n / 2, n - 1, a[n / 2].name);
    check_error(MG_ERR_VALUE, words);
    free(a), free(names);
    unlink(scratch());
}

/* NumPy's mixed.npz has "a" twice; the last one counts, and stands where it stands. */
MG_TEST(npz, names_each_once) {
    static const char *const expected[] = {"object", "text", "packed", "a", "b"};
    mgr_npy_array *a;
    size_t n;
    CHECK_EQ_I64(mgr_npz_names(DATA("mixed.npz"), &a, &n), MG_OK);
    CHECK_EQ_I64(n, 5);
    for (size_t i = 0; i < n; i++) {
        CHECK_EQ_STR(a[i].name, expected[i]);
        CHECK(a[i].data == NULL);
    }
    mgr_npz_free(a, n);
    CHECK_EQ_I64(mgr_npz_read(DATA("mixed.npz"), &a, &n), MG_ERR_TYPE); /* all or none */
    CHECK(a == NULL && n == 0);
    check_error(MG_ERR_TYPE, "(member object)");
}

/* ---- damage ----------------------------------------------------------------------------------------------------- */

static mg_status read_any(bool zip) {
    mgr_npy_array one, *all;
    mgr_error_record record;
    size_t n;
    if (!zip) {
        mg_status status = mgr_npy_read(scratch(), &one);
        if (status == MG_OK) mgr_free(one.data);
        return status;
    }
    for (const char *name = "xb"; *name; name++) /* as mg_load_npz does; then all, whose answer counts */
        if (mgr_npz_read_member(scratch(), (const char[]){*name, 0}, &one) == MG_OK)
            mgr_free(one.name), mgr_free(one.data);
        else
            CHECK(mgr_error_take(&record));
    mg_status status = mgr_npz_read(scratch(), &all, &n);
    if (status == MG_OK) mgr_npz_free(all, n);
    return status;
}

static void check_truncations(const char *path, bool zip) {
    size_t n;
    unsigned char *data = read_file(path, &n);
    for (size_t cut = 0; cut < n; cut++) {
        write_file(scratch(), data, cut);
        mg_status status = read_any(zip);
        CHECK_MSG(status == MG_ERR_FORMAT || status == MG_ERR_NOT_IMPLEMENTED, "cut at %zu: %s", cut,
                  mg_status_name(status));
        check_error(status, scratch());
    }
    free(data);
    unlink(scratch());
}

MG_TEST(npy, truncation_at_every_byte) {
    check_truncations(DATA("c_f4.npy"), false);
    check_truncations(DATA("fortran_i4.npy"), false);
    check_truncations(DATA("version3_u2.npy"), false);
}
MG_TEST(npz, truncation_at_every_byte) {
    check_truncations(DATA("deflated.npz"), true);
    check_truncations(DATA("with_readme.npz"), true);
}

/* Whatever the bytes are: success or an error, with no more memory held afterwards. */
static void check_damaged(const char *path, bool zip) {
    mg_test_rng rng = mg_test_rng_new();
    size_t n;
    unsigned char *data = read_file(path, &n), *damaged = malloc(n);
    CHECK(damaged);
    for (int k = mg_test_times(2000); k > 0; k--) {
        memcpy(damaged, data, n);
        for (int64_t i = mg_test_int(&rng, 1, 4); i > 0; i--) {
            size_t at = (size_t)mg_test_int(&rng, 0, (int64_t)n - 1);
            static const unsigned char nasty[] = {0, 1, 0x7f, 0x80, 0xff, '9', '(', ',', '\'', '}'};
            damaged[at] = mg_test_int(&rng, 0, 1) ? nasty[mg_test_int(&rng, 0, sizeof nasty - 1)]
                                                  : (unsigned char)mg_test_u64(&rng);
        }
        write_file(scratch(), damaged, n);
        mg_status status = read_any(zip);
        mgr_error_record record;
        CHECK_EQ_I64(mgr_error_take(&record), status != MG_OK);
        if (status != MG_OK) CHECK_EQ_I64(record.code, status);
    }
    free(data), free(damaged);
    unlink(scratch());
}

MG_TEST(npy, damaged_bytes) { check_damaged(DATA("fortran_i4.npy"), false); }
MG_TEST(npz, damaged_bytes) { check_damaged(DATA("with_readme.npz"), true); }
MG_TEST(npz, damaged_bytes_of_many_kinds) { check_damaged(DATA("mixed.npz"), true); }
MG_TEST(npz, damaged_deflated_bytes) { check_damaged(DATA("deflated.npz"), true); }

static void check_header(const char *text, mg_status code, const char *words) {
    unsigned char file[512] = "\x93NUMPY\x01";
    size_t n = strlen(text);
    file[8] = (unsigned char)n;
    memcpy(file + 10, text, n);
    write_file(scratch(), file, sizeof file);
    mg_status status = read_any(false);
    CHECK_MSG(status == code, "%s: %s", text, mg_status_name(status));
    if (code != MG_OK) check_error(code, words);
    unlink(scratch());
}

MG_TEST(npy, garbage_headers) {
    check_header("{'descr':'<f4','fortran_order':False,'shape':(2,)}", MG_OK, NULL);
    check_header(" { \"shape\" : ( 2L , 3 ) , 'fortran_order':True , 'descr': '=f8', }\n", MG_OK, NULL);
    check_header("", MG_ERR_FORMAT, "offset 10: expected '{'");
    check_header("{'descr':'<f4','fortran_order':False,'shape':(2)}", MG_ERR_FORMAT, "expected ','");
    check_header("{'descr':'<f4','fortran_order':False,'shape':(2,)", MG_ERR_FORMAT, "which ends here");
    check_header("{'descr':'<f4','fortran_order':False}", MG_ERR_FORMAT, "'shape'");
    check_header("{'descr':'<f4','fortran_order':0,'shape':(2,)}", MG_ERR_FORMAT, "True or False");
    check_header("{'descr':'<f4','fortran_order':False,'shape':(-2,)}", MG_ERR_FORMAT, "a dimension");
    check_header("{'descr':'<f4','fortran_order':False,'shape':(2,),'x':1}", MG_ERR_FORMAT, "one of");
    check_header("{'descr':'<f4','fortran_order':False,'shape':(2,)} garbage", MG_ERR_FORMAT, "nothing more");
    check_header("{'descr':'<f4','fortran_order':False,'shape':(99999999999999999999,)}", MG_ERR_FORMAT, "2^63");
    check_header("{'descr':'<f4','fortran_order':False,'shape':(4294967296,4294967296)}", MG_ERR_FORMAT, "2^63");
    check_header("{'descr':'<f4','fortran_order':False,'shape':(4294967296,)}", MG_ERR_FORMAT, "only");
    check_header("{'descr':'|O','fortran_order':False,'shape':(1,)}", MG_ERR_TYPE, "'|O'");
    check_header("{'descr':'f4','fortran_order':False,'shape':(1,)}", MG_ERR_TYPE, "'f4'");
    check_header(
        "{'descr':'<f4','fortran_order':False,'shape':(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
        "1,1,1,1,1)}",
        MG_ERR_FORMAT, "32 dimensions");
}

/* Two members of 4 KB, the central directory changed: file, then what is replaced in the second entry. */
static unsigned char *two_members(size_t *n, size_t *entry) {
    static char data[4096];
    mgr_npy_array a[2] = {
        {.name = (char *)(uintptr_t) "aaaa", .dtype = MG_I8, .ndim = 1, .dims = {4096}, .data = data},
        {.name = (char *)(uintptr_t) "bbbb", .dtype = MG_I8, .ndim = 1, .dims = {4096}, .data = data}};
    CHECK_EQ_I64(mgr_npz_write(scratch(), a, 2), MG_OK);
    unsigned char *file = read_file(scratch(), n);
    *entry = 0;
    for (size_t i = 0; i + 4 < *n; i++)
        if (memcmp(file + i, "PK\1\2", 4) == 0) *entry = i; /* the last one */
    CHECK(*entry > 8000);
    return file;
}

MG_TEST(npz, members_that_share_their_bytes) {
    size_t n, entry;
    unsigned char *file = two_members(&n, &entry), *larger = malloc(n + 1000 * 82);
    CHECK(larger && n > entry + 82);
    memset(file + entry + 46 + 8 + 4 + 16, 0, 8); /* the second one's offset: the first one's data */
    write_file(scratch(), file, n);
    mgr_npy_array *a;
    CHECK_EQ_I64(mgr_npz_names(scratch(), &a, &n), MG_OK);
    mgr_npz_free(a, n);
    CHECK_EQ_I64(mgr_npz_read(scratch(), &a, &n), MG_OK); /* two of them still fit */
    mgr_npz_free(a, n);
    free(file);
    file = two_members(&n, &entry); /* and now eight entries, which all are the first member under other names */
    size_t bytes = 82, start = entry - bytes, tail = n - entry - bytes;
    memcpy(larger, file, start);
    for (size_t i = 0; i < 8; i++) {
        unsigned char *e = larger + start + i * bytes;
        memcpy(e, file + start, bytes);
        e[46] = (unsigned char)('a' + i);
    }
    unsigned char *end = larger + start + 8 * bytes;
    memcpy(end, file + entry + bytes, tail);
    end[24] = end[32] = 8;
    end[40] = (unsigned char)(8 * bytes), end[41] = (unsigned char)(8 * bytes >> 8);
    for (int i = 0; i < 4; i++) end[56 + 8 + i] = (unsigned char)((start + 8 * bytes) >> 8 * i);
    write_file(scratch(), larger, start + 8 * bytes + tail);
    CHECK_EQ_I64(mgr_npz_names(scratch(), &a, &n), MG_OK);
    CHECK_EQ_I64(n, 8);
    mgr_npz_free(a, n);
    CHECK_EQ_I64(mgr_npz_read(scratch(), &a, &n), MG_ERR_FORMAT);
    check_error(MG_ERR_FORMAT, "do not overlap");
    free(file), free(larger);
    unlink(scratch());
}

MG_TEST(npz, zero_bytes_in_names) {
    size_t n, entry;
    unsigned char *file = two_members(&n, &entry);
    mgr_npy_array *a, one;
    file[entry + 46 + 1] = '\0';
    write_file(scratch(), file, n);
    char words[100];
    snprintf(words, sizeof words, "offset %zu: expected a member's name without zero bytes", entry);
    CHECK_EQ_I64(mgr_npz_names(scratch(), &a, &n), MG_ERR_FORMAT);
    check_error(MG_ERR_FORMAT, words);
    CHECK_EQ_I64(mgr_npz_read(scratch(), &a, &n), MG_ERR_FORMAT);
    check_error(MG_ERR_FORMAT, words);
    CHECK_EQ_I64(mgr_npz_read_member(scratch(), "b", &one), MG_ERR_INDEX); /* not what stands before the zero */
    check_error(MG_ERR_INDEX, "no member \"b\"");
    free(file);
    unlink(scratch());
}

/* A packed size that only the directory believes: the memory grows with what comes out, and the sentence says so. */
MG_TEST(npz, deflated_claims) {
    size_t n;
    unsigned char *file = read_file(DATA("deflated.npz"), &n);
    mgr_npy_array *a;
    size_t count;
    if (mgr_npz_read(DATA("deflated.npz"), &a, &count) == MG_ERR_NOT_IMPLEMENTED) {
        check_error(MG_ERR_NOT_IMPLEMENTED, "zlib");
        free(file);
        return;
    }
    mgr_npz_free(a, count);
    for (size_t i = 0; i + 46 < n; i++)
        if (memcmp(file + i, "PK\1\2", 4) == 0) file[i + 25] = (unsigned char)(file[i + 25] + 1); /* 256 bytes more */
    write_file(scratch(), file, n);
    CHECK_EQ_I64(mgr_npz_read(scratch(), &a, &count), MG_ERR_FORMAT);
    check_error(MG_ERR_FORMAT, "deflated data end early, expected");
    free(file);
    unlink(scratch());
}

MG_TEST(npz, checksum) {
    mgr_crc32_tables tables;
    mgr_crc32_prepare(&tables);
    CHECK_EQ_U64(mgr_crc32(&tables, 0, "123456789", 9), 0xcbf43926); /* the check value of the CRC catalogue */
    CHECK_EQ_U64(mgr_crc32(&tables, mgr_crc32(&tables, 0, "12345", 5), "6789", 4), 0xcbf43926);
    size_t n;
    unsigned char *data = read_file(DATA("with_readme.npz"), &n);
    for (size_t i = 0; i + 4 < n; i++) /* the first data byte of x: int32 0, 7, 14 */
        if (memcmp(data + i, "\x07\0\0\0\x0e", 5) == 0) data[i] = 8;
    write_file(scratch(), data, n);
    CHECK_EQ_I64(read_any(true), MG_ERR_FORMAT);
    check_error(MG_ERR_FORMAT, "checksum");
    free(data);
    unlink(scratch());
}

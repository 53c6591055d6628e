/* SPDX-License-Identifier: MIT
 * The demo's reader of MNIST's files, on files made here: right ones, plain and gzipped, and wrong ones. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "idx.h"

static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                    "t10k-labels-idx1-ubyte"};
enum { TRAIN_IMAGES, TRAIN_LABELS, T10K_IMAGES, T10K_LABELS };

/* A directory of files under the names above; `bytes` of each are written by put. */
typedef struct fixture {
    char directory[64];
} fixture;

static fixture open_fixture(void) {
    fixture f = {"/tmp/mygrad-test-idx-XXXXXX"};
    CHECK(mkdtemp(f.directory));
    return f;
}

static void path_of(const fixture *f, int which, const char *suffix, char *path, size_t bytes) {
    snprintf(path, bytes, "%s/%s%s", f->directory, names[which], suffix);
}

static void close_fixture(const fixture *f) {
    char path[256];
    for (int i = 0; i < 4; i++) {
        path_of(f, i, "", path, sizeof path);
        unlink(path);
        path_of(f, i, ".gz", path, sizeof path);
        unlink(path);
    }
    rmdir(f->directory);
}

static void put(const fixture *f, int which, bool zipped, const void *data, size_t bytes) {
    char path[256];
    path_of(f, which, zipped ? ".gz" : "", path, sizeof path);
    gzFile file = gzopen(path, zipped ? "wb" : "wbT");
    CHECK(file);
    CHECK_EQ_I64(gzwrite(file, data, (unsigned)bytes), bytes);
    CHECK_EQ_I64(gzclose(file), Z_OK);
}

/* Pixel k of image i is i + k mod 256, label i is i mod 10. */
static size_t images_file(unsigned char *out, unsigned count) {
    memcpy(out, "\0\0\x08\x03\0\0\0\0\0\0\0\x1c\0\0\0\x1c", 16);
    out[6] = (unsigned char)(count >> 8), out[7] = (unsigned char)count;
    for (unsigned i = 0; i < count * IMAGE_PIXELS; i++)
        out[16 + i] = (unsigned char)(i / IMAGE_PIXELS + i % IMAGE_PIXELS);
    return 16 + count * IMAGE_PIXELS;
}

static size_t labels_file(unsigned char *out, unsigned count) {
    memcpy(out, "\0\0\x08\x01\0\0\0\0", 8);
    out[6] = (unsigned char)(count >> 8), out[7] = (unsigned char)count;
    for (unsigned i = 0; i < count; i++) out[8 + i] = (unsigned char)(i % 10);
    return 8 + count;
}

static unsigned char images[16 + 64 * IMAGE_PIXELS], labels[8 + 64];

static void put_pair(const fixture *f, int first, bool zipped, unsigned count) {
    put(f, first, zipped, images, images_file(images, count));
    put(f, first + 1, zipped, labels, labels_file(labels, count));
}

static void check_images(const dataset *set, size_t count, size_t first) {
    CHECK_EQ_I64(set->count, count);
    for (size_t i = 0; i < count; i++) {
        CHECK_EQ_I64(set->labels[i], (first + i) % 10);
        for (size_t k = 0; k < IMAGE_PIXELS; k++)
            CHECK_EQ_I64(set->pixels[i * IMAGE_PIXELS + k], (first + i + k) % 256);
    }
}

static void free_data(digit_data *data) {
    dataset_free(&data->train);
    dataset_free(&data->test);
}

static void check_refused(const fixture *f, const char *words, const char *more) {
    digit_data data;
    char error[1024] = "";
    CHECK(!idx_load(f->directory, &data, error, sizeof error));
    CHECK_CONTAINS(error, f->directory);
    CHECK_CONTAINS(error, words);
    CHECK_CONTAINS(error, more);
    CHECK(!data.train.pixels && !data.test.pixels);
}

MG_TEST(idx, reads_both_sets) {
    for (int zipped = 0; zipped < 2; zipped++) {
        fixture f = open_fixture();
        put_pair(&f, TRAIN_IMAGES, zipped, 20);
        put_pair(&f, T10K_IMAGES, !zipped, 7);
        digit_data data;
        char error[1024] = "";
        CHECK_MSG(idx_load(f.directory, &data, error, sizeof error), "%s", error);
        check_images(&data.train, 20, 0);
        check_images(&data.test, 7, 0);
        free_data(&data);
        close_fixture(&f);
    }
}

MG_TEST(idx, splits_the_test_set_when_it_is_alone) {
    fixture f = open_fixture();
    put_pair(&f, T10K_IMAGES, true, 50);
    digit_data data;
    char error[1024] = "";
    CHECK_MSG(idx_load(f.directory, &data, error, sizeof error), "%s", error);
    check_images(&data.train, 40, 0);
    check_images(&data.test, 10, 40);
    free_data(&data);
    close_fixture(&f);
}

MG_TEST(idx, truncated_files) {
    fixture f = open_fixture();
    size_t bytes = images_file(images, 5);
    for (size_t cut = 0; cut < bytes; cut += cut < 20 ? 1 : 371) {
        put_pair(&f, T10K_IMAGES, false, 5);
        put(&f, T10K_IMAGES, false, images, cut);
        char offset[40];
        snprintf(offset, sizeof offset, "offset %zu:", cut);
        check_refused(&f, offset, "the file ends here");
    }
    put_pair(&f, T10K_IMAGES, false, 5);
    put(&f, T10K_LABELS, false, labels, 12);
    check_refused(&f, "offset 12: expected 1 more bytes of labels", names[T10K_LABELS]);
    close_fixture(&f);
}

MG_TEST(idx, truncated_and_damaged_gzip) {
    fixture f = open_fixture();
    put_pair(&f, T10K_IMAGES, true, 5);
    char path[256];
    path_of(&f, T10K_IMAGES, ".gz", path, sizeof path);
    unsigned char packed[8192];
    FILE *file = fopen(path, "rb");
    CHECK(file);
    size_t bytes = fread(packed, 1, sizeof packed, file);
    fclose(file);
    CHECK(bytes > 100 && truncate(path, (off_t)bytes / 2) == 0);
    check_refused(&f, "more bytes of images", names[T10K_IMAGES]);
    for (int i = 0; i < 40; i++) packed[50 + i] ^= 0x5a;
    file = fopen(path, "wb");
    CHECK(file && fwrite(packed, 1, bytes, file) == bytes && fclose(file) == 0);
    check_refused(&f, "offset", names[T10K_IMAGES]);
    close_fixture(&f);
}

/* One byte of a good pair changed: file, byte, value, what the sentence says. */
MG_TEST(idx, malformed_files) {
    static const struct {
        int file;
        size_t byte;
        unsigned char value;
        const char *words, *more;
    } cases[] = {
        {T10K_IMAGES, 2, 13, "offset 0: expected the bytes 00 00 08 03", "found 00 00 0d 03"},
        {T10K_IMAGES, 3, 1, "offset 0: expected the bytes", "images-idx3"},
        {T10K_IMAGES, 4, 255, "offset 4: expected a count", "found 4278190085"},
        {T10K_IMAGES, 7, 0, "offset 4: expected a count", "found 0"},
        {T10K_IMAGES, 7, 6, "784 more bytes of images", "ends here"},
        {T10K_IMAGES, 7, 4, "expected the end of the file", "offset 3152"},
        {T10K_IMAGES, 11, 32, "offset 8: expected images of 28 x 28", "found 32"},
        {T10K_LABELS, 3, 3, "offset 0: expected the bytes 00 00 08 01", "labels-idx1"},
        {T10K_LABELS, 7, 4, "offset 4: expected 5 labels", "found 4"},
        {T10K_LABELS, 10, 10, "offset 10: expected a label from 0 to 9", "found 10"},
    };
    fixture f = open_fixture();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_pair(&f, T10K_IMAGES, false, 5);
        unsigned char *bytes = cases[i].file == T10K_IMAGES ? images : labels;
        size_t count = cases[i].file == T10K_IMAGES ? images_file(bytes, 5) : labels_file(bytes, 5);
        bytes[cases[i].byte] = cases[i].value;
        put(&f, cases[i].file, false, bytes, count);
        check_refused(&f, cases[i].words, cases[i].more);
    }
    close_fixture(&f);
}

static void put_at(const fixture *f, const char *name, const void *data, size_t bytes) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", f->directory, name);
    gzFile file = gzopen(path, strstr(name, ".gz") ? "wb" : "wbT");
    CHECK_MSG(file, "%s", path);
    CHECK_EQ_I64(gzwrite(file, data, (unsigned)bytes), bytes);
    CHECK_EQ_I64(gzclose(file), Z_OK);
}

/* The other usual names: a dot before idx, gzipped or not; each in a directory of its own name. */
MG_TEST(idx, other_names) {
    static const char *const forms[][2] = {
        {"t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"},
        {"t10k-images.idx3-ubyte.gz", "t10k-labels.idx1-ubyte.gz"},
        {"t10k-images-idx3-ubyte/t10k-images-idx3-ubyte", "t10k-labels.idx1-ubyte/t10k-labels.idx1-ubyte"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        fixture f = open_fixture();
        char path[256];
        for (int k = 0; k < 2; k++) {
            snprintf(path, sizeof path, "%s/%s", f.directory, forms[i][k]);
            char *slash = strrchr(path, '/');
            *slash = '\0';
            if (i == 2) CHECK(mkdir(path, 0700) == 0);
            if (k == 0) put_at(&f, forms[i][k], images, images_file(images, 50));
            if (k == 1) put_at(&f, forms[i][k], labels, labels_file(labels, 50));
        }
        digit_data data;
        char error[1024] = "";
        CHECK_MSG(idx_load(f.directory, &data, error, sizeof error), "%s", error);
        check_images(&data.train, 40, 0);
        free_data(&data);
        for (int k = 0; k < 2; k++) {
            snprintf(path, sizeof path, "%s/%s", f.directory, forms[i][k]);
            unlink(path);
            *strrchr(path, '/') = '\0';
            if (i == 2) CHECK(rmdir(path) == 0);
        }
        close_fixture(&f);
    }
}

/* Sixteen bytes that promise a million images do not get the memory for them: here there is none. */
MG_TEST(idx, headers_are_not_believed) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    SKIP("this sanitizer needs all of the address space");
#endif
    struct rlimit before, small;
    CHECK(getrlimit(RLIMIT_AS, &before) == 0);
    small = before;
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (!statm || fscanf(statm, "%lu", &pages) != 1) SKIP("no /proc here");
    fclose(statm);
    small.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)256 << 20);
    for (int zipped = 0; zipped < 2; zipped++) {
        fixture f = open_fixture();
        put(&f, T10K_IMAGES, zipped, "\0\0\x08\x03\0\x0f\x42\x40\0\0\0\x1c\0\0\0\x1c", 16);
        CHECK(setrlimit(RLIMIT_AS, &small) == 0);
        check_refused(&f, "offset 16: expected 784000000 more bytes of images", "the file ends here");
        CHECK(setrlimit(RLIMIT_AS, &before) == 0);
        close_fixture(&f);
    }
}

/* A pipe of that name is passed over, not waited for. */
MG_TEST(idx, pipes) {
    fixture f = open_fixture();
    char path[256];
    path_of(&f, T10K_IMAGES, "", path, sizeof path);
    CHECK(mkfifo(path, 0600) == 0);
    alarm(20);
    check_refused(&f, "expected a readable file", "t10k-images-idx3-ubyte");
    alarm(0);
    close_fixture(&f);
}

MG_TEST(idx, missing_files) {
    fixture f = open_fixture();
    check_refused(&f, "expected a readable file", "t10k-images-idx3-ubyte");
    put_pair(&f, TRAIN_IMAGES, false, 5);
    check_refused(&f, "expected a readable file", "t10k-images-idx3-ubyte");
    close_fixture(&f);
    check_refused(&f, "expected a readable file", "t10k-images-idx3-ubyte"); /* no directory any more */
}

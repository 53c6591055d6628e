/* SPDX-License-Identifier: MIT
 * The demo's own digits: the same for the same seed, different for another, all ten there, and ink on every image. */
#include "harness.h"

#include <string.h>

#include "digits.h"

static void free_data(digit_data *data) {
    dataset_free(&data->train);
    dataset_free(&data->test);
}

MG_TEST(digits, same_seed_same_digits) {
    digit_data a, b, c;
    CHECK(digits_make(&a, 60, 20, 7) && digits_make(&b, 90, 20, 7) && digits_make(&c, 60, 20, 8));
    CHECK_EQ_MEM(a.train.pixels, b.train.pixels, 60 * IMAGE_PIXELS);
    CHECK_EQ_MEM(a.train.labels, b.train.labels, 60);
    CHECK_EQ_MEM(a.test.pixels, b.test.pixels, 20 * IMAGE_PIXELS); /* whatever the size of the other set */
    CHECK(memcmp(a.train.pixels, c.train.pixels, 60 * IMAGE_PIXELS) != 0);
    CHECK(memcmp(a.train.pixels, a.test.pixels, 20 * IMAGE_PIXELS) != 0);
    free_data(&a), free_data(&b), free_data(&c);
}

MG_TEST(digits, all_ten_with_ink) {
    digit_data data;
    CHECK(digits_make(&data, 1000, 10, mg_test_seed()));
    int seen[CLASSES] = {0};
    for (size_t i = 0; i < data.train.count; i++) {
        CHECK(data.train.labels[i] < CLASSES);
        seen[data.train.labels[i]]++;
        double ink = 0;
        for (size_t k = 0; k < IMAGE_PIXELS; k++) ink += data.train.pixels[i * IMAGE_PIXELS + k] / 255.0;
        CHECK_MSG(ink > 15 && ink < 400, "image %zu has %.1f pixels of ink", i, ink);
    }
    for (int digit = 0; digit < CLASSES; digit++) CHECK_MSG(seen[digit] > 50, "digit %d: %d", digit, seen[digit]);
    free_data(&data);
}

MG_TEST(digits, batches_follow_the_order) {
    digit_data data;
    CHECK(digits_make(&data, 30, 1, 3));
    const uint32_t order[] = {29, 0, 7};
    float images[3 * IMAGE_PIXELS];
    int64_t labels[3];
    dataset_batch(&data.train, order, 3, images, labels);
    for (size_t i = 0; i < 3; i++) {
        CHECK_EQ_I64(labels[i], data.train.labels[order[i]]);
        for (size_t k = 0; k < IMAGE_PIXELS; k++)
            CHECK_NEAR(images[i * IMAGE_PIXELS + k],
                       (data.train.pixels[order[i] * IMAGE_PIXELS + k] / 255.0 - 0.13) / 0.31, 1e-6);
    }
    free_data(&data);
}

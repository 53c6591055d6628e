/* SPDX-License-Identifier: MIT
 * Texts under a locale that writes 0,125: what the library writes, read by eye; the demo's curve and the results of the
 * bench suite, which must be those of the C locale. test_every_function.c compares the rest. */
#include "modes.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "result_json.h"

/* Tests may run in one process. */
static void back_to_c(void) { setlocale(LC_ALL, "C"); }

static void need_german(void) {
    char text[16];
    if (!german_locale()) SKIP("the locale de_DE.UTF-8 cannot be made: nothing about commas is tested here");
    snprintf(text, sizeof text, "%g", 0.125);
    CHECK_EQ_STR(text, "0,125");
}

static char *file_text(const char *path) {
    FILE *file = fopen(path, "rb");
    CHECK_MSG(file != NULL, "%s", path);
    char *text = NULL, bytes[4096];
    size_t size = 0;
    FILE *copy = open_memstream(&text, &size);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;) fwrite(bytes, 1, n, copy);
    fclose(file);
    fclose(copy);
    unlink(path);
    return text;
}

static const char *temporary(const char *name) {
    static char path[300];
    const char *directory = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/mygrad-locale-%ld-%s", directory ? directory : "/tmp", (long)getpid(), name);
    return path;
}

MG_TEST(locale, arrays) {
    need_german();
    MG_SCOPE;
    char *text = mg_to_string(mg_from_f64((double[]){0.125, -1.5}, MG_SHAPE(2)));
    CHECK_EQ_STR(text, "[ 0.125 -1.5  ]");
    free(text);
    text = mg_to_string(mg_scalar(1.5e-30));
    CHECK_EQ_STR(text, "1.5e-30");
    free(text);
    back_to_c();
}

MG_TEST(locale, drawings) {
    need_german();
    MG_SCOPE;
    const char *path = temporary("graph.dot");
    mg_tensor *x = mg_from_f64((double[]){1, 2}, MG_SHAPE(2));
    CHECK_EQ_I64(mg_save_graph(mg_add(mg_multiply(x, mg_scalar(0.125)), mg_scalar(-2.5e-9)), path), MG_OK);
    char *text = file_text(path);
    CHECK_CONTAINS(text, "label=\"0.125\\n");
    CHECK_CONTAINS(text, "label=\"-2.5e-09\\n");
    free(text);
    back_to_c();
}

MG_TEST(locale, errors) {
    need_german();
    MG_SCOPE;
    mg_tensor *w = mg_keep(mg_ones(MG_SHAPE(1, 1, 2)));
    CHECK(!mg_adam(&w, 1, .beta1 = 1.5));
    CHECK_EQ_STR(mg_take_error().message, "beta1 1.5 is outside [0, 1)");
    CHECK(!mg_sgd(&w, 1, .lr = -0.25));
    CHECK_EQ_STR(mg_take_error().message, "lr -0.25 must be a finite number, not negative");
    CHECK(!mg_sgd(&w, 1, .weight_decay = -1e-7));
    CHECK_EQ_STR(mg_take_error().message, "weight_decay -1e-07 must be a finite number, not negative");
    CHECK(!mg_conv_nd(mg_ones(MG_SHAPE(1, 1, 5)), w, .stride = MG_SHAPE(2)));
    CHECK_CONTAINS(mg_take_error().message, "= 2.5 positions");
    CHECK(!mg_max_pool(mg_ones(MG_SHAPE(5)), MG_SHAPE(2), MG_SHAPE(2)));
    CHECK_CONTAINS(mg_take_error().message, "= 2.5 positions");
    mg_release(w);
    back_to_c();
}

static char *curve_text(void) {
    curve c = {0};
    for (int i = 0; i < 20; i++) CHECK(curve_add(&c, 0.1 * i, 3.7 / (i + 1)));
    const char *path = temporary("loss.svg");
    CHECK(curve_save(&c, path, "loss"));
    curve_free(&c);
    return file_text(path);
}

static char *json_text(void) {
    static bench_row row = {.name = "a", .value = {0.125, 0.25, 0.5}, .share = 0.75};
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    bench_suite suite = {.rows = &row, .n_rows = 1};
    result_json_print(file, &suite, NULL, 0);
    fclose(file);
    return text;
}

MG_TEST(locale, curve_and_results) {
    back_to_c();
    char *svg = curve_text(), *json = json_text(), error[200];
    old_result *old;
    need_german();
    char *german_svg = curve_text(), *german_json = json_text();
    CHECK_EQ_STR(german_svg, svg);
    CHECK_EQ_STR(german_json, json);
    CHECK_EQ_I64(result_json_parse(json, &old, error, sizeof error), 1);
    CHECK_NEAR(old[0].value.mid, 0.25, 0);
    CHECK_EQ_STR(localeconv()->decimal_point, ","); /* which neither took away */
    free(old);
    free(svg), free(json), free(german_svg), free(german_json);
    back_to_c();
}

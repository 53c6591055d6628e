/* SPDX-License-Identifier: MIT
 * Results as JSON: what is written is read back, what others write is read as far as it matters, and broken text is
 * refused with its place. */
#include "harness.h"

#include "result_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *printed(const bench_suite *suite) {
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    CHECK(f != NULL);
    machine_fact facts[2] = {{"cpu", "a \"quick\" one\\"}, {"flags", "-O3\t-g"}};
    result_json_print(f, suite, facts, 2);
    CHECK(fclose(f) == 0);
    return text;
}

MG_TEST(result_json, reads_what_it_writes) {
    mg_test_rng rng = mg_test_rng_new();
    bench_row rows[7];
    bench_gate gate = {.what = "a < b", .unit = "x", .gate = 1, .met = true};
    bench_suite suite = {.rows = rows, .n_rows = 7, .gates = &gate, .n_gates = 1};
    for (int i = 0; i < 7; i++) {
        rows[i] = (bench_row){.bytes = i % 2, .flops = i % 3, .share = i % 4};
        snprintf(rows[i].name, BENCH_NAME, "family \"%d\"\\/size", i);
        rows[i].value = (bench_interval){mg_test_unit(&rng), mg_test_unit(&rng) * 1e-9, mg_test_unit(&rng) * 1e9};
        if (i % 2) snprintf(rows[i].against, sizeof rows[i].against, "by hand");
        rows[i].ratio = (bench_interval){5, 6, 7};
        rows[i].control = (bench_interval){0.98, 1, 1.04};
    }
    char *text = printed(&suite), error[200];
    old_result *old;
    CHECK_EQ_I64(result_json_parse(text, &old, error, sizeof error), 7);
    for (int i = 0; i < 7; i++) {
        CHECK_EQ_STR(old[i].name, rows[i].name);
        CHECK_NEAR(old[i].value.low, rows[i].value.low, rows[i].value.low * 1e-8); /* nine digits are written */
        CHECK_NEAR(old[i].value.mid, rows[i].value.mid, rows[i].value.mid * 1e-8);
        CHECK_NEAR(old[i].value.high, rows[i].value.high, rows[i].value.high * 1e-8);
        CHECK_NEAR(old[i].ratio.low, i % 2 ? 5 : 0, 1e-8);
        CHECK_NEAR(old[i].ratio.high, i % 2 ? 7 : 0, 1e-8);
        CHECK_NEAR(old[i].noise, i % 2 ? 0.03 : 0, 1e-8);
    }
    free(old);
    free(text);
}

MG_TEST(result_json, passes_over_what_it_does_not_know) {
    old_result *old;
    char error[200];
    const char *text =
        " { \"later\" : [1, {\"rows\": [{\"name\": \"no\"}]}, null, \"\\u0041\\n\"], \"rows\": [\n"
        "{\"value\": {\"high\": 3, \"other\": [], \"low\": 1e0, \"median\": 2.0}, \"name\": \"a\\u0042\", "
        "\"value2\": {\"low\": 9}}, {} ], \"empty\": {} } ";
    CHECK_EQ_I64(result_json_parse(text, &old, error, sizeof error), 2);
    CHECK_EQ_STR(old[0].name, "aB");
    CHECK(old[0].value.low == 1 && old[0].value.mid == 2 && old[0].value.high == 3);
    CHECK_EQ_STR(old[1].name, "");
    free(old);
}

MG_TEST(result_json, refuses_broken_text) {
    static const char *const broken[] = {
        "",          "[]",           "{\"rows\": [1]}", "{\"rows\": [{}",      "{\"a\" 1}",
        "{\"a\": }", "{\"a\": \"x}", "{\"a\": 1} x",    "{\"a\": 1 \"b\": 2}", "{\"a\": \"\\"};
    char error[200], deep[400];
    old_result *old;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        CHECK_MSG(result_json_parse(broken[i], &old, error, sizeof error) == -1, "%s", broken[i]);
        CHECK_CONTAINS(error, "at byte");
        CHECK(old == NULL);
    }
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"a\":", 5);
    deep[sizeof deep - 1] = 0;
    CHECK_EQ_I64(result_json_parse(deep, &old, error, sizeof error), -1);
    CHECK_CONTAINS(error, "nested");
}

/* Every text that stops early is refused, none is read past its end (the sanitizer's build looks). */
MG_TEST(result_json, refuses_every_beginning) {
    bench_row row = {.name = "x/y", .value = {1, 2, 3}, .against = "eager"};
    bench_suite suite = {.rows = &row, .n_rows = 1};
    char *text = printed(&suite), error[200];
    old_result *old;
    size_t n = (size_t)(strrchr(text, '}') - text);
    for (size_t i = 0; i <= n; i++) {
        char *part = malloc(i + 1);
        CHECK(part != NULL);
        memcpy(part, text, i);
        part[i] = 0;
        CHECK_EQ_I64(result_json_parse(part, &old, error, sizeof error), -1);
        free(part);
    }
    free(text);
}

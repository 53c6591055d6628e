/* SPDX-License-Identifier: MIT
 * The checks, each once for functions of one operand and of two, and for both dtypes. */
#include "vmath_checks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "vmath_oracle.h"
#include "vmath_pairs.h"
#include "vmath_points.h"

enum { BLOCK = 1 << 10 };

/* Of elements, too. */
typedef union block {
    float f32[BLOCK];
    double f64[BLOCK];
} block;

/* ---- the four sides ---- */

static void single_point_f32(int fn, uint64_t i, uint64_t seed, void *x, void *y) {
    (void)y;
    *(float *)x = vmath_point_f32(fn, i, seed);
}
static void single_point_f64(int fn, uint64_t i, uint64_t seed, void *x, void *y) {
    (void)y;
    *(double *)x = vmath_point_f64(fn, i, seed);
}
static void paired_point_f32(int fn, uint64_t i, uint64_t seed, void *x, void *y) { vmath_pair_f32(fn, i, seed, x, y); }
static void paired_point_f64(int fn, uint64_t i, uint64_t seed, void *x, void *y) { vmath_pair_f64(fn, i, seed, x, y); }

static void single_run_f32(const vmath_lanes *lanes, int fn, size_t n, void *z, const void *x, const void *y) {
    (void)y;
    lanes->f32[fn](n, z, x);
}
static void single_run_f64(const vmath_lanes *lanes, int fn, size_t n, void *z, const void *x, const void *y) {
    (void)y;
    lanes->f64[fn](n, z, x);
}
static void paired_run_f32(const vmath_lanes *lanes, int fn, size_t n, void *z, const void *x, const void *y) {
    lanes->pair_f32[fn](n, z, x, y);
}
static void paired_run_f64(const vmath_lanes *lanes, int fn, size_t n, void *z, const void *x, const void *y) {
    lanes->pair_f64[fn](n, z, x, y);
}

static double single_ulp_f32(int fn, const void *x, const void *y, const void *z) {
    (void)y;
    return vmath_ulp_f32(*(const float *)z, vmath_exact_f32(fn, *(const float *)x));
}
static double single_ulp_f64(int fn, const void *x, const void *y, const void *z) {
    (void)y;
    return vmath_ulp_f64(*(const double *)z, vmath_exact_f64(fn, *(const double *)x));
}
static double paired_ulp_f32(int fn, const void *x, const void *y, const void *z) {
    return vmath_pair_ulp_f32(fn, *(const float *)x, *(const float *)y, *(const float *)z);
}
static double paired_ulp_f64(int fn, const void *x, const void *y, const void *z) {
    return vmath_pair_ulp_f64(fn, *(const double *)x, *(const double *)y, *(const double *)z);
}

const vmath_side vmath_single[2] = {
    {"f32", false, false, VMATH_COUNT, vmath_names, single_point_f32, single_run_f32, single_ulp_f32},
    {"f64", true, false, VMATH_COUNT, vmath_names, single_point_f64, single_run_f64, single_ulp_f64}};
const vmath_side vmath_paired[2] = {
    {"f32", false, true, VMATH_PAIR_COUNT, vmath_pair_names, paired_point_f32, paired_run_f32, paired_ulp_f32},
    {"f64", true, true, VMATH_PAIR_COUNT, vmath_pair_names, paired_point_f64, paired_run_f64, paired_ulp_f64}};

/* ---- elements: floats or doubles ---- */

typedef union element {
    float f32;
    double f64;
} element;

static element element_of(const vmath_side *side, double x) {
    return side->wide ? (element){.f64 = x} : (element){.f32 = (float)x};
}
static double number_of(const vmath_side *side, element x) { return side->wide ? x.f64 : (double)x.f32; }

static size_t size_of(const vmath_side *side) { return side->wide ? sizeof(double) : sizeof(float); }

/* Element i of an array, whose bits fit into 64. */
static uint64_t bits_at(const vmath_side *side, const void *array, size_t i) {
    uint64_t wide = 0;
    uint32_t narrow = 0;
    if (side->wide)
        memcpy(&wide, (const char *)array + i * sizeof wide, sizeof wide);
    else
        memcpy(&narrow, (const char *)array + i * sizeof narrow, sizeof narrow);
    return side->wide ? wide : narrow;
}

/* The same, but that any NaN is any NaN. */
static uint64_t value_bits(const vmath_side *side, const void *array, size_t i) {
    const uint64_t bits = bits_at(side, array, i);
    if (side->wide) return (bits << 1) > UINT64_C(0xffe0000000000000) ? UINT64_C(0x7ff8000000000000) : bits;
    return (uint32_t)(bits << 1) > 0xff000000u ? 0x7fc00000 : bits;
}

static element one(const vmath_side *side, const vmath_lanes *lanes, int fn, element x, element y) {
    element z = {.f64 = 0};
    side->run(lanes, fn, 1, &z, &x, &y);
    return z;
}

double vmath_value(const vmath_side *side, const vmath_lanes *lanes, int fn, double x, double y) {
    return number_of(side, one(side, lanes, fn, element_of(side, x), element_of(side, y)));
}

bool vmath_same(const vmath_side *side, double a, double b) {
    const element x = element_of(side, a), y = element_of(side, b);
    return value_bits(side, &x, 0) == value_bits(side, &y, 0);
}

/* "exp f64 of 0x1p+0", the second operand only where there is one. */
static const char *call_text(const vmath_side *side, int fn, double x, double y) {
    static char text[128];
    const int n = snprintf(text, sizeof text, "%s %s of %a", side->names[fn], side->dtype, x);
    if (side->pairs) snprintf(text + n, sizeof text - (size_t)n, ", %a", y);
    return text;
}

/* ---- errors ---- */

vmath_measured vmath_on_file(const vmath_side *side, int fn) {
    char line[256], name[32], type[8];
    vmath_measured found = {-1, 0}, row;
    FILE *f = fopen(ACCURACY_FILE, "r");
    CHECK_MSG(f, "cannot open %s", ACCURACY_FILE);
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "vm_%31s %7s %lf %la", name, type, &row.ulp, &row.at) == 4 && !strcmp(name, side->names[fn]) &&
            !strcmp(type, side->dtype))
            found = row;
    if (f) fclose(f);
    CHECK_MSG(found.ulp > 0 && found.ulp <= 1, "vm_%s %s: %g ULP on file", side->names[fn], side->dtype, found.ulp);
    return found;
}

static const vmath_lanes *best_lanes(void) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    CHECK(count > 0);
    return all[count - 1];
}

double vmath_error(const vmath_side *side, int fn, double x, double y) {
    const element a = element_of(side, x), b = element_of(side, y), z = one(side, best_lanes(), fn, a, b);
    return side->ulp(fn, &a, &b, &z);
}

static void check_within(const vmath_side *side, int fn, element x, element y, double limit) {
    const element z = one(side, best_lanes(), fn, x, y);
    const double ulp = side->ulp(fn, &x, &y, &z);
    CHECK_MSG(ulp <= limit, "%s: %a is off by %.4f ULP, on file %.4f",
              call_text(side, fn, number_of(side, x), number_of(side, y)), number_of(side, z), ulp, limit);
}

/* Above, the row is out of date: mg-ulp prints a new one. */
void vmath_check_error(const vmath_side *side, int fn, double x, double y) {
    check_within(side, fn, element_of(side, x), element_of(side, y), vmath_on_file(side, fn).ulp);
}

void vmath_check_sample(const vmath_side *side, int points) {
    for (int fn = 0; fn < side->count; fn++) {
        const double limit = vmath_on_file(side, fn).ulp;
        for (int i = 0; i < points; i++) {
            element x = {.f64 = 0}, y = {.f64 = 0};
            side->point(fn, (uint64_t)i, VMATH_SEED, &x, &y);
            check_within(side, fn, x, y, limit);
        }
    }
}

/* ---- values ---- */

void vmath_check_value(const vmath_side *side, int fn, double x, double y, double z) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    for (int k = 0; k < count; k++) {
        const double found = vmath_value(side, all[k], fn, x, y);
        CHECK_MSG(vmath_same(side, found, z), "%s %s: %a, not %a", all[k]->isa, call_text(side, fn, x, y), found, z);
    }
}

/* A quiet NaN with the lowest `ones` bits of its payload set. */
static element nan_of(const vmath_side *side, bool negative, int ones) {
    const uint64_t payload = (uint64_t)1 << ones | (((uint64_t)1 << ones) - 1);
    const uint64_t wide = (uint64_t)negative << 63 | 0x7ff8000000000000u | payload;
    const uint32_t narrow = (uint32_t)negative << 31 | 0x7fc00000u | (uint32_t)(payload & 0x3fffff);
    element x = {.f64 = 0};
    if (side->wide)
        memcpy(&x.f64, &wide, sizeof wide);
    else
        memcpy(&x.f32, &narrow, sizeof narrow);
    return x;
}

void vmath_check_nan(const vmath_side *side) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    const element number = element_of(side, 2.5);
    for (int k = 0; k < count; k++)
        for (int fn = 0; fn < side->count; fn++)
            for (int i = 0; i < (side->pairs ? 208 : 104); i++) {
                const element x = nan_of(side, i & 1, i / 2 % 52);
                const bool first = i < 104;
                const element z = first ? one(side, all[k], fn, x, number) : one(side, all[k], fn, number, x);
                CHECK_MSG(isnan(number_of(side, z)), "%s %s %s NaN %llx", all[k]->isa, side->names[fn], side->dtype,
                          (unsigned long long)bits_at(side, &x, 0));
            }
}

/* ---- the same bits ---- */

static void *place(const vmath_side *side, block *b, size_t i) { return side->wide ? (void *)&b->f64[i] : &b->f32[i]; }

/* Points i to i + n - 1 of a sequence. */
static void fill(const vmath_side *side, int fn, uint64_t seed, int i, size_t n, block *x, block *y) {
    for (size_t k = 0; k < n; k++) side->point(fn, (uint64_t)i + k, seed, place(side, x, k), place(side, y, k));
}

static uint64_t hash_of(const vmath_side *side, const vmath_lanes *lanes, int fn, int points) {
    static block x, y, z;
    uint64_t hash = 0xcbf29ce484222325u;
    for (int base = 0; base < points; base += BLOCK) {
        fill(side, fn, VMATH_SEED, base, BLOCK, &x, &y);
        side->run(lanes, fn, BLOCK, &z, &x, &y);
        for (size_t i = 0; i < BLOCK; i++) {
            hash = (hash ^ value_bits(side, &z, i)) * 0x100000001b3u;
            hash ^= hash >> 29;
        }
    }
    return hash;
}

void vmath_check_hashes(const vmath_side *side, const uint64_t (*hashes)[2]) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    for (int k = 0; k < count; k++)
        for (int fn = 0; fn < side->count; fn++) {
            const uint64_t hash = hash_of(side, all[k], fn, VMATH_HASHED);
            CHECK_MSG(hash == hashes[fn][side->wide], "%s %s %s: 0x%016llx", all[k]->isa, side->names[fn], side->dtype,
                      (unsigned long long)hash);
        }
}

int vmath_count_wrong_of_many(const vmath_side *side, const uint64_t (*hashes)[2]) {
    int count, wrong = 0;
    const vmath_lanes *const *all = vmath_runnable(&count);
    for (int fn = 0; fn < side->count; fn++) {
        const uint64_t hash = hash_of(side, all[count - 1], fn, VMATH_MANY);
        if (hash == hashes[fn][side->wide]) continue;
        fprintf(stderr, "%s %s: 0x%016llx\n", side->names[fn], side->dtype, (unsigned long long)hash);
        wrong++;
    }
    return wrong;
}

void vmath_check_agreement(const vmath_side *side) {
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    for (int fn = 0; fn < side->count; fn++) {
        const uint64_t hash = hash_of(side, all[0], fn, VMATH_POINTS);
        for (int k = 1; k < count; k++)
            CHECK_MSG(hash_of(side, all[k], fn, VMATH_POINTS) == hash, "%s %s %s", all[k]->isa, side->names[fn],
                      side->dtype);
    }
}

static element at(const vmath_side *side, const block *b, size_t i) {
    return side->wide ? (element){.f64 = b->f64[i]} : (element){.f32 = b->f32[i]};
}

void vmath_check_neighbours(const vmath_side *side) {
    enum { N = 203 };
    static block x, y, z;
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    for (int k = 0; k < count; k++)
        for (int fn = 0; fn < side->count; fn++) {
            const element behind = element_of(side, 123);
            fill(side, fn, 7, 0, N, &x, &y);
            memcpy(place(side, &z, N), &behind, size_of(side));
            side->run(all[k], fn, N, &z, &x, &y);
            CHECK(bits_at(side, &z, N) == bits_at(side, &behind, 0));
            for (size_t i = 0; i < N; i++) {
                const element a = at(side, &x, i), b = at(side, &y, i), alone = one(side, all[k], fn, a, b);
                CHECK_MSG(value_bits(side, &z, i) == value_bits(side, &alone, 0), "%s %s", all[k]->isa,
                          call_text(side, fn, number_of(side, a), number_of(side, b)));
            }
        }
}

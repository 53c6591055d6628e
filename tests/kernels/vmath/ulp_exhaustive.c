/* SPDX-License-Identifier: MIT
 * Long accuracy check of the vector maths: f32 on every one of the 2^32 inputs, f64 on --points random ones against
 * MPFR. Usage: ulp_exhaustive [--isa NAME] [--f32] [--f64] [--points N] [--seed N] [--step N] [function ...] Prints the
 * largest error of each function and where it is; exits with 1 if one is above 1 ULP. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmath_lanes.h"
#include "vmath_oracle.h"
#include "vmath_points.h"

enum { BLOCK = 4096 };

typedef struct settings {
    const char *isa;
    bool f32, f64, only[VMATH_COUNT];
    uint64_t points, seed, step;
} settings;

static bool report(const char *name, const char *type, const char *isa, double worst, double at, uint64_t bad) {
    printf("%-8s %s %-7s max %.4f ULP at %a (%.9g)  above 1: %llu\n", name, type, isa, worst, at, at,
           (unsigned long long)bad);
    fflush(stdout);
    return worst <= 1.0;
}

static bool every_f32(const vmath_lanes *lanes, int fn, uint64_t step) {
    static float x[BLOCK], y[BLOCK];
    double worst = 0, at = 0;
    uint64_t bad = 0;
    for (uint64_t base = 0; base < (uint64_t)1 << 32; base += BLOCK * step) {
        for (uint64_t i = 0; i < BLOCK; i++) {
            const uint32_t bits = (uint32_t)(base + i * step);
            memcpy(&x[i], &bits, sizeof bits);
        }
        lanes->f32[fn](BLOCK, y, x);
        for (int i = 0; i < BLOCK; i++) {
            const double exact = vmath_exact_f32(fn, x[i]);
            if (y[i] == (float)exact && y[i] != 0) continue; /* rounded correctly: the common case, made fast */
            const double ulp = vmath_ulp_f32(y[i], exact);
            bad += ulp > 1.0;
            if (ulp > worst) {
                worst = ulp;
                at = (double)x[i];
            }
        }
    }
    return report(vmath_names[fn], "f32", lanes->isa, worst, at, bad);
}

static bool random_f64(const vmath_lanes *lanes, int fn, uint64_t points, uint64_t seed) {
    static double x[BLOCK], y[BLOCK];
    double worst = 0, at = 0;
    uint64_t bad = 0;
    if (!vmath_oracle_has_f64()) {
        puts("f64 skipped: no MPFR, and long double is no wider than double");
        return true;
    }
    for (uint64_t base = 0; base < points; base += BLOCK) {
        for (uint64_t i = 0; i < BLOCK; i++) x[i] = vmath_point_f64(fn, base + i, seed);
        lanes->f64[fn](BLOCK, y, x);
        for (int i = 0; i < BLOCK; i++) {
            const double ulp = vmath_ulp_f64(y[i], vmath_exact_f64(fn, x[i]));
            bad += ulp > 1.0;
            if (ulp > worst) {
                worst = ulp;
                at = x[i];
            }
        }
    }
    vmath_oracle_release();
    return report(vmath_names[fn], "f64", lanes->isa, worst, at, bad);
}

static bool parse(settings *s, int argc, char **argv) {
    bool any = false;
    for (int i = 1; i < argc; i++) {
        int fn = 0;
        if (!strcmp(argv[i], "--f32")) {
            s->f32 = true;
        } else if (!strcmp(argv[i], "--f64")) {
            s->f64 = true;
        } else if (!strcmp(argv[i], "--isa") && i + 1 < argc) {
            s->isa = argv[++i];
        } else if (!strcmp(argv[i], "--points") && i + 1 < argc) {
            s->points = strtoull(argv[++i], NULL, 10);
        } else if (!strcmp(argv[i], "--seed") && i + 1 < argc) {
            s->seed = strtoull(argv[++i], NULL, 10);
        } else if (!strcmp(argv[i], "--step") && i + 1 < argc) {
            s->step = strtoull(argv[++i], NULL, 10);
        } else {
            while (fn < VMATH_COUNT && strcmp(argv[i], vmath_names[fn])) fn++;
            if (fn == VMATH_COUNT) return false;
            any = s->only[fn] = true;
        }
    }
    for (int fn = 0; fn < VMATH_COUNT; fn++) s->only[fn] |= !any;
    if (!s->f32 && !s->f64) s->f32 = s->f64 = true;
    return s->step > 0;
}

int main(int argc, char **argv) {
    settings s = {NULL, false, false, {false}, 10000000, 1, 1};
    if (!parse(&s, argc, argv)) {
        fputs("usage: ulp_exhaustive [--isa NAME] [--f32] [--f64] [--points N] [--seed N] [--step N] [function ...]\n",
              stderr);
        return 2;
    }
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    const vmath_lanes *lanes = count ? all[count - 1] : NULL;
    for (int i = 0; i < count && s.isa; i++) lanes = strcmp(all[i]->isa, s.isa) ? (i ? lanes : NULL) : all[i];
    if (!lanes || (s.isa && strcmp(lanes->isa, s.isa))) {
        fprintf(stderr, "ulp_exhaustive: this build or CPU has no %s\n", s.isa ? s.isa : "instruction set");
        return 2;
    }
    bool good = true;
    for (int fn = 0; fn < VMATH_COUNT; fn++) {
        if (s.only[fn] && s.f32) good &= every_f32(lanes, fn, s.step);
        if (s.only[fn] && s.f64) good &= random_f64(lanes, fn, s.points, s.seed);
    }
    return good ? 0 : 1;
}

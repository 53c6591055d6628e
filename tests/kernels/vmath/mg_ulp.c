/* SPDX-License-Identifier: MIT
 * Long accuracy check of the vector maths: f32 on every one of the 2^32 inputs, f64 on --points random ones,
 * those known to be hard, and more around the worst of them, against MPFR. Functions of two operands: on --points pairs
 * in f32, too. Usage: mg-ulp [--isa NAME] [--f32] [--f64] [--points N] [--seed N] [--step N] [function ...] Prints the
 * largest error of each function as a row of codegen/accuracy.txt, and says how many were above 1 ULP; exits with 1 if
 * any was. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vmath_lanes.h"
#include "vmath_oracle.h"
#include "vmath_pairs.h"
#include "vmath_points.h"

enum {
    BLOCK = 4096,
    ALL = VMATH_COUNT + VMATH_PAIR_COUNT,
    ZOOMS = 6,       /* f64: closer and closer looks at the worst place found so far, */
    ZOOM_BLOCKS = 75 /* about 300,000 points each */
};

typedef struct settings {
    const char *isa;
    bool f32, f64, only[ALL]; /* pairs after the others */
    uint64_t points, seed, step;
} settings;

typedef struct found {
    double worst, at, and_at; /* the second operand, if there is one */
    uint64_t bad;             /* above 1 */
} found;

static const char *name_of(int fn) { return fn < VMATH_COUNT ? vmath_names[fn] : vmath_pair_names[fn - VMATH_COUNT]; }

/* The row, its error rounded up by more than the oracle may be off, and where that error is. */
static bool report(const settings *s, const char *isa, int fn, bool f32, const found *f) {
    const bool pair = fn >= VMATH_COUNT, bits = f32 && !pair;
    const uint64_t points = bits  ? ((uint64_t)1 << 32) / s->step
                            : f32 ? s->points
                                  : s->points + ZOOMS * ZOOM_BLOCKS * BLOCK;
    const double oracle_error = f32 ? 0x1p-28 : 0x1p-11;
    char date[16] = "", how[64], where[64] = "";
    const time_t now = time(NULL);
    const struct tm *utc = gmtime(&now);
    if (utc) strftime(date, sizeof date, "%Y-%m-%d", utc);
    snprintf(how, sizeof how, "--points %llu --seed %llu", (unsigned long long)s->points, (unsigned long long)s->seed);
    if (bits) snprintf(how, sizeof how, "--step %llu", (unsigned long long)s->step);
    snprintf(where, sizeof where, "%a", f->at);
    if (pair) snprintf(where, sizeof where, "%a,%a", f->at, f->and_at);
    printf("vm_%-8s %s %.4f %-22s %-10s %10llu %-9s %s mg-ulp %s %s %s\n", name_of(fn), f32 ? "f32" : "f64",
           ceil((f->worst + oracle_error) * 1e4) / 1e4, where, bits && s->step == 1 ? "exhaustive" : "sampled",
           (unsigned long long)points, f32 ? "libm-f64" : vmath_oracle_name(), date, f32 ? "--f32" : "--f64", how,
           name_of(fn));
    if (f->bad) printf("# above 1 on %s: %llu\n", isa, (unsigned long long)f->bad);
    fflush(stdout);
    return f->worst <= 1.0;
}

static void note(found *f, double ulp, double x) {
    f->bad += ulp > 1.0;
    if (ulp <= f->worst) return;
    f->worst = ulp;
    f->at = x;
}

static bool every_f32(const settings *s, const vmath_lanes *lanes, int fn) {
    static float x[BLOCK], y[BLOCK];
    found f = {0};
    for (uint64_t base = 0; base < (uint64_t)1 << 32; base += BLOCK * s->step) {
        for (uint64_t i = 0; i < BLOCK; i++) {
            const uint32_t bits = (uint32_t)(base + i * s->step);
            memcpy(&x[i], &bits, sizeof bits);
        }
        lanes->f32[fn](BLOCK, y, x);
        for (int i = 0; i < BLOCK; i++) {
            const double exact = vmath_exact_f32(fn, x[i]);
            /* Rounded correctly, and some other is not: the common case, made fast. */
            if (f.worst > 0.5 && y[i] == (float)exact && y[i] != 0) continue;
            note(&f, vmath_ulp_f32(y[i], exact), (double)x[i]);
        }
    }
    return report(s, lanes->isa, fn, true, &f);
}

static void check_f64(const vmath_lanes *lanes, int fn, const double *x, found *f) {
    static double y[BLOCK];
    lanes->f64[fn](BLOCK, y, x);
    for (int i = 0; i < BLOCK; i++) note(f, vmath_ulp_f64(y[i], vmath_exact_f64(fn, x[i])), x[i]);
}

/* Evenly spaced points around the worst one. */
static void zoom_f64(const vmath_lanes *lanes, int fn, double width, found *f) {
    static double x[BLOCK];
    const double middle = f->at;
    for (int block = 0; block < ZOOM_BLOCKS; block++) {
        for (int i = 0; i < BLOCK; i++)
            x[i] = middle * (1 + width * (2.0 * (block * BLOCK + i) / (ZOOM_BLOCKS * BLOCK) - 1));
        check_f64(lanes, fn, x, f);
    }
}

static bool random_f64(const settings *s, const vmath_lanes *lanes, int fn) {
    static double x[BLOCK];
    found f = {0};
    if (!vmath_oracle_has_f64()) {
        puts("# f64 skipped: no MPFR");
        return true;
    }
    for (int i = 0; i < BLOCK; i++) x[i] = vmath_hard_f64[i % vmath_n_hard_f64].x; /* of other functions, too */
    check_f64(lanes, fn, x, &f);
    for (uint64_t base = 0; base < s->points; base += BLOCK) {
        for (uint64_t i = 0; i < BLOCK; i++) x[i] = vmath_point_f64(fn, base + i, s->seed);
        check_f64(lanes, fn, x, &f);
    }
    for (int zoom = 0; zoom < ZOOMS; zoom++) zoom_f64(lanes, fn, ldexp(1, -3 - 2 * zoom), &f);
    vmath_oracle_release();
    return report(s, lanes->isa, fn, false, &f);
}

/* ---- two operands ------------------------------------------------------------------------------------------------ */

static void note_pair(found *f, double ulp, double x, double y) {
    if (ulp > f->worst) f->and_at = y;
    note(f, ulp, x);
}

static bool pairs_f32(const settings *s, const vmath_lanes *lanes, int fn) {
    static float x[BLOCK], y[BLOCK], z[BLOCK];
    found f = {0};
    for (uint64_t base = 0; base < s->points; base += BLOCK) {
        for (uint64_t i = 0; i < BLOCK; i++) vmath_pair_f32(fn, base + i, s->seed, &x[i], &y[i]);
        if (base == 0) {
            for (int i = 0; i < vmath_n_hard_pairs_f32; i++) {
                x[i] = (float)vmath_hard_pairs_f32[i].x; /* of other functions, too */
                y[i] = (float)vmath_hard_pairs_f32[i].y;
            }
        }
        lanes->pair_f32[fn](BLOCK, z, x, y);
        for (int i = 0; i < BLOCK; i++)
            note_pair(&f, vmath_pair_ulp_f32(fn, x[i], y[i], z[i]), (double)x[i], (double)y[i]);
    }
    return report(s, lanes->isa, VMATH_COUNT + fn, true, &f);
}

static void check_pairs_f64(const vmath_lanes *lanes, int fn, const double *x, const double *y, found *f) {
    static double z[BLOCK];
    lanes->pair_f64[fn](BLOCK, z, x, y);
    for (int i = 0; i < BLOCK; i++) note_pair(f, vmath_pair_ulp_f64(fn, x[i], y[i], z[i]), x[i], y[i]);
}

/* Points around the worst one, spread evenly over a square. */
static void zoom_pairs_f64(const vmath_lanes *lanes, int fn, double width, found *f) {
    static double x[BLOCK], y[BLOCK];
    const double middle = f->at, other = f->and_at;
    for (int block = 0; block < ZOOM_BLOCKS; block++) {
        for (int i = 0; i < BLOCK; i++) {
            const double k = block * BLOCK + i, u = fmod(k * 0.75487766624669276, 1),
                         v = fmod(k * 0.56984029099805327, 1);
            x[i] = middle * (1 + width * (2 * u - 1));
            y[i] = other * (1 + width * (2 * v - 1));
        }
        check_pairs_f64(lanes, fn, x, y, f);
    }
}

static bool pairs_f64(const settings *s, const vmath_lanes *lanes, int fn) {
    static double x[BLOCK], y[BLOCK];
    found f = {0};
    if (!vmath_oracle_has_f64()) {
        puts("# f64 skipped: no MPFR");
        return true;
    }
    for (uint64_t base = 0; base < s->points; base += BLOCK) {
        for (uint64_t i = 0; i < BLOCK; i++) vmath_pair_f64(fn, base + i, s->seed, &x[i], &y[i]);
        if (base == 0) {
            for (int i = 0; i < vmath_n_hard_pairs_f64; i++) {
                x[i] = vmath_hard_pairs_f64[i].x;
                y[i] = vmath_hard_pairs_f64[i].y;
            }
        }
        check_pairs_f64(lanes, fn, x, y, &f);
    }
    for (int zoom = 0; zoom < ZOOMS; zoom++) zoom_pairs_f64(lanes, fn, ldexp(1, -3 - 2 * zoom), &f);
    vmath_oracle_release();
    return report(s, lanes->isa, VMATH_COUNT + fn, false, &f);
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
            while (fn < ALL && strcmp(argv[i], name_of(fn))) fn++;
            if (fn == ALL) return false;
            any = s->only[fn] = true;
        }
    }
    for (int fn = 0; fn < ALL; fn++) s->only[fn] |= !any;
    if (!s->f32 && !s->f64) s->f32 = s->f64 = true;
    return s->step > 0;
}

int main(int argc, char **argv) {
    settings s = {NULL, false, false, {false}, 10000000, 1, 1};
    if (!parse(&s, argc, argv)) {
        fputs("usage: mg-ulp [--isa NAME] [--f32] [--f64] [--points N] [--seed N] [--step N] [function ...]\n", stderr);
        return 2;
    }
    int count;
    const vmath_lanes *const *all = vmath_runnable(&count);
    const vmath_lanes *lanes = count ? all[count - 1] : NULL;
    for (int i = 0; i < count && s.isa; i++) lanes = strcmp(all[i]->isa, s.isa) ? (i ? lanes : NULL) : all[i];
    if (!lanes || (s.isa && strcmp(lanes->isa, s.isa))) {
        fprintf(stderr, "mg-ulp: this build or CPU has no %s\n", s.isa ? s.isa : "instruction set");
        return 2;
    }
    bool good = true;
    for (int fn = 0; fn < VMATH_COUNT; fn++) {
        if (s.only[fn] && s.f32) good &= every_f32(&s, lanes, fn);
        if (s.only[fn] && s.f64) good &= random_f64(&s, lanes, fn);
    }
    for (int fn = 0; fn < VMATH_PAIR_COUNT; fn++) {
        if (s.only[VMATH_COUNT + fn] && s.f32) good &= pairs_f32(&s, lanes, fn);
        if (s.only[VMATH_COUNT + fn] && s.f64) good &= pairs_f64(&s, lanes, fn);
    }
    return good ? 0 : 1;
}

/* SPDX-License-Identifier: MIT
 * The part of harness.h that is the same under both runners: checks, seed, random numbers. How a test ends is
 * plain_runner.c's or Criterion's business (mg_test_end). */
#include "harness.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness_end.h"

#define MESSAGE_BYTES 2048

void mg_test_fail(const char *file, int line, const char *condition, const char *format, ...) {
    char message[MESSAGE_BYTES];
    int used = snprintf(message, sizeof message, "%s:%d: failed: %s", file, line, condition);
    char detail[MESSAGE_BYTES / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof message)
        snprintf(message + used, sizeof message - (size_t)used, "%s%s (MYGRAD_TEST_SEED=%" PRIu64 ")",
                 detail[0] ? ": " : "", detail, mg_test_seed());
    mg_test_end(MG_TEST_FAILED, message);
}

void mg_test_skip(const char *format, ...) {
    char message[MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    mg_test_end(MG_TEST_SKIPPED, message);
}

void mg_test_eq_i64(const char *file, int line, const char *what, int64_t a, int64_t b) {
    if (a != b) mg_test_fail(file, line, what, "%" PRId64 " is not %" PRId64, a, b);
}

void mg_test_eq_u64(const char *file, int line, const char *what, uint64_t a, uint64_t b) {
    if (a != b) mg_test_fail(file, line, what, "%" PRIu64 " is not %" PRIu64, a, b);
}

void mg_test_eq_str(const char *file, int line, const char *what, const char *a, const char *b) {
    if (a == b) return;
    if (!a || !b || strcmp(a, b) != 0)
        mg_test_fail(file, line, what, "\"%s\" is not \"%s\"", a ? a : "(NULL)", b ? b : "(NULL)");
}

void mg_test_eq_mem(const char *file, int line, const char *what, const void *a, const void *b, size_t n) {
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i]) mg_test_fail(file, line, what, "byte %zu of %zu is %02x, not %02x", i, n, x[i], y[i]);
}

void mg_test_near(const char *file, int line, const char *what, double a, double b, double tol) {
    if ((isnan(a) && isnan(b)) || a == b) return; /* a == b: infinities */
    if (isinf(a) || isinf(b) || !(fabs(a - b) <= tol))
        mg_test_fail(file, line, what, "%.17g is not %.17g within %.3g (difference %.3g)", a, b, tol, fabs(a - b));
}

void mg_test_bits_f32(const char *file, int line, const char *what, float a, float b) {
    if ((isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0) return;
    mg_test_fail(file, line, what, "%.9g (%a) is not %.9g (%a)", (double)a, (double)a, (double)b, (double)b);
}

void mg_test_bits_f64(const char *file, int line, const char *what, double a, double b) {
    if ((isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0) return;
    mg_test_fail(file, line, what, "%.17g (%a) is not %.17g (%a)", a, a, b, b);
}

void mg_test_contains(const char *file, int line, const char *what, const char *s, const char *part) {
    if (!s || !part || !strstr(s, part))
        mg_test_fail(file, line, what, "\"%s\" is not in \"%s\"", part ? part : "(NULL)", s ? s : "(NULL)");
}

bool mg_test_is_quick(void) {
    const char *quick = getenv("MYGRAD_TEST_QUICK");
    return quick && quick[0] && strcmp(quick, "0") != 0;
}

bool mg_test_is_long(void) {
#ifdef MYGRAD_LONG_TESTS
    return true;
#else
    return false;
#endif
}

int mg_test_times(int n) {
    if (mg_test_is_quick()) return n < 10 ? 1 : n / 10;
    return mg_test_is_long() ? n * 20 : n;
}

uint64_t mg_test_seed(void) {
    static bool drawn;
    static uint64_t seed;
    if (drawn) return seed;
    const char *given = getenv("MYGRAD_TEST_SEED");
    if (given && given[0]) {
        seed = strtoull(given, NULL, 0);
    } else {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        mg_test_rng rng = mg_test_rng_from((uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)getpid());
        seed = mg_test_u64(&rng) >> 32; /* short enough to type */
    }
    drawn = true;
    return seed;
}

mg_test_rng mg_test_rng_from(uint64_t seed) { return (mg_test_rng){seed}; }
mg_test_rng mg_test_rng_new(void) { return mg_test_rng_from(mg_test_seed()); }

/* A counter through a mixer: the state steps by the golden ratio, two multiply-xorshift rounds hide the order. */
uint64_t mg_test_u64(mg_test_rng *rng) {
    rng->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = rng->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int64_t mg_test_int(mg_test_rng *rng, int64_t low, int64_t high) {
    uint64_t span = (uint64_t)high - (uint64_t)low + 1; /* 0: all of them */
    uint64_t r = mg_test_u64(rng);
    return (int64_t)((uint64_t)low + (span ? r % span : r));
}

double mg_test_unit(mg_test_rng *rng) { return (double)(mg_test_u64(rng) >> 11) * 0x1p-53; }

double mg_test_uniform(mg_test_rng *rng, double low, double high) { return low + (high - low) * mg_test_unit(rng); }

/* Twelve uniform numbers: log and cos of the C library would differ in the last bit between processors. */
double mg_test_normal(mg_test_rng *rng) {
    double sum = -6.0;
    for (int i = 0; i < 12; i++) sum += mg_test_unit(rng);
    return sum;
}

float mg_test_any_f32(mg_test_rng *rng) {
    static const float special[] = {0.0f,
                                    -0.0f,
                                    1.0f,
                                    -1.0f,
                                    INFINITY,
                                    -INFINITY,
                                    NAN,
                                    FLT_MAX,
                                    -FLT_MAX,
                                    FLT_MIN,
                                    -FLT_MIN,
                                    0x1p-149f,
                                    0.5f,
                                    -0.5f,
                                    1.5f,
                                    2.5f,
                                    88.7f,
                                    -87.4f,
                                    -103.9f,
                                    0x1p24f,
                                    FLT_EPSILON,
                                    0x1.fffp-127f,
                                    -FLT_EPSILON / 2,
                                    16777217.0f};
    int64_t kind = mg_test_int(rng, 0, 2);
    if (kind == 0) return special[mg_test_int(rng, 0, sizeof special / sizeof *special - 1)];
    if (kind == 1) return (float)(mg_test_normal(rng) * 3.0);
    uint32_t bits = (uint32_t)(mg_test_u64(rng) >> 32);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double mg_test_any_f64(mg_test_rng *rng) {
    static const double special[] = {0.0,
                                     -0.0,
                                     1.0,
                                     -1.0,
                                     INFINITY,
                                     -INFINITY,
                                     NAN,
                                     DBL_MAX,
                                     -DBL_MAX,
                                     DBL_MIN,
                                     -DBL_MIN,
                                     0x1p-1074,
                                     0.5,
                                     -0.5,
                                     1.5,
                                     2.5,
                                     709.7,
                                     -708.4,
                                     -745.2,
                                     0x1p53,
                                     DBL_EPSILON,
                                     0x1.fffp-1023,
                                     -DBL_EPSILON / 2,
                                     0x1p63,
                                     -0x1p63};
    int64_t kind = mg_test_int(rng, 0, 2);
    if (kind == 0) return special[mg_test_int(rng, 0, sizeof special / sizeof *special - 1)];
    if (kind == 1) return mg_test_normal(rng) * 3.0;
    uint64_t bits = mg_test_u64(rng);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* SPDX-License-Identifier: MIT
 * What every test is written with: MG_TEST, the CHECKs, a seed and a small random generator (rules E5). The same source
 * runs under Criterion, or, compiled with MYGRAD_TEST_RUNNER_PLAIN, under plain_runner.c. Knows nothing of mygrad.
 *
 *     MG_TEST(shape, broadcast_of_scalars) {
 *         mg_test_rng rng = mg_test_rng_new();
 *         CHECK_EQ_I64(f(mg_test_int(&rng, 1, 9)), 4);
 *     }
 *
 * A failing CHECK ends its test (helper functions may CHECK too, but only on the thread of the test) and prints the
 * seed; `MYGRAD_TEST_SEED=<seed>` repeats the run. */
#ifndef MYGRAD_TEST_HARNESS_H
#define MYGRAD_TEST_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef MYGRAD_TEST_RUNNER_PLAIN

void mg_test_register(const char *suite, const char *name, const char *file, void (*run)(void));

#define MG_TEST(suite, name)                                                                                           \
    static void mg_test_##suite##_##name(void);                                                                        \
    __attribute__((constructor)) static void mg_test_register_##suite##_##name(void) {                                 \
        mg_test_register(#suite, #name, __FILE__, mg_test_##suite##_##name);                                           \
    }                                                                                                                  \
    static void mg_test_##suite##_##name(void)

#else

#include <criterion/criterion.h>

#define MG_TEST(suite, name) Test(suite, name)

#endif

/* ---- checks ----------------------------------------------------------------------------------------------------- */

/* End the running test as failed; the sentence goes to stderr with place, condition and seed. */
_Noreturn void mg_test_fail(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* End the running test as skipped, saying why. */
_Noreturn void mg_test_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define CHECK(cond)                                                                                                    \
    do {                                                                                                               \
        if (!(cond)) mg_test_fail(__FILE__, __LINE__, #cond, "%s", "");                                                \
    } while (0)
#define CHECK_MSG(cond, ...)                                                                                           \
    do {                                                                                                               \
        if (!(cond)) mg_test_fail(__FILE__, __LINE__, #cond, __VA_ARGS__);                                             \
    } while (0)
#define FAIL(...) mg_test_fail(__FILE__, __LINE__, "reached", __VA_ARGS__)
#define SKIP(...) mg_test_skip(__VA_ARGS__)

/* Values as given (a) and as expected (b); each argument is evaluated once. NEAR: |a - b| <= tol, NaN near NaN only,
 * infinities near themselves only. BITS: the same bits, or NaN and NaN. */
#define CHECK_EQ_I64(a, b)      mg_test_eq_i64(__FILE__, __LINE__, #a " == " #b, (int64_t)(a), (int64_t)(b))
#define CHECK_EQ_U64(a, b)      mg_test_eq_u64(__FILE__, __LINE__, #a " == " #b, (uint64_t)(a), (uint64_t)(b))
#define CHECK_EQ_STR(a, b)      mg_test_eq_str(__FILE__, __LINE__, #a " == " #b, (a), (b))
#define CHECK_EQ_MEM(a, b, n)   mg_test_eq_mem(__FILE__, __LINE__, #a " == " #b, (a), (b), (n))
#define CHECK_NEAR(a, b, tol)   mg_test_near(__FILE__, __LINE__, #a " ~ " #b, (double)(a), (double)(b), (double)(tol))
#define CHECK_BITS_F32(a, b)    mg_test_bits_f32(__FILE__, __LINE__, #a " same bits as " #b, (a), (b))
#define CHECK_BITS_F64(a, b)    mg_test_bits_f64(__FILE__, __LINE__, #a " same bits as " #b, (a), (b))
#define CHECK_CONTAINS(s, part) mg_test_contains(__FILE__, __LINE__, #s " contains " #part, (s), (part))

void mg_test_eq_i64(const char *file, int line, const char *what, int64_t a, int64_t b);
void mg_test_eq_u64(const char *file, int line, const char *what, uint64_t a, uint64_t b);
void mg_test_eq_str(const char *file, int line, const char *what, const char *a, const char *b);
void mg_test_eq_mem(const char *file, int line, const char *what, const void *a, const void *b, size_t n);
void mg_test_near(const char *file, int line, const char *what, double a, double b, double tol);
void mg_test_bits_f32(const char *file, int line, const char *what, float a, float b);
void mg_test_bits_f64(const char *file, int line, const char *what, double a, double b);
void mg_test_contains(const char *file, int line, const char *what, const char *s, const char *part);

/* ---- how much ----------------------------------------------------------------------------------------------------*/

/* How many repetitions a randomised test should do where it would normally do n: n / 10 (at least 1) with
 * MYGRAD_TEST_QUICK=1 in the environment, n * 20 in a build with MYGRAD_LONG_TESTS. */
int mg_test_times(int n);
bool mg_test_is_quick(void);
bool mg_test_is_long(void);

/* ---- random numbers --------------------------------------------------------------------------------------------- */

/* The seed of this run: MYGRAD_TEST_SEED, or drawn once from the clock. */
uint64_t mg_test_seed(void);

typedef struct mg_test_rng {
    uint64_t state;
} mg_test_rng;

mg_test_rng mg_test_rng_new(void);                                 /* from mg_test_seed() */
mg_test_rng mg_test_rng_from(uint64_t seed);                       /* the same numbers for the same seed, everywhere */
uint64_t mg_test_u64(mg_test_rng *rng);                            /* 64 random bits */
int64_t mg_test_int(mg_test_rng *rng, int64_t low, int64_t high);  /* low..high, both included */
double mg_test_unit(mg_test_rng *rng);                             /* [0, 1) */
double mg_test_uniform(mg_test_rng *rng, double low, double high); /* [low, high) */
double mg_test_normal(mg_test_rng *rng);                           /* mean 0, variance 1, within 6 */

/* Numbers that find mistakes: every third one special (zeros of both signs, ones, infinities, NaN, denormals, extremes,
 * halves), the others with random bits or of ordinary size. */
float mg_test_any_f32(mg_test_rng *rng);
double mg_test_any_f64(mg_test_rng *rng);

#endif

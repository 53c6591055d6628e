/* SPDX-License-Identifier: MIT
 * Tables, guarded memory, values and the comparison with an oracle, for the tests of generated kernels. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "generated.h"
#include "op_domains.h"

extern const mgk_table mgk_table_scalar;
extern const mgk_table mgk_table_avx2;
extern const mgk_table mgk_table_avx512;
extern const mgk_table mgk_table_neon;

int gen_tables(const mgk_table *tables[MGK_ISA_COUNT]) {
    int n = 0;
    tables[n++] = &mgk_table_scalar;
#ifdef MGT_HAVE_AVX2
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) tables[n++] = &mgk_table_avx2;
#endif
#ifdef MGT_HAVE_AVX512
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd"))
        tables[n++] = &mgk_table_avx512;
#endif
#ifdef MGT_HAVE_NEON
    tables[n++] = &mgk_table_neon;
#endif
    return n;
}

size_t gen_size(mg_dtype row) {
    static const unsigned char sizes[MG_DTYPE_COUNT] = {
        [MG_BOOL] = 1, [MG_I8] = 1,  [MG_I16] = 2, [MG_I32] = 4, [MG_I64] = 8, [MG_U8] = 1,
        [MG_U16] = 2,  [MG_U32] = 4, [MG_U64] = 8, [MG_F32] = 4, [MG_F64] = 8,
    };
    return sizes[row];
}

const char *gen_row_name(mg_dtype row) {
    static const char *const names[MG_DTYPE_COUNT] = {
        [MG_BOOL] = "bool", [MG_I8] = "i8",   [MG_I16] = "i16", [MG_I32] = "i32", [MG_I64] = "i64", [MG_U8] = "u8",
        [MG_U16] = "u16",   [MG_U32] = "u32", [MG_U64] = "u64", [MG_F32] = "f32", [MG_F64] = "f64",
    };
    return names[row] ? names[row] : "?";
}

size_t gen_in_size(const mgk_op_info *op, mg_dtype row, int i) { return op->bool_in >> i & 1 ? 1 : gen_size(row); }

size_t gen_out_size(const mgk_op_info *op, mg_dtype row, int j) { return op->bool_out >> j & 1 ? 1 : gen_size(row); }

gen_guarded gen_guard(size_t bytes, bool at_end) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t inner = (bytes / page + 1) * page;
    gen_guarded g = {.map_bytes = inner + 2 * page, .bytes = bytes};
    g.map = mmap(NULL, g.map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK_MSG(g.map != MAP_FAILED, "mmap of %zu bytes", g.map_bytes);
    CHECK(mprotect(g.map + page, inner, PROT_READ | PROT_WRITE) == 0);
    g.data = g.map + page + (at_end ? inner - bytes : 0);
    return g;
}

void gen_release(gen_guarded *g) { munmap(g->map, g->map_bytes); }

static void domain_of(const mgk_op_info *op, int input, double *lo, double *hi) {
    static const struct {
        int op, input;
        double lo, hi;
    } domains[] = {MGK_DOMAINS};
    *lo = -4;
    *hi = 4;
    for (size_t k = 0; k < sizeof domains / sizeof *domains; k++) {
        if (&mgk_ops[domains[k].op] != op || domains[k].input != input) continue;
        *lo = domains[k].lo;
        *hi = domains[k].hi;
    }
}

void gen_fill(mg_test_rng *rng, const mgk_op_info *op, int i, mg_dtype row, void *out, size_t n) {
    double lo, hi;
    domain_of(op, i, &lo, &hi);
    const bool mask = (op->bool_in >> i & 1) || row == MG_BOOL;
    const size_t size = gen_in_size(op, row, i);
    for (size_t k = 0; k < n; k++) {
        unsigned char *p = (unsigned char *)out + k * size;
        const bool ordinary = mg_test_u64(rng) % 2 == 0;
        if (mask) {
            *p = mg_test_u64(rng) & 1;
        } else if (row == MG_F32) {
            const float x = ordinary ? (float)mg_test_uniform(rng, lo, hi) : mg_test_any_f32(rng);
            memcpy(p, &x, sizeof x);
        } else if (row == MG_F64) {
            const double x = ordinary ? mg_test_uniform(rng, lo, hi) : mg_test_any_f64(rng);
            memcpy(p, &x, sizeof x);
        } else {
            static const uint64_t special[] = {0,
                                               1,
                                               ~(uint64_t)0,
                                               0x7f,
                                               0x80,
                                               0x7fff,
                                               0x8000,
                                               0x7fffffff,
                                               0x80000000u,
                                               INT64_MAX,
                                               (uint64_t)INT64_MAX + 1,
                                               2};
            uint64_t x = ordinary ? mg_test_u64(rng) : special[mg_test_u64(rng) % (sizeof special / sizeof *special)];
            if (mg_test_u64(rng) % 4 == 0) x %= 16;
            memcpy(p, &x, size);
        }
    }
}

bool gen_same(mg_dtype row, const void *a, const void *b) {
    if (memcmp(a, b, gen_size(row)) == 0) return true;
    float f[2];
    double d[2];
    if (row == MG_F32) {
        memcpy(f, a, 4);
        memcpy(f + 1, b, 4);
        return isnan(f[0]) && isnan(f[1]);
    }
    if (row != MG_F64) return false;
    memcpy(d, a, 8);
    memcpy(d + 1, b, 8);
    return isnan(d[0]) && isnan(d[1]);
}

/* The C library in extended precision, for functions of one variable. */
typedef long double real_function(long double);

static long double sigmoid_wide(long double x) { return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x)); }
static long double csch_wide(long double x) { return 1 / sinhl(x); }
static long double sech_wide(long double x) { return 1 / coshl(x); }
static long double coth_wide(long double x) { return 1 / tanhl(x); }
static long double csc_wide(long double x) { return 1 / sinl(x); }
static long double sec_wide(long double x) { return 1 / cosl(x); }
static long double cot_wide(long double x) { return 1 / tanl(x); }
/* From the tangent, for near 1 sine and cosine say little. */
static long double tangent_wide(long double x) { /* of arcsec |x| */
    return fabsl(x) < 1 ? (long double)NAN : sqrtl((fabsl(x) - 1) * (fabsl(x) + 1));
}
static long double arccsc_wide(long double x) { return copysignl(atan2l(1, tangent_wide(x)), x); }
static long double arcsec_wide(long double x) { return atan2l(tangent_wide(x), copysignl(1, x)); }
static long double arccot_wide(long double x) { return x == 0 ? acosl(0) : atanl(1 / x); }
/* By the distance from the nearest whole number, which is exact. */
static long double sinc_wide(long double x) {
    const long double pi = acosl(-1), n = rintl(x), f = x - n;
    if (x == 0 || f == 0) return x == 0;
    return (fmodl(n, 2) == 0 ? sinl(pi * f) : -sinl(pi * f)) / (pi * x);
}
/* By the series near 0, where cos(pi x) and sinc(x) cancel; beyond 1/2 within 2^-62/|x|. */
static long double sinc_slope_wide(long double x) {
    const long double pi = acosl(-1), n = rintl(x), f = x - n, w = pi * pi * x * x;
    if (n != 0) return ((fmodl(n, 2) == 0 ? cosl(pi * f) : -cosl(pi * f)) - sinc_wide(x)) / x;
    long double sum = 0, term = -pi * pi / 6;
    for (int k = 1; k < 16; k++) {
        sum += 2 * k * term;
        term *= -w / ((2 * k + 2) * (2 * k + 3));
    }
    return x * sum;
}
static long double arccsch_wide(long double x) { return asinhl(1 / x); }
static long double arccoth_wide(long double x) {
    return isinf(x) ? 1 / x : copysignl(log1pl(2 / (fabsl(x) - 1)) / 2, x);
}
static long double soft_sign_wide(long double x) { return isinf(x) ? copysignl(1, x) : x / (1 + fabsl(x)); }
static long double silu_wide(long double x) { return isinf(x) && x < 0 ? -0.0L : x / (1 + expl(-x)); }
static long double softplus_wide(long double x) { return (x > 0 ? x : 0) + log1pl(expl(-fabsl(x))); }
static long double selu_wide(long double x) {
    const double scale = 1.0507009873554805, alpha = 1.6732632423543772;
    return (long double)scale * (x < 0 ? (long double)alpha * expm1l(x) : x);
}

/* The square in two parts: one rounding of it would be x*x/2 ULP of the result. */
static long double gauss_wide(long double x) {
    const long double square = x * x, lost = fmal(x, x, -square);
    return square > 12000 ? 0 : expl(-square) * (1 - lost);
}

/* Phi(x): what -x/sqrt 2 loses in rounding is put right by the slope of erfc. */
static long double phi_wide(long double x) {
    const long double root = 0.70710678118654752440L, t = -x * root;
    const long double lost = fmal(-x, root, -t) - x * 1.8950325588932570797e-20L;
    return 0.5L * (erfcl(t) - (t * t < 12000 ? 1.12837916709551257390L * expl(-t * t) * lost : 0));
}
static long double gelu_wide(long double x) { return isinf(x) ? (x > 0 ? x : -0.0L) : x * phi_wide(x); }
static long double gelu_slope_wide(long double x) {
    if (fabsl(x) > 150) return x > 0 ? 1 : -0.0L;
    return phi_wide(x) + x * gauss_wide(x * 0.5L) * gauss_wide(x * 0.5L) * 0.398942280401432677940L;
}

/* 2 sqrt(2/pi) (x + k 0.044715 x^3); gelu_tanh is x times the sigmoid of that for k = 1. */
static long double gelu_cubic(long double x, int k) {
    return 1.595769121605730711760L * (x + k * 0.044715L * x * x * x);
}
static long double gelu_tanh_wide(long double x) {
    if (isinf(x)) return x > 0 ? x : -0.0L;
    return x * sigmoid_wide(gelu_cubic(x, 1));
}
static long double gelu_tanh_slope_wide(long double x) {
    if (fabsl(x) > 50) return x > 0 ? 1 : -0.0L;
    const long double w = gelu_cubic(x, 1), s = sigmoid_wide(w);
    return s * (1 + gelu_cubic(x, 3) * sigmoid_wide(-w));
}

/* How far off these are where terms of their own size cancel, beside a zero of the function: a few roundings of terms
 * up to 1/|x| or 1. There the result has many more digits; test_vmath knows them by MPFR. */
static long double doubt_of(real_function *f, double x) {
    if (f == sinc_slope_wide && fabs(x) >= 1) return 0x1p-62L / (long double)fabs(x);
    return (f == gelu_slope_wide || f == gelu_tanh_slope_wide) && x > -1 && x < -0.5 ? 0x1p-62L : 0;
}

static real_function *wide_function(const char *op) {
    static const struct {
        const char *op;
        real_function *f;
    } table[] = {{"exp", expl},
                 {"exp2", exp2l},
                 {"expm1", expm1l},
                 {"log", logl},
                 {"log1p", log1pl},
                 {"log2", log2l},
                 {"log10", log10l},
                 {"cbrt", cbrtl},
                 {"sinh", sinhl},
                 {"cosh", coshl},
                 {"tanh", tanhl},
                 {"csch", csch_wide},
                 {"sech", sech_wide},
                 {"coth", coth_wide},
                 {"arcsinh", asinhl},
                 {"arccosh", acoshl},
                 {"arctanh", atanhl},
                 {"arccsch", arccsch_wide},
                 {"arccoth", arccoth_wide},
                 {"sigmoid", sigmoid_wide},
                 {"sin", sinl},
                 {"cos", cosl},
                 {"tan", tanl},
                 {"arctan", atanl},
                 {"csc", csc_wide},
                 {"sec", sec_wide},
                 {"cot", cot_wide},
                 {"arcsin", asinl},
                 {"arccos", acosl},
                 {"arccsc", arccsc_wide},
                 {"arcsec", arcsec_wide},
                 {"arccot", arccot_wide},
                 {"sinc", sinc_wide},
                 {"sinc_slope", sinc_slope_wide},
                 {"soft_sign", soft_sign_wide},
                 {"silu", silu_wide},
                 {"softplus", softplus_wide},
                 {"selu", selu_wide},
                 {"erf", erfl},
                 {"erfc", erfcl},
                 {"gauss", gauss_wide},
                 {"gelu", gelu_wide},
                 {"gelu_slope", gelu_slope_wide},
                 {"gelu_tanh", gelu_tanh_wide},
                 {"gelu_tanh_slope", gelu_tanh_slope_wide}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].op, op) == 0) return table[i].f;
    return NULL;
}

/* The same for functions of two variables. `sums`: off by an ULP of the largest of the operands and the result. */
typedef long double real_function_2(long double, long double);

static long double logaddexp_wide(long double x, long double y) {
    if (x == y) return x + logl(2);
    return x > y ? x + log1pl(expl(y - x)) : y + log1pl(expl(x - y));
}
static long double logaddexp2_wide(long double x, long double y) {
    if (x == y) return x + 1;
    return x > y ? x + log1pl(exp2l(y - x)) / logl(2) : y + log1pl(exp2l(x - y)) / logl(2);
}

/* The C library's powl answers inf for -inf to the power -0x1p+63: what is no number is left to pow. */
static long double power_wide(long double x, long double y) {
    return isfinite(x) && isfinite(y) ? powl(x, y) : (long double)pow((double)x, (double)y);
}

static real_function_2 *wide_function_2(const char *op, bool *sums) {
    static const struct {
        const char *op;
        real_function_2 *f;
        bool sums;
    } table[] = {{"hypot", hypotl, false},
                 {"arctan2", atan2l, false},
                 {"power", power_wide, false},
                 {"logaddexp", logaddexp_wide, true},
                 {"logaddexp2", logaddexp2_wide, true}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].op, op) != 0) continue;
        *sums = table[i].sums;
        return table[i].f;
    }
    return NULL;
}

/* A function of a value and of a parameter. */
static long double elu_wide(long double x, long double alpha) { return x < 0 ? alpha * expm1l(x) : x; }

static real_function_2 *wide_with_parameter(const char *op) { return strcmp(op, "elu") == 0 ? elu_wide : NULL; }

bool gen_is_signed(mg_dtype row) { return row >= MG_I8 && row <= MG_I64; }

uint64_t gen_read_int(mg_dtype row, const void *p) {
    uint64_t x = 0;
    memcpy(&x, p, gen_size(row)); /* little-endian hosts */
    const unsigned bits = 8 * (unsigned)gen_size(row);
    if (row == MG_BOOL) return x != 0;
    if (gen_is_signed(row) && bits < 64 && (x >> (bits - 1) & 1)) x |= ~(uint64_t)0 << bits;
    return x;
}

double gen_read_float(mg_dtype row, const void *p) {
    float f;
    double d;
    if (row == MG_F32) return memcpy(&f, p, sizeof f), (double)f;
    return memcpy(&d, p, sizeof d), d;
}

bool gen_has_oracle(const mgk_op_info *op) {
    if (op->n_pattern) return false;
    /* Parts of a row function, whose values are tested whole: tests/autodiff/test_softmax.c. */
    static const char *const parts[] = {"exp_parts", "log_parts", "softmax_of", "logsoftmax_of", "logsumexp_of"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(op->name, parts[i]) == 0) return false;
    const size_t n = strlen(op->name);
    return !(op->internal && n > 3 && strncmp(op->name + n - 3, "_d", 2) == 0);
}

/* |y - r| in units in the last place of the row's type at `at`; beyond the largest number, of the one below infinity.
 */
static long double ulp_error(mg_dtype row, long double r, double y, long double at) {
    const int digits = row == MG_F32 ? FLT_MANT_DIG : DBL_MANT_DIG, lowest = row == MG_F32 ? FLT_MIN_EXP : DBL_MIN_EXP;
    const int highest = row == MG_F32 ? FLT_MAX_EXP : DBL_MAX_EXP;
    int e;
    if (fabsl(r) > ldexpl(1, highest)) r = copysignl(ldexpl(1, highest), r);
    frexpl(at, &e);
    if (e < lowest) e = lowest;
    if (e > highest) e = highest;
    const long double wide = isinf(y) ? copysignl(ldexpl(1, highest), (long double)y) : (long double)y;
    return fabsl(wide - r) / ldexpl(1, e - digits);
}

bool gen_check(const mgk_op_info *op, mg_dtype row, const void *const in[], const double *params, int j,
               const void *got, char why[200]) {
    unsigned char room[MGK_MAX_OUT][8];
    void *const expected[] = {room[0], room[1], room[2]};
    if (gen_simple(op->name, row, in, op->n_in, params, room[0]) || gen_division(op->name, row, in, room[0]) ||
        gen_exact(op->name, row, in, params, expected)) {
        const mg_dtype type = gen_out_size(op, row, j) == 1 && op->bool_out ? MG_BOOL : row;
        if (gen_same(type, got, room[j])) return true;
        uint64_t bits[2] = {0, 0};
        memcpy(&bits[0], got, gen_size(type));
        memcpy(&bits[1], room[j], gen_size(type));
        snprintf(why, 200, "bits 0x%llx, expected 0x%llx", (unsigned long long)bits[0], (unsigned long long)bits[1]);
        return false;
    }
    bool sums = false;
    real_function *f = wide_function(op->name);
    real_function_2 *f2 = f ? NULL : wide_function_2(op->name, &sums);
    real_function_2 *with = f || f2 ? NULL : wide_with_parameter(op->name);
    if (!f && !f2 && !with) {
        snprintf(why, 200, "this op has no oracle: add one to tests/kernels/generated");
        return false;
    }
    const double x = gen_read_float(row, in[0]), y = gen_read_float(row, got);
    const double parameter = with ? row == MG_F32 ? (double)(float)params[0] : params[0] : 0;
    const double x2 = f2 ? gen_read_float(row, in[1]) : parameter;
    long double r = f ? f((long double)x) : (f2 ? f2 : with)((long double)x, (long double)x2);
    const long double doubt = doubt_of(f, x); /* for y */
    if (doubt > 0) r += fmaxl(-doubt, fminl(doubt, (long double)y - r));
    snprintf(why, 200, "f(%a, %a) = %La, got %a", x, x2, r, y);
    if (isnan(r) || isnan(y)) return isnan(r) && isnan(y);
    if (isinf(r)) return isinf(y) && (r > 0) == (y > 0);
    const long double most = sums ? fmaxl(fabsl(r), fmaxl(fabsl((long double)x), fabsl((long double)x2))) : r;
    if (most == 0) return y == 0 && (signbit(r) != 0) == (signbit(y) != 0);
    const double ulp = sums ? 1 : row == MG_F32 ? (double)op->ulp_f32 : (double)op->ulp_f64;
    const long double error = ulp_error(row, r, y, most);
    if (error <= (long double)ulp) return true;
    snprintf(why, 200, "f(%a, %a) = %La, got %a: %.3Lf ulp, stated %.3f", x, x2, r, y, error, ulp);
    return false;
}

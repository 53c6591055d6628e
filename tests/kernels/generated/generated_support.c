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
static long double arccsch_wide(long double x) { return asinhl(1 / x); }
static long double arccoth_wide(long double x) {
    return isinf(x) ? 1 / x : copysignl(log1pl(2 / (fabsl(x) - 1)) / 2, x);
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
                 {"arctan", atanl}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].op, op) == 0) return table[i].f;
    return NULL;
}

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

/* |y - r| in units in the last place of the row's type at r; beyond the largest number, of the one below infinity. */
static long double ulp_error(mg_dtype row, long double r, double y) {
    const int digits = row == MG_F32 ? FLT_MANT_DIG : DBL_MANT_DIG, lowest = row == MG_F32 ? FLT_MIN_EXP : DBL_MIN_EXP;
    const int highest = row == MG_F32 ? FLT_MAX_EXP : DBL_MAX_EXP;
    int e;
    if (fabsl(r) > ldexpl(1, highest)) r = copysignl(ldexpl(1, highest), r);
    frexpl(r, &e);
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
    real_function *f = wide_function(op->name);
    if (!f) {
        snprintf(why, 200, "this op has no oracle: add one to tests/kernels/generated");
        return false;
    }
    float f32[2];
    double x, y;
    if (row == MG_F32) {
        memcpy(f32, in[0], 4);
        memcpy(f32 + 1, got, 4);
        x = (double)f32[0];
        y = (double)f32[1];
    } else {
        memcpy(&x, in[0], 8);
        memcpy(&y, got, 8);
    }
    const long double r = f((long double)x);
    snprintf(why, 200, "f(%a) = %La, got %a", x, r, y);
    if (isnan(r) || isnan(y)) return isnan(r) && isnan(y);
    if (isinf(r)) return isinf(y) && (r > 0) == (y > 0);
    if (r == 0) return y == 0 && (signbit(r) != 0) == (signbit(y) != 0);
    const double ulp = row == MG_F32 ? (double)op->ulp_f32 : (double)op->ulp_f64;
    const long double error = ulp_error(row, r, y);
    if (error <= (long double)ulp) return true;
    snprintf(why, 200, "f(%a) = %La, got %a: %.3Lf ulp, stated %.3f", x, r, y, error, ulp);
    return false;
}

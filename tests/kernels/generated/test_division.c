/* SPDX-License-Identifier: MIT
 * Division with remainder where it is hard: of floats, quotients at integers and beside them, of more bits than the
 * type has, of as many as there can be, subnormals; of integers, multiples of the divisor and their neighbours. The
 * kernels of every ISA against the oracles of generated_division.c. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "generated.h"

enum { BLOCK = 256 };

/* y times an integer of `bits` bits and a half that may be none, some places beside it. */
static double near_multiple(mg_test_rng *rng, mg_dtype row, double y, int bits) {
    const double n = floor(ldexp(1 + mg_test_unit(rng), bits)) + (mg_test_u64(rng) % 4 == 0 ? 0.5 : 0);
    double x = row == MG_F32 ? (double)(float)(y * n) : y * n;
    for (int64_t k = mg_test_int(rng, -3, 3); k != 0; k += k < 0 ? 1 : -1) {
        const double to = k < 0 ? -INFINITY : INFINITY;
        x = row == MG_F32 ? (double)nextafterf((float)x, (float)to) : nextafter(x, to);
    }
    return x;
}

static void draw(mg_test_rng *rng, mg_dtype row, double *x, double *y) {
    const bool single = row == MG_F32;
    const int lowest = single ? -149 : -1074, highest = single ? 127 : 1023,
              digits = single ? FLT_MANT_DIG : DBL_MANT_DIG;
    const int keep = (int)mg_test_int(rng, 1, digits); /* divisors of few bits, too: exact quotients */
    *y = ldexp(floor(ldexp(1 + mg_test_unit(rng), keep - 1)), (int)mg_test_int(rng, lowest, highest) - keep + 1);
    if (single) *y = (double)(float)*y;
    switch (mg_test_u64(rng) % 4) {
    case 0: /* anything */
        *x = ldexp(1 + mg_test_unit(rng), (int)mg_test_int(rng, lowest, highest));
        break;
    case 1: /* few bits, or as many as the type has and some more */
        *x = near_multiple(rng, row, *y, (int)mg_test_int(rng, 0, 2 * digits + 4));
        break;
    case 2: /* where the quotient just does not fit */
        *x = near_multiple(rng, row, *y, digits + (int)mg_test_int(rng, -2, 2));
        break;
    default: /* the largest by the smallest */
        *x = single ? (double)FLT_MAX : DBL_MAX;
        *y = ldexp((double)mg_test_int(rng, 1, 20), lowest);
        break;
    }
    if (mg_test_u64(rng) & 1) *x = -*x;
    if (mg_test_u64(rng) & 1) *y = -*y;
}

static void put_floats(mg_test_rng *rng, mg_dtype row, unsigned char *x, unsigned char *y) {
    double a, b;
    draw(rng, row, &a, &b);
    const float narrow[] = {(float)a, (float)b};
    memcpy(x, row == MG_F32 ? (const void *)&narrow[0] : (const void *)&a, gen_size(row));
    memcpy(y, row == MG_F32 ? (const void *)&narrow[1] : (const void *)&b, gen_size(row));
}

/* y of any number of bits, x a multiple that fits, or beside one. */
static void put_integers(mg_test_rng *rng, mg_dtype row, unsigned char *x, unsigned char *y) {
    const int bits = 8 * (int)gen_size(row) - gen_is_signed(row), of_y = (int)mg_test_int(rng, 1, bits - 1);
    uint64_t b = mg_test_u64(rng) >> (64 - of_y), a = b * (mg_test_u64(rng) >> (64 - bits + of_y));
    a += (uint64_t)mg_test_int(rng, -1, 1);
    if (gen_is_signed(row) && mg_test_u64(rng) & 1) a = 0 - a;
    if (gen_is_signed(row) && mg_test_u64(rng) & 1) b = 0 - b;
    memcpy(x, &a, gen_size(row));
    memcpy(y, &b, gen_size(row));
}

static void check_element(int op, mg_dtype row, const char *isa, const void *const in[], const void *got) {
    unsigned char want[8];
    const char *name = mgk_ops[op].name;
    CHECK(gen_division(name, row, in, want));
    if (row == MG_F32 || row == MG_F64)
        CHECK_MSG(gen_same(row, got, want), "%s %s %s of %a, %a: %a, expected %a", name, gen_row_name(row), isa,
                  gen_read_float(row, in[0]), gen_read_float(row, in[1]), gen_read_float(row, got),
                  gen_read_float(row, want));
    else
        CHECK_MSG(gen_same(row, got, want), "%s %s %s of %llx, %llx: %llx, expected %llx", name, gen_row_name(row), isa,
                  (unsigned long long)gen_read_int(row, in[0]), (unsigned long long)gen_read_int(row, in[1]),
                  (unsigned long long)gen_read_int(row, got), (unsigned long long)gen_read_int(row, want));
}

static void check_block(mg_test_rng *rng, mg_dtype row,
                        void put(mg_test_rng *, mg_dtype, unsigned char *, unsigned char *)) {
    static const int ops[] = {MGK_OP_FLOOR_DIVIDE, MGK_OP_REMAINDER, MGK_OP_FMOD};
    static unsigned char x[8 * BLOCK], y[8 * BLOCK], got[8 * BLOCK];
    const size_t size = gen_size(row);
    for (size_t i = 0; i < BLOCK; i++) put(rng, row, x + i * size, y + i * size);
    const mgk_table *tables[MGK_ISA_COUNT];
    const int n_tables = gen_tables(tables);
    for (int k = 0; k < 3; k++) {
        for (int t = 0; t < n_tables; t++) {
            void *out = got;
            tables[t]->map[ops[k]][row][MGK_VV](BLOCK, &out, (const void *[]){x, y}, NULL);
            for (size_t i = 0; i < BLOCK; i++)
                check_element(ops[k], row, tables[t]->name, (const void *[]){x + i * size, y + i * size},
                              got + i * size);
        }
    }
}

MG_TEST(generated_division, hard_quotients) {
    mg_test_rng rng = mg_test_rng_new();
    for (int times = mg_test_times(200); times > 0; times--) {
        check_block(&rng, MG_F32, put_floats);
        check_block(&rng, MG_F64, put_floats);
    }
}

MG_TEST(generated_division, beside_multiples) {
    mg_test_rng rng = mg_test_rng_new();
    for (int times = mg_test_times(50); times > 0; times--)
        for (mg_dtype row = MG_I8; row <= MG_U64; row++) check_block(&rng, row, put_integers);
}

/* What the oracle itself must know, worked out by hand: ties that go to the even neighbour of the floor. */
MG_TEST(generated_division, floors_round_to_even) {
    static const struct {
        double x, y, want;
    } cases[] = {{0x1.000006p24, 1, 0x1.000006p24}, /* 2^24 + 6 */
                 {0x1.8p25, 3, 0x1p24},             /* exact */
                 {-7, 2, -4},
                 {7, -2, -4},
                 {-0x1p-1000, 0x1p1000, -1},
                 {0x1p1023, 0x1p-1074, (double)INFINITY}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got = 0;
        const void *in[] = {&cases[i].x, &cases[i].y};
        CHECK(gen_division("floor_divide", MG_F64, in, &got));
        CHECK_BITS_F64(got, cases[i].want);
    }
    /* 50331651 / 3 = 2^24 + 1 exactly, which f32 does not have: 2^24 */
    const float x = 0x1.8p25f + 4,
                y = 3; /* 50331652 / 3 = 16777217.33: the floor is the tie, its quotient is past it */
    float got = 0;
    const void *in[] = {&x, &y};
    CHECK(gen_division("floor_divide", MG_F32, in, &got));
    CHECK_BITS_F32(got, 0x1p24f);
    CHECK_BITS_F32(x / y, 0x1.000002p24f);
}

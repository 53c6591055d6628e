/* SPDX-License-Identifier: MIT
 * What is checked of vector maths of one operand and of two, in float32 and float64, in the same way: the error on
 * file, the same bits on every instruction set, lanes that ignore their neighbours. */
#ifndef MGT_VMATH_CHECKS_H
#define MGT_VMATH_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "vmath_lanes.h"

/* POINTS are drawn for each function, HASHED of them for the hashes on file of every instruction set, MANY for that of
 * one: the last digit of a constant changes one result in a hundred thousand. */
enum { VMATH_POINTS = 1 << 16, VMATH_HASHED = 1 << 12, VMATH_MANY = 1 << 18, VMATH_SEED = 20 };

/* The functions of one or of two operands in one dtype. Elements are floats or doubles, as `wide` says; y is the second
 * operand's, unused where there is one. */
typedef struct vmath_side {
    const char *dtype;
    bool wide, pairs;
    int count;
    const char *const *names;
    void (*point)(int fn, uint64_t i, uint64_t seed, void *x, void *y);
    void (*run)(const vmath_lanes *lanes, int fn, size_t n, void *z, const void *x, const void *y);
    double (*ulp)(int fn, const void *x, const void *y, const void *z);
} vmath_side;

/* f32, f64. */
extern const vmath_side vmath_single[2], vmath_paired[2];

/* What codegen/accuracy.txt promises, and the first of the inputs that have that error. */
typedef struct vmath_measured {
    double ulp, at;
} vmath_measured;
vmath_measured vmath_on_file(const vmath_side *side, int fn);

/* fn(x, y), rounded to float if the side is narrow, as its operands are. */
double vmath_value(const vmath_side *side, const vmath_lanes *lanes, int fn, double x, double y);

/* The same bits, or both NaN. */
bool vmath_same(const vmath_side *side, double a, double b);

/* The error of fn(x, y) in ULP; that it is not above what is on file; and that for the first `points` of each
 * function. By one instruction set: the others have the same bits. */
double vmath_error(const vmath_side *side, int fn, double x, double y);
void vmath_check_error(const vmath_side *side, int fn, double x, double y);
void vmath_check_sample(const vmath_side *side, int points);

/* fn(x, y) is z, for every instruction set. */
void vmath_check_value(const vmath_side *side, int fn, double x, double y, double z);

/* NaN stays NaN, whatever its payload, in either operand. */
void vmath_check_nan(const vmath_side *side);

/* Each function's hash over VMATH_HASHED points is hashes[fn][wide], for every instruction set; and over VMATH_POINTS
 * it is the same for all of them. */
void vmath_check_hashes(const vmath_side *side, const uint64_t (*hashes)[2]);
void vmath_check_agreement(const vmath_side *side);

/* The hash over VMATH_MANY points by the last instruction set that this machine has: says which differ, and how many.
 */
int vmath_count_wrong_of_many(const vmath_side *side, const uint64_t (*hashes)[2]);

/* A lane alone, and among neighbours of all kinds, gives the same bits; nothing is written past n. */
void vmath_check_neighbours(const vmath_side *side);

#endif

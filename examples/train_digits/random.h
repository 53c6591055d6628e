/* SPDX-License-Identifier: MIT
 * The example's random numbers: the same for the same seed, everywhere. */
#ifndef RANDOM_H
#define RANDOM_H

#include <math.h>
#include <stdint.h>

typedef struct rng {
    uint64_t state;
} rng;

/* A counter whose bits are mixed by two rounds of multiply and shift. */
static inline uint64_t rng_bits(rng *r) {
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline double rng_uniform(rng *r, double low, double high) {
    return low + (high - low) * ((double)(rng_bits(r) >> 11) * 0x1p-53);
}

static inline double rng_normal(rng *r) {
    double radius = sqrt(-2.0 * log(1.0 - rng_uniform(r, 0, 1)));
    return radius * cos(6.283185307179586 * rng_uniform(r, 0, 1));
}

static inline uint32_t rng_below(rng *r, uint32_t n) { return (uint32_t)((rng_bits(r) >> 32) * n >> 32); }

static inline void rng_shuffle(rng *r, uint32_t *items, size_t n) {
    for (size_t i = n; i > 1; i--) {
        uint32_t j = rng_below(r, (uint32_t)i), t = items[i - 1];
        items[i - 1] = items[j];
        items[j] = t;
    }
}

#endif

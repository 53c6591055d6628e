/* SPDX-License-Identifier: MIT
 * Random tile programs over random arrays, and what they should give: an interpreter with plain loops, element by
 * element and op by op, and rule C1 written out for reductions. Shares no code with the tile machine. */
#ifndef TILE_ORACLE_H
#define TILE_ORACLE_H

#include "runtime/tile.h"

typedef struct oracle_array {
    mg_dtype dtype;
    char *mapping; /* with a guard page on either side of the used pages */
    size_t mapped, bytes;
    char *bytes_at; /* the array's extent [bytes_at, bytes_at + bytes), at one end of its pages */
    int64_t offset; /* of the first logical element in it */
    int64_t strides[MG_MAX_NDIM];
    char *before, *expected; /* images of the extent */
} oracle_array;

typedef struct oracle_case {
    uint64_t seed, state;
    mgr_tile_spec spec;
    int ndim;
    int64_t dims[MG_MAX_NDIM], total;
    uint64_t reduced;
    double params[2 * MGR_TILE_MAX_INSTR * MGK_MAX_PARAMS];
    oracle_array in[MGR_TILE_MAX_INPUTS], out[MGR_TILE_MAX_OUTPUTS];
    bool calm;                       /* no infinities, NaNs and huge values: sums keep their bits */
    int alias[MGR_TILE_MAX_OUTPUTS]; /* output i is input alias[i]'s array, or -1 */
    int n_values;
    uint8_t row[256], logical[256];
} oracle_case;

/* What a random case may contain. */
typedef struct oracle_limits {
    int64_t min_total, max_total;
    int max_instr;
    bool reductions;
} oracle_limits;

uint64_t oracle_random(uint64_t *state);
int64_t oracle_below(uint64_t *state, int64_t n);

void oracle_make(oracle_case *c, uint64_t seed, const oracle_limits *limits);
void oracle_expect(oracle_case *c);               /* fills the expected images */
mg_status oracle_run(oracle_case *c);             /* through the tile machine, from the images before */
bool oracle_check(oracle_case *c, char *message); /* message: 256 bytes */
void oracle_everywhere(oracle_case *c); /* expect, then run and CHECK on every kernel table and for 1 to 3 threads */
void oracle_free(oracle_case *c);
void oracle_print(const oracle_case *c);

/* For cases written by hand: an array of given shape with random values in an awkward or plain layout. */
void oracle_array_new(oracle_case *c, oracle_array *a, mg_dtype dtype, bool plain, bool may_broadcast,
                      uint64_t zero_axes);
void oracle_array_free(oracle_array *a);

#endif

/* SPDX-License-Identifier: MIT
 * What the files of the tile machine share: the compiled program, the planned run, and the state of one worker.
 * Nothing here is seen outside runtime/tile_*.c.
 *
 * A program is a list of steps over *slots*. Per worker a table holds one pointer per slot: into an array's memory, or
 * to an L1 tile. Evaluating a tile of n elements is: set the pointers, call the steps' kernels. */
#ifndef MGR_TILE_IMPL_H
#define MGR_TILE_IMPL_H

#include <string.h>

#include "runtime/cpu.h"
#include "runtime/memory.h"
#include "runtime/tile.h"

#define TILE_MAX_VALUES   (MGR_TILE_MAX_INPUTS + MGR_TILE_MAX_INSTR * MGK_MAX_OUT)
#define TILE_MAX_OPERANDS (MGR_TILE_MAX_INPUTS + MGR_TILE_MAX_OUTPUTS)
#define TILE_MAX_STEPS    (MGR_TILE_MAX_INPUTS + MGR_TILE_MAX_INSTR * (1 + MGK_MAX_OUT))
#define TILE_MAX_SLOTS    (TILE_MAX_VALUES + MGR_TILE_MAX_INPUTS + MGR_TILE_MAX_INSTR)
#define TILE_NONE         0xffffu
#define TILE_LAST         INT16_MAX /* "used when the tile is done": by a reduction */

/* ---- Program: tile_compile.c ---- */

typedef enum tile_slot_kind {
    SLOT_TEMP,  /* an L1 tile, number `index` */
    SLOT_INPUT, /* input `index`, in its dtype in memory */
    SLOT_ONE,   /* scalar input `index`, one element of its row dtype */
    SLOT_FILL   /* scalar input `index`, a tile of copies */
} tile_slot_kind;

typedef struct tile_slot {
    uint8_t kind;
    uint8_t size; /* bytes per element */
    uint16_t index;
    int16_t first; /* step that writes it (temporaries) */
    int16_t last;  /* last step that reads it, -1 if none, TILE_LAST if reductions do */
} tile_slot;

typedef struct tile_step {
    union {
        mgk_map_fn *map;
        mgk_convert_fn *convert; /* if n_in is 0: in[0] -> out[0] */
    } fn;
    mgk_map_fn *past; /* the same past the caches, or NULL */
    uint16_t in[MGK_MAX_IN], out[MGK_MAX_OUT];
    uint16_t params;
    uint8_t n_in, n_out;
    uint8_t n_stores; /* stored outputs that are complete after this step */
} tile_step;

typedef struct tile_out {
    uint16_t slot; /* of its value */
    uint8_t dtype; /* as stored */
    uint8_t row;   /* of the value */
    uint8_t finish;
    uint8_t size;              /* bytes per element, as stored */
    uint8_t direct;            /* the value's kernel may write straight into the array */
    uint16_t reduce;           /* 0: stored */
    int16_t at;                /* stored: the step after which it is stored, -1 before all steps */
    int16_t defined;           /* the step that makes the value; -1 for inputs */
    mgk_convert_fn *narrow;    /* f32 tile -> f16/bf16, or NULL */
    mgk_map_fn *step;          /* reductions: the VV kernel of the step */
    mgk_reduce_fn *accumulate; /* its run kernel, or NULL: step by step */
    mgk_blocks_fn *blocks;     /* its kernel for whole blocks, where there is a run kernel */
    mgk_columns_fn *columns;   /* its kernel for rows, likewise */
    mgk_sums_fn *sums;         /* blocks of what the only step computes, in one kernel; or NULL */
    double identity;
} tile_out;

/* Never written after it was compiled, except for its count and the links of the shared level. */
struct mgr_tile_program {
    _Atomic uint32_t refs;
    uint32_t key_bytes;
    uint64_t hash;
    const uint8_t *key;
    struct {
        struct mgr_tile_program *next;          /* in its bucket */
        struct mgr_tile_program *older, *newer; /* in the order of use */
    } shared;
    const mgk_table *table;
    uint16_t n_inputs, n_outputs, n_steps, n_slots, n_temps;
    uint16_t n_stored, n_reduced, n_before; /* outputs stored before the first step */
    uint8_t max_size;                       /* largest element of any temporary */
    uint8_t any_half;                       /* some output is f16 or bf16 */
    int32_t small_length;                   /* up to here tile_small.c serves; 0: never */
    uint16_t small_temps;                   /* tiles it needs when every output that can be is written directly */
    float cost;                             /* ns per element of the arithmetic, roughly */
    mgr_tile_input *inputs;
    tile_step *steps;
    tile_slot *slots;
    tile_out *outputs;
    uint16_t *input_slot;  /* slot of each input as in memory (SLOT_INPUT or SLOT_ONE) */
    uint16_t *fill_slot;   /* its SLOT_FILL, TILE_NONE if none */
    uint16_t *store_order; /* stored outputs by `at` */
};

/* Put superinstructions in place of what they stand for: tile_super.c. Same bits. */
void mgr_tile_fuse_supers(mgr_tile_spec *spec, const mgk_table *table);

/* A new program with one count; NULL with an error set. The caller fills in key and hash. */
mgr_tile_program *mgr_tile_compile(const mgr_tile_spec *spec, const mgk_table *table, size_t key_bytes);

/* ---- Caches of programs: tile_spec.c (per thread), tile_shared.c ---- */

void mgr_tile_program_retain(mgr_tile_program *program);

/* Give back counts that were taken; the last one frees. */
void mgr_tile_program_drop(mgr_tile_program *program, uint32_t counts);

static inline bool tile_key_equal(const uint8_t *key, size_t bytes, const uint8_t *other, size_t other_bytes) {
    return bytes == other_bytes && memcmp(key, other, bytes) == 0;
}

/* The shared level's program of this key with one count; NULL (no error) if it has none. */
mgr_tile_program *mgr_tile_shared_find(const uint8_t *key, size_t bytes, uint64_t hash);

/* Share a program compiled by the caller, whose count goes to the call. Returns it, or what another thread shared under
 * this key meanwhile, with one count. */
mgr_tile_program *mgr_tile_shared_add(mgr_tile_program *program);

uint64_t mgr_tile_shared_count(void);

/* ---- Run: tile_plan.c, tile_reduce.c ---- */

typedef enum tile_access {
    ACCESS_FLAT,     /* contiguous over the whole flattened space */
    ACCESS_CONST,    /* one element for all: a tile of copies, made once per worker */
    ACCESS_ROW,      /* contiguous along the innermost axis, tiles stay within it */
    ACCESS_PERIODIC, /* repeats every `period` elements: replicated once per worker */
    ACCESS_PACK,     /* anything else: packed or scattered tile by tile */
    ACCESS_ONE       /* SLOT_ONE */
} tile_access;

typedef struct tile_operand {
    char *data;
    int64_t *strides; /* of the run's space */
    size_t tile;      /* offset of its own tile in the worker's scratch, if it has one */
    int64_t period;
    uint16_t slot; /* TILE_NONE: nothing to set per tile */
    uint8_t access;
    uint8_t width; /* log2 of the bytes per element */
    bool staged;   /* contiguous, but copied because an output overwrites it too early */
    bool streamed; /* outputs: past the caches */
    bool direct;   /* outputs: slot's pointer is the array */
} tile_operand;

/* An index space for walking: dims in iteration order. */
typedef struct tile_space {
    int ndim;
    int64_t *dims;
} tile_space;

/* How a reduction cuts [P][R][Q] (P and Q kept, R reduced, in iteration order) into units of work. */
typedef struct tile_reduction {
    int64_t p, r, q;
    int64_t groups;    /* small: whole [R][Q] groups per tile; 0: large */
    int64_t q_chunk;   /* large: kept elements per unit */
    int64_t unit;      /* large: reduced elements per unit, a multiple of every output's block */
    int64_t block_min; /* the smallest block */
    int64_t n_chunks, n_units;
    tile_space kept;        /* P and Q axes */
    size_t area_a, area_b;  /* offsets in scratch */
    size_t *state;          /* large: offset in scratch, per output */
    char **partials;        /* large, several blocks: [P][blocks][Q] per output, else NULL */
    int64_t **kept_strides; /* per output */
} tile_reduction;

/* What every run begins with. */
typedef struct tile_head {
    mgr_tile_program *program; /* counted: a cache may drop it between prepare and execute */
    mgr_buffer *buffer;        /* what the run lives in, or NULL: a small block of `bytes` */
    size_t bytes;
    bool small; /* a tile_small, not a full plan: tile_small.c */
} tile_head;

struct mgr_tile_run {
    tile_head head;
    const double *params;
    int64_t total;  /* elements of the space */
    int64_t length; /* longest tile */
    int64_t row;    /* tiles do not cross multiples of this; 0: they may */
    int64_t items, grain;
    int64_t box_rows, box_cols; /* tiles are boxes over box_axis and the innermost axis; 0: they are not */
    int box_axis;
    int workers;
    bool indexed; /* some operand needs the multi-index of the tile */
    bool merge;   /* no scratch: neighbouring tiles may be run as one */
    tile_space space;
    tile_operand *operands; /* inputs, then outputs */
    tile_reduction *reduction;
    char *scratch; /* workers x scratch_bytes */
    size_t scratch_bytes;
    size_t ones;       /* offset in scratch: converted f16/bf16 scalars, 8 bytes per input */
    size_t half;       /* offset in scratch: the 16-bit staging tile */
    size_t temps;      /* offset in scratch: temporaries */
    size_t temp_bytes; /* from one temporary to the next */
};

typedef struct tile_box {
    int64_t rows, cols, index[MG_MAX_NDIM];
} tile_box;

typedef struct tile_worker {
    const mgr_tile_run *run;
    char *scratch;
    char **ptr;    /* per slot; at the start of scratch */
    tile_box box;  /* the tile, if tiles are boxes */
    bool streamed; /* has stored past the caches */
} tile_worker;

/* Set up one worker: constant pointers, fills, replicated operands. */
tile_worker mgr_tile_worker(const mgr_tile_run *run, int worker);

/* When a worker has evaluated its last tile: what it stored is there for others. */
void mgr_tile_worker_end(const tile_worker *w);

/* Evaluate the flattened range [start, start + n): all steps, all stores. Slots stay valid until the next call. */
void mgr_tile_eval(tile_worker *w, int64_t start, size_t n);

/* One step from contiguous arrays and single elements to one array past the caches: by a kernel that stores there
 * itself; or through tiles so short that looking at every operand again would take as long as the memory. */
typedef enum tile_streaming { STREAM_TILES, STREAM_SHORT_TILES, STREAM_DIRECT } tile_streaming;
tile_streaming mgr_tile_streaming(const mgr_tile_program *program, const tile_operand *operands);

/* What is `at` bytes into memory that is laid out from base; NULL as long as only the size is of interest, base NULL.
 */
static inline void *tile_place(char *base, size_t at) { return base ? base + at : NULL; }

/* The parameters of a run; of one that has none an address all the same, since every step counts from it. */
static inline const double *tile_params(const mgr_tile_args *args) {
    static const double none[1];
    return args->params ? args->params : none;
}

/* One step on the tiles and arrays that ptr names. */
static inline void tile_step_run(const tile_step *step, size_t n, char *const *ptr, const double *params) {
    if (step->n_in == 0) {
        step->fn.convert(n, ptr[step->out[0]], ptr[step->in[0]]);
        return;
    }
    void *out[MGK_MAX_OUT];
    const void *in[MGK_MAX_IN];
    for (int j = 0; j < step->n_in; j++) in[j] = ptr[step->in[j]];
    for (int j = 0; j < step->n_out; j++) out[j] = ptr[step->out[j]];
    step->fn.map(n, out, in, params + step->params);
}

/* One tile, everything contiguous or one element, no reductions: tile_small.c. False if that does not apply; else *run,
 * NULL with an error set. */
bool mgr_tile_small_prepare(mgr_tile_program *program, const mgr_tile_args *args, mgr_tile_run **run);
void mgr_tile_small_execute(const mgr_tile_run *run);

/* Hardened build: tile_check.c. */
void mgr_tile_check_program(const mgr_tile_program *program);
void mgr_tile_check_run(const mgr_tile_run *run);

/* Run a planned reduction: tile_reduce.c. */
void mgr_tile_reduce_execute(mgr_tile_run *run);

/* Block and lane counts of an output's accumulator. */
static inline int64_t tile_lanes(const tile_out *out) { return (int64_t)MGK_REDUCE_LANES(mg_dtype_size(out->row)); }
static inline int64_t tile_block(const tile_out *out) { return (int64_t)MGK_REDUCE_BLOCK(mg_dtype_size(out->row)); }
static inline int64_t tile_blocks(const tile_out *out, int64_t r) {
    return (r + tile_block(out) - 1) / tile_block(out);
}

/* ---- Walking strided memory: tile_walk.c ---- */

/* The multi-index of flattened position `start`. */
void mgr_tile_index(const tile_space *space, int64_t start, int64_t *index);
/* Elements [start, start + n) of a strided array, in iteration order, to or from a contiguous tile. */
void mgr_tile_pack(const mgk_moves *moves, const tile_space *space, const int64_t *strides, const char *data, int width,
                   int64_t start, int64_t n, void *tile);
void mgr_tile_unpack(const mgk_moves *moves, const tile_space *space, const int64_t *strides, char *data, int width,
                     int64_t start, int64_t n, const void *tile);

/* rows x cols elements of a strided array, to or from a contiguous tile. */
typedef struct tile_patch {
    int64_t rows, cols;
    ptrdiff_t row_stride, col_stride;
} tile_patch;
void mgr_tile_pack_block(const mgk_moves *moves, const tile_patch *block, int width, char *tile, const char *data);
void mgr_tile_unpack_block(const mgk_moves *moves, const tile_patch *block, int width, char *data, const char *tile);

/* ---- Axes: tile_axes.c ---- */

/* Order of axes, fastest in memory last; axes of length 1 are left out. Earlier operands decide first. Returns how
 * many. */
int mgr_tile_sort_axes(int ndim, const int64_t *dims, int n, const int64_t *const *strides, int *order);

/* log2 of 1, 2, 4, 8. */
static inline int tile_width(size_t size) { return size == 8 ? 3 : size == 4 ? 2 : size == 2 ? 1 : 0; }
static inline size_t tile_round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

/* Counters of this thread: tile_spec.c. */
void mgr_tile_count_run(uint64_t tiles);

#endif

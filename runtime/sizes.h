/* SPDX-License-Identifier: MIT
 * Every size that is a choice: tiles, caches, pools, batches, and from how much work on threads share it. No size here
 * decides a bit of any result; those that would (lanes and blocks of reductions, im2col's blocks, the products
 * that go to a back end) are not here. */
#ifndef MGR_SIZES_H
#define MGR_SIZES_H

/* ---- Memory ---- */

/* Buffers of one class in a thread's magazine, and what they may hold together (at least two buffers). */
#define MGR_POOL_MAGAZINE_BUFFERS 128
#define MGR_POOL_MAGAZINE_BYTES   (2u << 20)
/* Small blocks that threads exchange at a time, and the slabs they are cut from (room for one of the largest). */
#define MGR_BLOCK_BATCH      64
#define MGR_BLOCK_SLAB_BYTES (64 * 1024)
#define MGR_ARENA_CHUNK      (1 << 16)

/* ---- Shapes ---- */

/* Shapes that nobody holds before a sweep; each thread's cache; the table at the start. The last two: powers of two. */
#define MGR_SHAPES_IDLE  1024
#define MGR_SHAPES_CACHE 64
#define MGR_SHAPES_TABLE 256u

/* ---- The tile machine ---- */

/* Programs kept by a thread, and by all of them together; buckets are powers of two. */
#define MGR_TILE_PROGRAMS        512
#define MGR_TILE_BUCKETS         1024
#define MGR_TILE_SHARED_PROGRAMS 2048
#define MGR_TILE_SHARED_BUCKETS  4096
/* The counts a thread takes from a program at a time, so that handing one out is no atomic operation. */
#define MGR_TILE_STOCK 64u
/* Elements of a tile, multiples of 64. Shorter ones than the least are all call overhead. */
#define MGR_TILE_LEAST 128
#define MGR_TILE_MOST  4096
/* An inner axis this long is worth tiles that stay within it; and when operands would have to be packed otherwise. */
#define MGR_TILE_ROWS_LONG   512
#define MGR_TILE_ROWS_MEDIUM 128
#define MGR_TILE_BOX_SIDE    32
/* The longest array for which a run is not planned: tile_small.c. */
#define MGR_TILE_SMALL 2048
/* Bytes written from which stores may go past the caches, if these are smaller. */
#define MGR_TILE_STREAM_BYTES (256u << 10)
/* Work that is worth a thread; elements of a reduction from which its kept elements are shared among threads. */
#define MGR_TILE_THREAD_NS 20000.0
#define MGR_TILE_SPLIT     65536

/* ---- Other loops: elements (or multiplications) that are worth a thread, and how much is done at a time ---- */

#define MGR_COPY_TILE          2048
#define MGR_COPY_STRETCH       16384
#define MGR_COPY_GRAIN_BYTES   480000
#define MGR_PACK_STRETCH       256
#define MGR_PACK_GRAIN         65536
#define MGR_ARGREDUCE_GRAIN    65536
#define MGR_MAX_POOL_GRAIN     32768
#define MGR_CROSSENTROPY_CHUNK 2048
#define MGR_CROSSENTROPY_GRAIN 8192
#define MGR_PRODUCT_GRAIN      (1 << 16)
/* What one thread takes of a product, and our own product's blocks: of a (MC x KC) for L2, of b (KC x NC). MC and NC
 * are multiples of every MR and NR of gemm.c; each element sums k in ascending order whatever KC is. */
#define MGR_PRODUCT_ROWS 64
#define MGR_PRODUCT_COLS 256
#define MGR_GEMM_MC      64
#define MGR_GEMM_KC      256
#define MGR_GEMM_NC      128
/* Primitives of oneDNN that a thread keeps. */
#define MGR_ONEDNN_PLANS   256
#define MGR_ONEDNN_BUCKETS 512
#define MGR_INFLATE_BYTES  65536

/* ---- The lazy graph (autodiff/) ---- */

/* Clusters that a node looks back at for one to join: planning stays linear in nodes. */
#define MGA_LOOK_BACK 8
/* The most of a cluster; a single node always has room. */
#define MGA_CLUSTER_INSTR   MGR_TILE_MAX_INSTR
#define MGA_CLUSTER_INPUTS  MGR_TILE_MAX_INPUTS
#define MGA_CLUSTER_OUTPUTS MGR_TILE_MAX_OUTPUTS
/* A chain of pending nodes this deep is evaluated as it is recorded, which bounds every region. */
#define MGA_DEPTH_CAP 400
/* Longest array of flush_small.c. Beyond it a program's superinstructions and its tiles without a buffer save more than
 * planning costs: a chain of seven f32 operations runs 1.5 times as fast that way at 64 elements, 1.2 at 1024, 0.9 at
 * 2048. */
#define MGA_SMALL_ELEMENTS 1024
/* Numbers of walks that a thread takes at a time; a power of two. */
#define MGA_EPOCHS 256u
/* Growing arrays at their start. */
#define MGA_NODES_START  64
#define MGA_SCOPES_START 8
#define MGA_CLAIMS_START 4

#endif

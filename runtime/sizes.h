/* SPDX-License-Identifier: MIT
 * Every size that is a choice: tiles, caches, pools, batches, and from how much work on threads share it. Each has a
 * second value for the hardened build (MYGRAD_HARDENED), so small that ordinary tests cross every boundary. No size
 * here decides a bit of any result; those that would (lanes and blocks of reductions, im2col's blocks, the products
 * that go to a back end) are not here. */
#ifndef MGR_SIZES_H
#define MGR_SIZES_H

#ifdef MYGRAD_HARDENED
#define MGR_SIZE(normal, hardened) (hardened)
#else
#define MGR_SIZE(normal, hardened) (normal)
#endif

/* ---- Memory ---- */

/* Buffers of one class in a thread's magazine, and what they may hold together (at least two buffers). */
#define MGR_POOL_MAGAZINE_BUFFERS MGR_SIZE(128, 2)
#define MGR_POOL_MAGAZINE_BYTES   MGR_SIZE(2u << 20, 1024u)
/* Live bytes that a thread keeps to itself before it adds them to the count of all. */
#define MGR_POOL_PUBLISH_BYTES ((int64_t)MGR_SIZE(256 << 10, 1))
/* Idle bytes that the pool keeps when nobody says; 0: a quarter of the machine's. */
#define MGR_POOL_IDLE_BYTES MGR_SIZE(0u, 64u << 10)
/* Small blocks that threads exchange at a time, and the slabs they are cut from (room for one of the largest). */
#define MGR_BLOCK_BATCH      MGR_SIZE(64, 2)
#define MGR_BLOCK_SLAB_BYTES MGR_SIZE(64 * 1024, 2 * 1024)
#define MGR_ARENA_CHUNK      MGR_SIZE(1 << 16, 256)

/* ---- Shapes ---- */

/* Shapes that nobody holds before a sweep; each thread's cache; the table at the start. The last two: powers of two. */
#define MGR_SHAPES_IDLE  MGR_SIZE(1024, 4)
#define MGR_SHAPES_CACHE MGR_SIZE(64, 2)
#define MGR_SHAPES_TABLE MGR_SIZE(256u, 4u)

/* ---- Caches of the machine, as far as plans look at them; 0: as they are ---- */

#define MGR_L1_BYTES  MGR_SIZE(0u, 8u << 10)
#define MGR_L2_BYTES  MGR_SIZE(0u, 64u << 10)
#define MGR_LLC_BYTES MGR_SIZE(0u, 128u << 10)

/* ---- The tile machine ---- */

/* Programs kept by a thread, and by all of them together; buckets are powers of two. */
#define MGR_TILE_PROGRAMS        MGR_SIZE(512, 2)
#define MGR_TILE_BUCKETS         MGR_SIZE(1024, 2)
#define MGR_TILE_SHARED_PROGRAMS MGR_SIZE(2048, 3)
#define MGR_TILE_SHARED_BUCKETS  MGR_SIZE(4096, 2)
/* The counts a thread takes from a program at a time, so that handing one out is no atomic operation. */
#define MGR_TILE_STOCK MGR_SIZE(64u, 2u)
/* Elements of a tile, multiples of 64. Shorter ones than the least are all call overhead. */
#define MGR_TILE_LEAST MGR_SIZE(128, 64)
#define MGR_TILE_MOST  MGR_SIZE(4096, 256)
/* An inner axis this long is worth tiles that stay within it; and when operands would have to be packed otherwise. */
#define MGR_TILE_ROWS_LONG   MGR_SIZE(512, 96)
#define MGR_TILE_ROWS_MEDIUM MGR_SIZE(128, 16)
#define MGR_TILE_BOX_SIDE    MGR_SIZE(32, 4)
/* The longest array for which a run is not planned: tile_small.c. */
#define MGR_TILE_SMALL MGR_SIZE(2048, 24)
/* Bytes written from which stores may go past the caches, if these are smaller. */
#define MGR_TILE_STREAM_BYTES MGR_SIZE(256u << 10, 1u << 10)
/* Bytes of arrays that a tile then reads and writes: best between 6 and 8 KiB, a chain takes 1.3 times as long at 24.
 */
#define MGR_TILE_STREAM_PART MGR_SIZE(7168u, 1536u)
/* Bytes that a tile of one step then writes: at 256 calls show, from 1024 on a sum of two arrays takes 1.4 times as
 * long. */
#define MGR_TILE_STREAM_ONE MGR_SIZE(512u, 256u)
/* The same where all arrays are contiguous and calls are all there is: at 256, 512 and 1024 a sum of two arrays
 * has 1.18, 1.09 and 0.87 of a triad's speed. */
#define MGR_TILE_STREAM_FLAT MGR_SIZE(256u, 64u)
/* The same where the kernel itself stores past the caches: single elements are tiles this long, which stay in L1. */
#define MGR_TILE_STREAM_DIRECT MGR_SIZE(4096u, 128u)
/* Work that is worth a thread; elements of a reduction from which its kept elements are shared among threads. */
#define MGR_TILE_THREAD_NS MGR_SIZE(20000.0, 500.0)
#define MGR_TILE_SPLIT     MGR_SIZE(65536, 256)

/* Kept elements from which a reduction goes by lanes instead of by rows: calls show below. */
#define MGR_TILE_LANE_ROW MGR_SIZE(256, 8)

/* ---- Other loops: elements (or multiplications) that are worth a thread, and how much is done at a time ---- */

#define MGR_COPY_TILE          MGR_SIZE(2048, 24)
#define MGR_COPY_STRETCH       MGR_SIZE(16384, 96)
#define MGR_COPY_GRAIN_BYTES   MGR_SIZE(480000, 2000)
#define MGR_PACK_STRETCH       MGR_SIZE(256, 8)
#define MGR_PACK_GRAIN         MGR_SIZE(65536, 256)
#define MGR_ARGREDUCE_GRAIN    MGR_SIZE(65536, 256)
#define MGR_SCAN_GRAIN         MGR_SIZE(65536, 256)
#define MGR_SCAN_STRETCH       MGR_SIZE(128, 8)
#define MGR_MAX_POOL_GRAIN     MGR_SIZE(32768, 256)
#define MGR_CROSSENTROPY_CHUNK MGR_SIZE(2048, 16)
#define MGR_CROSSENTROPY_GRAIN MGR_SIZE(8192, 256)
#define MGR_PRODUCT_GRAIN      MGR_SIZE(1 << 16, 256)
/* What one thread takes of a product, and our own product's blocks: of a (MC x KC) for L2, of b (KC x NC). MC and NC
 * are multiples of every MR and NR of gemm.c; each element sums k in ascending order whatever KC is. */
#define MGR_PRODUCT_ROWS MGR_SIZE(64, 8)
#define MGR_PRODUCT_COLS MGR_SIZE(256, 16)
#define MGR_GEMM_MC      MGR_SIZE(64, 8)
#define MGR_GEMM_KC      MGR_SIZE(256, 6)
#define MGR_GEMM_NC      MGR_SIZE(128, 16)
/* Primitives of oneDNN that a thread keeps. */
#define MGR_ONEDNN_PLANS   MGR_SIZE(256, 2)
#define MGR_ONEDNN_BUCKETS MGR_SIZE(512, 2)
#define MGR_INFLATE_BYTES  MGR_SIZE(65536, 16)
/* Memory for data that a file only claims to have; doubled as they arrive. */
#define MGR_INPUT_BYTES MGR_SIZE((size_t)1 << 20, (size_t)16)

/* ---- The lazy graph (autodiff/) ---- */

/* Clusters that a node looks back at for one to join: planning stays linear in nodes. */
#define MGA_LOOK_BACK MGR_SIZE(8, 1)
/* The most of a cluster; a single node always has room. */
#define MGA_CLUSTER_INSTR   MGR_SIZE(MGR_TILE_MAX_INSTR, 6)
#define MGA_CLUSTER_INPUTS  MGR_SIZE(MGR_TILE_MAX_INPUTS, 6)
#define MGA_CLUSTER_OUTPUTS MGR_SIZE(MGR_TILE_MAX_OUTPUTS, 5)
/* A chain of pending nodes this deep is evaluated as it is recorded, which bounds every region. */
#define MGA_DEPTH_CAP MGR_SIZE(400, 12)
/* Longest array of flush_small.c. Beyond it a program's superinstructions and its tiles without a buffer save more than
 * planning costs: a chain of seven f32 operations runs 1.5 times as fast that way at 64 elements, 1.2 at 1024, 0.9 at
 * 2048. */
#define MGA_SMALL_ELEMENTS MGR_SIZE(1024, 8)
/* Numbers of walks that a thread takes at a time; a power of two. */
#define MGA_EPOCHS MGR_SIZE(256u, 2u)
/* Nodes, and bytes of buffers, beyond twice what the last sweep through all histories left (history.c). */
#define MGA_SWEEP_NODES MGR_SIZE(1024, 8)
#define MGA_SWEEP_BYTES MGR_SIZE((uint64_t)4 << 20, (uint64_t)1 << 10)
/* Handles that ended, of which the debug mode (MYGRAD_DEBUG=1) can tell that they did. */
#define MGA_CLOSED_KEPT MGR_SIZE(65536, 16)
/* Growing arrays at their start. */
#define MGA_NODES_START  MGR_SIZE(64, 1)
#define MGA_SCOPES_START MGR_SIZE(8, 1)
#define MGA_CLAIMS_START MGR_SIZE(4, 1)

#endif

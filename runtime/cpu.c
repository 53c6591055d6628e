/* SPDX-License-Identifier: MIT
 * Which kernels this CPU gets, its cache sizes, the cores we may use. The only file that executes cpuid; cgroup files
 * are read in cpu_quota.c. */
#include "runtime/cpu.h"
#include "runtime/cpu_quota.h"
#include "runtime/environment.h"
#include "runtime/sizes.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* The tables that are built in: cmake/isa.cmake through MYGRAD_BUILD_ISA_*. */
extern const mgk_table mgk_table_scalar;
#ifdef MYGRAD_BUILD_ISA_AVX2
extern const mgk_table mgk_table_avx2;
#endif
#ifdef MYGRAD_BUILD_ISA_AVX512
extern const mgk_table mgk_table_avx512;
#endif
#ifdef MYGRAD_BUILD_ISA_NEON
extern const mgk_table mgk_table_neon;
#endif
static const mgk_table *const built_in[MGK_ISA_COUNT] = {
    [MGK_SCALAR] = &mgk_table_scalar,
#ifdef MYGRAD_BUILD_ISA_AVX2
    [MGK_AVX2] = &mgk_table_avx2,
#endif
#ifdef MYGRAD_BUILD_ISA_AVX512
    [MGK_AVX512] = &mgk_table_avx512,
#endif
#ifdef MYGRAD_BUILD_ISA_NEON
    [MGK_NEON] = &mgk_table_neon,
#endif
};

static const char *const isa_names[MGK_ISA_COUNT] = {"scalar", "avx2", "avx512", "neon"};

/* ---- what the CPU and the system can run ---- */

#if defined(__x86_64__)
#define ALL(value, mask) (((value) & (mask)) == (mask))

/* Which register states the system saves: bits 1, 2 (xmm, ymm) and 5, 6, 7 (masks, zmm). */
static uint32_t saved_states(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/* Bits of cpuid leaf 1 ecx: sse3 ssse3 fma cx16 sse4.1 sse4.2 movbe popcnt osxsave avx f16c. */
#define V3_LEAF1_C                                                                                                     \
    (1u << 0 | 1u << 9 | 1u << 12 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 22 | 1u << 23 | 1u << 27 | 1u << 28 |       \
     1u << 29)
#define V3_LEAF7_B  (1u << 3 | 1u << 5 | 1u << 8)                          /* bmi1 avx2 bmi2 */
#define V3_LEAF81_C (1u << 0 | 1u << 5)                                    /* lahf lzcnt */
#define V4_LEAF7_B  (1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31) /* avx512 f dq cd bw vl */

static mgk_isa detect(void) {
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !ALL(c, V3_LEAF1_C)) return MGK_SCALAR;
    uint32_t states = saved_states(); /* legal: osxsave is among the bits above */
    if (!ALL(states, 0x6u)) return MGK_SCALAR;
    if (!__get_cpuid(0x80000001u, &a, &b, &c, &d) || !ALL(c, V3_LEAF81_C)) return MGK_SCALAR;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !ALL(b, V3_LEAF7_B)) return MGK_SCALAR;
    return ALL(b, V4_LEAF7_B) && ALL(states, 0xe6u) ? MGK_AVX512 : MGK_AVX2;
}
#elif defined(__aarch64__)
static mgk_isa detect(void) { return MGK_NEON; }
#else
static mgk_isa detect(void) { return MGK_SCALAR; }
#endif

static bool can_run(mgk_isa isa) {
    mgk_isa best = detect();
    if (isa == MGK_NEON || best == MGK_NEON) return isa == best || isa == MGK_SCALAR;
    return isa <= best;
}

const mgk_table *mgr_kernels_of(mgk_isa isa) {
    return (unsigned)isa < MGK_ISA_COUNT && can_run(isa) ? built_in[isa] : NULL;
}

const char *mgr_isa_built_in(mgk_isa isa) {
    return (unsigned)isa < MGK_ISA_COUNT && built_in[isa] ? isa_names[isa] : NULL;
}

/* ---- the choice ---- */

static _Atomic(const mgk_table *) chosen, overriding;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The ISA that MYGRAD_ISA names, or MGK_ISA_COUNT if it says nothing useful. */
static mgk_isa asked_for(void) {
    const char *name = getenv("MYGRAD_ISA");
    if (!name || !*name) return MGK_ISA_COUNT;
    int isa = 0;
    while (isa < MGK_ISA_COUNT && strcmp(name, isa_names[isa]) != 0) isa++;
    if (isa == MGK_ISA_COUNT)
        mgr_env_ignored("MYGRAD_ISA", name, "is none of scalar, avx2, avx512, neon");
    else if (!mgr_kernels_of((mgk_isa)isa)) {
        mgr_env_ignored("MYGRAD_ISA", name,
                        built_in[isa] ? "is not usable: this CPU or its system does not support it"
                                      : "is not usable: it is not built into this library");
        isa = MGK_ISA_COUNT;
    }
    return (mgk_isa)isa;
}

static void tell(mgk_isa isa, bool capped) {
    if (!mgr_env_is_on(MGR_ENV_VERBOSE)) return;
    const mgr_caches *caches = mgr_cpu_caches();
    fprintf(stderr, "mygrad: kernels %s (%s); built in:", isa_names[isa],
            capped ? "MYGRAD_ISA" : "the best that this CPU runs");
    for (int i = 0; i < MGK_ISA_COUNT; i++)
        if (built_in[i]) fprintf(stderr, " %s", isa_names[i]);
    fprintf(stderr, "; CPU and system support %s; caches %zu, %zu, %zu KiB; %d usable cores\n", isa_names[detect()],
            caches->l1 >> 10, caches->l2 >> 10, caches->llc >> 10, mgr_cpu_usable());
}

static void choose(void) {
    mgk_isa isa = asked_for();
    bool capped = isa != MGK_ISA_COUNT;
    if (!capped) {
        isa = MGK_NEON;
        while (isa > MGK_SCALAR && !mgr_kernels_of(isa)) isa--;
    }
    tell(isa, capped);
    atomic_store_explicit(&chosen, built_in[isa], memory_order_release);
}

const mgk_table *mgr_kernels(void) {
    const mgk_table *table = atomic_load_explicit(&overriding, memory_order_acquire);
    if (table) return table;
    table = atomic_load_explicit(&chosen, memory_order_acquire);
    if (table) return table;
    pthread_once(&once, choose);
    return atomic_load_explicit(&chosen, memory_order_acquire);
}

void mgr_kernels_override(const mgk_table *table) { atomic_store_explicit(&overriding, table, memory_order_release); }

/* ---- caches ---- */

static mgr_caches caches;
static pthread_once_t caches_once = PTHREAD_ONCE_INIT;

static void note_cache(unsigned level, size_t bytes) {
    if (level == 1) caches.l1 = bytes;
    if (level == 2) caches.l2 = bytes;
    if (level >= 2 && bytes > caches.llc) caches.llc = bytes;
}

static bool read_text(const char *path, char *text, int bytes) {
    FILE *stream = fopen(path, "re");
    if (!stream) return false;
    bool ok = fgets(text, bytes, stream) != NULL;
    fclose(stream);
    return ok;
}

static void caches_from_sysfs(void) {
    static const char folder[] = "/sys/devices/system/cpu/cpu0/cache/index";
    for (int i = 0; i < 16; i++) {
        char path[96], type[32], level[32], size[32];
        snprintf(path, sizeof path, "%s%d/type", folder, i);
        if (!read_text(path, type, sizeof type)) return;
        snprintf(path, sizeof path, "%s%d/level", folder, i);
        if (type[0] == 'I' || !read_text(path, level, sizeof level)) continue; /* Instruction */
        snprintf(path, sizeof path, "%s%d/size", folder, i);
        if (!read_text(path, size, sizeof size)) continue;
        char *unit;
        unsigned long long bytes = strtoull(size, &unit, 10);
        bytes <<= *unit == 'K' ? 10 : *unit == 'M' ? 20 : *unit == 'G' ? 30 : 0;
        note_cache((unsigned)strtoul(level, NULL, 10), (size_t)bytes);
    }
}

/* Leaf 4 on Intel, 0x8000001d on AMD: one sub-leaf per cache in the same format. */
static void caches_from_cpuid(void) {
#if defined(__x86_64__)
    static const uint32_t leaves[] = {4, 0x8000001du};
    for (int k = 0; k < 2; k++) {
        for (uint32_t i = 0; i < 16; i++) {
            uint32_t a, b, c, d;
            if (!__get_cpuid_count(leaves[k], i, &a, &b, &c, &d) || (a & 31) == 0) break;
            if ((a & 31) == 2) continue; /* instructions */
            size_t ways = (b >> 22) + 1, parts = (b >> 12 & 0x3ff) + 1, line = (b & 0xfff) + 1;
            note_cache(a >> 5 & 7, ways * parts * line * ((size_t)c + 1));
        }
    }
#endif
}

static void find_caches(void) {
    caches_from_sysfs();
    if (!caches.l1) caches_from_cpuid();
    if (!caches.l1) caches.l1 = 32u << 10;
    if (!caches.llc) caches.llc = 8u << 20;
    if (!caches.l2) caches.l2 = 512u << 10;
    if (MGR_L1_BYTES) caches = (mgr_caches){.l1 = MGR_L1_BYTES, .l2 = MGR_L2_BYTES, .llc = MGR_LLC_BYTES};
}

const mgr_caches *mgr_cpu_caches(void) {
    pthread_once(&caches_once, find_caches);
    return &caches;
}

/* ---- cores ---- */

static int affinity_cores(void) {
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) { /* the set must be as large as the kernel's */
        cpu_set_t *set = CPU_ALLOC((size_t)cpus);
        if (!set) break;
        size_t bytes = CPU_ALLOC_SIZE((size_t)cpus);
        int n = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
        CPU_FREE(set);
        if (n > 0) return n;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 && online < 1 << 20 ? (int)online : 1;
}

int mgr_cpu_usable(void) {
    int n = affinity_cores(), quota = mgr_cpu_quota("");
    return quota > 0 && quota < n ? quota : n;
}

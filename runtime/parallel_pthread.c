/* SPDX-License-Identifier: MIT
 * parallel_for over our own team of POSIX threads; what serves unless a build asks for OpenMP (parallel.c).
 *
 * One caller at a time owns the team; whoever finds it busy runs serially. A region is opened through one word, the
 * gate: a member that finds it open goes in and takes chunks, its own share first and then what is left of others'; the
 * caller does the same, closes the gate when no chunk is left, and waits for those inside only. So a member that did
 * not get a core in time costs nothing, and one that lost it costs what it holds: one chunk.
 *
 * Waiting is bounded: members spin between regions, callers at a region's end, then they sleep; soon where others want
 * the cores, which a spinning thread notices by the time that it misses. Regions whose end was waited for longer than
 * their work took show that the cores are not there: for a while, doubled each time that it happens again, regions do
 * without the team. */
#include "runtime/parallel_plan.h"

#if !MGR_PARALLEL_USES_OPENMP
#include "runtime/openmp_alone.h"
#include "runtime/openmp_runtimes.h"
#include "runtime/thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

enum {
    MAX_WORKERS = 1023,
    STACK_BYTES = 2 << 20, /* of a member: libraries want some 70 KiB, whatever the program's own default is */
    TURN_NS = 500000,      /* of a member on its core */
    SPIN_NS = 1000000,     /* a member between regions, with the cores to itself: waking costs 50 us */
    SPIN_BUSY_NS = 20000,  /* the same while cores are asked for by others */
    JOIN_SPIN_NS = 20000,  /* a caller at a region's end */
    LOST_NS = 500000,      /* a spinning thread that sees no time for so long has lost its core */
    CALM_NS = 20000000,    /* that long after such a sign, cores are taken to be free again */
    ABSENT_NS = 300000,    /* a member that has its core is there by then, also from its sleep */
    LATE_NS = 1000000,     /* less is never late: halves are not equal, and pages are touched for the first time */
    SOON_NS = 16000000,
    PAUSE_MOST = 256000000
};

/* The gate: generation | waited | open | takers | inside. */
#define INSIDE(g) ((int)((g)&0x7ff))
#define TAKERS(g) ((int)((g) >> 11 & 0x7ff))
#define OPEN      ((uint64_t)1 << 22)
#define WAITED    ((uint64_t)1 << 23)
#define NEXT      ((uint64_t)1 << 24)
#define AGE(g)    ((g) / NEXT)

typedef struct member {
    _Alignas(64) atomic_bool asleep;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    pthread_t thread;
} member;

static atomic_bool busy; /* owns what is not atomic here */
static MGR_THREAD_LOCAL bool inside;

static struct {
    _Alignas(64) _Atomic uint64_t gate;
    _Alignas(64) _Atomic uint64_t taken[MGR_PARALLEL_MOST_CHUNKS / 64]; /* a bit for each chunk */
    _Atomic int came;                                                   /* members that went in */
    const mgr_parallel_plan *plan;                                      /* of who is inside */
    atomic_bool stopping;
    pthread_mutex_t mutex; /* of the caller's sleep */
    pthread_cond_t done;
    int workers;
    int64_t small_until, pause;      /* nanoseconds */
    int small;                       /* members, with the caller, until then */
    _Atomic int64_t calm_from;       /* until then waiting threads sleep soon */
    member members[MAX_WORKERS + 1]; /* from 1 on */
} team = {.mutex = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- Chunks ---- */

static bool take(int chunk) {
    uint64_t bit = (uint64_t)1 << chunk % 64;
    _Atomic uint64_t *word = &team.taken[chunk / 64];
    if (atomic_load_explicit(word, memory_order_relaxed) & bit) return false;
    return !(atomic_fetch_or_explicit(word, bit, memory_order_relaxed) & bit);
}

/* Each begins at its own share, so that from one region to the next it finds the same memory in its cache. */
static void take_chunks(const mgr_parallel_plan *plan, int worker, int members) {
    int chunk = (int)((int64_t)worker * plan->chunks / members);
    inside = true;
    for (int i = 0; i < plan->chunks; i++) {
        if (take(chunk)) mgr_parallel_chunk(plan, chunk, worker);
        if (++chunk == plan->chunks) chunk = 0;
    }
    inside = false;
}

/* ---- Members ---- */

/* Spin until the gate is of another age than `seen`; false: for too long, or the core was lost meanwhile. */
static bool spin_for_gate(uint64_t seen) {
    int64_t start = now_ns(), last = start;
    int64_t most = start < atomic_load_explicit(&team.calm_from, memory_order_relaxed) ? SPIN_BUSY_NS : SPIN_NS;
    for (;;) {
        for (int i = 0; i < 32; i++) {
            if (AGE(atomic_load_explicit(&team.gate, memory_order_acquire)) != seen) return true;
            pause_briefly();
        }
        int64_t now = now_ns();
        if (now - last > LOST_NS) {
            atomic_store_explicit(&team.calm_from, now + CALM_NS, memory_order_relaxed);
            return false;
        }
        if (now - start > most) return false;
        last = now;
    }
}

static void sleep_until_gate(member *me, uint64_t seen) {
    pthread_mutex_lock(&me->mutex);
    for (;;) {
        atomic_store(&me->asleep, true); /* before the look: the opener looks for sleepers after it has opened */
        if (AGE(atomic_load(&team.gate)) != seen) break;
        pthread_cond_wait(&me->wake, &me->mutex);
    }
    atomic_store_explicit(&me->asleep, false, memory_order_relaxed);
    pthread_mutex_unlock(&me->mutex);
}

static bool enter(uint64_t gate, int worker) {
    uint64_t age = AGE(gate);
    do {
        if (AGE(gate) != age || !(gate & OPEN) || worker > TAKERS(gate)) return false;
    } while (!atomic_compare_exchange_weak_explicit(&team.gate, &gate, gate + 1, memory_order_acq_rel,
                                                    memory_order_acquire));
    return true;
}

static void leave(void) {
    uint64_t before = atomic_fetch_sub(&team.gate, 1);
    if (INSIDE(before) != 1 || !(before & WAITED)) return;
    pthread_mutex_lock(&team.mutex); /* so that the caller cannot miss it between its look and its sleep */
    pthread_cond_signal(&team.done);
    pthread_mutex_unlock(&team.mutex);
}

/* Turns on the core that are shorter than others': what wakes for a region is then not left waiting for the end of
 * somebody's long one. The share of time stays the same. Linux from 6.12 on; elsewhere nothing happens. [The demo's
 * step beside one busy process a core: 1.3 times as fast, beside two 1.15 times.] */
static void ask_for_short_turns(void) {
#if defined(SYS_sched_setattr)
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes = {0}; /* sched_attr of <linux/sched/types.h>, which does not go with <sched.h> */
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
    if (attributes.policy != SCHED_OTHER || attributes.runtime <= TURN_NS) return;
    attributes.size = sizeof attributes;
    attributes.runtime = TURN_NS;
    (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
#endif
}

static void *work(void *number) {
    ask_for_short_turns();
    int worker = (int)(intptr_t)number;
    uint64_t seen = 0;
    for (;;) {
        if (!spin_for_gate(seen)) sleep_until_gate(&team.members[worker], seen);
        uint64_t gate = atomic_load_explicit(&team.gate, memory_order_acquire);
        seen = AGE(gate);
        if (atomic_load_explicit(&team.stopping, memory_order_relaxed)) return NULL;
        if (!enter(gate, worker)) continue;
        atomic_fetch_add_explicit(&team.came, 1, memory_order_relaxed);
        take_chunks(team.plan, worker, TAKERS(gate) + 1);
        leave();
    }
}

/* Have at least n workers, or as many as the system gives. Signals are left to the program's own threads. */
static void start_workers(int n) {
    pthread_attr_t attributes;
    sigset_t all, before;
    if (team.workers >= n || pthread_attr_init(&attributes) != 0) return;
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (team.workers < n && team.workers < MAX_WORKERS) {
        member *next = &team.members[team.workers + 1];
        pthread_mutex_init(&next->mutex, NULL);
        pthread_cond_init(&next->wake, NULL);
        if (pthread_create(&next->thread, &attributes, work, (void *)(intptr_t)(team.workers + 1)) != 0) break;
        team.workers++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

/* ---- Callers ---- */

/* A new generation for `takers` members: open, or only seen to have changed. */
static void open_gate(int takers, uint64_t open) {
    uint64_t age = AGE(atomic_load_explicit(&team.gate, memory_order_relaxed));
    atomic_store(&team.gate, (age + 1) * NEXT | open | (uint64_t)takers << 11);
    for (int i = 1; i <= takers; i++) {
        member *m = &team.members[i];
        if (!atomic_load(&m->asleep) || !atomic_exchange(&m->asleep, false)) continue;
        pthread_mutex_lock(&m->mutex); /* it sleeps by now, or looks at the gate again */
        pthread_mutex_unlock(&m->mutex);
        pthread_cond_signal(&m->wake);
    }
}

/* No chunk is left: nobody comes in any more, and those inside are waited for. Returns the nanoseconds that it took. */
static int64_t close_gate(void) {
    uint64_t gate = atomic_fetch_and(&team.gate, ~OPEN);
    if (INSIDE(gate) == 0) return 0;
    int64_t start = now_ns(), now = start;
    while (now - start < JOIN_SPIN_NS) {
        for (int i = 0; i < 32; i++) {
            if (INSIDE(atomic_load_explicit(&team.gate, memory_order_acquire)) == 0) return now - start;
            pause_briefly();
        }
        now = now_ns();
    }
    pthread_mutex_lock(&team.mutex);
    atomic_fetch_or(&team.gate, WAITED);
    while (INSIDE(atomic_load(&team.gate)) > 0) pthread_cond_wait(&team.done, &team.mutex);
    pthread_mutex_unlock(&team.mutex);
    return now_ns() - start;
}

/* What a region's time tells of the cores. A member that had time enough and never came, or one that was waited for, is
 * a sign that others want them: members sleep soon from then on. One late region may be anything; a second one soon
 * after it, or soon after a pause, is followed by a pause with a smaller team. */
static void judge(int takers, int64_t start, int64_t worked, int64_t waited) {
    bool late = waited >= LATE_NS && waited >= worked;
    bool absent = worked >= ABSENT_NS && atomic_load_explicit(&team.came, memory_order_relaxed) < takers;
    int64_t end = start + worked + waited;
    if (late || absent) atomic_store_explicit(&team.calm_from, end + CALM_NS, memory_order_relaxed);
    if (!late) return;
    bool again = start - team.small_until < SOON_NS;
    team.pause = !again ? 0 : team.pause == 0 ? 2 * waited : team.pause < PAUSE_MOST ? 2 * team.pause : PAUSE_MOST;
    team.small_until = end + team.pause;
    team.small = takers - takers / 4;
}

/* Takers for a region that begins now, were there cores for all of `wanted`. */
static int takers_now(int wanted, int64_t start) {
    if (start < team.small_until && team.small - 1 < wanted) wanted = team.small - 1;
    if (wanted > 0) start_workers(wanted);
    return wanted < team.workers ? wanted : team.workers;
}

static void run_by_team(const mgr_parallel_plan *plan, int takers, int64_t start) {
    team.plan = plan;
    atomic_store_explicit(&team.came, 0, memory_order_relaxed);
    for (int i = 0; i <= (plan->chunks - 1) / 64; i++) atomic_store_explicit(&team.taken[i], 0, memory_order_relaxed);
    open_gate(takers, OPEN);
    take_chunks(plan, 0, takers + 1);
    int64_t worked = now_ns() - start;
    judge(takers, start, worked, close_gate());
}

static pthread_once_t openmp_once = PTHREAD_ONCE_INIT;
static mgr_openmp openmp;

static void find_openmp(void) { openmp = mgr_openmp_find(NULL); }

/* In a region of the program's own, where every core has a thread already. */
static bool in_foreign_region(void) {
    pthread_once(&openmp_once, find_openmp);
    return openmp.in_parallel && openmp.in_parallel();
}

void mgr_parallel_run(const mgr_parallel_plan *plan) {
    if (plan->chunks == 1 || inside || mgr_forked() || in_foreign_region() || atomic_exchange(&busy, true)) {
        mgr_parallel_serial(plan);
        return;
    }
    mgr_fork_watch();
    int64_t start = now_ns();
    int takers = takers_now(plan->members - 1, start);
    if (takers > 0)
        run_by_team(plan, takers, start);
    else
        mgr_parallel_serial(plan);
    atomic_store_explicit(&busy, false, memory_order_release);
}

/* By the one who is `busy`. */
static void end_workers(void) {
    atomic_store(&team.stopping, true);
    open_gate(team.workers, 0);
    for (int i = 1; i <= team.workers; i++) pthread_join(team.members[i].thread, NULL);
    team.workers = 0;
    atomic_store(&team.stopping, false);
}

void mgr_parallel_rest(void) {
    if (inside || mgr_forked() || atomic_exchange(&busy, true)) return;
    end_workers();
    atomic_store_explicit(&busy, false, memory_order_release);
}

/* At exit and at dlclose no thread may be left in our code. A child has none of its parent's workers. */
__attribute__((destructor)) static void stop_workers(void) {
    if (!mgr_forked() && !atomic_exchange(&busy, true)) end_workers();
}

/* oneDNN and OpenBLAS may have brought pools of their own, which we never use. */
const char *mgr_parallel_backend(void) {
    static _Thread_local char backend[96];
    unsigned loaded = mgr_openmp_loaded();
    int at = snprintf(backend, sizeof backend, "own team");
    for (int i = 0; mgr_openmp_name(i); i++)
        if (loaded >> i & 1)
            at += snprintf(backend + at, sizeof backend - (size_t)at, "; %s is loaded, too", mgr_openmp_name(i));
    return backend;
}

#endif

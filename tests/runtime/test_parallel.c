/* SPDX-License-Identifier: MIT
 * parallel_for: every index once, in contiguous ordered chunks of at least a grain, unique workers; nested, from many
 * threads, after fork. */
#include "harness.h"
#include "runtime/parallel.h"
#include "runtime/shape.h"
#include "runtime/thread.h"
#include "tests/runtime/fork_memory.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_THREADS = 8, CHUNKS = 64 };

typedef struct record {
    int64_t grain, n;
    _Atomic int chunks;
    struct {
        int64_t begin, end;
        int worker;
    } chunk[CHUNKS];
    _Atomic int inside[MOST_THREADS]; /* bodies running now, by worker number */
    atomic_bool doubled;
    _Atomic int64_t sum;
} record;

static void note(int64_t begin, int64_t end, int worker, void *context) {
    record *r = context;
    if (worker < 0 || worker >= MOST_THREADS || atomic_fetch_add(&r->inside[worker], 1) != 0) r->doubled = true;
    int i = atomic_fetch_add(&r->chunks, 1);
    if (i < CHUNKS) {
        r->chunk[i].begin = begin;
        r->chunk[i].end = end;
        r->chunk[i].worker = worker;
    }
    int64_t sum = 0;
    for (int64_t k = begin; k < end; k++) sum += k;
    atomic_fetch_add(&r->sum, sum);
    if (worker >= 0 && worker < MOST_THREADS) atomic_fetch_sub(&r->inside[worker], 1);
}

static void check_partition(record *r, int threads) {
    int64_t at = 0;
    CHECK(!r->doubled && r->chunks <= threads && r->chunks <= CHUNKS);
    CHECK_EQ_I64(r->sum, r->n * (r->n - 1) / 2);
    for (int found = 0; found < r->chunks; found++) { /* chunks lie end to end */
        int i = 0;
        while (i < r->chunks && r->chunk[i].begin != at) i++;
        CHECK_MSG(i < r->chunks, "no chunk begins at %lld", (long long)at);
        int64_t length = r->chunk[i].end - r->chunk[i].begin;
        CHECK(length > 0 && r->chunk[i].worker < threads);
        at = r->chunk[i].end;
        CHECK_MSG(length >= r->grain || at == r->n, "%lld elements, grain %lld", (long long)length,
                  (long long)r->grain);
    }
    CHECK_EQ_I64(at, r->n);
}

MG_TEST(parallel, partitions) {
    static record r;
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < mg_test_times(2000); i++) {
        int threads = (int)mg_test_int(&rng, 1, MOST_THREADS);
        memset(&r, 0, sizeof r);
        r.n = mg_test_int(&rng, 1, 1 << mg_test_int(&rng, 0, 14));
        r.grain = mg_test_int(&rng, 1, 1 << mg_test_int(&rng, 0, 12));
        mgr_set_num_threads(threads);
        CHECK_EQ_I64(mgr_num_threads(), threads);
        mgr_parallel_for(r.n, r.grain, note, &r);
        check_partition(&r, threads);
        if (r.n <= r.grain) CHECK(r.chunks == 1);
    }
    memset(&r, 0, sizeof r);
    mgr_parallel_for(0, 1, note, &r);
    mgr_parallel_for(-5, 1, note, &r);
    CHECK_EQ_I64(r.chunks, 0);
    r.n = 3;
    mgr_parallel_for(3, 0, note, &r);
    check_partition(&r, MOST_THREADS);
    mgr_set_num_threads(0);
    CHECK(mgr_num_threads() >= 1);
}

MG_TEST(parallel, thread_counts) {
    mgr_set_num_threads(3);
    CHECK_EQ_I64(mgr_num_threads(), 3);
    mgr_set_num_threads(-4);
    CHECK(mgr_num_threads() >= 1 && mgr_num_threads() <= 1024);
    mgr_set_num_threads(1 << 30);
    CHECK_EQ_I64(mgr_num_threads(), 1024);
    mgr_set_num_threads(0);
    CHECK(strlen(mgr_parallel_backend()) > 0);
}

/* Two chunks that wait for each other: there really are two threads. */
static void meet(int64_t begin, int64_t end, int worker, void *context) {
    (void)worker;
    _Atomic int *arrived = context;
    if (end - begin == 2) return;
    atomic_fetch_add(arrived, 1);
    for (int i = 0; i < 20000 && atomic_load(arrived) < 2; i++) usleep(100);
    if (atomic_load(arrived) < 2 && begin == 0) atomic_store(arrived, -100);
}

/* Where cores are missing, regions do without a team for a while: on a busy machine the first one may. */
static bool two_meet(void) {
    for (int i = 0; i < 100; i++) {
        _Atomic int arrived = 0;
        mgr_parallel_for(2, 1, meet, &arrived);
        if (arrived == 2) return true;
        usleep(20000);
    }
    return false;
}

MG_TEST(parallel, really_parallel) {
    mgr_set_num_threads(2);
    bool met = two_meet();
    mgr_set_num_threads(0);
    CHECK(met);
}

/* ---- Pieces one by one, late members, signals ---- */

enum { PIECES = 64 };

typedef struct pieces {
    _Atomic int done, worker_of[PIECES];
    _Atomic int first; /* the worker whose first piece waits for all others */
} pieces;

static void wait_for_the_rest(int64_t begin, int64_t end, int worker, void *context) {
    pieces *p = context;
    for (int64_t i = begin; i < end; i++) {
        int nobody = -1;
        p->worker_of[i] = worker + 1;
        if (worker != 0 && atomic_compare_exchange_strong(&p->first, &nobody, worker))
            for (int k = 0; k < 100000 && p->done < PIECES - 1; k++) usleep(100);
        atomic_fetch_add(&p->done, 1);
        if (worker == 0 && p->first == -1) usleep(200); /* until somebody has come */
    }
}

/* A member that is held up in one piece leaves all the others to the caller. */
MG_TEST(parallel, each_hands_out_one_by_one) {
    static pieces p;
    mgr_set_num_threads(2);
    memset(&p, 0, sizeof p);
    p.first = -1;
    mgr_parallel_each(PIECES, 8, wait_for_the_rest, &p);
    CHECK_EQ_I64(p.done, PIECES);
    int held = 0;
    for (int i = 0; i < PIECES; i++) {
        CHECK_MSG(p.worker_of[i] > 0, "piece %d was never run", i);
        held += p.worker_of[i] > 1;
    }
    CHECK_MSG(p.first == -1 || held <= 1 + PIECES / 8, "%d pieces by the member that was held up", held);
    static record r;
    for (int threads = 1; threads <= MOST_THREADS; threads++)
        for (int n = 1; n <= CHUNKS; n += 9) {
            memset(&r, 0, sizeof r);
            r.n = n;
            mgr_set_num_threads(threads);
            mgr_parallel_each(n, 5, note, &r);
            CHECK(!r.doubled && r.chunks <= n);
            CHECK_EQ_I64(r.sum, r.n * (r.n - 1) / 2);
            for (int i = 0; i < r.chunks; i++) CHECK(r.chunk[i].worker < 5);
        }
    memset(&r, 0, sizeof r);
    r.n = 5000; /* more than there are chunks */
    mgr_parallel_each(r.n, 3, note, &r);
    CHECK_EQ_I64(r.sum, r.n * (r.n - 1) / 2);
    mgr_set_num_threads(0);
}

/* The caller ends as soon as the member has come, which then takes 20 ms. */
static void hold_up(int64_t begin, int64_t end, int worker, void *context) {
    _Atomic int *come = context;
    if (end - begin > 1) return; /* without a team */
    if (worker > 0) atomic_fetch_add(come, 1);
    if (worker > 0) usleep(20000);
    for (int i = 0; worker == 0 && i < 10000 && atomic_load(come) == 0; i++) usleep(100);
}

/* A member that keeps the caller waiting is done without after the second time, and comes back later. */
MG_TEST(parallel, teams_shrink_and_grow_again) {
    if (strncmp(mgr_parallel_backend(), "own", 3) != 0) return; /* OpenMP has no such thing */
    mgr_set_num_threads(2);
    int held_up = 0;
    for (int i = 0; i < 6; i++) {
        _Atomic int come = 0;
        mgr_parallel_for(2, 1, hold_up, &come);
        held_up += come;
    }
    CHECK_MSG(held_up <= 3, "held up in %d regions of 6", held_up);
    bool met = two_meet();
    mgr_set_num_threads(0);
    CHECK(met);
}

static void look_at_signals(int64_t begin, int64_t end, int worker, void *context) {
    static const int some[] = {SIGALRM, SIGINT, SIGUSR1, SIGPROF, SIGCHLD, SIGTERM, SIGIO};
    sigset_t blocked;
    (void)end;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    for (size_t i = 0; worker > 0 && i < sizeof some / sizeof *some; i++)
        if (!sigismember(&blocked, some[i])) atomic_store((atomic_bool *)context, true);
    for (int i = 0; i < 20 && begin == 0; i++) usleep(100); /* so that others come, too */
}

MG_TEST(parallel, members_take_no_signals) {
    atomic_bool takes = false;
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    for (int threads = 2; threads <= MOST_THREADS; threads++) { /* a growing team */
        mgr_set_num_threads(threads);
        mgr_parallel_for(threads, 1, look_at_signals, &takes);
        mgr_set_num_threads(2); /* and a runtime may end those that it has no use for */
        mgr_parallel_for(2, 1, look_at_signals, &takes);
    }
    mgr_set_num_threads(0);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    CHECK(!takes);
    CHECK_EQ_I64(sigismember(&after, SIGALRM), sigismember(&before, SIGALRM));
    CHECK_EQ_I64(sigismember(&after, SIGUSR1), sigismember(&before, SIGUSR1));
}

typedef struct nested {
    _Atomic int inner_bodies;
    atomic_bool cut;
} nested;

static void inner(int64_t begin, int64_t end, int worker, void *context) {
    nested *n = context;
    if (begin != 0 || end != 100 || worker != 0) n->cut = true;
    atomic_fetch_add(&n->inner_bodies, 1);
}

static void outer(int64_t begin, int64_t end, int worker, void *context) {
    (void)worker;
    for (int64_t i = begin; i < end; i++) mgr_parallel_for(100, 1, inner, context);
}

MG_TEST(parallel, nested_is_serial) {
    nested n = {0};
    mgr_set_num_threads(4);
    mgr_parallel_for(8, 1, outer, &n);
    mgr_set_num_threads(0);
    CHECK_EQ_I64(n.inner_bodies, 8);
    CHECK(!n.cut);
}

static int bad[MOST_THREADS];

static void *call_often(void *number) {
    int id = (int)(intptr_t)number;
    for (int i = 0; i < mg_test_times(500); i++) {
        record r;
        memset(&r, 0, sizeof r);
        r.n = 1000 + i;
        mgr_parallel_for(r.n, 10, note, &r);
        bad[id] |= r.doubled || r.sum != r.n * (r.n - 1) / 2;
    }
    return NULL;
}

MG_TEST(parallel, callers_on_many_threads) {
    pthread_t threads[4];
    mgr_set_num_threads(3);
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, call_often, (void *)(intptr_t)i);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        CHECK_MSG(!bad[i], "thread %d", i);
    }
    mgr_set_num_threads(0);
}

/* ---- fork, while another thread keeps every lock busy ---- */

static atomic_bool stop_busy;

static void *keep_busy(void *unused) {
    (void)unused;
    for (int64_t i = 0; !atomic_load(&stop_busy); i++) {
        mgr_buffer_release(mgr_buffer_new((size_t)(i % 40) << 16));
        mgr_shape_release(mgr_shape_get(1, (int64_t[]){i % 5000}));
        mgr_block_free(mgr_block_new(2000), 2000);
        if (i % 64 == 0) mgr_trim();
    }
    return NULL;
}

/* Exit code 0 if the child can use everything, serially. */
static int child_work(void) {
    record r;
    memset(&r, 0, sizeof r);
    r.n = 10000;
    mgr_set_num_threads(4);
    mgr_parallel_for(r.n, 1, note, &r);
    if (r.chunks != 1 || r.sum != r.n * (r.n - 1) / 2) return 2;
    if (mgr_num_threads() != 1 || !mgr_forked()) return 3;
    for (int64_t i = 0; i < 300; i++) {
        const mgr_shape *shape = mgr_shape_get(2, (int64_t[]){i, i});
        mgr_buffer *buffer = mgr_buffer_new((size_t)i << 12);
        void *block = mgr_block_new((size_t)i * 8);
        if (!shape || shape->size != i * i || !buffer || !block) return 4;
        memset(buffer->data, 1, buffer->bytes);
        mgr_shape_release(shape);
        mgr_buffer_release(buffer);
        mgr_block_free(block, (size_t)i * 8);
    }
    return 0;
}

MG_TEST(parallel, a_forked_child_works_serially) {
    pthread_t busy;
    static record r;
    memset(&r, 0, sizeof r);
    r.n = 100000;
    mgr_set_num_threads(4);
    mgr_parallel_for(r.n, 1, note, &r); /* the parent's team exists */
    atomic_store(&stop_busy, false);
    fork_memory_begin();
    pthread_create(&busy, NULL, keep_busy, NULL);
    int failed = 0;
    for (int i = 0; i < mg_test_times(30); i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(30);
            _exit(child_work());
        }
        int status = -1;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) failed = status ? status : -1;
    }
    atomic_store(&stop_busy, true);
    pthread_join(busy, NULL);
    fork_memory_end();
    CHECK_MSG(failed == 0, "a child ended with status %x", (unsigned)failed);
    memset(&r, 0, sizeof r);
    r.n = 100000;
    mgr_parallel_for(r.n, 1, note, &r); /* and the parent's team still does */
    check_partition(&r, 4);
    mgr_set_num_threads(0);
}

/* SPDX-License-Identifier: MIT
 * Random programs: lazy = eager, one thread = several, every ISA = scalar, bit for bit; and equal to a plain model of
 * NumPy's aliasing. A failing program is shrunk to the steps that matter and printed with its seed. */
#include "autodiff/thread.h"
#include "program.h"
#include "runtime/cpu.h"

#include <stdio.h>
#include <stdlib.h>

/* How a program is run. */
typedef struct mode {
    const char *name;
    bool model, eager;
    int threads;
    mgk_isa isa;
    bool tiles; /* small arrays, too, by the tile machine */
} mode;

static void run(const program *p, const mode *how, program_result *result) {
    if (how->model) {
        program_run_model(p, result);
        return;
    }
    mga_thread_get()->eager = how->eager;
    mga_thread_get()->tiles_only = how->tiles;
    mg_set_num_threads(how->threads);
    mgr_kernels_override(mgr_kernels_of(how->isa));
    program_run(p, result);
    mgr_kernels_override(NULL);
    mg_set_num_threads(0);
    mga_thread_get()->eager = false;
    mga_thread_get()->tiles_only = false;
}

static bool agree(const program *p, const mode *a, const mode *b) {
    program_result x, y;
    run(p, a, &x);
    run(p, b, &y);
    bool equal = program_results_equal(&x, &y) && x.error[0] == 0;
    if (x.error[0]) fprintf(stderr, "%s: %s\n", a->name, x.error);
    program_result_free(&x);
    program_result_free(&y);
    return equal;
}

static bool modes_agree(const program *p, const mode *const *modes) { return agree(p, modes[0], modes[1]); }

static bool leaves_nothing(const program *p, const mode *const *modes) {
    (void)modes;
    program_result result;
    mg_stats before, after;
    mg_get_stats(&before);
    program_run(p, &result);
    program_result_free(&result);
    mg_get_stats(&after);
    return after.live_tensors == before.live_tensors && after.live_nodes == before.live_nodes &&
           after.live_bytes == before.live_bytes;
}

/* Switch off steps while the fault stays, and print what is left. */
static void shrink(program *p, bool (*holds)(const program *, const mode *const *), const mode *const *modes) {
    for (bool smaller = true; smaller;) {
        smaller = false;
        for (int i = p->n; i-- > 0;) {
            if (p->steps[i].off) continue;
            p->steps[i].off = true;
            if (holds(p, modes))
                p->steps[i].off = false;
            else
                smaller = true;
        }
    }
    program_print(p);
}

static void compare(mg_test_rng *rng, int times, bool exact, bool large, const mode *a, const mode *b) {
    if (!a->model && !mgr_kernels_of(a->isa)) SKIP("this machine has no %s", a->name);
    for (int i = 0; i < mg_test_times(times); i++) {
        program p = program_random(rng, exact, large);
        if (agree(&p, a, b)) continue;
        const mode *modes[2] = {a, b};
        shrink(&p, modes_agree, modes);
        FAIL("%s and %s disagree on program %d", a->name, b->name, i);
    }
}

static const mode lazy = {"lazy", .threads = 1, .isa = MGK_SCALAR}, plain = {"model", .model = true};
static const mode tiles = {"tiles", .threads = 1, .isa = MGK_SCALAR, .tiles = true};
static const mode eager = {"eager", .eager = true, .threads = 1, .isa = MGK_SCALAR};
static const mode two = {"two threads", .threads = 2, .isa = MGK_SCALAR};
static const mode three = {"three threads", .threads = 3, .isa = MGK_SCALAR};
static const mode avx2 = {"avx2", .threads = 1, .isa = MGK_AVX2, .tiles = true};
static const mode avx512 = {"avx512", .threads = 1, .isa = MGK_AVX512, .tiles = true};
static const mode neon = {"neon", .threads = 1, .isa = MGK_NEON, .tiles = true};

MG_TEST(random_programs, aliasing_is_numpys) {
    mg_test_rng rng = mg_test_rng_new();
    compare(&rng, 3000, true, false, &lazy, &plain);
}

MG_TEST(random_programs, tiled_aliasing_is_numpys) {
    mg_test_rng rng = mg_test_rng_new();
    compare(&rng, 3000, true, false, &tiles, &plain);
}

MG_TEST(random_programs, eager_aliasing_is_numpys) {
    mg_test_rng rng = mg_test_rng_new();
    compare(&rng, 1000, true, false, &eager, &plain);
}

MG_TEST(random_programs, lazy_is_eager) {
    mg_test_rng rng = mg_test_rng_new();
    compare(&rng, 3000, false, false, &lazy, &eager);
}

MG_TEST(random_programs, the_short_way_is_the_tile_machine) {
    mg_test_rng rng = mg_test_rng_new();
    compare(&rng, 3000, false, false, &lazy, &tiles);
}

MG_TEST(random_programs, threads_do_not_matter) {
    mg_test_rng rng = mg_test_rng_new();
    compare(&rng, 60, false, true, &lazy, &two);
    compare(&rng, 20, false, true, &lazy, &three);
}

MG_TEST(random_programs, avx2_is_scalar) {
    mg_test_rng rng = mg_test_rng_new();
    compare(&rng, 1000, false, false, &avx2, &lazy);
}

MG_TEST(random_programs, avx512_is_scalar) {
    mg_test_rng rng = mg_test_rng_new();
    compare(&rng, 1000, false, false, &avx512, &lazy);
}

MG_TEST(random_programs, neon_is_scalar) {
    mg_test_rng rng = mg_test_rng_new();
    compare(&rng, 200, false, false, &neon, &lazy);
}

/* One seed makes one program, and says how it is run: so what a long run finds is repeated alone. */
typedef struct style {
    bool exact, large;
    const mode *a, *b;
} style;

static const style styles[] = {
    {true, false, &lazy, &plain},   {true, false, &tiles, &plain}, {true, false, &eager, &plain},
    {false, false, &lazy, &eager},  {false, false, &lazy, &tiles}, {false, false, &lazy, &eager},
    {false, false, &tiles, &eager}, {false, false, &lazy, &three}, {false, true, &lazy, &two}};

/* The large ones, a hundred times as long, are every hundredth. */
static const style *style_of(uint64_t seed) {
    size_t n = sizeof styles / sizeof *styles;
    return &styles[seed % 100 == 99 ? n - 1 : seed % (n - 1)];
}

static bool holds(const program *p, const mode *const *modes) {
    return agree(p, modes[0], modes[1]) && leaves_nothing(p, modes);
}

/* How many programs: MYGRAD_TEST_PROGRAMS in the environment, or some hundreds. Program i is that of seed
 * MYGRAD_TEST_SEED + i. */
static uint64_t programs_wanted(void) {
    const char *given = getenv("MYGRAD_TEST_PROGRAMS");
    if (given && given[0]) return strtoull(given, NULL, 0);
    return (uint64_t)mg_test_times(800);
}

MG_TEST(random_programs, each_of_its_own_seed) {
    uint64_t first = mg_test_seed(), n = programs_wanted();
    for (uint64_t seed = first; seed < first + n; seed++) {
        const style *how = style_of(seed);
        const mode *modes[2] = {how->a, how->b};
        mg_test_rng rng = mg_test_rng_from(seed);
        program p = program_random(&rng, how->exact, how->large);
        if (holds(&p, modes)) continue;
        shrink(&p, holds, modes);
        FAIL("%s and %s disagree, or something is left: MYGRAD_TEST_SEED=%llu MYGRAD_TEST_PROGRAMS=1 repeats it",
             how->a->name, how->b->name, (unsigned long long)seed);
    }
    printf("%llu programs from seed %llu: ", (unsigned long long)n, (unsigned long long)first);
}

MG_TEST(random_programs, nothing_is_left) {
    mg_test_rng rng = mg_test_rng_new();
    for (int i = 0; i < mg_test_times(1000); i++) {
        program p = program_random(&rng, false, false);
        if (leaves_nothing(&p, NULL)) continue;
        shrink(&p, leaves_nothing, NULL);
        FAIL("program %d leaves tensors, nodes or bytes behind", i);
    }
}

/* Program 2938 of this seed once got a view's old gradient: a new gradient node had come back at the old one's address.
 */
MG_TEST(random_programs, a_views_gradient_is_never_an_old_one) {
    mg_test_rng rng = mg_test_rng_from(1000166327);
    for (int i = 0; i < 2939; i++) {
        program p = program_random(&rng, false, false);
        CHECK_MSG(agree(&p, &lazy, &eager), "program %d", i);
    }
}

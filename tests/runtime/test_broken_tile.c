/* SPDX-License-Identifier: MIT
 * Hardened build: programs and runs of the tile machine that are broken on purpose are noticed. */
#include "harness.h"

#ifdef MYGRAD_HARDENED

#include "runtime/tile_impl.h"
#include "tests/runtime/broken.h"

/* sum = a + b, e = exp(a), the larger one of these, stored: two temporaries are alive at once, and no superinstruction
 * takes their places. */
static mgr_tile_program *make_program(void) {
    static mgr_tile_spec s;
    s.n_inputs = 2;
    s.inputs[0] = s.inputs[1] = (mgr_tile_input){.dtype = MG_F64};
    s.n_instr = 3;
    s.instr[0] = (mgr_tile_instr){.op = MGK_OP_ADD, .row = MG_F64, .n_in = 2, .n_out = 1, .in = {0, 1}};
    s.instr[1] = (mgr_tile_instr){.op = MGK_OP_EXP, .row = MG_F64, .n_in = 1, .n_out = 1, .in = {0}};
    s.instr[2] = (mgr_tile_instr){.op = MGK_OP_MAXIMUM, .row = MG_F64, .n_in = 2, .n_out = 1, .in = {2, 3}};
    s.n_outputs = 1;
    s.outputs[0] = (mgr_tile_output){.value = 4, .dtype = MG_F64};
    return mgr_tile_program_get(&s);
}

typedef struct wrong_program {
    const char *sentence;
    void (*breaks)(mgr_tile_program *p);
} wrong_program;

static void read_too_early(mgr_tile_program *p) { p->steps[0].in[0] = p->steps[2].out[0]; }
static void read_out_of_bounds(mgr_tile_program *p) { p->steps[1].in[0] = p->n_slots; }
static void write_an_input(mgr_tile_program *p) { p->steps[1].out[0] = 0; }
static void tile_out_of_bounds(mgr_tile_program *p) { p->slots[p->steps[0].out[0]].index = p->n_temps; }
static void tile_given_away(mgr_tile_program *p) {
    p->slots[p->steps[1].out[0]].index = p->slots[p->steps[0].out[0]].index;
}
static void stored_too_early(mgr_tile_program *p) { p->outputs[0].at = 0; }
static void never_stored(mgr_tile_program *p) { p->steps[2].n_stores = 0; }
static void no_kernel(mgr_tile_program *p) { p->steps[1].fn.map = NULL; }
static void odd_elements(mgr_tile_program *p) { p->slots[0].size = 3; }

static const wrong_program wrong_programs[] = {
    {"program: step 0 reads slot 4, but tile", read_too_early},
    {"program: step 1 reads slot 5 of 5", read_out_of_bounds},
    {"program: step 1 writes slot 0", write_an_input},
    {"program: slot 2 is in tile 2 of 2", tile_out_of_bounds},
    {"program: step 2 reads slot 2, but tile 0 holds slot 3", tile_given_away},
    {"program: output 0 is stored after step 2", stored_too_early},
    {"program: 0 of 1 outputs are stored", never_stored},
    {"program: step 1 has no kernel", no_kernel},
    {"program: slot 0 has elements of 3 bytes", odd_elements}};

static void break_program(void *context) {
    mgr_tile_program *p = make_program();
    ((const wrong_program *)context)->breaks(p);
    mgr_tile_check_program(p);
}

MG_TEST(broken_tile, programs) {
    mgr_tile_program *p = make_program();
    CHECK(p != NULL);
    mgr_tile_check_program(p);
    mgr_tile_program_release(p);
    for (size_t i = 0; i < sizeof wrong_programs / sizeof *wrong_programs; i++)
        expect_broken(break_program, (void *)(uintptr_t)&wrong_programs[i], wrong_programs[i].sentence);
}

typedef struct wrong_run {
    const char *sentence;
    void (*breaks)(mgr_tile_run *run);
} wrong_run;

static void more_workers(mgr_tile_run *run) { run->workers += 50; }
static void no_workers(mgr_tile_run *run) { run->workers = 0; }
static void fewer_tiles(mgr_tile_run *run) { run->items--; }
static void longer_tiles(mgr_tile_run *run) {
    run->length *= 2;
    run->items = (run->total + run->length - 1) / run->length;
}
static void wild_operand(mgr_tile_run *run) { run->operands[0].slot = 1000; }

static const wrong_run wrong_runs[] = {{"run: scratch of ", more_workers},
                                       {"run: 0 workers", no_workers},
                                       {"for 5000 elements", fewer_tiles},
                                       {"ends outside the scratch", longer_tiles},
                                       {"run: operand 0 moves slot 1000 of 5", wild_operand}};

static void break_run(void *context) {
    static double a[5000], y[5000];
    int64_t n = 5000, stride = 8;
    mgr_tile_operand in[2] = {{a, &stride}, {a, &stride}}, out = {y, &stride};
    mgr_tile_args args = {.ndim = 1, .dims = &n, .inputs = in, .outputs = &out};
    mgr_tile_program *p = make_program();
    mgr_tile_run *run = mgr_tile_prepare(p, &args);
    const wrong_run *wrong = context;
    if (wrong) wrong->breaks(run);
    mgr_tile_check_run(run);
    mgr_tile_discard(run);
    mgr_tile_program_release(p);
}

MG_TEST(broken_tile, runs) {
    break_run(NULL);
    for (size_t i = 0; i < sizeof wrong_runs / sizeof *wrong_runs; i++)
        expect_broken(break_run, (void *)(uintptr_t)&wrong_runs[i], wrong_runs[i].sentence);
}

#endif

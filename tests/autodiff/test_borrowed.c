/* SPDX-License-Identifier: MIT
 * The caller's memory: who sees what is written into it, by either side, in tensors, views, detached tensors and
 * gradients of what was recorded before. */
#include "harness.h"
#include "tensor_check.h"

#include <mygrad/mygrad.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAD MG_KEY(MG_S(0, 2, 1))

static mg_tensor *over(double *memory) { return mg_borrow(MG_F64, memory, MG_SHAPE(2), NULL, NULL); }

MG_TEST(borrowed, detached_is_apart_in_both_directions) {
    for (int part = 0; part < 2; part++) {
        MG_SCOPE;
        double memory[2] = {3, 4};
        mg_tensor *x = over(memory), *d = mg_detach(part ? mg_getitem(x, HEAD) : x);
        mg_imultiply(d, mg_scalar(2));
        VALUES(d, 6, 8);
        CHECK(memory[0] == 3 && memory[1] == 4);
        mg_imultiply(x, mg_scalar(10));
        CHECK(memory[0] == 30 && memory[1] == 40);
        VALUES(d, 6, 8);
        double *p = mg_data_mut(d);
        CHECK(p != NULL && p != memory);
        mg_tensor *e = mg_detach(x);
        memory[0] = 7; /* after mg_sync nobody reads it but x */
        mg_sync(x);
        VALUES(e, 30, 40);
    }
}

MG_TEST(borrowed, a_read_only_mapping_can_be_detached_and_written_there) {
    MG_SCOPE;
    double *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    page[0] = 3, page[1] = 4;
    CHECK(mprotect(page, 4096, PROT_READ) == 0);
    mg_tensor *x = over(page), *d = mg_detach(x), *c = mg_set_constant(mg_getitem(x, HEAD), true);
    mg_iadd(d, mg_scalar(1));
    VALUES(d, 4, 5);
    VALUES(c, 3, 4);
    mg_release(x);
    mg_release(c);
    munmap(page, 4096);
}

MG_TEST(borrowed, sync_cuts_no_history) {
    MG_SCOPE;
    double memory[2] = {3, 4};
    mg_tensor *x = over(memory), *v = mg_getitem(x, HEAD), *f = mg_sum(mg_square(x));
    CHECK_EQ_I64(mg_sync(x), MG_OK);
    memory[0] = 100, memory[1] = 200;
    CHECK_EQ_I64(mg_sync(x), MG_OK); /* nothing more to save */
    CHECK_EQ_I64(mg_backward(f), MG_OK);
    CHECK_NEAR(mg_item(f), 25, 0);
    VALUES(mg_grad(x), 6, 8);
    VALUES(mg_grad(v), 6, 8);
    VALUES(mg_square(x), 10000, 40000); /* the next use */
    CHECK(mg_grad(x) == NULL);
    CHECK_EQ_I64(mg_grad_status(x), MG_GRAD_REPLACED);
    VALUES(v, 100, 200);
    mg_backward(mg_sum(mg_square(v)));
    VALUES(mg_grad(x), 200, 400);
}

MG_TEST(borrowed, a_loop_over_one_buffer) {
    double memory[2] = {0};
    mg_tensor *x = mg_keep(over(memory));
    for (int i = 1; i < 5; i++) {
        MG_SCOPE;
        CHECK_EQ_I64(mg_sync(x), MG_OK);
        memory[0] = i, memory[1] = -i;
        mg_tensor *f = mg_sum(mg_square(x));
        if (i & 1) CHECK_EQ_I64(mg_sync(x), MG_OK);
        CHECK_EQ_I64(mg_backward(f), MG_OK);
        VALUES(mg_grad(x), 2 * i, -2 * i);
        CHECK_NEAR(mg_item(f), 2 * i * i, 0);
    }
    mg_release(x);
}

MG_TEST(borrowed, a_write_after_sync_is_one_into_the_memory) {
    MG_SCOPE;
    double memory[2] = {3, 4};
    mg_tensor *x = over(memory), *y = mg_square(x);
    mg_sync(x);
    memory[0] = 5;
    mg_iadd(x, mg_scalar(1));
    CHECK(memory[0] == 6 && memory[1] == 5);
    VALUES(y, 9, 16);
    VALUES(x, 6, 5);
    mg_copyto(mg_getitem(x, MG_KEY(MG_I(1))), mg_scalar(0));
    CHECK(memory[1] == 0);
}

MG_TEST(borrowed, constancy_changes_leave_readers_what_they_saw) {
    MG_SCOPE;
    double memory[2] = {3, 4};
    mg_tensor *x = over(memory), *y = mg_square(x), *v = mg_getitem(x, HEAD);
    mg_set_constant(x, true);
    mg_imultiply(x, mg_scalar(2));
    CHECK(memory[0] == 6 && memory[1] == 8);
    VALUES(y, 9, 16);
    mg_set_constant(v, false);
    mg_tensor *z = mg_square(v);
    mg_imultiply(x, mg_scalar(2));
    VALUES(z, 36, 64);
    VALUES(v, 12, 16);
    CHECK(memory[0] == 12);
}

MG_TEST(borrowed, after_consume_it_is_still_the_memory) {
    MG_SCOPE;
    double memory[2] = {3, 4};
    mg_tensor *x = over(memory);
    mg_imultiply(x, mg_from_f64((double[]){1, 2}, MG_SHAPE(2))); /* history, in the caller's memory */
    CHECK(memory[1] == 8);
    mg_tensor *f = mg_sum(mg_square(x));
    mg_backward(f, .consume = true);
    mg_iadd(x, mg_scalar(1));
    CHECK(memory[0] == 4 && memory[1] == 9);
    mg_backward(mg_sum(mg_square(x)));
    VALUES(mg_grad(x), 8, 18);
}

MG_TEST(borrowed, a_constant_stays_one_when_it_was_synced) {
    MG_SCOPE;
    double memory[2] = {3, 4};
    mg_tensor *x = mg_set_constant(over(memory), true), *y = mg_square(x);
    CHECK_EQ_I64(mg_sync(x), MG_OK);
    memory[0] = 5;
    VALUES(x, 5, 4);
    VALUES(y, 9, 16);
    CHECK(mg_is_constant(x) && mg_is_constant(mg_square(x)));
}

/* ---- what a write needs ---- */

enum { MANY = 1 << 20 }; /* 8 MiB of float64: far from what counts are good to */

/* Buffers of this size that were held at the most since the last call, beyond those at the time; those held now. */
static double most(double *now) {
    static double before;
    mg_stats stats;
    mg_get_stats(&stats);
    mg_stats_reset_peak();
    const double peak = (double)stats.peak_live_bytes / (8.0 * MANY) - before;
    before = (double)stats.live_bytes / (8.0 * MANY);
    *now = before;
    return peak;
}

static double *many(void) {
    static double memory[MANY];
    for (int i = 0; i < MANY; i++) memory[i] = i % 7;
    return memory;
}

#define NEEDS(n, what)                                                                                                 \
    do {                                                                                                               \
        double held_, most_ = most(&held_);                                                                            \
        CHECK_MSG(most_ < (n) + .2, "%s: %g buffers, of %g", what, most_, (double)(n));                                \
        CHECK_MSG(held_ < start + .2, "%s: %g buffers stay", what, held_ - start);                                     \
    } while (0)

/* The result, and nothing for readers where there are none. */
MG_TEST(borrowed, a_write_copies_nothing_for_nobody) {
    double *memory = many(), start;
    MG_SCOPE;
    mg_tensor *x = mg_borrow(MG_F64, memory, MG_SHAPE(MANY), NULL, NULL), *two = mg_scalar(2);
    most(&start);
    for (int variable = 1; variable >= 0; variable--) {
        mg_set_constant(x, !variable);
        mg_imultiply(x, two);
        NEEDS(1, "in place");
        mg_setitem(x, MG_KEY(MG_S(0, MANY, 2)), two);
        NEEDS(1, "setitem");
        CHECK(mg_data_mut(x) == memory);
        NEEDS(0, "data_mut");
        CHECK_EQ_I64(mg_sync(x), MG_OK);
        NEEDS(0, "sync");
        mg_tensor *v = mg_getitem(x, MG_KEY(MG_S(0, MANY, 2)));
        mg_mem_guard(false);
        CHECK(mg_data_mut(v) == memory);
        mg_mem_guard(true);
        mg_release(v);
        NEEDS(0, "data_mut of a view");
    }
    CHECK(memory[0] == 2 && memory[1] == 4 && memory[3] == 12);
}

MG_TEST(borrowed, nor_does_writing_through_a_view_of_other_memory) {
    double start;
    MG_SCOPE;
    mg_tensor *x = mg_set_constant(mg_from_f64(many(), MG_SHAPE(MANY)), true);
    mg_tensor *v = mg_getitem(x, MG_KEY(MG_S(1, MANY, 1)));
    most(&start);
    double *p = mg_data_mut(v);
    mg_release(v);
    double *q = mg_data_mut(x);
    NEEDS(0, "data_mut");
    CHECK(p == q + 1);
}

/* A reader that waits keeps the old value where the new one was computed; it goes when the reader does. */
MG_TEST(borrowed, readers_keep_the_old_value_in_the_memory_of_the_new_one) {
    double *memory = many(), start;
    MG_SCOPE;
    mg_tensor *x = mg_set_constant(mg_borrow(MG_F64, memory, MG_SHAPE(MANY), NULL, NULL), true);
    most(&start);
    mg_tensor *y = mg_add(x, mg_scalar(0));
    mg_imultiply(x, mg_scalar(3));
    double now;
    CHECK(most(&now) < 1.2);
    CHECK(memory[6] == 18 && memory[MANY - 1] == 3 * ((MANY - 1) % 7));
    CHECK(mg_data_f64(y)[6] == 6 && mg_data_f64(y)[MANY - 1] == (MANY - 1) % 7);
    mg_release(y);
    most(&now);
    CHECK(now < start + .2);
}

MG_TEST(borrowed, an_optimiser_copies_nothing_either) {
    double *memory = many(), start;
    mg_tensor *x = mg_keep(mg_borrow(MG_F64, memory, MG_SHAPE(MANY), NULL, NULL));
    mg_optimizer *sgd = mg_sgd(&x, 1, .lr = .5);
    most(&start);
    {
        MG_SCOPE;
        CHECK_EQ_I64(mg_backward(mg_sum(mg_square(x))), MG_OK);
    }
    double now;
    most(&now);
    CHECK_EQ_I64(mg_optimizer_step(sgd), MG_OK);
    const double peak = most(&now);
    CHECK_MSG(peak < 1.2 && now < start + .2, "%g buffers, %g stay", peak, now - start);
    CHECK(memory[6] == 0 && mg_data(x) == memory);
    mg_optimizer_free(sgd);
    mg_release(x);
}

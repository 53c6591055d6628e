/* SPDX-License-Identifier: MIT
 * An oracle for gradients where views, in-place writes, constants, values without history and whole gradients meet:
 * every element of every tensor is a number on a tape of its own, differentiated one by one. Knows nothing of the
 * library: no nodes, no regions, nothing lazy. Vectors only; add, subtract, multiply, negate, copy. */
#ifndef MYGRAD_TEST_SCALAR_TAPE_H
#define MYGRAD_TEST_SCALAR_TAPE_H

#include <stdbool.h>

enum { TAPE_LENGTH = 6, TAPE_TENSORS = 32, TAPE_NUMBERS = 1 << 14, TAPE_VALUES = 1 << 11 };

/* What is differentiated as one: the value of a tensor at one time. Its history reaches `from`. */
typedef struct tape_value {
    int from[2], n_from;
    bool variable;
    bool consumed;     /* its history was let go: what was recorded through it leads nowhere */
    bool was_consumed; /* the leaf that such a value goes on as */
} tape_value;

/* A tensor's elements and their gradient; a base and its views share one. */
typedef struct tape_home {
    int value; /* number of a tape_value */
    int length;
    int cells[TAPE_LENGTH];             /* numbers on the tape */
    bool has_grad, synced, kept, aside; /* aside: hidden by a use, but there to be added to */
    double grad[TAPE_LENGTH];
    double outside[TAPE_LENGTH]; /* synced: the elements from the next use on */
    unsigned version;            /* of the elements */
} tape_home;

typedef struct tape_tensor {
    bool live;
    int base;      /* whose home and elements it shows; itself if it is no view */
    int home, own; /* own: a home of the view's own, or -1 */
    bool apart;    /* made while nothing was recorded: gets an own home at its next recorded use */
    bool own_variable;
    bool kept;
    int scope;
    int seen, seen_over; /* of a view that is not all of its home: its value, over that one of the home; or -1 */
    int n, first, step;  /* its elements in the home */
} tape_tensor;

typedef struct tape {
    int n_numbers, n_values, n_homes, n_tensors;
    double number[TAPE_NUMBERS], slope[TAPE_NUMBERS][2], adjoint[TAPE_NUMBERS];
    int operand[TAPE_NUMBERS][2]; /* -1: none */
    tape_value value[TAPE_VALUES];
    tape_home home[TAPE_VALUES];
    tape_tensor tensor[TAPE_TENSORS];
    bool recording;
    int scope;
    bool full; /* no room, or numbers that f64 does not hold exactly: stop */
} tape;

void tape_start(tape *t);
/* Each returns the new tensor's number, or -1. */
int tape_leaf(tape *t, const double *values, int n, bool variable);
int tape_binary(tape *t, char op, int a, int b); /* '+' '-' '*'; of equal lengths */
int tape_negate(tape *t, int a);
int tape_slice(tape *t, int a, int first, int n, int step);
int tape_detach(tape *t, int a);
void tape_write(tape *t, int target, char op, int a, bool as_view); /* '=' '+' '-' '*' in place; x[...] = a */
void tape_write_op(tape *t, int target, char op, int a, int b);     /* .out = target */
void tape_overwrite(tape *t, int target, double value);             /* through a pointer */
void tape_sync(tape *t, int a, const double *values);               /* the elements of the whole, from outside */
void tape_set_constant(tape *t, int a, bool constant);
void tape_use(tape *t, int a);                                     /* looked at */
bool tape_backward(tape *t, int f, bool accumulate, bool consume); /* false: an invalid backprop */
/* Is it told by the rules what backward(f, .consume) takes? A history that leads to nothing any more may have ended. */
bool tape_may_consume(tape *t, int f);
void tape_scale_grad(tape *t, int a, double by);
void tape_fill_grad(tape *t, int a, double value);
void tape_keep(tape *t, int a);
void tape_release(tape *t, int a);
void tape_open_scope(tape *t);
void tape_close_scope(tape *t);

bool tape_is_variable(const tape *t, int a);
double tape_element(const tape *t, int a, int i);
bool tape_has_grad(const tape *t, int a);
double tape_grad(const tape *t, int a, int i);

#endif

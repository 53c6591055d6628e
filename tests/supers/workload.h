/* SPDX-License-Identifier: MIT
 * Steps of training as people write them: what decides which superinstructions there are. Each case is a network or a
 * model with its loss; this gives it parameters, data and an update. Counts and times nothing. */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <mygrad/mygrad.h>

enum { BATCH = 64, WIDTH = 128, WORKLOAD_PARAMS = 12 };

typedef enum workload_update { BY_ADAM, BY_SGD, BY_HAND } workload_update;

/* A case on the way. x and y: (BATCH, WIDTH), y and mask of zeros and ones; labels: BATCH classes; noise as x. */
typedef struct workload {
    const struct workload_case *c;
    mg_tensor *p[WORKLOAD_PARAMS];
    mg_tensor *velocity[WORKLOAD_PARAMS]; /* of the update by hand */
    mg_tensor *x, *y, *mask, *labels, *noise;
    mg_optimizer *optimizer;
    size_t count;
} workload;

typedef mg_tensor *workload_loss(const workload *t);

typedef struct workload_case {
    const char *name, *what;
    workload_loss *loss;
    workload_update update;
    int64_t params[WORKLOAD_PARAMS][2]; /* rows and columns; no columns: a vector; no rows: no more */
} workload_case;

/* Both end with a NULL name. */
extern const workload_case workload_nets[], workload_models[];

bool workload_begin(workload *t, const workload_case *c); /* workload_end in any case */
void workload_step(workload *t);                          /* an error stays for mg_take_error */
void workload_evaluate(const workload *t);                /* the loss alone, nothing recorded for gradients */
void workload_end(workload *t);

#endif

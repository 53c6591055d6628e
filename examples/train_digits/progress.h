/* SPDX-License-Identifier: MIT
 * What one sees while the network learns: a bar that redraws itself on a terminal, a line per epoch elsewhere. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct progress {
    bool terminal;
    int epoch, epochs;  /* epoch counts from 1 */
    size_t total;       /* images per epoch */
    double start;       /* of this epoch */
    double drawn;       /* when the bar was last drawn */
    double loss_sum;    /* over the batches looked at */
    size_t batches;     /* looked at */
    size_t seen, right; /* images in them, and those classified rightly */
} progress;

double progress_clock(void); /* seconds, from some fixed moment */

void progress_begin(progress *p, int epoch, int epochs, size_t total);
void progress_look(progress *p, double loss, size_t right, size_t images); /* what one batch came to */
void progress_draw(progress *p, size_t done);                              /* images done; redraws at most 10 times/s */
void progress_end(progress *p, size_t done);                               /* a line about the epoch, or its part */

#endif

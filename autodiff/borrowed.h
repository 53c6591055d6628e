/* SPDX-License-Identifier: MIT
 * The debug mode for borrowed memory (rules A3): did its owner change it between recording and running? */
#ifndef MGA_BORROWED_H
#define MGA_BORROWED_H

#include "autodiff/region.h"

/* In the debug mode: remember the checksums of the borrowed memory that a new node reads. */
void mga_borrowed_note(const mga_node *node);

/* Value error naming tensor and operation if memory read by the region differs from what was remembered. It is reported
 * once. */
mg_status mga_borrowed_check(const mga_region *region);

#endif

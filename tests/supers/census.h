/* SPDX-License-Identifier: MIT
 * Counts, in the tile programs that run, the pairs and triples of instructions that could be one, and the
 * superinstructions that the tile machine puts there. It stands between autodiff/ and the tile machine by the linker's
 * --wrap, so that the library knows nothing of it. */
#ifndef CENSUS_H
#define CENSUS_H

#include <stdbool.h>
#include <stdio.h>

/* What runs between the two is one case. Names must stay. */
void census_begin(const char *name);
void census_end(void);

/* Tables in Markdown: every superinstruction; and every tree of two or three whose share is at least `least` percent.
 */
void census_print(FILE *to, double least);

/* How many superinstructions no case had; says which. */
int census_unused(FILE *to);

#endif

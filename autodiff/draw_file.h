/* SPDX-License-Identifier: MIT
 * Where a drawing goes: files that appear whole or not at all, and pictures made by Graphviz. */
#ifndef MGA_DRAW_FILE_H
#define MGA_DRAW_FILE_H

#include <stdio.h>

#include "mygrad/base.h"

/* Write the DOT text of a drawing to a stream, whose own error flag tells how that went. */
typedef void mga_draw_fn(FILE *file, void *context);

/* Make path from what draw writes: as it is (.dot, .gv, or no ending), or, if path ends in .svg, .png or .pdf (in
 * letters of any case), as the picture that `dot` makes of it. MG_ERR_VALUE for other endings; IO errors name the file.
 */
mg_status mga_draw_to_path(const char *path, mga_draw_fn *draw, void *context);

#endif

/* SPDX-License-Identifier: MIT
 * The one reader of axes, shapes and keys (include/mygrad/shapes.h has their forms), and of numbers whose 0 may be
 * meant. What users give comes here before anything looks into it. */
#ifndef MGA_ARGUMENTS_H
#define MGA_ARGUMENTS_H

#include "mygrad/tensor.h"

/* In place: *axes is a list, v not NULL, of n numbers; or not given, v NULL and n 0; or all of them, v NULL and n
 * MGA_AXES_ALL. A number alone becomes a list that points into *axes, which must not be copied then. `text` is mg_text
 * of the options that it is the .axis of, NULL where there are none. What has been read may be read again. Value errors
 * name op and values. */
enum { MGA_AXES_ALL = INT32_MIN };

/* The usual ones at once: lists, and calls without options, whose text is the macros' ".mg_end = 0". */
mg_status mga_read_other_axes(const char *op, mg_axes *axes, const char *text);
static inline mg_status mga_read_axes(const char *op, mg_axes *axes, const char *text) {
    const bool no_options = !text || (text[0] == '.' && text[1] == 'm' && text[2] == 'g' && text[3] == '_');
    if (axes->v ? axes->n >= 0 && axes->n <= MG_MAX_NDIM : !axes->n && !axes->mg_one && no_options) return MG_OK;
    return mga_read_other_axes(op, axes, text);
}

/* The same for a shape, or an option of that type by the name `what`, ".padding": a list of ndim numbers, or not given,
 * dims NULL and ndim 0. */
mg_status mga_read_shape(const char *op, const char *what, mg_shape *shape, const char *text);

/* A key's array is there as far as it is long. */
mg_status mga_read_key(const char *op, const mg_key *key);

/* The number of an option `name`, ".lr": `standard` where it is 0 and that was not given. */
double mga_number(double value, double standard, const char *name, const char *text);

/* Does the text of a keyword call have the option `name`, ".axis"? No for NULL. */
bool mga_names(const char *text, const char *name);

/* Value error unless there is memory to write to; `what` names the argument. */
mg_status mga_check_out(const char *op, const char *what, const void *out);

#endif

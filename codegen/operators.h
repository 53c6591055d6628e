/* SPDX-License-Identifier: MIT
 * Which op each operator of the language stands for: for reading expressions, for printing them, and for the check that
 * those ops are what the passes take them for. */
#ifndef MGC_OPERATORS_H
#define MGC_OPERATORS_H

#include "ast.h"

/* From loose to tight; `c ? a : b` is below all of them. */
enum {
    MGC_LEVEL_OR = 1,
    MGC_LEVEL_AND,
    MGC_LEVEL_COMPARE, /* these do not chain */
    MGC_LEVEL_SUM,
    MGC_LEVEL_PRODUCT,
    MGC_LEVEL_UNARY
};

typedef struct mgc_operator {
    const char *sign, *op;
    int level;
} mgc_operator;

/* The binary ones, ended by a NULL sign. - x is negative, ! x logical_not, c ? a : b where. */
extern const mgc_operator mgc_operators[];

/* False with a message if the stanza has the name of such an op, but other operands or results. */
bool mgc_check_operator(mgc_diag *d, const mgc_stanza *s);

#endif

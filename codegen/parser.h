/* SPDX-License-Identifier: MIT
 * The parser's state and the helpers that parser.c (stanzas) and parse_expr.c (expressions) share. */
#ifndef MGC_PARSER_H
#define MGC_PARSER_H

#include "ast.h"

typedef struct mgc_parser {
    mgc_diag *d;
    const mgc_token *t; /* the next token */
    int depth;          /* expressions that are being parsed, one inside the other */
    int nodes;          /* of this op so far */
} mgc_parser;

/* "expected WHAT, found ..." at the next token; returns false. */
bool mgc_fail_expected(mgc_parser *p, const char *what);

bool mgc_at_punct(const mgc_parser *p, const char *s);
bool mgc_take_punct(mgc_parser *p, const char *s); /* skips it if it is there */
bool mgc_need_punct(mgc_parser *p, const char *s); /* skips it, or fails */

/* The longest expression here; NULL with a message. */
mgc_expr *mgc_parse_expr(mgc_parser *p);

/* The name at the next token, which is skipped, or a message (names.c). `what` it is the name of: "the name of a let".
 */
bool mgc_need_op_name(mgc_parser *p, const char **out);
bool mgc_need_local_name(mgc_parser *p, const mgc_stanza *s, const char **out, const char *what);
bool mgc_need_value_name(mgc_parser *p, const mgc_stanza *s, const char **out,
                         const char *what); /* a result's, a let's */

#endif

/* SPDX-License-Identifier: MIT
 * Tokens of the op language. Line ends mean nothing; `#` starts a comment. */
#ifndef MGC_LEXER_H
#define MGC_LEXER_H

#include "text.h"

#define MGC_MAX_NAME 63 /* what C11 promises to tell apart */

typedef enum mgc_token_kind {
    MGC_T_END,
    MGC_T_NAME,
    MGC_T_NUMBER,
    MGC_T_STRING, /* text without the quotes */
    MGC_T_PUNCT   /* one of { } ( ) , ; : ? + - * / < > <= >= == != ! & | = -> */
} mgc_token_kind;

typedef struct mgc_token {
    mgc_token_kind kind;
    const char *text;
    double number;
    mgc_place at;
} mgc_token;

/* All tokens of a source, ended by MGC_T_END; NULL with a message in d. */
mgc_token *mgc_lex(mgc_diag *d, const mgc_source *source);

#endif

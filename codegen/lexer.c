/* SPDX-License-Identifier: MIT
 * Characters to tokens, with places. No knowledge of the grammar. */
#include "lexer.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct lexer {
    mgc_diag *d;
    const mgc_source *source;
    const char *s;
    int line, column;
    mgc_token *tokens;
    size_t n, cap;
} lexer;

static void advance(lexer *l, size_t count) {
    for (; count > 0 && *l->s; count--, l->s++) {
        if (*l->s == '\n') {
            l->line++;
            l->column = 1;
        } else {
            l->column++;
        }
    }
}

static void skip_blank(lexer *l) {
    for (;;) {
        if (isspace((unsigned char)*l->s)) {
            advance(l, 1);
        } else if (*l->s == '#') {
            advance(l, strcspn(l->s, "\n"));
        } else {
            return;
        }
    }
}

static mgc_token *append(lexer *l, mgc_token_kind kind) {
    if (l->n == l->cap) {
        const size_t cap = 2 * l->cap + 64;
        mgc_token *grown = mgc_alloc(cap * sizeof *grown);
        if (l->n) memcpy(grown, l->tokens, l->n * sizeof *grown);
        l->tokens = grown;
        l->cap = cap;
    }
    mgc_token *t = &l->tokens[l->n++];
    t->kind = kind;
    t->at = (mgc_place){l->source, l->line, l->column};
    return t;
}

/* Texts become comments of C and rows of tables. */
static bool lex_string(lexer *l) {
    const size_t len = strcspn(l->s + 1, "\"\n");
    mgc_token *t = append(l, MGC_T_STRING);
    if (l->s[1 + len] != '"') return mgc_error(l->d, t->at, "expected a closing '\"' on this line");
    t->text = mgc_copy(l->s + 1, len);
    advance(l, 1);
    for (size_t i = 0; i < len; i++, advance(l, 1)) {
        const unsigned char c = (unsigned char)t->text[i];
        if (c < ' ' || c > '~')
            return mgc_error(l->d, (mgc_place){l->source, l->line, l->column},
                             "expected printable ASCII in a text, found the byte 0x%02x", (unsigned)c);
    }
    advance(l, 1);
    return true;
}

static bool lex_name(lexer *l) {
    size_t len = 1;
    while (isalnum((unsigned char)l->s[len]) || l->s[len] == '_') len++;
    mgc_token *t = append(l, MGC_T_NAME);
    if (len > MGC_MAX_NAME) return mgc_error(l->d, t->at, "expected a name of at most %d characters", MGC_MAX_NAME);
    t->text = mgc_copy(l->s, len);
    advance(l, len);
    return true;
}

static bool lex_number(lexer *l) {
    mgc_token *t = append(l, MGC_T_NUMBER);
    char *end;
    errno = 0;
    t->number = strtod(l->s, &end);
    const size_t len = (size_t)(end - l->s);
    t->text = mgc_copy(l->s, len);
    if (isalnum((unsigned char)*end) || *end == '_' || *end == '.')
        return mgc_error(l->d, t->at, "expected a number, found '%.*s'", len < 80 ? (int)len + 1 : 80, l->s);
    if (isinf(t->number) || (t->number == 0 && errno == ERANGE))
        return mgc_error(l->d, t->at, "expected a number that a double can hold, found '%.80s'", t->text);
    advance(l, len);
    return true;
}

static bool lex_punct(lexer *l) {
    static const char *const two[] = {"->", "<=", ">=", "==", "!="};
    mgc_token *t = append(l, MGC_T_PUNCT);
    for (size_t i = 0; i < sizeof two / sizeof *two; i++) {
        if (strncmp(l->s, two[i], 2) == 0) {
            t->text = two[i];
            advance(l, 2);
            return true;
        }
    }
    if (!strchr("{}(),;:?+-*/<>!&|=", *l->s))
        return mgc_error(l->d, t->at,
                         "expected a name, a number, a text in double quotes or one of {}(),;:?+-*/<>!&|=, found '%c' "
                         "(0x%02x)",
                         isprint((unsigned char)*l->s) ? *l->s : '?', (unsigned)(unsigned char)*l->s);
    t->text = mgc_copy(l->s, 1);
    advance(l, 1);
    return true;
}

mgc_token *mgc_lex(mgc_diag *d, const mgc_source *source) {
    lexer l = {.d = d, .source = source, .s = source->text, .line = 1, .column = 1};
    if (strncmp(l.s, "\xef\xbb\xbf", 3) == 0) {
        mgc_error(d, (mgc_place){source, 1, 1},
                  "expected an op or a comment, found a UTF-8 byte order mark: save the file without it");
        return NULL;
    }
    for (skip_blank(&l); *l.s; skip_blank(&l)) {
        const unsigned char c = (unsigned char)*l.s;
        bool ok = true;
        if (isalpha(c) || c == '_') {
            ok = lex_name(&l);
        } else if (isdigit(c) || (c == '.' && isdigit((unsigned char)l.s[1]))) {
            ok = lex_number(&l);
        } else if (c == '"') {
            ok = lex_string(&l);
        } else {
            ok = lex_punct(&l);
        }
        if (!ok) return NULL;
    }
    append(&l, MGC_T_END)->text = "end of file";
    return l.tokens;
}

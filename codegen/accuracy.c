/* SPDX-License-Identifier: MIT
 * Reads codegen/accuracy.txt: one measurement a line. Whether the names in it exist is checked in check_accuracy.c. */
#include "accuracy.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op_model.h"

/* Columns of a row; the command is the rest of the line. */
enum { NAME, DTYPE, ULP, WORST, HOW, POINTS, ORACLE, DATE, COMMAND, COLUMNS };
static const char *const column_names[COLUMNS] = {"the name of an op or of a vm_ function",
                                                  "f32 or f64",
                                                  "the largest error in ULP",
                                                  "the inputs where it is, as hexadecimal numbers",
                                                  "exhaustive or sampled",
                                                  "the number of points",
                                                  "the oracle",
                                                  "the date",
                                                  "the command that measures it"};

const char *mgc_how_word(mgc_how how) {
    static const char *const words[] = {"bounded", "exhaustive", "sampled"};
    return words[how];
}

/* The next word of the line, or its rest for the command; NULL at the end of the line. */
static char *next_column(const char **s, const char *line, int column, mgc_place *at) {
    *s += strspn(*s, " \t");
    at->column = (int)(*s - line) + 1;
    size_t len = strcspn(*s, column == COMMAND ? "#\r\n" : " \t#\r\n");
    while (len > 0 && isspace((unsigned char)(*s)[len - 1])) len--;
    char *word = len ? mgc_copy(*s, len) : NULL;
    *s += len;
    return word;
}

/* "0x1.8p+1", or several with commas between. */
static bool is_hex_numbers(const char *word) {
    for (;; word++) {
        char *end;
        word += *word == '-';
        if (strncmp(word, "0x", 2) != 0) return false;
        strtod(word, &end);
        if (end - word < 3 || (*end && *end != ',')) return false;
        if (!*end) return true;
        word = end;
    }
}

/* The meaning of one column; false: not what it must be. */
static bool take_column(mgc_accuracy *a, int column, const char *word) {
    char *end;
    switch (column) {
    case NAME:
        a->name = word;
        return isalpha((unsigned char)word[0]);
    case DTYPE:
        a->row = strcmp(word, "f32") == 0 ? MGC_ROW_F32 : MGC_ROW_F64;
        return a->row == MGC_ROW_F32 || strcmp(word, "f64") == 0;
    case ULP:
        a->ulp = strtod(word, &end);
        return !*end && isfinite(a->ulp) && a->ulp >= 0;
    case WORST:
        a->worst = word;
        return is_hex_numbers(word);
    case HOW:
        a->how = strcmp(word, "exhaustive") == 0 ? MGC_EXHAUSTIVE : MGC_SAMPLED;
        return a->how == MGC_EXHAUSTIVE || strcmp(word, "sampled") == 0;
    case POINTS:
        a->points = word;
        return word[strspn(word, "0123456789")] == 0;
    case DATE:
        a->date = word;
        return strlen(word) == 10 && word[4] == '-' && word[7] == '-';
    case ORACLE:
        a->oracle = word;
        return true;
    default:
        a->command = word;
        return true;
    }
}

static bool read_row(mgc_diag *d, const char *line, mgc_place at, mgc_accuracy *a) {
    const char *s = line;
    for (int column = 0; column < COLUMNS; column++) {
        mgc_place here = at;
        const char *word = next_column(&s, line, column, &here);
        if (column == NAME) a->at = here;
        if (!word || !take_column(a, column, word))
            return mgc_error(d, here, "expected %s, found '%s'", column_names[column], word ? word : "");
    }
    return true;
}

static bool add_row(mgc_diag *d, mgc_accuracies *out, const mgc_accuracy *a) {
    const mgc_accuracy *other = mgc_find_accuracy(out, a->name, a->row);
    if (other)
        return mgc_error(d, a->at, "'%s' has a row for %s already, in line %d", a->name, mgc_rows[a->row].name,
                         other->at.line);
    if (out->n == out->cap) {
        mgc_accuracy *grown = mgc_alloc((size_t)(2 * out->cap + 32) * sizeof *grown);
        if (out->n) memcpy(grown, out->list, (size_t)out->n * sizeof *grown);
        out->list = grown;
        out->cap = 2 * out->cap + 32;
    }
    out->list[out->n++] = *a;
    return true;
}

bool mgc_load_accuracy(mgc_diag *d, mgc_accuracies *out, const char *path, const char *text) {
    mgc_source *source = mgc_alloc(sizeof *source);
    *source = (mgc_source){path, text};
    out->path = path;
    mgc_place at = {source, 1, 1};
    for (const char *line = text; *line; at.line++) {
        const char first = line[strspn(line, " \t")];
        mgc_accuracy a = {0};
        if (first && !strchr("#\r\n", first) && (!read_row(d, line, at, &a) || !add_row(d, out, &a))) return false;
        line += strcspn(line, "\n");
        if (*line) line++;
    }
    return true;
}

const mgc_accuracy *mgc_find_accuracy(const mgc_accuracies *a, const char *name, int row) {
    for (int i = 0; i < a->n; i++)
        if (a->list[i].row == row && strcmp(a->list[i].name, name) == 0) return &a->list[i];
    return NULL;
}

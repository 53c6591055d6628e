/* SPDX-License-Identifier: MIT
 * Writing results as JSON, and a small recursive reader that picks out the rows again. */
#include "result_json.h"

#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Numbers with points, whatever the locale: the C locale from now on for this thread; back to *before. */
static locale_t use_c_locale(locale_t *before) {
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    *before = c ? uselocale(c) : (locale_t)0;
    return c;
}

static void leave_c_locale(locale_t c, locale_t before) {
    if (!c) return;
    uselocale(before);
    freelocale(c);
}

/* ---- writing ---- */

static void put_string(FILE *out, const char *s) {
    fputc('"', out);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            fprintf(out, "\\u%04x", (unsigned)*s);
        else
            fputc(*s, out);
    }
    fputc('"', out);
}

static void put_interval(FILE *out, const char *key, bench_interval i) {
    fprintf(out, ", \"%s\": {\"low\": %.9g, \"median\": %.9g, \"high\": %.9g}", key, i.low, i.mid, i.high);
}

static void put_row(FILE *out, const bench_row *row) {
    fprintf(out, "    {\"name\": ");
    put_string(out, row->name);
    fprintf(out, ", \"unit\": ");
    put_string(out, row->unit ? row->unit : "s");
    put_interval(out, "value", row->value);
    if (row->bytes > 0) fprintf(out, ", \"bytes\": %.17g", row->bytes);
    if (row->flops > 0) fprintf(out, ", \"flops\": %.17g", row->flops);
    if (row->share > 0) fprintf(out, ", \"share\": %.4g", row->share);
    if (row->against[0]) {
        fprintf(out, ", \"against\": ");
        put_string(out, row->against);
        put_interval(out, "ratio", row->ratio);
        put_interval(out, "control", row->control);
    }
    fprintf(out, "}");
}

static void put_gate(FILE *out, const bench_gate *g) {
    fprintf(out, "    {\"what\": ");
    put_string(out, g->what);
    fprintf(out, ", \"unit\": ");
    put_string(out, g->unit);
    put_interval(out, "measured", g->measured);
    fprintf(out, ", \"gate\": %.9g, \"at_least\": %s, \"met\": %s}", g->gate, g->at_least ? "true" : "false",
            g->met ? "true" : "false");
}

void result_json_print(FILE *out, const bench_suite *suite, const machine_fact *facts, int n) {
    locale_t before, c = use_c_locale(&before);
    fprintf(out, "{\n  \"machine\": {");
    for (int i = 0; i < n; i++) {
        fprintf(out, "%s\n    ", i ? "," : "");
        put_string(out, facts[i].key);
        fprintf(out, ": ");
        put_string(out, facts[i].value);
    }
    fprintf(out, "\n  },\n  \"quick\": %s,\n  \"rows\": [\n", suite->quick ? "true" : "false");
    for (size_t i = 0; i < suite->n_rows; i++) {
        put_row(out, &suite->rows[i]);
        fprintf(out, "%s\n", i + 1 < suite->n_rows ? "," : "");
    }
    fprintf(out, "  ],\n  \"gates\": [\n");
    for (size_t i = 0; i < suite->n_gates; i++) {
        put_gate(out, &suite->gates[i]);
        fprintf(out, "%s\n", i + 1 < suite->n_gates ? "," : "");
    }
    fprintf(out, "  ]\n}\n");
    leave_c_locale(c, before);
}

bool result_json_write(const char *path, const bench_suite *suite, const machine_fact *facts, int n) {
    FILE *f = fopen(path, "w");
    if (!f) return false;
    result_json_print(f, suite, facts, n);
    bool ok = !ferror(f);
    return fclose(f) == 0 && ok;
}

/* ---- reading ---- */

typedef struct reader {
    const char *start, *p;
    int depth;
    char *error;
    size_t error_size;
    old_result *rows;
    size_t n, capacity;
} reader;

enum { MAX_DEPTH = 64, TEXT = 256 };

static bool wrong(reader *r, const char *what) {
    if (r->error_size && !r->error[0])
        snprintf(r->error, r->error_size, "not JSON of results: %s at byte %td", what, r->p - r->start);
    return false;
}

static char peek(reader *r) {
    r->p += strspn(r->p, " \t\r\n");
    return *r->p;
}

static bool expect(reader *r, char c) {
    if (peek(r) != c) return wrong(r, (char[]){'n', 'o', ' ', c, 0});
    r->p++;
    return true;
}

/* A string, cut to fit; of \u only the characters below 128 are kept, which is what the writer makes of any. */
static bool read_string(reader *r, char out[TEXT]) {
    size_t n = 0;
    if (!expect(r, '"')) return false;
    while (*r->p != '"') {
        char c = *r->p++;
        if (c == 0) return r->p--, wrong(r, "a string without end");
        if (c == '\\') {
            c = *r->p++;
            if (c == 0) return r->p--, wrong(r, "a string without end");
            if (c == 'u') {
                char digits[5] = {0};
                for (int i = 0; i < 4 && *r->p && *r->p != '"'; i++) digits[i] = *r->p++;
                long code = strtol(digits, NULL, 16);
                c = code > 0 && code < 128 ? (char)code : '?';
            } else if (c == 'n') {
                c = '\n';
            } else if (c == 't') {
                c = '\t';
            }
        }
        if (n + 1 < TEXT) out[n++] = c;
    }
    out[n] = 0;
    r->p++;
    return true;
}

/* What a member is for: where the reader is in the document decides. */
typedef enum place { OUTSIDE, TOP, ROWS, ROW, VALUE, RATIO, CONTROL } place;

static bool read_value(reader *r, place at, double *number);

static double *slot_of(reader *r, place at, const char *key, bench_interval *control) {
    bench_interval *i = at == CONTROL ? control : NULL;
    if (at == VALUE) i = &r->rows[r->n - 1].value;
    if (at == RATIO) i = &r->rows[r->n - 1].ratio;
    if (!i) return NULL;
    return strcmp(key, "low") == 0      ? &i->low
           : strcmp(key, "median") == 0 ? &i->mid
           : strcmp(key, "high") == 0   ? &i->high
                                        : NULL;
}

static place inside(place at, const char *key) {
    if (at == TOP && strcmp(key, "rows") == 0) return ROWS;
    if (at == ROW && strcmp(key, "value") == 0) return VALUE;
    if (at == ROW && strcmp(key, "ratio") == 0) return RATIO;
    if (at == ROW && strcmp(key, "control") == 0) return CONTROL;
    return OUTSIDE;
}

static bool read_member(reader *r, place at, bench_interval *control) {
    char key[TEXT], text[TEXT];
    double number = (double)NAN;
    if (!read_string(r, key) || !expect(r, ':')) return false;
    if (at == ROW && strcmp(key, "name") == 0 && peek(r) == '"') {
        if (!read_string(r, text)) return false;
        snprintf(r->rows[r->n - 1].name, BENCH_NAME, "%.*s", BENCH_NAME - 1, text);
        return true;
    }
    if (!read_value(r, inside(at, key), &number)) return false;
    double *slot = slot_of(r, at, key, control);
    if (slot) *slot = number;
    return true;
}

static bool read_object(reader *r, place at) {
    bench_interval control = {0};
    bool first = true;
    if (!expect(r, '{')) return false;
    while (peek(r) != '}') {
        if (!first && !expect(r, ',')) return false;
        if (!read_member(r, at, &control)) return false;
        first = false;
    }
    r->p++;
    if (at == CONTROL) r->rows[r->n - 1].noise = (control.high - control.low) / 2;
    return true;
}

static bool add_row(reader *r) {
    if (r->n == r->capacity) {
        size_t more = r->capacity ? 2 * r->capacity : 64;
        old_result *rows = realloc(r->rows, more * sizeof *rows);
        if (!rows) return wrong(r, "no memory");
        r->rows = rows;
        r->capacity = more;
    }
    r->rows[r->n++] = (old_result){0};
    return true;
}

static bool read_array(reader *r, place at) {
    bool first = true;
    if (!expect(r, '[')) return false;
    while (peek(r) != ']') {
        if (!first && !expect(r, ',')) return false;
        first = false;
        if (at == ROWS && (peek(r) != '{' || !add_row(r))) return wrong(r, "a row that is no object");
        if (!read_value(r, at == ROWS ? ROW : OUTSIDE, NULL)) return false;
    }
    r->p++;
    return true;
}

static bool read_scalar(reader *r, double *number) {
    char *end;
    for (int i = 0; i < 3; i++) {
        static const char *const words[] = {"true", "false", "null"};
        if (strncmp(r->p, words[i], strlen(words[i])) == 0) return r->p += strlen(words[i]), true;
    }
    double v = strtod(r->p, &end);
    if (end == r->p) return wrong(r, "no value");
    r->p = end;
    if (number) *number = v;
    return true;
}

static bool read_value(reader *r, place at, double *number) {
    char text[TEXT];
    bool ok;
    if (++r->depth > MAX_DEPTH) return wrong(r, "nested too deeply");
    switch (peek(r)) {
    case '{':
        ok = read_object(r, at);
        break;
    case '[':
        ok = read_array(r, at);
        break;
    case '"':
        ok = read_string(r, text);
        break;
    default:
        ok = read_scalar(r, number);
    }
    r->depth--;
    return ok;
}

long result_json_parse(const char *text, old_result **out, char *error, size_t error_size) {
    reader r = {.start = text, .p = text, .error = error, .error_size = error_size};
    if (error_size) error[0] = 0;
    locale_t before, c = use_c_locale(&before);
    bool ok = peek(&r) == '{' ? read_value(&r, TOP, NULL) && (peek(&r) == 0 || wrong(&r, "more after the end"))
                              : wrong(&r, "no object");
    leave_c_locale(c, before);
    if (ok) {
        *out = r.rows;
        return (long)r.n;
    }
    free(r.rows);
    *out = NULL;
    return -1;
}

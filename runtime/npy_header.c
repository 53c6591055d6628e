/* SPDX-License-Identifier: MIT
 * The header of NumPy's format: a Python dictionary such as
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 * read with a cursor that says where and what it expected, and written the way NumPy writes it. */
#include "runtime/npy_header.h"

#include <stdio.h>
#include <string.h>

#include "runtime/status.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE_ORDER '<'
#else
#define NATIVE_ORDER '>'
#endif

/* Kind letter and size, as in '<f4'. bfloat16 has no name in NumPy; extension types are saved as raw bytes, V2. */
static const struct {
    mg_dtype dtype;
    char kind, size;
} codes[] = {{MG_BOOL, 'b', '1'}, {MG_I8, 'i', '1'},  {MG_I16, 'i', '2'}, {MG_I32, 'i', '4'}, {MG_I64, 'i', '8'},
             {MG_U8, 'u', '1'},   {MG_U16, 'u', '2'}, {MG_U32, 'u', '4'}, {MG_U64, 'u', '8'}, {MG_F16, 'f', '2'},
             {MG_BF16, 'V', '2'}, {MG_F32, 'f', '4'}, {MG_F64, 'f', '8'}};

typedef struct cursor {
    const mgr_npy_stream *stream;
    uint64_t base; /* offset of text[0] in the stream */
    const char *text;
    size_t at, length;
} cursor;

static mg_status expected(const cursor *c, const char *what) {
    if (c->at >= c->length)
        return mgr_npy_stream_bad(c->stream, c->base + c->at, "expected %s in the header, which ends here", what);
    unsigned char found = (unsigned char)c->text[c->at];
    if (found >= 32 && found < 127)
        return mgr_npy_stream_bad(c->stream, c->base + c->at, "expected %s in the header, found '%c'", what, found);
    return mgr_npy_stream_bad(c->stream, c->base + c->at, "expected %s in the header, found byte %u", what, found);
}

static void skip_spaces(cursor *c) {
    while (c->at < c->length && strchr(" \t\r\n", c->text[c->at]) && c->text[c->at] != '\0') c->at++;
}

static bool take(cursor *c, char wanted) {
    skip_spaces(c);
    if (c->at >= c->length || c->text[c->at] != wanted) return false;
    c->at++;
    return true;
}

static bool take_word(cursor *c, const char *word) {
    skip_spaces(c);
    size_t n = strlen(word);
    if (c->length - c->at < n || memcmp(c->text + c->at, word, n) != 0) return false;
    c->at += n;
    return true;
}

/* A short quoted string without escapes, into out (always terminated). */
static mg_status parse_string(cursor *c, char *out, size_t capacity, const char *what) {
    skip_spaces(c);
    char quote = c->at < c->length ? c->text[c->at] : '\0';
    if (quote != '\'' && quote != '"') return expected(c, what);
    c->at++;
    size_t n = 0;
    while (c->at < c->length && c->text[c->at] != quote) {
        if (n + 1 >= capacity) return expected(c, what);
        out[n++] = c->text[c->at++];
    }
    if (c->at >= c->length) return expected(c, "the end of a string");
    c->at++;
    out[n] = '\0';
    return MG_OK;
}

static mg_status parse_dim(cursor *c, int64_t *out) {
    skip_spaces(c);
    if (c->at >= c->length || c->text[c->at] < '0' || c->text[c->at] > '9') return expected(c, "a dimension");
    int64_t value = 0;
    while (c->at < c->length && c->text[c->at] >= '0' && c->text[c->at] <= '9') {
        int digit = c->text[c->at] - '0';
        if (value > (INT64_MAX - digit) / 10) return expected(c, "a dimension below 2^63");
        value = value * 10 + digit;
        c->at++;
    }
    if (c->at < c->length && c->text[c->at] == 'L') c->at++; /* Python 2 */
    *out = value;
    return MG_OK;
}

static mg_status parse_shape(cursor *c, mgr_npy_header *header) {
    if (!take(c, '(')) return expected(c, "a tuple of dimensions");
    header->ndim = 0;
    while (!take(c, ')')) {
        if (header->ndim == MG_MAX_NDIM) return expected(c, "at most 32 dimensions");
        MGR_TRY(parse_dim(c, &header->dims[header->ndim++]));
        if (!take(c, ',')) {
            if (header->ndim < 2) return expected(c, "','"); /* "(3)" is no tuple */
            if (!take(c, ')')) return expected(c, "',' or ')'");
            break;
        }
    }
    return MG_OK;
}

static mg_status parse_descr(cursor *c, mgr_npy_header *header) {
    skip_spaces(c);
    if (c->at < c->length && c->text[c->at] == '[')
        return mgr_npy_stream_fail(c->stream, MG_ERR_TYPE, c->base + c->at,
                                   "a structured dtype; expected a plain numeric one");
    char text[16];
    size_t start = c->at;
    MGR_TRY(parse_string(c, text, sizeof text, "a dtype such as '<f4'"));
    bool order_ok = text[0] == '<' || text[0] == '>' || text[0] == '|' || text[0] == '=';
    for (size_t i = 0; order_ok && i < sizeof codes / sizeof *codes; i++)
        if (text[1] == codes[i].kind && text[2] == codes[i].size && text[3] == '\0') {
            header->dtype = codes[i].dtype;
            header->swapped = text[2] != '1' && (text[0] == '<' || text[0] == '>') && text[0] != NATIVE_ORDER;
            return MG_OK;
        }
    return mgr_npy_stream_fail(c->stream, MG_ERR_TYPE, c->base + start,
                               "dtype '%s' has no counterpart here; expected b1, i1 to i8, u1 to u8, f2, f4, f8", text);
}

mg_status mgr_npy_parse_header(const mgr_npy_stream *stream, uint64_t base, const char *text, size_t length,
                               mgr_npy_header *header) {
    cursor c = {stream, base, text, 0, length};
    bool have_descr = false, have_order = false, have_shape = false;
    if (!take(&c, '{')) return expected(&c, "'{'");
    while (!take(&c, '}')) {
        char key[20];
        size_t start = c.at;
        MGR_TRY(parse_string(&c, key, sizeof key, "a key"));
        if (!take(&c, ':')) return expected(&c, "':'");
        if (strcmp(key, "descr") == 0) {
            MGR_TRY(parse_descr(&c, header));
            have_descr = true;
        } else if (strcmp(key, "fortran_order") == 0) {
            header->fortran = take_word(&c, "True");
            if (!header->fortran && !take_word(&c, "False")) return expected(&c, "True or False");
            have_order = true;
        } else if (strcmp(key, "shape") == 0) {
            MGR_TRY(parse_shape(&c, header));
            have_shape = true;
        } else {
            c.at = start;
            return expected(&c, "one of 'descr', 'fortran_order', 'shape'");
        }
        if (!take(&c, ',')) {
            if (!take(&c, '}')) return expected(&c, "',' or '}'");
            break;
        }
    }
    if (!have_descr || !have_order || !have_shape) return expected(&c, "'descr', 'fortran_order' and 'shape'");
    skip_spaces(&c);
    return c.at == c.length ? MG_OK : expected(&c, "nothing more");
}

mg_status mgr_npy_format_header(const mgr_npy_array *array, char *header, size_t *bytes, uint64_t *data_bytes) {
    size_t item = mg_dtype_size(array->dtype);
    if (item == 0 || array->ndim < 0 || array->ndim > MG_MAX_NDIM)
        return mgr_fail(MG_ERR_VALUE, "save", "an array of dtype %d with %d axes cannot be saved", (int)array->dtype,
                        array->ndim);
    char kind = '?', size = '?';
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].dtype == array->dtype) kind = codes[i].kind, size = codes[i].size;
    size_t n = 10; /* magic, version, length */
    n +=
        (size_t)snprintf(header + n, MGR_NPY_HEADER_BYTES - n, "{'descr': '%c%c%c', 'fortran_order': False, 'shape': (",
                         size == '1' ? '|' : NATIVE_ORDER, kind, size);
    uint64_t total = item;
    for (int i = 0; i < array->ndim; i++) {
        if (array->dims[i] < 0)
            return mgr_fail(MG_ERR_VALUE, "save", "an array with %lld elements along axis %d cannot be saved",
                            (long long)array->dims[i], i);
        n += (size_t)snprintf(header + n, MGR_NPY_HEADER_BYTES - n, "%s%lld", i ? ", " : "", (long long)array->dims[i]);
        total *= (uint64_t)array->dims[i];
    }
    n += (size_t)snprintf(header + n, MGR_NPY_HEADER_BYTES - n, "%s), }", array->ndim == 1 ? "," : "");
    while ((n + 1) % 64) header[n++] = ' ';
    header[n++] = '\n';
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)((n - 10) & 255);
    header[9] = (char)((n - 10) >> 8);
    *bytes = n;
    *data_bytes = total;
    return MG_OK;
}

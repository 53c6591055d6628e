/* SPDX-License-Identifier: MIT
 * The repository's op files and measurements with some bytes changed: mgc takes them, or says where and what is wrong,
 * and nothing else happens. A crash or a hang is repeated with the seed that is printed first. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/emit.h"
#include "interpret.h"

enum { MAX_FILES = 32, MAX_GROWTH = 4096 };

/* The op files, and behind them the file of measurements; outside of mgc's memory, which is freed after each run. */
static char *paths[MAX_FILES], *texts[MAX_FILES];
static int n_files; /* without the last one */

static void read_file(int k, const char *path) {
    mgc_diag d = {0};
    const char *text = mgc_read_file(&d, path);
    CHECK_MSG(text, "%s", d.text.s);
    paths[k] = strdup(path);
    texts[k] = strdup(text);
    mgc_free_all();
}

static void read_files(void) {
    if (n_files > 0) return;
    char list[] = OP_FILES;
    for (char *path = strtok(list, ":"); path; path = strtok(NULL, ":")) {
        CHECK(n_files < MAX_FILES - 1);
        read_file(n_files++, path);
    }
    read_file(n_files, ACCURACY_FILE);
}

/* ---- changes ---- */

/* Parts of the language, most of them in a wrong place. */
static const char *const pieces[] = {"(",
                                     ")",
                                     "{",
                                     "}",
                                     ",",
                                     ";",
                                     ":",
                                     "->",
                                     "?",
                                     "-",
                                     "!",
                                     "\"",
                                     "#",
                                     "op ",
                                     "reduce ",
                                     " let ",
                                     " = ",
                                     " d/dx ",
                                     " d ",
                                     " none ",
                                     " value ",
                                     " eval ",
                                     " types ",
                                     " float ",
                                     " all ",
                                     " sum ",
                                     " bool ",
                                     " doc ",
                                     " g ",
                                     " y ",
                                     " x ",
                                     " inf ",
                                     " nan ",
                                     " 1e999 ",
                                     " 0x1p-1074 ",
                                     " 1e308 ",
                                     " add(",
                                     " where(",
                                     " exp(",
                                     " vm_exp(",
                                     " mgv_sqrt(",
                                     " internal ",
                                     " commutative ",
                                     " super \"s\" ",
                                     " ulp f32 1 f64 1 ",
                                     " flops 3 ",
                                     " */ ",
                                     "\\",
                                     "\xef\xbb\xbf",
                                     "\r",
                                     "\t",
                                     "_d0"};

static void remove_part(char *s, size_t at, size_t n) { memmove(s + at, s + at + n, strlen(s + at + n) + 1); }

static void insert(char *s, size_t at, const char *part, size_t n) {
    memmove(s + at + n, s + at, strlen(s + at) + 1);
    memcpy(s + at, part, n);
}

static size_t any(mg_test_rng *rng, size_t below) { return (size_t)mg_test_int(rng, 0, (int64_t)below - 1); }

static void change(char *s, mg_test_rng *rng) {
    const size_t len = strlen(s), at = any(rng, len);
    const size_t n = any(rng, 1 + (len - at < 40 ? len - at : 40));
    const char *piece = pieces[any(rng, sizeof pieces / sizeof *pieces)];
    const char byte = (char)mg_test_int(rng, 1, 255); /* no NUL: mgc_read_file refuses those */
    const int flipped = (unsigned char)s[at] ^ 1 << any(rng, 8);
    char part[40];
    switch (any(rng, 8)) {
    case 0:
        if (flipped) s[at] = (char)flipped;
        break;
    case 1:
        s[at] = byte;
        break;
    case 2:
        insert(s, at, &byte, 1);
        break;
    case 3:
        remove_part(s, at, n);
        break;
    case 4: /* what stands here, elsewhere */
        memcpy(part, s + at, n);
        insert(s, any(rng, len), part, n);
        break;
    case 5:
        if (any(rng, 4) == 0) s[at] = 0;
        break;
    default:
        insert(s, at, piece, strlen(piece));
        break;
    }
}

/* ---- runs ---- */

static bool drop(mgc_world *w, void *to, const char *name, const char *text) {
    (void)w, (void)to;
    return name && text;
}

/* The changed file goes first, so that most runs are short. */
static bool run(mgc_world *w, int changed, const char *text) {
    const char *measured = changed == n_files ? text : texts[n_files];
    if (!mgc_load_accuracy(&w->diag, &w->accuracy, paths[n_files], measured)) return false;
    if (changed < n_files && !mgc_load(w, paths[changed], text)) return false;
    for (int f = 0; f < n_files; f++)
        if (f != changed && !mgc_load(w, paths[f], texts[f])) return false;
    return mgc_compile(w) && mgc_emit_all(w, drop, NULL);
}

/* "file:line:column: error: text", then the line and a caret. */
static void check_messages(const mgc_diag *d, const char *text) {
    const char *s = d->text.s;
    for (int e = 0; e < d->errors; e++) {
        int f = 0, line, column, end = 0;
        while (f <= n_files && strncmp(s, paths[f], strlen(paths[f])) != 0) f++;
        const char *rest = f <= n_files ? s + strlen(paths[f]) : s;
        const int found = sscanf(rest, ":%d:%d: error: %n", &line, &column, &end);
        CHECK_MSG(found == 2 && end > 0 && rest[end] > ' ' && line > 0 && column > 0, "message %d of\n%s\nabout\n%s", e,
                  d->text.s, text);
        for (int k = 0; k < 3; k++) {
            s = strchr(s, '\n');
            CHECK_MSG(s++, "message %d of\n%s", e, d->text.s);
        }
    }
    CHECK_MSG(d->errors == 0 || *s == 0, "more than %d messages in\n%s", d->errors, d->text.s);
}

MG_TEST(mgc_mutations, end_in_a_message_or_in_nothing) {
    read_files();
    fprintf(stderr, "MYGRAD_TEST_SEED=%" PRIu64 "\n", mg_test_seed());
    mg_test_rng rng = mg_test_rng_new();
    int accepted = 0;
    const int n = mg_test_times(2000);
    for (int i = 0; i < n; i++) {
        const int changed = (int)any(&rng, (size_t)n_files + 1);
        const size_t len = strlen(texts[changed]);
        char *text = malloc(len + MAX_GROWTH);
        CHECK(text);
        memcpy(text, texts[changed], len + 1);
        for (size_t k = 0, times = 1 + any(&rng, 4); k < times && *text; k++) change(text, &rng);
        mgc_world *w = mgc_alloc(sizeof *w);
        const bool ok = run(w, changed, text);
        CHECK_MSG(ok == (w->diag.errors == 0), "%s, %d errors in\n%s", ok ? "taken" : "refused", w->diag.errors, text);
        check_messages(&w->diag, text);
        accepted += ok;
        free(text);
        mgc_free_all();
    }
    CHECK_MSG(accepted > 0 && accepted < n, "%d of %d were taken", accepted, n);
}

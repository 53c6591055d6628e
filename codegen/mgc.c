/* SPDX-License-Identifier: MIT
 * mgc: reads op files, writes what is generated from them. Usage: mgc --out DIR --accuracy FILE FILE.ops... [--user
 * FILE.ops...]. DIR and DIR/include/mygrad must exist. A file is written only when its content changes. What is an
 * error in the library's own files may be a warning in those after --user. */
#include <stdio.h>
#include <string.h>

#include "emit.h"

static bool write_file(mgc_world *w, void *dir, const char *name, const char *text) {
    return mgc_write_file(&w->diag, mgc_format("%s/%s", (const char *)dir, name), text);
}

static bool run(mgc_world *w, char *dir, const char *accuracy, int n, char **paths) {
    const char *measured = mgc_read_file(&w->diag, accuracy);
    if (!measured || !mgc_load_accuracy(&w->diag, &w->accuracy, accuracy, measured)) return false;
    for (int i = 0; i < n; i++) {
        if (strcmp(paths[i], "--user") == 0) {
            w->users = true;
            continue;
        }
        const char *text = mgc_read_file(&w->diag, paths[i]);
        if (!text || !mgc_load(w, paths[i], text)) return false;
    }
    return mgc_compile(w) && mgc_emit_all(w, write_file, dir);
}

int main(int argc, char **argv) {
    if (argc < 6 || strcmp(argv[1], "--out") != 0 || strcmp(argv[3], "--accuracy") != 0) {
        fprintf(stderr, "usage: mgc --out DIR --accuracy FILE FILE.ops... [--user FILE.ops...]\n");
        return 2;
    }
    mgc_world *w = mgc_alloc(sizeof *w);
    const bool ok = run(w, argv[2], argv[4], argc - 5, argv + 5);
    if (w->diag.text.s) fprintf(stderr, "%s", w->diag.text.s);
    mgc_free_all();
    return ok ? 0 : 1;
}

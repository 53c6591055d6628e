/* SPDX-License-Identifier: MIT
 * mgc: reads op files, writes what is generated from them. Usage: mgc --out DIR --accuracy FILE FILE.ops...
 * DIR and DIR/include/mygrad must exist. A file is written only when its content changes. */
#include <stdio.h>
#include <string.h>

#include "emit.h"

static bool write_to(mgc_world *w, const char *dir, const char *name, const char *text) {
    return text && mgc_write_file(&w->diag, mgc_format("%s/%s", dir, name), text);
}

static bool write_all(mgc_world *w, const char *dir) {
    mgc_kernels kernels = {0};
    for (int f = 0; f < w->n_files; f++)
        if (!write_to(w, dir, mgc_format("mgk_map_%s.c", w->files[f].stem), mgc_emit_maps(w, f, &kernels)))
            return false;
    return write_to(w, dir, "mgk_reduce.c", mgc_emit_reduce(w, &kernels)) &&
           write_to(w, dir, "mgk_kernels.h", mgc_emit_kernels_h(&kernels)) &&
           write_to(w, dir, "mgk_table.c", mgc_emit_table(w, &kernels)) &&
           write_to(w, dir, "mgk_ops.h", mgc_emit_ops_enum(w)) &&
           write_to(w, dir, "mgk_registry.c", mgc_emit_registry(w)) &&
           write_to(w, dir, "include/mygrad/ops.h", mgc_emit_public_header(w)) &&
           write_to(w, dir, "mga_api.c", mgc_emit_api(w)) && write_to(w, dir, "mga_backward.c", mgc_emit_backward(w)) &&
           write_to(w, dir, "op_domains.h", mgc_emit_domains(w)) && write_to(w, dir, "ops.md", mgc_emit_docs(w)) &&
           write_to(w, dir, "manifest.txt", mgc_emit_manifest(&kernels));
}

static bool run(mgc_world *w, const char *dir, const char *accuracy, int n, char **paths) {
    const char *measured = mgc_read_file(&w->diag, accuracy);
    if (!measured || !mgc_load_accuracy(&w->diag, &w->accuracy, accuracy, measured)) return false;
    for (int i = 0; i < n; i++) {
        const char *text = mgc_read_file(&w->diag, paths[i]);
        if (!text || !mgc_load(w, paths[i], text)) return false;
    }
    return mgc_compile(w) && write_all(w, dir);
}

int main(int argc, char **argv) {
    if (argc < 6 || strcmp(argv[1], "--out") != 0 || strcmp(argv[3], "--accuracy") != 0) {
        fprintf(stderr, "usage: mgc --out DIR --accuracy FILE FILE.ops...\n");
        return 2;
    }
    mgc_world *w = mgc_alloc(sizeof *w);
    const bool ok = run(w, argv[2], argv[4], argc - 5, argv + 5);
    if (w->diag.errors) fprintf(stderr, "%s", w->diag.text.s);
    mgc_free_all();
    return ok ? 0 : 1;
}

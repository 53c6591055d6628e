/* SPDX-License-Identifier: MIT
 * The list of generated files: which emitter writes which. Where they go is the caller's business. */
#include "emit.h"

bool mgc_emit_all(mgc_world *w, mgc_sink *sink, void *to) {
    mgc_kernels kernels = {0};
    for (int f = 0; f < w->n_files; f++) {
        for (int vmath = 0; vmath < 2; vmath++) {
            const char *maps = mgc_emit_maps(w, f, vmath, &kernels);
            const char *name = mgc_format("mgk_%s_%s.c", vmath ? "vmap" : "map", w->files[f].stem);
            if (!maps || !sink(w, to, name, maps)) return false;
        }
    }
    return sink(w, to, "mgk_reduce.c", mgc_emit_reduce(w, &kernels)) &&
           sink(w, to, "mgk_kernels.h", mgc_emit_kernels_h(&kernels)) &&
           sink(w, to, "mgk_table.c", mgc_emit_table(w, &kernels)) && sink(w, to, "mgk_ops.h", mgc_emit_ops_enum(w)) &&
           sink(w, to, "mgk_registry.c", mgc_emit_registry(w)) &&
           sink(w, to, "include/mygrad/ops.h", mgc_emit_public_header(w)) &&
           sink(w, to, "mga_api.c", mgc_emit_api(w)) && sink(w, to, "mga_backward.c", mgc_emit_backward(w)) &&
           sink(w, to, "op_domains.h", mgc_emit_domains(w)) && sink(w, to, "ops.md", mgc_emit_docs(w)) &&
           sink(w, to, "accuracy.md", mgc_emit_accuracy(w)) && sink(w, to, "manifest.txt", mgc_emit_manifest(&kernels));
}

/* SPDX-License-Identifier: MIT
 * What is indexed by op, dtype and ISA: the enum of ops, the prototypes of kernels, the table that dispatch chooses
 * from. */
#include "emit.h"

char *mgc_emit_ops_enum(const mgc_world *w) {
    mgc_text t = {0};
    mgc_put_banner(&t, "codegen/ops",
                   "The numbers of the ops: public ones first, then those without a public function.");
    mgc_put(&t, "#ifndef MGK_OPS_H\n#define MGK_OPS_H\n\nenum mgk_op {\n    MGK_OP_NONE = 0,\n");
    for (int i = 0; i < w->n_ops; i++) mgc_put(&t, "    MGK_OP_%s = %d,\n", w->ops[i]->upper, w->ops[i]->id);
    mgc_put(&t, "    MGK_OP_COUNT = %d\n};\n\n#endif\n", w->n_ops + 1);
    return t.s;
}

static const char *type_of(mgc_form form) {
    static const char *const types[] = {[MGC_REDUCE_FORM] = "mgk_reduce_fn",
                                        [MGC_BLOCKS_FORM] = "mgk_blocks_fn",
                                        [MGC_COLUMNS_FORM] = "mgk_columns_fn",
                                        [MGC_SUMS_FORM] = "mgk_sums_fn"};
    return form < MGC_REDUCE_FORM ? "mgk_map_fn" : types[form];
}

char *mgc_emit_kernels_h(const mgc_kernels *kernels) {
    mgc_text t = {0};
    mgc_put_banner(&t, "codegen/ops", "Prototypes of the generated kernels of the ISA that is being compiled.");
    mgc_put(&t, "#ifndef MGK_KERNELS_H\n#define MGK_KERNELS_H\n\n#include \"kernels/kernel.h\"\n#include "
                "\"kernels/simd/simd.h\"\n\n");
    for (int i = 0; i < kernels->n; i++)
        mgc_put(&t, "%s MGK_NAME(%s);\n", type_of(kernels->list[i].form), kernels->list[i].name);
    mgc_put(&t, "\n#endif\n");
    return t.s;
}

static mgc_form family_of(mgc_form form) {
    return form >= MGC_REDUCE_FORM ? form : form >= MGC_PAST_VV ? MGC_PAST_VV : MGC_VV;
}

/* The kernels of a family, known by its first form, one line per op and dtype; forms of the same row follow each
 * other. */
static void put_entries(mgc_text *t, const mgc_kernels *kernels, const mgc_op *op, mgc_form family) {
    bool open = false;
    for (int i = 0; i < kernels->n; i++) {
        const mgc_kernel *k = &kernels->list[i];
        if (k->op != op || family_of(k->form) != family) continue;
        if (!open) mgc_put(t, "    [MGK_OP_%s] =\n        {\n", op->upper);
        open = true;
        const char *dtype = mgc_rows[k->row].dtype;
        if (family >= MGC_REDUCE_FORM) {
            const char *at = family == MGC_SUMS_FORM ? mgc_format("MGK_FLOAT_ROW(%s)", dtype) : dtype;
            mgc_put(t, "            [%s] = MGK_NAME(%s),\n", at, k->name);
            continue;
        }
        if (k->form == family)
            mgc_put(t, family == MGC_VV ? "            [%s] = {" : "            [MGK_FLOAT_ROW(%s)] = {", dtype);
        mgc_put(t, "%sMGK_NAME(%s)", k->form == family ? "" : ", ", k->name);
        const mgc_kernel *next = i + 1 < kernels->n ? k + 1 : NULL;
        if (!next || next->op != op || next->row != k->row || family_of(next->form) != family) mgc_put(t, "},\n");
    }
    if (open) mgc_put(t, "        },\n");
}

char *mgc_emit_table(const mgc_world *w, const mgc_kernels *kernels) {
    mgc_text t = {0};
    mgc_put_banner(&t, "codegen/ops", "The kernel table of one ISA.");
    mgc_put(&t, "#include \"mgk_kernels.h\"\n#include \"mgk_ops.h\"\n\n");
    mgc_put(&t,
            "#if defined(MGK_ISA_AVX512)\n#define ISA_NUMBER MGK_AVX512\n#elif defined(MGK_ISA_AVX2)\n#define "
            "ISA_NUMBER MGK_AVX2\n"
            "#elif defined(MGK_ISA_NEON)\n#define ISA_NUMBER MGK_NEON\n#else\n#define ISA_NUMBER MGK_SCALAR\n#endif\n"
            "#define TEXT_(x) #x\n#define TEXT(x) TEXT_(x)\n\n");
    mgc_put(&t, "extern const mgk_table MGK_NAME(mgk_table);\nextern const mgk_moves MGK_NAME(mgk_moves);\nextern "
                "const mgk_converts MGK_NAME(mgk_converts);\n\n");
    static const struct {
        const char *name, *type, *dims;
        mgc_form family;
    } arrays[] = {{"map", "mgk_map_fn", "[MG_DTYPE_COUNT][MGK_FORMS]", MGC_VV},
                  {"past", "mgk_map_fn", "[MGK_FLOAT_ROWS][MGK_FORMS]", MGC_PAST_VV},
                  {"reduce", "mgk_reduce_fn", "[MG_DTYPE_COUNT]", MGC_REDUCE_FORM},
                  {"blocks", "mgk_blocks_fn", "[MG_DTYPE_COUNT]", MGC_BLOCKS_FORM},
                  {"columns", "mgk_columns_fn", "[MG_DTYPE_COUNT]", MGC_COLUMNS_FORM},
                  {"sums", "mgk_sums_fn", "[MGK_FLOAT_ROWS]", MGC_SUMS_FORM}};
    const size_t n = sizeof arrays / sizeof *arrays;
    for (size_t a = 0; a < n; a++) {
        mgc_put(&t, "static %s *const %s[MGK_OP_COUNT]%s = {\n", arrays[a].type, arrays[a].name, arrays[a].dims);
        for (int i = 0; i < w->n_ops; i++) put_entries(&t, kernels, w->ops[i], arrays[a].family);
        mgc_put(&t, "};\n\n");
    }
    mgc_put(&t, "const mgk_table MGK_NAME(mgk_table) = {\n    .isa = ISA_NUMBER,\n    .name = TEXT(MGK_ISA),\n");
    for (size_t a = 0; a < n; a++) mgc_put(&t, "    .%s = %s,\n", arrays[a].name, arrays[a].name);
    mgc_put(&t, "    .moves = &MGK_NAME(mgk_moves),\n    .converts = &MGK_NAME(mgk_converts),\n};\n");
    return t.s;
}

/* SPDX-License-Identifier: MIT
 * Matrix product of tensors: NumPy's shape rules, the result as a recorded opaque node, and its gradient, which is made
 * of matrix products again (so it can be differentiated). The arithmetic is runtime/linalg's. */
#include "autodiff/backward.h"
#include "autodiff/flush.h"
#include "autodiff/handle.h"
#include "autodiff/record.h"
#include "mygrad/nnet.h"
#include "runtime/dtype.h"
#include "runtime/linalg.h"

/* a (batch..., m, k) times b (batch..., k, n), with 1-D operands read as a row and a column. */
typedef struct product {
    int64_t m, n, k;
    int batch_ndim;
    int64_t batch[MG_MAX_NDIM];
    int64_t result[MG_MAX_NDIM]; /* dims of the result, axes added to 1-D operands dropped */
    int result_ndim;
} product;

static mg_status fail_shapes(const mgr_shape *a, const mgr_shape *b, const char *why) {
    char left[MGR_SHAPE_TEXT], right[MGR_SHAPE_TEXT];
    return mgr_fail(MG_ERR_VALUE, "matmul", "operands of shapes %s and %s: %s", mgr_shape_text(a, left),
                    mgr_shape_text(b, right), why);
}

static int batch_axes(const mgr_shape *shape) { return shape->ndim > 2 ? shape->ndim - 2 : 0; }

/* Length of batch axis `axis` of `ndim` as `shape` has it: 1 where it has none. */
static int64_t batch_length(const mgr_shape *shape, int axis, int ndim) {
    int own = axis - (ndim - batch_axes(shape));
    return own < 0 ? 1 : shape->dims[own];
}

static mg_status plan_product(const mgr_shape *a, const mgr_shape *b, product *p) {
    if (a->ndim == 0 || b->ndim == 0) return fail_shapes(a, b, "a matrix product takes no 0-d operands");
    bool row = a->ndim == 1, column = b->ndim == 1;
    p->m = row ? 1 : a->dims[a->ndim - 2];
    p->k = a->dims[a->ndim - 1];
    p->n = column ? 1 : b->dims[b->ndim - 1];
    if (b->dims[column ? 0 : b->ndim - 2] != p->k) {
        return fail_shapes(a, b, "the last axis of the first must be as long as the last but one of the second");
    }
    int left = batch_axes(a), right = batch_axes(b);
    p->batch_ndim = left > right ? left : right;
    p->result_ndim = 0;
    for (int i = 0; i < p->batch_ndim; i++) {
        int64_t x = batch_length(a, i, p->batch_ndim), y = batch_length(b, i, p->batch_ndim);
        if (x != y && x != 1 && y != 1) return fail_shapes(a, b, "the batch axes do not broadcast");
        p->batch[i] = x == 1 ? y : x;
        p->result[p->result_ndim++] = p->batch[i];
    }
    if (!row) p->result[p->result_ndim++] = p->m;
    if (!column) p->result[p->result_ndim++] = p->n;
    return MG_OK;
}

/* An evaluated operand as the runtime wants it; batch receives the batch strides, 0 where broadcast. */
static mgr_matrix matrix_of(const mga_node *x, bool left, const product *p, int64_t *batch) {
    int64_t strides[MG_MAX_NDIM];
    mga_node_strides(x, strides);
    int ndim = x->shape->ndim, own = batch_axes(x->shape);
    mgr_matrix matrix = {.data = mga_data(x), .batch_strides = batch};
    if (ndim == 1) {
        *(left ? &matrix.col_stride : &matrix.row_stride) = strides[0];
    } else {
        matrix.row_stride = strides[ndim - 2];
        matrix.col_stride = strides[ndim - 1];
    }
    for (int i = 0; i < p->batch_ndim; i++) {
        int axis = i - (p->batch_ndim - own);
        batch[i] = axis < 0 || x->shape->dims[axis] == 1 ? 0 : strides[axis];
    }
    return matrix;
}

/* One product instead of many where b is the same for the whole batch and a's batch axes run into its rows: the usual
 * (batch, time, features) times (features, units). */
static void fold_batch(mgr_matmul *args) {
    int64_t rows = args->m, step = args->a.row_stride;
    for (int i = args->batch_ndim - 1; i >= 0; i--) {
        if (args->b.batch_strides[i] != 0) return;
        if (args->batch[i] == 1) continue;
        if (rows == 1) step = args->a.batch_strides[i];
        if (args->a.batch_strides[i] != step * rows) return;
        rows *= args->batch[i];
    }
    args->m = rows;
    args->a.row_stride = step;
    args->batch_ndim = 0;
}

static mg_status run_product(const product *p, const mga_node *a, const mga_node *b, mgr_buffer *result) {
    int64_t batch_a[MG_MAX_NDIM], batch_b[MG_MAX_NDIM], batch_c[MG_MAX_NDIM];
    int64_t item = (int64_t)mg_dtype_size((mg_dtype)a->dtype), step = item * p->m * p->n;
    for (int i = p->batch_ndim - 1; i >= 0; i--) {
        batch_c[i] = step;
        step *= p->batch[i];
    }
    mgr_matmul args = {.dtype = (mg_dtype)a->dtype,
                       .m = p->m,
                       .n = p->n,
                       .k = p->k,
                       .batch_ndim = p->batch_ndim,
                       .batch = p->batch,
                       .a = matrix_of(a, true, p, batch_a),
                       .b = matrix_of(b, false, p, batch_b),
                       .c = {result->data, item * p->n, item, batch_c}};
    fold_batch(&args);
    return mgr_matmul_run(&args);
}

/* a times b, operands of one dtype, as a new node. */
static mga_node *product_node(mga_node *a, mga_node *b) {
    product p;
    if (plan_product(a->shape, b->shape, &p) != MG_OK) return NULL;
    mga_node *in[2] = {a, b};
    if (mga_eval_all(2, in) != MG_OK) return NULL;
    const mgr_shape *shape = mgr_shape_get(p.result_ndim, p.result);
    if (!shape) return NULL;
    mga_node *node = NULL;
    mgr_buffer *result = mgr_buffer_new((size_t)shape->size * mg_dtype_size((mg_dtype)a->dtype));
    if (result) {
        if (shape->size == 0 || run_product(&p, a, b, result) == MG_OK) {
            node = mga_record_opaque(MGK_OP_MATMUL, (mg_dtype)a->dtype, shape, 2, in, result, NULL);
        } else {
            mgr_buffer_release(result);
        }
    }
    mgr_shape_release(shape);
    return node;
}

mg_tensor *mg_matmul(mg_tensor *a, mg_tensor *b) {
    mg_tensor *operands[2] = {a, b};
    mga_node *in[2];
    if (!mga_operands("matmul", 2, operands, in)) return NULL;
    mg_dtype dtype = mg_promote_types((mg_dtype)in[0]->dtype, (mg_dtype)in[1]->dtype);
    mga_node *left = mga_record_convert(in[0], dtype);
    mga_node *right = left ? mga_record_convert(in[1], dtype) : NULL;
    mga_node *result = right ? product_node(left, right) : NULL;
    mga_node_release(left);
    mga_node_release(right);
    return mga_used(2, operands, mga_wrap(result));
}

/* ---- gradient --------------------------------------------------------------------------------------------------- */

static mga_node *reshaped(mga_node *x, int ndim, const int64_t *dims) {
    const mgr_shape *shape = mgr_shape_get(ndim, dims);
    if (!shape) return NULL;
    mga_node *view = mga_reshape_node(x, shape);
    mgr_shape_release(shape);
    return view;
}

/* An operand's last two axes swapped; a 1-D one becomes the column or row that stands for it, transposed. */
static mga_node *transposed(mga_node *x, bool left) {
    int ndim = x->shape->ndim;
    if (ndim == 1) {
        int64_t length = x->shape->dims[0];
        return reshaped(x, 2, left ? (int64_t[]){length, 1} : (int64_t[]){1, length});
    }
    if (mga_eval(x) != MG_OK) return NULL;
    int64_t dims[MG_MAX_NDIM], strides[MG_MAX_NDIM];
    mga_node_strides(x, strides);
    for (int i = 0; i < ndim; i++) dims[i] = x->shape->dims[i];
    int64_t rows = dims[ndim - 2], step = strides[ndim - 2];
    dims[ndim - 2] = dims[ndim - 1], strides[ndim - 2] = strides[ndim - 1];
    dims[ndim - 1] = rows, strides[ndim - 1] = step;
    const mgr_shape *shape = mgr_shape_get(ndim, dims);
    if (!shape) return NULL;
    mga_node *view = mga_view_new(x, shape, 0, strides);
    mgr_shape_release(shape);
    return view;
}

/* product_node with the counts of both operands taken over; NULL operands mean failure. */
static mga_node *product_of(mga_node *a, mga_node *b) {
    mga_node *node = a && b ? product_node(a, b) : NULL;
    mga_node_release(a);
    mga_node_release(b);
    return node;
}

/* da = g b', as (batch..., m, k), the row of a 1-D operand dropped. g: (batch..., m, n). */
static mga_node *left_gradient(mga_node *a, mga_node *b, mga_node *g) {
    mga_node_retain(g);
    mga_node *da = product_of(g, transposed(b, false));
    if (!da || a->shape->ndim > 1) return da;
    int64_t dims[MG_MAX_NDIM];
    int ndim = da->shape->ndim;
    for (int i = 0; i < ndim - 2; i++) dims[i] = da->shape->dims[i];
    dims[ndim - 2] = da->shape->dims[ndim - 1];
    mga_node *dropped = reshaped(da, ndim - 1, dims);
    mga_node_release(da);
    return dropped;
}

/* db = a' g. Where b has no batch axes the batch is folded into the summed axis: one product, no sum afterwards. */
static mga_node *right_gradient(mga_node *a, mga_node *b, mga_node *g) {
    int64_t k = a->shape->dims[a->shape->ndim - 1], n = g->shape->dims[g->shape->ndim - 1];
    mga_node *db;
    if (b->shape->ndim <= 2 && a->shape->ndim > 2) {
        int64_t rows = 1;
        for (int i = 0; i < a->shape->ndim - 1; i++) rows *= a->shape->dims[i];
        mga_node *flat = reshaped(a, 2, (int64_t[]){rows, k});
        db = product_of(flat ? transposed(flat, true) : NULL, reshaped(g, 2, (int64_t[]){rows, n}));
        mga_node_release(flat);
    } else {
        mga_node_retain(g);
        db = product_of(transposed(a, true), g);
    }
    if (!db || b->shape->ndim > 1) return db;
    mga_node *dropped = reshaped(db, db->shape->ndim - 1, db->shape->dims);
    mga_node_release(db);
    return dropped;
}

/* Shapes are those of the operand, or that with the broadcast batch axes of the result, which the walk sums. */
mg_status mga_matmul_grad(mga_node *node, mga_node *g, int which, mga_node **out) {
    mga_node *a = node->in[0], *b = node->in[1];
    int64_t dims[MG_MAX_NDIM];
    product p;
    MGR_TRY(plan_product(a->shape, b->shape, &p));
    for (int i = 0; i < p.batch_ndim; i++) dims[i] = p.batch[i];
    dims[p.batch_ndim] = p.m;
    dims[p.batch_ndim + 1] = p.n;
    mga_node *matrix = reshaped(g, p.batch_ndim + 2, dims);
    if (!matrix) return mgr_error();
    *out = which == 0 ? left_gradient(a, b, matrix) : right_gradient(a, b, matrix);
    mga_node_release(matrix);
    return *out ? MG_OK : mgr_error();
}

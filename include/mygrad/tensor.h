/* SPDX-License-Identifier: MIT
 * Tensors: making them, looking at them, views, writing in place, scopes, gradients. What operations exist is in ops.h
 * (generated), linalg.h and nnet.h.
 *
 * Rules of the whole header, so that each function states only what differs:
 *  - A function that returns a tensor returns NULL on failure; while a thread has an error that nobody took, every such
 * function returns NULL and every mg_status function returns that error. So chains need one check at their end
 * (mg_take_error).
 *  - A returned tensor belongs to the innermost open scope of its thread and is valid until that scope closes; mg_keep
 * makes it outlive scopes.
 *  - Elementwise work is recorded and runs when its values are needed; errors in shapes and dtypes are reported at
 * once.
 *  - A tensor is used by one thread at a time, except that evaluated tensors without pending writes may be read by any
 * number of threads.
 *  - Strides are in bytes. Shapes and axes given to a function are copied; shapes.h says how they are written. */
#ifndef MYGRAD_TENSOR_H
#define MYGRAD_TENSOR_H

#include "mygrad/base.h"
#include "mygrad/keywords.h"
#include "mygrad/shapes.h"

MG_EXTERN_C_BEGIN

typedef struct mg_tensor mg_tensor;

/* ---- options --------------------------------------------------------------------------------------------------- */

/* Whether a result takes part in differentiation. AUTO: integers, bools and results of functions without a gradient
 * (floor, sign, remainder) never; otherwise it does unless every operand is constant. */
typedef enum mg_constant { MG_CONSTANT_AUTO = 0, MG_CONSTANT = 1, MG_VARIABLE = 2 } mg_constant;

/* Keyword arguments are written `mg_add(x, y, .where = m)`, `mg_sum(x, .axis = 0)`. Option structs begin with their
 * size, and fields are only appended: fields beyond the size have their defaults. The keyword macros set it, and so
 * does C++, where every field has its default: mg_sum(x, {.axis = 0}), or before C++20 mg_reduce_opts o; o.axis = 0. In
 * C, who fills in a struct by hand sets it, {.size = sizeof opts}: value error for 0. A field of 0 is then one that is
 * not given; axis 0 is MG_AXES(0), and another 0 that is meant stands in mg_text: {.beta1 = 0, .mg_text = ".beta1"}.
 * The macros have their whole text there. mg_end is their business. In the arguments of a macro, braces stand in
 * parentheses, mg_zeros(((mg_shape){.ndim = 2, .dims = d})), as those of MG_SHAPE and its kin and mg_shape_of(2, d) do
 * by themselves; options, and arrays of tensors, need none. */
#ifdef __cplusplus
#define MG_DEFAULT_(value) = value
#else
#define MG_DEFAULT_(value)
#endif
#define MG_OPTS_HEAD(type)                                                                                             \
    size_t size MG_DEFAULT_(sizeof(type));                                                                             \
    int mg_end MG_DEFAULT_(0);                                                                                         \
    const char *mg_text MG_DEFAULT_("=") /* C++: all numbers are meant */

/* Of functions of several tensors: how their macros hand an array over, which may be written with braces. */
#define MG_OPTS_TENSORS                                                                                                \
    mg_tensor *const *mg_tensors MG_DEFAULT_(nullptr);                                                                 \
    size_t mg_count MG_DEFAULT_(0);                                                                                    \
    const void *mg_no_more MG_DEFAULT_(nullptr)
#ifndef __cplusplus
/* MG_TENSORS(x, y, z): an array of tensors and how many they are, as two arguments. */
#define MG_TENSORS(...)                                                                                                \
    ((mg_tensor *const[]){__VA_ARGS__}), sizeof((mg_tensor *const[]){__VA_ARGS__}) / sizeof(mg_tensor *)
#endif

typedef struct mg_ufunc_opts {
    MG_OPTS_HEAD(mg_ufunc_opts);
    /* bool, broadcast with the operands: elements where it is false are 0, or what .out holds */
    mg_tensor *where MG_DEFAULT_(nullptr);
    /* write the result into this tensor (same_kind casts only; it may be a view, and overlap the operands) and return
     * it. Not implemented error where the result has a gradient */
    mg_tensor *out MG_DEFAULT_(nullptr);
    /* compute and return in this dtype (same_kind casts only); type error where there is no such form of the operation
     */
    mg_dtype dtype MG_DEFAULT_(MG_DTYPE_NONE);
    mg_constant constant MG_DEFAULT_(MG_CONSTANT_AUTO);
    /* what .out is to the first result, to the second one of mg_divmod; value error for functions of one result */
    mg_tensor *out2 MG_DEFAULT_(nullptr);
} mg_ufunc_opts;

typedef struct mg_reduce_opts {
    MG_OPTS_HEAD(mg_reduce_opts);
    mg_axes axis MG_DEFAULT_({}); /* .axis = -1, .axis = MG_AXES(0, 1); default: all; MG_AXES0: none */
    bool keepdims MG_DEFAULT_(false);
    mg_constant constant MG_DEFAULT_(MG_CONSTANT_AUTO);
} mg_reduce_opts;

typedef struct mg_create_opts {
    MG_OPTS_HEAD(mg_create_opts);
    mg_dtype dtype MG_DEFAULT_(MG_DTYPE_NONE); /* default: float32 */
    mg_constant constant MG_DEFAULT_(MG_CONSTANT_AUTO);
} mg_create_opts;

typedef struct mg_backward_opts {
    MG_OPTS_HEAD(mg_backward_opts);
    mg_tensor *grad MG_DEFAULT_(nullptr); /* the incoming gradient, of a shape that broadcasts to f's; default: ones */
    /* add to the gradients that are there; a use in a new operation drops them, so record all of it before */
    bool accumulate MG_DEFAULT_(false);
    bool consume MG_DEFAULT_(false); /* let go of the graph and its buffers when it has been walked */
} mg_backward_opts;

#ifdef __cplusplus
MG_EXTERN_C_END
namespace mg {
using opts = mg_ufunc_opts;
} // namespace mg
MG_EXTERN_C_BEGIN
#endif

/* ---- errors ---------------------------------------------------------------------------------------------------- */

typedef struct mg_error {
    mg_status code;      /* MG_OK: there was none */
    const char *op;      /* the operation, "" if none; valid until this thread's next mg_take_error */
    const char *message; /* one sentence, names the values; valid as op is */
} mg_error;

/* This thread's first error since the last call, and clears it. */
MG_API mg_error mg_take_error(void);

/* Called on the failing thread for each error as it is recorded (print it, abort, throw past C++ frames of your own at
 * your risk). NULL removes it. Process-wide. */
typedef void mg_error_handler(mg_error error, void *context);
MG_API void mg_set_error_handler(mg_error_handler *handler, void *context);

/* ---- creation -------------------------------------------------------------------------------------------------- */

/* A tensor with a copy of shape's worth of elements in C order. Integer and bool tensors are constants, floats
 * variables. */
MG_API mg_tensor *mg_from_data(mg_dtype dtype, const void *data, mg_shape_arg shape);
MG_API mg_tensor *mg_from_f64(const double *data, mg_shape_arg shape);
MG_API mg_tensor *mg_from_f32(const float *data, mg_shape_arg shape);
MG_API mg_tensor *mg_from_i64(const int64_t *data, mg_shape_arg shape);
MG_API mg_tensor *mg_from_i32(const int32_t *data, mg_shape_arg shape);
MG_API mg_tensor *mg_from_u8(const uint8_t *data, mg_shape_arg shape);
MG_API mg_tensor *mg_from_bool(const bool *data, mg_shape_arg shape);

/* A tensor over the caller's memory, C order, not copied: it must live until free_data(data, context) is called (or, if
 * that is NULL, as long as any tensor over it), and may be changed by the caller only after mg_sync. In-place
 * operations on the tensor run at once. */
MG_API mg_tensor *mg_borrow(mg_dtype dtype, void *data, mg_shape_arg shape, void (*free_data)(void *, void *),
                            void *context);

/* A weak scalar (NEP 50): takes part in promotion as Python's float or int does. An integer that the integers beside
 * it cannot hold is a value error of the operation, but for comparisons, which are exact. Constant, shape (). */
MG_API mg_tensor *mg_scalar(double value);
MG_API mg_tensor *mg_scalar_i64(int64_t value);

/* Filled with 0, 1, value; or with nothing in particular. float32 unless .dtype says otherwise. */
MG_API mg_tensor *mg_zeros_with(mg_shape_arg shape, const mg_create_opts *opts);
MG_API mg_tensor *mg_ones_with(mg_shape_arg shape, const mg_create_opts *opts);
MG_API mg_tensor *mg_empty_with(mg_shape_arg shape, const mg_create_opts *opts);
MG_API mg_tensor *mg_full_with(mg_shape_arg shape, double value, const mg_create_opts *opts);

/* A new tensor with x's values and no history: a copy, a cast (unsafe casts allowed, rules C4), the same values without
 * history (detach shares the buffer until either side is written; borrowed memory it copies). astype and copy are
 * constant as x is; detach is always constant. */
MG_API mg_tensor *mg_astype(mg_tensor *x, mg_dtype dtype);
MG_API mg_tensor *mg_copy(mg_tensor *x);
MG_API mg_tensor *mg_detach(mg_tensor *x);

/* Make x a variable or a constant from now on. Where that changes something x goes on as a leaf with the same values:
 * what was recorded from it stays recorded, and leads to what x came from, as before. A view may differ from its base:
 * it has a gradient of its own then, and what is written through it is recorded for it alone. Type error for integer or
 * bool variables; read-only error for frozen tensors. Returns x. */
MG_API mg_tensor *mg_set_constant(mg_tensor *x, bool constant);

/* ---- looking --------------------------------------------------------------------------------------------------- */
/* Queries set no errors; NULL is answered with 0, NULL or MG_DTYPE_NONE. */

MG_API int mg_ndim(const mg_tensor *x);
MG_API const int64_t *mg_dims(const mg_tensor *x);   /* mg_ndim of them; valid as long as x */
MG_API int64_t mg_dim(const mg_tensor *x, int axis); /* axis may be negative; -1 if out of range */
MG_API int64_t mg_size(const mg_tensor *x);
MG_API mg_dtype mg_dtype_of(const mg_tensor *x);
MG_API bool mg_is_constant(const mg_tensor *x);
MG_API mg_tensor *mg_base(const mg_tensor *x); /* the tensor x is a view of (of views: the one that is none), while
                                                  that one is alive; NULL if x is no view, or of a frozen tensor */

/* Evaluate x (and whatever it needs). */
MG_API mg_status mg_eval(mg_tensor *x);

/* The first element of x, evaluated, in the layout that mg_strides tells (C order unless x is a view). Readable until
 * the next in-place operation on x's storage, or x's end. NULL on failure and for empty tensors. */
MG_API const void *mg_data(mg_tensor *x);
MG_API const float *mg_data_f32(mg_tensor *x); /* type error unless x is float32 */
MG_API const double *mg_data_f64(mg_tensor *x);
MG_API const int64_t *mg_data_i64(mg_tensor *x);

/* The same for writing, until x is next used in an operation. Pending readers keep the old values. MG_ERR_READ_ONLY
 * while a graph needs the buffer and the memory guard is on. */
MG_API void *mg_data_mut(mg_tensor *x);
MG_API void mg_mem_guard(bool on); /* this thread's guard; on at start */

/* mg_ndim strides in bytes, written to strides. */
MG_API mg_status mg_strides(mg_tensor *x, int64_t *strides);

/* All elements in C order, converted (rules C4), to mg_size(x) elements of memory. */
MG_API mg_status mg_read(mg_tensor *x, mg_dtype dtype, void *out);

/* The only element of x; value error if it has more or fewer. */
MG_API double mg_item(mg_tensor *x);
MG_API int64_t mg_item_i64(mg_tensor *x);

/* NumPy's layout, "[2. 4. 6.]", and a newline on stdout. Long tensors are summarised. */
MG_API mg_status mg_print(mg_tensor *x);

/* The text that mg_print prints, without newline, allocated with malloc for the caller to free; NULL with an error. */
MG_API char *mg_to_string(mg_tensor *x);

/* ---- views ------------------------------------------------------------------------------------------------------ */

/* Views share x's elements: writing into one shows in all; read-only error where a view shows an element several times
 * (it was broadcast). Differentiable. Made while nothing is recorded (mg_no_autodiff) they are variables or constants
 * by their dtype alone, as all results, with gradients of their own. */
/* Basic indexing: integers, slices, MG_NEWAXIS, MG_ELLIPSIS. */
MG_API mg_tensor *mg_getitem(mg_tensor *x, mg_key_arg key);
MG_API mg_tensor *mg_transpose(mg_tensor *x, mg_axes_arg axes); /* MG_AXES_ALL, or none given: reversed */
MG_API mg_tensor *mg_broadcast_to(mg_tensor *x, mg_shape_arg shape);

/* C order; one dim may be -1. A view where strides allow, else a copy. */
MG_API mg_tensor *mg_reshape(mg_tensor *x, mg_shape_arg shape);

/* ---- in place ---------------------------------------------------------------------------------------------------- */

/* x += y and so on; y broadcasts to x, and its dtype must cast to x's by same_kind. Recorded functionally: what others
 * see of x's old values stays. Drops x's gradient, and history that leads to nothing that can still be asked for: a
 * loop `mg_isubtract(w, mg_multiply(mg_grad(w), lr))` does not grow. Read-only error for frozen tensors and for views
 * that show an element several times. Returns x. */
MG_API mg_tensor *mg_iadd(mg_tensor *x, mg_tensor *y);
MG_API mg_tensor *mg_isubtract(mg_tensor *x, mg_tensor *y);
MG_API mg_tensor *mg_imultiply(mg_tensor *x, mg_tensor *y);
MG_API mg_tensor *mg_idivide(mg_tensor *x, mg_tensor *y);

/* x[...] = y, as NumPy's copyto with unsafe casting; y may have leading axes of length 1 that x has not. Returns x. */
MG_API mg_tensor *mg_copyto(mg_tensor *x, mg_tensor *y);

/* x[key] = y. Returns x. */
MG_API mg_tensor *mg_setitem(mg_tensor *x, mg_key_arg key, mg_tensor *y);

/* Let x's borrowed memory be changed by its owner: what was recorded from x, and views' and x's gradients, keep the
 * values that were there (as a copy, made now). What the memory holds is x's value from x's next use on. Read-only
 * error for frozen tensors. */
MG_API mg_status mg_sync(mg_tensor *x);

/* ---- scopes -------------------------------------------------------------------------------------------------------
 */

typedef struct mg_scope {
    uint64_t token;
} mg_scope;

/* Open a scope; close it and every scope opened after it. What escapes (kept tensors, outer tensors that were written,
 * gradients of outer tensors) is evaluated first; if that fails the scope stays open and the status says why: closing
 * can be tried again. */
MG_API mg_scope mg_scope_open(void);
MG_API mg_status mg_scope_close(mg_scope scope);

/* Let go of everything in the thread's root scope. */
MG_API mg_status mg_scope_reset(void);

/* For MG_SCOPE; closes whatever happens. */
MG_API void mg_scope_cleanup(mg_scope *scope);

#ifdef __cplusplus
MG_EXTERN_C_END
namespace mg {
class scope {
  public:
    scope() : token_(mg_scope_open()) {}
    ~scope() { mg_scope_cleanup(&token_); }
    scope(const scope &) = delete;
    scope &operator=(const scope &) = delete;

  private:
    mg_scope token_;
};
} // namespace mg
MG_EXTERN_C_BEGIN
#define MG_SCOPE ::mg::scope MG_SCOPE_NAME_(__COUNTER__)
#else
/* `MG_SCOPE;` at the start of a block: a scope that closes with it, whatever the way out. Blocks in blocks may each
 * have theirs. */
#define MG_SCOPE                                                                                                       \
    mg_scope MG_SCOPE_NAME_(__COUNTER__) __attribute__((cleanup(mg_scope_cleanup), unused)) = mg_scope_open()
#endif
#define MG_SCOPE_NAME_(number)  MG_SCOPE_PASTE_(number) /* none like that of a block around it */
#define MG_SCOPE_PASTE_(number) mg_scope_##number

/* Make t outlive its scope, until mg_release. Returns t. Another thread may have it once that scope has closed;
 * histories stay with the thread that recorded them: to go on from t's value there, where t was computed from
 * variables, hand over a copy (mg_detach). */
MG_API mg_tensor *mg_keep(mg_tensor *t);

/* Let go of t before its scope does; kept tensors live until this. Readers of its values keep what they need. NULL is
 * fine. */
MG_API void mg_release(mg_tensor *t);

/* Check that t is kept, and evaluate it; from now on threads may share it, and writing it or a view of it is an error.
 * Its memory is not given back before the process ends. Value error otherwise. */
MG_API mg_status mg_freeze(mg_tensor *t);

/* ---- gradients ------------------------------------------------------------------------------------------------------
 */

/* d f / d everything f depends on: leaves and kept tensors get their gradients, a temporary's is computed when mg_grad
 * asks. f need not be a scalar: without .grad it is as if f had been summed; value error for a .grad that does not
 * broadcast to f. All gradients are attached or none. After .consume a tensor is a leaf for everything that is recorded
 * from it then; invalid backprop error for what was recorded from it before. */
MG_API mg_status mg_backward_with(mg_tensor *f, const mg_backward_opts *opts);

/* t's gradient: t's shape and dtype, constant; NULL if there is none (mg_grad_status says why). Belongs to t; keep it
 * to hold it longer. It has one place: what is written into it is what optimisers, .accumulate and the gradients of
 * views read. That of a view is a view of its base's, all of it, not only what came through the view. */
MG_API mg_tensor *mg_grad(mg_tensor *t);
typedef enum mg_grad_state {
    MG_GRAD_READY = 0,    /* mg_grad answers */
    MG_GRAD_CONSTANT = 1, /* t is a constant */
    MG_GRAD_NONE = 2,     /* no backward reached t since it was made, used or written */
    MG_GRAD_RELEASED = 3, /* what it would be computed from has been let go */
    MG_GRAD_REPLACED = 4  /* t was written since: its old value's gradient, or what was recorded from it, is gone */
} mg_grad_state;
MG_API mg_grad_state mg_grad_status(const mg_tensor *t);
/* Drops t's gradient. A handle that mg_grad gave stays valid until the scope around this call ends, or, outside all
 * scopes, until the thread does. */
MG_API void mg_null_grad(mg_tensor *t);

/* Stop (false: go on) recording history on this thread. Nests. Results are then variables or constants by their dtype
 * alone, as in MyGrad, and nothing can be differentiated through them. */
MG_API void mg_no_autodiff(bool on);
MG_API bool mg_autodiff_enabled(void);

/* The graph that t hangs from, as Graphviz DOT (.dot, .gv, or no ending); with a path ending in .svg, .png or .pdf
 * `dot` is run, which must be installed. MG_ERR_VALUE for other endings. Replaced atomically. */
MG_API mg_status mg_save_graph(mg_tensor *t, const char *path);

/* ---- the plain functions behind the keyword macros --------------------------------------------------------------- */

MG_API mg_tensor *(mg_zeros)(mg_shape_arg shape);
MG_API mg_tensor *(mg_ones)(mg_shape_arg shape);
MG_API mg_tensor *(mg_empty)(mg_shape_arg shape);
MG_API mg_tensor *(mg_full)(mg_shape_arg shape, double value);
MG_API mg_status(mg_backward)(mg_tensor *f);

#ifndef __cplusplus
#define mg_zeros(...)           MG_ZEROS_(__VA_ARGS__, .mg_end = 0)
#define MG_ZEROS_(shape, ...)   mg_zeros_with(shape, &(mg_create_opts){.size = sizeof(mg_create_opts), __VA_ARGS__})
#define mg_ones(...)            MG_ONES_(__VA_ARGS__, .mg_end = 0)
#define MG_ONES_(shape, ...)    mg_ones_with(shape, &(mg_create_opts){.size = sizeof(mg_create_opts), __VA_ARGS__})
#define mg_empty(...)           MG_EMPTY_(__VA_ARGS__, .mg_end = 0)
#define MG_EMPTY_(shape, ...)   mg_empty_with(shape, &(mg_create_opts){.size = sizeof(mg_create_opts), __VA_ARGS__})
#define mg_full(...)            MG_FULL_(__VA_ARGS__, .mg_end = 0)
#define MG_FULL_(shape, x, ...) mg_full_with(shape, x, &(mg_create_opts){.size = sizeof(mg_create_opts), __VA_ARGS__})
#define mg_backward(...)        MG_BACKWARD_(__VA_ARGS__, .mg_end = 0)
#define MG_BACKWARD_(f, ...)    mg_backward_with(f, &(mg_backward_opts){.size = sizeof(mg_backward_opts), __VA_ARGS__})
#endif

MG_EXTERN_C_END

#endif

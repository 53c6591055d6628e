/* SPDX-License-Identifier: MIT
 * Shapes, axes and indices, as functions and options take them: lists of numbers, or a number alone.
 *
 *   MG_SHAPE(2, 3), MG_AXES(0, -1), MG_KEY(MG_I(1), MG_ALL)   lists
 *   MG_SHAPE0, MG_AXES0                                       empty ones: the shape of a scalar; no axes, axis=()
 *   MG_AXES_ALL                                               every axis, said aloud (transpose: all, reversed)
 *   mg_shape_of(n, dims), mg_axes_of(n, axes), mg_key_of(n, indices)   from an array, of a length known when it runs
 *   .axis = -1, .padding = 2                                  a number alone, among the options of a keyword call
 *   nothing                                                   not given: the default
 *
 * A negative count, or a count and no array, is a value error. C: what a macro or an array brings must live until the
 * call, as the arrays of macros do until the enclosing block ends. C++: objects own their numbers, and may be returned
 * and stored; functions also take numbers and braces, mg_zeros({2, 3}), mg_reshape(x, -1), o.axis = 1, .axis = {0, -1}.
 *
 * In C a field that is 0 looks like one that is not there. The keyword macros tell them apart by their text, so that
 * .axis = 0 is axis 0, and so is, there, a variable of type mg_axes that is all zeros: MG_AXES_ALL is the one that
 * means all. In an option struct that is filled in by hand, or as an argument, a struct of zeros is not given, or the
 * shape (); axis 0 is written MG_AXES(0), and so are other axes, for compilers miss braces in {.axis = 1}. */
#ifndef MYGRAD_SHAPES_H
#define MYGRAD_SHAPES_H

#include "mygrad/base.h"

/* Where a slice's bound is left out. */
#define MG_NONE INT64_MIN

/* No small numbers: a bare one in a key, MG_KEY(1, 2) in C, is then an error, not another index. */
typedef enum mg_index_kind {
    MG_INDEX_SLICE = 0x51,
    MG_INDEX_INT = 0x52,
    MG_INDEX_NEWAXIS = 0x53,
    MG_INDEX_ELLIPSIS = 0x54
} mg_index_kind;

#ifndef __cplusplus

typedef struct mg_index {
    mg_index_kind kind;
    int64_t start, stop, step; /* MG_NONE where left out; an integer index is in start */
} mg_index;

typedef struct mg_shape {
    int64_t mg_one; /* a number alone; for brace elision, not for you */
    int ndim;
    const int64_t *dims;
} mg_shape;

typedef struct mg_axes {
    int mg_one;
    int n;
    const int *v;
} mg_axes;

typedef struct mg_key {
    int n;
    const mg_index *v;
} mg_key;

/* What functions take: in C the same. */
typedef mg_shape mg_shape_arg;
typedef mg_axes mg_axes_arg;
typedef mg_key mg_key_arg;

#define MG_SHAPE(...)                                                                                                  \
    ((mg_shape){0, (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__}})
#define MG_SHAPE0    ((mg_shape){0, 0, NULL})
#define MG_AXES(...) ((mg_axes){0, (int)(sizeof((const int[]){__VA_ARGS__}) / sizeof(int)), (const int[]){__VA_ARGS__}})
#define MG_AXES0     ((mg_axes){0, 0, (const int[]){0}})
#define MG_AXES_ALL  ((mg_axes){INT32_MIN, INT32_MIN, NULL})
/* MG_KEY(MG_S(0, 3, 1), MG_I(-1), MG_NEWAXIS, MG_ELLIPSIS): a basic index, as x[0:3, -1, None, ...]. */
#define MG_KEY(...)                                                                                                    \
    ((mg_key){(int)(sizeof((const mg_index[]){__VA_ARGS__}) / sizeof(mg_index)), (const mg_index[]){__VA_ARGS__}})
#define MG_S(start, stop, step) ((mg_index){MG_INDEX_SLICE, (start), (stop), (step)})
#define MG_I(i)                 ((mg_index){MG_INDEX_INT, (i), 0, 0})
#define MG_NEWAXIS              ((mg_index){MG_INDEX_NEWAXIS, 0, 0, 0})
#define MG_ELLIPSIS             ((mg_index){MG_INDEX_ELLIPSIS, 0, 0, 0})

static inline mg_shape mg_shape_of(int ndim, const int64_t *dims) { return (mg_shape){0, ndim, dims}; }
/* None at all is no axes, as MG_AXES0, whatever the pointer. */
static inline mg_axes mg_axes_of(int n, const int *axes) {
    static const int none;
    return (mg_axes){0, n, n ? axes : &none};
}
static inline mg_key mg_key_of(int n, const mg_index *indices) { return (mg_key){n, indices}; }

#else

#include <initializer_list>
#include <type_traits>

/* An index: a number is MG_I of it. */
struct mg_index {
    mg_index_kind kind;
    int64_t start, stop, step;

    mg_index() = default;
    constexpr mg_index(int64_t i) : kind(MG_INDEX_INT), start(i), stop(0), step(0) {}
    constexpr mg_index(mg_index_kind what, int64_t from, int64_t to, int64_t by)
        : kind(what), start(from), stop(to), step(by) {}
};

namespace mg {

/* Numbers that it owns, laid out as the structs of C are. A list of one is the number alone; 0 alone, and no number at
 * all, stand in a constant. Throws std::bad_alloc. */
template <typename number>
class list {
  public:
    list() noexcept = default;
    list(number one) noexcept : one_(one), n_(one == 0), v_(one == 0 ? zero : nullptr) {}
    list(std::initializer_list<number> numbers) { copy(static_cast<int>(numbers.size()), numbers.begin()); }
    list(int n, const number *numbers) { copy(n, numbers); }
    list(const list &other) : one_(other.one_), n_(other.n_) {
        if (other.v_) copy(other.n_, other.v_);
    }
    list(list &&other) noexcept { swap(other); }
    list &operator=(list other) noexcept {
        swap(other);
        return *this;
    }
    ~list() {
        if (n_ > 1) delete[] v_;
    }

    static list all() noexcept {
        list every;
        every.one_ = every.n_ = INT32_MIN;
        return every;
    }

  private:
    template <typename>
    friend class list_arg;
    static constexpr number zero[1] = {0};

    /* Onto an empty list. What is no list, a count without an array, is left to whom it is given. */
    void copy(int n, const number *numbers) {
        n_ = n;
        if (n == 0) {
            v_ = zero;
        } else if (n == 1 && numbers) {
            one_ = numbers[0];
            n_ = one_ == 0;
            v_ = one_ == 0 ? zero : nullptr;
        } else if (n > 1 && numbers) {
            number *own = new number[static_cast<size_t>(n)];
            for (int i = 0; i < n; i++) own[i] = numbers[i];
            v_ = own;
        }
    }

    void swap(list &other) noexcept {
        const list<number>::values mine = {one_, n_, v_};
        one_ = other.one_, n_ = other.n_, v_ = other.v_;
        other.one_ = mine.one, other.n_ = mine.n, other.v_ = mine.v;
    }

    struct values {
        number one;
        int n;
        const number *v;
    };
    number one_ = 0;
    int n_ = 0;
    const number *v_ = nullptr;
};

/* What a function takes, passed as the struct of C: a list, a number, or numbers in braces, which all live until the
 * call has returned. Not for storing. */
template <typename number>
class list_arg {
  public:
    list_arg() noexcept = default;
    list_arg(const list<number> &from) noexcept : one_(from.one_), n_(from.n_), v_(from.v_) {}
    list_arg(number one) noexcept : one_(one), n_(one == 0), v_(one == 0 ? list<number>::zero : nullptr) {}
    list_arg(const std::initializer_list<number> &numbers) noexcept
        : n_(static_cast<int>(numbers.size())), v_(n_ ? first(numbers) : list<number>::zero) {}

  private:
    static const number *first(const std::initializer_list<number> &numbers) { return numbers.begin(); }
    number one_ = 0;
    int n_ = 0;
    const number *v_ = nullptr;
};

} // namespace mg

struct mg_shape : mg::list<int64_t> {
    using list::list;
};

struct mg_axes : mg::list<int> {
    using list::list;
    mg_axes() = default;
    mg_axes(const mg::list<int> &other) : list(other) {}
};

class mg_key {
  public:
    mg_key() noexcept = default;
    mg_key(const mg_index &one) { copy(1, &one); }
    mg_key(int64_t one) : mg_key(mg_index(one)) {}
    mg_key(std::initializer_list<mg_index> indices) { copy(static_cast<int>(indices.size()), indices.begin()); }
    mg_key(int n, const mg_index *indices) { copy(n, indices); }
    mg_key(const mg_key &other) { copy(other.n_, other.v_); }
    mg_key(mg_key &&other) noexcept { swap(other); }
    mg_key &operator=(mg_key other) noexcept {
        swap(other);
        return *this;
    }
    ~mg_key() { delete[] v_; }

  private:
    friend class mg_key_arg;

    void copy(int n, const mg_index *indices) {
        n_ = n;
        if (n <= 0 || !indices) return;
        mg_index *own = new mg_index[static_cast<size_t>(n)];
        for (int i = 0; i < n; i++) own[i] = indices[i];
        v_ = own;
    }

    void swap(mg_key &other) noexcept {
        const int n = n_;
        const mg_index *v = v_;
        n_ = other.n_, v_ = other.v_;
        other.n_ = n, other.v_ = v;
    }

    int n_ = 0;
    const mg_index *v_ = nullptr;
};

class mg_key_arg {
  public:
    mg_key_arg() noexcept = default;
    mg_key_arg(const mg_key &from) noexcept : n_(from.n_), v_(from.v_) {}
    mg_key_arg(const mg_index &one) noexcept : n_(1), v_(&one) {}
    /* The index lives where the call is written, as every default argument does: until the call has returned. */
    mg_key_arg(int64_t one, mg_index &&index = mg_index(0)) noexcept : n_(1), v_(&index) { index.start = one; }
    mg_key_arg(const std::initializer_list<mg_index> &indices) noexcept
        : n_(static_cast<int>(indices.size())), v_(first(indices)) {}

  private:
    static const mg_index *first(const std::initializer_list<mg_index> &indices) { return indices.begin(); }
    int n_ = 0;
    const mg_index *v_ = nullptr;
};

typedef mg::list_arg<int64_t> mg_shape_arg;
typedef mg::list_arg<int> mg_axes_arg;

/* As the functions of C expect them: in options by their layout, as arguments passed as a plain struct is. */
static_assert(std::is_standard_layout<mg_shape>::value && sizeof(mg_shape) == sizeof(mg_shape_arg), "");
static_assert(std::is_standard_layout<mg_axes>::value && sizeof(mg_axes) == sizeof(mg_axes_arg), "");
static_assert(std::is_trivially_copyable<mg_shape_arg>::value && std::is_trivially_copyable<mg_axes_arg>::value, "");
static_assert(std::is_trivially_copyable<mg_key_arg>::value && std::is_trivially_copyable<mg_index>::value, "");

#define MG_SHAPE(...)           (mg_shape{__VA_ARGS__})
#define MG_SHAPE0               (mg_shape{})
#define MG_AXES(...)            (mg_axes{std::initializer_list<int>{__VA_ARGS__}})
#define MG_AXES0                (mg_axes{0, nullptr})
#define MG_AXES_ALL             (mg_axes(mg_axes::all()))
#define MG_KEY(...)             (mg_key{__VA_ARGS__})
#define MG_S(start, stop, step) (mg_index{MG_INDEX_SLICE, (start), (stop), (step)})
#define MG_I(i)                 (mg_index{MG_INDEX_INT, (i), 0, 0})
#define MG_NEWAXIS              (mg_index{MG_INDEX_NEWAXIS, 0, 0, 0})
#define MG_ELLIPSIS             (mg_index{MG_INDEX_ELLIPSIS, 0, 0, 0})

inline mg_shape mg_shape_of(int ndim, const int64_t *dims) { return mg_shape(ndim, dims); }
inline mg_axes mg_axes_of(int n, const int *axes) { return mg_axes(n, axes); }
inline mg_key mg_key_of(int n, const mg_index *indices) { return mg_key(n, indices); }

#endif

#define MG_ALL MG_S(MG_NONE, MG_NONE, MG_NONE)

#endif

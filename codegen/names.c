/* SPDX-License-Identifier: MIT
 * Which names an op file may give: they become identifiers of C11 and C++17, beside those that the emitters use.
 * Whether a name has been given already is checked here, too; what a name means, in resolve.c. */
#include <ctype.h>
#include <string.h>

#include "parser.h"

/* Words of C and C++ up to C23 and C++20, macros of the headers that generated code includes, constants of the op
 * language, and what the emitters call their own: the parameter `opts`, `inputs` and `params` in mg_<op>_with, and the
 * member `size`, which the keyword macro mentions. */
static const char reserved[] =
    " alignas alignof and and_eq asm assert auto bitand bitor bool break case catch char char16_t char32_t char8_t "
    "class co_await co_return co_yield compl complex concept const const_cast consteval constexpr constinit "
    "continue decltype default delete do double dynamic_cast else enum errno explicit export extern false float "
    "for fpclassify friend goto if imaginary inf inline inputs int int8 isfinite isgreater isgreaterequal isinf isless "
    "islessequal islessgreater isnan isnormal isunordered linux long math_errhandling mutable namespace nan new "
    "noexcept noreturn not not_eq nullptr offsetof operator opts or or_eq params pi private protected public "
    "register reinterpret_cast requires restrict return short signbit signed size sizeof static static_assert "
    "static_cast stderr stdin stdout struct switch template this thread_local throw true try typedef typeid "
    "typename typeof typeof_unqual union unix unsigned using virtual void volatile wchar_t while xor xor_eq ";

/* Beginnings that belong to the library's rooms, to the vocabulary of kernels and to stdatomic.h. */
static const char *const prefixes[] = {"mg_", "mga_", "mgc_", "mgk_", "mgr_", "mgv_", "vm_", "atomic_"};

static bool is_reserved(const char *name) { return strstr(reserved, mgc_format(" %s ", name)) != NULL; }

static bool has_prefix(const char *name) {
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return false;
}

/* Lower case keeps clear of macros, and of names that only differ in case once they are in one. */
static bool is_plain(const char *name) {
    for (const char *s = name; *s; s++)
        if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '_') return false;
    return islower((unsigned char)name[0]) && !strstr(name, "__");
}

static bool check_word(mgc_parser *p, const char *what) {
    if (p->t->kind != MGC_T_NAME) return mgc_fail_expected(p, what);
    const char *name = p->t->text;
    if (!is_plain(name))
        return mgc_error(p->d, p->t->at, "expected %s of lower-case letters, digits and single underscores, found '%s'",
                         what, name);
    if (has_prefix(name))
        return mgc_error(p->d, p->t->at, "expected %s, found '%s', which begins as names of the library do", what,
                         name);
    return true;
}

static bool ends_with(const char *s, const char *end) {
    const size_t n = strlen(s), k = strlen(end);
    return n > k && strcmp(s + n - k, end) == 0;
}

/* <op>_d<i> */
static bool is_derivative(const char *name) {
    const size_t n = strlen(name);
    return n > 3 && isdigit((unsigned char)name[n - 1]) && name[n - 2] == 'd' && name[n - 3] == '_';
}

bool mgc_need_op_name(mgc_parser *p, const char **out) {
    if (!check_word(p, "the name of the op")) return false;
    const char *name = p->t->text, *why = NULL;
    if (strcmp(name, "none") == 0 || strcmp(name, "count") == 0) why = "which the enum of ops has already";
    if (ends_with(name, "_with")) why = "but mg_<op>_with is the function with options";
    if (is_derivative(name)) why = "but <op>_d<i> is a derivative";
    if (strncmp(name, "reduce_", 7) == 0) why = "but mgk_reduce_<op> is the kernel of a reduction";
    if (strncmp(name, "past_", 5) == 0) why = "but mgk_past_<op> is the kernel that stores past the caches";
    if (strncmp(name, "columns_", 8) == 0) why = "but mgk_columns_<op> is the kernel of rows that are reduced";
    if (strncmp(name, "sums_", 5) == 0) why = "but mgk_sums_<op> is the kernel that adds an op's values";
    if (strncmp(name, "blocks_", 7) == 0) why = "but mgk_blocks_<op> is the kernel of whole blocks of a reduction";
    if (why) return mgc_error(p->d, p->t->at, "expected the name of the op, found '%s', %s", name, why);
    *out = name;
    p->t++;
    return true;
}

/* What `name` stands for in the stanza so far; NULL: nothing. */
static const char *meaning(const mgc_stanza *s, const char *name) {
    for (int i = 0; i < s->n_in; i++)
        if (strcmp(s->in[i].name, name) == 0) return "an input";
    for (int i = 0; i < s->n_params; i++)
        if (strcmp(s->params[i], name) == 0) return "a parameter";
    for (int j = 0; j < s->n_out; j++)
        if (s->results[j] && strcmp(s->results[j], name) == 0) return "a result";
    for (int i = 0; i < s->n_lets; i++)
        if (strcmp(s->let_names[i], name) == 0) return "a let";
    return NULL;
}

bool mgc_need_local_name(mgc_parser *p, const mgc_stanza *s, const char **out, const char *what) {
    if (!check_word(p, what)) return false;
    const char *name = p->t->text;
    if (is_reserved(name))
        return mgc_error(p->d, p->t->at,
                         "expected %s, found '%s', which means something in C, in C++ or in what is generated", what,
                         name);
    const char *already = meaning(s, name);
    if (already) return mgc_error(p->d, p->t->at, "expected %s, found '%s', which is %s already", what, name, already);
    *out = name;
    p->t++;
    return true;
}

static bool is_gradient(const mgc_parser *p) {
    return p->t->kind == MGC_T_NAME && (strcmp(p->t->text, "g") == 0 || strncmp(p->t->text, "g_", 2) == 0);
}

bool mgc_need_value_name(mgc_parser *p, const mgc_stanza *s, const char **out, const char *what) {
    if (is_gradient(p))
        return mgc_error(p->d, p->t->at, "expected %s, found '%s', which is the incoming gradient", what, p->t->text);
    return mgc_need_local_name(p, s, out, what);
}

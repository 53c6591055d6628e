/* SPDX-License-Identifier: MIT
 * bits_of ISA [EXPECTED]: evaluates everything with the kernels of one instruction set and prints a hash per item, or
 * compares with the lines of a file, by name: a new item is one difference, and so is one that is gone. Ends with 77
 * (skipped) where this machine cannot run the instruction set. */
#include "bits.h"

#include "harness_end.h"
#include "kernels/generated/generated.h"
#include "runtime/cpu.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NAME = 96, MAX_LINE = MAX_NAME + 32, SKIPPED = 77, SHOWN = 20 };

/* A line that is expected: "name hash\n". */
typedef struct wanted_line {
    char text[MAX_LINE];
    size_t name; /* the length of the name */
    bool met;
} wanted_line;

static wanted_line *expected; /* NULL: print */
static size_t n_expected, next, n_lines, n_wrong;

bits_hash bits_begin(void) { return (bits_hash){UINT64_C(0xcbf29ce484222325)}; }

/* The bits of element i, of a NaN those of one and the same NaN. */
static uint64_t canonical(mg_dtype dtype, const void *elements, size_t i) {
    const size_t size = bits_dtype_size(dtype);
    uint64_t bits = 0;
    for (size_t b = size; b-- > 0;) bits = bits << 8 | ((const unsigned char *)elements)[i * size + b];
    uint64_t infinity;
    switch (dtype) {
    case MG_F16:
        infinity = 0x7c00;
        break;
    case MG_BF16:
        infinity = 0x7f80;
        break;
    case MG_F32:
        infinity = UINT64_C(0x7f800000);
        break;
    case MG_F64:
        infinity = UINT64_C(0x7ff0000000000000);
        break;
    default:
        return bits;
    }
    const uint64_t magnitude = bits & ((UINT64_C(1) << (8 * size - 1)) - 1);
    return magnitude > infinity ? infinity + 1 : bits;
}

void bits_add(bits_hash *h, mg_dtype dtype, const void *elements, size_t n) {
    for (size_t i = 0; i < n; i++) {
        h->state = (h->state ^ canonical(dtype, elements, i)) * UINT64_C(0x9e3779b97f4a7c15);
        h->state ^= h->state >> 29;
    }
}

static void say(const char *what, const char *line) {
    if (++n_wrong <= SHOWN) fprintf(stderr, "%s %s", what, line);
}

static size_t name_length(const char *line) {
    const char *end = strrchr(line, ' ');
    return end ? (size_t)(end - line) : strlen(line);
}

static bool read_expected(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return false;
    wanted_line line = {.met = false};
    while (fgets(line.text, sizeof line.text, file)) {
        if (n_expected % 1024 == 0) {
            expected = realloc(expected, (n_expected + 1024) * sizeof *expected);
            if (!expected) abort();
        }
        line.name = name_length(line.text);
        expected[n_expected++] = line;
    }
    fclose(file);
    if (!expected) expected = malloc(sizeof *expected);
    return expected != NULL;
}

/* The line of that name, which is most often the one after the last. */
static wanted_line *find(const char *name, size_t length) {
    for (size_t i = 0; i < n_expected; i++) {
        wanted_line *line = &expected[(next + i) % n_expected];
        if (line->name != length || memcmp(line->text, name, length) != 0) continue;
        next = (next + i + 1) % n_expected;
        return line;
    }
    return NULL;
}

static void compare(const char *line) {
    wanted_line *wanted = find(line, name_length(line));
    if (!wanted) {
        say("new       ", line);
        return;
    }
    if (wanted->met) say("twice     ", line);
    wanted->met = true;
    if (strcmp(line, wanted->text) == 0) return;
    say("got       ", line);
    if (n_wrong <= SHOWN) fprintf(stderr, "expected   %s", wanted->text);
}

void bits_line(const bits_hash *h, const char *format, ...) {
    char name[MAX_NAME], line[MAX_LINE];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    snprintf(line, sizeof line, "%s %016" PRIx64 "\n", name, h->state);
    n_lines++;
    if (expected)
        compare(line);
    else
        fputs(line, stdout);
}

mg_test_rng bits_rng(const char *name, mg_dtype dtype) {
    uint64_t seed = UINT64_C(0xcbf29ce484222325) + (uint64_t)dtype;
    for (; *name; name++) seed = (seed ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return mg_test_rng_from(seed);
}

size_t bits_dtype_size(mg_dtype dtype) { return dtype == MG_F16 || dtype == MG_BF16 ? 2 : gen_size(dtype); }

const char *bits_dtype_name(mg_dtype dtype) {
    return dtype == MG_F16 ? "f16" : dtype == MG_BF16 ? "bf16" : gen_row_name(dtype);
}

/* The checks of harness.h end here: a broken invariant, no difference of bits. */
_Noreturn void mg_test_end(mg_test_result result, const char *message) {
    fprintf(stderr, "%s\n", message);
    exit(result == MG_TEST_SKIPPED ? SKIPPED : EXIT_FAILURE);
}

static const mgk_table *table_named(const char *name) {
    static const char *const names[MGK_ISA_COUNT] = {"scalar", "avx2", "avx512", "neon"};
    for (int isa = 0; isa < MGK_ISA_COUNT; isa++)
        if (strcmp(names[isa], name) == 0) return mgr_kernels_of((mgk_isa)isa);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3) {
        fputs("usage: bits_of scalar|avx2|avx512|neon [EXPECTED]\n", stderr);
        return EXIT_FAILURE;
    }
    const mgk_table *table = table_named(argv[1]);
    if (!table) {
        printf("skipped: no kernels here for %s\n", argv[1]);
        return SKIPPED;
    }
    if (argc == 3 && !read_expected(argv[2])) {
        perror(argv[2]);
        return EXIT_FAILURE;
    }
    mgr_kernels_override(table);
    bits_of_kernels(table);
    bits_of_tensors();
    if (!expected) return EXIT_SUCCESS;
    for (size_t i = 0; i < n_expected; i++)
        if (!expected[i].met) say("missing   ", expected[i].text);
    free(expected);
    printf("%s: %zu lines, %zu differ\n", table->name, n_lines, n_wrong);
    return n_wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT
 * bits_of ISA [EXPECTED]: evaluates everything with the kernels of one instruction set and prints a hash per item, or
 * compares with the lines of a file. Ends with 77 (skipped) where this machine cannot run the instruction set. */
#include "bits.h"

#include "harness_end.h"
#include "kernels/generated/generated.h"
#include "runtime/cpu.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NAME = 96, SKIPPED = 77, SHOWN = 20 };

static FILE *expected; /* NULL: print */
static size_t n_lines, n_wrong;

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

static void compare(const char *line) {
    char wanted[MAX_NAME + 32] = "";
    if (!fgets(wanted, sizeof wanted, expected)) strcpy(wanted, "the end of the file\n");
    if (strcmp(line, wanted) == 0) return;
    if (++n_wrong <= SHOWN) fprintf(stderr, "got       %sexpected  %s", line, wanted);
}

void bits_line(const bits_hash *h, const char *format, ...) {
    char name[MAX_NAME], line[MAX_NAME + 32];
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
    if (argc == 3 && !(expected = fopen(argv[2], "r"))) {
        perror(argv[2]);
        return EXIT_FAILURE;
    }
    mgr_kernels_override(table);
    bits_of_kernels(table);
    bits_of_tensors();
    if (!expected) return EXIT_SUCCESS;
    char rest[8];
    if (fgets(rest, sizeof rest, expected)) {
        fputs("the file expects more lines\n", stderr);
        n_wrong++;
    }
    fclose(expected);
    printf("%s: %zu lines, %zu differ\n", table->name, n_lines, n_wrong);
    return n_wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}

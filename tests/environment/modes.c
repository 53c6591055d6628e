/* SPDX-License-Identifier: MIT
 * Setting floating-point environments, and noticing that somebody changed them. */
#include "modes.h"

#include <fenv.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const mode_names[MODES] = {"canonical",         "all exceptions trapped", "rounding upward",
                                       "rounding downward", "rounding toward zero",   "denormals flushed",
                                       "locale de_DE.UTF-8"};

typedef struct control {
    uint64_t numbers;
    uint32_t x87;
} control;

#if defined(__x86_64__)
static control control_now(void) {
    uint32_t mxcsr;
    uint16_t word;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(word));
    return (control){mxcsr & 0xffc0u, word};
}

static bool flush_denormals(void) {
    uint32_t mxcsr = (uint32_t)control_now().numbers | 0x8040u;
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    return true;
}
#elif defined(__aarch64__)
static control control_now(void) {
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    return (control){fpcr, 0};
}

static bool flush_denormals(void) {
    uint64_t fpcr = control_now().numbers | UINT64_C(1) << 24;
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
    return true;
}
#else
static control control_now(void) { return (control){(uint64_t)fegetround(), 0}; }
static bool flush_denormals(void) { return false; }
#endif

/* ---- the locale ---- */

static char locales[256];

static void remove_locales(void) {
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", locales);
    if (system(command) != 0) fprintf(stderr, "cannot remove %s\n", locales);
}

static void make_locales(void) {
    const char *temporary = getenv("TMPDIR");
    char command[700];
    snprintf(locales, sizeof locales, "%s/mygrad-locales-XXXXXX", temporary ? temporary : "/tmp");
    CHECK(mkdtemp(locales));
    atexit(remove_locales);
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >'%s/log' 2>&1", locales, locales);
    setenv("LOCPATH", locales, 1);
    if (system(command) != 0) fprintf(stderr, "localedef makes no de_DE.UTF-8; it comes with the package locales\n");
}

bool german_locale(void) {
    if (!locales[0]) make_locales();
    return setlocale(LC_ALL, "de_DE.UTF-8") && strcmp(localeconv()->decimal_point, ",") == 0;
}

/* ---- entering and leaving ---- */

static control wanted;

bool mode_enter(mode m) {
    static const int roundings[MODES] = {
        [MODE_UPWARD] = FE_UPWARD, [MODE_DOWNWARD] = FE_DOWNWARD, [MODE_TOWARD_ZERO] = FE_TOWARDZERO};
    bool has = true;
    fesetenv(FE_DFL_ENV);
    if (m == MODE_TRAPS)
        has = feenableexcept(FE_ALL_EXCEPT) != -1 && fegetexcept() == FE_ALL_EXCEPT;
    else if (m == MODE_FLUSHING)
        has = flush_denormals();
    else if (m == MODE_GERMAN)
        has = german_locale();
    else if (m != MODE_CANONICAL)
        has = fesetround(roundings[m]) == 0;
    wanted = control_now();
    return has;
}

bool mode_leave(void) {
    control found = control_now();
    fesetenv(FE_DFL_ENV);
    if (locales[0]) setlocale(LC_ALL, "C");
    return found.numbers == wanted.numbers && found.x87 == wanted.x87;
}

int rounding_now(void) {
    volatile double one = 1, little = 0x1p-60, up = one + little, down = -one - little, less = one - little;
    int numbers = up > 1 ? FE_UPWARD : down < -1 ? FE_DOWNWARD : less < 1 ? FE_TOWARDZERO : FE_TONEAREST;
    return numbers == fegetround() ? numbers : -1;
}

/* ---- records ---- */

void put(run *r, const void *bytes, size_t n) {
    if (r->n + n > r->capacity) {
        r->capacity = 2 * (r->n + n);
        r->bytes = realloc(r->bytes, r->capacity);
        CHECK(r->bytes);
    }
    if (n) memcpy(r->bytes + r->n, bytes, n);
    r->n += n;
}

void put_text(run *r, const char *text) { put(r, text ? text : "(NULL)", strlen(text ? text : "(NULL)") + 1); }

void put_error(run *r) {
    mg_error error = mg_take_error();
    if (error.code == MG_OK) return;
    put_text(r, mg_status_name(error.code));
    put_text(r, error.message);
}

void put_tensor(run *r, mg_tensor *x) {
    if (!x || mg_eval(x) != MG_OK) {
        put_text(r, "no tensor");
        put_error(r);
        return;
    }
    size_t bytes = (size_t)mg_size(x) * mg_dtype_size(mg_dtype_of(x));
    void *values = malloc(bytes + 1);
    CHECK(values && mg_read(x, mg_dtype_of(x), values) == MG_OK);
    put_text(r, mg_dtype_name(mg_dtype_of(x)));
    put(r, mg_dims(x), (size_t)mg_ndim(x) * sizeof(int64_t));
    put(r, values, bytes);
    free(values);
}

/* SPDX-License-Identifier: MIT
 * Every exported function in every environment that a caller may have: none dies, all give the bits and texts of the
 * canonical one, and the caller finds its environment as it was. */
#include "modes.h"

#include <fenv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sigjmp_buf after_signal;

static void on_sigfpe(int signal) {
    (void)signal;
    siglongjmp(after_signal, 1);
}

static case_fn *case_of(const function_case *f) {
    case_fn *call = case_by_name(f->name);
    return call ? call : f->call;
}

/* The cases are called once each, however many names they serve. */
static bool is_first(size_t i) {
    case_fn *call = case_by_name(functions[i].name);
    for (size_t j = 0; call && j < i; j++)
        if (case_by_name(functions[j].name) == call) return false;
    return true;
}

/* False if it died. */
static bool run_case(run *r, const function_case *f) {
    if (sigsetjmp(after_signal, 1)) {
        fesetenv(FE_DFL_ENV);
        mg_take_error();
        return false;
    }
    case_of(f)(r, f->function);
    return true;
}

static void compare(mode m, char *complaints, size_t room) {
    for (size_t i = 0; i < n_functions; i++) {
        if (!is_first(i)) continue;
        run wanted = {.in = MODE_CANONICAL, .name = functions[i].name}, got = {.in = m, .name = functions[i].name};
        run_case(&wanted, &functions[i]);
        bool lived = run_case(&got, &functions[i]);
        bool same = lived && wanted.n == got.n && memcmp(wanted.bytes, got.bytes, got.n) == 0;
        size_t used = strlen(complaints);
        if ((!same || got.changed) && used < room)
            snprintf(complaints + used, room - used, " %s %s;", functions[i].name,
                     !lived        ? "dies of SIGFPE"
                     : got.changed ? "changes the environment"
                                   : "gives something else");
        free(wanted.bytes);
        free(got.bytes);
    }
}

static void check_mode(mode m) {
    static char complaints[4096];
    struct sigaction old, ours = {.sa_handler = on_sigfpe};
    bool has = mode_enter(m);
    mode_leave();
    if (!has) SKIP("this machine cannot do it: %s", mode_names[m]);
    sigaction(SIGFPE, &ours, &old);
    compare(m, complaints, sizeof complaints);
    sigaction(SIGFPE, &old, NULL);
    CHECK_MSG(!complaints[0], "%s:%s", mode_names[m], complaints);
}

MG_TEST(every_function, is_known_here) {
    for (size_t i = 0; i < n_functions; i++)
        CHECK_MSG(case_of(&functions[i]), "%s is exported, and tests/environment has no case for it: named_cases.c",
                  functions[i].name);
}

MG_TEST(every_function, traps_nothing) { check_mode(MODE_TRAPS); }
MG_TEST(every_function, rounds_to_nearest_under_upward) { check_mode(MODE_UPWARD); }
MG_TEST(every_function, rounds_to_nearest_under_downward) { check_mode(MODE_DOWNWARD); }
MG_TEST(every_function, rounds_to_nearest_under_toward_zero) { check_mode(MODE_TOWARD_ZERO); }
MG_TEST(every_function, keeps_denormals) { check_mode(MODE_FLUSHING); }

/* The library's own mode is for computing: texts show what is there. */
MG_TEST(flush_mode, numbers_are_shown_as_they_are) {
    MG_SCOPE;
    mg_tensor *x = mg_from_f64((double[]){5e-324, 1e-310, 1}, MG_SHAPE(3));
    mg_set_flush_denormals(true);
    char *array = mg_to_string(x), *scalar = mg_to_string(mg_scalar(5e-324));
    mg_set_flush_denormals(false);
    CHECK_EQ_STR(array, "[5.e-324 1.e-310 1.e+000]");
    CHECK_EQ_STR(scalar, "5e-324");
    free(array);
    free(scalar);
}

MG_TEST(every_function, writes_points_under_a_comma_locale) { check_mode(MODE_GERMAN); }

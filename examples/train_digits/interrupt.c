/* SPDX-License-Identifier: MIT
 * Signals, noted. */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t noted;

static void note(int number) { noted = number; }

static const struct {
    int number;
    const char *name;
} watched[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}};
enum { WATCHED = sizeof watched / sizeof *watched };

/* SIGINT also where it is ignored: a shell starts background jobs so, and whoever sends one to them means it. */
void interrupt_watch(void) {
    for (size_t i = 0; i < WATCHED; i++) {
        struct sigaction act = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND | SA_RESTART}, now;
        sigemptyset(&act.sa_mask);
        if (watched[i].number == SIGHUP && sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler == SIG_IGN) continue;
        sigaction(watched[i].number, &act, NULL);
    }
}

int interrupted(void) { return noted; }

const char *interrupt_name(int signal_number) {
    for (size_t i = 0; i < WATCHED; i++)
        if (watched[i].number == signal_number) return watched[i].name;
    return "a signal";
}

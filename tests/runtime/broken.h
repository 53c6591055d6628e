/* SPDX-License-Identifier: MIT
 * For tests that break a structure and see the hardened build notice: in a child, which must abort with a sentence. */
#ifndef MG_TEST_BROKEN_H
#define MG_TEST_BROKEN_H

#include "harness.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Run `breaks` in a child; it must end by abort and say `sentence` on stderr. */
static inline void expect_broken(void (*breaks)(void *), void *context, const char *sentence) {
    char text[4096];
    size_t n = 0;
    int ends[2], status = 0;
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        dup2(ends[1], 2);
        breaks(context);
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t got; n < sizeof text - 1 && (got = read(ends[0], text + n, sizeof text - 1 - n)) > 0;)
        n += (size_t)got;
    text[n] = 0;
    close(ends[0]);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_MSG(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "nobody noticed; expected was: %s", sentence);
    CHECK_CONTAINS(text, "mygrad: broken invariant: ");
    CHECK_CONTAINS(text, sentence);
}

#endif

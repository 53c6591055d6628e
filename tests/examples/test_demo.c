/* SPDX-License-Identifier: MIT
 * The demo as a program: where it writes, what it refuses before it trains, what it does when it is told to stop. */
#include "harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char room[64];
static int home; /* where the tests are started */

static void enter_room(void) {
    if (TRAIN_DIGITS_EMULATED) SKIP("the program needs an emulator");
    snprintf(room, sizeof room, "/tmp/mygrad-demo-XXXXXX");
    home = open(".", O_RDONLY | O_DIRECTORY);
    CHECK(home >= 0 && mkdtemp(room) && chdir(room) == 0);
}

static void leave_room(void) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", room);
    CHECK(fchdir(home) == 0 && system(command) == 0);
    close(home);
}

/* The program with these arguments; what it prints, on both streams, goes to the file "log". */
static pid_t start(char *const *arguments, rlim_t file_limit) {
    unlink("log");
    pid_t child = fork();
    CHECK(child >= 0);
    if (child > 0) return child;
    struct rlimit limit = {file_limit, RLIM_INFINITY};
    int log = open("log", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    bool ready = log >= 0 && dup2(log, 1) == 1 && dup2(log, 2) == 2 && setrlimit(RLIMIT_FSIZE, &limit) == 0 &&
                 signal(SIGINT, SIG_DFL) != SIG_ERR;
    if (ready) execv(TRAIN_DIGITS, arguments);
    _exit(99);
}

static int finish(pid_t child) {
    int state;
    CHECK(waitpid(child, &state, 0) == child);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
}

#define RUN(...)  finish(start((char *[]){(char *)(uintptr_t)TRAIN_DIGITS, __VA_ARGS__, NULL}, RLIM_INFINITY))
#define ARG(text) ((char *)(uintptr_t)(text))

static const char *log_text(void) {
    static char text[1 << 16];
    FILE *f = fopen("log", "rb");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    text[n] = '\0';
    if (f) fclose(f);
    return text;
}

static int lines(const char *text) {
    int n = 0;
    for (; *text; text++) n += *text == '\n';
    return n;
}

static bool there(const char *path) { return access(path, F_OK) == 0; }

MG_TEST(demo, help) {
    enter_room();
    CHECK_EQ_I64(RUN(ARG("-h")), 0);
    CHECK_CONTAINS(log_text(), "usage: train_digits");
    CHECK_CONTAINS(log_text(), "--epochs N");
    CHECK_EQ_I64(RUN(ARG("--epochs"), ARG("3"), ARG("--help")), 0);
    leave_room();
}

MG_TEST(demo, makes_directories) {
    enter_room();
    CHECK_EQ_I64(
        RUN(ARG("--images"), ARG("64"), ARG("--epochs"), ARG("1"), ARG("--linear"), ARG("--out"), ARG("a//b/c/")), 0);
    CHECK(there("a/b/c/model.npz") && there("a/b/c/loss.svg") && there("a/b/c/graph.dot"));
    CHECK(!there("a/b/c/loss.svg.tmp"));
    leave_room();
}

/* One sentence, before any training. */
static void check_refused(const char *out, rlim_t file_limit, const char *words) {
    char *const arguments[] = {ARG(TRAIN_DIGITS), ARG("--images"), ARG("64"), ARG("--out"), ARG(out), NULL};
    CHECK_EQ_I64(finish(start(arguments, file_limit)), 1);
    CHECK_CONTAINS(log_text(), words);
    CHECK_EQ_I64(lines(log_text()), 1);
}

MG_TEST(demo, notices_bad_places_first) {
    enter_room();
    check_refused("/proc/self/here", RLIM_INFINITY, "/proc/self/here: cannot make this directory");
    check_refused("/proc/self", RLIM_INFINITY, "/proc/self: cannot write here");
    check_refused("log/x", RLIM_INFINITY, "log: is there already, and is no directory");
    check_refused("", RLIM_INFINITY, "expected a directory");
    CHECK(mkdir("out", 0700) == 0 && mkdir("out/loss.svg", 0700) == 0);
    check_refused("out", RLIM_INFINITY, "out/loss.svg: is there already, and is no regular file");
    check_refused("full", 400000, "full: cannot write the");
    check_refused("full", 400000, "that the results need: File too large");
    CHECK(there("full") && rmdir("full") == 0); /* nothing is left in it */
    leave_room();
}

static void check_stopped(int number, const char *name) {
    char *const arguments[] = {ARG(TRAIN_DIGITS), ARG("--images"), ARG("2000"), ARG("--epochs"), ARG("1000"), NULL};
    pid_t child = start(arguments, RLIM_INFINITY);
    for (int i = 0; i < 3000 && !strstr(log_text(), "epoch "); i++) usleep(20000);
    CHECK_CONTAINS(log_text(), "epoch ");
    CHECK(kill(child, number) == 0);
    CHECK_EQ_I64(finish(child), 128 + number);
    CHECK_CONTAINS(log_text(), name);
    CHECK_CONTAINS(log_text(), "wrote digits-out/model.npz");
    CHECK_CONTAINS(log_text(), "wrote digits-out/loss.svg");
    CHECK(there("digits-out/model.npz") && there("digits-out/loss.svg") && !there("digits-out/graph.dot"));
    CHECK(!strstr(log_text(), "test accuracy"));
    CHECK(unlink("digits-out/model.npz") == 0 && unlink("digits-out/loss.svg") == 0);
}

MG_TEST(demo, stops_when_asked) {
    enter_room();
    check_stopped(SIGINT, "stopped by SIGINT");
    check_stopped(SIGTERM, "stopped by SIGTERM");
    leave_room();
}

/* Both streams in one file: the complaint stands behind what was printed before it. */
MG_TEST(demo, prints_in_order) {
    enter_room();
    CHECK(mkdir("out", 0700) == 0);
    char *const arguments[] = {ARG(TRAIN_DIGITS), ARG("--images"), ARG("2000"), ARG("--epochs"),
                               ARG("1000"),       ARG("--out"),    ARG("out"),  NULL};
    pid_t child = start(arguments, RLIM_INFINITY);
    for (int i = 0; i < 3000 && !strstr(log_text(), "epoch "); i++) usleep(20000);
    CHECK(rmdir("out") == 0 && kill(child, SIGINT) == 0); /* too late for the check before training */
    CHECK_EQ_I64(finish(child), 128 + SIGINT);
    const char *text = log_text(), *stopped = strstr(text, "stopped by"), *complaint = strstr(text, "train_digits: ");
    CHECK_MSG(strncmp(text, "mygrad ", 7) == 0 && stopped && complaint && stopped < complaint, "%s", text);
    CHECK_CONTAINS(complaint, "cannot save the model");
    leave_room();
}

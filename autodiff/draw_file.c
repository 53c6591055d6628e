/* SPDX-License-Identifier: MIT
 * Writing a drawing beside its destination and renaming it there; running `dot` as a process of its own, for nothing
 * here links Graphviz. */
#include "autodiff/draw_file.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/memory.h"
#include "runtime/status.h"

extern char **environ;

static const char *const op_name = "save_graph";

static mg_status fail_io(const char *what, const char *path) {
    return mgr_fail(MG_ERR_IO, op_name, "cannot %s %s: %s", what, path, strerror(errno));
}

/* path with a suffix that no other call of any process uses now; mgr_free it. */
static char *beside(const char *path, const char *suffix) {
    static atomic_uint serial;
    size_t bytes = strlen(path) + strlen(suffix) + 48;
    char *name = mgr_alloc(bytes);
    if (name) {
        unsigned number = atomic_fetch_add(&serial, 1);
        snprintf(name, bytes, "%s.%ld-%u%s", path, (long)getpid(), number, suffix);
    }
    return name;
}

static mg_status write_dot(const char *path, mga_draw_fn *draw, void *context) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file) {
        fail_io("write", path);
        if (fd >= 0) close(fd);
        return MG_ERR_IO;
    }
    bool drawn = draw(file, context);
    bool written = fflush(file) == 0 && !ferror(file) && fsync(fileno(file)) == 0;
    if (drawn && !written) fail_io("write", path);
    if (fclose(file) != 0 && drawn && written) {
        written = false;
        fail_io("close", path);
    }
    return drawn && written ? MG_OK : mgr_error();
}

/* 0 if the process ended well; where its status cannot be had (a program that ignores SIGCHLD) the output decides. */
static int wait_for(pid_t pid, const char *output) {
    int state;
    while (waitpid(pid, &state, 0) < 0) {
        if (errno == EINTR) continue;
        struct stat info;
        return stat(output, &info) == 0 && info.st_size > 0 ? 0 : -1;
    }
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static mg_status run_dot(const char *format, const char *dot, const char *picture, const char *path) {
    char type[8];
    snprintf(type, sizeof type, "-T%s", format);
    /* posix_spawn promises not to change the strings */
    char *const argv[] = {"dot", type, "-o", (char *)(uintptr_t)picture, (char *)(uintptr_t)dot, NULL};
    pid_t pid;
    int failed = posix_spawnp(&pid, "dot", NULL, NULL, argv, environ);
    if (failed) {
        return mgr_fail(
            MG_ERR_IO, op_name,
            "cannot draw %s: the program `dot` (Graphviz) does not start: %s; a path ending in .dot needs it not", path,
            strerror(failed));
    }
    int code = wait_for(pid, picture);
    if (code == 0) return MG_OK;
    return mgr_fail(MG_ERR_IO, op_name, "cannot draw %s: `dot` ended with status %d", path, code);
}

static const char *picture_format(const char *path) {
    static const char *const formats[] = {"svg", "png", "pdf"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(dot + 1, formats[i]) == 0) return formats[i];
    }
    return NULL;
}

/* Draw into `text` (and from it into `picture`), then rename. */
static mg_status make_file(const char *path, const char *text, const char *picture, mga_draw_fn *draw, void *context) {
    const char *format = picture_format(path);
    MGR_TRY(write_dot(text, draw, context));
    if (format) MGR_TRY(run_dot(format, text, picture, path));
    return rename(format ? picture : text, path) == 0 ? MG_OK : fail_io("replace", path);
}

mg_status mga_draw_to_path(const char *path, mga_draw_fn *draw, void *context) {
    char *text = beside(path, ".tmp"), *picture = text ? beside(path, ".tmp") : NULL;
    mg_status status = picture ? make_file(path, text, picture, draw, context) : mgr_error();
    if (status != MG_OK && text) unlink(text);
    if (picture && status != MG_OK) unlink(picture);
    if (status == MG_OK && picture_format(path)) unlink(text);
    mgr_free(picture);
    mgr_free(text);
    return status;
}

/* SPDX-License-Identifier: MIT
 * Writing a drawing so that it appears whole or not at all; running `dot` as a process of its own, for nothing here
 * links Graphviz. */
#include "autodiff/draw_file.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "runtime/atomic_file.h"
#include "runtime/status.h"

extern char **environ;

static const char *const op_name = "save_graph";

/* 0 if the process ended well; where its status cannot be had (a program that ignores SIGCHLD) its output decides. */
static int wait_for(pid_t pid, int output) {
    int state;
    while (waitpid(pid, &state, 0) < 0) {
        if (errno == EINTR) continue;
        struct stat info;
        return fstat(output, &info) == 0 && info.st_size > 0 ? 0 : -1;
    }
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

/* dot -T<format>, reading from `from` and writing into `to`. */
static mg_status run_dot(const char *format, int from, int to, const char *path) {
    char type[8];
    snprintf(type, sizeof type, "-T%s", format);
    char *const argv[] = {"dot", type, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int failed = posix_spawn_file_actions_init(&actions);
    if (!failed) {
        failed = posix_spawn_file_actions_adddup2(&actions, from, 0);
        if (!failed) failed = posix_spawn_file_actions_adddup2(&actions, to, 1);
        if (!failed) failed = posix_spawnp(&pid, "dot", &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    if (failed) {
        return mgr_fail(
            MG_ERR_IO, op_name,
            "cannot draw %s: the program dot of Graphviz does not start (%s); a path that ends in .dot does "
            "without it",
            path, strerror(failed));
    }
    int code = wait_for(pid, to);
    return code == 0 ? MG_OK : mgr_fail(MG_ERR_IO, op_name, "cannot draw %s: dot ended with status %d", path, code);
}

static mg_status draw_picture(const char *format, mgr_atomic_file *file, mga_draw_fn *draw, void *context) {
    FILE *text = tmpfile();
    if (!text) return mgr_fail(MG_ERR_IO, op_name, "cannot make a temporary file: %s", strerror(errno));
    draw(text, context);
    mg_status status = MG_OK;
    if (fflush(text) != 0 || ferror(text) || fseek(text, 0, SEEK_SET) != 0) {
        status = mgr_fail(MG_ERR_IO, op_name, "cannot write a temporary file: %s", strerror(errno));
    }
    if (status == MG_OK) status = run_dot(format, fileno(text), file->fd, file->path);
    fclose(text);
    return status;
}

static const char *picture_format(const char *path) {
    static const char *const formats[] = {"svg", "png", "pdf"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(dot + 1, formats[i]) == 0) return formats[i];
    }
    return NULL;
}

mg_status mga_draw_to_path(const char *path, mga_draw_fn *draw, void *context) {
    const char *format = picture_format(path);
    mgr_atomic_file file;
    MGR_TRY(mgr_atomic_file_begin(&file, path));
    mg_status status = MG_OK;
    if (format)
        status = draw_picture(format, &file, draw, context);
    else
        draw(file.stream, context);
    return mgr_atomic_file_end(&file, status);
}

/* SPDX-License-Identifier: MIT
 * Writing a drawing so that it appears whole or not at all; running `dot` as a process of its own, for nothing here
 * links Graphviz. */
#include "autodiff/draw_file.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <strings.h>
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

/* What dot shall make of it; "" for the text itself, NULL for an ending that is not known. Without one: text. */
static const char *format_of(const char *path) {
    static const char *const endings[][2] = {{"dot", ""}, {"gv", ""}, {"svg", "svg"}, {"png", "png"}, {"pdf", "pdf"}};
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    if (!dot) return "";
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (strcasecmp(dot + 1, endings[i][0]) == 0) return endings[i][1];
    }
    return NULL;
}

mg_status mga_draw_to_path(const char *path, mga_draw_fn *draw, void *context) {
    const char *format = format_of(path);
    if (!format) {
        return mgr_fail(MG_ERR_VALUE, op_name,
                        "%s: ends in \"%s\"; expected .dot or .gv for the text, or .svg, .png or .pdf for a picture",
                        path, strrchr(path, '.'));
    }
    mgr_atomic_file file;
    MGR_TRY(mgr_atomic_file_begin(&file, path));
    mg_status status = MG_OK;
    if (format[0])
        status = draw_picture(format, &file, draw, context);
    else
        draw(file.stream, context);
    return mgr_atomic_file_end(&file, status);
}

/* SPDX-License-Identifier: MIT
 * Directories and files of the results. Whatever would keep them from being written at the end is looked for at the
 * beginning, by writing as much as they will need. */
#include "results.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static bool fail(char *error, size_t bytes, const char *path, const char *what, int code) {
    snprintf(error, bytes, "%s: %s%s%s", path, what, code ? ": " : "", code ? strerror(code) : "");
    return false;
}

static bool is_directory(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* As mkdir -p. */
static bool make_directories(const char *directory, char *error, size_t bytes) {
    char path[PATH_BYTES];
    size_t n = strlen(directory);
    if (n == 0) return fail(error, bytes, "--out", "expected a directory, got ''", 0);
    if (n + sizeof "/graph.svg" > sizeof path) return fail(error, bytes, directory, "cannot be made", ENAMETOOLONG);
    memcpy(path, directory, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        char end = path[i];
        path[i] = '\0';
        if (mkdir(path, 0777) != 0) {
            int code = errno;
            if (!is_directory(path))
                return code == EEXIST ? fail(error, bytes, path, "is there already, and is no directory", 0)
                                      : fail(error, bytes, path, "cannot make this directory", code);
        }
        path[i] = end;
    }
    return true;
}

/* None of the names may be taken by what cannot be replaced. */
static bool check_names(const char *directory, char *error, size_t bytes) {
    static const char *const names[] = {"model.npz", "loss.svg", "graph.dot", "graph.svg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[PATH_BYTES];
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
            return fail(error, bytes, path, "is there already, and is no regular file", 0);
    }
    return true;
}

static bool write_zeros(int fd, size_t bytes) {
    static const char zeros[1 << 16];
    while (bytes > 0) {
        ssize_t n = write(fd, zeros, bytes < sizeof zeros ? bytes : sizeof zeros);
        if (n < 0 && errno != EINTR) return false;
        if (n > 0) bytes -= (size_t)n;
    }
    return fsync(fd) == 0;
}

/* The file loses its name before it gets its bytes: nothing can be left. */
static bool try_room(const char *directory, size_t wanted, char *error, size_t bytes) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/.XXXXXX", directory);
    int fd = mkstemp(path);
    if (fd < 0) return fail(error, bytes, directory, "cannot write here", errno);
    unlink(path);
    int code = write_zeros(fd, wanted) ? 0 : errno;
    close(fd);
    if (!code) return true;
    char what[80];
    snprintf(what, sizeof what, "cannot write the %zu bytes that the results need", wanted);
    return fail(error, bytes, directory, what, code);
}

bool results_prepare(const char *directory, size_t bytes, char *error, size_t error_bytes) {
    return make_directories(directory, error, error_bytes) && check_names(directory, error, error_bytes) &&
           try_room(directory, bytes, error, error_bytes);
}

bool results_save(const char *directory, const model *m, const curve *losses, char *error, size_t error_bytes) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/model.npz", directory);
    if (mg_save_npz(path, m->count, m->names, m->params) != MG_OK)
        return fail(error, error_bytes, "cannot save the model", mg_take_error().message, 0);
    printf("wrote %s  (numpy.load reads it)\n", path);
    snprintf(path, sizeof path, "%s/loss.svg", directory);
    if (!curve_save(losses, path, "Training loss")) return fail(error, error_bytes, path, "cannot write", errno);
    printf("wrote %s\n", path);
    return true;
}

/* SPDX-License-Identifier: MIT
 * Whole or not at all: temporary file, fsync, rename. */
#include "runtime/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/memory.h"
#include "runtime/status.h"

static mg_status fail_io(const char *path, const char *what) {
    return mgr_fail(MG_ERR_IO, "save", "%s: cannot %s: %s", path, what, strerror(errno));
}

/* Exclusive creation with the ordinary mode rather than mkstemp: the result keeps the user's umask. */
static int create_beside(char *temporary, size_t bytes, const char *path) {
    static atomic_uint counter;
    for (int attempt = 0; attempt < 100; attempt++) {
        snprintf(temporary, bytes, "%s.%ld-%u.tmp", path, (long)getpid(), atomic_fetch_add(&counter, 1));
        int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

mg_status mgr_atomic_file_begin(mgr_atomic_file *file, const char *path) {
    *file = (mgr_atomic_file){.path = path};
    struct stat old;
    if (stat(path, &old) == 0 && !S_ISREG(old.st_mode))
        return mgr_fail(MG_ERR_IO, "save", "%s: is there already and is not a regular file", path);
    size_t bytes = strlen(path) + 48;
    file->temporary = mgr_alloc(bytes);
    if (!file->temporary) return MG_ERR_NO_MEMORY;
    int fd = create_beside(file->temporary, bytes, path);
    if (fd >= 0) file->stream = fdopen(fd, "wb");
    if (file->stream) return MG_OK;
    mg_status status = fail_io(path, "create");
    if (fd >= 0) {
        close(fd);
        unlink(file->temporary);
    }
    mgr_free(file->temporary);
    return status;
}

mg_status mgr_atomic_file_write(mgr_atomic_file *file, const void *data, size_t bytes) {
    if (bytes > 0 && fwrite(data, 1, bytes, file->stream) != bytes) return fail_io(file->path, "write");
    return MG_OK;
}

mg_status mgr_atomic_file_end(mgr_atomic_file *file, mg_status so_far) {
    mg_status status = so_far;
    if (status == MG_OK && (ferror(file->stream) || fflush(file->stream) != 0 || fsync(fileno(file->stream)) != 0))
        status = fail_io(file->path, "write");
    if (fclose(file->stream) != 0 && status == MG_OK) status = fail_io(file->path, "close");
    if (status == MG_OK && rename(file->temporary, file->path) != 0) status = fail_io(file->path, "replace");
    if (status != MG_OK) unlink(file->temporary);
    mgr_free(file->temporary);
    *file = (mgr_atomic_file){0};
    return status;
}

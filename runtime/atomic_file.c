/* SPDX-License-Identifier: MIT
 * Whole or not at all: temporary file, fsync, rename. Where the file goes and what was left lying there is
 * file_target.c's business. */
#include "runtime/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runtime/file_target.h"
#include "runtime/input_file.h"
#include "runtime/memory.h"
#include "runtime/status.h"

static mg_status fail_io(const char *path, const char *what, int error) {
    return mgr_fail(MG_ERR_IO, "save", "%s: cannot %s: %s", path, what, strerror(error));
}

/* Everything the stream writes comes through here: signals do not cut it short, and the first error is remembered. */
static ssize_t write_through(void *cookie, const char *data, size_t bytes) {
    mgr_atomic_file *file = cookie;
    size_t done = 0;
    while (done < bytes && !file->error) {
        ssize_t n = write(file->fd, data + done, bytes - done);
        if (n > 0)
            done += (size_t)n;
        else if (errno != EINTR)
            file->error = n < 0 ? errno : EIO;
    }
    return file->error ? 0 : (ssize_t)done;
}

/* Ours alone from its first moment: until the lock is held, another saver may take the file for an orphan and remove
 * it, which the missing name tells. Where there are no locks, nobody can take one. */
static bool lock_own(int fd) {
    struct stat info;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
    return fstat(fd, &info) != 0 || info.st_nlink > 0;
}

/* Exclusive creation with the ordinary mode rather than mkstemp: a new file keeps the user's umask. One that replaces
 * another is for its owner alone until its mode is known to be right. */
static int create_beside(mgr_atomic_file *file, size_t bytes) {
    static atomic_uint counter;
    for (int attempt = 0; attempt < 100; attempt++) {
        mgr_temporary_name(file->temporary, bytes, file->target, (long)getpid(), atomic_fetch_add(&counter, 1));
        int fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->replaces ? 0600 : 0666);
        if (fd < 0 && (errno == EEXIST || errno == EINTR)) continue;
        if (fd < 0 || lock_own(fd)) return fd;
        close(fd);
    }
    errno = EEXIST;
    return -1;
}

static mg_status open_stream(mgr_atomic_file *file) {
    static const cookie_io_functions_t functions = {.write = write_through};
    size_t bytes = strlen(file->target) + MGR_TEMPORARY_BYTES;
    file->temporary = mgr_alloc(bytes);
    if (!file->temporary) return MG_ERR_NO_MEMORY;
    file->fd = create_beside(file, bytes);
    if (file->fd < 0) return fail_io(file->path, "create a file in its directory", errno);
    file->stream = fopencookie(file, "w", functions);
    if (file->stream) return MG_OK;
    unlink(file->temporary);
    close(file->fd);
    return mgr_fail_memory("save", BUFSIZ);
}

/* What is there now: its mode and owner are kept. */
static mg_status look_at_old(mgr_atomic_file *file) {
    struct stat old;
    if (stat(file->target, &old) != 0) return MG_OK;
    if (!S_ISREG(old.st_mode))
        return mgr_fail(MG_ERR_VALUE, "save", "%s: is %s, not a regular file", file->path, mgr_file_kind(old.st_mode));
    file->replaces = true;
    file->owner = old.st_uid;
    file->group = old.st_gid;
    file->mode = old.st_mode & 0777;
    return MG_OK;
}

mg_status mgr_atomic_file_begin(mgr_atomic_file *file, const char *path) {
    *file = (mgr_atomic_file){.path = path, .fd = -1};
    MGR_TRY(mgr_file_target(path, &file->target));
    mg_status status = look_at_old(file);
    if (status == MG_OK) status = mgr_remove_orphans(file->target);
    if (status == MG_OK) status = open_stream(file);
    if (status == MG_OK) return MG_OK;
    mgr_free(file->temporary);
    mgr_free(file->target);
    return status;
}

mg_status mgr_atomic_file_write(mgr_atomic_file *file, const void *data, size_t bytes) {
    if (bytes > 0 && fwrite(data, 1, bytes, file->stream) != bytes)
        return fail_io(file->path, "write", file->error ? file->error : EIO);
    return MG_OK;
}

/* ---- what a file has beside its mode ---- */

#define ACL "system.posix_acl_access"
enum { NAMES_BYTES = 4096, VALUE_BYTES = 4096 };

/* With a list of who else may, the mode's bits for the group are the most that anybody on it has: a file that has such
 * a list keeps it (with its owner and group), one that has none must not get its directory's. */
static int restore_list(const mgr_atomic_file *file, bool kept) {
    char value[VALUE_BYTES];
    const ssize_t n = kept ? getxattr(file->target, ACL, value, sizeof value) : -1;
    if (n >= 0) return fsetxattr(file->fd, ACL, value, (size_t)n, 0);
    if (kept && errno == ERANGE) return -1;
    return fremovexattr(file->fd, ACL) == 0 || errno == ENODATA || errno == ENOTSUP || errno == ENOSYS ? 0 : -1;
}

/* What users attach to a file, "user.comment": kept where the system lets us, for it decides nothing. */
static void copy_attributes(const mgr_atomic_file *file) {
    char names[NAMES_BYTES], value[VALUE_BYTES];
    const ssize_t bytes = listxattr(file->target, names, sizeof names);
    for (const char *name = names; name < names + (bytes > 0 ? bytes : 0); name += strlen(name) + 1) {
        if (strncmp(name, "user.", 5) != 0) continue;
        const ssize_t n = getxattr(file->target, name, value, sizeof value);
        if (n >= 0) (void)fsetxattr(file->fd, name, value, (size_t)n, 0);
    }
}

/* The owner too, where this process may. Whoever may not give the file to its group lets no other group in instead. */
static int restore_mode(const mgr_atomic_file *file) {
    struct stat now;
    mode_t mode = file->mode;
    if (!file->replaces) return 0;
    if (fstat(file->fd, &now) != 0) return -1;
    bool kept = (now.st_uid == file->owner && now.st_gid == file->group) ||
                fchown(file->fd, file->owner, file->group) == 0 || fchown(file->fd, (uid_t)-1, file->group) == 0;
    if (!kept) mode &= ~(mode_t)070 | (mode & 07) << 3;
    copy_attributes(file);
    return restore_list(file, kept) == 0 ? fchmod(file->fd, mode) : -1;
}

static int sync_file(int fd) {
    int failed;
    do failed = fsync(fd);
    while (failed && errno == EINTR);
    return failed;
}

/* The new name is in the directory's own data. The file has it already: what goes wrong here is nobody's error. */
static void sync_directory(char *target) {
    char *slash = strrchr(target, '/');
    if (slash) slash[slash == target] = '\0';
    const int fd = open(slash ? target : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    (void)sync_file(fd);
    close(fd);
}

mg_status mgr_atomic_file_end(mgr_atomic_file *file, mg_status so_far) {
    mg_status status = so_far;
    bool flushed = !ferror(file->stream) && fflush(file->stream) == 0;
    fclose(file->stream);
    if (status == MG_OK && !flushed) status = fail_io(file->path, "write", file->error ? file->error : EIO);
    if (status == MG_OK && restore_mode(file) != 0) status = fail_io(file->path, "set the mode of", errno);
    if (status == MG_OK && sync_file(file->fd) != 0) status = fail_io(file->path, "write", errno);
    if (status == MG_OK && rename(file->temporary, file->target) != 0) status = fail_io(file->path, "replace", errno);
    if (status != MG_OK) unlink(file->temporary);
    close(file->fd); /* which gives up the lock: not before the file has its name */
    if (status == MG_OK) sync_directory(file->target);
    mgr_free(file->temporary);
    mgr_free(file->target);
    *file = (mgr_atomic_file){.fd = -1};
    return status;
}

/* SPDX-License-Identifier: MIT
 * Symbolic links followed by hand, because rename would replace the link; temporary names, and the search for those
 * that were left behind. */
#include "runtime/file_target.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/memory.h"
#include "runtime/status.h"

#define LINKS_LIMIT 40  /* Linux's own */
#define STEM_LIMIT  200 /* bytes of a file's name that stand in the temporary one, which must not be too long */

static size_t directory_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* a[0..n) and b. NULL with an error set. */
static char *join(const char *a, size_t n, const char *b) {
    size_t bytes = strlen(b) + 1;
    char *both = mgr_alloc(n + bytes);
    if (!both) return NULL;
    memcpy(both, a, n);
    memcpy(both + n, b, bytes);
    return both;
}

/* What the link at *path says, in *path. */
static mg_status follow(char **path) {
    char content[PATH_MAX];
    ssize_t n = readlink(*path, content, sizeof content - 1);
    if (n < 0) return mgr_fail(MG_ERR_IO, "save", "%s: cannot read this link: %s", *path, strerror(errno));
    content[n] = '\0';
    char *next = join(*path, content[0] == '/' ? 0 : directory_length(*path), content);
    if (!next) return MG_ERR_NO_MEMORY;
    mgr_free(*path);
    *path = next;
    return MG_OK;
}

/* Links of /proc lead to files, not to names: to one that was removed there is none. And a system that does not follow
 * strangers' links in a directory that all may write to (protected_symlinks) is obeyed, though we read links by hand.
 */
static mg_status check_name(const char *path, const char *target) {
    struct stat info;
    if (stat(path, &info) != 0)
        return errno == ENOENT ? MG_OK
                               : mgr_fail(MG_ERR_IO, "save", "%s: cannot follow this link: %s", path, strerror(errno));
    if (stat(target, &info) != 0)
        return mgr_fail(MG_ERR_IO, "save", "%s: leads to %s, which has no such name", path, target);
    return MG_OK;
}

mg_status mgr_file_target(const char *path, char **target) {
    if (!path[0]) return mgr_fail(MG_ERR_VALUE, "save", "the path is empty");
    char *at = join(path, 0, path);
    mg_status status = at ? MG_OK : MG_ERR_NO_MEMORY;
    struct stat info;
    int links = 0;
    while (status == MG_OK && lstat(at, &info) == 0 && S_ISLNK(info.st_mode)) {
        if (links++ == LINKS_LIMIT)
            status = mgr_fail(MG_ERR_IO, "save", "%s: leads through more than %d symbolic links", path, LINKS_LIMIT);
        else
            status = follow(&at);
    }
    if (status == MG_OK && links > 0) status = check_name(path, at);
    if (status == MG_OK)
        *target = at;
    else
        mgr_free(at);
    return status;
}

static size_t stem_length(const char *base) {
    size_t n = strlen(base);
    return n < STEM_LIMIT ? n : STEM_LIMIT;
}

void mgr_temporary_name(char *out, size_t bytes, const char *target, long process, unsigned number) {
    size_t directory = directory_length(target);
    snprintf(out, bytes, "%.*s.mg-%ld-%u.tmp", (int)(directory + stem_length(target + directory)), target, process,
             number);
}

static const char *skip_digits(const char *p) {
    if (!isdigit((unsigned char)*p)) return "?";
    while (isdigit((unsigned char)*p)) p++;
    return p;
}

static bool is_temporary(const char *name, const char *base) {
    size_t n = stem_length(base);
    if (strncmp(name, base, n) != 0 || strncmp(name + n, ".mg-", 4) != 0) return false;
    const char *p = skip_digits(name + n + 4);
    return *p == '-' && strcmp(skip_digits(p + 1), ".tmp") == 0;
}

/* The lock is held while the name is looked at once more: it may have become a finished file in between. */
static void remove_orphan(int directory, const char *name) {
    const int flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = openat(directory, name, O_RDWR | flags);
    if (fd < 0) fd = openat(directory, name, O_RDONLY | flags);
    if (fd < 0) return;
    struct stat opened, named;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &opened) == 0 && S_ISREG(opened.st_mode) &&
        fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_dev == opened.st_dev &&
        named.st_ino == opened.st_ino)
        unlinkat(directory, name, 0);
    close(fd);
}

mg_status mgr_remove_orphans(const char *target) {
    size_t n = directory_length(target);
    char *path = n ? join(target, n, "") : join("", 0, ".");
    if (!path) return MG_ERR_NO_MEMORY;
    DIR *directory = opendir(path);
    mgr_free(path);
    if (!directory) return MG_OK;
    for (const struct dirent *entry; (entry = readdir(directory));)
        if (is_temporary(entry->d_name, target + n)) remove_orphan(dirfd(directory), entry->d_name);
    closedir(directory);
    return MG_OK;
}

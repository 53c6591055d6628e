/* SPDX-License-Identifier: MIT
 * Files that appear whole or not at all: written under a temporary name in the same directory, synced, renamed. Used by
 * everything that saves. A file that is replaced keeps its mode, ACL and users' attributes; a symbolic link stays, and
 * what it leads to is replaced. Temporary files are locked by their savers; those of savers that were killed are
 * removed. */
#ifndef MGR_ATOMIC_FILE_H
#define MGR_ATOMIC_FILE_H

#include <stdio.h>
#include <sys/types.h>

#include "mygrad/base.h"

typedef struct mgr_atomic_file {
    FILE *stream;     /* write here; offset 0 is the file's first byte */
    int fd;           /* below the stream, for other processes to write to */
    int error;        /* errno of the first write that failed */
    const char *path; /* borrowed from the caller of begin */
    char *target;     /* what path leads to */
    char *temporary;
    bool replaces; /* there is a file already, of this owner and mode */
    uid_t owner;
    gid_t group;
    mode_t mode;
} mgr_atomic_file;

/* Open a new file that will replace `path`, which must not exist or lead to a regular file (else MG_ERR_VALUE).
 * MG_ERR_IO, MG_ERR_NO_MEMORY; on error there is nothing to close. *file must stay where it is until the end. */
mg_status mgr_atomic_file_begin(mgr_atomic_file *file, const char *path);

/* Flush, sync and rename, if `so_far` is MG_OK and nothing went wrong while writing; otherwise remove the temporary
 * file. Closes in every case. Returns so_far or the first error; `path` is untouched unless MG_OK is returned. */
mg_status mgr_atomic_file_end(mgr_atomic_file *file, mg_status so_far);

/* Write bytes, or MG_ERR_IO. */
mg_status mgr_atomic_file_write(mgr_atomic_file *file, const void *data, size_t bytes);

#endif

/* SPDX-License-Identifier: MIT
 * Names around a file that is saved: what its path leads to, the temporary name beside it, and temporary files that
 * nobody writes any more. */
#ifndef MGR_FILE_TARGET_H
#define MGR_FILE_TARGET_H

#include "mygrad/base.h"

/* The name that `path` leads to through symbolic links, existing or not; *target is the caller's (mgr_free). MG_ERR_IO,
 * MG_ERR_NO_MEMORY, MG_ERR_VALUE for an empty path. */
mg_status mgr_file_target(const char *path, char **target);

/* A name in target's directory, different for every process and number; needs strlen(target) + MGR_TEMPORARY_BYTES. */
#define MGR_TEMPORARY_BYTES 64
void mgr_temporary_name(char *out, size_t bytes, const char *target, long process, unsigned number);

/* Remove target's temporary files whose lock (flock) can be taken: their savers are dead. What cannot be looked at, or
 * removed, stays. MG_ERR_NO_MEMORY. */
mg_status mgr_remove_orphans(const char *target);

#endif

/* SPDX-License-Identifier: MIT
 * Files as they are read: regular ones at any place, pipes in sequence, nothing else. Opening never waits for whoever
 * may write; signals do not cut a read short. Knows no format. */
#ifndef MGR_INPUT_FILE_H
#define MGR_INPUT_FILE_H

#include "mygrad/base.h"

typedef struct mgr_input {
    const char *path; /* borrowed from the caller of open */
    int fd;
    bool pipe; /* bytes come one after the other, and nobody knows how many */
    enum { MGR_WRITER_UNKNOWN, MGR_WRITER_LATE, MGR_WRITER_SEEN } writer; /* of a pipe */
    uint64_t size;                                                        /* in bytes; UINT64_MAX for a pipe */
    uint64_t at;           /* the next byte; may be set, but for a pipe */
    unsigned char *memory; /* what came out of a pipe that was held; its own */
} mgr_input;

/* Open for reading. MG_ERR_VALUE for what is neither a regular file nor a pipe, MG_ERR_IO; then there is nothing to
 * close. */
mg_status mgr_input_open(mgr_input *input, const char *path);
void mgr_input_close(mgr_input *input);

/* The next bytes into out; *got is less than `bytes` only where the input ends. A pipe that nobody writes to is given a
 * second. MG_ERR_IO. */
mg_status mgr_input_read(mgr_input *input, void *out, size_t bytes, size_t *got);

/* Take all of a pipe into memory, after which any place of it can be read; a regular file stays as it is. Refused with
 * MG_ERR_FORMAT, at once, unless the first bytes are `beginning`. MG_ERR_IO, MG_ERR_NO_MEMORY. */
mg_status mgr_input_hold(mgr_input *input, const char *beginning);

/* "a directory", "a character device": what st_mode says, for messages. */
const char *mgr_file_kind(unsigned mode);

#endif

/* SPDX-License-Identifier: MIT
 * Reading files and pipes. Descriptors are non-blocking, so that neither open nor the first read can hang on a pipe
 * without a writer. */
#include "runtime/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/memory.h"
#include "runtime/sizes.h"
#include "runtime/status.h"

#define WRITER_MILLISECONDS 1000

static mg_status fail_io(const mgr_input *input, const char *what) {
    return mgr_fail(MG_ERR_IO, "load", "%s: cannot %s: %s", input->path, what, strerror(errno));
}

const char *mgr_file_kind(unsigned mode) {
    if (S_ISREG(mode)) return "a regular file";
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISCHR(mode)) return "a character device";
    if (S_ISBLK(mode)) return "a block device";
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISSOCK(mode)) return "a socket";
    return "something else";
}

static mg_status check_kind(const mgr_input *input, const struct stat *info) {
    if (S_ISREG(info->st_mode) || S_ISFIFO(info->st_mode)) return MG_OK;
    return mgr_fail(MG_ERR_VALUE, "load", "%s: is %s; expected a regular file or a pipe", input->path,
                    mgr_file_kind(info->st_mode));
}

/* Looked at before it is opened, because opening does something to some devices; and after, because it may be another
 * one by then. */
mg_status mgr_input_open(mgr_input *input, const char *path) {
    *input = (mgr_input){.path = path, .fd = -1};
    struct stat info;
    if (stat(path, &info) != 0) return fail_io(input, "open");
    MGR_TRY(check_kind(input, &info));
    input->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (input->fd < 0) return fail_io(input, "open");
    mg_status status = fstat(input->fd, &info) == 0 ? check_kind(input, &info) : fail_io(input, "look at");
    if (status != MG_OK) close(input->fd);
    input->pipe = S_ISFIFO(info.st_mode);
    input->size = input->pipe ? UINT64_MAX : (uint64_t)info.st_size;
    return status;
}

void mgr_input_close(mgr_input *input) {
    close(input->fd);
    mgr_free(input->memory);
}

static int64_t milliseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wait for something to read or for the writer's end: for ever (limit < 0) or for some milliseconds. */
static int wait_for(const mgr_input *input, int limit) {
    int64_t end = milliseconds() + limit;
    for (;;) {
        int64_t left = end - milliseconds();
        struct pollfd wanted = {.fd = input->fd, .events = POLLIN};
        int n = poll(&wanted, 1, limit < 0 ? -1 : left > 0 ? (int)left : 0);
        if (n >= 0 || errno != EINTR) return n;
    }
}

/* A pipe gave no byte: 0 without a writer, which is the end if there has been one, or errno. */
static mg_status wait_on_pipe(mgr_input *input, ssize_t n, bool *ended) {
    if (n < 0 && errno != EAGAIN) return fail_io(input, "read");
    *ended = n == 0 && input->writer == MGR_WRITER_SEEN;
    if (*ended) return MG_OK;
    if (n == 0 && input->writer == MGR_WRITER_LATE)
        return mgr_fail(MG_ERR_IO, "load", "%s: is a pipe, and nobody has opened it for writing within %d ms",
                        input->path, WRITER_MILLISECONDS);
    int ready = wait_for(input, n < 0 ? -1 : WRITER_MILLISECONDS);
    if (ready < 0) return fail_io(input, "wait for a pipe");
    input->writer = ready > 0 ? MGR_WRITER_SEEN : MGR_WRITER_LATE; /* or silent: the next read tells */
    return MG_OK;
}

static mg_status read_pipe(mgr_input *input, unsigned char *out, size_t bytes, size_t *got) {
    for (bool ended = false; *got < bytes && !ended;) {
        ssize_t n = read(input->fd, out + *got, bytes - *got);
        if (n > 0) {
            *got += (size_t)n;
            input->writer = MGR_WRITER_SEEN;
        } else if (!(n < 0 && errno == EINTR)) {
            MGR_TRY(wait_on_pipe(input, n, &ended));
        }
    }
    return MG_OK;
}

static mg_status read_file(mgr_input *input, unsigned char *out, size_t bytes, size_t *got) {
    while (*got < bytes) {
        ssize_t n = pread(input->fd, out + *got, bytes - *got, (off_t)(input->at + *got));
        if (n == 0) return MG_OK;
        if (n > 0)
            *got += (size_t)n;
        else if (errno != EINTR)
            return mgr_fail(MG_ERR_IO, "load", "%s: offset %llu: cannot read: %s", input->path,
                            (unsigned long long)(input->at + *got), strerror(errno));
    }
    return MG_OK;
}

mg_status mgr_input_read(mgr_input *input, void *out, size_t bytes, size_t *got) {
    *got = 0;
    mg_status status = MG_OK;
    if (input->memory) {
        uint64_t left = input->at < input->size ? input->size - input->at : 0;
        *got = bytes < left ? bytes : (size_t)left;
        memcpy(out, input->memory + input->at, *got);
    } else {
        status = input->pipe ? read_pipe(input, out, bytes, got) : read_file(input, out, bytes, got);
    }
    input->at += *got;
    return status;
}

/* Into a block that is doubled as the bytes arrive; *memory belongs to the caller, also on failure. */
static mg_status read_all(mgr_input *input, unsigned char **memory, size_t *used) {
    for (size_t room = MGR_INPUT_BYTES;; room *= 2) {
        unsigned char *larger = mgr_alloc(room);
        if (!larger) return MG_ERR_NO_MEMORY;
        if (*used > 0) memcpy(larger, *memory, *used);
        mgr_free(*memory);
        *memory = larger;
        size_t got = 0;
        MGR_TRY(mgr_input_read(input, larger + *used, room - *used, &got));
        *used += got;
        if (*used < room) return MG_OK;
    }
}

mg_status mgr_input_hold(mgr_input *input, const char *beginning) {
    if (!input->pipe) return MG_OK;
    unsigned char *memory = mgr_alloc(strlen(beginning) + 1);
    if (!memory) return MG_ERR_NO_MEMORY;
    size_t used = 0;
    mg_status status = mgr_input_read(input, memory, strlen(beginning), &used);
    if (status == MG_OK && (used < strlen(beginning) || memcmp(memory, beginning, used) != 0))
        status = mgr_fail(MG_ERR_FORMAT, "load", "%s: offset 0: expected the bytes \"%s\"", input->path, beginning);
    if (status == MG_OK) status = read_all(input, &memory, &used);
    if (status != MG_OK) {
        mgr_free(memory);
        return status;
    }
    input->memory = memory;
    input->pipe = false;
    input->size = used;
    input->at = 0;
    return MG_OK;
}

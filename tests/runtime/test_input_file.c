/* SPDX-License-Identifier: MIT
 * Reading from what is no regular file: pipes in sequence, in pieces and under signals, pipes that end too early, have
 * no writer, or would never end; devices, directories and sockets, which are refused. An alarm ends what hangs. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/memory.h"
#include "runtime/npy.h"
#include "runtime/sizes.h"
#include "runtime/status.h"

enum { N = 700000 }; /* float32: more than is believed of a pipe at once, and than a pipe holds */

static char place[64];

static const char *in_place(const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", place, name);
    return path;
}

static void begin(void) {
    snprintf(place, sizeof place, "/tmp/mygrad-input-XXXXXX");
    CHECK(mkdtemp(place));
    alarm(60);
}

static void end(void) {
    unlink(in_place("fifo")), unlink(in_place("file")), unlink(in_place("socket"));
    CHECK(rmdir(place) == 0);
    alarm(0);
}

static void check_error(mg_status code, const char *words) {
    mgr_error_record record;
    CHECK(mgr_error_take(&record));
    CHECK_MSG(record.code == code, "%s: %s", mg_status_name(record.code), record.message);
    CHECK_CONTAINS(record.message, words);
}

/* The file's bytes, made once: value i is i. */
static unsigned char *bytes_of_file(bool zip, size_t *bytes) {
    float *values = malloc(N * sizeof *values);
    CHECK(values);
    for (int i = 0; i < N; i++) values[i] = (float)i;
    mgr_npy_array a = {.name = (char *)(uintptr_t) "x", .dtype = MG_F32, .ndim = 1, .dims = {N}, .data = values};
    CHECK_EQ_I64(zip ? mgr_npz_write(in_place("file"), &a, 1) : mgr_npy_write(in_place("file"), &a), MG_OK);
    free(values);
    FILE *f = fopen(in_place("file"), "rb");
    unsigned char *data = malloc(4 * N + 4096);
    CHECK(f && data);
    *bytes = fread(data, 1, 4 * N + 4096, f);
    fclose(f);
    return data;
}

static void check_array(const mgr_npy_array *a) {
    CHECK(a->dtype == MG_F32 && a->ndim == 1 && a->dims[0] == N);
    for (int i = 0; i < N; i++) CHECK(((const float *)a->data)[i] == (float)i);
}

/* A child that writes data[0..bytes) to fd in runs of `run`, pausing before the first few. */
static pid_t start_writer(int fd, int not_its_own, const unsigned char *data, size_t bytes, size_t run) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child > 0) {
        close(fd);
        return child;
    }
    close(not_its_own);
    alarm(20);
    signal(SIGPIPE, SIG_IGN);
    for (size_t at = 0, k = 0; at < bytes; k++) {
        size_t n = bytes - at < run ? bytes - at : run;
        if (k < 20) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        ssize_t done = write(fd, data + at, n);
        if (done <= 0) break;
        at += (size_t)done;
    }
    _exit(0);
}

/* As bash's <(...): a pipe of this process, by its name in /dev/fd. */
static const char *open_pipe(int *write_end, int *read_end) {
    static char path[32];
    int ends[2];
    CHECK(pipe(ends) == 0);
    *read_end = ends[0];
    *write_end = ends[1];
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    return path;
}

static mg_status read_through_pipe(bool zip, const unsigned char *data, size_t bytes, size_t run, mgr_npy_array *out) {
    int to, from;
    const char *path = open_pipe(&to, &from);
    pid_t child = start_writer(to, from, data, bytes, run);
    mg_status status = zip ? mgr_npz_read_member(path, "x", out) : mgr_npy_read(path, out);
    close(from);
    pid_t ended;
    do ended = waitpid(child, NULL, 0);
    while (ended < 0 && errno == EINTR);
    CHECK(ended == child);
    return status;
}

MG_TEST(input, pipes_in_sequence) {
    begin();
    static const size_t runs[] = {1 << 16, 4096, 999};
    for (int zip = 0; zip < 2; zip++) {
        size_t bytes;
        unsigned char *data = bytes_of_file(zip, &bytes);
        for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
            mgr_npy_array a = {0};
            mg_status status = read_through_pipe(zip, data, bytes, runs[i], &a);
            mgr_error_record record = {0};
            if (status != MG_OK) mgr_error_take(&record);
            CHECK_MSG(status == MG_OK, "%s", record.message);
            check_array(&a);
            mgr_free(a.name), mgr_free(a.data);
        }
        free(data);
    }
    end();
}

/* A timer whose handler does not restart system calls, a thousand times a second. */
static volatile sig_atomic_t ticks;
static void tick(int number) {
    (void)number;
    ticks = 1;
}

MG_TEST(input, signals_do_not_cut_it_short) {
    begin();
    size_t bytes;
    unsigned char *data = bytes_of_file(false, &bytes);
    struct sigaction act = {.sa_handler = tick}, before;
    struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    CHECK(sigaction(SIGALRM, &act, &before) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    mgr_npy_array a = {0};
    mg_status status = read_through_pipe(false, data, bytes, 3000, &a);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0 && sigaction(SIGALRM, &before, NULL) == 0);
    CHECK(status == MG_OK && ticks);
    check_array(&a);
    mgr_free(a.data), free(data);
    end();
}

MG_TEST(input, truncated_pipes) {
    begin();
    size_t bytes;
    mgr_npy_array a;
    unsigned char *data = bytes_of_file(false, &bytes);
    CHECK_EQ_I64(bytes, 128 + 4 * N);
    static const size_t cuts[] = {0, 1, 7, 9, 100, 127, 128, 129, 70000, 2000000};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        CHECK_EQ_I64(read_through_pipe(false, data, cuts[i], 1 << 16, &a), MG_ERR_FORMAT);
        char words[80];
        snprintf(words, sizeof words, "offset %zu: expected %zu more bytes of %s", cuts[i],
                 cuts[i] < 8     ? 8 - cuts[i]
                 : cuts[i] < 10  ? 10 - cuts[i]
                 : cuts[i] < 128 ? 128 - cuts[i]
                                 : bytes - cuts[i],
                 cuts[i] < 8     ? "magic"
                 : cuts[i] < 10  ? "header length"
                 : cuts[i] < 128 ? "header"
                                 : "data");
        check_error(MG_ERR_FORMAT, words);
    }
    free(data);
    data = bytes_of_file(true, &bytes);
    for (size_t cut = 0; cut < bytes; cut += 300001) {
        CHECK_EQ_I64(read_through_pipe(true, data, cut, 1 << 16, &a), MG_ERR_FORMAT);
        check_error(MG_ERR_FORMAT, "/dev/fd/");
    }
    free(data);
    end();
}

/* A header that promises 2^50 bytes gets what memory the bytes need that come. */
MG_TEST(input, pipes_are_not_believed) {
    begin();
    struct rlimit before, small;
    CHECK(getrlimit(RLIMIT_AS, &before) == 0);
    small = (struct rlimit){.rlim_cur = 1u << 30, .rlim_max = before.rlim_max};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)small;
#else
    CHECK(setrlimit(RLIMIT_AS, &small) == 0);
#endif
    unsigned char file[5000] = "\x93NUMPY\x01";
    const char *text = "{'descr':'<f4','fortran_order':False,'shape':(281474976710656,)}";
    file[8] = (unsigned char)strlen(text);
    memcpy(file + 10, text, strlen(text));
    mgr_npy_array a;
    CHECK_EQ_I64(read_through_pipe(false, file, sizeof file, 1 << 16, &a), MG_ERR_FORMAT);
    char words[80];
    snprintf(words, sizeof words, "offset 5000: expected %llu more bytes of data",
             (1ULL << 50) - (sizeof file - 10 - strlen(text)));
    check_error(MG_ERR_FORMAT, words);
    CHECK_EQ_I64(read_through_pipe(true, file, sizeof file, 1 << 16, &a), MG_ERR_FORMAT);
    check_error(MG_ERR_FORMAT, "expected the bytes \"PK\""); /* no zip: the rest is not waited for */
    CHECK(setrlimit(RLIMIT_AS, &before) == 0);               /* other tests may share the process */
    end();
}

MG_TEST(input, pipe_without_a_writer) {
    begin();
    mgr_npy_array a;
    CHECK(mkfifo(in_place("fifo"), 0600) == 0);
    CHECK_EQ_I64(mgr_npy_read(in_place("fifo"), &a), MG_ERR_IO);
    check_error(MG_ERR_IO, "fifo: is a pipe, and nobody has opened it for writing");
    CHECK_EQ_I64(mgr_npz_read_member(in_place("fifo"), "x", &a), MG_ERR_IO);
    check_error(MG_ERR_IO, "nobody");
    end();
}

/* Whoever opens the pipe a little later is waited for, and whoever is slower than that with the first byte, too. */
MG_TEST(input, pipe_with_a_late_writer) {
    begin();
    size_t bytes;
    unsigned char *data = bytes_of_file(false, &bytes);
    CHECK(mkfifo(in_place("fifo"), 0600) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(20); /* where nobody reads */
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
        int fd = open(in_place("fifo"), O_WRONLY);
        nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 300000000}, NULL);
        waitpid(start_writer(fd, -1, data, bytes, 1 << 16), NULL, 0);
        _exit(0);
    }
    mgr_npy_array a;
    CHECK_EQ_I64(mgr_npy_read(in_place("fifo"), &a), MG_OK);
    check_array(&a);
    CHECK(waitpid(child, NULL, 0) == child);
    mgr_free(a.data), free(data);
    end();
}

MG_TEST(input, refuses_what_is_no_file) {
    begin();
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", in_place("socket"));
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    const char *const paths[] = {"/dev/zero", "/tmp", address.sun_path};
    const char *const kinds[] = {"/dev/zero: is a character device; expected a regular file or a pipe",
                                 "/tmp: is a directory", "socket: is a socket"};
    for (int i = 0; i < 3; i++) {
        mgr_npy_array a, *all;
        size_t n;
        CHECK_EQ_I64(mgr_npy_read(paths[i], &a), MG_ERR_VALUE);
        check_error(MG_ERR_VALUE, kinds[i]);
        CHECK_EQ_I64(mgr_npz_read_member(paths[i], "x", &a), MG_ERR_VALUE);
        check_error(MG_ERR_VALUE, kinds[i]);
        CHECK_EQ_I64(mgr_npz_names(paths[i], &all, &n), MG_ERR_VALUE);
        check_error(MG_ERR_VALUE, kinds[i]);
    }
    close(listener);
    end();
}

/* SPDX-License-Identifier: MIT
 * Reading and writing files in mgc: what is no text is refused with its place, and nothing of a file is dropped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interpret.h"

/* A new file of these n bytes; the caller removes it. */
static char *file_of(const char *bytes, size_t n) {
    const char *dir = getenv("TMPDIR");
    char *path = mgc_format("%s/mgc_test_XXXXXX", dir ? dir : "/tmp");
    const int fd = mkstemp(path);
    CHECK_MSG(fd >= 0, "cannot make %s", path);
    CHECK(write(fd, bytes, n) == (ssize_t)n);
    close(fd);
    return path;
}

static void check_refused(const char *bytes, size_t n, const char *place, const char *message) {
    mgc_diag d = {0};
    char *path = file_of(bytes, n);
    const char *text = mgc_read_file(&d, path);
    remove(path);
    CHECK_MSG(!text && d.errors == 1, "read as '%s'", text ? text : "");
    CHECK_CONTAINS(d.text.s, mgc_format("%s:%s: error: %s", path, place, message));
    mgc_free_all();
}

MG_TEST(mgc_files, nul_bytes_are_refused) {
    const char first[] = "\0op f(x) {}", later[] = "op f(x) {\n  doc \0\"d\"\n}\n";
    check_refused(first, sizeof first - 1, "1:1", "expected text, found a NUL byte");
    check_refused(later, sizeof later - 1, "2:7", "expected text, found a NUL byte");
    /* Behind the first part that is read at once. */
    char many[10000];
    memset(many, '\n', sizeof many);
    many[9000] = 0;
    check_refused(many, sizeof many, "9001:1", "expected text, found a NUL byte");
}

MG_TEST(mgc_files, everything_is_read) {
    char many[10001];
    for (int i = 0; i < 10000; i++) many[i] = (char)('a' + i % 26);
    many[10000] = 0;
    mgc_diag d = {0};
    char *path = file_of(many, 10000);
    const char *text = mgc_read_file(&d, path);
    remove(path);
    CHECK(text && d.errors == 0);
    CHECK_EQ_STR(text, many);
    mgc_free_all();
}

MG_TEST(mgc_files, an_equal_beginning_is_no_equal_file) {
    mgc_diag d = {0};
    char *path = file_of("text\0more", 9);
    CHECK(mgc_write_file(&d, path, "text"));
    const char *text = mgc_read_file(&d, path);
    remove(path);
    CHECK_MSG(text, "%s", d.text.s);
    CHECK_EQ_STR(text, "text");
    mgc_free_all();
}

/* SPDX-License-Identifier: MIT
 * Saving over what is there: modes, links, files left by the dead, savers beside each other, disks without room. Each
 * scene has a directory of its own, and looks at all that is in it afterwards. */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runtime/atomic_file.h"
#include "runtime/file_target.h"
#include "runtime/memory.h"
#include "runtime/npy.h"
#include "runtime/status.h"

static char room[64];
static int home; /* where the tests are started */
static mode_t usual_umask;

/* In a child, where a CHECK could not report: says what failed, and ends it. */
#define EXPECT(cond)                                                                                                   \
    do {                                                                                                               \
        if (!(cond)) {                                                                                                 \
            mgr_error_record record_ = {0};                                                                            \
            mgr_error_take(&record_);                                                                                  \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #cond, record_.message);                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static void enter_room(const char *parent) {
    snprintf(room, sizeof room, "%s/mygrad-save-XXXXXX", parent);
    home = open(".", O_RDONLY | O_DIRECTORY);
    usual_umask = umask(022);
    CHECK(home >= 0 && mkdtemp(room) && chdir(room) == 0);
}

static void leave_room(void) {
    DIR *directory = opendir(room);
    CHECK(directory && chdir(room) == 0);
    for (const struct dirent *e; (e = readdir(directory));) unlink(e->d_name);
    closedir(directory);
    CHECK(fchdir(home) == 0 && rmdir(room) == 0);
    close(home);
    umask(usual_umask);
}

/* How many names the room has, and whether each begins with one of the letters given. */
static int names_in_room(const char *letters) {
    DIR *directory = opendir(room);
    int n = 0;
    CHECK(directory);
    for (const struct dirent *e; (e = readdir(directory));) {
        if (e->d_name[0] == '.') continue;
        CHECK_MSG(strlen(e->d_name) == 1 && strchr(letters, e->d_name[0]), "%s is left", e->d_name);
        n++;
    }
    closedir(directory);
    return n;
}

static mg_status save(const char *path, const char *text) {
    mgr_atomic_file file;
    MGR_TRY(mgr_atomic_file_begin(&file, path));
    return mgr_atomic_file_end(&file, mgr_atomic_file_write(&file, text, strlen(text)));
}

static void check_text(const char *path, const char *text) {
    char found[256] = "";
    FILE *f = fopen(path, "rb");
    CHECK_MSG(f, "%s: %s", path, strerror(errno));
    CHECK(fread(found, 1, sizeof found - 1, f) < sizeof found);
    fclose(f);
    CHECK_EQ_STR(found, text);
}

static void check_error(mg_status code, const char *words) {
    mgr_error_record record;
    CHECK(mgr_error_take(&record));
    CHECK_MSG(record.code == code, "%s: %s", mg_status_name(record.code), record.message);
    CHECK_CONTAINS(record.message, words);
}

static struct stat look(const char *path) {
    struct stat info;
    CHECK_MSG(lstat(path, &info) == 0, "%s: %s", path, strerror(errno));
    return info;
}

MG_TEST(saving, modes) {
    enter_room("/tmp");
    umask(027);
    CHECK_EQ_I64(save("a", "new"), MG_OK);
    CHECK_EQ_I64(look("a").st_mode & 07777, 0640); /* a new file: as the umask says */
    static const mode_t modes[] = {0600, 0666, 0604, 0400, 0755};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        CHECK(chmod("a", modes[i]) == 0);
        CHECK_EQ_I64(save("a", "again"), MG_OK);
        CHECK_EQ_I64(look("a").st_mode & 07777, modes[i]); /* one that was there: as it was */
    }
    CHECK_EQ_I64(names_in_room("a"), 1);
    leave_room();
}

/* While it is written, a file that shall be private is private. */
MG_TEST(saving, private_from_the_first_byte) {
    enter_room("/tmp");
    CHECK_EQ_I64(save("a", "old"), MG_OK);
    CHECK(chmod("a", 0600) == 0);
    mgr_atomic_file file;
    CHECK_EQ_I64(mgr_atomic_file_begin(&file, "a"), MG_OK);
    CHECK_EQ_I64(look(file.temporary).st_mode & 077, 0);
    CHECK_EQ_I64(mgr_atomic_file_end(&file, MG_OK), MG_OK);
    leave_room();
}

MG_TEST(saving, owners) {
    if (geteuid() != 0) SKIP("only root may give files away");
    enter_room("/tmp");
    CHECK_EQ_I64(save("a", "theirs"), MG_OK);
    CHECK(chown("a", 4321, 1234) == 0 && chmod("a", 0640) == 0);
    CHECK_EQ_I64(save("a", "ours"), MG_OK);
    CHECK(look("a").st_uid == 4321 && look("a").st_gid == 1234 && (look("a").st_mode & 07777) == 0640);
    CHECK(chmod(room, 0777) == 0);
    pid_t child = fork();
    if (child == 0) { /* may replace, may not give away: so no other group reads it */
        struct stat info;
        EXPECT(setgid(77) == 0 && setuid(77) == 0);
        EXPECT(save("a", "stranger") == MG_OK);
        EXPECT(stat("a", &info) == 0 && info.st_uid == 77 && (info.st_mode & 07777) == 0600);
        _exit(0);
    }
    int state;
    CHECK(waitpid(child, &state, 0) == child && state == 0);
    leave_room();
}

/* Lists of who may, as the kernel stores them: {tag, rights, id}; tags of the owner, one user, the group, the mask,
 * all. */
static const struct {
    uint32_t version;
    struct {
        uint16_t tag, rights;
        uint32_t id;
    } entries[5];
} one_reader = {2, {{1, 6, ~0u}, {2, 4, 12345}, {4, 0, ~0u}, {16, 4, ~0u}, {32, 0, ~0u}}};

MG_TEST(saving, lists_and_attributes) {
    char value[256];
    enter_room("/tmp");
    CHECK_EQ_I64(save("a", "old"), MG_OK);
    const bool attributes = setxattr("a", "user.comment", "mine", 4, 0) == 0;
    const bool lists = setxattr("a", "system.posix_acl_access", &one_reader, sizeof one_reader, 0) == 0;
    CHECK_EQ_I64(save("a", "new"), MG_OK);
    if (attributes) CHECK(getxattr("a", "user.comment", value, sizeof value) == 4 && memcmp(value, "mine", 4) == 0);
    if (lists) {
        struct stat info;
        CHECK_EQ_I64(getxattr("a", "system.posix_acl_access", value, sizeof value), sizeof one_reader);
        CHECK(memcmp(value, &one_reader, sizeof one_reader) == 0);
        CHECK(stat("a", &info) == 0 && (info.st_mode & 0777) == 0640); /* the group's bits are the mask */

        /* One without a list stays so, whatever its directory gives to new ones. */
        CHECK_EQ_I64(save("b", "old"), MG_OK);
        CHECK_EQ_I64(chmod("b", 0660), 0);
        CHECK_EQ_I64(setxattr(".", "system.posix_acl_default", &one_reader, sizeof one_reader, 0), 0);
        CHECK_EQ_I64(save("b", "new"), MG_OK);
        CHECK(getxattr("b", "system.posix_acl_access", value, sizeof value) < 0 && errno == ENODATA);
        CHECK(stat("b", &info) == 0 && (info.st_mode & 0777) == 0660);
    }
    leave_room();
}

MG_TEST(saving, hard_links) {
    struct stat one, other;
    enter_room("/tmp");
    CHECK_EQ_I64(save("a", "old"), MG_OK);
    CHECK_EQ_I64(link("a", "b"), 0);
    CHECK_EQ_I64(save("a", "newer"), MG_OK); /* a file of its own: the other name keeps the old one */
    CHECK(stat("a", &one) == 0 && stat("b", &other) == 0 && one.st_ino != other.st_ino && other.st_nlink == 1);
    CHECK_EQ_I64(other.st_size, 3);
    leave_room();
}

MG_TEST(saving, links) {
    enter_room("/tmp");
    CHECK(symlink("b", "a") == 0 && symlink(room, "d") == 0);
    CHECK_EQ_I64(save("a", "dangling"), MG_OK); /* makes what the link leads to */
    CHECK(S_ISLNK(look("a").st_mode) && S_ISREG(look("b").st_mode));
    char path[128];
    snprintf(path, sizeof path, "%s/a", room);
    CHECK(symlink("d/a", "c") == 0); /* a chain, through a directory's link: c -> d/a -> b */
    CHECK(symlink(path, "e") == 0);
    CHECK_EQ_I64(save("c", "chain"), MG_OK);
    check_text("b", "chain");
    CHECK_EQ_I64(save("d/e", "absolute"), MG_OK);
    check_text("b", "absolute");
    CHECK(S_ISLNK(look("a").st_mode) && S_ISLNK(look("c").st_mode) && S_ISLNK(look("e").st_mode));
    CHECK_EQ_I64(names_in_room("abcde"), 5);
    CHECK(symlink("f", "f") == 0);
    CHECK_EQ_I64(save("f", "loop"), MG_ERR_IO);
    check_error(MG_ERR_IO, "symbolic links");
    leave_room();
}

MG_TEST(saving, link_into_another_file_system) {
    struct stat here, there;
    if (access("/dev/shm", W_OK) != 0 || stat("/tmp", &here) != 0 || stat("/dev/shm", &there) != 0 ||
        here.st_dev == there.st_dev)
        SKIP("no second file system");
    enter_room("/tmp");
    char target[64];
    snprintf(target, sizeof target, "/dev/shm/mygrad-target-%ld", (long)getpid());
    CHECK(symlink(target, "a") == 0);
    CHECK_EQ_I64(save("a", "far away"), MG_OK);
    CHECK_EQ_I64(save("a", "again"), MG_OK);
    check_text(target, "again");
    CHECK(S_ISLNK(look("a").st_mode));
    CHECK_EQ_I64(names_in_room("a"), 1);
    unlink(target);
    leave_room();
}

/* /proc's link to a file that has no name any more: not replaced by one called "a (deleted)". */
MG_TEST(saving, nameless_file) {
    enter_room("/tmp");
    int fd = open("a", O_RDWR | O_CREAT, 0600);
    CHECK(fd >= 0 && unlink("a") == 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (access(path, F_OK) == 0) {
        CHECK_EQ_I64(save(path, "x"), MG_ERR_IO);
        check_error(MG_ERR_IO, "no such name");
    }
    CHECK_EQ_I64(names_in_room(""), 0);
    close(fd);
    leave_room();
}

MG_TEST(saving, refuses_what_is_no_file) {
    enter_room("/tmp");
    CHECK_EQ_I64(save("/dev/null", "x"), MG_ERR_VALUE);
    check_error(MG_ERR_VALUE, "/dev/null: is a character device, not a regular file");
    CHECK_EQ_I64(save(room, "x"), MG_ERR_VALUE);
    check_error(MG_ERR_VALUE, "is a directory");
    CHECK(mkfifo("a", 0600) == 0);
    CHECK_EQ_I64(save("a", "x"), MG_ERR_VALUE);
    check_error(MG_ERR_VALUE, "is a pipe");
    CHECK_EQ_I64(save("", "x"), MG_ERR_VALUE);
    check_error(MG_ERR_VALUE, "empty");
    CHECK(S_ISFIFO(look("a").st_mode));
    CHECK_EQ_I64(names_in_room("a"), 1);
    leave_room();
}

/* The longest name that there is. */
MG_TEST(saving, long_names) {
    enter_room("/tmp");
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    CHECK_EQ_I64(save(name, "long"), MG_OK);
    check_text(name, "long");
    name[0] = 'm';
    mgr_atomic_file file;
    CHECK_EQ_I64(mgr_atomic_file_begin(&file, name), MG_OK);
    CHECK_EQ_I64(mgr_atomic_file_end(&file, MG_ERR_VALUE), MG_ERR_VALUE);
    CHECK(access(name, F_OK) != 0);
    leave_room();
}

/* A child that begins a save of "a" and then does as the parent says; *temporary is the name it writes to. */
typedef struct saver {
    pid_t pid;
    int go; /* write to it, or close it */
} saver;

static saver start_saver(void) {
    int started[2], go[2];
    CHECK(pipe(started) == 0 && pipe(go) == 0);
    saver s = {fork(), go[1]};
    CHECK(s.pid >= 0);
    if (s.pid > 0) {
        char c;
        close(started[1]), close(go[0]);
        CHECK(read(started[0], &c, 1) == 1);
        close(started[0]);
        return s;
    }
    mgr_atomic_file file;
    char c = 0;
    close(go[1]);
    bool ok = mgr_atomic_file_begin(&file, "a") == MG_OK &&
              mgr_atomic_file_write(&file, "from the child", 14) == MG_OK && fflush(file.stream) == 0 &&
              write(started[1], &c, 1) == 1;
    if (ok && read(go[0], &c, 1) == 1) ok = mgr_atomic_file_end(&file, MG_OK) == MG_OK;
    _exit(ok ? 0 : 1);
}

static void end_saver(saver s, bool killed) {
    int state;
    if (killed) CHECK(kill(s.pid, SIGKILL) == 0);
    if (!killed) CHECK(write(s.go, "g", 1) == 1);
    CHECK(waitpid(s.pid, &state, 0) == s.pid);
    CHECK(killed ? WIFSIGNALED(state) : state == 0);
    close(s.go);
}

static int count_names(void) {
    DIR *directory = opendir(room);
    int n = 0;
    for (const struct dirent *e; (e = readdir(directory));) n += e->d_name[0] != '.';
    closedir(directory);
    return n;
}

MG_TEST(saving, removes_what_the_dead_left) {
    enter_room("/tmp");
    CHECK_EQ_I64(save("b", "another name"), MG_OK);
    saver dead[3] = {start_saver(), start_saver(), start_saver()};
    for (int i = 0; i < 3; i++) end_saver(dead[i], true);
    CHECK_EQ_I64(count_names(), 4);
    CHECK_EQ_I64(save("b", "not my business"), MG_OK);
    CHECK_EQ_I64(count_names(), 4);
    saver living = start_saver(); /* clears up, and is left alone by the next */
    CHECK_EQ_I64(count_names(), 2);
    CHECK_EQ_I64(save("a", "from the parent"), MG_OK);
    CHECK_EQ_I64(count_names(), 3);
    check_text("a", "from the parent");
    end_saver(living, false);
    check_text("a", "from the child");
    CHECK_EQ_I64(names_in_room("ab"), 2);
    leave_room();
}

/* Through a link, too; and a name that only looks alike stays. */
MG_TEST(saving, removes_only_its_own) {
    enter_room("/tmp");
    static const char *const alike[] = {"a.mg-1-.tmp", "a.mg-1-2.tmp.npz", "aa.mg-1-2.tmp", "a.mg--2.tmp",
                                        "a.mg-1-2x.tmp"};
    enum { ALIKE = sizeof alike / sizeof *alike };
    for (size_t i = 0; i < ALIKE; i++) CHECK_EQ_I64(save(alike[i], "mine"), MG_OK);
    CHECK(mkfifo("a.mg-1-2.tmp", 0600) == 0 && symlink("a", "link") == 0);
    end_saver(start_saver(), true);
    CHECK_EQ_I64(count_names(), ALIKE + 3);
    CHECK_EQ_I64(save("link", "x"), MG_OK);
    CHECK_EQ_I64(count_names(), ALIKE + 3); /* "a" came, the orphan went */
    CHECK(S_ISFIFO(look("a.mg-1-2.tmp").st_mode));
    leave_room();
}

/* Two processes save 100 times each; whoever reads meanwhile sees one generation, whole. Plain, and through a link. */
static void save_generations(const char *path, int32_t first) {
    enum { N = 5000 };
    int32_t *values = malloc(N * sizeof *values);
    mgr_npy_array arrays[2] = {{.name = (char *)(uintptr_t) "x"}, {.name = (char *)(uintptr_t) "y"}};
    EXPECT(values);
    for (int i = 0; i < 2; i++) {
        arrays[i].dtype = MG_I32;
        arrays[i].ndim = 1;
        arrays[i].dims[0] = N;
        arrays[i].data = values;
    }
    for (int32_t k = first; k < first + 100; k++) {
        for (int i = 0; i < N; i++) values[i] = k;
        EXPECT(mgr_npz_write(path, arrays, 2) == MG_OK);
    }
    free(values);
}

static void check_generation(const char *path) {
    mgr_npy_array *arrays;
    size_t n;
    mg_status status = mgr_npz_read(path, &arrays, &n);
    mgr_error_record record = {0};
    if (status != MG_OK) mgr_error_take(&record);
    CHECK_MSG(status == MG_OK && n == 2, "%s", record.message);
    const int32_t *x = arrays[0].data, *y = arrays[1].data;
    for (int64_t i = 0; i < arrays[0].dims[0]; i++) CHECK(x[i] == x[0] && y[i] == x[0]);
    mgr_npz_free(arrays, n);
}

MG_TEST(saving, concurrent_savers) {
    enter_room("/tmp");
    CHECK(symlink("a", "b") == 0);
    save_generations("a", 0);
    pid_t savers[2];
    for (int i = 0; i < 2; i++) {
        savers[i] = fork();
        CHECK(savers[i] >= 0);
        if (savers[i] == 0) {
            save_generations(i ? "b" : "a", 1000 * (i + 1));
            _exit(0);
        }
    }
    for (int ended = 0, state; ended < 2;) {
        check_generation(ended ? "a" : "b");
        pid_t done = waitpid(savers[ended], &state, WNOHANG);
        CHECK(done >= 0);
        if (done > 0) {
            CHECK_EQ_I64(state, 0);
            ended++;
        }
    }
    check_generation("a");
    CHECK_EQ_I64(names_in_room("ab"), 2);
    leave_room();
}

/* In a child: what it may do is cut, and does not come back. */
static int in_child(void (*scene)(void)) {
    int state;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        scene();
        _exit(0);
    }
    CHECK(waitpid(child, &state, 0) == child);
    return state;
}

/* The pending error, in a child. */
static bool said(const char *words) {
    mgr_error_record record = {0};
    mgr_error_take(&record);
    if (record.code == MG_ERR_IO && strstr(record.message, words)) return true;
    fprintf(stderr, "%s: %s\n", mg_status_name(record.code), record.message);
    return false;
}

static void save_beyond_the_limit(void) {
    struct rlimit limit = {10000, 10000};
    signal(SIGXFSZ, SIG_IGN);
    EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    static float values[10000];
    mgr_npy_array array = {
        .name = (char *)(uintptr_t) "x", .dtype = MG_F32, .ndim = 1, .dims = {10000}, .data = values};
    EXPECT(mgr_npy_write("a", &array) == MG_ERR_IO && said("a: cannot write: File too large"));
    EXPECT(mgr_npz_write("a", &array, 1) == MG_ERR_IO && said("a: cannot write: File too large"));
    array.dims[0] = 2450; /* 9,800 bytes: only what is buffered is too much, which the end finds out */
    EXPECT(mgr_npz_write("a", &array, 1) == MG_ERR_IO && said("a: cannot write: File too large"));
}

MG_TEST(saving, full_disk) {
    enter_room("/tmp");
    CHECK_EQ_I64(save("a", "old"), MG_OK);
    CHECK_EQ_I64(in_child(save_beyond_the_limit), 0);
    check_text("a", "old");
    CHECK_EQ_I64(names_in_room("a"), 1);
    leave_room();
}

static void save_where_it_may_not(void) {
    if (geteuid() == 0) EXPECT(setgid(77) == 0 && setuid(77) == 0);
    EXPECT(save("a", "new") == MG_ERR_IO && said("a: cannot create a file in its directory: Permission denied"));
}

MG_TEST(saving, directory_without_permission) {
    enter_room("/tmp");
    CHECK_EQ_I64(save("a", "old"), MG_OK);
    CHECK(chmod(room, 0555) == 0);
    CHECK_EQ_I64(in_child(save_where_it_may_not), 0);
    CHECK(chmod(room, 0755) == 0);
    check_text("a", "old");
    CHECK_EQ_I64(names_in_room("a"), 1);
    leave_room();
}

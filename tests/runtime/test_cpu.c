/* SPDX-License-Identifier: MIT
 * Dispatch in child processes with their own environment, affinity, and control-group quotas read from made-up file
 * trees. */
#include "harness.h"
#include "runtime/cpu.h"
#include "runtime/cpu_quota.h"
#include "runtime/environment.h"
#include "runtime/parallel.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

MG_TEST(cpu, tables_that_run) {
    CHECK(mgr_kernels_of(MGK_SCALAR) != NULL);
    for (int isa = 0; isa < MGK_ISA_COUNT; isa++) {
        const mgk_table *table = mgr_kernels_of((mgk_isa)isa);
        if (table) CHECK_EQ_I64(table->isa, isa);
    }
    CHECK(mgr_kernels_of(MGK_ISA_COUNT) == NULL);
    CHECK(mgr_kernels_of((mgk_isa)-1) == NULL);
    CHECK(mgr_kernels() == mgr_kernels_of(mgr_kernels()->isa));
}

#if defined(__x86_64__)
/* The compiler's own detection is the oracle; it knows the operating system's part as well. */
MG_TEST(cpu, agrees_with_the_compilers_runtime) {
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                __builtin_cpu_supports("bmi2");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512cd");
    if (!avx2) CHECK(mgr_kernels_of(MGK_AVX2) == NULL);
    if (!avx512) CHECK(mgr_kernels_of(MGK_AVX512) == NULL);
#ifdef MYGRAD_BUILD_ISA_AVX2
    CHECK((mgr_kernels_of(MGK_AVX2) != NULL) == avx2);
#endif
#ifdef MYGRAD_BUILD_ISA_AVX512
    CHECK((mgr_kernels_of(MGK_AVX512) != NULL) == avx512);
#endif
}
#endif

MG_TEST(cpu, override_and_back) {
    const mgk_table *chosen = mgr_kernels(), *scalar = mgr_kernels_of(MGK_SCALAR);
    mgr_kernels_override(scalar);
    CHECK(mgr_kernels() == scalar);
    mgr_kernels_override(NULL);
    CHECK(mgr_kernels() == chosen);
}

MG_TEST(cpu, caches_are_sane) {
    const mgr_caches *caches = mgr_cpu_caches();
    CHECK(caches->l1 >= 4096 && caches->l1 <= 4u << 20);
    CHECK(caches->l2 >= caches->l1);
    CHECK(caches->llc >= caches->l2);
}

/* ---- choices that are made once per process: this program again, asked for one thing by an environment variable ----
 */

/* What the child says on `stream` (1 or 2) while it runs `program` with these settings. */
static void run_child(char *out, size_t bytes, const char *settings, const char *question) {
    char command[1024], self[512];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    CHECK(length > 0);
    self[length] = '\0';
    snprintf(command, sizeof command, "MYGRAD_TEST_CPU_QUESTION=%s %s '%s' 2>&1", question, settings, self);
    FILE *pipe = popen(command, "r");
    CHECK(pipe != NULL);
    size_t got = fread(out, 1, bytes - 1, pipe);
    out[got] = '\0';
    pclose(pipe);
    if (strstr(out, "Exec format error")) SKIP("this program cannot start itself: it runs under an emulator");
}

__attribute__((constructor)) static void answer(void) {
    const char *question = getenv("MYGRAD_TEST_CPU_QUESTION");
    if (!question) return;
    if (strcmp(question, "isa") == 0) printf("<%s>\n", mgr_kernels()->name);
    if (strcmp(question, "threads") == 0) printf("<%d>\n", mgr_num_threads());
    if (strcmp(question, "switches") == 0)
        printf("<%d%d%d>\n", mgr_env_is_on(MGR_ENV_VERBOSE), mgr_env_is_on(MGR_ENV_EAGER),
               mgr_env_is_on(MGR_ENV_DEBUG));
    fflush(stdout);
    _exit(0);
}

MG_TEST(cpu, mygrad_isa_caps) {
    char out[2048], expected[32];
    for (int isa = 0; isa < MGK_ISA_COUNT; isa++) {
        static const char *const names[] = {"scalar", "avx2", "avx512", "neon"};
        char settings[64];
        snprintf(settings, sizeof settings, "MYGRAD_ISA=%s MYGRAD_VERBOSE=0", names[isa]);
        run_child(out, sizeof out, settings, "isa");
        bool usable = mgr_kernels_of((mgk_isa)isa) != NULL;
        if (usable) {
            snprintf(expected, sizeof expected, "<%s>\n", names[isa]);
            CHECK_EQ_STR(out, expected);
        } else
            CHECK_CONTAINS(out, "not usable");
    }
    run_child(out, sizeof out, "MYGRAD_ISA=sse9 MYGRAD_VERBOSE=0", "isa");
    CHECK_CONTAINS(out, "MYGRAD_ISA=sse9 is none of scalar, avx2, avx512, neon; ignored\n<");
    run_child(out, sizeof out, "MYGRAD_ISA= MYGRAD_VERBOSE=1", "isa");
    CHECK_CONTAINS(out, "mygrad: kernels ");
    CHECK_CONTAINS(out, "KiB");
}

MG_TEST(cpu, switches_take_words_and_name_nonsense) {
    static const struct {
        const char *settings, *said;
    } cases[] = {{"MYGRAD_VERBOSE=1 MYGRAD_EAGER=Yes MYGRAD_DEBUG=TRUE", "<111>\n"},
                 {"MYGRAD_VERBOSE=0 MYGRAD_EAGER=off MYGRAD_DEBUG=no", "<000>\n"},
                 {"MYGRAD_VERBOSE= MYGRAD_EAGER=on MYGRAD_DEBUG=false", "<010>\n"},
                 {"MYGRAD_VERBOSE=0 MYGRAD_EAGER=on MYGRAD_DEBUG=2",
                  "mygrad: MYGRAD_DEBUG=2 is none of 1, on, true, yes, 0, off, false, no; ignored\n<010>\n"},
                 {"MYGRAD_VERBOSE=0 MYGRAD_EAGER=0 MYGRAD_DEBUG=\"$(printf 'a\\nmygrad: b')\"",
                  "mygrad: MYGRAD_DEBUG=a?mygrad: b is none of 1, on, true, yes, 0, off, false, no; ignored\n<000>\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[2048];
        run_child(out, sizeof out, cases[i].settings, "switches");
        CHECK_EQ_STR(out, cases[i].said);
    }
}

MG_TEST(cpu, mygrad_num_threads_is_checked) {
    static const char *const nonsense[] = {"0", "-1", "two", "3x", "99999999999999999999", "2000", " 2", "1.5"};
    char out[2048], settings[128], expected[64];
    run_child(out, sizeof out, "MYGRAD_NUM_THREADS=7 MYGRAD_VERBOSE=0", "threads");
    CHECK_EQ_STR(out, "<7>\n");
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        snprintf(settings, sizeof settings, "MYGRAD_VERBOSE=0 MYGRAD_NUM_THREADS='%s'", nonsense[i]);
        run_child(out, sizeof out, settings, "threads");
        snprintf(expected, sizeof expected, "<%d>\n", mgr_cpu_usable());
        CHECK_CONTAINS(out, "is not a number from 1 to 1024; ignored\n");
        CHECK_CONTAINS(out, expected);
        CHECK_MSG(strchr(out, '\n') == strrchr(out, '\n') - strlen(expected), "more than one line: %s", out);
    }
}

MG_TEST(cpu, affinity_to_one_core_gives_one) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        cpu_set_t now, one;
        alarm(20);
        CPU_ZERO(&one);
        if (sched_getaffinity(0, sizeof now, &now) != 0) _exit(2);
        size_t cpu = 0;
        while (!CPU_ISSET(cpu, &now)) cpu++;
        CPU_SET(cpu, &one);
        if (sched_setaffinity(0, sizeof one, &one) != 0) _exit(3);
        _exit(mgr_cpu_usable() == 1 ? 0 : 4);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
    CHECK(mgr_cpu_usable() >= 1);
}

/* ---- control groups ---- */

static char root[64];

static void put(const char *path, const char *text) {
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(full, 0700);
        *slash = '/';
    }
    FILE *stream = fopen(full, "w");
    CHECK(stream != NULL);
    fputs(text, stream);
    fclose(stream);
}

static void new_root(void) {
    snprintf(root, sizeof root, "/tmp/mygrad-quota-XXXXXX");
    CHECK(mkdtemp(root) != NULL);
}

static void remove_root(void) {
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", root);
    CHECK(system(command) == 0);
}

MG_TEST(cpu, no_quota) {
    new_root();
    CHECK_EQ_I64(mgr_cpu_quota(root), 0); /* no files at all */
    put("/proc/self/cgroup", "0::/user/job\n");
    CHECK_EQ_I64(mgr_cpu_quota(root), 0);
    put("/sys/fs/cgroup/user/job/cpu.max", "max 100000\n");
    CHECK_EQ_I64(mgr_cpu_quota(root), 0);
    put("/sys/fs/cgroup/user/job/cpu.max", "nonsense\n");
    CHECK_EQ_I64(mgr_cpu_quota(root), 0);
    put("/proc/self/cgroup", "nonsense\n:\n::\n5:cpu\n");
    CHECK_EQ_I64(mgr_cpu_quota(root), 0);
    remove_root();
}

MG_TEST(cpu, quota_v2_rounds_up_and_parents_count) {
    new_root();
    put("/proc/self/cgroup", "0::/user/job\n");
    put("/sys/fs/cgroup/user/job/cpu.max", "250000 100000\n");
    CHECK_EQ_I64(mgr_cpu_quota(root), 3);
    put("/sys/fs/cgroup/user/cpu.max", "200000 100000\n");
    CHECK_EQ_I64(mgr_cpu_quota(root), 2);
    put("/sys/fs/cgroup/cpu.max", "1000 100000\n"); /* the root of the mount: a container's own group */
    CHECK_EQ_I64(mgr_cpu_quota(root), 1);
    put("/proc/self/cgroup", "0::/\n");
    CHECK_EQ_I64(mgr_cpu_quota(root), 1);
    put("/proc/self/cgroup", "0::/not/below/the/mount\n");
    CHECK_EQ_I64(mgr_cpu_quota(root), 1);
    remove_root();
}

MG_TEST(cpu, quota_v1) {
    new_root();
    put("/proc/self/cgroup", "12:cpuset:/a\n4:cpu,cpuacct:/docker/x\n1:name=systemd:/b\n");
    put("/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n");
    CHECK_EQ_I64(mgr_cpu_quota(root), 0);
    put("/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "400000\n");
    CHECK_EQ_I64(mgr_cpu_quota(root), 4);
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    CHECK_EQ_I64(mgr_cpu_quota(root), 2);
    remove_root();
}

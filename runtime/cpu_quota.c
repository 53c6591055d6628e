/* SPDX-License-Identifier: MIT
 * CPU quotas of control groups: cpu.max (v2), cpu.cfs_quota_us and cpu.cfs_period_us (v1), from the process's own group
 * up to the root. Inside a container the path in /proc may not exist below /sys: walking up ends at the mount's root,
 * which is then the container's group. */
#include "runtime/cpu_quota.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

static bool read_line(char *line, const char *root, const char *mount, const char *group, const char *file) {
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof path, "%s%s%s/%s", root, mount, group, file);
    if (length < 0 || length >= (int)sizeof path) return false;
    FILE *stream = fopen(path, "re");
    if (!stream) return false;
    bool ok = fgets(line, 128, stream) != NULL;
    fclose(stream);
    return ok;
}

/* Whole cores for `quota` microseconds in every `period`, rounded up; 0: no limit. */
static int cores(long long quota, long long period) {
    if (quota <= 0 || period <= 0) return 0;
    long long n = quota / period + (quota % period != 0);
    return n > INT_MAX ? INT_MAX : (int)n;
}

static int group_cores(const char *root, const char *mount, const char *group, bool v2) {
    char line[128];
    long long quota = 0, period = 0;
    if (v2) {
        if (!read_line(line, root, mount, group, "cpu.max")) return 0;
        return sscanf(line, "%lld %lld", &quota, &period) == 2 ? cores(quota, period) : 0; /* "max 100000": no limit */
    }
    if (!read_line(line, root, mount, group, "cpu.cfs_quota_us")) return 0;
    quota = strtoll(line, NULL, 10);
    if (!read_line(line, root, mount, group, "cpu.cfs_period_us")) return 0;
    return cores(quota, strtoll(line, NULL, 10));
}

static int smaller(int a, int b) { return a == 0 ? b : b == 0 ? a : a < b ? a : b; }

/* The smallest limit of the group and of all above it. `group` is cut as we climb. */
static int path_cores(const char *root, const char *mount, char *group, bool v2) {
    int least = 0;
    for (;;) {
        size_t length = strlen(group);
        while (length > 0 && group[length - 1] == '/') group[--length] = '\0';
        least = smaller(least, group_cores(root, mount, group, v2));
        char *slash = strrchr(group, '/');
        if (!slash) return least;
        *slash = '\0';
    }
}

static bool lists_cpu(const char *controllers) {
    for (const char *at = controllers; at; at = strchr(at, ',')) {
        if (*at == ',') at++;
        size_t length = strcspn(at, ",");
        if (length == 3 && memcmp(at, "cpu", 3) == 0) return true;
    }
    return false;
}

/* A line of /proc/self/cgroup: "0::/path" (v2), or "4:cpu,cpuacct:/path" (v1). */
static int line_cores(const char *root, char *line) {
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group) return 0;
    *controllers++ = '\0';
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (*controllers == '\0') return path_cores(root, "/sys/fs/cgroup", group, true);
    if (!lists_cpu(controllers)) return 0;
    char copy[PATH_BYTES];
    snprintf(copy, sizeof copy, "%s", group);
    return smaller(path_cores(root, "/sys/fs/cgroup/cpu", group, false),
                   path_cores(root, "/sys/fs/cgroup/cpu,cpuacct", copy, false));
}

int mgr_cpu_quota(const char *root) {
    char line[PATH_BYTES];
    snprintf(line, sizeof line, "%s/proc/self/cgroup", root);
    FILE *stream = fopen(line, "re");
    if (!stream) return 0;
    int least = 0;
    while (fgets(line, sizeof line, stream)) least = smaller(least, line_cores(root, line));
    fclose(stream);
    return least;
}

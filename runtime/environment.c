/* SPDX-License-Identifier: MIT
 * Reading the environment's switches, once. */
#include "runtime/environment.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool on[MGR_ENV_COUNT];

static bool one_of(const char *text, const char *const words[4]) {
    for (int i = 0; i < 4; i++)
        if (strcasecmp(text, words[i]) == 0) return true;
    return false;
}

static void read_all(void) {
    static const char *const names[MGR_ENV_COUNT] = {
        [MGR_ENV_VERBOSE] = "MYGRAD_VERBOSE", [MGR_ENV_EAGER] = "MYGRAD_EAGER", [MGR_ENV_DEBUG] = "MYGRAD_DEBUG"};
    static const char *const yes[] = {"1", "on", "true", "yes"}, *const no[] = {"0", "off", "false", "no"};
    for (int i = 0; i < MGR_ENV_COUNT; i++) {
        const char *text = getenv(names[i]);
        if (!text || !*text) continue;
        on[i] = one_of(text, yes);
        if (!on[i] && !one_of(text, no))
            mgr_env_ignored(names[i], text, "is none of 1, on, true, yes, 0, off, false, no");
    }
}

void mgr_env_ignored(const char *name, const char *value, const char *problem) {
    char shown[64];
    size_t n = strnlen(value, 61);
    for (size_t i = 0; i < n; i++) shown[i] = value[i] >= ' ' && value[i] <= '~' ? value[i] : '?';
    memcpy(shown + (n > 60 ? 60 : n), n > 60 ? "..." : "", n > 60 ? 4 : 1);
    fprintf(stderr, "mygrad: %s=%s %s; ignored\n", name, shown, problem);
}

bool mgr_env_is_on(mgr_env name) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_all);
    return on[name];
}

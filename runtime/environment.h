/* SPDX-License-Identifier: MIT
 * Switches among the environment variables of docs/env-vars.md, and the report of values that make no sense. Variables
 * with other values are read where they serve: MYGRAD_ISA in cpu.c, MYGRAD_NUM_THREADS in num_threads.c,
 * MYGRAD_CACHE_BYTES in pool.c. */
#ifndef MGR_ENVIRONMENT_H
#define MGR_ENVIRONMENT_H

#include <stdbool.h>

typedef enum mgr_env { MGR_ENV_VERBOSE, MGR_ENV_EAGER, MGR_ENV_DEBUG, MGR_ENV_COUNT } mgr_env;

/* Is it on? All are read once per process, at the first question; a value that is neither yes nor no is reported on
 * stderr then, and is no. Callable from any thread. */
bool mgr_env_is_on(mgr_env name);

/* One line on stderr: "mygrad: NAME=value problem; ignored". At most 60 bytes of the value are shown, and what is not
 * printable as '?': the environment is somebody else's text. */
void mgr_env_ignored(const char *name, const char *value, const char *problem);

#endif

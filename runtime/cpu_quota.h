/* SPDX-License-Identifier: MIT
 * The part of mgr_cpu_usable that reads files: the CPU quota of this process's control group. */
#ifndef MGR_CPU_QUOTA_H
#define MGR_CPU_QUOTA_H

/* Cores' worth of time that cgroup v1 or v2 grants, rounded up, the smallest along the path of groups; 0 if there is no
 * limit or none can be read. `root` is put in front of /proc and /sys, for tests; "" otherwise. Never fails. */
int mgr_cpu_quota(const char *root);

#endif

/* SPDX-License-Identifier: MIT
 * Memory that runs out where a test wants it to: the n-th request to the system is refused, or the small blocks that
 * nodes and handles come from are all but gone. */
#ifndef MG_TEST_FAULTS_H
#define MG_TEST_FAULTS_H

/* With every cache empty, refuse the requests to the system from number `first` on, `count` of them. */
void faults_from(int first, int count);
/* Leave `left` free small blocks of each size, and refuse to make more. Buffers are still given. */
void faults_leave_blocks(int left);
/* All memory is there again. */
void faults_end(void);

#endif

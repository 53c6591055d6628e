/* SPDX-License-Identifier: MIT
 * Ctrl-C and its kin as a question that the loops ask. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

/* From now on SIGINT, SIGTERM and SIGHUP are noted instead of ending the program; a second one ends it at once. A
 * SIGHUP that is ignored (nohup) stays so. */
void interrupt_watch(void);

/* The signal that came, or 0. */
int interrupted(void);

/* "SIGINT" and so on. */
const char *interrupt_name(int signal_number);

#endif

/* SPDX-License-Identifier: MIT
 * The invariants of the hardened build (MYGRAD_HARDENED): MGR_CHECK(walker(...)) goes through a structure there, and is
 * nothing elsewhere. A broken one is a fault of ours, so it is named on stderr and the process aborts. Walkers are in
 * the files *check.c, which no other build compiles. */
#ifndef MGR_CHECK_H
#define MGR_CHECK_H

#ifdef MYGRAD_HARDENED

#define MGR_CHECK(call) call

/* In a walker: what must hold, and the sentence that names what does not. */
#define MGR_HOLDS(condition, ...) ((condition) ? (void)0 : mgr_broken(#condition, __VA_ARGS__))
_Noreturn void mgr_broken(const char *condition, const char *format, ...) __attribute__((format(printf, 2, 3)));

#else
#define MGR_CHECK(call) ((void)0)
#endif

#endif

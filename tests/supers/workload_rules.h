/* SPDX-License-Identifier: MIT
 * The derivative rules of the registry as a case of their own. */
#ifndef WORKLOAD_RULES_H
#define WORKLOAD_RULES_H

void workload_rules(void);

#endif

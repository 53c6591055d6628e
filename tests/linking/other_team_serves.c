/* SPDX-License-Identifier: MIT
 * This program is built with another team than the library: does it serve? */
#include "harness.h"
#include "runtime/parallel.h"

#include <string.h>

MG_TEST(other_team, it_serves) {
    CHECK_MSG(strncmp(mgr_parallel_backend(), OTHER_TEAM, strlen(OTHER_TEAM)) == 0, "%s serves",
              mgr_parallel_backend());
}

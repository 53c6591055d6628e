/* SPDX-License-Identifier: MIT
 * This program is built over pthreads although the library is not: is it? */
#include "harness.h"
#include "runtime/parallel.h"

#include <string.h>

MG_TEST(pthread, it_serves) {
    CHECK_MSG(strncmp(mgr_parallel_backend(), "pthreads", 8) == 0, "%s serves", mgr_parallel_backend());
}

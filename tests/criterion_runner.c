/* SPDX-License-Identifier: MIT
 * Ends tests the way Criterion wants it. Criterion itself brings main and runs each test in a process of its own. */
#include "harness.h"

#include <stdlib.h>

#include "harness_end.h"

void mg_test_end(mg_test_result result, const char *message) {
    if (result == MG_TEST_SKIPPED) cr_skip("%s", message);
    cr_assert_fail("%s", message);
    abort(); /* never reached: the line above does not return */
}

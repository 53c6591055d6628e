/* SPDX-License-Identifier: MIT
 * Run by backends.cmake: ends with 0 if a team of two is two threads, and not one thread that was told to be two. */
#include <omp.h>
#include <pthread.h>

int main(void) {
    pthread_t seen[2];
    int team = 0;
    omp_set_dynamic(0);
#pragma omp parallel num_threads(2)
    {
        seen[omp_get_thread_num()] = pthread_self();
#pragma omp atomic
        team++;
    }
    return team == 2 && !pthread_equal(seen[0], seen[1]) ? 0 : 1;
}

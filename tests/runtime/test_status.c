/* SPDX-License-Identifier: MIT
 * The thread's error: first one wins, per thread, cut to size, told to a handler, also when more threads fail than
 * there are records. */
#include "harness.h"
#include "runtime/status.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

MG_TEST(status, names) {
    CHECK_EQ_STR(mg_status_name(MG_OK), "MG_OK");
    CHECK_EQ_STR(mg_status_name(MG_ERR_VALUE), "MG_ERR_VALUE");
    CHECK_EQ_STR(mg_status_name(MG_ERR_BACKEND), "MG_ERR_BACKEND");
    CHECK_EQ_STR(mg_status_name((mg_status)13), "MG_ERR_?");
    CHECK_EQ_STR(mg_status_name((mg_status)-1), "MG_ERR_?");
    for (int i = 0; i <= MG_ERR_BACKEND; i++)
        CHECK_MSG(strcmp(mg_status_name((mg_status)i), "MG_ERR_?") != 0, "no name for %d", i);
}

MG_TEST(status, first_error_wins_until_taken) {
    mgr_error_record record;
    mgr_error_take(NULL);
    CHECK(!mgr_error_take(&record));
    CHECK_EQ_I64(mgr_error(), MG_OK);
    CHECK_EQ_I64(mgr_fail(MG_ERR_VALUE, "add", "shapes %s and %d", "(2,)", 3), MG_ERR_VALUE);
    CHECK_EQ_I64(mgr_fail(MG_ERR_INDEX, "take", "later"), MG_ERR_INDEX); /* the code is returned, the record kept */
    CHECK_EQ_I64(mgr_error(), MG_ERR_VALUE);
    CHECK(mgr_error_take(&record));
    CHECK_EQ_I64(record.code, MG_ERR_VALUE);
    CHECK_EQ_STR(record.op, "add");
    CHECK_EQ_STR(record.message, "shapes (2,) and 3");
    CHECK_EQ_I64(mgr_error(), MG_OK);
    CHECK(!mgr_error_take(&record));
    CHECK_EQ_I64(mgr_fail(MG_OK, "add", "no error"), MG_OK);
    CHECK_EQ_I64(mgr_error(), MG_OK);
}

MG_TEST(status, long_sentences_are_cut) {
    char text[2 * MGR_MESSAGE_BYTES];
    mgr_error_record record;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    mgr_fail(MG_ERR_TYPE, text, "%s", text);
    CHECK(mgr_error_take(&record));
    CHECK_EQ_U64(strlen(record.message), MGR_MESSAGE_BYTES - 1);
    CHECK_EQ_U64(strlen(record.op), sizeof record.op - 1);
}

MG_TEST(status, memory_names_the_bytes) {
    mgr_error_record record;
    CHECK_EQ_I64(mgr_fail_memory("conv", 123456), MG_ERR_NO_MEMORY);
    CHECK(mgr_error_take(&record));
    CHECK_CONTAINS(record.message, "123456");
}

static mg_status forwards(mg_status first) {
    MGR_TRY(first);
    return MG_ERR_IO;
}

MG_TEST(status, try_forwards) {
    CHECK_EQ_I64(forwards(MG_OK), MG_ERR_IO);
    CHECK_EQ_I64(forwards(MG_ERR_TYPE), MG_ERR_TYPE);
}

static int handled;
static void handler(const mgr_error_record *record, void *context) {
    CHECK_EQ_STR(record->message, context);
    CHECK_EQ_I64(mgr_error(), record->code);
    handled++;
}

MG_TEST(status, handler_hears_each_recorded_error) {
    char sentence[] = "the sentence 7";
    handled = 0;
    mgr_error_set_handler(handler, sentence);
    mgr_fail(MG_ERR_VALUE, NULL, "the sentence %d", 7);
    mgr_fail(MG_ERR_VALUE, NULL, "not recorded");
    mgr_error_take(NULL);
    mgr_error_set_handler(NULL, NULL);
    mgr_fail(MG_ERR_VALUE, NULL, "unheard");
    mgr_error_take(NULL);
    CHECK_EQ_I64(handled, 1);
}

enum { THREADS = 160 };
static pthread_barrier_t barrier;
static int wrong[THREADS], generic[THREADS];

static void *fail_here(void *number) {
    int i = (int)(intptr_t)number;
    char expected[64];
    mgr_error_record record = {0};
    snprintf(expected, sizeof expected, "thread %d", i);
    wrong[i] = mgr_error() != MG_OK;
    mgr_fail(MG_ERR_VALUE, "op", "thread %d", i);
    pthread_barrier_wait(&barrier); /* all have one pending */
    wrong[i] |= !mgr_error_take(&record) || record.code != MG_ERR_VALUE;
    generic[i] = strcmp(record.message, expected) != 0;
    wrong[i] |= generic[i] && !strstr(record.message, "too many threads");
    if (i % 2) mgr_fail(MG_ERR_TYPE, NULL, "left pending when the thread ends");
    return NULL;
}

MG_TEST(status, errors_belong_to_threads) {
    pthread_t threads[THREADS];
    mgr_error_take(NULL);
    for (int round = 0; round < 3; round++) { /* later rounds fail if ended threads kept their records */
        int without = 0;
        pthread_barrier_init(&barrier, NULL, THREADS);
        for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, fail_here, (void *)(intptr_t)i);
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
            CHECK_MSG(!wrong[i], "thread %d", i);
            without += generic[i];
        }
        pthread_barrier_destroy(&barrier);
        CHECK_EQ_I64(without, THREADS - 128);
    }
    CHECK_EQ_I64(mgr_error(), MG_OK);
}

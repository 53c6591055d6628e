/* SPDX-License-Identifier: MIT
 * The graph as DOT: its nodes and edges for a small network, the same text every time, pictures where dot is installed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nnet_check.h"

static char *slurp(const char *path) {
    FILE *file = fopen(path, "rb");
    CHECK_MSG(file != NULL, "%s is not there", path);
    char *text = calloc(1, 1 << 20);
    CHECK(text != NULL);
    CHECK(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

static const char *path_of(const char *suffix) {
    static char path[256];
    const char *dir = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/mygrad-draw-%ld%s", dir ? dir : "/tmp", (long)getpid(), suffix);
    return path;
}

static int count(const char *text, const char *part) {
    int n = 0;
    for (const char *p = strstr(text, part); p; p = strstr(p + 1, part)) n++;
    return n;
}

static mg_tensor *network(void) {
    mg_tensor *x = mg_set_constant(mg_ones(MG_SHAPE(4, 3)), true), *w = mg_ones(MG_SHAPE(3, 2)),
              *b = mg_ones(MG_SHAPE(2));
    mg_tensor *h = mg_relu(mg_add(mg_matmul(x, w), b));
    return mg_softmax_crossentropy(h, mg_from_i64((int64_t[]){0, 1, 0, 1}, MG_SHAPE(4)));
}

MG_TEST(draw, dot_of_a_network) {
    MG_SCOPE;
    const char *path = path_of(".dot");
    mg_tensor *loss = network();
    CHECK_MSG(mg_save_graph(loss, path) == MG_OK, "%s", mg_take_error().message);
    char *text = slurp(path);
    CHECK_CONTAINS(text, "digraph");
    CHECK_CONTAINS(text, "label=\"matmul\\n(4, 2) float32\"");
    CHECK_CONTAINS(text, "label=\"relu\\n(4, 2) float32\"");
    CHECK_CONTAINS(text, "label=\"softmax_crossentropy\\n() float32\"");
    CHECK_EQ_I64(count(text, "variable\\n"), 2); /* w and b */
    CHECK_EQ_I64(count(text, " -> "), 7);        /* matmul 2, add 2, relu 1, loss 2 */
    CHECK_MSG(mg_save_graph(network(), path) == MG_OK, "%s", mg_take_error().message);
    char *again = slurp(path);
    CHECK_EQ_STR(text, again);
    free(text), free(again);
    unlink(path);
}

/* A million operations deep: no recursion anywhere. */
MG_TEST(draw, deep_graph) {
    MG_SCOPE;
    const char *path = path_of("-deep.dot");
    mg_tensor *x = mg_ones(MG_SHAPE(1));
    int depth = mg_test_times(100000);
    for (int i = 0; i < depth; i++) x = mg_negative(x);
    CHECK(mg_save_graph(x, path) == MG_OK);
    unlink(path);
}

MG_TEST(draw, pictures) {
    MG_SCOPE;
    const char *path = path_of(".svg");
    mg_status status = mg_save_graph(network(), path);
    if (status == MG_OK) {
        char *text = slurp(path);
        CHECK_CONTAINS(text, "<svg");
        free(text);
        unlink(path);
    } else {
        nnet_expect_error(MG_ERR_IO, "does not start");
        CHECK(access(path, F_OK) != 0);
    }
}

/* An ending that is not known is no DOT under a wrong name, but an error that names those that are. */
MG_TEST(draw, endings) {
    MG_SCOPE;
    static const char *const refused[] = {".jpg", ".svgz", ".", ".dot.txt", ".SVG2"};
    static const char *const text[] = {".dot", ".gv", ".DOT", "", ".d/graph"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *path = path_of(refused[i]);
        CHECK(mg_save_graph(network(), path) == MG_ERR_VALUE);
        nnet_expect_error(MG_ERR_VALUE, "expected .dot or .gv for the text, or .svg, .png or .pdf for a picture");
        CHECK(access(path, F_OK) != 0);
    }
    char directory[256];
    snprintf(directory, sizeof directory, "%s", path_of(".d"));
    CHECK(mkdir(directory, 0700) == 0);
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        const char *path = path_of(text[i]);
        CHECK_MSG(mg_save_graph(network(), path) == MG_OK, "%s", mg_take_error().message);
        char *found = slurp(path);
        CHECK_CONTAINS(found, "digraph");
        free(found);
        unlink(path);
    }
    CHECK(rmdir(directory) == 0);
}

MG_TEST(draw, full_disk) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(1));
    for (int i = 0; i < 300; i++) x = mg_negative(x);
    struct rlimit before, limit;
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    limit = before;
    limit.rlim_cur = 10000;
    signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    mg_status status = mg_save_graph(x, path_of(".dot"));
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK_EQ_I64(status, MG_ERR_IO);
    nnet_expect_error(MG_ERR_IO, ".dot: cannot write: File too large");
    CHECK(access(path_of(".dot"), F_OK) != 0);
}

MG_TEST(draw, errors) {
    MG_SCOPE;
    CHECK(mg_save_graph(network(), "/nonexistent/graph.dot") == MG_ERR_IO);
    nnet_expect_error(MG_ERR_IO, "/nonexistent/graph.dot");
    CHECK(mg_save_graph(NULL, "graph.dot") == MG_ERR_VALUE);
    nnet_expect_error(MG_ERR_VALUE, "");
    CHECK(mg_save_graph(network(), NULL) == MG_ERR_VALUE);
    nnet_expect_error(MG_ERR_VALUE, "path is NULL");
}

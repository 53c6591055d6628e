/* SPDX-License-Identifier: MIT
 * train_digits: trains a convolutional network on handwritten digits with libmygrad, examines it, and writes the model,
 * the loss curve and the graph of one step. This file is the order of events; the parts are in the files beside it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digits.h"
#include "idx.h"
#include "progress.h"
#include "training.h"

enum { OWN_DIGITS = 8000, PATH_BYTES = 4096 };

/* One sentence, whoever failed: mygrad if it has an error pending, else the system. */
static bool complain(const char *what) {
    mg_error error = mg_take_error();
    fprintf(stderr, "train_digits: %s: %s\n", what, error.code != MG_OK ? error.message : strerror(errno));
    return false;
}

/* A quarter as many to test as to train on, but one at least; 0: no limit. */
static size_t test_share(size_t images) { return images > 0 && images < 4 ? 1 : images / 4; }

static void limit(dataset *set, size_t images) {
    if (images > 0 && set->count > images) set->count = images;
}

static bool load(const options *o, digit_data *data) {
    if (!o->data) {
        size_t train = o->images ? o->images : OWN_DIGITS;
        return digits_make(data, train, test_share(train), o->seed) || complain("cannot draw digits");
    }
    char error[2 * PATH_BYTES];
    if (!idx_load(o->data, data, error, sizeof error)) {
        fprintf(stderr, "train_digits: %s\n", error);
        return false;
    }
    limit(&data->train, o->images);
    limit(&data->test, test_share(o->images));
    return true;
}

static bool make_directory(const char *path) {
    struct stat info;
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode))) return true;
    return complain(path);
}

static bool have_dot(void) {
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t n = strcspn(path, ":");
        char file[PATH_BYTES];
        snprintf(file, sizeof file, "%.*s/dot", (int)n, path);
        if (n > 0 && access(file, X_OK) == 0) return true;
        path += n + (path[n] == ':');
    }
    return false;
}

static bool save(const model *m, const digit_data *data, const options *o, const curve *losses) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/model.npz", o->out);
    if (mg_save_npz(path, m->count, m->names, m->params) != MG_OK) return complain("cannot save the model");
    printf("wrote %s  (numpy.load reads it)\n", path);
    snprintf(path, sizeof path, "%s/loss.svg", o->out);
    if (!curve_save(losses, path, "Training loss")) return complain(path);
    printf("wrote %s\n", path);
    bool svg = have_dot();
    if (!draw_graph(m, &data->train, o->out, svg)) return complain("cannot draw the graph");
    printf("wrote %s/graph.dot%s\n", o->out, svg ? " and graph.svg" : "");
    return true;
}

static bool run(model *m, const digit_data *data, const options *o, curve *losses) {
    double start = progress_clock();
    if (!train(m, &data->train, o, losses)) return complain("training stopped");
    double seconds = progress_clock() - start, images = (double)data->train.count * o->epochs;
    printf("trained on %.0f images in %.1f s (%.0f images/s)\n", images, seconds, images / seconds);
    confusion c;
    if (!examine(m, &data->test, &c)) return complain("the examination stopped");
    printf("test accuracy %.2f %%\n", 100 * (double)confusion_right(&c) / (double)confusion_total(&c));
    confusion_print(&c);
    return save(m, data, o, losses);
}

int main(int argc, char **argv) {
    options o;
    options_result parsed = options_parse(&o, argc, argv);
    if (parsed != OPTIONS_RUN) return parsed == OPTIONS_HELP ? EXIT_SUCCESS : EXIT_FAILURE;
    digit_data data;
    if (!make_directory(o.out) || !load(&o, &data)) return EXIT_FAILURE;
    if (o.threads) mg_set_num_threads(o.threads);
    printf("mygrad %s, %s, %d thread%s\n", MYGRAD_VERSION_STRING, mg_isa(), mg_num_threads(),
           mg_num_threads() == 1 ? "" : "s");
    printf("%zu images to train, %zu to test: %s\n", data.train.count, data.test.count, data.source);
    fflush(stdout);
    model m;
    curve losses = {0};
    bool ok = o.linear ? model_linear(&m, o.seed) : model_convolutional(&m, o.seed);
    ok = ok ? run(&m, &data, &o, &losses) : complain("cannot make the model");
    model_free(&m);
    curve_free(&losses);
    dataset_free(&data.train);
    dataset_free(&data.test);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT
 * train_digits: trains a convolutional network on handwritten digits with libmygrad, examines it, and writes the model,
 * the loss curve and the graph of one step. This file is the order of events; the parts are in the files beside it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "digits.h"
#include "idx.h"
#include "interrupt.h"
#include "progress.h"
#include "results.h"
#include "training.h"

enum { OWN_DIGITS = 8000, PATH_BYTES = 4096, SENTENCE_BYTES = 2 * PATH_BYTES };

/* One sentence, behind all that was printed before it. */
static bool say(const char *sentence) {
    fflush(stdout);
    fprintf(stderr, "train_digits: %s\n", sentence);
    return false;
}

/* Whoever failed: mygrad if it has an error pending, else the system. */
static bool complain(const char *what) {
    char sentence[SENTENCE_BYTES];
    int code = errno;
    mg_error error = mg_take_error();
    snprintf(sentence, sizeof sentence, "%s: %s", what, error.code != MG_OK ? error.message : strerror(code));
    return say(sentence);
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
    char error[SENTENCE_BYTES];
    if (!idx_load(o->data, data, error, sizeof error)) return say(error);
    limit(&data->train, o->images);
    limit(&data->test, test_share(o->images));
    return true;
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

/* What the results will need: the model, a circle and a point of the line for each look at the loss, and the rest. */
static bool prepare(const model *m, const digit_data *data, const options *o) {
    char error[SENTENCE_BYTES];
    size_t looks = (size_t)o->epochs * (data->train.count / o->batch / LOOK_EVERY + 1);
    return results_prepare(o->out, model_bytes(m) + 80 * looks + 65536, error, sizeof error) || say(error);
}

static bool save(const model *m, const options *o, const curve *losses) {
    char error[SENTENCE_BYTES];
    return results_save(o->out, m, losses, error, sizeof error) || say(error);
}

static bool save_graph(const model *m, const digit_data *data, const options *o) {
    bool svg = have_dot();
    if (!draw_graph(m, &data->train, o->out, svg)) return complain("cannot draw the graph");
    printf("wrote %s/graph.dot%s\n", o->out, svg ? " and graph.svg" : "");
    return true;
}

static bool run(model *m, const digit_data *data, const options *o, curve *losses) {
    double start = progress_clock();
    size_t images = 0;
    if (!train(m, &data->train, o, losses, &images)) return complain("training stopped");
    double seconds = progress_clock() - start;
    printf("trained on %zu images in %.1f s (%.0f images/s)\n", images, seconds, (double)images / seconds);
    confusion c;
    if (!examine(m, &data->test, &c)) return complain("the examination stopped");
    if (interrupted()) {
        printf("stopped by %s: saving the model as it is, and its loss curve\n", interrupt_name(interrupted()));
        return save(m, o, losses);
    }
    printf("test accuracy %.2f %%\n", 100 * (double)confusion_right(&c) / (double)confusion_total(&c));
    confusion_print(&c);
    return save(m, o, losses) && save_graph(m, data, o);
}

static bool introduce_and_run(model *m, const digit_data *data, const options *o) {
    curve losses = {0};
    printf("mygrad %s, %s, %d thread%s\n", MYGRAD_VERSION_STRING, mg_isa(), mg_num_threads(),
           mg_num_threads() == 1 ? "" : "s");
    printf("%zu images to train, %zu to test: %s\n", data->train.count, data->test.count, data->source);
    interrupt_watch();
    bool ok = run(m, data, o, &losses);
    curve_free(&losses);
    return ok;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* in a file, too, what is printed stands in the order of events */
    signal(SIGXFSZ, SIG_IGN);              /* a file that grows too large is an error like any other */
    options o;
    options_result parsed = options_parse(&o, argc, argv);
    if (parsed != OPTIONS_RUN) return parsed == OPTIONS_HELP ? EXIT_SUCCESS : EXIT_FAILURE;
    if (o.threads) mg_set_num_threads(o.threads);
    model m;
    digit_data data = {0};
    bool made = o.linear ? model_linear(&m, o.seed) : model_convolutional(&m, o.seed);
    bool ok = made ? load(&o, &data) : complain("cannot make the model");
    ok = ok && prepare(&m, &data, &o) && introduce_and_run(&m, &data, &o);
    if (fflush(stdout) != 0 || ferror(stdout)) ok = say("cannot write all that was to say to standard output");
    if (made) model_free(&m);
    dataset_free(&data.train);
    dataset_free(&data.test);
    return interrupted() ? 128 + interrupted() : ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

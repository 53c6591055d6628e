/* SPDX-License-Identifier: MIT
 * The progress bar. Times are of the wall clock; loss and accuracy are means over the epoch so far. */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BAR_MOST = 24, BAR_LEAST = 4, TEXT_COLUMNS = 70 };

/* What the terminal's width leaves for the bar: the line must not wrap, or it would not redraw in place. */
static size_t bar_width(void) {
    struct winsize size;
    int columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    int left = columns - TEXT_COLUMNS;
    return (size_t)(left < BAR_LEAST ? BAR_LEAST : left > BAR_MOST ? BAR_MOST : left);
}

static bool speaks_utf8(void) {
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(variables[i]);
        if (value && value[0]) return strstr(value, "UTF-8") || strstr(value, "utf8");
    }
    return false;
}

double progress_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void progress_begin(progress *p, int epoch, int epochs, size_t total) {
    *p = (progress){.terminal = isatty(STDOUT_FILENO) != 0, .epoch = epoch, .epochs = epochs, .total = total};
    p->start = progress_clock();
}

void progress_look(progress *p, double loss, size_t right, size_t images) {
    p->loss_sum += loss;
    p->batches++;
    p->right += right;
    p->seen += images;
}

static void print_numbers(const progress *p, double images_per_second) {
    double loss = p->batches ? p->loss_sum / (double)p->batches : 0;
    double accuracy = p->seen ? 100 * (double)p->right / (double)p->seen : 0;
    printf("loss %.4f  acc %5.2f %%  %5.0f images/s", loss, accuracy, images_per_second);
}

/* In eighths of a character where the terminal can show them. */
static void print_bar(const progress *p, size_t done) {
    static const char *const parts[] = {"", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589"};
    bool utf8 = speaks_utf8();
    size_t width = bar_width(), filled = p->total ? done * width * 8 / p->total : 0;
    for (size_t i = 0; i < filled / 8; i++) fputs(utf8 ? "\u2588" : "#", stdout);
    bool part = utf8 && filled % 8 != 0;
    if (part) fputs(parts[filled % 8], stdout);
    for (size_t i = filled / 8 + part; i < width; i++) fputs(utf8 ? "\u00b7" : ".", stdout);
}

/* The time left counts the epochs to come as well. */
void progress_draw(progress *p, size_t done) {
    double now = progress_clock();
    if (!p->terminal || (now - p->drawn < 0.1 && done < p->total)) return;
    p->drawn = now;
    double seconds = now - p->start, rate = seconds > 0 ? (double)done / seconds : 0;
    double to_do = (double)(p->total - done) + (double)p->total * (p->epochs - p->epoch);
    unsigned left = rate > 0 ? (unsigned)(to_do / rate + 0.5) : 0;
    printf("\repoch %*d/%d ", p->epochs > 9 ? 2 : 1, p->epoch, p->epochs);
    print_bar(p, done);
    printf(" %3zu %%  ", p->total ? 100 * done / p->total : 100);
    print_numbers(p, rate);
    printf("  %u:%02u left\033[K", left / 60, left % 60);
    fflush(stdout);
}

void progress_end(progress *p, size_t done) {
    double seconds = progress_clock() - p->start;
    if (p->terminal) fputs("\r\033[K", stdout); /* the bar goes, its last line stays as text */
    printf("epoch %*d/%d  ", p->epochs > 9 ? 2 : 1, p->epoch, p->epochs);
    print_numbers(p, seconds > 0 ? (double)done / seconds : 0);
    printf("  %.1f s", seconds);
    if (done < p->total) printf("  stopped after %zu of %zu images", done, p->total);
    printf("\n");
    fflush(stdout);
}

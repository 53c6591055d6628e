/* SPDX-License-Identifier: MIT
 * The loss curve as SVG: logarithmic losses over epochs, the single batches as faint dots, their running mean as a
 * line. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "report.h"

enum { WIDTH = 720, HEIGHT = 420, LEFT = 64, RIGHT = 24, TOP = 48, BOTTOM = 52 };

bool curve_add(curve *c, double step, double loss) {
    if (c->count == c->capacity) {
        size_t capacity = c->capacity ? 2 * c->capacity : 256;
        double *steps = realloc(c->step, capacity * sizeof *steps);
        if (steps) c->step = steps;
        double *losses = realloc(c->loss, capacity * sizeof *losses);
        if (losses) c->loss = losses;
        if (!steps || !losses) return false;
        c->capacity = capacity;
    }
    c->step[c->count] = step;
    c->loss[c->count++] = loss;
    return true;
}

void curve_free(curve *c) {
    free(c->step);
    free(c->loss);
    *c = (curve){0};
}

/* From epochs and losses to the picture. The loss axis runs over whole decades' thirds: 1, 2, 5, 10. */
typedef struct axes {
    double low, high; /* log10 of the losses at the bottom and the top */
    int epochs;
} axes;

static double to_x(const axes *a, double epoch) { return LEFT + epoch / a->epochs * (WIDTH - LEFT - RIGHT); }
static double to_y(const axes *a, double loss) {
    double t = (log10(loss) - a->low) / (a->high - a->low);
    return HEIGHT - BOTTOM - t * (HEIGHT - TOP - BOTTOM);
}

static bool drawable(double loss) { return isfinite(loss) && loss > 0; }

static const double marks[] = {1, 2, 5};

/* The largest mark below (or the smallest above) every loss. */
static axes make_axes(const curve *c) {
    double least = HUGE_VAL, most = 0;
    for (size_t i = 0; i < c->count; i++)
        if (drawable(c->loss[i])) {
            least = fmin(least, c->loss[i]);
            most = fmax(most, c->loss[i]);
        }
    if (!(least <= most)) least = 0.1, most = 1; /* nothing to draw */
    least = fmax(least, most * 1e-4);            /* a single tiny loss must not flatten the rest */
    axes a = {.low = floor(log10(least)), .high = ceil(log10(most)), .epochs = c->epochs > 0 ? c->epochs : 1};
    for (int i = 0; i < 3; i++) {
        double low = floor(log10(least)) + log10(marks[i]), high = ceil(log10(most)) - log10(marks[i]);
        if (low <= log10(least)) a.low = low;
        if (high >= log10(most)) a.high = high;
    }
    if (a.high - a.low < 0.3) a.high = a.low + 0.3;
    return a;
}

static void draw_grid(FILE *f, const axes *a) {
    fprintf(f, "<g stroke=\"#e4e7ec\" fill=\"#475467\" font-size=\"12\">\n");
    for (int decade = (int)floor(a->low); decade <= (int)ceil(a->high); decade++)
        for (int i = 0; i < 3; i++) {
            double loss = marks[i] * pow(10, decade), y = to_y(a, loss);
            if (log10(loss) < a->low - 1e-9 || log10(loss) > a->high + 1e-9) continue;
            fprintf(f, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>", LEFT, y, WIDTH - RIGHT, y);
            fprintf(f, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" stroke=\"none\">%g</text>\n", LEFT - 8, y + 4,
                    loss);
        }
    int step = (a->epochs + 9) / 10;
    for (int epoch = 0; epoch <= a->epochs; epoch += step) {
        double x = to_x(a, epoch);
        fprintf(f, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>", x, TOP, x, HEIGHT - BOTTOM);
        fprintf(f, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" stroke=\"none\">%d</text>\n", x,
                HEIGHT - BOTTOM + 18, epoch);
    }
    fprintf(f, "</g>\n<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#344054\"/>\n", LEFT, TOP, HEIGHT - BOTTOM,
            WIDTH - RIGHT);
}

static void draw_points(FILE *f, const curve *c, const axes *a) {
    fprintf(f, "<g clip-path=\"url(#plot)\" fill=\"#84adff\" fill-opacity=\"0.65\">\n");
    for (size_t i = 0; i < c->count; i++)
        if (drawable(c->loss[i]))
            fprintf(f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"1.8\"/>\n", to_x(a, c->step[i]), to_y(a, c->loss[i]));
    fprintf(f, "</g>\n");
}

/* The mean forgets with a constant of a fortieth of the run, corrected for its start. */
static void draw_mean(FILE *f, const curve *c, const axes *a) {
    double sum = 0, weight = 0, forget = 1 - 1 / (1 + (double)c->count / 40);
    bool first = true;
    fprintf(f, "<path clip-path=\"url(#plot)\" fill=\"none\" stroke=\"#175cd3\" stroke-width=\"2\" "
               "stroke-linejoin=\"round\" d=\"");
    for (size_t i = 0; i < c->count; i++) {
        if (!drawable(c->loss[i])) continue;
        sum = sum * forget + c->loss[i];
        weight = weight * forget + 1;
        fprintf(f, "%c%.1f %.1f", first ? 'M' : 'L', to_x(a, c->step[i]), to_y(a, sum / weight));
        first = false;
    }
    fprintf(f, "\"/>\n");
}

static void draw_legend(FILE *f) {
    int x = WIDTH - RIGHT - 205, y = TOP + 14;
    fprintf(f, "<g font-size=\"12\" fill=\"#475467\"><circle cx=\"%d\" cy=\"%d\" r=\"2.5\" fill=\"#84adff\"/>", x, y);
    fprintf(f, "<text x=\"%d\" y=\"%d\">one batch</text>", x + 10, y + 4);
    fprintf(f, "<path d=\"M%d %dh20\" stroke=\"#175cd3\" stroke-width=\"2\"/>", x + 82, y);
    fprintf(f, "<text x=\"%d\" y=\"%d\">running mean</text></g>\n", x + 108, y + 4);
}

static void draw(FILE *f, const curve *c, const char *title) {
    locale_t points = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* SVG knows no 0,125, whatever the program's locale */
    locale_t before = points ? uselocale(points) : (locale_t)0;
    axes a = make_axes(c);
    fprintf(f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
            "font-family=\"Helvetica, Arial, sans-serif\">\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT);
    fprintf(f,
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<clipPath id=\"plot\"><rect x=\"%d\" y=\"%d\" "
            "width=\"%d\" height=\"%d\"/></clipPath>\n",
            LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    draw_grid(f, &a);
    draw_points(f, c, &a);
    draw_mean(f, c, &a);
    draw_legend(f);
    fprintf(f, "<g fill=\"#101828\" text-anchor=\"middle\"><text x=\"%d\" y=\"28\" font-size=\"16\">%s</text>\n",
            (LEFT + WIDTH - RIGHT) / 2, title);
    fprintf(f, "<text x=\"%d\" y=\"%d\" font-size=\"13\">epoch</text>\n", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12);
    fprintf(f, "<text transform=\"translate(18 %d) rotate(-90)\" font-size=\"13\">loss</text></g>\n</svg>\n",
            (TOP + HEIGHT - BOTTOM) / 2);
    if (points) {
        uselocale(before);
        freelocale(points);
    }
}

/* Under another name first: the picture that may be there is lost only to a whole one. */
bool curve_save(const curve *c, const char *path, const char *title) {
    char other[4096];
    int n = snprintf(other, sizeof other, "%s.tmp", path);
    errno = ENAMETOOLONG;
    FILE *f = n > 0 && (size_t)n < sizeof other ? fopen(other, "w") : NULL;
    if (!f) return false;
    draw(f, c, title);
    bool ok = fflush(f) == 0 && !ferror(f);
    int code = errno;
    if (fclose(f) != 0 && ok) ok = false, code = errno;
    if (ok && rename(other, path) != 0) ok = false, code = errno;
    if (!ok) unlink(other);
    errno = code;
    return ok;
}

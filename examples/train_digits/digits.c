/* SPDX-License-Identifier: MIT
 * Draws digits: each is a few strokes (lines and arcs) in a unit square, bent by moving its points a little, put
 * through a random affine map, drawn with a pen of random width, blurred at the edge, with stray marks and noise on
 * top. Hard enough that a linear classifier misses more than one in ten. */
#include "digits.h"

#include "random.h"

typedef struct point {
    double x, y;
} point;

/* A stroke: a line through n points (v: x, y, x, y, ...), or an arc of an ellipse drawn as n points (v: centre x and y,
 * radii, from and to in degrees, where 0 is right and 90 down). */
typedef struct stroke {
    enum { NONE, ARC, LINE } kind;
    int n;
    double v[8];
} stroke;

enum { MAX_STROKES = 3, ARC_POINTS = 12, MAX_SEGMENTS = MAX_STROKES * ARC_POINTS };

static const stroke glyphs[CLASSES][MAX_STROKES] = {
    {{ARC, ARC_POINTS, {0.50, 0.50, 0.28, 0.42, 0, 360}}},
    {{LINE, 3, {0.36, 0.26, 0.54, 0.08, 0.54, 0.92}}},
    {{ARC, ARC_POINTS, {0.49, 0.31, 0.26, 0.23, 190, 395}}, {LINE, 3, {0.70, 0.44, 0.24, 0.92, 0.78, 0.92}}},
    {{ARC, ARC_POINTS, {0.47, 0.29, 0.25, 0.21, 205, 450}}, {ARC, ARC_POINTS, {0.47, 0.71, 0.29, 0.21, 270, 515}}},
    {{LINE, 4, {0.62, 0.92, 0.62, 0.08, 0.20, 0.64, 0.82, 0.64}}},
    {{LINE, 3, {0.74, 0.08, 0.33, 0.08, 0.29, 0.46}}, {ARC, ARC_POINTS, {0.47, 0.66, 0.28, 0.26, 225, 510}}},
    {{LINE, 3, {0.66, 0.08, 0.38, 0.30, 0.27, 0.62}}, {ARC, ARC_POINTS, {0.50, 0.68, 0.24, 0.24, 0, 360}}},
    {{LINE, 3, {0.22, 0.08, 0.78, 0.08, 0.42, 0.92}}},
    {{ARC, ARC_POINTS, {0.50, 0.29, 0.21, 0.21, 0, 360}}, {ARC, ARC_POINTS, {0.50, 0.71, 0.26, 0.21, 0, 360}}},
    {{ARC, ARC_POINTS, {0.50, 0.32, 0.24, 0.24, 0, 360}}, {LINE, 3, {0.74, 0.34, 0.70, 0.68, 0.48, 0.92}}},
};

/* The digit as line segments, in pixels. */
typedef struct drawing {
    int segments;
    point from[MAX_SEGMENTS], to[MAX_SEGMENTS];
} drawing;

/* x' = a x + b y + c, y' = d x + e y + f: from the unit square to pixels. */
typedef struct affine {
    double a, b, c, d, e, f;
} affine;

static affine random_affine(rng *r) {
    double angle = rng_uniform(r, -0.36, 0.36), shear = rng_uniform(r, -0.30, 0.30);
    double sx = rng_uniform(r, 14, 24), sy = rng_uniform(r, 16, 24), co = cos(angle), si = sin(angle);
    affine m = {.a = co * sx, .b = (co * shear - si) * sy, .d = si * sx, .e = (si * shear + co) * sy};
    m.c =
        IMAGE_SIDE / 2.0 + rng_uniform(r, -2.5, 2.5) - (m.a + m.b) / 2; /* the square's middle goes near the image's */
    m.f = IMAGE_SIDE / 2.0 + rng_uniform(r, -2.5, 2.5) - (m.d + m.e) / 2;
    return m;
}

static point map(const affine *m, point p) {
    return (point){m->a * p.x + m->b * p.y + m->c, m->d * p.x + m->e * p.y + m->f};
}

/* The stroke's points, bent: every point of a line, or an arc's middle, radii and ends, move a little. */
static void bend(const stroke *s, rng *r, point *out) {
    if (s->kind == LINE) {
        for (int i = 0; i < s->n; i++) {
            out[i].x = s->v[2 * i] + 0.035 * rng_normal(r);
            out[i].y = s->v[2 * i + 1] + 0.035 * rng_normal(r);
        }
        return;
    }
    double cx = s->v[0] + 0.03 * rng_normal(r), cy = s->v[1] + 0.03 * rng_normal(r);
    double rx = s->v[2] * (1 + 0.12 * rng_normal(r)), ry = s->v[3] * (1 + 0.10 * rng_normal(r));
    double from = s->v[4] + 10 * rng_normal(r), to = s->v[5] + 10 * rng_normal(r);
    for (int i = 0; i < s->n; i++) {
        double angle = (from + (to - from) * i / (s->n - 1)) * (3.141592653589793 / 180);
        out[i] = (point){cx + rx * cos(angle), cy + ry * sin(angle)};
    }
}

static void outline(int digit, rng *r, drawing *out) {
    affine m = random_affine(r);
    out->segments = 0;
    for (const stroke *s = glyphs[digit]; s < glyphs[digit] + MAX_STROKES && s->kind != NONE; s++) {
        point p[ARC_POINTS];
        bend(s, r, p);
        for (int i = 0; i + 1 < s->n; i++) {
            out->from[out->segments] = map(&m, p[i]);
            out->to[out->segments++] = map(&m, p[i + 1]);
        }
    }
}

static void add_stray_mark(drawing *d, rng *r) {
    point p = {rng_uniform(r, 1, IMAGE_SIDE - 1), rng_uniform(r, 1, IMAGE_SIDE - 1)};
    d->from[d->segments] = p;
    d->to[d->segments++] = (point){p.x + rng_uniform(r, -3, 3), p.y + rng_uniform(r, -3, 3)};
}

static double squared_distance(point p, point a, point b) {
    double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
    double t = length > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    double ex = a.x + t * dx - p.x, ey = a.y + t * dy - p.y;
    return ex * ex + ey * ey;
}

static void draw(const drawing *d, rng *r, uint8_t *pixels) {
    double half_width = rng_uniform(r, 0.7, 1.9), edge = rng_uniform(r, 0.5, 1.1);
    double ink = rng_uniform(r, 0.65, 1.0), noise = rng_uniform(r, 0.02, 0.16);
    for (int y = 0; y < IMAGE_SIDE; y++)
        for (int x = 0; x < IMAGE_SIDE; x++) {
            point p = {x + 0.5, y + 0.5};
            double nearest = 1e9;
            for (int i = 0; i < d->segments; i++) nearest = fmin(nearest, squared_distance(p, d->from[i], d->to[i]));
            double cover = (half_width + edge / 2 - sqrt(nearest)) / edge;
            cover = cover < 0 ? 0 : cover > 1 ? 1 : cover;
            double value = 255 * (ink * cover + noise * rng_normal(r));
            pixels[y * IMAGE_SIDE + x] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
}

static bool make_set(dataset *set, size_t count, rng *r) {
    if (!dataset_alloc(set, count)) return false;
    for (size_t i = 0; i < count; i++) {
        int digit = (int)rng_below(r, CLASSES);
        drawing d;
        outline(digit, r, &d);
        if (rng_below(r, 3) == 0) add_stray_mark(&d, r);
        draw(&d, r, set->pixels + i * IMAGE_PIXELS);
        set->labels[i] = (uint8_t)digit;
    }
    return true;
}

bool digits_make(digit_data *data, size_t train, size_t test, uint64_t seed) {
    rng learn = {seed * 2 + 1}, exam = {~(seed * 2 + 1)}; /* the test set does not depend on the size of the other */
    *data = (digit_data){.source = "digits drawn by the program"};
    if (!make_set(&data->train, train, &learn)) return false;
    if (make_set(&data->test, test, &exam)) return true;
    dataset_free(&data->train);
    return false;
}

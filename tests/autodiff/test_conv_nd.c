/* SPDX-License-Identifier: MIT
 * Convolutions of 1 to 4 spatial axes against plain loops; gradients, and gradients of gradients, against central
 * differences. */
#include <math.h>
#include <stdlib.h>

#include "autodiff/backward.h"
#include "autodiff/handle.h"
#include "nnet_check.h"

mga_backward_fn mga_conv_grad;

typedef struct geometry {
    int spatial;
    int64_t x[6], w[6], y[6]; /* whole shapes */
    int64_t stride[4], pad[4], dilation[4];
} geometry;

static geometry draw_geometry(mg_test_rng *rng, int spatial, int64_t most) {
    geometry g = {.spatial = spatial};
    g.x[0] = g.y[0] = mg_test_int(rng, 1, 3), g.x[1] = g.w[1] = mg_test_int(rng, 1, 3);
    g.w[0] = g.y[1] = mg_test_int(rng, 1, 3);
    for (int i = 0; i < spatial; i++) {
        g.w[i + 2] = mg_test_int(rng, 1, 3), g.y[i + 2] = mg_test_int(rng, 1, most);
        g.stride[i] = mg_test_int(rng, 1, 3), g.dilation[i] = mg_test_int(rng, 1, 2);
        int64_t padded = (g.y[i + 2] - 1) * g.stride[i] + (g.w[i + 2] - 1) * g.dilation[i] + 1;
        g.pad[i] = padded >= 3 ? mg_test_int(rng, 0, 1) : 0;
        g.x[i + 2] = padded - 2 * g.pad[i];
    }
    return g;
}

/* One element of the correlation, straight from its definition. */
static double correlate(const geometry *g, const double *x, const double *w, const int64_t *out) {
    int64_t window[6] = {0}, from[6], tap[6];
    double sum = 0;
    do {
        bool inside = true;
        from[0] = out[0], from[1] = tap[1] = window[0], tap[0] = out[1];
        for (int i = 0; i < g->spatial; i++) {
            tap[i + 2] = window[i + 1];
            from[i + 2] = out[i + 2] * g->stride[i] - g->pad[i] + window[i + 1] * g->dilation[i];
            inside = inside && from[i + 2] >= 0 && from[i + 2] < g->x[i + 2];
        }
        if (inside) {
            sum += x[nnet_index(g->spatial + 2, g->x, from)] * w[nnet_index(g->spatial + 2, g->w, tap)];
        }
    } while (nnet_next(g->spatial + 1, g->w + 1, window));
    return sum;
}

static mg_tensor *convolve(mg_tensor *const *in, void *context) {
    geometry *g = context;
    return mg_conv_nd(in[0], in[1], .stride = mg_shape_of(g->spatial, g->stride),
                      .padding = mg_shape_of(g->spatial, g->pad), .dilation = mg_shape_of(g->spatial, g->dilation));
}

static void check_forward(geometry *g, mg_tensor *x, mg_tensor *w, double tolerance) {
    double *xv = nnet_read(x), *wv = nnet_read(w);
    mg_tensor *y = convolve((mg_tensor *[]){x, w}, g);
    CHECK_MSG(y != NULL, "%s", mg_take_error().message);
    CHECK_EQ_I64(mg_ndim(y), g->spatial + 2);
    for (int i = 0; i < g->spatial + 2; i++) CHECK_EQ_I64(mg_dim(y, i), g->y[i]);
    double *found = nnet_read(y);
    int64_t out[6] = {0};
    do {
        double expected = correlate(g, xv, wv, out);
        CHECK_NEAR(found[nnet_index(g->spatial + 2, g->y, out)], expected, tolerance * (1 + fabs(expected)));
    } while (nnet_next(g->spatial + 2, g->y, out));
    free(xv), free(wv), free(found);
}

MG_TEST(conv_nd, random_geometries) {
    mg_test_rng rng = mg_test_rng_new();
    for (int round = 0; round < mg_test_times(40); round++) {
        MG_SCOPE;
        geometry g = draw_geometry(&rng, 1 + round % 4, 4);
        int n = g.spatial + 2;
        int64_t size = 1;
        for (int i = 0; i < n; i++) size *= g.x[i];
        if (size > 4096) continue;
        mg_tensor *x = nnet_random(&rng, mg_shape_of(n, g.x)), *w = nnet_random(&rng, mg_shape_of(n, g.w));
        check_forward(&g, x, w, 1e-12);
        check_forward(&g, mg_astype(x, MG_F32), mg_astype(w, MG_F32), 1e-5);
    }
}

MG_TEST(conv_nd, views) {
    MG_SCOPE;
    mg_test_rng rng = mg_test_rng_new();
    geometry g = {2, {2, 3, 5, 4}, {2, 3, 2, 2}, {2, 2, 4, 3}, {1, 1}, {0, 0}, {1, 1}};
    mg_tensor *x = mg_transpose(nnet_random(&rng, MG_SHAPE(4, 5, 3, 2)), (mg_axes){0});
    mg_tensor *w = mg_getitem(nnet_random(&rng, MG_SHAPE(4, 3, 2, 2)), MG_KEY(MG_S(MG_NONE, MG_NONE, -2)));
    check_forward(&g, mg_transpose(x, MG_AXES(0, 1, 2, 3)), w, 1e-12);
}

/* MyGrad's own values; windows with (W - 1) d + 1 <= X are accepted where it refuses W d > X. */
MG_TEST(conv_nd, golden) {
    MG_SCOPE;
    mg_create_opts f64 = {.size = sizeof f64, .dtype = MG_F64};
    mg_tensor *x = mg_ones_with(MG_SHAPE(1, 1, 4), &f64), *w = mg_ones_with(MG_SHAPE(1, 1, 2), &f64);
    double *y = nnet_read(mg_conv_nd(x, w, .stride = MG_SHAPE(1), .padding = MG_SHAPE(1), .dilation = MG_SHAPE(3)));
    CHECK_NEAR(y[0], 1, 0);
    CHECK_NEAR(y[1], 2, 0);
    CHECK_NEAR(y[2], 1, 0);
    free(y);
    mg_tensor *small = mg_conv_nd(mg_ones_with(MG_SHAPE(1, 1, 3), &f64), w, .dilation = MG_SHAPE(2));
    CHECK_NEAR(mg_item(small), 2, 0);
}

MG_TEST(conv_nd, errors) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(1, 2, 6)), *w = mg_ones(MG_SHAPE(3, 2, 3));
    CHECK(mg_conv_nd(x, w, .stride = MG_SHAPE(2)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "length 6");
    CHECK(mg_conv_nd(x, w, .dilation = MG_SHAPE(3)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "dilation 3");
    CHECK(mg_conv_nd(x, mg_ones(MG_SHAPE(3, 1, 3))) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "(3, 1, 3)");
    CHECK(mg_conv_nd(mg_ones(MG_SHAPE(2, 6)), mg_ones(MG_SHAPE(2, 6))) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "at least three");
    CHECK(mg_conv_nd(x, w, .stride = MG_SHAPE(0)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "stride 0");
    CHECK(mg_conv_nd(x, w, .padding = MG_SHAPE(1, 1)) == NULL);
    nnet_expect_error(MG_ERR_VALUE, "padding has 2");
    CHECK(mg_conv_nd(mg_astype(x, MG_I32), mg_astype(w, MG_I32)) == NULL);
    nnet_expect_error(MG_ERR_TYPE, "int32");
}

MG_TEST(conv_nd, constant_option) {
    MG_SCOPE;
    mg_tensor *x = mg_ones(MG_SHAPE(1, 1, 4)), *w = mg_ones(MG_SHAPE(1, 1, 2));
    CHECK(!mg_is_constant(mg_conv_nd(x, w)));
    CHECK(mg_is_constant(mg_conv_nd(x, w, .constant = MG_CONSTANT)));
    mg_set_constant(x, true), mg_set_constant(w, true);
    CHECK(mg_is_constant(mg_conv_nd(x, w)));
    CHECK(!mg_is_constant(mg_conv_nd(x, w, .constant = MG_VARIABLE)));
}

MG_TEST(conv_nd, gradients) {
    mg_test_rng rng = mg_test_rng_new();
    for (int spatial = 1; spatial <= 3; spatial++) {
        MG_SCOPE;
        geometry g = draw_geometry(&rng, spatial, 2);
        mg_tensor *in[2] = {nnet_random(&rng, mg_shape_of(spatial + 2, g.x)),
                            nnet_random(&rng, mg_shape_of(spatial + 2, g.w))};
        nnet_check_gradients(convolve, &g, 2, in, 1e-7);
    }
}

typedef struct twice {
    geometry g;
    int which;
} twice;

static mg_tensor *gradient(mg_tensor *const *in, void *context) {
    twice *t = context;
    mga_node *out = NULL;
    mg_tensor *y = convolve(in, &t->g);
    CHECK(mga_conv_grad(mga_value("test", y), mga_value("test", in[2]), t->which, &out) == MG_OK);
    return mga_wrap(out);
}

MG_TEST(conv_nd, gradients_of_gradients) {
    mg_test_rng rng = mg_test_rng_new();
    for (int which = 0; which < 2; which++) {
        MG_SCOPE;
        twice t = {{2, {1, 2, 5, 4}, {2, 2, 2, 2}, {1, 2, 2, 5}, {3, 1}, {0, 1}, {1, 1}}, which};
        mg_tensor *in[3] = {nnet_random(&rng, mg_shape_of(4, t.g.x)), nnet_random(&rng, mg_shape_of(4, t.g.w)),
                            nnet_random(&rng, mg_shape_of(4, t.g.y))};
        nnet_check_gradients(gradient, &t, 3, in, 1e-7);
    }
}

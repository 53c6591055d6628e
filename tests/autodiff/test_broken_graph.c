/* SPDX-License-Identifier: MIT
 * Hardened build: regions, backward walks, handles and scopes that are broken on purpose are noticed. */
#include "harness.h"

#ifdef MYGRAD_HARDENED

#include "autodiff/graph_check.h"
#include "autodiff/handle.h"
#include "tests/runtime/broken.h"

#include <mygrad/mygrad.h>

/* y = exp(x) * sum(exp(x)): two clusters, for the sum must be there before the product. Entries: exp, sum, multiply. */
typedef struct scene {
    mgr_arena arena;
    mga_region region;
    mg_tensor *x, *y;
} scene;

static void make_scene(scene *s) {
    *s = (scene){.x = mg_zeros(MG_SHAPE(500))};
    mg_tensor *e = mg_exp(s->x);
    s->y = mg_multiply(e, mg_sum(e));
    mga_thread *thread = mga_thread_get();
    if (mga_region_collect(thread, 1, &s->y->node) == MG_OK)
        mga_region_build(&s->region, &s->arena, thread, 1, &s->y->node);
}

typedef struct wrong {
    const char *sentence;
    void (*breaks)(scene *s);
} wrong;

static mga_entry *entry(scene *s, uint32_t i) { return &s->region.entries[i]; }

static void sum_not_stored(scene *s) { entry(s, 1)->store = false; }
static void root_not_stored(scene *s) { entry(s, 2)->store = false; }
static void no_levels(scene *s) { s->region.clusters[1].level = 0; }
static void older_than_its_input(scene *s) { entry(s, 0)->node->seq = entry(s, 2)->node->seq + 1; }
static void too_few_counts(scene *s) { atomic_store(&entry(s, 0)->node->refs, 1); }
static void another_number(scene *s) { entry(s, 1)->node->slot = 2; }
static void short_list(scene *s) { entry(s, 0)->next = MGA_NO_ENTRY; }
static void no_such_cluster(scene *s) { entry(s, 2)->cluster = 7; }
static void wrong_results(scene *s) { entry(s, 0)->results = 2; }
static void other_axes(scene *s) { s->region.clusters[0].reduced = 2; }

static const wrong wrong_regions[] = {{"region: entry 1 crosses clusters and is not stored", sum_not_stored},
                                      {"region: root 0 is not stored", root_not_stored},
                                      {"region: cluster 1 of level 0 reads cluster 0 of level 0", no_levels},
                                      {"before the one in front of it", older_than_its_input},
                                      {"region: entry 0 has 2 readers and a count of 1", too_few_counts},
                                      {"region: entry 1 is not its node's", another_number},
                                      {"region: cluster 0 ends at entry 0, not 1", short_list},
                                      {"region: entry 2 is in cluster 7 of 2", no_such_cluster},
                                      {"region: 0 results of entry 0 are stored, and counted are 2", wrong_results},
                                      {"region: entry 1 reduces other axes than its cluster 0", other_axes}};

static void break_region(void *context) {
    scene s;
    make_scene(&s);
    ((const wrong *)context)->breaks(&s);
    mga_check_region(&s.region, 1, &s.y->node);
}

MG_TEST(broken_graph, regions) {
    for (size_t i = 0; i < sizeof wrong_regions / sizeof *wrong_regions; i++)
        expect_broken(break_region, (void *)(uintptr_t)&wrong_regions[i], wrong_regions[i].sentence);
}

static void run_upside_down(void *context) {
    (void)context;
    scene s;
    make_scene(&s);
    mga_check_running_order(&s.region, (const uint32_t[]){1, 0});
}

static void run_twice(void *context) {
    (void)context;
    scene s;
    make_scene(&s);
    mga_check_running_order(&s.region, (const uint32_t[]){0, 0});
}

static void no_buffers(void *context) {
    (void)context;
    scene s;
    make_scene(&s);
    mgr_buffer *buffers[3] = {NULL};
    mga_flush flush = {.region = s.region, .buffers = buffers};
    mga_check_claims(&flush);
}

MG_TEST(broken_graph, flushes) {
    expect_broken(run_upside_down, NULL, "flush: cluster 0 runs after one of a higher level");
    expect_broken(run_twice, NULL, "flush: cluster 0 runs twice");
    expect_broken(no_buffers, NULL, "is stored, but has no buffer");
}

/* ---- Backward ---- */

/* The walk over y = negative(x). */
static void make_walk(mga_walk *walk) {
    mga_thread *thread = mga_thread_get();
    mg_tensor *x = mg_zeros(MG_SHAPE(3)), *y = mg_negative(x);
    *walk = (mga_walk){.n = 0};
    thread->epoch = mga_epoch_next(thread->epoch);
    thread->walk.n = 0;
    x->node->mark = y->node->mark = thread->epoch;
    if (mga_nodes_push(&thread->walk, y->node) && mga_nodes_push(&thread->walk, x->node)) mga_walk_order(walk, thread);
}

static void walk_forwards(void *context) {
    mga_walk walk;
    make_walk(&walk);
    mga_node *first = walk.order[0];
    if (context) {
        walk.order[0] = walk.order[1];
        walk.order[1] = first;
        walk.order[0]->walk = 0;
        walk.order[1]->walk = 1;
    }
    mga_check_walk(&walk, mga_thread_get());
}

static void late_contribution(void *context) {
    (void)context;
    mga_walk walk;
    make_walk(&walk);
    mga_contribution late = {.value = walk.order[0]};
    walk.first[1] = &late;
    mga_check_walked(&walk);
}

MG_TEST(broken_graph, backward) {
    expect_broken(walk_forwards, &(int){1}, "backward: node 1 was recorded after node 0");
    expect_broken(late_contribution, NULL, "backward: node 1 got a contribution after its turn");
}

static void view_with_a_gradient(void *context) {
    (void)context;
    mga_walk walk;
    make_walk(&walk);
    walk.order[0]->op = MGA_OP_VIEW;
    atomic_store(&walk.order[0]->shown, 0); /* nobody looks at it */
    walk.order[0]->flags &= (uint16_t)~MGA_KEPT;
    walk.gradients[0] = walk.order[0];
    mga_check_walked(&walk);
}

/* The gradient of x through rows 0 to 3 and 2 to 5: a ground, and two additions. */
static mga_pairs *overlapping_sum(mga_node **node) {
    mg_tensor *x = mg_ones(MG_SHAPE(6, 2)), *f = mg_scalar(0);
    for (int i = 0; i < 3; i += 2)
        f = mg_add(f, mg_sum(mg_multiply(mg_getitem(x, MG_KEY(MG_S(i, i + 4, 1))), mg_scalar(3))));
    mg_backward(f);
    *node = x->node->grad;
    return (*node)->extra;
}

static void put_twice(void *context) {
    (void)context;
    mga_node *sum;
    overlapping_sum(&sum)->pair[2].how = MGA_PUT;
    mga_check_sum(sum);
}

static void added_to_nothing(void *context) {
    (void)context;
    mga_node *sum;
    overlapping_sum(&sum)->pair[0].how = MGA_ADD;
    mga_check_sum(sum);
}

static void nothing_put(void *context) {
    (void)context;
    mga_node *sum;
    overlapping_sum(&sum)->n = 0;
    mga_check_sum(sum);
}

MG_TEST(broken_graph, sums_of_regions) {
    expect_broken(view_with_a_gradient, NULL, "backward: node 0 passes on what it receives, and keeps a gradient");
    expect_broken(put_twice, NULL, "sum: pair 2 is put over a value");
    expect_broken(added_to_nothing, NULL, "sum: pair 0 is added to nothing");
    expect_broken(nothing_put, NULL, "sum: nothing is put at element 0");
}

/* ---- Handles ---- */

static void version_ahead(void *context) {
    (void)context;
    mg_tensor *x = mg_zeros(MG_SHAPE(3)), *view = mg_getitem(x, MG_KEY(MG_S(0, 2, 1)));
    view->version++;
    mg_negative(view);
}

static void list_cut(void *context) {
    (void)context;
    mg_scope scope = mg_scope_open();
    mg_zeros(MG_SHAPE(3));
    mg_zeros(MG_SHAPE(3))->next->prev = NULL;
    mg_scope_close(scope);
}

static void seq_ahead(void *context) {
    (void)context;
    mg_tensor *x = mg_zeros(MG_SHAPE(3)), *y = mg_negative(x);
    x->node->seq = y->node->seq + 1;
    mga_check_node(y->node);
}

MG_TEST(broken_graph, handles) {
    expect_broken(version_ahead, NULL, "handle: version 1 of a storage at version 0");
    expect_broken(list_cut, NULL, "scope: the list of scope 1 is broken");
    expect_broken(seq_ahead, NULL, "which was recorded later");
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/infra/pairs.h"

#include <assert.h>
#include <math.h>

#include "core/units.h"

static int is_sooner(const struct sim_transfer *self, uint32_t a, uint32_t b)
{
    const struct sim_pairs_transfer *x = &self->transfers[a], *y = &self->transfers[b];
    return x->finish_mb < y->finish_mb || (x->finish_mb <= y->finish_mb && x->tag < y->tag);
}

static uint16_t depth_of(const struct sim_transfer *self, uint32_t t)
{
    return t == SIM_PAIRS_NONE ? 0 : self->transfers[t].depth;
}

/* Recursion goes down right sides only: at most log2(n + 1) deep. */
static uint32_t merged(struct sim_transfer *self, uint32_t a, uint32_t b)
{
    if (a == SIM_PAIRS_NONE || b == SIM_PAIRS_NONE) {
        return a == SIM_PAIRS_NONE ? b : a;
    }
    uint32_t top = is_sooner(self, b, a) ? b : a, other = top == a ? b : a;
    struct sim_pairs_transfer *t = &self->transfers[top];
    t->right = merged(self, t->right, other);
    if (depth_of(self, t->left) < depth_of(self, t->right)) {
        uint32_t left = t->left;
        t->left = t->right;
        t->right = left;
    }
    t->depth = (uint16_t)(depth_of(self, t->right) + 1);
    return top;
}

static uint32_t pop_root(struct sim_transfer *self, struct sim_pairs_pair *pair)
{
    uint32_t top = pair->root;
    pair->root = merged(self, self->transfers[top].left, self->transfers[top].right);
    return top;
}

void sim_pairs_release(struct sim_transfer *self, uint32_t t)
{
    self->transfers[t].left = self->free_transfer;
    self->free_transfer = t;
}

static void drop_dead(struct sim_transfer *self, struct sim_pairs_pair *pair)
{
    while (pair->root != SIM_PAIRS_NONE && self->transfers[pair->root].state == SIM_PAIRS_ABORTED) {
        sim_pairs_release(self, pop_root(self, pair));
    }
}

void sim_pairs_push(struct sim_transfer *self, uint32_t p, uint32_t t)
{
    struct sim_pairs_pair *pair = &self->pairs[p];
    pair->root = merged(self, pair->root, t);
    pair->count++;
    self->out[pair->from].count++;
    self->in[pair->to].count++;
    self->count++;
}

uint32_t sim_pairs_pop(struct sim_transfer *self, uint32_t p, double due_mb)
{
    struct sim_pairs_pair *pair = &self->pairs[p];
    drop_dead(self, pair);
    if (pair->root == SIM_PAIRS_NONE || self->transfers[pair->root].finish_mb > due_mb) {
        return SIM_PAIRS_NONE;
    }
    return pop_root(self, pair);
}

static int is_due_before(const struct sim_pairs_pair *a, const struct sim_pairs_pair *b)
{
    if (a->deadline_ns != b->deadline_ns) {
        return a->deadline_ns < b->deadline_ns;
    }
    return a->from != b->from ? a->from < b->from : a->to < b->to;
}

static void set_slot(struct sim_transfer *self, uint32_t slot, uint32_t p)
{
    self->heap[slot] = p;
    self->pairs[p].slot = slot;
}

static void sift(struct sim_transfer *self, uint32_t p)
{
    uint32_t slot = self->pairs[p].slot;
    while (slot > 0 && is_due_before(&self->pairs[p], &self->pairs[self->heap[(slot - 1) / 2]])) {
        set_slot(self, slot, self->heap[(slot - 1) / 2]);
        slot = (slot - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * slot + 1;
        if (child + 1 < self->heap_count && is_due_before(&self->pairs[self->heap[child + 1]],
            &self->pairs[self->heap[child]])) {
            child++;
        }
        if (child >= self->heap_count
            || !is_due_before(&self->pairs[self->heap[child]], &self->pairs[p])) {
            break;
        }
        set_slot(self, slot, self->heap[child]);
        slot = child;
    }
    set_slot(self, slot, p);
}

double sim_pairs_bulk_mb_s(const struct sim_pairs_direction *line)
{
    return line->is_cut ? 0.0
        : fmax(0.1 * line->capacity_mb_s, line->capacity_mb_s - line->stream_mb_s);
}

static int64_t now_of(const struct sim_transfer *self)
{
    return sim_loop_now_ns(self->config.loop);
}

void sim_pairs_serve(struct sim_pairs_pair *pair, int64_t now_ns)
{
    pair->served_mb += pair->rate_mb_s * hb_units_s(now_ns - pair->updated_ns);
    pair->updated_ns = now_ns;
}

static void schedule(struct sim_transfer *self, uint32_t p)
{
    struct sim_pairs_pair *pair = &self->pairs[p];
    double left_mb = fmax(0.0, self->transfers[pair->root].finish_mb - pair->served_mb);
    double left_ns = pair->rate_mb_s > 0.0 ? ceil(left_mb / pair->rate_mb_s * 1e9)
        : pair->from == pair->to ? 0.0 : 9e18; /* within a site; over a line that is cut */
    int64_t span_ns = left_ns < 9e18 ? (int64_t)left_ns : HB_NEVER_NS;
    pair->deadline_ns = span_ns > HB_NEVER_NS - pair->updated_ns
        ? HB_NEVER_NS : pair->updated_ns + span_ns;
    sift(self, p);
}

static void set_rate(struct sim_transfer *self, uint32_t p, int64_t now_ns)
{
    struct sim_pairs_pair *pair = &self->pairs[p];
    const struct sim_pairs_direction *out = &self->out[pair->from], *in = &self->in[pair->to];
    sim_pairs_serve(pair, now_ns);
    pair->rate_mb_s = fmin(sim_pairs_bulk_mb_s(out) / fmax(1.0, out->count),
        sim_pairs_bulk_mb_s(in) / fmax(1.0, in->count));
    schedule(self, p);
}

void sim_pairs_set_rates(struct sim_transfer *self, uint32_t from, uint32_t to)
{
    int64_t now_ns = now_of(self);
    for (uint32_t p = self->out[from].pairs; p != SIM_PAIRS_NONE; p = self->pairs[p].next_out) {
        set_rate(self, p, now_ns);
    }
    for (uint32_t p = self->in[to].pairs; p != SIM_PAIRS_NONE; p = self->pairs[p].next_in) {
        if (self->pairs[p].from != from) {
            set_rate(self, p, now_ns);
        }
    }
}

uint32_t sim_pairs_between(struct sim_transfer *self, uint32_t from, uint32_t to)
{
    for (uint32_t p = self->out[from].pairs; p != SIM_PAIRS_NONE; p = self->pairs[p].next_out) {
        if (self->pairs[p].to == to) {
            return p;
        }
    }
    uint32_t p = self->free_pair != SIM_PAIRS_NONE ? self->free_pair : self->fresh_pair++;
    assert(p < self->pair_capacity); /* as many as transfers or as lines squared */
    struct sim_pairs_pair *pair = &self->pairs[p];
    self->free_pair = p == self->free_pair ? pair->next_out : SIM_PAIRS_NONE;
    *pair = (struct sim_pairs_pair){ .from = from, .to = to, .root = SIM_PAIRS_NONE,
        .updated_ns = now_of(self), .deadline_ns = HB_NEVER_NS, .slot = self->heap_count,
        .next_out = self->out[from].pairs, .next_in = self->in[to].pairs };
    self->out[from].pairs = p;
    self->in[to].pairs = p;
    self->heap_count++;
    set_slot(self, self->heap_count - 1, p);
    return p;
}

static void unlink_pair(struct sim_transfer *self, uint32_t p)
{
    struct sim_pairs_pair *pair = &self->pairs[p];
    uint32_t *link = &self->out[pair->from].pairs;
    while (*link != p) {
        link = &self->pairs[*link].next_out;
    }
    *link = pair->next_out;
    link = &self->in[pair->to].pairs;
    while (*link != p) {
        link = &self->pairs[*link].next_in;
    }
    *link = pair->next_in;
    uint32_t last = self->heap[--self->heap_count];
    if (last != p) {
        set_slot(self, pair->slot, last);
        sift(self, last);
    }
    pair->next_out = self->free_pair;
    self->free_pair = p;
}

void sim_pairs_leave(struct sim_transfer *self, uint32_t p, uint32_t count)
{
    struct sim_pairs_pair *pair = &self->pairs[p];
    uint32_t from = pair->from, to = pair->to;
    pair->count -= count;
    self->out[from].count -= count;
    self->in[to].count -= count;
    self->count -= count;
    drop_dead(self, pair);
    if (pair->count == 0) {
        assert(pair->root == SIM_PAIRS_NONE);
        unlink_pair(self, p);
    }
    sim_pairs_set_rates(self, from, to);
}

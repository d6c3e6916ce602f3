/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/infra/pairs.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/units.h"

static void arm(struct sim_transfer *self)
{
    int64_t at_ns = self->heap_count == 0 ? HB_NEVER_NS : self->pairs[self->heap[0]].deadline_ns;
    if (at_ns == HB_NEVER_NS) {
        sim_timer_cancel(&self->timer);
    } else {
        sim_timer_start(&self->timers, 0, at_ns > 0 ? at_ns : 1);
    }
}

/* The due transfers of the first pair leave together; then their owners hear
 * of it, who may start or abort others. */
static void expire(void *ctx, const struct sim_event *event)
{
    (void)event; /* the only timer */
    struct sim_transfer *self = ctx;
    uint32_t p = self->heap[0], first = SIM_PAIRS_NONE, *last = &first, count = 0;
    struct sim_pairs_pair *pair = &self->pairs[p];
    sim_pairs_serve(pair, sim_loop_now_ns(self->config.loop));
    /* two nanoseconds' worth and the rounding of the virtual clock */
    double due_mb = pair->served_mb * (1.0 + 1e-12) + pair->rate_mb_s * 2e-9;
    for (uint32_t t; (t = sim_pairs_pop(self, p, due_mb)) != SIM_PAIRS_NONE; count++) {
        self->transfers[t].left = SIM_PAIRS_NONE;
        self->transfers[t].state = SIM_PAIRS_ARRIVING;
        *last = t;
        last = &self->transfers[t].left;
    }
    sim_pairs_leave(self, p, count);
    arm(self);
    while (first != SIM_PAIRS_NONE) {
        struct sim_pairs_transfer done = self->transfers[first];
        uint32_t t = first;
        first = done.left;
        sim_pairs_release(self, t);
        if (done.state == SIM_PAIRS_ARRIVING) {
            done.arrived(done.ctx, t, done.tag);
        }
    }
}

static enum hb_status checked(const struct sim_transfer_config *config)
{
    if (config->capacity == 0 || config->capacity > UINT32_C(1) << 24 || config->site_count == 0
        || !(config->registry_mb_s > 0.0 && config->registry_mb_s < 1e9)) {
        return HB_ERR_RANGE;
    }
    for (uint32_t i = 0; i < config->site_count; i++) {
        const struct sim_transfer_line *line = &config->lines[i];
        if (!(line->egress_mb_s > 0.0 && line->egress_mb_s < 1e9 && line->ingress_mb_s > 0.0
            && line->ingress_mb_s < 1e9)) {
            return HB_ERR_RANGE;
        }
    }
    return HB_OK;
}

static void prepare(struct sim_transfer *self)
{
    self->free_transfer = self->free_pair = SIM_PAIRS_NONE;
    uint32_t registry = self->config.site_count;
    for (uint32_t i = 0; i <= registry; i++) {
        int is_site = i < registry;
        self->out[i].capacity_mb_s = is_site ? self->config.lines[i].egress_mb_s
            : self->config.registry_mb_s;
        self->in[i].capacity_mb_s = is_site ? self->config.lines[i].ingress_mb_s
            : self->config.registry_mb_s;
        self->out[i].pairs = self->in[i].pairs = SIM_PAIRS_NONE;
    }
    self->config.lines = NULL; /* copied */
}

enum hb_status sim_transfer_create(const struct sim_transfer_config *config,
    struct sim_transfer **out)
{
    enum hb_status status = checked(config);
    if (status != HB_OK) {
        return status;
    }
    struct sim_transfer *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return HB_ERR_MEMORY;
    }
    uint64_t lines = (uint64_t)config->site_count + 1;
    self->config = *config;
    self->pair_capacity = lines * lines < config->capacity ? (uint32_t)(lines * lines)
        : config->capacity;
    self->transfers = calloc(config->capacity, sizeof *self->transfers);
    self->pairs = calloc(self->pair_capacity, sizeof *self->pairs);
    self->heap = calloc(self->pair_capacity, sizeof *self->heap);
    self->out = calloc(lines, sizeof *self->out);
    self->in = calloc(lines, sizeof *self->in);
    if (self->transfers == NULL || self->pairs == NULL || self->heap == NULL || self->out == NULL
        || self->in == NULL) {
        sim_transfer_free(self);
        return HB_ERR_MEMORY;
    }
    prepare(self);
    self->timers = (struct sim_timer_set){ .loop = config->loop, .first = &self->timer,
        .stride_bytes = sizeof self->timer, .expire = expire, .ctx = self,
        .kind = config->kind, .rank = config->rank };
    sim_timer_attach(&self->timers);
    *out = self;
    return HB_OK;
}

void sim_transfer_free(struct sim_transfer *self)
{
    if (self == NULL) {
        return;
    }
    free(self->in);
    free(self->out);
    free(self->heap);
    free(self->pairs);
    free(self->transfers);
    free(self);
}

static uint32_t line_of(const struct sim_transfer *self, uint32_t site)
{
    assert(site < self->config.site_count || site == HB_NONE);
    return site == HB_NONE ? self->config.site_count : site;
}

enum hb_status sim_transfer_start(struct sim_transfer *self,
    const struct sim_transfer_order *order, uint32_t *id)
{
    assert(order->mb >= 0.0);
    assert(order->to != HB_NONE);
    uint32_t t = self->free_transfer, from = line_of(self, order->from);
    if (t != SIM_PAIRS_NONE) {
        self->free_transfer = self->transfers[t].left;
    } else if (self->fresh_transfer < self->config.capacity) {
        t = self->fresh_transfer++;
    } else {
        return HB_ERR_FULL;
    }
    uint32_t p = sim_pairs_between(self, from, order->to);
    struct sim_pairs_pair *pair = &self->pairs[p];
    sim_pairs_serve(pair, sim_loop_now_ns(self->config.loop));
    double mb = order->from == order->to ? 0.0 : order->mb;
    self->transfers[t] = (struct sim_pairs_transfer){ .finish_mb = pair->served_mb + mb, .mb = mb,
        .tag = order->tag, .arrived = order->arrived, .ctx = order->ctx, .pair = p,
        .left = SIM_PAIRS_NONE, .right = SIM_PAIRS_NONE, .depth = 1 };
    sim_pairs_push(self, p, t);
    sim_pairs_set_rates(self, from, order->to);
    arm(self);
    *id = t;
    return HB_OK;
}

double sim_transfer_abort(struct sim_transfer *self, uint32_t id)
{
    struct sim_pairs_transfer *t = &self->transfers[id];
    struct sim_pairs_pair *pair = &self->pairs[t->pair];
    assert(t->state != SIM_PAIRS_ABORTED);
    if (t->state == SIM_PAIRS_ARRIVING) {
        t->state = SIM_PAIRS_ABORTED; /* expire is about to tell, and will not */
        return t->mb;
    }
    sim_pairs_serve(pair, sim_loop_now_ns(self->config.loop));
    double moved_mb = t->mb - (t->finish_mb - pair->served_mb);
    t->state = SIM_PAIRS_ABORTED;
    sim_pairs_leave(self, t->pair, 1);
    arm(self);
    return fmin(fmax(0.0, moved_mb), t->mb);
}

double sim_transfer_rate_mb_s(const struct sim_transfer *self, uint32_t id)
{
    return self->pairs[self->transfers[id].pair].rate_mb_s;
}

double sim_transfer_share_mb_s(const struct sim_transfer *self, uint32_t from, uint32_t to)
{
    const struct sim_pairs_direction *out = &self->out[line_of(self, from)], *in = &self->in[to];
    return fmin(sim_pairs_bulk_mb_s(out) / (out->count + 1.0),
        sim_pairs_bulk_mb_s(in) / (in->count + 1.0));
}

/* Streams may use nine tenths of a line; what they bring beyond piles up. */
static void pile_up(struct sim_pairs_direction *line, int64_t now_ns)
{
    double excess_mb_s
        = line->stream_mb_s - (line->is_cut ? 0.0 : 0.9 * line->capacity_mb_s);
    double backlog_mb = line->backlog_mb + excess_mb_s * hb_units_s(now_ns - line->updated_ns);
    line->backlog_mb = line->stream_count == 0 ? 0.0 : fmax(0.0, backlog_mb);
    line->updated_ns = now_ns;
}

/* A stream that ends takes its part of the backlog with it. */
static void add_stream(struct sim_pairs_direction *line, double mb_s, int64_t now_ns)
{
    pile_up(line, now_ns);
    if (mb_s < 0.0) {
        assert(line->stream_count > 0);
        line->backlog_mb *= fmax(0.0, 1.0 + mb_s / line->stream_mb_s);
        line->stream_count--;
    } else {
        line->stream_count++;
    }
    line->stream_mb_s = line->stream_count == 0 ? 0.0 : fmax(0.0, line->stream_mb_s + mb_s);
}

void sim_transfer_stream(struct sim_transfer *self, uint32_t from, uint32_t to, double mb_s)
{
    if (from == to || !(fabs(mb_s) > 0.0)) {
        return;
    }
    int64_t now_ns = sim_loop_now_ns(self->config.loop);
    uint32_t line = line_of(self, from);
    add_stream(&self->out[line], mb_s, now_ns);
    add_stream(&self->in[to], mb_s, now_ns);
    sim_pairs_set_rates(self, line, to);
    arm(self);
}

static double part_mb(struct sim_pairs_direction *line, double mb_s, int64_t now_ns)
{
    pile_up(line, now_ns);
    return line->stream_count == 0 ? 0.0 : line->backlog_mb * mb_s / line->stream_mb_s;
}

double sim_transfer_lag_mb(struct sim_transfer *self, uint32_t from, uint32_t to, double mb_s)
{
    if (from == to || !(mb_s > 0.0)) {
        return 0.0;
    }
    int64_t now_ns = sim_loop_now_ns(self->config.loop);
    struct sim_pairs_direction *out = &self->out[line_of(self, from)], *in = &self->in[to];
    double out_mb = part_mb(out, mb_s, now_ns), in_mb = part_mb(in, mb_s, now_ns);
    return out->is_cut && in->is_cut ? fmax(out_mb, in_mb) : out_mb + in_mb;
}

void sim_transfer_cut(struct sim_transfer *self, uint32_t site, bool is_cut)
{
    assert(site < self->config.site_count);
    int64_t now_ns = sim_loop_now_ns(self->config.loop);
    pile_up(&self->out[site], now_ns);
    pile_up(&self->in[site], now_ns);
    self->out[site].is_cut = self->in[site].is_cut = is_cut;
    sim_pairs_set_rates(self, site, site);
    arm(self);
}

uint32_t sim_transfer_len(const struct sim_transfer *self)
{
    return self->count;
}

size_t sim_transfer_bytes(const struct sim_transfer *self)
{
    return sizeof *self + self->fresh_transfer * sizeof *self->transfers
        + self->fresh_pair * (sizeof *self->pairs + sizeof *self->heap)
        + 2 * ((size_t)self->config.site_count + 1) * sizeof *self->out;
}

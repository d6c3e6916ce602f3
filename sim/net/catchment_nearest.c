/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "sim/engine/draw.h"
#include "sim/net/catchment.h"

/* Each place has a rank: 0 goes to the best announced site, r to the (r+1)-th
 * best (the worst of all if there are fewer). The answer of a place can only
 * change if the site that comes or goes is not worse than its answer. */
struct nearest {
    const struct hb_map *map;
    double *extra_ms;   /* [site_count], of prepending */
    uint8_t *announced; /* [site_count] by its router */
    uint8_t *candidate; /* [site_count] announced, and its line is not cut */
    uint8_t *line;      /* [site_count] enum line */
    uint8_t *rank;      /* [place_count] */
    uint32_t *answer;   /* [place_count] */
    uint32_t *changed;  /* [place_count], lent to the listener */
    sim_catchment_changed_fn *listener;
    void *listener_ctx;
    uint32_t candidate_count;
    double prepend_ms;
};

enum line { LINE_WHOLE, LINE_CUT, LINE_SILENT };

static double metric_ms(const struct nearest *self, uint32_t place, uint32_t site)
{
    return hb_map_rtt_ms(self->map, place, site) + self->extra_ms[site];
}

/* Whether a comes before b in the order of preference. */
static int is_before(const struct nearest *self, uint32_t place, uint32_t a, uint32_t b)
{
    double a_ms = metric_ms(self, place, a), b_ms = metric_ms(self, place, b);
    return a_ms < b_ms || (a_ms <= b_ms && a < b);
}

/* The next announced site after `after` (HB_NONE: the first of all). */
static uint32_t next_best(const struct nearest *self, uint32_t place, uint32_t after)
{
    uint32_t best = HB_NONE;
    for (uint32_t site = 0; site < self->map->site_count; site++) {
        int is_candidate = self->candidate[site]
            && (after == HB_NONE || is_before(self, place, after, site));
        if (is_candidate && (best == HB_NONE || is_before(self, place, site, best))) {
            best = site;
        }
    }
    return best;
}

static uint32_t answer_of(const struct nearest *self, uint32_t place)
{
    uint32_t site = next_best(self, place, HB_NONE);
    for (uint32_t r = 0; r < self->rank[place] && site != HB_NONE; r++) {
        uint32_t next = next_best(self, place, site);
        if (next == HB_NONE) {
            break;
        }
        site = next;
    }
    return site;
}

static int is_touched(const struct nearest *self, uint32_t place, uint32_t site)
{
    uint32_t answer = self->answer[place];
    return answer == HB_NONE || answer == site || self->candidate_count <= self->rank[place] + 1u
        || is_before(self, place, site, answer);
}

/* site has come, gone, or changed from before; all touched places decide anew. */
static void decide(struct nearest *self, uint32_t site, int is_all)
{
    size_t count = 0;
    for (uint32_t place = 0; place < self->map->place_count; place++) {
        if (!is_all && !is_touched(self, place, site)) {
            continue;
        }
        int is_simple = self->candidate[site] && self->rank[place] == 0 && !is_all
            && self->answer[place] != site;
        uint32_t answer = is_simple ? site : answer_of(self, place);
        if (is_simple && self->answer[place] != HB_NONE
            && !is_before(self, place, site, self->answer[place])) {
            answer = self->answer[place];
        }
        if (answer != self->answer[place]) {
            self->answer[place] = answer;
            self->changed[count++] = place;
        }
    }
    if (count > 0 && self->listener != NULL) {
        self->listener(self->listener_ctx, self->changed, count);
    }
}

/* The site comes or goes, or (is_new false) its metric has changed. */
static void reconsider(struct nearest *self, uint32_t site, bool has_new_metric)
{
    uint8_t is_candidate = self->announced[site] && self->line[site] != LINE_CUT;
    if (is_candidate && !self->candidate[site]) {
        self->candidate_count++;
        self->candidate[site] = 1;
        decide(self, site, 0);
    } else if (!is_candidate && self->candidate[site]) {
        self->candidate[site] = 0;
        decide(self, site, 0);
        self->candidate_count--;
    } else if (is_candidate && has_new_metric) {
        decide(self, site, 1);
    }
}

static enum hb_status announce(void *ctx, uint32_t site, const struct hb_route *route,
    int64_t now_ns)
{
    struct nearest *self = ctx;
    (void)now_ns; /* at once */
    if (site >= self->map->site_count) {
        return HB_ERR_RANGE;
    }
    double extra_ms = route == NULL ? 0.0 : route->prepend_count * self->prepend_ms;
    bool is_other = extra_ms < self->extra_ms[site] || extra_ms > self->extra_ms[site];
    self->announced[site] = 1;
    self->extra_ms[site] = extra_ms;
    reconsider(self, site, is_other);
    return HB_OK;
}

static enum hb_status withdraw(void *ctx, uint32_t site, int64_t now_ns)
{
    struct nearest *self = ctx;
    (void)now_ns; /* at once */
    if (site >= self->map->site_count) {
        return HB_ERR_RANGE;
    }
    self->announced[site] = 0;
    reconsider(self, site, false);
    return HB_OK;
}

static void tell_answered_by(struct nearest *self, uint32_t site)
{
    size_t count = 0;
    for (uint32_t place = 0; place < self->map->place_count; place++) {
        if (self->answer[place] == site) {
            self->changed[count++] = place;
        }
    }
    if (count > 0 && self->listener != NULL) {
        self->listener(self->listener_ctx, self->changed, count);
    }
}

static enum hb_status fault_of(void *ctx, uint32_t site, enum sim_catchment_fault fault,
    int64_t now_ns)
{
    struct nearest *self = ctx;
    (void)now_ns; /* at once */
    if (site >= self->map->site_count) {
        return HB_ERR_RANGE;
    }
    uint8_t was = self->line[site];
    switch (fault) {
    case SIM_CATCHMENT_CUT:
        self->line[site] = LINE_CUT;
        break;
    case SIM_CATCHMENT_SILENCE:
        self->line[site] = was == LINE_CUT ? was : LINE_SILENT;
        break;
    case SIM_CATCHMENT_RESTORE:
        self->line[site] = LINE_WHOLE;
        break;
    case SIM_CATCHMENT_RESET:
        break;
    }
    bool is_same_choice = (was == LINE_CUT) == (self->line[site] == LINE_CUT);
    reconsider(self, site, false);
    if (is_same_choice && was != self->line[site]) {
        tell_answered_by(self, site);
    }
    return HB_OK;
}

static enum hb_status begin(void *ctx)
{
    (void)ctx; /* always settled */
    return HB_OK;
}

static struct sim_catchment_view view_of(const void *ctx, uint32_t place)
{
    const struct nearest *self = ctx;
    assert(place < self->map->place_count);
    uint32_t site = self->answer[place];
    if (site == HB_NONE) {
        return (struct sim_catchment_view){ HB_NONE, SIM_CATCHMENT_BLACKHOLE, (double)NAN };
    }
    bool is_dead = self->line[site] == LINE_SILENT;
    return (struct sim_catchment_view){ site,
        is_dead ? SIM_CATCHMENT_DEAD : SIM_CATCHMENT_SERVED, (double)NAN };
}

static bool is_cut(const void *ctx, uint32_t site)
{
    const struct nearest *self = ctx;
    return self->line[site] != LINE_WHOLE;
}

static bool is_settled(const void *ctx)
{
    (void)ctx; /* always */
    return true;
}

static struct sim_catchment_counts counts_of(const void *ctx)
{
    (void)ctx; /* no messages */
    return (struct sim_catchment_counts){ 0 };
}

static const char *failure_of(const void *ctx)
{
    (void)ctx; /* never fails */
    return "";
}

static void listen_to(void *ctx, sim_catchment_changed_fn *changed, void *changed_ctx)
{
    struct nearest *self = ctx;
    self->listener = changed;
    self->listener_ctx = changed_ctx;
}

static size_t bytes_of(const void *ctx)
{
    const struct nearest *self = ctx;
    return sizeof *self + self->map->site_count * (sizeof(double) + 3)
        + self->map->place_count * (2 * sizeof(uint32_t) + 1);
}

static void free_nearest(void *ctx)
{
    struct nearest *self = ctx;
    if (self == NULL) {
        return;
    }
    free(self->changed);
    free(self->answer);
    free(self->rank);
    free(self->line);
    free(self->candidate);
    free(self->announced);
    free(self->extra_ms);
    free(self);
}

static void draw_ranks(struct nearest *self, const struct sim_catchment_nearest *config)
{
    for (uint32_t place = 0; place < self->map->place_count; place++) {
        struct sim_stream draws = sim_stream_of(config->seed, SIM_STREAM_TOPOLOGY,
            UINT64_C(1) << 40 | place);
        int is_worse = sim_draw_chance(&draws, config->suboptimal);
        while (is_worse) {
            self->rank[place]++;
            is_worse = self->rank[place] < 16 && sim_draw_chance(&draws, 0.5);
        }
        self->answer[place] = HB_NONE;
    }
}

enum hb_status sim_catchment_create_nearest(const struct sim_catchment_nearest *config,
    struct sim_catchment **out)
{
    static const struct sim_catchment_kind kind = { .name = "nearest", .announce = announce,
        .withdraw = withdraw, .fault = fault_of, .begin = begin, .view = view_of,
        .is_cut = is_cut, .is_settled = is_settled, .counts = counts_of, .failure = failure_of,
        .listen = listen_to, .bytes = bytes_of, .free = free_nearest };
    if (!(config->suboptimal >= 0.0 && config->suboptimal <= 1.0)
        || !(config->prepend_ms >= 0.0 && config->prepend_ms <= 1e6)) {
        return HB_ERR_RANGE;
    }
    const struct hb_map *map = config->map;
    struct nearest *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return HB_ERR_MEMORY;
    }
    self->map = map;
    self->prepend_ms = config->prepend_ms;
    self->extra_ms = calloc(map->site_count, sizeof *self->extra_ms);
    self->announced = calloc(map->site_count, 1);
    self->candidate = calloc(map->site_count, 1);
    self->line = calloc(map->site_count, 1);
    self->rank = calloc(map->place_count, 1);
    self->answer = calloc(map->place_count, sizeof *self->answer);
    self->changed = calloc(map->place_count, sizeof *self->changed);
    enum hb_status status = HB_ERR_MEMORY;
    if (self->extra_ms != NULL && self->announced != NULL && self->candidate != NULL
        && self->line != NULL && self->rank != NULL
        && self->answer != NULL && self->changed != NULL) {
        draw_ranks(self, config);
        status = sim_catchment_create(&kind, self, out);
    }
    if (status != HB_OK) {
        free_nearest(self);
    }
    return status;
}

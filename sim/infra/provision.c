/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/infra/provision.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/engine/timer.h"

/* A job waits for its site's image, then for one of the site's workers, holds
 * that while it starts and restores, and is done at the readiness probe's next
 * tick. Jobs that wait stand in one of two lists of their site, first come
 * first served; the image's comes first, so it empties into the workers'. */

#define NONE UINT32_MAX

enum phase { FREE, IMAGE, WORKER, STARTING, READYING, FIXED };

struct job {
    struct sim_timer timer;
    uint64_t tag;
    int64_t begun_ns;
    uint32_t client, site;
    uint32_t next, previous; /* in the site's list; next is the free list's link too */
    float start_s, ready_s;
    uint8_t phase, fails;
};

struct list {
    uint32_t first, last;
};

struct place {
    struct list waiting; /* for the image, or, once that is here, for a worker */
    double pulled_mb;
    uint32_t busy; /* workers */
    uint8_t is_cached, is_pulling;
};

struct sim_provision {
    struct sim_provision_config config;
    struct job *jobs;
    struct place *places;
    struct sim_timer_set timers;
    uint32_t free_job, fresh_job, count; /* jobs from fresh_job on were never used */
    double median_s, sigma;
};

void sim_provision_default(struct sim_provision_config *out)
{
    *out = (struct sim_provision_config){
        .technology = SIM_PROVISION_CONTAINER_SSD,
        .image_mb = 200.0,
        .workers = 8,
        .restore_s = 0.2,
        .readiness_period_s = 1.0,
        .lead_s = -1.0,
    };
}

static void append(struct sim_provision *self, uint32_t j)
{
    struct list *list = &self->places[self->jobs[j].site].waiting;
    self->jobs[j].next = NONE;
    self->jobs[j].previous = list->last;
    if (list->last == NONE) {
        list->first = j;
    } else {
        self->jobs[list->last].next = j;
    }
    list->last = j;
}

static void unlink_job(struct sim_provision *self, uint32_t j)
{
    struct job *job = &self->jobs[j];
    struct list *list = &self->places[job->site].waiting;
    if (job->previous == NONE) {
        list->first = job->next;
    } else {
        self->jobs[job->previous].next = job->next;
    }
    if (job->next == NONE) {
        list->last = job->previous;
    } else {
        self->jobs[job->next].previous = job->previous;
    }
}

static void release(struct sim_provision *self, uint32_t j)
{
    sim_timer_cancel(&self->jobs[j].timer);
    self->jobs[j].phase = FREE;
    self->jobs[j].next = self->free_job;
    self->free_job = j;
    self->count--;
}

static int64_t now_of(const struct sim_provision *self)
{
    return sim_loop_now_ns(self->config.loop);
}

static void wait_for(struct sim_provision *self, uint32_t j, enum phase phase, double duration_s)
{
    self->jobs[j].phase = (uint8_t)phase;
    int64_t at_ns = hb_units_after(now_of(self), duration_s);
    sim_timer_start(&self->timers, j, at_ns > 0 ? at_ns : 1);
}

/* Gives the site's free workers to those who wait. */
static void employ(struct sim_provision *self, uint32_t site)
{
    struct place *place = &self->places[site];
    while (place->is_cached && place->busy < self->config.workers
        && place->waiting.first != NONE) {
        uint32_t j = place->waiting.first;
        unlink_job(self, j);
        place->busy++;
        wait_for(self, j, STARTING, (double)self->jobs[j].start_s);
    }
}

static void image_arrived(void *ctx, uint32_t transfer, uint64_t site)
{
    (void)transfer; /* the site's only pull */
    struct sim_provision *self = ctx;
    struct place *place = &self->places[site];
    place->is_cached = 1;
    place->is_pulling = 0;
    place->pulled_mb += self->config.image_mb;
    for (uint32_t j = place->waiting.first; j != NONE; j = self->jobs[j].next) {
        self->jobs[j].phase = WORKER;
    }
    employ(self, (uint32_t)site);
}

static void tell(struct sim_provision *self, uint32_t j, enum hb_result result)
{
    struct job job = self->jobs[j];
    release(self, j);
    self->config.done(self->config.ctx, j, job.tag, result,
        hb_units_s(now_of(self) - job.begun_ns));
}

static void expire(void *ctx, const struct sim_event *event)
{
    struct sim_provision *self = ctx;
    uint32_t j = event->entity, site = self->jobs[j].site;
    switch ((enum phase)self->jobs[j].phase) {
    case STARTING:
        self->places[site].busy--;
        if (self->jobs[j].fails) {
            tell(self, j, HB_RESULT_FAILED);
        } else {
            wait_for(self, j, READYING, (double)self->jobs[j].ready_s);
        }
        employ(self, site);
        break;
    case READYING:
    case FIXED:
        tell(self, j, self->jobs[j].fails ? HB_RESULT_FAILED : HB_RESULT_OK);
        break;
    case FREE:
    case IMAGE:
    case WORKER:
        assert(0 && "a job without a timer");
    }
}

static int is_within(double x, double low, double high)
{
    return x >= low && x <= high;
}

static enum hb_status checked(const struct sim_provision_config *config)
{
    static const double day_s = 86400.0;
    int is_good = config->site_count > 0 && config->capacity > 0
        && config->capacity <= UINT32_C(1) << 24 && config->workers > 0
        && (unsigned)config->technology < SIM_PROVISION_TECHNOLOGY_COUNT
        && is_within(config->image_mb, 0.0, 1e7) && is_within(config->restore_s, 0.0, day_s)
        && is_within(config->readiness_period_s, 0.0, day_s)
        && is_within(config->failure_share, 0.0, 1.0) && config->lead_s <= 30.0 * day_s;
    return is_good ? HB_OK : HB_ERR_RANGE;
}

enum hb_status sim_provision_create(const struct sim_provision_config *config,
    struct sim_provision **out)
{
    enum hb_status status = checked(config);
    if (status != HB_OK) {
        return status;
    }
    struct sim_provision *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return HB_ERR_MEMORY;
    }
    self->config = *config;
    self->config.image_cached = NULL; /* copied below */
    self->jobs = calloc(config->capacity, sizeof *self->jobs);
    self->places = calloc(config->site_count, sizeof *self->places);
    if (self->jobs == NULL || self->places == NULL) {
        sim_provision_free(self);
        return HB_ERR_MEMORY;
    }
    self->free_job = NONE;
    for (uint32_t site = 0; site < config->site_count; site++) {
        self->places[site].waiting = (struct list){ NONE, NONE };
        self->places[site].is_cached = config->image_cached != NULL
            && config->image_cached[site];
    }
    sim_provision_technology_start(config->technology, &self->median_s, &self->sigma);
    self->timers = (struct sim_timer_set){ .loop = config->loop, .first = &self->jobs[0].timer,
        .stride_bytes = sizeof *self->jobs, .expire = expire, .ctx = self,
        .kind = config->kind, .rank = config->rank };
    sim_timer_attach(&self->timers);
    *out = self;
    return HB_OK;
}

void sim_provision_free(struct sim_provision *self)
{
    if (self == NULL) {
        return;
    }
    free(self->places);
    free(self->jobs);
    free(self);
}

/* One stream for each start of a client, by its millisecond: the same start
 * under another policy draws the same values, whatever went before. */
static void draw(struct sim_provision *self, struct job *job)
{
    uint64_t ms = (uint64_t)(job->begun_ns / HB_NS_PER_MS);
    struct sim_stream draws = sim_stream_of(self->config.seed, SIM_STREAM_PROVISION,
        (uint64_t)job->client << 36 ^ ms);
    job->fails = (uint8_t)sim_draw_chance(&draws, self->config.failure_share);
    job->ready_s = (float)(sim_draw_uniform(&draws) * self->config.readiness_period_s);
    job->start_s = (float)(sim_draw_lognormal(&draws, self->median_s, self->sigma)
        + self->config.restore_s);
}

/* A pull that finds the transfer table full is asked for again by the next job
 * of the site: status is that job's. */
static enum hb_status pull(struct sim_provision *self, uint32_t site)
{
    struct place *place = &self->places[site];
    if (place->is_cached || place->is_pulling) {
        return HB_OK;
    }
    struct sim_transfer_order order = { .from = HB_NONE, .to = site,
        .mb = self->config.image_mb, .tag = site, .arrived = image_arrived, .ctx = self };
    uint32_t transfer;
    enum hb_status status = sim_transfer_start(self->config.transfer, &order, &transfer);
    place->is_pulling = status == HB_OK;
    return status;
}

enum hb_status sim_provision_start(struct sim_provision *self,
    const struct sim_provision_order *order, uint32_t *id)
{
    assert(order->site < self->config.site_count);
    int is_fixed = self->config.lead_s >= 0.0;
    if ((self->free_job == NONE && self->fresh_job == self->config.capacity)
        || (!is_fixed && pull(self, order->site) != HB_OK)) {
        return HB_ERR_FULL;
    }
    uint32_t j = self->free_job != NONE ? self->free_job : self->fresh_job++;
    struct job *job = &self->jobs[j];
    self->free_job = j == self->free_job ? job->next : self->free_job;
    self->count++;
    job->tag = order->tag;
    job->client = order->client;
    job->site = order->site;
    job->begun_ns = now_of(self);
    draw(self, job);
    *id = j;
    struct place *place = &self->places[order->site];
    if (is_fixed) {
        place->pulled_mb += place->is_cached ? 0.0 : self->config.image_mb;
        place->is_cached = 1;
        wait_for(self, j, FIXED, self->config.lead_s);
        return HB_OK;
    }
    job->phase = place->is_cached ? WORKER : IMAGE;
    append(self, j);
    employ(self, order->site);
    return HB_OK;
}

void sim_provision_cancel(struct sim_provision *self, uint32_t id)
{
    struct job *job = &self->jobs[id];
    uint32_t site = job->site;
    assert(job->phase != FREE);
    if (job->phase == IMAGE || job->phase == WORKER) {
        unlink_job(self, id);
    }
    self->places[site].busy -= job->phase == STARTING ? 1 : 0;
    release(self, id);
    employ(self, site);
}

int sim_provision_is_cached(const struct sim_provision *self, uint32_t site)
{
    return self->places[site].is_cached;
}

double sim_provision_pulled_mb(const struct sim_provision *self, uint32_t site)
{
    return self->places[site].pulled_mb;
}

uint32_t sim_provision_len(const struct sim_provision *self)
{
    return self->count;
}

size_t sim_provision_bytes(const struct sim_provision *self)
{
    return sizeof *self + self->fresh_job * sizeof *self->jobs
        + self->config.site_count * sizeof *self->places;
}

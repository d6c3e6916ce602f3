/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/progress.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/units.h"

static const double redraw_s = 0.5;

struct lane {
    _Atomic int64_t now_ns;
    _Atomic uint64_t events;
};

struct sim_progress {
    FILE *out; /* NULL: silent */
    uint32_t lane_count;
    int64_t end_ns;
    double started_s;
    _Atomic double next_s; /* wall time of the next redraw */
    atomic_flag drawing;
    bool drawn;
    struct lane lanes[];
};

static double wall_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

enum hb_status sim_progress_create(uint32_t lane_count, int64_t end_ns, FILE *out,
    struct sim_progress **out_progress)
{
    assert(lane_count > 0);
    struct sim_progress *progress
        = calloc(1, sizeof(*progress) + lane_count * sizeof(struct lane));
    if (progress == NULL) {
        return HB_ERR_MEMORY;
    }
    int fd = fileno(out);
    bool is_seen = fd >= 0 && isatty(fd) == 1 && getenv("CI") == NULL;
    progress->out = is_seen ? out : NULL;
    progress->lane_count = lane_count;
    progress->end_ns = end_ns;
    progress->started_s = wall_s();
    atomic_init(&progress->next_s, progress->started_s + redraw_s);
    atomic_flag_clear(&progress->drawing);
    *out_progress = progress;
    return HB_OK;
}

void sim_progress_free(struct sim_progress *progress)
{
    if (progress == NULL) {
        return;
    }
    if (progress->drawn) {
        (void)fputs("\r\033[K", progress->out); /* display only */
        (void)fflush(progress->out);
    }
    free(progress);
}

static void draw(struct sim_progress *progress, double at_s)
{
    double done_s = 0.0, events = 0.0;
    for (uint32_t i = 0; i < progress->lane_count; i++) {
        done_s += hb_units_s(atomic_load(&progress->lanes[i].now_ns));
        events += (double)atomic_load(&progress->lanes[i].events);
    }
    double share = done_s / (hb_units_s(progress->end_ns) * progress->lane_count);
    double spent_s = at_s - progress->started_s;
    double left_s = share > 0.0 ? spent_s * (1.0 - share) / share : 0.0;
    (void)fprintf(progress->out, "\r%5.1f %%  %.2f M events/s  %.0f s left\033[K", 100.0 * share,
        1e-6 * events / spent_s, left_s); /* display only */
    (void)fflush(progress->out);
    progress->drawn = true;
}

void sim_progress_step(struct sim_progress *progress, uint32_t lane, int64_t now_ns,
    uint64_t events)
{
    assert(lane < progress->lane_count);
    atomic_store(&progress->lanes[lane].now_ns, now_ns);
    atomic_store(&progress->lanes[lane].events, events);
    if (progress->out == NULL) {
        return;
    }
    double at_s = wall_s();
    if (at_s < atomic_load(&progress->next_s) || atomic_flag_test_and_set(&progress->drawing)) {
        return;
    }
    draw(progress, at_s);
    atomic_store(&progress->next_s, at_s + redraw_s);
    atomic_flag_clear(&progress->drawing);
}

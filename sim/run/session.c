/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/session.h"

#include "core/units.h"
#include "sim/engine/draw.h"
#include "sim/engine/stream.h"

static const double session_min_s = 1.0; /* shorter ones are lengthened: our choice */

static double length_s(const struct sim_scenario_service *service, bool is_on,
    struct sim_stream *stream)
{
    double mean_s = 60.0 * (is_on ? service->session_min : service->gap_min);
    double s = is_on && service->session_law == 1 ? sim_draw_lognormal_mean(stream, mean_s, 1.0)
                                                  : sim_draw_exponential(stream, mean_s);
    return s > session_min_s ? s : session_min_s;
}

struct sim_session sim_session_start(const struct sim_stage *stage, uint32_t client)
{
    const struct sim_scenario_service *service = &stage->scenario->service;
    if (service->sessions == 0) {
        return (struct sim_session) { .until_ns = HB_NEVER_NS, .is_on = true };
    }
    struct sim_stream stream = sim_stream_of(stage->seed, SIM_STREAM_SESSION, client);
    double on_share = service->session_min / (service->session_min + service->gap_min);
    bool is_on = sim_draw_uniform(&stream) < on_share;
    /* Memoryless: what is left of an exponential session is one. */
    double rest_s = length_s(service, is_on, &stream);
    return (struct sim_session) { .until_ns = hb_units_ns(rest_s),
        .is_on = is_on };
}

void sim_session_next(const struct sim_stage *stage, uint32_t client,
    struct sim_session *session)
{
    /* A stream of its own for each, so that its position need not be restored. */
    uint64_t entity = (uint64_t)(session->drawn + 1) << 32 | client;
    struct sim_stream stream = sim_stream_of(stage->seed, SIM_STREAM_SESSION, entity);
    session->is_on = !session->is_on;
    session->drawn++;
    session->until_ns = hb_units_after(session->until_ns,
        length_s(&stage->scenario->service, session->is_on, &stream));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_BENCH_ENGINE_MODELS_H
#define TESTS_BENCH_ENGINE_MODELS_H

#include <math.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The models that both simulators run, with the same random numbers: what is
 * compared is scheduling alone. */

/* A queue of one server; the time between arrivals and of service exponential. */
struct mm1 {
    uint64_t picker;
    double arrival_ns_mean, service_ns_mean;
    uint32_t in_system;
    int64_t changed_ns;
    double area_ns; /* integral of the number in the system */
};

/* Exponential by inversion of a cheap uniform number. */
static inline int64_t mm1_draw_ns(struct mm1 *model, double mean_ns)
{
    model->picker = model->picker * 6364136223846793005ULL + 1442695040888963407ULL;
    double u = (double)(model->picker >> 11) * 0x1p-53;
    return (int64_t)(-mean_ns * log(1.0 - u));
}

static inline int64_t mm1_arrival_ns(struct mm1 *model)
{
    return mm1_draw_ns(model, model->arrival_ns_mean);
}

static inline int64_t mm1_service_ns(struct mm1 *model)
{
    return mm1_draw_ns(model, model->service_ns_mean);
}

static inline void mm1_account(struct mm1 *model, int64_t now_ns)
{
    model->area_ns += (double)(now_ns - model->changed_ns) * model->in_system;
    model->changed_ns = now_ns;
}

/* Clients with a keepalive timer each: every gap_ns a message of one of them,
 * picked at random, restarts its timer; one silent for timeout_ns expires. Time
 * moves on after each batch of messages. */
struct keepalive {
    uint64_t picker;
    uint32_t client_count, expired_count;
    uint32_t batch_count, batch_messages;
    int64_t gap_ns, timeout_ns;
};

static inline uint32_t keepalive_next_client(struct keepalive *model)
{
    model->picker = model->picker * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)((model->picker >> 32) * model->client_count >> 32);
}

/* Events handled. */
uint64_t ns3_mm1(struct mm1 *model, int64_t until_ns);
void ns3_keepalive(struct keepalive *model);

/* The same on sim_loop. */
uint64_t loop_mm1(struct mm1 *model, int64_t until_ns);
void loop_keepalive(struct keepalive *model);

#ifdef __cplusplus
}
#endif

#endif

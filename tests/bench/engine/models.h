/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_BENCH_ENGINE_MODELS_H
#define TESTS_BENCH_ENGINE_MODELS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The models that both simulators run. */

/* A queue of one server; the times between arrivals and of service are
 * exponential: the simulator's own random variables, as its users write it, or
 * a cheap generator that gives both simulators the same numbers. */
struct mm1 {
    bool is_own;      /* random numbers */
    bool is_whole_ns; /* each simulator is handed durations in whole ns, not in seconds */
    double (*draw)(void *ctx, double mean); /* exponential; NULL: the cheap generator */
    void *draw_ctx;
    uint64_t picker;
    double arrival_s_mean, service_s_mean;
    uint32_t in_system;
    double changed_s;
    double area_s; /* integral of the number in the system */
};

static inline double mm1_draw_s(struct mm1 *model, double mean_s)
{
    if (model->draw != NULL) {
        return model->draw(model->draw_ctx, mean_s);
    }
    model->picker = model->picker * 6364136223846793005ULL + 1442695040888963407ULL;
    double u = (double)(model->picker >> 11) * 0x1p-53;
    return -mean_s * log(1.0 - u);
}

static inline double mm1_arrival_s(struct mm1 *model)
{
    return mm1_draw_s(model, model->arrival_s_mean);
}

static inline double mm1_service_s(struct mm1 *model)
{
    return mm1_draw_s(model, model->service_s_mean);
}

static inline int64_t mm1_whole_ns(double duration_s)
{
    return (int64_t)(1e9 * duration_s);
}

static inline void mm1_account(struct mm1 *model, double now_s)
{
    model->area_s += (now_s - model->changed_s) * model->in_system;
    model->changed_s = now_s;
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
uint64_t ns3_mm1(struct mm1 *model, double until_s);
void ns3_keepalive(struct keepalive *model);

/* The same on sim_loop. */
uint64_t loop_mm1(struct mm1 *model, double until_s);
void loop_keepalive(struct keepalive *model);

#ifdef __cplusplus
}
#endif

#endif

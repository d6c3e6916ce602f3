/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_CORE_FAKE_HOST_H
#define TESTS_CORE_FAKE_HOST_H

#include "core/controller.h"
#include "core/record.h"

/* A host with scripted answers: it notes every command and sample, answers
 * nothing by itself but keeps the timers, and checks on every command what must
 * hold of any controller (see fake_host.c). Four places, three sites:
 *
 *   RTT ms   site 0  site 1  site 2        sites 10 degrees of longitude apart,
 *   place 0    10      40      70          place i at site i, place 3 half
 *   place 1    40      10      40          a degree beyond site 2
 *   place 2    70      40      10
 *   place 3    75      45      12                                          */
enum { HOST_PLACES = 4, HOST_SITES = 3, HOST_CLIENTS = 8, HOST_LOG = 4096, HOST_TIMERS = 64 };

struct host_timer {
    uint64_t req;
    int64_t at_ns;
};

struct host_client {
    uint64_t epoch_max; /* greatest that was fenced */
    uint32_t epoch_site;
};

struct host {
    struct hb_place places[HOST_PLACES];
    struct hb_site sites[HOST_SITES];
    float rtt_ms[HOST_PLACES * HOST_SITES];
    struct hb_map map;
    struct hb_controller_setup setup;
    struct hb_record_tap tap;
    struct hb_controller *controller;
    int64_t now_ns;
    struct hb_command log[HOST_LOG];
    uint32_t log_count;
    struct hb_sample samples[HOST_LOG];
    uint32_t sample_count;
    struct host_timer timers[HOST_TIMERS];
    uint32_t timer_count;
    struct host_client clients[HOST_CLIENTS];
    uint64_t req_last[HOST_CLIENTS];
    void *hook_ctx;
    void (*hook)(void *ctx, const struct hb_command *command); /* sees each command too */
};

/* Sets up map, default prices and the policy's defaults; change host->setup,
 * then host_start. */
void host_init(struct host *host, enum hb_policy_kind kind);
void host_start(struct host *host);
void host_stop(struct host *host);

/* Moves the clock by seconds; timers that fall due on the way fire in order. */
void host_wait(struct host *host, double seconds);

/* Events at the present instant; each must be HB_OK. */
void host_send(struct host *host, struct hb_event event);
void host_consent(struct host *host, uint32_t client, int is_given);
void host_connect(struct host *host, uint32_t client, uint32_t place, uint32_t site);
void host_see(struct host *host, uint32_t client, uint32_t place);
void host_serve(struct host *host, uint32_t client, uint32_t site);
void host_disconnect(struct host *host, uint32_t client);
void host_probe(struct host *host, uint32_t site, int is_answered);

/* The latest command of that kind; fails the test if there is none. */
const struct hb_command *host_last(const struct host *host, enum hb_command_kind kind);
uint32_t host_count(const struct host *host, enum hb_command_kind kind);
/* Answers the latest command of that kind with DONE. */
void host_answer(struct host *host, enum hb_command_kind kind, enum hb_result result);
/* Answers the latest question with one place for sure (or up to three). */
void host_predict(struct host *host, uint32_t place, float confidence);

/* The latest sample of a kind; fails the test if there is none. */
const struct hb_sample *host_sample(const struct host *host, enum hb_sample_kind kind);
enum hb_reason host_reason(const struct host *host);
uint32_t host_phase(const struct host *host, uint32_t client);

/* Client 0 connected at place 0 with its primary at site 0. */
void host_bring_served(struct host *host);
/* ... and then on to a phase, with a mirror at site 1 (policy predictive or
 * reactive). */
void host_bring_to(struct host *host, enum hb_phase phase);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_INFRA_OPERATIONS_H
#define SIM_INFRA_OPERATIONS_H

/* The inside of sim/infra/infra.h, shared by infra.c and infra_copy.c. */
#include "sim/engine/timer.h"
#include "sim/infra/infra.h"
#include "sim/infra/instances.h"

#define SIM_OPERATIONS_NONE SIM_INSTANCES_NONE

/* A command that has not been answered yet. */
enum sim_operations_kind {
    SIM_OPERATIONS_ANSWER, /* the answer itself, at the next turn of the loop */
    SIM_OPERATIONS_START,  /* sub: a provisioning job, or the next who waits for a shared one */
    SIM_OPERATIONS_CHANGE, /* a power state takes its time */
    SIM_OPERATIONS_COPY,   /* sub: the transfer of the present round */
    SIM_OPERATIONS_BREAK   /* nobody's: streams over a cut line break when it is due */
};

struct sim_operations_one {
    struct sim_timer timer;
    uint64_t req;
    double value;             /* ANSWER: what to say; COPY: MB of the rounds before */
    double round_mb;
    int64_t round_begun_ns;
    uint32_t client, site, from, sub;
    uint32_t next;            /* of the free list */
    uint16_t round;
    uint8_t kind, result;     /* result of an ANSWER; COPY: 1 in the last round */
};

struct sim_infra_site {
    uint32_t served;            /* clients whose requests come here */
    uint32_t version;           /* of the load */
    uint32_t delay_version;     /* of `delay`: version + 1 when it was computed; 0: never */
    uint32_t capacity_order, capacity_is_pending;
    uint32_t is_dead;           /* nothing starts or runs there */
    uint32_t is_cut;            /* its line carries nothing */
    uint32_t cut_ms;            /* since when */
    uint32_t break_operation;   /* of a cut line, or SIM_OPERATIONS_NONE */
    uint32_t shared_job, shared_waiting; /* shared: under way, and the operations on it */
    struct sim_queueing_delay delay;
    double image_booked_mb;
};

struct sim_infra {
    struct sim_infra_config config;
    struct sim_ledger *ledger;
    struct sim_transfer *transfer;
    struct sim_provision *provision;
    struct sim_instances *instances;
    struct sim_operations_one *operations;
    struct sim_infra_site *sites;
    uint32_t *served; /* [client_count]: site or HB_NONE */
    uint64_t *stream_reqs; /* [instance_capacity] of the copy that a stream goes on with; NULL:
                            * no line is ever cut */
    struct sim_timer_set timers;
    uint32_t free_operation, fresh_operation;
    struct sim_infra_counts counts;
};

/* A new operation, or SIM_OPERATIONS_NONE and the loop's end. */
uint32_t sim_operations_begin(struct sim_infra *infra, enum sim_operations_kind kind,
    uint64_t req, uint32_t client);
/* Ends an operation and tells the host. */
void sim_operations_finish(struct sim_infra *infra, uint32_t operation, enum hb_result result,
    double value);
/* ... without telling. */
void sim_operations_release(struct sim_infra *infra, uint32_t operation);
/* Its timer: sim_operations_expire after duration_s. */
void sim_operations_start_timer(struct sim_infra *infra, uint32_t operation, double duration_s);
/* Ends an operation; the host hears of it at the next turn. */
void sim_operations_finish_soon(struct sim_infra *infra, uint32_t operation,
    enum hb_result result, double value);

/* For the timers and for sim/infra/provision.h; ctx is the infra. */
void sim_operations_expire(void *ctx, const struct sim_event *event);
void sim_operations_provisioned(void *ctx, uint32_t job, uint64_t tag, enum hb_result result,
    double lead_s);

/* infra.c: ends a start that is under way; the operation lives on. */
void sim_operations_cancel_job(struct sim_infra *infra, uint32_t operation);
/* Ends what is under way at an instance, and the streams at both its ends. */
void sim_operations_interrupt(struct sim_infra *infra, uint32_t client, uint32_t i);

/* infra_copy.c: ends a copy in its present round; its bytes are wasted. */
void sim_operations_abort_copy(struct sim_infra *infra, uint32_t operation);
/* Ends the live stream that the instance takes, if any. */
void sim_operations_end_stream(struct sim_infra *infra, struct sim_instances_one *one,
    bool kept);
/* infra_line.c: whether what goes from one site to the other stands still. */
bool sim_operations_is_cut(const struct sim_infra *infra, uint32_t from, uint32_t to);
/* Until when the stream's bytes have been delivered: now, or its line was cut. */
uint32_t sim_operations_delivered_ms(const struct sim_infra *infra,
    const struct sim_instances_one *one);
/* The timer of a BREAK, or of a COPY that has stood still for too long, is due. */
void sim_operations_break(struct sim_infra *infra, uint32_t operation);
/* infra_copy.c: ... and the copy fails. */
void sim_operations_fail_copy(struct sim_infra *infra, uint32_t operation);
/* Books the stream's bytes up to now. */
void sim_operations_book_stream(struct sim_infra *infra, struct sim_instances_one *one,
    enum sim_ledger_purpose purpose);

#endif

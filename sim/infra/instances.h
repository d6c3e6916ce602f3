/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_INFRA_INSTANCES_H
#define SIM_INFRA_INSTANCES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/map.h"
#include "sim/infra/ledger.h"

#define SIM_INSTANCES_NONE UINT32_MAX

/* Where an instance is in its life. */
enum sim_instances_phase {
    SIM_INSTANCES_PROVISIONING,
    SIM_INSTANCES_RUNNING,
    SIM_INSTANCES_SUSPENDING,
    SIM_INSTANCES_STANDBY,
    SIM_INSTANCES_RESUMING,
    SIM_INSTANCES_STOPPING
};

/* One client's instance at one site. 32 bytes. */
struct sim_instances_one {
    int64_t since_ns;         /* in this power state */
    uint32_t site, next;      /* next: of the client, or of the free list */
    uint32_t operation;       /* that changes it now, or SIM_INSTANCES_NONE */
    uint32_t stream_from;     /* site whose live stream it takes, or HB_NONE */
    uint32_t stream_since_ms; /* since the run's start */
    uint8_t phase, power, is_copying;
};

/* All instances of a run, the slots that they take, and the time that they
 * spend in each power state, which goes to the ledger. With `shared` a site's
 * instances are one: it takes one slot and is as awake as its most awake user. */
struct sim_instances;

struct sim_instances_config {
    const struct hb_site *sites; /* [site_count], borrowed */
    uint32_t site_count, client_count;
    uint32_t capacity;
    bool shared;
    struct sim_ledger *ledger; /* borrowed */
    /* Told of each site whose free slots have changed. */
    void (*changed)(void *ctx, uint32_t site);
    void *ctx;
};

enum hb_status sim_instances_create(const struct sim_instances_config *config,
    struct sim_instances **out);
void sim_instances_free(struct sim_instances *instances);

/* SIM_INSTANCES_NONE if there is none. */
uint32_t sim_instances_find(const struct sim_instances *instances, uint32_t client,
    uint32_t site);
struct sim_instances_one *sim_instances_at(const struct sim_instances *instances, uint32_t index);
/* The client's instances: first, then at->next. */
uint32_t sim_instances_first(const struct sim_instances *instances, uint32_t client);

/* A new instance, idle; SIM_INSTANCES_NONE if the table is full. */
uint32_t sim_instances_add(struct sim_instances *instances, uint32_t client, uint32_t site,
    int64_t now_ns);
void sim_instances_remove(struct sim_instances *instances, uint32_t client, uint32_t index,
    int64_t now_ns);
void sim_instances_set_power(struct sim_instances *instances, uint32_t index,
    enum hb_power power, int64_t now_ns);

/* Whether one instance more fits. */
bool sim_instances_has_room(const struct sim_instances *instances, uint32_t site);
uint32_t sim_instances_used(const struct sim_instances *instances, uint32_t site);
uint32_t sim_instances_free_slots(const struct sim_instances *instances, uint32_t site);

/* Books all open intervals up to now. */
void sim_instances_settle(struct sim_instances *instances, int64_t now_ns);

bool sim_instances_is_consistent(const struct sim_instances *instances, char *why,
    size_t why_bytes);
size_t sim_instances_bytes(const struct sim_instances *instances);

#endif

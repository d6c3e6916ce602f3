/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_RUN_REGISTRY_H
#define SIM_RUN_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* The devices that have opted in, under the dense index that the core calls
 * them by: who opts in is the same for all policies of a replication, so they
 * show their devices to one registry, from any thread. It knows all of them
 * before the study starts; its epoch is that of the policy furthest ahead. */
struct sim_registry_config {
    uint64_t seed;           /* of the secret salt */
    uint32_t client_count;
    const uint8_t *consents; /* [client_count], kept by the caller as long as the registry */
    double epoch_s;
};

struct sim_registry;

/* What hb_identity_create and hb_identity_admit give; HB_ERR_MEMORY. */
enum hb_status sim_registry_create(const struct sim_registry_config *config,
    struct sim_registry **out);
void sim_registry_free(struct sim_registry *registry);

/* A client shows its device; *core untouched unless HB_OK. HB_ERR_DENIED: it has not opted in. */
enum hb_status sim_registry_admit(struct sim_registry *registry, uint32_t client, int64_t at_ns,
    uint32_t *core);

/* How many have opted in: the core's indices are below. */
uint32_t sim_registry_count(const struct sim_registry *registry);
/* The same, but at least 1: room for the core's tables of clients. */
uint32_t sim_registry_capacity(const struct sim_registry *registry);

/* [client_count] From the core's index to the trace's; 0 beyond the count. */
const uint32_t *sim_registry_clients(const struct sim_registry *registry);
/* [client_count] And back; HB_NONE: has not opted in. */
const uint32_t *sim_registry_cores(const struct sim_registry *registry);

size_t sim_registry_bytes(const struct sim_registry *registry);

#endif

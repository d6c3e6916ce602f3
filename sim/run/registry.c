/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/registry.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/identity.h"
#include "core/map.h"
#include "sim/engine/stream.h"

struct sim_registry {
    pthread_mutex_t lock; /* of identity and latest_ns; the rest is only read */
    struct hb_identity *identity;
    int64_t latest_ns; /* the core's registry never goes back in time */
    uint32_t client_count;
    const uint8_t *consents;
    uint32_t *clients; /* [client_count] the core's index -> the trace's */
    uint32_t *cores;   /* and back; HB_NONE: has not opted in */
};

static enum hb_status create_identity(struct sim_registry *registry,
    const struct sim_registry_config *config)
{
    uint32_t consent_count = 0;
    for (uint32_t client = 0; client < config->client_count; client++) {
        consent_count += config->consents[client];
    }
    struct hb_identity_config identity
        = { .client_capacity = consent_count > 0 ? consent_count : 1, .epoch_s = config->epoch_s };
    struct sim_stream stream = sim_stream_of(config->seed, SIM_STREAM_CONSENT, UINT64_MAX);
    for (size_t i = 0; i < sizeof identity.salt; i++) {
        identity.salt[i] = (uint8_t)sim_stream_next(&stream);
    }
    return hb_identity_create(&identity, &registry->identity);
}

static enum hb_status admit_all(struct sim_registry *registry)
{
    for (uint32_t client = 0; client < registry->client_count; client++) {
        uint32_t *core = &registry->cores[client];
        *core = HB_NONE;
        enum hb_status status = sim_registry_admit(registry, client, 0, core);
        if (status == HB_OK) {
            registry->clients[*core] = client;
        } else if (status != HB_ERR_DENIED) {
            return status;
        }
    }
    return HB_OK;
}

enum hb_status sim_registry_create(const struct sim_registry_config *config,
    struct sim_registry **out)
{
    struct sim_registry *registry = calloc(1, sizeof *registry);
    if (registry == NULL || pthread_mutex_init(&registry->lock, NULL) != 0) {
        free(registry);
        return HB_ERR_MEMORY;
    }
    registry->client_count = config->client_count;
    registry->consents = config->consents;
    registry->clients = calloc(config->client_count, sizeof *registry->clients);
    registry->cores = calloc(config->client_count, sizeof *registry->cores);
    bool is_whole = registry->clients != NULL && registry->cores != NULL;
    enum hb_status status = is_whole ? HB_OK : HB_ERR_MEMORY;
    status = status == HB_OK ? create_identity(registry, config) : status;
    status = status == HB_OK ? admit_all(registry) : status;
    if (status != HB_OK) {
        sim_registry_free(registry);
        return status;
    }
    *out = registry;
    return HB_OK;
}

void sim_registry_free(struct sim_registry *registry)
{
    if (registry == NULL) {
        return;
    }
    hb_identity_free(registry->identity);
    free(registry->cores);
    free(registry->clients);
    (void)pthread_mutex_destroy(&registry->lock); /* of an unlocked mutex it cannot fail */
    free(registry);
}

enum hb_status sim_registry_admit(struct sim_registry *registry, uint32_t client, int64_t at_ns,
    uint32_t *core)
{
    char device[32];
    uint32_t admitted = HB_NONE;
    int length = snprintf(device, sizeof device, "device-%u", client);
    (void)pthread_mutex_lock(&registry->lock); /* a plain mutex, never held twice */
    registry->latest_ns = at_ns > registry->latest_ns ? at_ns : registry->latest_ns;
    enum hb_status status = hb_identity_admit(registry->identity, registry->latest_ns, device,
        (size_t)length, registry->consents[client], &admitted);
    (void)pthread_mutex_unlock(&registry->lock);
    if (status == HB_OK) {
        *core = admitted;
    }
    return status;
}

uint32_t sim_registry_count(const struct sim_registry *registry)
{
    return hb_identity_count(registry->identity);
}

uint32_t sim_registry_capacity(const struct sim_registry *registry)
{
    uint32_t count = sim_registry_count(registry);
    return count > 0 ? count : 1;
}

const uint32_t *sim_registry_clients(const struct sim_registry *registry)
{
    return registry->clients;
}

const uint32_t *sim_registry_cores(const struct sim_registry *registry)
{
    return registry->cores;
}

size_t sim_registry_bytes(const struct sim_registry *registry)
{
    return sizeof *registry + hb_identity_bytes(registry->identity)
        + registry->client_count * (sizeof *registry->clients + sizeof *registry->cores);
}

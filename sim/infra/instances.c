/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/infra/instances.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define NONE SIM_INSTANCES_NONE

_Static_assert(sizeof(struct sim_instances_one) == 32, "an instance takes 32 bytes");

struct place {
    uint32_t count[HB_POWER_COUNT]; /* instances by power state */
    int64_t since_ns;               /* shared: in the state of the most awake */
};

struct sim_instances {
    struct sim_instances_config config;
    struct sim_instances_one *all;
    uint32_t *first; /* [client_count] */
    struct place *places;
    uint32_t free_one, fresh; /* from fresh on none was ever used */
};

enum hb_status sim_instances_create(const struct sim_instances_config *config,
    struct sim_instances **out)
{
    struct sim_instances *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return HB_ERR_MEMORY;
    }
    self->config = *config;
    self->free_one = NONE;
    self->all = calloc(config->capacity, sizeof *self->all);
    self->first = malloc(config->client_count * sizeof *self->first);
    self->places = calloc(config->site_count, sizeof *self->places);
    if (self->all == NULL || self->first == NULL || self->places == NULL) {
        sim_instances_free(self);
        return HB_ERR_MEMORY;
    }
    for (uint32_t client = 0; client < config->client_count; client++) {
        self->first[client] = NONE;
    }
    *out = self;
    return HB_OK;
}

void sim_instances_free(struct sim_instances *self)
{
    if (self == NULL) {
        return;
    }
    free(self->places);
    free(self->first);
    free(self->all);
    free(self);
}

uint32_t sim_instances_find(const struct sim_instances *self, uint32_t client, uint32_t site)
{
    uint32_t i = self->first[client];
    while (i != NONE && self->all[i].site != site) {
        i = self->all[i].next;
    }
    return i;
}

struct sim_instances_one *sim_instances_at(const struct sim_instances *self, uint32_t index)
{
    assert(index < self->fresh);
    return &self->all[index];
}

uint32_t sim_instances_first(const struct sim_instances *self, uint32_t client)
{
    return self->first[client];
}

static uint32_t users(const struct place *place)
{
    uint32_t sum = 0;
    for (int i = 0; i < HB_POWER_COUNT; i++) {
        sum += place->count[i];
    }
    return sum;
}

static enum hb_power most_awake(const struct place *place)
{
    int power = HB_POWER_BUSY;
    while (power > HB_POWER_OFF && place->count[power] == 0) {
        power--;
    }
    return (enum hb_power)power;
}

/* The instance's, or the shared one's, time in its state up to now. */
static void book(struct sim_instances *self, struct sim_instances_one *one, int64_t now_ns)
{
    if (!self->config.shared) {
        sim_ledger_book_time(self->config.ledger, one->site, (enum hb_power)one->power,
            one->since_ns, now_ns);
        one->since_ns = now_ns;
        return;
    }
    struct place *place = &self->places[one->site];
    if (users(place) > 0) {
        sim_ledger_book_time(self->config.ledger, one->site, most_awake(place), place->since_ns,
            now_ns);
    }
    place->since_ns = now_ns;
}

static void tell(struct sim_instances *self, uint32_t site, uint32_t used_before)
{
    if (sim_instances_used(self, site) != used_before
        && self->config.sites[site].slots != UINT32_MAX) {
        self->config.changed(self->config.ctx, site);
    }
}

uint32_t sim_instances_add(struct sim_instances *self, uint32_t client, uint32_t site,
    int64_t now_ns)
{
    assert(client < self->config.client_count);
    assert(site < self->config.site_count);
    uint32_t i = self->free_one;
    if (i != NONE) {
        self->free_one = self->all[i].next;
    } else if (self->fresh < self->config.capacity) {
        i = self->fresh++;
    } else {
        return NONE;
    }
    uint32_t used = sim_instances_used(self, site);
    struct sim_instances_one *one = &self->all[i];
    *one = (struct sim_instances_one){ .since_ns = now_ns, .site = site,
        .next = self->first[client], .operation = NONE, .stream_from = HB_NONE,
        .phase = SIM_INSTANCES_RUNNING, .power = HB_POWER_IDLE };
    self->first[client] = i;
    book(self, one, now_ns); /* the shared instance's time before */
    self->places[site].count[HB_POWER_IDLE]++;
    tell(self, site, used);
    return i;
}

void sim_instances_remove(struct sim_instances *self, uint32_t client, uint32_t index,
    int64_t now_ns)
{
    struct sim_instances_one *one = sim_instances_at(self, index);
    uint32_t *link = &self->first[client], used = sim_instances_used(self, one->site);
    while (*link != index) {
        assert(*link != NONE);
        link = &self->all[*link].next;
    }
    *link = one->next;
    book(self, one, now_ns);
    self->places[one->site].count[one->power]--;
    one->next = self->free_one;
    self->free_one = index;
    uint32_t site = one->site;
    one->site = HB_NONE; /* no instance any more */
    tell(self, site, used);
}

void sim_instances_set_power(struct sim_instances *self, uint32_t index, enum hb_power power,
    int64_t now_ns)
{
    struct sim_instances_one *one = sim_instances_at(self, index);
    if (one->power == (uint8_t)power) {
        return;
    }
    book(self, one, now_ns);
    self->places[one->site].count[one->power]--;
    self->places[one->site].count[power]++;
    one->power = (uint8_t)power;
}

uint32_t sim_instances_used(const struct sim_instances *self, uint32_t site)
{
    uint32_t count = users(&self->places[site]);
    return self->config.shared && count > 0 ? 1 : count;
}

bool sim_instances_has_room(const struct sim_instances *self, uint32_t site)
{
    uint32_t used = sim_instances_used(self, site), slots = self->config.sites[site].slots;
    return slots == UINT32_MAX || used < slots || (self->config.shared && used > 0);
}

uint32_t sim_instances_free_slots(const struct sim_instances *self, uint32_t site)
{
    uint32_t used = sim_instances_used(self, site), slots = self->config.sites[site].slots;
    return slots == UINT32_MAX ? UINT32_MAX : used < slots ? slots - used : 0;
}

void sim_instances_settle(struct sim_instances *self, int64_t now_ns)
{
    for (uint32_t i = 0; i < self->fresh; i++) {
        if (self->all[i].site != HB_NONE) {
            book(self, &self->all[i], now_ns);
        }
    }
}

bool sim_instances_is_consistent(const struct sim_instances *self, char *why, size_t why_bytes)
{
    uint64_t living = 0, counted = 0, linked = 0;
    for (uint32_t i = 0; i < self->fresh; i++) {
        living += self->all[i].site != HB_NONE;
    }
    for (uint32_t site = 0; site < self->config.site_count; site++) {
        counted += users(&self->places[site]);
    }
    for (uint32_t client = 0; client < self->config.client_count; client++) {
        for (uint32_t i = self->first[client]; i != NONE; i = self->all[i].next) {
            linked++;
        }
    }
    if (living != counted || living != linked) {
        (void)snprintf(why, why_bytes, "%llu instances live, sites count %llu, clients have %llu",
            (unsigned long long)living, (unsigned long long)counted, (unsigned long long)linked);
        return false;
    }
    return true;
}

size_t sim_instances_bytes(const struct sim_instances *self)
{
    return sizeof *self + self->fresh * sizeof *self->all
        + self->config.client_count * sizeof *self->first
        + self->config.site_count * sizeof *self->places;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_BENCH_ENGINE_HOLD_H
#define TESTS_BENCH_ENGINE_HOLD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { HOLD_TABLE_COUNT = 2048 };

/* What an event is about; one cache line, touched whenever its event comes. */
struct hold_client {
    uint64_t seen_ns[7];
    uint32_t order;
    uint32_t index;
};

/* The hold model: pending events, one a client; pop the first, touch its
 * client, push the client's next one an increment later. The increments come
 * from a table [HOLD_TABLE_COUNT], picked by a cheap generator, so that all
 * contestants do the same work and almost nothing else. */
struct hold {
    const int64_t *increments_ns;
    struct hold_client *clients; /* [pending] */
    size_t pending;
    uint64_t picker;
    uint64_t instants, contents; /* digests of all that was popped, in order */
};

static inline int64_t hold_increment_ns(struct hold *hold)
{
    hold->picker = hold->picker * 6364136223846793005ULL + 1442695040888963407ULL;
    return hold->increments_ns[hold->picker >> 53];
}

static inline void hold_touch(struct hold *hold, uint32_t entity, int64_t at_ns)
{
    struct hold_client *client = &hold->clients[entity];
    for (int i = 0; i < 7; i++) {
        client->seen_ns[i] += (uint64_t)at_ns;
    }
    hold->instants = (hold->instants ^ (uint64_t)at_ns) * 0x9e3779b97f4a7c15ULL;
    hold->contents = (hold->contents ^ client->index) * 0x9e3779b97f4a7c15ULL;
}

/* A pending-event set under test. run does ops hold operations. */
struct hold_contestant {
    const char *name;
    void *(*create)(struct hold *hold); /* and fills it */
    void (*run)(void *self, struct hold *hold, size_t ops);
    void (*free)(void *self);
};

extern const struct hold_contestant hold_ladder, hold_heap2, hold_heap4;

/* What a ladder's queue holds of the heap. */
void hold_ladder_bytes(const void *self, size_t *used, size_t *reserved);

/* Of the program's ns-3 part, if it was built in (HAVE_NS3). */
extern const struct hold_contestant hold_ns3_priority, hold_ns3_map;

#ifdef __cplusplus
}
#endif

#endif

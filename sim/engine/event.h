/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_EVENT_H
#define SIM_ENGINE_EVENT_H

#include <stdint.h>

#define SIM_EVENT_ENTITY_MAX ((UINT32_C(1) << 28) - 1)
#define SIM_EVENT_PAYLOAD_MAX ((UINT32_C(1) << 24) - 1)
#define SIM_EVENT_RANK_MAX 15

/* Something that will happen. Events leave the queue in the order of
 * (at_ns, rank, entity, order), whatever order they came in, so these four
 * together must be unique among the pending ones:
 *   at_ns    the instant, >= 0
 *   rank     who goes first within an instant (truth before core before logs)
 *   entity   client, router, site ...: the one whose counter `order` is.
 *            Kinds that number different things need different ranks.
 *   order    the entity's own counter, one up with each event it schedules
 *   kind     which handler of the loop; below 255
 *   payload  the handler's own: an index of a message, a request ... */
struct sim_event {
    int64_t at_ns;
    uint32_t entity;  /* <= SIM_EVENT_ENTITY_MAX */
    uint32_t order;
    uint32_t payload; /* <= SIM_EVENT_PAYLOAD_MAX */
    uint8_t rank;     /* <= SIM_EVENT_RANK_MAX */
    uint8_t kind;
};

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ENGINE_STREAM_H
#define SIM_ENGINE_STREAM_H

#include <stdint.h>

/* What random numbers are drawn for. A line here opens a family of streams
 * independent of all others. The code is part of every result: never change or
 * reuse one; a new line takes the next free number, in any order (a duplicate
 * does not compile). */
#define SIM_STREAM_PURPOSE_LIST(X) \
    X(TEST, 0)                     \
    X(HOME, 1)                     \
    X(WORK, 2)                     \
    X(ACTIVITY, 3)                 \
    X(TRIP, 4)                     \
    X(LAND, 19)                    \
    X(ACCESS, 5)                   \
    X(SESSION, 6)                  \
    X(REQUEST, 7)                  \
    X(RESOLVER, 8)                 \
    X(DNS, 9)                      \
    X(PROVISION, 10)               \
    X(TRANSFER, 11)                \
    X(FAULT, 12)                   \
    X(BGP, 13)                     \
    X(TOPOLOGY, 14)                \
    X(PREDICTOR, 15)               \
    X(POLICY, 16)                  \
    X(BOOTSTRAP, 17)               \
    X(CONSENT, 20)                 \
    X(REPLICATION, 18)             \
    /* the list ends here */

enum sim_stream_purpose {
#define X(name, code) SIM_STREAM_##name = (code),
    SIM_STREAM_PURPOSE_LIST(X)
#undef X
};

/* One endless sequence of random words, fixed by (seed, purpose, entity) and
 * nothing else; a plain value, so a copy replays and `drawn` is its position.
 * Philox4x32-10 in counter mode. Source: Salmon et al., SC 2011. */
struct sim_stream {
    uint64_t seed, entity;
    uint64_t drawn; /* words so far, < 2^49 */
    uint64_t spare; /* second half of the current block, if drawn is odd */
    uint32_t purpose;
};

/* entity: any number, e.g. client or client << 32 | day. */
struct sim_stream sim_stream_of(uint64_t seed, enum sim_stream_purpose purpose, uint64_t entity);

/* The next 64 uniform bits. */
uint64_t sim_stream_next(struct sim_stream *stream);

/* The seed of replication 0, 1, ... of an experiment; 0 keeps the seed. */
uint64_t sim_stream_replica_seed(uint64_t seed, uint32_t replication);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/stream.h"

#include <assert.h>

#include <Random123/philox.h>

/* The owner of Random123. One block is Philox4x32-10 of
 *   key      seed
 *   counter  block number : 48, purpose : 16, entity : 64
 * so that distinct (seed, purpose, entity) never share a block. */
static philox4x32_ctr_t block_of(const struct sim_stream *stream, uint64_t number)
{
    philox4x32_ctr_t counter = { .v = { (uint32_t)number,
        (uint32_t)(number >> 32) | stream->purpose << 16,
        (uint32_t)stream->entity, (uint32_t)(stream->entity >> 32) } };
    philox4x32_key_t key = { .v = { (uint32_t)stream->seed, (uint32_t)(stream->seed >> 32) } };
    return philox4x32_R(10, counter, key);
}

struct sim_stream sim_stream_of(uint64_t seed, enum sim_stream_purpose purpose, uint64_t entity)
{
    assert((uint32_t)purpose <= UINT16_MAX);
    return (struct sim_stream) { .seed = seed, .entity = entity, .purpose = (uint32_t)purpose };
}

uint64_t sim_stream_next(struct sim_stream *stream)
{
    if (stream->drawn++ % 2 == 1) {
        return stream->spare;
    }
    philox4x32_ctr_t block = block_of(stream, stream->drawn / 2);
    stream->spare = (uint64_t)block.v[3] << 32 | block.v[2];
    return (uint64_t)block.v[1] << 32 | block.v[0];
}

uint64_t sim_stream_replica_seed(uint64_t seed, uint32_t replication)
{
    if (replication == 0) {
        return seed;
    }
    struct sim_stream stream = sim_stream_of(seed, SIM_STREAM_REPLICATION, replication);
    return sim_stream_next(&stream);
}

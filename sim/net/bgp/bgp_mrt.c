/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/bgp/bgp_mrt.h"

#define ADDRESS_FIRST UINT32_C(0x0A000000)
#define PREFIX_FIRST UINT32_C(0xCB000000)

static uint32_t address(uint32_t node)
{
    return ADDRESS_FIRST + ((node + 1) & UINT32_C(0xFFFFFF));
}

static uint32_t as_of(const struct sim_bgp_mrt *mrt, uint32_t node)
{
    return mrt->as_number != NULL ? mrt->as_number[node] : mrt->topology->number[node];
}

void sim_bgp_mrt_sent(struct sim_bgp_mrt *mrt, const struct sim_bgp_message *message)
{
    if (mrt->status != HB_OK
        || (mrt->receiver != SIM_BGP_NONE && mrt->receiver != message->to)) {
        return;
    }
    uint32_t hops[DATA_MRT_PATH_MAX];
    uint32_t count = 0;
    if (!message->is_withdrawal) {
        hops[0] = message->from; /* of a path within an AS, which may be empty */
        count = sim_bgp_message_path(mrt->bgp, message, hops, DATA_MRT_PATH_MAX);
        count = count == 0 ? 1 : count;
        if (count > DATA_MRT_PATH_MAX) {
            mrt->status = HB_ERR_FULL;
            return;
        }
        for (uint32_t i = 0; i < count; i++) {
            hops[i] = as_of(mrt, hops[i]);
        }
    }
    struct data_mrt_update update = { .at_ns = mrt->epoch_ns + message->at_ns,
        .peer_as = as_of(mrt, message->from),
        .local_as = as_of(mrt, message->to), .peer_ip = address(message->from),
        .local_ip = address(message->to), .prefix = PREFIX_FIRST | message->prefix << 8,
        .prefix_bits = 24, .is_withdrawal = message->is_withdrawal,
        .origin = message->origin, .has_med = message->med != 0, .med = message->med,
        .has_community = message->community != 0, .community = message->community,
        .next_hop = address(message->from), .path = hops, .path_count = count };
    mrt->status = data_mrt_write(mrt->file, &update);
    mrt->written += mrt->status == HB_OK;
}

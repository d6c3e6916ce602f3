/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_MRT_H
#define DATA_MRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/problem.h"

/* BGP updates as MRT writes them (RFC 6396): records BGP4MP_ET, MESSAGE_AS4,
 * IPv4, with microseconds; readable by bgpdump and its like. */
struct data_mrt;

#define DATA_MRT_PATH_MAX 255 /* ASes of one AS_SEQUENCE */

struct data_mrt_update {
    int64_t at_ns;               /* since 1970; rounded down to microseconds */
    uint32_t peer_as, local_as;  /* who sent it, who received it */
    uint32_t peer_ip, local_ip;  /* 10.0.0.1 is 0x0A000001 */
    uint32_t prefix;
    uint8_t prefix_bits;         /* 0..32; bits of prefix beyond must be 0 (asserted) */
    bool is_withdrawal;          /* nothing that follows counts */
    uint8_t origin;              /* 0 IGP, 1 EGP, 2 INCOMPLETE */
    bool has_med, has_community;
    uint32_t next_hop, med, community;
    const uint32_t *path;        /* [path_count] nearest first */
    uint32_t path_count;         /* 1..DATA_MRT_PATH_MAX (asserted) */
};

/* The file gets its name when data_mrt_close succeeds. HB_ERR_IO, HB_ERR_MEMORY. */
enum hb_status data_mrt_create(
    const char *path, struct data_mrt **out, struct data_problem *problem);

/* HB_ERR_RANGE: an instant outside 1970..2106; HB_ERR_IO. */
enum hb_status data_mrt_write(struct data_mrt *mrt, const struct data_mrt_update *update);

/* With keep, the file under its name; else, and on failure, nothing is left. */
enum hb_status data_mrt_close(struct data_mrt *mrt, bool keep, struct data_problem *problem);

#endif

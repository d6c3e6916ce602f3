/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_PEERING_H
#define DATA_PEERING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/problem.h"

/* Measured catchments of a prefix that two sites of the PEERING testbed
 * announce (Sermpezis et al., IFIP Networking 2021), in a folder of
 *   peers.json                                    neighbours of every site
 *   ID_SITE_SITE/dp_pings_est_as_to_mux_catchment.json.gz     AS -> site, by ping
 *   ID_SITE_SITE/SITE_bgpstream_paths.csv.gz      what route collectors saw of
 *                                                 each site while it was alone */
#define DATA_PEERING_NAME_BYTES 24
#define DATA_PEERING_SITES_MAX 64
#define DATA_PEERING_EXPERIMENTS_MAX 256

struct data_peering_link {
    uint32_t site, as;
    bool is_transit; /* the neighbour provides transit; else a peer */
};

struct data_peering_path { /* hops[first] is the collector's neighbour, the last the site's */
    uint32_t site, first, count;
};

struct data_peering_answer {
    uint32_t as;
    uint8_t side; /* 0 or 1: which of the two sites its packets reach */
};

struct data_peering_experiment {
    uint32_t id, site[2];
    size_t answer_count;
    struct data_peering_answer *answers;
};

struct data_peering {
    uint32_t site_count, experiment_count;
    char names[DATA_PEERING_SITES_MAX][DATA_PEERING_NAME_BYTES];
    size_t link_count, path_count, hop_count;
    struct data_peering_link *links;
    struct data_peering_path *paths;
    uint32_t *hops;
    struct data_peering_experiment *experiments; /* ascending in id */
};

/* Reads all of it; IPv4 neighbours only, route servers left out (their members
 * stand for themselves); paths without the common prefix's AS, with a repeated
 * AS or without the announcing neighbour are left out.
 *   HB_ERR_IO, HB_ERR_FORMAT (problem: file, line), HB_ERR_FULL, HB_ERR_MEMORY */
enum hb_status data_peering_load(const char *folder, struct data_peering **out,
    struct data_problem *problem);
void data_peering_free(struct data_peering *peering);

/* The number of a site, given now if it has none; UINT32_MAX: no room or a bad name. */
uint32_t data_peering_site(struct data_peering *peering, const char *name);

/* The two JSON forms, by peering_json.c. */
enum hb_status data_peering_links_read(const char *path, struct data_peering *peering,
    struct data_problem *problem);
enum hb_status data_peering_answers_read(const char *path, const struct data_peering *peering,
    struct data_peering_experiment *experiment, struct data_problem *problem);

#endif

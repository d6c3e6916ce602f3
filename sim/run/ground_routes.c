/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/ground.h"

#include <stdio.h>
#include <string.h>

/* "a, b, c" as far as they fit. */
static void list_sites(const struct sim_sites *sites, char *text, size_t text_bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t site = 0; site < sim_sites_len(sites); site++) {
        const char *name = sim_sites_name(sites, site);
        if (used + strlen(name) + sizeof ", ..." > text_bytes) {
            (void)snprintf(text + used, text_bytes - used, ", ...");
            return;
        }
        used += (size_t)snprintf(text + used, text_bytes - used, "%s%s", used > 0 ? ", " : "",
            name);
    }
}

static enum hb_status check_changes(const struct sim_stage *stage, struct data_problem *problem)
{
    const struct sim_scenario_topology *topology = &stage->scenario->topology;
    for (size_t i = 0; i < topology->change_count; i++) {
        const struct sim_scenario_routing *change = &topology->changes[i];
        if (sim_sites_find(stage->sites, change->site) == HB_NONE) {
            char names[240];
            list_sites(stage->sites, names, sizeof names);
            return data_problem_set(problem, HB_ERR_FORMAT,
                "%s: site=\"%s\": expected the name of one of the %u sites: %s", change->at,
                change->site, sim_sites_len(stage->sites), names);
        }
    }
    return HB_OK;
}

enum hb_status sim_ground_routes(struct sim_stage *stage, struct data_problem *problem)
{
    const struct sim_scenario_topology *topology = &stage->scenario->topology;
    bool is_internet = topology->kind == SIM_TOPO_GENERATED && topology->shape == SIM_TOPO_INTERNET;
    struct sim_topo_config config = { .kind = (enum sim_topo_kind)topology->kind,
        .name = topology->at,
        .shape = (enum sim_topo_shape)topology->shape,
        .by_city = is_internet && topology->routers == 1,
        .file = topology->file[0] != '\0' ? topology->file : NULL,
        .countries = topology->countries[0] != '\0' ? topology->countries : NULL,
        .measured = stage->measured,
        .as_count = topology->ases,
        .tier1_count = topology->tier1,
        .access_count = topology->access_ases,
        .upstream_count = topology->upstreams,
        .common_count = topology->common_upstreams,
        .origin_as = topology->origin_as,
        .seed = stage->seed,
        .path = &stage->path,
        .map = &stage->map };
    enum hb_status status = check_changes(stage, problem);
    if (status != HB_OK) {
        return status;
    }
    sim_topo_free(stage->topo);
    stage->topo = NULL;
    return sim_topo_create(&config, &stage->topo, problem);
}

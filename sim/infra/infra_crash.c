/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/units.h"
#include "sim/infra/operations.h"

void sim_infra_kill(struct sim_infra *infra, uint32_t client, uint32_t site)
{
    uint32_t i = sim_instances_find(infra->instances, client, site);
    if (i == SIM_INSTANCES_NONE) {
        return;
    }
    struct sim_instances_one *one = sim_instances_at(infra->instances, i);
    if (one->phase == SIM_INSTANCES_PROVISIONING) {
        sim_operations_cancel_job(infra, one->operation);
        sim_operations_finish_soon(infra, one->operation, HB_RESULT_FAILED, 0.0);
    } else {
        sim_operations_interrupt(infra, client, i);
    }
    sim_instances_remove(infra->instances, client, i, sim_loop_now_ns(infra->config.loop));
}

void sim_infra_set_dead(struct sim_infra *infra, uint32_t site, bool is_dead)
{
    infra->sites[site].is_dead = is_dead;
}

bool sim_infra_is_dead(const struct sim_infra *infra, uint32_t site)
{
    return infra->sites[site].is_dead != 0;
}

double sim_infra_resting_s(const struct sim_infra *infra, uint32_t client, uint32_t site)
{
    uint32_t i = sim_instances_find(infra->instances, client, site);
    if (i == SIM_INSTANCES_NONE) {
        return 0.0;
    }
    int64_t now_ns = sim_loop_now_ns(infra->config.loop);
    return hb_units_s(now_ns - sim_instances_at(infra->instances, i)->since_ns);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/catchment.h"

#include <stdlib.h>

struct sim_catchment {
    const struct sim_catchment_kind *kind;
    void *self;
};

enum hb_status sim_catchment_create(const struct sim_catchment_kind *kind, void *self,
    struct sim_catchment **out)
{
    struct sim_catchment *catchment = malloc(sizeof *catchment);
    if (catchment == NULL) {
        return HB_ERR_MEMORY;
    }
    *catchment = (struct sim_catchment){ .kind = kind, .self = self };
    *out = catchment;
    return HB_OK;
}

void sim_catchment_free(struct sim_catchment *catchment)
{
    if (catchment == NULL) {
        return;
    }
    catchment->kind->free(catchment->self);
    free(catchment);
}

enum hb_status sim_catchment_announce(struct sim_catchment *catchment, uint32_t site,
    const struct hb_route *route, int64_t now_ns)
{
    return catchment->kind->announce(catchment->self, site, route, now_ns);
}

enum hb_status sim_catchment_withdraw(struct sim_catchment *catchment, uint32_t site,
    int64_t now_ns)
{
    return catchment->kind->withdraw(catchment->self, site, now_ns);
}

uint32_t sim_catchment_site(const struct sim_catchment *catchment, uint32_t place)
{
    return catchment->kind->site(catchment->self, place);
}

void sim_catchment_listen(struct sim_catchment *catchment, sim_catchment_changed_fn *changed,
    void *ctx)
{
    catchment->kind->listen(catchment->self, changed, ctx);
}

const char *sim_catchment_name(const struct sim_catchment *catchment)
{
    return catchment->kind->name;
}

size_t sim_catchment_bytes(const struct sim_catchment *catchment)
{
    return sizeof *catchment + catchment->kind->bytes(catchment->self);
}

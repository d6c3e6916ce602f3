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

enum hb_status sim_catchment_fault(struct sim_catchment *catchment, uint32_t site,
    enum sim_catchment_fault fault, int64_t now_ns)
{
    return catchment->kind->fault(catchment->self, site, fault, now_ns);
}

enum hb_status sim_catchment_begin(struct sim_catchment *catchment)
{
    return catchment->kind->begin(catchment->self);
}

struct sim_catchment_view sim_catchment_view(const struct sim_catchment *catchment,
    uint32_t place)
{
    return catchment->kind->view(catchment->self, place);
}

uint32_t sim_catchment_site(const struct sim_catchment *catchment, uint32_t place)
{
    struct sim_catchment_view view = catchment->kind->view(catchment->self, place);
    bool is_reached = view.fate == SIM_CATCHMENT_SERVED || view.fate == SIM_CATCHMENT_STALE;
    return is_reached ? view.site : HB_NONE;
}

bool sim_catchment_is_cut(const struct sim_catchment *catchment, uint32_t site)
{
    return catchment->kind->is_cut(catchment->self, site);
}

bool sim_catchment_is_settled(const struct sim_catchment *catchment)
{
    return catchment->kind->is_settled(catchment->self);
}

struct sim_catchment_counts sim_catchment_counts(const struct sim_catchment *catchment)
{
    return catchment->kind->counts(catchment->self);
}

const char *sim_catchment_failure(const struct sim_catchment *catchment)
{
    return catchment->kind->failure(catchment->self);
}

const char *sim_catchment_fate_name(enum sim_catchment_fate fate)
{
    static const char *const names[SIM_CATCHMENT_FATE_COUNT] = {
#define X(name, text) [SIM_CATCHMENT_##name] = text,
        SIM_CATCHMENT_FATE_LIST(X)
#undef X
    };
    return names[fate];
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

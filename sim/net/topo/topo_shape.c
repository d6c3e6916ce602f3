/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small networks whose behaviour is known in closed form. */
#include <stdlib.h>

#include "sim/net/topo/topo_impl.h"

static enum hb_status relate_clique(struct topo_draft *draft)
{
    enum hb_status status = HB_OK;
    for (uint32_t a = 0; a < draft->as_count; a++) {
        for (uint32_t b = a + 1; b < draft->as_count && status == HB_OK; b++) {
            status = sim_topo_relate(draft, (struct topo_relation) { a, b, DATA_RELATION_SIBLING });
        }
    }
    return status;
}

static enum hb_status relate_ring(struct topo_draft *draft)
{
    enum hb_status status = HB_OK;
    uint32_t count = draft->as_count;
    for (uint32_t a = 0; a + 1 < count && status == HB_OK; a++) {
        status = sim_topo_relate(draft, (struct topo_relation) { a, a + 1, DATA_RELATION_SIBLING });
    }
    return status == HB_OK && count > 2
        ? sim_topo_relate(draft, (struct topo_relation) { 0, count - 1, DATA_RELATION_SIBLING })
        : status;
}

static enum hb_status relate_tree(struct topo_draft *draft)
{
    enum hb_status status = HB_OK;
    for (uint32_t child = 1; child < draft->as_count && status == HB_OK; child++) {
        status = sim_topo_relate(draft,
            (struct topo_relation) { child, (child - 1) / 2, DATA_RELATION_PROVIDER });
    }
    return status;
}

/* Each of 1, 2, 3 prefers the way through the next to its own way through 0. */
static enum hb_status relate_gadget(struct topo_draft *draft)
{
    static const struct topo_relation links[] = { { 0, 1, DATA_RELATION_SIBLING },
        { 0, 2, DATA_RELATION_SIBLING }, { 0, 3, DATA_RELATION_SIBLING },
        { 1, 2, DATA_RELATION_SIBLING }, { 2, 3, DATA_RELATION_SIBLING },
        { 1, 3, DATA_RELATION_SIBLING } };
    enum hb_status status = HB_OK;
    for (int i = 0; i < 6 && status == HB_OK; i++) {
        status = sim_topo_relate(draft, links[i]);
    }
    return status;
}

enum hb_status sim_topo_shape(struct topo_draft *draft)
{
    enum sim_topo_shape shape = draft->config->shape;
    draft->as_count = shape == SIM_TOPO_BAD_GADGET ? 4 : draft->config->as_count;
    draft->ases = calloc(draft->as_count, sizeof *draft->ases);
    if (draft->ases == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t as = 0; as < draft->as_count; as++) {
        draft->ases[as].number = as + 1;
        draft->ases[as].hub = as % draft->hub_count;
        topo_put_at(draft->ases[as].presence, draft->ases[as].hub);
    }
    switch (shape) {
    case SIM_TOPO_CLIQUE:
        return relate_clique(draft);
    case SIM_TOPO_RING:
        return relate_ring(draft);
    case SIM_TOPO_HIERARCHY:
        return relate_tree(draft);
    case SIM_TOPO_BAD_GADGET:
        return relate_gadget(draft);
    case SIM_TOPO_INTERNET:
        break;
    }
    return HB_ERR_RANGE;
}

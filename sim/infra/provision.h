/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_INFRA_PROVISION_H
#define SIM_INFRA_PROVISION_H

#include <stddef.h>

#include "core/event.h"
#include "sim/infra/transfer.h"

/* How an instance comes to run. Start times are lognormal by their 5th and
 * 95th percentiles (where a source gives a range, its ends), or by median and
 * spread (sigma of the logarithm). Sources: FACTS, see provision_technology.c.
 *        name            text              median_s  sigma */
#define SIM_PROVISION_TECHNOLOGY_LIST(X)                      \
    X(MICROVM,        "microvm",            0.110,    0.08)   \
    X(CONTAINER_SSD,  "container_ssd",      0.568,    0.20)   \
    X(CONTAINER_HDD,  "container_hdd",      1.157,    0.20)   \
    X(POD_CLOUD,      "pod_cloud",          6.46,     0.181)  \
    X(POD_JETSON,     "pod_jetson",         2.05,     0.190)  \
    X(POD_NUC,        "pod_nuc",            2.12,     0.251)  \
    X(POD_PI,         "pod_pi",            10.12,     0.850)  \
    X(FUNCTION,       "function",           0.079,    0.85)   \
    X(VM,             "vm",                23.0,      0.30)

enum sim_provision_technology {
#define X(name, text, median, sigma) SIM_PROVISION_##name,
    SIM_PROVISION_TECHNOLOGY_LIST(X)
#undef X
        SIM_PROVISION_TECHNOLOGY_COUNT
};

const char *sim_provision_technology_text(enum sim_provision_technology technology);
/* HB_ERR_NOT_FOUND. */
enum hb_status sim_provision_technology_of(const char *text, enum sim_provision_technology *out);
/* Median and sigma of the start time. */
void sim_provision_technology_start(enum sim_provision_technology technology, double *median_s,
    double *sigma);

/* provisioning = wait for one of the site's workers + image pull (over the
 * shared lines, once a site) + start + restore + readiness. */
struct sim_provision;

/* result OK, FAILED (drawn), or ABORTED is not told. lead_s: since the start. */
typedef void sim_provision_done_fn(void *ctx, uint32_t job, uint64_t tag, enum hb_result result,
    double lead_s);

struct sim_provision_config {
    struct sim_loop *loop;
    uint8_t kind, rank;
    uint64_t seed;
    uint32_t site_count;
    struct sim_transfer *transfer; /* borrowed; images come over it */
    uint32_t capacity;             /* jobs at once, 1..2^24 */
    enum sim_provision_technology technology;
    double image_mb;
    const uint8_t *image_cached; /* [site_count], non-zero: there at the start; NULL: nowhere */
    uint32_t workers;            /* instances that a site starts at once, > 0 */
    double restore_s;            /* fixed part of loading the application, >= 0 */
    double readiness_period_s;   /* the readiness probe's: ready is seen at its next tick, >= 0 */
    double failure_share;        /* of starts that fail (at the end of the start), 0..1 */
    double lead_s;               /* >= 0: every job takes exactly this long, whatever else is set
                                  * (the lead-time study); negative: the model above */
    sim_provision_done_fn *done;
    void *ctx;
};

/* container_ssd, 200 MB image, 8 workers, restore 0.2 s, readiness 1 s, no
 * failures, model lead; loop, kind, rank, sites and done stay to be filled in. */
void sim_provision_default(struct sim_provision_config *out);

/* HB_ERR_RANGE, HB_ERR_MEMORY. */
enum hb_status sim_provision_create(const struct sim_provision_config *config,
    struct sim_provision **out);
void sim_provision_free(struct sim_provision *provision);

struct sim_provision_order {
    uint32_t client, site; /* client: the random stream's entity */
    uint64_t tag;
};

/* HB_ERR_FULL. */
enum hb_status sim_provision_start(struct sim_provision *provision,
    const struct sim_provision_order *order, uint32_t *job);
/* No done is called for it. An image pull goes on: the site keeps the image. */
void sim_provision_cancel(struct sim_provision *provision, uint32_t job);

/* Whether site has the image. */
int sim_provision_is_cached(const struct sim_provision *provision, uint32_t site);
/* MB of images pulled to site so far, pulls under way not included. */
double sim_provision_pulled_mb(const struct sim_provision *provision, uint32_t site);
uint32_t sim_provision_len(const struct sim_provision *provision);
/* Heap that jobs have touched so far. */
size_t sim_provision_bytes(const struct sim_provision *provision);

#endif

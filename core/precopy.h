/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_PRECOPY_H
#define HB_PRECOPY_H

#include <stdint.h>

#include "core/status.h"

/* A live service to copy over a link. Zero downtime_target_s: copy until no
 * round is shorter or until `rounds` have run. */
struct hb_precopy {
    double image_mb, working_set_mb;
    double dirty_mb_s, link_mb_s;
    double downtime_target_s, resume_s;
    uint32_t rounds;
};

/* Why the live rounds ended. */
#define HB_PRECOPY_STOP_LIST(X) X(DOWNTIME_MET) X(NO_SHRINK) X(ROUNDS_DONE)

enum hb_precopy_stop {
#define X(name) HB_PRECOPY_STOP_##name,
    HB_PRECOPY_STOP_LIST(X)
#undef X
        HB_PRECOPY_STOP_COUNT
};

struct hb_precopy_time {
    double total_s;    /* from the first byte to the copy's first answer */
    double downtime_s; /* the part of it in which nobody answers */
    double sent_mb;
    uint32_t rounds; /* sent while the service ran, round 0 included */
    enum hb_precopy_stop stop;
};

/* Time to copy a live service: round 0 sends the image, round k what round k-1
 * dirtied, V(k) = min(working set, dirty rate x V(k-1) / link). The last round
 * runs with the service stopped, when it fits the downtime target, when it
 * would not be shorter than the one before, or when `rounds` have been sent.
 *   in   image_mb, link_mb_s > 0; the other values >= 0; rounds >= 1 (asserted)
 *   out  written only on HB_OK
 *   HB_ERR_DIVERGES  dirty_mb_s >= link_mb_s and working_set_mb >= image_mb: no round is shorter
 * Source: scheme of Clark et al., NSDI 2005; closed form in precopy.c. */
HB_API enum hb_status hb_precopy_plan(const struct hb_precopy *in, struct hb_precopy_time *out);

/* The live stream after the copy: writes enter at write_mb_s and leave at link_mb_s. */
struct hb_precopy_stream {
    double lag_mb; /* not yet sent, at the start */
    double write_mb_s, link_mb_s;
};

/* What is not yet sent after elapsed_s >= 0 (lost if the primary dies then):
 * lag' = write rate - link while there is any lag, never below 0. */
HB_API double hb_precopy_lag_mb(const struct hb_precopy_stream *stream, double elapsed_s);

/* When the lag falls to target_mb >= 0; *out 0 if it is there.
 * HB_ERR_DIVERGES  it never does. */
HB_API enum hb_status hb_precopy_drain_s(const struct hb_precopy_stream *stream, double target_mb,
    double *out);

#endif

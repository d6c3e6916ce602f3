/* SPDX-License-Identifier: Apache-2.0 */
#include "core/precopy.h"

#include <assert.h>
#include <math.h>

/* While no cap binds the rounds shrink by r = dirty rate / link each, so n of
 * them send image (1 - r^n) / (1 - r) and leave image r^n: the closed form that
 * the tests compare with. The working set cuts the sequence short: once
 * V(k) = working set, V(k + 1) = r V(k) again if r < 1, else V(k) and the
 * rounds end. So at most `rounds` steps, and each is a product. */
static double dirtied_mb(const struct hb_precopy *in, double sent_mb)
{
    return fmin(in->working_set_mb, in->dirty_mb_s * sent_mb / in->link_mb_s);
}

static void check(const struct hb_precopy *in)
{
    assert(in->image_mb > 0.0);
    assert(in->link_mb_s > 0.0);
    assert(in->working_set_mb >= 0.0);
    assert(in->dirty_mb_s >= 0.0);
    assert(in->downtime_target_s >= 0.0);
    assert(in->resume_s >= 0.0);
    assert(in->rounds >= 1);
}

enum hb_status hb_precopy_plan(const struct hb_precopy *in, struct hb_precopy_time *out)
{
    check(in);
    if (in->dirty_mb_s >= in->link_mb_s && in->working_set_mb >= in->image_mb) {
        return HB_ERR_DIVERGES;
    }
    double round_mb = in->image_mb, live_mb = in->image_mb;
    double left_mb = dirtied_mb(in, round_mb);
    uint32_t rounds = 1;
    enum hb_precopy_stop stop = HB_PRECOPY_STOP_ROUNDS_DONE;
    for (;; rounds++) {
        if (left_mb / in->link_mb_s + in->resume_s <= in->downtime_target_s) {
            stop = HB_PRECOPY_STOP_DOWNTIME_MET;
            break;
        }
        if (left_mb >= round_mb || left_mb <= 0.0) {
            stop = HB_PRECOPY_STOP_NO_SHRINK;
            break;
        }
        if (rounds == in->rounds) {
            break;
        }
        round_mb = left_mb;
        live_mb += round_mb;
        left_mb = dirtied_mb(in, round_mb);
    }
    double downtime_s = left_mb / in->link_mb_s + in->resume_s;
    *out = (struct hb_precopy_time){
        .total_s = live_mb / in->link_mb_s + downtime_s,
        .downtime_s = downtime_s,
        .sent_mb = live_mb + left_mb,
        .rounds = rounds,
        .stop = stop,
    };
    return HB_OK;
}

double hb_precopy_lag_mb(const struct hb_precopy_stream *stream, double elapsed_s)
{
    assert(elapsed_s >= 0.0);
    return fmax(0.0, stream->lag_mb + (stream->write_mb_s - stream->link_mb_s) * elapsed_s);
}

enum hb_status hb_precopy_drain_s(const struct hb_precopy_stream *stream, double target_mb,
    double *out)
{
    assert(target_mb >= 0.0);
    if (stream->lag_mb <= target_mb) {
        *out = 0.0;
        return HB_OK;
    }
    if (stream->write_mb_s >= stream->link_mb_s) {
        return HB_ERR_DIVERGES;
    }
    *out = (stream->lag_mb - target_mb) / (stream->link_mb_s - stream->write_mb_s);
    return HB_OK;
}

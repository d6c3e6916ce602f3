/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_REPLAY_H
#define HB_REPLAY_H

#include "core/record.h"

/* A recording fed to a controller again. As recorded (answers NULL): every
 * event goes in, nothing is owed back, and the commands are those of the
 * recording, bit for bit. What if (answers given, policy changed at will):
 * only what the world did goes in (CONNECTED, SEEN, DISCONNECTED, CONSENT,
 * PROBE_*, SITE_DRAIN); the commands are answered by a plain world of fixed delays:
 *   timers         when they are due
 *   probe          at once, while the site answered the probes of the recording
 *   predict        by the client's next forecast in the recording
 *   all others     OK after the delay of their kind
 *   dns_point      and, ttl_s after its answer, SERVED at that site
 * so that it shows what the policy would have commanded, not what would have
 * come of it: capacity, load and faults of the recording do not bear on it. */
struct hb_replay_answers {
    double provision_s, resume_s, standby_s, stop_s, copy_s, fence_s, dns_s, route_s;
};

struct hb_replay;

/* on_command (may be NULL) hears each command in order. setup's map is kept.
 * Errors: as hb_controller_create. */
HB_API enum hb_status hb_replay_create(const struct hb_controller_setup *setup,
    const struct hb_replay_answers *answers, void *ctx,
    void (*on_command)(void *ctx, const struct hb_command *command), struct hb_replay **out);
HB_API void hb_replay_free(struct hb_replay *replay);

/* The next recorded event. What if: answers due before or at its instant come
 * first. HB_ERR_RANGE: as hb_controller_handle. HB_ERR_MEMORY: an answer could
 * not be kept. */
HB_API enum hb_status hb_replay_feed(struct hb_replay *replay, const struct hb_event *event);

/* What if: delivers what is still due up to until_ns. */
HB_API enum hb_status hb_replay_finish(struct hb_replay *replay, int64_t until_ns);

/* Digest (hb_record_digest) and number of all commands so far. */
HB_API uint64_t hb_replay_digest(const struct hb_replay *replay);
HB_API uint64_t hb_replay_command_count(const struct hb_replay *replay);

#endif

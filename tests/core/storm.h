/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_CORE_STORM_H
#define TESTS_CORE_STORM_H

#include "tests/core/fake_host.h"

/* Random events against a model of the world that only knows what the ports
 * promise: instances obey the latest command, a fence takes if its epoch is not
 * older than the last one that took, whenever it arrives. */

enum { STORM_PENDING = 96, STORM_RECORDING = 64 << 20 };

struct storm {
    struct host host;
    uint64_t random;
    struct hb_command pending[STORM_PENDING]; /* commands that owe an answer */
    uint32_t pending_count;
    enum hb_power power[HOST_CLIENTS][HOST_SITES];
    uint64_t power_req[HOST_CLIENTS][HOST_SITES]; /* what made it so */
    uint32_t writer[HOST_CLIENTS]; /* who may write, by the fences that took */
    uint64_t epoch[HOST_CLIENTS];
    uint32_t record[HOST_CLIENTS]; /* DNS */
    int is_varied; /* instances and sites are watched and drained, too */
    int is_mild; /* no answer is lost or bad, so that the books must balance */
    struct hb_record_writer recorder;
    uint8_t *recording;
    size_t recorded;
};

/* The one storm, anew: policy of that kind with short times. is_mild: no
 * answer is lost or bad, no site fails. recording: [STORM_RECORDING] or NULL. */
struct storm *storm_start(uint64_t seed, enum hb_policy_kind kind, int is_mild,
    uint8_t *recording);
/* The same with settings by chance, too; the host also drains sites and errs about single
 * instances, and is asked to probe (never recorded). */
struct storm *storm_start_varied(uint64_t seed, enum hb_policy_kind kind, int is_mild);
void storm_step(void);
/* Steps, and after each of them what must hold of every client is checked. */
void storm_run(int events);
/* Answers one pending command, if there is one. */
void storm_answer_one(void);
/* Fires the timers due up to then, in order. */
void storm_wait_until(int64_t until_ns);
/* The last block into the recording. */
void storm_flush(void);

#endif

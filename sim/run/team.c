/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L /* sched_yield */

#include "sim/run/team.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    looks_max = 200, /* at the next work, before a member sleeps: about 50 us, a batch's distance */
    share_min = 4,   /* questions that are worth waking somebody for */
};

struct member {
    struct sim_team *team;
    struct hb_predictor *predictor;
    pthread_t thread;
    uint32_t index;
    /* Its part of a batch. */
    uint32_t count;
    struct hb_question asked[SIM_TEAM_BATCH];
    struct hb_prediction answers[SIM_TEAM_BATCH];
};

struct sim_team {
    pthread_mutex_t lock;
    pthread_cond_t begun, ended;
    atomic_uint turn; /* works begun so far; changed under the lock */
    atomic_uint busy; /* members, without the caller, that are at the present one */
    bool is_over;
    sim_team_work_fn *work;
    void *ctx;
    uint32_t count, started;
    struct member members[];
};

/* What is awaited is often a few microseconds off. */
static bool is_soon(const atomic_uint *value, unsigned awaited, bool is_equal)
{
    for (int i = 0; i < looks_max; i++) {
        if ((atomic_load_explicit(value, memory_order_acquire) == awaited) == is_equal) {
            return true;
        }
        (void)sched_yield(); /* a hint */
    }
    return false;
}

static bool await_work(struct sim_team *team, unsigned done)
{
    if (!is_soon(&team->turn, done, false)) {
        pthread_mutex_lock(&team->lock);
        while (atomic_load(&team->turn) == done) {
            pthread_cond_wait(&team->begun, &team->lock);
        }
        pthread_mutex_unlock(&team->lock);
    }
    return !team->is_over;
}

static void *help(void *argument)
{
    struct member *me = argument;
    struct sim_team *team = me->team;
    for (unsigned done = 0; await_work(team, done); done++) {
        team->work(team->ctx, me->index);
        if (atomic_fetch_sub(&team->busy, 1) == 1) {
            pthread_mutex_lock(&team->lock);
            pthread_cond_signal(&team->ended);
            pthread_mutex_unlock(&team->lock);
        }
    }
    return NULL;
}

static void begin_turn(struct sim_team *team)
{
    pthread_mutex_lock(&team->lock);
    atomic_store(&team->busy, team->count - 1);
    atomic_fetch_add(&team->turn, 1);
    pthread_cond_broadcast(&team->begun);
    pthread_mutex_unlock(&team->lock);
}

void sim_team_run(struct sim_team *team, sim_team_work_fn *work, void *ctx)
{
    team->work = work;
    team->ctx = ctx;
    if (team->count > 1) {
        begin_turn(team);
    }
    work(ctx, 0);
    if (team->count > 1 && !is_soon(&team->busy, 0, true)) {
        pthread_mutex_lock(&team->lock);
        while (atomic_load(&team->busy) > 0) {
            pthread_cond_wait(&team->ended, &team->lock);
        }
        pthread_mutex_unlock(&team->lock);
    }
}

static enum hb_status start_threads(struct sim_team *team)
{
    for (team->started = 1; team->started < team->count; team->started++) {
        struct member *member = &team->members[team->started];
        if (pthread_create(&member->thread, NULL, help, member) != 0) {
            return HB_ERR_MEMORY;
        }
    }
    return HB_OK;
}

static void dismiss(struct sim_team *team)
{
    team->is_over = true;
    begin_turn(team);
    for (uint32_t i = 1; i < team->started; i++) {
        (void)pthread_join(team->members[i].thread, NULL); /* joinable, joined once */
    }
    (void)pthread_cond_destroy(&team->ended);
    (void)pthread_cond_destroy(&team->begun);
    (void)pthread_mutex_destroy(&team->lock);
    free(team);
}

enum hb_status sim_team_create(struct hb_predictor *const *members, uint32_t count,
    struct sim_team **out)
{
    assert(count >= 1);
    assert(count <= SIM_TEAM_MAX);
    struct sim_team *team = calloc(1, sizeof *team + count * sizeof team->members[0]);
    if (team == NULL) {
        return HB_ERR_MEMORY;
    }
    if (pthread_mutex_init(&team->lock, NULL) != 0 || pthread_cond_init(&team->begun, NULL) != 0
        || pthread_cond_init(&team->ended, NULL) != 0) {
        free(team);
        return HB_ERR_MEMORY;
    }
    team->count = count;
    for (uint32_t i = 0; i < count; i++) {
        team->members[i].team = team;
        team->members[i].predictor = members[i];
        team->members[i].index = i;
    }
    enum hb_status status = start_threads(team);
    if (status != HB_OK) {
        dismiss(team);
        return status;
    }
    *out = team;
    return HB_OK;
}

void sim_team_free(struct sim_team *team)
{
    if (team == NULL) {
        return;
    }
    for (uint32_t i = team->count; i-- > 0;) {
        hb_predictor_free(team->members[i].predictor);
    }
    dismiss(team);
}

uint32_t sim_team_len(const struct sim_team *team)
{
    return team->count;
}

struct hb_predictor *sim_team_member(const struct sim_team *team, uint32_t index)
{
    return team->members[index].predictor;
}

static void answer(void *ctx, uint32_t index)
{
    struct sim_team *team = ctx;
    struct member *me = &team->members[index];
    hb_predict_location(me->predictor, me->asked, me->count, me->answers);
}

/* In parts of equal length, but for clients that are asked about twice. */
void sim_team_predict(struct sim_team *team, const struct hb_question *questions, uint32_t count,
    struct hb_prediction *out)
{
    uint32_t member_of[SIM_TEAM_BATCH], index_of[SIM_TEAM_BATCH];
    assert(count <= SIM_TEAM_BATCH);
    if (team->count == 1 || count < 2 * share_min) {
        hb_predict_location(team->members[0].predictor, questions, count, out);
        return;
    }
    uint32_t parts = count / share_min < team->count ? count / share_min : team->count;
    for (uint32_t i = 0; i < team->count; i++) {
        team->members[i].count = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t before = 0;
        while (before < i && questions[before].client != questions[i].client) {
            before++;
        }
        member_of[i] = before < i ? member_of[before] : i * parts / count;
        struct member *member = &team->members[member_of[i]];
        index_of[i] = member->count++;
        member->asked[index_of[i]] = questions[i];
    }
    sim_team_run(team, answer, team);
    for (uint32_t i = 0; i < count; i++) {
        out[i] = team->members[member_of[i]].answers[index_of[i]];
    }
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/crew.h"

#include <pthread.h>
#include <stdlib.h>

struct crew {
    pthread_mutex_t lock;
    uint32_t next, task_count;
    uint32_t failed_task;
    enum hb_status failure;
    sim_crew_task_fn *work;
    void *ctx;
};

struct member {
    struct crew *crew;
    pthread_t thread;
    uint32_t lane;
};

static uint32_t take(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    uint32_t task = crew->failure == HB_OK ? crew->next : crew->task_count;
    crew->next += task < crew->task_count;
    pthread_mutex_unlock(&crew->lock);
    return task;
}

static void report(struct crew *crew, uint32_t task, enum hb_status status)
{
    pthread_mutex_lock(&crew->lock);
    if (status != HB_OK && (crew->failure == HB_OK || task < crew->failed_task)) {
        crew->failure = status;
        crew->failed_task = task;
    }
    pthread_mutex_unlock(&crew->lock);
}

static void *labour(void *argument)
{
    struct member *member = argument;
    struct crew *crew = member->crew;
    for (uint32_t task = take(crew); task < crew->task_count; task = take(crew)) {
        report(crew, task, crew->work(crew->ctx, task, member->lane));
    }
    return NULL;
}

enum hb_status sim_crew_run(uint32_t thread_count, uint32_t task_count, sim_crew_task_fn *work,
    void *ctx)
{
    struct crew crew = { .task_count = task_count, .failure = HB_OK, .work = work, .ctx = ctx };
    struct member *members = calloc(thread_count, sizeof *members);
    if (members == NULL || pthread_mutex_init(&crew.lock, NULL) != 0) {
        free(members);
        return HB_ERR_MEMORY;
    }
    uint32_t started = 1;
    for (; started < thread_count && started < task_count; started++) {
        members[started] = (struct member) { .crew = &crew, .lane = started };
        if (pthread_create(&members[started].thread, NULL, labour, &members[started]) != 0) {
            break; /* the others do its work */
        }
    }
    members[0] = (struct member) { .crew = &crew, .lane = 0 };
    (void)labour(&members[0]);
    for (uint32_t i = 1; i < started; i++) {
        pthread_join(members[i].thread, NULL);
    }
    pthread_mutex_destroy(&crew.lock);
    free(members);
    return crew.failure;
}

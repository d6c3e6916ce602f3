/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdatomic.h>

#include "sim/run/crew.h"

#define TASKS 731u

struct log {
    atomic_uint done[TASKS];
    atomic_uint lanes[8];
    uint32_t fails_at;
};

static enum hb_status work(void *ctx, uint32_t task, uint32_t lane)
{
    struct log *log = ctx;
    atomic_fetch_add(&log->done[task], 1);
    atomic_fetch_add(&log->lanes[lane], 1);
    return task >= log->fails_at ? (task == log->fails_at ? HB_ERR_IO : HB_ERR_FULL) : HB_OK;
}

static void every_task_is_done_once_whatever_the_threads(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 8; threads++) {
        struct log log = { .fails_at = TASKS };
        assert_int_equal(sim_crew_run(threads, TASKS, work, &log), HB_OK);
        uint32_t sum = 0;
        for (uint32_t i = 0; i < TASKS; i++) {
            assert_int_equal(log.done[i], 1);
        }
        for (uint32_t lane = 0; lane < threads; lane++) {
            sum += log.lanes[lane];
        }
        assert_int_equal(sum, TASKS);
    }
}

static void the_first_failing_task_is_told_and_nothing_more_begun(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads++) {
        struct log log = { .fails_at = 37 };
        assert_int_equal(sim_crew_run(threads, TASKS, work, &log), HB_ERR_IO);
        assert_int_equal(log.done[37], 1);
        for (uint32_t i = 37 + threads; i < TASKS; i++) {
            assert_int_equal(log.done[i], 0);
        }
    }
}

#define LARGE 5u

struct load {
    atomic_uint done[40];
    atomic_uint large, others_left, crowded;
};

static enum hb_status carry(void *ctx, uint32_t task, uint32_t lane)
{
    struct load *load = ctx;
    (void)lane;
    if (task >= LARGE) {
        atomic_fetch_sub(&load->others_left, 1);
    } else {
        unsigned running = atomic_fetch_add(&load->large, 1) + 1;
        load->crowded += running > 1 && load->others_left > 2;
    }
    for (volatile int i = 0; i < 20000; i++) {
    }
    if (task < LARGE) {
        atomic_fetch_sub(&load->large, 1);
    }
    atomic_fetch_add(&load->done[task], 1);
    return HB_OK;
}

/* others_left falls when another begins, so 2 of slack: the other threads'. */
static void large_tasks_run_one_at_a_time_while_there_are_others(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads <= 3; threads++) {
        struct load load = { .others_left = 40 - LARGE };
        struct sim_crew_tasks tasks = { .count = 40, .large_count = LARGE };
        assert_int_equal(sim_crew_run_large(threads, tasks, carry, &load), HB_OK);
        assert_int_equal(load.crowded, 0);
        for (uint32_t i = 0; i < 40; i++) {
            assert_int_equal(load.done[i], 1);
        }
    }
}

/* Nothing but large tasks: all threads work. */
static void large_tasks_alone_are_all_done(void **state)
{
    (void)state;
    struct load load = { .others_left = 0 };
    struct sim_crew_tasks tasks = { .count = LARGE, .large_count = LARGE };
    assert_int_equal(sim_crew_run_large(3, tasks, carry, &load), HB_OK);
    for (uint32_t i = 0; i < LARGE; i++) {
        assert_int_equal(load.done[i], 1);
    }
}

static void no_task_is_no_failure(void **state)
{
    (void)state;
    struct log log = { .fails_at = 0 };
    assert_int_equal(sim_crew_run(3, 0, work, &log), HB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_is_done_once_whatever_the_threads),
        cmocka_unit_test(the_first_failing_task_is_told_and_nothing_more_begun),
        cmocka_unit_test(large_tasks_run_one_at_a_time_while_there_are_others),
        cmocka_unit_test(large_tasks_alone_are_all_done),
        cmocka_unit_test(no_task_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

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
        cmocka_unit_test(no_task_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/timer.h"

#include "sim/engine/draw.h"
#include "tests/support/assert_near.h"

enum { kind = 7, entity_count = 50 };

/* Timers as they will be: members of larger records. */
struct client {
    uint64_t other_state;
    struct sim_timer timer;
};

struct world {
    struct sim_loop *loop;
    struct client clients[entity_count];
    struct sim_timer_set set;
    int64_t model_ns[entity_count]; /* the oracle: the deadlines themselves, 0 none */
    int expired_count;
};

static void expire(void *ctx, const struct sim_event *event)
{
    struct world *world = ctx;
    assert_true(world->model_ns[event->entity] == event->at_ns);
    for (uint32_t i = 0; i < entity_count; i++) { /* none was due before */
        assert_true(world->model_ns[i] == 0 || world->model_ns[i] >= event->at_ns);
    }
    world->model_ns[event->entity] = 0;
    world->expired_count++;
}

static void setup(struct world *world)
{
    *world = (struct world) { 0 };
    struct sim_loop_options options = { .event_capacity = 20000, .check = true };
    assert_int_equal(sim_loop_create(&options, &world->loop), HB_OK);
    world->set = (struct sim_timer_set) {
        .loop = world->loop,
        .first = &world->clients[0].timer,
        .stride_bytes = sizeof(struct client),
        .expire = expire,
        .ctx = world,
        .kind = kind,
        .rank = 1,
    };
    sim_timer_attach(&world->set);
}

static void start(struct world *world, uint32_t entity, int64_t at_ns)
{
    world->model_ns[entity] = at_ns;
    sim_timer_start(&world->set, entity, at_ns);
}

static void cancel(struct world *world, uint32_t entity)
{
    world->model_ns[entity] = 0;
    sim_timer_cancel(&world->clients[entity].timer);
}

static void expires_once_at_its_last_deadline(void **state)
{
    (void)state;
    struct world world;
    setup(&world);
    start(&world, 17, 100);
    for (int64_t at_ns = 101; at_ns < 10000; at_ns++) {
        start(&world, 17, at_ns);
        assert_int_equal(sim_loop_counts(world.loop).pending, 1);
    }
    assert_int_equal(sim_loop_run(world.loop, 9998), HB_OK);
    assert_int_equal(world.expired_count, 0);
    assert_int_equal(sim_loop_run(world.loop, 9999), HB_OK);
    assert_int_equal(world.expired_count, 1);
    assert_int_equal(sim_loop_counts(world.loop).pushed, 2);
    assert_int_equal(sim_loop_run(world.loop, 100000), HB_OK);
    assert_int_equal(world.expired_count, 1);
    sim_loop_free(world.loop);
}

static void a_cancelled_timer_is_silent_and_can_start_again(void **state)
{
    (void)state;
    struct world world;
    setup(&world);
    start(&world, 3, 731);
    cancel(&world, 3);
    assert_int_equal(sim_loop_run(world.loop, 1000), HB_OK);
    assert_int_equal(world.expired_count, 0);
    assert_int_equal(sim_loop_counts(world.loop).pending, 0);
    start(&world, 3, 1500);
    assert_int_equal(sim_loop_run(world.loop, 2000), HB_OK);
    assert_int_equal(world.expired_count, 1);
    sim_loop_free(world.loop);
}

static void a_timer_brought_forward_and_back_expires_once(void **state)
{
    (void)state;
    struct world world;
    setup(&world);
    start(&world, 9, 1000);
    start(&world, 9, 500);
    start(&world, 9, 1000);
    assert_int_equal(sim_loop_run(world.loop, 999), HB_OK);
    assert_int_equal(world.expired_count, 0);
    assert_int_equal(sim_loop_run(world.loop, 5000), HB_OK);
    assert_int_equal(world.expired_count, 1);
    sim_loop_free(world.loop);
}

/* Starts and cancels at random; the oracle compares each expiry with the plain
 * list of deadlines, and none may be missing at the end. */
static void random_use_agrees_with_a_list_of_deadlines(void **state)
{
    (void)state;
    struct world world;
    setup(&world);
    struct sim_stream random = sim_stream_of(731, SIM_STREAM_TEST, 0);
    for (int64_t now_ns = 1; now_ns < 30000; now_ns++) {
        assert_int_equal(sim_loop_run(world.loop, now_ns), HB_OK);
        for (uint32_t i = 0; i < entity_count; i++) {
            assert_true(world.model_ns[i] == 0 || world.model_ns[i] > now_ns);
        }
        uint32_t entity = sim_draw_below(&random, entity_count);
        if (sim_draw_chance(&random, 0.2)) {
            cancel(&world, entity);
        } else {
            start(&world, entity, now_ns + 1 + sim_draw_below(&random, 200));
        }
    }
    assert_int_equal(sim_loop_run(world.loop, 40000), HB_OK);
    for (uint32_t i = 0; i < entity_count; i++) {
        assert_true(world.model_ns[i] == 0);
    }
    assert_true(world.expired_count > 3000);
    assert_int_equal(sim_loop_counts(world.loop).pending, 0);
    sim_loop_free(world.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expires_once_at_its_last_deadline),
        cmocka_unit_test(a_cancelled_timer_is_silent_and_can_start_again),
        cmocka_unit_test(a_timer_brought_forward_and_back_expires_once),
        cmocka_unit_test(random_use_agrees_with_a_list_of_deadlines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

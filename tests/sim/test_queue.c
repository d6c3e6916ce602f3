/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/queue.h"

#include "core/units.h"
#include "tests/support/assert_near.h"
#include "tests/support/event_heap.h"
#include "tests/support/increments.h"

static struct sim_stream random_of(uint64_t entity)
{
    return sim_stream_of(731, SIM_STREAM_TEST, entity);
}

static struct sim_queue *queue_of(size_t capacity)
{
    struct sim_queue *queue = NULL;
    assert_int_equal(
        sim_queue_create(&(struct sim_queue_options) { .capacity = capacity }, &queue), HB_OK);
    return queue;
}

static void assert_same(const struct sim_event *got, const struct sim_event *want)
{
    if (got->at_ns != want->at_ns || got->entity != want->entity || got->order != want->order
        || got->rank != want->rank || got->kind != want->kind || got->payload != want->payload) {
        fail_msg("popped %lld ns, entity %u, order %u; expected %lld ns, %u, %u",
            (long long)got->at_ns, got->entity, got->order, (long long)want->at_ns, want->entity,
            want->order);
    }
}

/* The queue and its oracle, fed alike. */
struct pair {
    struct sim_queue *queue;
    struct event_heap heap;
    struct sim_stream random;
    uint32_t serial;
};

static struct pair pair_of(size_t capacity, uint64_t seed)
{
    return (struct pair) { .queue = queue_of(capacity), .heap = event_heap_of(capacity),
        .random = random_of(seed) };
}

static void push_both(struct pair *pair, int64_t at_ns)
{
    pair->serial++;
    struct sim_event event = {
        .at_ns = at_ns,
        .entity = sim_draw_below(&pair->random, 1000),
        .order = pair->serial * UINT32_C(2654435761), /* odd: unique, and not in order */
        .payload = pair->serial & SIM_EVENT_PAYLOAD_MAX,
        .rank = (uint8_t)sim_draw_below(&pair->random, 3),
        .kind = (uint8_t)sim_draw_below(&pair->random, 255),
    };
    assert_int_equal(sim_queue_push(pair->queue, &event), HB_OK);
    event_heap_push(&pair->heap, 2, &event);
}

static int64_t pop_both(struct pair *pair)
{
    struct sim_event got = { 0 }, want = { 0 };
    assert_true(event_heap_pop(&pair->heap, 2, &want));
    assert_true(sim_queue_pop(pair->queue, INT64_MAX, &got));
    assert_same(&got, &want);
    return got.at_ns;
}

static void drain(struct pair *pair)
{
    while (pair->heap.len > 0) {
        pop_both(pair);
    }
    struct sim_event none;
    assert_false(sim_queue_pop(pair->queue, INT64_MAX, &none));
    assert_int_equal(sim_queue_len(pair->queue), 0);
    sim_queue_free(pair->queue);
    event_heap_free(&pair->heap);
}

static void pops_in_the_heaps_order_at_a_steady_number(void **state)
{
    (void)state;
    const size_t sizes[] = { 1, 7, 41, 97, 731, 30011 };
    for (enum increment which = 0; which < INCREMENT_COUNT; which++) {
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
            struct pair pair = pair_of(sizes[s], (uint64_t)which);
            for (size_t i = 0; i < sizes[s]; i++) {
                push_both(&pair, increment_ns(&pair.random, which));
            }
            for (size_t i = 0; i < 2 * sizes[s] + 3000; i++) {
                int64_t now_ns = pop_both(&pair);
                push_both(&pair, now_ns + increment_ns(&pair.random, which));
            }
            drain(&pair);
        }
    }
}

/* Bursts of pushes and of pops, so that the ladder is built, emptied and
 * built again at all sizes. */
static void pops_in_the_heaps_order_in_bursts(void **state)
{
    (void)state;
    enum { capacity = 5003 };
    for (enum increment which = 0; which < INCREMENT_COUNT; which++) {
        struct pair pair = pair_of(capacity, 100 + (uint64_t)which);
        int64_t now_ns = 0;
        for (int burst = 0; burst < 300; burst++) {
            uint32_t size = 1U << sim_draw_below(&pair.random, 13);
            bool is_push = sim_draw_chance(&pair.random, 0.5);
            for (uint32_t i = 0; i < size; i++) {
                if (is_push && pair.heap.len < capacity) {
                    push_both(&pair, now_ns + increment_ns(&pair.random, which));
                } else if (!is_push && pair.heap.len > 0) {
                    now_ns = pop_both(&pair);
                }
            }
        }
        drain(&pair);
    }
}

static void pops_what_was_pushed_ever_earlier(void **state)
{
    (void)state;
    struct pair pair = pair_of(40000, 7);
    push_both(&pair, 0);
    push_both(&pair, INT64_C(1) << 60);
    pop_both(&pair);
    for (int64_t i = 30000; i > 0; i--) {
        push_both(&pair, i * i * 1009);
    }
    drain(&pair);
}

/* A run that is stopped ever earlier before a crowd of events that has already
 * been refined stacks up rungs until the ladder starts over. */
static void survives_crowds_pushed_before_crowds(void **state)
{
    (void)state;
    enum { level_count = 60, crowd = 700 };
    struct pair pair = pair_of(level_count * crowd, 8);
    int64_t at_ns = INT64_C(1) << 62;
    for (int level = 0; level < level_count; level++) {
        for (int64_t i = 0; i < crowd; i++) {
            push_both(&pair, at_ns + i * (at_ns / 2000));
        }
        struct sim_event none;
        assert_false(sim_queue_pop(pair.queue, 1, &none)); /* refines, takes nothing */
        at_ns -= at_ns / 3;
    }
    drain(&pair);
}

/* ---- phases of all kinds, one after another ---- */

struct phase {
    uint32_t shape, bits; /* 2^bits ns: its scale */
    int64_t tie_ns;       /* where the present cluster is */
};

static int64_t later_ns(int64_t now_ns, uint64_t by_ns)
{
    uint64_t left_ns = (uint64_t)(INT64_MAX - now_ns);
    return now_ns + (int64_t)(by_ns < left_ns ? by_ns : left_ns);
}

static int64_t phase_ns(struct pair *pair, struct phase *phase, int64_t now_ns)
{
    uint64_t scale_ns = UINT64_C(1) << phase->bits;
    uint64_t random = sim_stream_next(&pair->random);
    int64_t next_ns = pair->heap.len > 0 ? (int64_t)pair->heap.nodes[0].at : now_ns;
    switch (phase->shape) {
    case 0:
        return later_ns(now_ns, random % scale_ns);
    case 1:
        return later_ns(now_ns, scale_ns);
    case 2: /* as many in each octave */
        return later_ns(now_ns, scale_ns >> random % 64);
    case 3: /* clusters of ties */
        if (phase->tie_ns < now_ns || random % 100 == 0) {
            phase->tie_ns = later_ns(now_ns, random % scale_ns);
        }
        return phase->tie_ns;
    case 4: /* before the first and among the next ones */
        return later_ns(now_ns, random % ((uint64_t)(next_ns - now_ns) * 2 + 2));
    case 5: /* on a grid */
        return later_ns(now_ns, random % 64 * (scale_ns / 16 + 1));
    default: /* at the far end */
        return later_ns(now_ns, (uint64_t)(INT64_MAX - now_ns) - random % 64);
    }
}

/* The first is not due before its instant. Looking refines. */
static void look_at_both(struct pair *pair)
{
    struct sim_event none;
    int64_t next_ns = pair->heap.len > 0 ? (int64_t)pair->heap.nodes[0].at : HB_NEVER_NS;
    assert_int_equal(sim_queue_next_ns(pair->queue), next_ns);
    assert_int_equal(sim_queue_len(pair->queue), pair->heap.len);
    assert_false(sim_queue_pop(pair->queue, next_ns - 1, &none));
}

static void pops_in_the_heaps_order_whatever_came_before(void **state)
{
    (void)state;
    const uint32_t capacities[] = { 3, 97, 641, 5003, 41011 };
    for (uint32_t trial = 0; trial < 40; trial++) {
        uint32_t capacity = capacities[trial % 5];
        struct pair pair = pair_of(capacity, 1000 + trial);
        int64_t now_ns = 0;
        for (uint32_t i = 0; i < 12; i++) {
            struct phase phase = { .shape = sim_draw_below(&pair.random, i < 8 ? 6 : 7),
                .bits = sim_draw_below(&pair.random, i < 8 ? 50 : 63) };
            uint32_t target = sim_draw_below(&pair.random, capacity + 1);
            uint32_t batch = 1 + sim_draw_below(&pair.random, 300), steady_count = 4000;
            for (uint32_t op = 0; op < steady_count || pair.heap.len != target; op++) {
                bool grows = op < steady_count ? op / batch % 2 == 0 : pair.heap.len < target;
                if (grows && pair.heap.len < capacity) {
                    push_both(&pair, phase_ns(&pair, &phase, now_ns));
                } else if (!grows && pair.heap.len > 0) {
                    now_ns = pop_both(&pair);
                }
                if (op % 61 == 0) {
                    look_at_both(&pair);
                }
            }
        }
        drain(&pair);
    }
}

static void ties_leave_by_content_whatever_the_insertion(void **state)
{
    (void)state;
    enum { count = 3000 };
    struct sim_event events[count];
    for (uint32_t i = 0; i < count; i++) { /* by rank, then entity, then order */
        events[i] = (struct sim_event) { .at_ns = 731, .rank = (uint8_t)(i / 1000),
            .entity = i % 1000 / 10, .order = i % 10 };
    }
    struct sim_stream random = random_of(3);
    for (int shuffle = 0; shuffle < 5; shuffle++) {
        uint32_t indices[count];
        struct sim_queue *queue = queue_of(count);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t j = sim_draw_below(&random, i + 1);
            indices[i] = indices[j];
            indices[j] = i;
        }
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(sim_queue_push(queue, &events[indices[i]]), HB_OK);
        }
        for (uint32_t i = 0; i < count; i++) {
            struct sim_event got;
            assert_true(sim_queue_pop(queue, 731, &got));
            assert_same(&got, &events[i]);
        }
        sim_queue_free(queue);
    }
}

static void an_earlier_rank_pushed_within_the_instant_is_next(void **state)
{
    (void)state;
    struct sim_queue *queue = queue_of(3);
    struct sim_event event = { .at_ns = 5, .rank = 2, .entity = 9 }, got;
    assert_int_equal(sim_queue_push(queue, &event), HB_OK);
    event.order = 1;
    assert_int_equal(sim_queue_push(queue, &event), HB_OK);
    assert_true(sim_queue_pop(queue, 5, &got));
    struct sim_event urgent = { .at_ns = 5, .rank = 1, .entity = 731 };
    assert_int_equal(sim_queue_push(queue, &urgent), HB_OK);
    assert_true(sim_queue_pop(queue, 5, &got));
    assert_same(&got, &urgent);
    sim_queue_free(queue);
}

static void pops_up_to_the_given_instant_and_no_further(void **state)
{
    (void)state;
    struct sim_queue *queue = queue_of(2);
    struct sim_event event = { .at_ns = 731 }, got;
    assert_int_equal(sim_queue_push(queue, &event), HB_OK);
    assert_false(sim_queue_pop(queue, 730, &got));
    struct sim_event earlier = { .at_ns = 17 };
    assert_int_equal(sim_queue_push(queue, &earlier), HB_OK);
    assert_true(sim_queue_pop(queue, 17, &got));
    assert_same(&got, &earlier);
    assert_true(sim_queue_pop(queue, 731, &got));
    assert_false(sim_queue_pop(queue, INT64_MAX, &got));
    sim_queue_free(queue);
}

static void every_field_survives_at_its_limits(void **state)
{
    (void)state;
    const struct sim_event events[] = {
        { 0 },
        { .at_ns = INT64_MAX, .entity = SIM_EVENT_ENTITY_MAX, .order = UINT32_MAX,
            .payload = SIM_EVENT_PAYLOAD_MAX, .rank = SIM_EVENT_RANK_MAX, .kind = UINT8_MAX },
    };
    struct sim_queue *queue = queue_of(2);
    for (int i = 1; i >= 0; i--) {
        assert_int_equal(sim_queue_push(queue, &events[i]), HB_OK);
    }
    for (int i = 0; i < 2; i++) {
        struct sim_event got;
        assert_true(sim_queue_pop(queue, INT64_MAX, &got));
        assert_same(&got, &events[i]);
    }
    sim_queue_free(queue);
}

/* Every size of the ladder, at its limit: the pool must not run dry whatever
 * the spread of the instants. */
static void holds_its_capacity_and_not_one_more(void **state)
{
    (void)state;
    const size_t capacities[] = { 1, 2, 39, 1000, 70001 };
    for (size_t c = 0; c < sizeof(capacities) / sizeof(capacities[0]); c++) {
        struct sim_queue *queue = queue_of(capacities[c]);
        struct sim_stream random = random_of(c);
        struct sim_event event = { 0 }, first = { 0 };
        for (size_t i = 0; i < 3 * capacities[c]; i++) {
            event.at_ns = first.at_ns + increment_ns(&random, INCREMENT_heavy_pareto);
            event.order = (uint32_t)i;
            if (i >= capacities[c]) {
                assert_int_equal(sim_queue_push(queue, &event), HB_ERR_FULL);
                assert_true(sim_queue_pop(queue, INT64_MAX, &first));
                event.at_ns += first.at_ns;
            }
            assert_int_equal(sim_queue_push(queue, &event), HB_OK);
            assert_int_equal(sim_queue_len(queue), i < capacities[c] ? i + 1 : capacities[c]);
        }
        sim_queue_free(queue);
    }
}

static void refuses_a_capacity_out_of_range(void **state)
{
    (void)state;
    struct sim_queue *queue = NULL;
    struct sim_queue_options none = { .capacity = 0 };
    struct sim_queue_options many = { .capacity = (size_t)1 << 32 };
    assert_int_equal(sim_queue_create(&none, &queue), HB_ERR_RANGE);
    assert_int_equal(sim_queue_create(&many, &queue), HB_ERR_RANGE);
    assert_null(queue);
}

static void takes_at_most_24_bytes_an_event(void **state)
{
    (void)state;
    enum { count = 100000 };
    for (enum increment which = 0; which < INCREMENT_COUNT; which++) {
        struct pair pair = pair_of(count, (uint64_t)which);
        for (int i = 0; i < count; i++) {
            push_both(&pair, increment_ns(&pair.random, which));
        }
        for (int i = 0; i < count; i++) {
            int64_t now_ns = pop_both(&pair);
            push_both(&pair, now_ns + increment_ns(&pair.random, which));
        }
        assert_true(sim_queue_used_bytes(pair.queue) >= 20 * count);
        assert_true(sim_queue_reserved_bytes(pair.queue) <= 24 * count);
        assert_true(sim_queue_used_bytes(pair.queue) <= sim_queue_reserved_bytes(pair.queue));
        sim_queue_free(pair.queue);
        event_heap_free(&pair.heap);
    }
}

/* The hint must not matter to the order, nor read anything: the address of
 * the last entity's state is not even mapped. */
static void prefetching_changes_nothing(void **state)
{
    (void)state;
    static const char clients[1000];
    struct sim_queue_touch touches[256] = { { .state = clients, .stride_bytes = 64 } };
    struct sim_queue_options options = { .capacity = 5000, .touches = touches };
    struct pair pair = pair_of(5000, 5);
    sim_queue_free(pair.queue);
    assert_int_equal(sim_queue_create(&options, &pair.queue), HB_OK);
    for (uint32_t i = 0; i < 5000; i++) {
        push_both(&pair, increment_ns(&pair.random, INCREMENT_exponential));
    }
    for (uint32_t i = 0; i < 20000; i++) {
        int64_t now_ns = pop_both(&pair);
        push_both(&pair, now_ns + increment_ns(&pair.random, INCREMENT_exponential));
    }
    drain(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pops_in_the_heaps_order_at_a_steady_number),
        cmocka_unit_test(pops_in_the_heaps_order_in_bursts),
        cmocka_unit_test(pops_what_was_pushed_ever_earlier),
        cmocka_unit_test(survives_crowds_pushed_before_crowds),
        cmocka_unit_test(pops_in_the_heaps_order_whatever_came_before),
        cmocka_unit_test(ties_leave_by_content_whatever_the_insertion),
        cmocka_unit_test(an_earlier_rank_pushed_within_the_instant_is_next),
        cmocka_unit_test(pops_up_to_the_given_instant_and_no_further),
        cmocka_unit_test(every_field_survives_at_its_limits),
        cmocka_unit_test(holds_its_capacity_and_not_one_more),
        cmocka_unit_test(refuses_a_capacity_out_of_range),
        cmocka_unit_test(takes_at_most_24_bytes_an_event),
        cmocka_unit_test(prefetching_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/lstm.h"

#include <stdlib.h>
#include <string.h>

#include "core/persistence.h"
#include "core/units.h"
#include "tests/core/lstm_world.h"
#include "tests/support/assert_near.h"

enum { client_count = 7, event_max = 300, slot_max = 4000, place_max = 256 };
static const int64_t epoch_s = 1717221600; /* 2024-06-01 06:00 UTC, on the grid */

/* What happened to one client, and how a plain reader of the rules sees it: a list of slots. */
struct life {
    struct hb_observation events[event_max];
    int event_count;
};

struct slots {
    struct hb_trail_now list[slot_max];
    int count, is_in_sight;
};

static int64_t instant(double slots)
{
    return hb_units_ns(slots * 900.0);
}

static void live(struct lstm_world *world, uint32_t client, struct life *life, int count)
{
    double at = 0.0;
    int is_in_sight = 1;
    *life = (struct life) { .event_count = 0 };
    for (int i = 0; i < count; i++) {
        int is_lost = is_in_sight && i > 0 && lstm_world_draw(world, 12) == 0;
        life->events[life->event_count++] = (struct hb_observation) { .client = client,
            .at_ns = instant(at), .place = is_lost ? HB_NONE
                : lstm_world_draw(world, world->model.tables.place_count / 10 + 2) };
        is_in_sight = !is_lost;
        static const double waits[] = { 0.11, 0.4, 1.0, 1.7, 3.2, 5.0, 0.77 };
        at += waits[lstm_world_draw(world, 7)];
    }
}

static int floor_of(int64_t at_ns)
{
    return (int)(at_ns / (900 * HB_NS_PER_S));
}

/* The slots up to and including the one of at_ns. A slot's place is the last one seen by its
 * end; it is observed if seen in it; a gap on the grid begins a session. */
static void read_slots(const struct life *life, int64_t at_ns, struct slots *out)
{
    out->count = 0;
    int last = floor_of(at_ns);
    for (int slot = 0; slot <= last; slot++) {
        uint32_t place = HB_NONE, is_observed = 0, in_sight_within = HB_NONE;
        for (int i = 0; i < life->event_count && life->events[i].at_ns <= at_ns; i++) {
            const struct hb_observation *event = &life->events[i];
            int where = floor_of(event->at_ns);
            if (where > slot) {
                break;
            }
            if (where == slot && place != HB_NONE) {
                in_sight_within = place;
            }
            place = event->place;
            in_sight_within = place != HB_NONE ? place : in_sight_within;
            is_observed = where == slot;
        }
        out->is_in_sight = place != HB_NONE;
        place = is_observed ? in_sight_within : place;
        if (place == HB_NONE) {
            continue;
        }
        const struct hb_trail_now *before = out->count > 0 ? &out->list[out->count - 1] : NULL;
        int is_first = before == NULL || before->slot != (int32_t)(epoch_s / 900) + slot - 1;
        assert_true(out->count < slot_max);
        out->list[out->count] = (struct hb_trail_now) { .slot = (int32_t)(epoch_s / 900) + slot,
            .place = place, .is_observed = is_observed, .is_first = (uint32_t)is_first,
            .was_observed = is_first ? 0 : before->is_observed };
        out->count++;
    }
}

/* The whole distribution, in double, from the list of slots. */
static void expect(const struct lstm_world *world, const struct slots *slots, double horizon_s,
    uint32_t visit_count, double *p)
{
    const struct hb_lstm_model *model = &world->model;
    double state[4 * HB_LSTM_UNITS_MAX] = { 0.0 };
    float features[HB_CANDIDATES_STEP_FEATURES], context[HB_CANDIDATES_CONTEXT];
    struct hb_trail *trail = malloc(hb_trail_bytes(visit_count));
    struct hb_candidates *candidates;
    struct hb_candidates_set set;
    assert_non_null(trail);
    hb_trail_init(trail, visit_count);
    assert_int_equal(hb_candidates_create(&model->tables, visit_count, &candidates), HB_OK);
    for (int i = 0; i < slots->count; i++) {
        const struct hb_trail_now *now = &slots->list[i];
        if (now->is_first) {
            memset(state, 0, sizeof state);
        }
        hb_candidates_step(&model->tables, trail, now, features);
        lstm_world_step(model, now->place, features, state);
        if (i == slots->count - 1) {
            hb_candidates_look(candidates, trail, now, NULL);
        }
        hb_trail_add(trail, now);
    }
    hb_candidates_context(candidates, context);
    hb_candidates_collect(candidates, (float)horizon_s, &set);
    lstm_world_answer(model, state, context, &set, horizon_s, p);
    hb_candidates_free(candidates);
    free(trail);
}

static struct hb_predictor *predictor_of(const struct lstm_world *world,
    const struct hb_lstm_config *how)
{
    struct hb_predictor *predictor;
    struct hb_lstm_config config = *how;
    config.client_capacity = client_count;
    config.unix_epoch_s = epoch_s;
    assert_int_equal(hb_lstm_create(&world->model, &config, &predictor), HB_OK);
    return predictor;
}

static double worst_difference(const struct hb_prediction *out, const double *p, uint32_t places)
{
    double worst = 0.0, sum = 0.0;
    uint32_t better = 0;
    for (uint32_t i = 0; i < out->guess_count; i++) {
        double confidence = (double)out->guesses[i].confidence;
        worst = fmax(worst, fabs(confidence - p[out->guesses[i].place]));
        sum += confidence;
    }
    assert_near(sum + (double)out->elsewhere, 1.0, 1e-6);
    for (uint32_t i = 0; i < places; i++) {
        better += out->guess_count == HB_GUESS_MAX
            && p[i] > (double)out->guesses[HB_GUESS_MAX - 1].confidence + worst + 1e-6;
    }
    assert_true(better < HB_GUESS_MAX);
    return worst;
}

static const float horizons[] = { 900.0F, 1234.0F, 1800.0F, 2700.0F, 3333.0F, 3600.0F };

/* Plays a life and asks after every event; the worst difference from the oracle. */
static double play(struct lstm_world *world, const struct hb_lstm_config *config)
{
    static struct life life;
    static struct slots slots;
    struct hb_predictor *predictor = predictor_of(world, config);
    double p[place_max], worst = 0.0;
    uint32_t visits = config->visit_count;
    live(world, 3, &life, 120);
    for (int i = 0; i < life.event_count; i++) {
        hb_predictor_observe(predictor, &life.events[i]);
        int64_t next = i + 1 < life.event_count ? life.events[i + 1].at_ns : INT64_MAX;
        int64_t at_ns = life.events[i].at_ns + instant(0.3 * lstm_world_draw(world, 9));
        at_ns = at_ns < next ? at_ns : life.events[i].at_ns;
        struct hb_question question
            = { .client = 3, .at_ns = at_ns, .horizon_s = horizons[i % 6] };
        struct hb_prediction out;
        hb_predict_location(predictor, &question, 1, &out);
        struct life known = life;
        known.event_count = i + 1;
        read_slots(&known, at_ns, &slots);
        if (!slots.is_in_sight) {
            assert_int_equal(out.guess_count, 0);
            assert_true(out.elsewhere == 1.0F);
            continue;
        }
        expect(world, &slots, (double)question.horizon_s, visits, p);
        worst = fmax(worst, worst_difference(&out, p, world->model.tables.place_count));
    }
    hb_predictor_free(predictor);
    return worst;
}

static const struct lstm_world_shape *const shapes[]
    = { &lstm_world_plain, &lstm_world_full, &lstm_world_sparse };

static void answers_are_those_of_the_slots_so_far(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        struct lstm_world world;
        lstm_world_init(&world, 17 + i, shapes[i]);
        /* All of its past, and a ring so small that it forgets. */
        assert_true(play(&world, &(struct hb_lstm_config) { .visit_count = 200 }) < 2e-5);
        assert_true(play(&world, &(struct hb_lstm_config) { .visit_count = 9 }) < 2e-5);
        lstm_world_fini(&world);
    }
}

static void compact_and_eight_bits_stay_close(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        struct lstm_world world;
        lstm_world_init(&world, 31 + i, shapes[i]);
        double compact
            = play(&world, &(struct hb_lstm_config) { .visit_count = 56, .is_compact = 1 });
        double both = play(&world,
            &(struct hb_lstm_config) { .visit_count = 56, .is_compact = 1, .is_int8 = 1 });
        print_message("shape %d: compact within %.1e, with 8 bits %.1e\n", (int)i, compact, both);
        assert_true(compact > 1e-9);
        assert_true(compact < 3e-3);
        assert_true(both < 3e-2);
        lstm_world_fini(&world);
    }
}

/* All clients' events in the order of time. */
static int merge(struct life *lives, struct hb_observation *out)
{
    int at[client_count] = { 0 }, n = 0;
    for (;;) {
        int best = -1;
        for (int c = 0; c < client_count; c++) {
            int is_left = at[c] < lives[c].event_count;
            int64_t at_ns = is_left ? lives[c].events[at[c]].at_ns : INT64_MAX;
            if (is_left && (best < 0 || at_ns < lives[best].events[at[best]].at_ns)) {
                best = c;
            }
        }
        if (best < 0) {
            return n;
        }
        out[n++] = lives[best].events[at[best]++];
    }
}

static void assert_same(const struct hb_prediction *a, const struct hb_prediction *b)
{
    assert_int_equal(a->guess_count, b->guess_count);
    assert_memory_equal(&a->elsewhere, &b->elsewhere, sizeof a->elsewhere);
    assert_memory_equal(a->guesses, b->guesses, a->guess_count * sizeof *a->guesses);
}

/* A predictor that is asked all the time, in batches of all sizes and about several horizons
 * at once, and one that is asked alone and seldom, give the same bits. */
static void questions_leave_no_trace_and_batches_do_not_show(void **state)
{
    (void)state;
    static struct life lives[client_count];
    static struct hb_observation events[client_count * event_max];
    struct lstm_world world;
    lstm_world_init(&world, 3, &lstm_world_full);
    world.model.stay_step_max = 3; /* long stays are stepped coarsely */
    struct hb_lstm_config config = { .batch_max = 8, .visit_count = 20 };
    struct hb_predictor *busy = predictor_of(&world, &config);
    struct hb_predictor *calm = predictor_of(&world, &config);
    for (uint32_t c = 0; c < client_count; c++) {
        live(&world, c, &lives[c], 60);
    }
    int count = merge(lives, events);
    for (int i = 0; i < count; i++) {
        hb_predictor_observe(busy, &events[i]);
        hb_predictor_observe(calm, &events[i]);
        struct hb_question questions[30];
        struct hb_prediction out[30], alone;
        size_t asked = 1 + lstm_world_draw(&world, 30);
        for (size_t q = 0; q < asked; q++) {
            questions[q] = (struct hb_question) { .client = lstm_world_draw(&world, client_count),
                .at_ns = events[i].at_ns, .horizon_s = horizons[lstm_world_draw(&world, 6)] };
        }
        hb_predict_location(busy, questions, asked, out);
        size_t q = lstm_world_draw(&world, (uint32_t)asked);
        if (i % 10 == 0) {
            hb_predict_location(calm, &questions[q], 1, &alone);
            assert_same(&out[q], &alone);
        }
    }
    hb_predictor_free(busy);
    hb_predictor_free(calm);
    lstm_world_fini(&world);
}

static void see(struct hb_predictor *predictor, double slots, uint32_t place)
{
    struct hb_observation seen = { .client = 1, .at_ns = instant(slots), .place = place };
    hb_predictor_observe(predictor, &seen);
}

static struct hb_prediction ask(struct hb_predictor *predictor, double slots)
{
    struct hb_question question
        = { .client = 1, .at_ns = instant(slots), .horizon_s = 1500.0F };
    struct hb_prediction out;
    hb_predict_location(predictor, &question, 1, &out);
    return out;
}

/* The plain model has no memory but h and c: after a gap, and after forgetting, it
 * is as if the client had never been seen before. */
static void a_gap_and_forgetting_begin_afresh(void **state)
{
    (void)state;
    struct lstm_world world;
    lstm_world_init(&world, 8, &lstm_world_plain);
    struct hb_predictor *a = predictor_of(&world, &(struct hb_lstm_config) { 0 });
    struct hb_predictor *b = predictor_of(&world, &(struct hb_lstm_config) { 0 });
    struct hb_prediction never = ask(a, 1.0);
    assert_int_equal(never.guess_count, 0);
    see(a, 1.0, 5);
    see(a, 2.5, 9);
    see(a, 3.1, HB_NONE);
    assert_int_equal(ask(a, 3.2).guess_count, 0);
    see(b, 5.2, 30);
    struct hb_prediction want = ask(b, 6.0), got;
    see(a, 4.9, 30); /* the next slot: no gap, the session goes on */
    got = ask(a, 6.0);
    assert_true(memcmp(got.guesses, want.guesses, sizeof got.guesses) != 0);
    see(a, 6.3, HB_NONE);
    see(a, 8.0, 30);
    hb_predictor_forget(b, 1);
    assert_int_equal(ask(b, 7.0).guess_count, 0);
    see(b, 8.0, 30);
    want = ask(b, 9.0);
    got = ask(a, 9.0);
    assert_same(&got, &want);
    assert_int_equal(ask(a, 8.0 + 192.5).guess_count, 10);
    assert_int_equal(ask(a, 8.0 + 193.5).guess_count, 0); /* two days of silence */
    see(a, 800.0, 30);
    see(b, 800.0, HB_NONE);
    see(b, 810.0, 4);
    see(b, 800.0, 30); /* time goes back */
    want = ask(b, 801.0);
    got = ask(a, 801.0);
    assert_same(&got, &want);
    hb_predictor_free(a);
    hb_predictor_free(b);
    lstm_world_fini(&world);
}

static void a_place_outside_the_table_is_unknown_but_answered(void **state)
{
    (void)state;
    struct lstm_world world;
    lstm_world_init(&world, 8, &lstm_world_full);
    struct hb_predictor *a = predictor_of(&world, &(struct hb_lstm_config) { 0 });
    see(a, 0.0, 12);
    see(a, 1.0, 5000000);
    struct hb_prediction out = ask(a, 2.0);
    assert_int_equal(out.guess_count, HB_GUESS_MAX);
    for (uint32_t i = 0; i < out.guess_count; i++) {
        assert_true(out.guesses[i].place < world.model.tables.place_count);
    }
    hb_predictor_free(a);
    lstm_world_fini(&world);
}

static void a_client_takes_what_was_promised(void **state)
{
    (void)state;
    struct lstm_world world;
    lstm_world_init(&world, 8, &lstm_world_sparse); /* 128 units */
    struct hb_lstm_config config = { .client_capacity = 1, .unix_epoch_s = epoch_s };
    size_t full = hb_lstm_client_bytes(&world.model, &config);
    config.is_compact = 1;
    size_t compact = hb_lstm_client_bytes(&world.model, &config);
    print_message("bytes a client at 128 units: %zu, compact %zu\n", full, compact);
    assert_true(full <= 2048);
    assert_true(compact < 1024);
    struct hb_predictor *one, *many;
    assert_int_equal(hb_lstm_create(&world.model, &config, &one), HB_OK);
    config.client_capacity = 1001;
    assert_int_equal(hb_lstm_create(&world.model, &config, &many), HB_OK);
    assert_int_equal(hb_predictor_bytes(many) - hb_predictor_bytes(one), 1000 * compact);
    hb_predictor_free(one);
    hb_predictor_free(many);
    lstm_world_fini(&world);
}

static void denormal_arithmetic_is_as_before_the_call(void **state)
{
    (void)state;
    struct lstm_world world;
    lstm_world_init(&world, 8, &lstm_world_plain);
    struct hb_predictor *a = predictor_of(&world, &(struct hb_lstm_config) { 0 });
    see(a, 0.0, 12);
    (void)ask(a, 1.0);
    volatile float small = 1e-38F;
    assert_true(small / 16.0F > 0.0F);
    hb_predictor_free(a);
    lstm_world_fini(&world);
}

static void what_cannot_be_served_is_refused(void **state)
{
    (void)state;
    struct lstm_world world;
    lstm_world_init(&world, 8, &lstm_world_plain);
    struct hb_lstm_config config = { .client_capacity = 0 };
    struct hb_predictor *out = NULL;
    assert_int_equal(hb_lstm_create(&world.model, &config, &out), HB_ERR_RANGE);
    config.client_capacity = 1;
    config.batch_max = 5000;
    assert_int_equal(hb_lstm_create(&world.model, &config, &out), HB_ERR_RANGE);
    config.batch_max = 0;
    struct hb_predictor *other = NULL, *peer = NULL;
    assert_int_equal(hb_persistence_create(1, &other), HB_OK);
    config.peer = other;
    assert_int_equal(hb_lstm_create(&world.model, &config, &out), HB_ERR_RANGE);
    assert_int_equal(hb_lstm_create(&world.model, &(struct hb_lstm_config) {
        .client_capacity = 1 }, &peer), HB_OK);
    config = (struct hb_lstm_config) { .client_capacity = 1, .visit_count = 119, .peer = peer };
    assert_int_equal(hb_lstm_create(&world.model, &config, &out), HB_ERR_RANGE);
    config = (struct hb_lstm_config) { .client_capacity = 2, .peer = peer };
    assert_int_equal(hb_lstm_create(&world.model, &config, &out), HB_ERR_RANGE);
    config = (struct hb_lstm_config) { .client_capacity = 1, .is_compact = 1, .visit_count = 120,
        .peer = peer };
    assert_int_equal(hb_lstm_create(&world.model, &config, &out), HB_ERR_RANGE);
    struct lstm_world wider;
    lstm_world_init(&wider, 8, &lstm_world_deep);
    config = (struct hb_lstm_config) { .client_capacity = 1, .peer = peer };
    assert_int_equal(hb_lstm_create(&wider.model, &config, &out), HB_ERR_RANGE);
    lstm_world_fini(&wider);
    hb_predictor_free(peer);
    hb_predictor_free(other);
    config = (struct hb_lstm_config) { .client_capacity = 1 };
    world.model.shape.feature_count = 11;
    assert_int_equal(hb_lstm_create(&world.model, &config, &out), HB_ERR_UNSUPPORTED);
    world.model.shape.feature_count = 10;
    world.model.embedding = NULL;
    assert_int_equal(hb_lstm_create(&world.model, &config, &out), HB_ERR_RANGE);
    assert_null(out);
    lstm_world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_those_of_the_slots_so_far),
        cmocka_unit_test(compact_and_eight_bits_stay_close),
        cmocka_unit_test(questions_leave_no_trace_and_batches_do_not_show),
        cmocka_unit_test(a_gap_and_forgetting_begin_afresh),
        cmocka_unit_test(a_place_outside_the_table_is_unknown_but_answered),
        cmocka_unit_test(a_client_takes_what_was_promised),
        cmocka_unit_test(denormal_arithmetic_is_as_before_the_call),
        cmocka_unit_test(what_cannot_be_served_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"
#include "tests/core/lstm_world.h"
#include "tests/support/assert_near.h"

/* Two models or two pasts that differ only in what a name covers: with the name masked the
 * answers are the same bits, without the mask they are not. */
enum { horizons = 5, walk_max = 64, places = 203 };
static const double asked_s[horizons] = { 900.0, 1234.0, 1800.0, 2700.0, 3600.0 };
static const int64_t monday_s = 1717372800; /* 2024-06-03 00:00 UTC */

struct answers {
    struct hb_prediction at[horizons];
};

struct past {
    struct hb_observation events[walk_max];
    int count;
};

/* A walk of some slots with stays, from slot `begin` on; then out of sight. */
static void walk(struct lstm_world *world, struct past *past, int begin, int slots)
{
    uint32_t place = 0;
    for (int i = 0; i <= slots; i++) {
        place = lstm_world_draw(world, 5) < 2 ? place : lstm_world_draw(world, 9);
        past->events[past->count++] = (struct hb_observation) {
            .at_ns = hb_units_ns(900.0 * (begin + i)), .place = i == slots ? HB_NONE : place };
    }
}

/* What the model says at the last observation but one, in which the client is still seen. */
static void ask(const struct hb_lstm_model *model, const struct past *past, int shift_slots,
    struct answers *out)
{
    struct hb_predictor *predictor = NULL;
    struct hb_lstm_config config = { .client_capacity = 1,
        .unix_epoch_s = monday_s + (int64_t)shift_slots * 900 };
    assert_int_equal(hb_lstm_create(model, &config, &predictor), HB_OK);
    for (int i = 0; i + 1 < past->count; i++) {
        hb_predictor_observe(predictor, &past->events[i]);
    }
    for (int i = 0; i < horizons; i++) {
        struct hb_question question = { .at_ns = past->events[past->count - 2].at_ns,
            .horizon_s = (float)asked_s[i] };
        hb_predict_location(predictor, &question, 1, &out->at[i]);
        assert_true(out->at[i].guess_count > 0);
    }
    hb_predictor_free(predictor);
}

static int are_equal(const struct answers *a, const struct answers *b)
{
    for (int i = 0; i < horizons; i++) {
        const struct hb_prediction *x = &a->at[i], *y = &b->at[i];
        int is_same = x->guess_count == y->guess_count
            && memcmp(&x->elsewhere, &y->elsewhere, sizeof x->elsewhere) == 0;
        for (uint32_t j = 0; is_same && j < x->guess_count; j++) {
            is_same = x->guesses[j].place == y->guesses[j].place
                && memcmp(&x->guesses[j].confidence, &y->guesses[j].confidence, 4) == 0;
        }
        if (!is_same) {
            return 0;
        }
    }
    return 1;
}

struct population {
    uint32_t slots[places], hours[places][24], totals[places][4], first[places + 1];
    uint32_t to[places * 6], counts[places * 6][4];
};

/* Each place has six others that people go to. */
static void people(struct lstm_world *world, struct population *p)
{
    for (uint32_t i = 0; i < places; i++) {
        p->slots[i] = lstm_world_draw(world, 500);
        p->first[i + 1] = p->first[i] + 6;
        for (int hour = 0; hour < 24; hour++) {
            p->hours[i][hour] = lstm_world_draw(world, 90);
        }
        for (uint32_t j = 0; j < 6; j++) {
            uint32_t at = p->first[i] + j;
            p->to[at] = (i + 1 + j * 7 + lstm_world_draw(world, 7)) % places;
            for (int k = 0; k < 4; k++) {
                p->counts[at][k] = 60 - 9 * j + lstm_world_draw(world, 9);
                p->totals[i][k] += p->counts[at][k];
            }
        }
    }
}

static struct hb_candidates_counts counts_of(const struct population *p)
{
    return (struct hb_candidates_counts) { .row_count = places, .slot_counts = p->slots,
        .hour_counts = p->hours[0], .move_totals = p->totals[0], .move_first = p->first,
        .move_places = p->to, .move_counts = p->counts[0] };
}

struct scene {
    struct lstm_world world;
    struct population people, others;
    struct past past;
};

static int build(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    if (scene == NULL) {
        return -1;
    }
    lstm_world_init(&scene->world, 77, &lstm_world_full);
    people(&scene->world, &scene->people);
    people(&scene->world, &scene->others);
    scene->world.model.tables.everybody = counts_of(&scene->people);
    walk(&scene->world, &scene->past, 31, 20);
    walk(&scene->world, &scene->past, 90, 11);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    lstm_world_fini(&scene->world);
    free(scene);
    return 0;
}

/* Columns [first + i] of weight [rows][columns], bit i of owned set, drawn anew. */
static float *scramble(struct lstm_world *world, const float *weight, uint32_t rows,
    uint32_t columns, uint32_t first, uint32_t owned)
{
    float *other = malloc((size_t)rows * columns * sizeof *other);
    assert_non_null(other);
    memcpy(other, weight, (size_t)rows * columns * sizeof *other);
    for (uint32_t i = 0; owned >> i != 0; i++) {
        for (uint32_t row = 0; (owned >> i & 1) != 0 && row < rows; row++) {
            other[row * columns + first + i] = 3.0F * lstm_world_real(world);
        }
    }
    return other;
}

/* Whether answers are the same under weights that differ in the inputs owned. */
static int is_blind(struct scene *scene, uint32_t masked, const struct hb_features_hidden *owned)
{
    struct hb_lstm_model model = scene->world.model, other;
    const struct hb_lstm_shape *s = &model.shape;
    struct answers a, b;
    model.tables.masked = masked;
    other = model;
    float *blocks[] = {
        scramble(&scene->world, model.layers[0].weight_ih, 4 * s->units,
            s->embedding + s->feature_count, s->embedding, owned->step),
        scramble(&scene->world, model.context.weight, s->context_size,
            s->units + s->context_count + s->horizon_size, s->units, owned->context),
        scramble(&scene->world, model.score1.weight, s->score1_size, HB_CANDIDATES_FEATURES, 0,
            owned->candidate),
        scramble(&scene->world, model.score_skip.weight, 1, HB_CANDIDATES_FEATURES, 0,
            owned->candidate),
    };
    other.layers[0].weight_ih = blocks[0];
    other.context.weight = blocks[1];
    other.score1.weight = blocks[2];
    other.score_skip.weight = blocks[3];
    ask(&model, &scene->past, 0, &a);
    ask(&other, &scene->past, 0, &b);
    for (int i = 0; i < 4; i++) {
        free(blocks[i]);
    }
    return are_equal(&a, &b);
}

/* By hand from the table in core/features.h; session counts in the step only. */
static void weights_of_masked_inputs_do_not_matter(void **state)
{
    static const struct {
        uint32_t name;
        struct hb_features_hidden owned;
    } cases[] = {
        { HB_FEATURES_CLOCK, { 0x7, 0x7, 0x50040 } },
        { HB_FEATURES_DWELL, { 0x8, 0x8, 0 } },
        { HB_FEATURES_MOVE, { 0x170, 0x70, 0x3800 } },
        { HB_FEATURES_OBSERVED, { 0x80, 0x480, 0 } },
        { HB_FEATURES_SESSION, { 0x200, 0, 0 } },
        { HB_FEATURES_OWN, { 0, 0xb00, 0x6c07e } },
        { HB_FEATURES_POPULATION, { 0, 0, 0x30380 } },
        { HB_FEATURES_DISTANCE, { 0, 0, 0x80c00 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (!is_blind(*state, cases[i].name, &cases[i].owned)) {
            fail_msg("name %zu is masked and yet seen", i);
        }
        if (is_blind(*state, HB_FEATURES_ALL & ~cases[i].name, &cases[i].owned)
            && cases[i].owned.step + cases[i].owned.context > 0) {
            fail_msg("name %zu is alone unmasked and yet not seen", i);
        }
        assert_false(is_blind(*state, 0, &cases[i].owned));
        struct hb_features_hidden told = hb_features_hidden(cases[i].name);
        assert_memory_equal(&told, &cases[i].owned, sizeof told);
    }
}

/* Two days and ten hours later, and with everything else as it was. */
static void without_the_clock_the_hour_does_not_matter(void **state)
{
    struct scene *scene = *state;
    struct hb_lstm_model model = scene->world.model;
    struct answers a, b;
    ask(&model, &scene->past, 0, &a);
    ask(&model, &scene->past, 232, &b);
    assert_false(are_equal(&a, &b));
    model.tables.masked = HB_FEATURES_CLOCK;
    ask(&model, &scene->past, 0, &a);
    ask(&model, &scene->past, 232, &b);
    assert_true(are_equal(&a, &b));
}

static void without_the_population_nobody_else_matters(void **state)
{
    struct scene *scene = *state;
    struct hb_lstm_model model = scene->world.model, other = model;
    struct answers a, b;
    other.tables.everybody = counts_of(&scene->others);
    ask(&model, &scene->past, 0, &a);
    ask(&other, &scene->past, 0, &b);
    assert_false(are_equal(&a, &b));
    model.tables.masked = other.tables.masked = HB_FEATURES_POPULATION;
    ask(&model, &scene->past, 0, &a);
    ask(&other, &scene->past, 0, &b);
    assert_true(are_equal(&a, &b));
}

static void without_neighbours_what_lies_near_does_not_matter(void **state)
{
    struct scene *scene = *state;
    struct hb_lstm_model model = scene->world.model, other = model;
    struct answers a, b;
    uint32_t first[places + 1], near[places * 3];
    for (uint32_t i = 0; i <= places; i++) {
        first[i] = 3 * i;
    }
    for (uint32_t i = 0; i < places * 3; i++) {
        near[i] = (i * 5 + 60) % places;
    }
    other.tables.near_first = first;
    other.tables.near_places = near;
    ask(&model, &scene->past, 0, &a);
    ask(&other, &scene->past, 0, &b);
    assert_false(are_equal(&a, &b));
    model.tables.masked = other.tables.masked = HB_FEATURES_NEIGHBOURS;
    ask(&model, &scene->past, 0, &a);
    ask(&other, &scene->past, 0, &b);
    assert_true(are_equal(&a, &b));
}

/* A session begins from nothing but the client's own history. */
static void without_own_history_earlier_sessions_do_not_matter(void **state)
{
    struct scene *scene = *state;
    struct hb_lstm_model model = scene->world.model;
    struct past other = { .count = 0 };
    struct answers a, b;
    walk(&scene->world, &other, 3, 40);
    for (int i = 21; i < scene->past.count; i++) {
        other.events[other.count++] = scene->past.events[i];
    }
    ask(&model, &scene->past, 0, &a);
    ask(&model, &other, 0, &b);
    assert_false(are_equal(&a, &b));
    model.tables.masked = HB_FEATURES_OWN;
    ask(&model, &scene->past, 0, &a);
    ask(&model, &other, 0, &b);
    assert_true(are_equal(&a, &b));
}

/* Feeds are told and not taken up, masked or not. */
static void feeds_do_not_matter_yet(void **state)
{
    struct scene *scene = *state;
    struct hb_lstm_model model = scene->world.model;
    struct past fed = scene->past;
    struct answers a, b;
    model.tables.masked = HB_FEATURES_FEEDS;
    for (int i = 0; i < fed.count; i++) {
        fed.events[i].context = (struct hb_context) { .traffic = 0.73F, .weather = 0.4F,
            .crowd = 0.9F, .transit = 0.2F };
        scene->past.events[i].context = (struct hb_context) { NAN, NAN, NAN, NAN, NAN, NAN };
    }
    ask(&model, &scene->past, 0, &a);
    ask(&model, &fed, 0, &b);
    assert_true(are_equal(&a, &b));
}

static void names_are_read_and_told(void **state)
{
    (void)state;
    uint32_t masked = 0;
    const char *wrong = NULL, *bad = "own,clocks";
    char text[HB_FEATURES_TEXT_BYTES];
    assert_int_equal(hb_features_parse("own,clock", &masked, &wrong), HB_OK);
    assert_int_equal(masked, HB_FEATURES_OWN | HB_FEATURES_CLOCK);
    hb_features_text(masked, text, sizeof text);
    assert_string_equal(text, "clock,own");
    hb_features_text(masked, text, 8);
    assert_string_equal(text, "clock,o");
    hb_features_text(0, text, sizeof text);
    assert_string_equal(text, "");
    assert_int_equal(hb_features_parse(bad, &masked, &wrong), HB_ERR_NOT_FOUND);
    assert_ptr_equal(wrong, bad + 4);
    assert_int_equal(hb_features_parse("", &masked, &wrong), HB_ERR_NOT_FOUND);
    assert_int_equal(hb_features_parse("own,", &masked, &wrong), HB_ERR_NOT_FOUND);
    assert_int_equal(masked, HB_FEATURES_OWN | HB_FEATURES_CLOCK);
    hb_features_text(HB_FEATURES_ALL, text, sizeof text);
    assert_int_equal(hb_features_parse(text, &masked, &wrong), HB_OK);
    assert_int_equal(masked, HB_FEATURES_ALL);
}

static void an_unknown_bit_is_refused(void **state)
{
    struct scene *scene = *state;
    struct hb_lstm_model model = scene->world.model;
    const char *what = NULL;
    model.tables.masked = HB_FEATURES_ALL;
    assert_int_equal(hb_lstm_check(&model, &what), HB_OK);
    model.tables.masked = HB_FEATURES_ALL + 1;
    assert_int_equal(hb_lstm_check(&model, &what), HB_ERR_RANGE);
    assert_string_equal(what, "masked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_of_masked_inputs_do_not_matter),
        cmocka_unit_test(without_the_clock_the_hour_does_not_matter),
        cmocka_unit_test(without_the_population_nobody_else_matters),
        cmocka_unit_test(without_neighbours_what_lies_near_does_not_matter),
        cmocka_unit_test(without_own_history_earlier_sessions_do_not_matter),
        cmocka_unit_test(feeds_do_not_matter_yet),
        cmocka_unit_test(names_are_read_and_told),
        cmocka_unit_test(an_unknown_bit_is_refused),
    };
    return cmocka_run_group_tests_name("core/features", tests, build, tear_down);
}

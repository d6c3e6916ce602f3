/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdatomic.h>
#include <string.h>

#include "core/lstm.h"
#include "core/units.h"
#include "sim/run/team.h"
#include "tests/core/lstm_world.h"

enum { client_count = 43, turns = 731 };

struct tally {
    atomic_uint begun[SIM_TEAM_MAX], too_early;
    uint32_t turn;
};

static void count_turn(void *ctx, uint32_t member)
{
    struct tally *tally = ctx;
    atomic_fetch_add(&tally->too_early, atomic_fetch_add(&tally->begun[member], 1) != tally->turn);
}

static void make_members(const struct lstm_world *world, uint32_t count,
    struct hb_predictor **members)
{
    struct hb_lstm_config config = { .client_capacity = client_count, .is_tracked = 1,
        .visit_count = 31, .is_compact = 1 };
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(hb_lstm_create(&world->model, &config, &members[i]), HB_OK);
        config.peer = members[0];
    }
}

static struct sim_team *team_of(const struct lstm_world *world, uint32_t count)
{
    struct hb_predictor *members[SIM_TEAM_MAX];
    struct sim_team *team = NULL;
    make_members(world, count, members);
    assert_int_equal(sim_team_create(members, count, &team), HB_OK);
    assert_int_equal(sim_team_len(team), count);
    return team;
}

/* No turn begins before all are through with the last. */
static void every_member_works_once_a_turn(void **state)
{
    (void)state;
    struct lstm_world world;
    lstm_world_init(&world, 3, &lstm_world_plain);
    for (uint32_t count = 1; count <= 5; count++) {
        struct sim_team *team = team_of(&world, count);
        struct tally tally = { .turn = 0 };
        for (; tally.turn < turns; tally.turn++) {
            sim_team_run(team, count_turn, &tally);
        }
        assert_int_equal(tally.too_early, 0);
        for (uint32_t i = 0; i < SIM_TEAM_MAX; i++) {
            assert_int_equal(tally.begun[i], i < count ? turns : 0);
        }
        sim_team_free(team);
    }
    lstm_world_fini(&world);
}

struct history {
    struct sim_team *team;
    const uint32_t *places; /* [client_count][steps] */
    int steps;
};

static void observe_mine(void *ctx, uint32_t member)
{
    const struct history *history = ctx;
    uint32_t members = sim_team_len(history->team);
    for (int step = 0; step < history->steps; step++) {
        for (uint32_t client = member; client < client_count; client += members) {
            struct hb_observation seen = { .client = client,
                .at_ns = hb_units_ns(step * 1700.0 + client),
                .place = history->places[client * (uint32_t)history->steps + (uint32_t)step] };
            hb_predictor_observe(sim_team_member(history->team, member), &seen);
        }
    }
}

/* Batches of all lengths; some clients are asked about twice in one. */
static void answers_do_not_depend_on_the_number_of_members(void **state)
{
    (void)state;
    enum { steps = 40 };
    struct lstm_world world;
    uint32_t places[client_count * steps];
    lstm_world_init(&world, 5, &lstm_world_full);
    for (uint32_t i = 0; i < client_count * steps; i++) {
        places[i] = lstm_world_draw(&world, world.model.tables.place_count);
    }
    struct sim_team *teams[4];
    for (uint32_t i = 0; i < 4; i++) {
        teams[i] = team_of(&world, i + 1);
        struct history history = { teams[i], places, steps };
        sim_team_run(teams[i], observe_mine, &history);
    }
    uint32_t twice = 0;
    for (uint32_t count = 0; count <= SIM_TEAM_BATCH; count++) {
        struct hb_question asked[SIM_TEAM_BATCH];
        struct hb_prediction out[4][SIM_TEAM_BATCH];
        uint64_t met = 0;
        memset(out, 0, sizeof out); /* padding too */
        for (uint32_t i = 0; i < count; i++) {
            asked[i] = (struct hb_question) { .client = lstm_world_draw(&world, client_count),
                .at_ns = hb_units_ns(steps * 1700.0 + 100.0 * count),
                .horizon_s = 900.0F * (float)(1 + lstm_world_draw(&world, 4)) };
            twice += (met >> asked[i].client & 1) != 0;
            met |= UINT64_C(1) << asked[i].client;
        }
        for (uint32_t team = 0; team < 4; team++) {
            sim_team_predict(teams[team], asked, count, out[team]);
            for (uint32_t i = 0; i < count; i++) {
                const struct hb_prediction *a = &out[0][i], *b = &out[team][i];
                assert_int_equal(a->guess_count, b->guess_count);
                assert_memory_equal(a->guesses, b->guesses, a->guess_count * sizeof a->guesses[0]);
                assert_memory_equal(&a->elsewhere, &b->elsewhere, sizeof a->elsewhere);
                assert_true(a->guess_count > 0);
            }
        }
    }
    assert_true(twice > 1000);
    for (uint32_t i = 0; i < 4; i++) {
        sim_team_free(teams[i]);
    }
    lstm_world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_works_once_a_turn),
        cmocka_unit_test(answers_do_not_depend_on_the_number_of_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

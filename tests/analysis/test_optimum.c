/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "analysis/optimum.h"

#define SITES 3
#define SEGMENTS 5

/* One random small case; all costs odd. */
struct world {
    uint64_t seed;
    double start_s[SEGMENTS], end_s[SEGMENTS];
    double cost[SEGMENTS + 1][SITES];
    double enter[SITES], leave[SITES];
    double move[SEGMENTS + 1][SITES][SITES], floor[SEGMENTS + 1];
};

static double drawn(struct world *world)
{
    world->seed = world->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(world->seed >> 11) * 0x1p-53;
}

static struct world invented(uint64_t seed)
{
    struct world world = { .seed = seed };
    double at_s = 13.7;
    for (int k = 0; k < SEGMENTS; k++) {
        at_s += drawn(&world) < 0.3 ? 5.1 * drawn(&world) : 0.0;
        world.start_s[k] = at_s;
        at_s += 10.0 * drawn(&world);
        world.end_s[k] = at_s;
    }
    for (int k = 0; k <= SEGMENTS; k++) {
        world.floor[k] = 1e9;
        for (int s = 0; s < SITES; s++) {
            world.cost[k][s] = drawn(&world) < 0.2 ? 0.0 : 3.0 * drawn(&world);
            for (int to = 0; to < SITES; to++) {
                world.move[k][s][to] = s == to ? 0.0 : 0.2 + drawn(&world);
                world.floor[k] = s == to ? world.floor[k]
                                         : fmin(world.floor[k], world.move[k][s][to]);
            }
        }
    }
    for (int s = 0; s < SITES; s++) {
        world.enter[s] = drawn(&world);
        world.leave[s] = 0.5 * drawn(&world);
    }
    return world;
}

static void serve(void *ctx, uint32_t segment, double *cost)
{
    struct world *world = ctx;
    for (int s = 0; s < SITES; s++) {
        cost[s] = world->cost[segment][s];
    }
}

static void move_row(void *ctx, uint32_t slot, uint32_t from, double *price)
{
    struct world *world = ctx;
    for (int s = 0; s < SITES; s++) {
        price[s] = world->move[slot][from][s];
    }
}

static double move_floor(void *ctx, uint32_t slot)
{
    return ((struct world *)ctx)->floor[slot];
}

static struct analysis_optimum_path path_of(struct world *world, double lead_s, uint32_t initial)
{
    return (struct analysis_optimum_path){ .segment_count = SEGMENTS,
        .site_count = SITES,
        .start_s = world->start_s,
        .end_s = world->end_s,
        .serve = serve,
        .ctx = world,
        .enter = world->enter,
        .leave = world->leave,
        .lead_s = lead_s,
        .initial_site = initial };
}

/* Cost of being at `site` from from_s to to_s, by the share of each segment. */
static double served(const struct world *world, int site, double from_s, double to_s)
{
    double sum = 0.0;
    for (int k = 0; k < SEGMENTS; k++) {
        double a = fmax(from_s, world->start_s[k]), b = fmin(to_s, world->end_s[k]);
        double length_s = world->end_s[k] - world->start_s[k];
        sum += b > a ? world->cost[k][site] * (b - a) / length_s : 0.0;
    }
    return sum;
}

/* Oracle: every trajectory that moves at segment starts or at the first
 * instant possible, written out as a number to base SITES. */
static double cheapest_by_hand(const struct world *world, double lead_s, uint32_t initial)
{
    double instants[SEGMENTS + 3];
    int count = 0;
    double first_s = world->start_s[0] + lead_s;
    instants[count++] = world->start_s[0];
    instants[count++] = first_s;
    for (int k = 0; k < SEGMENTS; k++) {
        instants[count++] = world->start_s[k];
    }
    for (int i = 1; i < count; i++) {
        for (int j = i; j > 0 && instants[j] < instants[j - 1]; j--) {
            double t = instants[j];
            instants[j] = instants[j - 1];
            instants[j - 1] = t;
        }
    }
    instants[count] = 1e9;
    double best = 1e18;
    for (int code = 0; code < SITES * 2187; code++) { /* 3^8 */
        int digits = code / SITES, site = code % SITES;
        if (initial != HB_NONE && (uint32_t)site != initial) {
            continue;
        }
        double cost = served(world, site, -1e9, instants[0]);
        for (int i = 0; i < count; i++, digits /= SITES) {
            int next = instants[i] >= first_s ? digits % SITES : site;
            cost += next != site ? world->leave[site] + world->enter[next] : 0.0;
            site = next;
            cost += served(world, site, instants[i], instants[i + 1]);
        }
        best = fmin(best, cost);
    }
    return best;
}

static void it_is_the_cheapest_of_all_trajectories(void **state)
{
    (void)state;
    struct analysis_optimum *optimum = NULL;
    assert_int_equal(analysis_optimum_create(SEGMENTS, SITES, &optimum), HB_OK);
    for (uint64_t i = 0; i < 60; i++) {
        struct world world = invented(1000 + i);
        double lead_s = i % 3 == 0 ? 0.0 : 7.3 * (double)(i % 5);
        uint32_t initial = i % 4 == 3 ? HB_NONE : (uint32_t)i % SITES;
        struct analysis_optimum_path path = path_of(&world, lead_s, initial);
        struct analysis_optimum_plan plan;
        assert_int_equal(analysis_optimum_solve(optimum, &path, &plan, NULL), HB_OK);
        assert_near(plan.cost, cheapest_by_hand(&world, lead_s, initial), 1e-12);
    }
    analysis_optimum_free(optimum);
}

/* Moves at arbitrary instants, not only at changes, never pay less. */
static void no_trajectory_in_continuous_time_is_cheaper(void **state)
{
    (void)state;
    struct analysis_optimum *optimum = NULL;
    assert_int_equal(analysis_optimum_create(SEGMENTS, SITES, &optimum), HB_OK);
    double closest = 1e9;
    for (uint64_t i = 0; i < 200; i++) {
        struct world world = invented(5000 + i);
        struct analysis_optimum_path path = path_of(&world, 3.1, 1);
        struct analysis_optimum_plan plan;
        assert_int_equal(analysis_optimum_solve(optimum, &path, &plan, NULL), HB_OK);
        for (int trial = 0; trial < 200; trial++) {
            double at_s = world.start_s[0] + 3.1, cost = served(&world, 1, -1e9, at_s);
            int site = 1;
            while (at_s < world.end_s[SEGMENTS - 1]) {
                double until_s = at_s + 20.0 * drawn(&world);
                int next = (int)(drawn(&world) * SITES);
                cost += next != site ? world.leave[site] + world.enter[next] : 0.0;
                site = next;
                cost += served(&world, site, at_s, until_s);
                at_s = until_s;
            }
            assert_true(cost >= plan.cost - 1e-12);
            closest = fmin(closest, cost - plan.cost);
        }
    }
    assert_true(closest < 0.05);
    analysis_optimum_free(optimum);
}

/* The plan's own sites, moved between at segment starts, cost what it says. */
static void the_trajectory_has_the_cost_it_says(void **state)
{
    (void)state;
    struct analysis_optimum *optimum = NULL;
    assert_int_equal(analysis_optimum_create(SEGMENTS + 3, SITES + 4, &optimum), HB_OK);
    for (uint64_t i = 0; i < 60; i++) {
        struct world world = invented(9000 + i);
        struct analysis_optimum_path path = path_of(&world, 0.0, 2);
        struct analysis_optimum_plan plan;
        uint32_t sites[SEGMENTS];
        assert_int_equal(analysis_optimum_solve(optimum, &path, &plan, sites), HB_OK);
        double serve_cost = 0.0, move_cost = 0.0;
        uint32_t site = 2, move_count = 0;
        for (int k = 0; k < SEGMENTS; k++) {
            if (sites[k] != site) {
                move_cost += world.leave[site] + world.enter[sites[k]];
                move_count++;
            }
            site = sites[k];
            serve_cost += world.cost[k][site];
        }
        assert_near(plan.serve_cost, serve_cost, 1e-12);
        assert_near(plan.move_cost, move_cost, 1e-12);
        assert_int_equal(plan.move_count, move_count);
    }
    analysis_optimum_free(optimum);
}

static void a_lead_past_the_end_leaves_the_first_site(void **state)
{
    (void)state;
    struct analysis_optimum *optimum = NULL;
    assert_int_equal(analysis_optimum_create(SEGMENTS, SITES, &optimum), HB_OK);
    struct world world = invented(77);
    struct analysis_optimum_path path = path_of(&world, 1e6, 1);
    struct analysis_optimum_plan plan;
    assert_int_equal(analysis_optimum_solve(optimum, &path, &plan, NULL), HB_OK);
    assert_near(plan.cost, served(&world, 1, -1e9, 1e9), 1e-12);
    assert_int_equal(plan.move_count, 0);
    analysis_optimum_free(optimum);
}

/* Oracle: a policy that in each slot tries every decision it could take. */
struct trial {
    const struct world *world;
    uint32_t lead;
};

static double cheapest_from(const struct trial *trial, uint32_t slot, int site, int target,
    uint32_t due)
{
    if (slot > SEGMENTS) {
        return 0.0;
    }
    double paid = 0.0;
    if (target >= 0 && due == slot) {
        paid += trial->world->move[slot][site][target];
        site = target;
        target = -1;
    }
    double best = paid + trial->world->cost[slot][site]
        + cheapest_from(trial, slot + 1, site, target, due);
    for (int to = 0; to < SITES && target < 0; to++) {
        double cost = paid;
        if (to == site) {
            continue;
        }
        if (trial->lead == 0) {
            cost += trial->world->move[slot][site][to] + trial->world->cost[slot][to]
                + cheapest_from(trial, slot + 1, to, -1, 0);
        } else {
            cost += trial->world->cost[slot][site]
                + cheapest_from(trial, slot + 1, site, to, slot + trial->lead);
        }
        best = fmin(best, cost);
    }
    return best;
}

static void with_any_move_price_it_is_the_best_of_all_decisions(void **state)
{
    (void)state;
    struct analysis_optimum *optimum = NULL;
    assert_int_equal(analysis_optimum_create(SEGMENTS + 1, SITES, &optimum), HB_OK);
    for (uint64_t i = 0; i < 120; i++) {
        struct world world = invented(300 + i);
        uint32_t lead = (uint32_t)i % 5;
        struct analysis_optimum_slots slots = { .slot_count = SEGMENTS + 1,
            .site_count = SITES,
            .lead_slots = lead,
            .initial_site = (uint32_t)(i / 5) % SITES,
            .serve = serve,
            .move = move_row,
            .move_floor = move_floor,
            .ctx = &world };
        double cost;
        assert_int_equal(analysis_optimum_solve_slots(optimum, &slots, &cost), HB_OK);
        struct trial trial = { &world, lead };
        assert_near(cost, cheapest_from(&trial, 0, (int)slots.initial_site, -1, 0), 1e-12);
    }
    analysis_optimum_free(optimum);
}

/* Both forms agree where the move price is separable and nothing leads. */
static void both_forms_agree_on_separable_prices(void **state)
{
    (void)state;
    struct analysis_optimum *optimum = NULL;
    assert_int_equal(analysis_optimum_create(SEGMENTS, SITES, &optimum), HB_OK);
    for (uint64_t i = 0; i < 60; i++) {
        struct world world = invented(700 + i);
        for (int k = 0; k < SEGMENTS; k++) {
            world.floor[k] = 0.0;
            for (int s = 0; s < SITES * SITES; s++) {
                int from = s / SITES, to = s % SITES;
                world.move[k][from][to] = from == to ? 0.0 : world.leave[from] + world.enter[to];
            }
        }
        struct analysis_optimum_path path = path_of(&world, 0.0, HB_NONE);
        struct analysis_optimum_slots slots = { .slot_count = SEGMENTS, .site_count = SITES,
            .initial_site = HB_NONE, .serve = serve, .move = move_row,
            .move_floor = move_floor, .ctx = &world };
        struct analysis_optimum_plan plan;
        double cost;
        assert_int_equal(analysis_optimum_solve(optimum, &path, &plan, NULL), HB_OK);
        assert_int_equal(analysis_optimum_solve_slots(optimum, &slots, &cost), HB_OK);
        assert_near(cost, plan.cost, 1e-12);
    }
    analysis_optimum_free(optimum);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct analysis_optimum *optimum = NULL;
    assert_int_equal(analysis_optimum_create(SEGMENTS - 1, SITES, &optimum), HB_OK);
    struct world world = invented(3);
    struct analysis_optimum_path path = path_of(&world, 0.0, 0);
    struct analysis_optimum_plan plan;
    assert_int_equal(analysis_optimum_solve(optimum, &path, &plan, NULL), HB_ERR_RANGE);
    path.segment_count = 0;
    assert_int_equal(analysis_optimum_solve(optimum, &path, &plan, NULL), HB_ERR_RANGE);
    path = path_of(&world, 0.0, SITES);
    path.segment_count = 2;
    assert_int_equal(analysis_optimum_solve(optimum, &path, &plan, NULL), HB_ERR_RANGE);
    path = path_of(&world, 0.0, 0);
    path.segment_count = 2;
    path.site_count = SITES + 1;
    assert_int_equal(analysis_optimum_solve(optimum, &path, &plan, NULL), HB_ERR_RANGE);
    struct analysis_optimum_slots slots = { .slot_count = SEGMENTS, .site_count = SITES + 1 };
    double cost;
    assert_int_equal(analysis_optimum_solve_slots(optimum, &slots, &cost), HB_ERR_RANGE);
    slots = (struct analysis_optimum_slots){ .slot_count = 0, .site_count = SITES };
    assert_int_equal(analysis_optimum_solve_slots(optimum, &slots, &cost), HB_ERR_RANGE);
    analysis_optimum_free(optimum);
    analysis_optimum_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_cheapest_of_all_trajectories),
        cmocka_unit_test(no_trajectory_in_continuous_time_is_cheaper),
        cmocka_unit_test(the_trajectory_has_the_cost_it_says),
        cmocka_unit_test(a_lead_past_the_end_leaves_the_first_site),
        cmocka_unit_test(with_any_move_price_it_is_the_best_of_all_decisions),
        cmocka_unit_test(both_forms_agree_on_separable_prices),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/lstm_net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/lstm_kernel.h"
#include "core/lstm_math.h"
#include "tests/core/lstm_world.h"
#include "tests/support/assert_near.h"

enum { rows = 21, steps = 9, context_max = 12, place_max = 256 };

/* A batch of sequences with questions at the end. */
struct episode {
    uint32_t places[steps][rows];
    float features[steps][rows][HB_LSTM_FEATURES_MAX], context[rows][context_max];
    float horizons[rows];
    struct hb_candidates_set sets[rows];
    float *states, dense[rows][place_max];
    struct hb_prediction out[rows];
};

static struct episode *episode_of(struct lstm_world *world)
{
    struct episode *episode = aligned_alloc(64, (sizeof *episode + 63) / 64 * 64);
    assert_non_null(episode);
    uint32_t count = world->model.tables.place_count;
    for (int i = 0; i < rows; i++) {
        for (int t = 0; t < steps; t++) {
            episode->places[t][i] = lstm_world_draw(world, count + 3); /* some unknown */
            for (int j = 0; j < HB_LSTM_FEATURES_MAX; j++) {
                episode->features[t][i][j] = lstm_world_real(world);
            }
        }
        for (int j = 0; j < context_max; j++) {
            episode->context[i][j] = lstm_world_real(world);
        }
        static const float horizons[] = { 900.0F, 1111.0F, 1800.0F, 2650.5F, 2700.0F, 3599.0F,
            3600.0F, 200.0F, 9000.0F };
        episode->horizons[i] = horizons[i % 9];
        static const uint32_t sizes[] = { 96, 1, 17, 32, 33, 0, 80, 64 };
        lstm_world_candidates(world, sizes[i % 8], &episode->sets[i]);
    }
    episode->states = calloc(rows * 4 * HB_LSTM_UNITS_MAX, sizeof(float));
    assert_non_null(episode->states);
    return episode;
}

static void episode_free(struct episode *episode)
{
    free(episode->states);
    free(episode);
}

/* Rows first .. first + count; those of a batch together. */
static void run(struct hb_lstm_net *net, const struct lstm_world *world, struct episode *e,
    size_t first, size_t count)
{
    const struct hb_lstm_shape *s = &world->model.shape;
    size_t len = hb_lstm_net_state_len(net), wide = world->model.tables.place_count;
    float packed[rows * HB_LSTM_FEATURES_MAX], *dense = calloc(rows * place_max, sizeof *dense);
    struct hb_lstm_net_question questions[rows];
    assert_non_null(dense);
    memset(e->states + first * len, 0, count * len * sizeof(float));
    for (int t = 0; t < steps; t++) {
        for (size_t i = 0; i < count; i++) {
            memcpy(packed + i * s->feature_count, e->features[t][first + i],
                s->feature_count * sizeof *packed);
        }
        hb_lstm_net_step(net, count, &e->places[t][first], packed, e->states + first * len);
    }
    for (size_t i = 0; i < count; i++) {
        questions[i] = (struct hb_lstm_net_question) { .state = e->states + (first + i) * len,
            .context = e->context[first + i], .candidates = &e->sets[first + i],
            .horizon_s = e->horizons[first + i] };
    }
    hb_lstm_net_answer(net, count, questions, &e->out[first], dense);
    for (size_t i = 0; i < count; i++) {
        memcpy(e->dense[first + i], dense + i * wide, wide * sizeof *dense);
    }
    free(dense);
}

static struct hb_lstm_net *net_of(const struct lstm_world *world, uint32_t batch_max, int is_int8,
    enum hb_lstm_unit unit)
{
    struct hb_lstm_net *net = NULL;
    struct hb_lstm_net_config config
        = { .batch_max = batch_max, .is_int8 = is_int8, .unit = unit };
    enum hb_status status = hb_lstm_net_create(&world->model, &config, &net);
    assert_true(status == HB_OK || status == HB_ERR_UNSUPPORTED);
    return net;
}

/* The answers are those of the whole distribution: best first, the rest elsewhere. */
static void check_guesses(const struct hb_prediction *out, const float *dense, uint32_t places)
{
    double sum = 0.0, all = 0.0;
    for (uint32_t i = 0; i < out->guess_count; i++) {
        assert_near((double)out->guesses[i].confidence, (double)dense[out->guesses[i].place], 0.0);
        assert_true(i == 0 || out->guesses[i].confidence <= out->guesses[i - 1].confidence);
        sum += (double)out->guesses[i].confidence;
    }
    uint32_t better = 0;
    for (uint32_t i = 0; i < places; i++) {
        all += (double)dense[i];
        better += out->guess_count == HB_GUESS_MAX
            && dense[i] > out->guesses[HB_GUESS_MAX - 1].confidence;
    }
    assert_true(better < HB_GUESS_MAX);
    assert_true(all < 1.0 + 1e-5);
    assert_near((double)out->elsewhere, 1.0 - sum, 1e-6);
}

static double worst_of(const struct lstm_world *world, struct episode *e, double *state_worst)
{
    const struct hb_lstm_model *model = &world->model;
    size_t len = 2 * model->shape.units * model->shape.layer_count;
    double worst = 0.0, p[place_max];
    *state_worst = 0.0;
    for (int i = 0; i < rows; i++) {
        double state[4 * HB_LSTM_UNITS_MAX] = { 0.0 };
        for (int t = 0; t < steps; t++) {
            lstm_world_step(model, e->places[t][i], e->features[t][i], state);
        }
        for (size_t j = 0; j < len; j++) {
            double got = (double)e->states[(size_t)i * len + j];
            *state_worst = fmax(*state_worst, fabs(state[j] - got));
        }
        lstm_world_answer(model, state, e->context[i], &e->sets[i], (double)e->horizons[i], p);
        for (uint32_t j = 0; j < model->tables.place_count; j++) {
            worst = fmax(worst, fabs(p[j] - (double)e->dense[i][j]));
        }
        check_guesses(&e->out[i], e->dense[i], model->tables.place_count);
    }
    return worst;
}

static const struct lstm_world_shape *const shapes[]
    = { &lstm_world_plain, &lstm_world_full, &lstm_world_sparse, &lstm_world_deep };
enum { shape_count = sizeof shapes / sizeof *shapes };

static void the_network_is_its_formulas_in_double(void **state)
{
    (void)state;
    for (int i = 0; i < shape_count; i++) {
        struct lstm_world world;
        lstm_world_init(&world, 731 + (uint64_t)i, shapes[i]);
        struct episode *e = episode_of(&world);
        struct hb_lstm_net *net = net_of(&world, 8, 0, HB_LSTM_BEST);
        run(net, &world, e, 0, rows);
        double states, p = worst_of(&world, e, &states);
        printf("shape %d: states within %.1e, probabilities within %.1e\n", i, states, p);
        assert_true(states < 1e-5);
        assert_true(p < 1e-5);
        hb_lstm_net_free(net);
        episode_free(e);
        lstm_world_fini(&world);
    }
}

static void assert_same(const struct lstm_world *world, const struct episode *a,
    const struct episode *b)
{
    size_t len = 2 * world->model.shape.units * world->model.shape.layer_count;
    assert_memory_equal(a->states, b->states, rows * len * sizeof(float));
    for (int i = 0; i < rows; i++) {
        assert_memory_equal(a->dense[i], b->dense[i],
            world->model.tables.place_count * sizeof(float));
        assert_int_equal(a->out[i].guess_count, b->out[i].guess_count);
        assert_memory_equal(a->out[i].guesses, b->out[i].guesses,
            a->out[i].guess_count * sizeof(struct hb_guess));
        assert_memory_equal(&a->out[i].elsewhere, &b->out[i].elsewhere, sizeof(float));
    }
}

/* Alone or in batches of any size, on any vector unit, float32 or 8-bit: the same bits. */
static void batches_and_vector_units_do_not_show(void **state)
{
    (void)state;
    static const enum hb_lstm_unit units[] = { HB_LSTM_PORTABLE, HB_LSTM_AVX2, HB_LSTM_AVX512 };
    static const size_t batches[] = { 1, 2, 5, 13, rows };
    for (int i = 0; i < 2 * shape_count; i++) {
        struct lstm_world world;
        lstm_world_init(&world, 99 + (uint64_t)i, shapes[i / 2]);
        struct episode *want = episode_of(&world), *e = episode_of(&world);
        struct hb_lstm_net *net = net_of(&world, 64, i % 2, HB_LSTM_PORTABLE);
        float *states = e->states;
        *e = *want;
        e->states = states;
        run(net, &world, want, 0, rows);
        hb_lstm_net_free(net);
        for (int unit = 0; unit < 3; unit++) {
            net = net_of(&world, 16, i % 2, units[unit]);
            for (int b = 0; net != NULL && b < 5; b++) {
                for (size_t first = 0; first < rows; first += batches[b]) {
                    size_t left = rows - first;
                    run(net, &world, e, first, left < batches[b] ? left : batches[b]);
                }
                assert_same(&world, want, e);
            }
            hb_lstm_net_free(net);
        }
        episode_free(want);
        episode_free(e);
        lstm_world_fini(&world);
    }
}

static void eight_bits_are_nearly_as_good(void **state)
{
    (void)state;
    for (int i = 0; i < shape_count; i++) {
        struct lstm_world world;
        lstm_world_init(&world, 5 + (uint64_t)i, shapes[i]);
        struct episode *e = episode_of(&world);
        struct hb_lstm_net *net = net_of(&world, 64, 1, HB_LSTM_BEST);
        run(net, &world, e, 0, rows);
        double states, p = worst_of(&world, e, &states);
        printf("8 bits, shape %d: states within %.1e, probabilities within %.1e\n", i, states, p);
        assert_true(states > 1e-6); /* it is not float32 in disguise */
        assert_true(states < 0.06);
        assert_true(p < 0.06);
        hb_lstm_net_free(net);
        episode_free(e);
        lstm_world_fini(&world);
    }
}

static double exp_worst_of(enum hb_lstm_math_degree degree)
{
    double worst = 0.0;
    for (int i = -87000; i <= 87000; i += 7) {
        float x = (float)i / 1000.0F, y = hb_lstm_math_exp_to(x, 88.0F, degree);
        worst = fmax(worst, fabs((double)y / exp((double)x) - 1.0));
    }
    return worst;
}

static void functions_are_those_of_libm(void **state)
{
    (void)state;
    double log_worst = 0.0, logistic_worst = 0.0;
    for (int i = -87000; i <= 87000; i += 7) {
        double y = exp((double)i / 1000.0), right = log((double)(float)y);
        double wrong = fabs((double)hb_lstm_math_log((float)y) - right);
        log_worst = fmax(log_worst, wrong / fmax(1.0, fabs(right)));
        float x = (float)i / 1000.0F;
        double l = 1.0 / (1.0 + exp(-(double)x));
        logistic_worst = fmax(logistic_worst, fabs((double)hb_lstm_math_logistic(x) - l));
    }
    assert_true(log_worst < 1.5e-7);
    assert_true(logistic_worst < 2.5e-7);
    assert_true(exp_worst_of(HB_LSTM_MATH_DEGREE_6) < 2.5e-7);
    assert_true(exp_worst_of(HB_LSTM_MATH_DEGREE_7) < 1.2e-7);
    assert_true(hb_lstm_math_exp_to(-1000.0F, 88.0F, HB_LSTM_MATH_DEGREE_6) < 1e-37F);
}

static void sixteen_bit_floats_round_as_the_processor_does(void **state)
{
    (void)state;
    const struct hb_lstm_kernels *portable = hb_lstm_kernels_of(HB_LSTM_PORTABLE);
    const struct hb_lstm_kernels *avx2 = hb_lstm_kernels_of(HB_LSTM_AVX2);
    for (uint32_t i = 0; i < 0x7c00; i++) { /* exact both ways */
        uint16_t half = (uint16_t)i, back;
        float x, ldexp_x;
        portable->half_unpack(&half, 1, &x);
        portable->half_pack(&x, 1, &back);
        assert_int_equal(back, half);
        int e = i >> 10 == 0 ? -24 : (int)(i >> 10) - 25;
        ldexp_x = (float)ldexp((i >> 10 == 0 ? 0.0 : 1024.0) + (i & 1023), e);
        assert_true(x == ldexp_x);
    }
    struct lstm_world world = { .seed = 4 };
    for (int i = 0; avx2 != NULL && i < 200000; i++) {
        float x = ldexpf(lstm_world_real(&world), (int)lstm_world_draw(&world, 45) - 27), y, z;
        uint16_t a, b;
        portable->half_pack(&x, 1, &a);
        avx2->half_pack(&x, 1, &b);
        assert_int_equal(a, b);
        portable->half_unpack(&a, 1, &y);
        avx2->half_unpack(&a, 1, &z);
        assert_memory_equal(&y, &z, sizeof y);
    }
}

static void a_model_out_of_bounds_is_named(void **state)
{
    (void)state;
    struct lstm_world world;
    const char *what = "";
    lstm_world_init(&world, 1, &lstm_world_full);
    struct hb_lstm_model m = world.model;
    assert_int_equal(hb_lstm_check(&m, &what), HB_OK);
    m.shape.units = 40;
    assert_int_equal(hb_lstm_check(&m, &what), HB_ERR_RANGE);
    assert_string_equal(what, "units");
    m = world.model;
    m.score2.weight = NULL;
    assert_int_equal(hb_lstm_check(&m, &what), HB_ERR_RANGE);
    assert_string_equal(what, "score2.weight");
    m = world.model;
    float bad[2] = { 0.0F, NAN };
    m.gate.bias = bad;
    assert_int_equal(hb_lstm_check(&m, &what), HB_ERR_RANGE);
    assert_string_equal(what, "gate.bias");
    m = world.model;
    m.tokens = NULL;
    m.tables.place_count = 100; /* 101 words */
    m.tables.near_first = NULL;
    assert_int_equal(hb_lstm_check(&m, &what), HB_ERR_RANGE);
    assert_string_equal(what, "tokens");
    uint32_t twins[512];
    m = world.model;
    assert_true(m.tables.place_count <= 512);
    memcpy(twins, m.tokens, m.tables.place_count * sizeof *twins);
    twins[2] = twins[0] < twins[1] ? twins[0] : twins[1]; /* one of the two is known */
    m.tokens = twins;
    assert_int_equal(hb_lstm_check(&m, &what), HB_ERR_RANGE);
    assert_string_equal(what, "tokens");
    m = world.model;
    m.confidence[3][4] = 0.5F; /* and falls to 0 */
    assert_int_equal(hb_lstm_check(&m, &what), HB_ERR_RANGE);
    assert_string_equal(what, "confidence");
    m = world.model;
    m.inverse_temperature[2][1] = -1.0F;
    assert_int_equal(hb_lstm_check(&m, &what), HB_ERR_RANGE);
    assert_string_equal(what, "inverse_temperature");
    struct hb_lstm_net *net = NULL;
    assert_int_equal(hb_lstm_net_create(&m, &(struct hb_lstm_net_config) { 0 }, &net),
        HB_ERR_RANGE);
    assert_null(net);
    lstm_world_fini(&world);
}

/* Sums of gates far beyond where they saturate, each beside each. Oracle: libm in double. */
static void a_cell_is_right_at_the_ends(void **state)
{
    (void)state;
    static const float ends[] = { -1e6F, -90.0F, -44.0F, -20.0F, -0.3F, 0.0F, 0.7F, 20.0F, 44.0F,
        90.0F, 1e6F };
    enum { count = sizeof ends / sizeof ends[0] };
    const struct hb_lstm_kernels *kernels = hb_lstm_kernels_of(HB_LSTM_BEST);
    for (size_t n = 0; n < (size_t)count * count * count * count; n++) {
        float pre[] = { ends[n % count], ends[n / count % count],
            ends[n / (count * count) % count], ends[n / (count * count * count)] };
        float c = 0.41F, h;
        double want = (double)c / (1.0 + exp(-(double)pre[1]))
            + tanh((double)pre[2]) / (1.0 + exp(-(double)pre[0]));
        kernels->cell(pre, 1, &h, &c);
        assert_near((double)c, want, 3e-7);
        assert_near((double)h, tanh(want) / (1.0 + exp(-(double)pre[3])), 3e-7);
    }
}

static void assert_table_is_refused(const struct hb_lstm_model *good,
    const struct hb_candidates_tables *tables, const char *wanted)
{
    const char *what = "";
    struct hb_lstm_model m = *good;
    m.tables = *tables;
    assert_int_equal(hb_lstm_check(&m, &what), HB_ERR_RANGE);
    assert_string_equal(what, wanted);
}

/* A counts table of one move from the last place to the first, each fault of it in turn. */
static void tables_out_of_bounds_are_named(void **state)
{
    (void)state;
    static uint32_t counts[512 * 24], totals[512 * 4], first[513];
    static int32_t clock[512];
    uint32_t to[1] = { 0 }, moves[4] = { 1, 0, 0, 0 };
    struct lstm_world world;
    const char *what = "";
    lstm_world_init(&world, 1, &lstm_world_full);
    struct hb_lstm_model m = world.model;
    uint32_t places = m.tables.place_count;
    assert_true(places > 2 && places <= 512);
    first[places] = 1;
    m.tables.clock_slots = NULL;
    m.tables.everybody = (struct hb_candidates_counts) { .row_count = places,
        .slot_counts = counts, .hour_counts = counts, .move_totals = totals, .move_first = first,
        .move_places = to, .move_counts = moves };
    assert_int_equal(hb_lstm_check(&m, &what), HB_OK);
    struct hb_candidates_tables bad = m.tables;
    bad.north_km = NULL;
    assert_table_is_refused(&m, &bad, "north_km");
    bad = m.tables;
    bad.place_count = 0;
    assert_table_is_refused(&m, &bad, "place_count");
    bad = m.tables;
    bad.everybody.row_count = places - 1;
    assert_table_is_refused(&m, &bad, "row_count");
    bad = m.tables;
    bad.everybody.row_places = counts;
    assert_table_is_refused(&m, &bad, "row_count");
    bad = m.tables;
    bad.everybody.hour_counts = NULL;
    assert_table_is_refused(&m, &bad, "slot_counts");
    bad = m.tables;
    bad.everybody.move_counts = NULL;
    assert_table_is_refused(&m, &bad, "move_first");
    to[0] = places;
    assert_table_is_refused(&m, &m.tables, "move_first");
    to[0] = places - 1;
    first[1] = 2; /* and falls to 0 */
    assert_table_is_refused(&m, &m.tables, "move_first");
    first[1] = 0;
    bad = m.tables;
    bad.near_first = (const uint32_t[]) { 7, 7 };
    assert_table_is_refused(&m, &bad, "near_first");
    bad = m.tables;
    bad.clock_slots = clock;
    clock[places - 1] = -97; /* more than a day behind */
    assert_table_is_refused(&m, &bad, "clock_slots");
    clock[places - 1] = 97;
    assert_table_is_refused(&m, &bad, "clock_slots");
    clock[places - 1] = 96;
    m.tables.clock_slots = clock;
    assert_int_equal(hb_lstm_check(&m, &what), HB_OK);
    lstm_world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_network_is_its_formulas_in_double),
        cmocka_unit_test(batches_and_vector_units_do_not_show),
        cmocka_unit_test(eight_bits_are_nearly_as_good),
        cmocka_unit_test(functions_are_those_of_libm),
        cmocka_unit_test(a_cell_is_right_at_the_ends),
        cmocka_unit_test(sixteen_bit_floats_round_as_the_processor_does),
        cmocka_unit_test(a_model_out_of_bounds_is_named),
        cmocka_unit_test(tables_out_of_bounds_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine/stream.h"

#include "tests/support/assert_near.h"

/* The vectors of Philox4x32-10 that Random123 publishes (kat_vectors): zeros,
 * ones, and the digits of pi. */
static void draws_the_published_words(void **state)
{
    (void)state;
    const struct {
        struct sim_stream stream;
        uint64_t words[2];
    } known[] = {
        { { .seed = 0 }, { 0xe169c58d6627e8d5, 0x9b00dbd8bc57ac4c } },
        { { .seed = UINT64_MAX, .entity = UINT64_MAX, .purpose = 0xffff,
              .drawn = (UINT64_C(1) << 49) - 2 },
            { 0x41c83b0e408f276d, 0x6d5451fda20bc7c6 } },
        { { .seed = 0x299f31d0a4093822, .entity = 0x0370734413198a2e, .purpose = 0x85a3,
              .drawn = 2 * UINT64_C(0x08d3243f6a88) },
            { 0x94fdccebd16cfe09, 0x24126ea15001e420 } },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct sim_stream stream = known[i].stream;
        assert_true(sim_stream_next(&stream) == known[i].words[0]);
        assert_true(sim_stream_next(&stream) == known[i].words[1]);
    }
}

/* Two purposes with one code would not compile here. */
static void no_two_purposes_share_a_code(void **state)
{
    (void)state;
    int known = 0;
    for (unsigned code = 0; code < 1000; code++) {
        switch ((enum sim_stream_purpose)code) {
#define X(name, value)      \
    case SIM_STREAM_##name: \
        known++;            \
        break;
            SIM_STREAM_PURPOSE_LIST(X)
#undef X
        }
    }
    assert_true(known >= 19);
}

static void a_copy_replays(void **state)
{
    (void)state;
    struct sim_stream stream = sim_stream_of(731, SIM_STREAM_HOME, 17);
    for (int i = 0; i < 33; i++) {
        sim_stream_next(&stream);
    }
    struct sim_stream copy = stream;
    for (int i = 0; i < 100; i++) {
        assert_true(sim_stream_next(&copy) == sim_stream_next(&stream));
    }
}

/* Bits that two streams have in common: binomial(64 n, 1/2). Error rate of the
 * bound of 5.5 standard deviations: 4e-8 for each pair. */
static void assert_unrelated(struct sim_stream a, struct sim_stream b)
{
    enum { words = 20000 };
    int64_t common = 0;
    for (int i = 0; i < words; i++) {
        common += __builtin_popcountll(~(sim_stream_next(&a) ^ sim_stream_next(&b)));
    }
    double bits = 64.0 * words;
    assert_true(fabs((double)common - bits / 2.0) < 5.5 * sqrt(bits / 4.0));
}

static void neighbours_are_unrelated(void **state)
{
    (void)state;
    struct sim_stream own = sim_stream_of(731, SIM_STREAM_HOME, 17), shifted = own;
    shifted.drawn = 2;
    assert_unrelated(own, shifted);
    assert_unrelated(own, sim_stream_of(732, SIM_STREAM_HOME, 17));
    assert_unrelated(own, sim_stream_of(731, SIM_STREAM_WORK, 17));
    assert_unrelated(own, sim_stream_of(731, SIM_STREAM_HOME, 18));
    assert_unrelated(own, sim_stream_of(731, SIM_STREAM_HOME, UINT64_C(1) << 32 | 17));
    assert_unrelated(own, sim_stream_of(sim_stream_replica_seed(731, 1), SIM_STREAM_HOME, 17));
}

/* The first words of many entities are themselves a random sample: their
 * counts in 256 cells are chi-square with 255 degrees, mean 255, sd 22.6; the
 * bound is exceeded (or fallen below) with probability under 1e-6. */
static void first_words_of_entities_are_uniform(void **state)
{
    (void)state;
    enum { entities = 256000, cells = 256 };
    uint32_t counts[cells] = { 0 };
    for (uint64_t entity = 0; entity < entities; entity++) {
        struct sim_stream stream = sim_stream_of(731, SIM_STREAM_TRIP, entity);
        counts[sim_stream_next(&stream) >> 56]++;
    }
    double chi2 = 0.0, expected = entities / cells;
    for (int i = 0; i < cells; i++) {
        chi2 += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    }
    assert_true(chi2 < 382.0);
    assert_true(chi2 > 158.0);
}

static void replication_zero_is_the_experiment_itself(void **state)
{
    (void)state;
    assert_true(sim_stream_replica_seed(731, 0) == 731);
    assert_true(sim_stream_replica_seed(731, 1) != sim_stream_replica_seed(731, 2));
    assert_true(sim_stream_replica_seed(731, 1) != sim_stream_replica_seed(732, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_the_published_words),
        cmocka_unit_test(no_two_purposes_share_a_code),
        cmocka_unit_test(a_copy_replays),
        cmocka_unit_test(neighbours_are_unrelated),
        cmocka_unit_test(first_words_of_entities_are_uniform),
        cmocka_unit_test(replication_zero_is_the_experiment_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every create with each of its allocations refused in turn. The linker hands the library's
 * calls to the functions below (--wrap), which count what is held. */
#include "tests/support/assert_near.h"

#include <stdlib.h>

#include "core/frequency.h"
#include "core/identity.h"
#include "core/lstm.h"
#include "core/markov.h"
#include "core/persistence.h"
#include "core/replay.h"
#include "tests/core/fake_host.h"
#include "tests/core/lstm_world.h"

static long held, calls, refused; /* refused: number of the call that gets nothing; 0: none */
static size_t asked_bytes; /* since it was last set to 0 */

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void __real_free(void *block);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
void __wrap_free(void *block);

static void *counted(void *block, size_t bytes)
{
    held += block != NULL;
    asked_bytes += bytes;
    return block;
}

void *__wrap_malloc(size_t bytes)
{
    return ++calls == refused ? NULL : counted(__real_malloc(bytes), bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return ++calls == refused ? NULL : counted(__real_calloc(count, bytes), count * bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return ++calls == refused ? NULL
                              : counted(__real_aligned_alloc(alignment, bytes), bytes);
}

void __wrap_free(void *block)
{
    held -= block != NULL;
    __real_free(block);
}

typedef enum hb_status create_rule(void **out);

/* Refuses the first, second, ... allocation until the create succeeds; returns how many it
 * makes. What is refused leaves nothing held and *out alone. */
static long refuse_each(create_rule *create, void (*release)(void *))
{
    static int marker;
    for (long n = 1;; n++) {
        void *out = &marker;
        held = calls = 0;
        refused = n;
        enum hb_status status = create(&out);
        refused = 0;
        if (status == HB_OK) {
            assert_true(held > 0);
            release(out);
            assert_int_equal(held, 0);
            return n - 1;
        }
        assert_int_equal(status, HB_ERR_MEMORY);
        assert_ptr_equal(out, &marker);
        assert_int_equal(held, 0);
        assert_true(n < 100);
    }
}

static struct host host;
static struct lstm_world world;

static enum hb_status make_controller(void **out)
{
    struct hb_ports ports = hb_record_tap_ports(&host.tap);
    struct hb_controller *it = NULL;
    enum hb_status status = hb_controller_create(&host.setup, &ports, &it);
    *out = status == HB_OK ? (void *)it : *out;
    return status;
}

static enum hb_status make_replay(void **out)
{
    static const struct hb_replay_answers answers = { .copy_s = 1.0 };
    struct hb_replay *it = NULL;
    enum hb_status status = hb_replay_create(&host.setup, &answers, NULL, NULL, &it);
    *out = status == HB_OK ? (void *)it : *out;
    return status;
}

static enum hb_status make_identity(void **out)
{
    static const struct hb_identity_config config
        = { .client_capacity = 7, .epoch_s = 60.0, .grace_s = 5.0 };
    struct hb_identity *it = NULL;
    enum hb_status status = hb_identity_create(&config, &it);
    *out = status == HB_OK ? (void *)it : *out;
    return status;
}

static enum hb_status kept(enum hb_status status, struct hb_predictor *it, void **out)
{
    *out = status == HB_OK ? (void *)it : *out;
    return status;
}

static enum hb_status make_persistence(void **out)
{
    struct hb_predictor *it = NULL;
    enum hb_status status = hb_persistence_create(7, &it);
    return kept(status, it, out);
}

static enum hb_status make_frequency(void **out)
{
    static const struct hb_frequency_config config = { .client_capacity = 7 };
    struct hb_predictor *it = NULL;
    enum hb_status status = hb_frequency_create(&config, &it);
    return kept(status, it, out);
}

static enum hb_status make_markov(void **out)
{
    static const struct hb_markov_config config = { .client_capacity = 7, .order = 2 };
    struct hb_predictor *it = NULL;
    enum hb_status status = hb_markov_create(&config, &it);
    return kept(status, it, out);
}

static enum hb_status make_lstm(void **out)
{
    static const struct hb_lstm_config config = { .client_capacity = 7 };
    struct hb_predictor *it = NULL;
    enum hb_status status = hb_lstm_create(&world.model, &config, &it);
    return kept(status, it, out);
}

static void free_controller(void *it)
{
    hb_controller_free(it);
}

static void free_replay(void *it)
{
    hb_replay_free(it);
}

static void free_identity(void *it)
{
    hb_identity_free(it);
}

static void free_predictor(void *it)
{
    hb_predictor_free(it);
}

static void no_create_leaks_or_crashes_for_want_of_memory(void **state)
{
    (void)state;
    host_init(&host, HB_POLICY_PREDICTIVE);
    host.setup.policy.detector = HB_HEALTH_PHI;
    lstm_world_init(&world, 731, &lstm_world_full);
    assert_true(refuse_each(make_controller, free_controller) >= 6);
    assert_true(refuse_each(make_replay, free_replay) >= 8);
    assert_true(refuse_each(make_identity, free_identity) >= 5);
    assert_true(refuse_each(make_persistence, free_predictor) >= 4);
    assert_true(refuse_each(make_frequency, free_predictor) >= 5);
    assert_true(refuse_each(make_markov, free_predictor) >= 6);
    assert_true(refuse_each(make_lstm, free_predictor) >= 6);
    lstm_world_fini(&world);
}

static void assert_predictor_bytes(create_rule *create)
{
    void *out = NULL;
    asked_bytes = 0;
    assert_int_equal(create(&out), HB_OK);
    assert_int_equal(hb_predictor_bytes(out), asked_bytes);
    hb_predictor_free(out);
}

/* Nothing is given back during a create, so that what it asked for is what it holds. */
static void what_is_said_to_be_held_was_asked_for(void **state)
{
    (void)state;
    assert_predictor_bytes(make_persistence);
    assert_predictor_bytes(make_frequency);
    assert_predictor_bytes(make_markov);
    for (int has_grace = 0; has_grace < 2; has_grace++) {
        const struct hb_identity_config config
            = { .client_capacity = 731, .epoch_s = 60.0, .grace_s = has_grace ? 5.0 : 0.0 };
        struct hb_identity *identity = NULL;
        asked_bytes = 0;
        assert_int_equal(hb_identity_create(&config, &identity), HB_OK);
        assert_int_equal(hb_identity_bytes(identity), asked_bytes);
        hb_identity_free(identity);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_create_leaks_or_crashes_for_want_of_memory),
        cmocka_unit_test(what_is_said_to_be_held_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

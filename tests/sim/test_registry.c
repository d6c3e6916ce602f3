/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include "core/map.h"
#include "sim/run/crew.h"
#include "sim/run/registry.h"

#define CLIENTS 731u

static uint8_t consents[CLIENTS];

/* Every seventh has not opted in. */
static struct sim_registry *created(void)
{
    for (uint32_t client = 0; client < CLIENTS; client++) {
        consents[client] = client % 7 != 3;
    }
    struct sim_registry_config config
        = { .seed = 12, .client_count = CLIENTS, .consents = consents, .epoch_s = 3600.0 };
    struct sim_registry *registry = NULL;
    assert_int_equal(sim_registry_create(&config, &registry), HB_OK);
    return registry;
}

static void those_who_opted_in_are_numbered_in_order(void **state)
{
    (void)state;
    struct sim_registry *registry = created();
    const uint32_t *clients = sim_registry_clients(registry);
    uint32_t expected = 0;
    for (uint32_t client = 0; client < CLIENTS; client++) {
        uint32_t core = HB_NONE;
        enum hb_status status = sim_registry_admit(registry, client, 17, &core);
        if (client % 7 == 3) {
            assert_int_equal(status, HB_ERR_DENIED);
            assert_int_equal(core, HB_NONE);
            continue;
        }
        assert_int_equal(status, HB_OK);
        assert_int_equal(core, expected);
        assert_int_equal(clients[core], client);
        expected++;
    }
    assert_int_equal(sim_registry_count(registry), expected);
    sim_registry_free(registry);
}

/* Task t shows all devices once, at an instant that jumps to and fro over epochs. */
static enum hb_status show_all(void *ctx, uint32_t task, uint32_t lane)
{
    struct sim_registry *registry = ctx;
    const uint32_t *clients = sim_registry_clients(registry);
    (void)lane;
    for (uint32_t client = 0; client < CLIENTS; client++) {
        int64_t at_ns = (int64_t)(client * 37 % 50 + task) * 1234 * 1000000000;
        uint32_t core = HB_NONE;
        enum hb_status status = sim_registry_admit(registry, client, at_ns, &core);
        if (status != (consents[client] ? HB_OK : HB_ERR_DENIED)
            || (consents[client] && clients[core] != client)) {
            return HB_ERR_STATE;
        }
    }
    return HB_OK;
}

static void policies_at_different_instants_find_the_same_index(void **state)
{
    (void)state;
    struct sim_registry *registry = created();
    assert_int_equal(sim_crew_run(3, 12, show_all, registry), HB_OK);
    sim_registry_free(registry);
}

static void an_epoch_too_short_is_refused(void **state)
{
    (void)state;
    struct sim_registry *registry = NULL;
    struct sim_registry_config config
        = { .seed = 12, .client_count = CLIENTS, .consents = consents, .epoch_s = 0.5 };
    assert_int_equal(sim_registry_create(&config, &registry), HB_ERR_RANGE);
    assert_null(registry);
}

static void a_client_takes_less_than_72_bytes(void **state)
{
    (void)state;
    struct sim_registry *registry = created();
    assert_true(sim_registry_bytes(registry) < 72 * CLIENTS);
    sim_registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_who_opted_in_are_numbered_in_order),
        cmocka_unit_test(policies_at_different_instants_find_the_same_index),
        cmocka_unit_test(an_epoch_too_short_is_refused),
        cmocka_unit_test(a_client_takes_less_than_72_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

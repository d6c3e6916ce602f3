/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <string.h>

#include "core/identity.h"
#include "core/map.h"
#include "core/units.h"

static struct hb_identity_config config_of(uint32_t client_capacity)
{
    struct hb_identity_config config = {
        .client_capacity = client_capacity,
        .epoch_s = 3600.0,
        .grace_s = 300.0,
    };
    for (int i = 0; i < HB_IDENTITY_KEY_BYTES; i++) {
        config.salt[i] = (uint8_t)(i + 1);
    }
    return config;
}

static struct hb_identity *created(uint32_t client_capacity)
{
    struct hb_identity_config config = config_of(client_capacity);
    struct hb_identity *identity = NULL;
    assert_int_equal(hb_identity_create(&config, &identity), HB_OK);
    return identity;
}

static int64_t at(double at_s)
{
    return hb_units_ns(at_s);
}

static enum hb_status admit(struct hb_identity *identity, double at_s, unsigned device,
    uint32_t *client)
{
    char name[32];
    int length = snprintf(name, sizeof name, "imei:%u", device);
    return hb_identity_admit(identity, at(at_s), name, (size_t)length, 1, client);
}

static struct hb_client_id id_of(struct hb_identity *identity, double at_s, uint32_t client)
{
    struct hb_client_id id;
    assert_int_equal(hb_identity_id(identity, at(at_s), client, &id), HB_OK);
    return id;
}

static void assert_hex(const uint8_t *bytes, size_t count, const char *want)
{
    char text[129];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    assert_string_equal(text, want);
}

/* Published: RFC 7693 appendix A, and the reference's keyed vector of no input. */
static void blake2b_gives_its_published_vectors(void **state)
{
    (void)state;
    uint8_t out[64], key[64];
    hb_identity_blake2b((struct hb_identity_text){ NULL, 0 },
        (struct hb_identity_text){ "abc", 3 }, out, 64);
    assert_hex(out, 64,
        "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
        "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
    for (unsigned i = 0; i < 64; i++) {
        key[i] = (uint8_t)i;
    }
    hb_identity_blake2b((struct hb_identity_text){ key, 64 },
        (struct hb_identity_text){ "", 0 }, out, 64);
    assert_hex(out, 64,
        "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786"
        "b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568");
}

/* Oracle: the three hashes of identity.h by Python's hashlib. */
static void an_id_is_the_documented_hash(void **state)
{
    (void)state;
    struct hb_identity *identity = created(7);
    uint32_t client;
    assert_int_equal(hb_identity_admit(identity, at(11.3), "imei:356938035643809", 20, 1, &client),
        HB_OK);
    assert_hex(id_of(identity, 11.3, client).bytes, 16, "d1420661dd1bc1ffae6c97e6cd145cef");
    assert_hex(id_of(identity, 3600.0, client).bytes, 16, "3560838f055b9ff043edffc0f7f6a4bd");
    hb_identity_free(identity);
}

static unsigned bits_apart(const struct hb_client_id *a, const struct hb_client_id *b)
{
    unsigned count = 0;
    for (int i = 0; i < 16; i++) {
        count += (unsigned)__builtin_popcount((unsigned)(a->bytes[i] ^ b->bytes[i]));
    }
    return count;
}

/* Two ids of one device, an epoch apart, differ in Binomial(128, 1/2) bits as
 * those of two devices do: the sum over 20,000 stays within 5 standard
 * deviations (error rate 6e-7; fixed salt, so it passes always or never). */
static void bits_of_two_epochs_are_as_far_apart_as_of_two_devices(void **state)
{
    (void)state;
    enum { count = 20000 };
    struct hb_identity *identity = created(count);
    static struct hb_client_id before[count];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t client;
        assert_int_equal(admit(identity, 5.0, i, &client), HB_OK);
        assert_int_equal(client, i);
        before[i] = id_of(identity, 5.0, i);
    }
    double same = 0.0, other = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        struct hb_client_id after = id_of(identity, 3601.0, i);
        same += bits_apart(&before[i], &after);
        other += bits_apart(&before[(i + 1) % count], &after);
    }
    double deviation = sqrt(count * 128 * 0.25);
    assert_true(fabs(same - 64.0 * count) < 5.0 * deviation);
    assert_true(fabs(other - 64.0 * count) < 5.0 * deviation);
    hb_identity_free(identity);
}

/* A linker that pairs each old id with the nearest new one is right once among
 * 600 by chance: 10 or more hits have probability 1.1e-7. */
static void pairing_nearest_ids_links_nobody(void **state)
{
    (void)state;
    enum { count = 600 };
    struct hb_identity *identity = created(count);
    struct hb_client_id before[count], after[count];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t client;
        assert_int_equal(admit(identity, 5.0, i, &client), HB_OK);
        before[i] = id_of(identity, 5.0, client);
    }
    for (uint32_t i = 0; i < count; i++) {
        after[i] = id_of(identity, 3601.0, i);
    }
    uint32_t hits = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t nearest = 0;
        for (uint32_t j = 1; j < count; j++) {
            if (bits_apart(&before[i], &after[j]) < bits_apart(&before[i], &after[nearest])) {
                nearest = j;
            }
        }
        hits += nearest == i;
    }
    assert_true(hits < 10);
    hb_identity_free(identity);
}

static void one_bit_of_the_salt_changes_every_id(void **state)
{
    (void)state;
    struct hb_identity_config config = config_of(9);
    struct hb_identity *one = created(9), *two = NULL;
    config.salt[31] ^= 1;
    assert_int_equal(hb_identity_create(&config, &two), HB_OK);
    for (unsigned device = 0; device < 9; device++) {
        uint32_t a, b;
        assert_int_equal(admit(one, 5.0, device, &a), HB_OK);
        assert_int_equal(admit(two, 5.0, device, &b), HB_OK);
        struct hb_client_id id_a = id_of(one, 5.0, a), id_b = id_of(two, 5.0, b);
        assert_true(bits_apart(&id_a, &id_b) > 30); /* P(<= 30) = 5e-10 */
        assert_false(hb_identity_is_same(&id_a, &id_b));
    }
    hb_identity_free(two);
    hb_identity_free(one);
}

static void no_two_of_100_000_ids_collide(void **state)
{
    (void)state;
    enum { count = 100000 };
    struct hb_identity *identity = created(count);
    for (unsigned i = 0; i < count; i++) {
        uint32_t client;
        assert_int_equal(admit(identity, 5.0, i, &client), HB_OK);
    }
    assert_int_equal(hb_identity_count(identity), count);
    for (uint32_t i = 0; i < count; i++) {
        struct hb_client_id id = id_of(identity, 5.0, i);
        uint32_t client;
        assert_int_equal(hb_identity_find(identity, at(5.0), &id, &client), HB_OK);
        assert_int_equal(client, i);
    }
    assert_true(hb_identity_bytes(identity) < (size_t)count * 64);
    hb_identity_free(identity);
}

static void a_client_keeps_its_index_across_rotations(void **state)
{
    (void)state;
    struct hb_identity *identity = created(5);
    uint32_t first, again;
    assert_int_equal(admit(identity, 5.0, 41, &first), HB_OK);
    assert_int_equal(admit(identity, 5.0, 42, &again), HB_OK);
    assert_int_not_equal(first, again);
    for (int epoch = 0; epoch < 40; epoch += epoch < 20 ? 1 : 3) {
        assert_int_equal(admit(identity, 3600.0 * epoch + 17.0, 41, &again), HB_OK);
        assert_int_equal(first, again);
    }
    assert_int_equal(hb_identity_count(identity), 2);
    hb_identity_free(identity);
}

static void the_last_epochs_id_is_good_until_grace_ends(void **state)
{
    (void)state;
    struct hb_identity *identity = created(5);
    uint32_t client, found;
    assert_int_equal(admit(identity, 3599.0, 77, &client), HB_OK);
    struct hb_client_id old = id_of(identity, 3599.0, client);
    assert_int_equal(hb_identity_find(identity, at(3899.9), &old, &found), HB_OK);
    assert_int_equal(found, client);
    struct hb_client_id new = id_of(identity, 3899.9, client);
    assert_false(hb_identity_is_same(&old, &new));
    assert_int_equal(hb_identity_find(identity, at(3900.0), &old, &found), HB_ERR_NOT_FOUND);
    assert_int_equal(hb_identity_find(identity, at(3900.0), &new, &found), HB_OK);
    /* An epoch left out: neither is good any more. */
    assert_int_equal(hb_identity_find(identity, at(10801.0), &new, &found), HB_ERR_NOT_FOUND);
    assert_int_equal(admit(identity, 10801.0, 77, &found), HB_OK);
    assert_int_equal(found, client);
    hb_identity_free(identity);
}

/* The key of an epoch that is over is gone: the clock that goes back to it finds the latest. */
static void a_clock_that_is_put_back_loses_nobody(void **state)
{
    (void)state;
    struct hb_identity *identity = created(5);
    uint32_t client, found;
    assert_int_equal(admit(identity, 3700.0, 77, &client), HB_OK);
    struct hb_client_id old = id_of(identity, 3700.0, client);
    struct hb_client_id new = id_of(identity, 7250.0, client);
    assert_int_equal(hb_identity_find(identity, at(7150.0), &new, &found), HB_OK);
    struct hb_client_id still = id_of(identity, 3590.0, client);
    assert_true(hb_identity_is_same(&new, &still));
    assert_int_equal(hb_identity_find(identity, at(-1e9), &old, &found), HB_OK); /* in grace */
    assert_int_equal(admit(identity, 6000.0, 77, &found), HB_OK);
    assert_int_equal(found, client);
    assert_int_equal(hb_identity_count(identity), 1);
    assert_int_equal(hb_identity_find(identity, at(7260.0), &new, &found), HB_OK);
    assert_int_equal(hb_identity_find(identity, INT64_MIN, &new, &found), HB_OK);
    assert_int_equal(hb_identity_find(identity, at(7500.0), &old, &found), HB_ERR_NOT_FOUND);
    assert_int_equal(hb_identity_find(identity, INT64_MAX, &new, &found), HB_ERR_NOT_FOUND);
    hb_identity_free(identity);
}

static void who_does_not_consent_is_neither_stored_nor_kept(void **state)
{
    (void)state;
    struct hb_identity *identity = created(3);
    uint32_t client, who;
    assert_int_equal(hb_identity_admit(identity, at(5.0), "mac:1", 5, 0, &who), HB_ERR_DENIED);
    assert_int_equal(who, HB_NONE);
    assert_int_equal(hb_identity_count(identity), 0);
    assert_int_equal(hb_identity_admit(identity, at(5.0), "mac:1", 5, 1, &client), HB_OK);
    struct hb_client_id old = id_of(identity, 5.0, client);
    /* Withdrawn in the next epoch, while the old id still has grace. */
    assert_int_equal(hb_identity_admit(identity, at(3605.0), "mac:1", 5, 0, &who), HB_ERR_DENIED);
    assert_int_equal(who, client);
    assert_int_equal(hb_identity_count(identity), 0);
    assert_int_equal(hb_identity_find(identity, at(3605.0), &old, &who), HB_ERR_NOT_FOUND);
    assert_int_equal(hb_identity_forget(identity, client), HB_ERR_NOT_FOUND);
    hb_identity_free(identity);
}

/* An erased client leaves no entry behind that an id of zeros would find. */
static void nothing_is_found_by_an_id_of_zeros(void **state)
{
    (void)state;
    for (unsigned device = 0; device < 20; device++) {
        struct hb_identity *identity = created(1);
        uint32_t client;
        struct hb_client_id zeros = { { 0 } };
        assert_int_equal(admit(identity, 5.0, device, &client), HB_OK);
        (void)id_of(identity, 3605.0, client);
        assert_int_equal(hb_identity_forget(identity, client), HB_OK);
        assert_int_equal(hb_identity_find(identity, at(3606.0), &zeros, &client),
            HB_ERR_NOT_FOUND);
        hb_identity_free(identity);
    }
}

static void a_full_registry_says_so_and_recovers(void **state)
{
    (void)state;
    struct hb_identity *identity = created(3);
    uint32_t client = 99, found;
    for (unsigned device = 0; device < 3; device++) {
        assert_int_equal(admit(identity, 5.0, device, &client), HB_OK);
    }
    client = 99;
    assert_int_equal(admit(identity, 5.0, 3, &client), HB_ERR_FULL);
    assert_int_equal(client, 99);
    assert_int_equal(admit(identity, 5.0, 1, &found), HB_OK);
    assert_int_equal(hb_identity_forget(identity, found), HB_OK);
    assert_int_equal(admit(identity, 5.0, 3, &client), HB_OK);
    assert_int_equal(client, found);
    hb_identity_free(identity);
}

/* Oracle: a plain array of which device is in. 60,000 random admissions and
 * erasures over three epochs, so that deletion must keep probe runs whole. */
static void churn_agrees_with_a_plain_list(void **state)
{
    (void)state;
    enum { device_count = 97, capacity = 61 };
    struct hb_identity *identity = created(capacity);
    uint32_t index[device_count], inside = 0, seed = 20260731;
    for (int i = 0; i < device_count; i++) {
        index[i] = HB_NONE;
    }
    for (int step = 0; step < 60000; step++) {
        seed = seed * 1664525u + 1013904223u;
        unsigned device = (seed >> 8) % device_count;
        double at_s = step * 0.15;
        uint32_t client;
        if (index[device] != HB_NONE && (seed >> 28) < 9) {
            assert_int_equal(hb_identity_forget(identity, index[device]), HB_OK);
            index[device] = HB_NONE;
            inside--;
            continue;
        }
        enum hb_status want
            = index[device] == HB_NONE && inside == capacity ? HB_ERR_FULL : HB_OK;
        assert_int_equal(admit(identity, at_s, device, &client), want);
        if (want == HB_OK) {
            inside += index[device] == HB_NONE;
            assert_true(index[device] == HB_NONE || index[device] == client);
            index[device] = client;
        }
        assert_int_equal(hb_identity_count(identity), inside);
    }
    hb_identity_free(identity);
}

static void configs_and_devices_out_of_range_are_refused(void **state)
{
    (void)state;
    struct hb_identity *identity = NULL;
    struct hb_identity_config config = config_of(0);
    assert_int_equal(hb_identity_create(&config, &identity), HB_ERR_RANGE);
    config = config_of(3);
    config.epoch_s = 0.9;
    assert_int_equal(hb_identity_create(&config, &identity), HB_ERR_RANGE);
    config = config_of(3);
    config.epoch_s = NAN;
    assert_int_equal(hb_identity_create(&config, &identity), HB_ERR_RANGE);
    config = config_of(3);
    config.grace_s = 3600.1;
    assert_int_equal(hb_identity_create(&config, &identity), HB_ERR_RANGE);
    assert_null(identity);
    identity = created(3);
    uint8_t long_name[HB_IDENTITY_DEVICE_BYTES_MAX + 1] = { 0 };
    uint32_t client;
    assert_int_equal(hb_identity_admit(identity, at(5.0), long_name, 0, 1, &client), HB_ERR_RANGE);
    assert_int_equal(hb_identity_admit(identity, at(5.0), long_name, sizeof long_name, 1, &client),
        HB_ERR_RANGE);
    assert_int_equal(
        hb_identity_admit(identity, at(5.0), long_name, sizeof long_name - 1, 1, &client), HB_OK);
    struct hb_client_id id;
    assert_int_equal(hb_identity_id(identity, at(5.0), 2, &id), HB_ERR_NOT_FOUND);
    assert_int_equal(hb_identity_id(identity, at(5.0), 3, &id), HB_ERR_NOT_FOUND);
    hb_identity_free(identity);
    hb_identity_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blake2b_gives_its_published_vectors),
        cmocka_unit_test(an_id_is_the_documented_hash),
        cmocka_unit_test(bits_of_two_epochs_are_as_far_apart_as_of_two_devices),
        cmocka_unit_test(pairing_nearest_ids_links_nobody),
        cmocka_unit_test(one_bit_of_the_salt_changes_every_id),
        cmocka_unit_test(no_two_of_100_000_ids_collide),
        cmocka_unit_test(a_client_keeps_its_index_across_rotations),
        cmocka_unit_test(the_last_epochs_id_is_good_until_grace_ends),
        cmocka_unit_test(a_clock_that_is_put_back_loses_nobody),
        cmocka_unit_test(who_does_not_consent_is_neither_stored_nor_kept),
        cmocka_unit_test(nothing_is_found_by_an_id_of_zeros),
        cmocka_unit_test(a_full_registry_says_so_and_recovers),
        cmocka_unit_test(churn_agrees_with_a_plain_list),
        cmocka_unit_test(configs_and_devices_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

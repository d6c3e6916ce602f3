/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/units.h"
#include "sim/net/bgp/bgp_mrt.h"
#include "tests/support/program.h"

static size_t file_read(const char *path, uint8_t *out, size_t most)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t count = fread(out, 1, most, file);
    assert_int_equal(fclose(file), 0);
    return count;
}

/* Both records by hand from RFC 6396 s. 2, 3, 4.4.3 and RFC 4271 s. 4.3. */
static void bytes_are_those_of_the_standard(void **state)
{
    (void)state;
    static const uint8_t expected[] = {
        0x00, 0x00, 0x02, 0xDB, 0x00, 0x11, 0x00, 0x04, 0x00, 0x00, 0x00, 0x52,
        0x00, 0x07, 0xA1, 0x23, 0x00, 0x00, 0xFD, 0xE9, 0x00, 0x01, 0x11, 0x70,
        0x00, 0x00, 0x00, 0x01, 0x0A, 0x00, 0x00, 0x01, 0x0A, 0x00, 0x00, 0x02,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0x00, 0x3A, 0x02, 0x00, 0x00, 0x00, 0x1F,
        0x40, 0x01, 0x01, 0x02,
        0x40, 0x02, 0x0A, 0x02, 0x02, 0x00, 0x00, 0xFD, 0xE9, 0x00, 0x00, 0x00, 0x07,
        0x40, 0x03, 0x04, 0x0A, 0x00, 0x00, 0x01,
        0x80, 0x04, 0x04, 0x00, 0x00, 0x00, 0x49,
        0x14, 0xCB, 0x00, 0x70 };
    const uint32_t path[] = { 65001, 7 };
    struct data_mrt_update update = { .at_ns = INT64_C(731500003999), .peer_as = 65001,
        .local_as = 70000, .peer_ip = 0x0A000001, .local_ip = 0x0A000002,
        .prefix = UINT32_C(0xCB007000), .prefix_bits = 20, .origin = 2, .has_med = true,
        .med = 73, .next_hop = 0x0A000001, .path = path, .path_count = 2 };
    struct data_mrt *mrt = NULL;
    (void)unlink("one.mrt"); /* of a run that failed */
    assert_int_equal(data_mrt_create("one.mrt", &mrt, NULL), HB_OK);
    assert_int_equal(data_mrt_write(mrt, &update), HB_OK);
    assert_int_not_equal(access("one.mrt", F_OK), 0); /* not before it is whole */
    assert_int_equal(data_mrt_close(mrt, true, NULL), HB_OK);
    uint8_t bytes[512];
    size_t count = file_read("one.mrt", bytes, sizeof bytes);
    assert_int_equal(count, sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
    assert_int_equal(unlink("one.mrt"), 0);
}

static void withdrawals_are_short_and_bad_ends_leave_nothing(void **state)
{
    (void)state;
    static const uint8_t tail[] = { 0x00, 0x1B, 0x02, 0x00, 0x04, 0x18, 0xCB, 0x00, 0x05,
        0x00, 0x00 };
    struct data_mrt_update update = { .peer_as = 1, .local_as = 2,
        .prefix = UINT32_C(0xCB000500), .prefix_bits = 24, .is_withdrawal = true };
    struct data_mrt *mrt = NULL;
    assert_int_equal(data_mrt_create("two.mrt", &mrt, NULL), HB_OK);
    assert_int_equal(data_mrt_write(mrt, &update), HB_OK);
    update.at_ns = -1;
    assert_int_equal(data_mrt_write(mrt, &update), HB_ERR_RANGE);
    update.at_ns = (INT64_C(1) << 32) * 1000000000;
    assert_int_equal(data_mrt_write(mrt, &update), HB_ERR_RANGE);
    assert_int_equal(data_mrt_close(mrt, true, NULL), HB_OK);
    uint8_t bytes[512];
    size_t count = file_read("two.mrt", bytes, sizeof bytes);
    assert_memory_equal(bytes + count - sizeof tail, tail, sizeof tail);
    assert_int_equal(unlink("two.mrt"), 0);
    assert_int_equal(data_mrt_create("three.mrt", &mrt, NULL), HB_OK);
    assert_int_equal(data_mrt_close(mrt, false, NULL), HB_OK);
    assert_int_not_equal(access("three.mrt", F_OK), 0);
    assert_int_not_equal(access("three.mrt.part-1-0", F_OK), 0);
    struct data_problem problem = { "" };
    assert_int_equal(data_mrt_create("/nowhere/x.mrt", &mrt, &problem), HB_ERR_IO);
    assert_non_null(strstr(problem.text, "/nowhere/x.mrt: cannot be created: No such file"));
}

static void hook(void *ctx, const struct sim_bgp_message *message)
{
    sim_bgp_mrt_sent(ctx, message);
}

/* A chain: 7 announces, its provider 20 tells 30 ; then 7 withdraws. */
static void run_a_chain(const char *path, const struct sim_bgp_attributes *attributes)
{
    const struct data_link links[] = { { .a = 20, .b = 7, .delay_ns = 1000000,
        .relation = DATA_RELATION_CUSTOMER }, { .a = 30, .b = 20, .delay_ns = 1000000,
        .relation = DATA_RELATION_CUSTOMER } };
    struct data_topology *topology = NULL;
    assert_int_equal(data_topology_create(links, 2, NULL, &topology, NULL), HB_OK);
    struct sim_bgp_mrt mrt = { .topology = topology, .receiver = SIM_BGP_NONE,
        .epoch_ns = INT64_C(1500000000000000000) };
    struct sim_bgp_profile profile = *sim_bgp_profile_named("bird");
    struct sim_bgp_options options = { .topology = topology, .profiles = &profile,
        .profile_count = 1, .seed = 731, .ctx = &mrt, .sent = hook };
    struct sim_bgp *bgp = NULL;
    assert_int_equal(data_mrt_create(path, &mrt.file, NULL), HB_OK);
    assert_int_equal(sim_bgp_create(&options, &bgp), HB_OK);
    mrt.bgp = bgp;
    sim_bgp_announce(bgp, data_topology_node(topology, 7), 0, attributes);
    assert_int_equal(sim_bgp_run(bgp, 10 * INT64_C(1000000000)), HB_OK);
    sim_bgp_withdraw(bgp, data_topology_node(topology, 7), 0);
    assert_int_equal(sim_bgp_run(bgp, 60 * INT64_C(1000000000)), HB_OK);
    assert_int_equal(mrt.status, HB_OK);
    struct sim_bgp_counts counts = sim_bgp_counts(bgp);
    assert_int_equal(mrt.written, counts.announcements + counts.withdrawals);
    assert_int_equal(data_mrt_close(mrt.file, true, NULL), HB_OK);
    sim_bgp_free(bgp);
    data_topology_free(topology);
}

/* Another program reads it. */
static void bgpdump_reads_a_run(void **state)
{
    (void)state;
    if (access("/usr/bin/bgpdump", X_OK) != 0) {
        printf("skipped: bgpdump is not installed\n");
        skip();
    }
    run_a_chain("chain.mrt", NULL);
    FILE *pipe = popen("/usr/bin/bgpdump -m chain.mrt 2>/dev/null", "r");
    assert_non_null(pipe);
    char text[4096];
    text[fread(text, 1, sizeof text - 1, pipe)] = '\0';
    assert_int_equal(pclose(pipe), 0);
    assert_non_null(strstr(text, "|A|10.0.0.1|7|203.0.0.0/24|7|IGP|10.0.0.1|"));
    assert_non_null(strstr(text, "|A|10.0.0.2|20|203.0.0.0/24|20 7|IGP|10.0.0.2|"));
    assert_non_null(strstr(text, "|W|10.0.0.1|7|203.0.0.0/24"));
    assert_non_null(strstr(text, "|W|10.0.0.2|20|203.0.0.0/24"));
    assert_int_equal(unlink("chain.mrt"), 0);
}

/* MED reaches the next AS and no further, community and prepending all (RFC 4271
 * s. 5.1.4, RFC 1997 s. 6); bgpdump prints them in fields 7, 8, 11 and 12. */
static void bgpdump_reads_attributes(void **state)
{
    (void)state;
    if (access("/usr/bin/bgpdump", X_OK) != 0) {
        printf("skipped: bgpdump is not installed\n");
        skip();
    }
    run_a_chain("attributes.mrt", &(struct sim_bgp_attributes){ .med = 73,
        .community = UINT32_C(0x00070049), .prepend_count = 2, .origin = 2 });
    FILE *pipe = popen("/usr/bin/bgpdump -m attributes.mrt 2>/dev/null | cut -d'|' -f3,7,8,11,12",
        "r");
    assert_non_null(pipe);
    char lines[4][200];
    for (int i = 0; i < 4; i++) {
        assert_non_null(fgets(lines[i], sizeof lines[i], pipe));
    }
    (void)pclose(pipe); /* its words have been read */
    assert_string_equal(lines[0], "A|7 7 7|INCOMPLETE|73|7:73\n");
    assert_string_equal(lines[1], "A|20 7 7 7|INCOMPLETE|0|7:73\n");
    assert_int_equal(unlink("attributes.mrt"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_those_of_the_standard),
        cmocka_unit_test(withdrawals_are_short_and_bad_ends_leave_nothing),
        cmocka_unit_test(bgpdump_reads_a_run),
        cmocka_unit_test(bgpdump_reads_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

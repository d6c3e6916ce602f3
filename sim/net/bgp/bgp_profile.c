/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/net/bgp/bgp_profile.h"

#include <stddef.h>
#include <string.h>

/* Delays of bird and frr were measured on the daemons themselves, see README.md;
 * the timers are those of their documentation. */
static const struct sim_bgp_profile profiles[] = {
    { .name = "bird", /* BIRD 2.0.12 */
        .process_s = 0.085e-3, .process_next_s = 0.030e-3, .process_sd_s = 0.012e-3,
        .round_sockets = 4, .send_s = 0.140e-3, .send_next_s = 0.008e-3,
        .resend = SIM_BGP_ALWAYS, .nagle = true,
        .hold_s = 240.0, .timer_jitter = 0.25, .connect_s = 3.2, .idle_s = 60.0,
        .first_send_s = 0.6e-3,
        .carrier_s = 0.70e-3 },
    { .name = "frr", /* FRR 8.4.4 */
        .process_s = 0.105e-3, .process_sd_s = 0.03e-3, .batch_s = 50.0e-3, .clear_s = 10.0e-3,
        .mrai_in_whole_s = true, .mrai_by_group = true,
        .send_s = 0.260e-3, .send_next_s = 0.012e-3,
        .resend = SIM_BGP_REPEAT, .echo = true, .nagle = true,
        .hold_s = 180.0, .start_spread_s = 1.0, .keepalive_merge_s = 0.1,
        .connect_s = 63.0e-3, .idle_s = 1.0,
        .first_dump_s = 1.0, .first_dump_each_s = 50.0e-3, .first_send_s = 0.260e-3,
        .carrier_s = 0.9e-3 },
    { .name = "rfc4271",
        .process_s = 1.0e-3, .mrai_ebgp_s = 30.0, .mrai_ibgp_s = 5.0, .mrai_jitter = 0.25,
        .resend = SIM_BGP_KEEP_QUIET,
        .hold_s = 90.0, .timer_jitter = 0.25, .connect_s = 120.0, .carrier_s = 1.0e-3 },
    /* Shares and delays that reproduce three measurements at once, see README.md. */
    { .name = "internet",
        .process_s = 10.0e-3, .process_as_s = 0.1, .process_as_sigma = 0.5,
        .mrai_ebgp_s = 30.0, .mrai_ibgp_s = 5.0, .mrai_jitter = 0.25, .mrai_share = 0.50,
        .mrai_busy_customers = 100, .mrai_holds_withdrawals = true, .mrai_hold_share = 0.16,
        .resend = SIM_BGP_KEEP_QUIET,
        .hold_s = 180.0, .timer_jitter = 0.25, .connect_s = 30.0, .carrier_s = 10.0e-3 },
};

const struct sim_bgp_profile *sim_bgp_profile_named(const char *name)
{
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        if (strcmp(profiles[i].name, name) == 0) {
            return &profiles[i];
        }
    }
    return NULL;
}

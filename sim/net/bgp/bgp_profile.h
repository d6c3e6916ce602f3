/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_NET_BGP_PROFILE_H
#define SIM_NET_BGP_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

/* What a router does with a route that changes faster than it can be sent.
 *   KEEP_QUIET  compares with what the neighbour last heard; same: no message
 *   REPEAT      sends whatever is queued; a withdrawal only of a route it sent
 *   ALWAYS      sends whatever is queued */
enum sim_bgp_resend { SIM_BGP_KEEP_QUIET, SIM_BGP_REPEAT, SIM_BGP_ALWAYS };

/* Route flap damping (RFC 2439); suppress 0: off. */
struct sim_bgp_damping {
    double withdraw_penalty, change_penalty;
    double suppress, reuse;
    double half_life_s, max_suppress_s;
};

/* How one implementation of BGP behaves in time. Every field is a mechanism;
 * README.md of this folder tells where each was seen. Zero means absent. */
struct sim_bgp_profile {
    const char *name;

    /* Minimum route advertisement interval, a timer per neighbour. */
    double mrai_ebgp_s, mrai_ibgp_s;
    double mrai_jitter;          /* the interval is drawn from [1 - jitter, 1] x MRAI */
    bool mrai_holds_withdrawals; /* RFC 4271 s. 9.2.1.1 reads so; BIRD and FRR do not */
    double mrai_hold_share;      /* of the ASes with an MRAI that do, by lot; 0: all */
    bool mrai_in_whole_s;        /* timers count whole seconds of a coarse clock ... */
    double mrai_share;           /* of the ASes that have one, by lot; 0: all */
    uint32_t mrai_busy_customers; /* 0: timers start with the prefix. Else other prefixes keep
                                     them running, so the first message waits too: on sessions
                                     to customers, and to all of an AS with so many of them */
    bool mrai_by_group;          /* ... and one neighbour's expiry serves its update group */

    /* From a message's arrival to a decision. */
    double process_s;      /* read, parse, decide */
    double process_next_s; /* a further message of the same round */
    double process_sd_s;   /* exponential extra, its mean */
    double process_as_s;   /* an AS's own extra: median of the mean of an exponential ... */
    double process_as_sigma; /* ... that is lognormal over the ASes */
    double batch_s;        /* decisions wait this long for company */
    double clear_s;        /* a lost neighbour's routes are removed after this */
    uint32_t round_sockets; /* sockets read between two rounds of sending; 0: no rounds */

    /* From a decision to messages. */
    double send_s, send_next_s;
    enum sim_bgp_resend resend;
    bool echo;          /* sends a route back to the neighbour it came from */
    bool nagle;         /* small writes wait while a small segment is unacknowledged */
    bool prefer_oldest; /* among equals the present best stays */

    /* Sessions. */
    double hold_s;          /* 0: links are never silent */
    double timer_jitter;    /* of hold, keepalive and connect timers */
    double start_spread_s;  /* the first sessions were set up within this; 0: long ago */
    double keepalive_merge_s; /* KEEPALIVEs due so soon go with the one that is due now */
    double connect_s;       /* after a link comes back, beside the handshake */
    double idle_s;          /* after a session has dropped on a sound link, before that */
    double first_dump_s;    /* from establishment until a new neighbour's table is made up, ... */
    double first_dump_each_s; /* ... for every established neighbour once more ... */
    double first_send_s;    /* ... and until it is sent */
    double carrier_s;       /* from the loss of carrier to the decision */
    struct sim_bgp_damping damping;
};

/* bird, frr, rfc4271, internet; NULL if there is none of that name. */
const struct sim_bgp_profile *sim_bgp_profile_named(const char *name);

#endif

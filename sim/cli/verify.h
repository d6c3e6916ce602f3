/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_VERIFY_H
#define SIM_CLI_VERIFY_H

/* One line per kind of `harbinger verify`: its name and what it takes and
 * does. The function verify_<name>(argc, argv) lives in
 * sim/cli/verify_<name>.c; argv[0] is the name; it returns as commands do. */
#define VERIFY_KIND_LIST(X)                                                    \
    X(migration, "DIR  a published service migration case: policies by lead, and the optimum") \
    X(bgp, "FILE...  measured BGP convergence, event by event, beside the simulator's") \
    X(catchment, "DIR  measured anycast catchments of two sites beside predicted ones") \
    X(slots, "FILE  people's places 15 to 60 minutes later: the LSTM beside the others") \
    X(visits, "DIR  a published next-place split: the LSTM, frozen and followed online") \
    X(rtt, "COORDS MATRIX  measured round trips beside those from geography alone") \
    /* the list ends here */

#define X(name, help) int verify_##name(int argc, char **argv);
VERIFY_KIND_LIST(X)
#undef X

#endif

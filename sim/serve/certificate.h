/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_SERVE_CERTIFICATE_H
#define SIM_SERVE_CERTIFICATE_H

#include "data/problem.h"

/* A certificate with its chain and its key, as PEM, each with the file that it is from. */
struct sim_certificate {
    const char *cert_path, *key_path, *cert, *key;
};

/* Whether TLS can use them, before anything listens: HB_ERR_FORMAT says which file is of no use and
 * why, or that the key is another certificate's. HB_ERR_MEMORY. */
enum hb_status sim_certificate_check(
    const struct sim_certificate *certificate, struct data_problem *problem);

#endif

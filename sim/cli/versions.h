/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_VERSIONS_H
#define SIM_CLI_VERSIONS_H

#include "data/results.h"

#define CLI_PROGRAM "harbinger " HARBINGER_VERSION /* of meson.build */
#define CLI_VERSIONS_MAX 8

/* What the program is made of and runs on: for `info` and every manifest. */
struct cli_versions {
    struct data_pair pairs[CLI_VERSIONS_MAX];
    size_t pair_count;
    char texts[CLI_VERSIONS_MAX][192];
};

void cli_versions_find(struct cli_versions *versions);

#endif

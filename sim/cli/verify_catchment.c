/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/asrel.h"
#include "sim/cli/verify.h"
#include "sim/net/steer.h"

#define PATH_BYTES 4096

static const char help[]
    = "usage: harbinger verify catchment DIR [--as-rel FILE] [--as-country FILE]\n\n"
      "Predicts which of two sites of the PEERING testbed each AS reaches, and compares\n"
      "with what pings measured. DIR has peers.json and a folder ID_SITE_SITE for each\n"
      "experiment. By default the other files are those of the folders beside DIR:\n"
      "caida-as-rel/20180101.as-rel.txt and as-country/asn_name_country.txt.\n\n"
      "  majority   all ASes to the site that really has more (needs the answer)\n"
      "  plain      Gao-Rexford on the relationships, sites beside their neighbours\n"
      "  observed   with what route collectors saw of each site alone\n"
      "  full       one rule: observed, their majority and geography, as odds\n"
      "  left out   the same with weights that are best on the other experiments\n";

struct paths {
    const char *folder, *as_rel, *as_country;
    char beside[2][PATH_BYTES];
};

static int paths_read(int argc, char **argv, struct paths *out)
{
    for (int i = 1; i < argc; i++) {
        const char **into = &out->folder;
        if (strcmp(argv[i], "--as-rel") == 0 && i + 1 < argc) {
            into = &out->as_rel;
            i++;
        } else if (strcmp(argv[i], "--as-country") == 0 && i + 1 < argc) {
            into = &out->as_country;
            i++;
        } else if (argv[i][0] == '-') {
            return 0;
        }
        if (*into != NULL) {
            return 0;
        }
        *into = argv[i];
    }
    if (out->folder == NULL) {
        return 0;
    }
    (void)snprintf(out->beside[0], PATH_BYTES, "%s/../caida-as-rel/20180101.as-rel.txt",
        out->folder);
    (void)snprintf(out->beside[1], PATH_BYTES, "%s/../as-country/asn_name_country.txt",
        out->folder);
    out->as_rel = out->as_rel == NULL ? out->beside[0] : out->as_rel;
    out->as_country = out->as_country == NULL ? out->beside[1] : out->as_country;
    return 1;
}

static void show_progress(void *ctx, uint32_t done, uint32_t of)
{
    (void)ctx;
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\rexperiment %u of %u%s", done, of, done == of ? "\r\033[K" : "");
    }
}

static void print_row(const struct data_peering *peering, const struct sim_steer_outcome *row)
{
    printf("%4u %-12s %-12s %8zu %7.3f %9.3f %7.3f %9.3f %7.3f %9.3f%s\n", row->id,
        peering->names[row->site[0]], peering->names[row->site[1]], row->answer_count,
        row->first_share, row->majority, row->plain, row->observed, row->full, row->left_out,
        row->is_competitive ? "  *" : "");
}

static void print_table(const struct data_peering *peering, const struct sim_steer_outcome *rows)
{
    printf("%4s %-12s %-12s %8s %7s %9s %7s %9s %7s %9s\n", "", "first site", "second site",
        "ASes", "first", "majority", "plain", "observed", "full", "left out");
    double sums[5] = { 0.0, 0.0, 0.0, 0.0, 0.0 };
    uint32_t count = 0;
    for (uint32_t i = 0; i < peering->experiment_count; i++) {
        print_row(peering, &rows[i]);
        if (rows[i].is_competitive) {
            const double values[5] = { rows[i].majority, rows[i].plain, rows[i].observed,
                rows[i].full, rows[i].left_out };
            for (int k = 0; k < 5; k++) {
                sums[k] += values[k];
            }
            count++;
        }
    }
    count = count == 0 ? 1 : count;
    printf("mean of those where both sites have a tenth (*) %8.3f %7.3f %9.3f %7.3f %9.3f\n",
        sums[0] / count, sums[1] / count, sums[2] / count, sums[3] / count, sums[4] / count);
}

struct loaded {
    struct data_cities *cities;
    struct data_ascountry *countries;
    struct data_topology *topology;
    struct data_peering *peering;
};

static enum hb_status load(
    const struct paths *paths, struct loaded *out, struct data_problem *problem)
{
    enum hb_status status = data_peering_load(paths->folder, &out->peering, problem);
    if (status == HB_OK) {
        status = data_asrel_load(paths->as_rel, 0, &out->topology, problem);
    }
    if (status == HB_OK) {
        status = data_cities_create(problem, &out->cities);
    }
    return status != HB_OK
        ? status : data_ascountry_load(paths->as_country, out->cities, &out->countries, problem);
}

int verify_catchment(int argc, char **argv)
{
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return 0;
    }
    struct paths paths = { .folder = NULL };
    if (!paths_read(argc, argv, &paths)) {
        fputs(help, stderr);
        return 2;
    }
    struct loaded loaded = { .cities = NULL };
    struct data_problem problem = { .text = "" };
    struct sim_steer_outcome *rows = NULL;
    enum hb_status status = load(&paths, &loaded, &problem);
    if (status == HB_OK) {
        rows = calloc(loaded.peering->experiment_count, sizeof *rows);
        struct sim_steer_input input = { .topology = loaded.topology, .peering = loaded.peering,
            .countries = loaded.countries, .progress = show_progress };
        status = rows == NULL ? HB_ERR_MEMORY : sim_steer_verify(&input, rows, &problem);
    }
    if (status == HB_OK) {
        print_table(loaded.peering, rows);
    } else {
        fprintf(stderr, "harbinger verify catchment: %s\n",
            problem.text[0] == '\0' ? hb_status_text(status) : problem.text);
    }
    free(rows);
    data_ascountry_free(loaded.countries);
    data_cities_free(loaded.cities);
    data_topology_free(loaded.topology);
    data_peering_free(loaded.peering);
    return status == HB_OK ? 0 : 1;
}

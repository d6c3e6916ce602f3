/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/resilience.h"

#include <stdio.h>

const char *const analysis_resilience_parts[ANALYSIS_RESILIENCE_PARTS]
    = { "detection", "reaction", "convergence", "DNS" };

const char *const analysis_resilience_headings[ANALYSIS_RESILIENCE_COLUMNS]
    = { "outages", "detection", "reaction", "routes", "DNS", "lost req.", "violators" };

struct gathering {
    struct analysis_resilience *rows;
    uint32_t policy_count;
    uint16_t setting;
};

static enum hb_status gather(void *context, const void *visited)
{
    const struct gathering *to = context;
    const struct data_resilience_row *row = visited;
    const double parts_s[ANALYSIS_RESILIENCE_PARTS] = { row->detection_part_s,
        row->reaction_part_s, row->convergence_part_s, row->dns_part_s };
    if (row->setting != to->setting || row->outages == 0 || row->policy >= to->policy_count) {
        return HB_OK;
    }
    struct analysis_resilience *sum = &to->rows[row->policy];
    double outages = (double)row->outages, all = sum->outages + outages;
    for (int part = 0; part < ANALYSIS_RESILIENCE_PARTS; part++) {
        sum->parts_s[part] += (parts_s[part] - sum->parts_s[part]) * outages / all;
    }
    sum->outages = all;
    sum->lost_requests += row->lost_requests;
    sum->lost_mb += row->lost_mb;
    sum->violators += row->violators;
    sum->censored += (double)row->censored;
    return HB_OK;
}

enum hb_status analysis_resilience_load(const struct analysis_study *study, size_t file,
    uint16_t setting, struct analysis_resilience *rows, int *has_any,
    struct data_problem *problem)
{
    struct gathering to = { .rows = rows, .setting = setting,
        .policy_count = analysis_study_info(study, file)->policy_count };
    for (uint32_t i = 0; i < to.policy_count; i++) {
        rows[i] = (struct analysis_resilience) { .outages = 0.0 };
    }
    enum hb_status status = data_results_each(
        analysis_study_file(study, file), DATA_TABLE_RESILIENCE, gather, &to, problem);
    *has_any = 0;
    for (uint32_t i = 0; i < to.policy_count; i++) {
        *has_any |= rows[i].outages > 0.0;
    }
    return status;
}

double analysis_resilience_length_s(const struct analysis_resilience *row)
{
    double sum_s = 0.0;
    for (int part = 0; part < ANALYSIS_RESILIENCE_PARTS; part++) {
        sum_s += row->parts_s[part];
    }
    return sum_s;
}

void analysis_resilience_cell(const struct analysis_resilience *row, uint32_t replications,
    int column, char *text, size_t text_bytes)
{
    double runs = replications > 0 ? replications : 1.0;
    if (column == 0) {
        (void)snprintf(text, text_bytes, "%.4g", row->outages / runs);
    } else if (!(row->outages > 0.0)) {
        (void)snprintf(text, text_bytes, "-");
    } else if (column <= ANALYSIS_RESILIENCE_PARTS) {
        double s = row->parts_s[column - 1];
        (void)snprintf(text, text_bytes, s < 99.95 ? "%.2f" : s < 9999.0 ? "%.1f" : "%.4g", s);
    } else {
        double count = column == ANALYSIS_RESILIENCE_PARTS + 1 ? row->lost_requests
                                                               : row->violators;
        (void)snprintf(text, text_bytes, count < 1e3 * runs ? "%.4g" : "%.0f", count / runs);
    }
}

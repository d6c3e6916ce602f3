/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/latency.h"

#include <stdlib.h>

struct gathering {
    struct analysis_latency *latency;
    const struct data_result_info *info;
    size_t first_series; /* of the file */
    uint16_t setting;
};

static uint32_t local_hour(const struct data_result_info *info, uint32_t region, uint16_t hour)
{
    int64_t offset_s = region == HB_NONE ? 0 : info->regions[region].utc_offset_s;
    int64_t second = info->epoch_unix_s + (int64_t)hour * 3600 + offset_s;
    int64_t of_day = second % 86400;
    return (uint32_t)((of_day < 0 ? of_day + 86400 : of_day) / 3600);
}

static enum hb_status gather(void *context, const void *visited)
{
    const struct gathering *to = context;
    const struct data_latency_row *row = visited;
    if (row->setting != to->setting) {
        return HB_OK;
    }
    size_t series = to->first_series + row->policy;
    uint32_t hour = local_hour(to->info, row->region, row->hour);
    to->latency->whole[series].weights[row->bin] += row->requests;
    to->latency->hours[series][hour].weights[row->bin] += row->requests;
    return HB_OK;
}

enum hb_status analysis_latency_load(
    const struct analysis_study *study, struct analysis_latency *out, struct data_problem *problem)
{
    struct analysis_latency latency = { .series_count = analysis_study_series_count(study) };
    latency.whole = calloc(latency.series_count, sizeof *latency.whole);
    latency.hours = calloc(latency.series_count, sizeof *latency.hours);
    enum hb_status status = latency.whole == NULL || latency.hours == NULL
        ? data_problem_set(problem, HB_ERR_MEMORY, "out of memory for histograms")
        : HB_OK;
    struct gathering to = { .latency = &latency };
    for (size_t f = 0; f < analysis_study_file_count(study) && status == HB_OK; f++) {
        to.info = analysis_study_info(study, f);
        to.setting = analysis_study_setting(study, f);
        status = data_results_each(
            analysis_study_file(study, f), DATA_TABLE_LATENCY, gather, &to, problem);
        to.first_series += to.info->policy_count;
    }
    double total = 0.0;
    for (size_t i = 0; i < latency.series_count && status == HB_OK; i++) {
        total += data_histogram_total(&latency.whole[i]);
    }
    if (status == HB_OK && !(total > 0.0)) {
        status = HB_ERR_NOT_FOUND;
    }
    if (status != HB_OK) {
        analysis_latency_fini(&latency);
        return status;
    }
    *out = latency;
    return HB_OK;
}

size_t analysis_latency_base(
    const struct analysis_study *study, const struct analysis_latency *latency)
{
    size_t base = analysis_study_base(study, 0);
    for (size_t i = 0; !(data_histogram_total(&latency->whole[base]) > 0.0); i++) {
        base = i; /* one has: load has seen to it */
    }
    return base;
}

void analysis_latency_fini(struct analysis_latency *latency)
{
    free(latency->whole);
    free(latency->hours);
}

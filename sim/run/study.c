/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/run/study.h"

#include <stdlib.h>
#include <string.h>

#include "data/part.h"
#include "sim/run/crew.h"
#include "sim/run/episode.h"
#include "sim/run/stage.h"

#define ROWS_MEMORY_BYTES (2u << 20) /* of one episode, the rest goes to a temporary file */

/* From so many clients on, what a network remembers of them is most of a run's memory, and a
 * batch has questions for several threads: such a policy runs alone, with all of them. */
static const uint32_t wide_clients = 8192;

struct recording {
    struct data_part *part;
    FILE *file; /* the part's */
};

/* One episode of the present replication and setting. */
struct slot {
    struct data_rows *rows;
    struct data_summary_row summary;
    struct data_problem problem;
};

struct study {
    struct sim_scenario *scenario;
    const struct sim_study_options *options;
    struct data_problem *problem;
    struct data_results *results;
    struct sim_stage *stage;
    struct sim_progress *progress;
    struct slot *slots;  /* [policy_count] */
    uint32_t *order;     /* [policy_count] in which they are begun */
    uint32_t wide_count; /* of these, from the first: each has all threads to itself */
    uint32_t first;      /* of order: of the tasks that the crew is at */
    uint32_t replication, setting;
    struct sim_bound bound;
    struct recording recording;
};

static void write_recording(void *ctx, const uint8_t *bytes, size_t byte_count)
{
    struct recording *recording = ctx;
    (void)fwrite(bytes, 1, byte_count, recording->file); /* the stream remembers a failure */
}

static bool is_recorded(const struct study *study, uint32_t policy)
{
    return study->options->record != NULL && study->replication == 0 && study->setting == 0
        && policy == study->options->record_policy;
}

static enum hb_status play_policy(void *ctx, uint32_t task, uint32_t lane)
{
    struct study *study = ctx;
    uint32_t policy = study->order[study->first + task];
    bool is_wide = study->first + task < study->wide_count;
    struct slot *slot = &study->slots[policy];
    bool has_recording = is_recorded(study, policy);
    (void)lane;
    struct sim_episode_options options = { .policy = policy,
        .threads = is_wide ? study->options->threads : 1,
        .check = study->options->check,
        .rows = slot->rows,
        .has_places = study->replication == 0,
        .interrupt = study->options->interrupt,
        .progress = study->progress,
        .progress_lane = policy,
        .record = has_recording ? write_recording : NULL,
        .record_ctx = &study->recording,
        .has_mrt = study->replication == 0 && study->setting == 0 && policy == 0 };
    return sim_episode_run(study->stage, &options, &slot->summary, &slot->problem);
}

enum weight { WIDE, ASKING, LIGHT, WEIGHTS };

static enum weight weight_of(const struct study *study, uint32_t policy)
{
    const struct sim_scenario *scenario = study->scenario;
    uint32_t predictor = scenario->policies[policy].predictor_index;
    if (predictor == SIM_SCENARIO_ABSENT) {
        return LIGHT;
    }
    bool is_wide = scenario->predictors[predictor].kind == SIM_PREDICTOR_LSTM
        && study->options->threads > 1 && study->stage->client_count >= wide_clients;
    return is_wide ? WIDE : ASKING;
}

/* Of the others, those that ask predictors take longest, so they are begun first. */
static void order_policies(struct study *study)
{
    uint32_t count = 0;
    for (int weight = WIDE; weight < WEIGHTS; weight++) {
        for (uint32_t i = 0; i < study->scenario->policy_count; i++) {
            if (weight_of(study, i) == (enum weight)weight) {
                study->order[count++] = i;
            }
        }
        study->wide_count = weight == WIDE ? count : study->wide_count;
    }
}

/* First the wide ones, one after the other, then the rest side by side. */
static enum hb_status play_all(struct study *study)
{
    uint32_t count = (uint32_t)study->scenario->policy_count;
    order_policies(study);
    study->first = 0;
    enum hb_status status = sim_crew_run(1, study->wide_count, play_policy, study);
    study->first = study->wide_count;
    return status == HB_OK ? sim_crew_run(study->options->threads, count - study->wide_count,
                                 play_policy, study)
                           : status;
}

static enum hb_status collect(struct study *study)
{
    enum hb_status status = HB_OK;
    for (uint32_t i = 0; i < study->scenario->policy_count && status == HB_OK; i++) {
        struct slot *slot = &study->slots[i];
        bool has_bound = study->options->solver != NULL;
        slot->summary.optimum_cost = has_bound ? study->bound.cost : (double)NAN;
        slot->summary.optimum_latency_ms = has_bound ? study->bound.latency_ms : (double)NAN;
        data_rows_add(slot->rows, DATA_TABLE_SUMMARY, &slot->summary);
        status = data_results_append(study->results, slot->rows, study->problem);
    }
    return status;
}

static enum hb_status open_slots(struct study *study)
{
    enum hb_status status = HB_OK;
    for (uint32_t i = 0; i < study->scenario->policy_count && status == HB_OK; i++) {
        struct data_run run = { .setting = (uint16_t)study->setting, .policy = (uint16_t)i,
            .replication = (uint16_t)study->replication };
        study->slots[i].problem.text[0] = '\0';
        status = data_rows_create(run, ROWS_MEMORY_BYTES, &study->slots[i].rows);
    }
    return status;
}

static void close_slots(struct study *study)
{
    for (uint32_t i = 0; i < study->scenario->policy_count; i++) {
        data_rows_free(study->slots[i].rows);
        study->slots[i].rows = NULL;
    }
}

static enum hb_status run_policies(struct study *study)
{
    uint32_t count = (uint32_t)study->scenario->policy_count;
    int64_t end_ns = ((int64_t)study->stage->end_s - study->stage->origin_s) * HB_NS_PER_S;
    enum hb_status status = HB_OK;
    if (study->options->progress != NULL) {
        status = sim_progress_create(count, end_ns, study->options->progress, &study->progress);
    }
    status = status == HB_OK ? open_slots(study) : status;
    if (status == HB_OK) {
        status = play_all(study);
    }
    for (uint32_t i = 0; i < count && status != HB_OK; i++) {
        if (study->slots[i].problem.text[0] != '\0' && study->problem->text[0] == '\0') {
            *study->problem = study->slots[i].problem;
        }
    }
    sim_progress_free(study->progress);
    study->progress = NULL;
    if (status == HB_OK && study->options->solver != NULL) {
        status = sim_bound_solve(study->stage, study->options->threads, study->options->solver,
            &study->bound); /* it uses what the runs have seen of routes */
    }
    status = status == HB_OK ? collect(study) : status;
    close_slots(study);
    return status;
}

static enum hb_status run_setting(struct study *study)
{
    sim_scenario_apply(study->scenario, study->setting);
    enum hb_status status
        = sim_stage_prepare(study->stage, study->options->threads, study->problem);
    return status == HB_OK ? run_policies(study) : status;
}

static void add_policies(const struct study *study, struct data_rows *rows)
{
    for (size_t i = 0; i < study->scenario->policy_count; i++) {
        const struct sim_scenario_policy *policy = &study->scenario->policies[i];
        struct data_policies_row row = { .name = "" };
        snprintf(row.name, sizeof row.name, "%s", policy->name);
        snprintf(row.predictor, sizeof row.predictor, "%s", policy->predictor);
        data_rows_add(rows, DATA_TABLE_POLICIES, &row);
    }
    const struct sim_scenario_sweep *sweep = &study->scenario->sweep;
    for (uint32_t i = 0; i < sweep->value_count && sweep->parameter[0] != '\0'; i++) {
        struct data_settings_row row = { .setting = (uint16_t)i, .value = sweep->values[i] };
        snprintf(row.parameter, sizeof row.parameter, "%s", strchr(sweep->parameter, '.') + 1);
        data_rows_add(rows, DATA_TABLE_SETTINGS, &row);
    }
}

/* Cities by the middle of their places. */
static void add_regions(const struct study *study, struct data_rows *rows)
{
    const struct data_trace *trace = study->stage->trace;
    for (uint32_t region = 0; region < trace->region_count; region++) {
        struct hb_point middle = { 0.0, 0.0 };
        struct data_regions_row row = { .utc_offset_s = 0 };
        for (uint32_t place = 0; place < trace->place_count; place++) {
            const struct hb_place *it = &trace->places[place];
            row.utc_offset_s = it->region == region ? it->utc_offset_s : row.utc_offset_s;
        }
        (void)hb_map_region_middle(trace->places, trace->place_count, region, &middle);
        row.lat_deg = middle.lat_deg; /* zero if it has no place */
        row.lon_deg = middle.lon_deg;
        snprintf(row.name, sizeof row.name, "%.63s", trace->region_names[region]);
        data_rows_add(rows, DATA_TABLE_REGIONS, &row);
    }
}

static void add_places(const struct study *study, struct data_rows *rows)
{
    const struct sim_stage *stage = study->stage;
    for (uint32_t place = 0; place < stage->map.place_count; place++) {
        const struct hb_place *it = &stage->map.places[place];
        struct data_places_row row
            = { .lat_deg = it->at.lat_deg, .lon_deg = it->at.lon_deg, .region = it->region };
        data_rows_add(rows, DATA_TABLE_PLACES, &row);
    }
    for (uint32_t site = 0; site < stage->map.site_count; site++) {
        const struct hb_site *it = &stage->map.sites[site];
        struct data_sites_row row = { .lat_deg = it->at.lat_deg, .lon_deg = it->at.lon_deg,
            .slots = it->slots, .price_factor = (double)it->price_factor };
        snprintf(row.name, sizeof row.name, "%.63s", sim_sites_name(stage->sites, site));
        data_rows_add(rows, DATA_TABLE_SITES, &row);
    }
}

static enum hb_status open_results(struct study *study)
{
    const struct sim_scenario *scenario = study->scenario;
    const struct sim_stage *stage = study->stage;
    struct data_manifest manifest = { .scenario_name = scenario->name,
        .scenario_text = scenario->text,
        .currency = "money",
        .program = study->options->program,
        .seed = scenario->seed,
        .epoch_unix_s = stage->trace->epoch_unix_s + stage->origin_s,
        .duration_s = (int64_t)stage->end_s - stage->origin_s,
        .latency_target_ms = scenario->prices.target_ms,
        .replication_count = scenario->replications,
        .pairs = study->options->pairs,
        .pair_count = study->options->pair_count };
    struct data_rows *rows = NULL;
    enum hb_status status = data_results_create(study->options->output, &manifest,
        &study->results, study->problem);
    status = status == HB_OK
        ? data_rows_create((struct data_run) { 0, 0, 0 }, ROWS_MEMORY_BYTES, &rows) : status;
    if (status == HB_OK) {
        add_policies(study, rows);
        add_regions(study, rows);
        add_places(study, rows);
        status = data_results_append(study->results, rows, study->problem);
    }
    data_rows_free(rows);
    return status;
}

static enum hb_status run_replication(struct study *study, struct sim_study_outcome *out)
{
    struct sim_stage_options options = { .replication = study->replication,
        .threads = study->options->threads, .seed = study->scenario->seed,
        .interrupt = study->options->interrupt };
    enum hb_status status
        = sim_stage_create(study->scenario, &options, study->problem, &study->stage);
    if (status == HB_OK && study->replication == 0) {
        const struct sim_stage *stage = study->stage;
        *out = (struct sim_study_outcome) { .client_count = stage->client_count,
            .place_count = stage->map.place_count,
            .site_count = stage->map.site_count,
            .visit_count = stage->trace->first[stage->client_count] };
        status = open_results(study);
    }
    uint32_t settings = study->scenario->sweep.value_count;
    for (study->setting = 0; study->setting < settings && status == HB_OK; study->setting++) {
        status = run_setting(study);
    }
    sim_stage_free(study->stage);
    study->stage = NULL;
    return status;
}

static enum hb_status open_recording(struct study *study)
{
    const char *name = study->options->record;
    if (name == NULL) {
        return HB_OK;
    }
    enum hb_status status =
        data_part_create(name, DATA_PART_PUBLIC, &study->recording.part, study->problem);
    if (status == HB_OK) {
        study->recording.file = data_part_stream(study->recording.part);
        status = study->recording.file == NULL ? HB_ERR_MEMORY : HB_OK;
    }
    return status;
}

/* The recording takes its name only when whole. */
static enum hb_status close_recording(struct study *study, enum hb_status status)
{
    if (study->recording.part != NULL && status == HB_OK) {
        return data_part_commit(study->recording.part, study->problem);
    }
    data_part_free(study->recording.part);
    return status;
}

enum hb_status sim_study_run(struct sim_scenario *scenario,
    const struct sim_study_options *options, struct sim_study_outcome *out,
    struct data_problem *problem)
{
    struct study study = { .scenario = scenario, .options = options, .problem = problem };
    study.slots = calloc(scenario->policy_count, sizeof *study.slots);
    study.order = calloc(scenario->policy_count, sizeof *study.order);
    enum hb_status status
        = study.slots != NULL && study.order != NULL ? open_recording(&study) : HB_ERR_MEMORY;
    for (; study.replication < scenario->replications && status == HB_OK; study.replication++) {
        status = run_replication(&study, out);
    }
    if (status == HB_OK && options->interrupt != NULL && *options->interrupt != 0) {
        status = HB_ERR_INTERRUPTED; /* the last moment to leave nothing */
    }
    if (status == HB_OK) {
        status = data_results_commit(study.results, out->digest, problem);
        study.results = NULL;
    }
    data_results_free(study.results);
    status = close_recording(&study, status);
    free(study.order);
    free(study.slots);
    if (status != HB_OK && problem->text[0] == '\0') {
        data_problem_set(problem, status, "%s: %s", scenario->name, hb_status_text(status));
    }
    return status;
}

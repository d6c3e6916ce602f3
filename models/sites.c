/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/sites.h"

#include <math.h>
#include <stdlib.h>

#include "data/lines.h"

/* On the unit sphere the nearest by chord is the nearest by great circle. */
struct vector {
    double x, y, z;
};

static struct vector vector_of(double lat_deg, double lon_deg)
{
    const double degree = 3.14159265358979323846 / 180.0;
    double across = cos(lat_deg * degree);
    return (struct vector) { across * cos(lon_deg * degree), across * sin(lon_deg * degree),
        sin(lat_deg * degree) };
}

static double chord2(struct vector a, struct vector b)
{
    double x = a.x - b.x, y = a.y - b.y, z = a.z - b.z;
    return x * x + y * y + z * z;
}

static uint32_t nearest(const struct vector *among, uint32_t count, struct vector to)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++) {
        best = chord2(among[i], to) < chord2(among[best], to) ? i : best;
    }
    return best;
}

static enum hb_status assign(const struct model_dataset *dataset, struct model_sites *sites)
{
    struct vector at[MODEL_SITES_MAX];
    sites->of_place = malloc(dataset->place_count * sizeof *sites->of_place);
    if (sites->of_place == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < sites->count; i++) {
        at[i] = vector_of(sites->lat_deg[i], sites->lon_deg[i]);
    }
    for (uint32_t i = 0; i < dataset->place_count; i++) {
        sites->of_place[i] = nearest(at, sites->count,
            vector_of(dataset->lat_deg[i], dataset->lon_deg[i]));
    }
    return HB_OK;
}

static enum hb_status read_rows(struct data_lines *lines, struct model_sites *sites,
    struct data_problem *problem)
{
    static const struct data_lines_range lat = { "lat_deg", -90.0, 90.0 };
    static const struct data_lines_range lon = { "lon_deg", -180.0, 180.0 };
    enum hb_status status = data_lines_header(lines, "name,lat_deg,lon_deg", problem);
    while (status == HB_OK) {
        char *fields[3];
        int has_row = 0;
        status = data_lines_row(lines, 3, fields, problem, &has_row);
        if (status != HB_OK || !has_row) {
            break;
        }
        if (sites->count == MODEL_SITES_MAX) {
            return data_lines_refuse(lines, problem, "one site more: expected at most %d",
                MODEL_SITES_MAX);
        }
        status = data_lines_real(lines, fields[1], &lat, problem, &sites->lat_deg[sites->count]);
        if (status == HB_OK) {
            status = data_lines_real(lines, fields[2], &lon, problem,
                &sites->lon_deg[sites->count]);
        }
        sites->count++;
    }
    if (status == HB_OK && sites->count == 0) {
        return data_lines_refuse(lines, problem, "no site: expected at least one");
    }
    return status;
}

enum hb_status model_sites_read(const char *path, const struct model_dataset *dataset,
    struct model_sites *sites, struct data_problem *problem)
{
    struct data_lines *lines = NULL;
    *sites = (struct model_sites) { 0 };
    enum hb_status status = data_lines_open(path, problem, &lines);
    if (status == HB_OK) {
        status = read_rows(lines, sites, problem);
        data_lines_close(lines);
    }
    return status == HB_OK ? assign(dataset, sites) : status;
}

/* k-means of places with people in them. */
struct spread {
    uint32_t place_count, count;
    struct vector *at;     /* [place_count] */
    double *people;        /* [place_count] slots of the training part */
    double *far2;          /* [place_count] to the nearest site so far */
    struct vector means[MODEL_SITES_MAX];
};

static enum hb_status begin(struct spread *spread, const struct model_dataset *dataset)
{
    uint32_t places = dataset->place_count;
    spread->place_count = places;
    spread->at = malloc(places * sizeof *spread->at);
    spread->people = calloc(places, sizeof *spread->people);
    spread->far2 = malloc(places * sizeof *spread->far2);
    if (spread->at == NULL || spread->people == NULL || spread->far2 == NULL) {
        return HB_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < places; i++) {
        spread->at[i] = vector_of(dataset->lat_deg[i], dataset->lon_deg[i]);
        spread->far2[i] = 1.0; /* the first choice is by people alone */
    }
    for (uint64_t i = 0; i < dataset->slot_count; i++) {
        if (dataset->part[i] == MODEL_PART_TRAIN) {
            spread->people[dataset->place[i]] += 1.0;
        }
    }
    return HB_OK;
}

/* Returns 0 if no place with people is apart from the sites so far. */
static int choose_next(struct spread *spread)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < spread->place_count; i++) {
        if (spread->people[i] * spread->far2[i] > spread->people[best] * spread->far2[best]) {
            best = i;
        }
    }
    if (!(spread->people[best] * spread->far2[best] > 0.0)) {
        return 0;
    }
    for (uint32_t i = 0; i < spread->place_count; i++) {
        double d2 = chord2(spread->at[i], spread->at[best]);
        spread->far2[i] = spread->count == 0 || d2 < spread->far2[i] ? d2 : spread->far2[i];
    }
    spread->means[spread->count] = spread->at[best];
    spread->count++;
    return 1;
}

static void move_to_means(struct spread *spread)
{
    struct vector sums[MODEL_SITES_MAX] = { { 0.0, 0.0, 0.0 } };
    for (uint32_t i = 0; i < spread->place_count; i++) {
        if (spread->people[i] > 0.0) {
            struct vector *sum = &sums[nearest(spread->means, spread->count, spread->at[i])];
            sum->x += spread->people[i] * spread->at[i].x;
            sum->y += spread->people[i] * spread->at[i].y;
            sum->z += spread->people[i] * spread->at[i].z;
        }
    }
    for (uint32_t s = 0; s < spread->count; s++) {
        double length = sqrt(chord2(sums[s], (struct vector) { 0.0, 0.0, 0.0 }));
        if (length > 0.0) {
            spread->means[s] = (struct vector) { sums[s].x / length, sums[s].y / length,
                sums[s].z / length };
        }
    }
}

enum hb_status model_sites_spread(const struct model_dataset *dataset, uint32_t count,
    struct model_sites *sites)
{
    enum { rounds = 20 }; /* more changes no site by much */
    struct spread spread = { .at = NULL };
    *sites = (struct model_sites) { 0 };
    enum hb_status status = count == 0 || count > MODEL_SITES_MAX ? HB_ERR_RANGE : HB_OK;
    status = status == HB_OK ? begin(&spread, dataset) : status;
    while (status == HB_OK && spread.count < count) {
        status = choose_next(&spread) ? HB_OK : HB_ERR_RANGE;
    }
    for (int i = 0; status == HB_OK && i < rounds; i++) {
        move_to_means(&spread);
    }
    for (uint32_t s = 0; status == HB_OK && s < count; s++) {
        uint32_t place = nearest(spread.at, spread.place_count, spread.means[s]);
        sites->lat_deg[s] = dataset->lat_deg[place];
        sites->lon_deg[s] = dataset->lon_deg[place];
    }
    free(spread.far2);
    free(spread.people);
    free(spread.at);
    sites->count = status == HB_OK ? count : 0;
    return status == HB_OK ? assign(dataset, sites) : status;
}

void model_sites_fini(struct model_sites *sites)
{
    free(sites->of_place);
    sites->of_place = NULL;
}

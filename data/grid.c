/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/grid.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/grow.h"
#include "data/instant.h"
#include "data/names.h"

static const double pi = 3.14159265358979323846;
static const double km_per_deg = 111.19492664455873; /* 2 pi 6371.0088 / 360 */
static const int64_t day_s = 86400, end_unix_s = 4102444800; /* 2100-01-01 */

enum { fixes_max = 1 << 28, name_bytes_max = 63 };

struct record {
    uint32_t client, place;
    int64_t unix_s;
};

struct cell {
    uint64_t key;
    uint32_t place; /* HB_NONE: free */
};

struct data_grid {
    struct data_grid_config config;
    const struct data_cities *cities;
    struct data_names *clients;
    struct record *records;
    struct cell *cells; /* [cell_slots] open addressing, a power of two */
    struct hb_point *middles; /* [place_count] */
    size_t record_count, record_capacity, cell_slots;
    uint32_t place_count, middle_capacity;
    int64_t first_unix_s, last_unix_s;
};

enum hb_status data_grid_create(
    const struct data_grid_config *config, const struct data_cities *cities, struct data_grid **out)
{
    bool has_cell = config->is_exact || (config->cell_km >= 0.05 && config->cell_km <= 500.0);
    if (!has_cell || !(config->gap_s >= 60.0 && config->gap_s <= 31536000.0)
        || !(config->city_km >= 0.0 && config->city_km <= 1000.0)) {
        return HB_ERR_RANGE;
    }
    struct data_grid *grid = calloc(1, sizeof *grid);
    if (grid == NULL) {
        return HB_ERR_MEMORY;
    }
    grid->config = *config;
    grid->cities = cities;
    grid->first_unix_s = INT64_MAX;
    grid->last_unix_s = INT64_MIN;
    enum hb_status status = data_names_create(&grid->clients);
    if (status != HB_OK) {
        data_grid_free(grid);
        return status;
    }
    *out = grid;
    return HB_OK;
}

void data_grid_free(struct data_grid *grid)
{
    if (grid == NULL) {
        return;
    }
    data_names_free(grid->clients);
    free(grid->middles);
    free(grid->cells);
    free(grid->records);
    free(grid);
}

/* The number of equal parts of a whole, about size each; an index within. */
static uint32_t part_of(double position, double whole, double count)
{
    double index = floor(position / whole * count);
    return (uint32_t)fmin(fmax(index, 0.0), count - 1.0);
}

/* Key and middle of the cell around a point. */
static uint64_t cell_key(
    const struct data_grid_config *config, struct hb_point at, struct hb_point *middle)
{
    if (config->is_exact) {
        int64_t lat = llround((at.lat_deg + 90.0) * 1e6), lon = llround((at.lon_deg + 180.0) * 1e6);
        *middle = (struct hb_point) { .lat_deg = (double)lat / 1e6 - 90.0,
            .lon_deg = (double)lon / 1e6 - 180.0 };
        return (uint64_t)lat << 32 | (uint64_t)lon;
    }
    double rows = fmax(round(180.0 * km_per_deg / config->cell_km), 1.0);
    uint32_t row = part_of(at.lat_deg + 90.0, 180.0, rows);
    middle->lat_deg = (row + 0.5) * 180.0 / rows - 90.0;
    double circle_km = 360.0 * km_per_deg * cos(middle->lat_deg * pi / 180.0);
    double columns = fmax(round(circle_km / config->cell_km), 1.0);
    uint32_t column = part_of(at.lon_deg + 180.0, 360.0, columns);
    middle->lon_deg = (column + 0.5) * 360.0 / columns - 180.0;
    return (uint64_t)row << 32 | column;
}

/* Finalizer of SplitMix64: keys of neighbours are far apart. */
static size_t spread(uint64_t key)
{
    key = (key ^ key >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ key >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)(key ^ key >> 31);
}

static struct cell *slot_of(const struct data_grid *grid, uint64_t key)
{
    size_t slot = spread(key) & (grid->cell_slots - 1);
    while (grid->cells[slot].place != HB_NONE && grid->cells[slot].key != key) {
        slot = (slot + 1) & (grid->cell_slots - 1);
    }
    return &grid->cells[slot];
}

static enum hb_status grow_cells(struct data_grid *grid)
{
    uint32_t capacity = grid->middle_capacity == 0 ? 1024 : grid->middle_capacity * 2;
    struct hb_point *middles = realloc(grid->middles, capacity * sizeof *middles);
    if (middles == NULL) {
        return HB_ERR_MEMORY;
    }
    grid->middles = middles;
    struct data_grid old = *grid;
    struct cell *cells = malloc(2 * (size_t)capacity * sizeof *cells);
    if (cells == NULL) {
        return HB_ERR_MEMORY;
    }
    grid->cells = cells;
    grid->cell_slots = 2 * (size_t)capacity;
    grid->middle_capacity = capacity;
    for (size_t i = 0; i < grid->cell_slots; i++) {
        cells[i] = (struct cell) { .place = HB_NONE };
    }
    for (size_t i = 0; i < old.cell_slots; i++) {
        if (old.cells[i].place != HB_NONE) {
            *slot_of(grid, old.cells[i].key) = old.cells[i];
        }
    }
    free(old.cells);
    return HB_OK;
}

static enum hb_status place_at(struct data_grid *grid, struct hb_point at, uint32_t *out)
{
    if (grid->place_count == grid->middle_capacity) {
        enum hb_status status = grow_cells(grid);
        if (status != HB_OK) {
            return status;
        }
    }
    struct hb_point middle;
    uint64_t key = cell_key(&grid->config, at, &middle);
    struct cell *cell = slot_of(grid, key);
    if (cell->place == HB_NONE) {
        if (grid->place_count == DATA_TRACE_PLACES_MAX) {
            return HB_ERR_FULL;
        }
        *cell = (struct cell) { .key = key, .place = grid->place_count };
        grid->middles[grid->place_count++] = middle;
    }
    *out = cell->place;
    return HB_OK;
}

static enum hb_status reserve_record(struct data_grid *grid)
{
    if (grid->record_count == fixes_max) {
        return HB_ERR_FULL;
    }
    struct record *records = data_grow(grid->records, grid->record_count, &grid->record_capacity,
        sizeof *records);
    if (records == NULL) {
        return HB_ERR_MEMORY;
    }
    grid->records = records;
    return HB_OK;
}

/* The client's number; with folded days, that of this day of it. */
static enum hb_status client_of(
    struct data_grid *grid, const char *name, int64_t unix_s, uint32_t *out)
{
    char text[name_bytes_max + 16];
    size_t bytes = strlen(name);
    memcpy(text, name, bytes + 1);
    if (grid->config.folds_days) {
        text[bytes] = '/';
        data_instant_date(unix_s, text + bytes + 1);
    }
    return data_names_add(grid->clients, text, out);
}

enum hb_status data_grid_add(struct data_grid *grid, const char *client, const struct data_fix *fix)
{
    size_t bytes = strnlen(client, name_bytes_max + 1);
    if (bytes == 0 || bytes > name_bytes_max || !(fabs(fix->at.lat_deg) <= 90.0)
        || !(fabs(fix->at.lon_deg) <= 180.0) || fix->unix_s < 0 || fix->unix_s >= end_unix_s) {
        return HB_ERR_RANGE;
    }
    struct record record = { .unix_s = fix->unix_s };
    enum hb_status status = reserve_record(grid);
    if (status == HB_OK) {
        status = client_of(grid, client, fix->unix_s, &record.client);
    }
    if (status == HB_OK) {
        status = place_at(grid, fix->at, &record.place);
    }
    if (status != HB_OK) {
        return status;
    }
    grid->first_unix_s = fix->unix_s < grid->first_unix_s ? fix->unix_s : grid->first_unix_s;
    if (grid->config.folds_days) {
        record.unix_s %= day_s; /* the date follows in data_grid_finish */
    }
    grid->last_unix_s = record.unix_s > grid->last_unix_s ? record.unix_s : grid->last_unix_s;
    grid->records[grid->record_count++] = record;
    return HB_OK;
}

uint64_t data_grid_fix_count(const struct data_grid *grid)
{
    return grid->record_count;
}

static int by_client_and_time(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    if (x->client != y->client) {
        return x->client < y->client ? -1 : 1;
    }
    if (x->unix_s != y->unix_s) {
        return x->unix_s < y->unix_s ? -1 : 1;
    }
    return x->place < y->place ? -1 : x->place > y->place;
}

/* Writes (visits != NULL) or counts one client's visits; records [count] are its own, sorted. */
static uint64_t visits_of(const struct data_grid *grid, const struct record *records, size_t count,
    int64_t epoch_s, struct data_visit *visits)
{
    int64_t gap_s = (int64_t)grid->config.gap_s;
    uint64_t len = 0;
    uint32_t at = HB_NONE; /* where the last visit was */
    for (size_t i = 0; i < count; i++) {
        bool repeats = i > 0 && records[i].unix_s == records[i - 1].unix_s;
        if (!repeats && records[i].place != at) {
            at = records[i].place;
            if (visits != NULL) {
                visits[len] =
                    (struct data_visit) { .start_s = (uint32_t)(records[i].unix_s - epoch_s),
                        .place = at & DATA_NOWHERE };
            }
            len++;
        }
        if (i + 1 == count || records[i + 1].unix_s - records[i].unix_s > gap_s) {
            at = DATA_NOWHERE;
            if (visits != NULL) {
                visits[len] = (struct data_visit) { .start_s = (uint32_t)(records[i].unix_s
                                                        - epoch_s + gap_s),
                    .place = DATA_NOWHERE };
            }
            len++;
        }
    }
    return len;
}

/* first [clients + 1] from the sorted records; visits too if not NULL. */
static void fill_visits(
    const struct data_grid *grid, int64_t epoch_s, uint64_t *first, struct data_visit *visits)
{
    uint32_t client_count = data_names_len(grid->clients);
    size_t i = 0;
    first[0] = 0;
    for (uint32_t client = 0; client < client_count; client++) {
        size_t begin = i;
        while (i < grid->record_count && grid->records[i].client == client) {
            i++;
        }
        first[client + 1] = first[client]
            + visits_of(grid, &grid->records[begin], i - begin, epoch_s,
                visits == NULL ? NULL : &visits[first[client]]);
    }
}

/* Places with region and clock; regions get numbers in order of appearance. */
static enum hb_status fill_places(
    const struct data_grid *grid, struct data_names *regions, struct hb_place *places)
{
    for (uint32_t i = 0; i < grid->place_count; i++) {
        struct hb_point at = grid->middles[i];
        const struct data_city *city = data_cities_nearest(grid->cities, at);
        places[i] = (struct hb_place) {
            .at = at, .region = HB_NONE, .utc_offset_s = (int32_t)lround(at.lon_deg / 15.0) * 3600
        };
        if (hb_geo_distance_km(at, city->at) <= grid->config.city_km) {
            places[i].utc_offset_s = city->timezone.standard_s;
            enum hb_status status = data_names_add(regions, city->name, &places[i].region);
            if (status != HB_OK) {
                return status;
            }
        }
    }
    return HB_OK;
}

static enum hb_status name_regions(
    const struct data_grid *grid, const struct data_names *regions, struct data_trace_store *store)
{
    enum hb_status status = HB_OK;
    for (size_t i = 0; i < data_cities_len(grid->cities) && status == HB_OK; i++) {
        const char *name = data_cities_at(grid->cities, i)->name;
        uint32_t region = data_names_find(regions, name);
        if (region != DATA_NAMES_NONE) {
            status = data_trace_name_region(store, region, name);
        }
    }
    return status;
}

static enum hb_status build(const struct data_grid *grid, struct data_trace_store **out)
{
    uint32_t client_count = data_names_len(grid->clients);
    struct data_names *regions = NULL;
    struct data_trace_store *store = NULL;
    struct hb_place *places = calloc((size_t)grid->place_count + 1, sizeof *places);
    uint64_t *first = calloc((size_t)client_count + 1, sizeof *first);
    enum hb_status status =
        places == NULL || first == NULL ? HB_ERR_MEMORY : data_names_create(&regions);
    if (status == HB_OK) {
        status = fill_places(grid, regions, places);
    }
    if (status == HB_OK) {
        int64_t epoch_s = grid->config.folds_days ? 0 : grid->first_unix_s / day_s * day_s;
        fill_visits(grid, epoch_s, first, NULL);
        struct data_trace_sizes sizes = { .visit_count = first[client_count],
            .client_count = client_count,
            .place_count = grid->place_count,
            .region_count = data_names_len(regions) };
        status = data_trace_create(&sizes, &store);
        if (status == HB_OK) {
            struct data_trace_arrays arrays = data_trace_arrays(store);
            memcpy(arrays.places, places, grid->place_count * sizeof *places);
            fill_visits(grid, epoch_s, arrays.first, arrays.visits);
            data_trace_span(store, grid->first_unix_s / day_s * day_s,
                (uint32_t)(grid->last_unix_s - epoch_s + (int64_t)grid->config.gap_s));
            status = name_regions(grid, regions, store);
        }
    }
    data_names_free(regions);
    free(first);
    free(places);
    if (status != HB_OK) {
        data_trace_free(store);
        return status;
    }
    *out = store;
    return HB_OK;
}

enum hb_status data_grid_finish(struct data_grid *grid, struct data_trace_store **out)
{
    if (grid->record_count == 0) {
        return HB_ERR_FORMAT;
    }
    int64_t epoch_s = grid->config.folds_days ? 0 : grid->first_unix_s / day_s * day_s;
    if (grid->last_unix_s - epoch_s + (int64_t)grid->config.gap_s > UINT32_MAX) {
        return HB_ERR_RANGE;
    }
    qsort(grid->records, grid->record_count, sizeof *grid->records, by_client_and_time);
    return build(grid, out);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "analysis/figure.h"
#include "analysis/outline.h"
#include "analysis/path.h"
#include "analysis/text.h"

#define CELLS_MAX 4000
#define SITES_MAX 7 /* told apart by colour; the others share the last */

static const double map_width_in = 3.25;

/* The sites that serve the client, in the order in which they first do. */
struct cast {
    uint32_t sites[SITES_MAX];
    size_t count;
};

static size_t role_of(struct cast *cast, uint32_t site)
{
    for (size_t i = 0; i < cast->count; i++) {
        if (cast->sites[i] == site) {
            return i;
        }
    }
    if (cast->count < SITES_MAX) {
        cast->sites[cast->count] = site;
        return cast->count++;
    }
    return SITES_MAX - 1;
}

static struct cast cast_of(const struct analysis_path *path)
{
    struct cast cast = { .count = 0 };
    for (size_t i = 0; i < path->row_count; i++) {
        if (path->rows[i].site != HB_NONE) {
            (void)role_of(&cast, path->rows[i].site);
        }
    }
    return cast;
}

static double hours(int64_t at_ns)
{
    return hb_units_s(at_ns) / 3600.0;
}

/* Places of the box as a backdrop: the shape of a city. Every stride-th. */
static void write_cells(
    FILE *out, const struct data_result_info *info, const struct analysis_box *box)
{
    uint32_t inside = 0, rows = 0;
    for (uint32_t i = 0; i < info->place_count; i++) {
        const struct data_places_row *place = &info->places[i];
        inside += analysis_outline_holds(box, place->lat_deg, place->lon_deg) ? 1 : 0;
    }
    uint32_t stride = inside / CELLS_MAX + 1;
    fprintf(out, "# places: lon_deg\tlat_deg\n");
    for (uint32_t i = 0; i < info->place_count; i += stride) {
        const struct data_places_row *place = &info->places[i];
        if (analysis_outline_holds(box, place->lat_deg, place->lon_deg)) {
            fprintf(out, "%.7g\t%.7g\n", analysis_outline_lon(box, place->lon_deg),
                place->lat_deg);
            rows++;
        }
    }
    fprintf(out, rows == 0 ? "nan\tnan\n\n\n" : "\n\n");
}

static void write_way(FILE *out, const struct data_result_info *info,
    const struct analysis_path *path, const struct analysis_box *box)
{
    fprintf(out, "# way: lon_deg\tlat_deg\n");
    int is_down = 0, rows = 0;
    for (size_t i = 0; i < path->row_count; i++) {
        if (path->rows[i].place == HB_NONE) {
            fprintf(out, is_down ? "\n" : "");
            is_down = 0;
            continue;
        }
        const struct data_places_row *place = &info->places[path->rows[i].place];
        fprintf(out, "%.7g\t%.7g\n", analysis_outline_lon(box, place->lon_deg), place->lat_deg);
        is_down = 1;
        rows++;
    }
    fprintf(out, rows == 0 ? "nan\tnan\n\n\n" : is_down ? "\n\n" : "\n");
}

static void write_sites(FILE *out, const struct data_result_info *info,
    const struct analysis_path *path, const struct analysis_box *box, struct cast *cast)
{
    fprintf(out, "# served: lon_deg\tlat_deg\tsite_lon_deg\tsite_lat_deg\trole\n");
    for (size_t i = 0; i < path->row_count; i++) {
        const struct data_paths_row *row = &path->rows[i];
        if (row->place == HB_NONE || row->site == HB_NONE) {
            continue;
        }
        const struct data_places_row *place = &info->places[row->place];
        const struct data_sites_row *site = &info->sites[row->site];
        fprintf(out, "%.7g\t%.7g\t%.7g\t%.7g\t%zu\n",
            analysis_outline_lon(box, place->lon_deg), place->lat_deg,
            analysis_outline_lon(box, site->lon_deg), site->lat_deg, role_of(cast, row->site));
    }
    fprintf(out, "nan\tnan\tnan\tnan\t0\n\n\n# sites: lon_deg\tlat_deg\trole\tname\n");
    for (size_t k = 0; k < cast->count; k++) {
        const struct data_sites_row *site = &info->sites[cast->sites[k]];
        fprintf(out, "%.7g\t%.7g\t%zu\t", analysis_outline_lon(box, site->lon_deg),
            site->lat_deg, k);
        analysis_text_plain(out, site->name);
        fprintf(out, "\n");
    }
    fprintf(out, "\n\n");
}

/* A block for each role: from hour, latency, hours until the next change. */
static void write_latencies(FILE *out, const struct data_result_info *info,
    const struct analysis_path *path, struct cast *cast)
{
    double end = (double)info->duration_s / 3600.0;
    for (size_t k = 0; k < cast->count; k++) {
        fprintf(out, "# served by ");
        analysis_text_plain(out, info->sites[cast->sites[k]].name);
        fprintf(out, ": hour\tlatency_ms\thours\n");
        for (size_t i = 0; i < path->row_count; i++) {
            const struct data_paths_row *row = &path->rows[i];
            int is_last = i + 1 == path->row_count;
            double until = is_last ? end : hours(path->rows[i + 1].at_ns);
            if (row->site != HB_NONE && role_of(cast, row->site) == k && isfinite(row->latency_ms)
                && until > hours(row->at_ns)) {
                fprintf(out, "%.6f\t%.5g\t%.6f\n", hours(row->at_ns), (double)row->latency_ms,
                    until - hours(row->at_ns));
            }
        }
        fprintf(out, "nan\tnan\tnan\n\n\n");
    }
}

/* Where the client goes, and the sites that are not far from there: one that
 * is would make the rest a dot. */
static struct analysis_box box_of(
    const struct data_result_info *info, const struct analysis_path *path, const struct cast *cast)
{
    struct analysis_box box = analysis_outline_nothing();
    box.cut_deg = analysis_outline_of(info).cut_deg;
    for (size_t i = 0; i < path->row_count; i++) {
        if (path->rows[i].place != HB_NONE) {
            const struct data_places_row *place = &info->places[path->rows[i].place];
            analysis_outline_add(&box, place->lat_deg, place->lon_deg);
        }
    }
    struct analysis_box near = box;
    analysis_outline_pad(&near, 0.5, 0.05);
    for (size_t k = 0; k < cast->count; k++) {
        const struct data_sites_row *site = &info->sites[cast->sites[k]];
        if (analysis_outline_holds(&near, site->lat_deg, site->lon_deg)) {
            analysis_outline_add(&box, site->lat_deg, site->lon_deg);
        }
    }
    analysis_outline_pad(&box, 0.1, 0.02);
    return box;
}

/* Widens the box to a height over width within bounds that suit a column. */
static void shape_box(struct analysis_box *box)
{
    static const double flattest = 0.42, steepest = 0.7;
    double ratio = analysis_outline_ratio(box);
    double centre_lon = 0.5 * (box->west_deg + box->east_deg);
    double centre_lat = 0.5 * (box->south_deg + box->north_deg);
    double half_lon = 0.5 * (box->east_deg - box->west_deg);
    double half_lat = 0.5 * (box->north_deg - box->south_deg);
    if (ratio < flattest) {
        half_lat *= flattest / ratio;
    } else if (ratio > steepest) {
        half_lon *= ratio / steepest;
    }
    *box = (struct analysis_box) { centre_lon - half_lon, centre_lon + half_lon,
        centre_lat - half_lat, centre_lat + half_lat, box->cut_deg };
}

/* A bar of a round number of kilometres, bottom left. */
static void write_scale(FILE *out, const struct analysis_box *box)
{
    double km_per_deg = analysis_outline_km_per_deg(box);
    double width_deg = box->east_deg - box->west_deg;
    double raw_km = 0.22 * width_deg * km_per_deg;
    double decade = pow(10.0, floor(log10(raw_km)));
    double round_km = raw_km >= 5.0 * decade ? 5.0 : raw_km >= 2.0 * decade ? 2.0 : 1.0;
    double length = round_km * decade / km_per_deg / width_deg;
    fprintf(out,
        "set arrow 1 from graph 0.03,graph 0.05 to graph %.5f,graph 0.05 nohead lw 1.5 front\n"
        "set label 1 '%g km' at graph 0.03,graph 0.09 front\n",
        0.03 + length, round_km * decade);
}

/* Parts of the height that the map and the key take; what the clock must show. */
struct shares {
    double map, key, latency_max_ms;
};

static double latency_max_ms(const struct analysis_path *path)
{
    double most_ms = 0.0;
    for (size_t i = 0; i < path->row_count; i++) {
        double latency_ms = (double)path->rows[i].latency_ms;
        most_ms = isfinite(latency_ms) ? fmax(most_ms, latency_ms) : most_ms;
    }
    return most_ms;
}

static size_t longest_name(const struct data_result_info *info, const struct cast *cast)
{
    size_t longest = 0;
    for (size_t k = 0; k < cast->count; k++) {
        size_t length = strlen(info->sites[cast->sites[k]].name);
        longest = length > longest ? length : longest;
    }
    return longest;
}

static void write_map(struct analysis_figure *figure, const struct cast *cast,
    const struct analysis_box *box, double map_share)
{
    FILE *out = figure->script;
    int is_wide = box->east_deg - box->west_deg > 4.0;
    fprintf(out, "set multiplot\nunset key\nset border 15 lw 0.4\nunset tics\n");
    fprintf(out, "set lmargin at screen 0.02\nset rmargin at screen 0.98\n");
    fprintf(out, "set tmargin at screen %.4f\nset bmargin at screen %.4f\n", 1.0 - 0.01,
        1.0 - map_share);
    fprintf(out, "set xrange [%.5f:%.5f]\nset yrange [%.5f:%.5f]\n", box->west_deg, box->east_deg,
        box->south_deg, box->north_deg);
    write_scale(out, box);
    /* The outline of 1:110 million says nothing within a city. */
    if (is_wide) {
        analysis_outline_land(out, figure->name, box);
    } else {
        fprintf(out,
            "plot '%s.tsv' index 1 using 1:2 with points pt 7 ps 0.22 lc rgb '#DEDEDE', \\\n",
            figure->name);
    }
    for (size_t k = 0; k < cast->count; k++) {
        fprintf(out,
            "  '' index 3 using ($5==%zu?$1:NaN):2:($3-$1):($4-$2) with vectors nohead "
            "lc %s lw 0.35 dt (6,4), \\\n",
            k, analysis_figure_colour(k));
    }
    fprintf(out, "  '' index 2 using 1:2 with lines lc rgb '#444444' lw 0.6 dt 1");
    for (size_t k = 0; k < cast->count; k++) {
        const char *colour = analysis_figure_colour(k);
        fprintf(out,
            ", \\\n  '' index 3 using ($5==%zu?$1:NaN):2 with points pt 7 ps 0.35 lc %s"
            ", \\\n  '' index 4 every ::%zu::%zu using 1:2 with points pt 5 ps 0.9 lc rgb "
            "'#FFFFFF', \\\n  '' index 4 every ::%zu::%zu using 1:2 with points pt 5 ps 0.7 lc %s",
            k, colour, k, k, k, k, colour);
    }
    fprintf(out, "\nunset arrow 1\nunset label 1\n");
}

static void write_clock(struct analysis_figure *figure, const struct data_result_info *info,
    const struct cast *cast, struct shares shares)
{
    FILE *out = figure->script;
    fprintf(out, "set key at screen 0.5,screen %.4f center top samplen 1.2\n",
        1.0 - shares.map - 0.03 / figure->height_in);
    fprintf(out, "set border 3 lw 0.6\nset tics out nomirror scale 0.5,0.25\n");
    fprintf(out, "set lmargin at screen 0.145\nset rmargin at screen 0.965\n");
    fprintf(out, "set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
        1.0 - shares.map - shares.key - 0.05 / figure->height_in, 0.34 / figure->height_in);
    double end = (double)info->duration_s / 3600.0;
    fprintf(out, "set xrange [0:%.4g]\nset yrange [0:*]\n", end > 0.0 ? end : 1.0);
    fprintf(out, "set ytics %.6g nomirror offset 0.5,0\nset xtics auto nomirror offset 0,0.3\n",
        analysis_figure_step(fmax(shares.latency_max_ms, 1.0) / 4.0));
    if (end > 20.0 && end < 50.0) {
        fprintf(out, "set xtics 0,3,48\n");
    }
    fprintf(out, "set grid ytics lt 1 lc rgb '#E0E0E0' dt 1 lw 0.4\n");
    fprintf(out, "set xlabel 'hours since the start' offset 0,0.5\n");
    fprintf(out, "set ylabel 'latency (ms)' offset 1.4,0\nplot");
    for (size_t k = 0; k < cast->count; k++) {
        fprintf(out,
            "%s \\\n  '%s.tsv' index %zu using 1:2:3:(0) with vectors nohead lw 2 dt 1 lc %s",
            k == 0 ? "" : ",", figure->name, k + 5, analysis_figure_colour(k));
        analysis_figure_title(figure, info->sites[cast->sites[k]].name);
    }
    fprintf(out, "\nunset multiplot\n");
}

enum hb_status analysis_journey_draw(const struct analysis_drawing *drawing)
{
    const struct data_result_info *info = analysis_study_info(drawing->study, 0);
    struct analysis_path path;
    enum hb_status status = analysis_path_load(drawing->study, &path, drawing->problem);
    if (status != HB_OK) {
        return status;
    }
    struct cast cast = cast_of(&path);
    struct analysis_box box = box_of(info, &path, &cast);
    shape_box(&box);
    double map_in = map_width_in * analysis_outline_ratio(&box);
    struct analysis_figure figure;
    status = analysis_figure_begin(drawing, "client-day", map_in + 1.6, &figure);
    if (status == HB_OK) {
        struct shares shares = { .latency_max_ms = latency_max_ms(&path) };
        shares.key = analysis_figure_key(&figure, cast.count, longest_name(info, &cast));
        shares.map = (map_in + 0.05) / figure.height_in;
        fprintf(figure.table, "# client %u under ", path.client);
        analysis_text_plain(
            figure.table, analysis_study_series(drawing->study, path.series)->label);
        fprintf(figure.table, "\n");
        analysis_outline_coast(drawing, figure.table);
        write_cells(figure.table, info, &box);
        write_way(figure.table, info, &path, &box);
        write_sites(figure.table, info, &path, &box, &cast);
        write_latencies(figure.table, info, &path, &cast);
        write_map(&figure, &cast, &box, shares.map);
        write_clock(&figure, info, &cast, shares);
        status = analysis_figure_end(&figure, HB_OK, drawing->problem);
    }
    analysis_path_fini(&path);
    return status;
}

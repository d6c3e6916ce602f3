/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/outline.h"

#include <math.h>
#include <stdlib.h>

#include "core/geo.h"

#define LINE_BYTES 256

static const double map_width_in = 3.3, map_min_in = 1.2, map_max_in = 4.0, key_in = 0.25;

static const double rad_per_deg = 0.017453292519943295;

struct analysis_box analysis_outline_nothing(void)
{
    return (struct analysis_box) { HUGE_VAL, -HUGE_VAL, HUGE_VAL, -HUGE_VAL, -180.0 };
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double analysis_outline_cut(double *lon_deg, size_t count)
{
    static const double worth_deg = 30.0; /* the usual map is kept for less: our choice */
    double widest_deg = 0.0, cut_deg = -180.0;
    if (count == 0) {
        return cut_deg;
    }
    qsort(lon_deg, count, sizeof *lon_deg, compare);
    for (size_t i = 1; i < count; i++) {
        if (lon_deg[i] - lon_deg[i - 1] > widest_deg) {
            widest_deg = lon_deg[i] - lon_deg[i - 1];
            cut_deg = 0.5 * (lon_deg[i] + lon_deg[i - 1]);
        }
    }
    double usual_deg = 360.0 - (lon_deg[count - 1] - lon_deg[0]);
    return widest_deg > usual_deg + worth_deg ? cut_deg : -180.0;
}

double analysis_outline_lon(const struct analysis_box *box, double lon_deg)
{
    return lon_deg < box->cut_deg ? lon_deg + 360.0 : lon_deg;
}

void analysis_outline_add(struct analysis_box *box, double lat_deg, double lon_deg)
{
    double shown_deg = analysis_outline_lon(box, lon_deg);
    box->west_deg = fmin(box->west_deg, shown_deg);
    box->east_deg = fmax(box->east_deg, shown_deg);
    box->south_deg = fmin(box->south_deg, lat_deg);
    box->north_deg = fmax(box->north_deg, lat_deg);
}

void analysis_outline_pad(struct analysis_box *box, double share, double margin_deg)
{
    double side = fmax(box->east_deg - box->west_deg, box->north_deg - box->south_deg);
    double pad = fmax(share * side, margin_deg);
    box->west_deg = fmax(box->west_deg - pad, box->cut_deg);
    box->east_deg = fmin(box->east_deg + pad, box->cut_deg + 360.0);
    box->south_deg = fmax(box->south_deg - pad, -85.0);
    box->north_deg = fmin(box->north_deg + pad, 85.0);
}

/* Without memory for it the usual one. */
static double cut_of(const struct data_result_info *info)
{
    size_t count = 0;
    double *lon_deg = calloc((size_t)info->region_count + info->site_count + 1, sizeof *lon_deg);
    if (lon_deg == NULL) {
        return -180.0;
    }
    for (uint32_t i = 0; i < info->region_count; i++) {
        lon_deg[count++] = info->regions[i].lon_deg;
    }
    for (uint32_t i = 0; i < info->site_count; i++) {
        lon_deg[count++] = info->sites[i].lon_deg;
    }
    double cut_deg = analysis_outline_cut(lon_deg, count);
    free(lon_deg);
    return cut_deg;
}

struct analysis_box analysis_outline_of(const struct data_result_info *info)
{
    struct analysis_box box = analysis_outline_nothing();
    box.cut_deg = cut_of(info);
    for (uint32_t i = 0; i < info->region_count; i++) {
        analysis_outline_add(&box, info->regions[i].lat_deg, info->regions[i].lon_deg);
    }
    for (uint32_t i = 0; i < info->site_count; i++) {
        analysis_outline_add(&box, info->sites[i].lat_deg, info->sites[i].lon_deg);
    }
    analysis_outline_pad(&box, 0.06, 2.0);
    return box;
}

double analysis_outline_ratio(const struct analysis_box *box)
{
    double middle = 0.5 * (box->south_deg + box->north_deg);
    double width = (box->east_deg - box->west_deg) * cos(middle * rad_per_deg);
    return (box->north_deg - box->south_deg) / fmax(width, 1e-6);
}

double analysis_outline_km_per_deg(const struct analysis_box *box)
{
    double middle = 0.5 * (box->south_deg + box->north_deg);
    struct hb_point a = { middle, 0.0 }, b = { middle, 1.0 };
    return hb_geo_distance_km(a, b);
}

int analysis_outline_holds(const struct analysis_box *box, double lat_deg, double lon_deg)
{
    double shown_deg = analysis_outline_lon(box, lon_deg);
    return lat_deg >= box->south_deg && lat_deg <= box->north_deg && shown_deg >= box->west_deg
        && shown_deg <= box->east_deg;
}

void analysis_outline_coast(const struct analysis_drawing *drawing, FILE *table)
{
    char line[LINE_BYTES];
    int is_down = 0, rows = 0;
    fprintf(table, "# coast (Natural Earth 1:110m): lon_deg\tlat_deg\n");
    FILE *in = drawing->coastline_path == NULL ? NULL : fopen(drawing->coastline_path, "r");
    while (in != NULL && fgets(line, sizeof line, in) != NULL) {
        char *end, *rest;
        double lon_deg = strtod(line, &end);
        double lat_deg = strtod(end, &rest);
        int is_point = end != line && rest != end && line[0] != '#';
        if (is_point) {
            fprintf(table, "%.6g\t%.6g\n", lon_deg, lat_deg);
            is_down = 1;
            rows++;
        } else if (is_down) {
            fprintf(table, "\n");
            is_down = 0;
        }
    }
    if (in != NULL) {
        (void)fclose(in);
    }
    fprintf(table, rows == 0 ? "nan\tnan\n\n\n" : is_down ? "\n\n" : "\n");
}

void analysis_outline_land(FILE *script, const char *name, const struct analysis_box *box)
{
    static const char *const look
        = "with filledcurves closed fc rgb '#E9E9E9' fs solid border rgb '#A8A8A8' lw 0.3, \\\n";
    fprintf(script, "plot '%s.tsv' index 0 using 1:2 %s", name, look);
    if (box->east_deg > 180.0) {
        fprintf(script, "  '' index 0 using ($1+360):2 %s", look);
    }
}

enum hb_status analysis_outline_begin(const struct analysis_drawing *drawing, const char *name,
    const struct analysis_box *box, struct analysis_figure *figure)
{
    double height_in = map_width_in * analysis_outline_ratio(box);
    return analysis_figure_begin(drawing, name,
        fmin(fmax(height_in, map_min_in), map_max_in) + key_in, figure);
}

void analysis_outline_plot(struct analysis_figure *figure, const struct analysis_box *box)
{
    FILE *out = figure->script;
    fprintf(out, "unset border\nunset tics\nset lmargin at screen 0.01\n");
    fprintf(out, "set rmargin at screen 0.99\nset bmargin at screen 0.02\n");
    fprintf(out, "set tmargin at screen %.4f\n", 1.0 - 0.2 / figure->height_in);
    fprintf(out, "set xrange [%.4f:%.4f]\nset yrange [%.4f:%.4f]\n", box->west_deg, box->east_deg,
        box->south_deg, box->north_deg);
    (void)analysis_figure_key(figure, 3, 8);
    fprintf(out, "set key samplen 1.2\n");
    analysis_outline_land(out, figure->name, box);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "analysis/figure.h"
#include "analysis/outline.h"
#include "analysis/path.h"
#include "analysis/text.h"

static const double width_in = 3.3;

/* Where the client of path was, in order; an empty line where it was absent. */
static void write_way(FILE *out, const struct data_result_info *info,
    const struct analysis_path *path, struct analysis_box *box)
{
    int rows = 0;
    for (size_t i = 0; i < path->row_count; i++) {
        if (path->rows[i].place != HB_NONE) {
            const struct data_places_row *place = &info->places[path->rows[i].place];
            fprintf(out, "%.6g\t%.6g\n", place->lon_deg, place->lat_deg);
            analysis_outline_add(box, place->lat_deg, place->lon_deg);
            rows++;
        }
    }
    fprintf(out, rows == 0 ? "nan\tnan\n" : "");
}

static struct analysis_box box_of(const struct data_result_info *info)
{
    struct analysis_box box = analysis_outline_nothing();
    for (uint32_t i = 0; i < info->region_count; i++) {
        analysis_outline_add(&box, info->regions[i].lat_deg, info->regions[i].lon_deg);
    }
    for (uint32_t i = 0; i < info->site_count; i++) {
        analysis_outline_add(&box, info->sites[i].lat_deg, info->sites[i].lon_deg);
    }
    analysis_outline_pad(&box, 0.06, 2.0);
    return box;
}

static void write_table(
    const struct analysis_drawing *drawing, FILE *out, const struct data_result_info *info)
{
    fprintf(out, "# coast (Natural Earth 1:110m): lon_deg\tlat_deg\n");
    analysis_outline_coast(drawing, out);
    fprintf(out, "# regions: lon_deg\tlat_deg\tname\n");
    for (uint32_t i = 0; i < info->region_count; i++) {
        fprintf(out, "%.6g\t%.6g\t", info->regions[i].lon_deg, info->regions[i].lat_deg);
        analysis_text_plain(out, info->regions[i].name);
        fprintf(out, "\n");
    }
    fprintf(out, "%s\n\n# sites: lon_deg\tlat_deg\tname\n",
        info->region_count == 0 ? "nan\tnan\t\n" : "");
    for (uint32_t i = 0; i < info->site_count; i++) {
        fprintf(out, "%.6g\t%.6g\t", info->sites[i].lon_deg, info->sites[i].lat_deg);
        analysis_text_plain(out, info->sites[i].name);
        fprintf(out, "\n");
    }
    fprintf(out, "\n\n# one client's way: lon_deg\tlat_deg\n");
}

static void write_plot(struct analysis_figure *figure, const struct analysis_box *box)
{
    FILE *out = figure->script;
    fprintf(out, "unset border\nunset tics\nset lmargin at screen 0.01\n");
    fprintf(out, "set rmargin at screen 0.99\nset bmargin at screen 0.02\n");
    fprintf(out, "set tmargin at screen %.4f\n", 1.0 - 0.2 / figure->height_in);
    fprintf(out, "set xrange [%.4f:%.4f]\nset yrange [%.4f:%.4f]\n", box->west_deg, box->east_deg,
        box->south_deg, box->north_deg);
    (void)analysis_figure_key(figure, 3, 8);
    fprintf(out, "set key samplen 1.2\n");
    fprintf(out,
        "plot '%s.tsv' index 0 using 1:2 with filledcurves closed fc rgb '#E9E9E9' fs solid "
        "border rgb '#A8A8A8' lw 0.3, \\\n"
        "  '' index 1 using 1:2 with points pt 7 ps 1.1 lc rgb '#A6D4F2' title 'city', \\\n"
        "  '' index 2 using 1:2 with points pt 5 ps 0.33 lc rgb '#0072B2' title 'site', \\\n"
        "  '' index 3 using 1:2 with lines lc rgb '#D55E00' lw 1.2 dt 1 notitle, \\\n"
        "  '' index 3 every ::0:0:0:0 using 1:2 with points pt 6 ps 0.9 lc rgb '#D55E00' lw 1 "
        "title 'a client'\n",
        figure->name);
}

enum hb_status analysis_map_draw(const struct analysis_drawing *drawing)
{
    const struct data_result_info *info = analysis_study_info(drawing->study, 0);
    if (info->site_count == 0) {
        return HB_ERR_NOT_FOUND;
    }
    struct analysis_path path = { .rows = NULL };
    enum hb_status status = analysis_path_load(drawing->study, &path, drawing->problem);
    if (status != HB_OK && status != HB_ERR_NOT_FOUND) {
        return status;
    }
    struct analysis_box box = box_of(info);
    double height_in = width_in * analysis_outline_ratio(&box);
    struct analysis_figure figure;
    status = analysis_figure_begin(drawing, "map", fmin(fmax(height_in, 1.2), 4.0) + 0.25, &figure);
    if (status == HB_OK) {
        write_table(drawing, figure.table, info);
        write_way(figure.table, info, &path, &box);
        write_plot(&figure, &box);
        status = analysis_figure_end(&figure, HB_OK, drawing->problem);
    }
    analysis_path_fini(&path);
    return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/figure.h"
#include "analysis/outline.h"
#include "analysis/path.h"
#include "analysis/text.h"

/* Where the client of path was, in order; an empty line where it was absent. */
static void write_way(FILE *out, const struct data_result_info *info,
    const struct analysis_path *path, struct analysis_box *box)
{
    int rows = 0;
    for (size_t i = 0; i < path->row_count; i++) {
        if (path->rows[i].place != HB_NONE) {
            const struct data_places_row *place = &info->places[path->rows[i].place];
            fprintf(out, "%.6g\t%.6g\n", analysis_outline_lon(box, place->lon_deg),
                place->lat_deg);
            analysis_outline_add(box, place->lat_deg, place->lon_deg);
            rows++;
        }
    }
    fprintf(out, rows == 0 ? "nan\tnan\n" : "");
}

static void write_table(const struct analysis_drawing *drawing, FILE *out,
    const struct data_result_info *info, const struct analysis_box *box)
{
    analysis_outline_coast(drawing, out);
    fprintf(out, "# regions: lon_deg\tlat_deg\tname\n");
    for (uint32_t i = 0; i < info->region_count; i++) {
        fprintf(out, "%.6g\t%.6g\t", analysis_outline_lon(box, info->regions[i].lon_deg),
            info->regions[i].lat_deg);
        analysis_text_plain(out, info->regions[i].name);
        fprintf(out, "\n");
    }
    fprintf(out, "%s\n\n# sites: lon_deg\tlat_deg\tname\n",
        info->region_count == 0 ? "nan\tnan\t\n" : "");
    for (uint32_t i = 0; i < info->site_count; i++) {
        fprintf(out, "%.6g\t%.6g\t", analysis_outline_lon(box, info->sites[i].lon_deg),
            info->sites[i].lat_deg);
        analysis_text_plain(out, info->sites[i].name);
        fprintf(out, "\n");
    }
    fprintf(out, "\n\n# one client's way: lon_deg\tlat_deg\n");
}

static void write_plot(struct analysis_figure *figure, const struct analysis_box *box)
{
    analysis_outline_plot(figure, box);
    fprintf(figure->script,
        "  '' index 1 using 1:2 with points pt 7 ps 1.1 lc rgb '#A6D4F2' title 'city', \\\n"
        "  '' index 2 using 1:2 with points pt 5 ps 0.33 lc rgb '#0072B2' title 'site', \\\n"
        "  '' index 3 using 1:2 with lines lc rgb '#D55E00' lw 1.2 dt 1 notitle, \\\n"
        "  '' index 3 every ::0:0:0:0 using 1:2 with points pt 6 ps 0.9 lc rgb '#D55E00' lw 1 "
        "title 'a client'\n");
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
    struct analysis_box box = analysis_outline_of(info);
    struct analysis_figure figure;
    status = analysis_outline_begin(drawing, "map", &box, &figure);
    if (status == HB_OK) {
        write_table(drawing, figure.table, info, &box);
        write_way(figure.table, info, &path, &box);
        write_plot(&figure, &box);
        status = analysis_figure_end(&figure, HB_OK, drawing->problem);
    }
    analysis_path_fini(&path);
    return status;
}

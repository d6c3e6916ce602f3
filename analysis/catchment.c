/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which site answers which city: a line from each city to every site that anycast gave
 * its clients' sessions, the thicker the more; of runs with routing changes. */
#include <stdlib.h>

#include "analysis/figure.h"
#include "analysis/outline.h"

static const double share_min = 0.02; /* thinner lines are left out */

struct ties {
    const struct data_result_info *info;
    double *count; /* [region][site] sessions */
};

static enum hb_status take(void *context, const void *of)
{
    struct ties *ties = context;
    const struct data_connections_row *row = of;
    const struct data_result_info *info = ties->info;
    uint32_t region = info->places[row->place].region;
    if (row->site != HB_NONE && region < info->region_count) {
        ties->count[(size_t)region * info->site_count + row->site] += 1.0;
    }
    return HB_OK;
}

static double total_of(const struct ties *ties, uint32_t region)
{
    double total = 0.0;
    for (uint32_t site = 0; site < ties->info->site_count; site++) {
        total += ties->count[(size_t)region * ties->info->site_count + site];
    }
    return total;
}

static void write_table(const struct analysis_drawing *drawing, FILE *out,
    const struct ties *ties, const struct analysis_box *box)
{
    const struct data_result_info *info = ties->info;
    analysis_outline_coast(drawing, out);
    fprintf(out, "# sites: lon_deg\tlat_deg\n");
    for (uint32_t i = 0; i < info->site_count; i++) {
        fprintf(out, "%.6g\t%.6g\n", analysis_outline_lon(box, info->sites[i].lon_deg),
            info->sites[i].lat_deg);
    }
    fprintf(out, "\n\n# cities: lon_deg\tlat_deg\n");
    for (uint32_t i = 0; i < info->region_count; i++) {
        fprintf(out, "%.6g\t%.6g\n", analysis_outline_lon(box, info->regions[i].lon_deg),
            info->regions[i].lat_deg);
    }
    fprintf(out, "\n\n# city to site: lon_deg\tlat_deg\tdlon_deg\tdlat_deg\tshare\n");
    for (uint32_t region = 0; region < info->region_count; region++) {
        double total = total_of(ties, region);
        for (uint32_t site = 0; site < info->site_count && total > 0.0; site++) {
            double share = ties->count[(size_t)region * info->site_count + site] / total;
            if (share >= share_min) {
                double from_deg = analysis_outline_lon(box, info->regions[region].lon_deg);
                fprintf(out, "%.6g\t%.6g\t%.6g\t%.6g\t%.4g\n", from_deg,
                    info->regions[region].lat_deg,
                    analysis_outline_lon(box, info->sites[site].lon_deg) - from_deg,
                    info->sites[site].lat_deg - info->regions[region].lat_deg, share);
            }
        }
    }
}

static void write_plot(struct analysis_figure *figure, const struct analysis_box *box)
{
    analysis_outline_plot(figure, box);
    fprintf(figure->script,
        "  '' index 3 using 1:2:3:4 with vectors nohead lc rgb '#90D55E00' lw 0.4 dt 1 "
        "title 'answered by', \\\n"
        "  '' index 3 using ($5 >= 0.5 ? $1 : 1/0):2:3:4 with vectors nohead lc rgb '#D55E00' "
        "lw 0.9 dt 1 notitle, \\\n"
        "  '' index 1 using 1:2 with points pt 5 ps 0.33 lc rgb '#0072B2' title 'site', \\\n"
        "  '' index 2 using 1:2 with points pt 7 ps 0.45 lc rgb '#000000' title 'city'\n");
}

static enum hb_status draw(const struct analysis_drawing *drawing, const struct ties *ties)
{
    struct analysis_box box = analysis_outline_of(ties->info);
    struct analysis_figure figure;
    enum hb_status status = analysis_outline_begin(drawing, "catchment", &box, &figure);
    if (status != HB_OK) {
        return status;
    }
    write_table(drawing, figure.table, ties, &box);
    write_plot(&figure, &box);
    return analysis_figure_end(&figure, HB_OK, drawing->problem);
}

enum hb_status analysis_catchment_draw(const struct analysis_drawing *drawing)
{
    struct data_result_file *file = analysis_study_file(drawing->study, 0);
    struct ties ties = { .info = analysis_study_info(drawing->study, 0) };
    size_t cells = (size_t)ties.info->region_count * ties.info->site_count;
    int is_routed = data_results_len(file, DATA_TABLE_BGP) > 0
        && data_results_len(file, DATA_TABLE_CONNECTIONS) > 0;
    if (cells == 0 || ties.info->site_count < 2 || !is_routed) {
        return HB_ERR_NOT_FOUND;
    }
    ties.count = calloc(cells, sizeof *ties.count);
    if (ties.count == NULL) {
        return HB_ERR_MEMORY;
    }
    enum hb_status status = data_results_each(file, DATA_TABLE_CONNECTIONS, take, &ties,
        drawing->problem);
    status = status == HB_OK ? draw(drawing, &ties) : status;
    free(ties.count);
    return status;
}

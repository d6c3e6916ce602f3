/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_OUTLINE_H
#define ANALYSIS_OUTLINE_H

#include "analysis/figure.h"

/* A rectangle of longitude and latitude. Longitudes west of cut_deg are shown 360 degrees further
 * east, so that what lies on both sides of the date line stands side by side; at -180, where it
 * usually is, none are. */
struct analysis_box {
    double west_deg, east_deg, south_deg, north_deg, cut_deg;
};

/* Holds nothing; _add then grows it, _pad leaves room around, at least
 * margin_deg and share of the larger side, within the world. */
struct analysis_box analysis_outline_nothing(void);
void analysis_outline_add(struct analysis_box *box, double lat_deg, double lon_deg);
void analysis_outline_pad(struct analysis_box *box, double share, double margin_deg);

/* Where a map of these longitudes [count] is cut best: in the widest gap between them, unless -180
 * is about as good. Sorts them. */
double analysis_outline_cut(double *lon_deg, size_t count);
/* A longitude as the box's map shows it. */
double analysis_outline_lon(const struct analysis_box *box, double lon_deg);

/* Of all regions and sites of a run, with room around. */
struct analysis_box analysis_outline_of(const struct data_result_info *info);

/* Height over width of a box on paper: a degree of longitude shrinks with the
 * cosine of the middle latitude. */
double analysis_outline_ratio(const struct analysis_box *box);

/* Kilometres of a degree of longitude in the box's middle. */
double analysis_outline_km_per_deg(const struct analysis_box *box);

int analysis_outline_holds(const struct analysis_box *box, double lat_deg, double lon_deg);

/* Copies the outlines of land into the figure's table, as longitude and
 * latitude under a title, an empty line where the pen is lifted. If they cannot
 * be read they are left out; at least one row is written. */
void analysis_outline_coast(const struct analysis_drawing *drawing, FILE *table);
/* The first part of a figure's `plot`: the coast (block 0 of the table), once more beyond 180
 * degrees if the box goes there; a comma follows. */
void analysis_outline_land(FILE *script, const char *name, const struct analysis_box *box);

/* Begins a map that fills one figure, as high as the box asks for (between 1.45
 * and 4.25 inches with the key); as analysis_figure_begin. */
enum hb_status analysis_outline_begin(const struct analysis_drawing *drawing, const char *name,
    const struct analysis_box *box, struct analysis_figure *figure);

/* Writes margins, ranges, key and analysis_outline_land to the script
 * of such a figure, which then wants the further parts of its `plot`. */
void analysis_outline_plot(struct analysis_figure *figure, const struct analysis_box *box);

#endif

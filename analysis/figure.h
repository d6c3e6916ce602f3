/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_FIGURE_H
#define ANALYSIS_FIGURE_H

#include <stdio.h>

#include "analysis/study.h"

/* What a figure is drawn from and into. */
struct analysis_drawing {
    const struct analysis_study *study;
    const char *directory;
    const char *coastline_path; /* NULL: none */
    struct data_problem *problem;
};

/* One figure in the making: NAME.tsv with the numbers and NAME.gp that draws
 * them, to NAME.pdf and NAME.png, one paper column (3.4 in) wide. */
struct analysis_figure {
    const char *directory, *name;
    FILE *script, *table; /* the script collects in body until the height is known */
    char *body;
    size_t body_bytes;
    double height_in;
};

/* Opens the table and the script, whose common part is: terminals, fonts of
 * 7.5 pt, colours of Okabe and Ito (2008), each with its own dashes and marker,
 * axes. height_in is for a key of two rows. HB_ERR_IO, HB_ERR_MEMORY. */
enum hb_status analysis_figure_begin(const struct analysis_drawing *drawing, const char *name,
    double height_in, struct analysis_figure *figure);
/* Closes and draws; if status is not HB_OK, or on failure, removes all four
 * files. Returns the first status that is not HB_OK. */
enum hb_status analysis_figure_end(struct analysis_figure *figure, enum hb_status status,
    struct data_problem *problem);

/* "rgb '#0072B2'" and the point type of the index-th thing to tell apart. */
const char *analysis_figure_colour(size_t index);
int analysis_figure_marker(size_t index);
/* ` title 'label'`, quoted. */
void analysis_figure_title(struct analysis_figure *figure, const char *label);
/* ` lc rgb '...' dt (...) lw 1.5`: a series' stroke, the same in all figures. */
void analysis_figure_stroke(struct analysis_figure *figure, size_t series);
/* Height of a key above the plot: `count` labels of at most `longest` letters. */
double analysis_figure_key_in(size_t count, size_t longest);
/* `set key ...` above the plot. Rows beyond two make the figure higher.
 * Returns the part of the height that the key takes. */
double analysis_figure_key(struct analysis_figure *figure, size_t count, size_t longest);
/* `set style ...` and the beginning of `plot` for horizontal bars of `count` parts beside
 * each other, in columns 3 and on of a table whose first column is the bar's height; with
 * a key above and room for numbers at the right. More may follow after a comma. */
void analysis_figure_stack(struct analysis_figure *figure, size_t count,
    const char *const *names, const char *const *colours);

/* Logarithmic x axis over low < high, both > 0; ticks at 1, 2, 5 where there
 * are few decades. */
void analysis_figure_log_axis(struct analysis_figure *figure, double low, double high);
/* `set ylabel 'what label'`, for a panel that compares with one series; a long
 * label becomes "the first". */
void analysis_figure_against(struct analysis_figure *figure, const char *what,
    const char *label);
/* 1, 2, 2.5 or 5 times a power of ten, the least not below raw > 0. */
double analysis_figure_step(double raw);
/* Linear x axis from low to high with at most five ticks at round values. */
void analysis_figure_linear_axis(struct analysis_figure *figure, double low, double high);
/* Margins of a single plot below a key that takes key_share of the height. */
void analysis_figure_plot_area(struct analysis_figure *figure, double key_share);
/* Two panels, one above the other, with one time axis below and a key above
 * that takes key_share of the height: margins of panel 0 (top) and 1 (bottom). */
void analysis_figure_panel(struct analysis_figure *figure, int panel, double key_share);

/* The series that a figure shows, told by has[series]: how many, the longest label. */
struct analysis_figure_labels {
    size_t count, longest;
};
struct analysis_figure_labels analysis_figure_labels(const struct analysis_study *study,
    const int *has);

/* The figures, in the order of the report. X(file, name, title, caption): drawn by
 * analysis_<file>_draw, which returns HB_ERR_NOT_FOUND if there is nothing to show. */
#define ANALYSIS_FIGURE_LIST(X)                                                               \
    X(cdf, "latency-cdf", "Latency by policy",                                                \
        "Share of requests answered within a latency; below, by how many percentage "          \
        "points it exceeds that of the first policy.")                     \
    X(day, "latency-day", "Latency over the day",                                             \
        "Median request latency by the local hour of the client; below, change of the mean "   \
        "against the first policy.")     \
    X(tradeoff, "cost-latency", "Cost against latency",                                       \
        "Mean over replications with 95 % intervals; the star is the clairvoyant optimum, "   \
        "the least cost that any policy could reach.")                                        \
    X(outcomes, "mirror-outcomes", "What became of the mirrors",                              \
        "Share of all mirrors begun; their number stands at the right.")                      \
    X(phases, "mirror-phases", "How long a mirror takes",                                     \
        "Time from the decision until the mirror is in sync, by policy.")                     \
    X(horizon, "prediction-horizon", "Predictions by timeframe",                              \
        "Share of first guesses that named the true place, and mean distance from first "     \
        "guess to truth; `stays` guesses that the client remains where it is.")               \
    X(sweep, "sweep", "The swept parameter",                                                  \
        "Regret to the clairvoyant optimum, and share of mirrors that were ready in time; "   \
        "bands are 95 % intervals over replications.")      \
    X(outage, "outage-parts", "What an outage consists of",                                  \
        "Mean length of a client's outage: until the controller knew of the failure, until "  \
        "there was an endpoint and DNS said so, while anycast's routes led to nowhere, and "  \
        "while an old DNS answer was cached.")                                                \
    X(map, "map", "Cities and sites",                                                         \
        "Cities with clients, sites, and the client of the next figure.")          \
    X(catchment, "catchment", "Who answers whom",                                             \
        "Sites that anycast gave to the sampled sessions of each city, all policies; thick: "   \
        "half of them and more.")                                                             \
    X(convergence, "convergence", "How long routes take to settle",                           \
        "Share of routing changes after which the last router had its final route within a "  \
        "time.")                                                                              \
    X(journey, "client-day", "One client's day",                                              \
        "Where the client is, coloured by the site that serves it (squares; dashed: to a site "  \
        "outside); below, its latency.")

#define X(file, name, title, caption) \
    enum hb_status analysis_##file##_draw(const struct analysis_drawing *drawing);
ANALYSIS_FIGURE_LIST(X)
#undef X

#endif

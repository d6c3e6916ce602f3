/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/figure.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/gnuplot.h"
#include "analysis/text.h"

#define PATH_BYTES 4096
#define LINES 8

static const double width_in = 3.4; /* a column of a two-column paper */
static const double dots_per_in = 300.0;
static const double points_per_in = 72.0;
/* gnuplot's cairo terminals draw a font of n points 4/3 as large (they reckon
 * 96 dots to the inch), which this undoes. */
static const double true_size = 0.75;
static const double key_row_in = 0.125; /* at 7.5 pt */
static const double letter_in = 0.058; /* mean width of one, 7.5 pt */
static const double sample_in = 0.40; /* line sample and gaps beside a label */

/* Okabe and Ito, Color Universal Design, 2008; their yellow is left out, too
 * faint for a line on white, and grey is added. */
static const struct {
    const char *colour, *dashes;
} strokes[LINES] = {
    { "rgb '#0072B2'", "1" },
    { "rgb '#D55E00'", "(9,3)" },
    { "rgb '#009E73'", "(3,2)" },
    { "rgb '#CC79A7'", "(12,3,2,3)" },
    { "rgb '#E69F00'", "(6,2,2,2,2,2)" },
    { "rgb '#56B4E9'", "(16,4)" },
    { "rgb '#000000'", "(2,3)" },
    { "rgb '#7F7F7F'", "(8,2,1,2)" },
};
static const int markers[LINES] = { 7, 5, 9, 13, 11, 15, 6, 4 };

static FILE *open_beside(
    const char *directory, const char *name, const char *suffix, struct data_problem *problem)
{
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof path, "%s/%s%s", directory, name, suffix);
    FILE *file = NULL;
    errno = ENAMETOOLONG;
    if (length > 0 && (size_t)length < sizeof path) {
        file = fopen(path, "w");
    }
    if (file == NULL) {
        (void)data_problem_set(
            problem, HB_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
    }
    return file;
}

static void remove_all(const struct analysis_figure *figure)
{
    static const char *const suffixes[] = { ".tsv", ".gp", ".pdf", ".png" };
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/%s%s", figure->directory, figure->name, suffixes[i]);
        (void)unlink(path);
    }
}

/* The script runs itself twice, once a terminal, without a block in braces:
 * gnuplot's reading of blocks does not see quotes as its commands do. */
static void write_head(const struct analysis_figure *figure, FILE *out)
{
    double scale = dots_per_in / points_per_in;
    fprintf(out, "# Draws %s.pdf and %s.png: gnuplot %s.gp\n", figure->name, figure->name,
        figure->name);
    fprintf(out, "if (!exists('pass')) pass = 1\n");
    fprintf(out, "reset\nset encoding utf8\nset datafile separator tab\n");
    fprintf(out, "set datafile missing 'nan'\n");
    fprintf(out,
        "if (pass == 1) set terminal pdfcairo noenhanced color butt size %.2fin,%.2fin "
        "font 'Liberation Sans,7.5' fontscale %.4f linewidth 1\n",
        width_in, figure->height_in, true_size);
    fprintf(out,
        "if (pass == 2) set terminal pngcairo noenhanced color butt size %.0f,%.0f "
        "font 'Liberation Sans,7.5' fontscale %.4f linewidth %.4f pointscale %.4f\n",
        width_in * dots_per_in, figure->height_in * dots_per_in, scale * true_size, scale, scale);
    fprintf(out, "if (pass == 1) set output '%s.pdf'\n", figure->name);
    fprintf(out, "if (pass == 2) set output '%s.png'\n", figure->name);
    fprintf(out, "set border 3 lw 0.6\nset tics out nomirror scale 0.5,0.25\n");
    fprintf(out, "set key samplen 2.2 spacing 0.95 Left reverse noautotitle\n");
    fprintf(out, "set pointsize 0.5\n");
    for (int i = 0; i < LINES; i++) {
        fprintf(out, "set linetype %d lc %s dt %s lw 1.5 pt %d\n", i + 1, strokes[i].colour,
            strokes[i].dashes, markers[i]);
    }
}

enum hb_status analysis_figure_begin(const struct analysis_drawing *drawing, const char *name,
    double height_in, struct analysis_figure *figure)
{
    *figure = (struct analysis_figure) {
        .directory = drawing->directory, .name = name, .height_in = height_in
    };
    figure->table = open_beside(drawing->directory, name, ".tsv", drawing->problem);
    if (figure->table == NULL) {
        return HB_ERR_IO;
    }
    figure->script = open_memstream(&figure->body, &figure->body_bytes);
    if (figure->script == NULL) {
        (void)fclose(figure->table);
        remove_all(figure);
        return data_problem_set(drawing->problem, HB_ERR_MEMORY, "%s: out of memory", name);
    }
    return HB_OK;
}

static int close_checked(FILE *file)
{
    int is_bad = ferror(file);
    return fclose(file) != 0 || is_bad ? -1 : 0;
}

static enum hb_status write_script(
    const struct analysis_figure *figure, struct data_problem *problem)
{
    FILE *out = open_beside(figure->directory, figure->name, ".gp", problem);
    if (out == NULL) {
        return HB_ERR_IO;
    }
    write_head(figure, out);
    (void)fwrite(figure->body, 1, figure->body_bytes, out);
    fprintf(out, "unset output\npass = pass + 1\nif (pass == 2) reread\n");
    if (close_checked(out) != 0) {
        return data_problem_set(problem, HB_ERR_IO, "%s/%s.gp: cannot be written: %s",
            figure->directory, figure->name, strerror(errno));
    }
    return HB_OK;
}

enum hb_status analysis_figure_end(
    struct analysis_figure *figure, enum hb_status status, struct data_problem *problem)
{
    int is_bad = close_checked(figure->table);
    if (status == HB_OK && is_bad) {
        status = data_problem_set(problem, HB_ERR_IO, "%s/%s.tsv: cannot be written: %s",
            figure->directory, figure->name, strerror(errno));
    }
    if (close_checked(figure->script) != 0 && status == HB_OK) {
        status = data_problem_set(problem, HB_ERR_MEMORY, "%s: out of memory", figure->name);
    }
    if (status == HB_OK) {
        status = write_script(figure, problem);
    }
    free(figure->body);
    if (status == HB_OK) {
        char script[64];
        (void)snprintf(script, sizeof script, "%s.gp", figure->name);
        status = analysis_gnuplot_run(figure->directory, script, problem);
    }
    if (status == HB_OK) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/%s.pdf", figure->directory, figure->name);
        status = analysis_gnuplot_undate(path, problem);
    }
    if (status != HB_OK) {
        remove_all(figure);
    }
    return status;
}

const char *analysis_figure_colour(size_t index)
{
    return strokes[index % LINES].colour;
}

int analysis_figure_marker(size_t index)
{
    return markers[index % LINES];
}

void analysis_figure_title(struct analysis_figure *figure, const char *label)
{
    fprintf(figure->script, " title ");
    analysis_text_quote(figure->script, label);
}

/* From the ninth series on the colours come again, with the next one's dashes. */
void analysis_figure_stroke(struct analysis_figure *figure, size_t series)
{
    size_t colour = series % LINES, dashes = (series + series / LINES) % LINES;
    fprintf(figure->script, " lc %s dt %s lw 1.5", strokes[colour].colour, strokes[dashes].dashes);
}

static size_t key_columns(size_t count, size_t longest)
{
    double column_in = sample_in + letter_in * (double)longest;
    double columns = floor((width_in - 0.1) / column_in);
    if (columns < 1.0) {
        return 1;
    }
    return columns > (double)count ? count : (size_t)columns;
}

double analysis_figure_key_in(size_t count, size_t longest)
{
    size_t columns = key_columns(count, longest);
    size_t rows = (count + columns - 1) / columns;
    return (double)rows * key_row_in + 0.06;
}

double analysis_figure_key(struct analysis_figure *figure, size_t count, size_t longest)
{
    double key_in = analysis_figure_key_in(count, longest);
    double usual_in = 2.0 * key_row_in + 0.06;
    figure->height_in += key_in > usual_in ? key_in - usual_in : 0.0;
    fprintf(figure->script,
        "set key at screen 0.5,screen 0.995 center top horizontal maxcols %zu samplen 2.2\n",
        key_columns(count, longest));
    return key_in / figure->height_in;
}

void analysis_figure_stack(struct analysis_figure *figure, size_t count,
    const char *const *names, const char *const *colours)
{
    FILE *out = figure->script;
    size_t longest = 0;
    for (size_t i = 0; i < count; i++) {
        longest = strlen(names[i]) > longest ? strlen(names[i]) : longest;
    }
    fprintf(out, "set style fill solid 1.0 border rgb '#FFFFFF'\n");
    double key_share = analysis_figure_key(figure, count, longest);
    fprintf(out, "set key samplen 1\n");
    fprintf(out, "set tmargin at screen %.4f\nset bmargin at screen %.4f\nset rmargin 7\n",
        1.0 - key_share - 0.05 / figure->height_in, 0.34 / figure->height_in);
    /* x of a part runs from the sum of the columns before it to its own. */
    fprintf(out, "sum_to(n) = sum [c = 3:n] column(c)\nplot");
    for (size_t i = 0; i < count; i++) {
        size_t column = i + 3;
        fprintf(out,
            "%s \\\n  '%s.tsv' using (sum_to(%zu)):1:(sum_to(%zu)-column(%zu)):(sum_to(%zu)):"
            "($1-0.36):($1+0.36) with boxxyerror lc rgb '%s' lw 0.4 title '%s'",
            i == 0 ? "" : ",", figure->name, column, column, column, column, colours[i],
            names[i]);
    }
}

void analysis_figure_log_axis(struct analysis_figure *figure, double low, double high)
{
    FILE *out = figure->script;
    fprintf(out, "set logscale x\nset xrange [%.6g:%.6g]\n", low, high);
    if (high / low >= 200.0) {
        return; /* decades suffice */
    }
    fprintf(out, "set xtics (");
    double decade = pow(10.0, floor(log10(low)));
    for (int i = 0; i < 12; i++) {
        static const double steps[] = { 1.0, 2.0, 5.0 };
        fprintf(out, "%s%.6g", i == 0 ? "" : ", ", steps[i % 3] * decade);
        decade *= i % 3 == 2 ? 10.0 : 1.0;
    }
    fprintf(out, ")\n");
}

void analysis_figure_against(struct analysis_figure *figure, const char *what, const char *label)
{
    char text[64];
    int is_long = analysis_text_width(label) > 12;
    (void)snprintf(text, sizeof text, "%s %.40s", what, is_long ? "the first" : label);
    fprintf(figure->script, "set ylabel ");
    analysis_text_quote(figure->script, text);
    fprintf(figure->script, " offset 1.2,0\n");
}

double analysis_figure_step(double raw)
{
    double decade = pow(10.0, floor(log10(raw)));
    double ratio = raw / decade;
    return decade
        * (ratio <= 1.0        ? 1.0
                : ratio <= 2.0 ? 2.0
                : ratio <= 2.5 ? 2.5
                : ratio <= 5.0 ? 5.0
                               : 10.0);
}

void analysis_figure_linear_axis(struct analysis_figure *figure, double low, double high)
{
    fprintf(figure->script, "set xrange [%.9g:%.9g]\nset xtics %.6g\n", low, high,
        analysis_figure_step((high - low) / 5.0));
}

void analysis_figure_plot_area(struct analysis_figure *figure, double key_share)
{
    fprintf(figure->script,
        "set lmargin at screen 0.145\nset rmargin at screen 0.965\n"
        "set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
        1.0 - key_share - 0.05 / figure->height_in, 0.34 / figure->height_in);
}

void analysis_figure_panel(struct analysis_figure *figure, int panel, double key_share)
{
    double bottom = 0.34 / figure->height_in, gap = 0.07 / figure->height_in;
    double top = 1.0 - key_share - 0.05 / figure->height_in;
    double middle = 0.5 * (bottom + top);
    fprintf(figure->script, "set lmargin at screen 0.145\nset rmargin at screen 0.965\n");
    fprintf(figure->script, "set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
        panel == 0 ? top : middle - gap, panel == 0 ? middle + gap : bottom);
}

struct analysis_figure_labels analysis_figure_labels(
    const struct analysis_study *study, const int *has)
{
    struct analysis_figure_labels labels = { 0, 0 };
    for (size_t i = 0; i < analysis_study_series_count(study); i++) {
        size_t length = strlen(analysis_study_series(study, i)->label);
        if (has[i]) {
            labels.count++;
            labels.longest = length > labels.longest ? length : labels.longest;
        }
    }
    return labels;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/report.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/figure.h"
#include "analysis/gnuplot.h"
#include "analysis/page.h"
#include "analysis/table.h"

static const struct {
    struct analysis_page_figure about;
    enum hb_status (*draw)(const struct analysis_drawing *drawing);
} figures[] = {
#define X(file, name, title, caption) { { name, title, caption }, analysis_##file##_draw },
    ANALYSIS_FIGURE_LIST(X)
#undef X
};
#define FIGURE_COUNT (sizeof figures / sizeof figures[0])

static enum hb_status make_directory(const char *path, struct data_problem *problem)
{
    struct stat there;
    if (mkdir(path, 0777) == 0
        || (errno == EEXIST && stat(path, &there) == 0 && S_ISDIR(there.st_mode))) {
        return HB_OK;
    }
    return data_problem_set(
        problem, HB_ERR_IO, "%s: folder cannot be made: %s", path, strerror(errno));
}

static int is_stopped(const struct analysis_report *report)
{
    return report->interrupt != NULL && *report->interrupt != 0;
}

static enum hb_status draw_all(
    const struct analysis_drawing *drawing, const struct analysis_report *report)
{
    struct analysis_page_figure drawn[FIGURE_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < FIGURE_COUNT; i++) {
        enum hb_status status = is_stopped(report) ? HB_OK : figures[i].draw(drawing);
        if (is_stopped(report)) { /* before it, or gnuplot was told, too */
            return data_problem_set(drawing->problem, HB_ERR_INTERRUPTED,
                "%s: stopped: the result is whole, its figures are not: `harbinger report` "
                "draws them", report->directory);
        }
        if (status == HB_ERR_NOT_FOUND) {
            continue; /* nothing of this kind in the files */
        }
        if (status != HB_OK) {
            return status;
        }
        drawn[count++] = figures[i].about;
        if (report->progress != NULL) {
            fprintf(report->progress, "%s/%s.pdf\n", report->directory, figures[i].about.name);
        }
    }
    enum hb_status status = analysis_page_write(drawing, drawn, count);
    if (status == HB_OK && report->progress != NULL) {
        fprintf(report->progress, "%s/report.html\n", report->directory);
    }
    return status;
}

static enum hb_status open_study(
    const struct analysis_report *report, struct analysis_study **out, struct data_problem *problem)
{
    struct analysis_study *study;
    enum hb_status status = analysis_study_open(report->paths, report->path_count, &study, problem);
    if (status != HB_OK) {
        return status;
    }
    if (report->base != NULL) {
        status = analysis_study_choose_base(study, report->base, problem);
    }
    if (status != HB_OK) {
        analysis_study_close(study);
        return status;
    }
    *out = study;
    return HB_OK;
}

enum hb_status analysis_report_write(
    const struct analysis_report *report, struct data_problem *problem)
{
    struct analysis_study *study;
    enum hb_status status = open_study(report, &study, problem);
    if (status != HB_OK) {
        return status;
    }
    status = analysis_gnuplot_check(problem);
    if (status == HB_OK) {
        status = make_directory(report->directory, problem);
    }
    if (status == HB_OK) {
        const struct analysis_drawing drawing = { .study = study,
            .directory = report->directory,
            .coastline_path = report->coastline_path,
            .problem = problem };
        status = draw_all(&drawing, report);
    }
    analysis_study_close(study);
    return status;
}

enum hb_status analysis_report_summary(
    const struct analysis_report *report, FILE *out, struct data_problem *problem)
{
    struct analysis_study *study;
    enum hb_status status = open_study(report, &study, problem);
    if (status == HB_OK) {
        analysis_table_print(study, report->base != NULL, out);
        analysis_study_close(study);
    }
    return status;
}

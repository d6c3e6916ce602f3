/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cli/scores.h"

#include <stdio.h>

enum { knots = HB_CANDIDATES_KNOTS };

void cli_scores_head(void)
{
    printf("%-24s %4s %6s  %5s %5s %6s  %6s %5s  | %-13s\n", "predictor", "min", "cases", "Acc@1",
        "Acc@5", "Acc@10", "NLL", "ECE", "moved @1   @10");
}

void cli_scores_print(const char *name, const struct model_score scores[knots])
{
    for (int k = 0; k < knots; k++) {
        const struct model_score *s = &scores[k];
        printf("%-24s %4d %6llu  %5.3f %5.3f %6.3f  %6.3f %5.3f  |  %6.3f %6.3f\n",
            k == 0 ? name : "", 15 * (k + 1), (unsigned long long)s->count,
            model_score_share(s->hits[0], s->count), model_score_share(s->hits[1], s->count),
            model_score_share(s->hits[2], s->count),
            s->count > 0 ? s->nats / (double)s->count : 0.0, model_score_ece(s),
            model_score_share(s->moved_hits[0], s->moved_count),
            model_score_share(s->moved_hits[2], s->moved_count));
    }
}

void cli_scores_detail(struct model_score scores[knots])
{
    printf("\n%4s  %5s %6s %13s  | %-24s | %s\n", "min", "MRR", "Brier", "error km p50", "leaving:"
        " @1    @5    NLL", "sets: wanted, covered, places");
    for (int k = 0; k < knots; k++) {
        struct model_score *s = &scores[k];
        double count = s->count > 0 ? (double)s->count : 1.0;
        double moved = s->moved_count > 0 ? (double)s->moved_count : 1.0;
        double p50_km = model_score_error_km(s, 0.5), p90_km = model_score_error_km(s, 0.9);
        printf("%4d  %5.3f %6.3f %5.2f p90 %5.2f  |       %6.3f %6.3f %6.3f |"
               "  %.3f  %.3f  %6.1f\n",
            15 * (k + 1), s->reciprocal_ranks / count, s->quadratic / count, p50_km, p90_km,
            model_score_share(s->leave_hits[0], s->moved_count),
            model_score_share(s->leave_hits[1], s->moved_count), s->leave_nats / moved,
            s->set_mass, model_score_share(s->covered, s->count), s->set_sizes / count);
    }
}

void cli_scores_reliability(const struct model_score scores[knots])
{
    printf("\nreliability: share said and true of the cases whose top probability lies in a bin\n");
    printf("%11s", "bin");
    for (int k = 0; k < knots; k++) {
        printf("   %6d min: n  said  true", 15 * (k + 1));
    }
    printf("\n");
    for (int b = 0; b < MODEL_SCORE_BINS; b++) {
        printf("  %.2f-%.2f", (double)b / MODEL_SCORE_BINS, (double)(b + 1) / MODEL_SCORE_BINS);
        for (int k = 0; k < knots; k++) {
            const struct model_score *s = &scores[k];
            double n = s->bin_counts[b] > 0 ? (double)s->bin_counts[b] : 1.0;
            printf("  %13llu %5.3f %5.3f", (unsigned long long)s->bin_counts[b],
                s->bin_sums[b] / n, model_score_share(s->bin_hits[b], s->bin_counts[b]));
        }
        printf("\n");
    }
}

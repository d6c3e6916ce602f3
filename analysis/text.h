/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANALYSIS_TEXT_H
#define ANALYSIS_TEXT_H

#include <stdio.h>

/* Names and texts of a result file on their way into a script, a table or a
 * page: what is special there is escaped; control characters and broken UTF-8
 * become '?' (HTML keeps line breaks and tabs). */
enum analysis_text_form {
    ANALYSIS_TEXT_PLAIN,
    ANALYSIS_TEXT_GNUPLOT, /* inside single quotes, where gnuplot replaces nothing; ' becomes ’ */
    ANALYSIS_TEXT_HTML
};

void analysis_text_write(FILE *out, const char *text, enum analysis_text_form form);

/* A whole gnuplot string with its quotes. */
void analysis_text_quote(FILE *out, const char *text);
void analysis_text_plain(FILE *out, const char *text);
void analysis_text_html(FILE *out, const char *text);

/* Characters of text on a terminal, one column each. */
size_t analysis_text_width(const char *text);

#endif

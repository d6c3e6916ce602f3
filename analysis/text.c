/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/text.h"

#include <stddef.h>

/* Length of the well-formed UTF-8 sequence at text, 0 if there is none.
 * Source: The Unicode Standard, table 3-7. */
static size_t utf8_length(const unsigned char *text)
{
    static const struct {
        unsigned char first, last, low, high;
        size_t length;
    } forms[] = {
        { 0x01, 0x7f, 0, 0, 1 },
        { 0xc2, 0xdf, 0x80, 0xbf, 2 },
        { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 },
        { 0xed, 0xed, 0x80, 0x9f, 3 },
        { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 },
        { 0xf1, 0xf3, 0x80, 0xbf, 4 },
        { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (text[0] < forms[i].first || text[0] > forms[i].last) {
            continue;
        }
        size_t length = forms[i].length;
        if (length > 1 && (text[1] < forms[i].low || text[1] > forms[i].high)) {
            return 0;
        }
        for (size_t k = 2; k < length; k++) {
            if (text[k] < 0x80 || text[k] > 0xbf) {
                return 0;
            }
        }
        return length;
    }
    return 0;
}

/* What stands for a character, or NULL if it stands for itself. gnuplot's
 * doubled quote fails where it begins a string: a typographic one looks the same. */
static const char *stand_in(unsigned char c, enum analysis_text_form form)
{
    if (form != ANALYSIS_TEXT_HTML) {
        return form == ANALYSIS_TEXT_GNUPLOT && c == '\'' ? "’" : NULL;
    }
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void analysis_text_write(FILE *out, const char *text, enum analysis_text_form form)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        size_t length = utf8_length(at);
        int is_break = *at == '\n' || *at == '\t';
        int is_control = *at < 0x20 || *at == 0x7f;
        /* C1 controls are two bytes in UTF-8. */
        is_control |= length == 2 && at[0] == 0xc2 && at[1] < 0xa0;
        const char *entity = stand_in(*at, form);
        if (entity != NULL) {
            (void)fputs(entity, out);
        } else if (length == 0 || (is_control && !(is_break && form == ANALYSIS_TEXT_HTML))) {
            (void)fputc('?', out);
        } else {
            (void)fwrite(at, 1, length, out);
        }
        at += length == 0 ? 1 : length;
    }
}

void analysis_text_quote(FILE *out, const char *text)
{
    (void)fputc('\'', out);
    analysis_text_write(out, text, ANALYSIS_TEXT_GNUPLOT);
    (void)fputc('\'', out);
}

void analysis_text_plain(FILE *out, const char *text)
{
    analysis_text_write(out, text, ANALYSIS_TEXT_PLAIN);
}

void analysis_text_html(FILE *out, const char *text)
{
    analysis_text_write(out, text, ANALYSIS_TEXT_HTML);
}

size_t analysis_text_width(const char *text)
{
    size_t width = 0;
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        size_t length = utf8_length(at);
        at += length == 0 ? 1 : length;
        width++;
    }
    return width;
}

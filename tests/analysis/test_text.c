/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/text.h"

static char *written(const char *text, enum analysis_text_form form)
{
    char *bytes = NULL;
    size_t count;
    FILE *out = open_memstream(&bytes, &count);
    assert_non_null(out);
    analysis_text_write(out, text, form);
    (void)fclose(out);
    return bytes;
}

static void expect_form(const char *text, enum analysis_text_form form, const char *wanted)
{
    char *got = written(text, form);
    assert_string_equal(got, wanted);
    free(got);
}

static void no_quote_ends_a_gnuplot_string(void **state)
{
    (void)state;
    expect_form("a'b; system('rm')", ANALYSIS_TEXT_GNUPLOT, "a’b; system(’rm’)");
    expect_form("two\nlines\\n`x` @y", ANALYSIS_TEXT_GNUPLOT, "two?lines\\n`x` @y");
}

static void markup_is_escaped_for_html(void **state)
{
    (void)state;
    expect_form("<a href=\"x\" b='y'>&", ANALYSIS_TEXT_HTML,
        "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
    expect_form("a\n\tb\033[2J", ANALYSIS_TEXT_HTML, "a\n\tb?[2J");
}

static void cells_hold_no_tab_or_line_break(void **state)
{
    (void)state;
    expect_form("a\tb\r\nc", ANALYSIS_TEXT_PLAIN, "a?b??c");
}

/* The Unicode Standard, table 3-7 and section 3.9: what must not pass. */
static void broken_utf8_becomes_question_marks(void **state)
{
    (void)state;
    expect_form("Zürich 東京 🛰", ANALYSIS_TEXT_PLAIN, "Zürich 東京 🛰");
    expect_form("\xc0\xaf", ANALYSIS_TEXT_PLAIN, "??");         /* overlong */
    expect_form("\xe0\x9f\xbf", ANALYSIS_TEXT_PLAIN, "???");    /* overlong */
    expect_form("\xed\xa0\x80", ANALYSIS_TEXT_PLAIN, "???");    /* surrogate */
    expect_form("\xf4\x90\x80\x80", ANALYSIS_TEXT_PLAIN, "????"); /* over 10FFFF */
    expect_form("a\xe6\x9d", ANALYSIS_TEXT_PLAIN, "a??");       /* cut off */
    expect_form("\xc2\x9b" "2J", ANALYSIS_TEXT_PLAIN, "?2J");   /* C1 control */
}

static void width_counts_characters(void **state)
{
    (void)state;
    assert_int_equal(analysis_text_width("12.5 ± 0.3"), 10);
    assert_int_equal(analysis_text_width(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_quote_ends_a_gnuplot_string),
        cmocka_unit_test(markup_is_escaped_for_html),
        cmocka_unit_test(cells_hold_no_tab_or_line_break),
        cmocka_unit_test(broken_utf8_becomes_question_marks),
        cmocka_unit_test(width_counts_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

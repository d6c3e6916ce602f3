# SPDX-License-Identifier: GPL-3.0-or-later
# Turns scenario.xsd into the text of sim/run/schema.h.
s/\\/\\\\/g
s/"/\\"/g
s/^/    "/
s/$/\\n"/
1i\
/* Made from scenarios/scenario.xsd by sim/run/schema_text.sed. */\
#include "sim/run/schema.h"\
\
const char sim_schema_text[] =
$a\
    ;

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "data/ascountry.h"
#include "tests/fuzz/fuzz_file.h"

/* Any AS of an accepted list is somewhere on Earth, or nowhere. */
int LLVMFuzzerTestOneInput(const uint8_t *text, size_t size)
{
    static struct data_cities *cities;
    struct data_problem problem = { "" };
    if (cities == NULL && data_cities_create(&problem, &cities) != HB_OK) {
        abort();
    }
    struct data_ascountry *countries = NULL;
    enum hb_status status = data_ascountry_load(
        fuzz_file_written("countries.txt", text, size), cities, &countries, &problem);
    if (status != HB_OK) {
        assert(countries == NULL);
        assert(problem.text[0] != '\0');
        return 0;
    }
    for (uint32_t as = 0; as < 70000; as += 997) {
        struct hb_point at;
        if (data_ascountry_place(countries, as, &at) == HB_OK) {
            assert(at.lat_deg >= -90.0 && at.lat_deg <= 90.0);
            assert(at.lon_deg >= -180.0 && at.lon_deg <= 180.0);
        }
    }
    data_ascountry_free(countries);
    return 0;
}

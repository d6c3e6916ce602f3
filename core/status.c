/* SPDX-License-Identifier: Apache-2.0 */
#include "core/status.h"

const char *hb_status_text(enum hb_status status)
{
    static const char *const texts[] = {
#define X(name, text) text,
        HB_STATUS_LIST(X)
#undef X
    };
    if ((unsigned)status >= HB_STATUS_COUNT) {
        return "unknown status";
    }
    return texts[status];
}

/* SPDX-License-Identifier: MIT */
/* Commands about memory that are not lists. */
#include "command.h"

bool run_pageout(struct command_line *line)
{
    uint64_t pages;
    kiln_status status = kiln_page_out(&pages);
    if (is_error(status))
        return session_fail(line->words[0].column, "%s", kiln_last_error());
    if (session.json)
        printf("{\"pageout\":%llu}\n", (unsigned long long)pages);
    else if (!session.plain)
        printf("%llu pages went out\n", (unsigned long long)pages);
    return true;
}

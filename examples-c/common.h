/* What the examples share: giving up with a message. Each example stands otherwise alone. */
#ifndef COG_EXAMPLES_COMMON_H
#define COG_EXAMPLES_COMMON_H

#include <cog.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program where a call failed, and says why: check(cog_open(..., &error), &error). The error's address is passed, since C may
 * evaluate the second argument before the call in the first has stored anything. */
static void check(cog_status status, cog_error **error) {
    if (status == COG_OK) {
        return;
    }
    fprintf(stderr, "%s: %s\n", cog_status_name(status), cog_error_message(*error));
    cog_error_free(*error);
    exit(EXIT_FAILURE);
}

#endif

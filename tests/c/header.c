/* cog.h alone, first and twice, in each standard of C and C++. */
#include <cog.h>
#include <cog.h>

static cog_read_params params = COG_READ_PARAMS_INIT;
static cog_dst dst = COG_DST_INIT;

int header_compiles(void);

int header_compiles(void) {
    return params.level == -1 && dst.dtype == COG_NATIVE && COG_OK == 0 && cog_version_number() > 0;
}

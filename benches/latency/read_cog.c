/* Opens a COG and reads a window of it through libcog: read_cog URL X Y SIDE [KEY=VALUE …]. Prints the seconds of the open and of the read.
   The twin of read_gdal.c. */
#include "../timing.h"
#include <cog.h>

static int failed(cog_error *error) {
    fprintf(stderr, "%s\n", cog_error_message(error));
    return 1;
}

int main(int argc, char **argv) {
    cog_options *options = cog_options_new();
    cog_dataset *dataset;
    cog_error *error;
    cog_dataset_info info = {sizeof info};
    cog_read_params params = COG_READ_PARAMS_INIT;
    cog_dst dst = COG_DST_INIT;
    double start, opened, reading;
    int i, side;
    if (argc < 5) {
        return 2;
    }
    for (i = 5; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value) {
            return 2;
        }
        *value++ = 0;
        if (cog_options_set(options, argv[i], value, &error)) {
            return failed(error);
        }
    }
    start = now();
    if (cog_open(argv[1], options, &dataset, &error) || cog_info(dataset, &info, &error)) {
        return failed(error);
    }
    opened = now();
    side = atoi(argv[4]);
    params.level = 0;
    params.x = atoi(argv[2]);
    params.y = atoi(argv[3]);
    params.width = params.height = side;
    dst.dtype = info.dtype;
    dst.len = (size_t)side * (size_t)side * info.bands;
    dst.data = touched(dst.len);
    reading = now();
    if (side && cog_read_window(dataset, &params, &dst, &error)) {
        return failed(error);
    }
    printf("%.6f %.6f\n", opened - start, now() - reading);
    cog_free(dataset);
    cog_options_free(options);
    return 0;
}

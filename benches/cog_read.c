/* Times one whole-image read through libcog: cog_read FILE THREADS bsq|bip, prints seconds. The twin of gdal_read.c. */
#include "timing.h"
#include <cog.h>

int main(int argc, char **argv) {
    cog_options *options = cog_options_new();
    cog_dataset *dataset;
    cog_error *error;
    cog_dataset_info info = {sizeof info};
    cog_dst dst = COG_DST_INIT;
    uint64_t width, height, bytes;
    size_t sample;
    double start;
    if (argc != 4) {
        return 2;
    }
    if (cog_options_set(options, "decode.threads", argv[2], &error) || cog_open(argv[1], options, &dataset, &error) ||
        cog_info(dataset, &info, &error) || cog_read_size(dataset, NULL, &width, &height, NULL, &bytes, &error)) {
        fprintf(stderr, "%s\n", cog_error_message(error));
        return 1;
    }
    sample = bytes / (width * height * info.bands);
    dst.data = touched(bytes);
    dst.len = bytes;
    if (!strcmp(argv[3], "bip")) {
        dst.pixel_stride = (int64_t)(sample * info.bands);
        dst.line_stride = dst.pixel_stride * (int64_t)width;
        dst.band_stride = (int64_t)sample;
    }
    start = now();
    if (cog_read_window(dataset, NULL, &dst, &error)) {
        fprintf(stderr, "%s\n", cog_error_message(error));
        return 1;
    }
    printf("%.6f %zu\n", now() - start, (size_t)bytes);
    cog_free(dataset);
    cog_options_free(options);
    return 0;
}

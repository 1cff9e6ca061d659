/* Reads what lies inside bounds in the image's own coordinates, reduced to a size, and says how bright it is: the mean of each band over the
 * valid pixels.
 *
 *     cc bounds.c $(pkg-config --cflags --libs cog) -o bounds
 *     ./bounds image.tif 500000 5269000 510000 5281000 256 256      left, bottom, right, top; columns, rows
 */
#include "common.h"

#include <inttypes.h>

int main(int argc, char **argv) {
    cog_dataset_info info = {0};
    cog_read_params params = COG_READ_PARAMS_INIT;
    cog_dst dst = COG_DST_INIT;
    cog_dataset *dataset;
    cog_error *error = NULL;
    double bounds[4], window[4];
    float *samples;
    uint8_t *mask;
    size_t pixels, valid = 0, i;
    uint32_t band;

    if (argc != 8) {
        fprintf(stderr, "usage: %s URI LEFT BOTTOM RIGHT TOP COLUMNS ROWS\n", argv[0]);
        return 2;
    }
    for (i = 0; i < 4; i++) {
        bounds[i] = strtod(argv[i + 2], NULL);
    }
    params.out_width = strtoll(argv[6], NULL, 10);
    params.out_height = strtoll(argv[7], NULL, 10);
    params.flags = COG_READ_UNSCALE; /* metres, not steps of 0.1 m */
    if (params.out_width < 1 || params.out_height < 1 || params.out_width > 1 << 14 || params.out_height > 1 << 14) {
        fprintf(stderr, "COLUMNS and ROWS are 1 to 16384\n");
        return 2;
    }

    check(cog_open(argv[1], NULL, &dataset, &error), &error);
    info.struct_size = sizeof info;
    check(cog_info(dataset, &info, &error), &error);
    check(cog_bounds_window(dataset, bounds, NULL, 0, window, &error), &error);
    printf("columns %.2f to %.2f, rows %.2f to %.2f of level 0\n", window[0], window[0] + window[2], window[1], window[1] + window[3]);

    pixels = (size_t)(params.out_width * params.out_height);
    samples = malloc(pixels * info.bands * sizeof *samples);
    mask = malloc(pixels);
    if (!samples || !mask) {
        fprintf(stderr, "out of memory\n");
        return EXIT_FAILURE;
    }
    dst.data = samples;
    dst.len = pixels * info.bands * sizeof *samples;
    dst.dtype = COG_FLOAT32;
    dst.mask = mask;
    dst.mask_len = pixels;
    check(cog_read_bounds(dataset, bounds, NULL, &params, &dst, &error), &error);

    for (i = 0; i < pixels; i++) {
        valid += mask[i] != 0;
    }
    printf("%" PRId64 " x %" PRId64 " pixels, %zu of them valid\n", params.out_width, params.out_height, valid);
    for (band = 0; band < info.bands; band++) {
        double sum = 0;
        for (i = 0; i < pixels; i++) {
            sum += mask[i] ? samples[band * pixels + i] : 0;
        }
        printf("band %" PRIu32 ": mean %.2f\n", band + 1, valid ? sum / (double)valid : 0);
    }
    free(samples);
    free(mask);
    cog_free(dataset);
    return EXIT_SUCCESS;
}

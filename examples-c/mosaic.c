/* One picture of many files of the same CRS: what lies inside bounds, from the first file that has valid pixels there. It is written as a
 * PNG, its mask as alpha.
 *
 *     cc mosaic.c $(pkg-config --cflags --libs cog) -o mosaic
 *     ./mosaic out.png 400000 5268000 440000 5282000 512 a.tif b.tif https://example.com/c.tif      left, bottom, right, top, columns
 */
#include "common.h"
#include "png_writer.h"

#include <string.h>

enum { BANDS = 3, MOST_FILES = 64 };

int main(int argc, char **argv) {
    static const uint32_t bands[BANDS] = {1, 2, 3};
    cog_dataset *datasets[MOST_FILES];
    cog_request request = COG_REQUEST_INIT;
    cog_read_params params = COG_READ_PARAMS_INIT;
    cog_dst dst = COG_DST_INIT;
    cog_error *error = NULL;
    uint8_t *rgba, *rgb;
    size_t pixels, valid = 0, n, i;

    if (argc < 8 || argc - 7 > MOST_FILES) {
        fprintf(stderr, "usage: %s OUT.png LEFT BOTTOM RIGHT TOP COLUMNS URI...\n", argv[0]);
        return 2;
    }
    n = (size_t)argc - 7;
    for (i = 0; i < n; i++) {
        check(cog_open(argv[i + 7], NULL, &datasets[i], &error), &error);
    }
    request.kind = COG_REQUEST_BOUNDS;
    for (i = 0; i < 4; i++) {
        request.bounds[i] = strtod(argv[i + 2], NULL);
    }
    params.out_width = strtoll(argv[6], NULL, 10);
    params.out_height = (int64_t)((double)params.out_width * (request.bounds[3] - request.bounds[1]) / (request.bounds[2] - request.bounds[0]) + 0.5);
    if (params.out_width < 1 || params.out_width > 1 << 14 || params.out_height < 1 || params.out_height > 1 << 14) {
        fprintf(stderr, "the picture would not have 1 to 16384 columns and rows\n");
        return 2;
    }
    params.bands = bands;
    params.band_count = BANDS;

    pixels = (size_t)params.out_width * (size_t)params.out_height;
    rgb = malloc(pixels * BANDS);
    rgba = malloc(pixels * 4);
    dst.mask = malloc(pixels);
    if (!rgb || !rgba || !dst.mask) {
        fprintf(stderr, "out of memory\n");
        return EXIT_FAILURE;
    }
    dst.data = rgb;
    dst.len = pixels * BANDS;
    dst.dtype = COG_UINT8;
    dst.pixel_stride = BANDS;
    dst.band_stride = 1;
    dst.mask_len = pixels;
    check(cog_read_mosaic((const cog_dataset *const *)datasets, n, &request, COG_FIRST, &params, &dst, &error), &error);

    for (i = 0; i < pixels; i++) {
        memcpy(rgba + i * 4, rgb + i * BANDS, BANDS);
        rgba[i * 4 + 3] = dst.mask[i];
        valid += dst.mask[i] != 0;
    }
    printf("%d x %d pixels of %d files, %d of them valid\n", (int)params.out_width, (int)params.out_height, (int)n, (int)valid);
    if (png_write(argv[1], rgba, (uint32_t)params.out_width, (uint32_t)params.out_height, 4)) {
        fprintf(stderr, "%s could not be written\n", argv[1]);
        return EXIT_FAILURE;
    }
    free(rgb);
    free(rgba);
    free(dst.mask);
    for (i = 0; i < n; i++) {
        cog_free(datasets[i]);
    }
    return EXIT_SUCCESS;
}

/* Reads a window of an image, over HTTP or from a file, and writes it as a PNG, its mask as alpha. Then it says what that cost.
 *
 *     cc window_to_png.c $(pkg-config --cflags --libs cog) -o window_to_png
 *     ./window_to_png https://example.com/image.tif out.png 300 250 512 384
 *     ./window_to_png image.tif out.png 0 0 4096 4096 512 512      reduced to 512 x 512, from the overview that suits
 */
#include "common.h"
#include "png_writer.h"

#include <inttypes.h>
#include <string.h>

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) {
        fprintf(stderr, "out of memory\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

/* Reads one or three bands as bytes, interleaved by pixel, and the mask. */
static void read_pixels(const cog_dataset *dataset, const cog_read_params *params, size_t pixels, uint8_t *data, uint8_t *mask) {
    cog_dst dst = COG_DST_INIT;
    cog_error *error = NULL;
    dst.data = data;
    dst.len = pixels * params->band_count;
    dst.dtype = COG_UINT8; /* larger samples are clamped */
    dst.pixel_stride = (int64_t)params->band_count;
    dst.band_stride = 1;
    dst.mask = mask;
    dst.mask_len = pixels;
    check(cog_read_window(dataset, params, &dst, &error), &error);
}

/* The palette, red, green, blue and alpha of each of *count samples; NULL where the image has none. */
static uint8_t *read_palette(const cog_dataset *dataset, size_t *count) {
    uint8_t *rgba;
    cog_error *error = NULL;
    if (cog_colormap(dataset, NULL, 0, count, NULL) != COG_OK) {
        return NULL;
    }
    rgba = allocate(*count, 4);
    check(cog_colormap(dataset, rgba, *count, count, &error), &error);
    return rgba;
}

/* Puts bands and mask together as RGBA. */
static void compose(uint8_t *rgba, const uint8_t *data, size_t bands, const uint8_t *mask, size_t pixels, const uint8_t *palette, size_t colors) {
    size_t i;
    for (i = 0; i < pixels; i++) {
        const uint8_t *sample = data + i * bands;
        if (palette) {
            memcpy(rgba + i * 4, palette + 4 * (*sample < colors ? *sample : 0), 3);
        } else if (bands == 3) {
            memcpy(rgba + i * 4, sample, 3);
        } else {
            memset(rgba + i * 4, *sample, 3);
        }
        rgba[i * 4 + 3] = mask[i];
    }
}

static void print_cost(const cog_dataset *dataset, const cog_dataset_info *info) {
    cog_stats stats = {0};
    cog_error *error = NULL;
    stats.struct_size = sizeof stats;
    check(cog_stats_get(dataset, &stats, &error), &error);
    printf("%" PRIu64 " requests, %" PRIu64 " bytes of %" PRIu64 ", %" PRIu64 " tiles decoded\n", stats.requests, stats.bytes, info->file_size,
           stats.tiles_decoded);
}

int main(int argc, char **argv) {
    static const uint32_t bands[3] = {1, 2, 3};
    cog_read_params params = COG_READ_PARAMS_INIT;
    cog_dataset_info info = {0};
    cog_dataset *dataset;
    cog_error *error = NULL;
    uint64_t width, height;
    uint8_t *data, *mask, *rgba, *palette;
    size_t pixels, colors = 0;
    int failed;

    if (argc != 7 && argc != 9) {
        fprintf(stderr, "usage: %s URI OUT.png X Y WIDTH HEIGHT [OUT_WIDTH OUT_HEIGHT]\n", argv[0]);
        return 2;
    }
    params.x = atof(argv[3]);
    params.y = atof(argv[4]);
    params.width = atof(argv[5]);
    params.height = atof(argv[6]);
    if (argc == 9) {
        params.out_width = atol(argv[7]);
        params.out_height = atol(argv[8]);
    }

    check(cog_open(argv[1], NULL, &dataset, &error), &error);
    info.struct_size = sizeof info;
    check(cog_info(dataset, &info, &error), &error);
    params.bands = bands;
    params.band_count = info.bands >= 3 ? 3 : 1;
    check(cog_read_size(dataset, &params, &width, &height, NULL, NULL, &error), &error);

    pixels = (size_t)(width * height);
    data = allocate(pixels, params.band_count);
    mask = allocate(pixels, 1);
    rgba = allocate(pixels, 4);
    read_pixels(dataset, &params, pixels, data, mask);
    palette = read_palette(dataset, &colors);
    compose(rgba, data, params.band_count, mask, pixels, palette, colors);
    failed = png_write(argv[2], rgba, (uint32_t)width, (uint32_t)height, 4);
    if (failed) {
        fprintf(stderr, "%s: can't be written\n", argv[2]);
    } else {
        printf("%s: %" PRIu64 " x %" PRIu64 " pixels, ", argv[2], width, height);
        print_cost(dataset, &info);
    }
    free(data);
    free(mask);
    free(rgba);
    free(palette);
    cog_free(dataset);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

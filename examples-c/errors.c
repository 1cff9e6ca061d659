/* Provokes each kind of error and shows what a program learns of it: status, message, the server's status, offset in the file, tile.
 * Ends with 0 where every call failed as it should.
 *
 *     cc errors.c $(pkg-config --cflags --libs cog) -o errors
 *     ./errors image.tif                            a tiled image larger than 64 x 64, whose pixels are compressed
 *     ./errors image.tif https://example.com/       also asks that server for a file that it does not have
 */
#include "common.h"

#include <inttypes.h>

static int surprises;

/* Prints an error, frees it, and counts it where it is not the expected one. */
static void show(const char *what, cog_status expected, cog_status status, cog_error **stored) {
    cog_error *error = *stored;
    uint32_t level;
    uint64_t x, y;
    printf("%s\n  %s: %s\n", what, cog_status_name(status), cog_error_message(error));
    if (cog_error_http_status(error) != 0) {
        printf("  the server's status: %" PRId32 "\n", cog_error_http_status(error));
    }
    if (cog_error_offset(error) >= 0) {
        printf("  at byte %" PRId64 " of the file\n", cog_error_offset(error));
    }
    if (cog_error_tile(error, &level, &x, &y)) {
        printf("  tile (%" PRIu64 ", %" PRIu64 ") of level %" PRIu32 "\n", x, y, level);
    }
    if (status != expected || cog_error_status(error) != expected) {
        printf("  BUT %s WAS EXPECTED\n", cog_status_name(expected));
        surprises++;
    }
    cog_error_free(error);
}

static void show_open(const char *what, cog_status expected, const char *uri) {
    cog_dataset *dataset;
    cog_error *error;
    cog_status status = cog_open(uri, NULL, &dataset, &error);
    show(what, expected, status, &error);
    cog_free(dataset); /* NULL after a failure, which cog_free takes */
}

/* A file that the program holds in memory. */
static void show_memory(const char *what, cog_status expected, const void *data, size_t len) {
    cog_dataset *dataset;
    cog_error *error;
    cog_status status = cog_open_memory(data, len, 0, NULL, &dataset, &error);
    show(what, expected, status, &error);
    cog_free(dataset);
}

static void show_reads(const cog_dataset *dataset) {
    cog_read_params params = COG_READ_PARAMS_INIT;
    cog_dst dst = COG_DST_INIT;
    cog_cancel *cancel;
    cog_error *error;
    uint8_t small[64];
    uint32_t no_band = 4711;

    dst.data = small;
    dst.len = sizeof small;
    show("a buffer that is too small", COG_ERR_BUFFER_TOO_SMALL, cog_read_window(dataset, NULL, &dst, &error), &error);
    params.x = 1e9;
    params.width = params.height = 1;
    show("a window beyond the image", COG_ERR_OUT_OF_BOUNDS, cog_read_window(dataset, &params, &dst, &error), &error);
    params.x = 0;
    params.bands = &no_band;
    params.band_count = 1;
    show("a band that is not there", COG_ERR_OUT_OF_BOUNDS, cog_read_window(dataset, &params, &dst, &error), &error);
    params.band_count = 0;
    params.bands = NULL;
    params.level = 99;
    show("a level that is not there", COG_ERR_OUT_OF_BOUNDS, cog_read_window(dataset, &params, &dst, &error), &error);
    params.level = 0;
    params.out_width = params.out_height = 2;
    params.resampling = 99;
    show("a resampling that there is not", COG_ERR_INVALID_ARGUMENT, cog_read_window(dataset, &params, &dst, &error), &error);
    params.resampling = COG_NEAREST;
    params.out_width = params.out_height = 0;
    cancel = cog_cancel_new();
    cog_cancel_fire(cancel);
    params.cancel = cancel;
    show("a call that was cancelled", COG_ERR_CANCELLED, cog_read_window(dataset, &params, &dst, &error), &error);
    cog_cancel_free(cancel);
    show("a tile that is not there", COG_ERR_OUT_OF_BOUNDS, cog_get_tile(dataset, 9999, 0, 0, NULL, &dst, &error), &error);
    show("NULL", COG_ERR_INVALID_ARGUMENT, cog_read_window(dataset, NULL, NULL, &error), &error);
}

static void show_limit(const char *uri) {
    cog_options *options = cog_options_new();
    cog_dst dst = COG_DST_INIT;
    uint8_t pixel[64];
    cog_dataset *dataset;
    cog_error *error;
    cog_read_params params = COG_READ_PARAMS_INIT;
    cog_status status;
    params.width = params.height = 1;
    dst.data = pixel;
    dst.len = sizeof pixel;
    check(cog_options_set(options, "limits.tile_bytes", "1", &error), &error);
    status = cog_open(uri, options, &dataset, &error);
    if (status == COG_OK) {
        status = cog_read_window(dataset, &params, &dst, &error);
    }
    show("a tile larger than limits.tile_bytes", COG_ERR_LIMIT_EXCEEDED, status, &error);
    cog_free(dataset);
    cog_options_free(options);
}

/* A copy of the file with one tile's bytes overwritten, and one that ends in the middle. */
static void show_damage(const char *uri, const cog_dataset *dataset) {
    FILE *file = fopen(uri, "rb");
    cog_value_kind kind;
    void *offsets;
    size_t count, len, i;
    cog_dataset *damaged;
    cog_dst dst = COG_DST_INIT;
    cog_error *error;
    uint64_t result;
    long size;
    uint8_t *bytes;
    if (!file) {
        return; /* not a local file */
    }
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    bytes = malloc((size_t)size);
    len = bytes ? fread(bytes, 1, (size_t)size, file) : 0;
    fclose(file);
    check(cog_tag_value(dataset, 0, 324, &kind, &offsets, &count, &error), &error); /* TileOffsets */
    for (i = 0; i < 64 && ((uint64_t *)offsets)[0] + i < len; i++) {
        bytes[((uint64_t *)offsets)[0] + i] = 0xFF;
    }
    check(cog_read_size(dataset, NULL, NULL, NULL, NULL, &result, &error), &error);
    dst.data = malloc((size_t)result);
    dst.len = (size_t)result;

    check(cog_open_memory(bytes, len, 0, NULL, &damaged, &error), &error);
    show("a damaged tile", COG_ERR_FORMAT, cog_read_window(damaged, NULL, &dst, &error), &error);
    cog_free(damaged);
    show_memory("a file that ends in its header", COG_ERR_FORMAT, bytes, 10);
    free(dst.data);
    cog_buffer_free(offsets);
    free(bytes);
}

static void show_options(void) {
    cog_options *options = cog_options_new();
    cog_error *error;
    show("an option that does not exist", COG_ERR_INVALID_ARGUMENT, cog_options_set(options, "io.nonsense", "1", &error), &error);
    show("a value that an option does not take", COG_ERR_INVALID_ARGUMENT, cog_options_set(options, "decode.backend", "gpu", &error), &error);
    cog_options_free(options);
}

int main(int argc, char **argv) {
    cog_dataset *dataset;
    cog_error *error;
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: %s IMAGE [URL]\n", argv[0]);
        return 2;
    }
    show_open("a file that is not there", COG_ERR_NOT_FOUND, "/no/such/file.tif");
    show_open("a directory", COG_ERR_INVALID_ARGUMENT, "/");
    show_open("a URL that is none", COG_ERR_INVALID_ARGUMENT, "http://");
    show_open("a scheme that is not read", COG_ERR_UNSUPPORTED, "gopher://host/image.tif");
    show_open("no URI", COG_ERR_INVALID_ARGUMENT, NULL);
    show_open("a server that is not there", COG_ERR_IO, "http://127.0.0.1:1/image.tif");
    show_memory("an empty file", COG_ERR_FORMAT, "", 0);
    show_memory("a text", COG_ERR_FORMAT, "This is no TIFF.", 16);
    if (argc == 3) {
        char url[1024];
        snprintf(url, sizeof url, "%sno-such-file.tif", argv[2]);
        show_open("a file that the server does not have", COG_ERR_NOT_FOUND, url);
    }
    show_options();

    check(cog_open(argv[1], NULL, &dataset, &error), &error);
    show_reads(dataset);
    show_damage(argv[1], dataset);
    cog_free(dataset);
    show_limit(argv[1]);

    if (surprises) {
        printf("%d surprises\n", surprises);
    }
    return surprises ? EXIT_FAILURE : EXIT_SUCCESS;
}

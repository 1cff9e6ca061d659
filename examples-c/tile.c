/* Reads one internal tile twice: decoded, and as the bytes that the file stores, for a program that decodes them elsewhere.
 *
 *     cc tile.c $(pkg-config --cflags --libs cog) -o tile
 *     ./tile image.tif 1 0 0        column 1, row 0 of level 0
 */
#include "common.h"

#include <inttypes.h>

int main(int argc, char **argv) {
    cog_level_description level = {0};
    cog_dataset_info info = {0};
    cog_dst dst = COG_DST_INIT;
    cog_dataset *dataset;
    cog_error *error = NULL;
    uint64_t x, y, len, valid = 0, i;
    uint32_t z;
    uint8_t *stored;
    size_t stored_len, pixels;

    if (argc != 5) {
        fprintf(stderr, "usage: %s URI COLUMN ROW LEVEL\n", argv[0]);
        return 2;
    }
    x = strtoull(argv[2], NULL, 10);
    y = strtoull(argv[3], NULL, 10);
    z = (uint32_t)strtoul(argv[4], NULL, 10);

    check(cog_open(argv[1], NULL, &dataset, &error), &error);
    info.struct_size = sizeof info;
    check(cog_info(dataset, &info, &error), &error);
    level.struct_size = sizeof level;
    check(cog_level_info(dataset, z, &level, &error), &error);

    /* Tiles at the right and the lower edge are whole too; the mask says what lies within the image. 16 bytes: the largest sample. */
    pixels = (size_t)(level.tile_width * level.tile_height);
    len = (uint64_t)pixels * info.bands * 16;
    dst.data = malloc((size_t)len);
    dst.len = (size_t)len;
    dst.mask = malloc(pixels);
    dst.mask_len = pixels;
    if (!dst.data || !dst.mask) {
        fprintf(stderr, "out of memory\n");
        return EXIT_FAILURE;
    }
    check(cog_get_tile(dataset, x, y, z, NULL, &dst, &error), &error);
    for (i = 0; i < pixels; i++) {
        valid += dst.mask[i] != 0;
    }
    printf("tile (%" PRIu64 ", %" PRIu64 ") of level %" PRIu32 ": %" PRIu64 " x %" PRIu64 " pixels, %" PRIu64 " of them valid\n", x, y, z,
           level.tile_width, level.tile_height, valid);

    check(cog_get_tile_bytes(dataset, x, y, z, &stored, &stored_len, &error), &error);
    printf("stored: %zu bytes, compression %" PRIu32 ", predictor %" PRIu32 "\n", stored_len, level.compression, level.predictor);
    if (level.compression == 7) {
        cog_value_kind kind;
        void *tables;
        size_t tables_len;
        /* JPEGTables: an abbreviated stream that a decoder is given before the tile's. */
        if (cog_tag_value(dataset, level.ifd, 347, &kind, &tables, &tables_len, NULL) == COG_OK) {
            printf("JPEG tables: %zu bytes\n", tables_len);
            cog_buffer_free(tables);
        }
    }
    cog_buffer_free(stored);
    free(dst.data);
    free(dst.mask);
    cog_free(dataset);
    return EXIT_SUCCESS;
}

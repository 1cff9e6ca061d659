/* Describes a GeoTIFF: size, levels, bands, place on Earth, palette.
 *
 *     cc describe.c $(pkg-config --cflags --libs cog) -o describe
 *     ./describe https://example.com/image.tif        a path works as well
 *     ./describe --json image.tif                     the same object as `cogtool info --json`
 *     ./describe --set io.header_bytes=65536 image.tif
 */
#include "common.h"

#include <inttypes.h>
#include <string.h>

static const char *dtype_name(cog_dtype dtype) {
    static const char *const names[] = {"native",  "uint8",   "int8",    "uint16",  "int16",  "uint32", "int32",     "uint64",
                                        "int64",   "float16", "float32", "float64", "cint16", "cint32", "cfloat32", "cfloat64"};
    return dtype >= 0 && (size_t)dtype < sizeof names / sizeof *names ? names[dtype] : "unknown";
}

static void print_library(void) {
    static const char *const features[] = {"http", "native-codecs", "jpeg", "lzw", "deflate", "packbits", "webp", "zstd", "lzma", "lerc", "ccitt"};
    size_t i;
    printf("libcog %s", cog_version_string());
    if (cog_version_number() != COG_VERSION_MAJOR * 1000000 + COG_VERSION_MINOR * 1000 + COG_VERSION_PATCH) {
        printf(" (compiled with the header of another version)");
    }
    printf(":");
    for (i = 0; i < sizeof features / sizeof *features; i++) {
        if (cog_has_feature(features[i])) {
            printf(" %s", features[i]);
        }
    }
    printf("\n");
}

static void print_levels(const cog_dataset *dataset) {
    cog_error *error = NULL;
    uint32_t count, i;
    check(cog_level_count(dataset, &count, &error), &error);
    for (i = 0; i < count; i++) {
        cog_level_description level = {0};
        level.struct_size = sizeof level;
        check(cog_level_info(dataset, i, &level, &error), &error);
        printf("  level %" PRIu32 ": %" PRIu64 " x %" PRIu64 ", %" PRIu64 " %s of %" PRIu64 " x %" PRIu64 "%s\n", i, level.width, level.height,
               level.tiles_across * level.tiles_down, level.tiled ? "tiles" : "strips", level.tile_width, level.tile_height,
               level.has_mask ? ", with a mask" : "");
    }
}

static void print_bands(const cog_dataset *dataset, uint32_t count) {
    cog_error *error = NULL;
    uint32_t i;
    for (i = 1; i <= count; i++) {
        cog_band_description band = {0};
        band.struct_size = sizeof band;
        check(cog_band_info(dataset, i, &band, &error), &error);
        printf("  band %" PRIu32 ": %s, %s", i, dtype_name(band.dtype), band.color_interpretation);
        if (*band.description) {
            printf(", \"%s\"", band.description);
        }
        if (band.scale != 1 || band.offset != 0) {
            printf(", value = sample * %g + %g", band.scale, band.offset);
        }
        printf("%s%s\n", *band.unit ? " " : "", band.unit);
    }
}

static void print_crs(const cog_dataset *dataset) {
    cog_error *error = NULL;
    char *wkt, *projjson;
    if (cog_crs_epsg(dataset) != 0) {
        printf("  CRS: EPSG:%" PRIu32 "\n", cog_crs_epsg(dataset));
    }
    if (cog_crs_wkt(dataset, &wkt, NULL, &error) != COG_OK) {
        printf("  %s\n", cog_error_message(error)); /* the file has no CRS, or one that can't be written */
        cog_error_free(error);
        return;
    }
    printf("  CRS as WKT 2: %s\n", wkt);
    cog_buffer_free(wkt);
    check(cog_crs_projjson(dataset, &projjson, NULL, &error), &error);
    printf("  CRS as PROJJSON: %s\n", projjson);
    cog_buffer_free(projjson);
}

static void print_place(const cog_dataset *dataset, const cog_dataset_info *info) {
    cog_error *error = NULL;
    double t[6], bounds[4];
    print_crs(dataset);
    if (!info->has_transform) {
        printf("  no transform, %" PRIu32 " ground control points\n", info->gcp_count);
        return;
    }
    check(cog_geotransform(dataset, 0, t, &error), &error);
    printf("  transform: x = %.10g + %.10g*column + %.10g*row, y = %.10g + %.10g*column + %.10g*row\n", t[0], t[1], t[2], t[3], t[4], t[5]);
    check(cog_bounds(dataset, bounds, &error), &error);
    printf("  bounds: left %.10g, bottom %.10g, right %.10g, top %.10g\n", bounds[0], bounds[1], bounds[2], bounds[3]);
}

static void print_palette(const cog_dataset *dataset) {
    cog_error *error = NULL;
    size_t count = 0;
    uint8_t *rgba;
    if (cog_colormap(dataset, NULL, 0, &count, NULL) != COG_OK) {
        return; /* COG_ERR_OUT_OF_BOUNDS: the image has none */
    }
    rgba = malloc(count * 4);
    if (!rgba) {
        return;
    }
    check(cog_colormap(dataset, rgba, count, &count, &error), &error);
    printf("  palette of %zu colours; 0 is %d %d %d %d\n", count, rgba[0], rgba[1], rgba[2], rgba[3]);
    free(rgba);
}

static void print_description(const cog_dataset *dataset, const char *uri) {
    cog_error *error = NULL;
    cog_dataset_info info = {0};
    info.struct_size = sizeof info;
    check(cog_info(dataset, &info, &error), &error);
    printf("%s: %" PRIu64 " x %" PRIu64 ", %" PRIu32 " band%s of %s, %" PRIu64 " bytes\n", uri, info.width, info.height, info.bands,
           info.bands == 1 ? "" : "s", dtype_name(info.dtype), info.file_size);
    printf("  %s, %s-endian, compression %" PRIu32 ", photometric %" PRIu32 ", %s\n", info.big_tiff ? "BigTIFF" : "TIFF",
           info.big_endian ? "big" : "little", info.compression, info.photometric, info.planar ? "one block a band" : "all bands in a block");
    if (info.has_nodata) {
        printf("  nodata: %.17g\n", info.nodata);
    }
    print_levels(dataset);
    print_bands(dataset, info.bands);
    print_place(dataset, &info);
    print_palette(dataset);
}

static void print_json(const cog_dataset *dataset) {
    cog_error *error = NULL;
    char *text;
    size_t len;
    check(cog_metadata_json(dataset, &text, &len, &error), &error);
    printf("%.*s\n", (int)len, text);
    cog_buffer_free(text);
}

/* "key=value" */
static void set(cog_options *options, char *argument) {
    cog_error *error = NULL;
    char *value = strchr(argument, '=');
    if (!value) {
        fprintf(stderr, "--set needs key=value\n");
        exit(2);
    }
    *value = '\0';
    check(cog_options_set(options, argument, value + 1, &error), &error);
}

int main(int argc, char **argv) {
    cog_options *options = cog_options_new();
    cog_dataset *dataset;
    cog_error *error = NULL;
    const char *uri = NULL;
    int json = 0, i;
    for (i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--json")) {
            json = 1;
        } else if (!strcmp(argv[i], "--set") && i + 1 < argc) {
            set(options, argv[++i]);
        } else {
            uri = argv[i];
        }
    }
    if (!uri) {
        fprintf(stderr, "usage: %s [--json] [--set KEY=VALUE]... URI\n", argv[0]);
        cog_options_free(options);
        return 2;
    }
    check(cog_open(uri, options, &dataset, &error), &error);
    cog_options_free(options);
    if (json) {
        print_json(dataset);
    } else {
        print_library();
        print_description(dataset, uri);
    }
    cog_free(dataset);
    return EXIT_SUCCESS;
}

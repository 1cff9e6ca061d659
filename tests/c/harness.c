/* Every function of cog.h, with what it should be given and with what it should not.
 *
 *     c_harness [FIXTURES]        the folder with manifest.json and data/
 *
 * What pixels a file has is checked against GDAL by fixtures.c; here it is how a program gets them.
 */
#define _DEFAULT_SOURCE
#include "check.h"
#include "http_server.h"

#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>

#ifndef COG_FIXTURES
#define COG_FIXTURES "tests/fixtures"
#endif
#ifndef COG_EXPECTED_VERSION
#define COG_EXPECTED_VERSION "0.1.0"
#endif

static const char *fixtures = COG_FIXTURES;

/* The path of a fixture; one at a time. */
static const char *data(const char *name) {
    static char path[2048];
    snprintf(path, sizeof path, "%s/data/%s", fixtures, name);
    return path;
}

static cog_dataset *open_fixture(const char *name) {
    cog_dataset *dataset = NULL;
    EXPECT(COG_OK, cog_open(data(name), NULL, &dataset, &err));
    NEED(dataset != NULL);
    return dataset;
}

/* The bytes of a fixture, to be freed. */
static uint8_t *load(const char *name, size_t *len) {
    FILE *file = fopen(data(name), "rb");
    uint8_t *bytes;
    NEED(file != NULL);
    fseek(file, 0, SEEK_END);
    *len = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(*len);
    NEED(bytes != NULL && fread(bytes, 1, *len, file) == *len);
    fclose(file);
    return bytes;
}

static void wait_ms(long ms) {
    struct timespec time;
    time.tv_sec = ms / 1000;
    time.tv_nsec = ms % 1000 * 1000000;
    nanosleep(&time, NULL);
}

static double now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static cog_dst packed(void *to, size_t len) {
    cog_dst dst = COG_DST_INIT;
    dst.data = to;
    dst.len = len;
    return dst;
}

static cog_read_params window(double x, double y, double width, double height) {
    cog_read_params params = COG_READ_PARAMS_INIT;
    params.x = x;
    params.y = y;
    params.width = width;
    params.height = height;
    return params;
}

/* All of level 0 in the file's own type, packed; to be freed. */
static uint8_t *read_all(const cog_dataset *dataset, size_t *len) {
    uint64_t bytes = 0;
    uint8_t *to;
    cog_dst dst;
    EXPECT(COG_OK, cog_read_size(dataset, NULL, NULL, NULL, NULL, &bytes, &err));
    to = malloc((size_t)bytes + 1);
    NEED(to != NULL);
    dst = packed(to, (size_t)bytes);
    EXPECT(COG_OK, cog_read_window(dataset, NULL, &dst, &err));
    if (len) {
        *len = (size_t)bytes;
    }
    return to;
}

/* ---- the library, errors, options ---- */

static void the_library_says_what_it_is(void) {
    static const char *const features[] = {"http", "jpeg", "lzw", "deflate", "packbits", "webp", "zstd"};
    char version[32];
    size_t i;
    int32_t status;
    snprintf(version, sizeof version, "%d.%d.%d", COG_VERSION_MAJOR, COG_VERSION_MINOR, COG_VERSION_PATCH);
    CHECK(strcmp(version, cog_version_string()) == 0);
    CHECK(strcmp(version, COG_EXPECTED_VERSION) == 0);
    CHECK(cog_version_number() == COG_VERSION_MAJOR * 1000000 + COG_VERSION_MINOR * 1000 + COG_VERSION_PATCH);
    for (i = 0; i < sizeof features / sizeof *features; i++) {
        CHECK(cog_has_feature(features[i]) == 1);
    }
    CHECK(cog_has_feature("native-codecs") == 0 || cog_has_feature("native-codecs") == 1);
    CHECK(cog_has_feature("s3") == 0);
    CHECK(cog_has_feature("") == 0);
    CHECK(cog_has_feature("\xff\xfe") == 0);
    CHECK(cog_has_feature(NULL) == 0);
    CHECK(strcmp(cog_status_name(COG_OK), "COG_OK") == 0);
    for (status = COG_ERR_INVALID_ARGUMENT; status <= COG_ERR_PANIC; status++) {
        CHECK(strncmp(cog_status_name(status), "COG_ERR_", 8) == 0);
    }
    CHECK(strcmp(cog_status_name(COG_ERR_NOT_FOUND), "COG_ERR_NOT_FOUND") == 0);
    CHECK(strcmp(cog_status_name(-1), "unknown status") == 0);
    CHECK(strcmp(cog_status_name(COG_ERR_PANIC + 1), "unknown status") == 0);
    CHECK(strcmp(cog_status_name(INT32_MIN), "unknown status") == 0);
    cog_buffer_free(NULL);
}

static void errors_take_null(void) {
    uint32_t level = 7;
    uint64_t x = 8, y = 9;
    cog_error *error = NULL;
    cog_dataset *dataset = NULL;
    cog_dst dst;
    uint8_t byte;
    CHECK(cog_error_status(NULL) == COG_OK);
    CHECK(strcmp(cog_error_message(NULL), "") == 0);
    CHECK(cog_error_http_status(NULL) == 0);
    CHECK(cog_error_offset(NULL) == -1);
    CHECK(cog_error_tile(NULL, &level, &x, &y) == 0);
    CHECK(level == 7 && x == 8 && y == 9);
    cog_error_free(NULL);

    CHECK(cog_open("/no/such/file", NULL, &dataset, NULL) == COG_ERR_NOT_FOUND);
    CHECK(cog_open("/no/such/file", NULL, &dataset, &error) == COG_ERR_NOT_FOUND);
    CHECK(strstr(cog_error_message(error), "/no/such/file") != NULL);
    CHECK(cog_error_http_status(error) == 0 && cog_error_offset(error) == -1);
    CHECK(cog_error_tile(error, &level, &x, &y) == 0 && level == 7 && x == 8 && y == 9);
    cog_error_free(error);

    dataset = open_fixture("demo.tif");
    dst = packed(&byte, 1);
    CHECK(cog_get_tile(dataset, 3, 77, 1, NULL, &dst, &error) == COG_ERR_OUT_OF_BOUNDS);
    CHECK(cog_error_tile(error, NULL, NULL, NULL) == 1);
    CHECK(cog_error_tile(error, &level, &x, &y) == 1 && level == 1 && x == 3 && y == 77);
    cog_error_free(error);
    cog_free(dataset);
}

/* Whether the environment has one of these variables, whose names are separated by spaces. */
static int any_is_set(const char *names) {
    char text[256], *name;
    int set = 0;
    snprintf(text, sizeof text, "%s", names);
    for (name = strtok(text, " "); name; name = strtok(NULL, " ")) {
        set += getenv(name) != NULL;
    }
    return set;
}

static void the_table_of_options_can_be_read(void) {
    cog_options *options = cog_options_new();
    cog_option_description info;
    size_t i, count = cog_option_count();
    NEED(options != NULL);
    CHECK(count > 10);
    for (i = 0; i < count; i++) {
        char *value = NULL;
        char first[128];
        memset(&info, 0, sizeof info);
        info.struct_size = sizeof info;
        EXPECT(COG_OK, cog_option_info(i, &info, &err));
        NEED(info.key && info.default_value && info.environment && info.help);
        CHECK(strchr(info.key, '.') && strncmp(info.environment, "COG_", 4) == 0 && strlen(info.help) > 10);
        EXPECT(COG_OK, cog_options_get(options, info.key, &value, &err));
        CHECK(any_is_set(info.environment) || strcmp(value, info.default_value) == 0);
        EXPECT(COG_OK, cog_options_set(options, info.key, info.default_value, &err));
        cog_buffer_free(value);
        snprintf(first, sizeof first, "%.*s", (int)strcspn(info.environment, " "), info.environment);
        EXPECT(COG_OK, cog_options_set(options, first, info.default_value, &err));
    }
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_option_info(count, &info, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_option_info(SIZE_MAX, &info, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_option_info(0, NULL, &err));
    info.struct_size = 0;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_option_info(0, &info, &err));
    info.struct_size = 1u << 30;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_option_info(0, &info, &err));
    info.struct_size = 2 * sizeof(size_t);
    info.key = NULL;
    info.default_value = "untouched";
    EXPECT(COG_OK, cog_option_info(0, &info, &err));
    CHECK(info.key != NULL && strcmp(info.default_value, "untouched") == 0);
    cog_options_free(options);
}

static void options_are_set_and_read(void) {
    cog_options *options = cog_options_new();
    cog_dataset *dataset = NULL;
    char *value = NULL;
    EXPECT(COG_OK, cog_options_set(options, "io.header_bytes", "4096", &err));
    EXPECT(COG_OK, cog_options_get(options, "io.header_bytes", &value, &err));
    CHECK(value && strcmp(value, "4096") == 0);
    cog_buffer_free(value);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_set(options, "io.header_bytes", "many", &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_set(options, "io.header_bytes", "-1", &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_set(options, "io.header_bytes", "", &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_set(options, "io.header_bytes", "99999999999999999999999", &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_set(options, "no.such", "1", &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_set(options, "", "1", &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_set(options, "http.headers", "\xff", &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_set(NULL, "io.header_bytes", "1", &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_set(options, NULL, "1", &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_set(options, "io.header_bytes", NULL, &err));
    CHECK(cog_options_set(options, "no.such", "1", NULL) == COG_ERR_INVALID_ARGUMENT);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_get(NULL, "io.header_bytes", &value, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_get(options, NULL, &value, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_get(options, "io.header_bytes", NULL, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_get(options, "no.such", &value, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_options_set_cancel(NULL, NULL, &err));
    EXPECT(COG_OK, cog_options_set_cancel(options, NULL, &err));
    /* A refused value leaves the old one. */
    EXPECT(COG_OK, cog_options_get(options, "io.header_bytes", &value, &err));
    CHECK(strcmp(value, "4096") == 0);
    cog_buffer_free(value);
    cog_options_free(options);
    cog_options_free(NULL);

    setenv("COG_IO_HEADER_BYTES", "32768", 1);
    options = cog_options_new();
    EXPECT(COG_OK, cog_options_get(options, "io.header_bytes", &value, &err));
    CHECK(strcmp(value, "32768") == 0);
    cog_buffer_free(value);
    cog_options_free(options);
    setenv("COG_IO_HEADER_BYTES", "wrong", 1);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open(data("one_pixel.tif"), NULL, &dataset, &err));
    unsetenv("COG_IO_HEADER_BYTES");
}

/* ---- opening ---- */

static void opening_refuses_what_is_no_tiff(void) {
    cog_dataset *dataset = (cog_dataset *)&err;
    size_t len, i;
    uint8_t *bytes;
    static const size_t cuts[] = {1, 2, 4, 7, 8, 9, 100, 190, 193, 300};
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open(NULL, NULL, &dataset, &err));
    CHECK(dataset == NULL);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open(data("demo.tif"), NULL, NULL, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open("", NULL, &dataset, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open("\xff\xfe", NULL, &dataset, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open("/", NULL, &dataset, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open("/dev/null", NULL, &dataset, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open("http://", NULL, &dataset, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open("file://relative", NULL, &dataset, &err));
    EXPECT(COG_ERR_UNSUPPORTED, cog_open("s3://bucket/key.tif", NULL, &dataset, &err));
    EXPECT(COG_ERR_NOT_FOUND, cog_open("/no/such/file.tif", NULL, &dataset, &err));
    EXPECT(COG_ERR_FORMAT, cog_open(data("../README.md"), NULL, &dataset, &err));
    CHECK(dataset == NULL);

    EXPECT(COG_ERR_FORMAT, cog_open_memory(NULL, 0, 1, NULL, &dataset, &err));
    EXPECT(COG_ERR_FORMAT, cog_open_memory("", 0, 0, NULL, &dataset, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open_memory(NULL, 8, 1, NULL, &dataset, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open_memory("x", SIZE_MAX, 0, NULL, &dataset, &err));
    bytes = load("cog_rgb_deflate.tif", &len);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open_memory(bytes, len, 0, NULL, NULL, &err));
    for (i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        EXPECT(COG_ERR_FORMAT, cog_open_memory(bytes, cuts[i], 0, NULL, &dataset, &err));
        CHECK(dataset == NULL);
    }
    /* With its first IFD it opens, and the first read tells. */
    for (i = 500; i < len; i += 10000) {
        static uint8_t to[301 * 259 * 3];
        cog_dst dst = packed(to, sizeof to);
        cog_status status = cog_open_memory(bytes, i, 0, NULL, &dataset, NULL);
        if (status == COG_OK) {
            status = cog_read_window(dataset, NULL, &dst, NULL);
        }
        CHECK(status == COG_ERR_FORMAT);
        cog_free(dataset);
    }
    free(bytes);
}

static void a_file_is_the_same_wherever_it_lies(void) {
    size_t len, pixels_len;
    uint8_t *bytes = load("cog_rgb_deflate.tif", &len), *from_file, *from_memory;
    char url[4096];
    cog_dataset *file = open_fixture("cog_rgb_deflate.tif"), *memory = NULL, *named = NULL;
    from_file = read_all(file, &pixels_len);

    EXPECT(COG_OK, cog_open_memory(bytes, len, 0, NULL, &memory, &err));
    from_memory = read_all(memory, NULL);
    CHECK(memcmp(from_file, from_memory, pixels_len) == 0);
    free(from_memory);
    cog_free(memory);

    EXPECT(COG_OK, cog_open_memory(bytes, len, 1, NULL, &memory, &err));
    memset(bytes, 0, len); /* the library has a copy */
    from_memory = read_all(memory, NULL);
    CHECK(memcmp(from_file, from_memory, pixels_len) == 0);
    free(from_memory);
    cog_free(memory);
    free(bytes);

    if (fixtures[0] == '/') {
        snprintf(url, sizeof url, "file://%s", data("cog_rgb_deflate.tif"));
        EXPECT(COG_OK, cog_open(url, NULL, &named, &err));
        from_memory = read_all(named, NULL);
        CHECK(memcmp(from_file, from_memory, pixels_len) == 0);
        free(from_memory);
        cog_free(named);
    }
    free(from_file);
    cog_free(file);
}

static void references_are_counted(void) {
    cog_dataset *dataset = open_fixture("one_pixel.tif");
    uint8_t *pixels;
    CHECK(cog_retain(NULL) == NULL);
    CHECK(cog_retain(dataset) == dataset);
    cog_free(dataset);
    pixels = read_all(dataset, NULL);
    free(pixels);
    cog_free(dataset);
    cog_free(NULL);
}

/* ---- describing ---- */

static void a_dataset_is_described(void) {
    cog_dataset *dataset = open_fixture("demo.tif");
    cog_dataset_info info;
    cog_level_description level;
    cog_band_description band;
    uint32_t count = 0;
    memset(&info, 0xAA, sizeof info);
    info.struct_size = sizeof info;
    EXPECT(COG_OK, cog_info(dataset, &info, &err));
    CHECK(info.struct_size == sizeof info);
    CHECK(info.width == 1024 && info.height == 768 && info.bands == 3 && info.dtype == COG_UINT8);
    CHECK(info.epsg == 32633 && cog_crs_epsg(dataset) == 32633 && info.compression == 7 && info.photometric == 6);
    CHECK(info.tiled == 1 && info.planar == 0 && info.big_tiff == 0 && info.big_endian == 0);
    CHECK(info.has_nodata == 0 && info.nodata == 0 && info.has_transform == 1 && info.gcp_count == 0 && info.file_size == 237114);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_info(NULL, &info, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_info(dataset, NULL, &err));
    CHECK(cog_info(dataset, NULL, NULL) == COG_ERR_INVALID_ARGUMENT);

    EXPECT(COG_OK, cog_level_count(dataset, &count, &err));
    CHECK(count == 3);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_level_count(NULL, &count, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_level_count(dataset, NULL, &err));
    level.struct_size = sizeof level;
    EXPECT(COG_OK, cog_level_info(dataset, 1, &level, &err));
    CHECK(level.width == 512 && level.height == 384 && level.tile_width == 256 && level.tile_height == 256);
    CHECK(level.tiles_across == 2 && level.tiles_down == 2 && level.tiled == 1 && level.has_mask == 1 && level.compression == 7);
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_level_info(dataset, 3, &level, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_level_info(dataset, UINT32_MAX, &level, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_level_info(NULL, 0, &level, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_level_info(dataset, 0, NULL, &err));

    band.struct_size = sizeof band;
    EXPECT(COG_OK, cog_band_info(dataset, 2, &band, &err));
    CHECK(band.dtype == COG_UINT8 && band.scale == 1 && band.offset == 0 && strcmp(band.color_interpretation, "green") == 0);
    CHECK(strcmp(band.unit, "") == 0 && strcmp(band.description, "") == 0);
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_band_info(dataset, 0, &band, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_band_info(dataset, 4, &band, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_band_info(NULL, 1, &band, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_band_info(dataset, 1, NULL, &err));
    CHECK(cog_crs_epsg(NULL) == 0);
    cog_free(dataset);

    dataset = open_fixture("nodata_int16.tif");
    EXPECT(COG_OK, cog_info(dataset, &info, &err));
    CHECK(info.has_nodata == 1 && info.nodata == -9999 && info.dtype == COG_INT16 && info.bands == 2);
    cog_free(dataset);
    dataset = open_fixture("type_float64_none_tile_be_big.tif");
    EXPECT(COG_OK, cog_info(dataset, &info, &err));
    CHECK(info.big_endian == 1 && info.big_tiff == 1 && info.compression == 1 && info.dtype == COG_FLOAT64);
    cog_free(dataset);
}

static void a_place_on_earth_is_described(void) {
    cog_dataset *dataset = open_fixture("demo.tif");
    double t[6], bounds[4];
    EXPECT(COG_OK, cog_geotransform(dataset, 0, t, &err));
    CHECK(t[0] == 412000 && t[1] == 30 && t[2] == 0 && t[3] == 5281000 && t[4] == 0 && t[5] == -30);
    EXPECT(COG_OK, cog_geotransform(dataset, 2, t, &err));
    CHECK(t[0] == 412000 && t[1] == 120 && t[5] == -120);
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_geotransform(dataset, 3, t, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_geotransform(NULL, 0, t, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_geotransform(dataset, 0, NULL, &err));
    EXPECT(COG_OK, cog_bounds(dataset, bounds, &err));
    CHECK(bounds[0] == 412000 && bounds[1] == 5257960 && bounds[2] == 442720 && bounds[3] == 5281000);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_bounds(NULL, bounds, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_bounds(dataset, NULL, &err));
    cog_free(dataset);
    dataset = open_fixture("no_georeference.tif");
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_geotransform(dataset, 0, t, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_bounds(dataset, bounds, &err));
    CHECK(cog_crs_epsg(dataset) == 0);
    cog_free(dataset);
}

static void crs_texts_are_refused_for_now(void) {
    cog_dataset *dataset = open_fixture("demo.tif");
    char *text = NULL;
    size_t len = 0;
    EXPECT(COG_ERR_UNSUPPORTED, cog_crs_wkt(dataset, &text, &len, &err));
    EXPECT(COG_ERR_UNSUPPORTED, cog_crs_wkt(dataset, &text, NULL, &err));
    EXPECT(COG_ERR_UNSUPPORTED, cog_crs_projjson(dataset, &text, &len, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_crs_wkt(NULL, &text, &len, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_crs_projjson(NULL, &text, &len, &err));
    CHECK(text == NULL);
    cog_free(dataset);
    dataset = open_fixture("no_georeference.tif");
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_crs_wkt(dataset, &text, &len, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_crs_projjson(dataset, &text, &len, &err));
    cog_free(dataset);
}

static void a_palette_is_read(void) {
    cog_dataset *dataset = open_fixture("palette.tif");
    uint8_t rgba[257 * 4];
    size_t count = 0;
    EXPECT(COG_OK, cog_colormap(dataset, NULL, 0, &count, &err));
    CHECK(count == 256);
    memset(rgba, 0xAA, sizeof rgba);
    EXPECT(COG_ERR_BUFFER_TOO_SMALL, cog_colormap(dataset, rgba, 255, &count, &err));
    CHECK(rgba[0] == 0xAA && count == 256);
    EXPECT(COG_OK, cog_colormap(dataset, rgba, 256, &count, &err));
    CHECK(rgba[3] == 255 && rgba[256 * 4] == 0xAA);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_colormap(dataset, NULL, 256, &count, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_colormap(dataset, rgba, 256, NULL, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_colormap(NULL, rgba, 256, &count, &err));
    cog_free(dataset);
    dataset = open_fixture("demo.tif");
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_colormap(dataset, rgba, 256, &count, &err));
    cog_free(dataset);
}

static void the_description_is_json(void) {
    static const char *const keys[] = {"file",         "width",  "height",  "count",  "dtype",        "transform", "bounds",  "crs_epsg",
                                       "crs_wkt",      "nodata", "compress", "tiled",  "photometric",  "interleave", "scales",  "offsets",
                                       "colorinterp",  "units",  "tags",    "levels", "descriptions", "band_tags", "colormap", "overviews",
                                       "mask_flags",   "ghost",  "ifds"};
    cog_dataset *dataset = open_fixture("demo.tif");
    char *text = NULL, key[40];
    size_t len = 0, i;
    EXPECT(COG_OK, cog_metadata_json(dataset, &text, &len, &err));
    NEED(text != NULL);
    CHECK(strlen(text) == len && text[0] == '{' && text[len - 1] == '}');
    for (i = 0; i < sizeof keys / sizeof *keys; i++) {
        snprintf(key, sizeof key, "\"%s\":", keys[i]);
        check_that(strstr(text, key) != NULL, keys[i], __LINE__);
    }
    cog_buffer_free(text);
    EXPECT(COG_OK, cog_metadata_json(dataset, &text, NULL, &err));
    cog_buffer_free(text);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_metadata_json(dataset, NULL, &len, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_metadata_json(NULL, &text, &len, &err));
    cog_free(dataset);
}

/* A struct of an older header (shorter), of a newer one (longer), and of nonsense. */
static void structs_may_have_other_sizes(void) {
    cog_dataset *dataset = open_fixture("demo.tif");
    struct {
        cog_dataset_info info;
        uint64_t added[2];
    } newer;
    cog_dataset_info older;
    cog_stats stats;
    cog_tag tag;
    cog_level_description level;
    cog_band_description band;
    static const size_t wrong[] = {0, 1, sizeof(size_t) - 1, 1 << 17, SIZE_MAX};
    size_t i;
    memset(&newer, 0xAA, sizeof newer);
    newer.info.struct_size = sizeof newer;
    EXPECT(COG_OK, cog_info(dataset, &newer.info, &err));
    CHECK(newer.info.width == 1024 && newer.info.struct_size == sizeof newer && newer.added[0] == 0 && newer.added[1] == 0);
    memset(&older, 0xAA, sizeof older);
    older.struct_size = offsetof(cog_dataset_info, height);
    EXPECT(COG_OK, cog_info(dataset, &older, &err));
    CHECK(older.width == 1024 && older.height == UINT64_C(0xAAAAAAAAAAAAAAAA) && older.struct_size == offsetof(cog_dataset_info, height));
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        older.struct_size = stats.struct_size = tag.struct_size = level.struct_size = band.struct_size = wrong[i];
        EXPECT(COG_ERR_INVALID_ARGUMENT, cog_info(dataset, &older, &err));
        EXPECT(COG_ERR_INVALID_ARGUMENT, cog_stats_get(dataset, &stats, &err));
        EXPECT(COG_ERR_INVALID_ARGUMENT, cog_tag_at(dataset, 0, 0, &tag, &err));
        EXPECT(COG_ERR_INVALID_ARGUMENT, cog_tag_find(dataset, 0, 256, &tag, &err));
        EXPECT(COG_ERR_INVALID_ARGUMENT, cog_level_info(dataset, 0, &level, &err));
        EXPECT(COG_ERR_INVALID_ARGUMENT, cog_band_info(dataset, 1, &band, &err));
    }
    cog_free(dataset);
}

static void tags_are_listed(void) {
    cog_dataset *dataset = open_fixture("demo.tif");
    uint32_t ifds = 0, count = 0, i;
    cog_tag tag;
    cog_value_kind kind = 0;
    void *value = NULL;
    size_t n = 0;
    tag.struct_size = sizeof tag;
    EXPECT(COG_OK, cog_ifd_count(dataset, &ifds, &err));
    CHECK(ifds == 6);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_ifd_count(NULL, &ifds, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_ifd_count(dataset, NULL, &err));
    EXPECT(COG_OK, cog_tag_count(dataset, 0, &count, &err));
    CHECK(count == 19);
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_tag_count(dataset, ifds, &count, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_tag_count(NULL, 0, &count, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_tag_count(dataset, 0, NULL, &err));
    for (i = 0; i < count; i++) {
        EXPECT(COG_OK, cog_tag_at(dataset, 0, i, &tag, &err));
        EXPECT(COG_OK, cog_tag_value(dataset, 0, tag.code, &kind, &value, &n, &err));
        CHECK(kind >= COG_VALUE_UNSIGNED && kind <= COG_VALUE_BYTES);
        CHECK(kind == COG_VALUE_TEXT || n == tag.count);
        cog_buffer_free(value);
    }
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_tag_at(dataset, 0, count, &tag, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_tag_at(dataset, 99, 0, &tag, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_tag_at(NULL, 0, 0, &tag, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_tag_at(dataset, 0, 0, NULL, &err));

    EXPECT(COG_OK, cog_tag_find(dataset, 0, 256, &tag, &err));
    CHECK(tag.code == 256 && tag.count == 1 && tag.length == 2 && tag.field_type == 3);
    CHECK(strcmp(tag.name, "ImageWidth") == 0 && strcmp(tag.type_name, "SHORT") == 0);
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_tag_find(dataset, 0, 65000, &tag, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_tag_find(dataset, 99, 256, &tag, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_tag_find(NULL, 0, 256, &tag, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_tag_find(dataset, 0, 256, NULL, &err));

    EXPECT(COG_OK, cog_tag_value(dataset, 0, 33550, &kind, &value, &n, &err));
    CHECK(kind == COG_VALUE_REAL && n == 3 && ((double *)value)[0] == 30);
    cog_buffer_free(value);
    EXPECT(COG_OK, cog_tag_value(dataset, 0, 34737, &kind, &value, &n, &err));
    CHECK(kind == COG_VALUE_TEXT && strncmp(value, "WGS 84", 6) == 0 && strlen(value) <= n);
    cog_buffer_free(value);
    EXPECT(COG_OK, cog_tag_value(dataset, 0, 347, &kind, &value, &n, &err));
    CHECK(kind == COG_VALUE_BYTES && n == 142 && ((uint8_t *)value)[0] == 0xFF && ((uint8_t *)value)[1] == 0xD8);
    cog_buffer_free(value);
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_tag_value(dataset, 0, 65000, &kind, &value, &n, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_tag_value(dataset, 99, 256, &kind, &value, &n, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_tag_value(NULL, 0, 256, &kind, &value, &n, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_tag_value(dataset, 0, 256, NULL, &value, &n, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_tag_value(dataset, 0, 256, &kind, NULL, &n, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_tag_value(dataset, 0, 256, &kind, &value, NULL, &err));
    cog_free(dataset);
}

/* ---- reading ---- */

enum { W = 301, H = 259, B = 3 };

static void layouts_hold_the_same_pixels(void) {
    cog_dataset *dataset = open_fixture("cog_rgb_deflate.tif");
    uint8_t *bsq = read_all(dataset, NULL), *other = malloc(W * H * B);
    cog_dst dst = packed(other, W * H * B);
    size_t x, y, b, different = 0;
    NEED(other != NULL);

    dst.pixel_stride = B; /* by pixel */
    dst.band_stride = 1;
    EXPECT(COG_OK, cog_read_window(dataset, NULL, &dst, &err));
    for (b = 0; b < B; b++) {
        for (y = 0; y < H; y++) {
            for (x = 0; x < W; x++) {
                different += other[(y * W + x) * B + b] != bsq[(b * H + y) * W + x];
            }
        }
    }
    CHECK(different == 0);

    dst.pixel_stride = 1; /* by line */
    dst.line_stride = W * B;
    dst.band_stride = W;
    memset(other, 0, W * H * B);
    EXPECT(COG_OK, cog_read_window(dataset, NULL, &dst, &err));
    for (b = 0; b < B; b++) {
        for (y = 0; y < H; y++) {
            different += memcmp(other + (y * B + b) * W, bsq + (b * H + y) * W, W) != 0;
        }
    }
    CHECK(different == 0);

    dst.pixel_stride = -1; /* all mirrored: the bytes in opposite order */
    dst.line_stride = -W;
    dst.band_stride = -W * H;
    memset(other, 0, W * H * B);
    EXPECT(COG_OK, cog_read_window(dataset, NULL, &dst, &err));
    for (x = 0; x < W * H * B; x++) {
        different += other[x] != bsq[W * H * B - 1 - x];
    }
    CHECK(different == 0);

    dst.pixel_stride = 0; /* bottom up */
    dst.line_stride = -W;
    dst.band_stride = W * H;
    memset(other, 0, W * H * B);
    EXPECT(COG_OK, cog_read_window(dataset, NULL, &dst, &err));
    for (b = 0; b < B; b++) {
        for (y = 0; y < H; y++) {
            different += memcmp(other + (b * H + H - 1 - y) * W, bsq + (b * H + y) * W, W) != 0;
        }
    }
    CHECK(different == 0);
    free(bsq);
    free(other);
    cog_free(dataset);
}

static void gaps_are_not_written(void) {
    cog_dataset *dataset = open_fixture("cog_rgb_deflate.tif");
    cog_read_params params = window(3, 5, 20, 10);
    uint8_t plain[20 * 10], gapped[10 * 50];
    uint32_t band = 2;
    cog_dst dst = packed(plain, sizeof plain);
    size_t x, y, touched = 0;
    params.bands = &band;
    params.band_count = 1;
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
    memset(gapped, 0xAA, sizeof gapped);
    dst = packed(gapped, sizeof gapped);
    dst.pixel_stride = 2;
    dst.line_stride = 50;
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
    for (y = 0; y < 10; y++) {
        for (x = 0; x < 50; x++) {
            touched += x < 40 && x % 2 == 0 ? gapped[y * 50 + x] != plain[y * 20 + x / 2] : gapped[y * 50 + x] != 0xAA;
        }
    }
    CHECK(touched == 0);
    cog_free(dataset);
}

static void a_small_buffer_is_refused_untouched(void) {
    cog_dataset *dataset = open_fixture("cog_rgb_deflate_mask.tif");
    const size_t len = W * H * B;
    uint8_t *to = malloc(len + 64), *mask = malloc(W * H + 64);
    cog_dst dst;
    cog_stats before, after;
    size_t i, touched = 0;
    NEED(to && mask);
    memset(to, 0xAA, len + 64);
    memset(mask, 0xAA, W * H + 64);
    before.struct_size = after.struct_size = sizeof before;
    EXPECT(COG_OK, cog_stats_get(dataset, &before, &err));
    dst = packed(to, len - 1);
    EXPECT(COG_ERR_BUFFER_TOO_SMALL, cog_read_window(dataset, NULL, &dst, &err));
    dst = packed(to, len);
    dst.mask = mask;
    dst.mask_len = W * H - 1;
    EXPECT(COG_ERR_BUFFER_TOO_SMALL, cog_read_window(dataset, NULL, &dst, &err));
    dst.mask_len = W * H;
    dst.line_stride = W + 1; /* needs H bytes more a band */
    EXPECT(COG_ERR_BUFFER_TOO_SMALL, cog_read_window(dataset, NULL, &dst, &err));
    dst.line_stride = 0;
    dst.dtype = COG_UINT16;
    EXPECT(COG_ERR_BUFFER_TOO_SMALL, cog_read_window(dataset, NULL, &dst, &err));
    dst = packed(to, 128 * 128 * B - 1);
    EXPECT(COG_ERR_BUFFER_TOO_SMALL, cog_get_tile(dataset, 0, 0, 0, NULL, &dst, &err));
    for (i = 0; i < len + 64; i++) {
        touched += to[i] != 0xAA;
    }
    for (i = 0; i < W * H + 64; i++) {
        touched += mask[i] != 0xAA;
    }
    CHECK(touched == 0);
    EXPECT(COG_OK, cog_stats_get(dataset, &after, &err));
    CHECK(after.tiles_decoded == before.tiles_decoded);

    dst = packed(to, len);
    dst.mask = mask;
    dst.mask_len = W * H;
    EXPECT(COG_OK, cog_read_window(dataset, NULL, &dst, &err));
    for (i = 0; i < 64; i++) {
        touched += to[len + i] != 0xAA || mask[W * H + i] != 0xAA;
    }
    CHECK(touched == 0);
    free(to);
    free(mask);
    cog_free(dataset);
}

static void nonsense_is_refused(void) {
    cog_dataset *dataset = open_fixture("cog_rgb_deflate.tif");
    static uint8_t to[W * H * B * 2];
    static const uint32_t bands[] = {0, 1}, beyond[] = {4};
    struct {
        cog_read_params params;
        uint64_t added;
    } newer;
    cog_read_params params = COG_READ_PARAMS_INIT;
    cog_dst dst = packed(to, sizeof to), bad;
    static const double windows[][4] = {{-1, 0, 10, 10}, {0, -1, 10, 10}, {292, 0, 10, 10},  {0, 250, 10, 10},   {0, 0, 302, 10},
                                        {0, 0, 10, 260}, {5, 5, 0, 0},    {1e300, 0, 1, 1},  {0, 0, 1e300, 1},   {301, 0, 1, 1},
                                        {0, 0, -5, 5},   {0, 0, 5, -5},   {0, 1e19, 1, 1},   {-1e19, 0, 1, 1},   {0, 0, 1, 0}};
    size_t i;
    uint64_t len = 77;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_window(NULL, NULL, &dst, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_window(dataset, NULL, NULL, &err));
    CHECK(cog_read_window(dataset, NULL, NULL, NULL) == COG_ERR_INVALID_ARGUMENT);
    for (i = 0; i < sizeof windows / sizeof *windows; i++) {
        cog_status status;
        params = window(windows[i][0], windows[i][1], windows[i][2], windows[i][3]);
        status = cog_read_window(dataset, &params, &dst, &err);
        CHECK(status == COG_ERR_OUT_OF_BOUNDS || status == COG_ERR_INVALID_ARGUMENT);
        cog_error_free(err);
        err = NULL;
    }
    params = window(NAN, 0, 1, 1);
    CHECK(cog_read_window(dataset, &params, &dst, NULL) != COG_OK);
    params = window(0, 0, INFINITY, 1);
    CHECK(cog_read_window(dataset, &params, &dst, NULL) != COG_OK);
    params = window(0, 0, NAN, NAN);
    CHECK(cog_read_window(dataset, &params, &dst, NULL) != COG_OK);

#define REFUSED(wanted, field, value)                                      \
    params = window(0, 0, 10, 10);                                         \
    params.field = value;                                                  \
    EXPECT(wanted, cog_read_window(dataset, &params, &dst, &err));         \
    EXPECT(wanted, cog_read_size(dataset, &params, NULL, NULL, NULL, &len, &err))
    REFUSED(COG_ERR_OUT_OF_BOUNDS, level, 3);
    REFUSED(COG_ERR_OUT_OF_BOUNDS, level, INT32_MAX);
    REFUSED(COG_ERR_INVALID_ARGUMENT, level, -2);
    REFUSED(COG_ERR_INVALID_ARGUMENT, level, INT32_MIN);
    REFUSED(COG_ERR_INVALID_ARGUMENT, out_width, -1);
    REFUSED(COG_ERR_INVALID_ARGUMENT, out_height, INT64_MIN);
    REFUSED(COG_ERR_INVALID_ARGUMENT, resampling, 9);
    REFUSED(COG_ERR_INVALID_ARGUMENT, resampling, -1);
    REFUSED(COG_ERR_UNSUPPORTED, flags, 1);
    REFUSED(COG_ERR_UNSUPPORTED, fill, 1.5);
    REFUSED(COG_ERR_INVALID_ARGUMENT, band_count, 1);
    REFUSED(COG_ERR_INVALID_ARGUMENT, struct_size, 0);
    REFUSED(COG_ERR_INVALID_ARGUMENT, struct_size, 7);
    REFUSED(COG_ERR_INVALID_ARGUMENT, struct_size, 1 << 20);
#undef REFUSED
    CHECK(len == 77);
    params = window(0, 0, 10, 10);
    params.bands = bands;
    params.band_count = 2;
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_read_window(dataset, &params, &dst, &err));
    params.bands = beyond;
    params.band_count = 1;
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_read_window(dataset, &params, &dst, &err));
    params.band_count = 0;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_window(dataset, &params, &dst, &err));
    params.band_count = SIZE_MAX;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_window(dataset, &params, &dst, &err));

    memset(&newer, 0, sizeof newer);
    newer.params = window(0, 0, 10, 10);
    newer.params.struct_size = sizeof newer;
    EXPECT(COG_OK, cog_read_window(dataset, &newer.params, &dst, &err));
    newer.added = 1;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_window(dataset, &newer.params, &dst, &err));
    params = window(0, 0, 10, 10);
    params.struct_size = offsetof(cog_read_params, out_width); /* an older header, with the level and nothing after it */
    params.out_width = -1;
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));

    params = window(0, 0, 10, 10);
#define REFUSED(field, value)          \
    bad = packed(to, sizeof to);       \
    bad.field = value;                 \
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_window(dataset, &params, &bad, &err)); \
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_get_tile(dataset, 0, 0, 0, NULL, &bad, &err))
    REFUSED(data, NULL);
    REFUSED(dtype, -1);
    REFUSED(dtype, COG_CFLOAT64 + 1);
    REFUSED(dtype, INT32_MAX);
    REFUSED(struct_size, 0);
    REFUSED(struct_size, 1 << 20);
    REFUSED(len, SIZE_MAX);
    REFUSED(line_stride, 1); /* rows overlap */
    REFUSED(band_stride, 1); /* bands overlap */
#undef REFUSED
    bad = packed(to, sizeof to);
    bad.line_stride = INT64_MAX;
    CHECK(cog_read_window(dataset, &params, &bad, NULL) != COG_OK);
    bad.line_stride = INT64_MIN;
    CHECK(cog_read_window(dataset, &params, &bad, NULL) != COG_OK);
    bad.line_stride = 0;
    bad.pixel_stride = INT64_MIN;
    CHECK(cog_read_window(dataset, &params, &bad, NULL) != COG_OK);
    cog_free(dataset);
}

static void windows_lie_where_they_should(void) {
    cog_dataset *dataset = open_fixture("cog_rgb_deflate.tif");
    uint8_t *all = read_all(dataset, NULL), part[64 * 64 * B];
    static const int windows[][4] = {{0, 0, 1, 1},      {300, 258, 1, 1}, {0, 0, 64, 64},    {127, 127, 2, 2}, {100, 100, 60, 60},
                                     {237, 195, 64, 64}, {128, 128, 64, 64}, {0, 258, 64, 1}, {300, 0, 1, 64}};
    size_t i, different = 0;
    int y, b;
    for (i = 0; i < sizeof windows / sizeof *windows; i++) {
        const int *w = windows[i];
        cog_read_params params = window(w[0], w[1], w[2], w[3]);
        cog_dst dst = packed(part, sizeof part);
        uint64_t width = 0, height = 0, len = 0;
        cog_dtype dtype = 0;
        EXPECT(COG_OK, cog_read_size(dataset, &params, &width, &height, &dtype, &len, &err));
        CHECK(width == (uint64_t)w[2] && height == (uint64_t)w[3] && dtype == COG_UINT8 && len == width * height * B);
        EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
        for (b = 0; b < B; b++) {
            for (y = 0; y < w[3]; y++) {
                different += memcmp(part + (b * w[3] + y) * w[2], all + (b * H + w[1] + y) * W + w[0], (size_t)w[2]) != 0;
            }
        }
    }
    CHECK(different == 0);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_size(NULL, NULL, NULL, NULL, NULL, NULL, &err));
    EXPECT(COG_OK, cog_read_size(dataset, NULL, NULL, NULL, NULL, NULL, &err));
    free(all);
    cog_free(dataset);
}

static void bands_come_in_any_order(void) {
    cog_dataset *dataset = open_fixture("cog_rgb_deflate.tif");
    uint8_t *all = read_all(dataset, NULL), *some = malloc(W * H * 4);
    static const uint32_t bands[] = {3, 1, 1, 2};
    cog_read_params params = COG_READ_PARAMS_INIT;
    cog_dst dst = packed(some, W * H * 4);
    size_t i;
    NEED(some != NULL);
    params.bands = bands;
    params.band_count = 4;
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
    for (i = 0; i < 4; i++) {
        CHECK(memcmp(some + i * W * H, all + (bands[i] - 1) * W * H, W * H) == 0);
    }
    free(all);
    free(some);
    cog_free(dataset);
}

static double clamp(double value, double low, double high) {
    return value < low ? low : value > high ? high : value;
}

static void samples_are_converted(void) {
    cog_dataset *dataset = open_fixture("cog_int16_deflate_nodata.tif");
    const size_t n = W * H;
    int16_t *own = (int16_t *)(void *)read_all(dataset, NULL);
    void *to = malloc(n * 16);
    cog_dst dst = packed(to, n * 16);
    size_t i, different = 0;
    NEED(to != NULL);
#define SAME(code, type, low, high)                                                  \
    dst.dtype = code;                                                                \
    EXPECT(COG_OK, cog_read_window(dataset, NULL, &dst, &err));                      \
    for (i = 0; i < n; i++) {                                                        \
        different += ((type *)to)[i] != (type)clamp((double)own[i], low, high);      \
    }                                                                                \
    CHECK(different == 0)
    SAME(COG_UINT8, uint8_t, 0, 255);
    SAME(COG_INT8, int8_t, -128, 127);
    SAME(COG_UINT16, uint16_t, 0, 65535);
    SAME(COG_INT16, int16_t, -32768, 32767);
    SAME(COG_UINT32, uint32_t, 0, 4e9);
    SAME(COG_INT32, int32_t, -32768, 32767);
    SAME(COG_UINT64, uint64_t, 0, 4e9);
    SAME(COG_INT64, int64_t, -32768, 32767);
    SAME(COG_FLOAT32, float, -32768, 32767);
    SAME(COG_FLOAT64, double, -32768, 32767);
#undef SAME
    dst.dtype = COG_CFLOAT32;
    EXPECT(COG_OK, cog_read_window(dataset, NULL, &dst, &err));
    for (i = 0; i < n; i++) {
        different += ((float *)to)[2 * i] != (float)own[i] || ((float *)to)[2 * i + 1] != 0;
    }
    CHECK(different == 0);
    dst.dtype = COG_FLOAT16;
    EXPECT(COG_OK, cog_read_window(dataset, NULL, &dst, &err));
    /* Unaligned memory is allowed. */
    dst = packed((char *)to + 1, n * 8);
    dst.dtype = COG_FLOAT64;
    EXPECT(COG_OK, cog_read_window(dataset, NULL, &dst, &err));
    for (i = 0; i < n; i++) {
        double value;
        memcpy(&value, (char *)to + 1 + i * 8, 8);
        different += value != own[i];
    }
    CHECK(different == 0);
    free(own);
    free(to);
    cog_free(dataset);
}

static void masks_say_what_is_valid(void) {
    cog_dataset *dataset = open_fixture("cog_int16_deflate_nodata.tif");
    const size_t n = W * H;
    int16_t *to = malloc(n * 2);
    uint8_t *mask = malloc(n), *flipped = malloc(n);
    cog_dst dst = packed(to, n * 2);
    cog_read_params params = COG_READ_PARAMS_INIT;
    size_t i, different = 0, valid = 0;
    NEED(to && mask && flipped);
    dst.mask = mask;
    dst.mask_len = n;
    EXPECT(COG_OK, cog_read_window(dataset, NULL, &dst, &err));
    for (i = 0; i < n; i++) {
        different += mask[i] != (to[i] == -9999 ? 0 : 255);
        valid += mask[i] == 255;
    }
    CHECK(different == 0 && valid > 0 && valid < n);
    dst.mask = flipped;
    dst.mask_line_stride = -W;
    EXPECT(COG_OK, cog_read_window(dataset, NULL, &dst, &err));
    for (i = 0; i < H; i++) {
        different += memcmp(flipped + i * W, mask + (H - 1 - i) * W, W) != 0;
    }
    CHECK(different == 0);
    dst.mask_line_stride = W - 1; /* rows overlap */
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_window(dataset, NULL, &dst, &err));
    cog_free(dataset);

    /* An internal mask, also of an overview. */
    dataset = open_fixture("demo.tif");
    params.level = 2;
    free(mask);
    mask = malloc(256 * 192);
    dst = packed(NULL, 0);
    dst.data = malloc(256 * 192 * 3);
    dst.len = 256 * 192 * 3;
    dst.mask = mask;
    dst.mask_len = 256 * 192;
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
    for (i = valid = 0; i < 256 * 192; i++) {
        different += mask[i] != 0 && mask[i] != 255;
        valid += mask[i] == 255;
    }
    CHECK(different == 0 && valid > 0 && valid < 256 * 192);
    free(dst.data);
    cog_free(dataset);
    free(to);
    free(mask);
    free(flipped);
}

static void a_result_may_have_another_size(void) {
    cog_dataset *dataset = open_fixture("demo.tif");
    cog_read_params params = COG_READ_PARAMS_INIT;
    uint64_t width = 0, height = 0, len = 0;
    uint8_t *overview = malloc(512 * 384 * 3), *chosen = malloc(512 * 384 * 3);
    cog_dst dst = packed(overview, 512 * 384 * 3);
    NEED(overview && chosen);
    params.level = 1;
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
    params.level = -1;
    params.out_width = 512;
    params.out_height = 384;
    EXPECT(COG_OK, cog_read_size(dataset, &params, &width, &height, NULL, &len, &err));
    CHECK(width == 512 && height == 384 && len == 512 * 384 * 3);
    dst.data = chosen;
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
    CHECK(memcmp(overview, chosen, 512 * 384 * 3) == 0);
    params.resampling = COG_BILINEAR;
    params.out_width = 300;
    EXPECT(COG_ERR_UNSUPPORTED, cog_read_window(dataset, &params, &dst, &err));
    free(overview);
    free(chosen);
    cog_free(dataset);
}

static void tiles_are_whole(void) {
    cog_dataset *dataset = open_fixture("cog_rgb_deflate.tif");
    uint8_t *all = read_all(dataset, NULL), *stored = NULL, tile[128 * 128 * B], mask[128 * 128];
    static const uint32_t third = 3;
    cog_read_params params = COG_READ_PARAMS_INIT;
    cog_dst dst = packed(tile, sizeof tile);
    size_t y, x, b, different = 0, len = 0;
    dst.mask = mask;
    dst.mask_len = sizeof mask;
    /* The last one: 301 = 2 * 128 + 45, 259 = 2 * 128 + 3. */
    EXPECT(COG_OK, cog_get_tile(dataset, 2, 2, 0, NULL, &dst, &err));
    for (y = 0; y < 128; y++) {
        for (x = 0; x < 128; x++) {
            int inside = x < 45 && y < 3;
            different += mask[y * 128 + x] != (inside ? 255 : 0);
            for (b = 0; inside && b < B; b++) {
                different += tile[(b * 128 + y) * 128 + x] != all[(b * H + 256 + y) * W + 256 + x];
            }
        }
    }
    CHECK(different == 0);
    params.bands = &third;
    params.band_count = 1;
    params.x = 4711; /* does not count */
    dst.len = 128 * 128;
    EXPECT(COG_OK, cog_get_tile(dataset, 1, 0, 0, &params, &dst, &err));
    for (y = 0; y < 128; y++) {
        different += memcmp(tile + y * 128, all + (2 * H + y) * W + 128, 128) != 0;
    }
    CHECK(different == 0);
    dst.len = sizeof tile;
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_get_tile(dataset, 3, 0, 0, NULL, &dst, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_get_tile(dataset, 0, 3, 0, NULL, &dst, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_get_tile(dataset, UINT64_MAX, UINT64_MAX, 0, NULL, &dst, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_get_tile(dataset, 0, 0, 3, NULL, &dst, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_get_tile(dataset, 0, 0, UINT32_MAX, NULL, &dst, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_get_tile(NULL, 0, 0, 0, NULL, &dst, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_get_tile(dataset, 0, 0, 0, NULL, NULL, &err));

    EXPECT(COG_OK, cog_get_tile_bytes(dataset, 1, 1, 0, &stored, &len, &err));
    CHECK(len > 100 && len < sizeof tile && stored[0] == 0x78); /* zlib */
    cog_buffer_free(stored);
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_get_tile_bytes(dataset, 3, 0, 0, &stored, &len, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_get_tile_bytes(dataset, 0, UINT64_MAX, 0, &stored, &len, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_get_tile_bytes(dataset, 0, 0, 9, &stored, &len, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_get_tile_bytes(NULL, 0, 0, 0, &stored, &len, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_get_tile_bytes(dataset, 0, 0, 0, NULL, &len, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_get_tile_bytes(dataset, 0, 0, 0, &stored, NULL, &err));
    cog_free(dataset);
    free(all);

    /* Some block of a sparse file is not stored; a planar file has a row of tiles for each plane. */
    dataset = open_fixture("cog_sparse.tif");
    for (y = different = 0; y < 3; y++) {
        for (x = 0; x < 3; x++) {
            EXPECT(COG_OK, cog_get_tile_bytes(dataset, x, y, 0, &stored, &len, &err));
            different += len == 0;
            cog_buffer_free(stored);
        }
    }
    CHECK(different > 0 && different < 9);
    cog_free(dataset);
    dataset = open_fixture("type_uint8_deflate_p2_tile_planar.tif"); /* 3 bands, 3 x 4 tiles */
    EXPECT(COG_OK, cog_get_tile_bytes(dataset, 2, 11, 0, &stored, &len, &err));
    CHECK(len > 0);
    cog_buffer_free(stored);
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_get_tile_bytes(dataset, 2, 12, 0, &stored, &len, &err));
    cog_free(dataset);
}

static void work_is_counted(void) {
    cog_dataset *dataset = open_fixture("cog_rgb_deflate.tif");
    cog_stats stats, total;
    uint8_t *pixels = read_all(dataset, NULL);
    memset(&stats, 0, sizeof stats);
    stats.struct_size = total.struct_size = sizeof stats;
    EXPECT(COG_OK, cog_stats_get(dataset, &stats, &err));
    CHECK(stats.tiles_decoded == 9 && stats.requests >= 1 && stats.bytes > 0 && stats.header_bytes > 0 && stats.retries == 0);
    EXPECT(COG_OK, cog_stats_get(NULL, &total, &err));
    CHECK(total.tiles_decoded >= stats.tiles_decoded && total.bytes >= stats.bytes);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_stats_get(dataset, NULL, &err));
    free(pixels);
    cog_free(dataset);
    {
        cog_stats after;
        after.struct_size = sizeof after;
        EXPECT(COG_OK, cog_stats_get(NULL, &after, &err));
        CHECK(after.bytes >= total.bytes && after.tiles_decoded >= total.tiles_decoded);
    }
}

/* ---- readers ---- */

typedef struct {
    const uint8_t *bytes;
    size_t len;
    pthread_mutex_t lock;
    int sizes, reads, closes;
    size_t largest_batch;
    cog_status size_status, read_status; /* what the functions return */
    long delay_ms;
    int wrong;           /* ranges that no reader should be asked for */
    cog_dataset *inside; /* called from within read_ranges */
    cog_status inside_open, inside_read, inside_stats, inside_shutdown;
} test_reader;

static cog_status reader_size(void *user_data, uint64_t *size) {
    test_reader *r = user_data;
    pthread_mutex_lock(&r->lock);
    r->sizes++;
    pthread_mutex_unlock(&r->lock);
    *size = r->len;
    return r->size_status;
}

static cog_status reader_read(void *user_data, const cog_range *ranges, size_t count) {
    test_reader *r = user_data;
    size_t i;
    if (r->delay_ms) {
        wait_ms(r->delay_ms);
    }
    pthread_mutex_lock(&r->lock);
    r->reads++;
    r->largest_batch = count > r->largest_batch ? count : r->largest_batch;
    for (i = 0; i < count; i++) {
        if (ranges[i].length == 0 || ranges[i].offset > r->len || ranges[i].length > r->len - ranges[i].offset) {
            r->wrong++;
        } else {
            memcpy(ranges[i].destination, r->bytes + ranges[i].offset, ranges[i].length);
        }
    }
    pthread_mutex_unlock(&r->lock);
    if (r->inside) {
        cog_dataset *other = NULL;
        cog_stats stats;
        uint8_t byte;
        cog_dst dst = packed(&byte, 1);
        cog_read_params params = window(0, 0, 1, 1);
        static const uint32_t one = 1;
        params.bands = &one;
        params.band_count = 1;
        stats.struct_size = sizeof stats;
        r->inside_open = cog_open_memory(r->bytes, r->len, 0, NULL, &other, NULL);
        r->inside_read = cog_read_window(r->inside, &params, &dst, NULL);
        r->inside_stats = cog_stats_get(r->inside, &stats, NULL);
        r->inside_shutdown = cog_shutdown(0, NULL);
    }
    return r->read_status;
}

static void reader_close(void *user_data) {
    test_reader *r = user_data;
    pthread_mutex_lock(&r->lock);
    r->closes++;
    pthread_mutex_unlock(&r->lock);
}

static void reader_init(test_reader *r, const uint8_t *bytes, size_t len) {
    memset(r, 0, sizeof *r);
    r->bytes = bytes;
    r->len = len;
    pthread_mutex_init(&r->lock, NULL);
}

static cog_reader reader_functions(test_reader *r) {
    cog_reader reader;
    reader.struct_size = sizeof reader;
    reader.size = reader_size;
    reader.read_ranges = reader_read;
    reader.close = reader_close;
    reader.user_data = r;
    return reader;
}

static int closes_of(test_reader *r) {
    int closes;
    pthread_mutex_lock(&r->lock);
    closes = r->closes;
    pthread_mutex_unlock(&r->lock);
    return closes;
}

static void a_reader_is_read_in_batches(void) {
    size_t len, pixels_len;
    uint8_t *bytes = load("cog_64_blocks.tif", &len), *expected, *got;
    cog_dataset *file = open_fixture("cog_64_blocks.tif"), *dataset = NULL;
    test_reader r;
    cog_reader reader;
    cog_options *options = cog_options_new();
    reader_init(&r, bytes, len);
    reader = reader_functions(&r);
    EXPECT(COG_OK, cog_options_set(options, "io.merge_ranges", "FALSE", &err));
    EXPECT(COG_OK, cog_open_reader(&reader, options, &dataset, &err));
    NEED(dataset != NULL);
    memset(&reader, 0, sizeof reader); /* it was copied */
    CHECK(r.sizes == 1 && r.reads == 1);
    expected = read_all(file, &pixels_len);
    got = read_all(dataset, NULL);
    CHECK(memcmp(expected, got, pixels_len) == 0);
    CHECK(r.sizes == 1 && r.wrong == 0 && r.largest_batch > 1);
    cog_retain(dataset);
    cog_free(dataset);
    CHECK(closes_of(&r) == 0);
    cog_free(dataset);
    CHECK(closes_of(&r) == 1);

    reader = reader_functions(&r); /* close may be missing */
    reader.close = NULL;
    EXPECT(COG_OK, cog_open_reader(&reader, NULL, &dataset, &err));
    cog_free(dataset);
    CHECK(closes_of(&r) == 1);
    cog_options_free(options);
    cog_free(file);
    free(expected);
    free(got);
    free(bytes);
}

static void a_readers_failures_are_passed_on(void) {
    static const cog_status statuses[] = {COG_ERR_NOT_FOUND, COG_ERR_PERMISSION_DENIED, COG_ERR_IO, COG_ERR_TIMEOUT, COG_ERR_CANCELLED, COG_ERR_MODIFIED};
    size_t len, i;
    uint8_t *bytes = load("cog_64_blocks.tif", &len), byte[64];
    cog_dst dst = packed(byte, sizeof byte);
    cog_read_params params = window(290, 250, 4, 4);
    cog_dataset *dataset = NULL;
    test_reader r;
    cog_reader reader;
    for (i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        reader_init(&r, bytes, len);
        reader = reader_functions(&r);
        r.size_status = statuses[i];
        EXPECT(statuses[i], cog_open_reader(&reader, NULL, &dataset, &err));
        CHECK(dataset == NULL && closes_of(&r) == 1 && r.reads == 0);
        reader_init(&r, bytes, len);
        r.read_status = statuses[i];
        EXPECT(statuses[i], cog_open_reader(&reader, NULL, &dataset, &err));
        CHECK(dataset == NULL && closes_of(&r) == 1);
        reader_init(&r, bytes, len);
        EXPECT(COG_OK, cog_open_reader(&reader, NULL, &dataset, &err));
        r.read_status = statuses[i];
        EXPECT(statuses[i], cog_read_window(dataset, &params, &dst, &err));
        r.read_status = COG_OK; /* the handle stays usable */
        EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
        cog_free(dataset);
        CHECK(closes_of(&r) == 1);
    }
    /* What is no status is a failure all the same. */
    reader_init(&r, bytes, len);
    r.read_status = 4711;
    CHECK(cog_open_reader(&reader, NULL, &dataset, NULL) != COG_OK);
    CHECK(closes_of(&r) == 1);
    reader_init(&r, bytes, 0);
    EXPECT(COG_ERR_FORMAT, cog_open_reader(&reader, NULL, &dataset, &err));
    CHECK(closes_of(&r) == 1);
    reader_init(&r, (const uint8_t *)"no TIFF at all", 14);
    EXPECT(COG_ERR_FORMAT, cog_open_reader(&reader, NULL, &dataset, &err));
    CHECK(closes_of(&r) == 1);
    /* The dataset's place is missing: the reader was taken, so it is closed. */
    reader_init(&r, bytes, len);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open_reader(&reader, NULL, NULL, &err));
    CHECK(closes_of(&r) == 1);
    /* The reader itself is refused, so it is not. */
    reader_init(&r, bytes, len);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open_reader(NULL, NULL, &dataset, &err));
    reader.size = NULL;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open_reader(&reader, NULL, &dataset, &err));
    reader = reader_functions(&r);
    reader.read_ranges = NULL;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open_reader(&reader, NULL, &dataset, &err));
    reader = reader_functions(&r);
    reader.struct_size = 0;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_open_reader(&reader, NULL, &dataset, &err));
    CHECK(closes_of(&r) == 0);
    free(bytes);
}

static void blocking_calls_are_refused_inside_a_reader(void) {
    size_t len;
    uint8_t *bytes = load("cog_64_blocks.tif", &len);
    cog_dataset *file = open_fixture("cog_64_blocks.tif"), *dataset = NULL;
    test_reader r;
    cog_reader reader;
    reader_init(&r, bytes, len);
    r.inside = file;
    reader = reader_functions(&r);
    EXPECT(COG_OK, cog_open_reader(&reader, NULL, &dataset, &err));
    CHECK(r.inside_open == COG_ERR_INVALID_ARGUMENT);
    CHECK(r.inside_read == COG_ERR_INVALID_ARGUMENT);
    CHECK(r.inside_shutdown == COG_ERR_INVALID_ARGUMENT);
    CHECK(r.inside_stats == COG_OK);
    cog_free(dataset);
    cog_free(file);
    free(bytes);
}

/* ---- stopping ---- */

static void a_fired_token_stops_calls(void) {
    cog_dataset *dataset = open_fixture("cog_rgb_deflate.tif"), *other = NULL;
    cog_cancel *cancel = cog_cancel_new(), *mine = cog_cancel_new();
    cog_options *options = cog_options_new();
    cog_read_params params = window(0, 0, 2, 2);
    uint8_t to[12];
    cog_dst dst = packed(to, sizeof to);
    uint32_t count;
    NEED(cancel && mine);
    params.cancel = cancel;
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
    cog_cancel_fire(cancel);
    cog_cancel_fire(cancel);
    EXPECT(COG_ERR_CANCELLED, cog_read_window(dataset, &params, &dst, &err));
    params.cancel = NULL;
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));

    EXPECT(COG_OK, cog_options_set_cancel(options, mine, &err));
    EXPECT(COG_OK, cog_open(data("cog_rgb_deflate.tif"), options, &other, &err));
    cog_cancel_fire(mine);
    cog_cancel_free(mine); /* the options and the handle have references of their own */
    EXPECT(COG_ERR_CANCELLED, cog_read_window(other, &params, &dst, &err));
    /* Overviews may be known by now or not; either way there is an answer. */
    CHECK(cog_level_count(other, &count, NULL) == COG_ERR_CANCELLED || count == 3);
    params.cancel = cog_cancel_new(); /* the call's token stands in the place of the options' */
    EXPECT(COG_OK, cog_read_window(other, &params, &dst, &err));
    cog_cancel_free(params.cancel);
    cog_free(other);
    EXPECT(COG_ERR_CANCELLED, cog_open(data("cog_rgb_deflate.tif"), options, &other, &err));
    CHECK(other == NULL);
    EXPECT(COG_OK, cog_options_set_cancel(options, NULL, &err));
    EXPECT(COG_OK, cog_open(data("cog_rgb_deflate.tif"), options, &other, &err));
    cog_free(other);
    cog_options_free(options);
    cog_cancel_free(cancel);
    cog_cancel_free(NULL);
    cog_cancel_fire(NULL);
    cog_free(dataset);
}

static void *fire_soon(void *cancel) {
    wait_ms(50);
    cog_cancel_fire(cancel);
    return NULL;
}

static void a_call_that_waits_is_stopped(void) {
    size_t len;
    uint8_t *bytes = load("cog_64_blocks.tif", &len), to[64];
    cog_dst dst = packed(to, sizeof to);
    cog_read_params params = window(290, 250, 4, 4);
    cog_dataset *dataset = NULL;
    test_reader r;
    cog_reader reader;
    pthread_t thread;
    double start;
    int i;
    reader_init(&r, bytes, len);
    reader = reader_functions(&r);
    EXPECT(COG_OK, cog_open_reader(&reader, NULL, &dataset, &err));
    r.delay_ms = 600;
    params.cancel = cog_cancel_new();
    NEED(pthread_create(&thread, NULL, fire_soon, params.cancel) == 0);
    start = now_ms();
    EXPECT(COG_ERR_CANCELLED, cog_read_window(dataset, &params, &dst, &err));
    CHECK(now_ms() - start < 500);
    pthread_join(thread, NULL);
    cog_cancel_free(params.cancel);
    params.cancel = NULL;
    params.timeout_ms = 50;
    start = now_ms();
    EXPECT(COG_ERR_TIMEOUT, cog_read_window(dataset, &params, &dst, &err));
    CHECK(now_ms() - start < 500);
    params.timeout_ms = 60000;
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
    cog_free(dataset);
    /* The functions that were left alone end first. */
    for (i = 0; i < 500 && closes_of(&r) == 0; i++) {
        wait_ms(10);
    }
    CHECK(closes_of(&r) == 1);
    free(bytes);
}

/* ---- log ---- */

typedef struct {
    pthread_mutex_t lock;
    int lines, highest, breaks;
    cog_dataset *inside;
    cog_status inside_open, inside_read, inside_json, inside_stats, inside_shutdown;
} test_log;

static void log_line(void *user_data, int32_t level, const char *message) {
    test_log *log = user_data;
    pthread_mutex_lock(&log->lock);
    log->lines++;
    log->highest = level > log->highest ? level : log->highest;
    log->breaks += strchr(message, '\n') != NULL || !*message;
    pthread_mutex_unlock(&log->lock);
    if (log->inside) {
        cog_dataset *dataset = NULL;
        uint8_t to[3];
        cog_dst dst = packed(to, sizeof to);
        cog_read_params params = window(0, 0, 1, 1);
        cog_stats stats;
        char *text = NULL;
        stats.struct_size = sizeof stats;
        log->inside_open = cog_open("/no/such", NULL, &dataset, NULL);
        log->inside_read = cog_read_window(log->inside, &params, &dst, NULL);
        log->inside_json = cog_metadata_json(log->inside, &text, NULL, NULL);
        log->inside_stats = cog_stats_get(log->inside, &stats, NULL);
        log->inside_shutdown = cog_shutdown(0, NULL);
    }
}

static void log_lines_reach_the_callback(void) {
    test_log log;
    cog_dataset *dataset, *inside = open_fixture("cog_rgb_deflate.tif");
    int lines;
    memset(&log, 0, sizeof log);
    pthread_mutex_init(&log.lock, NULL);
    EXPECT(COG_OK, cog_set_log_callback(log_line, &log, COG_LOG_DEBUG, &err));
    dataset = open_fixture("demo.tif");
    CHECK(log.lines > 0 && log.highest == COG_LOG_DEBUG && log.breaks == 0);
    cog_free(dataset);

    log.inside = inside;
    dataset = open_fixture("demo.tif");
    CHECK(log.inside_open == COG_ERR_INVALID_ARGUMENT || log.inside_open == COG_ERR_NOT_FOUND); /* a missing file is found out without waiting */
    CHECK(log.inside_read == COG_ERR_INVALID_ARGUMENT);
    CHECK(log.inside_json == COG_ERR_INVALID_ARGUMENT);
    CHECK(log.inside_shutdown == COG_ERR_INVALID_ARGUMENT);
    CHECK(log.inside_stats == COG_OK);
    cog_free(dataset);
    log.inside = NULL;

    EXPECT(COG_OK, cog_set_log_callback(log_line, &log, COG_LOG_OFF, &err));
    lines = log.lines;
    dataset = open_fixture("demo.tif");
    cog_free(dataset);
    EXPECT(COG_OK, cog_set_log_callback(NULL, NULL, COG_LOG_DEBUG, &err));
    dataset = open_fixture("demo.tif");
    cog_free(dataset);
    CHECK(log.lines == lines);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_set_log_callback(log_line, &log, 5, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_set_log_callback(log_line, &log, -1, &err));
    cog_free(inside);
}

/* ---- threads ---- */

enum { THREADS = 8, ROUNDS = 5 };

typedef struct {
    cog_dataset *dataset;
    const uint8_t *expected;
    size_t len;
    int different;
} test_thread;

static void *read_again_and_again(void *argument) {
    test_thread *t = argument;
    uint8_t *to = malloc(t->len);
    cog_dst dst = packed(to, t->len);
    int round;
    for (round = 0; round < ROUNDS; round++) {
        memset(to, 0, t->len);
        t->different += cog_read_window(t->dataset, NULL, &dst, NULL) != COG_OK || memcmp(to, t->expected, t->len) != 0;
    }
    free(to);
    cog_free(t->dataset);
    return NULL;
}

static void read_from_many_threads(cog_dataset *dataset) {
    test_thread threads[THREADS];
    pthread_t ids[THREADS];
    size_t len, i;
    uint8_t *expected = read_all(dataset, &len);
    for (i = 0; i < THREADS; i++) {
        threads[i].dataset = cog_retain(dataset);
        threads[i].expected = expected;
        threads[i].len = len;
        threads[i].different = 0;
        NEED(pthread_create(&ids[i], NULL, read_again_and_again, &threads[i]) == 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(ids[i], NULL);
        CHECK(threads[i].different == 0);
    }
    free(expected);
}

static void many_threads_read_one_handle(void) {
    size_t len;
    uint8_t *bytes = load("cog_64_blocks.tif", &len);
    cog_dataset *dataset = open_fixture("cog_rgb_jpeg_mask.tif");
    test_reader r;
    cog_reader reader;
    read_from_many_threads(dataset);
    cog_free(dataset);
    reader_init(&r, bytes, len);
    reader = reader_functions(&r);
    EXPECT(COG_OK, cog_open_reader(&reader, NULL, &dataset, &err));
    read_from_many_threads(dataset);
    cog_free(dataset);
    CHECK(closes_of(&r) == 1 && r.wrong == 0);
    free(bytes);
}

/* ---- HTTP ---- */

static http_server *server;

static const char *url(const char *name) {
    static char text[512];
    snprintf(text, sizeof text, "http://127.0.0.1:%u/%s", server->port, name);
    return text;
}

static void files_are_read_over_http(void) {
    cog_dataset *file = open_fixture("demo.tif"), *http = NULL, *none = NULL;
    size_t len;
    uint8_t *expected = read_all(file, &len), *got;
    cog_options *options = cog_options_new();
    cog_error *error = NULL;
    cog_stats stats;
    double start;
    EXPECT(COG_OK, cog_open(url("demo.tif"), NULL, &http, &err));
    NEED(http != NULL);
    got = read_all(http, NULL);
    CHECK(memcmp(expected, got, len) == 0);
    stats.struct_size = sizeof stats;
    EXPECT(COG_OK, cog_stats_get(http, &stats, &err));
    CHECK(stats.requests >= 2 && stats.requests < 10 && stats.bytes < 240000 + 16384);
    read_from_many_threads(http);

    CHECK(cog_open(url("no-such-file.tif"), NULL, &none, &error) == COG_ERR_NOT_FOUND);
    CHECK(cog_error_http_status(error) == 404 && strstr(cog_error_message(error), "no-such-file.tif"));
    cog_error_free(error);
    EXPECT(COG_ERR_IO, cog_open("http://127.0.0.1:1/a.tif", NULL, &none, &err));
    EXPECT(COG_OK, cog_options_set(options, "http.timeout_ms", "150", &err));
    start = now_ms();
    EXPECT(COG_ERR_TIMEOUT, cog_open(url("hang"), options, &none, &err));
    CHECK(now_ms() - start < 5000);
    {
        cog_cancel *cancel = cog_cancel_new();
        pthread_t thread;
        EXPECT(COG_OK, cog_options_set_cancel(options, cancel, &err));
        EXPECT(COG_OK, cog_options_set(options, "http.timeout_ms", "60000", &err));
        NEED(pthread_create(&thread, NULL, fire_soon, cancel) == 0);
        start = now_ms();
        EXPECT(COG_ERR_CANCELLED, cog_open(url("hang"), options, &none, &err));
        CHECK(now_ms() - start < 5000);
        pthread_join(thread, NULL);
        cog_cancel_free(cancel);
    }
    cog_options_free(options);
    free(expected);
    free(got);
    cog_free(http);
    cog_free(file);
}

/* ---- fork ---- */

static cog_status read_pixel(cog_dataset *dataset) {
    uint8_t to[64];
    cog_dst dst = packed(to, sizeof to);
    cog_read_params params = window(290, 250, 2, 2);
    return cog_read_window(dataset, &params, &dst, NULL);
}

/* Runs in the child; one letter a test, upper case where it passed. */
static void in_the_child(int out, cog_dataset **handles, const uint8_t *bytes, size_t len) {
    char answers[16];
    size_t n = 0, i;
    cog_dataset *fresh = NULL;
    cog_dataset_info info;
    cog_stats stats;
    test_reader r;
    cog_reader reader;
    info.struct_size = sizeof info;
    stats.struct_size = sizeof stats;
    for (i = 0; i < 4; i++) {
        answers[n++] = read_pixel(handles[i]) == COG_ERR_FORKED ? 'F' : 'f';
    }
    answers[n++] = cog_info(handles[0], &info, NULL) == COG_OK && cog_stats_get(handles[0], &stats, NULL) == COG_OK ? 'I' : 'i';
    for (i = 0; i < 4; i++) {
        cog_free(handles[i]);
    }
    answers[n++] = cog_open(data("cog_64_blocks.tif"), NULL, &fresh, NULL) == COG_OK && read_pixel(fresh) == COG_OK ? 'O' : 'o';
    cog_free(fresh);
    answers[n++] = cog_open(url("cog_64_blocks.tif"), NULL, &fresh, NULL) == COG_OK && read_pixel(fresh) == COG_OK ? 'H' : 'h';
    cog_free(fresh);
    reader_init(&r, bytes, len);
    reader = reader_functions(&r);
    answers[n++] = cog_open_reader(&reader, NULL, &fresh, NULL) == COG_OK && read_pixel(fresh) == COG_OK ? 'R' : 'r';
    cog_free(fresh);
    answers[n++] = cog_shutdown(5000, NULL) == COG_OK ? 'S' : 's';
    if (write(out, answers, n) != (ssize_t)n) {
        _exit(1);
    }
}

static void handles_do_not_cross_a_fork(void) {
    size_t len;
    uint8_t *bytes = load("cog_64_blocks.tif", &len);
    cog_dataset *handles[4] = {NULL, NULL, NULL, NULL};
    test_reader r;
    cog_reader reader;
    int ends[2], i;
    char answers[17] = {0};
    ssize_t got = 0, more;
    pid_t child;
    reader_init(&r, bytes, len);
    reader = reader_functions(&r);
    handles[0] = open_fixture("cog_64_blocks.tif");
    EXPECT(COG_OK, cog_open(url("cog_64_blocks.tif"), NULL, &handles[1], &err));
    EXPECT(COG_OK, cog_open_reader(&reader, NULL, &handles[2], &err));
    EXPECT(COG_OK, cog_open_memory(bytes, len, 0, NULL, &handles[3], &err));
    for (i = 0; i < 4; i++) {
        EXPECT(COG_OK, read_pixel(handles[i]));
    }
    NEED(pipe(ends) == 0);
    fflush(NULL);
    child = fork();
    if (child == 0) {
        in_the_child(ends[1], handles, bytes, len);
        kill(getpid(), SIGKILL); /* no exit handlers: the parent's threads and memory are not this process's to examine */
    }
    NEED(child > 0);
    close(ends[1]);
    while ((more = read(ends[0], answers + got, 16 - (size_t)got)) > 0) {
        got += more;
    }
    close(ends[0]);
    waitpid(child, NULL, 0);
    check_that(strcmp(answers, "FFFFIOHRS") == 0, answers[0] ? answers : "the child gave no answer", __LINE__);
    for (i = 0; i < 4; i++) { /* the parent is not concerned */
        EXPECT(COG_OK, read_pixel(handles[i]));
        cog_free(handles[i]);
    }
    CHECK(closes_of(&r) == 1);
    free(bytes);
}

/* ---- shutdown ---- */

static void *read_slowly(void *argument) {
    test_thread *t = argument;
    t->different = read_pixel(t->dataset) != COG_OK;
    return NULL;
}

static void the_library_can_be_shut_down_and_used_again(void) {
    size_t len;
    uint8_t *bytes = load("cog_64_blocks.tif", &len), *first, *second;
    size_t pixels;
    cog_dataset *dataset = open_fixture("cog_64_blocks.tif"), *http = NULL, *slow = NULL;
    test_reader r;
    cog_reader reader;
    test_thread thread;
    pthread_t id;
    double start;
    EXPECT(COG_OK, cog_open(url("cog_64_blocks.tif"), NULL, &http, &err));
    first = read_all(dataset, &pixels);
    EXPECT(COG_OK, cog_shutdown(5000, &err));
    EXPECT(COG_OK, cog_shutdown(5000, &err));
    CHECK(cog_shutdown(0, NULL) == COG_OK);
    second = read_all(dataset, NULL);
    CHECK(memcmp(first, second, pixels) == 0);
    free(second);
    second = read_all(http, NULL); /* its connections are gone with the threads, and it makes new ones */
    CHECK(memcmp(first, second, pixels) == 0);
    free(first);
    free(second);
    cog_free(dataset);
    cog_free(http);

    /* A call that runs longer than the shutdown waits goes on. */
    reader_init(&r, bytes, len);
    reader = reader_functions(&r);
    EXPECT(COG_OK, cog_open_reader(&reader, NULL, &slow, &err));
    r.delay_ms = 400;
    memset(&thread, 0, sizeof thread);
    thread.dataset = slow;
    NEED(pthread_create(&id, NULL, read_slowly, &thread) == 0);
    wait_ms(100);
    start = now_ms();
    EXPECT(COG_ERR_TIMEOUT, cog_shutdown(20, &err));
    CHECK(now_ms() - start < 300);
    pthread_join(id, NULL);
    CHECK(thread.different == 0);
    cog_free(slow);
    CHECK(closes_of(&r) == 1);
    free(bytes);
}

int main(int argc, char **argv) {
    char directory[2048];
    if (argc > 1) {
        fixtures = argv[1];
    }
    snprintf(directory, sizeof directory, "%s/data", fixtures);
    server = http_start(directory);
    NEED(server != NULL);

    the_library_says_what_it_is();
    errors_take_null();
    the_table_of_options_can_be_read();
    options_are_set_and_read();
    opening_refuses_what_is_no_tiff();
    a_file_is_the_same_wherever_it_lies();
    references_are_counted();
    a_dataset_is_described();
    a_place_on_earth_is_described();
    crs_texts_are_refused_for_now();
    a_palette_is_read();
    the_description_is_json();
    structs_may_have_other_sizes();
    tags_are_listed();
    layouts_hold_the_same_pixels();
    gaps_are_not_written();
    a_small_buffer_is_refused_untouched();
    nonsense_is_refused();
    windows_lie_where_they_should();
    bands_come_in_any_order();
    samples_are_converted();
    masks_say_what_is_valid();
    a_result_may_have_another_size();
    tiles_are_whole();
    work_is_counted();
    a_reader_is_read_in_batches();
    a_readers_failures_are_passed_on();
    blocking_calls_are_refused_inside_a_reader();
    a_fired_token_stops_calls();
    a_call_that_waits_is_stopped();
    log_lines_reach_the_callback();
    many_threads_read_one_handle();
    files_are_read_over_http();
    handles_do_not_cross_a_fork();
    the_library_can_be_shut_down_and_used_again();

    /* No thread is left, so that nothing counts as a leak. The decoding threads end by themselves a moment after the call. */
    EXPECT(COG_OK, cog_shutdown(5000, &err));
    wait_ms(200);
    http_stop(server);
    return check_result("harness.c");
}

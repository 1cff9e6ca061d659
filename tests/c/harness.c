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

static cog_dataset *open_fixture_with(const char *name, const cog_options *options) {
    cog_dataset *dataset = NULL;
    EXPECT(COG_OK, cog_open(data(name), options, &dataset, &err));
    NEED(dataset != NULL);
    return dataset;
}

static cog_dataset *open_fixture(const char *name) {
    return open_fixture_with(name, NULL);
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

#include "harness/library.h"
#include "harness/opening.h"
#include "harness/describing.h"
#include "harness/reading.h"
#include "harness/points.h"
#include "harness/many.h"
#include "harness/readers.h"
#include "harness/stopping.h"
#include "harness/threads.h"

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
    crs_texts();
    metadata_is_read_by_domain();
    a_palette_is_read();
    the_description_is_json();
    structs_may_have_other_sizes();
    tags_are_listed();
    layouts_hold_the_same_pixels();
    gaps_are_not_written();
    a_small_buffer_is_refused_untouched();
    nonsense_is_refused();
    windows_lie_where_they_should();
    a_window_may_reach_beyond_the_image();
    bounds_are_read_as_their_window();
    samples_are_scaled_where_that_is_wanted();
    bands_come_in_any_order();
    samples_are_converted();
    masks_say_what_is_valid();
    a_result_may_have_another_size();
    tiles_are_whole();
    points_are_read_where_they_lie();
    many_tiles_are_read_at_once();
    a_preview_has_the_size_that_was_asked_for();
    statistics_are_made();
    many_files_are_read_at_once();
    a_mosaic_is_made();
    a_stac_item_is_opened();
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

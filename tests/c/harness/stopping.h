/* Cancel tokens, time limits, log lines. A part of harness.c. */
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

/* Files that the program's own functions read. A part of harness.c. */
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

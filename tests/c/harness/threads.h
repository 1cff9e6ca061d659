/* Threads, HTTP, fork, shutdown. A part of harness.c. */
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

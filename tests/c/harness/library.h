/* The library itself, errors, options. A part of harness.c. */
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
    CHECK(cog_has_feature("s3") == 1);
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

/* Opening files, memory; references. A part of harness.c. */
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

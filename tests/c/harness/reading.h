/* Windows, tiles, bands, strides, types, masks. A part of harness.c. */
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
    REFUSED(COG_ERR_INVALID_ARGUMENT, flags, 4);
    REFUSED(COG_ERR_INVALID_ARGUMENT, flags, UINT32_MAX);
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

static void a_window_may_reach_beyond_the_image(void) {
    cog_dataset *dataset = open_fixture("cog_rgb_deflate.tif");
    uint8_t *all = read_all(dataset, NULL), part[40 * 30 * B], mask[40 * 30];
    cog_read_params params = window(W - 15, -10, 40, 30);
    cog_dst dst = packed(part, sizeof part);
    size_t x, y, b, different = 0;
    cog_options *options;
    dst.mask = mask;
    dst.mask_len = sizeof mask;
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_read_window(dataset, &params, &dst, &err));
    params.flags = COG_READ_BOUNDLESS;
    params.fill = 77;
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
    for (b = 0; b < B; b++) {
        for (y = 0; y < 30; y++) {
            for (x = 0; x < 40; x++) {
                int inside = y >= 10 && x < 15;
                different += part[(b * 30 + y) * 40 + x] != (inside ? all[(b * H + y - 10) * W + W - 15 + x] : 77);
                different += mask[y * 40 + x] != (inside ? 255 : 0);
            }
        }
    }
    CHECK(different == 0);
    params = window(W, 0, 40, 30); /* no overlap */
    params.flags = COG_READ_BOUNDLESS;
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_read_window(dataset, &params, &dst, &err));
    cog_free(dataset);

    options = cog_options_new();
    EXPECT(COG_OK, cog_options_set(options, "BOUNDLESS_READ", "FALSE", &err));
    dataset = open_fixture_with("cog_rgb_deflate.tif", options);
    params = window(W - 15, -10, 40, 30);
    params.flags = COG_READ_BOUNDLESS;
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_read_window(dataset, &params, &dst, &err));
    cog_options_free(options);
    cog_free(dataset);
    free(all);
}

static void bounds_are_read_as_their_window(void) {
    cog_dataset *dataset = open_fixture("cog_rgb_deflate.tif");
    double whole[4], bounds[4], place[4], g[6];
    uint8_t by_window[40 * 30 * B], by_bounds[40 * 30 * B];
    cog_read_params params = window(50, 60, 40, 30);
    cog_dst dst = packed(by_window, sizeof by_window);
    EXPECT(COG_OK, cog_bounds(dataset, whole, &err));
    EXPECT(COG_OK, cog_geotransform(dataset, 0, g, &err));
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
    bounds[0] = g[0] + 50 * g[1];
    bounds[1] = g[3] + 90 * g[5];
    bounds[2] = g[0] + 90 * g[1];
    bounds[3] = g[3] + 60 * g[5];
    EXPECT(COG_OK, cog_bounds_window(dataset, bounds, NULL, 0, place, &err));
    CHECK(place[0] == 50 && place[1] == 60 && place[2] == 40 && place[3] == 30);
    EXPECT(COG_OK, cog_bounds_window(dataset, whole, NULL, 0, place, &err));
    CHECK(place[0] == 0 && place[1] == 0 && place[2] == W && place[3] == H);
    dst = packed(by_bounds, sizeof by_bounds);
    EXPECT(COG_OK, cog_read_bounds(dataset, bounds, NULL, NULL, &dst, &err));
    CHECK(memcmp(by_window, by_bounds, sizeof by_bounds) == 0);
    EXPECT(COG_ERR_UNSUPPORTED, cog_read_bounds(dataset, bounds, "EPSG:2056", NULL, &dst, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_bounds(dataset, bounds, NULL, &params, &dst, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_bounds(dataset, NULL, NULL, NULL, &dst, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_bounds_window(dataset, bounds, NULL, 0, NULL, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_bounds_window(dataset, NULL, NULL, 0, place, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_bounds_window(dataset, bounds, NULL, 99, place, &err));
    bounds[2] = bounds[0];
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_bounds_window(dataset, bounds, NULL, 0, place, &err));
    bounds[0] = whole[2] + 1e6;
    bounds[2] = whole[2] + 2e6;
    params = (cog_read_params)COG_READ_PARAMS_INIT;
    params.out_width = params.out_height = 4;
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_read_bounds(dataset, bounds, NULL, &params, &dst, &err));
    cog_free(dataset);
}

static void samples_are_scaled_where_that_is_wanted(void) {
    cog_dataset *dataset = open_fixture("metadata.tif");
    cog_band_description band;
    cog_read_params params = COG_READ_PARAMS_INIT;
    uint64_t width = 0, height = 0, len = 0;
    cog_dtype native = 0, scaled = 0;
    size_t i, n, bands, different = 0;
    double *plain;
    float *real;
    cog_dst dst;
    EXPECT(COG_OK, cog_read_size(dataset, &params, &width, &height, &native, NULL, &err));
    params.flags = COG_READ_UNSCALE;
    EXPECT(COG_OK, cog_read_size(dataset, &params, NULL, NULL, &scaled, &len, &err));
    CHECK(scaled == COG_FLOAT32);
    n = (size_t)(width * height);
    bands = (size_t)len / n / sizeof(float);
    plain = malloc(bands * n * sizeof(double));
    real = malloc((size_t)len);
    NEED(plain && real);
    dst = packed(plain, bands * n * sizeof(double));
    dst.dtype = COG_FLOAT64;
    EXPECT(COG_OK, cog_read_window(dataset, NULL, &dst, &err));
    dst = packed(real, (size_t)len);
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
    for (i = 0; i < bands * n; i++) {
        if (i % n == 0) {
            band.struct_size = sizeof band;
            EXPECT(COG_OK, cog_band_info(dataset, (uint32_t)(i / n) + 1, &band, &err));
        }
        different += real[i] != (float)(plain[i] * band.scale + band.offset);
    }
    CHECK(different == 0);
    free(plain);
    free(real);
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
    params.out_height = 200;
    for (; params.resampling <= COG_GAUSS; params.resampling++) {
        uint32_t sum = 0;
        size_t i;
        memset(chosen, 0, 300 * 200 * 3);
        EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
        for (i = 0; i < 300 * 200 * 3; i++) {
            sum += chosen[i] != 0;
        }
        CHECK(sum > 300 * 200); /* the numbers themselves are checked against GDAL in tests/rasterio_parity.rs */
    }
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

/* Points, many tiles, previews, statistics. A part of harness.c. */

static void points_are_read_where_they_lie(void) {
    cog_dataset *dataset = open_fixture("cog_rgb_deflate.tif");
    uint8_t *all = read_all(dataset, NULL), samples[3][4], mask[4];
    double xy[8], t[6], pixels[8] = {0.5, 0.5, 300.9, 258.1, 17, 200, -3, 5};
    const size_t at[3] = {0, 258 * W + 300, 200 * W + 17};
    cog_read_params params = COG_READ_PARAMS_INIT;
    cog_dst dst = packed(samples, sizeof samples);
    size_t i, b;
    dst.mask = mask;
    dst.mask_len = sizeof mask;
    EXPECT(COG_OK, cog_geotransform(dataset, 0, t, &err));
    for (i = 0; i < 4; i++) {
        xy[i * 2] = t[0] + t[1] * pixels[i * 2] + t[2] * pixels[i * 2 + 1];
        xy[i * 2 + 1] = t[3] + t[4] * pixels[i * 2] + t[5] * pixels[i * 2 + 1];
    }
    EXPECT(COG_OK, cog_read_points(dataset, NULL, xy, 4, NULL, &dst, &err));
    for (b = 0; b < 3; b++) {
        for (i = 0; i < 3; i++) {
            CHECK(samples[b][i] == all[b * W * H + at[i]]);
        }
        CHECK(samples[b][3] == 0);
    }
    CHECK(mask[0] == 255 && mask[1] == 255 && mask[2] == 255 && mask[3] == 0);

    memset(samples, 0xAA, sizeof samples);
    params.flags = COG_READ_PIXELS;
    params.resampling = COG_BILINEAR;
    EXPECT(COG_OK, cog_read_points(dataset, NULL, pixels, 1, &params, &dst, &err)); /* the centre of a pixel is the pixel */
    CHECK(samples[0][0] == all[0] && samples[0][1] == all[W * H] && samples[0][3] == 0xAA);
    EXPECT(COG_OK, cog_read_points(dataset, NULL, NULL, 0, &params, &dst, &err));

    dst.len = 3;
    EXPECT(COG_ERR_BUFFER_TOO_SMALL, cog_read_points(dataset, NULL, pixels, 4, &params, &dst, &err));
    dst.len = sizeof samples;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_points(dataset, NULL, NULL, 4, &params, &dst, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_points(NULL, NULL, pixels, 4, &params, &dst, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_points(dataset, NULL, pixels, SIZE_MAX / 8, &params, &dst, &err));
    EXPECT(COG_ERR_UNSUPPORTED, cog_read_points(dataset, "EPSG:2056", xy, 4, NULL, &dst, &err));
    params.resampling = COG_LANCZOS;
    EXPECT(COG_ERR_UNSUPPORTED, cog_read_points(dataset, NULL, pixels, 4, &params, &dst, &err));
    /* The flag is of no use to others. */
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_window(dataset, &params, &dst, &err));
    free(all);
    cog_free(dataset);
}

static void many_tiles_are_read_at_once(void) {
    enum { SIDE = 128, TILE = SIDE * SIDE * B };
    cog_dataset *dataset = open_fixture("cog_rgb_deflate.tif");
    const cog_tile_id tiles[4] = {{0, 0, 0}, {2, 1, 0}, {9, 9, 0}, {0, 0, 1}};
    uint8_t *to = malloc(4 * TILE), *one = malloc(TILE), *mask = malloc(4 * SIDE * SIDE);
    cog_status statuses[4];
    cog_dst dst = packed(to, 4 * TILE), single = packed(one, TILE);
    cog_stats before = {0}, after = {0};
    int i;
    NEED(to && one && mask);
    dst.mask = mask;
    dst.mask_len = 4 * SIDE * SIDE;
    before.struct_size = after.struct_size = sizeof before;
    EXPECT(COG_OK, cog_stats_get(dataset, &before, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_get_tiles(dataset, tiles, 4, NULL, &dst, statuses, &err));
    EXPECT(COG_OK, cog_stats_get(dataset, &after, &err));
    CHECK(after.tiles_decoded - before.tiles_decoded == 3);
    for (i = 0; i < 4; i++) {
        CHECK(statuses[i] == (i == 2 ? COG_ERR_OUT_OF_BOUNDS : COG_OK));
        if (i != 2) {
            EXPECT(COG_OK, cog_get_tile(dataset, tiles[i].x, tiles[i].y, tiles[i].z, NULL, &single, &err));
            CHECK(memcmp(one, to + i * TILE, TILE) == 0);
        }
    }
    CHECK(mask[0] == 255 && mask[SIDE * SIDE + SIDE - 1] == 0); /* the second reaches beyond the edge */
    EXPECT(COG_OK, cog_get_tiles(dataset, tiles, 2, NULL, &dst, NULL, &err));
    EXPECT(COG_OK, cog_get_tiles(dataset, NULL, 0, NULL, &dst, NULL, &err));
    dst.len = 2 * TILE - 1;
    EXPECT(COG_ERR_BUFFER_TOO_SMALL, cog_get_tiles(dataset, tiles, 2, NULL, &dst, statuses, &err));
    CHECK(statuses[0] == COG_ERR_BUFFER_TOO_SMALL && statuses[1] == COG_ERR_BUFFER_TOO_SMALL);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_get_tiles(dataset, NULL, 2, NULL, &dst, NULL, &err));
    free(to);
    free(one);
    free(mask);
    cog_free(dataset);
}

static void a_preview_has_the_size_that_was_asked_for(void) {
    cog_dataset *dataset = open_fixture("demo.tif");
    int64_t width = 0, height = 0;
    EXPECT(COG_OK, cog_preview_size(dataset, 100, &width, &height, &err));
    CHECK(width == 100 && height == 75);
    EXPECT(COG_OK, cog_preview_size(dataset, 5000, &width, &height, &err));
    CHECK(width == 1024 && height == 768);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_preview_size(dataset, 0, &width, &height, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_preview_size(dataset, 9, NULL, &height, &err));
    cog_free(dataset);
}

static void statistics_are_made(void) {
    cog_dataset *dataset = open_fixture("cog_rgb_deflate.tif");
    uint8_t *all = read_all(dataset, NULL);
    const double median[2] = {50, 101};
    cog_statistics_params how = COG_STATISTICS_PARAMS_INIT;
    cog_band_statistics band = {0};
    cog_statistics *statistics = NULL;
    cog_read_params params = COG_READ_PARAMS_INIT;
    const uint32_t second = 2;
    uint64_t sum = 0, counted = 0;
    size_t i;
    how.flags = COG_STATISTICS_EXACT;
    how.percentiles = median;
    how.percentile_count = 1;
    how.bins = 4;
    how.histogram_max = 256;
    params.bands = &second;
    params.band_count = 1;
    EXPECT(COG_OK, cog_statistics_compute(dataset, &params, &how, &statistics, &err));
    CHECK(cog_statistics_count(statistics) == 1 && cog_statistics_count(NULL) == 0);
    band.struct_size = sizeof band;
    EXPECT(COG_OK, cog_statistics_band(statistics, 0, &band, &err));
    for (i = 0; i < W * H; i++) {
        sum += all[W * H + i];
    }
    for (i = 0; i < band.bins; i++) {
        counted += band.histogram[i];
    }
    CHECK(band.band == 2 && band.valid == W * H && band.masked == 0 && band.valid_percent == 100 && band.bins == 4);
    CHECK(fabs(band.mean - (double)sum / (W * H)) < 1e-9 && counted == W * H);
    CHECK(band.percentile_count == 1 && band.percentiles[0] >= band.min && band.percentiles[0] <= band.max);
    CHECK(band.histogram_min == 0 && band.histogram_max == 256);
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_statistics_band(statistics, 1, &band, &err));
    band.struct_size = 0;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_statistics_band(statistics, 0, &band, &err));
    cog_statistics_free(statistics);
    cog_statistics_free(NULL);

    EXPECT(COG_OK, cog_statistics_compute(dataset, NULL, NULL, &statistics, &err));
    CHECK(cog_statistics_count(statistics) == B);
    cog_statistics_free(statistics);
    how.percentile_count = 2;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_statistics_compute(dataset, NULL, &how, &statistics, &err));
    CHECK(statistics == NULL);
    how.flags = 1u << 20;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_statistics_compute(dataset, NULL, &how, &statistics, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_statistics_compute(dataset, NULL, NULL, NULL, &err));
    free(all);
    cog_free(dataset);
}

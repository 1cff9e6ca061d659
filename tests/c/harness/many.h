/* Many files at once. A part of harness.c. */
enum { MOSAIC_W = 80, MOSAIC_H = 65, MOSAIC_LEN = 2 * MOSAIC_W * MOSAIC_H * 2 };

static const char *mosaic_file(const char *name) {
    static char path[2048];
    snprintf(path, sizeof path, "%s/mosaic/%s", fixtures, name);
    return path;
}

static void open_four(cog_dataset *datasets[4]) {
    static const char *names[4] = {"a.tif", "b.tif", "c.tif", "d.tif"};
    int i;
    for (i = 0; i < 4; i++) {
        EXPECT(COG_OK, cog_open(mosaic_file(names[i]), NULL, &datasets[i], &err));
        NEED(datasets[i] != NULL);
    }
}

static cog_request all_bounds(void) {
    cog_request request = COG_REQUEST_INIT;
    request.kind = COG_REQUEST_BOUNDS;
    request.bounds[0] = 400000;
    request.bounds[1] = 5299350;
    request.bounds[2] = 400800;
    request.bounds[3] = 5300000;
    return request;
}

static void many_files_are_read_at_once(void) {
    enum { TILE = 16 * 16 * 2 * 2 };
    cog_dataset *four[4];
    const cog_dataset *list[5];
    cog_request request = COG_REQUEST_INIT;
    cog_error *errors[5];
    uint8_t to[5][TILE], alone[TILE];
    cog_dst dsts[5], one = packed(alone, TILE);
    int i;
    open_four(four);
    for (i = 0; i < 4; i++) {
        list[i] = four[i];
        dsts[i] = packed(to[i], TILE);
    }
    list[4] = NULL;
    dsts[4] = packed(to[4], TILE);
    request.kind = COG_REQUEST_TILE;
    request.tile.x = 3;
    request.tile.y = 1;
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_read_many(list, 5, &request, NULL, dsts, errors, &err)); /* the second has three columns of tiles */
    for (i = 0; i < 5; i++) {
        cog_status wanted = i == 1 || i == 3 ? COG_ERR_OUT_OF_BOUNDS : i == 4 ? COG_ERR_INVALID_ARGUMENT : COG_OK;
        CHECK(cog_error_status(errors[i]) == wanted);
        if (wanted == COG_OK) {
            EXPECT(COG_OK, cog_get_tile(list[i], 3, 1, 0, NULL, &one, &err));
            CHECK(memcmp(alone, to[i], TILE) == 0);
        }
        cog_error_free(errors[i]);
    }
    EXPECT(COG_OK, cog_read_many(list, 0, &request, NULL, NULL, NULL, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_many(NULL, 1, &request, NULL, dsts, NULL, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_many(list, 1, &request, NULL, NULL, errors, &err));
    CHECK(cog_error_status(errors[0]) == COG_ERR_INVALID_ARGUMENT);
    cog_error_free(errors[0]);
    request.kind = 9;
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_many(list, 1, &request, NULL, dsts, NULL, &err));
    for (i = 0; i < 4; i++) {
        cog_free(four[i]);
    }
}

static void a_mosaic_is_made(void) {
    static int16_t picture[MOSAIC_LEN / 2], first[MOSAIC_LEN / 2];
    static uint8_t mask[MOSAIC_W * MOSAIC_H];
    cog_dataset *four[4];
    const cog_dataset *list[4];
    cog_request request = all_bounds();
    cog_read_params params = COG_READ_PARAMS_INIT;
    cog_dst dst = packed(picture, sizeof picture);
    size_t i, valid = 0, filled = 0;
    open_four(four);
    for (i = 0; i < 4; i++) {
        list[i] = four[i];
    }
    params.fill = -1;
    dst.mask = mask;
    dst.mask_len = sizeof mask;
    EXPECT(COG_OK, cog_read_mosaic(list, 4, &request, COG_FIRST, &params, &dst, &err));
    for (i = 0; i < MOSAIC_W * MOSAIC_H; i++) {
        valid += mask[i] == 255;
        filled += mask[i] == 0 && picture[i] == -1;
    }
    CHECK(valid > 0 && valid + filled == MOSAIC_W * MOSAIC_H);
    memcpy(first, picture, sizeof first);
    EXPECT(COG_OK, cog_read_mosaic(list, 4, &request, COG_HIGHEST, &params, &dst, &err));
    for (i = 0; i < MOSAIC_W * MOSAIC_H; i++) {
        CHECK(picture[i] >= first[i]);
    }
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_mosaic(list, 4, &request, 7, &params, &dst, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_read_mosaic(list, 0, &request, COG_MEAN, &params, &dst, &err));
    dst.len--;
    EXPECT(COG_ERR_BUFFER_TOO_SMALL, cog_read_mosaic(list, 4, &request, COG_MEAN, &params, &dst, &err));
    dst.len++;
    request.bounds[0] = request.bounds[1] = 0;
    request.bounds[2] = request.bounds[3] = 10;
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_read_mosaic(list, 4, &request, COG_MEAN, &params, &dst, &err));
    for (i = 0; i < 4; i++) {
        cog_free(four[i]);
    }
}

static void a_stac_item_is_opened(void) {
    const char *names[1] = {"c"};
    cog_set *set = NULL;
    cog_dataset *dataset = NULL;
    EXPECT(COG_OK, cog_stac_open(mosaic_file("item.json"), NULL, 0, 0, NULL, &set, &err));
    CHECK(cog_set_count(set) == 5 && cog_set_count(NULL) == 0);
    CHECK(strcmp(cog_set_name(set, 1), "b") == 0 && cog_set_name(set, 5) == NULL && cog_set_name(NULL, 0) == NULL);
    EXPECT(COG_OK, cog_set_dataset(set, 1, &dataset, &err));
    cog_free(dataset);
    EXPECT(COG_ERR_NOT_FOUND, cog_set_dataset(set, 4, &dataset, &err));
    CHECK(dataset == NULL);
    EXPECT(COG_OK, cog_set_dataset(set, 1, &dataset, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_set_dataset(set, 1, NULL, &err));
    cog_set_free(set);
    cog_set_free(NULL);
    CHECK(cog_crs_epsg(dataset) == 32633); /* it lives on */
    cog_free(dataset);
    EXPECT(COG_OK, cog_stac_open(mosaic_file("item.json"), names, 1, COG_STAC_ANY_TIFF, NULL, &set, &err));
    CHECK(cog_set_count(set) == 1);
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_set_dataset(set, 1, &dataset, &err));
    cog_set_free(set);
    names[0] = "z";
    EXPECT(COG_ERR_NOT_FOUND, cog_stac_open(mosaic_file("item.json"), names, 1, 0, NULL, &set, &err));
    CHECK(set == NULL);
    EXPECT(COG_ERR_FORMAT, cog_stac_open(mosaic_file("a.tif"), NULL, 0, 0, NULL, &set, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_stac_open(mosaic_file("item.json"), NULL, 0, 2, NULL, &set, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_stac_open(mosaic_file("item.json"), NULL, 3, 0, NULL, &set, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_stac_open(mosaic_file("item.json"), NULL, 0, 0, NULL, NULL, &err));
}

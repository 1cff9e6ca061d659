/* What a dataset says of itself. A part of harness.c. */
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

/* Metadata domains, control points, RPCs and the ICC profile. */
static void metadata_is_read_by_domain(void) {
    cog_dataset *dataset = open_fixture("metadata.tif");
    const char *name = NULL, *key = NULL, *value = NULL;
    uint32_t count = 0, items = 0;
    cog_dataset_info info;
    cog_gcp gcp;
    cog_rpc rpc;
    void *profile = NULL;
    size_t len = 0;
    EXPECT(COG_OK, cog_metadata_domain_count(dataset, 0, &count, &err));
    CHECK(count == 3);
    EXPECT(COG_OK, cog_metadata_domain_at(dataset, 0, 0, &name, &items, &err));
    CHECK(strcmp(name, "") == 0 && items > 5);
    EXPECT(COG_OK, cog_metadata_domain_at(dataset, 0, 1, &name, NULL, &err));
    EXPECT(COG_OK, cog_metadata_at(dataset, 0, "other", 0, &key, &value, &err));
    CHECK(strcmp(key, "KEY") == 0 && strcmp(value, "in another domain") == 0);
    EXPECT(COG_OK, cog_metadata_item(dataset, 0, NULL, "title", &value, &err));
    CHECK(strcmp(value, "a & b <c> \"d\"") == 0);
    EXPECT(COG_OK, cog_metadata_item(dataset, 1, "", "STATISTICS_MEAN", &value, &err));
    CHECK(strcmp(value, "12.5") == 0);
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_metadata_item(dataset, 0, NULL, "nothing", &value, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_metadata_item(dataset, 0, "nothing", "TITLE", &value, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_metadata_item(dataset, 3, NULL, "TITLE", &value, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_metadata_at(dataset, 0, "OTHER", 1, &key, &value, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_metadata_domain_at(dataset, 0, count, &name, &items, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_metadata_domain_count(dataset, 3, &count, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_metadata_domain_count(NULL, 0, &count, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_metadata_domain_count(dataset, 0, NULL, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_metadata_domain_at(dataset, 0, 0, NULL, &items, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_metadata_at(dataset, 0, NULL, 0, NULL, &value, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_metadata_item(dataset, 0, NULL, NULL, &value, &err));
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_icc_profile(dataset, &profile, &len, &err));
    rpc.struct_size = sizeof rpc;
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_rpc_coefficients(dataset, &rpc, &err));
    cog_free(dataset);

    dataset = open_fixture("gcps_point.tif");
    info.struct_size = sizeof info;
    gcp.struct_size = sizeof gcp;
    EXPECT(COG_OK, cog_info(dataset, &info, &err));
    CHECK(info.gcp_count == 3 && info.has_transform == 0);
    EXPECT(COG_OK, cog_gcp_at(dataset, 1, &gcp, &err));
    CHECK(gcp.column == 68 && gcp.row == 1.25 && gcp.x == 500670 && gcp.y == 4199990 && gcp.z == 0);
    EXPECT(COG_ERR_OUT_OF_BOUNDS, cog_gcp_at(dataset, 3, &gcp, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_gcp_at(dataset, 0, NULL, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_gcp_at(NULL, 0, &gcp, &err));
    cog_free(dataset);

    dataset = open_fixture("rpc_xmp.tif");
    EXPECT(COG_OK, cog_rpc_coefficients(dataset, &rpc, &err));
    CHECK(rpc.err_bias == 0.5 && rpc.long_off == -2.5 && rpc.height_scale == 500 && rpc.line_num_coeff[0] == 1.0 / 7);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_rpc_coefficients(dataset, NULL, &err));
    cog_free(dataset);

    dataset = open_fixture("icc_profile.tif");
    EXPECT(COG_OK, cog_icc_profile(dataset, &profile, &len, &err));
    CHECK(len == 1000 && ((uint8_t *)profile)[1] == 7);
    cog_buffer_free(profile);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_icc_profile(dataset, NULL, &len, &err));
    cog_free(dataset);
    dataset = open_fixture("epoch.tif");
    EXPECT(COG_OK, cog_info(dataset, &info, &err));
    CHECK(info.coordinate_epoch == 2021.3);
    cog_free(dataset);
}

static void crs_texts(void) {
    cog_dataset *dataset = open_fixture("demo.tif");
    char *text = NULL;
    size_t len = 0;
    EXPECT(COG_OK, cog_crs_wkt(dataset, &text, &len, &err));
    CHECK(text && len == strlen(text) && !strncmp(text, "PROJCRS[\"WGS 84 / UTM zone 33N\",", 32));
    cog_buffer_free(text);
    EXPECT(COG_OK, cog_crs_projjson(dataset, &text, NULL, &err));
    CHECK(text && strstr(text, "\"type\":\"ProjectedCRS\""));
    cog_buffer_free(text);
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_crs_wkt(dataset, NULL, &len, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_crs_wkt(NULL, &text, &len, &err));
    EXPECT(COG_ERR_INVALID_ARGUMENT, cog_crs_projjson(NULL, &text, &len, &err));
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

/* Lists what a GeoTIFF says beyond its pixels: metadata domains, ground control points, RPCs, the ICC profile.
 *
 *     cc metadata.c $(pkg-config --cflags --libs cog) -o metadata
 *     ./metadata image.tif                           everything
 *     ./metadata image.tif EXIF EXIF_Make            one item of a domain
 */
#include "common.h"

#include <inttypes.h>
#include <string.h>

/* Band 0 is the dataset itself. */
static void print_domains(const cog_dataset *dataset, uint32_t band) {
    cog_error *error = NULL;
    uint32_t domains, items, i, j;
    check(cog_metadata_domain_count(dataset, band, &domains, &error), &error);
    for (i = 0; i < domains; i++) {
        const char *name, *key, *value;
        check(cog_metadata_domain_at(dataset, band, i, &name, &items, &error), &error);
        printf("band %" PRIu32 ", domain \"%s\"\n", band, name);
        for (j = 0; j < items; j++) {
            check(cog_metadata_at(dataset, band, name, j, &key, &value, &error), &error);
            printf("  %s = %.120s%s\n", key, value, strlen(value) > 120 ? "..." : "");
        }
    }
}

static void print_gcps(const cog_dataset *dataset, uint32_t count) {
    cog_error *error = NULL;
    uint32_t i;
    for (i = 0; i < count; i++) {
        cog_gcp gcp = {0};
        gcp.struct_size = sizeof gcp;
        check(cog_gcp_at(dataset, i, &gcp, &error), &error);
        printf("column %g, row %g is at %.10g, %.10g, height %g\n", gcp.column, gcp.row, gcp.x, gcp.y, gcp.z);
    }
}

static void print_all(const cog_dataset *dataset) {
    cog_error *error = NULL;
    cog_dataset_info info = {0};
    cog_rpc rpc = {0};
    void *profile;
    size_t len;
    uint32_t band;
    info.struct_size = sizeof info;
    check(cog_info(dataset, &info, &error), &error);
    for (band = 0; band <= info.bands; band++) {
        print_domains(dataset, band);
    }
    print_gcps(dataset, info.gcp_count);
    if (info.coordinate_epoch != 0) {
        printf("coordinates of the epoch %g\n", info.coordinate_epoch);
    }
    rpc.struct_size = sizeof rpc;
    if (cog_rpc_coefficients(dataset, &rpc, NULL) == COG_OK) { /* else COG_ERR_OUT_OF_BOUNDS: there are none */
        printf("RPCs around latitude %g, longitude %g\n", rpc.lat_off, rpc.long_off);
    }
    if (cog_icc_profile(dataset, &profile, &len, NULL) == COG_OK) {
        printf("an ICC profile of %zu bytes\n", len);
        cog_buffer_free(profile);
    }
}

int main(int argc, char **argv) {
    cog_dataset *dataset;
    cog_error *error = NULL;
    const char *value;
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: %s URI [DOMAIN KEY]\n", argv[0]);
        return 2;
    }
    check(cog_open(argv[1], NULL, &dataset, &error), &error);
    if (argc == 4) {
        check(cog_metadata_item(dataset, 0, argv[2], argv[3], &value, &error), &error);
        printf("%s\n", value);
    } else {
        print_all(dataset);
    }
    cog_free(dataset);
    return EXIT_SUCCESS;
}

/* What many files hold at one place: one line a file, with the value of each band. A series through time, where the files are of one place
 * at many times. The place is in the coordinates of the files; those that don't reach it, or have nothing valid there, say so.
 *
 *     cc point_series.c $(pkg-config --cflags --libs cog) -o point_series
 *     ./point_series 408015 5280985 2021.tif 2022.tif https://example.com/2023.tif
 */
#include "common.h"

int main(int argc, char **argv) {
    double xy[2];
    cog_error *error = NULL;
    int i;

    if (argc < 4) {
        fprintf(stderr, "usage: %s X Y URI...\n", argv[0]);
        return 2;
    }
    xy[0] = strtod(argv[1], NULL);
    xy[1] = strtod(argv[2], NULL);

    for (i = 3; i < argc; i++) {
        cog_dataset_info info = {0};
        cog_read_params params = COG_READ_PARAMS_INIT;
        cog_dst dst = COG_DST_INIT;
        cog_dataset *dataset;
        double *values;
        uint8_t valid;
        uint32_t band;

        check(cog_open(argv[i], NULL, &dataset, &error), &error);
        info.struct_size = sizeof info;
        check(cog_info(dataset, &info, &error), &error);
        values = malloc(info.bands * sizeof *values);
        if (!values) {
            fprintf(stderr, "out of memory\n");
            return EXIT_FAILURE;
        }
        dst.data = values;
        dst.len = info.bands * sizeof *values;
        dst.dtype = COG_FLOAT64;
        dst.mask = &valid;
        dst.mask_len = 1;
        params.resampling = COG_BILINEAR; /* between the centres of the four pixels around */
        check(cog_read_points(dataset, NULL, xy, 1, &params, &dst, &error), &error);

        printf("%s:", argv[i]);
        for (band = 0; valid && band < info.bands; band++) {
            printf(" %g", values[band]);
        }
        printf(valid ? "\n" : " nothing\n");
        free(values);
        cog_free(dataset);
    }
    return EXIT_SUCCESS;
}

/* Statistics of each band: extremes, mean, deviation, percentiles and a histogram; of an overview, or of all pixels.
 *
 *     cc statistics.c $(pkg-config --cflags --libs cog) -o statistics
 *     ./statistics image.tif
 *     ./statistics image.tif exact
 */
#include "common.h"

#include <inttypes.h>
#include <string.h>

int main(int argc, char **argv) {
    cog_statistics_params how = COG_STATISTICS_PARAMS_INIT; /* percentiles 2 and 98, ten bins */
    cog_dataset *dataset;
    cog_statistics *statistics;
    cog_error *error = NULL;
    size_t i, k;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s URI [exact]\n", argv[0]);
        return 2;
    }
    if (argc == 3 && strcmp(argv[2], "exact") == 0) {
        how.flags = COG_STATISTICS_EXACT;
    }
    check(cog_open(argv[1], NULL, &dataset, &error), &error);
    check(cog_statistics_compute(dataset, NULL, &how, &statistics, &error), &error);
    for (i = 0; i < cog_statistics_count(statistics); i++) {
        cog_band_statistics band = {0};
        band.struct_size = sizeof band;
        check(cog_statistics_band(statistics, i, &band, &error), &error);
        printf("band %" PRIu32 ": %g to %g, mean %g, deviation %g, %" PRIu64 " valid pixels (%.2f %%)\n", band.band, band.min, band.max, band.mean,
               band.standard_deviation, band.valid, band.valid_percent);
        printf("  percentiles:");
        for (k = 0; k < band.percentile_count; k++) {
            printf(" %g", band.percentiles[k]);
        }
        printf("\n  from %g to %g:", band.histogram_min, band.histogram_max);
        for (k = 0; k < band.bins; k++) {
            printf(" %" PRIu64, band.histogram[k]);
        }
        printf("\n");
    }
    cog_statistics_free(statistics);
    cog_free(dataset);
    return EXIT_SUCCESS;
}

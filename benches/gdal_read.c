/* Times one whole-image read through GDAL: gdal_read FILE THREADS bsq|bip (THREADS: 1 or ALL_CPUS), prints seconds. The twin of cog_read.c. */
#include "timing.h"
#include <cpl_conv.h>
#include <cpl_string.h>
#include <gdal.h>

int main(int argc, char **argv) {
    const char *drivers[] = {"GTiff", NULL};
    char **options = NULL;
    GDALDatasetH dataset;
    GDALDataType type;
    int width, height, bands, bip;
    size_t sample, bytes;
    void *data;
    double start;
    if (argc != 4) {
        return 2;
    }
    GDALAllRegister();
    CPLSetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR");
    if (strcmp(argv[2], "1")) {
        options = CSLSetNameValue(options, "NUM_THREADS", argv[2]);
    }
    dataset = GDALOpenEx(argv[1], GDAL_OF_RASTER | GDAL_OF_READONLY, drivers, (const char *const *)options, NULL);
    if (!dataset) {
        return 1;
    }
    width = GDALGetRasterXSize(dataset);
    height = GDALGetRasterYSize(dataset);
    bands = GDALGetRasterCount(dataset);
    type = GDALGetRasterDataType(GDALGetRasterBand(dataset, 1));
    sample = (size_t)GDALGetDataTypeSizeBytes(type);
    bytes = sample * (size_t)width * (size_t)height * (size_t)bands;
    data = touched(bytes);
    bip = !strcmp(argv[3], "bip");
    start = now();
    if (GDALDatasetRasterIOEx(dataset, GF_Read, 0, 0, width, height, data, width, height, type, bands, NULL,
                              (GSpacing)(bip ? sample * (size_t)bands : sample), (GSpacing)(bip ? sample * (size_t)(bands * width) : sample * (size_t)width),
                              (GSpacing)(bip ? sample : sample * (size_t)width * (size_t)height), NULL)) {
        return 1;
    }
    printf("%.6f %zu\n", now() - start, bytes);
    GDALClose(dataset);
    return 0;
}

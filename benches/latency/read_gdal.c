/* Opens a COG and reads a window of it through GDAL: read_gdal URL X Y SIDE. Prints the seconds of the open and of the read, with the
   settings that GDAL's documentation recommends for COGs on a network. The twin of read_cog.c. */
#include "../timing.h"
#include <cpl_conv.h>
#include <gdal.h>

int main(int argc, char **argv) {
    const char *drivers[] = {"GTiff", NULL};
    GDALDatasetH dataset;
    double start, opened, reading;
    char path[4096];
    int side, bands;
    void *data;
    if (argc != 5) {
        return 2;
    }
    GDALAllRegister();
    CPLSetConfigOption("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR");
    CPLSetConfigOption("GDAL_HTTP_MERGE_CONSECUTIVE_RANGES", "YES");
    CPLSetConfigOption("GDAL_HTTP_MULTIPLEX", "YES");
    CPLSetConfigOption("GDAL_HTTP_VERSION", "2");
    CPLSetConfigOption("CPL_VSIL_CURL_ALLOWED_EXTENSIONS", ".tif");
    CPLSetConfigOption("GDAL_INGESTED_BYTES_AT_OPEN", "32768");
    /* Not GDAL_NUM_THREADS: with it GDAL 3.6 asks for one block after the other, which takes ten times as long. */
    snprintf(path, sizeof path, "/vsicurl/%s", argv[1]);
    start = now();
    dataset = GDALOpenEx(path, GDAL_OF_RASTER | GDAL_OF_READONLY, drivers, NULL, NULL);
    if (!dataset) {
        return 1;
    }
    opened = now();
    side = atoi(argv[4]);
    bands = GDALGetRasterCount(dataset);
    data = touched((size_t)side * (size_t)side * (size_t)bands + 1);
    reading = now();
    if (side && GDALDatasetRasterIO(dataset, GF_Read, atoi(argv[2]), atoi(argv[3]), side, side, data, side, side, GDT_Byte, bands, NULL, 0, 0, 0)) {
        return 1;
    }
    printf("%.6f %.6f\n", opened - start, now() - reading);
    GDALClose(dataset);
    return 0;
}

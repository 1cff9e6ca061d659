/* libcog reads Cloud-Optimized GeoTIFFs, and every other GeoTIFF, from HTTP(S), files, memory and caller-supplied readers.
 *
 * Conventions, which each function's comment only completes:
 *   - A function that can fail returns cog_status and takes an optional cog_error **, which receives NULL or an error to be freed
 *     with cog_error_free. There is no other error state.
 *   - Handles are opaque and reference-counted. Every function may be called from any thread at any time, also on the same handle;
 *     only the last _free of a handle must come after all other uses of it. Every _free takes NULL.
 *   - A struct's first field is its size, which the caller sets: programs built against older or newer versions keep working.
 *   - Texts are UTF-8.
 *   - A function that blocks must not be called from a callback of this library: it returns COG_ERR_INVALID_ARGUMENT there.
 *   - No function ends the process, whatever the file or the server sends.
 */

#ifndef COG_H
#define COG_H

/* Generated from src/ffi by cbindgen; edit there and run `COG_UPDATE_HEADER=1 cargo test --test header`. */

#include <stddef.h>
#include <stdint.h>

/* The whole of level 0, all bands. */
#define COG_READ_PARAMS_INIT {sizeof(cog_read_params), 0, 0, 0, 0, -1, 0, 0, NULL, 0, COG_NEAREST, 0, 0, 0, NULL}

/* Of the image reduced to 1024 pixels, percentiles 2 and 98, ten bins. */
#define COG_STATISTICS_PARAMS_INIT {sizeof(cog_statistics_params), 0, 0, 0, 0, NULL, 0, 0}

/* The window of the parameters. */
#define COG_REQUEST_INIT {sizeof(cog_request), COG_REQUEST_WINDOW, {0, 0, 0}, {0, 0, 0, 0}, NULL}

/* A packed, band-sequential destination in the file's own type; set data and len. */
#define COG_DST_INIT {sizeof(cog_dst), NULL, 0, COG_NATIVE, 0, 0, 0, NULL, 0, 0}

/**
 * Version of the header: compare with cog_version_number.
 */
#define COG_VERSION_MAJOR 0

/**
 * Version of the header.
 */
#define COG_VERSION_MINOR 1

/**
 * Version of the header.
 */
#define COG_VERSION_PATCH 0

/**
 * A flag of cog_stac_open: TIFFs of any kind are opened, not only Cloud-Optimized GeoTIFFs.
 */
#define COG_STAC_ANY_TIFF 1

/**
 * Nothing is logged.
 */
#define COG_LOG_OFF 0

/**
 * What a program should look at.
 */
#define COG_LOG_ERROR 1

/**
 * Damaged parts of a file that were left out.
 */
#define COG_LOG_WARN 2

/**
 * Rare events.
 */
#define COG_LOG_INFO 3

/**
 * Each request.
 */
#define COG_LOG_DEBUG 4

/**
 * A flag of cog_read_points alone: the coordinates are columns and rows of the level, pixel corners being whole numbers.
 */
#define COG_READ_PIXELS (1 << 16)

/**
 * A flag of a read: the window may reach beyond the image, as long as it overlaps it; what lies outside is `fill`, with mask 0. Reads by
 * bounds may without it. The setting read.boundless = FALSE makes it COG_ERR_OUT_OF_BOUNDS for all.
 * rasterio, where it is told no fill value, fills with nodata instead: give that as `fill` for the same pixels.
 */
#define COG_READ_BOUNDLESS 1

/**
 * A flag of a read: gives sample × scale + offset, as cog_band_info has them, instead of the samples. COG_NATIVE is then COG_FLOAT32 for
 * samples of up to 16 bits and for such floats, else COG_FLOAT64 (complex: COG_CFLOAT32, COG_CFLOAT64). The mask is what it is without.
 */
#define COG_READ_UNSCALE 2

/**
 * A flag of statistics: of all pixels, not of a reduced image.
 */
#define COG_STATISTICS_EXACT 1

/**
 * A flag of statistics: no histogram is made.
 */
#define COG_STATISTICS_NO_HISTOGRAM 2

/**
 * A token that stops the calls it was given to. Reference-counted inside.
 */
typedef struct cog_cancel cog_cancel;

/**
 * An open file. Reference-counted inside; every function may be called on it from any thread at any time.
 */
typedef struct cog_dataset cog_dataset;

/**
 * Why a call failed. Immutable; may be passed to and read by any thread.
 */
typedef struct cog_error cog_error;

/**
 * Settings for opening files. One object may be used for many opens, from many threads.
 */
typedef struct cog_options cog_options;

/**
 * Files with names: the assets of a STAC item. Does not change; opaque.
 */
typedef struct cog_set cog_set;

/**
 * The statistics of bands. Does not change; opaque.
 */
typedef struct cog_statistics cog_statistics;

/**
 * What a function returns: COG_OK, or why it failed. New values may be added; treat an unknown one as a failure.
 */
typedef int32_t cog_status;

/**
 * One range of a batch: `length` bytes from `offset` on go to `destination`.
 */
typedef struct {
    /**
     * Byte offset in the file.
     */
    uint64_t offset;
    /**
     * Bytes to read; never 0, and never beyond the size that the reader gave.
     */
    size_t length;
    /**
     * Where they go; valid during the call.
     */
    void *destination;
} cog_range;

/**
 * Functions of the caller's that read a file. They may be called from any thread, several at once, and must not call blocking functions
 * of this library.
 */
typedef struct {
    /**
     * sizeof(cog_reader).
     */
    size_t struct_size;
    /**
     * Stores the file's size in bytes and returns COG_OK. Called once, by the open.
     */
    cog_status (*size)(void *user_data, uint64_t *size);
    /**
     * Fills all ranges of a batch and returns COG_OK, or fails as a whole with a status that says why:
     * COG_ERR_IO, COG_ERR_NOT_FOUND, COG_ERR_PERMISSION_DENIED, COG_ERR_TIMEOUT, COG_ERR_CANCELLED, COG_ERR_MODIFIED, COG_ERR_FORMAT,
     * COG_ERR_UNSUPPORTED, COG_ERR_INVALID_ARGUMENT or COG_ERR_OUT_OF_BOUNDS; any other is taken for COG_ERR_IO.
     */
    cog_status (*read_ranges)(void *user_data, const cog_range *ranges, size_t count);
    /**
     * Called once when the reader is no longer needed; may be NULL.
     */
    void (*close)(void *user_data);
    /**
     * Passed to each.
     */
    void *user_data;
} cog_reader;

/**
 * Type of a sample.
 */
typedef int32_t cog_dtype;

/**
 * A dataset as its first IFD describes it.
 */
typedef struct {
    /**
     * Set by the caller: sizeof(cog_dataset_info).
     */
    size_t struct_size;
    /**
     * Columns of level 0.
     */
    uint64_t width;
    /**
     * Rows of level 0.
     */
    uint64_t height;
    /**
     * The file's size in bytes.
     */
    uint64_t file_size;
    /**
     * The nodata value; 0 where has_nodata is 0.
     */
    double nodata;
    /**
     * Number of bands.
     */
    uint32_t bands;
    /**
     * Type of the samples as they are read.
     */
    cog_dtype dtype;
    /**
     * EPSG code of the CRS, as cog_crs_epsg gives it.
     */
    uint32_t epsg;
    /**
     * The Compression tag of level 0: 1 none, 5 LZW, 7 JPEG, 8 Deflate, ….
     */
    uint32_t compression;
    /**
     * The PhotometricInterpretation tag.
     */
    uint32_t photometric;
    /**
     * 1 where each block holds one band (PlanarConfiguration 2).
     */
    int32_t planar;
    /**
     * 1 for tiles, 0 for strips.
     */
    int32_t tiled;
    /**
     * 1 for a BigTIFF.
     */
    int32_t big_tiff;
    /**
     * 1 where the file's numbers are big-endian. What is read has the machine's order.
     */
    int32_t big_endian;
    /**
     * 1 where there is a nodata value that the samples can have.
     */
    int32_t has_nodata;
    /**
     * 1 where cog_geotransform and cog_bounds succeed.
     */
    int32_t has_transform;
    /**
     * Ground control points, where there is no transform (cog_gcp_at).
     */
    uint32_t gcp_count;
    /**
     * The nodata value of a dataset of COG_INT64, exactly; 0 elsewhere.
     */
    int64_t nodata_int64;
    /**
     * The nodata value of a dataset of COG_UINT64, exactly; 0 elsewhere.
     */
    uint64_t nodata_uint64;
    /**
     * The epoch of the coordinates in decimal years, where the CRS moves with time; 0 where the file names none.
     */
    double coordinate_epoch;
} cog_dataset_info;

/**
 * One resolution.
 */
typedef struct {
    /**
     * Set by the caller: sizeof(cog_level_description).
     */
    size_t struct_size;
    /**
     * Columns.
     */
    uint64_t width;
    /**
     * Rows.
     */
    uint64_t height;
    /**
     * Columns of one tile; a strip is as wide as the image.
     */
    uint64_t tile_width;
    /**
     * Rows of one tile or strip.
     */
    uint64_t tile_height;
    /**
     * Columns of tiles.
     */
    uint64_t tiles_across;
    /**
     * Rows of tiles.
     */
    uint64_t tiles_down;
    /**
     * The Compression tag.
     */
    uint32_t compression;
    /**
     * The Predictor tag.
     */
    uint32_t predictor;
    /**
     * 1 for tiles, 0 for strips.
     */
    int32_t tiled;
    /**
     * 1 where a mask belongs to the level, in the file or beside it.
     */
    int32_t has_mask;
    /**
     * The level's IFD, for cog_tag_at and its kin.
     */
    uint32_t ifd;
} cog_level_description;

/**
 * One band.
 */
typedef struct {
    /**
     * Set by the caller: sizeof(cog_band_description).
     */
    size_t struct_size;
    /**
     * Real value = sample × scale + offset.
     */
    double scale;
    /**
     * See scale.
     */
    double offset;
    /**
     * GDAL's word: "gray", "red", "alpha", "palette", "undefined", ….
     */
    const char *color_interpretation;
    /**
     * The unit of the real value; "" where the file says none.
     */
    const char *unit;
    /**
     * The band's name; "" where the file says none.
     */
    const char *description;
    /**
     * Type of the samples; the same for all bands.
     */
    cog_dtype dtype;
} cog_band_description;

/**
 * What is read of each file.
 */
typedef int32_t cog_request_kind;

/**
 * An internal tile.
 */
typedef struct {
    /**
     * Column.
     */
    uint64_t x;
    /**
     * Row.
     */
    uint64_t y;
    /**
     * Level; 0 is full resolution.
     */
    uint32_t z;
} cog_tile_id;

/**
 * One read of each of many files. Begin with COG_REQUEST_INIT: a window.
 */
typedef struct {
    /**
     * sizeof(cog_request).
     */
    size_t struct_size;
    /**
     * COG_REQUEST_WINDOW, COG_REQUEST_TILE or COG_REQUEST_BOUNDS.
     */
    cog_request_kind kind;
    /**
     * For COG_REQUEST_TILE.
     */
    cog_tile_id tile;
    /**
     * For COG_REQUEST_BOUNDS: left, bottom, right, top.
     */
    double bounds[4];
    /**
     * The CRS of bounds, as cog_read_bounds takes it; NULL: each file's own.
     */
    const char *crs;
} cog_request;

/**
 * How pixels are made where the output is not the size of the window, or the window lies between pixels: with GDAL's names and numbers.
 * As in GDAL, images with a palette are read nearest instead of bilinear, cubic, cubicspline and lanczos, and complex ones instead of gauss.
 */
typedef int32_t cog_resampling;

/**
 * What to read. Begin with COG_READ_PARAMS_INIT: the whole of level 0, all bands.
 */
typedef struct {
    /**
     * sizeof(cog_read_params).
     */
    size_t struct_size;
    /**
     * Left edge of the window, in pixels of `level` (of level 0 where level is -1); need not be whole. x, y, width and height all 0: the
     * whole level.
     */
    double x;
    /**
     * Top edge.
     */
    double y;
    /**
     * Columns of the window.
     */
    double width;
    /**
     * Rows of the window.
     */
    double height;
    /**
     * The level to read; -1: the one that suits the output size, as GDAL chooses it (level 0 where the output size is 0).
     */
    int32_t level;
    /**
     * Columns of the output; 0: as the window.
     */
    int64_t out_width;
    /**
     * Rows of the output; 0: as the window.
     */
    int64_t out_height;
    /**
     * Bands from 1 on, in any order, also repeated; NULL: all.
     */
    const uint32_t *bands;
    /**
     * Entries of bands.
     */
    size_t band_count;
    /**
     * Used where the output size is not the window's, for pixels and mask.
     */
    cog_resampling resampling;
    /**
     * COG_READ_BOUNDLESS, COG_READ_UNSCALE, or both; 0: neither.
     */
    uint32_t flags;
    /**
     * What lies beyond the image, converted to dst's type as a sample is; 0: the setting read.fill_value, which is 0 too where not set.
     */
    double fill;
    /**
     * Time limit of the call in milliseconds; 0: none but those of the single requests.
     */
    uint64_t timeout_ms;
    /**
     * Stops the call; NULL: the token of the options, if any.
     */
    cog_cancel *cancel;
} cog_read_params;

/**
 * Where the pixels go. The strides may have any sign and leave gaps, but pixels must not overlap; data is always the lowest address of
 * the memory, also with negative strides, which begin at its other end.
 */
typedef struct {
    /**
     * sizeof(cog_dst).
     */
    size_t struct_size;
    /**
     * The memory; need not be aligned.
     */
    void *data;
    /**
     * Its size in bytes. What lies beyond is never written.
     */
    size_t len;
    /**
     * Type to convert to, as GDAL converts: floats are rounded half away from zero, everything is clamped, NaN becomes 0 in an integer.
     * COG_NATIVE (0): the file's own type.
     */
    cog_dtype dtype;
    /**
     * Bytes from a pixel to the next; 0: the type's size.
     */
    int64_t pixel_stride;
    /**
     * Bytes from a row to the next; 0: the output's width × pixel_stride.
     */
    int64_t line_stride;
    /**
     * Bytes from a band to the next; 0: the output's height × line_stride.
     */
    int64_t band_stride;
    /**
     * Receives one byte a pixel: 255 valid, 0 not; where an alpha band is the mask, its value. An internal mask or alpha is resampled as the
     * pixels are, to values between: 0 is not valid. NULL: not wanted.
     */
    uint8_t *mask;
    /**
     * Size of mask in bytes.
     */
    size_t mask_len;
    /**
     * Bytes from a row of the mask to the next; 0: the output's width.
     */
    int64_t mask_line_stride;
} cog_dst;

/**
 * How valid pixels of several files become one.
 */
typedef int32_t cog_reducer;

/**
 * One ground control point.
 */
typedef struct {
    /**
     * Set by the caller: sizeof(cog_gcp).
     */
    size_t struct_size;
    /**
     * Position in the image in pixels from the left; pixel corners are whole numbers.
     */
    double column;
    /**
     * Position in the image in pixels from the top.
     */
    double row;
    /**
     * Position in the CRS (cog_crs_epsg names it).
     */
    double x;
    /**
     * See x.
     */
    double y;
    /**
     * Height.
     */
    double z;
} cog_gcp;

/**
 * Rational polynomial coefficients ("RPCs in GeoTIFF"): a line is line_off + line_scale × numerator / denominator, polynomials of the third
 * degree of longitude, latitude and height, each less its offset and divided by its scale.
 */
typedef struct {
    /**
     * Set by the caller: sizeof(cog_rpc).
     */
    size_t struct_size;
    /**
     * Root mean square bias error in metres; -1 where unknown.
     */
    double err_bias;
    /**
     * Root mean square random error in metres; -1 where unknown.
     */
    double err_rand;
    /**
     * Offset of lines.
     */
    double line_off;
    /**
     * Offset of samples (columns).
     */
    double samp_off;
    /**
     * Offset of latitudes, degrees.
     */
    double lat_off;
    /**
     * Offset of longitudes, degrees.
     */
    double long_off;
    /**
     * Offset of heights, metres.
     */
    double height_off;
    /**
     * Scale of lines.
     */
    double line_scale;
    /**
     * Scale of samples.
     */
    double samp_scale;
    /**
     * Scale of latitudes.
     */
    double lat_scale;
    /**
     * Scale of longitudes.
     */
    double long_scale;
    /**
     * Scale of heights.
     */
    double height_scale;
    /**
     * Numerator of the line.
     */
    double line_num_coeff[20];
    /**
     * Denominator of the line.
     */
    double line_den_coeff[20];
    /**
     * Numerator of the sample.
     */
    double samp_num_coeff[20];
    /**
     * Denominator of the sample.
     */
    double samp_den_coeff[20];
} cog_rpc;

/**
 * What was done so far. All counters only grow.
 */
typedef struct {
    /**
     * Set by the caller: sizeof(cog_stats).
     */
    size_t struct_size;
    /**
     * Requests sent: HTTP requests (those sent again and those that redirects lead to included), reads of a local file or of memory, calls of a reader.
     */
    uint64_t requests;
    /**
     * Bytes received.
     */
    uint64_t bytes;
    /**
     * Byte ranges asked for; a merged request counts each block's.
     */
    uint64_t ranges;
    /**
     * Requests sent again: after a failure that may pass, or with what a store has put right (region, clock, credentials).
     */
    uint64_t retries;
    /**
     * Ranges that were in memory.
     */
    uint64_t cache_hits;
    /**
     * Ranges that had to be fetched.
     */
    uint64_t cache_misses;
    /**
     * Bytes of header, IFDs, tag values and index pages fetched.
     */
    uint64_t header_bytes;
    /**
     * Blocks decoded, masks included.
     */
    uint64_t tiles_decoded;
    /**
     * Nanoseconds spent waiting for bytes, summed over requests.
     */
    uint64_t wait_ns;
    /**
     * Nanoseconds spent decoding, summed over threads.
     */
    uint64_t decode_ns;
} cog_stats;

/**
 * Receives log lines: what was passed as user_data, the level, and one line without a line break, valid during the call.
 * It may be called from any thread, several at once, and must not call blocking functions of this library.
 */
typedef void (*cog_log_callback)(void *user_data, int32_t level, const char *message);

/**
 * One row of the table of settings.
 */
typedef struct {
    /**
     * Set by the caller: sizeof(cog_option_description).
     */
    size_t struct_size;
    /**
     * The key, "section.name".
     */
    const char *key;
    /**
     * The value where nobody says another.
     */
    const char *default_value;
    /**
     * The environment variables that give the default, separated by spaces; the first that is set wins.
     */
    const char *environment;
    /**
     * One sentence.
     */
    const char *help;
} cog_option_description;

/**
 * Which statistics to make. Begin with COG_STATISTICS_PARAMS_INIT: of the image reduced to 1024 pixels, percentiles 2 and 98, ten bins.
 */
typedef struct {
    /**
     * sizeof(cog_statistics_params).
     */
    size_t struct_size;
    /**
     * COG_STATISTICS_EXACT and the others, joined by |; 0: none.
     */
    uint32_t flags;
    /**
     * Bins of the histogram, at most 1048576; 0: ten.
     */
    uint32_t bins;
    /**
     * Lower end of the first bin. Both ends 0: from the smallest to the largest value.
     */
    double histogram_min;
    /**
     * Upper end of the last bin, which belongs to it.
     */
    double histogram_max;
    /**
     * From 0 to 100, in any order, at most a hundred; NULL: 2 and 98.
     */
    const double *percentiles;
    /**
     * Entries of percentiles. Where percentiles is not NULL, 0 makes none.
     */
    size_t percentile_count;
    /**
     * Longer side of the reduced image; 0: 1024.
     */
    uint64_t max_size;
} cog_statistics_params;

/**
 * The statistics of one band. Where no pixel is valid the numbers are NaN.
 */
typedef struct {
    /**
     * sizeof(cog_band_statistics).
     */
    size_t struct_size;
    /**
     * The band, from 1 on.
     */
    uint32_t band;
    /**
     * Smallest value.
     */
    double min;
    /**
     * Largest value.
     */
    double max;
    /**
     * Arithmetic mean.
     */
    double mean;
    /**
     * Standard deviation of the whole population.
     */
    double standard_deviation;
    /**
     * Pixels that count.
     */
    uint64_t valid;
    /**
     * Pixels that don't: masked, nodata, NaN or infinite.
     */
    uint64_t masked;
    /**
     * Share of pixels that count, from 0 to 100.
     */
    double valid_percent;
    /**
     * One number a percentile asked for.
     */
    const double *percentiles;
    /**
     * Entries of percentiles.
     */
    size_t percentile_count;
    /**
     * Count of each bin; a bin holds its lower edge, the last one also its upper.
     */
    const uint64_t *histogram;
    /**
     * Bins of equal width.
     */
    size_t bins;
    /**
     * Lower end of the first bin.
     */
    double histogram_min;
    /**
     * Upper end of the last bin.
     */
    double histogram_max;
} cog_band_statistics;

/**
 * One tag of an IFD.
 */
typedef struct {
    /**
     * Set by the caller: sizeof(cog_tag).
     */
    size_t struct_size;
    /**
     * How many values.
     */
    uint64_t count;
    /**
     * Bytes of the value; 0 where the field type is unknown.
     */
    uint64_t length;
    /**
     * The specification's name; "" for a tag that this library does not know.
     */
    const char *name;
    /**
     * The field type's name: "SHORT", "ASCII", ….
     */
    const char *type_name;
    /**
     * The tag's code: 256 is ImageWidth.
     */
    uint16_t code;
    /**
     * The field type's code: 3 is SHORT.
     */
    uint16_t field_type;
} cog_tag;

/**
 * What the values of a tag are given as.
 */
typedef int32_t cog_value_kind;

/**
 * As destination: the file's own type.
 */
#define COG_NATIVE 0

/**
 * Unsigned, 8 bits. Files of 1 to 7 bits are read as this.
 */
#define COG_UINT8 1

/**
 * Signed, 8 bits.
 */
#define COG_INT8 2

/**
 * Unsigned, 16 bits. Files of 9 to 15 bits are read as this.
 */
#define COG_UINT16 3

/**
 * Signed, 16 bits.
 */
#define COG_INT16 4

/**
 * Unsigned, 32 bits. Files of 17 to 31 bits are read as this.
 */
#define COG_UINT32 5

/**
 * Signed, 32 bits.
 */
#define COG_INT32 6

/**
 * Unsigned, 64 bits.
 */
#define COG_UINT64 7

/**
 * Signed, 64 bits.
 */
#define COG_INT64 8

/**
 * IEEE half precision; as destination only (files of 16-bit floats are read as COG_FLOAT32).
 */
#define COG_FLOAT16 9

/**
 * IEEE single precision.
 */
#define COG_FLOAT32 10

/**
 * IEEE double precision.
 */
#define COG_FLOAT64 11

/**
 * Two COG_INT16: real and imaginary part.
 */
#define COG_CINT16 12

/**
 * Two COG_INT32.
 */
#define COG_CINT32 13

/**
 * Two COG_FLOAT32.
 */
#define COG_CFLOAT32 14

/**
 * Two COG_FLOAT64.
 */
#define COG_CFLOAT64 15

/**
 * The window of the parameters, in each file's own pixels.
 */
#define COG_REQUEST_WINDOW 0

/**
 * The internal tile `tile`.
 */
#define COG_REQUEST_TILE 1

/**
 * What lies inside `bounds`, as cog_read_bounds reads it.
 */
#define COG_REQUEST_BOUNDS 2

/**
 * That of the first file that has one; files behind those that fill the picture are not waited for.
 */
#define COG_FIRST 0

/**
 * That of the last file that has one.
 */
#define COG_LAST 1

/**
 * Each band's highest value.
 */
#define COG_HIGHEST 2

/**
 * Each band's lowest value.
 */
#define COG_LOWEST 3

/**
 * Each band's mean, rounded once where the type is an integer.
 */
#define COG_MEAN 4

/**
 * The pixel that lies under the centre of the output pixel.
 */
#define COG_NEAREST 0

/**
 * Between the two nearest pixels; where the output is reduced, over as many as it is reduced by. Pixels that are not valid are left out, as
 * in all that follow.
 */
#define COG_BILINEAR 1

/**
 * Catmull-Rom, over four pixels. May overshoot.
 */
#define COG_CUBIC 2

/**
 * Cubic B-spline, over four pixels: smooth.
 */
#define COG_CUBICSPLINE 3

/**
 * Windowed sinc, over six pixels: sharp. May overshoot.
 */
#define COG_LANCZOS 4

/**
 * The mean of the pixels that an output pixel covers. With a palette, the colour nearest to the mean of the colours.
 */
#define COG_AVERAGE 5

/**
 * The root of the mean of their squares.
 */
#define COG_RMS 6

/**
 * The most frequent of their values.
 */
#define COG_MODE 7

/**
 * A Gauss filter of 3, 5 or 7 pixels, by the reduction.
 */
#define COG_GAUSS 8

/**
 * Success.
 */
#define COG_OK 0

/**
 * An argument can't be meant: NULL where it must not be, an unknown enum value, a malformed URL, strides that overlap.
 */
#define COG_ERR_INVALID_ARGUMENT 1

/**
 * There is no such file or object (HTTP 404, 410).
 */
#define COG_ERR_NOT_FOUND 2

/**
 * The file system or the server refuses access (HTTP 401, 403, 407).
 */
#define COG_ERR_PERMISSION_DENIED 3

/**
 * Bytes could not be fetched: connection, disk, or an answer that is not what was asked for.
 */
#define COG_ERR_IO 4

/**
 * A time limit ran out: the call's, http.timeout_ms, http.connect_timeout_ms, http.low_speed_ms; or the server says so of itself (HTTP 408, 504).
 */
#define COG_ERR_TIMEOUT 5

/**
 * The cancel token was fired.
 */
#define COG_ERR_CANCELLED 6

/**
 * Not a TIFF, or a broken one.
 */
#define COG_ERR_FORMAT 7

/**
 * A valid file or request that this version does not handle.
 */
#define COG_ERR_UNSUPPORTED 8

/**
 * A window, tile, level, band, IFD or tag that the file does not have.
 */
#define COG_ERR_OUT_OF_BOUNDS 9

/**
 * The destination is smaller than the result; nothing was read.
 */
#define COG_ERR_BUFFER_TOO_SMALL 10

/**
 * One of the limits.* settings would be passed.
 */
#define COG_ERR_LIMIT_EXCEEDED 11

/**
 * The file is another one than when it was opened; open it again.
 */
#define COG_ERR_MODIFIED 12

/**
 * The handle was opened before fork() and this is the child; open the file again here.
 */
#define COG_ERR_FORKED 13

/**
 * A defect in libcog, stopped at its boundary. The handle stays usable.
 */
#define COG_ERR_PANIC 14

/**
 * An array of uint64_t: BYTE, SHORT, LONG, LONG8, IFD, IFD8.
 */
#define COG_VALUE_UNSIGNED 1

/**
 * An array of int64_t: SBYTE, SSHORT, SLONG, SLONG8.
 */
#define COG_VALUE_SIGNED 2

/**
 * An array of double: FLOAT, DOUBLE, and RATIONAL and SRATIONAL divided.
 */
#define COG_VALUE_REAL 3

/**
 * Text as the file has it (mostly ASCII or UTF-8), with a NUL behind it that is not counted.
 */
#define COG_VALUE_TEXT 4

/**
 * Bytes: UNDEFINED and unknown types.
 */
#define COG_VALUE_BYTES 5



#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a cancel token. Give it to a call (cog_read_params.cancel) or to options (cog_options_set_cancel).
 *
 * Ownership: the caller frees it with cog_cancel_free. Lifetime: until freed; calls keep a reference of their own.
 * NULL: returned only when memory is out. Threads: any. Blocking: no. Errors: none.
 * Example: tests/c/harness.c
 */
cog_cancel *cog_cancel_new(void);

/**
 * Stops the calls that the token was given to, and those that it is given to later: they return COG_ERR_CANCELLED, and a request under
 * way is closed. A token that was fired stays so.
 *
 * Ownership: takes nothing. Lifetime: none. NULL: allowed, does nothing. Threads: any, at any time. Blocking: no. Errors: none.
 * Example: tests/c/harness.c
 */
void cog_cancel_fire(const cog_cancel *cancel);

/**
 * Frees a token. Calls that have it go on, and can't be stopped by it any more.
 *
 * Ownership: takes the token. Lifetime: it ends here. NULL: allowed, does nothing. Threads: any. Blocking: no. Errors: none.
 * Example: tests/c/harness.c
 */
void cog_cancel_free(cog_cancel *cancel);

/**
 * Opens a file: a path, file:///path, http://…, https://…, s3://bucket/key, gs://bucket/key, az://container/blob or
 * abfss://container@account.dfs.core.windows.net/blob. Reads the header and the first IFD, in one request where they fit
 * io.header_bytes. Overviews are found when they are first needed.
 *
 * Ownership: uri and options are not kept; *dataset is the caller's, freed with cog_free. Lifetime: until its last reference is freed.
 * NULL: options (the defaults) and error may be NULL; on failure *dataset is NULL. Threads: any. Blocking: yes, on the file or the server.
 * Errors: COG_ERR_NOT_FOUND, COG_ERR_PERMISSION_DENIED, COG_ERR_IO, COG_ERR_TIMEOUT, COG_ERR_CANCELLED; COG_ERR_FORMAT for what is not a
 * TIFF or a broken one, COG_ERR_UNSUPPORTED, COG_ERR_LIMIT_EXCEEDED, COG_ERR_INVALID_ARGUMENT (a directory, a malformed URL or option).
 * Example: examples-c/describe.c
 */
cog_status cog_open(const char *uri,
                    const cog_options *options,
                    cog_dataset **dataset,
                    cog_error **error);

/**
 * Opens a file that lies in memory.
 *
 * Ownership: with copy != 0 the bytes are copied; with copy == 0 they stay the caller's. *dataset is the caller's, freed with cog_free.
 * Lifetime: with copy == 0 the bytes must stay as they are until the last reference to the dataset is freed. NULL: data may be NULL where
 * len is 0; options and error may be NULL. Threads: any. Blocking: no I/O. Errors: as cog_open, without those of networks.
 * Example: tests/c/harness.c
 */
cog_status cog_open_memory(const void *data,
                           size_t len,
                           int32_t copy,
                           const cog_options *options,
                           cog_dataset **dataset,
                           cog_error **error);

/**
 * Opens a file that the caller's functions read. They may be called from any thread, several at once, and get batches of ranges.
 *
 * Ownership: *reader is copied; reader->close is called once, when the last reference to the dataset is freed, or before this function
 * returns where it fails (but not where it fails with COG_ERR_INVALID_ARGUMENT because of reader itself). *dataset is the caller's,
 * freed with cog_free. Lifetime: user_data and the functions must stay valid until close was called. NULL: reader->close, options and
 * error may be NULL. Threads: any. Blocking: yes, on the caller's functions.
 * Errors: as cog_open; what size and read_ranges return (see cog_reader).
 * Example: tests/c/harness.c
 */
cog_status cog_open_reader(const cog_reader *reader,
                           const cog_options *options,
                           cog_dataset **dataset,
                           cog_error **error);

/**
 * Adds a reference to a dataset, for another owner. Each needs its own cog_free.
 *
 * Ownership: the new reference is the caller's. Lifetime: until as many cog_free as references. NULL: allowed, gives NULL.
 * Threads: any. Blocking: no. Errors: none; returns the same handle.
 * Example: tests/c/harness.c
 */
cog_dataset *cog_retain(cog_dataset *dataset);

/**
 * Gives a reference to a dataset back; the last one closes the file. Calls that are running on other threads must hold references of
 * their own. A dataset opened before fork() may be freed in the child.
 *
 * Ownership: takes one reference. Lifetime: with the last reference the handle and all it lent end. NULL: allowed, does nothing.
 * Threads: any. Blocking: no, but for reader->close. Errors: none.
 * Example: examples-c/describe.c
 */
void cog_free(cog_dataset *dataset);

/**
 * Describes the dataset by its first IFD.
 *
 * Ownership: info is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any. Blocking: no.
 * Errors: COG_ERR_INVALID_ARGUMENT for NULL or a struct_size that is none.
 * Example: examples-c/describe.c
 */
cog_status cog_info(const cog_dataset *dataset, cog_dataset_info *info, cog_error **error);

/**
 * Gives the number of resolutions: 1 and the overviews.
 *
 * Ownership: count is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
 * Blocking: the first time, on the IFDs that the open did not read. Errors: as reading the file; a damaged IFD ends the list.
 * Example: examples-c/describe.c
 */
cog_status cog_level_count(const cog_dataset *dataset,
                           uint32_t *count,
                           cog_error **error);

/**
 * Describes one resolution; 0 is the full one.
 *
 * Ownership: info is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
 * Blocking: the first time, as cog_level_count. Errors: COG_ERR_OUT_OF_BOUNDS for a level that is not there; as cog_level_count.
 * Example: examples-c/describe.c
 */
cog_status cog_level_info(const cog_dataset *dataset,
                          uint32_t level,
                          cog_level_description *info,
                          cog_error **error);

/**
 * Describes one band; the first is 1.
 *
 * Ownership: info is the caller's, the texts in it belong to the dataset. Lifetime: the texts live until the dataset's last reference is
 * freed. NULL: error may be NULL, the others not. Threads: any. Blocking: no. Errors: COG_ERR_OUT_OF_BOUNDS for a band that is not there.
 * Example: examples-c/describe.c
 */
cog_status cog_band_info(const cog_dataset *dataset,
                         uint32_t band,
                         cog_band_description *info,
                         cog_error **error);

/**
 * The EPSG code of the CRS, or 0 where it has none. A CRS that the file gives by parameters has the code of the registered CRS which is
 * the same but for its names, as rasterio's to_epsg finds it.
 *
 * Ownership: takes nothing. Lifetime: none. NULL: gives 0. Threads: any. Blocking: no. Errors: none.
 * Example: examples-c/describe.c
 */
uint32_t cog_crs_epsg(const cog_dataset *dataset);

/**
 * Gives the affine transform of a level in GDAL's order: x = t[0] + column·t[1] + row·t[2], y = t[3] + column·t[4] + row·t[5], where whole
 * numbers are corners of pixels (also in a PixelIsPoint file, whose half pixel is taken into account).
 *
 * Ownership: transform, an array of 6, is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
 * Blocking: for level 0 no; else as cog_level_count. Errors: COG_ERR_OUT_OF_BOUNDS where the file has no transform or no such level.
 * Example: examples-c/describe.c
 */
cog_status cog_geotransform(const cog_dataset *dataset,
                            uint32_t level,
                            double *transform,
                            cog_error **error);

/**
 * Gives left, bottom, right and top of the image in its CRS. In a south-up image bottom is above top; around a rotated one it is a box.
 *
 * Ownership: bounds, an array of 4, is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any. Blocking: no.
 * Errors: COG_ERR_OUT_OF_BOUNDS where the file has no transform.
 * Example: examples-c/describe.c
 */
cog_status cog_bounds(const cog_dataset *dataset,
                      double *bounds,
                      cog_error **error);

/**
 * Gives the palette of a paletted image: red, green, blue and alpha of each sample value, 0 to 255 each.
 *
 * Ownership: rgba, with room for capacity × 4 bytes, is the caller's. Lifetime: none. NULL: rgba may be NULL where capacity is 0, to learn
 * *count; error may be NULL. Threads: any. Blocking: no. Errors: COG_ERR_OUT_OF_BOUNDS where there is no palette;
 * COG_ERR_BUFFER_TOO_SMALL where capacity is neither 0 nor enough.
 * Example: examples-c/describe.c
 */
cog_status cog_colormap(const cog_dataset *dataset,
                        uint8_t *rgba,
                        size_t capacity,
                        size_t *count,
                        cog_error **error);

/**
 * Gives the whole description as a JSON object: the same that `cogtool info --json` prints; README.md names the keys.
 *
 * Ownership: *text is the caller's, freed with cog_buffer_free; it ends with a NUL that *len does not count. Lifetime: until freed.
 * NULL: len and error may be NULL, the others not. Threads: any. Blocking: the first time, as cog_level_count.
 * Errors: as cog_level_count.
 * Example: examples-c/describe.c
 */
cog_status cog_metadata_json(const cog_dataset *dataset,
                             char **text,
                             size_t *len,
                             cog_error **error);

/**
 * Gives the CRS as WKT2:2019 (OGC 18-010r7), on one line; PROJ and GDAL read it. It is the CRS that GDAL makes of the file's GeoKeys:
 * by an EPSG code, by parameters, or a local (engineering) one where the file says no more.
 *
 * Ownership: *text is the caller's, freed with cog_buffer_free; it ends with a NUL that *len does not count. Lifetime: until freed.
 * NULL: len and error may be NULL, the others not. Threads: any. Blocking: no.
 * Errors: COG_ERR_OUT_OF_BOUNDS where the file has no CRS; COG_ERR_UNSUPPORTED, with the reason, where its GeoKeys can't be expressed.
 * Example: examples-c/describe.c
 */
cog_status cog_crs_wkt(const cog_dataset *dataset,
                       char **text,
                       size_t *len,
                       cog_error **error);

/**
 * Gives the CRS as PROJJSON (version 0.7 of its schema): the same as cog_crs_wkt gives, in JSON.
 *
 * Ownership: *text is the caller's, freed with cog_buffer_free; it ends with a NUL that *len does not count. Lifetime: until freed.
 * NULL: len and error may be NULL, the others not. Threads: any. Blocking: no. Errors: as cog_crs_wkt.
 * Example: examples-c/describe.c
 */
cog_status cog_crs_projjson(const cog_dataset *dataset,
                            char **text,
                            size_t *len,
                            cog_error **error);

/**
 * The status of an error: the same that the failed call returned.
 *
 * Ownership: takes nothing. Lifetime: none. NULL: gives COG_OK. Threads: any. Blocking: no. Errors: none.
 * Example: examples-c/errors.c
 */
cog_status cog_error_status(const cog_error *error);

/**
 * One line in English: which file, level and tile, what is wrong, and where it helps, what to do. Credentials are left out.
 *
 * Ownership: the text belongs to the error. Lifetime: until the error is freed. NULL: gives "". Threads: any. Blocking: no.
 * Errors: none.
 * Example: examples-c/errors.c
 */
const char *cog_error_message(const cog_error *error);

/**
 * The status code of the server's answer (404, 503, …), or 0 where no server answered.
 *
 * Ownership: takes nothing. Lifetime: none. NULL: gives 0. Threads: any. Blocking: no. Errors: none.
 * Example: examples-c/errors.c
 */
int32_t cog_error_http_status(const cog_error *error);

/**
 * The byte offset in the file where it went wrong, or -1 where none is known.
 *
 * Ownership: takes nothing. Lifetime: none. NULL: gives -1. Threads: any. Blocking: no. Errors: none.
 * Example: examples-c/errors.c
 */
int64_t cog_error_offset(const cog_error *error);

/**
 * The tile that failed: its level, column and row. Returns 1, or 0 (and leaves the places as they were) where no tile was concerned.
 *
 * Ownership: takes nothing. Lifetime: none. NULL: a NULL error gives 0; a NULL place is not written. Threads: any. Blocking: no.
 * Errors: none.
 * Example: examples-c/errors.c
 */
int32_t cog_error_tile(const cog_error *error,
                       uint32_t *level,
                       uint64_t *x,
                       uint64_t *y);

/**
 * Frees an error.
 *
 * Ownership: takes the error. Lifetime: the error and its message end here. NULL: allowed, does nothing. Threads: any. Blocking: no.
 * Errors: none.
 * Example: examples-c/errors.c
 */
void cog_error_free(cog_error *error);

/**
 * The version of the linked library: major × 1000000 + minor × 1000 + patch.
 *
 * Ownership: takes nothing. Lifetime: none. NULL: none. Threads: any. Blocking: no. Errors: none.
 * Example: examples-c/describe.c
 */
uint32_t cog_version_number(void);

/**
 * The version of the linked library as text, "0.1.0".
 *
 * Ownership: the text belongs to the library. Lifetime: static. NULL: none. Threads: any. Blocking: no. Errors: none.
 * Example: examples-c/describe.c
 */
const char *cog_version_string(void);

/**
 * Whether this build has a feature: 1 or 0. Known names: "http", "s3", "gcs", "azure", "native-codecs", "jpeg", "lzw",
 * "deflate", "packbits", "webp", "zstd", "lzma", "lerc", "ccitt".
 *
 * Ownership: takes nothing. Lifetime: none. NULL: gives 0. Threads: any. Blocking: no. Errors: none.
 * Example: examples-c/describe.c
 */
int32_t cog_has_feature(const char *name);

/**
 * The name of a status, "COG_ERR_NOT_FOUND"; "unknown status" for a value that is none.
 *
 * Ownership: the text belongs to the library. Lifetime: static. NULL: none. Threads: any. Blocking: no. Errors: none.
 * Example: examples-c/errors.c
 */
const char *cog_status_name(cog_status status);

/**
 * Frees memory that a function of this library returned and documents as freed with cog_buffer_free.
 *
 * Ownership: takes the buffer. Lifetime: the buffer ends here. NULL: allowed, does nothing. Threads: any. Blocking: no. Errors: none.
 * Example: examples-c/describe.c
 */
void cog_buffer_free(void *buffer);

/**
 * Stops the library's threads. Calls that are running go on for up to timeout_ms; a later call starts the threads again.
 * A program need not call this: the threads end with the process.
 *
 * Ownership: takes nothing. Lifetime: handles stay valid. NULL: error may be NULL. Threads: any. Blocking: up to timeout_ms.
 * Errors: COG_ERR_TIMEOUT where calls were still running then (they finish, and the threads stop after them).
 * Example: tests/c/harness.c
 */
cog_status cog_shutdown(uint64_t timeout_ms,
                        cog_error **error);

/**
 * Reads the same of each of n datasets, up to 16 of them at once, each into its own dst of dsts. errors receives NULL or an error for each:
 * what one can't give spoils no other. cog_error_status(errors[i]) is COG_OK for NULL. params->timeout_ms limits the read of each.
 *
 * Ownership: datasets, request, params and dsts stay the caller's; each of errors is the caller's, freed with cog_error_free.
 * Lifetime: the memory of all dsts must stay valid, and unused by others, until the function returns; no two may overlap.
 * NULL: request (a window), params, errors, error, and entries of datasets (an error of their own) may be NULL; datasets and dsts where n
 * is 0. Threads: any, also at once on the same datasets. Blocking: yes; stopped by params->cancel and params->timeout_ms.
 * Errors: COG_OK only where all were read; else the status and the error of the first that was not, as cog_read_window, cog_get_tile and
 * cog_read_bounds give them.
 * Example: tests/c/harness.c
 */
cog_status cog_read_many(const cog_dataset *const *datasets,
                         size_t n,
                         const cog_request *request,
                         const cog_read_params *params,
                         const cog_dst *dsts,
                         cog_error **errors,
                         cog_error **error);

/**
 * Reads the same of each of n datasets and makes one picture of it in dst: for each pixel the valid ones are reduced to one. The picture
 * has params' out_width × out_height pixels, or where these are 0 the size that the first dataset's read has; COG_NATIVE is the first
 * dataset's type. Pixels that are valid nowhere are params->fill, with mask 0. Datasets that lie outside the bounds of the request have no
 * part in it. COG_FIRST, COG_LAST, COG_HIGHEST and COG_LOWEST go by bands and the mask of the pixel; the result does not depend on which
 * file answers first. params->timeout_ms limits the read of each.
 *
 * Ownership: all stays the caller's. Lifetime: dst's memory must stay valid, and unused by others, until the function returns.
 * NULL: request (a window), params and error may be NULL; the others not. Threads: any, also at once on the same datasets.
 * Blocking: yes; stopped by params->cancel and params->timeout_ms. Errors: those of any dataset, as cog_read_many; COG_ERR_OUT_OF_BOUNDS
 * where no dataset reaches the bounds; COG_ERR_INVALID_ARGUMENT where the datasets give different sizes or numbers of bands;
 * COG_ERR_UNSUPPORTED for complex samples, but for the first and the last.
 * Example: examples-c/mosaic.c
 */
cog_status cog_read_mosaic(const cog_dataset *const *datasets,
                           size_t n,
                           const cog_request *request,
                           cog_reducer reducer,
                           const cog_read_params *params,
                           const cog_dst *dst,
                           cog_error **error);

/**
 * Reads a STAC item (its JSON: a path or a URL) and opens its assets, up to 16 at once: those of media type
 * image/tiff; application=geotiff; profile=cloud-optimized, or the asset_count that assets names, of whatever type. Relative hrefs are
 * resolved against the item's place. An asset that can't be opened is a member of the set too; cog_set_dataset says why. Items may come
 * from anybody: the settings stac.item_bytes and stac.assets limit them, an item from a server names no local files, and http.headers and
 * http.bearer_token are sent to the item's own origin only.
 *
 * Ownership: uri, assets and options are not kept; *set is the caller's, freed with cog_set_free. Lifetime: until freed. NULL: assets
 * (by media type; asset_count is 0 then), options and error may be NULL; on failure *set is NULL. Threads: any.
 * Blocking: yes, on the item and all assets; stopped by the token of the options. Errors: as cog_open for the item; COG_ERR_FORMAT for what
 * is no item; COG_ERR_NOT_FOUND where no asset has the media type or a name is not there; COG_ERR_LIMIT_EXCEEDED.
 * Example: examples-c/stac.c
 */
cog_status cog_stac_open(const char *uri,
                         const char *const *assets,
                         size_t asset_count,
                         uint32_t flags,
                         const cog_options *options,
                         cog_set **set,
                         cog_error **error);

/**
 * Gives the number of files in a set, those that could not be opened included.
 *
 * Ownership: set stays the caller's. Lifetime: none. NULL: set may be NULL, which gives 0. Threads: any. Blocking: no. Errors: none.
 * Example: examples-c/stac.c
 */
size_t cog_set_count(const cog_set *set);

/**
 * Gives the name of the i-th file, from 0 on: the key of the asset.
 *
 * Ownership: the text is lent. Lifetime: as long as the set. NULL: set may be NULL, which gives NULL, as an i that is not there does.
 * Threads: any. Blocking: no. Errors: none.
 * Example: examples-c/stac.c
 */
const char *cog_set_name(const cog_set *set,
                         size_t i);

/**
 * Gives the i-th file of a set, from 0 on, or the error with which it could not be opened.
 *
 * Ownership: *dataset is a reference of the caller's, freed with cog_free. Lifetime: until freed; it does not need the set. NULL: error may
 * be NULL, the others not; on failure *dataset is NULL. Threads: any. Blocking: no. Errors: COG_ERR_OUT_OF_BOUNDS for an i that is not
 * there; those of cog_open; COG_ERR_PERMISSION_DENIED for a local file, or a store's host, that the item may not name.
 * Example: examples-c/stac.c
 */
cog_status cog_set_dataset(const cog_set *set,
                           size_t i,
                           cog_dataset **dataset,
                           cog_error **error);

/**
 * Frees a set. Datasets that were taken from it live on.
 *
 * Ownership: takes set. Lifetime: it ends, and the names that it lent. NULL: allowed, does nothing. Threads: any. Blocking: no.
 * Errors: none.
 * Example: examples-c/stac.c
 */
void cog_set_free(cog_set *set);

/**
 * Gives the number of metadata domains that have items, of the dataset (band 0) or of a band (from 1 on). They are GDAL's, with its names and
 * its spelling of values: "" (the default one), IMAGE_STRUCTURE, EXIF, RPC, COLOR_PROFILE, SUBDATASETS, xml:XMP and those of GDAL_METADATA.
 *
 * Ownership: count is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
 * Blocking: the first time for band 0, on tags that the open did not read, and as cog_level_count; else no.
 * Errors: COG_ERR_OUT_OF_BOUNDS for a band that is not there; COG_ERR_LIMIT_EXCEEDED beyond limits.tag_bytes; as reading the file.
 * Example: examples-c/metadata.c
 */
cog_status cog_metadata_domain_count(const cog_dataset *dataset,
                                     uint32_t band,
                                     uint32_t *count,
                                     cog_error **error);

/**
 * Gives the name of metadata domain `index` (from 0 on) and the number of its items.
 *
 * Ownership: *name belongs to the dataset, *items is the caller's. Lifetime: the name lives until the dataset's last reference is freed.
 * NULL: items and error may be NULL, the others not. Threads: any. Blocking: as cog_metadata_domain_count.
 * Errors: COG_ERR_OUT_OF_BOUNDS for a band or a domain that is not there; as cog_metadata_domain_count.
 * Example: examples-c/metadata.c
 */
cog_status cog_metadata_domain_at(const cog_dataset *dataset,
                                  uint32_t band,
                                  uint32_t index,
                                  const char **name,
                                  uint32_t *items,
                                  cog_error **error);

/**
 * Gives key and value of item `index` (from 0 on) of a metadata domain. A domain whose name begins with "xml:" has one item, whose value is
 * the whole text.
 *
 * Ownership: *key and *value belong to the dataset. Lifetime: they live until the dataset's last reference is freed. NULL: domain (the
 * default one) and error may be NULL, the others not. Threads: any. Blocking: as cog_metadata_domain_count.
 * Errors: COG_ERR_OUT_OF_BOUNDS for a band, a domain or an item that is not there; as cog_metadata_domain_count.
 * Example: examples-c/metadata.c
 */
cog_status cog_metadata_at(const cog_dataset *dataset,
                           uint32_t band,
                           const char *domain,
                           uint32_t index,
                           const char **key,
                           const char **value,
                           cog_error **error);

/**
 * Gives the value of a metadata item. Upper and lower case of domains and keys are the same.
 *
 * Ownership: *value belongs to the dataset. Lifetime: it lives until the dataset's last reference is freed. NULL: domain (the default one)
 * and error may be NULL, the others not. Threads: any. Blocking: as cog_metadata_domain_count.
 * Errors: COG_ERR_OUT_OF_BOUNDS for a band, a domain or an item that is not there; as cog_metadata_domain_count.
 * Example: examples-c/metadata.c
 */
cog_status cog_metadata_item(const cog_dataset *dataset,
                             uint32_t band,
                             const char *domain,
                             const char *key,
                             const char **value,
                             cog_error **error);

/**
 * Gives ground control point `index`, from 0 on; cog_dataset_info has their number. Their CRS is the one that cog_crs_epsg names.
 *
 * Ownership: gcp is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any. Blocking: no.
 * Errors: COG_ERR_OUT_OF_BOUNDS for a point that is not there.
 * Example: examples-c/metadata.c
 */
cog_status cog_gcp_at(const cog_dataset *dataset,
                      uint32_t index,
                      cog_gcp *gcp,
                      cog_error **error);

/**
 * Gives the rational polynomial coefficients (tag 50844).
 *
 * Ownership: rpc is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
 * Blocking: as cog_metadata_domain_count. Errors: COG_ERR_OUT_OF_BOUNDS where the file has none; as cog_metadata_domain_count.
 * Example: examples-c/metadata.c
 */
cog_status cog_rpc_coefficients(const cog_dataset *dataset,
                                cog_rpc *rpc,
                                cog_error **error);

/**
 * Gives the ICC profile (tag 34675), as the file has it.
 *
 * Ownership: *profile is the caller's, freed with cog_buffer_free. Lifetime: until freed. NULL: error may be NULL, the others not.
 * Threads: any. Blocking: as cog_metadata_domain_count. Errors: COG_ERR_OUT_OF_BOUNDS where the file has none; as
 * cog_metadata_domain_count.
 * Example: examples-c/metadata.c
 */
cog_status cog_icc_profile(const cog_dataset *dataset,
                           void **profile,
                           size_t *len,
                           cog_error **error);

/**
 * Gives the counters of a handle, or of all handles since the library was loaded (freed ones included).
 *
 * Ownership: stats is the caller's. Lifetime: none. NULL: dataset NULL means all handles; error may be NULL, stats not. Threads: any.
 * Blocking: no. Errors: COG_ERR_INVALID_ARGUMENT for a struct_size that is none.
 * Example: examples-c/window_to_png.c
 */
cog_status cog_stats_get(const cog_dataset *dataset,
                         cog_stats *stats,
                         cog_error **error);

/**
 * Sends the log lines of all handles, up to a level, to a callback; NULL takes that back, and lines go to standard error again as each
 * handle's log.level says.
 *
 * Ownership: user_data stays the caller's. Lifetime: callback and user_data must stay valid until another callback is set and calls that
 * are running have returned. NULL: callback may be NULL (off), user_data and error too. Threads: any. Blocking: no.
 * Errors: COG_ERR_INVALID_ARGUMENT for an unknown level.
 * Example: tests/c/harness.c
 */
cog_status cog_set_log_callback(cog_log_callback callback,
                                void *user_data,
                                int32_t level,
                                cog_error **error);

/**
 * Makes a set of options. Each has its default: the value of its environment variable now, or else the one in the table.
 *
 * Ownership: the caller frees it with cog_options_free. Lifetime: until freed. NULL: never returned. Threads: any. Blocking: no.
 * Errors: none; a wrong value in the environment is reported by the open that uses it.
 * Example: examples-c/describe.c
 */
cog_options *cog_options_new(void);

/**
 * Sets one option: "io.header_bytes", "decode.backend", "http.headers", …; see cog_option_info and README.md for all.
 * Handles that are open keep the settings that they were opened with.
 *
 * Ownership: key and value are copied. Lifetime: none. NULL: error may be NULL, the others not. Threads: any, also at once.
 * Blocking: no. Errors: COG_ERR_INVALID_ARGUMENT for an unknown key or a value that the option does not take.
 * Example: examples-c/describe.c
 */
cog_status cog_options_set(cog_options *options,
                           const char *key,
                           const char *value,
                           cog_error **error);

/**
 * Gives the value of one option as text; "***" for one that may hold a secret (a key, a token, a header, a proxy's password) and is set.
 *
 * Ownership: *value is the caller's, freed with cog_buffer_free. Lifetime: until freed. NULL: error may be NULL, the others not.
 * Threads: any. Blocking: no. Errors: COG_ERR_INVALID_ARGUMENT for an unknown key.
 * Example: tests/c/harness.c
 */
cog_status cog_options_get(const cog_options *options,
                           const char *key,
                           char **value,
                           cog_error **error);

/**
 * Gives a token that stops every call on the handles opened with these options, the open itself included; NULL takes it back.
 * A token in the parameters of a call stands in its place for that call.
 *
 * Ownership: the options keep a reference of their own. Lifetime: the token may be freed at once. NULL: cancel and error may be NULL.
 * Threads: any. Blocking: no. Errors: COG_ERR_INVALID_ARGUMENT for NULL options.
 * Example: tests/c/harness.c
 */
cog_status cog_options_set_cancel(cog_options *options,
                                  const cog_cancel *cancel,
                                  cog_error **error);

/**
 * Frees options. Handles opened with them keep their settings.
 *
 * Ownership: takes the options. Lifetime: they end here. NULL: allowed, does nothing. Threads: any. Blocking: no. Errors: none.
 * Example: examples-c/describe.c
 */
void cog_options_free(cog_options *options);

/**
 * The number of options that there are.
 *
 * Ownership: takes nothing. Lifetime: none. NULL: none. Threads: any. Blocking: no. Errors: none.
 * Example: tests/c/harness.c
 */
size_t cog_option_count(void);

/**
 * Describes option `index`, from 0 to cog_option_count() - 1.
 *
 * Ownership: the texts belong to the library. Lifetime: static. NULL: error may be NULL, info not. Threads: any. Blocking: no.
 * Errors: COG_ERR_OUT_OF_BOUNDS for a larger index, COG_ERR_INVALID_ARGUMENT for a struct_size that is none.
 * Example: tests/c/harness.c
 */
cog_status cog_option_info(size_t index,
                           cog_option_description *info,
                           cog_error **error);

/**
 * Reads the samples of all bands at n points into dst, as an image of n × 1 pixels: all points of the first band, then of the second, …,
 * unless dst's strides say otherwise. Every block that a point needs is fetched and decoded once, however many points lie in it, and
 * requests are merged. xy holds x and y of each point in the image's CRS, or with COG_READ_PIXELS columns and rows. Of params level (-1 is
 * 0), bands, resampling, flags, fill, timeout_ms and cancel count. COG_NEAREST gives the pixel in which a point lies. COG_BILINEAR gives
 * GDAL's GDALRasterInterpolateAtPoint: between the centres of the four pixels around, those beyond the edge being the edge's; where one of
 * the four is nodata or masked, the value is params->fill. Points outside the image are params->fill with mask 0, and no error.
 *
 * Ownership: all stays the caller's. Lifetime: dst's memory must stay valid, and unused by others, until the function returns.
 * NULL: crs (the image's own), params and error may be NULL; xy and dst->data where n is 0. Threads: any, also at once on one dataset.
 * Blocking: yes; stopped by params->cancel and params->timeout_ms. Errors: as cog_read_window; COG_ERR_UNSUPPORTED for another CRS than the
 * image's and for other resampling methods; COG_ERR_INVALID_ARGUMENT for map coordinates where the image has no transform.
 * Example: examples-c/point_series.c
 */
cog_status cog_read_points(const cog_dataset *dataset,
                           const char *crs,
                           const double *xy,
                           size_t n,
                           const cog_read_params *params,
                           const cog_dst *dst,
                           cog_error **error);

/**
 * Reads a window of a level, or of the level that suits out_width × out_height, into dst. Blocks are fetched in as few requests as
 * possible and decoded by all cores.
 *
 * Ownership: params and dst stay the caller's. Lifetime: dst's memory must stay valid, and unused by others, until the function returns.
 * NULL: params (the whole of level 0) and error may be NULL; dst and dst->data not. Threads: any, also at once on one dataset.
 * Blocking: yes; stopped by params->cancel and params->timeout_ms.
 * Errors: COG_ERR_OUT_OF_BOUNDS for a window (without COG_READ_BOUNDLESS: a part of one), level or band that is not there; COG_ERR_BUFFER_TOO_SMALL and COG_ERR_INVALID_ARGUMENT before
 * any I/O for the pixels; COG_ERR_FORMAT for a damaged block, COG_ERR_UNSUPPORTED for a compression that is not read, both with the tile;
 * COG_ERR_IO, COG_ERR_TIMEOUT, COG_ERR_CANCELLED, COG_ERR_MODIFIED, COG_ERR_LIMIT_EXCEEDED, COG_ERR_FORKED. On failure dst may be partly
 * written.
 * Example: examples-c/window_to_png.c
 */
cog_status cog_read_window(const cog_dataset *dataset,
                           const cog_read_params *params,
                           const cog_dst *dst,
                           cog_error **error);

/**
 * Reads the part of the image inside bounds (left, bottom, right, top) into dst, which becomes out_width × out_height pixels of params, or
 * where these are 0 as many as the window of cog_bounds_window. The part may reach beyond the image: what lies outside is params->fill, with
 * mask 0, unless the setting read.boundless is FALSE. crs names the CRS of the bounds; this version takes that of the image only, as
 * "EPSG:32633" or by its URN or URL.
 *
 * Ownership: all stays the caller's. Lifetime: dst's memory must stay valid, and unused by others, until the function returns.
 * NULL: crs (the image's), params and error may be NULL; the others not. Threads: any, also at once on one dataset.
 * Blocking: yes; stopped by params->cancel and params->timeout_ms. Errors: as cog_read_window and cog_bounds_window;
 * COG_ERR_OUT_OF_BOUNDS for bounds that don't overlap the image; COG_ERR_INVALID_ARGUMENT for a window in params.
 * Example: examples-c/bounds.c
 */
cog_status cog_read_bounds(const cog_dataset *dataset,
                           const double *bounds,
                           const char *crs,
                           const cog_read_params *params,
                           const cog_dst *dst,
                           cog_error **error);

/**
 * Gives the window (x, y, width, height) of a level that bounds (left, bottom, right, top) cover, in pixels, as rasterio's from_bounds has
 * it: in a rotated image the box around the four corners; edges within a millionth of a pixel of a whole one lie on it. In an image whose
 * rows go up the bounds' bottom may be above their top. For cog_read_params, to know a result's size before it is read.
 *
 * Ownership: window, of four numbers, is the caller's. Lifetime: none. NULL: crs (the image's) and error may be NULL; the others not.
 * Threads: any. Blocking: for a level other than 0, as cog_level_count. Errors: COG_ERR_UNSUPPORTED for another CRS than the image's, and
 * for an image without transform; COG_ERR_INVALID_ARGUMENT for bounds that are empty or in the wrong order; COG_ERR_OUT_OF_BOUNDS for a
 * level that is not there.
 * Example: examples-c/bounds.c
 */
cog_status cog_bounds_window(const cog_dataset *dataset,
                             const double *bounds,
                             const char *crs,
                             uint32_t level,
                             double *window,
                             cog_error **error);

/**
 * Reads internal tile (x, y) of level z into dst, whole: tile_width × tile_height pixels of the level, edge tiles too, whose pixels beyond
 * the image are as the file stores them (0 where it stores none) with mask 0. Of params only bands, timeout_ms and cancel count.
 *
 * Ownership: params and dst stay the caller's. Lifetime: dst's memory must stay valid, and unused by others, until the function returns.
 * NULL: params and error may be NULL; dst and dst->data not. Threads: any, also at once on one dataset.
 * Blocking: yes; stopped by params->cancel and params->timeout_ms. Errors: as cog_read_window; COG_ERR_OUT_OF_BOUNDS for a tile that is
 * not there.
 * Example: examples-c/tile.c
 */
cog_status cog_get_tile(const cog_dataset *dataset,
                        uint64_t x,
                        uint64_t y,
                        uint32_t z,
                        const cog_read_params *params,
                        const cog_dst *dst,
                        cog_error **error);

/**
 * Gives the bytes of tile (x, y) of level z as the file stores them, to be decoded elsewhere: cog_level_info has Compression and Predictor,
 * cog_tag_value of the level's IFD has JPEGTables (347). In a planar file the planes' rows of tiles follow each other: row y of plane p is
 * y + p × tiles_down. A tile that the file does not store has 0 bytes.
 *
 * Ownership: *bytes is the caller's, freed with cog_buffer_free. Lifetime: until freed. NULL: error may be NULL, the others not.
 * Threads: any. Blocking: yes; stopped by the token of the options. Errors: COG_ERR_OUT_OF_BOUNDS for a tile or level that is not there;
 * COG_ERR_FORMAT for one that lies beyond the end of the file; as reading the file.
 * Example: examples-c/tile.c
 */
cog_status cog_get_tile_bytes(const cog_dataset *dataset,
                              uint64_t x,
                              uint64_t y,
                              uint32_t z,
                              uint8_t **bytes,
                              size_t *len,
                              cog_error **error);

/**
 * Gives the size of what cog_read_window would read for these parameters, to allocate it: columns, rows, the type that COG_NATIVE means, and
 * the bytes of all bands, packed, in that type.
 *
 * Ownership: the places are the caller's. Lifetime: none. NULL: params, error, and each place may be NULL. Threads: any.
 * Blocking: where a level must be found, as cog_level_count. Errors: as cog_read_window for its parameters.
 * Example: examples-c/window_to_png.c
 */
cog_status cog_read_size(const cog_dataset *dataset,
                         const cog_read_params *params,
                         uint64_t *width,
                         uint64_t *height,
                         cog_dtype *dtype,
                         uint64_t *len,
                         cog_error **error);

/**
 * Makes statistics of bands: extremes, mean, standard deviation, percentiles, histogram. By default they are those of the image reduced as
 * cog_preview_size reduces it to how->max_size, read from the overview that suits; with COG_STATISTICS_EXACT those of all pixels of
 * params->level (-1 is 0), in bounded memory: types of up to 16 bits are read once, others twice as a rule and five times at most. Minimum,
 * maximum, mean and standard deviation are GDAL's ComputeStatistics, percentiles numpy's (linear between ranks), bins numpy's. Which pixels
 * count is decided for each band: an internal mask, else the band's own nodata, else the alpha band (which itself counts whole); NaN and
 * infinite values never do. Of params window, level, bands, COG_READ_UNSCALE, timeout_ms and cancel count, and without COG_STATISTICS_EXACT out_width,
 * out_height and resampling. timeout_ms limits the read of each piece: exact statistics read the image in pieces of some megabytes,
 * once or more.
 *
 * Ownership: params and how stay the caller's; *statistics is the caller's, freed with cog_statistics_free. Lifetime: until freed; it does
 * not need the dataset. NULL: params (all bands), how (its INIT) and error may be NULL; on failure *statistics is NULL.
 * Threads: any, also at once on one dataset. Blocking: yes; stopped by params->cancel. Errors: as cog_read_window; COG_ERR_UNSUPPORTED for
 * complex samples; COG_ERR_INVALID_ARGUMENT for percentiles outside 0 to 100 and what else can't be meant.
 * Example: examples-c/statistics.c
 */
cog_status cog_statistics_compute(const cog_dataset *dataset,
                                  const cog_read_params *params,
                                  const cog_statistics_params *how,
                                  cog_statistics **statistics,
                                  cog_error **error);

/**
 * Gives the number of bands that statistics were made of.
 *
 * Ownership: statistics stays the caller's. Lifetime: none. NULL: statistics may be NULL, which gives 0. Threads: any. Blocking: no.
 * Errors: none.
 * Example: examples-c/statistics.c
 */
size_t cog_statistics_count(const cog_statistics *statistics);

/**
 * Fills band with the statistics of the i-th band, from 0 on, in the order of params->bands.
 *
 * Ownership: band is the caller's; its percentiles and histogram are lent. Lifetime: what is lent lives as long as statistics.
 * NULL: error may be NULL, the others not. Threads: any. Blocking: no. Errors: COG_ERR_OUT_OF_BOUNDS for an i that is not there;
 * COG_ERR_INVALID_ARGUMENT for a band->struct_size that is not set.
 * Example: examples-c/statistics.c
 */
cog_status cog_statistics_band(const cog_statistics *statistics,
                               size_t i,
                               cog_band_statistics *band,
                               cog_error **error);

/**
 * Frees statistics, and what they lent.
 *
 * Ownership: takes statistics. Lifetime: it ends. NULL: allowed, does nothing. Threads: any. Blocking: no. Errors: none.
 * Example: examples-c/statistics.c
 */
void cog_statistics_free(cog_statistics *statistics);

/**
 * Gives the number of IFDs: those of the chain, then the SubIFDs of the first, then those of sidecars (`read.sidecars`).
 *
 * Ownership: count is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
 * Blocking: the first time, as cog_level_count. Errors: as cog_level_count.
 * Example: examples-c/tags.c
 */
cog_status cog_ifd_count(const cog_dataset *dataset,
                         uint32_t *count,
                         cog_error **error);

/**
 * Gives the number of tags in an IFD, from 0 on.
 *
 * Ownership: count is the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any.
 * Blocking: for IFD 0 no; else as cog_level_count. Errors: COG_ERR_OUT_OF_BOUNDS for an IFD that is not there.
 * Example: examples-c/tags.c
 */
cog_status cog_tag_count(const cog_dataset *dataset, uint32_t ifd, uint32_t *count, cog_error **error);

/**
 * Describes tag `index` of an IFD, in file order from 0 on.
 *
 * Ownership: tag is the caller's, the texts in it belong to the library. Lifetime: the texts are static. NULL: error may be NULL, the
 * others not. Threads: any. Blocking: for IFD 0 no; else as cog_level_count. Errors: COG_ERR_OUT_OF_BOUNDS for an IFD or a tag that is
 * not there.
 * Example: examples-c/tags.c
 */
cog_status cog_tag_at(const cog_dataset *dataset,
                      uint32_t ifd,
                      uint32_t index,
                      cog_tag *tag,
                      cog_error **error);

/**
 * Describes the tag with a code in an IFD.
 *
 * Ownership: tag is the caller's, the texts in it belong to the library. Lifetime: the texts are static. NULL: error may be NULL, the
 * others not. Threads: any. Blocking: for IFD 0 no; else as cog_level_count. Errors: COG_ERR_OUT_OF_BOUNDS where the IFD or the tag is
 * not there.
 * Example: examples-c/tags.c
 */
cog_status cog_tag_find(const cog_dataset *dataset,
                        uint32_t ifd,
                        uint16_t code,
                        cog_tag *tag,
                        cog_error **error);

/**
 * Gives the value of a tag, read from the file where it is not in memory: *count values of *kind. Text and bytes count bytes.
 *
 * Ownership: *data is the caller's, freed with cog_buffer_free. Lifetime: until freed. NULL: error may be NULL, the others not.
 * Threads: any. Blocking: yes, where the value lies outside the header. Errors: COG_ERR_OUT_OF_BOUNDS where the IFD or the tag is not
 * there; COG_ERR_FORMAT for a value beyond the end of the file; COG_ERR_LIMIT_EXCEEDED beyond limits.tag_bytes
 * or limits.header_bytes; as reading the file.
 * Example: examples-c/tags.c
 */
cog_status cog_tag_value(const cog_dataset *dataset,
                         uint32_t ifd,
                         uint16_t code,
                         cog_value_kind *kind,
                         void **data,
                         size_t *count,
                         cog_error **error);

/**
 * Reads n internal tiles in one call, each as cog_get_tile does. Their requests are merged, and a tile that can't be read spoils no other.
 * dst is divided evenly: tile i has dst->len / n bytes from i × (dst->len / n) on, in which dst's strides lay it out (0: packed), and its
 * mask dst->mask_len / n bytes likewise. statuses receives one status a tile.
 *
 * Ownership: all stays the caller's. Lifetime: dst's memory must stay valid, and unused by others, until the function returns.
 * NULL: params, statuses and error may be NULL; tiles and dst->data where n is 0. Threads: any, also at once on one dataset.
 * Blocking: yes; stopped by params->cancel and params->timeout_ms. Errors: COG_OK only where all tiles were read; else the status and the
 * error of the first that was not, as cog_get_tile gives them. COG_ERR_BUFFER_TOO_SMALL before any tile is fetched, where a part is too
 * small for its tile; all statuses are that then.
 * Example: tests/c/harness.c
 */
cog_status cog_get_tiles(const cog_dataset *dataset,
                         const cog_tile_id *tiles,
                         size_t n,
                         const cog_read_params *params,
                         const cog_dst *dst,
                         cog_status *statuses,
                         cog_error **error);

/**
 * Gives the size of a picture of the whole image whose longer side has at most max_size pixels, as rio-tiler's preview reduces it (the
 * shorter side is rounded up). With it as out_width and out_height of params, cog_read_window reads the preview from the overview that
 * suits.
 *
 * Ownership: the places are the caller's. Lifetime: none. NULL: error may be NULL, the others not. Threads: any. Blocking: no.
 * Errors: COG_ERR_INVALID_ARGUMENT for a max_size of 0.
 * Example: tests/c/harness.c
 */
cog_status cog_preview_size(const cog_dataset *dataset,
                            uint64_t max_size,
                            int64_t *width,
                            int64_t *height,
                            cog_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* COG_H */

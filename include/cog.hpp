/* cog.h for C++17: objects that free themselves, and exceptions in place of statuses. Header only.
 *
 *     cog::dataset image = cog::dataset::open("https://example.com/image.tif");
 *     cog::pixels<std::uint8_t> rgb = image.read_window<std::uint8_t>(cog::read_params().window(300, 250, 512, 384));
 *
 * Every function throws cog::error where the one of cog.h that it calls fails. What cog.h says about threads and blocking is true here too.
 */
#ifndef COG_HPP
#define COG_HPP

#include "cog.h"

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cog {

/* Why a call failed. what() is one line with file, level and tile. */
class error : public std::runtime_error {
public:
    struct tile_position {
        std::uint32_t level;
        std::uint64_t x, y;
    };

    /* An error of one's own: what a reader throws to fail with a certain status. */
    error(cog_status status, const std::string &message) : std::runtime_error(message), status_(status) {}

    /* COG_ERR_… */
    cog_status status() const noexcept { return status_; }
    /* "COG_ERR_NOT_FOUND" */
    const char *status_name() const noexcept { return cog_status_name(status_); }
    /* The server's status code, where a server answered. */
    std::optional<int> http_status() const noexcept { return http_status_; }
    /* The byte offset in the file, where one is known. */
    std::optional<std::uint64_t> offset() const noexcept { return offset_; }
    /* The tile, where one was concerned. */
    std::optional<tile_position> tile() const noexcept { return tile_; }

private:
    friend class checker;
    cog_status status_;
    std::optional<int> http_status_;
    std::optional<std::uint64_t> offset_;
    std::optional<tile_position> tile_;
};

/* The last argument of a call, which becomes an exception: checker c; c(cog_info(dataset, &info, c.out())). */
class checker {
public:
    checker() = default;
    checker(const checker &) = delete;
    checker &operator=(const checker &) = delete;
    ~checker() { cog_error_free(error_); }

    cog_error **out() noexcept { return &error_; }

    void operator()(cog_status status) const {
        if (status == COG_OK) {
            return;
        }
        error e(status, cog_error_message(error_));
        error::tile_position tile{};
        if (cog_error_tile(error_, &tile.level, &tile.x, &tile.y)) {
            e.tile_ = tile;
        }
        if (const int http = cog_error_http_status(error_)) {
            e.http_status_ = http;
        }
        if (const std::int64_t offset = cog_error_offset(error_); offset >= 0) {
            e.offset_ = static_cast<std::uint64_t>(offset);
        }
        throw e;
    }

private:
    cog_error *error_ = nullptr;
};

/* The cog_dtype of a C++ type: dtype_of<float> is COG_FLOAT32. */
template <class T> inline constexpr cog_dtype dtype_of = COG_NATIVE;
template <> inline constexpr cog_dtype dtype_of<std::uint8_t> = COG_UINT8;
template <> inline constexpr cog_dtype dtype_of<std::int8_t> = COG_INT8;
template <> inline constexpr cog_dtype dtype_of<std::uint16_t> = COG_UINT16;
template <> inline constexpr cog_dtype dtype_of<std::int16_t> = COG_INT16;
template <> inline constexpr cog_dtype dtype_of<std::uint32_t> = COG_UINT32;
template <> inline constexpr cog_dtype dtype_of<std::int32_t> = COG_INT32;
template <> inline constexpr cog_dtype dtype_of<std::uint64_t> = COG_UINT64;
template <> inline constexpr cog_dtype dtype_of<std::int64_t> = COG_INT64;
template <> inline constexpr cog_dtype dtype_of<float> = COG_FLOAT32;
template <> inline constexpr cog_dtype dtype_of<double> = COG_FLOAT64;
template <> inline constexpr cog_dtype dtype_of<std::complex<float>> = COG_CFLOAT32;
template <> inline constexpr cog_dtype dtype_of<std::complex<double>> = COG_CFLOAT64;

/* "0.1.0" */
inline std::string version() {
    return cog_version_string();
}

inline bool has_feature(const char *name) {
    return cog_has_feature(name) != 0;
}

/* Stops the library's threads; a program need not. */
inline void shutdown(std::uint64_t timeout_ms) {
    checker c;
    c(cog_shutdown(timeout_ms, c.out()));
}

/* The counters of all datasets; dataset::stats() has those of one. */
inline cog_stats total_stats() {
    checker c;
    cog_stats stats{};
    stats.struct_size = sizeof stats;
    c(cog_stats_get(nullptr, &stats, c.out()));
    return stats;
}

/* A token that stops the calls it was given to. Copies are the same token; any thread may fire it. */
class cancel_token {
public:
    cancel_token() : token_(cog_cancel_new(), cog_cancel_free) {
        if (!token_) {
            throw std::bad_alloc();
        }
    }
    void fire() const noexcept { cog_cancel_fire(token_.get()); }
    cog_cancel *get() const noexcept { return token_.get(); }

private:
    std::shared_ptr<cog_cancel> token_;
};

/* Settings for opening files; README.md lists the keys. */
class options {
public:
    options() : options_(cog_options_new()) {
        if (!options_) {
            throw std::bad_alloc();
        }
    }

    options &set(const char *key, const std::string &value) {
        checker c;
        c(cog_options_set(options_.get(), key, value.c_str(), c.out()));
        return *this;
    }

    std::string get(const char *key) const {
        checker c;
        char *value = nullptr;
        c(cog_options_get(options_.get(), key, &value, c.out()));
        const std::unique_ptr<char, freer> owned(value);
        return value;
    }

    /* Stops every call on the datasets opened with these options. */
    options &cancel(const cancel_token &token) {
        checker c;
        c(cog_options_set_cancel(options_.get(), token.get(), c.out()));
        return *this;
    }

    const cog_options *handle() const noexcept { return options_.get(); }

private:
    struct freer {
        void operator()(cog_options *options) const noexcept { cog_options_free(options); }
        void operator()(char *text) const noexcept { cog_buffer_free(text); }
    };
    std::unique_ptr<cog_options, freer> options_;
};

/* What to read: the whole of level 0, all bands, where nothing else is said. */
class read_params {
public:
    /* In pixels of level(), or of level 0 where no level is said. */
    read_params &window(double x, double y, double width, double height) {
        params_.x = x;
        params_.y = y;
        params_.width = width;
        params_.height = height;
        return *this;
    }
    /* 0 is the full resolution. */
    read_params &level(std::uint32_t level) {
        params_.level = static_cast<std::int32_t>(level);
        return *this;
    }
    /* Pixels of the result; the level that suits is chosen where none is said. */
    read_params &size(std::int64_t width, std::int64_t height) {
        params_.out_width = width;
        params_.out_height = height;
        return *this;
    }
    /* From 1 on, in any order. */
    read_params &bands(std::vector<std::uint32_t> bands) {
        bands_ = std::move(bands);
        return *this;
    }
    /* COG_NEAREST and so on. */
    read_params &resampling(cog_resampling method) {
        params_.resampling = method;
        return *this;
    }
    /* The window may reach beyond the image, where pixels are this value (0: the setting read.fill_value) and the mask is 0. */
    read_params &boundless(double fill = 0) {
        params_.flags |= COG_READ_BOUNDLESS;
        params_.fill = fill;
        return *this;
    }
    /* Sample x scale + offset instead of the samples. */
    read_params &unscale() {
        params_.flags |= COG_READ_UNSCALE;
        return *this;
    }
    read_params &timeout_ms(std::uint64_t milliseconds) {
        params_.timeout_ms = milliseconds;
        return *this;
    }
    read_params &cancel(cancel_token token) {
        token_ = std::move(token);
        return *this;
    }

    /* As cog.h takes it; valid as long as this object stays and is not changed. */
    cog_read_params get() const {
        cog_read_params params = params_;
        if (bands_) {
            static const std::uint32_t none = 0;
            params.bands = bands_->empty() ? &none : bands_->data();
            params.band_count = bands_->size();
        }
        params.cancel = token_ ? token_->get() : nullptr;
        return params;
    }

private:
    cog_read_params params_ = COG_READ_PARAMS_INIT;
    std::optional<std::vector<std::uint32_t>> bands_;
    std::optional<cancel_token> token_;
};

/* Pixels in memory of their own: all rows of the first band, then of the second, …. */
template <class T> struct pixels {
    std::uint64_t width = 0, height = 0, bands = 0;
    std::vector<T> data;
    /* One byte a pixel, 255 valid, 0 not; empty where it was not asked for. */
    std::vector<std::uint8_t> mask;

    const T &at(std::uint64_t x, std::uint64_t y, std::uint64_t band = 0) const {
        return data.at(static_cast<std::size_t>((band * height + y) * width + x));
    }
};

/* One band, with texts of its own. */
struct band {
    cog_dtype dtype;
    double scale, offset;
    std::string color_interpretation, unit, description;
};

/* The statistics of one band. */
struct band_statistics {
    std::uint32_t band;
    double min, max, mean, standard_deviation, valid_percent;
    std::uint64_t valid, masked;
    std::vector<double> percentiles;
    std::vector<std::uint64_t> histogram;
    /* The ends of the histogram. */
    double histogram_min, histogram_max;
};

/* Reads a file for a dataset. Called from any thread, several at once; must not call the library. What it throws fails the call: a
 * cog::error with its status, anything else with COG_ERR_IO. */
class reader {
public:
    virtual ~reader() = default;
    /* The file's size in bytes. */
    virtual std::uint64_t size() = 0;
    /* Fills all ranges of a batch. */
    virtual void read(const cog_range *ranges, std::size_t count) = 0;
};

/* An open file. Moved, not copied; share() makes another owner of the same file. */
class dataset {
public:
    /* A path, file:///path, http://… or https://…. */
    static dataset open(const std::string &uri, const options &options = {}) {
        return make([&](cog_dataset **to, cog_error **e) { return cog_open(uri.c_str(), options.handle(), to, e); });
    }
    /* The bytes are copied. */
    static dataset from_memory(const void *data, std::size_t len, const options &options = {}) {
        return make([&](cog_dataset **to, cog_error **e) { return cog_open_memory(data, len, 1, options.handle(), to, e); });
    }
    /* The bytes are not copied: they must stay until the last owner of the dataset is gone. */
    static dataset from_memory_view(const void *data, std::size_t len, const options &options = {}) {
        return make([&](cog_dataset **to, cog_error **e) { return cog_open_memory(data, len, 0, options.handle(), to, e); });
    }
    static dataset from_reader(std::shared_ptr<reader> reader, const options &options = {}) {
        if (!reader) {
            throw error(COG_ERR_INVALID_ARGUMENT, "reader is NULL");
        }
        cog_reader functions{};
        functions.struct_size = sizeof functions;
        functions.size = reader_size;
        functions.read_ranges = reader_read;
        functions.close = reader_close;
        functions.user_data = new std::shared_ptr<cog::reader>(std::move(reader));
        return make([&](cog_dataset **to, cog_error **e) { return cog_open_reader(&functions, options.handle(), to, e); });
    }

    /* Another owner of the same open file. */
    dataset share() const { return dataset(cog_retain(get())); }
    cog_dataset *get() const noexcept { return dataset_.get(); }

    cog_dataset_info info() const { return filled<cog_dataset_info>(cog_info); }
    cog_stats stats() const { return filled<cog_stats>(cog_stats_get); }

    std::uint32_t level_count() const {
        std::uint32_t count = 0;
        call(cog_level_count, &count);
        return count;
    }
    /* 0 is the full resolution. */
    cog_level_description level(std::uint32_t level) const { return filled<cog_level_description>(cog_level_info, level); }
    std::vector<cog_level_description> levels() const {
        std::vector<cog_level_description> all(level_count());
        for (std::uint32_t i = 0; i < all.size(); i++) {
            all[i] = level(i);
        }
        return all;
    }

    /* The first is 1. */
    cog::band band(std::uint32_t number) const {
        const auto b = filled<cog_band_description>(cog_band_info, number);
        return {b.dtype, b.scale, b.offset, b.color_interpretation, b.unit, b.description};
    }
    std::vector<cog::band> bands() const {
        std::vector<cog::band> all;
        const std::uint32_t count = info().bands;
        for (std::uint32_t i = 1; i <= count; i++) {
            all.push_back(band(i));
        }
        return all;
    }

    /* Left, bottom, right, top; nothing where the file has no transform. */
    std::optional<std::array<double, 4>> bounds() const {
        std::array<double, 4> found{};
        return info().has_transform ? (call(cog_bounds, found.data()), std::optional(found)) : std::nullopt;
    }
    /* GDAL's six numbers; nothing where the file has no transform. */
    std::optional<std::array<double, 6>> geotransform(std::uint32_t level = 0) const {
        std::array<double, 6> found{};
        return info().has_transform ? (call(cog_geotransform, level, found.data()), std::optional(found)) : std::nullopt;
    }
    /* 0 where the file names none. */
    std::uint32_t epsg() const noexcept { return cog_crs_epsg(get()); }
    /* Red, green, blue and alpha of each sample value; empty where the image has no palette. */
    std::vector<std::array<std::uint8_t, 4>> colormap() const {
        std::size_t count = 0;
        if (cog_colormap(get(), nullptr, 0, &count, nullptr) == COG_ERR_OUT_OF_BOUNDS) {
            return {};
        }
        std::vector<std::array<std::uint8_t, 4>> colors(count);
        call(cog_colormap, colors.empty() ? nullptr : colors.front().data(), colors.size(), &count);
        return colors;
    }
    /* The whole description, the same object that `cogtool info --json` prints. */
    std::string json() const {
        char *text = nullptr;
        std::size_t len = 0;
        call(cog_metadata_json, &text, &len);
        const std::unique_ptr<void, freer> owned(text);
        return {text, len};
    }

    /* Reads as T, which the samples are converted to as GDAL converts. */
    template <class T> pixels<T> read_window(const read_params &params = {}, bool mask = false) const {
        const cog_read_params p = params.get();
        pixels<T> result;
        std::uint64_t len = 0;
        cog_dtype native = COG_NATIVE;
        call(cog_read_size, &p, &result.width, &result.height, &native, &len);
        result.bands = len / sample_size(native) / (result.width * result.height);
        const cog_dst dst = allocate(result, mask);
        call(cog_read_window, &p, &dst);
        return result;
    }
    /* Reads into memory of the caller's, laid out as dst says. */
    void read_window_into(const read_params &params, const cog_dst &dst) const {
        const cog_read_params p = params.get();
        call(cog_read_window, &p, &dst);
    }

    /* The window (x, y, width, height) of a level that these bounds (left, bottom, right, top) cover, in the image's CRS. */
    std::array<double, 4> bounds_window(const std::array<double, 4> &bounds, std::uint32_t level = 0) const {
        std::array<double, 4> found{};
        call(cog_bounds_window, bounds.data(), nullptr, level, found.data());
        return found;
    }
    /* Reads what lies inside bounds, which may reach beyond the image. */
    template <class T> pixels<T> read_bounds(const std::array<double, 4> &bounds, read_params params = {}, bool mask = false) const {
        const std::int32_t level = params.get().level;
        const auto [x, y, width, height] = bounds_window(bounds, level < 0 ? 0 : static_cast<std::uint32_t>(level));
        return read_window<T>(params.window(x, y, width, height).boundless(params.get().fill), mask);
    }

    /* One internal tile, whole, also at the image's edge. */
    template <class T> pixels<T> read_tile(std::uint64_t x, std::uint64_t y, std::uint32_t level, const read_params &params = {}, bool mask = false) const {
        const cog_read_params p = params.get();
        const cog_level_description l = this->level(level);
        pixels<T> result;
        result.width = l.tile_width;
        result.height = l.tile_height;
        result.bands = p.bands ? p.band_count : info().bands;
        const cog_dst dst = allocate(result, mask);
        call(cog_get_tile, x, y, level, &p, &dst);
        return result;
    }
    void read_tile_into(std::uint64_t x, std::uint64_t y, std::uint32_t level, const read_params &params, const cog_dst &dst) const {
        const cog_read_params p = params.get();
        call(cog_get_tile, x, y, level, &p, &dst);
    }
    /* Several internal tiles of equal size in one call. Throws where one can't be read; cog_get_tiles says which. */
    template <class T> std::vector<pixels<T>> read_tiles(const std::vector<cog_tile_id> &tiles, const read_params &params = {}, bool mask = false) const {
        std::vector<pixels<T>> results;
        if (tiles.empty()) {
            return results;
        }
        const cog_read_params p = params.get();
        const cog_level_description l = this->level(tiles.front().z);
        pixels<T> all;
        all.width = l.tile_width;
        all.height = l.tile_height * tiles.size();
        all.bands = p.bands ? p.band_count : info().bands;
        const cog_dst dst = allocate(all, mask);
        call(cog_get_tiles, tiles.data(), tiles.size(), &p, &dst, static_cast<cog_status *>(nullptr));
        const auto part = [&](const auto &whole, std::size_t i) {
            const auto len = static_cast<std::ptrdiff_t>(whole.size() / tiles.size()), from = static_cast<std::ptrdiff_t>(i) * len;
            return std::remove_cv_t<std::remove_reference_t<decltype(whole)>>(whole.begin() + from, whole.begin() + from + len);
        };
        for (std::size_t i = 0; i < tiles.size(); i++) {
            results.push_back({l.tile_width, l.tile_height, all.bands, part(all.data, i), part(all.mask, i)});
        }
        return results;
    }

    /* The samples at points, x and y one after the other, in the image's CRS; a result of as many columns as there are points. */
    template <class T> pixels<T> read_points(const std::vector<std::array<double, 2>> &points, const read_params &params = {}, bool mask = false) const {
        const cog_read_params p = params.get();
        pixels<T> result;
        result.width = points.size();
        result.height = 1;
        result.bands = p.bands ? p.band_count : info().bands;
        const cog_dst dst = allocate(result, mask);
        const double *xy = points.empty() ? nullptr : points.front().data();
        call(cog_read_points, static_cast<const char *>(nullptr), xy, points.size(), &p, &dst);
        return result;
    }

    /* The whole image, reduced until its longer side has at most max_size pixels. */
    template <class T> pixels<T> preview(std::uint64_t max_size = 1024, read_params params = {}, bool mask = false) const {
        std::int64_t width = 0, height = 0;
        call(cog_preview_size, max_size, &width, &height);
        return read_window<T>(params.size(width, height), mask);
    }

    /* Of the reduced image, or with how.flags = COG_STATISTICS_EXACT of all pixels. */
    std::vector<band_statistics> statistics(const cog_statistics_params &how = COG_STATISTICS_PARAMS_INIT, const read_params &params = {}) const {
        const cog_read_params p = params.get();
        cog_statistics *handle = nullptr;
        call(cog_statistics_compute, &p, &how, &handle);
        const std::unique_ptr<cog_statistics, void (*)(cog_statistics *)> owned(handle, cog_statistics_free);
        std::vector<band_statistics> all;
        for (std::size_t i = 0; i < cog_statistics_count(handle); i++) {
            checker c;
            cog_band_statistics b{};
            b.struct_size = sizeof b;
            c(cog_statistics_band(handle, i, &b, c.out()));
            all.push_back({b.band, b.min, b.max, b.mean, b.standard_deviation, b.valid_percent, b.valid, b.masked,
                           {b.percentiles, b.percentiles + b.percentile_count}, {b.histogram, b.histogram + b.bins}, b.histogram_min, b.histogram_max});
        }
        return all;
    }

    /* As the file stores it; empty where it stores none. */
    std::vector<std::uint8_t> tile_bytes(std::uint64_t x, std::uint64_t y, std::uint32_t level) const {
        std::uint8_t *bytes = nullptr;
        std::size_t len = 0;
        call(cog_get_tile_bytes, x, y, level, &bytes, &len);
        const std::unique_ptr<void, freer> owned(bytes);
        return {bytes, bytes + len};
    }

private:
    struct freer {
        void operator()(cog_dataset *dataset) const noexcept { cog_free(dataset); }
        void operator()(void *buffer) const noexcept { cog_buffer_free(buffer); }
    };
    std::unique_ptr<cog_dataset, freer> dataset_;

    explicit dataset(cog_dataset *handle) noexcept : dataset_(handle) {}
    friend std::vector<std::pair<std::string, std::optional<dataset>>> open_stac(const std::string &, const std::vector<std::string> &,
                                                                                 std::uint32_t, const options &);

    template <class Open> static dataset make(Open open) {
        checker c;
        cog_dataset *handle = nullptr;
        c(open(&handle, c.out()));
        return dataset(handle);
    }

    template <class Function, class... Arguments> void call(Function function, Arguments... arguments) const {
        checker c;
        c(function(get(), arguments..., c.out()));
    }

    template <class Struct, class Function, class... Arguments> Struct filled(Function function, Arguments... arguments) const {
        Struct result{};
        result.struct_size = sizeof result;
        call(function, arguments..., &result);
        return result;
    }

    template <class T> static cog_dst allocate(pixels<T> &result, bool mask) {
        static_assert(dtype_of<T> != COG_NATIVE, "not a type of samples; see dtype_of");
        const std::uint64_t count = result.width * result.height;
        if (count * result.bands > std::numeric_limits<std::size_t>::max() / sizeof(T)) {
            throw std::bad_alloc();
        }
        result.data.resize(static_cast<std::size_t>(count * result.bands));
        result.mask.resize(mask ? static_cast<std::size_t>(count) : 0);
        cog_dst dst = COG_DST_INIT;
        dst.data = result.data.data();
        dst.len = result.data.size() * sizeof(T);
        dst.dtype = dtype_of<T>;
        dst.mask = mask ? result.mask.data() : nullptr;
        dst.mask_len = result.mask.size();
        return dst;
    }

    static std::uint64_t sample_size(cog_dtype dtype) {
        static constexpr std::array<std::uint64_t, 16> sizes{1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8, 4, 8, 8, 16};
        return sizes.at(static_cast<std::size_t>(dtype));
    }

    template <class Body> static cog_status guarded(Body body) noexcept {
        try {
            body();
            return COG_OK;
        } catch (const error &e) {
            return e.status() == COG_OK ? COG_ERR_IO : e.status();
        } catch (...) {
            return COG_ERR_IO;
        }
    }
    static std::shared_ptr<reader> &reader_of(void *user_data) noexcept { return *static_cast<std::shared_ptr<reader> *>(user_data); }
    static cog_status reader_size(void *user_data, std::uint64_t *size) {
        return guarded([&] { *size = reader_of(user_data)->size(); });
    }
    static cog_status reader_read(void *user_data, const cog_range *ranges, std::size_t count) {
        return guarded([&] { reader_of(user_data)->read(ranges, count); });
    }
    static void reader_close(void *user_data) { delete &reader_of(user_data); }
};

/* Opens the COG assets of a STAC item, or those that are named; nothing stands for one that can't be opened (cog_set_dataset says why). */
inline std::vector<std::pair<std::string, std::optional<dataset>>> open_stac(const std::string &uri, const std::vector<std::string> &assets = {},
                                                                             std::uint32_t flags = 0, const options &options = {}) {
    checker c;
    cog_set *set = nullptr;
    std::vector<const char *> names;
    for (const std::string &asset : assets) {
        names.push_back(asset.c_str());
    }
    c(cog_stac_open(uri.c_str(), names.empty() ? nullptr : names.data(), names.size(), flags, options.handle(), &set, c.out()));
    const std::unique_ptr<cog_set, void (*)(cog_set *)> owned(set, cog_set_free);
    std::vector<std::pair<std::string, std::optional<dataset>>> opened;
    for (std::size_t i = 0; i < cog_set_count(set); i++) {
        cog_dataset *handle = nullptr;
        const bool good = cog_set_dataset(set, i, &handle, nullptr) == COG_OK;
        opened.emplace_back(cog_set_name(set, i), good ? std::optional<dataset>(dataset(handle)) : std::nullopt);
    }
    return opened;
}

/* One picture of many files into memory of the caller's; see cog_read_mosaic. */
inline void read_mosaic_into(const std::vector<const cog_dataset *> &datasets, const cog_request &request, cog_reducer reducer,
                             const read_params &params, const cog_dst &dst) {
    checker c;
    const cog_read_params p = params.get();
    c(cog_read_mosaic(datasets.data(), datasets.size(), &request, reducer, &p, &dst, c.out()));
}

}  // namespace cog

#endif

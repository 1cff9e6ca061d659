/* cog.hpp in full, with the type conversions and exceptions of C++. */
#include <cog.hpp>

#include "check.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <type_traits>

#ifndef COG_FIXTURES
#define COG_FIXTURES "tests/fixtures"
#endif

namespace {

std::string fixtures = COG_FIXTURES;

std::string data(const std::string &name) {
    return fixtures + "/data/" + name;
}

std::vector<char> load(const std::string &name) {
    std::ifstream file(data(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/* The status that `body` throws; COG_OK where it throws nothing. */
template <class Body> cog_status thrown(Body body) {
    try {
        body();
        return COG_OK;
    } catch (const cog::error &e) {
        CHECK(e.what()[0] != '\0');
        CHECK(std::strncmp(e.status_name(), "COG_ERR_", 8) == 0);
        return e.status();
    }
}

class memory_reader : public cog::reader {
public:
    explicit memory_reader(std::vector<char> bytes) : bytes_(std::move(bytes)) {}
    ~memory_reader() override { destroyed++; }
    std::uint64_t size() override { return bytes_.size(); }
    void read(const cog_range *ranges, std::size_t count) override {
        if (failure == 1) {
            throw cog::error(COG_ERR_PERMISSION_DENIED, "not today");
        }
        if (failure == 2) {
            throw std::runtime_error("something else");
        }
        std::for_each(ranges, ranges + count, [&](const cog_range &r) { std::memcpy(r.destination, bytes_.data() + r.offset, r.length); });
    }
    static int destroyed;
    int failure = 0;

private:
    std::vector<char> bytes_;
};

int memory_reader::destroyed = 0;

void errors_are_exceptions() {
    try {
        cog::dataset::open("/no/such/file.tif");
        CHECK(!"it was opened");
    } catch (const cog::error &e) {
        CHECK(e.status() == COG_ERR_NOT_FOUND);
        CHECK(std::string(e.what()).find("/no/such/file.tif") != std::string::npos);
        CHECK(!e.http_status() && !e.offset() && !e.tile());
    }
    const auto bytes = load("cog_rgb_deflate.tif");
    try {
        cog::dataset::from_memory(bytes.data(), 10);
        CHECK(!"it was opened");
    } catch (const cog::error &e) {
        CHECK(e.status() == COG_ERR_FORMAT && e.offset() && *e.offset() == 192);
    }
    try {
        cog::dataset::open(data("demo.tif")).read_tile<std::uint8_t>(7, 8, 1);
        CHECK(!"it was read");
    } catch (const cog::error &e) {
        CHECK(e.status() == COG_ERR_OUT_OF_BOUNDS && e.tile() && e.tile()->level == 1 && e.tile()->x == 7 && e.tile()->y == 8);
    }
    static_assert(std::is_base_of_v<std::runtime_error, cog::error>);
    static_assert(std::is_nothrow_copy_constructible_v<cog::error>);
}

void options_are_set() {
    cog::options options;
    options.set("io.header_bytes", "4096").set("decode.backend", "rust");
    CHECK(options.get("io.header_bytes") == "4096");
    CHECK(thrown([&] { options.set("no.such", "1"); }) == COG_ERR_INVALID_ARGUMENT);
    CHECK(thrown([&] { options.get("no.such"); }) == COG_ERR_INVALID_ARGUMENT);
    const cog::cancel_token token;
    options.cancel(token);
    const auto dataset = cog::dataset::open(data("demo.tif"), options);
    CHECK(dataset.stats().header_bytes >= 4096);
    token.fire();
    CHECK(thrown([&] { dataset.read_window<std::uint8_t>(); }) == COG_ERR_CANCELLED);
    CHECK(thrown([&] { cog::dataset::open(data("demo.tif"), options); }) == COG_ERR_CANCELLED);
    const cog::options moved = std::move(options);
    CHECK(moved.get("decode.backend") == "rust");
}

void a_dataset_is_described() {
    const auto dataset = cog::dataset::open(data("demo.tif"));
    CHECK(dataset.info().width == 1024 && dataset.info().height == 768 && dataset.info().dtype == COG_UINT8);
    CHECK(dataset.level_count() == 3 && dataset.levels().size() == 3 && dataset.levels()[2].width == 256);
    CHECK(thrown([&] { dataset.level(3); }) == COG_ERR_OUT_OF_BOUNDS);
    CHECK(dataset.bands().size() == 3 && dataset.band(1).color_interpretation == "red" && dataset.band(1).unit.empty());
    CHECK(thrown([&] { dataset.band(0); }) == COG_ERR_OUT_OF_BOUNDS);
    CHECK(dataset.epsg() == 32633);
    CHECK(dataset.bounds() && (*dataset.bounds())[0] == 412000 && (*dataset.bounds())[3] == 5281000);
    CHECK(dataset.geotransform() && (*dataset.geotransform())[1] == 30 && (*dataset.geotransform(1))[1] == 60);
    CHECK(thrown([&] { dataset.geotransform(3); }) == COG_ERR_OUT_OF_BOUNDS);
    CHECK(dataset.colormap().empty());
    CHECK(dataset.json().front() == '{' && dataset.json().back() == '}');
    const auto nowhere = cog::dataset::open(data("no_georeference.tif"));
    CHECK(!nowhere.bounds() && !nowhere.geotransform() && nowhere.epsg() == 0);
    const auto palette = cog::dataset::open(data("palette.tif"));
    CHECK(palette.colormap().size() == 256 && palette.colormap()[0][3] == 255);
    CHECK(cog::version() == cog_version_string() && cog::has_feature("http") && !cog::has_feature("no such"));
    CHECK(cog::total_stats().requests >= dataset.stats().requests);
}

void pixels_are_read() {
    const auto dataset = cog::dataset::open(data("cog_rgb_deflate.tif"));
    const auto all = dataset.read_window<std::uint8_t>();
    CHECK(all.width == 301 && all.height == 259 && all.bands == 3 && all.data.size() == 301 * 259 * 3 && all.mask.empty());
    const auto floats = dataset.read_window<float>(cog::read_params().window(100, 90, 50, 40).bands({3, 1}), true);
    CHECK(floats.width == 50 && floats.height == 40 && floats.bands == 2 && floats.mask.size() == 50 * 40 && floats.mask.front() == 255);
    CHECK(floats.at(7, 9, 0) == all.at(107, 99, 2) && floats.at(49, 39, 1) == all.at(149, 129, 0));
    const auto complex = dataset.read_window<std::complex<double>>(cog::read_params().window(0, 0, 1, 1));
    CHECK(complex.at(0, 0) == std::complex<double>(all.at(0, 0), 0));
    const auto small = dataset.read_window<std::uint8_t>(cog::read_params().size(150, 129));
    const auto overview = dataset.read_window<std::uint8_t>(cog::read_params().level(1));
    CHECK(small.width == 150 && small.data == overview.data);
    const auto beyond = dataset.read_window<std::uint8_t>(cog::read_params().window(-5, -5, 10, 10).boundless(9), true);
    CHECK(beyond.at(0, 0) == 9 && beyond.mask.front() == 0 && beyond.at(9, 9) == all.at(4, 4) && beyond.mask.back() == 255);
    CHECK(dataset.read_window<float>(cog::read_params().window(0, 0, 8, 8).unscale()).at(3, 3) == all.at(3, 3));
    CHECK(thrown([&] { dataset.read_window<float>(cog::read_params().resampling(99)); }) == COG_ERR_INVALID_ARGUMENT);
    const auto bounds = *dataset.bounds();
    CHECK((dataset.bounds_window(bounds) == std::array<double, 4>{0, 0, 301, 259}));
    CHECK(dataset.read_bounds<std::uint8_t>(bounds).data == all.data);
    CHECK(thrown([&] { dataset.read_window<float>(cog::read_params().bands({})); }) == COG_ERR_INVALID_ARGUMENT);
    CHECK(thrown([&] { dataset.read_window<float>(cog::read_params().level(9)); }) == COG_ERR_OUT_OF_BOUNDS);
    CHECK(dataset.read_window<float>(cog::read_params().timeout_ms(60000)).data.size() == all.data.size());

    std::vector<std::uint8_t> bip(all.data.size());
    cog_dst dst = COG_DST_INIT;
    dst.data = bip.data();
    dst.len = bip.size();
    dst.pixel_stride = 3;
    dst.band_stride = 1;
    dataset.read_window_into({}, dst);
    CHECK(bip[(20 * 301 + 30) * 3 + 1] == all.at(30, 20, 1));

    const auto tile = dataset.read_tile<std::uint16_t>(2, 2, 0, {}, true);
    CHECK(tile.width == 128 && tile.height == 128 && tile.bands == 3 && tile.at(44, 2, 1) == all.at(300, 258, 1));
    CHECK(tile.mask[0] == 255 && tile.mask[45] == 0);
    CHECK(dataset.read_tile<std::uint16_t>(0, 0, 0, cog::read_params().bands({2})).data.size() == 128 * 128);
    dataset.read_tile_into(0, 0, 0, cog::read_params().bands({2}), dst);
    CHECK(dataset.tile_bytes(0, 0, 0).size() > 100);

    const cog::cancel_token token, same = token;
    same.fire();
    CHECK(thrown([&] { dataset.read_window<float>(cog::read_params().cancel(token)); }) == COG_ERR_CANCELLED);
}

void points_tiles_and_statistics_are_read() {
    const auto dataset = cog::dataset::open(data("cog_rgb_deflate.tif"));
    const auto all = dataset.read_window<std::uint8_t>();
    const auto t = *dataset.geotransform();
    const auto points = dataset.read_points<float>({{t[0] + t[1] * 7.5, t[3] + t[5] * 9.5}, {t[0] - 1, t[3]}}, {}, true);
    CHECK(points.width == 2 && points.at(0, 0, 2) == all.at(7, 9, 2) && points.mask[0] == 255 && points.mask[1] == 0);
    const auto tiles = dataset.read_tiles<std::uint8_t>({{0, 0, 0}, {2, 1, 0}}, {}, true);
    CHECK(tiles.size() == 2 && tiles[1].data == dataset.read_tile<std::uint8_t>(2, 1, 0).data && tiles[1].mask.size() == 128 * 128);
    CHECK(dataset.preview<std::uint8_t>(100).width == 100 && dataset.preview<std::uint8_t>(9999).data == all.data);
    cog_statistics_params how = COG_STATISTICS_PARAMS_INIT;
    how.flags = COG_STATISTICS_EXACT;
    const auto statistics = dataset.statistics(how);
    CHECK(statistics.size() == 3 && statistics[0].valid == 301 * 259 && statistics[0].percentiles.size() == 2 && statistics[0].histogram.size() == 10);
    CHECK(dataset.statistics().front().min <= dataset.statistics().front().max);
}

void many_files_are_one_picture() {
    const auto assets = cog::open_stac(fixtures + "/mosaic/item.json");
    CHECK(assets.size() == 5 && assets[0].first == "a" && assets[0].second && !assets[4].second);
    CHECK(cog::open_stac(fixtures + "/mosaic/item.json", {"d"}).size() == 1);
    cog_request request = COG_REQUEST_INIT;
    request.kind = COG_REQUEST_BOUNDS;
    request.bounds[0] = 400000, request.bounds[1] = 5299350, request.bounds[2] = 400800, request.bounds[3] = 5300000;
    std::vector<float> picture(2 * 80 * 65);
    cog_dst dst = COG_DST_INIT;
    dst.data = picture.data();
    dst.len = picture.size() * sizeof(float);
    dst.dtype = COG_FLOAT32;
    cog::read_mosaic_into({assets[0].second->get(), assets[1].second->get()}, request, COG_MEAN, {}, dst);
    CHECK(std::any_of(picture.begin(), picture.end(), [](float v) { return v != 0; }));
    CHECK(thrown([&] { cog::read_mosaic_into({}, request, COG_MEAN, {}, dst); }) == COG_ERR_INVALID_ARGUMENT);
}

void datasets_are_moved_and_shared() {
    static_assert(!std::is_copy_constructible_v<cog::dataset> && std::is_nothrow_move_constructible_v<cog::dataset>);
    auto first = cog::dataset::open(data("one_pixel.tif"));
    auto second = first.share();
    CHECK(first.get() == second.get());
    const auto third = std::move(first);
    CHECK(first.get() == nullptr);
    CHECK(thrown([&] { first.info(); }) == COG_ERR_INVALID_ARGUMENT);
    second = cog::dataset::open(data("demo.tif"));
    CHECK(third.info().width == 1 && second.info().width == 1024);
}

void memory_and_readers_are_opened() {
    const auto bytes = load("cog_rgb_deflate.tif");
    const auto file = cog::dataset::open(data("cog_rgb_deflate.tif")).read_window<std::uint8_t>();
    CHECK(cog::dataset::from_memory(bytes.data(), bytes.size()).read_window<std::uint8_t>().data == file.data);
    CHECK(cog::dataset::from_memory_view(bytes.data(), bytes.size()).read_window<std::uint8_t>().data == file.data);
    {
        auto reader = std::make_shared<memory_reader>(bytes);
        const auto dataset = cog::dataset::from_reader(reader, cog::options().set("cache.blocks", "FALSE").set("cache.tile_bytes", "0"));
        CHECK(dataset.read_window<std::uint8_t>().data == file.data);
        reader->failure = 1;
        CHECK(thrown([&] { dataset.read_window<std::uint8_t>(); }) == COG_ERR_PERMISSION_DENIED);
        reader->failure = 2;
        CHECK(thrown([&] { dataset.read_window<std::uint8_t>(); }) == COG_ERR_IO);
        reader.reset();
        CHECK(memory_reader::destroyed == 0);
    }
    CHECK(memory_reader::destroyed == 1);
    CHECK(thrown([&] { cog::dataset::from_reader(std::make_shared<memory_reader>(std::vector<char>(20, 'x'))); }) == COG_ERR_FORMAT);
    CHECK(memory_reader::destroyed == 2);
    CHECK(thrown([&] { cog::dataset::from_reader(nullptr); }) == COG_ERR_INVALID_ARGUMENT);
}

}  // namespace

int main(int argc, char **argv) {
    if (argc > 1) {
        fixtures = argv[1];
    }
    errors_are_exceptions();
    options_are_set();
    a_dataset_is_described();
    pixels_are_read();
    points_tiles_and_statistics_are_read();
    many_files_are_one_picture();
    datasets_are_moved_and_shared();
    memory_and_readers_are_opened();
    cog::shutdown(5000);
    std::this_thread::sleep_for(std::chrono::milliseconds(200)); // the decoding threads end by themselves a moment after the call
    return check_result("harness.cpp");
}

/* Reads every fixture, all levels, pixels and masks, and compares their SHA-256 with what GDAL gave (manifest.json).
 *
 *     c_fixtures FIXTURES
 */
#include "check.h"

#include <stdint.h>
#include <string.h>

/* ---- SHA-256 (FIPS 180-4) ---- */

static uint32_t rotate(uint32_t x, int n) {
    return x >> n | x << (32 - n);
}

static void sha256_block(uint32_t state[8], const uint8_t *block) {
    static const uint32_t k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
        0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
        0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
        0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
        0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
        0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
    uint32_t w[64], s[8];
    int i;
    for (i = 0; i < 16; i++) {
        w[i] = (uint32_t)block[i * 4] << 24 | (uint32_t)block[i * 4 + 1] << 16 | (uint32_t)block[i * 4 + 2] << 8 | block[i * 4 + 3];
    }
    for (; i < 64; i++) {
        w[i] = w[i - 16] + w[i - 7] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
               (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
    }
    memcpy(s, state, sizeof s);
    for (i = 0; i < 64; i++) {
        uint32_t a = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
        uint32_t b = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += a;
        s[0] = a + b;
    }
    for (i = 0; i < 8; i++) {
        state[i] += s[i];
    }
}

/* As 64 hexadecimal digits. */
static void sha256(const uint8_t *bytes, size_t len, char text[65]) {
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint8_t tail[128] = {0};
    size_t whole = len / 64 * 64, rest = len - whole, tail_len = rest < 56 ? 64 : 128, i;
    for (i = 0; i < whole; i += 64) {
        sha256_block(state, bytes + i);
    }
    memcpy(tail, bytes + whole, rest);
    tail[rest] = 0x80;
    for (i = 0; i < 8; i++) {
        tail[tail_len - 1 - i] = (uint8_t)((uint64_t)len * 8 >> 8 * i);
    }
    for (i = 0; i < tail_len; i += 64) {
        sha256_block(state, tail + i);
    }
    for (i = 0; i < 8; i++) {
        snprintf(text + i * 8, 9, "%08x", (unsigned)state[i]);
    }
}

/* ---- the manifest, one file a line ---- */

/* The text behind `key` from *at on, up to the next quote; *at moves behind it. Returns 0 where there is none. */
static int next_text(const char **at, const char *key, char *text, size_t room) {
    const char *found = strstr(*at, key), *end;
    if (!found) {
        return 0;
    }
    found += strlen(key);
    end = strchr(found, '"');
    if (!end || (size_t)(end - found) >= room) {
        return 0;
    }
    memcpy(text, found, (size_t)(end - found));
    text[end - found] = '\0';
    *at = end;
    return 1;
}

static void compare_level(const cog_dataset *dataset, const char *name, uint32_t level, const char *pixels_wanted, const char *mask_wanted) {
    cog_read_params params = COG_READ_PARAMS_INIT;
    cog_dst dst = COG_DST_INIT;
    uint64_t width = 0, height = 0, len = 0;
    cog_dtype dtype = 0;
    char got[65], what[512];
    params.level = (int32_t)level;
    EXPECT(COG_OK, cog_read_size(dataset, &params, &width, &height, &dtype, &len, &err));
    if (dtype == COG_CINT16) { /* the manifest has it as rasterio reads it */
        dst.dtype = COG_CFLOAT32;
        len *= 2;
    }
    dst.len = (size_t)len;
    dst.mask_len = (size_t)(width * height);
    dst.data = malloc(dst.len + 1);
    dst.mask = malloc(dst.mask_len + 1);
    NEED(dst.data && dst.mask);
    EXPECT(COG_OK, cog_read_window(dataset, &params, &dst, &err));
    sha256(dst.data, dst.len, got);
    snprintf(what, sizeof what, "%s: pixels of level %u", name, (unsigned)level);
    check_that(strcmp(got, pixels_wanted) == 0, what, __LINE__);
    sha256(dst.mask, dst.mask_len, got);
    snprintf(what, sizeof what, "%s: mask of level %u", name, (unsigned)level);
    check_that(strcmp(got, mask_wanted) == 0, what, __LINE__);
    free(dst.data);
    free(dst.mask);
}

static int compare_file(const char *folder, const char *line) {
    char name[256], path[2048], pixels[65], mask[65];
    const char *at = line;
    cog_dataset *dataset = NULL;
    uint32_t level = 0, count = 0;
    if (!next_text(&at, "\"", name, sizeof name) || strncmp(name, "data/", 5)) {
        return 0;
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    EXPECT(COG_OK, cog_open(path, NULL, &dataset, &err));
    if (!dataset) {
        return 1;
    }
    for (; next_text(&at, "\"mask_sha256\": \"", mask, sizeof mask) && next_text(&at, "\"sha256\": \"", pixels, sizeof pixels); level++) {
        compare_level(dataset, name, level, pixels, mask);
    }
    EXPECT(COG_OK, cog_level_count(dataset, &count, &err));
    check_that(count == level && level > 0, name, __LINE__);
    cog_free(dataset);
    return 1;
}

int main(int argc, char **argv) {
    /* A palette of 65536 colours takes two megabytes. */
    static char line[1 << 22];
    char path[2048];
    int files = 0;
    FILE *manifest;
    NEED(argc == 2);
    snprintf(path, sizeof path, "%s/manifest.json", argv[1]);
    manifest = fopen(path, "r");
    NEED(manifest != NULL);
    while (fgets(line, sizeof line, manifest)) {
        files += compare_file(argv[1], line);
    }
    fclose(manifest);
    CHECK(files > 100);
    printf("%d files\n", files);
    EXPECT(COG_OK, cog_shutdown(5000, &err));
    return check_result("fixtures.c");
}

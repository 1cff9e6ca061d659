/* check_png FILE WIDTH HEIGHT: the file is a PNG of that size, its checksums are right, and its pixels are not all the same.
 * Knows what png_writer.h writes: 8 bits a channel, one IDAT, stored blocks. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t number(const uint8_t *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint32_t crc(const uint8_t *bytes, size_t len) {
    uint32_t value = 0xFFFFFFFFu;
    int bit;
    while (len--) {
        value ^= *bytes++;
        for (bit = 0; bit < 8; bit++) {
            value = value & 1 ? value >> 1 ^ 0xEDB88320u : value >> 1;
        }
    }
    return ~value;
}

static int fail(const char *why) {
    fprintf(stderr, "%s\n", why);
    return 1;
}

/* Takes the stored blocks apart into `to`; returns the bytes, or 0 where something is wrong. */
static size_t inflate_stored(const uint8_t *from, size_t len, uint8_t *to) {
    size_t at = 2, n = 0, i;
    uint32_t a = 1, b = 0;
    int last = 0;
    if (len < 6 || from[0] != 0x78 || (from[0] * 256 + from[1]) % 31) {
        return 0;
    }
    while (!last) {
        size_t part;
        if (at + 5 > len) {
            return 0;
        }
        last = from[at];
        part = from[at + 1] | (size_t)from[at + 2] << 8;
        if (last > 1 || (part ^ 0xFFFF) != (from[at + 3] | (size_t)from[at + 4] << 8) || at + 5 + part > len) {
            return 0;
        }
        memcpy(to + n, from + at + 5, part);
        n += part;
        at += 5 + part;
    }
    for (i = 0; i < n; i++) {
        a = (a + to[i]) % 65521;
        b = (b + a) % 65521;
    }
    return at + 4 == len && number(from + at) == (b << 16 | a) ? n : 0;
}

int main(int argc, char **argv) {
    static const uint8_t channels_of[] = {1, 0, 3, 0, 2, 0, 4};
    static uint8_t bytes[1 << 26], raw[1 << 26];
    FILE *file = argc == 4 ? fopen(argv[1], "rb") : NULL;
    size_t len = file ? fread(bytes, 1, sizeof bytes, file) : 0, at = 8, n = 0, width = 0, height = 0, row = 0, i, different = 0;
    int ended = 0;
    if (len < 8 || memcmp(bytes, "\x89PNG\r\n\x1a\n", 8)) {
        return fail("not a PNG");
    }
    fclose(file);
    while (!ended) {
        size_t size = at + 12 <= len ? number(bytes + at) : len;
        const uint8_t *chunk = bytes + at + 8;
        if (at + 12 + size > len || crc(chunk - 4, size + 4) != number(chunk + size)) {
            return fail("a chunk is broken");
        }
        if (!memcmp(chunk - 4, "IHDR", 4)) {
            width = number(chunk);
            height = number(chunk + 4);
            row = 1 + width * channels_of[chunk[9] % 7];
        } else if (!memcmp(chunk - 4, "IDAT", 4)) {
            n = inflate_stored(chunk, size, raw);
        }
        ended = !memcmp(chunk - 4, "IEND", 4);
        at += 12 + size;
    }
    if (at != len || width != strtoul(argv[2], NULL, 10) || height != strtoul(argv[3], NULL, 10) || n != row * height) {
        return fail("the size is wrong");
    }
    for (i = 0; i < n; i++) {
        different += raw[i] != raw[1 + i % (row - 1) % 4];
    }
    return different > n / 10 ? 0 : fail("the picture is empty");
}

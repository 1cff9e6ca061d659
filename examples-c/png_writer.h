/* Writes a PNG without a library: the pixels are stored, not compressed (RFC 1950, RFC 1951 section 3.2.4, PNG specification). */
#ifndef COG_PNG_WRITER_H
#define COG_PNG_WRITER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    FILE *file;
    uint32_t crc;
    uint32_t adler_a, adler_b;
    size_t left; /* bytes that the zlib stream still takes */
} png_writer;

static void png_bytes(png_writer *png, const uint8_t *bytes, size_t len) {
    size_t i;
    int bit;
    for (i = 0; i < len; i++) {
        png->crc ^= bytes[i];
        for (bit = 0; bit < 8; bit++) {
            png->crc = (png->crc >> 1) ^ (0xEDB88320u & (0u - (png->crc & 1)));
        }
    }
    fwrite(bytes, 1, len, png->file);
}

static void png_number(png_writer *png, uint32_t number) {
    uint8_t bytes[4];
    bytes[0] = (uint8_t)(number >> 24);
    bytes[1] = (uint8_t)(number >> 16);
    bytes[2] = (uint8_t)(number >> 8);
    bytes[3] = (uint8_t)number;
    png_bytes(png, bytes, 4);
}

/* A chunk's length and name; its contents and png_end follow. */
static void png_begin(png_writer *png, const char *name, uint32_t len) {
    png_number(png, len);
    png->crc = 0xFFFFFFFFu; /* the length is not part of the checksum */
    png_bytes(png, (const uint8_t *)name, 4);
}

static void png_end(png_writer *png) {
    png_number(png, ~png->crc);
}

/* Bytes of pixels. Each stored block begins with five bytes and holds 65535 at most. */
static void png_data(png_writer *png, const uint8_t *bytes, size_t len, size_t *room) {
    while (len > 0) {
        size_t part, i;
        if (*room == 0) {
            uint8_t head[5];
            *room = png->left < 65535 ? png->left : 65535;
            head[0] = *room == png->left; /* 1: the last block */
            head[1] = (uint8_t)(*room & 255);
            head[2] = (uint8_t)(*room >> 8);
            head[3] = (uint8_t)~head[1];
            head[4] = (uint8_t)~head[2];
            png_bytes(png, head, 5);
        }
        part = len < *room ? len : *room;
        png_bytes(png, bytes, part);
        for (i = 0; i < part; i++) {
            png->adler_a = (png->adler_a + bytes[i]) % 65521;
            png->adler_b = (png->adler_b + png->adler_a) % 65521;
        }
        bytes += part;
        len -= part;
        *room -= part;
        png->left -= part;
    }
}

/* Writes width x height pixels of 1 (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGBA) bytes each. Returns 0, or -1 where that failed. */
static int png_write(const char *path, const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels) {
    static const uint8_t color_types[] = {0, 0, 4, 2, 6};
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    const uint8_t filter = 0, zlib_head[2] = {0x78, 0x01};
    uint64_t row = (uint64_t)width * channels, raw = (row + 1) * height, blocks = (raw + 65534) / 65535, stream = 2 + raw + 5 * blocks + 4;
    png_writer png;
    uint8_t head[5] = {8, 0, 0, 0, 0};
    size_t room = 0;
    uint32_t y;
    int failed;
    if (channels < 1 || channels > 4 || width == 0 || height == 0 || stream > 0x7FFFFFFFu) {
        return -1;
    }
    memset(&png, 0, sizeof png);
    png.file = fopen(path, "wb");
    if (!png.file) {
        return -1;
    }
    fwrite(signature, 1, sizeof signature, png.file);
    png_begin(&png, "IHDR", 13);
    png_number(&png, width);
    png_number(&png, height);
    head[1] = color_types[channels];
    png_bytes(&png, head, 5);
    png_end(&png);
    png_begin(&png, "IDAT", (uint32_t)stream);
    png_bytes(&png, zlib_head, 2);
    png.adler_a = 1;
    png.left = (size_t)raw;
    for (y = 0; y < height; y++) {
        png_data(&png, &filter, 1, &room);
        png_data(&png, pixels + y * row, (size_t)row, &room);
    }
    png_number(&png, png.adler_b << 16 | png.adler_a);
    png_end(&png);
    png_begin(&png, "IEND", 0);
    png_end(&png);
    failed = ferror(png.file);
    return fclose(png.file) || failed ? -1 : 0;
}

#endif

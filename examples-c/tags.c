/* Lists the IFDs of a TIFF with their tags and the beginning of each value.
 *
 *     cc tags.c $(pkg-config --cflags --libs cog) -o tags
 *     ./tags image.tif
 *     ./tags image.tif 270          ImageDescription of the first IFD alone
 */
#include "common.h"

#include <inttypes.h>

enum { SHOWN = 8, SHOWN_TEXT = 60 };

static void print_value(cog_value_kind kind, const void *data, size_t count) {
    size_t i;
    if (kind == COG_VALUE_TEXT) {
        printf(" \"%.*s\"%s", count > SHOWN_TEXT ? (int)SHOWN_TEXT : (int)count, (const char *)data, count > SHOWN_TEXT ? "..." : "");
        return;
    }
    for (i = 0; i < count && i < SHOWN; i++) {
        switch (kind) {
        case COG_VALUE_UNSIGNED: printf(" %" PRIu64, ((const uint64_t *)data)[i]); break;
        case COG_VALUE_SIGNED: printf(" %" PRId64, ((const int64_t *)data)[i]); break;
        case COG_VALUE_REAL: printf(" %.10g", ((const double *)data)[i]); break;
        default: printf(" %02x", ((const uint8_t *)data)[i]); break;
        }
    }
    if (count > SHOWN) {
        printf(" ... (%zu)", count);
    }
}

static void print_tag(const cog_dataset *dataset, uint32_t ifd, const cog_tag *tag) {
    cog_error *error = NULL;
    cog_value_kind kind;
    void *data;
    size_t count;
    printf("  %5u %-26s %-9s", tag->code, *tag->name ? tag->name : "?", tag->type_name);
    check(cog_tag_value(dataset, ifd, tag->code, &kind, &data, &count, &error), &error);
    print_value(kind, data, count);
    printf("\n");
    cog_buffer_free(data);
}

static void print_ifd(const cog_dataset *dataset, uint32_t ifd) {
    cog_error *error = NULL;
    uint32_t count, i;
    check(cog_tag_count(dataset, ifd, &count, &error), &error);
    printf("IFD %" PRIu32 ": %" PRIu32 " tags\n", ifd, count);
    for (i = 0; i < count; i++) {
        cog_tag tag = {0};
        tag.struct_size = sizeof tag;
        check(cog_tag_at(dataset, ifd, i, &tag, &error), &error);
        print_tag(dataset, ifd, &tag);
    }
}

int main(int argc, char **argv) {
    cog_dataset *dataset;
    cog_error *error = NULL;
    uint32_t count, i;
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: %s URI [TAG]\n", argv[0]);
        return 2;
    }
    check(cog_open(argv[1], NULL, &dataset, &error), &error);
    if (argc == 3) {
        cog_tag tag = {0};
        tag.struct_size = sizeof tag;
        check(cog_tag_find(dataset, 0, (uint16_t)atoi(argv[2]), &tag, &error), &error);
        print_tag(dataset, 0, &tag);
    } else {
        check(cog_ifd_count(dataset, &count, &error), &error);
        for (i = 0; i < count; i++) {
            print_ifd(dataset, i);
        }
    }
    cog_free(dataset);
    return EXIT_SUCCESS;
}

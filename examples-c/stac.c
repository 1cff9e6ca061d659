/* Opens the COG assets of a STAC item and says what each is.
 *
 *     cc stac.c $(pkg-config --cflags --libs cog) -o stac
 *     ./stac https://example.com/item.json
 *     ./stac item.json B04 B08        these assets, whatever their media type
 */
#include "common.h"

#include <inttypes.h>

int main(int argc, char **argv) {
    cog_set *set;
    cog_error *error = NULL;
    const char *const *names = argc > 2 ? (const char *const *)(argv + 2) : NULL;
    size_t i;

    if (argc < 2) {
        fprintf(stderr, "usage: %s ITEM [ASSET...]\n", argv[0]);
        return 2;
    }
    check(cog_stac_open(argv[1], names, argc > 2 ? (size_t)argc - 2 : 0, 0, NULL, &set, &error), &error);
    for (i = 0; i < cog_set_count(set); i++) {
        cog_dataset_info info = {0};
        cog_dataset *dataset;
        if (cog_set_dataset(set, i, &dataset, &error) != COG_OK) {
            printf("%s: %s\n", cog_set_name(set, i), cog_error_message(error));
            cog_error_free(error);
            continue;
        }
        info.struct_size = sizeof info;
        check(cog_info(dataset, &info, &error), &error);
        printf("%s: %" PRIu64 " x %" PRIu64 ", %" PRIu32 " bands\n", cog_set_name(set, i), info.width, info.height, info.bands);
        cog_free(dataset);
    }
    cog_set_free(set);
    return EXIT_SUCCESS;
}

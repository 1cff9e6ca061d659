/* Opens a file and prints its size: consumer IMAGE. */
#include <cog.h>
#include <stdio.h>

int main(int argc, char **argv) {
    cog_dataset *dataset;
    cog_dataset_info info = {sizeof info};
    if (argc != 2 || cog_open(argv[1], NULL, &dataset, NULL) != COG_OK || cog_info(dataset, &info, NULL) != COG_OK) {
        return 1;
    }
    printf("%s: %d x %d\n", cog_version_string(), (int)info.width, (int)info.height);
    cog_free(dataset);
    return 0;
}

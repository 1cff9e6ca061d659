/* Loads the library, reads with it, unloads it while its threads exist, and loads it again: dlopen LIBRARY IMAGE. */
#include <cog.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef cog_status (*open_function)(const char *, const cog_options *, cog_dataset **, cog_error **);
typedef cog_status (*read_function)(const cog_dataset *, const cog_read_params *, const cog_dst *, cog_error **);
typedef void (*free_function)(cog_dataset *);

/* A function's address; the copy avoids a cast that ISO C does not have. */
static void find(void *library, const char *name, void *function, size_t size) {
    void *found = dlsym(library, name);
    memcpy(function, &found, size);
}

static int use(const char *path, const char *image) {
    static unsigned char pixels[1 << 24];
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    open_function open_it;
    read_function read_it;
    free_function free_it;
    cog_dataset *dataset = NULL;
    cog_dst dst = COG_DST_INIT;
    cog_status status;
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    find(library, "cog_open", &open_it, sizeof open_it);
    find(library, "cog_read_window", &read_it, sizeof read_it);
    find(library, "cog_free", &free_it, sizeof free_it);
    dst.data = pixels;
    dst.len = sizeof pixels;
    status = open_it(image, NULL, &dataset, NULL);
    if (status == COG_OK) {
        status = read_it(dataset, NULL, &dst, NULL);
        free_it(dataset);
    }
    dlclose(library);
    return status;
}

int main(int argc, char **argv) {
    int round, failed = argc != 3;
    for (round = 0; round < 3 && !failed; round++) {
        failed = use(argv[1], argv[2]);
    }
    if (!failed && !dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD)) {
        fprintf(stderr, "the library was unmapped\n");
        failed = 1;
    }
    printf("%s\n", failed ? "failed" : "loaded, used and closed three times");
    return failed;
}

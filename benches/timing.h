/* What both programs share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Memory whose pages are there already: the kernel's work is not what is compared. */
static void *touched(size_t bytes) {
    void *memory = malloc(bytes);
    if (!memory) {
        exit(1);
    }
    memset(memory, 1, bytes);
    return memory;
}

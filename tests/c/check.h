/* Assertions for the harnesses: a failure is printed and counted, and the harness goes on. */
#ifndef COG_TESTS_CHECK_H
#define COG_TESTS_CHECK_H

#include <cog.h>
#include <stdio.h>
#include <stdlib.h>

static int check_count;
static int check_failures;

#define CHECK(condition) check_that((condition) != 0, #condition, __LINE__)

static inline void check_that(int good, const char *what, int line) {
    check_count++;
    if (!good) {
        check_failures++;
        fprintf(stderr, "line %d: %s\n", line, what);
    }
}

/* For what the rest of a test can't do without. */
#define NEED(condition)                                                                                                                             \
    do {                                                                                                                                            \
        if (!(condition)) {                                                                                                                         \
            fprintf(stderr, "line %d: %s: can't go on\n", __LINE__, #condition);                                                                    \
            exit(1);                                                                                                                                \
        }                                                                                                                                           \
    } while (0)

/* The error of the call inside EXPECT: EXPECT(COG_OK, cog_info(dataset, &info, &err)). For the main thread. */
static cog_error *err;

#define EXPECT(wanted, call) expect_status(wanted, (call), #call, __LINE__)

/* The status is the wanted one, and the error agrees with it. */
static inline void expect_status(cog_status wanted, cog_status got, const char *what, int line) {
    check_count++;
    if (got != wanted) {
        check_failures++;
        fprintf(stderr, "line %d: %s: %s, not %s (%s)\n", line, what, cog_status_name(got), cog_status_name(wanted), cog_error_message(err));
    }
    check_that((err == NULL) == (got == COG_OK), "an error is stored where the call fails, else NULL", line);
    check_that(cog_error_status(err) == got, "the error has the status that was returned", line);
    check_that(got == COG_OK || cog_error_message(err)[0] != '\0', "the error has a message", line);
    cog_error_free(err);
    err = NULL;
}

static inline int check_result(const char *name) {
    printf("%s: %d checks, %d failures\n", name, check_count, check_failures);
    return check_failures ? 1 : 0;
}

#endif

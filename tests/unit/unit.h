/* What every unit test includes: cmocka with the headers it asks for, and a few conveniences. */
#ifndef SESSION_FCGI_UNIT_H
#define SESSION_FCGI_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "slice.h"

/* Compares a slice with a string, and prints both when they differ. */
#define assert_slice_equals(actual, expected)                                                                \
    do {                                                                                                     \
        struct slice actual_slice = (actual);                                                                \
        const char *expected_string = (expected);                                                            \
        assert_non_null(actual_slice.data);                                                                  \
        assert_int_equal(actual_slice.length, strlen(expected_string));                                      \
        assert_memory_equal(actual_slice.data, expected_string, actual_slice.length);                        \
    } while (0)

/* Runs the file's tests; the group's name is the file's, so the output reads as the feature list. */
#define RUN_TESTS(tests, setup, teardown) cmocka_run_group_tests_name(__FILE__, (tests), (setup), (teardown))

#endif

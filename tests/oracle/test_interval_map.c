/* SPDX-License-Identifier: BSD-3-Clause */
/* test_interval_map.c - the map against an array that does the same one address at a time. */
#include <check.h>
#include <stdlib.h>

#include "../../sim/oracle/interval_map.h"

#define SPACE 64u

static uint64_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

static bool same(const struct interval_map *map, const uint32_t *array)
{
	for (uint64_t at = 0; at < SPACE; at++) {
		uint64_t end, expected = at + 1;

		while (expected < SPACE && array[expected] == array[at])
			expected++;
		if (interval_map_get(map, at, &end) != array[at])
			return false;
		/* Behind the array all is as at its end. */
		if (expected < SPACE && end != expected)
			return false;
	}
	for (size_t i = 1; i < map->num; i++) {
		if (map->entries[i].start <= map->entries[i - 1].start ||
		    map->entries[i].value == map->entries[i - 1].value)
			return false;
	}
	return !map->entries[0].start;
}

START_TEST(sets_what_is_said_and_nothing_else)
{
	uint64_t seed = (uint64_t)_i;
	uint32_t array[SPACE] = {0};
	struct interval_map map = {0};

	interval_map_init(&map, 0);
	for (int round = 0; round < 400; round++) {
		uint64_t start = random_next(&seed) % SPACE;
		uint64_t end = start + random_next(&seed) % (SPACE - start + 1);
		uint32_t value = (uint32_t)(random_next(&seed) % 3);

		interval_map_set(&map, start, end, value);
		for (uint64_t at = start; at < end; at++)
			array[at] = value;
		ck_assert_msg(same(&map, array), "round %d", round);
	}
	interval_map_init(&map, 7);
	ck_assert_uint_eq(map.num, 1);
	ck_assert_uint_eq(interval_map_get(&map, 5, NULL), 7);
	interval_map_free(&map);
}
END_TEST

START_TEST(reaches_to_the_end_of_all_addresses)
{
	struct interval_map map = {0};
	uint64_t end;

	interval_map_init(&map, 1);
	interval_map_set(&map, UINT64_MAX - 1, UINT64_MAX, 2);
	ck_assert_uint_eq(interval_map_get(&map, UINT64_MAX - 2, &end), 1);
	ck_assert_uint_eq(end, UINT64_MAX - 1);
	ck_assert_uint_eq(interval_map_get(&map, UINT64_MAX - 1, NULL), 2);
	interval_map_set(&map, 0, UINT64_MAX, 3);
	ck_assert_uint_eq(map.num, 1);
	interval_map_set(&map, 4, 4, 9);
	ck_assert_uint_eq(map.num, 1);
	interval_map_free(&map);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("interval_map");
	TCase *tcase = tcase_create("map");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, sets_what_is_said_and_nothing_else, 0, 50);
	tcase_add_test(tcase, reaches_to_the_end_of_all_addresses);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

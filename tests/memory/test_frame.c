/* SPDX-License-Identifier: BSD-3-Clause */
/* The order in which frames are handed out. Expected indexes follow from the rules in dram.h. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sim/dram.h>

#define NUM_FRAMES                                                                                 \
	1024u /* of 4 KiB: the smallest multiple of 2 MiB that has two blocks of order 9 */

static struct dram *dram;

static void create(uint32_t quarantine)
{
	struct dram_config config = {
		.base = DRAM_DEFAULT_BASE,
		.size = NUM_FRAMES * 4096ull,
		.page_size = 4096,
		.quarantine = quarantine,
		.memfd = -1,
	};

	ck_assert_int_eq(dram_create(&config, &dram), 0);
}

static void setup(void)
{
	create(0);
}

static void teardown(void)
{
	dram_destroy(dram);
	dram = NULL;
}

#define ALLOC(order, expected) ck_assert_int_eq(dram_frame_alloc(dram, order), expected)
#define FREE(index, order)     ck_assert_int_eq(dram_frame_free(dram, index, order), 0)

static void fill(void)
{
	while (dram_frame_alloc(dram, 0) >= 0)
		;
	ck_assert_uint_eq(dram_num_free(dram), 0);
}

START_TEST(fresh_frames_come_lowest_first)
{
	for (int i = 0; i < (int)NUM_FRAMES; i++)
		ALLOC(0, i);
	ALLOC(0, -1);
	ALLOC(3, -1);
	ck_assert_uint_eq(dram_num_free(dram), 0);
	ck_assert_uint_eq(dram_num_touched(dram), NUM_FRAMES);
}
END_TEST

START_TEST(freed_frames_come_last_in_first_out)
{
	for (int i = 0; i < 6; i++)
		ALLOC(0, i);
	FREE(1, 0);
	FREE(4, 0);
	FREE(2, 0);
	ck_assert_uint_eq(dram_num_free(dram), NUM_FRAMES - 3);
	ALLOC(0, 2);
	ALLOC(0, 4);
	FREE(0, 0);
	ALLOC(0, 0);
	ALLOC(0, 1);
	ALLOC(0, 6);
}
END_TEST

START_TEST(blocks_are_aligned_and_skipped_frames_come_next)
{
	ALLOC(0, 0);
	ALLOC(3, 8); /* skips 1..7 */
	ALLOC(0, 1);
	ALLOC(1, 2);
	ALLOC(0, 4); /* the lowest of the rest, 4..7 */
	ALLOC(1, 6);
	ALLOC(0, 5);
	ALLOC(0, 16);
	ALLOC(9, 512);
	ALLOC(2, 20);
	ALLOC(0, 17);
	ALLOC(8, 256);
	ALLOC(9, -1);
	ALLOC(10, -1);
	ALLOC(7, 128);
	ALLOC(0, 18);
}
END_TEST

START_TEST(a_block_that_does_not_fit_skips_nothing)
{
	ALLOC(9, 0);
	ALLOC(0, 512);
	ALLOC(9, -1);
	ALLOC(0, 513);
	ck_assert_uint_eq(dram_num_touched(dram), 514);
}
END_TEST

START_TEST(freed_blocks_are_reused_whole_before_they_are_split)
{
	ALLOC(4, 0);
	ALLOC(4, 16);
	FREE(0, 4);
	FREE(16, 4);
	ALLOC(0, 32); /* never-used frames first */
	ALLOC(4, 16);
	ALLOC(4, 0);
	FREE(16, 4);
	FREE(0, 4);
	while (dram_num_free(dram) > 32)
		ck_assert_int_ge(dram_frame_alloc(dram, 0), 32);
	ALLOC(0, 0); /* of the block freed last */
	ALLOC(0, 1);
	ALLOC(3, 8);
	ALLOC(2, 4);
	ALLOC(1, 2);
	ALLOC(4, 16);
	ALLOC(0, -1);
}
END_TEST

START_TEST(single_frames_make_up_a_block_when_nothing_else_is_left)
{
	fill();
	for (int i = 96; i < 128; i++) {
		if (i != 97)
			FREE((uint64_t)i, 0);
	}
	FREE(7, 0);
	ALLOC(5, -1);
	ALLOC(4, 112);
	ALLOC(3, 104);
	ALLOC(2, 100);
	/* What was freed around the runs is still there, in its order: 7, then 99 down to 96. */
	ALLOC(0, 7);
	ALLOC(0, 99);
	ALLOC(0, 98);
	ALLOC(0, 96);
	ALLOC(0, -1);
}
END_TEST

START_TEST(a_run_may_join_freed_skipped_and_fresh_frames)
{
	ALLOC(9, 0);
	for (int i = 512; i < 768; i++)
		ALLOC(0, i);
	FREE(513, 0);
	for (int i = 514; i < 768; i++)
		FREE((uint64_t)i, 0);
	ALLOC(9, -1); /* 512 is held */
	FREE(512, 0);
	ALLOC(9, 512); /* 512..767 were freed, 768..1023 never used */
	ck_assert_uint_eq(dram_num_touched(dram), NUM_FRAMES);
	ALLOC(0, -1);
	FREE(512, 9);
	FREE(0, 9);
	ck_assert_uint_eq(dram_num_free(dram), NUM_FRAMES);

	dram_reset(dram);
	ALLOC(0, 0);
	ALLOC(2, 4); /* skips 1..3 */
	FREE(0, 0);
	fill();
	for (int i = 0; i < 4; i++)
		FREE((uint64_t)i, 0);
	ALLOC(2, 0);

	dram_reset(dram);
	ALLOC(0, 0);
	ALLOC(9, 512); /* skips 1..511 */
	FREE(0, 0);
	ALLOC(9, 0); /* 0 was freed, the rest never handed out */
	ALLOC(0, -1);
	FREE(512, 9);
	ALLOC(0, 512); /* and nothing of 1..511 */
}
END_TEST

START_TEST(a_block_may_be_freed_in_parts)
{
	ALLOC(2, 0);
	FREE(1, 0);
	FREE(2, 1);
	ALLOC(1, 2);
	ALLOC(0, 1);
	FREE(0, 0);
	ALLOC(0, 0);
}
END_TEST

START_TEST(wrong_frees_are_refused_and_change_nothing)
{
	uint64_t hash;

	ALLOC(0, 0);
	ALLOC(0, 1);
	ALLOC(0, 2);
	FREE(1, 0);
	dram_frames(dram)[2].refcount = 1;
	hash = dram_hash(dram, NULL, NULL);
	ck_assert_int_eq(dram_frame_free(dram, 1, 0), -EINVAL);		 /* twice */
	ck_assert_int_eq(dram_frame_free(dram, 3, 0), -EINVAL);		 /* never handed out */
	ck_assert_int_eq(dram_frame_free(dram, 0, 1), -EINVAL);		 /* partly free */
	ck_assert_int_eq(dram_frame_free(dram, 1, 1), -EINVAL);		 /* misaligned */
	ck_assert_int_eq(dram_frame_free(dram, 2, 0), -EINVAL);		 /* in use */
	ck_assert_int_eq(dram_frame_free(dram, NUM_FRAMES, 0), -EINVAL); /* outside */
	ck_assert_int_eq(dram_frame_free(dram, UINT64_MAX, 0), -EINVAL);
	ck_assert_int_eq(dram_frame_free(dram, 0, 40), -EINVAL);
	ck_assert_uint_eq(dram_hash(dram, NULL, NULL), hash);
	ALLOC(40, -1);
	ALLOC(0, 1);
	ALLOC(0, 3);
}
END_TEST

START_TEST(quarantine_delays_reuse)
{
	teardown();
	create(3);
	for (int i = 0; i < 8; i++)
		ALLOC(0, i);
	for (uint64_t i = 0; i < 3; i++)
		FREE(i, 0);
	ck_assert_uint_eq(dram_frames(dram)[0].kind, PORT_FRAME_QUARANTINE);
	ck_assert_int_eq(dram_frame_free(dram, 0, 0), -EINVAL);
	ALLOC(0, 8);
	FREE(3, 0); /* four wait, so the first comes free */
	ALLOC(0, 0);
	ALLOC(0, 9);
	FREE(4, 0);
	FREE(5, 0);
	ALLOC(0, 2);
	ALLOC(0, 1);
	ALLOC(0, 10);
	/* All that is free can be had when nothing else is left: what waits longest first. */
	while (dram_num_free(dram) > 3)
		ck_assert_int_ge(dram_frame_alloc(dram, 0), 11);
	ALLOC(0, 3);
	ALLOC(0, 4);
	ALLOC(0, 5);
	ALLOC(0, -1);
	/* A block larger than the quarantine does not wait. */
	FREE(512, 9);
	ALLOC(9, 512);
}
END_TEST

START_TEST(quarantined_singles_make_up_a_block)
{
	teardown();
	create(16);
	fill();
	for (uint64_t i = 8; i < 16; i++)
		FREE(i, 0);
	ALLOC(4, -1);
	ALLOC(3, 8);
	ALLOC(0, -1);
}
END_TEST

/* Random calls against a model that knows nothing of lists: ownership frame by frame. */
START_TEST(random_calls_keep_the_books)
{
	static const uint32_t limits[] = {0, 5, 64};
	uint64_t seed = 88172645463325252ull;

	teardown();
	create(limits[_i]);
	struct {
		uint32_t index;
		unsigned int order;
	} held[NUM_FRAMES];
	uint8_t owner[NUM_FRAMES] = {0};
	size_t num_held = 0;
	uint64_t num_free = NUM_FRAMES;

	for (int call = 0; call < 100000; call++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		if (seed % 100 < 52) {
			unsigned int order = (seed >> 8) % 16 ? (unsigned int)(seed >> 16) % 2
							      : (unsigned int)(seed >> 16) % 8;
			int64_t index = dram_frame_alloc(dram, order);
			bool possible = false;

			if (index >= 0) {
				if (index % (1 << order))
					ck_abort_msg("misaligned");
				for (int64_t i = index; i < index + (1 << order); i++) {
					if (owner[i]++)
						ck_abort_msg("frame %d was taken", (int)i);
				}
				held[num_held].index = (uint32_t)index;
				held[num_held++].order = order;
				num_free -= 1ull << order;
			} else {
				for (uint32_t i = 0; i < NUM_FRAMES && !possible;
				     i += 1u << order) {
					possible = true;
					for (uint32_t j = i; j < i + (1u << order); j++)
						possible = possible && !owner[j];
				}
				ck_assert(!possible);
			}
		} else if (num_held) {
			size_t at = (seed >> 8) % num_held;

			FREE(held[at].index, held[at].order);
			for (uint32_t i = 0; i < 1u << held[at].order; i++)
				owner[held[at].index + i]--;
			num_free += 1ull << held[at].order;
			held[at] = held[--num_held];
		}
		if (dram_num_free(dram) != num_free)
			ck_abort_msg("free frames miscounted");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("frame");
	TCase *tcase = tcase_create("frame");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, fresh_frames_come_lowest_first);
	tcase_add_test(tcase, freed_frames_come_last_in_first_out);
	tcase_add_test(tcase, blocks_are_aligned_and_skipped_frames_come_next);
	tcase_add_test(tcase, a_block_that_does_not_fit_skips_nothing);
	tcase_add_test(tcase, freed_blocks_are_reused_whole_before_they_are_split);
	tcase_add_test(tcase, single_frames_make_up_a_block_when_nothing_else_is_left);
	tcase_add_test(tcase, a_run_may_join_freed_skipped_and_fresh_frames);
	tcase_add_test(tcase, a_block_may_be_freed_in_parts);
	tcase_add_test(tcase, wrong_frees_are_refused_and_change_nothing);
	tcase_add_test(tcase, quarantine_delays_reuse);
	tcase_add_test(tcase, quarantined_singles_make_up_a_block);
	tcase_add_loop_test(tcase, random_calls_keep_the_books, 0, 3);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* DRAM: its views, clean frames, reset, digest, sizes. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sim/dram.h>

#if defined(__SANITIZE_ADDRESS__)
#define TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_ASAN 1
#endif
#endif
#ifdef TEST_ASAN
#include <sanitizer/asan_interface.h>
#endif

#define MIB (1ull << 20)

static struct dram_config config_for(uint64_t size, uint32_t page_size)
{
	return (struct dram_config){
		.base = DRAM_DEFAULT_BASE, .size = size, .page_size = page_size, .memfd = -1};
}

static struct dram *create(const struct dram_config *config)
{
	struct dram *dram = NULL;

	ck_assert_int_eq(dram_create(config, &dram), 0);
	ck_assert_ptr_nonnull(dram);
	return dram;
}

/* Takes a frame and writes to it as host code does. */
static uint64_t take_and_write(struct dram *dram, const char *text)
{
	int64_t index = dram_frame_alloc(dram, 0);

	if (index < 0)
		ck_abort_msg("no frame");
	dram_frames(dram)[index].flags |= PORT_FRAME_DIRTY;
	strcpy((char *)dram_host_view(dram) + (uint64_t)index * dram_page_size(dram), text);
	return (uint64_t)index;
}

static uint64_t memfd_blocks(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

static bool is_zero(const void *memory, size_t size)
{
	const uint8_t *bytes = memory;

	return !bytes[0] && !memcmp(bytes, bytes + 1, size - 1);
}

static bool memfd_is_zero(int fd, uint64_t size)
{
	static uint8_t buffer[65536];

	for (uint64_t at = 0; at < size; at += sizeof(buffer)) {
		ck_assert_int_eq(pread(fd, buffer, sizeof(buffer), (off_t)at), sizeof(buffer));
		if (!is_zero(buffer, sizeof(buffer)))
			return false;
	}
	return true;
}

static uint64_t resident_bytes(void)
{
	unsigned long size, resident;
	FILE *file = fopen("/proc/self/statm", "re");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%lu %lu", &size, &resident), 2);
	fclose(file);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

START_TEST(bad_configurations_are_refused)
{
	const struct dram_config good = config_for(DRAM_DEFAULT_SIZE, 4096);
	struct dram_config bad;
	struct dram *dram = NULL;

#define REFUSED(field, value)                                                                      \
	do {                                                                                       \
		bad = good;                                                                        \
		bad.field = (value);                                                               \
		ck_assert_int_eq(dram_create(&bad, &dram), -EINVAL);                               \
		ck_assert_ptr_null(dram);                                                          \
	} while (0)
	REFUSED(base, 0);
	REFUSED(base, DRAM_DEFAULT_BASE + 4096);
	REFUSED(base, 1ull << 52);
	REFUSED(base, (1ull << 52) - 2 * MIB);
	REFUSED(size, 0);
	REFUSED(size, 1 * MIB);
	REFUSED(size, 3 * MIB);
	REFUSED(size, DRAM_MAX_SIZE + 2 * MIB);
	REFUSED(size, ~0ull << 21);
	REFUSED(page_size, 0);
	REFUSED(page_size, 8192);
	REFUSED(page_size, 2097152);
	REFUSED(slot, DRAM_NUM_SLOTS);
	REFUSED(memfd, -2);
#undef REFUSED
	bad = good;
	bad.memfd = 1 << 20;
	ck_assert_int_eq(dram_create(&bad, &dram), -EBADF);
	ck_assert_ptr_null(dram);
	dram_destroy(NULL);
}
END_TEST

START_TEST(two_views_show_the_same_memory)
{
	struct dram_config config = config_for(4 * MIB, 16384);
	struct dram *dram = create(&config);

	ck_assert_uint_eq(dram_base(dram), DRAM_DEFAULT_BASE);
	ck_assert_uint_eq(dram_size(dram), 4 * MIB);
	ck_assert_uint_eq(dram_page_size(dram), 16384);
	ck_assert_ptr_ne(dram_host_view(dram), dram_rmm_view(dram));
	dram_host_view(dram)[0] = 1;
	dram_rmm_view(dram)[4 * MIB - 1] = 2;
	ck_assert_uint_eq(dram_rmm_view(dram)[0], 1);
	ck_assert_uint_eq(dram_host_view(dram)[4 * MIB - 1], 2);
	dram_destroy(dram);
}
END_TEST

START_TEST(slots_live_side_by_side_at_fixed_addresses)
{
	struct dram_config config = config_for(2 * MIB, 4096);
	struct dram *dram[DRAM_NUM_SLOTS], *again = NULL;
	uint8_t *host = NULL, *rmm = NULL;

	for (unsigned int i = 0; i < DRAM_NUM_SLOTS; i++) {
		config.slot = i;
		dram[i] = create(&config);
		ck_assert_uint_eq((uintptr_t)dram_host_view(dram[i]),
				  0x200000000000ull + (i * 2ull << 40));
		ck_assert_uint_eq((uintptr_t)dram_rmm_view(dram[i]),
				  0x300000000000ull + (i * 2ull << 40));
		dram_host_view(dram[i])[5] = (uint8_t)(i + 1);
		ck_assert_int_eq(dram_create(&config, &again), -EBUSY);
		ck_assert_ptr_null(again);
	}
	for (unsigned int i = 0; i < DRAM_NUM_SLOTS; i++)
		ck_assert_uint_eq(dram_rmm_view(dram[i])[5], i + 1);
	host = dram_host_view(dram[3]);
	rmm = dram_rmm_view(dram[3]);
	dram_destroy(dram[3]);
	config.slot = 3;
	dram[3] = create(&config);
	ck_assert_ptr_eq(dram_host_view(dram[3]), host);
	ck_assert_ptr_eq(dram_rmm_view(dram[3]), rmm);
	ck_assert_uint_eq(dram_rmm_view(dram[3])[5], 0);
	for (unsigned int i = 0; i < DRAM_NUM_SLOTS; i++)
		dram_destroy(dram[i]);
}
END_TEST

START_TEST(frames_are_clean_until_somebody_may_write)
{
	struct dram_config config = config_for(2 * MIB, _i ? 65536 : 4096);
	struct dram *dram = create(&config);
	uint64_t pa = DRAM_DEFAULT_BASE;
	int64_t index = dram_frame_alloc(dram, 0);

	ck_assert_int_eq(index, 0);
	ck_assert(dram_is_clean(dram, pa));
	ck_assert(dram_is_clean(dram, pa + 65536));
	dram_mark_dirty(dram, pa + 4096);
	/* Granules of one frame are clean together. */
	ck_assert_int_eq(dram_is_clean(dram, pa), !_i);
	ck_assert(!dram_is_clean(dram, pa + 4096));
	ck_assert(dram_is_clean(dram, pa + 65536));
	dram_frames(dram)[index].flags |= PORT_FRAME_DIRTY;
	ck_assert_int_eq(dram_frame_free(dram, 0, 0), 0);
	ck_assert(!dram_is_clean(dram, pa));
	ck_assert_int_eq(dram_frame_alloc(dram, 0), 0);
	ck_assert_uint_eq(dram_frames(dram)[0].flags, PORT_FRAME_DIRTY);
	ck_assert(!dram_is_clean(dram, pa - 4096));
	ck_assert(!dram_is_clean(dram, pa + 2 * MIB));
	dram_mark_dirty(dram, pa - 4096);
	dram_mark_dirty(dram, pa + 2 * MIB);
	dram_reset(dram);
	ck_assert(dram_is_clean(dram, pa));
	ck_assert(dram_is_clean(dram, pa + 4096));
	dram_destroy(dram);
}
END_TEST

START_TEST(clean_frames_leave_holes)
{
	struct dram_config config = config_for(64 * MIB, 4096);
	struct dram *dram;

	config.memfd = dram_memfd_create();
	ck_assert_int_ge(config.memfd, 0);
	dram = create(&config);
	for (int i = 0; i < 5000; i++)
		ck_assert_int_eq(dram_frame_alloc(dram, 0), i);
	take_and_write(dram, "x");
	for (uint64_t i = 0; i < 5000; i += 3)
		ck_assert_int_eq(dram_frame_free(dram, i, 0), 0);
	ck_assert_uint_ne(dram_hash(dram, NULL, NULL), 0);
	ck_assert_uint_eq(memfd_blocks(config.memfd), 4096);
	dram_reset(dram);
	ck_assert_uint_le(memfd_blocks(config.memfd), 4096);
	dram_destroy(dram);
	ck_assert_uint_le(memfd_blocks(config.memfd), 4096);
	close(config.memfd);
}
END_TEST

static long minor_faults(void)
{
	struct rusage usage;

	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_minflt;
}

/* Every other page of 4 MiB is in the memfd: those are mapped ahead of their use, and no other is made. */
START_TEST(a_used_memfd_is_mapped_ahead_and_its_holes_stay)
{
	struct dram_config config = config_for(8 * MIB, 4096);
	const uint64_t pages = 4 * MIB / 4096;
	struct dram *dram;
	long faults;

	config.memfd = dram_memfd_create();
	for (int round = 0; round < 2; round++) {
		dram = create(&config);
		faults = minor_faults();
		for (uint64_t i = 0; i < pages; i++) {
			if (i % 2)
				ck_assert_int_eq(dram_frame_alloc(dram, 0), (int64_t)i);
			else
				ck_assert_uint_eq(take_and_write(dram, "again"), i);
			if (round && !(i % 2))
				ck_assert_int_eq(dram_rmm_view(dram)[i * 4096], 'a');
		}
		faults = minor_faults() - faults;
		ck_assert_uint_eq(memfd_blocks(config.memfd), pages / 2 * 4096);
#ifdef MADV_POPULATE_READ
		/* Else one for each view of each page that is there. */
		if (round && !madvise(dram_host_view(dram), 4096, MADV_POPULATE_READ))
			ck_assert_int_lt(faults, (long)pages / 2);
#endif
		dram_destroy(dram);
	}
	close(config.memfd);
}
END_TEST

START_TEST(reset_restores_zeros_and_the_order)
{
	struct dram_config config = config_for(4 * MIB, 4096);
	struct dram *dram = create(&config);
	const uint8_t *host = dram_host_view(dram);
	uint64_t fresh = dram_hash(dram, NULL, NULL);

	for (int round = 0; round < 3; round++) {
		ck_assert_int_eq(dram_frame_alloc(dram, 0), 0);
		ck_assert_uint_eq(take_and_write(dram, "one"), 1);
		ck_assert_int_eq(dram_frame_alloc(dram, 4), 16);
		ck_assert_int_eq(dram_frame_free(dram, 0, 0), 0);
		ck_assert_int_eq(dram_frame_free(dram, 16, 4), 0);
		dram_frames(dram)[1].refcount = 7;
		dram_frames(dram)[1].site = 9;
		/* Written by somebody who was not given them. */
		for (int i = 0; i < 4; i++) {
			static const uint64_t strays[] = {3 * MIB, 3 * MIB + 4096, 4 * MIB - 4096,
							  MIB};

			dram_mark_dirty(dram, DRAM_DEFAULT_BASE + strays[i]);
			dram_rmm_view(dram)[strays[i] + 4095] = 0xff;
		}
		/* A held frame that is dirty but was skipped by nobody's list. */
		dram_frames(dram)[17].flags |= PORT_FRAME_DIRTY;
		dram_host_view(dram)[17 * 4096] = 3;
		ck_assert_uint_ne(dram_hash(dram, NULL, NULL), fresh);
		dram_reset(dram);
		ck_assert(is_zero(host, 4 * MIB));
		ck_assert(is_zero(dram_frames(dram), 1024 * sizeof(struct port_frame)));
		ck_assert_uint_eq(dram_hash(dram, NULL, NULL), fresh);
		ck_assert_uint_eq(dram_num_free(dram), 1024);
		ck_assert_uint_eq(dram_num_touched(dram), 0);
	}
	dram_destroy(dram);
}
END_TEST

START_TEST(much_memory_goes_back_at_reset)
{
	struct dram_config config = config_for(256 * MIB, 4096);
	const uint64_t pages = 80 * MIB / 4096;
	struct dram *dram;

	config.memfd = dram_memfd_create();
	dram = create(&config);
	for (uint64_t i = 0; i < pages; i++)
		take_and_write(dram, "much");
	ck_assert_uint_eq(memfd_blocks(config.memfd), pages * 4096);
	dram_reset(dram);
	ck_assert_uint_le(memfd_blocks(config.memfd), 64 * MIB);
	for (uint64_t i = 0; i < pages; i += 97)
		ck_assert_int_eq(dram_host_view(dram)[i * 4096], 0);
	ck_assert(is_zero(dram_frames(dram), pages * sizeof(struct port_frame)));
	ck_assert_uint_eq(dram_num_free(dram), config.size / 4096);
	dram_destroy(dram);
	close(config.memfd);
}
END_TEST

START_TEST(a_memfd_is_zeros_when_its_dram_is_destroyed)
{
	struct dram_config config = config_for(2 * MIB, 4096);

	config.memfd = dram_memfd_create();
	for (int round = 0; round < 4; round++) {
		struct dram *dram = create(&config);

		for (int i = 0; i < 100; i++)
			take_and_write(dram, "left behind");
		dram_mark_dirty(dram, DRAM_DEFAULT_BASE + MIB);
		dram_host_view(dram)[MIB] = 1;
		dram_destroy(dram);
		ck_assert(memfd_is_zero(config.memfd, config.size));
		config.size += 2 * MIB; /* a memfd grows with the DRAM */
	}
	close(config.memfd);
}
END_TEST

START_TEST(a_terabyte_costs_what_is_touched)
{
	struct dram_config config = config_for(DRAM_MAX_SIZE, _i ? 65536 : 4096);
	uint64_t before = resident_bytes(), last;
	struct dram *dram;

	config.memfd = dram_memfd_create();
	dram = create(&config);
	last = dram_base(dram) + dram_size(dram) - 4096;
	ck_assert_uint_eq(dram_num_free(dram), DRAM_MAX_SIZE / config.page_size);
	for (int i = 0; i < 3; i++)
		take_and_write(dram, "small");
	ck_assert_int_eq(dram_frame_alloc(dram, 4), 16);
	dram_mark_dirty(dram, last);
	dram_rmm_view(dram)[DRAM_MAX_SIZE - 1] = 1;
	dram_protect(dram, last, true);
	(void)dram_hash(dram, NULL, NULL);
	ck_assert_uint_eq(memfd_blocks(config.memfd), 4 * 4096 + (_i ? 4 * 61440 : 0));
	ck_assert_uint_lt(resident_bytes() - before, 2 * MIB);
	dram_reset(dram);
	ck_assert_uint_eq(dram_rmm_view(dram)[DRAM_MAX_SIZE - 1], 0);
	ck_assert(dram_is_clean(dram, last));
	ck_assert_uint_lt(resident_bytes() - before, 2 * MIB);
	dram_destroy(dram);
	close(config.memfd);
}
END_TEST

static bool skip_second_granule(void *ctx, uint64_t pa)
{
	(void)ctx;
	return pa == DRAM_DEFAULT_BASE + 4096;
}

/* One history; `variant` changes one thing in it. */
static uint64_t history(struct dram *dram, int variant)
{
	uint8_t *host = dram_host_view(dram);

	take_and_write(dram, variant == 1 ? "a" : "b");
	take_and_write(dram, "c");
	ck_assert_int_eq(dram_frame_alloc(dram, 2), 4);
	ck_assert_int_eq(dram_frame_alloc(dram, 0), 2);
	ck_assert_int_eq(dram_frame_alloc(dram, 0), 3);
	ck_assert_int_eq(dram_frame_free(dram, variant == 2 ? 3 : 2, 0), 0);
	ck_assert_int_eq(dram_frame_free(dram, variant == 2 ? 2 : 3, 0), 0);
	host[4 * 4096 + 8] = (uint8_t)(variant == 3);
	dram_frames(dram)[4].flags |= PORT_FRAME_DIRTY;
	if (variant == 4)
		dram_frames(dram)[5].refcount = 1;
	if (variant == 5)
		dram_mark_dirty(dram, dram_base(dram) + MIB);
	if (variant == 6)
		ck_assert_int_eq(dram_frame_alloc(dram, 3), 8);
	if (variant == 7)
		dram_frames(dram)[4].site = 77;
	if (variant == 8)
		host[4095] = 1;
	return dram_hash(dram, NULL, NULL);
}

START_TEST(digests_tell_histories_apart)
{
	struct dram_config config = config_for(2 * MIB, 4096);
	struct dram *dram = create(&config);
	uint64_t expected, other;

	expected = history(dram, 0);
	for (int variant = 1; variant <= 8; variant++) {
		dram_reset(dram);
		other = history(dram, variant);
		/* Where a build keeps its records of source lines is no part of the state. */
		if (variant == 7)
			ck_assert_uint_eq(other, expected);
		else
			ck_assert_msg(other != expected, "variant %d", variant);
	}
	dram_destroy(dram);
	config.slot = 5;
	config.memfd = dram_memfd_create();
	dram = create(&config);
	ck_assert_uint_eq(history(dram, 0), expected);
	other = dram_hash(dram, skip_second_granule, NULL);
	dram_host_view(dram)[4096] ^= 1;
	ck_assert_uint_eq(dram_hash(dram, skip_second_granule, NULL), other);
	ck_assert_uint_ne(dram_hash(dram, NULL, NULL), expected);
	dram_destroy(dram);
	close(config.memfd);
}
END_TEST

#ifdef TEST_ASAN
START_TEST(protected_granules_are_poisoned_in_the_host_view_only)
{
	struct dram_config config = config_for(4 * MIB, _i ? 65536 : 4096);
	struct dram *dram = create(&config);
	uint64_t stray = DRAM_DEFAULT_BASE + 3 * MIB;
	uint8_t *host = dram_host_view(dram);

	ck_assert_int_eq(dram_frame_alloc(dram, 0), 0);
	dram_protect(dram, DRAM_DEFAULT_BASE + 4096, true);
	dram_protect(dram, stray, true);
	ck_assert_ptr_eq(__asan_region_is_poisoned(host, 4096), NULL);
	ck_assert(__asan_address_is_poisoned(host + 4096));
	ck_assert(__asan_address_is_poisoned(host + 8191));
	ck_assert(!__asan_address_is_poisoned(host + 8192));
	ck_assert(!__asan_address_is_poisoned(dram_rmm_view(dram) + 4096));
	dram_protect(dram, DRAM_DEFAULT_BASE + 4096, false);
	ck_assert_ptr_eq(__asan_region_is_poisoned(host, 3 * MIB), NULL);
	dram_protect(dram, DRAM_DEFAULT_BASE + 4096, true);
	dram_reset(dram);
	ck_assert_ptr_eq(__asan_region_is_poisoned(host, 4 * MIB), NULL);
	dram_protect(dram, DRAM_DEFAULT_BASE, true);
	dram_protect(dram, stray, true);
	dram_destroy(dram);
	ck_assert_ptr_eq(__asan_region_is_poisoned(host, 4 * MIB), NULL);
}
END_TEST
#endif

int main(void)
{
	Suite *suite = suite_create("dram");
	TCase *tcase = tcase_create("dram");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, bad_configurations_are_refused);
	tcase_add_test(tcase, two_views_show_the_same_memory);
	tcase_add_test(tcase, slots_live_side_by_side_at_fixed_addresses);
	tcase_add_loop_test(tcase, frames_are_clean_until_somebody_may_write, 0, 2);
	tcase_add_test(tcase, clean_frames_leave_holes);
	tcase_add_test(tcase, reset_restores_zeros_and_the_order);
	tcase_add_test(tcase, a_used_memfd_is_mapped_ahead_and_its_holes_stay);
	tcase_add_test(tcase, much_memory_goes_back_at_reset);
	tcase_add_test(tcase, a_memfd_is_zeros_when_its_dram_is_destroyed);
	tcase_add_loop_test(tcase, a_terabyte_costs_what_is_touched, 0, 2);
	tcase_add_test(tcase, digests_tell_histories_apart);
#ifdef TEST_ASAN
	tcase_add_loop_test(tcase, protected_granules_are_poisoned_in_the_host_view_only, 0, 2);
#endif
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

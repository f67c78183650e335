/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors of system calls: the ones that kvm-rme.md names for a request in a state, and no others. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "../../sim/oracle/answers.h"

#define HALF (UINT64_C(1) << 39)
#define SLOT UINT64_C(0x80000000)
#define MIB  (UINT64_C(1) << 20)

static const struct row {
	struct contract_request request;
	struct answer_facts facts;
	int due;   /* this error, or success */
	int wrong; /* this error, or 0: success */
} rows[] = {
	/* Section 3. */
	{{.call = CONTRACT_CONFIG}, {.stage = ANSWER_NEW}, EBUSY, EINVAL},
	{{.call = CONTRACT_CONFIG}, {.stage = ANSWER_ACTIVE}, EBUSY, 0},
	{{.call = CONTRACT_CONFIG}, {.stage = ANSWER_NONE}, EINVAL, EBUSY},
	{{.call = CONTRACT_CREATE}, {.stage = ANSWER_NEW}, EEXIST, EBUSY},
	{{.call = CONTRACT_CREATE}, {.stage = ANSWER_NONE}, 0, EEXIST},
	{{.call = CONTRACT_CREATE}, {.stage = ANSWER_NONE}, ENOMEM, EPERM},
	{{.call = CONTRACT_ACTIVATE}, {.stage = ANSWER_NONE}, EINVAL, 0},
	{{.call = CONTRACT_ACTIVATE}, {.stage = ANSWER_ACTIVE}, EINVAL, EBUSY},
	{{.call = CONTRACT_ACTIVATE}, {.stage = ANSWER_NEW, .refused = true}, ENXIO, EINVAL},
	/* Errors that somebody else is the cause of. */
	{{.call = CONTRACT_ACTIVATE}, {.stage = ANSWER_NEW}, 0, ENXIO},
	{{.call = CONTRACT_FINALIZE}, {.stage = ANSWER_NEW}, 0, ENOMEM},
	{{.call = CONTRACT_FINALIZE}, {.stage = ANSWER_NEW, .starved = true}, ENOMEM, ENXIO},
	/* The wrap comes before the state, size 0 before the alignment. */
	{{.call = CONTRACT_INIT_RIPAS, .base = UINT64_MAX - 4095, .size = 8192},
	 {.stage = ANSWER_ACTIVE, .half = HALF, .page_size = 4096},
	 EINVAL,
	 EPERM},
	{{.call = CONTRACT_INIT_RIPAS, .base = SLOT, .size = 4096},
	 {.stage = ANSWER_ACTIVE, .half = HALF, .page_size = 4096},
	 EPERM,
	 0},
	{{.call = CONTRACT_INIT_RIPAS, .base = 1, .size = 0},
	 {.stage = ANSWER_NEW, .half = HALF, .page_size = 4096},
	 0,
	 EPERM},
	{{.call = CONTRACT_INIT_RIPAS, .base = SLOT, .size = 4096},
	 {.stage = ANSWER_NEW, .half = HALF, .page_size = 16384},
	 EINVAL,
	 0},
	{{.call = CONTRACT_INIT_RIPAS, .base = HALF - 4096, .size = 8192},
	 {.stage = ANSWER_NEW, .half = HALF, .page_size = 4096},
	 ENXIO,
	 0},
	{{.call = CONTRACT_INIT_RIPAS, .base = HALF - 4096, .size = 4096},
	 {.stage = ANSWER_NEW, .half = HALF, .page_size = 4096},
	 0,
	 EPERM},
	{{.call = CONTRACT_POPULATE, .base = SLOT, .size = 4096, .flags_known = true},
	 {.stage = ANSWER_NONE, .page_size = 4096},
	 EPERM,
	 EINVAL},
	{{.call = CONTRACT_POPULATE, .base = SLOT, .size = 4096},
	 {.stage = ANSWER_NEW, .page_size = 4096},
	 EINVAL,
	 0},
	{{.call = CONTRACT_POPULATE, .base = SLOT + 512, .size = 4096, .flags_known = true},
	 {.stage = ANSWER_NEW, .page_size = 4096},
	 EINVAL,
	 EPERM},
	{{.call = CONTRACT_POPULATE, .base = SLOT, .size = 4096, .flags_known = true},
	 {.stage = ANSWER_NEW, .page_size = 4096},
	 EFAULT,
	 EPERM},
	{{.call = CONTRACT_POPULATE, .base = SLOT, .size = MIB, .flags_known = true},
	 {.stage = ANSWER_NEW, .page_size = 4096, .has_slot = true, .slot_end = SLOT + 4096},
	 EINVAL,
	 EPERM},
	{{.call = CONTRACT_POPULATE, .base = SLOT, .size = MIB, .flags_known = true},
	 {.stage = ANSWER_NEW, .page_size = 4096, .has_slot = true, .slot_end = SLOT + MIB},
	 EPERM,
	 EINVAL},
	/* What the second chunk meets is not known. */
	{{.call = CONTRACT_POPULATE, .base = SLOT, .size = 4 * MIB, .flags_known = true},
	 {.stage = ANSWER_NEW,
	  .page_size = 4096,
	  .has_slot = true,
	  .has_gmem = true,
	  .slot_end = SLOT + 2 * MIB},
	 EFAULT,
	 EBUSY},
	/* Section 9. */
	{{.call = CONTRACT_FINALIZE}, {.stage = ANSWER_NONE}, ENOENT, EPERM},
	{{.call = CONTRACT_FINALIZE}, {.stage = ANSWER_ACTIVE, .has_rec = true}, ENOENT, EBUSY},
	{{.call = CONTRACT_FINALIZE}, {.stage = ANSWER_NEW, .has_rec = true}, EBUSY, 0},
	{{.call = CONTRACT_FINALIZE}, {.stage = ANSWER_NEW, .refused = true}, ENXIO, EBUSY},
	/* Section 1. */
	{{.call = CONTRACT_RUN}, {.stage = ANSWER_NEW, .has_rec = true}, EPERM, EINVAL},
	{{.call = CONTRACT_RUN}, {.stage = ANSWER_ACTIVE}, EPERM, 0},
	{{.call = CONTRACT_RUN, .told = true},
	 {.stage = ANSWER_ACTIVE, .has_rec = true},
	 EFAULT,
	 EPERM},
	{{.call = CONTRACT_RUN},
	 {.stage = ANSWER_ACTIVE, .has_rec = true, .nowhere = true},
	 EFAULT,
	 EPERM},
	{{.call = CONTRACT_RUN}, {.stage = ANSWER_ACTIVE, .has_rec = true}, 0, EFAULT},
	/* Sections 7 and 10: what a guest that runs can run into. */
	{{.call = CONTRACT_RUN}, {.stage = ANSWER_ACTIVE, .has_rec = true}, EINTR, ENOENT},
	{{.call = CONTRACT_RUN}, {.stage = ANSWER_ACTIVE, .has_rec = true}, EIO, ENOMEM},
	{{.call = CONTRACT_RUN},
	 {.stage = ANSWER_ACTIVE, .has_rec = true, .starved = true},
	 ENOMEM,
	 EAGAIN},
	{{.call = CONTRACT_RUN},
	 {.stage = ANSWER_ACTIVE, .has_rec = true, .refused = true},
	 ENXIO,
	 EHWPOISON},
	{{.call = CONTRACT_RUN},
	 {.stage = ANSWER_ACTIVE, .has_rec = true, .fetched = true},
	 ENXIO,
	 EINVAL},
	{{.call = CONTRACT_RUN},
	 {.stage = ANSWER_ACTIVE, .has_rec = true, .plain = true},
	 EINVAL,
	 ENXIO},
	{{.call = CONTRACT_RUN},
	 {.stage = ANSWER_ACTIVE, .has_rec = true, .broken = true},
	 EHWPOISON,
	 ENXIO},
	{{.call = CONTRACT_RUN}, {.stage = ANSWER_ACTIVE, .has_rec = true}, EOPNOTSUPP, EINVAL},
	{{.call = CONTRACT_RUN},
	 {.stage = ANSWER_ACTIVE, .has_rec = true, .calls = 1},
	 0,
	 EOPNOTSUPP},
	/* KVM_EXIT_SHUTDOWN, whatever the RMM said. */
	{{.call = CONTRACT_RUN},
	 {.stage = ANSWER_ACTIVE, .has_rec = true, .refused = true, .switched_off = true},
	 0,
	 ENXIO},
};

START_TEST(the_error_that_is_due_fits_and_another_does_not)
{
	const struct row *row = &rows[_i];
	int error;

	ck_assert(answer_fits(&row->request, &row->facts, -row->due, &error));
	ck_assert(!answer_fits(&row->request, &row->facts, -row->wrong, &error));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answers");
	TCase *tcase = tcase_create("answers");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, the_error_that_is_due_fits_and_another_does_not, 0,
			    (int)(sizeof(rows) / sizeof(rows[0])));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Stacks that are left in the middle and gone on with. */
#include <check.h>
#include <errno.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sim/fiber.h>

#define STACK (256u << 10)

struct job {
	struct fiber *fiber;
	uint64_t rounds, sum;
	double factor;
	uintptr_t alignment;
};

/* Keeps many values alive over its suspensions, so that a register that is lost is noticed. */
static void add_up(void *arg)
{
	struct job *job = arg;
	volatile uint64_t a = 1, b = 2, c = 3;
	uint64_t d = job->rounds, e = d + 1, f = d + 2, g = d + 3, h = d + 4, i = d + 5;
	double x = job->factor, y = x + 1, z = x + 2;
	char buffer[64] __attribute__((aligned(16)));

	job->alignment = (uintptr_t)buffer % 16;
	memset(buffer, (int)d, sizeof(buffer));
	for (uint64_t round = 0; round < job->rounds; round++) {
		fiber_suspend(job->fiber);
		job->sum += a + b + c + (e - d) + (f - d) + (g - d) + (h - d) + (i - d);
		if (buffer[63] != (char)d || y != x + 1 || z != x + 2)
			job->sum = 0;
	}
}

START_TEST(a_fiber_goes_on_where_it_was)
{
	struct job job[3] = {{.rounds = 5, .factor = 1.5},
			     {.rounds = 9, .factor = 2.5},
			     {.rounds = 2, .factor = 3.5}};
	bool left = true;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(fiber_create(STACK, add_up, &job[i], &job[i].fiber), 0);
	while (left) {
		left = false;
		for (int i = 0; i < 3; i++) {
			if (fiber_ended(job[i].fiber))
				continue;
			fiber_resume(job[i].fiber);
			left |= !fiber_ended(job[i].fiber);
		}
	}
	for (int i = 0; i < 3; i++) {
		/* 1 + 2 + 3 and 1 + 2 + 3 + 4 + 5, once a round. */
		ck_assert_uint_eq(job[i].sum, job[i].rounds * 21);
		ck_assert_uint_eq(job[i].alignment, 0);
		fiber_destroy(job[i].fiber);
	}
	fiber_destroy(NULL);
}
END_TEST

static void leave_by_a_jump(void *arg)
{
	struct job *job = arg;
	jmp_buf back;

	if (!_setjmp(back)) {
		fiber_suspend(job->fiber);
		_longjmp(back, 1);
	}
	job->sum = 7;
}

START_TEST(a_jump_inside_a_fiber_is_no_matter)
{
	struct job job = {0};

	ck_assert_int_eq(fiber_create(STACK, leave_by_a_jump, &job, &job.fiber), 0);
	fiber_resume(job.fiber);
	ck_assert(!fiber_ended(job.fiber));
	fiber_resume(job.fiber);
	ck_assert(fiber_ended(job.fiber));
	ck_assert_uint_eq(job.sum, 7);
	fiber_destroy(job.fiber);
}
END_TEST

static uint64_t deep(struct job *job, unsigned int depth)
{
	volatile char frame[512];

	memset((char *)frame, (int)depth, sizeof(frame));
	if (!depth) {
		fiber_suspend(job->fiber);
		return 0;
	}
	return deep(job, depth - 1) + (uint64_t)frame[511];
}

static void go_deep(void *arg)
{
	struct job *job = arg;

	job->sum = deep(job, 100);
}

/* Frames that were left for good must not disturb those of the next life (AddressSanitizer poisons them). */
START_TEST(a_fiber_that_was_left_begins_anew)
{
	struct job job = {.rounds = 3};

	ck_assert_int_eq(fiber_create(STACK, go_deep, &job, &job.fiber), 0);
	for (int i = 0; i < 20; i++) {
		fiber_resume(job.fiber);
		ck_assert(!fiber_ended(job.fiber));
		fiber_restart(job.fiber, go_deep, &job);
	}
	fiber_restart(job.fiber, add_up, &job);
	while (!fiber_ended(job.fiber))
		fiber_resume(job.fiber);
	ck_assert_uint_eq(job.sum, 63);
	fiber_restart(job.fiber, go_deep, &job);
	fiber_resume(job.fiber);
	fiber_resume(job.fiber);
	ck_assert(fiber_ended(job.fiber));
	ck_assert_uint_eq(job.sum, 5050);
	fiber_restart(job.fiber, go_deep, &job);
	fiber_resume(job.fiber);
	fiber_destroy(job.fiber);
}
END_TEST

static void nest(void *arg)
{
	struct job *outer = arg;
	struct job inner = {.rounds = 2};

	ck_assert_int_eq(fiber_create(STACK, add_up, &inner, &inner.fiber), 0);
	while (!fiber_ended(inner.fiber)) {
		fiber_resume(inner.fiber);
		fiber_suspend(outer->fiber);
	}
	fiber_destroy(inner.fiber);
	outer->sum = inner.sum;
}

START_TEST(fibers_can_resume_fibers)
{
	struct job job = {0};
	unsigned int resumed = 0;

	ck_assert_int_eq(fiber_create(STACK, nest, &job, &job.fiber), 0);
	for (; !fiber_ended(job.fiber); resumed++)
		fiber_resume(job.fiber);
	ck_assert_uint_eq(job.sum, 42);
	ck_assert_uint_eq(resumed, 4);
	fiber_destroy(job.fiber);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
	struct fiber *fiber;

	ck_assert_int_eq(fiber_create(STACK, NULL, NULL, &fiber), -EINVAL);
	ck_assert_int_eq(fiber_create(16383, add_up, NULL, &fiber), -EINVAL);
	ck_assert_int_eq(fiber_create(SIZE_MAX - 1, add_up, NULL, &fiber), -EINVAL);
	ck_assert_int_eq(fiber_create((size_t)1 << 60, add_up, NULL, &fiber), -ENOMEM);
}
END_TEST

/* Not tail recursive, and never at its end before the stack is. */
static uint64_t endless(volatile uint64_t *depth)
{
	volatile uint64_t here = ++*depth;

	if (here == UINT64_MAX)
		return 0;
	return endless(depth) + here;
}

static void overflow(void *arg)
{
	*(volatile uint64_t *)arg = endless(arg);
}

START_TEST(a_stack_that_is_too_small_faults)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct fiber *fiber;
		uint64_t depth = 0;

		if (freopen("/dev/null", "w", stderr) &&
		    !fiber_create(32768, overflow, &depth, &fiber))
			fiber_resume(fiber);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	/* SIGSEGV, or the end that AddressSanitizer makes of it. */
	ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fiber");
	TCase *tcase = tcase_create("fiber");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, a_fiber_goes_on_where_it_was);
	tcase_add_test(tcase, a_jump_inside_a_fiber_is_no_matter);
	tcase_add_test(tcase, a_fiber_that_was_left_begins_anew);
	tcase_add_test(tcase, fibers_can_resume_fibers);
	tcase_add_test(tcase, bad_arguments_are_refused);
	tcase_add_test(tcase, a_stack_that_is_too_small_faults);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Jobs in processes of their own: how each can end, and that nothing is left of any. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sim/dram.h>
#include <sim/pool.h>

#if defined(__SANITIZE_ADDRESS__)
#define TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_ASAN 1
#endif
#endif
#ifdef TEST_ASAN
/* A fork takes several times as long, and what AddressSanitizer keeps for itself counts as memory. */
#define MAX_JOBS	 200
#define MEMORY_LIMIT_MIB 128u

/* Freed memory that is kept makes every fork of this program slower. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=1";
}
#else
#define MAX_JOBS	 1000
#define MEMORY_LIMIT_MIB 64u
#endif

/* What the parent was told of each job. */
struct seen {
	int reports;
	enum pool_end end;
	int code;
	size_t payload_size, stderr_size;
	char payload[128], text[128];
	uint64_t wall_us;
};

struct run {
	int (*job)(struct run *run, size_t job, struct pool_child *child);
	struct seen seen[MAX_JOBS];
	size_t reports;
	size_t stop_after; /* reports; 0: never */
	int alive;	   /* write end of a pipe that whoever is alive holds */
	int prepared;
};

static struct run run;

static int run_job(void *ctx, size_t job, struct pool_child *child)
{
	struct run *self = ctx;

	return self->job(self, job, child);
}

static bool job_done(void *ctx, size_t job, const struct pool_result *result)
{
	struct run *self = ctx;
	struct seen *seen = &self->seen[job];

	seen->reports++;
	seen->end = result->end;
	seen->code = result->code;
	seen->payload_size = result->payload_size;
	seen->stderr_size = result->stderr_size;
	seen->wall_us = result->wall_us;
	snprintf(seen->payload, sizeof(seen->payload), "%.*s", (int)result->payload_size,
		 (const char *)result->payload);
	snprintf(seen->text, sizeof(seen->text), "%s", result->stderr_text);
	return ++self->reports != self->stop_after;
}

static struct pool_config config_for(int (*job)(struct run *, size_t, struct pool_child *),
				     unsigned int jobs, size_t num_jobs)
{
	memset(&run, 0, sizeof(run));
	run.job = job;
	run.alive = -1;
	return (struct pool_config){
		.jobs = jobs, .num_jobs = num_jobs, .ctx = &run, .run = run_job, .done = job_done};
}

static size_t open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	size_t count = 0;

	ck_assert_ptr_nonnull(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

/* Runs the pool and checks what must hold however its jobs end. */
static void run_pool(const struct pool_config *config)
{
	size_t descriptors = open_descriptors();

	ck_assert_int_eq(pool_run(config), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	ck_assert_uint_eq(open_descriptors(), descriptors);
	for (size_t i = 0; i < config->num_jobs && !run.stop_after; i++) {
		if (run.seen[i].reports != 1)
			ck_abort_msg("job %zu was reported %d times", i, run.seen[i].reports);
	}
}

static void expect(size_t job, enum pool_end end, int code)
{
	ck_assert_msg(run.seen[job].end == end && run.seen[job].code == code,
		      "job %zu: end %d, code %d; expected %d, %d; stderr: %s", job,
		      run.seen[job].end, run.seen[job].code, end, code, run.seen[job].text);
}

static void sleep_ms(unsigned int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000l};

	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

static int echo_job(struct run *self, size_t job, struct pool_child *child)
{
	char text[64];
	int size = snprintf(text, sizeof(text), "payload of %zu", job);

	(void)self;
	fprintf(stderr, "stderr of %zu", job);
	/* In two parts. */
	if (child->slot || pool_child_write(child, text, 3) ||
	    pool_child_write(child, text + 3, (size_t)size - 3))
		return 100;
	return (int)(job % 128);
}

START_TEST(every_job_is_run_and_reported_once)
{
	struct pool_config config = config_for(echo_job, (unsigned int)_i, MAX_JOBS);
	char expected[64];

	/* In a pool as large as its jobs are many, most have a zygote of their own. */
	if (_i == 16)
		config.num_jobs = 16;
	run_pool(&config);
	for (size_t i = 0; i < config.num_jobs; i++) {
		expect(i, POOL_EXITED, (int)(i % 128));
		snprintf(expected, sizeof(expected), "payload of %zu", i);
		ck_assert_str_eq(run.seen[i].payload, expected);
		snprintf(expected, sizeof(expected), "stderr of %zu", i);
		ck_assert_str_eq(run.seen[i].text, expected);
	}
}
END_TEST

START_TEST(bad_configurations_are_refused)
{
	struct pool_config config = config_for(echo_job, 0, 1);

	ck_assert_int_eq(pool_run(&config), -EINVAL);
	config.jobs = 1;
	config.run = NULL;
	ck_assert_int_eq(pool_run(&config), -EINVAL);
	config.run = run_job;
	config.done = NULL;
	ck_assert_int_eq(pool_run(&config), -EINVAL);
	config.done = job_done;
	config.num_jobs = 0;
	ck_assert_int_eq(pool_run(&config), 0);
	ck_assert_uint_eq(run.reports, 0);
}
END_TEST

static int ending_job(struct run *self, size_t job, struct pool_child *child)
{
	struct rlimit none = {0, 0};

	(void)self;
	setrlimit(RLIMIT_CORE, &none);
	pool_child_write(child, "before", 6);
	fputs("words", stderr);
	switch (job) {
	case 0:
		signal(SIGABRT, SIG_DFL);
		abort();
	case 1:
		raise(SIGKILL);
		break;
	case 2:
		exit(5);
	case 3:
		_exit(0);
	case 4:
		return 128;
	case 5:
		return -1;
	case 6:
		kill(getppid(), SIGKILL);
		sleep_ms(60000);
		break;
	case 7:
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
		break;
	case 8:
		raise(SIGQUIT); /* as the parent has it: the default */
		break;
	}
	return 0;
}

START_TEST(each_way_to_end_is_told_apart)
{
	struct pool_config config = config_for(ending_job, 1, 10);

	run_pool(&config);
	expect(0, POOL_SIGNAL, SIGABRT);
	expect(1, POOL_SIGNAL, SIGKILL);
	expect(2, POOL_QUIT, 5);
	expect(3, POOL_QUIT, 0);
	expect(4, POOL_QUIT, 127);
	expect(5, POOL_QUIT, 127);
	expect(6, POOL_LOST, -ECHILD);
	expect(7, POOL_SIGNAL, SIGSEGV);
	expect(8, POOL_SIGNAL, SIGQUIT);
	expect(9, POOL_EXITED, 0);
	for (size_t i = 0; i < 10; i++) {
		if (i != 6)
			ck_assert_str_eq(run.seen[i].payload, "before");
	}
	ck_assert_str_eq(run.seen[0].text, "words");
	ck_assert(strstr(run.seen[4].text, "returned 128"));
}
END_TEST

static int slow_job(struct run *self, size_t job, struct pool_child *child)
{
	(void)self;
	pool_child_write(child, "early", 5);
	if (job % 2) {
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	}
	return 0;
}

static volatile sig_atomic_t *alarms;

static void on_alarm_of_the_parent(int sig)
{
	(void)sig;
	(*alarms)++;
}

START_TEST(a_job_that_hangs_is_killed_in_time)
{
	struct pool_config config = config_for(slow_job, 2, 4);
	const size_t size = sizeof(*alarms);
	void (*handler)(int);

	alarms = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne((void *)alarms, MAP_FAILED);
	handler = signal(SIGALRM, on_alarm_of_the_parent);
	config.timeout_ms = 150;
	run_pool(&config);
	signal(SIGALRM, handler);
	ck_assert_int_eq(*alarms, 0);
	munmap((void *)alarms, size);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_str_eq(run.seen[i].payload, "early");
		if (i % 2) {
			expect(i, POOL_TIMEOUT, SIGKILL);
			ck_assert_uint_ge(run.seen[i].wall_us, 150000);
		} else {
			expect(i, POOL_EXITED, 0);
		}
	}
}
END_TEST

static int loud_job(struct run *self, size_t job, struct pool_child *child)
{
	static char block[1 << 20];

	(void)self;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < (job ? 40 : 0); i++) {
		if (pool_child_write(child, block, sizeof(block)))
			return 1;
	}
	fputs("[first]", stderr);
	for (int i = 0; i < (job ? 8 : 0); i++)
		fwrite(block, 1, sizeof(block), stderr);
	fputs("[last]", stderr);
	return 0;
}

static bool loud_done(void *ctx, size_t job, const struct pool_result *result)
{
	job_done(ctx, job, result);
	if (!job) {
		ck_assert_str_eq(result->stderr_text, "[first][last]");
		return true;
	}
	for (size_t i = 0; i < result->payload_size; i++) {
		if (result->payload[i] != 'x')
			ck_abort_msg("payload byte %zu", i);
	}
	ck_assert_uint_le(result->stderr_size, 256 << 10);
	ck_assert_uint_ge(result->stderr_size, 200 << 10);
	ck_assert_uint_eq(strlen(result->stderr_text), result->stderr_size);
	ck_assert(!strncmp(result->stderr_text, "[first]xxx", 10));
	ck_assert_ptr_nonnull(strstr(result->stderr_text, " bytes left out]"));
	ck_assert_str_eq(result->stderr_text + result->stderr_size - 9, "xxx[last]");
	return true;
}

START_TEST(huge_output_arrives)
{
	struct pool_config config = config_for(loud_job, 2, 3);

	config.done = loud_done;
	run_pool(&config);
	for (size_t i = 0; i < 3; i++) {
		expect(i, POOL_EXITED, 0);
		ck_assert_uint_eq(run.seen[i].payload_size, i ? 40 << 20 : 0);
	}
}
END_TEST

static int greedy_job(struct run *self, size_t job, struct pool_child *child)
{
	static char block[1 << 20];
	volatile uint8_t *memory;
	const size_t size = (size_t)MEMORY_LIMIT_MIB << 21;

	(void)self;
	if (job == 3) {
		for (unsigned int i = 0; i < 2 * MEMORY_LIMIT_MIB; i++)
			pool_child_write(child, block, sizeof(block));
	} else if (job != 1) {
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			      job ? MAP_SHARED | MAP_NORESERVE : MAP_PRIVATE | MAP_ANONYMOUS,
			      job ? child->memfd : -1, 0);
		if (memory == MAP_FAILED || (job && ftruncate(child->memfd, size)))
			return 1;
		for (size_t i = 0; i < size; i += 4096) {
			memory[i] = 1;
			if (i % (1 << 20) == 0)
				sleep_ms(1);
		}
	}
	/* Longer than it takes to be noticed. */
	sleep_ms(100);
	return 0;
}

START_TEST(a_job_that_takes_too_much_memory_is_killed)
{
	struct pool_config config = config_for(greedy_job, 1, 4);

	config.max_memory_bytes = (uint64_t)MEMORY_LIMIT_MIB << 20;
	run_pool(&config);
	expect(0, POOL_MEMORY, SIGKILL);
	expect(1, POOL_EXITED, 0);
	expect(2, POOL_MEMORY, SIGKILL);
	expect(3, POOL_MEMORY, SIGKILL);
}
END_TEST

/* Says which file the memfd is, and whether it is zeros; job 3 dirties it and crashes. */
static int memfd_job(struct run *self, size_t job, struct pool_child *child)
{
	static uint8_t block[1 << 16];
	struct stat st;
	off_t at = 0;
	char text[64];
	ssize_t got;

	(void)self;
	if (fstat(child->memfd, &st))
		return 1;
	while ((got = pread(child->memfd, block, sizeof(block), at)) > 0) {
		for (ssize_t i = 0; i < got; i++) {
			if (block[i])
				return 2;
		}
		at += got;
	}
	pool_child_write(
		child, text,
		(size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)st.st_ino));
	if (job == 3 || job == 6) {
		if (pwrite(child->memfd, "dirt", 4, 12345) != 4)
			return 3;
		if (job == 3)
			raise(SIGKILL);
		exit(0); /* before run() returned: nobody cleaned up */
	}
	if (job == 9) {
		if (ftruncate(child->memfd, 1 << 30) || fallocate(child->memfd, 0, 0, 80 << 20))
			return 4;
		/* Zeros, but many. */
	}
	return 0;
}

START_TEST(a_memfd_is_reused_after_a_clean_end_only)
{
	struct pool_config config = config_for(memfd_job, 1, 12);

	run_pool(&config);
	for (size_t i = 0; i < 12; i++) {
		if (i == 3)
			expect(i, POOL_SIGNAL, SIGKILL);
		else if (i == 6)
			expect(i, POOL_QUIT, 0);
		else
			expect(i, POOL_EXITED, 0);
		if (i) {
			bool same = !strcmp(run.seen[i].payload, run.seen[i - 1].payload);

			ck_assert_msg(same == (i != 4 && i != 7 && i != 10), "job %zu", i);
		}
	}
}
END_TEST

static int dram_job(struct run *self, size_t job, struct pool_child *child)
{
	struct dram_config config = {.base = DRAM_DEFAULT_BASE,
				     .size = 8 << 20,
				     .page_size = 4096,
				     .slot = child->slot,
				     .memfd = child->memfd};
	struct dram *dram;
	int code = 0;

	(void)self;
	if (dram_create(&config, &dram))
		return 1;
	for (int i = 0; i < 100 && !code; i++) {
		int64_t index = dram_frame_alloc(dram, 0);
		uint8_t *page = dram_host_view(dram) + index * 4096;

		if (index != i)
			code = 2;
		for (int j = 0; j < 4096; j += 64)
			code = page[j] ? 3 : code;
		dram_frames(dram)[index].flags |= PORT_FRAME_DIRTY;
		memset(page, (int)job + 1, 4096);
	}
	dram_destroy(dram);
	return code;
}

START_TEST(a_machine_of_a_clean_job_leaves_zeros_to_the_next)
{
	struct pool_config config = config_for(dram_job, 3, 60);

	run_pool(&config);
	for (size_t i = 0; i < 60; i++)
		expect(i, POOL_EXITED, 0);
}
END_TEST

static void prepare(void *ctx)
{
	struct run *self = ctx;

	self->prepared++;
	printf("%s", ""); /* leaves nothing behind to be printed by each child */
}

static int prepared_job(struct run *self, size_t job, struct pool_child *child)
{
	(void)job;
	(void)child;
	return self->prepared;
}

static void prepare_badly(void *ctx)
{
	(void)ctx;
	raise(SIGKILL);
}

START_TEST(zygotes_prepare_once)
{
	struct pool_config config = config_for(prepared_job, 3, 30);

	config.prepare = prepare;
	run_pool(&config);
	ck_assert_int_eq(run.prepared, 0);
	for (size_t i = 0; i < 30; i++)
		expect(i, POOL_EXITED, 1);
	config = config_for(prepared_job, 2, 5);
	config.prepare = prepare_badly;
	run_pool(&config);
	for (size_t i = 0; i < 5; i++)
		expect(i, POOL_LOST, -ECHILD);
}
END_TEST

/* A process, its child in its group, and a grandchild in a session of its own; all hold `alive`. */
static int family_job(struct run *self, size_t job, struct pool_child *child)
{
	(void)child;
	if (!fork()) {
		for (;;)
			pause();
	}
	if (!fork()) {
		setsid();
		if (!fork()) {
			for (;;)
				pause();
		}
		_exit(0);
	}
	if (write(self->alive, "x", 1) != 1)
		return 1;
	if (job == 0)
		return 0;
	for (;;)
		pause();
	return 0;
}

/* Whether all processes that held the write end are gone within 10 s. */
static bool all_gone(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char byte;

	for (;;) {
		ssize_t got;

		if (poll(&poll_fd, 1, 10000) <= 0)
			return false;
		got = read(fd, &byte, 1);
		if (got <= 0)
			return !got;
	}
}

START_TEST(nothing_survives_a_pool)
{
	struct pool_config config = config_for(family_job, 3, 3);
	int fds[2];

	/* The first ends by itself, the others are stopped for that reason. */
	run.stop_after = 1;
	ck_assert_int_eq(pipe(fds), 0);
	run.alive = fds[1];
	run_pool(&config);
	ck_assert_uint_eq(run.reports, 1);
	expect(0, POOL_EXITED, 0);
	close(fds[1]);
	ck_assert(all_gone(fds[0]));
	close(fds[0]);
}
END_TEST

START_TEST(a_timeout_takes_the_whole_family)
{
	struct pool_config config = config_for(family_job, 3, 3);
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	run.alive = fds[1];
	config.timeout_ms = 200;
	run_pool(&config);
	expect(0, POOL_EXITED, 0);
	expect(1, POOL_TIMEOUT, SIGKILL);
	expect(2, POOL_TIMEOUT, SIGKILL);
	close(fds[1]);
	ck_assert(all_gone(fds[0]));
	close(fds[0]);
}
END_TEST

START_TEST(nothing_survives_the_death_of_the_parent)
{
	struct pool_config config = config_for(family_job, 3, 3);
	int fds[2];
	pid_t pid;
	char byte;

	ck_assert_int_eq(pipe(fds), 0);
	run.alive = fds[1];
	pid = fork();
	if (!pid) {
		close(fds[0]);
		pool_run(&config);
		_exit(0);
	}
	close(fds[1]);
	/* Two of the three families stay. */
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert(all_gone(fds[0]));
	close(fds[0]);
}
END_TEST

static void on_alarm(int sig)
{
	(void)sig;
}

START_TEST(signals_do_not_disturb_it)
{
	struct pool_config config = config_for(echo_job, 2, 100);
	struct sigaction action = {.sa_handler = on_alarm}, old;
	struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};

	sigaction(SIGALRM, &action, &old);
	setitimer(ITIMER_REAL, &often, NULL);
	run_pool(&config);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
	for (size_t i = 0; i < 100; i++)
		expect(i, POOL_EXITED, (int)(i % 128));
}
END_TEST

static volatile sig_atomic_t stop;

static void on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

/* Jobs that would never end, and others that were never begun. */
START_TEST(a_signal_can_stop_it)
{
	struct pool_config config = config_for(family_job, 3, 20);
	struct sigaction action = {.sa_handler = on_stop}, old;
	struct itimerval once = {{0, 0}, {0, 300000}};
	int fds[2];

	stop = 0;
	config.stop = &stop;
	/* Not for a report: none comes but that of the first. */
	run.stop_after = 20;
	ck_assert_int_eq(pipe(fds), 0);
	run.alive = fds[1];
	sigaction(SIGALRM, &action, &old);
	setitimer(ITIMER_REAL, &once, NULL);
	run_pool(&config);
	sigaction(SIGALRM, &old, NULL);
	ck_assert_uint_eq(run.reports, 1);
	expect(0, POOL_EXITED, 0);
	close(fds[1]);
	ck_assert(all_gone(fds[0]));
	close(fds[0]);
	/* One that is stopped before it begins runs nothing. */
	config = config_for(echo_job, 2, 100);
	config.stop = &stop;
	run.stop_after = 100;
	run_pool(&config);
	ck_assert_uint_eq(run.reports, 0);
}
END_TEST

static int printing_job(struct run *self, size_t job, struct pool_child *child)
{
	(void)self;
	(void)child;
	if (getchar() != EOF)
		return 1;
	printf("<%zu>", job);
	return 0;
}

START_TEST(standard_streams_are_neither_shared_nor_doubled)
{
	struct pool_config config = config_for(printing_job, 2, 10);
	char text[256] = "";
	int fds[2], saved;
	ssize_t size;

	ck_assert_int_eq(pipe(fds), 0);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fds[1], STDOUT_FILENO);
	close(fds[1]);
	printf("(parent)"); /* still in the buffer when zygotes are made */
	run_pool(&config);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	size = read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	ck_assert_int_gt(size, 0);
	ck_assert_uint_eq(strlen(text), strlen("(parent)") + 10 * strlen("<0>"));
	ck_assert(!strncmp(text, "(parent)<", 9));
	for (size_t i = 0; i < 10; i++) {
		expect(i, POOL_EXITED, 0);
		ck_assert_ptr_nonnull(strchr(text, (int)('0' + i)));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pool");
	TCase *tcase = tcase_create("pool");
	SRunner *runner = srunner_create(suite);
	int failed;

	/* First: sanitizers keep what the other tests free. */
	tcase_add_test(tcase, a_job_that_takes_too_much_memory_is_killed);
	tcase_add_loop_test(tcase, every_job_is_run_and_reported_once, 1, 3);
	tcase_add_loop_test(tcase, every_job_is_run_and_reported_once, 16, 17);
	tcase_add_test(tcase, bad_configurations_are_refused);
	tcase_add_test(tcase, each_way_to_end_is_told_apart);
	tcase_add_test(tcase, a_job_that_hangs_is_killed_in_time);
	tcase_add_test(tcase, huge_output_arrives);
	tcase_add_test(tcase, a_memfd_is_reused_after_a_clean_end_only);
	tcase_add_test(tcase, a_machine_of_a_clean_job_leaves_zeros_to_the_next);
	tcase_add_test(tcase, zygotes_prepare_once);
	tcase_add_test(tcase, nothing_survives_a_pool);
	tcase_add_test(tcase, a_timeout_takes_the_whole_family);
	tcase_add_test(tcase, nothing_survives_the_death_of_the_parent);
	tcase_add_test(tcase, signals_do_not_disturb_it);
	tcase_add_test(tcase, a_signal_can_stop_it);
	tcase_add_test(tcase, standard_streams_are_neither_shared_nor_doubled);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * machine.c - what a machine costs: its start, reset and end, and populating a realm page by page through
 * the whole stack (a guest that reads, KVM that faults pages in, the RMM that maps them).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sim/machine.h>
#include <sim/step.h>

#include "calibrate.h"

#if defined(__SANITIZE_ADDRESS__)
#define BENCH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BENCH_ASAN 1
#endif
#endif
#ifdef BENCH_ASAN
#include <sanitizer/asan_interface.h>
#endif

#define MIB	      (1ull << 20)
#define GIB	      (1ull << 30)
#define START_ROUNDS  40
#define RESET_ROUNDS  200
#define TOUCHED_PAGES 200
#define REALM_PAGES   60 /* with what makes the realm about 100 granules are touched */
#define REALM_BASE    0x80000000ull

static int fail(const char *what, int err, char *error)
{
	fprintf(stderr, "bench-machine: %s: %s\n", what, error ? error : strerror(-err));
	free(error);
	return err;
}

/* One step with numbers for its first parameters. */
static int step(struct world *world, const char *name, const uint64_t *args, size_t num_args)
{
	const struct step_def *def = step_find(name);
	struct step_call call;
	char *error = NULL;
	int err;

	if (!def)
		return fail(name, -ENOENT, NULL);
	step_call_init(&call, def);
	for (size_t i = 0; i < num_args; i++) {
		call.args[i].given = true;
		call.args[i].number = args[i];
	}
	err = world_perform(world, &call, &error);
	if (!err && (call.result.err || call.result.outcome != STEP_OK))
		err = call.result.err ? call.result.err : -EIO;
	if (err)
		fail(name, err, error);
	step_result_clear(&call.result);
	return err;
}

/* A realm of `size` bytes of RAM that runs. */
static int realm_start(struct world *world, uint64_t size)
{
	const uint64_t range[] = {REALM_BASE, size};
	int err = step(world, "vmm.create_realm", NULL, 0);

	if (!err)
		err = step(world, "vmm.init_ripas", range, 2);
	if (!err)
		err = step(world, "vmm.create_vcpus", NULL, 0);
	if (!err)
		err = step(world, "vmm.activate", NULL, 0);
	return err;
}

/* DRAM for a realm: its pages, one RTT for 512 of them, and room for the host's own. */
static uint64_t dram_size_for(uint64_t realm_size)
{
	uint64_t size = realm_size + realm_size / 32 + 64 * MIB;

	return (size + 2 * MIB - 1) & ~(2 * MIB - 1);
}

/* Of this process, so that other processes of a busy machine count less. */
static uint64_t cpu_time_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

struct setup {
	struct kvm_module *module;
	struct world_slot slot;
	struct world_realm realm;
	struct world_config config;
};

static void setup_init(struct setup *setup, struct kvm_module *module, uint64_t realm_size,
		       int memfd)
{
	memset(setup, 0, sizeof(*setup));
	setup->slot.base = REALM_BASE;
	setup->slot.size = realm_size;
	setup->realm.name = "realm";
	setup->realm.ipa_bits = 40;
	setup->realm.vcpus = 1;
	setup->realm.slots = &setup->slot;
	setup->realm.num_slots = 1;
	setup->config.realms = &setup->realm;
	setup->config.num_realms = 1;
	machine_config_init(&setup->config.machine);
	setup->config.machine.kvm = module;
	setup->config.machine.dram.size = dram_size_for(realm_size);
	setup->config.machine.dram.memfd = memfd;
}

static uint64_t memfd_bytes(int memfd)
{
	struct stat st;

	return fstat(memfd, &st) ? 0 : (uint64_t)st.st_blocks * 512;
}

/* Memory of this process that is not shared with any other: the memfd is counted by its own blocks. */
static uint64_t private_bytes(void)
{
	unsigned long size, resident, shared;
	FILE *file = fopen("/proc/self/statm", "re");
	uint64_t bytes = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%lu %lu %lu", &size, &resident, &shared) == 3)
		bytes = (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
	fclose(file);
	return bytes;
}

struct life {
	uint64_t start_ns; /* machine_create() */
	uint64_t use_ns;   /* a small realm made and used */
	uint64_t end_ns;   /* machine_destroy(), with the realm alive */
	uint64_t touched;  /* frames */
	int err;
};

/* One life of a machine. `host`: over the KVM build, with a realm; else only the RMM, and frames. */
static void live(struct kvm_module *module, int memfd, struct life *life)
{
	struct machine_config config;
	struct machine *machine;
	struct dram *dram;
	uint64_t begin = bench_now_ns(), at;
	char *error = NULL;

	machine_config_init(&config);
	config.dram.memfd = memfd;
	config.kvm = module;
	life->err = machine_create(&config, &machine, &error);
	if (life->err) {
		fail("machine", life->err, error);
		return;
	}
	at = bench_now_ns();
	life->start_ns = at - begin;
	dram = machine_dram(machine);
	for (int i = 0; i < REALM_PAGES; i++) {
		int64_t index = dram_frame_alloc(dram, 0);

		dram_frames(dram)[index].flags |= PORT_FRAME_DIRTY;
		dram_host_view(dram)[(uint64_t)index * dram_page_size(dram)] = 1;
	}
	life->touched = dram_num_touched(dram);
	begin = bench_now_ns();
	life->use_ns = begin - at;
	machine_destroy(machine);
	life->end_ns = bench_now_ns() - begin;
}

/* A life in a child of its own, as a scenario has it; what the fork and the end of the process add. */
static int live_in_child(struct kvm_module *module, int memfd, struct life *life,
			 uint64_t *total_ns)
{
	uint64_t begin = bench_now_ns();
	int fds[2], status, err = -EIO;
	pid_t pid;

	if (pipe(fds))
		return -errno;
	pid = fork();
	if (pid < 0) {
		err = -errno;
		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (!pid) {
		live(module, memfd, life);
		_exit(write(fds[1], life, sizeof(*life)) == sizeof(*life) ? 0 : 1);
	}
	close(fds[1]);
	if (read(fds[0], life, sizeof(*life)) == sizeof(*life))
		err = life->err;
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*total_ns = bench_now_ns() - begin;
	return err;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double median_us(uint64_t *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return (double)values[count / 2] / 1000;
}

static int bench_starts(struct kvm_module *module, bool recycled)
{
	uint64_t start[START_ROUNDS], use[START_ROUNDS], end[START_ROUNDS], total[START_ROUNDS];
	struct life life = {0};
	int memfd = -1, err = 0;

	for (int i = -2; i < START_ROUNDS && !err; i++) {
		uint64_t whole = 0;

		if (memfd < 0)
			memfd = dram_memfd_create();
		if (memfd < 0)
			return memfd;
		err = live_in_child(module, memfd, &life, &whole);
		if (!recycled) {
			close(memfd);
			memfd = -1;
		}
		if (i < 0)
			continue; /* warms up */
		start[i] = life.start_ns;
		use[i] = life.use_ns;
		end[i] = life.end_ns;
		total[i] = whole;
	}
	if (memfd >= 0)
		close(memfd);
	if (err)
		return err;
	printf("  %s, %s memfd: start %.0f us, %d pages written %.0f us, end %.0f us (%llu frames "
	       "touched); "
	       "with fork and exit %.0f us\n",
	       module ? "with KVM" : "RMM only", recycled ? "recycled" : "fresh",
	       median_us(start, START_ROUNDS), REALM_PAGES, median_us(use, START_ROUNDS),
	       median_us(end, START_ROUNDS), (unsigned long long)life.touched,
	       median_us(total, START_ROUNDS));
	return 0;
}

static int bench_reset(struct kvm_module *module)
{
	uint64_t reset[RESET_ROUNDS];
	struct machine_config config;
	struct machine *machine;
	char *error = NULL;
	int err;

	machine_config_init(&config);
	config.kvm = module;
	err = machine_create(&config, &machine, &error);
	if (err)
		return fail("machine", err, error);
	for (int i = -5; i < RESET_ROUNDS && !err; i++) {
		struct dram *dram = machine_dram(machine);
		uint64_t begin;

		for (int page = 0; page < TOUCHED_PAGES; page++) {
			int64_t index = dram_frame_alloc(dram, 0);

			dram_frames(dram)[index].flags |= PORT_FRAME_DIRTY;
			dram_host_view(dram)[(uint64_t)index * dram_page_size(dram)] = 1;
		}
		begin = bench_now_ns();
		err = machine_reset(machine);
		if (i >= 0)
			reset[i] = bench_now_ns() - begin;
	}
	machine_destroy(machine);
	if (err)
		return fail("reset", err, NULL);
	printf("  %s, reset in process with %d pages written: %.1f us\n",
	       module ? "with KVM" : "RMM only", TOUCHED_PAGES, median_us(reset, RESET_ROUNDS));
	return 0;
}

/* A realm with a hundred granules, made, used and reset, in one process. */
static int bench_realm(struct kvm_module *module)
{
	uint64_t make[START_ROUNDS], reset[START_ROUNDS];
	const uint64_t range[] = {REALM_BASE, REALM_PAGES * 4096ull};
	struct world *world;
	struct setup setup;
	char *error = NULL;
	uint64_t touched = 0;
	int err;

	setup_init(&setup, module, 2 * MIB, -1);
	err = world_create(&setup.config, &world, &error);
	if (err)
		return fail("world", err, error);
	for (int i = -5; i < START_ROUNDS && !err; i++) {
		uint64_t begin = bench_now_ns(), at;

		err = realm_start(world, 2 * MIB);
		if (!err)
			err = step(world, "guest.read", range, 2);
		at = bench_now_ns();
		touched = dram_num_touched(machine_dram(world_machine(world)));
		if (!err)
			err = world_reset(world, &error);
		if (i >= 0) {
			make[i] = at - begin;
			reset[i] = bench_now_ns() - at;
		}
	}
	world_destroy(world);
	if (err)
		return fail("realm", err, error);
	printf("  with KVM, a realm that reads %d pages (%llu frames touched): %.0f us, then reset "
	       "%.1f us\n",
	       REALM_PAGES, (unsigned long long)touched, median_us(make, START_ROUNDS),
	       median_us(reset, START_ROUNDS));
	return 0;
}

static int populate(struct kvm_module *module, uint64_t size)
{
	const uint64_t range[] = {REALM_BASE, size};
	uint64_t begin, populated, memory, pages = size / 4096;
	uint64_t before = private_bytes();
	struct world *world = NULL;
	struct setup setup;
	char *error = NULL;
	int memfd = dram_memfd_create(), err;

	if (memfd < 0)
		return fail("memfd", memfd, NULL);
	setup_init(&setup, module, size, memfd);
	err = world_create(&setup.config, &world, &error);
	if (err) {
		close(memfd);
		return fail("world", err, error);
	}
	err = realm_start(world, size);
	begin = cpu_time_ns();
	if (!err)
		err = step(world, "guest.read", range, 2);
	populated = cpu_time_ns() - begin;
	memory = private_bytes() - before + memfd_bytes(memfd);
	begin = cpu_time_ns();
	world_teardown(world, false);
	if (!err && machine_num_findings(world_machine(world))) {
		fail(machine_finding(world_machine(world), 0)->message, -EIO, NULL);
		err = -EIO;
	}
	if (!err)
		printf("  %6llu MiB %9llu pages: %7.0f ns and %5.1f bytes of host memory a page "
		       "(%llu MiB), "
		       "torn down in %.0f ns a page\n",
		       (unsigned long long)(size / MIB), (unsigned long long)pages,
		       (double)populated / (double)pages, (double)memory / (double)pages,
		       (unsigned long long)(memory / MIB),
		       (double)(cpu_time_ns() - begin) / (double)pages);
	fflush(stdout);
	world_destroy(world);
	close(memfd);
	return err;
}

/* In a process of its own, so that no size uses memory that a smaller one left behind. */
static int bench_populate(struct kvm_module *module, uint64_t size)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return fail("fork", -errno, NULL);
	if (!pid)
		_exit(populate(module, size) ? 1 : 0);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status ? -EIO : 0;
}

static void print_calibration(void)
{
	struct bench_calibration calibration;

	if (bench_calibrate(&calibration)) {
		fputs("no calibration: out of memory\n", stdout);
		return;
	}
	bench_calibration_print(&calibration, stdout);
#ifdef BENCH_ASAN
	static uint8_t granule[4096] __attribute__((aligned(4096)));
	uint64_t begin = bench_now_ns();

	for (int i = 0; i < 100000; i++) {
		__asan_poison_memory_region(granule, sizeof(granule));
		__asan_unpoison_memory_region(granule, sizeof(granule));
	}
	printf("calibration: AddressSanitizer poisons a granule in %.0f ns\n",
	       (double)(bench_now_ns() - begin) / 200000);
#endif
}

static uint64_t parse_size(const char *text)
{
	char *end;
	uint64_t size = strtoull(text, &end, 0);

	if (*end == 'M' && !end[1])
		return size * MIB;
	if (*end == 'G' && !end[1])
		return size * GIB;
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t largest = 256 * MIB;
	struct kvm_module *module = NULL;
	char *path = NULL, *error = NULL;
	int err = 0;

	if (argc == 3 && !strcmp(argv[1], "--up-to"))
		largest = parse_size(argv[2]);
	else if (argc != 1)
		largest = 0;
	if (largest < MIB || largest > 512 * GIB) {
		fputs("usage: bench-machine [--up-to SIZE]\n"
		      "  SIZE  largest realm to populate, such as 64G; from 1M to 512G, 256M if "
		      "not given\n",
		      stderr);
		return 2;
	}
	print_calibration();
	path = kvm_module_default_path(4096);
	if (!path || kvm_module_load(path, &module, &error)) {
		fail("KVM build", -ENOENT, error);
		free(path);
		return 1;
	}
	free(path);
	printf("machine, median of %d:\n", START_ROUNDS);
	for (int kvm = 0; kvm < 2 && !err; kvm++) {
		err = bench_starts(kvm ? module : NULL, false);
		if (!err)
			err = bench_starts(kvm ? module : NULL, true);
		if (!err)
			err = bench_reset(kvm ? module : NULL);
	}
	if (!err)
		err = bench_realm(module);
	if (!err)
		puts("populating a realm with 4 KiB pages by reading it, in CPU time:");
	for (uint64_t size = MIB; size <= largest && !err; size *= 4)
		err = bench_populate(module, size);
	kvm_module_unload(module);
	return err ? 1 : 0;
}

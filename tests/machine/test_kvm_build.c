/* SPDX-License-Identifier: BSD-3-Clause */
/* Machines over the in-tree KVM builds: boot, reset, digest, what is left in the memfd. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sim/machine.h>
#include <sim/step.h>

#define REALM_BASE 0x80000000ull
#define REALM_SIZE (4ull << 20)
#define PART	   (1ull << 20)

static const uint32_t page_sizes[] = {4096, 16384, 65536};

static struct kvm_module *load(uint32_t page_size)
{
	char *path = kvm_module_default_path(page_size), *error = NULL;
	struct kvm_module *module = NULL;

	ck_assert_ptr_nonnull(path);
	ck_assert_msg(!kvm_module_load(path, &module, &error), "%s", error);
	free(path);
	return module;
}

struct arg {
	const char *name;
	uint64_t value;
};

static void step(struct world *world, const char *name, const struct arg *args, size_t num_args)
{
	const struct step_def *def = step_find(name);
	struct step_call call;
	char *error = NULL;

	ck_assert_msg(def != NULL, "%s", name);
	step_call_init(&call, def);
	for (size_t i = 0; i < num_args; i++) {
		int index = step_param_find(def, args[i].name);

		ck_assert_int_ge(index, 0);
		call.args[index].given = true;
		call.args[index].number = args[i].value;
	}
	ck_assert_msg(!world_perform(world, &call, &error), "%s: %s", name, error);
	ck_assert_int_eq(call.result.err, 0);
	ck_assert_int_eq(call.result.outcome, STEP_OK);
	step_result_clear(&call.result);
}

/* A realm that runs, has written, and has given a part of what it wrote back. */
static void history(struct world *world, uint64_t value)
{
	const struct arg ram[] = {{"base", REALM_BASE}, {"size", REALM_SIZE}};
	const struct arg written[] = {{"ipa", REALM_BASE}, {"size", PART}, {"value", value}};
	const struct arg empty[] = {
		{"base", REALM_BASE}, {"size", PART / 2}, {"ripas", 0 /* empty */}};

	step(world, "vmm.create_realm", NULL, 0);
	step(world, "vmm.init_ripas", ram, 2);
	step(world, "vmm.create_vcpus", NULL, 0);
	step(world, "vmm.activate", NULL, 0);
	step(world, "guest.write", written, 3);
	step(world, "guest.set_ripas", empty, 3);
}

static struct world *create(struct kvm_module *module, int memfd, unsigned int slot)
{
	static const struct world_slot memslot = {.base = REALM_BASE, .size = REALM_SIZE};
	static const struct world_realm realm = {
		.name = "realm", .ipa_bits = 33, .vcpus = 2, .slots = &memslot, .num_slots = 1};
	struct world_config config = {.realms = &realm, .num_realms = 1};
	struct world *world = NULL;
	char *error = NULL;

	machine_config_init(&config.machine);
	config.machine.kvm = module;
	config.machine.dram.memfd = memfd;
	config.machine.dram.slot = slot;
	ck_assert_msg(!world_create(&config, &world, &error), "%s", error);
	return world;
}

static uint64_t digest(const struct world *world)
{
	return machine_hash(world_machine(world));
}

START_TEST(reset_and_repetition_give_the_same_digests)
{
	struct kvm_module *module = load(page_sizes[_i]);
	struct world *world = create(module, -1, 0);
	uint64_t fresh = digest(world), used;
	char *error = NULL;

	history(world, 0x11);
	used = digest(world);
	ck_assert_uint_ne(used, fresh);
	for (int round = 0; round < 3; round++) {
		ck_assert_msg(!world_reset(world, &error), "%s", error);
		ck_assert_uint_eq(digest(world), fresh);
		history(world, 0x11);
		ck_assert_uint_eq(digest(world), used);
	}
	/* One byte value in memory of the realm. */
	ck_assert_msg(!world_reset(world, &error), "%s", error);
	history(world, 0x12);
	ck_assert_uint_ne(digest(world), used);
	ck_assert_uint_eq(machine_num_findings(world_machine(world)), 0);
	world_destroy(world);

	world = create(module, -1, 0);
	ck_assert_uint_eq(digest(world), fresh);
	world_destroy(world);
	kvm_module_unload(module);
}
END_TEST

START_TEST(the_end_of_a_machine_leaves_a_memfd_of_zeros)
{
	struct kvm_module *module = load(page_sizes[_i]);
	int memfd = dram_memfd_create();
	static uint8_t block[65536], zeros[65536];
	struct stat st;

	for (int round = 0; round < 2; round++) {
		struct world *world = create(module, memfd, 0);

		/* With everything alive. */
		history(world, 0x11);
		world_destroy(world);
		ck_assert_int_eq(fstat(memfd, &st), 0);
		ck_assert_int_gt(st.st_blocks, 0);
		for (off_t at = 0; at < (off_t)DRAM_DEFAULT_SIZE; at += sizeof(block)) {
			if (pread(memfd, block, sizeof(block), at) != sizeof(block) ||
			    memcmp(block, zeros, sizeof(block)))
				ck_abort_msg("block at 0x%llx", (unsigned long long)at);
		}
	}
	close(memfd);
	kvm_module_unload(module);
}
END_TEST

START_TEST(machines_of_all_page_sizes_side_by_side)
{
	struct kvm_module *modules[3];
	struct world *worlds[3];

	for (int i = 0; i < 3; i++) {
		modules[i] = load(page_sizes[i]);
		ck_assert_uint_eq(kvm_module_build(modules[i])->info.page_size, page_sizes[i]);
		worlds[i] = create(modules[i], -1, (unsigned int)i);
	}
	for (int i = 0; i < 3; i++)
		history(worlds[i], 0x21);
	for (int i = 0; i < 3; i++) {
		world_teardown(worlds[i], false);
		ck_assert_uint_eq(machine_num_findings(world_machine(worlds[i])), 0);
		world_destroy(worlds[i]);
		kvm_module_unload(modules[i]);
	}
}
END_TEST

static uint64_t history_digest(uint32_t page_size)
{
	struct kvm_module *module = load(page_size);
	struct world *world = create(module, -1, 0);
	uint64_t value;

	history(world, 0x11);
	value = digest(world);
	world_destroy(world);
	kvm_module_unload(module);
	return value;
}

/* For other processes: the digests are all that goes to standard output. */
START_TEST(print_digests)
{
	for (int i = 0; i < 3; i++)
		printf("%llx ", (unsigned long long)history_digest(page_sizes[i]));
	printf("\n");
}
END_TEST

static char self[4096];

/* A code address, or one of the C library's heap, in DRAM would make them differ. */
START_TEST(digests_do_not_depend_on_the_address_space)
{
	char command[sizeof(self) + 16], line[128], expected[128];

	snprintf(expected, sizeof(expected), "%llx %llx %llx \n",
		 (unsigned long long)history_digest(page_sizes[0]),
		 (unsigned long long)history_digest(page_sizes[1]),
		 (unsigned long long)history_digest(page_sizes[2]));
	snprintf(command, sizeof(command), "'%s' --digests", self);
	for (int i = 0; i < 3; i++) {
		FILE *pipe = popen(command, "r");

		ck_assert_ptr_nonnull(pipe);
		ck_assert_ptr_nonnull(fgets(line, sizeof(line), pipe));
		ck_assert_int_eq(pclose(pipe), 0);
		ck_assert_str_eq(line, expected);
	}
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("kvm_build");
	TCase *tcase = tcase_create("kvm_build");
	SRunner *runner = srunner_create(suite);
	bool print = argc > 1 && !strcmp(argv[1], "--digests");
	int failed;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return EXIT_FAILURE;
	if (print) {
		tcase_add_test(tcase, print_digests);
	} else {
		tcase_add_loop_test(tcase, reset_and_repetition_give_the_same_digests, 0, 3);
		tcase_add_loop_test(tcase, the_end_of_a_machine_leaves_a_memfd_of_zeros, 0, 3);
		tcase_add_test(tcase, machines_of_all_page_sizes_side_by_side);
		tcase_add_test(tcase, digests_do_not_depend_on_the_address_space);
	}
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, print ? CK_SILENT : CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

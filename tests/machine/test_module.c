/* SPDX-License-Identifier: BSD-3-Clause */
/* Loading of KVM builds: what is refused, and in which words. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sim/machine.h>

#if defined(__SANITIZE_ADDRESS__)
#define TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_ASAN 1
#endif
#endif

static char directory[] = "/tmp/rmesim-test-XXXXXX";

static char *fake(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), FAKE_DIR "/%s.so", name);
	return path;
}

/* Loads `path`, which must fail with `err` and a message that names the file and holds `words`. */
static void refused(const char *path, int err, const char *words)
{
	struct kvm_module *module = NULL;
	char *error = NULL;
	const char *name = strrchr(path, '/');

	ck_assert_int_eq(kvm_module_load(path, &module, &error), err);
	ck_assert_ptr_null(module);
	ck_assert_ptr_nonnull(error);
	ck_assert_msg(strstr(error, words) && strstr(error, name ? name + 1 : path), "%s", error);
	free(error);
	/* Nobody has to listen. */
	ck_assert_int_eq(kvm_module_load(path, &module, NULL), err);
}

static char *make_file(const char *name, const void *content, size_t size)
{
	static char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, content, size), (ssize_t)size);
	close(fd);
	return path;
}

static size_t read_file(const char *path, uint8_t **content)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	*content = malloc((size_t)st.st_size);
	ck_assert_int_eq(read(fd, *content, (size_t)st.st_size), st.st_size);
	close(fd);
	return (size_t)st.st_size;
}

START_TEST(what_is_no_shared_object_is_refused)
{
	uint8_t *content;
	size_t size = read_file(fake("fake_build"), &content);

	refused("/nonexistent/kvm.so", -ENOENT, "No such file");
	refused("/tmp", -ENOEXEC, "not a file");
	refused(make_file("empty.so", "", 0), -ENOEXEC, "empty");
	refused(make_file("text.so", "#!/bin/sh\nexit 0\n", 17), -ENOEXEC, "not an ELF file");
	refused(make_file("short.so", content, 40), -ENOEXEC, "not an ELF file");
	refused(make_file("cut.so", content, 4096), -ENOEXEC, "damaged");
	content[4] = 1; /* EI_CLASS: 32 bits */
	refused(make_file("class.so", content, size), -ENOEXEC, "another machine");
	content[4] = 2;
	content[18] = 8; /* e_machine: MIPS */
	refused(make_file("mips.so", content, size), -ENOEXEC, "another machine");
	content[18] = 62;
	content[16] = 1; /* e_type: relocatable */
	refused(make_file("object.so", content, size), -ENOEXEC, "not a shared object");
	free(content);
	/* A device that never ends, and one that would block. */
	refused("/dev/zero", -ENOEXEC, "not a file");
}
END_TEST

START_TEST(what_is_no_build_for_this_program_is_refused)
{
	refused(fake("fake_no_symbol"), -ENOEXEC, "no symbol kvm_build");
	refused(fake("fake_abi"), -ENOEXEC, "port ABI 77");
	refused(fake("fake_page_size"), -ENOEXEC, "page size 8192");
	refused(fake("fake_sanitizers"), -ENOEXEC, "AddressSanitizer");
	refused(fake("fake_series"), -ENOEXEC, "series");
	refused(fake("fake_missing"), -ENOEXEC, "missing");
#ifndef TEST_ASAN
	refused(fake("fake_long"), -ENOEXEC, "bytes");
#endif
	refused(fake("fake_tls"), -ENOEXEC, "thread-local");
}
END_TEST

/* Any byte of the file's headers may be wrong: an error or a load, but no crash. */
START_TEST(damaged_headers_do_no_harm)
{
	uint8_t *content;
	size_t size = read_file(fake("fake_no_symbol"), &content);
	uint64_t sections;
	uint64_t seed = 0x9e3779b97f4a7c15ull;
	char *error;

	memcpy(&sections, content + 0x28, sizeof(sections)); /* e_shoff */
	for (int i = 0; i < 500; i++) {
		struct kvm_module *module = NULL;
		size_t at;
		uint8_t old;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		at = i % 2 ? seed % 0x400 : sections + seed % (size - sections);
		old = content[at];
		content[at] ^= (uint8_t)(1u << (seed >> 40) % 8);
		/* It has no kvm_build, so that no variant of it is ever run. */
		if (kvm_module_load(make_file("damaged.so", content, size), &module, &error) !=
		    -ENOEXEC)
			ck_abort_msg("byte 0x%zx", at);
		free(error);
		content[at] = old;
	}
	free(content);
}
END_TEST

START_TEST(builds_are_loaded_once)
{
	struct kvm_module *one = NULL, *again = NULL, *other = NULL;
	char link[512], *error = NULL;

	ck_assert_msg(!kvm_module_load(fake("fake_build"), &one, &error), "%s", error);
	ck_assert_ptr_null(error);
	ck_assert_str_eq(kvm_module_build(one)->info.series, "fake");
	ck_assert_uint_eq(kvm_module_build(one)->info.page_size, 4096);
	ck_assert_str_eq(strrchr(kvm_module_path(one), '/'), "/fake_build.so");
	snprintf(link, sizeof(link), "%s/link.so", directory);
	ck_assert_int_eq(symlink(fake("fake_build"), link), 0);
	/* The same file has the same memory, by whatever name. */
	ck_assert_int_eq(kvm_module_load(link, &again, &error), 0);
	ck_assert_ptr_eq(again, one);
	ck_assert_int_eq(kvm_module_load(fake("fake_build_16k"), &other, &error), 0);
	ck_assert_ptr_ne(other, one);
	ck_assert_uint_eq(kvm_module_build(other)->info.page_size, 16384);
	kvm_module_unload(one);
	ck_assert_str_eq(kvm_module_build(again)->info.series, "fake");
	kvm_module_unload(again);
	kvm_module_unload(other);
	kvm_module_unload(NULL);
	/* And again after it was gone. */
	ck_assert_int_eq(kvm_module_load(fake("fake_build"), &one, &error), 0);
	ck_assert_uint_eq(kvm_module_build(one)->info.page_size, 4096);
	kvm_module_unload(one);
}
END_TEST

START_TEST(a_relative_path_is_relative_to_the_working_directory)
{
	struct kvm_module *module = NULL;
	char *error = NULL;

	ck_assert_int_eq(chdir(FAKE_DIR), 0);
	ck_assert_msg(!kvm_module_load("fake_build.so", &module, &error), "%s", error);
	kvm_module_unload(module);
}
END_TEST

START_TEST(default_paths_name_the_page_size)
{
	static const struct {
		uint32_t page_size;
		const char *end;
	} cases[] = {{4096, "/lib/rmesim/kvm-4k.so"},
		     {16384, "/lib/rmesim/kvm-16k.so"},
		     {65536, "/lib/rmesim/kvm-64k.so"}};

	for (int i = 0; i < 3; i++) {
		char *path = kvm_module_default_path(cases[i].page_size);

		ck_assert_ptr_nonnull(path);
		ck_assert_str_eq(path + strlen(path) - strlen(cases[i].end), cases[i].end);
		free(path);
	}
	ck_assert_ptr_null(kvm_module_default_path(8192));
	ck_assert_ptr_null(kvm_module_default_path(0));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("module");
	TCase *tcase = tcase_create("module");
	SRunner *runner = srunner_create(suite);
	char command[64];
	int failed;

	if (!mkdtemp(directory))
		return EXIT_FAILURE;
	tcase_add_test(tcase, what_is_no_shared_object_is_refused);
	tcase_add_test(tcase, what_is_no_build_for_this_program_is_refused);
	tcase_add_test(tcase, damaged_headers_do_no_harm);
	tcase_add_test(tcase, builds_are_loaded_once);
	tcase_add_test(tcase, default_paths_name_the_page_size);
	tcase_add_test(tcase, a_relative_path_is_relative_to_the_working_directory);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command) || failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* KVM builds: shared objects that export struct kvm_build. */
#include <sim/kvm_note.h>
#include <sim/machine.h>

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf.h"
#include "error.h"
#include "module.h"
#include "segment.h"

#define MAX_PARENTS 3

#if defined(__SANITIZE_ADDRESS__)
#define MODULE_STAYS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MODULE_STAYS 1
#endif
#endif
#ifndef MODULE_STAYS
#define MODULE_STAYS 0
#endif

struct kvm_module {
	struct kvm_module *next;
	char *path;
	void *handle;
	const struct kvm_build *build;
	struct segments segments;
	unsigned int users; /* who loaded it, and the machine that uses it */
	bool taken;
};

/* One record for one object: dlopen() gives the same memory to all who load the same file. */
static struct kvm_module *modules;

/* What can be known before any code of the object runs. */
static int file_check(const char *path, const struct elf_info *info, char **error)
{
	if (!info->symbol_size)
		return error_set(error, -ENOEXEC,
				 "%s: not a KVM build: it has no symbol " KVM_BUILD_SYMBOL, path);
	if (info->asan != kvm_asan_self())
		return error_set(error, -ENOEXEC, "%s: built with %s, but this program with %s",
				 path, kvm_asan_words(info->asan), kvm_asan_words(kvm_asan_self()));
	if (info->has_tls)
		return error_set(error, -ENOEXEC,
				 "%s: has thread-local variables, which a reset cannot restore",
				 path);
	if (info->symbol_size < sizeof(struct kvm_build_info))
		return error_set(error, -ENOEXEC,
				 "%s: " KVM_BUILD_SYMBOL
				 " has %llu bytes, too few for any port ABI",
				 path, (unsigned long long)info->symbol_size);
	return 0;
}

static bool table_complete(const struct kvm_build *build)
{
	const uint8_t *at = (const uint8_t *)build + offsetof(struct kvm_build, boot);

	for (; at < (const uint8_t *)(build + 1); at += sizeof(void *)) {
		void *function;

		memcpy(&function, at, sizeof(function));
		if (!function)
			return false;
	}
	return true;
}

static int build_check(const char *path, const struct kvm_build *build, uint64_t symbol_size,
		       char **error)
{
	const struct kvm_build_info *info = &build->info;

	if (info->abi_version != SIM_PORT_ABI)
		return error_set(error, -ENOEXEC,
				 "%s: made for port ABI %u, but this program has %u", path,
				 info->abi_version, SIM_PORT_ABI);
	/* AddressSanitizer makes the symbol larger than the variable. */
	if (symbol_size < sizeof(*build) ||
	    (kvm_asan_self() == KVM_ASAN_NONE && symbol_size > sizeof(*build)))
		return error_set(error, -ENOEXEC,
				 "%s: " KVM_BUILD_SYMBOL " has %llu bytes, port ABI %u has %zu",
				 path, (unsigned long long)symbol_size, SIM_PORT_ABI,
				 sizeof(*build));
	if (info->page_size != 4096 && info->page_size != 16384 && info->page_size != 65536)
		return error_set(error, -ENOEXEC, "%s: page size %u, expected 4096, 16384 or 65536",
				 path, info->page_size);
	if (!!(info->sanitizers & KVM_BUILD_ASAN) != (kvm_asan_self() != KVM_ASAN_NONE))
		return error_set(error, -ENOEXEC,
				 "%s: says %s AddressSanitizer, and was built otherwise", path,
				 info->sanitizers & KVM_BUILD_ASAN ? "with" : "without");
	if (!info->series || !info->compiler)
		return error_set(error, -ENOEXEC, "%s: does not name its series and compiler",
				 path);
	if (!table_complete(build))
		return error_set(error, -ENOEXEC, "%s: a function of its table is missing", path);
	return 0;
}

static void module_free(struct kvm_module *module)
{
	segments_free(&module->segments);
	/* AddressSanitizer looks at the variables of every object that was ever loaded when it reports something. */
	if (module->handle && !MODULE_STAYS)
		dlclose(module->handle);
	free(module->path);
	free(module);
}

static int module_open(struct kvm_module *module, const struct elf_info *info, char **error)
{
	int err;

	module->handle = dlopen(module->path, RTLD_NOW | RTLD_LOCAL);
	if (!module->handle)
		return error_set(error, -ENOEXEC, "cannot be loaded: %s", dlerror());
	module->build = dlsym(module->handle, KVM_BUILD_SYMBOL);
	if (!module->build)
		return error_set(error, -ENOEXEC,
				 "%s: not a KVM build: no symbol " KVM_BUILD_SYMBOL, module->path);
	err = build_check(module->path, module->build, info->symbol_size, error);
	if (err)
		return err;
	err = segments_save(module->build, info->counters, info->num_counters, &module->segments);
	if (err)
		return error_set(error, err, "%s: its variables cannot be saved: %s", module->path,
				 strerror(-err));
	return 0;
}

static struct kvm_module *loaded_find(const char *path)
{
	/* The same file may go by another name, which dlopen() sees and names do not. */
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
	struct kvm_module *module = modules;

	if (!handle)
		return NULL;
	while (module && module->handle != handle)
		module = module->next;
	dlclose(handle);
	return module;
}

int kvm_module_load(const char *path, struct kvm_module **out, char **error)
{
	struct kvm_module *module = NULL;
	struct elf_info info = {0};
	/* With a slash in it: dlopen() searches for bare names elsewhere. */
	char *real = realpath(path, NULL);
	int err;

	if (error)
		*error = NULL;
	if (!real) {
		err = -errno;
		return error_set(error, err, "%s: %s", path, strerror(-err));
	}
	/* First of all: dlopen() would wait for ever for what is no file. */
	err = elf_read(real, KVM_BUILD_SYMBOL, &info, error);
	if (!err)
		err = file_check(real, &info, error);
	if (err)
		goto out;
	module = loaded_find(real);
	if (module) {
		module->users++;
		*out = module;
		goto out;
	}
	module = calloc(1, sizeof(*module));
	if (!module) {
		err = error_set(error, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
		goto out;
	}
	module->path = real;
	real = NULL;
	err = module_open(module, &info, error);
	if (err) {
		module_free(module);
		goto out;
	}
	module->users = 1;
	module->next = modules;
	modules = module;
	*out = module;
out:
	elf_info_clear(&info);
	free(real);
	return err;
}

static void module_drop(struct kvm_module *module)
{
	struct kvm_module **link = &modules;

	if (--module->users)
		return;
	while (*link != module)
		link = &(*link)->next;
	*link = module->next;
	module_free(module);
}

void kvm_module_unload(struct kvm_module *module)
{
	if (module)
		module_drop(module);
}

const struct kvm_build *kvm_module_build(const struct kvm_module *module)
{
	return module->build;
}

const char *kvm_module_path(const struct kvm_module *module)
{
	return module->path;
}

bool kvm_module_is_foreign(const struct kvm_module *module)
{
	struct kvm_note note;
	char *file;

	if (kvm_note_read(module->path, &note, NULL))
		return false;
	file = kvm_note_value(&note, "file", 0);
	kvm_note_clear(&note);
	free(file);
	return file != NULL;
}

bool kvm_module_take(struct kvm_module *module)
{
	if (module->taken)
		return false;
	module->taken = true;
	module->users++;
	return true;
}

void kvm_module_give_back(struct kvm_module *module)
{
	module->taken = false;
	module_drop(module);
}

void kvm_module_restore(const struct kvm_module *module)
{
	segments_restore(&module->segments);
}

char *kvm_module_default_path(uint32_t page_size)
{
	char program[4096], parent[3 * MAX_PARENTS + 1] = "";
	char *path = NULL, *first = NULL;
	ssize_t length;

	if (page_size != 4096 && page_size != 16384 && page_size != 65536)
		return NULL;
	length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (length <= 0)
		return NULL;
	program[length] = 0;
	*strrchr(program, '/') = 0;
	/* Programs are in bin/, tests deeper in the build tree. */
	for (int i = 0; i < MAX_PARENTS; i++) {
		strcat(parent, "/..");
		if (asprintf(&path, "%s%s/lib/rmesim/kvm-%uk.so", program, parent,
			     page_size / 1024) < 0)
			break;
		if (!access(path, F_OK)) {
			free(first);
			return path;
		}
		if (first)
			free(path);
		else
			first = path;
	}
	return first;
}

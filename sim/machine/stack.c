/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/stack.h>

#include <dlfcn.h>
#include <execinfo.h>
#include <stdio.h>
#include <string.h>

#define MAX_FRAMES 64

void stack_prepare(void)
{
	static bool prepared;
	void *pcs[1];

	/* The first call loads the unwinder. */
	if (!prepared)
		(void)backtrace(pcs, 1);
	prepared = true;
}

/* snprintf() is not to be called in a signal handler. */
static size_t hex_put(char *text, uintptr_t value)
{
	static const char digits[] = "0123456789abcdef";
	size_t length = 1, i;

	for (uintptr_t rest = value >> 4; rest; rest >>= 4)
		length++;
	for (i = length; i; i--, value >>= 4)
		text[i - 1] = digits[value & 15];
	return length;
}

size_t stack_capture(const struct kvm_build *build, const void *exact, char *text, size_t size)
{
	void *pcs[MAX_FRAMES];
	int depth = backtrace(pcs, MAX_FRAMES);
	size_t used = 0, count = 0;
	Dl_info module, info;

	text[0] = 0;
	if (!build || !dladdr(build, &module) || !module.dli_fname)
		return 0;
	for (int i = 0; i < depth; i++) {
		uintptr_t pc = (uintptr_t)pcs[i];
		size_t path = strlen(module.dli_fname);

		if (!dladdr(pcs[i], &info) || info.dli_fbase != module.dli_fbase)
			continue;
		if (size - used < path + 2 * sizeof(pc) + 3)
			break;
		/* The instruction that called stands before the one to return to. */
		pc -= (uintptr_t)module.dli_fbase + (pcs[i] != exact);
		used += hex_put(text + used, pc);
		text[used++] = ' ';
		memcpy(text + used, module.dli_fname, path);
		used += path;
		text[used++] = '\n';
		text[used] = 0;
		count++;
	}
	return count;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/last_words.h>

#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include <sim/stack.h>

#define TEXT_BYTES    (32u << 10)
/* Counters that a broken heap keeps from being written must not keep the process. */
#define FLUSH_SECONDS 2

static const struct kvm_build *watched;

void last_words_prepare(const struct kvm_build *build)
{
	watched = build;
	stack_prepare();
}

static void print(const char *text, size_t length)
{
	while (length) {
		ssize_t done = write(STDERR_FILENO, text, length);

		if (done <= 0)
			return;
		text += done;
		length -= (size_t)done;
	}
}

static const void *faulting_pc(const void *context)
{
	const ucontext_t *uc = context;

#if defined(__x86_64__)
	return (const void *)uc->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return (const void *)uc->uc_mcontext.pc;
#else
	(void)uc;
	return NULL;
#endif
}

void last_words_flush(void)
{
	const struct kvm_build *build = watched;

	watched = NULL;
	if (!build)
		return;
	alarm(FLUSH_SECONDS);
	build->coverage_flush();
	alarm(0);
}

void last_words_say(const void *context)
{
	static char text[TEXT_BYTES];
	const char *line = text;

	if (!watched)
		return;
	stack_capture(watched, faulting_pc(context), text, sizeof(text));
	while (*line) {
		size_t length = strcspn(line, "\n") + 1;

		print(LAST_WORDS_STACK, strlen(LAST_WORDS_STACK));
		print(line, length);
		line += length;
	}
	last_words_flush();
}

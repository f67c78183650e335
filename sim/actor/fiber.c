/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/fiber.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "switch.h"

#if defined(__SANITIZE_ADDRESS__)
#define FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBER_ASAN 1
#endif
#endif

#ifdef FIBER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#define MIN_STACK 16384u

struct fiber {
	uint8_t *map; /* the guard page, then the stack */
	size_t map_size, guard_size;
	fiber_fn fn;
	void *arg;
	void *sp;	 /* where it stands */
	void *caller_sp; /* where who resumed it stands */
	bool ended;
	/* What AddressSanitizer wants to know of a stack that is gone on with. */
	void *fake, *caller_fake;
	const void *caller_bottom;
	size_t caller_size;
};

#ifdef FIBER_ASAN
static void *stack_bottom(const struct fiber *fiber)
{
	return fiber->map + fiber->guard_size;
}

static size_t stack_size(const struct fiber *fiber)
{
	return fiber->map_size - fiber->guard_size;
}
#endif

/* Frames that were left for good have poisoned parts of it. */
static void stack_clean(struct fiber *fiber)
{
#ifdef FIBER_ASAN
	__asan_unpoison_memory_region(stack_bottom(fiber), stack_size(fiber));
#else
	(void)fiber;
#endif
}

static void fiber_main(void *arg)
{
	struct fiber *fiber = arg;

#ifdef FIBER_ASAN
	__sanitizer_finish_switch_fiber(NULL, &fiber->caller_bottom, &fiber->caller_size);
#endif
	fiber->fn(fiber->arg);
	fiber->ended = true;
#ifdef FIBER_ASAN
	__sanitizer_start_switch_fiber(NULL, fiber->caller_bottom, fiber->caller_size);
#endif
	switch_stacks(&fiber->sp, fiber->caller_sp);
	abort();
}

void fiber_restart(struct fiber *fiber, fiber_fn fn, void *arg)
{
	stack_clean(fiber);
	fiber->fn = fn;
	fiber->arg = arg;
	fiber->ended = false;
	fiber->fake = NULL;
	fiber->sp = switch_prepare(fiber->map + fiber->map_size, fiber_main, fiber);
}

int fiber_create(size_t size, fiber_fn fn, void *arg, struct fiber **out)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct fiber *fiber;
	void *map;

	if (!fn || size < MIN_STACK || size > SIZE_MAX / 2)
		return -EINVAL;
	fiber = calloc(1, sizeof(*fiber));
	if (!fiber)
		return -ENOMEM;
	fiber->guard_size = page;
	fiber->map_size = page + (size + page - 1) / page * page;
	map = mmap(NULL, fiber->map_size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (map == MAP_FAILED)
		goto fail;
	fiber->map = map;
	if (mprotect(map, page, PROT_NONE))
		goto fail;
	fiber_restart(fiber, fn, arg);
	*out = fiber;
	return 0;

fail:
	if (fiber->map)
		munmap(fiber->map, fiber->map_size);
	free(fiber);
	return -ENOMEM;
}

void fiber_destroy(struct fiber *fiber)
{
	if (!fiber)
		return;
	stack_clean(fiber);
	munmap(fiber->map, fiber->map_size);
	free(fiber);
}

void fiber_resume(struct fiber *fiber)
{
#ifdef FIBER_ASAN
	__sanitizer_start_switch_fiber(&fiber->caller_fake, stack_bottom(fiber), stack_size(fiber));
#endif
	switch_stacks(&fiber->caller_sp, fiber->sp);
#ifdef FIBER_ASAN
	__sanitizer_finish_switch_fiber(fiber->caller_fake, NULL, NULL);
#endif
}

void fiber_suspend(struct fiber *fiber)
{
#ifdef FIBER_ASAN
	__sanitizer_start_switch_fiber(&fiber->fake, fiber->caller_bottom, fiber->caller_size);
#endif
	switch_stacks(&fiber->sp, fiber->caller_sp);
#ifdef FIBER_ASAN
	__sanitizer_finish_switch_fiber(fiber->fake, &fiber->caller_bottom, &fiber->caller_size);
#endif
}

bool fiber_ended(const struct fiber *fiber)
{
	return fiber->ended;
}

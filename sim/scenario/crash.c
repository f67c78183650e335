/* SPDX-License-Identifier: BSD-3-Clause */
/* All that runs here after a crash is copying and write(): the heap may be what broke. */
#include "crash.h"

#include <errno.h>
#include <signal.h>
#include <sim/last_words.h>
#include <stdlib.h>

#ifdef __has_feature
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define WITH_ASAN 1
#include <sanitizer/common_interface_defs.h>
#else
#define WITH_ASAN 0
#endif

#define MAX_CALLS  64u
#define STACK_SIZE (128u << 10)

static struct {
	struct recorder *recorder;
	const struct world *world;
	size_t max;
	const GByteArray *events;
	bool prepared;
	struct world_rmi_call calls[MAX_CALLS];
	/* A stack that overflowed is of no use. */
	char stack[STACK_SIZE];
} watch;

static void crash_tell(void)
{
	const struct world *world = watch.world;
	size_t num;

	/* Only once, also if this crashes in turn. */
	watch.world = NULL;
	if (!world)
		return;
	num = world_last_calls(world, watch.calls, watch.max);
	record_calls(watch.recorder, watch.calls, num);
	/* The last of them may be cut off, so nothing can stand behind. */
	if (watch.events && watch.events->len)
		record_events(watch.recorder, watch.events->data, watch.events->len);
}

/* SA_RESETHAND: when the handler returns, the signal comes again and finds none. */
static void crash_handler(int number, siginfo_t *info, void *context)
{
	(void)info;
	crash_tell();
	last_words_say(context);
	raise(number);
}

#if WITH_ASAN
static void crash_end(void)
{
	crash_tell();
	last_words_flush();
}
#endif

static void crash_prepare(void)
{
	/* With ASan the others are its own, and it says more about them than we could. */
	static const int signals[] = {SIGABRT, SIGALRM, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	struct sigaction action = {.sa_sigaction = crash_handler,
				   .sa_flags = (int)SA_RESETHAND | SA_ONSTACK | SA_SIGINFO};
	stack_t stack = {.ss_sp = watch.stack, .ss_size = sizeof(watch.stack)};
	size_t num = WITH_ASAN ? 2 : G_N_ELEMENTS(signals), i;

	watch.prepared = true;
#if WITH_ASAN
	__sanitizer_set_death_callback(crash_end);
#else
	/* Without that stack an overflow is only told less of. */
	if (sigaltstack(&stack, NULL))
		action.sa_flags = (int)SA_RESETHAND | SA_SIGINFO;
#endif
	(void)stack;
	for (i = 0; i < num; i++) {
		if (sigaction(signals[i], &action, NULL))
			g_error("sigaction: %s", g_strerror(errno));
	}
}

void crash_watch(struct recorder *recorder, const struct world *world, size_t max,
		 const GByteArray *events)
{
	watch.recorder = recorder;
	watch.world = world;
	watch.max = MIN(max, MAX_CALLS);
	watch.events = events;
	if (world && !watch.prepared)
		crash_prepare();
}

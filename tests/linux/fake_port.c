/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define GRANULE 4096ull

static void fake_smc(void *ctx, uint64_t regs[18])
{
	struct fake_port *fake = ctx;

	fake->smcs++;
	memcpy(fake->smc_in, regs, sizeof(fake->smc_in));
	memcpy(regs, fake->smc_out, sizeof(fake->smc_out));
}

static int64_t fake_frame_alloc(void *ctx, unsigned int order)
{
	struct fake_port *fake = ctx;
	uint64_t size = 1ull << order;
	uint64_t index;

	fake->allocations++;
	if (order < 24 && fake->free_head[order]) {
		index = fake->free_head[order] - 1;
		fake->free_head[order] = fake->port.frames[index].link;
	} else {
		index = (fake->bump + size - 1) & ~(size - 1);
		if (index + size > fake->num_frames)
			return -1;
		fake->bump = index + size;
	}
	fake->frames_out += size;
	return (int64_t)index;
}

static void fake_frame_free(void *ctx, uint64_t index, unsigned int order)
{
	struct fake_port *fake = ctx;

	for (uint64_t i = index; i < index + (1ull << order); i++) {
		if (fake->port.frames[i].refcount != 0 ||
		    fake->port.frames[i].kind != PORT_FRAME_FREE)
			abort();
	}
	fake->frames_out -= 1ull << order;
	fake->port.frames[index].link = fake->free_head[order];
	fake->free_head[order] = (uint32_t)index + 1;
}

static bool fake_is_nonsecure(void *ctx, uint64_t pa, uint64_t size)
{
	struct fake_port *fake = ctx;

	for (uint64_t at = (pa - FAKE_BASE) / GRANULE; at * GRANULE < pa - FAKE_BASE + size; at++)
		if (fake->secure[at])
			return false;
	return true;
}

static void fake_event(void *ctx, const struct port_event *event)
{
	struct fake_port *fake = ctx;
	struct fake_event *record = &fake->events[fake->num_events];

	if (fake->num_events == FAKE_MAX_EVENTS)
		return;
	fake->num_events++;
	record->kind = event->kind;
	record->a = event->a;
	record->b = event->b;
	record->c = event->c;
	record->d = event->d;
	snprintf(record->text, sizeof(record->text), "%s", event->text ? event->text : "");
}

static bool fake_fault_decide(void *ctx, enum port_fault point, uint64_t address)
{
	struct fake_port *fake = ctx;

	(void)address;
	fake->fault_asked[point]++;
	if (fake->fault_always[point])
		return true;
	return fake->fault_in[point] && --fake->fault_in[point] == 0;
}

static void fake_sched_point(void *ctx, enum port_sched kind, const char *object)
{
	struct fake_port *fake = ctx;

	fake->sched_points[kind]++;
	if (fake->on_sched)
		fake->on_sched(fake, kind, object);
}

/* Tries before the fake gives up. */
#define FAKE_MAX_LOOKS 100000u

static bool fake_sched_wait(void *ctx, enum port_sched kind, const char *object,
			    bool (*done)(void *arg), void *arg)
{
	for (unsigned int i = 0; i < FAKE_MAX_LOOKS; i++) {
		if (done(arg))
			return true;
		fake_sched_point(ctx, kind, object);
	}
	return false;
}

static void fake_warn(void *ctx, const struct port_warn *warn)
{
	struct fake_port *fake = ctx;
	struct fake_warn *record = &fake->warns[fake->num_warns];

	if (fake->num_warns == FAKE_MAX_WARNS)
		return;
	fake->num_warns++;
	snprintf(record->rule, sizeof(record->rule), "%s", warn->rule);
	snprintf(record->message, sizeof(record->message), "%s", warn->message);
	snprintf(record->file, sizeof(record->file), "%s", warn->file);
	snprintf(record->function, sizeof(record->function), "%s", warn->function);
	record->line = warn->line;
}

struct fake_port *fake_port_create(uint64_t size, uint64_t page_size)
{
	struct fake_port *fake = calloc(1, sizeof(*fake));
	void *view = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (!fake || view == MAP_FAILED)
		abort();
	fake->page_size = page_size;
	fake->num_frames = size / page_size;
	fake->secure = calloc(size / GRANULE, 1);
	fake->port = (struct sim_port){
		.abi_version = SIM_PORT_ABI,
		.size = sizeof(struct sim_port),
		.ctx = fake,
		.smc = fake_smc,
		.phys_base = FAKE_BASE,
		.dram_size = size,
		.host_view = view,
		.frames = calloc(fake->num_frames, sizeof(struct port_frame)),
		.frame_alloc = fake_frame_alloc,
		.frame_free = fake_frame_free,
		.is_nonsecure = fake_is_nonsecure,
		.event_mask = ~0u,
		.event = fake_event,
		.fault_mask = ~0u,
		.fault_decide = fake_fault_decide,
		.sched = true,
		.sched_point = fake_sched_point,
		.sched_wait = fake_sched_wait,
		.warn = fake_warn,
	};
	if (!fake->secure || !fake->port.frames)
		abort();
	return fake;
}

#if defined(__SANITIZE_ADDRESS__)
#define FAKE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FAKE_ASAN 1
#endif
#endif
#ifdef FAKE_ASAN
#include <sanitizer/asan_interface.h>
#endif

void fake_port_destroy(struct fake_port *fake)
{
#ifdef FAKE_ASAN
	/* Poison would outlive the mapping. */
	__asan_unpoison_memory_region(fake->port.host_view, fake->port.dram_size);
#endif
	munmap(fake->port.host_view, fake->port.dram_size);
	free(fake->port.frames);
	free(fake->secure);
	free(fake);
}

int fake_warned(const struct fake_port *fake, const char *rule)
{
	int count = 0;

	for (int i = 0; i < fake->num_warns; i++)
		count += !strcmp(fake->warns[i].rule, rule);
	return count;
}

void fake_warns_clear(struct fake_port *fake)
{
	fake->num_warns = 0;
}

void fake_secure_set(struct fake_port *fake, uint64_t pa, bool secure)
{
	fake->secure[(pa - FAKE_BASE) / GRANULE] = secure;
}

struct port_frame *fake_frame(struct fake_port *fake, uint64_t pa)
{
	return &fake->port.frames[(pa - FAKE_BASE) / fake->page_size];
}

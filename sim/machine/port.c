/* SPDX-License-Identifier: BSD-3-Clause */
/* What a KVM build reaches through its port. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

bool machine_granules_nonsecure(const struct machine *machine, uint64_t pa, uint64_t size)
{
	const uint64_t mask = RMM_GRANULE_SIZE - 1, start = pa & ~mask, end = pa + size;

	return end >= pa && end <= UINT64_MAX - mask &&
	       rmm_inspect_nonsecure(machine->rmm, start, ((end + mask) & ~mask) - start);
}

static void port_smc(void *ctx, uint64_t regs[18])
{
	_Static_assert(sizeof(struct rmm_regs) == 18 * sizeof(uint64_t), "both are x0 to x17");
	machine_smc(ctx, (struct rmm_regs *)(void *)regs);
}

static int64_t port_frame_alloc(void *ctx, unsigned int order)
{
	struct machine *machine = ctx;

	return dram_frame_alloc(machine->dram, order);
}

/* Where a frame was allocated, as the build tells it: "function file:line"; "" if it does not. */
static const char *frame_site(const struct machine *machine, uint64_t index)
{
	const char *site = NULL;

	if (index < dram_size(machine->dram) / dram_page_size(machine->dram))
		site = machine->build->site_name(dram_frames(machine->dram)[index].site);
	return site ? site : "";
}

static void report_frame(struct machine *machine, uint64_t index, unsigned int order,
			 const char *condition, const char *what)
{
	const char *site = frame_site(machine, index);
	char *function = strndup(site, strcspn(site, " "));
	uint64_t pa = dram_base(machine->dram) + index * dram_page_size(machine->dram);

	machine_report(machine, "host-audit", condition, function,
		       "2^%u pages at 0x%llx given back, but %s%s%s", order, (unsigned long long)pa,
		       what, *site ? "; allocated by " : "", site);
	free(function);
}

static void port_frame_free(void *ctx, uint64_t index, unsigned int order)
{
	struct machine *machine = ctx;
	uint32_t page_size = dram_page_size(machine->dram);

	if (order < 32 && index < dram_size(machine->dram) / page_size &&
	    !machine_granules_nonsecure(machine, dram_base(machine->dram) + index * page_size,
					(uint64_t)page_size << order))
		report_frame(machine, index, order, "freed-delegated",
			     "a granule of them is not Non-secure");
	if (dram_frame_free(machine->dram, index, order))
		report_frame(machine, index, order, "bad-free",
			     "they are not all allocated and without references");
}

static bool port_is_nonsecure(void *ctx, uint64_t pa, uint64_t size)
{
	return machine_granules_nonsecure(ctx, pa, size);
}

static void port_event(void *ctx, const struct port_event *event)
{
	static const char *const names[PORT_EVENT_NUM_KINDS] = {
		[PORT_EVENT_PRINT] = "print",
		[PORT_EVENT_PAGE_ALLOC] = "page_alloc",
		[PORT_EVENT_PAGE_FREE] = "page_free",
		[PORT_EVENT_PGTABLE] = "pgtable",
		[PORT_EVENT_LOCK] = "lock",
		[PORT_EVENT_RESCHED] = "resched",
		[PORT_EVENT_INVALIDATE] = "invalidate",
	};
	struct machine *machine = ctx;
	struct trace_event traced = {
		.kind = TRACE_HOST,
		.actor = machine->actor,
		.value = {event->kind, event->a, event->b, event->c, event->d},
		.text = event->text,
	};

	if ((unsigned int)event->kind < PORT_EVENT_NUM_KINDS)
		traced.name = names[event->kind];
	if (trace_wants(machine->trace, TRACE_HOST))
		trace_emit(machine->trace, &traced);
}

static bool port_fault_decide(void *ctx, enum port_fault point, uint64_t address)
{
	struct machine *machine = ctx;
	const struct machine_sched *sched = machine->sched;
	bool fails = machine->fault && !machine->booting && (machine->fault_mask & 1u << point) &&
		     machine->fault(machine->fault_ctx, point, address);

	if (fails) {
		struct trace_event traced = {.kind = TRACE_FAULT,
					     .actor = machine->actor,
					     .value = {address},
					     .name = port_fault_name(point)};

		machine->num_faults++;
		if (trace_wants(machine->trace, TRACE_FAULT))
			trace_emit(machine->trace, &traced);
	} else if (point == PORT_FAULT_RESCHED && sched) {
		fails = sched->resched(sched->ctx);
	}
	return fails;
}

static void port_sched_point(void *ctx, enum port_sched kind, const char *object)
{
	machine_sched_point(ctx, kind, object);
}

static bool port_sched_wait(void *ctx, enum port_sched kind, const char *object,
			    bool (*done)(void *arg), void *arg)
{
	struct machine *machine = ctx;
	const struct machine_sched *sched = machine->sched;

	/* Alone, it would wait for ever. */
	return sched ? sched->wait(sched->ctx, kind, object, done, arg) : done(arg);
}

static void port_warn(void *ctx, const struct port_warn *warn)
{
	struct machine *machine = ctx;
	struct trace_event traced = {.kind = TRACE_WARN, .actor = machine->actor};
	char *text = NULL;

	machine_stack_keep(machine);
	machine_report(machine, "warn", warn->rule, warn->function, "%s:%d: %s", warn->file,
		       warn->line, warn->message);
	/* Whoever listens may leave by a jump, so this is last. */
	if (trace_wants(machine->trace, TRACE_WARN) &&
	    asprintf(&text, "%s %s:%d %s: %s", warn->rule, warn->file, warn->line, warn->function,
		     warn->message) >= 0) {
		traced.text = text;
		trace_emit(machine->trace, &traced);
		free(text);
	}
}

void machine_port_init(struct machine *machine)
{
	machine->port = (struct sim_port){
		.abi_version = SIM_PORT_ABI,
		.size = sizeof(struct sim_port),
		.ctx = machine,
		.smc = port_smc,
		.phys_base = dram_base(machine->dram),
		.dram_size = dram_size(machine->dram),
		.host_view = dram_host_view(machine->dram),
		.frames = dram_frames(machine->dram),
		.frame_alloc = port_frame_alloc,
		.frame_free = port_frame_free,
		.is_nonsecure = port_is_nonsecure,
		.event = port_event,
		.fault_decide = port_fault_decide,
		.sched_point = port_sched_point,
		.sched_wait = port_sched_wait,
		.warn = port_warn,
	};
}

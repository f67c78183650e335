/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * port.c - the way to the machine: starting up, events, fault decisions, scheduling points, and
 * reports of rules that were broken.
 */
#include <stdio.h>

#include <asm/memory.h>
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/sched.h>
#include <sim/linux.h>

#include "internal.h"

#define REPORT_SIZE 512

const struct sim_port *linux_port;

int linux_boot(const struct sim_port *port)
{
	linux_port = NULL;
	if (port->abi_version != SIM_PORT_ABI || port->size != sizeof(*port) || !port->host_view ||
	    !port->frames || !port->dram_size || !IS_ALIGNED(port->phys_base, PAGE_SIZE) ||
	    !IS_ALIGNED(port->dram_size, PAGE_SIZE))
		return -EINVAL;
	linux_port = port;
	linux_page_boot();
	linux_slab_boot();
	linux_sched_boot();
	linux_lock_boot();
	linux_cache_boot();
	linux_account_boot();
	return 0;
}

void linux_shutdown(void)
{
	linux_port = NULL;
}

void linux_inspect(struct kvm_inspect *out)
{
	out->pgtable_pages = linux_account_sum();
	out->locks_held = linux_locks_count();
	out->gmem_pages = linux_page_count(PORT_FRAME_GMEM);
	out->user_pages = linux_page_count(PORT_FRAME_USER);
	out->kernel_pages = linux_page_count(PORT_FRAME_PAGE);
	out->slab_objects = linux_slab_count();
	out->vmids = linux_region_bits();
}

bool linux_fault_ask(enum port_fault point, u64 address)
{
	return linux_port->fault_decide(linux_port->ctx, point, address);
}

void linux_event_make(enum port_event_kind kind, u64 a, u64 b, u64 c, u64 d, const char *text)
{
	struct port_event event = {.kind = kind, .a = a, .b = b, .c = c, .d = d, .text = text};

	linux_port->event(linux_port->ctx, &event);
}

void linux_sched_others(enum port_sched kind, const char *object)
{
	struct task_struct *task = linux_current;

	linux_port->sched_point(linux_port->ctx, kind, object);
	linux_current = task;
}

static bool sched_wait(enum port_sched kind, const char *object, bool (*done)(void *arg), void *arg)
{
	struct task_struct *task = linux_current;
	bool holds;

	if (done(arg))
		return true;
	holds = linux_port->sched_wait(linux_port->ctx, kind, object, done, arg);
	linux_current = task;
	return holds;
}

bool linux_wait_until(bool (*done)(void *arg), void *arg, enum port_sched kind, const char *object,
		      const struct linux_site *site)
{
	if (sched_wait(kind, object, done, arg))
		return true;
	linux_report("deadlock", site, "nobody ever gives up %s", object);
	return false;
}

bool linux_sleep_until(bool (*done)(void *arg), void *arg, const char *object)
{
	return sched_wait(PORT_SCHED_RESCHED, object, done, arg);
}

void linux_vreport(const char *rule, const struct linux_site *site, const char *fmt, va_list args)
{
	char message[REPORT_SIZE];
	struct port_warn warn = {
		.rule = rule,
		.file = site->file,
		.line = (int)site->line,
		.function = site->function,
		.message = message,
	};

	linux_format(message, sizeof(message), fmt, args);
	if (linux_port)
		linux_port->warn(linux_port->ctx, &warn);
	else
		fprintf(stderr, "%s:%d: %s: %s: %s\n", warn.file, warn.line, warn.function, rule,
			message);
}

void linux_report(const char *rule, const struct linux_site *site, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	linux_vreport(rule, site, fmt, args);
	va_end(args);
}

static u32 sites_used;

u32 linux_site_enumerate(const struct linux_site *site)
{
	u32 index = (u32)(site - __start_linux_sites);

	__start_linux_sites[sites_used].numbered = index + 1;
	__start_linux_sites[index].number = ++sites_used;
	return sites_used;
}

const struct linux_site *linux_site_get(u32 number)
{
	if (!number || number > sites_used)
		return NULL;
	return &__start_linux_sites[__start_linux_sites[number - 1].numbered - 1];
}

const char *linux_site_name(u32 number)
{
	static char name[256];
	const struct linux_site *site = linux_site_get(number);

	if (!site)
		return NULL;
	snprintf(name, sizeof(name), "%s %s:%u", site->function, site->file, site->line);
	return name;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys.c - every system call of the VMM goes through here: it is traced, judged by the host audit,
 * and left by a jump if the host does not come back.
 */
#include "world.h"

#include <errno.h>

/*
 * RMI calls that a system call may make before the host is called endless: far above what the
 * largest realm needs for a page, and reached within a second by a loop that gets nowhere.
 */
#define BUDGET_BASE	(1ull << 20)
#define BUDGET_PER_PAGE 16ull

/*
 * WARNs that it may print: each is kept with its stack, so that a loop of them takes long to reach the other bound. One
 * for each page is what a host may have to say of an RMM that takes nothing back.
 */
#define BUDGET_WARNS 4096u

static uint64_t slot_pages(const struct world *world)
{
	uint64_t bytes = 0;

	for (size_t r = 0; r < world->num_realms; r++) {
		const struct realm *realm = &world->realms[r];

		for (unsigned int i = 0; i < realm->num_slots; i++) {
			if (realm->slots[i].used)
				bytes += realm->slots[i].size;
		}
	}
	return bytes / RMM_GRANULE_SIZE;
}

static uint64_t sys_budget(const struct world *world)
{
	return BUDGET_BASE + slot_pages(world) * BUDGET_PER_PAGE;
}

static uint64_t warn_budget(const struct world *world)
{
	return BUDGET_WARNS + slot_pages(world);
}

static void sys_begin(struct world *world, const struct sys_scope *scope)
{
	const struct audit_scope audit = {scope->rd, scope->start, scope->end};

	world->num_syscalls++;
	machine_set_actor(world->machine, scope->tid);
	audit_begin(world->audit, scope->name, &audit);
	contract_call_begin(world->contract, scope->start, scope->end);
	world_calls_update(world);
	world->budget = world->total + sys_budget(world);
	world_calls_watch(world, world->parallel);
	world->warn_budget = world->warns + warn_budget(world);
}

static int64_t sys_end(struct world *world, const struct sys_scope *scope, int64_t ret, uint64_t a0,
		       uint64_t a1, uint64_t a2, uint64_t a3)
{
	world->guarded = false;
	if (world->dead) {
		world->dead_call = scope->name;
		if (!world->looped) {
			const bool warned = world->warns > world->warn_budget;

			machine_report(world->machine, "liveness", "endless-call", scope->name,
				       "%s does not come back: it made more than %llu %s",
				       scope->name,
				       (unsigned long long)(warned ? warn_budget(world)
								   : sys_budget(world)),
				       warned ? "WARNs" : "RMI calls");
		}
		ret = -EDEADLK;
	} else {
		audit_end(world->audit, ret, scope->positive);
		contract_call_end(world->contract, scope->name);
	}
	if (trace_wants(world->trace, TRACE_SYSCALL)) {
		struct trace_event event = {
			.kind = TRACE_SYSCALL,
			.actor = scope->tid,
			.value = {a0, a1, a2, a3},
			.result = {(uint64_t)ret},
			.text = scope->name,
			.name = scope->name,
		};

		trace_emit(world->trace, &event);
	}
	machine_set_actor(world->machine, -1);
	return ret;
}

/*
 * Makes the call `expr` under guard. A jump out of it leaves the host in the middle of its work;
 * `ret` is volatile because it lives across the jump.
 */
#define SYS_CALL(world, scope, expr, a0, a1, a2, a3)                                               \
	do {                                                                                       \
		volatile int64_t ret_ = -EDEADLK;                                                  \
                                                                                                   \
		if ((world)->dead)                                                                 \
			return -EDEADLK;                                                           \
		sys_begin(world, scope);                                                           \
		if (!_setjmp((world)->guard)) {                                                    \
			(world)->guarded = true;                                                   \
			ret_ = (expr);                                                             \
		}                                                                                  \
		return sys_end(world, scope, ret_, a0, a1, a2, a3);                                \
	} while (0)

int64_t sys_ioctl(struct world *world, const struct sys_scope *scope, int32_t fd, uint32_t cmd,
		  uint64_t arg)
{
	SYS_CALL(world, scope, world->kvm->sys_ioctl(scope->tid, fd, cmd, arg),
		 (uint64_t)(int64_t)fd, cmd, arg, 0);
}

int64_t sys_mmap(struct world *world, const struct sys_scope *scope, uint64_t addr, uint64_t length,
		 uint32_t prot, uint32_t flags, int32_t fd, uint64_t offset)
{
	SYS_CALL(world, scope,
		 world->kvm->sys_mmap(scope->tid, addr, length, prot, flags, fd, offset), addr,
		 length, flags, (uint64_t)(int64_t)fd);
}

int64_t sys_munmap(struct world *world, const struct sys_scope *scope, uint64_t addr,
		   uint64_t length)
{
	SYS_CALL(world, scope, world->kvm->sys_munmap(scope->tid, addr, length), addr, length, 0,
		 0);
}

int64_t sys_madvise(struct world *world, const struct sys_scope *scope, uint64_t addr,
		    uint64_t length, uint32_t advice)
{
	SYS_CALL(world, scope, world->kvm->sys_madvise(scope->tid, addr, length, advice), addr,
		 length, advice, 0);
}

int64_t sys_oom_reap(struct world *world, const struct sys_scope *scope, uint64_t addr,
		     uint64_t length)
{
	SYS_CALL(world, scope, world->kvm->oom_reap(scope->tid, addr, length), addr, length, 0, 0);
}

int64_t sys_memory_failure(struct world *world, const struct sys_scope *scope, int32_t fd,
			   uint64_t offset, uint64_t length)
{
	SYS_CALL(world, scope, world->kvm->memory_failure(scope->tid, fd, offset, length),
		 (uint64_t)(int64_t)fd, offset, length, 0);
}

int64_t sys_fallocate(struct world *world, const struct sys_scope *scope, int32_t fd, uint32_t mode,
		      uint64_t offset, uint64_t length)
{
	SYS_CALL(world, scope, world->kvm->sys_fallocate(scope->tid, fd, mode, offset, length),
		 (uint64_t)(int64_t)fd, mode, offset, length);
}

int64_t sys_open(struct world *world, const char *path)
{
	const struct sys_scope scope = {.name = "open", .tid = world->tid, .positive = true};

	SYS_CALL(world, &scope, world->kvm->sys_open(scope.tid, path), 0, 0, 0, 0);
}

int64_t sys_close(struct world *world, int32_t fd)
{
	/* The last reference to a VM tears its realm down, wherever its memory is. */
	const struct sys_scope scope = {.name = "close", .tid = world->tid, .end = UINT64_MAX};

	parallel_file_closes(world);
	SYS_CALL(world, &scope, world->kvm->sys_close(scope.tid, fd), (uint64_t)(int64_t)fd, 0, 0,
		 0);
}

static int64_t sys_exit_call(struct world *world)
{
	const struct sys_scope scope = {.name = "exit_group", .tid = world->tid, .end = UINT64_MAX};

	SYS_CALL(world, &scope, (world->kvm->process_exit(scope.tid), 0), 0, 0, 0, 0);
}

void sys_exit(struct world *world)
{
	/* An end that does not come is reported as the end of any other call is. */
	(void)sys_exit_call(world);
	world->tid = -1;
}

static int64_t sys_user_end(struct world *world, const char *name, int32_t tid, int64_t ret,
			    uint64_t addr, uint64_t size)
{
	if (trace_wants(world->trace, TRACE_SYSCALL)) {
		struct trace_event event = {
			.kind = TRACE_SYSCALL,
			.actor = tid,
			.value = {addr, size},
			.result = {(uint64_t)ret},
			.text = name,
			.name = name,
		};

		trace_emit(world->trace, &event);
	}
	return ret;
}

int64_t sys_user_read(struct world *world, int32_t tid, uint64_t addr, void *buffer, uint64_t size)
{
	if (world->dead)
		return -EDEADLK;
	world->num_syscalls++;
	return sys_user_end(world, "load", tid, world->kvm->user_read(tid, addr, buffer, size),
			    addr, size);
}

int64_t sys_user_write(struct world *world, int32_t tid, uint64_t addr, const void *buffer,
		       uint64_t size)
{
	if (world->dead)
		return -EDEADLK;
	world->num_syscalls++;
	return sys_user_end(world, "store", tid, world->kvm->user_write(tid, addr, buffer, size),
			    addr, size);
}

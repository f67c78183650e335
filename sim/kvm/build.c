/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * build.c - what a KVM build exports: the start of the kernel, processes and threads, the system
 * calls that KVM serves or observes, and a look at its books.
 */
#include <linux/file.h>
#include <linux/kvm_host.h>
#include <linux/mm_types.h>
#include <linux/mman.h>
#include <sim/linux.h>

#include <asm/kvm_mmu.h>

#include "build_info.h"
#include "kvm_mm.h"

const struct file_operations *const file_operations_table[FILE_NUM_KINDS] = {
	[FILE_KVM] = &kvm_dev_fops,   [FILE_VM] = &kvm_vm_fops,
	[FILE_VCPU] = &kvm_vcpu_fops, [FILE_DEVICE] = &kvm_device_fops,
	[FILE_GMEM] = &kvm_gmem_fops,
};

const struct mmu_notifier_ops *const mmu_notifier_ops_table[MMU_NOTIFIER_NUM_KINDS] = {
	[MMU_NOTIFIER_KVM] = &kvm_mmu_notifier_ops,
};

/* -- the kernel -- */

static int build_boot(const struct sim_port *port, const struct kvm_boot_config *config)
{
	int ret;

	if (!port || !config || config->size != sizeof(*config) ||
	    (config->vmid_bits != 8 && config->vmid_bits != 16))
		return -EINVAL;
	ret = linux_boot(port);
	if (ret)
		return ret;
	kvm_boot_config = *config;
	kvm_mmu_set_block_mappings(config->block_mappings);
	files_boot();
	return kvm_init();
}

/* -- processes -- */

static int64_t build_process_create(void)
{
	struct mm_struct *mm = mm_alloc();
	struct files_struct *files = files_alloc();
	struct task_struct *task = NULL;

	if (mm && files)
		task = linux_task_create(mm, files, 0);
	if (task)
		return task->pid;
	if (files)
		files_free(files);
	if (mm) {
		exit_mmap(mm);
		mmdrop(mm);
	}
	return -ENOMEM;
}

static int64_t build_thread_create(int32_t tid)
{
	struct task_struct *task = linux_task_find(tid);

	if (!task)
		return -ESRCH;
	task = linux_task_create(task->mm, task->files, task->tgid);
	return task ? task->pid : -ENOMEM;
}

/* The thread of process `tgid` with the lowest number above `tid`, or NULL. */
static struct task_struct *process_next(pid_t tgid, pid_t tid)
{
	struct task_struct *task = linux_task_next(tid);

	while (task && task->tgid != tgid)
		task = linux_task_next(task->pid);
	return task;
}

static bool process_is_idle(void *arg)
{
	const struct task_struct *self = arg;
	struct task_struct *task;

	for (task = process_next(self->tgid, 0); task; task = process_next(self->tgid, task->pid)) {
		if (task != self && task->in_syscall)
			return false;
	}
	return true;
}

static void build_process_exit(int32_t tid)
{
	struct task_struct *self = linux_task_find(tid);
	struct task_struct *task, *previous;
	struct files_struct *files;
	struct mm_struct *mm;
	pid_t tgid;

	if (!self)
		return;
	mm = self->mm;
	files = self->files;
	tgid = self->tgid;
	/* The other threads are killed: they leave the kernel first. */
	for (task = process_next(tgid, 0); task; task = process_next(tgid, task->pid)) {
		task->exiting = true;
		task->signal_pending = true;
	}
	previous = linux_syscall_enter(self);
	if (!linux_wait_until(process_is_idle, self, PORT_SCHED_LOCK, "exiting threads",
			      LINUX_SITE())) {
		linux_syscall_exit(previous);
		return;
	}
	exit_mmap(mm);
	for (task = process_next(tgid, 0); task; task = process_next(tgid, task->pid))
		task->mm = NULL;
	files_free(files);
	mmdrop(mm);
	linux_syscall_exit(previous);
	while ((task = process_next(tgid, 0)))
		linux_task_destroy(task);
}

static void build_signal_set(int32_t tid, bool pending)
{
	struct task_struct *task = linux_task_find(tid);

	if (task && !task->exiting)
		task->signal_pending = pending;
}

static void build_shutdown(void)
{
	struct task_struct *task;
	pid_t tid = 0;

	while ((task = linux_task_next(tid))) {
		/* One that cannot exit is passed by. */
		tid = task->pid;
		build_process_exit(tid);
	}
	linux_shutdown();
}

/* -- system calls -- */

static int64_t build_sys_open(int32_t tid, const char *path)
{
	struct task_struct *task = linux_task_find(tid), *previous;
	int64_t ret;

	if (!task)
		return -ESRCH;
	if (!path)
		return -EFAULT;
	if (strcmp(path, "/dev/kvm"))
		return -ENOENT;
	previous = linux_syscall_enter(task);
	ret = anon_inode_getfd(FILE_KVM, NULL);
	linux_syscall_exit(previous);
	return ret;
}

static int64_t build_sys_close(int32_t tid, int32_t fd)
{
	struct task_struct *task = linux_task_find(tid), *previous;
	int64_t ret;

	if (!task)
		return -ESRCH;
	previous = linux_syscall_enter(task);
	ret = close_fd(fd);
	linux_syscall_exit(previous);
	return ret;
}

static int64_t file_ioctl(int32_t fd, uint32_t cmd, uint64_t arg)
{
	const struct file_operations *ops;
	struct file *file = fget(fd);
	int64_t ret = -ENOTTY;

	if (!file)
		return -EBADF;
	ops = file_operations(file);
	if (ops->unlocked_ioctl)
		ret = ops->unlocked_ioctl(file, cmd, arg);
	fput(file);
	return ret;
}

static int64_t build_sys_ioctl(int32_t tid, int32_t fd, uint32_t cmd, uint64_t arg)
{
	struct task_struct *task = linux_task_find(tid), *previous;
	int64_t ret;

	if (!task)
		return -ESRCH;
	previous = linux_syscall_enter(task);
	ret = file_ioctl(fd, cmd, arg);
	linux_syscall_exit(previous);
	return ret;
}

static int64_t build_sys_mmap(int32_t tid, uint64_t addr, uint64_t length, uint32_t prot,
			      uint32_t flags, int32_t fd, uint64_t offset)
{
	struct task_struct *task = linux_task_find(tid), *previous;
	struct file *file = NULL;
	int64_t ret = -EBADF;

	if (!task)
		return -ESRCH;
	if (!PAGE_ALIGNED(offset))
		return -EINVAL;
	previous = linux_syscall_enter(task);
	if (!(flags & MAP_ANONYMOUS)) {
		file = fget(fd);
		if (!file)
			goto out;
	}
	ret = do_mmap(task->mm, addr, length, prot, flags, file, offset >> PAGE_SHIFT);
	fput(file);
out:
	linux_syscall_exit(previous);
	return ret;
}

static int64_t build_sys_munmap(int32_t tid, uint64_t addr, uint64_t length)
{
	struct task_struct *task = linux_task_find(tid), *previous;
	int64_t ret;

	if (!task)
		return -ESRCH;
	previous = linux_syscall_enter(task);
	ret = do_munmap(task->mm, addr, length);
	linux_syscall_exit(previous);
	return ret;
}

static int64_t build_sys_madvise(int32_t tid, uint64_t addr, uint64_t length, uint32_t advice)
{
	struct task_struct *task = linux_task_find(tid), *previous;
	int64_t ret;

	if (!task)
		return -ESRCH;
	previous = linux_syscall_enter(task);
	ret = do_madvise(task->mm, addr, length, advice);
	linux_syscall_exit(previous);
	return ret;
}

static int64_t build_oom_reap(int32_t tid, uint64_t addr, uint64_t length)
{
	struct task_struct *task = linux_task_find(tid), *previous;
	int64_t ret;

	if (!task)
		return -ESRCH;
	previous = linux_syscall_enter(task);
	ret = mm_oom_reap(task->mm, addr, length);
	linux_syscall_exit(previous);
	return ret;
}

static int64_t build_memory_failure(int32_t tid, int32_t fd, uint64_t offset, uint64_t length)
{
	struct task_struct *task = linux_task_find(tid), *previous;
	struct file *file;
	int64_t ret = -EBADF;

	if (!task)
		return -ESRCH;
	previous = linux_syscall_enter(task);
	file = fget(fd);
	if (file) {
		ret = kvm_gmem_memory_failure(file, (loff_t)offset, (loff_t)length);
		fput(file);
	}
	linux_syscall_exit(previous);
	return ret;
}

static int64_t build_sys_fallocate(int32_t tid, int32_t fd, uint32_t mode, uint64_t offset,
				   uint64_t length)
{
	struct task_struct *task = linux_task_find(tid), *previous;
	struct file *file;
	int64_t ret = -EBADF;

	if (!task)
		return -ESRCH;
	previous = linux_syscall_enter(task);
	file = fget(fd);
	if (file) {
		ret = vfs_fallocate(file, (int)mode, (loff_t)offset, (loff_t)length);
		fput(file);
	}
	linux_syscall_exit(previous);
	return ret;
}

/* -- what the program itself does -- */

static int64_t user_access(int32_t tid, uint64_t addr, void *buffer, uint64_t size, bool write)
{
	struct task_struct *task = linux_task_find(tid), *previous;
	unsigned long done;

	if (!task)
		return -ESRCH;
	previous = linux_syscall_enter(task);
	done = mm_access(task->mm, addr, buffer, size, write);
	linux_syscall_exit(previous);
	return done || !size ? (int64_t)done : -EFAULT;
}

static int64_t build_user_read(int32_t tid, uint64_t addr, void *buffer, uint64_t size)
{
	return user_access(tid, addr, buffer, size, false);
}

static int64_t build_user_write(int32_t tid, uint64_t addr, const void *buffer, uint64_t size)
{
	return user_access(tid, addr, (void *)buffer, size, true);
}

/* -- inspection -- */

static void build_inspect(struct kvm_inspect *out)
{
	memset(out, 0, sizeof(*out));
	linux_inspect(out);
	out->files = nr_files();
	out->vms = kvm_nr_vms();
}

static uint64_t build_lock_hold(const char *name, bool write)
{
	return linux_lock_hold(name, write);
}

static int build_inspect_vm(int32_t tid, int32_t fd, struct kvm_inspect_vm *out)
{
	struct task_struct *task = linux_task_find(tid);
	struct file *file = task ? files_lookup(task->files, fd) : NULL;
	const struct kvm *kvm;

	if (file && file->f_kind == FILE_VM)
		kvm = file->private_data;
	else if (file && file->f_kind == FILE_VCPU)
		kvm = ((const struct kvm_vcpu *)file->private_data)->kvm;
	else
		return -EBADF;
	*out = (struct kvm_inspect_vm){
		.is_realm = kvm->arch.is_realm,
		.rd = kvm->arch.realm.rd ? virt_to_phys(kvm->arch.realm.rd) : 0,
		.realm_state = (uint32_t)kvm->arch.realm.state,
		.ipa_bits = (uint32_t)VTCR_EL2_IPA(kvm->arch.mmu.vtcr),
		.mmu_invalidate_seq = kvm->mmu_invalidate_seq,
	};
	return 0;
}

/*
 * Where a coverage runtime is linked in, its counters are written out, since children end without
 * exit().
 */
void __gcov_dump(void) __attribute__((weak));
void __gcov_reset(void) __attribute__((weak));
int __llvm_profile_write_file(void) __attribute__((weak));

static void build_coverage_flush(void)
{
	if (__gcov_dump && __gcov_reset) {
		__gcov_dump();
		__gcov_reset();
	}
	if (__llvm_profile_write_file)
		(void)__llvm_profile_write_file();
}

extern const struct kvm_build kvm_build;

const struct kvm_build kvm_build __attribute__((visibility("default"))) = {
	.info =
		{
			.abi_version = SIM_PORT_ABI,
			.page_size = PAGE_SIZE,
			.uapi_era = BUILD_ERA,
			.sanitizers = (LINUX_ASAN ? KVM_BUILD_ASAN : 0) | BUILD_UBSAN,
			.series = BUILD_SERIES,
			.compiler = BUILD_COMPILER,
		},
	.boot = build_boot,
	.shutdown = build_shutdown,
	.process_create = build_process_create,
	.thread_create = build_thread_create,
	.process_exit = build_process_exit,
	.signal_set = build_signal_set,
	.sys_open = build_sys_open,
	.sys_close = build_sys_close,
	.sys_ioctl = build_sys_ioctl,
	.sys_mmap = build_sys_mmap,
	.sys_munmap = build_sys_munmap,
	.sys_madvise = build_sys_madvise,
	.oom_reap = build_oom_reap,
	.memory_failure = build_memory_failure,
	.sys_fallocate = build_sys_fallocate,
	.user_read = build_user_read,
	.user_write = build_user_write,
	.inspect = build_inspect,
	.inspect_vm = build_inspect_vm,
	.site_name = linux_site_name,
	.lock_hold = build_lock_hold,
	.coverage_flush = build_coverage_flush,
};

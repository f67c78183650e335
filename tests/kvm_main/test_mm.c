/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address spaces and files of a VMM process. Expected: what mmap(2), munmap(2), madvise(2) promise
 * on arm64.
 */
#include "vmm.h"

#include <stdlib.h>

#define TASK_SIZE (1ull << 48)

static void fill(struct vmm *vmm, uint64_t addr, uint64_t pages, uint8_t first)
{
	uint64_t i;

	for (i = 0; i < pages; i++)
		ck_assert_int_eq(vmm_put(vmm, addr + i * vmm->page + 7, (uint8_t)(first + i)), 0);
}

START_TEST(anonymous_is_zero_until_written)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint64_t user_pages = vmm_inspect(vmm).user_pages;
	uint64_t addr = vmm_map(vmm, 4 * vmm->page, MAP_PRIVATE_);
	uint8_t bytes[64];

	memset(bytes, 0xff, sizeof(bytes));
	ck_assert_int_eq(vmm->kvm->user_read(vmm->tid, addr + vmm->page - 32, bytes, 64), 64);
	ck_assert_int_eq(bytes[0] | bytes[63], 0);
	/* A read makes no page, a write makes the one that it touches. */
	ck_assert_uint_eq(vmm_inspect(vmm).user_pages, user_pages);
	ck_assert_int_eq(vmm_put(vmm, addr + 2 * vmm->page, 5), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).user_pages, user_pages + 1);
	ck_assert_int_eq(vmm_get(vmm, addr + 2 * vmm->page), 5);
	ck_assert_int_eq(vmm_get(vmm, addr + 3 * vmm->page), 0);
	vmm_stop(vmm);
}
END_TEST

START_TEST(reused_memory_is_zero)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	uint64_t addr = vmm_map(vmm, 8 * vmm->page, MAP_PRIVATE_);
	uint64_t i;

	fill(vmm, addr, 8, 1);
	ck_assert_int_eq(vmm_munmap(vmm, addr, 8 * vmm->page), 0);
	addr = vmm_map(vmm, 8 * vmm->page, MAP_PRIVATE_);
	for (i = 0; i < 8; i++) {
		/* The write gets a frame that had content. */
		ck_assert_int_eq(vmm_put(vmm, addr + i * vmm->page, 0xee), 0);
		ck_assert_int_eq(vmm_get(vmm, addr + i * vmm->page + 7), 0);
	}
	vmm_stop(vmm);
}
END_TEST

START_TEST(fixed_replaces)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	uint64_t addr = vmm_map(vmm, 6 * vmm->page, MAP_PRIVATE_);
	const uint64_t at = addr + 2 * vmm->page;

	fill(vmm, addr, 6, 1);
	ck_assert_int_eq(vmm_mmap(vmm, at, 2 * vmm->page, PROT_RW_,
				  MAP_PRIVATE_ | MAP_ANON_ | MAP_FIXED_, -1, 0),
			 (int64_t)at);
	ck_assert_int_eq(vmm_get(vmm, addr + vmm->page + 7), 2);
	ck_assert_int_eq(vmm_get(vmm, at + 7), 0);
	ck_assert_int_eq(vmm_get(vmm, at + vmm->page + 7), 0);
	ck_assert_int_eq(vmm_get(vmm, at + 2 * vmm->page + 7), 5);
	ck_assert_int_eq(vmm_mmap(vmm, at, vmm->page, PROT_RW_,
				  MAP_PRIVATE_ | MAP_ANON_ | MAP_NOREPLACE_, -1, 0),
			 -EEXIST);
	vmm_stop(vmm);
}
END_TEST

START_TEST(munmap_splits)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint64_t user_pages = vmm_inspect(vmm).user_pages;
	uint32_t flags = _i & 1 ? MAP_SHARED_ : MAP_PRIVATE_;
	uint64_t addr = vmm_map(vmm, 5 * vmm->page, flags);
	uint8_t bytes[16] = {0};

	fill(vmm, addr, 5, 1);
	ck_assert_int_eq(vmm_munmap(vmm, addr + 2 * vmm->page, vmm->page), 0);
	ck_assert_int_eq(vmm_get(vmm, addr + vmm->page + 7), 2);
	ck_assert_int_eq(vmm_get(vmm, addr + 2 * vmm->page), -EFAULT);
	ck_assert_int_eq(vmm_get(vmm, addr + 3 * vmm->page - 1), -EFAULT);
	ck_assert_int_eq(vmm_get(vmm, addr + 3 * vmm->page + 7), 4);
	/* An access that runs into the hole stops there. */
	ck_assert_int_eq(vmm->kvm->user_write(vmm->tid, addr + 2 * vmm->page - 6, bytes, 16), 6);
	ck_assert_int_eq(vmm->kvm->user_read(vmm->tid, addr + 2 * vmm->page, bytes, 16), -EFAULT);
	/* A second time, over the edges of the hole too. */
	ck_assert_int_eq(vmm_munmap(vmm, addr + vmm->page, 3 * vmm->page), 0);
	ck_assert_int_eq(vmm_get(vmm, addr + 7), 1);
	ck_assert_int_eq(vmm_get(vmm, addr + 4 * vmm->page + 7), 5);
	ck_assert_int_eq(vmm_get(vmm, addr + 3 * vmm->page + 7), -EFAULT);
	ck_assert_int_eq(vmm_munmap(vmm, addr, 5 * vmm->page), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).user_pages, user_pages);
	vmm_stop(vmm);
}
END_TEST

/* A VMM that gives pages away and takes them back one by one ends up with one mapping again. */
START_TEST(neighbours_join)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	uint64_t addr = vmm_map(vmm, 32 * vmm->page, MAP_PRIVATE_);
	uint64_t objects = vmm_inspect(vmm).slab_objects, i, at;

	for (i = 0; i < 32; i++) {
		at = addr + (i * 7 % 32) * vmm->page;
		ck_assert_int_eq(vmm_munmap(vmm, at, vmm->page), 0);
	}
	ck_assert_int_eq(vmm_get(vmm, addr), -EFAULT);
	for (i = 0; i < 32; i++) {
		at = addr + (i * 11 % 32) * vmm->page;
		ck_assert_int_eq(vmm_mmap(vmm, at, vmm->page, PROT_RW_,
					  MAP_PRIVATE_ | MAP_ANON_ | MAP_FIXED_, -1, 0),
				 (int64_t)at);
	}
	ck_assert_uint_eq(vmm_inspect(vmm).slab_objects, objects);
	fill(vmm, addr, 32, 1);
	vmm_stop(vmm);
}
END_TEST

START_TEST(dontneed_and_remove)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	uint64_t private = vmm_map(vmm, 4 * vmm->page, MAP_PRIVATE_);
	uint64_t shared = vmm_map(vmm, 4 * vmm->page, MAP_SHARED_);
	uint64_t user_pages;

	fill(vmm, private, 4, 1);
	fill(vmm, shared, 4, 1);
	user_pages = vmm_inspect(vmm).user_pages;
	/* Private memory is given back, and zero when it is next seen. */
	ck_assert_int_eq(vmm_madvise(vmm, private + vmm->page, 2 * vmm->page, MADV_DONTNEED_), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).user_pages, user_pages - 2);
	ck_assert_int_eq(vmm_get(vmm, private + 7), 1);
	ck_assert_int_eq(vmm_get(vmm, private + vmm->page + 7), 0);
	ck_assert_int_eq(vmm_get(vmm, private + 2 * vmm->page + 7), 0);
	ck_assert_int_eq(vmm_get(vmm, private + 3 * vmm->page + 7), 4);
	/* Shared memory stays behind the mapping, until it is removed there. */
	ck_assert_int_eq(vmm_madvise(vmm, shared, 4 * vmm->page, MADV_DONTNEED_), 0);
	ck_assert_int_eq(vmm_get(vmm, shared + vmm->page + 7), 2);
	ck_assert_int_eq(vmm_madvise(vmm, shared + vmm->page, vmm->page, MADV_REMOVE_), 0);
	ck_assert_uint_eq(vmm_inspect(vmm).user_pages, user_pages - 3);
	ck_assert_int_eq(vmm_get(vmm, shared + 7), 1);
	ck_assert_int_eq(vmm_get(vmm, shared + vmm->page + 7), 0);
	ck_assert_int_eq(vmm_get(vmm, shared + 2 * vmm->page + 7), 3);
	ck_assert_int_eq(vmm_madvise(vmm, private, vmm->page, MADV_REMOVE_), -EINVAL);
	vmm_stop(vmm);
}
END_TEST

START_TEST(madvise_errors)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	uint64_t addr = vmm_map(vmm, 4 * vmm->page, MAP_PRIVATE_);

	fill(vmm, addr, 4, 1);
	ck_assert_int_eq(vmm_madvise(vmm, addr + 1, vmm->page, MADV_DONTNEED_), -EINVAL);
	ck_assert_int_eq(vmm_madvise(vmm, addr, vmm->page, 1000), -EINVAL);
	ck_assert_int_eq(vmm_madvise(vmm, addr, ~0ull, MADV_DONTNEED_), -EINVAL);
	ck_assert_int_eq(vmm_madvise(vmm, addr, 0, MADV_DONTNEED_), 0);
	ck_assert_int_eq(vmm_madvise(vmm, addr, 4 * vmm->page, MADV_WILLNEED_), 0);
	ck_assert_int_eq(vmm_get(vmm, addr + 7), 1);
	/* Holes are reported, and what is mapped is done all the same. */
	ck_assert_int_eq(vmm_munmap(vmm, addr + vmm->page, vmm->page), 0);
	ck_assert_int_eq(vmm_madvise(vmm, addr, 4 * vmm->page, MADV_DONTNEED_), -ENOMEM);
	ck_assert_int_eq(vmm_get(vmm, addr + 7), 0);
	ck_assert_int_eq(vmm_get(vmm, addr + 3 * vmm->page + 7), 0);
	ck_assert_int_eq(
		vmm_madvise(vmm, addr + 2 * vmm->page, 2 * vmm->page, MADV_POPULATE_WRITE_), 0);
	vmm_stop(vmm);
}
END_TEST

START_TEST(protection)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	int64_t ro = vmm_mmap(vmm, 0, vmm->page, PROT_READ_, MAP_PRIVATE_ | MAP_ANON_, -1, 0);
	int64_t none = vmm_mmap(vmm, 0, vmm->page, PROT_NONE_, MAP_PRIVATE_ | MAP_ANON_, -1, 0);
	struct kvm_create_guest_memfd create = {.size = vmm->page};
	int64_t vm = vmm_create_realm_vm(vmm);

	ck_assert_int_eq(vmm_get(vmm, (uint64_t)ro), 0);
	ck_assert_int_eq(vmm_put(vmm, (uint64_t)ro, 1), -EFAULT);
	ck_assert_int_eq(vmm_get(vmm, (uint64_t)none), -EFAULT);
	ck_assert_int_eq(vmm_put(vmm, (uint64_t)none, 1), -EFAULT);
	/* The kernel is bound by it as well: KVM_ARM_PREFERRED_TARGET writes to user memory. */
	ck_assert_int_eq(vmm_ioctl(vmm, vm, KVM_ARM_PREFERRED_TARGET, (uint64_t)ro), -EFAULT);
	ck_assert_int_ge(vmm_ioctl_struct(vmm, vm, KVM_CREATE_GUEST_MEMFD, &create, sizeof(create)),
			 0);
	vmm_stop(vmm);
}
END_TEST

START_TEST(mmap_errors)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	const uint32_t anon = MAP_PRIVATE_ | MAP_ANON_;
	const uint64_t page = vmm->page;
	int64_t vm = vmm_create_realm_vm(vmm);
	int64_t gmem = vmm_gmem(vmm, vm, page);
	const uint64_t low = 0x40000000;
	uint8_t bytes[8];

	ck_assert_int_eq(vmm_mmap(vmm, 0, 0, PROT_RW_, anon, -1, 0), -EINVAL);
	ck_assert_int_eq(vmm_mmap(vmm, 0, page, PROT_RW_, MAP_ANON_, -1, 0), -EINVAL);
	ck_assert_int_eq(vmm_mmap(vmm, 0, ~0ull, PROT_RW_, anon, -1, 0), -ENOMEM);
	ck_assert_int_eq(vmm_mmap(vmm, 0, TASK_SIZE + page, PROT_RW_, anon, -1, 0), -ENOMEM);
	ck_assert_int_eq(vmm_mmap(vmm, low + 1, page, PROT_RW_, anon | MAP_FIXED_, -1, 0), -EINVAL);
	ck_assert_int_eq(vmm_mmap(vmm, TASK_SIZE, page, PROT_RW_, anon | MAP_FIXED_, -1, 0),
			 -ENOMEM);
	ck_assert_int_eq(vmm_mmap(vmm, 0, page, PROT_RW_, anon | MAP_FIXED_, -1, 0), -EPERM);
	ck_assert_int_eq(vmm_mmap(vmm, 0, page, PROT_RW_, MAP_SHARED_, 99, 0), -EBADF);
	ck_assert_int_eq(vmm_mmap(vmm, 0, page, PROT_RW_, MAP_SHARED_, -1, 0), -EBADF);
	ck_assert_int_eq(vmm_mmap(vmm, 0, page, PROT_RW_, MAP_SHARED_, vm, 12), -EINVAL);
	/* Neither a VM nor, in this era, a guest_memfd can be mapped. */
	ck_assert_int_eq(vmm_mmap(vmm, 0, page, PROT_RW_, MAP_SHARED_, vm, 0), -ENODEV);
	ck_assert_int_eq(vmm_mmap(vmm, 0, page, PROT_RW_, MAP_SHARED_, gmem, 0), -ENODEV);
	/* A hint that is free is taken; one that is not, is not. */
	ck_assert_int_eq(vmm_mmap(vmm, low, page, PROT_RW_, anon, -1, 0), (int64_t)low);
	ck_assert_int_ne(vmm_mmap(vmm, low, page, PROT_RW_, anon, -1, 0), (int64_t)low);
	ck_assert_int_eq(vmm_put(vmm, low, 1), 0);
	/* The last page of user memory is one. */
	ck_assert_int_eq(vmm_mmap(vmm, TASK_SIZE - page, page, PROT_RW_, anon | MAP_FIXED_, -1, 0),
			 (int64_t)(TASK_SIZE - page));
	ck_assert_int_eq(vmm_put(vmm, TASK_SIZE - 1, 1), 0);
	ck_assert_int_eq(vmm_get(vmm, TASK_SIZE), -EFAULT);
	ck_assert_int_eq(vmm_get(vmm, ~0ull), -EFAULT);
	ck_assert_int_eq(vmm->kvm->user_read(vmm->tid, TASK_SIZE - 1, bytes, 8), 1);
	ck_assert_int_eq(vmm->kvm->user_read(vmm->tid, -4ull, bytes, 8), -EFAULT);

	ck_assert_int_eq(vmm_munmap(vmm, low + 1, page), -EINVAL);
	ck_assert_int_eq(vmm_munmap(vmm, low, 0), -EINVAL);
	ck_assert_int_eq(vmm_munmap(vmm, TASK_SIZE, page), -EINVAL);
	ck_assert_int_eq(vmm_munmap(vmm, low, TASK_SIZE), -EINVAL);
	ck_assert_int_eq(vmm_munmap(vmm, 0x10000000, page), 0);
	vmm_stop(vmm);
}
END_TEST

START_TEST(memory_runs_out)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	uint64_t addr = vmm_map(vmm, 2 * vmm->page, MAP_PRIVATE_);
	uint64_t nth, objects;
	int64_t ret;

	vmm_fail(vmm, PORT_FAULT_USER_PAGE, 1);
	ck_assert_int_eq(vmm_put(vmm, addr, 3), -EFAULT);
	ck_assert_int_eq(vmm_put(vmm, addr, 3), 0);
	ck_assert_int_eq(vmm_get(vmm, addr), 3);
	/* mmap() over it: whichever allocation fails, what was mapped stays. */
	for (nth = 1;; nth++) {
		vmm_fail(vmm, PORT_FAULT_KMALLOC, nth);
		ret = vmm_mmap(vmm, addr, vmm->page, PROT_RW_, MAP_SHARED_ | MAP_ANON_ | MAP_FIXED_,
			       -1, 0);
		if (!vmm_failed(vmm))
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_int_eq(vmm_get(vmm, addr), 3);
	}
	ck_assert_uint_gt(nth, 1);
	ck_assert_int_eq(ret, (int64_t)addr);
	ck_assert_int_eq(vmm_get(vmm, addr), 0);
	for (nth = 1;; nth++) {
		vmm_fail(vmm, PORT_FAULT_KMALLOC, nth);
		ret = vmm_munmap(vmm, addr, vmm->page);
		if (!vmm_failed(vmm))
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_int_eq(vmm_get(vmm, addr), 0);
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_int_eq(vmm_get(vmm, addr), -EFAULT);
	/* A process that cannot be made leaves nothing behind. */
	objects = vmm_inspect(vmm).slab_objects;
	for (nth = 1;; nth++) {
		vmm_fail(vmm, PORT_FAULT_KMALLOC, nth);
		ret = vmm->kvm->process_create();
		if (!vmm_failed(vmm))
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_uint_eq(vmm_inspect(vmm).slab_objects, objects);
	}
	ck_assert_uint_ge(nth, 4);
	ck_assert_int_gt(ret, vmm->tid);
	vmm->kvm->process_exit((int32_t)ret);
	ck_assert_uint_eq(vmm_inspect(vmm).slab_objects, objects);
	vmm_stop(vmm);
}
END_TEST

START_TEST(descriptors)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	int64_t fds[40];
	size_t i;

	ck_assert_int_eq(vmm->kvm->sys_open(vmm->tid, "/dev/null"), -ENOENT);
	ck_assert_int_eq(vmm->kvm->sys_open(vmm->tid + 100, "/dev/kvm"), -ESRCH);
	for (i = 0; i < 40; i++) {
		fds[i] = vmm->kvm->sys_open(vmm->tid, "/dev/kvm");
		/* The lowest that is free. */
		ck_assert_int_eq(fds[i], fds[0] + (int64_t)i);
	}
	ck_assert_uint_eq(vmm_inspect(vmm).files, 40);
	ck_assert_int_eq(vmm_close(vmm, fds[7]), 0);
	ck_assert_int_eq(vmm_close(vmm, fds[3]), 0);
	ck_assert_int_eq(vmm_close(vmm, fds[3]), -EBADF);
	ck_assert_int_eq(vmm_close(vmm, -1), -EBADF);
	ck_assert_int_eq(vmm_close(vmm, 1 << 20), -EBADF);
	ck_assert_int_eq(vmm_ioctl(vmm, fds[3], KVM_GET_API_VERSION, 0), -EBADF);
	ck_assert_int_eq(vmm->kvm->sys_open(vmm->tid, "/dev/kvm"), fds[3]);
	ck_assert_int_eq(vmm->kvm->sys_open(vmm->tid, "/dev/kvm"), fds[7]);
	ck_assert_int_eq(vmm->kvm->sys_fallocate(vmm->tid, (int32_t)fds[0], 0, 0, 4096), -ENODEV);
	ck_assert_int_eq(vmm->kvm->sys_fallocate(vmm->tid, 999, 0, 0, 4096), -EBADF);
	vmm_stop(vmm);
}
END_TEST

START_TEST(processes_are_apart)
{
	struct vmm *vmm = vmm_start(_i, NULL);
	uint64_t addr = vmm_map(vmm, vmm->page, MAP_PRIVATE_);
	int64_t vm = vmm_create_realm_vm(vmm);
	int64_t thread = vmm->kvm->thread_create(vmm->tid);
	int64_t other = vmm->kvm->process_create();
	uint8_t byte = 0;

	ck_assert_int_eq(vmm_put(vmm, addr, 9), 0);
	/* A thread shares everything, a process nothing. */
	ck_assert_int_eq(vmm->kvm->user_read((int32_t)thread, addr, &byte, 1), 1);
	ck_assert_int_eq(byte, 9);
	ck_assert_int_ge(vmm->kvm->sys_ioctl((int32_t)thread, (int32_t)vm, KVM_CREATE_VCPU, 0), 0);
	ck_assert_int_eq(vmm->kvm->user_read((int32_t)other, addr, &byte, 1), -EFAULT);
	ck_assert_int_eq(vmm->kvm->sys_ioctl((int32_t)other, (int32_t)vm, KVM_CREATE_VCPU, 1),
			 -EBADF);
	/* Exit ends all threads of the process and no others. */
	vmm->kvm->process_exit((int32_t)thread);
	ck_assert_int_eq(vmm->kvm->user_read(vmm->tid, addr, &byte, 1), -ESRCH);
	ck_assert_int_eq(vmm->kvm->sys_open((int32_t)other, "/dev/kvm"), 3);
	vmm->kvm->process_exit((int32_t)other);
	vmm_stop_checks(vmm);
}
END_TEST

/*
 * Random calls on a small part of the address space, against a model that is an array: for each
 * page whether it is mapped, of which kind, and what its byte is.
 */
#define MODEL_PAGES 48

enum { KIND_NONE, KIND_PRIVATE, KIND_SHARED };
struct model {
	uint8_t kind[MODEL_PAGES];
	uint8_t byte[MODEL_PAGES];
};

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void model_op(struct vmm *vmm, struct model *model, uint64_t base, uint64_t *seed)
{
	const unsigned int first = random_next(seed) % MODEL_PAGES;
	const unsigned int count = 1 + random_next(seed) % (MODEL_PAGES - first);
	const unsigned int op = random_next(seed) % 8;
	const uint64_t addr = base + first * vmm->page;
	const uint64_t size = count * vmm->page;
	bool hole = false, private = false;
	unsigned int i;
	int64_t ret;

	switch (op) {
	case 0:
	case 1:
		ret = vmm_mmap(vmm, addr, size, PROT_RW_,
			       (op ? MAP_SHARED_ : MAP_PRIVATE_) | MAP_ANON_ | MAP_FIXED_, -1, 0);
		ck_assert_int_eq(ret, (int64_t)addr);
		for (i = first; i < first + count; i++) {
			model->kind[i] = op ? KIND_SHARED : KIND_PRIVATE;
			model->byte[i] = 0;
		}
		break;
	case 2:
		ck_assert_int_eq(vmm_munmap(vmm, addr, size), 0);
		memset(model->kind + first, KIND_NONE, count);
		break;
	case 3:
	case 4:
		for (i = first; i < first + count; i++) {
			hole |= model->kind[i] == KIND_NONE;
			private |= model->kind[i] == KIND_PRIVATE;
		}
		ret = vmm_madvise(vmm, addr, size, op == 3 ? MADV_DONTNEED_ : MADV_REMOVE_);
		if (op == 4 && private) {
			ck_assert_int_eq(ret, -EINVAL);
			/* It stopped at the first private mapping. */
			for (i = first; model->kind[i] != KIND_PRIVATE; i++)
				model->byte[i] = 0;
			break;
		}
		ck_assert_int_eq(ret, hole ? -ENOMEM : 0);
		for (i = first; i < first + count; i++) {
			if (op == 4 || model->kind[i] == KIND_PRIVATE)
				model->byte[i] = 0;
		}
		break;
	default:
		i = first;
		ret = vmm_put(vmm, addr + 5, (uint8_t)op);
		ck_assert_int_eq(ret, model->kind[i] == KIND_NONE ? -EFAULT : 0);
		model->byte[i] = (uint8_t)op;
		break;
	}
}

START_TEST(random_against_model)
{
	struct vmm *vmm = vmm_start(_i % NUM_PAGE_SIZES, NULL);
	const uint64_t base = 0x200000000;
	uint64_t seed = 0x9e3779b97f4a7c15ull * (uint64_t)(_i + 1);
	struct model model;
	unsigned int round, i;

	memset(&model, 0, sizeof(model));
	for (round = 0; round < 400; round++) {
		model_op(vmm, &model, base, &seed);
		for (i = 0; i < MODEL_PAGES; i++)
			ck_assert_int_eq(vmm_get(vmm, base + i * vmm->page + 5),
					 model.kind[i] == KIND_NONE ? -EFAULT : model.byte[i]);
	}
	vmm_stop(vmm);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(all, anonymous_is_zero_until_written, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, reused_memory_is_zero, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, fixed_replaces, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, munmap_splits, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, neighbours_join, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, dontneed_and_remove, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, madvise_errors, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, protection, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, mmap_errors, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, memory_runs_out, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, descriptors, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, processes_are_apart, 0, NUM_PAGE_SIZES);
	tcase_add_loop_test(all, random_against_model, 0, 12);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

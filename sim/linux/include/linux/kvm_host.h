/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kvm_host.h - struct kvm, struct kvm_vcpu, memslots and what KVM's generic half offers to the
 * arm64 half.
 */
#ifndef LINUX_KVM_HOST_H
#define LINUX_KVM_HOST_H

#include <linux/align.h>
#include <linux/arm-smccc.h>
#include <linux/atomic.h>
#include <linux/bitfield.h>
#include <linux/bitmap.h>
#include <linux/bug.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/kvm_types.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rwlock.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>
#include <uapi/linux/kvm.h>

#include <asm/esr.h>
#include <asm/fpsimd.h>
#include <asm/kvm_host.h>
#include <asm/virt.h>

struct file;

/* Frame numbers that stand for errors. */
#define KVM_PFN_ERR_MASK       (0x7ffULL << 52)
#define KVM_PFN_ERR_NOSLOT_MASK (0xfffULL << 52)
#define KVM_PFN_NOSLOT         (0x1ULL << 63)
#define KVM_PFN_ERR_FAULT      (KVM_PFN_ERR_MASK)
#define KVM_PFN_ERR_HWPOISON   (KVM_PFN_ERR_MASK + 1)
#define KVM_PFN_ERR_RO_FAULT   (KVM_PFN_ERR_MASK + 2)
#define KVM_PFN_ERR_SIGPENDING (KVM_PFN_ERR_MASK + 3)
#define KVM_HVA_ERR_BAD        (~0UL)
#define KVM_HVA_ERR_RO_BAD     (~0UL - 1)

static inline bool is_error_pfn(kvm_pfn_t pfn)
{
	return !!(pfn & KVM_PFN_ERR_MASK);
}

static inline bool is_error_noslot_pfn(kvm_pfn_t pfn)
{
	return !!(pfn & KVM_PFN_ERR_NOSLOT_MASK);
}

static inline bool is_noslot_pfn(kvm_pfn_t pfn)
{
	return pfn == KVM_PFN_NOSLOT;
}

static inline bool kvm_is_error_hva(unsigned long addr)
{
	return addr >= KVM_HVA_ERR_RO_BAD;
}

static inline gpa_t gfn_to_gpa(gfn_t gfn)
{
	return (gpa_t)gfn << PAGE_SHIFT;
}

static inline gfn_t gpa_to_gfn(gpa_t gpa)
{
	return (gfn_t)(gpa >> PAGE_SHIFT);
}

static inline hpa_t pfn_to_hpa(kvm_pfn_t pfn)
{
	return (hpa_t)pfn << PAGE_SHIFT;
}

/* -- memslots -- */

#define KVM_MEMSLOT_INVALID (1UL << 16)

struct kvm_memory_slot {
	gfn_t base_gfn;
	unsigned long npages;
	unsigned long userspace_addr;
	u32 flags;
	u16 id;
	u16 as_id;
	struct {
		struct file *file; /* NULL: no guest_memfd */
		pgoff_t pgoff;
	} gmem;
};

/* All slots of a VM, replaced as a whole when one changes. */
struct kvm_memslots {
	u64 generation;
	int used;                        /* slots in by_gfn */
	struct kvm_memory_slot *by_gfn[]; /* in order of base_gfn */
};

/* kvm_for_each_memslot - in order of base_gfn; bkt is an int of the caller's. */
#define kvm_for_each_memslot(slot, bkt, slots)                                                     \
	for ((bkt) = 0; (bkt) < (slots)->used && ((slot) = (slots)->by_gfn[(bkt)], true); (bkt)++)

static inline bool kvm_slot_has_gmem(const struct kvm_memory_slot *slot)
{
	return slot && (slot->flags & KVM_MEM_GUEST_MEMFD);
}

static inline bool kvm_slot_can_be_private(const struct kvm_memory_slot *slot)
{
	return kvm_slot_has_gmem(slot);
}

/* -- invalidations -- */

enum kvm_gfn_range_filter {
	KVM_FILTER_SHARED = 1 << 0,
	KVM_FILTER_PRIVATE = 1 << 1,
};

union kvm_mmu_notifier_arg {
	unsigned long attributes;
};

struct kvm_gfn_range {
	struct kvm_memory_slot *slot;
	gfn_t start;
	gfn_t end;
	union kvm_mmu_notifier_arg arg;
	enum kvm_gfn_range_filter attr_filter;
	bool may_block;
	bool lockless;
};

/* -- VMs and vCPUs -- */

struct kvm {
	rwlock_t mmu_lock;
	struct mutex lock;
	struct mutex slots_lock;
	struct mutex slots_arch_lock;
	struct srcu_struct srcu;
	struct srcu_struct irq_srcu;
	struct mm_struct *mm;
	struct kvm_memslots *memslots; /* read under srcu or slots_lock */
	struct xarray vcpu_array;
	atomic_t online_vcpus;
	int max_vcpus;
	int created_vcpus;
	refcount_t users_count;
	struct list_head vm_list;
	struct list_head gmem_list;
	struct list_head devices;
	spinlock_t mn_invalidate_lock;
	unsigned long mn_active_invalidate_count;
	unsigned long mmu_invalidate_seq;
	long mmu_invalidate_in_progress;
	gfn_t mmu_invalidate_range_start;
	gfn_t mmu_invalidate_range_end;
	struct xarray mem_attr_array; /* by gfn: xa_mk_value(attributes) */
	struct mmu_notifier mmu_notifier;
	bool vm_bugged;
	bool vm_dead;
	struct kvm_arch arch;
	struct kvm_vm_stat stat;
};

struct kvm_vcpu {
	struct kvm *kvm;
	int vcpu_id;
	int vcpu_idx;
	struct mutex mutex;
	struct kvm_run *run;
	pid_t pid; /* of the thread that ran it last */
	u64 requests;    /* bit of each KVM_REQ_* */
	bool wants_to_run; /* this KVM_RUN was not asked to leave at once */
	bool mmio_needed;
	bool mmio_read_completed;
	bool mmio_is_write;
	struct kvm_vcpu_stat stat;
	struct kvm_vcpu_arch arch;
};

#define KVM_REQ_VM_DEAD    1
#define KVM_REQ_SLEEP      8  /* it is powered off: wait until that changes */
#define KVM_REQ_VCPU_RESET 10 /* PSCI turned it on: take over the reset state */

static inline void kvm_make_request(int req, struct kvm_vcpu *vcpu)
{
	vcpu->requests |= BIT_ULL(req);
}

/* kvm_check_request - whether it was made; it is not any more. */
static inline bool kvm_check_request(int req, struct kvm_vcpu *vcpu)
{
	bool made = vcpu->requests & BIT_ULL(req);

	vcpu->requests &= ~BIT_ULL(req);
	return made;
}

static inline bool vcpu_has_run_once(const struct kvm_vcpu *vcpu)
{
	return vcpu->pid != 0;
}

static inline void kvm_vm_dead(struct kvm *kvm)
{
	kvm->vm_dead = true;
}

static inline void kvm_vm_bugged(struct kvm *kvm)
{
	kvm->vm_bugged = true;
	kvm_vm_dead(kvm);
}

/* KVM_BUG_ON - report once; the VM cannot be used any more. */
#define KVM_BUG(cond, kvm, fmt...)                                                                 \
	({                                                                                         \
		bool __kvm_bug = !!(cond);                                                         \
		if (WARN_ONCE(__kvm_bug && !(kvm)->vm_bugged, fmt))                                \
			kvm_vm_bugged(kvm);                                                        \
		unlikely(__kvm_bug);                                                               \
	})
#define KVM_BUG_ON(cond, kvm)                                                                      \
	({                                                                                         \
		bool __kvm_bug_on = !!(cond);                                                      \
		if (WARN_ON_ONCE(__kvm_bug_on && !(kvm)->vm_bugged))                               \
			kvm_vm_bugged(kvm);                                                        \
		unlikely(__kvm_bug_on);                                                            \
	})

#define kvm_err(fmt, ...)   pr_err("kvm [%i]: " fmt, task_pid_nr(current), ##__VA_ARGS__)
#define kvm_info(fmt, ...)  pr_info("kvm [%i]: " fmt, task_pid_nr(current), ##__VA_ARGS__)
#define kvm_debug(fmt, ...) pr_debug("kvm [%i]: " fmt, task_pid_nr(current), ##__VA_ARGS__)
#define kvm_pr_unimpl(fmt, ...) pr_err("kvm [%i]: " fmt, task_tgid_nr(current), ##__VA_ARGS__)
#define vcpu_err(vcpu, fmt, ...) kvm_err("vcpu%i " fmt, (vcpu)->vcpu_id, ##__VA_ARGS__)
#define vcpu_debug(vcpu, fmt, ...) kvm_debug("vcpu%i " fmt, (vcpu)->vcpu_id, ##__VA_ARGS__)
#define vcpu_unimpl(vcpu, fmt, ...)                                                                \
	kvm_pr_unimpl("vcpu%i, guest rIP: 0x%llx " fmt, (vcpu)->vcpu_id, *vcpu_pc(vcpu),   \
		      ##__VA_ARGS__)

/* kvm_get_vcpu - the i-th that was created, or NULL. */
static inline struct kvm_vcpu *kvm_get_vcpu(struct kvm *kvm, int i)
{
	if (i < 0 || i >= atomic_read(&kvm->online_vcpus))
		return NULL;
	return (struct kvm_vcpu *)xa_load(&kvm->vcpu_array, (unsigned long)i);
}

/* kvm_for_each_vcpu - in order of creation; idx is an unsigned long of the caller's. */
#define kvm_for_each_vcpu(idx, vcpup, kvm)                                                         \
	for ((idx) = 0; ((vcpup) = kvm_get_vcpu(kvm, (int)(idx))) != NULL; (idx)++)

/* kvm_memslots - the current ones; under srcu or slots_lock. */
static inline struct kvm_memslots *kvm_memslots(struct kvm *kvm)
{
	return kvm->memslots;
}

/* gfn_to_memslot - the slot that holds gfn, or NULL. */
struct kvm_memory_slot *gfn_to_memslot(struct kvm *kvm, gfn_t gfn);
/*
 * gfn_to_hva_memslot - the user address of the shared alias; an error if slot is NULL, on its way
 * out or read-only.
 */
unsigned long gfn_to_hva_memslot(struct kvm_memory_slot *slot, gfn_t gfn);
/*
 * gfn_to_hva_memslot_prot - the same for reading; *writable (may be NULL) says whether it is for
 * writing too.
 */
unsigned long gfn_to_hva_memslot_prot(struct kvm_memory_slot *slot, gfn_t gfn, bool *writable);

static inline bool memslot_is_readonly(const struct kvm_memory_slot *slot)
{
	return slot->flags & KVM_MEM_READONLY;
}

void kvm_get_kvm(struct kvm *kvm);
void kvm_put_kvm(struct kvm *kvm);
struct kvm_vcpu *kvm_get_vcpu_by_id(struct kvm *kvm, int id);

/*
 * An invalidation of [start, end) begins and ends; pages mapped in between are not to stay.
 * mmu_lock is held for write.
 */
void kvm_mmu_invalidate_begin(struct kvm *kvm);
void kvm_mmu_invalidate_range_add(struct kvm *kvm, gfn_t start, gfn_t end);
void kvm_mmu_invalidate_end(struct kvm *kvm);

/* -- memory caches -- */

struct linux_site;

int linux_cache_topup(struct kvm_mmu_memory_cache *mc, int capacity, int min,
		      const struct linux_site *site);
void *linux_cache_alloc(struct kvm_mmu_memory_cache *mc, const struct linux_site *site);
void linux_cache_free(struct kvm_mmu_memory_cache *mc, const struct linux_site *site);

/*
 * kvm_mmu_topup_memory_cache - 0 at once if there are `min` objects; else filled to capacity.
 * -ENOMEM only if `min` was not reached. May sleep.
 */
#define kvm_mmu_topup_memory_cache(mc, min)                                                        \
	linux_cache_topup(mc, KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE, min, LINUX_SITE())
#define __kvm_mmu_topup_memory_cache(mc, capacity, min)                                            \
	linux_cache_topup(mc, capacity, min, LINUX_SITE())
/*
 * kvm_mmu_memory_cache_alloc - one object; WARNs and falls back to an atomic allocation when empty.
 */
#define kvm_mmu_memory_cache_alloc(mc) linux_cache_alloc(mc, LINUX_SITE())
/* kvm_mmu_free_memory_cache - all objects go back. */
#define kvm_mmu_free_memory_cache(mc) linux_cache_free(mc, LINUX_SITE())
int kvm_mmu_memory_cache_nr_free_objects(struct kvm_mmu_memory_cache *mc);

/* -- pages behind guest memory -- */

#if CONFIG_KVM_RME_SERIES <= 5
int kvm_gmem_get_pfn(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn,
		     int *max_order);
#else
int kvm_gmem_get_pfn(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn,
		     struct page **page, int *max_order);
#endif
typedef int (*kvm_gmem_populate_cb)(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn, void __user *src,
				    int order, void *opaque);
long kvm_gmem_populate(struct kvm *kvm, gfn_t start, void __user *src, long npages,
		       kvm_gmem_populate_cb post_populate, void *opaque);

kvm_pfn_t gfn_to_pfn_memslot(const struct kvm_memory_slot *slot, gfn_t gfn);
void kvm_release_pfn_clean(kvm_pfn_t pfn);
kvm_pfn_t __kvm_faultin_pfn(const struct kvm_memory_slot *slot, gfn_t gfn, unsigned int foll,
			    bool *writable, struct page **refcounted_page);
void kvm_release_faultin_page(struct kvm *kvm, struct page *page, bool unused, bool dirty);
void kvm_release_page_clean(struct page *page);
void kvm_release_page_dirty(struct page *page);

/* kvm_account_pgtable_pages - statistics of secondary page tables: `nr` more pages, at `virt`. */
void linux_account_pgtable(void *virt, int nr, const struct linux_site *site);
#define kvm_account_pgtable_pages(virt, nr) linux_account_pgtable(virt, nr, LINUX_SITE())

/* kvm_prepare_memory_fault_exit - fill kvm_run for KVM_EXIT_MEMORY_FAULT. */
static inline void kvm_prepare_memory_fault_exit(struct kvm_vcpu *vcpu, gpa_t gpa, gpa_t size,
						 bool is_write, bool is_exec, bool is_private)
{
	(void)is_write;
	(void)is_exec;
	vcpu->run->exit_reason = KVM_EXIT_MEMORY_FAULT;
	vcpu->run->memory_fault.gpa = gpa;
	vcpu->run->memory_fault.size = size;
	vcpu->run->memory_fault.flags = is_private ? KVM_MEMORY_EXIT_FLAG_PRIVATE : 0;
}

/* kvm_get_memory_attributes - of one gfn. */
static inline unsigned long kvm_get_memory_attributes(struct kvm *kvm, gfn_t gfn)
{
	const unsigned long attributes = xa_to_value(xa_load(&kvm->mem_attr_array, gfn));

	/* Looked up under RCU: nothing keeps them as they are. */
	linux_rcu_point("mem_attr_array");
	return attributes;
}

static inline bool kvm_mem_is_private(struct kvm *kvm, gfn_t gfn)
{
	return kvm_get_memory_attributes(kvm, gfn) & KVM_MEMORY_ATTRIBUTE_PRIVATE;
}

/*
 * mmu_invalidate_retry_gfn - an invalidation ran since `mmu_seq`, or runs and covers gfn. Under
 * mmu_lock.
 */
static inline bool mmu_invalidate_retry_gfn(struct kvm *kvm, unsigned long mmu_seq, gfn_t gfn)
{
	if (kvm->mmu_invalidate_in_progress && gfn >= kvm->mmu_invalidate_range_start &&
	    gfn < kvm->mmu_invalidate_range_end)
		return true;
	return kvm->mmu_invalidate_seq != mmu_seq;
}

static inline bool mmu_invalidate_retry(struct kvm *kvm, unsigned long mmu_seq)
{
	return kvm->mmu_invalidate_in_progress || kvm->mmu_invalidate_seq != mmu_seq;
}

/* -- what arm64 provides to the generic half -- */

#define kvm_arch_has_private_mem(kvm) ((kvm)->arch.is_realm)

int kvm_arm_init(void); /* once: 0 or -errno */
int kvm_arch_init_vm(struct kvm *kvm, unsigned long type);
void kvm_arch_destroy_vm(struct kvm *kvm);
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext);
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap);
long kvm_arch_vm_ioctl(struct kvm *kvm, unsigned int ioctl, unsigned long arg);
int kvm_arch_vcpu_precreate(struct kvm *kvm, unsigned int id);
int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu);
void kvm_arch_vcpu_destroy(struct kvm_vcpu *vcpu);
int kvm_arch_vcpu_run_pid_change(struct kvm_vcpu *vcpu);
int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu);
long kvm_arch_vcpu_ioctl(struct kvm_vcpu *vcpu, unsigned int ioctl, unsigned long arg);
void kvm_destroy_vcpus(struct kvm *kvm);
int kvm_arch_prepare_memory_region(struct kvm *kvm, const struct kvm_memory_slot *old,
				   struct kvm_memory_slot *new, enum kvm_mr_change change);
/* kvm_arch_commit_memory_region - `new` (NULL: none) has taken the place of `old` (NULL: none). */
void kvm_arch_commit_memory_region(struct kvm *kvm, const struct kvm_memory_slot *old,
				   struct kvm_memory_slot *new);
void kvm_arch_flush_shadow_all(struct kvm *kvm);
void kvm_arch_flush_shadow_memslot(struct kvm *kvm, struct kvm_memory_slot *slot);
bool kvm_unmap_gfn_range(struct kvm *kvm, struct kvm_gfn_range *range);
bool kvm_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range);
bool kvm_test_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range);
bool kvm_arch_pre_set_memory_attributes(struct kvm *kvm, struct kvm_gfn_range *range);
bool kvm_arch_post_set_memory_attributes(struct kvm *kvm, struct kvm_gfn_range *range);

/* -- exits that KVM handles; as kvm_smccc_call_handler() -- */

int kvm_handle_sys_reg(struct kvm_vcpu *vcpu);
/* io_mem_abort - a data abort at guest physical address `gpa`, behind which is no memory. */
int io_mem_abort(struct kvm_vcpu *vcpu, phys_addr_t gpa);
/*
 * kvm_inject_sea - the guest takes an external abort, of a fetch or of an access, for `addr`.
 * Returns 1.
 */
int kvm_inject_sea(struct kvm_vcpu *vcpu, bool iabt, u64 addr);

#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <kvm/arm_arch_timer.h>
#include <kvm/arm_hypercalls.h>
#include <kvm/arm_psci.h>

#endif

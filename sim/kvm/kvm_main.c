/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kvm_main.c - KVM's generic half: VMs and vCPUs as files, memslots, memory attributes, and telling
 * the other half which guest frames lose their memory.
 */
#include <linux/file.h>
#include <linux/kvm_host.h>
#include <linux/mm_types.h>
#include <sim/linux.h>

#include "kvm_mm.h"

/* Slots are limited so that their pages can be counted in 31 bits. */
#define KVM_MEM_MAX_NR_PAGES ((1UL << 31) - 1)

static u32 nr_vms;

u32 kvm_nr_vms(void)
{
	return nr_vms;
}

int kvm_init(void)
{
	nr_vms = 0;
	return kvm_arm_init();
}

/* -- memslots -- */

/* The last slot that begins at or below gfn, or NULL. */
static struct kvm_memory_slot *slots_below(const struct kvm_memslots *slots, gfn_t gfn)
{
	int low = 0, high = slots->used;

	while (low < high) {
		int middle = low + (high - low) / 2;

		if (slots->by_gfn[middle]->base_gfn <= gfn)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? slots->by_gfn[low - 1] : NULL;
}

struct kvm_memory_slot *gfn_to_memslot(struct kvm *kvm, gfn_t gfn)
{
	struct kvm_memory_slot *slot = slots_below(kvm_memslots(kvm), gfn);

	return slot && gfn - slot->base_gfn < slot->npages ? slot : NULL;
}

unsigned long gfn_to_hva_memslot_prot(struct kvm_memory_slot *slot, gfn_t gfn, bool *writable)
{
	if (!slot || slot->flags & KVM_MEMSLOT_INVALID)
		return KVM_HVA_ERR_BAD;
	if (writable)
		*writable = !memslot_is_readonly(slot);
	return slot->userspace_addr + (gfn - slot->base_gfn) * PAGE_SIZE;
}

unsigned long gfn_to_hva_memslot(struct kvm_memory_slot *slot, gfn_t gfn)
{
	bool writable;
	unsigned long hva = gfn_to_hva_memslot_prot(slot, gfn, &writable);

	return kvm_is_error_hva(hva) || writable ? hva : KVM_HVA_ERR_RO_BAD;
}

static struct kvm_memory_slot *slot_by_id(const struct kvm_memslots *slots, u16 id)
{
	struct kvm_memory_slot *slot;
	int i;

	kvm_for_each_memslot (slot, i, slots) {
		if (slot->id == id)
			return slot;
	}
	return NULL;
}

/* Whether a slot other than number `id` has frames of [start, end). */
static bool slots_overlap(const struct kvm_memslots *slots, u16 id, gfn_t start, gfn_t end)
{
	struct kvm_memory_slot *slot;
	int i;

	kvm_for_each_memslot (slot, i, slots) {
		if (slot->id != id && slot->base_gfn < end && start < slot->base_gfn + slot->npages)
			return true;
	}
	return false;
}

static struct kvm_memslots *slots_alloc(int slots)
{
	return kzalloc(sizeof(struct kvm_memslots) +
			       (size_t)slots * sizeof(struct kvm_memory_slot *),
		       GFP_KERNEL_ACCOUNT);
}

/*
 * Fills `to` with the slots of `from`, without `remove` and with `add` (each may be NULL), in
 * order.
 */
static void slots_fill(struct kvm_memslots *to, const struct kvm_memslots *from,
		       const struct kvm_memory_slot *remove, struct kvm_memory_slot *add)
{
	struct kvm_memory_slot *slot;
	int i;

	to->used = 0;
	kvm_for_each_memslot (slot, i, from) {
		if (slot == remove)
			continue;
		if (add && add->base_gfn < slot->base_gfn) {
			to->by_gfn[to->used++] = add;
			add = NULL;
		}
		to->by_gfn[to->used++] = slot;
	}
	if (add)
		to->by_gfn[to->used++] = add;
}

static bool no_invalidation_active(void *kvm)
{
	return !((struct kvm *)kvm)->mn_active_invalidate_count;
}

/*
 * Makes `new` the slots of the VM and returns the old ones, which nobody looks at any more. An
 * invalidation of user memory must see the same slots when it ends as when it began.
 */
static struct kvm_memslots *slots_install(struct kvm *kvm, struct kvm_memslots *new)
{
	struct kvm_memslots *old = kvm->memslots;

	spin_lock(&kvm->mn_invalidate_lock);
	while (kvm->mn_active_invalidate_count) {
		spin_unlock(&kvm->mn_invalidate_lock);
		linux_wait_until(no_invalidation_active, kvm, PORT_SCHED_LOCK,
				 "mn_active_invalidate_count", LINUX_SITE());
		spin_lock(&kvm->mn_invalidate_lock);
	}
	new->generation = old->generation + 1;
	WRITE_ONCE(kvm->memslots, new);
	spin_unlock(&kvm->mn_invalidate_lock);
	synchronize_srcu_expedited(&kvm->srcu);
	return old;
}

static void slot_free(struct kvm_memory_slot *slot)
{
	kvm_gmem_unbind(slot);
	kfree(slot);
}

/*
 * Room for a change of slots. All is taken before the first step, so that no step fails for want of
 * memory. Spare sets that remain are freed at the end.
 */
struct slots_change {
	struct kvm_memory_slot *invalid; /* stands in for the old slot while that is unmapped */
	struct kvm_memslots *without;	 /* the slots with `invalid` in place of the old one */
	struct kvm_memslots *restored;	 /* the slots with the old one back, after a refusal */
	struct kvm_memslots *final;
};

static int slots_change_alloc(struct kvm *kvm, const struct kvm_memory_slot *old,
			      enum kvm_mr_change change, struct slots_change *room)
{
	const int used = kvm->memslots->used + 1;
	const bool unmaps = change == KVM_MR_DELETE || change == KVM_MR_MOVE;

	*room = (struct slots_change){.final = slots_alloc(used)};
	if (!room->final)
		return -ENOMEM;
	if (!unmaps)
		return 0;
	room->invalid = kmemdup(old, sizeof(*old), GFP_KERNEL_ACCOUNT);
	room->without = slots_alloc(used);
	room->restored = slots_alloc(used);
	if (!room->invalid || !room->without || !room->restored)
		return -ENOMEM;
	room->invalid->flags |= KVM_MEMSLOT_INVALID;
	return 0;
}

static void slots_change_free(struct slots_change *room)
{
	kfree(room->invalid);
	kfree(room->without);
	kfree(room->restored);
	kfree(room->final);
}

/*
 * Replaces `old` (NULL when creating) by `new` (NULL when deleting). slots_lock is held. On success
 * `new` is in use and `old` is freed; on an error nothing changed.
 */
static int kvm_set_memslot(struct kvm *kvm, struct kvm_memory_slot *old,
			   struct kvm_memory_slot *new, enum kvm_mr_change change)
{
	const bool unmaps = change == KVM_MR_DELETE || change == KVM_MR_MOVE;
	struct kvm_memory_slot *in_use = old;
	struct slots_change room;
	int ret;

	ret = slots_change_alloc(kvm, old, change, &room);
	if (ret)
		goto out;
	if (unmaps) {
		slots_fill(room.without, kvm->memslots, old, room.invalid);
		room.without = slots_install(kvm, room.without);
		in_use = room.invalid;
		linux_event(PORT_EVENT_INVALIDATE, old->base_gfn, old->base_gfn + old->npages,
			    KVM_FILTER_SHARED | KVM_FILTER_PRIVATE, true, NULL);
		kvm_arch_flush_shadow_memslot(kvm, old);
	}
	ret = kvm_arch_prepare_memory_region(kvm, old, new, change);
	if (ret) {
		if (unmaps) {
			slots_fill(room.restored, kvm->memslots, room.invalid, old);
			room.restored = slots_install(kvm, room.restored);
		}
		goto out;
	}
	slots_fill(room.final, kvm->memslots, in_use, new);
	room.final = slots_install(kvm, room.final);
	kvm_arch_commit_memory_region(kvm, old, new);
	if (change == KVM_MR_DELETE)
		slot_free(old);
	else
		kfree(old);
out:
	slots_change_free(&room);
	return ret;
}

static int check_memory_region_flags(struct kvm *kvm, u32 flags)
{
	u32 valid = KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY;

	/* Private memory is never written behind the guest's back, nor read-only. */
	if (flags & KVM_MEM_GUEST_MEMFD)
		valid = kvm_arch_has_private_mem(kvm) ? KVM_MEM_GUEST_MEMFD : 0;
	return flags & ~valid ? -EINVAL : 0;
}

/* Checks that need nothing but the arguments. */
static int check_memory_region(struct kvm *kvm, const struct kvm_userspace_memory_region2 *mem)
{
	int ret = check_memory_region_flags(kvm, mem->flags);

	if (ret)
		return ret;
	if (!PAGE_ALIGNED(mem->memory_size) || !PAGE_ALIGNED(mem->guest_phys_addr))
		return -EINVAL;
	if (!PAGE_ALIGNED(mem->userspace_addr) ||
	    !access_ok((void __user *)(unsigned long)mem->userspace_addr, mem->memory_size))
		return -EINVAL;
	if (mem->flags & KVM_MEM_GUEST_MEMFD &&
	    (!PAGE_ALIGNED(mem->guest_memfd_offset) ||
	     mem->guest_memfd_offset + mem->memory_size < mem->guest_memfd_offset))
		return -EINVAL;
	/* There is one address space: a number above 16 bits names another. */
	if (mem->slot >= KVM_USER_MEM_SLOTS)
		return -EINVAL;
	if (mem->guest_phys_addr + mem->memory_size < mem->guest_phys_addr)
		return -EINVAL;
	if (mem->memory_size >> PAGE_SHIFT > KVM_MEM_MAX_NR_PAGES)
		return -EINVAL;
	return 0;
}

static int kvm_set_memory_region(struct kvm *kvm, const struct kvm_userspace_memory_region2 *mem)
{
	const gfn_t base_gfn = mem->guest_phys_addr >> PAGE_SHIFT;
	const unsigned long npages = mem->memory_size >> PAGE_SHIFT;
	struct kvm_memory_slot *old, *new;
	enum kvm_mr_change change;
	int ret;

	lockdep_assert_held(&kvm->slots_lock);
	ret = check_memory_region(kvm, mem);
	if (ret)
		return ret;
	old = slot_by_id(kvm->memslots, (u16)mem->slot);
	if (!npages)
		return old ? kvm_set_memslot(kvm, old, NULL, KVM_MR_DELETE) : -EINVAL;

	if (!old) {
		change = KVM_MR_CREATE;
	} else {
		/* A slot with private memory can only be deleted. */
		if ((mem->flags | old->flags) & KVM_MEM_GUEST_MEMFD)
			return -EINVAL;
		if (mem->userspace_addr != old->userspace_addr || npages != old->npages ||
		    (mem->flags ^ old->flags) & KVM_MEM_READONLY)
			return -EINVAL;
		if (base_gfn != old->base_gfn)
			change = KVM_MR_MOVE;
		else if (mem->flags != old->flags)
			change = KVM_MR_FLAGS_ONLY;
		else
			return 0;
	}
	if ((change == KVM_MR_CREATE || change == KVM_MR_MOVE) &&
	    slots_overlap(kvm->memslots, (u16)mem->slot, base_gfn, base_gfn + npages))
		return -EEXIST;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->id = (u16)mem->slot;
	new->base_gfn = base_gfn;
	new->npages = npages;
	new->flags = mem->flags;
	new->userspace_addr = mem->userspace_addr;
	if (mem->flags & KVM_MEM_GUEST_MEMFD) {
		ret = kvm_gmem_bind(kvm, new, mem->guest_memfd, (loff_t)mem->guest_memfd_offset);
		if (ret) {
			kfree(new);
			return ret;
		}
	}
	ret = kvm_set_memslot(kvm, old, new, change);
	if (ret)
		slot_free(new);
	return ret;
}

static int kvm_vm_ioctl_set_memory_region(struct kvm *kvm,
					  const struct kvm_userspace_memory_region2 *mem)
{
	int ret;

	if ((u16)mem->slot >= KVM_USER_MEM_SLOTS)
		return -EINVAL;
	mutex_lock(&kvm->slots_lock);
	ret = kvm_set_memory_region(kvm, mem);
	mutex_unlock(&kvm->slots_lock);
	return ret;
}

/* -- invalidations -- */

void kvm_mmu_invalidate_begin(struct kvm *kvm)
{
	lockdep_assert_held_write(&kvm->mmu_lock);
	if (!kvm->mmu_invalidate_in_progress++) {
		kvm->mmu_invalidate_range_start = INVALID_GPA;
		kvm->mmu_invalidate_range_end = INVALID_GPA;
	}
}

void kvm_mmu_invalidate_range_add(struct kvm *kvm, gfn_t start, gfn_t end)
{
	lockdep_assert_held_write(&kvm->mmu_lock);
	WARN_ON_ONCE(!kvm->mmu_invalidate_in_progress);
	if (kvm->mmu_invalidate_range_start == INVALID_GPA) {
		kvm->mmu_invalidate_range_start = start;
		kvm->mmu_invalidate_range_end = end;
		return;
	}
	/* One range covers all that run at once; a fault beside them may retry for nothing. */
	kvm->mmu_invalidate_range_start = min(kvm->mmu_invalidate_range_start, start);
	kvm->mmu_invalidate_range_end = max(kvm->mmu_invalidate_range_end, end);
}

void kvm_mmu_invalidate_end(struct kvm *kvm)
{
	lockdep_assert_held_write(&kvm->mmu_lock);
	kvm->mmu_invalidate_seq++;
	kvm->mmu_invalidate_in_progress--;
	WARN_ON_ONCE(kvm->mmu_invalidate_in_progress < 0);
}

bool kvm_mmu_unmap_gfn_range(struct kvm *kvm, struct kvm_gfn_range *range)
{
	bool flush;

	kvm_mmu_invalidate_range_add(kvm, range->start, range->end);
	linux_event(PORT_EVENT_INVALIDATE, range->start, range->end, range->attr_filter,
		    range->may_block, NULL);
	if (range->may_block)
		return kvm_unmap_gfn_range(kvm, range);
	linux_lock_keep(&kvm->mmu_lock.base);
	flush = kvm_unmap_gfn_range(kvm, range);
	linux_lock_keep_end();
	return flush;
}

/* The part of `slot` whose user memory lies in [start, end); false if there is none. */
static bool slot_hva_range(struct kvm_memory_slot *slot, unsigned long start, unsigned long end,
			   struct kvm_gfn_range *range)
{
	const unsigned long slot_end = slot->userspace_addr + slot->npages * PAGE_SIZE;
	const unsigned long from = max(start, slot->userspace_addr);
	const unsigned long to = min(end, slot_end);

	if (from >= to)
		return false;
	range->slot = slot;
	range->start = slot->base_gfn + ((from - slot->userspace_addr) >> PAGE_SHIFT);
	range->end = slot->base_gfn + ((to - slot->userspace_addr + PAGE_SIZE - 1) >> PAGE_SHIFT);
	return true;
}

static struct kvm *notifier_to_kvm(struct mmu_notifier *mn)
{
	return container_of(mn, struct kvm, mmu_notifier);
}

/* User memory changes hands: only the shared aliases of the slots over it are concerned. */
static int kvm_mmu_notifier_invalidate_range_start(struct mmu_notifier *mn,
						   const struct mmu_notifier_range *hva)
{
	struct kvm *kvm = notifier_to_kvm(mn);
	struct kvm_gfn_range range = {
		.attr_filter = KVM_FILTER_SHARED,
		.may_block = hva->blockable,
	};
	struct kvm_memory_slot *slot;
	bool locked = false;
	int i, idx;

	spin_lock(&kvm->mn_invalidate_lock);
	kvm->mn_active_invalidate_count++;
	spin_unlock(&kvm->mn_invalidate_lock);

	idx = srcu_read_lock(&kvm->srcu);
	kvm_for_each_memslot (slot, i, kvm_memslots(kvm)) {
		if (!slot_hva_range(slot, hva->start, hva->end, &range))
			continue;
		if (!locked) {
			locked = true;
			write_lock(&kvm->mmu_lock);
			kvm_mmu_invalidate_begin(kvm);
		}
		kvm_mmu_unmap_gfn_range(kvm, &range);
	}
	if (locked)
		write_unlock(&kvm->mmu_lock);
	srcu_read_unlock(&kvm->srcu, idx);
	return 0;
}

static void kvm_mmu_notifier_invalidate_range_end(struct mmu_notifier *mn,
						  const struct mmu_notifier_range *hva)
{
	struct kvm *kvm = notifier_to_kvm(mn);
	struct kvm_gfn_range range;
	struct kvm_memory_slot *slot;
	int i, idx;

	idx = srcu_read_lock(&kvm->srcu);
	kvm_for_each_memslot (slot, i, kvm_memslots(kvm)) {
		if (!slot_hva_range(slot, hva->start, hva->end, &range))
			continue;
		write_lock(&kvm->mmu_lock);
		kvm_mmu_invalidate_end(kvm);
		write_unlock(&kvm->mmu_lock);
		break;
	}
	srcu_read_unlock(&kvm->srcu, idx);

	spin_lock(&kvm->mn_invalidate_lock);
	if (!WARN_ON_ONCE(!kvm->mn_active_invalidate_count))
		kvm->mn_active_invalidate_count--;
	spin_unlock(&kvm->mn_invalidate_lock);
}

/* Reclaim wants to know what the guest has used of this memory. */
static int kvm_mmu_notifier_clear_flush_young(struct mmu_notifier *mn, struct mm_struct *mm,
					      unsigned long start, unsigned long end)
{
	struct kvm *kvm = notifier_to_kvm(mn);
	struct kvm_gfn_range range = {.attr_filter = KVM_FILTER_SHARED};
	struct kvm_memory_slot *slot;
	bool young = false;
	int i, idx;

	(void)mm;
	idx = srcu_read_lock(&kvm->srcu);
	kvm_for_each_memslot (slot, i, kvm_memslots(kvm)) {
		if (!slot_hva_range(slot, start, end, &range))
			continue;
		write_lock(&kvm->mmu_lock);
		young |= kvm_age_gfn(kvm, &range);
		write_unlock(&kvm->mmu_lock);
	}
	srcu_read_unlock(&kvm->srcu, idx);
	return young;
}

static void kvm_mmu_notifier_release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	struct kvm *kvm = notifier_to_kvm(mn);
	int idx;

	(void)mm;
	idx = srcu_read_lock(&kvm->srcu);
	kvm_arch_flush_shadow_all(kvm);
	srcu_read_unlock(&kvm->srcu, idx);
}

const struct mmu_notifier_ops kvm_mmu_notifier_ops = {
	.invalidate_range_start = kvm_mmu_notifier_invalidate_range_start,
	.invalidate_range_end = kvm_mmu_notifier_invalidate_range_end,
	.clear_flush_young = kvm_mmu_notifier_clear_flush_young,
	.release = kvm_mmu_notifier_release,
};

/* -- memory attributes -- */

static u64 kvm_supported_mem_attributes(struct kvm *kvm)
{
	return !kvm || kvm_arch_has_private_mem(kvm) ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;
}

/* Whether all of [start, end) has exactly these attributes. */
static bool range_has_attributes(struct kvm *kvm, gfn_t start, gfn_t end, u64 attributes)
{
	unsigned long last;
	gfn_t gfn;

	for (gfn = start; gfn < end; gfn = last + 1) {
		void *entry = xa_load_extent(&kvm->mem_attr_array, gfn, &last);

		if (xa_to_value(entry) != attributes)
			return false;
		if (last == ULONG_MAX)
			break;
	}
	return true;
}

/*
 * Goes over the parts of slots in [start, end), under mmu_lock, between `begin` and the end of an
 * invalidation.
 */
static void attributes_change(struct kvm *kvm, gfn_t start, gfn_t end, u64 attributes, bool begin)
{
	struct kvm_gfn_range range = {.may_block = true, .arg.attributes = attributes};
	struct kvm_memory_slot *slot;
	bool locked = false;
	int i;

	kvm_for_each_memslot (slot, i, kvm_memslots(kvm)) {
		range.slot = slot;
		range.start = max(start, slot->base_gfn);
		range.end = min(end, slot->base_gfn + slot->npages);
		if (range.start >= range.end)
			continue;
		if (!locked) {
			locked = true;
			write_lock(&kvm->mmu_lock);
			if (begin)
				kvm_mmu_invalidate_begin(kvm);
			else
				kvm_mmu_invalidate_end(kvm);
		}
		range.attr_filter = 0;
		if (begin) {
			kvm_mmu_invalidate_range_add(kvm, range.start, range.end);
			kvm_arch_pre_set_memory_attributes(kvm, &range);
		} else {
			kvm_arch_post_set_memory_attributes(kvm, &range);
			linux_event(PORT_EVENT_INVALIDATE, range.start, range.end,
				    range.attr_filter, true, NULL);
		}
	}
	if (locked)
		write_unlock(&kvm->mmu_lock);
}

static int kvm_vm_set_mem_attributes(struct kvm *kvm, gfn_t start, gfn_t end, u64 attributes)
{
	void *entry = attributes ? xa_mk_value(attributes) : NULL;
	int ret = 0;

	mutex_lock(&kvm->slots_lock);
	if (range_has_attributes(kvm, start, end, attributes))
		goto out;
	/*
	 * Stored before the invalidation begins, since this alone can fail: a fault that saw the
	 * old attribute either maps before the invalidation and is undone by it, or retries after
	 * it.
	 */
	ret = xa_err(
		xa_store_range(&kvm->mem_attr_array, start, end - 1, entry, GFP_KERNEL_ACCOUNT));
	if (ret)
		goto out;
	attributes_change(kvm, start, end, attributes, true);
	attributes_change(kvm, start, end, attributes, false);
out:
	mutex_unlock(&kvm->slots_lock);
	return ret;
}

static int kvm_vm_ioctl_set_mem_attributes(struct kvm *kvm,
					   const struct kvm_memory_attributes *attrs)
{
	if (attrs->flags)
		return -EINVAL;
	if (attrs->attributes & ~kvm_supported_mem_attributes(kvm))
		return -EINVAL;
	if (!attrs->size || attrs->address + attrs->size < attrs->address)
		return -EINVAL;
	if (!PAGE_ALIGNED(attrs->address) || !PAGE_ALIGNED(attrs->size))
		return -EINVAL;
	return kvm_vm_set_mem_attributes(kvm, attrs->address >> PAGE_SHIFT,
					 (attrs->address + attrs->size) >> PAGE_SHIFT,
					 attrs->attributes);
}

/* -- pages behind the shared alias -- */

kvm_pfn_t __kvm_faultin_pfn(const struct kvm_memory_slot *slot, gfn_t gfn, unsigned int foll,
			    bool *writable, struct page **refcounted_page)
{
	const bool write = foll & FOLL_WRITE;
	bool slot_writable = false;
	struct page *page = NULL;
	unsigned long hva;
	int ret;

	might_sleep();
	*refcounted_page = NULL;
	hva = gfn_to_hva_memslot_prot((struct kvm_memory_slot *)slot, gfn, &slot_writable);
	if (kvm_is_error_hva(hva))
		return KVM_PFN_NOSLOT;
	if (write && !slot_writable)
		return KVM_PFN_ERR_RO_FAULT;
	/* A read gets a page that can be written too, where user memory and the caller allow it. */
	ret = -EFAULT;
	if (write || (writable && slot_writable))
		ret = mm_fault_in_page(current->mm, hva, true, &page);
	if (writable)
		*writable = !ret;
	if (ret == -EFAULT && !write)
		ret = mm_fault_in_page(current->mm, hva, false, &page);
	if (ret)
		return KVM_PFN_ERR_FAULT;
	*refcounted_page = page;
	return page_to_pfn(page);
}

kvm_pfn_t gfn_to_pfn_memslot(const struct kvm_memory_slot *slot, gfn_t gfn)
{
	struct page *page;

	return __kvm_faultin_pfn(slot, gfn, FOLL_WRITE, NULL, &page);
}

void kvm_release_pfn_clean(kvm_pfn_t pfn)
{
	if (!is_error_noslot_pfn(pfn))
		put_page(pfn_to_page(pfn));
}

void kvm_release_page_clean(struct page *page)
{
	if (page)
		put_page(page);
}

void kvm_release_page_dirty(struct page *page)
{
	if (!page)
		return;
	page_mark_dirty(page);
	put_page(page);
}

void kvm_release_faultin_page(struct kvm *kvm, struct page *page, bool unused, bool dirty)
{
	(void)kvm;
	if (unused || !dirty)
		kvm_release_page_clean(page);
	else
		kvm_release_page_dirty(page);
}

/* -- VMs -- */

static void kvm_free_memslots(struct kvm_memslots *slots)
{
	struct kvm_memory_slot *slot;
	int i;

	kvm_for_each_memslot (slot, i, slots)
		slot_free(slot);
	kfree(slots);
}

/* kvm_create_vm - a VM with one reference, or an ERR_PTR(). */
static struct kvm *kvm_create_vm(unsigned long type)
{
	struct kvm *kvm = kzalloc(sizeof(*kvm), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!kvm)
		return ERR_PTR(-ENOMEM);
	rwlock_init(&kvm->mmu_lock);
	mutex_init(&kvm->lock);
	mutex_init(&kvm->slots_lock);
	mutex_init(&kvm->slots_arch_lock);
	spin_lock_init(&kvm->mn_invalidate_lock);
	xa_init(&kvm->vcpu_array);
	xa_init(&kvm->mem_attr_array);
	refcount_set(&kvm->users_count, 1);
	kvm->max_vcpus = KVM_MAX_VCPUS;
	kvm->mmu_notifier.kind = MMU_NOTIFIER_KVM;
	kvm->mm = current->mm;
	mmgrab(kvm->mm);

	ret = init_srcu_struct(&kvm->srcu);
	if (ret)
		goto out_srcu;
	ret = init_srcu_struct(&kvm->irq_srcu);
	if (ret)
		goto out_irq_srcu;
	kvm->memslots = slots_alloc(0);
	ret = -ENOMEM;
	if (!kvm->memslots)
		goto out_slots;
	ret = kvm_arch_init_vm(kvm, type);
	if (ret)
		goto out_arch;
	ret = mmu_notifier_register(&kvm->mmu_notifier, kvm->mm);
	if (ret)
		goto out_notifier;
	nr_vms++;
	return kvm;

out_notifier:
	kvm_arch_flush_shadow_all(kvm);
	kvm_arch_destroy_vm(kvm);
out_arch:
	kfree(kvm->memslots);
out_slots:
	cleanup_srcu_struct(&kvm->irq_srcu);
out_irq_srcu:
	cleanup_srcu_struct(&kvm->srcu);
out_srcu:
	mmdrop(kvm->mm);
	kfree(kvm);
	return ERR_PTR(ret);
}

static void kvm_destroy_vm(struct kvm *kvm)
{
	struct mm_struct *mm = kvm->mm;

	mmu_notifier_unregister(&kvm->mmu_notifier, mm);
	/* An invalidation of user memory that had begun ends without this VM, which is told nothing any more. */
	if (kvm->mn_active_invalidate_count)
		kvm->mn_active_invalidate_count = 0;
	else
		WARN_ON(kvm->mmu_invalidate_in_progress);
	kvm_arch_destroy_vm(kvm);
	kvm_free_memslots(kvm->memslots);
	cleanup_srcu_struct(&kvm->irq_srcu);
	cleanup_srcu_struct(&kvm->srcu);
	xa_destroy(&kvm->mem_attr_array);
	xa_destroy(&kvm->vcpu_array);
	kfree(kvm);
	mmdrop(mm);
	nr_vms--;
}

void kvm_get_kvm(struct kvm *kvm)
{
	refcount_inc(&kvm->users_count);
}

void kvm_put_kvm(struct kvm *kvm)
{
	if (refcount_dec_and_test(&kvm->users_count))
		kvm_destroy_vm(kvm);
}

/* -- vCPUs -- */

struct kvm_vcpu *kvm_get_vcpu_by_id(struct kvm *kvm, int id)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu (i, vcpu, kvm) {
		if (vcpu->vcpu_id == id)
			return vcpu;
	}
	return NULL;
}

/* A vCPU that no file refers to yet, or an ERR_PTR(). */
static struct kvm_vcpu *kvm_vcpu_alloc(struct kvm *kvm, u32 id)
{
	struct kvm_vcpu *vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL_ACCOUNT);
	int ret = -ENOMEM;

	if (!vcpu)
		return ERR_PTR(-ENOMEM);
	mutex_init(&vcpu->mutex);
	vcpu->kvm = kvm;
	vcpu->vcpu_id = (int)id;
	vcpu->run = (struct kvm_run *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!vcpu->run)
		goto out;
	ret = kvm_arch_vcpu_create(vcpu);
	if (ret)
		goto out_run;
	return vcpu;

out_run:
	free_page((unsigned long)vcpu->run);
out:
	kfree(vcpu);
	return ERR_PTR(ret);
}

static void kvm_vcpu_destroy(struct kvm_vcpu *vcpu)
{
	kvm_arch_vcpu_destroy(vcpu);
	free_page((unsigned long)vcpu->run);
	kfree(vcpu);
}

void kvm_destroy_vcpus(struct kvm *kvm)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu (i, vcpu, kvm)
		kvm_vcpu_destroy(vcpu);
	atomic_set(&kvm->online_vcpus, 0);
}

/*
 * Makes the vCPU the next of its VM, under a new descriptor, which is returned. kvm->lock is held.
 */
static int kvm_vcpu_install(struct kvm *kvm, struct kvm_vcpu *vcpu)
{
	int index = atomic_read(&kvm->online_vcpus);
	int fd;
	int ret;

	if (kvm_get_vcpu_by_id(kvm, vcpu->vcpu_id))
		return -EEXIST;
	vcpu->vcpu_idx = index;
	ret = xa_err(xa_store(&kvm->vcpu_array, (unsigned long)index, vcpu, GFP_KERNEL_ACCOUNT));
	if (ret)
		return ret;
	kvm_get_kvm(kvm);
	fd = anon_inode_getfd(FILE_VCPU, vcpu);
	if (fd < 0) {
		kvm_put_kvm(kvm);
		xa_erase(&kvm->vcpu_array, (unsigned long)index);
		return fd;
	}
	atomic_inc(&kvm->online_vcpus);
	return fd;
}

static int kvm_vm_ioctl_create_vcpu(struct kvm *kvm, unsigned long id)
{
	struct kvm_vcpu *vcpu;
	int ret;

	if (id >= KVM_MAX_VCPUS)
		return -EINVAL;
	mutex_lock(&kvm->lock);
	ret = kvm->created_vcpus >= kvm->max_vcpus ? -EINVAL
						   : kvm_arch_vcpu_precreate(kvm, (u32)id);
	if (!ret)
		kvm->created_vcpus++;
	mutex_unlock(&kvm->lock);
	if (ret)
		return ret;

	vcpu = kvm_vcpu_alloc(kvm, (u32)id);
	if (IS_ERR(vcpu)) {
		ret = (int)PTR_ERR(vcpu);
		goto out_uncount;
	}
	mutex_lock(&kvm->lock);
	ret = kvm_vcpu_install(kvm, vcpu);
	mutex_unlock(&kvm->lock);
	if (ret >= 0)
		return ret;
	kvm_vcpu_destroy(vcpu);
out_uncount:
	mutex_lock(&kvm->lock);
	kvm->created_vcpus--;
	mutex_unlock(&kvm->lock);
	return ret;
}

static long kvm_vcpu_run(struct kvm_vcpu *vcpu)
{
	const pid_t pid = task_pid_nr(current);
	long ret;

	if (vcpu->pid != pid) {
		ret = kvm_arch_vcpu_run_pid_change(vcpu);
		if (ret)
			return ret;
		vcpu->pid = pid;
	}
	vcpu->wants_to_run = !READ_ONCE(vcpu->run->immediate_exit);
	ret = kvm_arch_vcpu_ioctl_run(vcpu);
	vcpu->wants_to_run = false;
	return ret;
}

static long kvm_vcpu_ioctl(struct file *file, unsigned int ioctl, unsigned long arg)
{
	struct kvm_vcpu *vcpu = file->private_data;
	long ret;

	if (vcpu->kvm->mm != current->mm || vcpu->kvm->vm_dead)
		return -EIO;
	if (mutex_lock_killable(&vcpu->mutex))
		return -EINTR;
	if (ioctl != KVM_RUN)
		ret = kvm_arch_vcpu_ioctl(vcpu, ioctl, arg);
	else
		ret = arg ? -EINVAL : kvm_vcpu_run(vcpu);
	mutex_unlock(&vcpu->mutex);
	return ret;
}

static int kvm_vcpu_mmap(struct file *file, struct vm_area_struct *vma)
{
	(void)file;
	(void)vma;
	return 0;
}

static struct page *kvm_vcpu_fault(struct file *file, unsigned long pgoff)
{
	struct kvm_vcpu *vcpu = file->private_data;
	struct page *page = virt_to_page(vcpu->run);

	if (pgoff)
		return NULL;
	get_page(page);
	return page;
}

static void kvm_vcpu_release(struct file *file)
{
	struct kvm_vcpu *vcpu = file->private_data;

	kvm_put_kvm(vcpu->kvm);
}

const struct file_operations kvm_vcpu_fops = {
	.unlocked_ioctl = kvm_vcpu_ioctl,
	.mmap = kvm_vcpu_mmap,
	.fault = kvm_vcpu_fault,
	.release = kvm_vcpu_release,
};

/* -- system calls on a VM -- */

static int kvm_vm_ioctl_check_extension_generic(struct kvm *kvm, unsigned long ext)
{
	switch (ext) {
	case KVM_CAP_USER_MEMORY:
	case KVM_CAP_USER_MEMORY2:
	case KVM_CAP_DESTROY_MEMORY_REGION_WORKS:
	case KVM_CAP_JOIN_MEMORY_REGIONS_WORKS:
	case KVM_CAP_CHECK_EXTENSION_VM:
	case KVM_CAP_ENABLE_CAP_VM:
		return 1;
	case KVM_CAP_NR_MEMSLOTS:
		return KVM_USER_MEM_SLOTS;
	case KVM_CAP_MAX_VCPU_ID:
		return KVM_MAX_VCPUS;
	case KVM_CAP_MEMORY_ATTRIBUTES:
		return (int)kvm_supported_mem_attributes(kvm);
	case KVM_CAP_GUEST_MEMFD:
		return !kvm || kvm_arch_has_private_mem(kvm);
	default:
		return kvm_vm_ioctl_check_extension(kvm, (long)ext);
	}
}

/* Each takes its argument from user memory, or says -EFAULT. */

static long vm_set_memory_region(struct kvm *kvm, const void __user *argp, size_t size)
{
	struct kvm_userspace_memory_region2 mem = {0};

	if (copy_from_user(&mem, argp, size))
		return -EFAULT;
	if (size == sizeof(struct kvm_userspace_memory_region) &&
	    mem.flags & ~(u32)(KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY))
		return -EINVAL;
	return kvm_vm_ioctl_set_memory_region(kvm, &mem);
}

static long vm_enable_cap(struct kvm *kvm, const void __user *argp)
{
	struct kvm_enable_cap cap;

	if (copy_from_user(&cap, argp, sizeof(cap)))
		return -EFAULT;
	return kvm_vm_ioctl_enable_cap(kvm, &cap);
}

static long vm_set_memory_attributes(struct kvm *kvm, const void __user *argp)
{
	struct kvm_memory_attributes attrs;

	if (copy_from_user(&attrs, argp, sizeof(attrs)))
		return -EFAULT;
	return kvm_vm_ioctl_set_mem_attributes(kvm, &attrs);
}

static long vm_create_guest_memfd(struct kvm *kvm, const void __user *argp)
{
	struct kvm_create_guest_memfd args;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	return kvm_gmem_create(kvm, &args);
}

static long kvm_vm_ioctl(struct file *file, unsigned int ioctl, unsigned long arg)
{
	struct kvm *kvm = file->private_data;
	void __user *argp = (void __user *)arg;

	if (kvm->mm != current->mm || kvm->vm_dead)
		return -EIO;
	switch (ioctl) {
	case KVM_CREATE_VCPU:
		return kvm_vm_ioctl_create_vcpu(kvm, arg);
	case KVM_SET_USER_MEMORY_REGION:
		return vm_set_memory_region(kvm, argp, sizeof(struct kvm_userspace_memory_region));
	case KVM_SET_USER_MEMORY_REGION2:
		return vm_set_memory_region(kvm, argp, sizeof(struct kvm_userspace_memory_region2));
	case KVM_ENABLE_CAP:
		return vm_enable_cap(kvm, argp);
	case KVM_CHECK_EXTENSION:
		return kvm_vm_ioctl_check_extension_generic(kvm, arg);
	case KVM_SET_MEMORY_ATTRIBUTES:
		return vm_set_memory_attributes(kvm, argp);
	case KVM_CREATE_GUEST_MEMFD:
		return vm_create_guest_memfd(kvm, argp);
	default:
		return kvm_arch_vm_ioctl(kvm, ioctl, arg);
	}
}

static void kvm_vm_release(struct file *file)
{
	kvm_put_kvm(file->private_data);
}

const struct file_operations kvm_vm_fops = {
	.unlocked_ioctl = kvm_vm_ioctl,
	.release = kvm_vm_release,
};

/* -- /dev/kvm -- */

static long kvm_dev_ioctl_create_vm(unsigned long type)
{
	int fd = get_unused_fd();
	struct file *file;
	struct kvm *kvm;

	if (fd < 0)
		return fd;
	kvm = kvm_create_vm(type);
	if (IS_ERR(kvm)) {
		put_unused_fd(fd);
		return PTR_ERR(kvm);
	}
	file = alloc_file(FILE_VM, kvm);
	if (!file) {
		put_unused_fd(fd);
		kvm_put_kvm(kvm);
		return -ENOMEM;
	}
	fd_install(fd, file);
	return fd;
}

static long kvm_dev_ioctl(struct file *file, unsigned int ioctl, unsigned long arg)
{
	(void)file;
	switch (ioctl) {
	case KVM_GET_API_VERSION:
		return arg ? -EINVAL : KVM_API_VERSION;
	case KVM_CREATE_VM:
		return kvm_dev_ioctl_create_vm(arg);
	case KVM_CHECK_EXTENSION:
		return kvm_vm_ioctl_check_extension_generic(NULL, arg);
	case KVM_GET_VCPU_MMAP_SIZE:
		return arg ? -EINVAL : (long)PAGE_SIZE;
	default:
		return -EINVAL;
	}
}

const struct file_operations kvm_dev_fops = {
	.unlocked_ioctl = kvm_dev_ioctl,
};

// SPDX-License-Identifier: BSD-3-Clause
/*
 * mmu.c - stage 2: its root, guest aborts, and what memslots, attributes and the VMM's address space take away.
 *
 * A Realm's tables are the RMM's, reached through rme.c. What KVM keeps is the memory of the root tables,
 * which is the Realm's while that lives. A VM that is no Realm has a root and nothing below it: its
 * vCPUs do not run here.
 */
#include <linux/kvm_host.h>

#include <asm/barrier.h>
#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>

#include "series.h"

/* Limits of an IPA width without LPA2. */
#define STAGE2_MIN_IPA_BITS 32u
#define STAGE2_MAX_IPA_BITS 48u

/* The RMM's geometry, which the host's page size does not change. */
#define GRANULE_SHIFT 12
#define GRANULE_SIZE  (UL(1) << GRANULE_SHIFT)
#define BLOCK_SHIFT   21
#define BLOCK_SIZE    (UL(1) << BLOCK_SHIFT)
#define BLOCK_PAGES   (BLOCK_SIZE / PAGE_SIZE)
#define BLOCK_LEVEL   2
#define LAST_LEVEL    3

static bool private_block_mappings;

void kvm_mmu_set_block_mappings(bool enable)
{
	private_block_mappings = enable;
}

static struct kvm *s2_mmu_to_kvm(struct kvm_s2_mmu *mmu)
{
	return container_of(mmu->arch, struct kvm, arch);
}

/* -- the root -- */

int kvm_init_stage2_mmu(struct kvm *kvm, struct kvm_s2_mmu *mmu, unsigned long type)
{
	unsigned int ipa_bits = KVM_VM_TYPE_ARM_IPA_SIZE(type);
	unsigned int limit = STAGE2_MAX_IPA_BITS;
	struct kvm_pgtable *pgt;
	size_t pgd_size;

	if (kvm_is_realm(kvm))
		limit = min(limit, kvm_realm_ipa_limit());
	if (!ipa_bits)
		ipa_bits = KVM_PHYS_SHIFT;
	if (ipa_bits < STAGE2_MIN_IPA_BITS || ipa_bits > limit || WARN_ON(mmu->pgt))
		return -EINVAL;

	mmu->arch = &kvm->arch;
	mmu->vtcr = VTCR_EL2_T0SZ(ipa_bits);

	pgd_size = kvm_pgtable_stage2_pgd_size(mmu->vtcr);
	pgt = kzalloc(sizeof(*pgt), GFP_KERNEL_ACCOUNT);
	if (!pgt)
		return -ENOMEM;
	pgt->pgd = alloc_pages_exact(pgd_size, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!pgt->pgd) {
		kfree(pgt);
		return -ENOMEM;
	}
	pgt->ia_bits = ipa_bits;
	pgt->pgd_pages = pgd_size >> PAGE_SHIFT;
	pgt->mmu = mmu;

	mmu->pgt = pgt;
	mmu->pgd_phys = virt_to_phys(pgt->pgd);
	return 0;
}

void kvm_free_stage2_pgd(struct kvm_s2_mmu *mmu)
{
	struct kvm *kvm = s2_mmu_to_kvm(mmu);
	struct kvm_pgtable *pgt;

	write_lock(&kvm->mmu_lock);
	pgt = mmu->pgt;
	if (pgt && kvm_is_realm(kvm) &&
	    (kvm_realm_state(kvm) == REALM_STATE_NEW ||
	     kvm_realm_state(kvm) == REALM_STATE_ACTIVE)) {
		/* The Realm lives, and its root with it: kvm_destroy_realm() comes here again. */
		kvm_stage2_unmap_range(mmu, 0, BIT(kvm->arch.realm.ia_bits - 1), true);
		write_unlock(&kvm->mmu_lock);
		series_destroy_rtts(kvm, pgt->ia_bits);
		return;
	}
	mmu->pgd_phys = 0;
	mmu->pgt = NULL;
	write_unlock(&kvm->mmu_lock);

	if (pgt) {
		free_pages_exact(pgt->pgd, (size_t)pgt->pgd_pages << PAGE_SHIFT);
		kfree(pgt);
	}
}

void kvm_uninit_stage2_mmu(struct kvm *kvm)
{
	if (kvm->arch.mmu.arch)
		kvm_free_stage2_pgd(&kvm->arch.mmu);
}

/* -- unmapping -- */

/* mmu_lock is held for write, and dropped on the way if may_block. */
static void unmap_stage2_range(struct kvm_s2_mmu *mmu, phys_addr_t start, u64 size, bool may_block,
			       bool only_shared)
{
	struct kvm *kvm = s2_mmu_to_kvm(mmu);

	lockdep_assert_held_write(&kvm->mmu_lock);
	if (kvm_is_realm(kvm))
		series_unmap_range(kvm, start, size, !only_shared, may_block);
}

void kvm_stage2_unmap_range(struct kvm_s2_mmu *mmu, phys_addr_t start, u64 size, bool may_block)
{
	unmap_stage2_range(mmu, start, size, may_block, false);
}

/* Has every access of the guest to the slot's shared memory fault again. mmu_lock is held for write. */
static void stage2_flush_memslot(struct kvm *kvm, struct kvm_memory_slot *slot)
{
	unmap_stage2_range(&kvm->arch.mmu, gfn_to_gpa(slot->base_gfn), gfn_to_gpa(slot->npages),
			   true, true);
}

/* Dirty logging begins with nothing mapped: from then on each access of the guest faults once. */
void kvm_arch_commit_memory_region(struct kvm *kvm, const struct kvm_memory_slot *old,
				   struct kvm_memory_slot *new)
{
	const bool logged = old && old->flags & KVM_MEM_LOG_DIRTY_PAGES;

	if (logged || !new || !(new->flags & KVM_MEM_LOG_DIRTY_PAGES))
		return;
	write_lock(&kvm->mmu_lock);
	stage2_flush_memslot(kvm, new);
	write_unlock(&kvm->mmu_lock);
}

void kvm_arch_flush_shadow_all(struct kvm *kvm)
{
	kvm_uninit_stage2_mmu(kvm);
}

void kvm_arch_flush_shadow_memslot(struct kvm *kvm, struct kvm_memory_slot *slot)
{
	write_lock(&kvm->mmu_lock);
	kvm_stage2_unmap_range(&kvm->arch.mmu, gfn_to_gpa(slot->base_gfn), gfn_to_gpa(slot->npages),
			       true);
	write_unlock(&kvm->mmu_lock);
}

/* Returns whether TLBs are left to flush: never, the RMM does that. */
bool kvm_unmap_gfn_range(struct kvm *kvm, struct kvm_gfn_range *range)
{
	if (!kvm->arch.mmu.pgt)
		return false;

	unmap_stage2_range(&kvm->arch.mmu, gfn_to_gpa(range->start),
			   gfn_to_gpa(range->end - range->start), range->may_block,
			   !(range->attr_filter & KVM_FILTER_PRIVATE));
	return false;
}

/* The host cannot see what a Realm has used, so that all of it counts as used. */
bool kvm_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range)
{
	return kvm_test_age_gfn(kvm, range);
}

bool kvm_test_age_gfn(struct kvm *kvm, struct kvm_gfn_range *range)
{
	(void)range;
	return kvm_is_realm(kvm);
}

/* Nothing has to go before the attributes change: until they have, faults are held off. */
bool kvm_arch_pre_set_memory_attributes(struct kvm *kvm, struct kvm_gfn_range *range)
{
	(void)kvm;
	(void)range;
	return false;
}

/* What is private now loses its shared alias; what is shared now loses both. */
bool kvm_arch_post_set_memory_attributes(struct kvm *kvm, struct kvm_gfn_range *range)
{
	if (range->arg.attributes & KVM_MEMORY_ATTRIBUTE_PRIVATE)
		range->attr_filter = KVM_FILTER_SHARED;
	else
		range->attr_filter = KVM_FILTER_PRIVATE;
	return kvm_unmap_gfn_range(kvm, range);
}

int kvm_arch_prepare_memory_region(struct kvm *kvm, const struct kvm_memory_slot *old,
				   struct kvm_memory_slot *new, enum kvm_mr_change change)
{
	const gfn_t end_gfn = BIT(VTCR_EL2_IPA(kvm->arch.mmu.vtcr)) >> PAGE_SHIFT;

	(void)old;
	if (change == KVM_MR_DELETE)
		return 0;
	/* The generic half has seen to it that this does not wrap. */
	if (new->base_gfn + new->npages > end_gfn)
		return -EFAULT;
	return 0;
}

/* -- faults -- */

/*
 * Maps [ipa, ipa + map_size), aligned down to a host page, of a Realm to the memory at `pfn`. mmu_lock is
 * held: for write if the address is protected. What the function of rme.c for that half returns.
 */
static int realm_map_ipa(struct kvm *kvm, phys_addr_t ipa, kvm_pfn_t pfn, unsigned long map_size,
			 enum kvm_pgtable_prot prot, struct kvm_mmu_memory_cache *memcache)
{
	if (WARN_ON(!(prot & KVM_PGTABLE_PROT_W)))
		return -EFAULT;

	ipa = ALIGN_DOWN(ipa, PAGE_SIZE);
	if (realm_address_is_private(kvm, ipa))
		return series_map_protected(kvm, ipa, pfn, map_size, memcache);
	return series_map_non_secure(kvm, ipa, pfn, map_size, memcache);
}

/* A fault needs a table for each level below the root, in the RMM's geometry or in the host's. */
static int fault_topup_cache(struct kvm_vcpu *vcpu)
{
	int min_pages = max(kvm_mmu_cache_min_pages(vcpu->arch.hw_mmu), LAST_LEVEL);

	return kvm_mmu_topup_memory_cache(&vcpu->arch.mmu_page_cache, min_pages);
}

/* A fault that only the VMM can resolve. */
static int memory_fault_exit(struct kvm_vcpu *vcpu, phys_addr_t fault_ipa, bool is_private)
{
	gpa_t gpa = kvm_gpa_from_fault(vcpu->kvm, fault_ipa);

	kvm_prepare_memory_fault_exit(vcpu, ALIGN_DOWN(gpa, PAGE_SIZE), PAGE_SIZE,
				      kvm_is_write_fault(vcpu), false, is_private);
	return REALM_MEMORY_FAULT_ERRNO;
}

static void put_block_pages(struct page **pages, unsigned long nr)
{
	while (nr--)
		put_page(pages[nr]);
}

/*
 * Whether the 2 MiB around `gfn` can be mapped at once: the slot and its memory are contiguous and aligned that
 * far, as `max_order` says, and so does the attribute reach.
 */
static bool private_fault_block_fits(struct kvm *kvm, gfn_t gfn, int max_order)
{
	const gfn_t start = ALIGN_DOWN(gfn, BLOCK_PAGES);
	gfn_t i;

	if (!private_block_mappings || max_order < BLOCK_SHIFT - PAGE_SHIFT)
		return false;
	for (i = start; i < start + BLOCK_PAGES; i++) {
		if (!kvm_mem_is_private(kvm, i))
			return false;
	}
	return true;
}

/* Takes a reference on each host page of the block. False, and none, if one of them is elsewhere. */
static bool private_fault_get_block(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t start,
				    kvm_pfn_t start_pfn, struct page **pages)
{
	unsigned long i;

	for (i = 0; i < BLOCK_PAGES; i++) {
		kvm_pfn_t pfn;

		if (series_gmem_get_pfn(kvm, slot, start + i, &pfn, &pages[i], NULL))
			break;
		if (pfn == start_pfn + i)
			continue;
		put_page(pages[i]);
		break;
	}
	if (i == BLOCK_PAGES)
		return true;
	put_block_pages(pages, i);
	return false;
}

/*
 * Maps all of the 2 MiB around a private fault, if the guest has all of it as RAM and nothing of it is mapped.
 * True: the fault is dealt with. False: it is not, though pages around it may be mapped now.
 */
static bool private_fault_map_block(struct kvm_vcpu *vcpu, phys_addr_t fault_ipa,
				    struct kvm_memory_slot *slot, kvm_pfn_t pfn,
				    unsigned long mmu_seq)
{
	const phys_addr_t ipa = ALIGN_DOWN(fault_ipa, BLOCK_SIZE);
	const kvm_pfn_t start_pfn = ALIGN_DOWN(pfn, BLOCK_PAGES);
	struct kvm *kvm = vcpu->kvm;
	unsigned long state, ripas;
	struct page **pages;
	int ret = -ENXIO;

	pages = kmalloc_array(BLOCK_PAGES, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return false;
	if (!private_fault_get_block(kvm, slot, gpa_to_gfn(ipa), start_pfn, pages))
		goto out_free;

	write_lock(&kvm->mmu_lock);
	if (!mmu_invalidate_retry(kvm, mmu_seq) &&
	    realm_read_entry(kvm, ipa, BLOCK_LEVEL, &state, &ripas) && state == S2_UNASSIGNED &&
	    ripas == S2_RIPAS_RAM)
		ret = realm_map_ipa(kvm, ipa, start_pfn, BLOCK_SIZE, KVM_PGTABLE_PROT_W,
				    &vcpu->arch.mmu_page_cache);
	write_unlock(&kvm->mmu_lock);

	if (ret || !REALM_MAPPING_HOLDS_PAGE)
		put_block_pages(pages, BLOCK_PAGES);
out_free:
	kfree(pages);
	return !ret;
}

/*
 * A fault at a protected address of a slot with a guest_memfd, whose attribute says private. 1: the guest
 * tries again. -EFAULT with a memory fault exit, or another -errno.
 */
static int private_fault_map(struct kvm_vcpu *vcpu, phys_addr_t fault_ipa,
			     struct kvm_memory_slot *slot, unsigned long mmu_seq)
{
	const gfn_t gfn = gpa_to_gfn(fault_ipa);
	struct kvm *kvm = vcpu->kvm;
	unsigned long state, ripas;
	struct page *page;
	int max_order = 0;
	kvm_pfn_t pfn;
	bool hopeless = false;
	int ret;

	ret = fault_topup_cache(vcpu);
	if (ret)
		return ret;
	ret = series_gmem_get_pfn(kvm, slot, gfn, &pfn, &page, &max_order);
	if (ret)
		return ret;

	if (private_fault_block_fits(kvm, gfn, max_order) &&
	    private_fault_map_block(vcpu, fault_ipa, slot, pfn, mmu_seq)) {
		put_page(page);
		return 1;
	}

	write_lock(&kvm->mmu_lock);
	if (mmu_invalidate_retry_gfn(kvm, mmu_seq, gfn)) {
		write_unlock(&kvm->mmu_lock);
		put_page(page);
		return 1;
	}
	ret = realm_map_ipa(kvm, fault_ipa, pfn, PAGE_SIZE, KVM_PGTABLE_PROT_W,
			    &vcpu->arch.mmu_page_cache);
	/* A page that is there and still faults is one that was destroyed under the guest. */
	if (ret == -EAGAIN)
		hopeless = realm_read_entry(kvm, ALIGN_DOWN(fault_ipa, GRANULE_SIZE), LAST_LEVEL,
					    &state, &ripas) &&
			   state == S2_ASSIGNED && ripas == S2_RIPAS_DESTROYED;
	write_unlock(&kvm->mmu_lock);

	if (!ret && REALM_MAPPING_HOLDS_PAGE)
		return 1;
	put_page(page);
	if (!ret)
		return 1;
	if (hopeless)
		return memory_fault_exit(vcpu, fault_ipa, true);
	return ret == -EAGAIN ? 1 : ret;
}

/*
 * A fault in a slot with a guest_memfd. -EINVAL: it is at a shared address, as the attribute says, and goes the
 * way of ordinary memory. Anything else is final.
 */
static int private_memslot_fault(struct kvm_vcpu *vcpu, phys_addr_t fault_ipa,
				 struct kvm_memory_slot *slot)
{
	struct kvm *kvm = vcpu->kvm;
	const bool is_private = realm_address_is_private(kvm, fault_ipa);
	const gfn_t gfn = gpa_to_gfn(kvm_gpa_from_fault(kvm, fault_ipa));
	/* Before the attribute is looked at: a change of it is an invalidation too. */
	unsigned long mmu_seq = kvm->mmu_invalidate_seq;

	smp_rmb();
	if (is_private != kvm_mem_is_private(kvm, gfn))
		return memory_fault_exit(vcpu, fault_ipa, is_private);
	if (!is_private)
		return -EINVAL;
	return private_fault_map(vcpu, fault_ipa, slot, mmu_seq);
}

/* A fault of a REC at a shared address. 1: mapped, or the guest tries again. -errno. */
static int user_mem_abort(struct kvm_vcpu *vcpu, phys_addr_t fault_ipa,
			  struct kvm_memory_slot *slot, unsigned long hva)
{
	struct kvm *kvm = vcpu->kvm;
	const gfn_t gfn = gpa_to_gfn(kvm_gpa_from_fault(kvm, fault_ipa));
	struct page *page = NULL;
	unsigned long mmu_seq;
	bool writable = false, has_vma;
	kvm_pfn_t pfn;
	int ret;

	/* Ordinary memory never backs protected addresses. */
	if (!vcpu_is_rec(vcpu) || realm_address_is_private(kvm, fault_ipa))
		return -EINVAL;

	ret = fault_topup_cache(vcpu);
	if (ret)
		return ret;

	mmap_read_lock(current->mm);
	has_vma = vma_lookup(current->mm, hva);
	mmu_seq = kvm->mmu_invalidate_seq;
	mmap_read_unlock(current->mm);
	if (!has_vma) {
		kvm_err("No mapping of the VMM at %#lx\n", hva);
		return -EFAULT;
	}
	smp_rmb();

	/* The RMM maps shared memory for reading and writing only, so that every fault is one for writing. */
	pfn = __kvm_faultin_pfn(slot, gfn, FOLL_WRITE, &writable, &page);
	if (is_error_noslot_pfn(pfn) || !writable) {
		kvm_release_page_clean(page);
		return -EFAULT;
	}

	read_lock(&kvm->mmu_lock);
	if (mmu_invalidate_retry_gfn(kvm, mmu_seq, gfn))
		ret = -EAGAIN;
	else
		ret = realm_map_ipa(kvm, fault_ipa, pfn, PAGE_SIZE,
				    KVM_PGTABLE_PROT_R | KVM_PGTABLE_PROT_W,
				    &vcpu->arch.mmu_page_cache);
	/* The notifier guards the page while it is mapped. */
	kvm_release_faultin_page(kvm, page, !!ret, writable);
	read_unlock(&kvm->mmu_lock);

	return !ret || ret == -EAGAIN ? 1 : ret;
}

/* An access to what no slot backs, or a write to what the guest must not write. */
static int no_memory_abort(struct kvm_vcpu *vcpu, phys_addr_t fault_ipa)
{
	struct kvm *kvm = vcpu->kvm;
	const unsigned long offset = kvm_vcpu_get_hfar(vcpu) & (GRANULE_SIZE - 1);
	const bool is_iabt = kvm_vcpu_trap_is_iabt(vcpu);

	/* The RMM injects no abort for a protected address, so the VMM has to deal with it. */
	if (kvm_is_realm(kvm) && realm_address_is_private(kvm, fault_ipa))
		return memory_fault_exit(vcpu, fault_ipa, true);
	if (is_iabt || !kvm_vcpu_dabt_isvalid(vcpu))
		return kvm_inject_sea(vcpu, is_iabt, kvm_vcpu_get_hfar(vcpu));
	return io_mem_abort(vcpu, kvm_gpa_from_fault(kvm, fault_ipa) | offset);
}

/* A stage 2 abort of the guest. 1: the guest goes on, 0: KVM_RUN returns with an exit reason, or -errno. */
int kvm_handle_guest_abort(struct kvm_vcpu *vcpu)
{
	const phys_addr_t fault_ipa = kvm_vcpu_get_fault_ipa(vcpu);
	const u64 fault_type = kvm_vcpu_get_esr(vcpu) & ESR_ELx_FSC_TYPE;
	struct kvm *kvm = vcpu->kvm;
	struct kvm_memory_slot *slot;
	bool writable = false;
	unsigned long hva;
	gfn_t gfn;
	int idx, ret;

	if (fault_type != ESR_ELx_FSC_FAULT && fault_type != ESR_ELx_FSC_ACCESS &&
	    fault_type != ESR_ELx_FSC_PERM) {
		kvm_err("Unsupported fault status: ESR %#llx\n", kvm_vcpu_get_esr(vcpu));
		return -EFAULT;
	}

	idx = srcu_read_lock(&kvm->srcu);

	gfn = gpa_to_gfn(kvm_gpa_from_fault(kvm, fault_ipa));
	slot = gfn_to_memslot(kvm, gfn);

	/* A slot that is being deleted has been unmapped already: it counts as gone. */
	hva = gfn_to_hva_memslot_prot(slot, gfn, &writable);

	if (kvm_is_realm(kvm) && kvm_slot_can_be_private(slot) && !kvm_is_error_hva(hva)) {
		ret = private_memslot_fault(vcpu, fault_ipa, slot);
		if (ret != -EINVAL)
			goto out;
	}

	if (kvm_is_error_hva(hva) || (kvm_is_write_fault(vcpu) && !writable)) {
		ret = no_memory_abort(vcpu, fault_ipa);
		goto out;
	}

	ret = user_mem_abort(vcpu, fault_ipa, slot, hva);
out:
	srcu_read_unlock(&kvm->srcu, idx);
	return ret;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Populating from the shared alias, v5 to v10. Included by rme.c behind realm.c. It wants of the posting:
 *
 *   SOURCE_GET(slot, gfn, &page)			pins the VMM's page: its pfn, or an error pfn
 *   SOURCE_PUT(kvm, pfn, page)
 *   PRIVATE_GET(kvm, slot, gfn, &pfn, &page)	a referenced page of guest_memfd; 0 or -errno
 *   POPULATE_PAUSE()				between chunks
 */
static int page_populate(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn,
			 unsigned long flags)
{
	const unsigned long hva = gfn_to_hva_memslot(slot, gfn);
	int ret;

	do {
		struct page *src_page = NULL, *dst_page;
		unsigned long seq = kvm->mmu_invalidate_seq;
		kvm_pfn_t src, dst;
		bool kept = false;

		if (!vma_lookup(current->mm, hva))
			return -EFAULT;
		src = SOURCE_GET(slot, gfn, &src_page);
		if (is_error_pfn(src))
			return -EFAULT;
		ret = PRIVATE_GET(kvm, slot, gfn, &dst, &dst_page);
		if (ret) {
			SOURCE_PUT(kvm, src, src_page);
			return ret;
		}
		write_lock(&kvm->mmu_lock);
		if (mmu_invalidate_retry_gfn(kvm, seq, gfn))
			ret = -EAGAIN;
		else
			ret = data_page_create(&kvm->arch.realm, gfn_to_gpa(gfn),
					       __pfn_to_phys(dst), __pfn_to_phys(src), flags,
					       &kept);
		write_unlock(&kvm->mmu_lock);
		SOURCE_PUT(kvm, src, src_page);
		if (ret && !kept)
			put_page(dst_page);
	} while (ret == -EAGAIN);
	return ret;
}

static int realm_populate(struct kvm *kvm, gpa_t base, gpa_t size, u32 flags)
{
	const gpa_t end = base + size;
	gpa_t chunk_end;
	int ret = 0;

	if (kvm_realm_state(kvm) != REALM_STATE_NEW)
		return -EPERM;
	if (!IS_ALIGNED(base | size, PAGE_SIZE) || flags & ~KVM_ARM_RME_POPULATE_FLAGS_MEASURE ||
	    end < base)
		return -EINVAL;
	for (; base < end && !ret; base = chunk_end) {
		const int idx = srcu_read_lock(&kvm->srcu);
		struct kvm_memory_slot *slot = gfn_to_memslot(kvm, gpa_to_gfn(base));

		chunk_end = min(base + SZ_2M, end);
		if (!slot)
			ret = -EFAULT;
		else if (chunk_end > gfn_to_gpa(slot->base_gfn + slot->npages))
			ret = -EINVAL;
		else if (!kvm_slot_can_be_private(slot))
			ret = -EPERM;
		for (; base < chunk_end && !ret; base += PAGE_SIZE)
			ret = page_populate(kvm, slot, gpa_to_gfn(base), flags);
		srcu_read_unlock(&kvm->srcu, idx);
		POPULATE_PAUSE();
	}
	return ret;
}

/* A hash algorithm that the RMM has. */
static int hash_choose(struct kvm *kvm, u32 algo)
{
	if (algo > 1 || !(FEATURES & (algo ? RMI_FEATURE_REGISTER_0_HASH_SHA_512
					   : RMI_FEATURE_REGISTER_0_HASH_SHA_256)))
		return -EINVAL;
	kvm->arch.realm.params->hash_algo = algo;
	return 0;
}

static int realm_activate(struct kvm *kvm)
{
	if (kvm_realm_state(kvm) != REALM_STATE_NEW)
		return -EINVAL;
	if (rmi_realm_activate(realm_rd(&kvm->arch.realm)))
		return -ENXIO;
	WRITE_ONCE(kvm->arch.realm.state, REALM_STATE_ACTIVE);
	return 0;
}

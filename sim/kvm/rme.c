// SPDX-License-Identifier: BSD-3-Clause
/*
 * rme.c - Realms: their life, their memory, and the RECs' life. Everything that the host asks of the RMM
 * except running a REC (rme-exit.c) goes through here.
 *
 * Memory that belongs to the RMM is never freed: whenever UNDELEGATE fails the page keeps a reference for
 * ever. The RMM's outputs are used only after a status that defines them, and a walk that follows them
 * goes on only if they lead forward.
 */
#include <linux/kvm_host.h>

#include <asm/barrier.h>
#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/kvm_rme.h>
#include <asm/rmi_cmds.h>
#include <asm/virt.h>

/* How many times a call is repeated when somebody else changes the tables between two of our calls. */
#define RTT_RACE_RETRIES 8

/* How far one round of a RIPAS change goes before it lets others have mmu_lock. */
#define RIPAS_ROUND_SIZE RMM_RTT_LEVEL_SIZE(1)

#define GRANULES_PER_PAGE (PAGE_SIZE / RMM_PAGE_SIZE)

static unsigned long rmm_feat_reg0;

static unsigned long *rme_vmid_bitmap;
static DEFINE_SPINLOCK(rme_vmid_lock);

static bool rme_has_feature(unsigned long feature)
{
	return !!u64_get_bits(rmm_feat_reg0, feature);
}

bool kvm_rme_supports_sve(void)
{
	return rme_has_feature(RMI_FEATURE_REGISTER_0_SVE_EN);
}

u32 kvm_realm_ipa_limit(void)
{
	return u64_get_bits(rmm_feat_reg0, RMI_FEATURE_REGISTER_0_S2SZ);
}

u8 kvm_realm_max_pmu_counters(void)
{
	return u64_get_bits(rmm_feat_reg0, RMI_FEATURE_REGISTER_0_PMU_NUM_CTRS);
}

unsigned int kvm_realm_sve_max_vl(void)
{
	return sve_vl_from_vq(u64_get_bits(rmm_feat_reg0, RMI_FEATURE_REGISTER_0_SVE_VL) + 1);
}

u64 kvm_realm_reset_id_aa64dfr0_el1(const struct kvm_vcpu *vcpu, u64 val)
{
	/* The RMM counts in six bits, the register's fields have four. */
	const u32 field_max = 15;
	u32 bps, wps, ctx_cmps;

	if (!kvm_is_realm(vcpu->kvm))
		return val;

	bps = u64_get_bits(rmm_feat_reg0, RMI_FEATURE_REGISTER_0_NUM_BPS);
	wps = u64_get_bits(rmm_feat_reg0, RMI_FEATURE_REGISTER_0_NUM_WPS);
	ctx_cmps = FIELD_GET(ID_AA64DFR0_EL1_CTX_CMPs, val);
	bps = min(bps, field_max);
	wps = min(wps, field_max);
	/* Context-aware breakpoints are some of the breakpoints. */
	ctx_cmps = min(ctx_cmps, bps);

	val &= ~(ID_AA64DFR0_EL1_BRPs_MASK | ID_AA64DFR0_EL1_WRPs_MASK | ID_AA64DFR0_EL1_CTX_CMPs);
	val |= FIELD_PREP(ID_AA64DFR0_EL1_BRPs_MASK, bps) |
	       FIELD_PREP(ID_AA64DFR0_EL1_WRPs_MASK, wps) |
	       FIELD_PREP(ID_AA64DFR0_EL1_CTX_CMPs, ctx_cmps);
	return val;
}

/* Level of the root tables for this IPA width, with as few tables as possible. */
static int get_start_level(struct realm *realm)
{
	return 4 - (realm->ia_bits - 8) / 9;
}

/* Root tables, concatenated if one does not reach. */
static unsigned int get_num_roots(struct realm *realm)
{
	unsigned int one_table = RMM_RTT_LEVEL_SHIFT(get_start_level(realm) - 1);

	return realm->ia_bits > one_table ? 1U << (realm->ia_bits - one_table) : 1;
}

static unsigned long realm_rd_phys(struct realm *realm)
{
	return virt_to_phys(realm->rd);
}

/* Keeps a page, part of which the RMM has, from being freed when its other references go. */
static void leak_page(phys_addr_t phys)
{
	get_page(phys_to_page(phys));
}

/*
 * Takes `nr` granules at `phys`, all in one page, back from the RMM. False if one of them stays with it, so
 * that the page must not be freed; the others are the host's again.
 */
static bool undelegate_granules(phys_addr_t phys, unsigned int nr)
{
	bool all = true;

	for (; nr; nr--, phys += RMM_PAGE_SIZE) {
		if (rmi_granule_undelegate(phys)) {
			kvm_err("RMM keeps granule %#llx\n", phys);
			all = false;
		}
	}
	return all;
}

/*
 * A page of which the first granule is delegated: from `mc`, or without one from the allocator, because
 * mmu_lock may be held. PHYS_ADDR_MAX if there is none or the RMM does not take it.
 */
static phys_addr_t alloc_delegated_granule(struct kvm_mmu_memory_cache *mc)
{
	void *virt = NULL;
	phys_addr_t phys;

	if (!mc)
		virt = (void *)__get_free_page(GFP_ATOMIC | __GFP_ZERO | __GFP_ACCOUNT);
	else if (kvm_mmu_memory_cache_nr_free_objects(mc))
		virt = kvm_mmu_memory_cache_alloc(mc);
	if (!virt)
		return PHYS_ADDR_MAX;

	phys = virt_to_phys(virt);
	if (rmi_granule_delegate(phys)) {
		free_page((unsigned long)virt);
		return PHYS_ADDR_MAX;
	}
	return phys;
}

static phys_addr_t alloc_rtt(struct kvm_mmu_memory_cache *mc)
{
	phys_addr_t phys = alloc_delegated_granule(mc);

	if (phys != PHYS_ADDR_MAX)
		kvm_account_pgtable_pages(phys_to_virt(phys), 1);
	return phys;
}

/* A table that the RMM keeps stays accounted: it is still in use. */
static void free_rtt(phys_addr_t phys)
{
	void *virt = phys_to_virt(phys);

	if (WARN_ON(rmi_granule_undelegate(phys)))
		return;

	kvm_account_pgtable_pages(virt, -1);
	free_page((unsigned long)virt);
}

/* The RMM wants the address of a table's first entry. */
static int realm_rtt_create(struct realm *realm, unsigned long addr, int level, phys_addr_t rtt)
{
	addr = ALIGN_DOWN(addr, RMM_RTT_LEVEL_SIZE(level - 1));
	return rmi_rtt_create(realm_rd_phys(realm), rtt, addr, level);
}

/* `addr` is that of the table's first entry. */
static int realm_rtt_fold(struct realm *realm, unsigned long addr, int level, unsigned long *rtt)
{
	return rmi_rtt_fold(realm_rd_phys(realm), addr, level, rtt);
}

static int realm_rtt_destroy(struct realm *realm, unsigned long addr, int level, unsigned long *rtt,
			     unsigned long *next)
{
	return rmi_rtt_destroy(realm_rd_phys(realm), addr, level, rtt, next);
}

/*
 * Makes the tables of levels level + 1 to max_level that cover `ipa`, as far as they do not exist, and adds
 * their number to *created (may be NULL). 0: all of them exist. -EAGAIN: somebody folded one above
 * meanwhile, so that the caller has to ask the RMM again where its walk ends. -ENOMEM, -ENXIO: the tables
 * made until then stay.
 */
static int realm_create_rtt_levels(struct realm *realm, unsigned long ipa, int level, int max_level,
				   struct kvm_mmu_memory_cache *mc, unsigned int *created)
{
	while (level++ < max_level) {
		phys_addr_t rtt = alloc_rtt(mc);
		int ret;

		if (rtt == PHYS_ADDR_MAX)
			return -ENOMEM;

		ret = realm_rtt_create(realm, ipa, level, rtt);
		if (ret == RMI_SUCCESS) {
			if (created)
				*created += 1;
			continue;
		}

		free_rtt(rtt);
		if (RMI_RETURN_STATUS(ret) == RMI_ERROR_RTT) {
			if (RMI_RETURN_INDEX(ret) == level - 1)
				continue;
			if (RMI_RETURN_INDEX(ret) < level - 1)
				return -EAGAIN;
		}
		WARN(1, "RTT_CREATE at level %d failed: %#x\n", level, ret);
		return -ENXIO;
	}
	return 0;
}

/* The smallest level number whose entries are aligned to `start` and fit before `end`. */
static int find_map_level(struct realm *realm, unsigned long start, unsigned long end)
{
	int level = RMM_RTT_MAX_LEVEL;

	while (level > get_start_level(realm)) {
		unsigned long size = RMM_RTT_LEVEL_SIZE(level - 1);

		if (!IS_ALIGNED(start, size) || end - start < size)
			break;
		level--;
	}
	return level;
}

/*
 * Destroys the tables of `level` and below that cover [start, end), which such tables cover exactly. 0: they are
 * gone, and freed. -EBUSY: a table holds something. -ENXIO: the RMM's answer makes no sense.
 */
static int realm_tear_down_rtt_level(struct realm *realm, int level, unsigned long start,
				     unsigned long end)
{
	const unsigned long size = RMM_RTT_LEVEL_SIZE(level - 1);
	bool children_gone = false;
	unsigned long addr = start;

	while (addr < end) {
		unsigned long rtt, top;
		int ret = realm_rtt_destroy(realm, addr, level, &rtt, &top);

		switch (RMI_RETURN_STATUS(ret)) {
		case RMI_SUCCESS:
			free_rtt(rtt);
			children_gone = false;
			addr = max(addr + size, top);
			break;
		case RMI_ERROR_RTT:
			if (top > addr) {
				children_gone = false;
				addr = top;
				break;
			}
			/* Only a table is emptied from below; an entry that maps something stays. */
			if (WARN_ON(RMI_RETURN_INDEX(ret) != level || level == RMM_RTT_MAX_LEVEL ||
				    children_gone))
				return -EBUSY;
			ret = realm_tear_down_rtt_level(realm, level + 1, addr, addr + size);
			if (ret)
				return ret;
			children_gone = true;
			break;
		default:
			WARN(1, "RTT_DESTROY at level %d failed: %#x\n", level, ret);
			return -ENXIO;
		}
	}
	return 0;
}

void kvm_realm_destroy_rtts(struct kvm *kvm, u32 ia_bits)
{
	struct realm *realm = &kvm->arch.realm;
	bool again;
	int ret;

	write_lock(&kvm->mmu_lock);
	again = realm->unmap_incomplete;
	if (again) {
		realm->unmap_incomplete = false;
		kvm_realm_unmap_range(kvm, 0, BIT(ia_bits - 1), true, true);
	}
	write_unlock(&kvm->mmu_lock);

	ret = realm_tear_down_rtt_level(realm, get_start_level(realm) + 1, 0, BIT(ia_bits));
	WARN_ON(ret);
	realm->rtts_left = ret;
}

static void realm_resched(struct kvm *kvm, bool may_block)
{
	if (may_block)
		cond_resched_rwlock_write(&kvm->mmu_lock);
}

/*
 * Folds the tables of `level` and below that cover [start, end), children first, as far as the RMM allows,
 * frees them, and sets *folded if there was one. 0, or -ENXIO.
 */
static int realm_fold_rtt_level(struct kvm *kvm, int level, unsigned long start, unsigned long end,
				bool may_block, bool *folded)
{
	struct realm *realm = &kvm->arch.realm;
	unsigned long size = RMM_RTT_LEVEL_SIZE(level - 1);
	unsigned long addr;

	for (addr = ALIGN_DOWN(start, size); addr < end; addr += size) {
		bool children_folded = false;
		unsigned long rtt;
		int ret = realm_rtt_fold(realm, addr, level, &rtt);

		if (RMI_RETURN_STATUS(ret) == RMI_ERROR_RTT && RMI_RETURN_INDEX(ret) == level &&
		    level < RMM_RTT_MAX_LEVEL) {
			int err = realm_fold_rtt_level(kvm, level + 1, max(start, addr),
						       min(end, addr + size), may_block,
						       &children_folded);

			if (err)
				return err;
			/* Nothing below has changed if no child folded, so neither would the answer. */
			if (children_folded)
				ret = realm_rtt_fold(realm, addr, level, &rtt);
		}

		if (ret == RMI_SUCCESS) {
			free_rtt(rtt);
			*folded = true;
		} else if (RMI_RETURN_STATUS(ret) != RMI_ERROR_RTT) {
			WARN(1, "RTT_FOLD at level %d failed: %#x\n", level, ret);
			return -ENXIO;
		}
		realm_resched(kvm, may_block);
	}
	return 0;
}

/* Tables that an unmap has left without information go back. Those that do not fold are no error. */
static void realm_fold_range(struct kvm *kvm, unsigned long start, unsigned long end,
			     bool may_block)
{
	bool folded = false;

	realm_fold_rtt_level(kvm, get_start_level(&kvm->arch.realm) + 1, start, end, may_block,
			     &folded);
}

/*
 * Splits the block of `level` that covers `ipa` into a table of the next level. 0, -ENOMEM, or -ENXIO with
 * a warning.
 */
static int realm_unfold_block(struct realm *realm, unsigned long ipa, int level)
{
	phys_addr_t rtt = alloc_rtt(NULL);
	int ret;

	if (rtt == PHYS_ADDR_MAX)
		return -ENOMEM;

	ret = realm_rtt_create(realm, ipa, level + 1, rtt);
	if (ret) {
		free_rtt(rtt);
		WARN(1, "Cannot unfold the block of level %d at %#lx: %#x\n", level, ipa, ret);
		return -ENXIO;
	}
	return 0;
}

/*
 * Where RTT_READ_ENTRY says that the granule at `ipa` is mapped to; PHYS_ADDR_MAX if nothing is mapped there. False
 * if the RMM does not say.
 */
static bool realm_read_granule(struct realm *realm, unsigned long ipa, struct rtt_entry *entry,
			       phys_addr_t *phys)
{
	unsigned long offset_mask;

	*phys = PHYS_ADDR_MAX;
	if (rmi_rtt_read_entry(realm_rd_phys(realm), ipa, RMM_RTT_MAX_LEVEL, entry))
		return false;
	if (entry->state != RMI_ASSIGNED)
		return true;

	offset_mask = RMM_RTT_LEVEL_SIZE(entry->walk_level) - 1;
	/* Bits below the entry's size and above its address are attributes. */
	*phys = (entry->desc & GENMASK(47, RMM_PAGE_SHIFT) & ~offset_mask) | (ipa & offset_mask);
	return true;
}

/*
 * Whether a granule in [start, end), which lies in one host page, maps to the host page at `page_phys`. If the
 * RMM does not say the answer is `unknown`: that which keeps a page too long rather than too short.
 */
static bool realm_range_maps_page(struct realm *realm, unsigned long start, unsigned long end,
				  phys_addr_t page_phys, bool unknown)
{
	unsigned long ipa;

	for (ipa = start; ipa < end; ipa += RMM_PAGE_SIZE) {
		struct rtt_entry entry;
		phys_addr_t phys;

		if (!realm_read_granule(realm, ipa, &entry, &phys))
			return unknown;
		if (phys != PHYS_ADDR_MAX && ALIGN_DOWN(phys, PAGE_SIZE) == page_phys)
			return true;
	}
	return false;
}

/*
 * Unmaps the granule at `ipa`. *phys: what was mapped there, PHYS_ADDR_MAX if nothing was. *next: where to
 * go on. 0: nothing is mapped there any more; -ENOMEM or -ENXIO: there may be. What was mapped is the
 * host's again unless *kept.
 */
static int realm_destroy_private_granule(struct realm *realm, unsigned long ipa,
					 unsigned long *next, phys_addr_t *phys, bool *kept)
{
	unsigned long data, top;
	int attempts = 0;
	int ret;

	*phys = PHYS_ADDR_MAX;
	*next = ipa + RMM_PAGE_SIZE;
	*kept = false;

	for (;;) {
		int level, err;

		ret = rmi_data_destroy(realm_rd_phys(realm), ipa, &data, &top);
		if (ret == RMI_SUCCESS)
			break;

		level = RMI_RETURN_INDEX(ret);
		if (RMI_RETURN_STATUS(ret) == RMI_ERROR_RTT && top > ipa) {
			*next = top;
			return 0;
		}
		/* A block covers it: 2 MiB, or 1 GiB of those folded. Each round makes it smaller. */
		if (RMI_RETURN_STATUS(ret) != RMI_ERROR_RTT || top != ipa ||
		    level >= RMM_RTT_MAX_LEVEL || level < 1 || attempts++ >= RMM_RTT_MAX_LEVEL) {
			WARN(1, "DATA_DESTROY at %#lx failed: %#x\n", ipa, ret);
			return -ENXIO;
		}
		err = realm_unfold_block(realm, ipa, level);
		if (err) {
			kvm_err("Block of level %d at %#lx stays mapped: %d\n", level, ipa, err);
			*next = ALIGN_DOWN(ipa, RMM_RTT_LEVEL_SIZE(level)) +
				RMM_RTT_LEVEL_SIZE(level);
			return err;
		}
	}

	*phys = data;
	if (top > ipa)
		*next = top;
	*kept = WARN_ON(rmi_granule_undelegate(data));
	return 0;
}

/* Drops the reference that a mapping holds on its host page. */
static void realm_put_page(phys_addr_t page_phys)
{
	free_page((unsigned long)phys_to_virt(page_phys));
}

/*
 * Unmaps what of [ipa, end) lies in the host page that holds `ipa`. When nothing in that page maps its
 * memory any more the mapping's reference goes. Returns where to go on.
 */
static unsigned long realm_unmap_private_page(struct realm *realm, unsigned long ipa,
					      unsigned long end)
{
	const unsigned long page_start = ALIGN_DOWN(ipa, PAGE_SIZE);
	const unsigned long page_end = page_start + PAGE_SIZE;
	const unsigned long stop = min(end, page_end);
	phys_addr_t page_phys = PHYS_ADDR_MAX;
	bool failed = false, in_use;
	unsigned long addr, next = stop;

	for (addr = ipa; addr < stop; addr = next) {
		phys_addr_t phys;
		bool kept;

		if (realm_destroy_private_granule(realm, addr, &next, &phys, &kept)) {
			realm->unmap_incomplete = true;
			failed = true;
		}
		if (phys == PHYS_ADDR_MAX)
			continue;

		phys = ALIGN_DOWN(phys, PAGE_SIZE);
		if (page_phys != PHYS_ADDR_MAX && page_phys != phys) {
			/* Two pages under one: an earlier unmap of this place had to leave something. */
			if (!realm_range_maps_page(realm, page_start, page_end, page_phys, true))
				realm_put_page(page_phys);
		}
		page_phys = phys;
		/* One reference that nobody drops would do. */
		if (kept)
			leak_page(phys);
	}

	if (page_phys == PHYS_ADDR_MAX)
		return next;
	/* What was unmapped just now need not be looked at, nor what the RMM has skipped. */
	if (failed)
		in_use = realm_range_maps_page(realm, page_start, page_end, page_phys, true);
	else
		in_use = realm_range_maps_page(realm, page_start, ipa, page_phys, true) ||
			 realm_range_maps_page(realm, next, page_end, page_phys, true);
	if (!in_use)
		realm_put_page(page_phys);
	return next;
}

/* Unmaps [start, end) of the protected half and gives its pages back. mmu_lock is held for write. */
static void realm_unmap_private_range(struct kvm *kvm, unsigned long start, unsigned long end,
				      bool may_block)
{
	unsigned long addr = start;

	while (addr < end) {
		addr = realm_unmap_private_page(&kvm->arch.realm, addr, end);
		realm_resched(kvm, may_block);
	}
	realm_fold_range(kvm, start, end, may_block);
}

/*
 * A block of `level` that covers `addr` but is no part of the range as a whole cannot be split for want of
 * memory. Shared memory can always be faulted in again, while a mapping that stays would outlive its
 * page: so all of the block goes.
 */
static int realm_unmap_shared_block(struct realm *realm, unsigned long addr, int level)
{
	unsigned long top;
	int ret;

	addr = ALIGN_DOWN(addr, RMM_RTT_LEVEL_SIZE(level));
	ret = rmi_rtt_unmap_unprotected(realm_rd_phys(realm), addr, level, &top);
	if (WARN_ON(ret))
		return -ENXIO;
	return 0;
}

/*
 * Unmaps [start, end) of the unprotected half, in entries of `level`, to whose size `start` is aligned, and in
 * smaller ones at the end. False: it stopped, and what is at or behind the failing address may be mapped still.
 */
static bool realm_unmap_shared_level(struct kvm *kvm, int level, unsigned long start,
				     unsigned long end, bool may_block)
{
	struct realm *realm = &kvm->arch.realm;
	const unsigned long size = RMM_RTT_LEVEL_SIZE(level);
	unsigned long addr, next;
	int unfolded = 0;

	for (addr = start; addr < end; addr = next) {
		unsigned long top;
		int index, ret;

		next = addr + size;
		if (next > end)
			return realm_unmap_shared_level(kvm, level + 1, addr, end, may_block);

		ret = rmi_rtt_unmap_unprotected(realm_rd_phys(realm), addr, level, &top);
		index = RMI_RETURN_INDEX(ret);
		if (ret == RMI_SUCCESS || (RMI_RETURN_STATUS(ret) == RMI_ERROR_RTT && top > addr)) {
			unfolded = 0;
			if (top > addr)
				next = top;
		} else if (RMI_RETURN_STATUS(ret) == RMI_ERROR_RTT && top == addr &&
			   index == level && level < RMM_RTT_MAX_LEVEL) {
			if (!realm_unmap_shared_level(kvm, level + 1, addr, next, may_block))
				return false;
		} else if (RMI_RETURN_STATUS(ret) == RMI_ERROR_RTT && top == addr &&
			   index < level && index >= 1 && unfolded++ < RMM_RTT_MAX_LEVEL) {
			ret = realm_unfold_block(realm, addr, index);
			if (ret == -ENOMEM)
				ret = realm_unmap_shared_block(realm, addr, index);
			if (ret)
				return false;
			next = addr;
		} else {
			WARN(1, "RTT_UNMAP_UNPROTECTED at level %d failed: %#x\n", level, ret);
			return false;
		}
		realm_resched(kvm, may_block);
	}
	return true;
}

static void realm_unmap_shared_range(struct kvm *kvm, int level, unsigned long start,
				     unsigned long end, bool may_block)
{
	/* The RMM maps nothing larger than 1 GiB. */
	level = max(level, 1);

	/* Where it stops a warning was given. What is left goes with its table, at the latest when the VM ends. */
	(void)realm_unmap_shared_level(kvm, level, start, end, may_block);
	realm_fold_range(kvm, start, end, may_block);
}

void kvm_realm_unmap_range(struct kvm *kvm, unsigned long ipa, unsigned long size,
			   bool unmap_private, bool may_block)
{
	struct realm *realm = &kvm->arch.realm;
	enum realm_state state = kvm_realm_state(kvm);
	unsigned long shared, end;

	if (state != REALM_STATE_NEW && state != REALM_STATE_ACTIVE)
		return;

	shared = BIT(realm->ia_bits - 1);
	if (ipa >= shared || !size)
		return;
	end = size < shared - ipa ? ipa + size : shared;

	realm_unmap_shared_range(kvm, find_map_level(realm, ipa, end), ipa + shared, end + shared,
				 may_block);
	if (unmap_private)
		realm_unmap_private_range(kvm, ipa, end, may_block);
}

/*
 * Delegates the granule at `phys` and maps it at `ipa` with unknown content. *fresh: it was not mapped there
 * before. 0, -ENOMEM or -ENXIO.
 */
static int realm_map_granule(struct realm *realm, unsigned long ipa, phys_addr_t phys,
			     struct kvm_mmu_memory_cache *memcache, bool *fresh)
{
	int attempts = 0;
	int err = 0;
	int ret;

	*fresh = false;
	if (rmi_granule_delegate(phys)) {
		struct rtt_entry entry;
		phys_addr_t mapped;

		/* Another vCPU was first, or an earlier call that failed behind this granule. */
		if (realm_read_granule(realm, ipa, &entry, &mapped) && mapped == phys)
			return 0;
		return -ENXIO;
	}

	for (;;) {
		ret = rmi_data_create_unknown(realm_rd_phys(realm), phys, ipa);
		if (RMI_RETURN_STATUS(ret) != RMI_ERROR_RTT ||
		    RMI_RETURN_INDEX(ret) == RMM_RTT_MAX_LEVEL || attempts++ >= RTT_RACE_RETRIES)
			break;
		err = realm_create_rtt_levels(realm, ipa, RMI_RETURN_INDEX(ret), RMM_RTT_MAX_LEVEL,
					      memcache, NULL);
		if (err && err != -EAGAIN)
			goto undelegate;
	}
	if (ret == RMI_SUCCESS) {
		*fresh = true;
		return 0;
	}
	err = -ENXIO;

undelegate:
	if (!undelegate_granules(phys, 1))
		leak_page(phys);
	return err;
}

/*
 * Whether the guest has given the granule at `ipa` away and nothing backs it: then nothing shall. A granule
 * that faulted was not EMPTY at that moment, which settles it where host page and granule are one and no
 * other vCPU can have changed it since.
 */
static bool realm_granule_is_empty(struct realm *realm, unsigned long ipa)
{
	struct rtt_entry entry;
	phys_addr_t phys;

	if (GRANULES_PER_PAGE == 1 && !READ_ONCE(realm->multi_rec))
		return false;
	return realm_read_granule(realm, ipa, &entry, &phys) && entry.state == RMI_UNASSIGNED &&
	       entry.ripas == RMI_EMPTY;
}

/* Maps what of [ipa, end) lies in the host page that holds `ipa`; realm_map_protected() says the rest. */
static int realm_map_private_page(struct realm *realm, unsigned long ipa, unsigned long end,
				  phys_addr_t phys, struct kvm_mmu_memory_cache *memcache,
				  bool *new, unsigned int *num_mapped)
{
	const unsigned long page_start = ALIGN_DOWN(ipa, PAGE_SIZE);
	const unsigned long page_end = page_start + PAGE_SIZE;
	const unsigned long stop = min(end, page_end);
	const phys_addr_t page_phys = ALIGN_DOWN(phys, PAGE_SIZE);
	bool any_fresh = false, any_old = false;
	unsigned long addr;
	int ret = 0;

	for (addr = ipa; addr < stop; addr += RMM_PAGE_SIZE, phys += RMM_PAGE_SIZE) {
		bool fresh;

		if (realm_granule_is_empty(realm, addr))
			continue;
		ret = realm_map_granule(realm, addr, phys, memcache, &fresh);
		if (ret)
			break;
		*num_mapped += 1;
		if (fresh) {
			any_fresh = true;
			*new = true;
		} else {
			any_old = true;
		}
	}

	/* One reference a page: the first granule's mapping brings it. */
	if (any_fresh && !any_old &&
	    !realm_range_maps_page(realm, page_start, ipa, page_phys, false) &&
	    !realm_range_maps_page(realm, addr, page_end, page_phys, false))
		get_page(phys_to_page(page_phys));
	return ret;
}

int realm_map_protected(struct realm *realm, unsigned long ipa, kvm_pfn_t pfn,
			unsigned long map_size, struct kvm_mmu_memory_cache *memcache)
{
	const phys_addr_t phys = __pfn_to_phys(pfn);
	unsigned int num_mapped = 0;
	bool new = false;
	unsigned long offset, next;
	int ret;

	if (WARN_ON(!map_size || !IS_ALIGNED(map_size, RMM_PAGE_SIZE) ||
		    !IS_ALIGNED(ipa, map_size)))
		return -EINVAL;

	for (offset = 0; offset < map_size; offset = next) {
		next = min(ALIGN_DOWN(offset, PAGE_SIZE) + PAGE_SIZE, map_size);
		ret = realm_map_private_page(realm, ipa + offset, ipa + next, phys + offset,
					     memcache, &new, &num_mapped);
		if (ret)
			return ret;
	}
	if (!new)
		return -EAGAIN;

	/* A block saves a table; without it the pages are mapped singly. */
	if (IS_ALIGNED(map_size, RMM_L2_BLOCK_SIZE) && num_mapped == map_size / RMM_PAGE_SIZE) {
		for (offset = 0; offset < map_size; offset += RMM_L2_BLOCK_SIZE) {
			unsigned long rtt;

			if (!realm_rtt_fold(realm, ipa + offset, RMM_RTT_MAX_LEVEL, &rtt))
				free_rtt(rtt);
		}
	}

	/* The mapping has references of its own now, so the caller's are used up by dropping them. */
	for (offset = 0; offset < map_size; offset += PAGE_SIZE)
		put_page(phys_to_page(phys + offset));
	return 0;
}

/* Maps one granule of Non-secure memory, as realm_map_non_secure() says. */
static int realm_map_shared_granule(struct realm *realm, unsigned long ipa, phys_addr_t phys,
				    struct kvm_mmu_memory_cache *memcache)
{
	const unsigned long rd = realm_rd_phys(realm);
	const unsigned long desc = phys | PTE_S2_MEMATTR(MT_S2_FWB_NORMAL) |
				   KVM_PTE_LEAF_ATTR_LO_S2_S2AP_R | KVM_PTE_LEAF_ATTR_LO_S2_S2AP_W;
	bool replaced = false;
	int attempts;

	for (attempts = 0; attempts <= RTT_RACE_RETRIES; attempts++) {
		int ret = rmi_rtt_map_unprotected(rd, ipa, RMM_RTT_MAX_LEVEL, desc);
		struct rtt_entry entry;
		phys_addr_t mapped;
		unsigned long top;
		int err;

		if (ret == RMI_SUCCESS)
			return 0;
		if (RMI_RETURN_STATUS(ret) != RMI_ERROR_RTT)
			return -ENXIO;

		if (RMI_RETURN_INDEX(ret) < RMM_RTT_MAX_LEVEL) {
			err = realm_create_rtt_levels(realm, ipa, RMI_RETURN_INDEX(ret),
						      RMM_RTT_MAX_LEVEL, memcache, NULL);
			if (err && err != -EAGAIN)
				return -ENXIO;
			continue;
		}

		/* Something is mapped: what another vCPU that faulted here has put, or an old page. */
		if (realm_read_granule(realm, ipa, &entry, &mapped) && mapped == phys)
			return 0;
		if (replaced)
			return -ENXIO;
		replaced = true;
		ret = rmi_rtt_unmap_unprotected(rd, ipa, RMM_RTT_MAX_LEVEL, &top);
		if (ret && RMI_RETURN_STATUS(ret) != RMI_ERROR_RTT)
			return -ENXIO;
	}
	return -ENXIO;
}

int realm_map_non_secure(struct realm *realm, unsigned long ipa, kvm_pfn_t pfn, unsigned long size,
			 struct kvm_mmu_memory_cache *memcache)
{
	const phys_addr_t phys = __pfn_to_phys(pfn);
	unsigned long offset;

	if (WARN_ON(!size || !IS_ALIGNED(size, RMM_PAGE_SIZE) || !IS_ALIGNED(ipa, size)))
		return -EINVAL;

	for (offset = 0; offset < size; offset += RMM_PAGE_SIZE) {
		int ret = realm_map_shared_granule(realm, ipa + offset, phys + offset, memcache);

		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Delegates the granule at `dst`, fills it from `src` and maps it at `ipa`. mmu_lock is held for write. 0 or
 * -ENXIO.
 */
static int realm_create_data_granule(struct realm *realm, unsigned long ipa, phys_addr_t dst,
				     phys_addr_t src, unsigned long flags)
{
	int attempts = 0;
	int ret;

	if (rmi_granule_delegate(dst))
		return -ENXIO;

	for (;;) {
		ret = rmi_data_create(realm_rd_phys(realm), dst, ipa, src, flags);
		if (RMI_RETURN_STATUS(ret) != RMI_ERROR_RTT ||
		    RMI_RETURN_INDEX(ret) == RMM_RTT_MAX_LEVEL || attempts++ >= RTT_RACE_RETRIES)
			break;
		ret = realm_create_rtt_levels(realm, ipa, RMI_RETURN_INDEX(ret), RMM_RTT_MAX_LEVEL,
					      NULL, NULL);
		if (ret && ret != -EAGAIN)
			break;
	}
	if (ret == RMI_SUCCESS)
		return 0;

	if (!undelegate_granules(dst, 1))
		leak_page(dst);
	return -ENXIO;
}

/*
 * Populates the host page at `ipa` from the page at `src`. *mapped: some of its granules are the guest's now. Those
 * are measured, and destroying them would not take that back, so they stay when a later one fails.
 */
static int realm_create_protected_data_page(struct realm *realm, unsigned long ipa, kvm_pfn_t dst,
					    kvm_pfn_t src, unsigned long flags,
					    bool *mapped)
{
	const phys_addr_t dst_phys = __pfn_to_phys(dst);
	const phys_addr_t src_phys = __pfn_to_phys(src);
	unsigned long offset;

	*mapped = false;
	for (offset = 0; offset < PAGE_SIZE; offset += RMM_PAGE_SIZE) {
		int ret = realm_create_data_granule(realm, ipa + offset, dst_phys + offset,
						    src_phys + offset, flags);

		if (ret)
			return ret;
		*mapped = true;
	}
	return 0;
}

/* Populates one host page of a slot that has a guest_memfd from the VMM's own mapping. */
static int realm_populate_page(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn,
			       unsigned long flags)
{
	unsigned long hva = gfn_to_hva_memslot(slot, gfn);
	bool again;
	int ret;

	do {
		struct page *src_page = NULL, *page = NULL;
		kvm_pfn_t src_pfn, pfn;
		bool mapped = false;
		unsigned long mmu_seq;
		bool writable, has_vma;

		mmap_read_lock(current->mm);
		has_vma = vma_lookup(current->mm, hva);
		mmap_read_unlock(current->mm);
		if (!has_vma)
			return -EFAULT;

		mmu_seq = kvm->mmu_invalidate_seq;
		/* The sample comes before anything that an invalidation could make stale. */
		smp_rmb();

		src_pfn = __kvm_faultin_pfn(slot, gfn, FOLL_WRITE, &writable, &src_page);
		if (is_error_pfn(src_pfn))
			return -EFAULT;

		ret = kvm_gmem_get_pfn(kvm, slot, gfn, &pfn, &page, NULL);
		if (ret) {
			kvm_release_page_clean(src_page);
			return ret;
		}

		write_lock(&kvm->mmu_lock);
		again = mmu_invalidate_retry_gfn(kvm, mmu_seq, gfn);
		if (!again)
			ret = realm_create_protected_data_page(&kvm->arch.realm, gfn << PAGE_SHIFT,
							       pfn, src_pfn, flags, &mapped);
		write_unlock(&kvm->mmu_lock);

		/* A granule that is mapped keeps the page. */
		if (!mapped)
			put_page(page);
		kvm_release_page_clean(src_page);

		if (again) {
			if (signal_pending(current))
				return -EINTR;
			cond_resched();
		}
	} while (again);

	return ret;
}

/* Populates [base, end), which one slot must contain. kvm->srcu is held. */
static int realm_populate_chunk(struct kvm *kvm, gpa_t base, gpa_t end, unsigned long flags)
{
	struct kvm_memory_slot *slot = gfn_to_memslot(kvm, base >> PAGE_SHIFT);
	gpa_t ipa;
	int ret;

	if (!slot)
		return -EFAULT;
	if (slot->base_gfn + slot->npages < end >> PAGE_SHIFT)
		return -EINVAL;
	if (!kvm_slot_can_be_private(slot))
		return -EPERM;

	for (ipa = base; ipa < end; ipa += PAGE_SIZE) {
		ret = realm_populate_page(kvm, slot, ipa >> PAGE_SHIFT, flags);
		if (ret)
			return ret;
	}
	return 0;
}

static int kvm_populate_realm(struct kvm *kvm, struct arm_rme_populate_realm *args)
{
	unsigned long flags = RMI_NO_MEASURE_CONTENT;
	u64 ipa, end;

	if (kvm_realm_state(kvm) != REALM_STATE_NEW)
		return -EPERM;
	if (!IS_ALIGNED(args->base, PAGE_SIZE) || !IS_ALIGNED(args->size, PAGE_SIZE) ||
	    (args->flags & ~KVM_ARM_RME_POPULATE_FLAGS_MEASURE))
		return -EINVAL;
	end = args->base + args->size;
	if (end < args->base)
		return -EINVAL;
	if (args->flags & KVM_ARM_RME_POPULATE_FLAGS_MEASURE)
		flags = RMI_MEASURE_CONTENT;

	for (ipa = args->base; ipa < end;) {
		u64 next = end - ipa > SZ_2M ? ipa + SZ_2M : end;
		int idx = srcu_read_lock(&kvm->srcu);
		int ret = realm_populate_chunk(kvm, ipa, next, flags);

		srcu_read_unlock(&kvm->srcu, idx);
		if (ret)
			return ret;
		cond_resched();
		ipa = next;
	}
	return 0;
}

/*
 * Changes the RIPAS of [ipa, end): to RAM while the Realm is NEW (vcpu NULL), else to what `vcpu` asked for.
 * With a vCPU mmu_lock is held, and the change may stop after RIPAS_ROUND_SIZE. *top_ipa: how far it
 * came, whatever is returned. *tables: how many tables were made.
 * 0; -EINVAL: the RMM does not change the page at *top_ipa; -ENOMEM; -ENXIO: its answers make no sense.
 */
static int ripas_change(struct kvm *kvm, struct kvm_vcpu *vcpu, unsigned long ipa,
			unsigned long end, unsigned long *top_ipa, unsigned int *tables)
{
	struct realm *realm = &kvm->arch.realm;
	const unsigned long start = ipa;
	struct kvm_mmu_memory_cache *memcache = NULL;
	unsigned long rec_phys = 0;
	/* Without mmu_lock an unmap may fold the tables that were just made. */
	int attempts_left = vcpu ? 1 : RTT_RACE_RETRIES;
	int attempts = attempts_left;
	int ret = 0;

	*tables = 0;
	if (vcpu) {
		rec_phys = virt_to_phys(vcpu->arch.rec.rec_page);
		memcache = &vcpu->arch.mmu_page_cache;
	}

	while (ipa < end && !(vcpu && ipa - start >= RIPAS_ROUND_SIZE)) {
		unsigned long next;
		int level, rtt_level;

		if (vcpu)
			ret = rmi_rtt_set_ripas(realm_rd_phys(realm), rec_phys, ipa, end, &next);
		else
			ret = rmi_rtt_init_ripas(realm_rd_phys(realm), ipa, end, &next);

		if (ret == RMI_SUCCESS) {
			if (next <= ipa || next > end) {
				ret = -ENXIO;
				break;
			}
			ipa = next;
			attempts_left = attempts;
			continue;
		}
		if (RMI_RETURN_STATUS(ret) != RMI_ERROR_RTT) {
			WARN(1, "RIPAS change at %#lx failed: %#x\n", ipa, ret);
			ret = -ENXIO;
			break;
		}

		rtt_level = RMI_RETURN_INDEX(ret);
		level = find_map_level(realm, ipa, end);
		if (rtt_level >= level) {
			ret = -EINVAL;
			break;
		}
		if (!attempts_left--) {
			ret = -ENXIO;
			break;
		}
		ret = realm_create_rtt_levels(realm, ipa, rtt_level, level, memcache, tables);
		if (ret && ret != -EAGAIN)
			break;
	}

	*top_ipa = ipa;
	return ret;
}

static int kvm_init_ripas_realm(struct kvm *kvm, struct arm_rme_init_ripas *args)
{
	const u64 end = args->base + args->size;
	unsigned long top_ipa;
	unsigned int tables;

	if (end < args->base)
		return -EINVAL;
	if (kvm_realm_state(kvm) != REALM_STATE_NEW)
		return -EPERM;
	if (!args->size)
		return 0;
	if (!IS_ALIGNED(args->base, PAGE_SIZE) || !IS_ALIGNED(args->size, PAGE_SIZE) ||
	    end > BIT(kvm->arch.realm.ia_bits - 1))
		return -EINVAL;

	return ripas_change(kvm, NULL, args->base, end, &top_ipa, &tables);
}

/*
 * Applies the change that `vcpu` asked for to [start, end), or a first part of it; *top_ipa and *tables as
 * for ripas_change(). What became EMPTY is unmapped, and nothing else. mmu_lock is held for write.
 */
static int realm_set_ipa_state(struct kvm_vcpu *vcpu, unsigned long start, unsigned long end,
			       unsigned long ripas, unsigned long *top_ipa, unsigned int *tables)
{
	struct kvm *kvm = vcpu->kvm;
	int ret = ripas_change(kvm, vcpu, start, end, top_ipa, tables);

	if (ripas == RMI_EMPTY && *top_ipa != start)
		realm_unmap_private_range(kvm, start, *top_ipa, false);
	return ret;
}

/* Tables that one address can need. The host's own tables may have fewer levels than a Realm's. */
static int realm_cache_min_pages(struct kvm_vcpu *vcpu)
{
	int rtts = RMM_RTT_MAX_LEVEL - get_start_level(&vcpu->kvm->arch.realm);

	return max(kvm_mmu_cache_min_pages(vcpu->arch.hw_mmu), rtts);
}

/*
 * Does what the guest asked for when the REC last exited. 0: done, or as much as the RMM lets us: the guest
 * is told by the RMM how far it came. -ENOMEM, -EINTR: the next KVM_RUN goes on.
 */
static int kvm_complete_ripas_change(struct kvm_vcpu *vcpu)
{
	struct kvm *kvm = vcpu->kvm;
	struct rec_exit *exit = &vcpu->arch.rec.run->exit;
	unsigned long base = exit->ripas_base;
	const unsigned long top = exit->ripas_top;
	int ret = 0;

	while (base < top) {
		unsigned long top_ipa;
		unsigned int tables;

		ret = kvm_mmu_topup_memory_cache(&vcpu->arch.mmu_page_cache,
						 realm_cache_min_pages(vcpu));
		if (ret)
			break;

		write_lock(&kvm->mmu_lock);
		ret = realm_set_ipa_state(vcpu, base, top, exit->ripas_value, &top_ipa, &tables);
		write_unlock(&kvm->mmu_lock);

		if (ret == -ENOMEM && (top_ipa != base || tables))
			ret = 0;
		base = top_ipa;
		if (ret == -ENOMEM)
			break;
		if (ret) {
			/* The guest sees where it ended; asking again would change nothing. */
			if (ret != -EINVAL)
				kvm_err("RIPAS change stopped at %#lx: %d\n", base, ret);
			base = top;
			ret = 0;
			break;
		}

		if (base < top) {
			cond_resched();
			if (signal_pending(current)) {
				vcpu->run->exit_reason = KVM_EXIT_INTR;
				ret = -EINTR;
				break;
			}
		}
	}

	exit->ripas_base = base;
	return ret;
}

int kvm_rec_pre_enter(struct kvm_vcpu *vcpu)
{
	struct realm_rec *rec = &vcpu->arch.rec;
	int i, ret;

	if (kvm_realm_state(vcpu->kvm) != REALM_STATE_ACTIVE)
		return -EINVAL;

	switch (rec->run->exit.exit_reason) {
	case RMI_EXIT_HOST_CALL:
	case RMI_EXIT_PSCI:
		for (i = 0; i < REC_RUN_GPRS; i++)
			rec->run->enter.gprs[i] = vcpu_get_reg(vcpu, i);
		break;
	case RMI_EXIT_RIPAS_CHANGE:
		ret = kvm_complete_ripas_change(vcpu);
		if (ret)
			return ret;
		break;
	}
	return 1;
}

int kvm_rec_enter(struct kvm_vcpu *vcpu)
{
	struct realm_rec *rec = &vcpu->arch.rec;

	return rmi_rec_enter(virt_to_phys(rec->rec_page), virt_to_phys(rec->run));
}

int realm_psci_complete(struct kvm_vcpu *source, struct kvm_vcpu *target, unsigned long status)
{
	if (!source->arch.rec.rec_page || !target->arch.rec.rec_page)
		return -EINVAL;
	if (rmi_psci_complete(virt_to_phys(source->arch.rec.rec_page),
			      virt_to_phys(target->arch.rec.rec_page), status))
		return -EINVAL;
	return 0;
}

/* Granules of a host page that hold the auxiliary granules first to first + GRANULES_PER_PAGE - 1. */
static unsigned int rec_aux_in_page(unsigned int num_aux, unsigned int first)
{
	return min(num_aux - first, (unsigned int)GRANULES_PER_PAGE);
}

/* Undelegates and frees the pages of `num_aux` auxiliary granules. What the RMM keeps is leaked. */
static void free_rec_aux(struct page **aux_pages, unsigned int num_aux)
{
	unsigned int i;

	for (i = 0; i < num_aux; i += GRANULES_PER_PAGE) {
		struct page *page = aux_pages[i / GRANULES_PER_PAGE];

		if (undelegate_granules(page_to_phys(page), rec_aux_in_page(num_aux, i)))
			__free_page(page);
	}
}

/* Allocates and delegates `num_aux` granules, and writes their addresses. 0, -ENOMEM or -ENXIO. */
static int alloc_rec_aux(struct page **aux_pages, u64 *aux_phys, unsigned int num_aux)
{
	unsigned int i, j;

	for (i = 0; i < num_aux; i += GRANULES_PER_PAGE) {
		struct page *page = alloc_page(GFP_KERNEL);
		phys_addr_t phys;

		if (!page) {
			free_rec_aux(aux_pages, i);
			return -ENOMEM;
		}
		phys = page_to_phys(page);
		for (j = 0; j < rec_aux_in_page(num_aux, i); j++) {
			aux_phys[i + j] = phys + j * RMM_PAGE_SIZE;
			if (!rmi_granule_delegate(aux_phys[i + j]))
				continue;
			if (undelegate_granules(phys, j))
				__free_page(page);
			free_rec_aux(aux_pages, i);
			return -ENXIO;
		}
		aux_pages[i / GRANULES_PER_PAGE] = page;
	}
	return 0;
}

/* The RMM's layout of an MPIDR has Aff3 next to Aff2. */
static u64 mpidr_to_rmi(unsigned long mpidr)
{
	return (mpidr & GENMASK(23, 0)) | ((mpidr >> 8) & GENMASK(31, 24));
}

int kvm_create_rec(struct kvm_vcpu *vcpu)
{
	struct user_pt_regs *regs = vcpu_gp_regs(vcpu);
	unsigned long mpidr = kvm_vcpu_get_mpidr_aff(vcpu);
	struct realm *realm = &vcpu->kvm->arch.realm;
	struct realm_rec *rec = &vcpu->arch.rec;
	struct rec_params *params;
	phys_addr_t rec_phys;
	int i, ret;

	if (kvm_realm_state(vcpu->kvm) != REALM_STATE_NEW)
		return -ENOENT;
	if (rec->run)
		return -EBUSY;
	/* The RMM gives every REC PSCI 1.1, and a PMU to all of a Realm's RECs or to none. */
	if (!vcpu_has_feature(vcpu, KVM_ARM_VCPU_PSCI_0_2))
		return -EINVAL;
	if (vcpu->kvm->arch.arm_pmu && !kvm_vcpu_has_pmu(vcpu))
		return -EINVAL;

	BUILD_BUG_ON(sizeof(*params) > PAGE_SIZE);
	BUILD_BUG_ON(sizeof(*rec->run) > PAGE_SIZE);

	params = (struct rec_params *)get_zeroed_page(GFP_KERNEL);
	rec->rec_page = (void *)__get_free_page(GFP_KERNEL);
	rec->run = (void *)get_zeroed_page(GFP_KERNEL);
	if (!params || !rec->rec_page || !rec->run) {
		ret = -ENOMEM;
		goto out_free_pages;
	}

	for (i = 0; i < (int)ARRAY_SIZE(params->gprs); i++)
		params->gprs[i] = regs->regs[i];
	params->pc = regs->pc;
	/* The others wait for a PSCI CPU_ON. */
	if (vcpu->vcpu_id == 0)
		params->flags |= REC_PARAMS_FLAG_RUNNABLE;
	params->mpidr = mpidr_to_rmi(mpidr);

	rec_phys = virt_to_phys(rec->rec_page);
	if (rmi_granule_delegate(rec_phys)) {
		ret = -ENXIO;
		goto out_free_pages;
	}

	ret = alloc_rec_aux(rec->aux_pages, params->aux, realm->num_aux);
	if (ret)
		goto out_undelegate_rec;
	params->num_rec_aux = realm->num_aux;

	if (rmi_rec_create(virt_to_phys(realm->rd), rec_phys, virt_to_phys(params))) {
		ret = -ENXIO;
		goto out_free_aux;
	}

	if (vcpu->vcpu_id != 0)
		WRITE_ONCE(realm->multi_rec, true);
	rec->mpidr = mpidr;
	free_page((unsigned long)params);
	return 0;

out_free_aux:
	free_rec_aux(rec->aux_pages, realm->num_aux);
out_undelegate_rec:
	if (!undelegate_granules(rec_phys, 1))
		rec->rec_page = NULL;
out_free_pages:
	free_page((unsigned long)rec->run);
	free_page((unsigned long)rec->rec_page);
	free_page((unsigned long)params);
	rec->run = NULL;
	rec->rec_page = NULL;
	return ret;
}

void kvm_destroy_rec(struct kvm_vcpu *vcpu)
{
	struct realm *realm = &vcpu->kvm->arch.realm;
	struct realm_rec *rec = &vcpu->arch.rec;
	phys_addr_t rec_phys;

	if (!vcpu_is_rec(vcpu) || !rec->run)
		return;

	free_page((unsigned long)rec->run);
	rec->run = NULL;
	rec->mpidr = INVALID_HWID;

	/* The REC and its auxiliary granules are the RMM's for ever if it does not let go of them. */
	rec_phys = virt_to_phys(rec->rec_page);
	if (!WARN_ON(rmi_rec_destroy(rec_phys))) {
		free_rec_aux(rec->aux_pages, realm->num_aux);
		if (undelegate_granules(rec_phys, 1))
			free_page((unsigned long)rec->rec_page);
	}
	rec->rec_page = NULL;
}

static unsigned int rme_vmid_count(void)
{
	return 1U << kvm_get_vmid_bits();
}

static int rme_vmid_init(void)
{
	rme_vmid_bitmap = bitmap_zalloc(rme_vmid_count(), GFP_KERNEL);
	if (!rme_vmid_bitmap) {
		kvm_err("No memory for the VMIDs of Realms\n");
		return -ENOMEM;
	}
	return 0;
}

/* A VMID that no other Realm has, or -ENOMEM. */
static int rme_vmid_reserve(void)
{
	int ret;

	spin_lock(&rme_vmid_lock);
	ret = bitmap_find_free_region(rme_vmid_bitmap, rme_vmid_count(), 0);
	spin_unlock(&rme_vmid_lock);
	return ret;
}

static void rme_vmid_release(unsigned int vmid)
{
	spin_lock(&rme_vmid_lock);
	bitmap_release_region(rme_vmid_bitmap, vmid, 0);
	spin_unlock(&rme_vmid_lock);
}

static size_t realm_pgd_size(struct kvm *kvm)
{
	return (size_t)kvm->arch.mmu.pgt->pgd_pages << PAGE_SHIFT;
}

/* Keeps all of the PGD from being freed: the RMM has it. */
static void realm_leak_pgd(struct kvm *kvm)
{
	size_t offset;

	for (offset = 0; offset < realm_pgd_size(kvm); offset += PAGE_SIZE)
		leak_page(kvm->arch.mmu.pgd_phys + offset);
}

/*
 * Takes the first `size` bytes of the PGD back from the RMM. True if it is all the host's; else the pages of
 * which the RMM keeps something have a reference more and outlive the PGD.
 */
static bool realm_undelegate_pgd(struct kvm *kvm, size_t size)
{
	phys_addr_t phys = kvm->arch.mmu.pgd_phys;
	bool all = true;
	size_t offset;

	for (offset = 0; offset < size; offset += PAGE_SIZE) {
		size_t bytes = min(size - offset, (size_t)PAGE_SIZE);

		if (!undelegate_granules(phys + offset, bytes / RMM_PAGE_SIZE)) {
			leak_page(phys + offset);
			all = false;
		}
	}
	return all;
}

/* The Realm's vector length is that of its vCPUs, which must agree. 0 or -EINVAL. */
static int realm_init_sve_param(struct kvm *kvm, struct realm_params *params)
{
	unsigned int realm_max_vl = 0;
	bool first = true;
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, kvm) {
		unsigned int max_vl = 0;
		bool valid = true;

		mutex_lock(&vcpu->mutex);
		if (vcpu_has_sve(vcpu)) {
			valid = kvm_arm_vcpu_sve_finalized(vcpu);
			max_vl = vcpu->arch.sve_max_vl;
		}
		mutex_unlock(&vcpu->mutex);

		if (!valid || (!first && max_vl != realm_max_vl))
			return -EINVAL;
		realm_max_vl = max_vl;
		first = false;
	}

	if (realm_max_vl) {
		params->sve_vl = sve_vq_from_vl(realm_max_vl) - 1;
		params->flags |= RMI_REALM_PARAM_FLAG_SVE;
	}
	return 0;
}

/* Fills in what the VMM did not choose by itself. 0 or -EINVAL. */
static int realm_init_params(struct kvm *kvm, struct realm_params *params)
{
	struct realm *realm = &kvm->arch.realm;
	u64 dfr0 = kvm_read_vm_id_reg(kvm, SYS_ID_AA64DFR0_EL1);

	params->flags = 0;
	params->s2sz = realm->ia_bits;
	params->rtt_level_start = get_start_level(realm);
	params->rtt_num_start = get_num_roots(realm);
	params->rtt_base = kvm->arch.mmu.pgd_phys;
	params->vmid = realm->vmid;
	params->num_bps = SYS_FIELD_GET(ID_AA64DFR0_EL1, BRPs, dfr0);
	params->num_wps = SYS_FIELD_GET(ID_AA64DFR0_EL1, WRPs, dfr0);
	if (kvm->arch.arm_pmu) {
		params->pmu_num_ctrs = kvm->arch.nr_pmu_counters;
		params->flags |= RMI_REALM_PARAM_FLAG_PMU;
	}
	return realm_init_sve_param(kvm, params);
}

/*
 * Makes the Realm in the RMM; realm->vmid is reserved. 0: realm->rd and num_aux are set. Else -errno, and the
 * VMID is released, unless the RMM holds on to it.
 */
static int realm_create_rd(struct kvm *kvm)
{
	struct realm *realm = &kvm->arch.realm;
	struct realm_params *params = realm->params;
	struct kvm_s2_mmu *mmu = &kvm->arch.mmu;
	size_t delegated = 0;
	phys_addr_t rd_phys;
	bool pgd_ours = true;
	void *rd = NULL;
	int ret;

	if (WARN_ON(realm->rd || !params)) {
		ret = -EEXIST;
		goto out_vmid;
	}

	realm->ia_bits = VTCR_EL2_IPA(mmu->vtcr);
	/* After an attempt that lost part of the PGD to the RMM there is none. */
	if (!mmu->pgt || realm_pgd_size(kvm) < get_num_roots(realm) * RMM_PAGE_SIZE) {
		ret = -EINVAL;
		goto out_vmid;
	}
	ret = realm_init_params(kvm, params);
	if (ret)
		goto out_vmid;

	rd = (void *)__get_free_page(GFP_KERNEL);
	if (!rd) {
		ret = -ENOMEM;
		goto out_vmid;
	}
	rd_phys = virt_to_phys(rd);
	if (rmi_granule_delegate(rd_phys)) {
		ret = -ENXIO;
		goto out_free_rd;
	}

	for (; delegated < realm_pgd_size(kvm); delegated += RMM_PAGE_SIZE) {
		if (rmi_granule_delegate(mmu->pgd_phys + delegated)) {
			ret = -ENXIO;
			goto out_undelegate;
		}
	}

	if (rmi_realm_create(rd_phys, virt_to_phys(params))) {
		ret = -ENXIO;
		goto out_undelegate;
	}
	if (!rmi_rec_aux_count(rd_phys, &realm->num_aux) &&
	    realm->num_aux <= REC_PARAMS_AUX_GRANULES) {
		realm->rd = rd;
		return 0;
	}
	ret = -ENXIO;

	if (WARN_ON(rmi_realm_destroy(rd_phys))) {
		/* It lives on, with all that it was made of, its VMID included. */
		realm_leak_pgd(kvm);
		kvm_free_stage2_pgd(mmu);
		return ret;
	}

out_undelegate:
	pgd_ours = realm_undelegate_pgd(kvm, delegated);
	if (!undelegate_granules(rd_phys, 1))
		rd = NULL;
out_free_rd:
	free_page((unsigned long)rd);
	if (!pgd_ours)
		kvm_free_stage2_pgd(mmu);
out_vmid:
	rme_vmid_release(realm->vmid);
	return ret;
}

static int kvm_create_realm(struct kvm *kvm)
{
	struct realm *realm = &kvm->arch.realm;
	int ret;

	if (kvm_realm_is_created(kvm))
		return -EEXIST;

	ret = rme_vmid_reserve();
	if (ret < 0)
		return ret;
	realm->vmid = ret;

	ret = realm_create_rd(kvm);
	if (ret)
		return ret;

	WRITE_ONCE(realm->state, REALM_STATE_NEW);
	free_page((unsigned long)realm->params);
	realm->params = NULL;
	return 0;
}

static int kvm_activate_realm(struct kvm *kvm)
{
	struct realm *realm = &kvm->arch.realm;

	if (kvm_realm_state(kvm) != REALM_STATE_NEW)
		return -EINVAL;
	if (rmi_realm_activate(realm_rd_phys(realm)))
		return -ENXIO;

	WRITE_ONCE(realm->state, REALM_STATE_ACTIVE);
	return 0;
}

static int config_realm_hash_algo(struct realm *realm, struct arm_rme_config *cfg)
{
	switch (cfg->hash_algo) {
	case ARM_RME_CONFIG_HASH_ALGO_SHA256:
		if (!rme_has_feature(RMI_FEATURE_REGISTER_0_HASH_SHA_256))
			return -EINVAL;
		realm->params->hash_algo = RMI_HASH_SHA_256;
		return 0;
	case ARM_RME_CONFIG_HASH_ALGO_SHA512:
		if (!rme_has_feature(RMI_FEATURE_REGISTER_0_HASH_SHA_512))
			return -EINVAL;
		realm->params->hash_algo = RMI_HASH_SHA_512;
		return 0;
	default:
		return -EINVAL;
	}
}

static int kvm_rme_config_realm(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	struct realm *realm = &kvm->arch.realm;
	struct arm_rme_config cfg;

	BUILD_BUG_ON(sizeof(cfg.rpv) != sizeof(realm->params->rpv));

	if (kvm_realm_is_created(kvm))
		return -EBUSY;
	if (copy_from_user(&cfg, u64_to_user_ptr(cap->args[1]), sizeof(cfg)))
		return -EFAULT;

	switch (cfg.cfg) {
	case ARM_RME_CONFIG_RPV:
		memcpy(realm->params->rpv, cfg.rpv, sizeof(cfg.rpv));
		return 0;
	case ARM_RME_CONFIG_HASH_ALGO:
		return config_realm_hash_algo(realm, &cfg);
	default:
		return -EINVAL;
	}
}

int kvm_realm_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	if (!kvm_is_realm(kvm))
		return -EINVAL;

	switch (cap->args[0]) {
	case KVM_CAP_ARM_RME_CONFIG_REALM:
		return kvm_rme_config_realm(kvm, cap);
	case KVM_CAP_ARM_RME_CREATE_REALM:
		return kvm_create_realm(kvm);
	case KVM_CAP_ARM_RME_INIT_RIPAS_REALM: {
		struct arm_rme_init_ripas args;

		if (copy_from_user(&args, u64_to_user_ptr(cap->args[1]), sizeof(args)))
			return -EFAULT;
		return kvm_init_ripas_realm(kvm, &args);
	}
	case KVM_CAP_ARM_RME_POPULATE_REALM: {
		struct arm_rme_populate_realm args;

		if (copy_from_user(&args, u64_to_user_ptr(cap->args[1]), sizeof(args)))
			return -EFAULT;
		return kvm_populate_realm(kvm, &args);
	}
	case KVM_CAP_ARM_RME_ACTIVATE_REALM:
		return kvm_activate_realm(kvm);
	default:
		return -EINVAL;
	}
}

int kvm_init_realm_vm(struct kvm *kvm)
{
	kvm->arch.realm.params = (struct realm_params *)get_zeroed_page(GFP_KERNEL);
	if (!kvm->arch.realm.params)
		return -ENOMEM;
	return 0;
}

void kvm_destroy_realm(struct kvm *kvm)
{
	struct realm *realm = &kvm->arch.realm;
	struct kvm_s2_mmu *mmu = &kvm->arch.mmu;
	phys_addr_t rd_phys;
	bool pgd_ours;

	free_page((unsigned long)realm->params);
	realm->params = NULL;

	if (!kvm_realm_is_created(kvm))
		return;

	/* With tables the RMM does not let go of the Realm, and what stopped us then may be over. */
	if (realm->rtts_left)
		kvm_realm_destroy_rtts(kvm, realm->ia_bits);

	WRITE_ONCE(realm->state, REALM_STATE_DYING);

	rd_phys = virt_to_phys(realm->rd);
	if (WARN_ON(rmi_realm_destroy(rd_phys))) {
		/* RD, PGD and VMID are the RMM's for ever; our own description of the PGD is not. */
		realm_leak_pgd(kvm);
		kvm_free_stage2_pgd(mmu);
		return;
	}

	if (undelegate_granules(rd_phys, 1))
		free_page((unsigned long)realm->rd);
	realm->rd = NULL;
	rme_vmid_release(realm->vmid);

	pgd_ours = realm_undelegate_pgd(kvm, realm_pgd_size(kvm));
	WARN_ON(!pgd_ours);

	WRITE_ONCE(realm->state, REALM_STATE_DEAD);
	kvm_free_stage2_pgd(mmu);
}

/* Asks the RMM whether it speaks our version. 0, -ENODEV without an RMM, -ENXIO if it speaks another. */
static int rmi_check_version(void)
{
	const unsigned long wanted = RMI_ABI_VERSION(RMI_ABI_MAJOR_VERSION, RMI_ABI_MINOR_VERSION);
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_VERSION, wanted, &res);
	if (res.a0 == (unsigned long)SMCCC_RET_NOT_SUPPORTED)
		return -ENODEV;
	if (res.a0 != RMI_SUCCESS) {
		kvm_err("RMM speaks RMI %lu.%lu to %lu.%lu, not %lu.%lu\n",
			RMI_ABI_VERSION_GET_MAJOR(res.a1), RMI_ABI_VERSION_GET_MINOR(res.a1),
			RMI_ABI_VERSION_GET_MAJOR(res.a2), RMI_ABI_VERSION_GET_MINOR(res.a2),
			RMI_ABI_VERSION_GET_MAJOR(wanted), RMI_ABI_VERSION_GET_MINOR(wanted));
		return -ENXIO;
	}
	kvm_info("RMI ABI version %lu.%lu\n", RMI_ABI_VERSION_GET_MAJOR(res.a1),
		 RMI_ABI_VERSION_GET_MINOR(res.a1));
	return 0;
}

void kvm_init_rme(void)
{
	if (rmi_check_version())
		return;
	if (WARN_ON(rmi_features(0, &rmm_feat_reg0)))
		return;
	if (rme_vmid_init())
		return;

	static_branch_enable(&kvm_rme_is_available);
}

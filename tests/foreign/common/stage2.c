/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage 2 of a Realm: tables, private and shared mappings, RIPAS. Where a host knows less than the RMM it
 * reads the entry (RMI_RTT_READ_ENTRY) and then deals with it.
 *
 * Included by a foreign tree's rme.c, which defines what differs between the postings:
 *
 *   TABLE_ACCOUNT(va, nr)	statistics of page tables, where the posting keeps them
 *   MAPPING_GET(phys)		the reference that a mapping holds on its host page, and its end:
 *   MAPPING_PUT(phys)		 nothing where the posting's mappings hold none
 *   MAPPING_KEEP(phys)		the RMM keeps a granule of it: a reference more, so that it is never freed
 *   UNMAP_PAUSE(kvm, block)	give up mmu_lock for a moment, where the posting does
 */

#define GRANULES_PER_PAGE (PAGE_SIZE / RMM_PAGE_SIZE)
#define ENTRY_ADDRESS	  GENMASK(47, 12)

static unsigned long entry_size(unsigned long level)
{
	return BIT(12 + 9 * (3 - level));
}

static int root_level(const struct realm *realm)
{
	return 4 - (int)((realm->ia_bits - 8) / 9);
}

static unsigned long realm_rd(const struct realm *realm)
{
	return virt_to_phys(realm->rd);
}

/* The address behind the entry that maps `ipa`. */
static unsigned long entry_end(unsigned long ipa, unsigned long level)
{
	return ALIGN_DOWN(ipa, entry_size(level)) + entry_size(level);
}

static bool granule_take_back(phys_addr_t phys)
{
	return !WARN_ON(rmi_granule_undelegate(phys));
}

static bool entry_read(const struct realm *realm, unsigned long ipa, long level,
		       struct rtt_entry *entry)
{
	return !WARN_ON(rmi_rtt_read_entry(realm_rd(realm), ipa, level, entry));
}

/* -- tables -- */

/* A table of `level` around `ipa`: 0; -EEXIST, it is there; -EAGAIN, its parent is not; -ENOMEM, -ENXIO. */
static int table_add(struct realm *realm, unsigned long ipa, long level,
		     struct kvm_mmu_memory_cache *cache)
{
	void *table = NULL;
	int status;

	if (!cache)
		table = (void *)__get_free_page(GFP_ATOMIC | __GFP_ZERO | __GFP_ACCOUNT);
	else if (kvm_mmu_memory_cache_nr_free_objects(cache))
		table = kvm_mmu_memory_cache_alloc(cache);
	if (!table)
		return -ENOMEM;
	if (rmi_granule_delegate(virt_to_phys(table))) {
		free_page((unsigned long)table);
		return -ENOMEM;
	}

	status = rmi_rtt_create(realm_rd(realm), virt_to_phys(table),
				ALIGN_DOWN(ipa, entry_size(level - 1)), level);
	if (status == RMI_SUCCESS) {
		TABLE_ACCOUNT(table, 1);
		return 0;
	}
	if (granule_take_back(virt_to_phys(table)))
		free_page((unsigned long)table);
	if (RMI_RETURN_STATUS(status) != RMI_ERROR_RTT)
		return -ENXIO;
	return RMI_RETURN_INDEX(status) == level - 1 ? -EEXIST : -EAGAIN;
}

/* All tables around `ipa` below that of level `from`, down to level `to`. */
static int tables_add(struct realm *realm, unsigned long ipa, long from, long to,
		      struct kvm_mmu_memory_cache *cache)
{
	int ret = 0;

	while (from < to && !ret) {
		ret = table_add(realm, ipa, ++from, cache);
		if (ret == -EEXIST)
			ret = 0;
	}
	return ret;
}

static void table_gone(phys_addr_t phys)
{
	if (!granule_take_back(phys))
		return;
	TABLE_ACCOUNT(phys_to_virt(phys), -1);
	free_page((unsigned long)phys_to_virt(phys));
}

/*
 * Folds what tables of `level` and below around [start, end) can be. True: one is gone. A table with
 * children is tried once more when one of them folded.
 */
static bool tables_fold(struct realm *realm, long level, unsigned long start, unsigned long end)
{
	const unsigned long size = entry_size(level - 1);
	unsigned long ipa = ALIGN_DOWN(start, size);
	bool folded = false;

	for (; ipa < end; ipa += size) {
		unsigned long table;
		int status = rmi_rtt_fold(realm_rd(realm), ipa, level, &table);

		if (RMI_RETURN_STATUS(status) == RMI_ERROR_RTT &&
		    RMI_RETURN_INDEX(status) == level && level < RMM_RTT_MAX_LEVEL &&
		    tables_fold(realm, level + 1, max(ipa, start), min(ipa + size, end)))
			status = rmi_rtt_fold(realm_rd(realm), ipa, level, &table);
		if (status == RMI_SUCCESS) {
			table_gone(table);
			folded = true;
		}
	}
	return folded;
}

/* Destroys all tables below the root, from the leaves up. False: some are left. */
static bool tables_destroy(struct realm *realm, unsigned long end)
{
	bool complete = true;
	long level;

	for (level = RMM_RTT_MAX_LEVEL; level > root_level(realm); level--) {
		unsigned long ipa = 0;

		while (ipa < end) {
			unsigned long table, top;
			struct rtt_entry entry;

			if (!entry_read(realm, ipa, level - 1, &entry))
				return false;
			if (entry.walk_level == (unsigned long)level - 1 &&
			    entry.state == RMI_TABLE) {
				if (rmi_rtt_destroy(realm_rd(realm), ipa, level, &table, &top))
					complete = false;
				else
					table_gone(table);
			}
			ipa = entry_end(ipa, entry.walk_level);
		}
	}
	return complete;
}

/* -- unmapping -- */

/* A block becomes a table of its parts. */
static int block_split(struct realm *realm, unsigned long ipa, long level)
{
	int ret = table_add(realm, ipa, level + 1, NULL);

	if (ret)
		kvm_err("the block at %#lx cannot be split: %d\n", ipa, ret);
	return ret;
}

/* Whether a granule of the host page at `page_phys` is mapped in that at `page_ipa`. */
static bool page_is_mapped(struct realm *realm, unsigned long page_ipa, phys_addr_t page_phys)
{
	unsigned long i;

	for (i = 0; i < GRANULES_PER_PAGE; i++) {
		struct rtt_entry entry;

		if (!entry_read(realm, page_ipa + i * RMM_PAGE_SIZE, RMM_RTT_MAX_LEVEL, &entry))
			return true;
		if (entry.state == RMI_ASSIGNED &&
		    ALIGN_DOWN((phys_addr_t)(entry.desc & ENTRY_ADDRESS), PAGE_SIZE) == page_phys)
			return true;
	}
	return false;
}

/*
 * The mapping's reference goes with its last granule. A page of which the RMM keeps anything has one more that nobody
 * drops: others of its granules may be unmapped later.
 */
static void page_release(struct realm *realm, unsigned long page_ipa, phys_addr_t page_phys,
			 bool ours)
{
	if (!ours)
		MAPPING_KEEP(page_phys);
	if (!page_is_mapped(realm, page_ipa, page_phys))
		MAPPING_PUT(page_phys);
}

/*
 * [ipa, end) is one host page or a part of it, and its first granule was just destroyed: it was at `data`. Others
 * can be of another page: one that came when that was gone but for the first.
 */
static void private_page_unmap(struct realm *realm, unsigned long ipa, unsigned long end,
			       unsigned long data)
{
	const unsigned long page_ipa = ALIGN_DOWN(ipa, PAGE_SIZE);
	phys_addr_t page_phys = ALIGN_DOWN((phys_addr_t)data, PAGE_SIZE);
	bool ours = granule_take_back(data);
	unsigned long top;

	while ((ipa += RMM_PAGE_SIZE) < end) {
		const int status = rmi_data_destroy(realm_rd(realm), ipa, &data, &top);

		if (status) {
			WARN_ON(RMI_RETURN_STATUS(status) != RMI_ERROR_RTT);
			continue;
		}
		if (ALIGN_DOWN((phys_addr_t)data, PAGE_SIZE) != page_phys) {
			page_release(realm, page_ipa, page_phys, ours);
			page_phys = ALIGN_DOWN((phys_addr_t)data, PAGE_SIZE);
			ours = true;
		}
		ours &= granule_take_back(data);
	}
	page_release(realm, page_ipa, page_phys, ours);
}

static void private_unmap(struct kvm *kvm, unsigned long start, unsigned long end, bool may_block)
{
	struct realm *realm = &kvm->arch.realm;
	unsigned long ipa = start;

	while (ipa < end) {
		const unsigned long page_end = ALIGN_DOWN(ipa, PAGE_SIZE) + PAGE_SIZE;
		unsigned long data = 0, top = 0;
		int status = rmi_data_destroy(realm_rd(realm), ipa, &data, &top);

		if (status == RMI_SUCCESS) {
			private_page_unmap(realm, ipa, min(page_end, end), data);
			ipa = page_end;
		} else if (WARN_ON(RMI_RETURN_STATUS(status) != RMI_ERROR_RTT)) {
			ipa += RMM_PAGE_SIZE;
		} else if (top > ipa) {
			ipa = top;
		} else if (block_split(realm, ipa, RMI_RETURN_INDEX(status))) {
			ipa = entry_end(ipa, RMI_RETURN_INDEX(status));
		}
		UNMAP_PAUSE(kvm, may_block);
	}
	tables_fold(realm, root_level(realm) + 1, start, end);
}

static void shared_unmap(struct kvm *kvm, unsigned long start, unsigned long end, bool may_block)
{
	struct realm *realm = &kvm->arch.realm;
	unsigned long ipa = start;

	while (ipa < end) {
		unsigned long size, top = 0;
		struct rtt_entry entry;
		bool whole;

		if (!entry_read(realm, ipa, RMM_RTT_MAX_LEVEL, &entry))
			return;
		size = entry_size(entry.walk_level);
		whole = IS_ALIGNED(ipa, size) && end - ipa >= size;
		if (entry.state != RMI_ASSIGNED) {
			ipa = entry_end(ipa, entry.walk_level);
		} else if (!whole && !block_split(realm, ipa, entry.walk_level)) {
			continue;
		} else {
			/* What cannot be split goes as a whole: the guest faults the rest in again. */
			WARN_ON(rmi_rtt_unmap_unprotected(realm_rd(realm), ALIGN_DOWN(ipa, size),
							  entry.walk_level, &top));
			ipa = entry_end(ipa, entry.walk_level);
		}
		UNMAP_PAUSE(kvm, may_block);
	}
	tables_fold(realm, root_level(realm) + 1, start, end);
}

static void stage2_unmap(struct kvm *kvm, unsigned long start, unsigned long size,
			 bool unmap_private, bool may_block)
{
	const enum realm_state state = kvm_realm_state(kvm);
	unsigned long half, end;

	if (state != REALM_STATE_NEW && state != REALM_STATE_ACTIVE)
		return;
	half = BIT(kvm->arch.realm.ia_bits - 1);
	end = min(start + size, half);
	if (start >= end)
		return;
	shared_unmap(kvm, start + half, end + half, may_block);
	if (unmap_private)
		private_unmap(kvm, start, end, may_block);
}

/* -- mapping -- */

/*
 * One host page. Granules that are EMPTY by now stay unbacked. 1: something was mapped, and the mapping has
 * a reference of its own if it is the page's first; 0: there was nothing to do; -errno.
 */
static int private_page_map(struct realm *realm, unsigned long ipa, phys_addr_t phys,
			    struct kvm_mmu_memory_cache *cache)
{
	const phys_addr_t page_phys = phys;
	bool was_mapped = false, mapped = false;
	unsigned long i = 0;
	int tries = 0, ret = 0;

	while (i < GRANULES_PER_PAGE && !ret) {
		struct rtt_entry entry;
		int status;

		if (!entry_read(realm, ipa, RMM_RTT_MAX_LEVEL, &entry)) {
			ret = -ENXIO;
		} else if (entry.state == RMI_ASSIGNED) {
			const unsigned long offset = ipa & (entry_size(entry.walk_level) - 1);

			if ((entry.desc & ENTRY_ADDRESS) + offset != phys)
				ret = -ENXIO;
			else
				was_mapped = true;
		} else if (entry.ripas != RMI_EMPTY) {
			if (rmi_granule_delegate(phys)) {
				ret = -ENXIO;
				break;
			}
			status = rmi_data_create_unknown(realm_rd(realm), phys, ipa);
			/* Whoever folded a table meanwhile may do so again. */
			while (RMI_RETURN_STATUS(status) == RMI_ERROR_RTT && !ret && tries++ < 4) {
				ret = tables_add(realm, ipa, RMI_RETURN_INDEX(status),
						 RMM_RTT_MAX_LEVEL, cache);
				if (ret == -EAGAIN)
					ret = 0;
				if (!ret)
					status =
						rmi_data_create_unknown(realm_rd(realm), phys, ipa);
			}
			if (status == RMI_SUCCESS) {
				mapped = true;
			} else {
				/* One reference too many keeps a page that the RMM keeps. */
				if (!granule_take_back(phys))
					get_page(phys_to_page(phys));
				if (!ret)
					ret = -ENXIO;
			}
		}
		i++;
		ipa += RMM_PAGE_SIZE;
		phys += RMM_PAGE_SIZE;
	}
	if (mapped && !was_mapped)
		MAPPING_GET(page_phys);
	return ret ? ret : mapped;
}

/* The callers' references are used up on success (MAPPING_PUT), and none else. */
static int private_map(struct realm *realm, unsigned long ipa, phys_addr_t phys, unsigned long size,
		       struct kvm_mmu_memory_cache *cache)
{
	unsigned long offset, table;
	bool any = false;
	int ret;

	if (WARN_ON(!IS_ALIGNED(size, RMM_PAGE_SIZE) || !IS_ALIGNED(ipa, size)))
		return -EINVAL;
	for (offset = 0; offset < size; offset += PAGE_SIZE) {
		ret = private_page_map(realm, ipa + offset, phys + offset, cache);
		if (ret < 0)
			return ret;
		any |= ret;
	}
	if (!any)
		return -EAGAIN;
	for (offset = 0; offset < size; offset += PAGE_SIZE)
		MAPPING_PUT(phys + offset);
	if (IS_ALIGNED(size, SZ_2M) &&
	    !rmi_rtt_fold(realm_rd(realm), ipa, RMM_RTT_MAX_LEVEL, &table))
		table_gone(table);
	return 0;
}

static int shared_map(struct realm *realm, unsigned long ipa, phys_addr_t phys, unsigned long size,
		      struct kvm_mmu_memory_cache *cache)
{
	const unsigned long end = ipa + size;
	int tries = 0, ret;

	if (WARN_ON(!IS_ALIGNED(size, RMM_PAGE_SIZE) || !IS_ALIGNED(ipa, size)))
		return -EINVAL;
	while (ipa < end) {
		const unsigned long desc = phys | PTE_S2_MEMATTR(MT_S2_FWB_NORMAL) | SHARED_S2AP;
		int status = rmi_rtt_map_unprotected(realm_rd(realm), ipa, RMM_RTT_MAX_LEVEL, desc);
		struct rtt_entry entry;
		unsigned long top;

		if (status == RMI_SUCCESS) {
			ipa += RMM_PAGE_SIZE;
			phys += RMM_PAGE_SIZE;
			tries = 0;
			continue;
		}
		if (RMI_RETURN_STATUS(status) != RMI_ERROR_RTT || tries++ == 4)
			return -ENXIO;
		ret = tables_add(realm, ipa, RMI_RETURN_INDEX(status), RMM_RTT_MAX_LEVEL, cache);
		if (ret && ret != -EAGAIN)
			return -ENXIO;
		if (RMI_RETURN_INDEX(status) != RMM_RTT_MAX_LEVEL)
			continue;
		/* Another vCPU may have been faster; if it is another page, that one goes. */
		if (!entry_read(realm, ipa, RMM_RTT_MAX_LEVEL, &entry))
			return -ENXIO;
		if (entry.state == RMI_ASSIGNED && (entry.desc & ENTRY_ADDRESS) == phys) {
			ipa += RMM_PAGE_SIZE;
			phys += RMM_PAGE_SIZE;
			tries = 0;
		} else if (rmi_rtt_unmap_unprotected(realm_rd(realm), ipa, RMM_RTT_MAX_LEVEL,
						     &top)) {
			return -ENXIO;
		}
	}
	return 0;
}

/* A page of the Realm with contents that the VMM gives. 0, or -errno and *kept: the RMM has some of it. */
static int data_page_create(struct realm *realm, unsigned long ipa, phys_addr_t dst,
			    phys_addr_t src, unsigned long flags, bool *kept)
{
	unsigned long i;

	*kept = false;
	for (i = 0; i < GRANULES_PER_PAGE; i++) {
		const unsigned long offset = i * RMM_PAGE_SIZE;
		int status, tries = 0, ret = 0;

		if (rmi_granule_delegate(dst + offset))
			return -ENXIO;
		/* Whoever folds a table between the calls may do so again. */
		do {
			status = rmi_data_create(realm_rd(realm), dst + offset, ipa + offset,
						 src + offset, flags);
			if (RMI_RETURN_STATUS(status) == RMI_ERROR_RTT)
				ret = tables_add(realm, ipa + offset, RMI_RETURN_INDEX(status),
						 RMM_RTT_MAX_LEVEL, NULL);
		} while (RMI_RETURN_STATUS(status) == RMI_ERROR_RTT && (!ret || ret == -EAGAIN) &&
			 tries++ < 4);
		if (status) {
			if (!granule_take_back(dst + offset)) {
				MAPPING_KEEP(dst);
				*kept = true;
			}
			return -ENXIO;
		}
		*kept = true;
	}
	return 0;
}

/* -- RIPAS -- */

/* The level whose entries a change of [ipa, end) can use at its beginning. */
static long ripas_level(const struct realm *realm, unsigned long ipa, unsigned long end)
{
	long level = RMM_RTT_MAX_LEVEL;

	while (level > root_level(realm) && IS_ALIGNED(ipa, entry_size(level - 1)) &&
	       end - ipa >= entry_size(level - 1))
		level--;
	return level;
}

/*
 * Initial RIPAS (rec 0), or what a REC asked for. *top: how far it came, always. -EINVAL: the RMM refuses
 * that page; with `skip` it is left out.
 */
static int ripas_walk(struct realm *realm, unsigned long rec, unsigned long ipa, unsigned long end,
		      struct kvm_mmu_memory_cache *cache, bool skip, unsigned long *top)
{
	bool grown = false;
	int ret = 0;

	while (ipa < end && !ret) {
		unsigned long next = 0;
		int status;

		if (rec)
			status = rmi_rtt_set_ripas(realm_rd(realm), rec, ipa, end, &next);
		else
			status = rmi_rtt_init_ripas(realm_rd(realm), ipa, end, &next);
		if (status == RMI_SUCCESS && next > ipa && next <= end) {
			ipa = next;
			grown = false;
		} else if (RMI_RETURN_STATUS(status) == RMI_ERROR_RTT) {
			const long want = ripas_level(realm, ipa, end);
			const long have = RMI_RETURN_INDEX(status);

			if (have >= want && skip) {
				ipa = min(ipa + RMM_PAGE_SIZE, end);
			} else if (have >= want) {
				ret = -EINVAL;
			} else if (grown) {
				ret = -ENXIO;
			} else {
				ret = tables_add(realm, ipa, have, want, cache);
				grown = true;
			}
		} else {
			ret = -ENXIO;
		}
	}
	*top = ipa;
	return ret;
}

static int ripas_set(struct kvm_vcpu *vcpu, unsigned long start, unsigned long end,
		     unsigned long ripas, unsigned long *top)
{
	struct kvm *kvm = vcpu->kvm;
	int ret = ripas_walk(&kvm->arch.realm, virt_to_phys(vcpu->arch.rec.rec_page), start, end,
			     &vcpu->arch.mmu_page_cache, false, top);

	if (ripas == RMI_EMPTY && *top != start)
		private_unmap(kvm, start, *top, false);
	return ret;
}

/* The change that the last exit of the REC reported, once: what is left of it the RMM tells the Realm. */
static int ripas_complete(struct kvm_vcpu *vcpu)
{
	struct rec_exit *exit = &vcpu->arch.rec.run->exit;
	struct kvm *kvm = vcpu->kvm;
	int ret = 0;

	while (exit->ripas_base < exit->ripas_top) {
		const unsigned long base = exit->ripas_base;
		unsigned long top;
		int tables = max(kvm_mmu_cache_min_pages(vcpu->arch.hw_mmu), RMM_RTT_MAX_LEVEL);

		if (kvm_mmu_topup_memory_cache(&vcpu->arch.mmu_page_cache, tables))
			return -ENOMEM;
		write_lock(&kvm->mmu_lock);
		ret = ripas_set(vcpu, base, exit->ripas_top, (u8)exit->ripas_value, &top);
		write_unlock(&kvm->mmu_lock);
		exit->ripas_base = top;
		/* Without memory it goes on where it stopped; tables that were made are still there. */
		if (ret == -ENOMEM && top == base)
			return ret;
		if (ret && ret != -ENOMEM && ret != -EAGAIN)
			break;
	}
	if (ret == -ENXIO)
		kvm_err("RIPAS change refused at %#lx\n", (unsigned long)exit->ripas_base);
	exit->ripas_base = exit->ripas_top;
	return 0;
}

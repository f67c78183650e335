/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * series.c - uses what the host sources of one posting (CONFIG_KVM_RME_SERIES) take from their
 * surroundings, in the forms that they use: it need only compile. Each part is a part of the facts
 * about these sources; what only some postings use is conditional as it is there.
 */
#define SERIES CONFIG_KVM_RME_SERIES

/* The kernel compiles without these, and these are its forms. */
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#include <linux/kvm_host.h>
#if SERIES <= 6
#include <linux/hugetlb.h>
#endif
#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/virt.h>
#include <kvm/arm_hypercalls.h>
#include <kvm/arm_psci.h>
#include <linux/arm-smccc.h>
#include <uapi/linux/kvm.h>

/* The struct members, by type. */
#define MEMBER(type, member, member_type)                                                          \
	_Static_assert(__builtin_types_compatible_p(__typeof__(((type *)0)->member), member_type), \
		       #type " " #member)
MEMBER(struct user_pt_regs, regs, u64[31]);
MEMBER(struct user_pt_regs, sp, u64);
MEMBER(struct user_pt_regs, pc, u64);
MEMBER(struct user_pt_regs, pstate, u64);
MEMBER(struct kvm_enable_cap, cap, u32);
MEMBER(struct kvm_enable_cap, flags, u32);
MEMBER(struct kvm_enable_cap, args, u64[4]);
MEMBER(struct kvm_enable_cap, pad, u8[64]);
MEMBER(struct kvm_run, exit_reason, u32);
MEMBER(struct kvm_memory_slot, base_gfn, gfn_t);
MEMBER(struct kvm_memory_slot, npages, unsigned long);
MEMBER(struct kvm_memory_slot, userspace_addr, unsigned long);
MEMBER(struct kvm_s2_mmu, pgd_phys, phys_addr_t);
MEMBER(struct kvm_s2_mmu, pgt, struct kvm_pgtable *);
MEMBER(struct kvm_s2_mmu, vtcr, u64);
MEMBER(struct kvm_pgtable, ia_bits, u32);
MEMBER(struct kvm_pgtable, pgd_pages, u32);
MEMBER(struct kvm_arch, mmu, struct kvm_s2_mmu);
MEMBER(struct kvm_arch, is_realm, bool);
MEMBER(struct kvm_arch, realm, struct realm);
MEMBER(struct kvm_arch, arm_pmu, struct arm_pmu *);
MEMBER(struct kvm_arch, pmcr_n, u8);
MEMBER(struct kvm_arch, nr_pmu_counters, u8);
MEMBER(struct kvm_arch, config_lock, struct mutex);
MEMBER(struct kvm, mmu_lock, rwlock_t);
MEMBER(struct kvm, srcu, struct srcu_struct);
MEMBER(struct kvm, slots_lock, struct mutex);
MEMBER(struct kvm, arch, struct kvm_arch);
MEMBER(struct kvm, mmu_invalidate_seq, unsigned long);
MEMBER(struct kvm_vcpu, kvm, struct kvm *);
MEMBER(struct kvm_vcpu, vcpu_id, int);
MEMBER(struct kvm_vcpu, mutex, struct mutex);
MEMBER(struct kvm_vcpu, run, struct kvm_run *);
MEMBER(struct kvm_vcpu, stat.hvc_exit_stat, u64);
MEMBER(struct kvm_vcpu, arch, struct kvm_vcpu_arch);
MEMBER(struct kvm_vcpu_arch, rec, struct realm_rec);
MEMBER(struct kvm_vcpu_arch, mmu_page_cache, struct kvm_mmu_memory_cache);
MEMBER(struct kvm_vcpu_arch, hw_mmu, struct kvm_s2_mmu *);
MEMBER(struct kvm_vcpu_arch, sve_max_vl, unsigned int);
MEMBER(struct kvm_vcpu_arch, fault.esr_el2, u64);
MEMBER(struct kvm_vcpu_arch, fault.far_el2, u64);
MEMBER(struct kvm_vcpu_arch, fault.hpfar_el2, u64);
MEMBER(struct task_struct, mm, struct mm_struct *);
MEMBER(struct arm_smccc_res, a0, unsigned long);
MEMBER(struct arm_smccc_res, a1, unsigned long);
MEMBER(struct arm_smccc_res, a2, unsigned long);
MEMBER(struct arm_smccc_res, a3, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a0, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a1, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a2, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a3, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a4, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a5, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a6, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a7, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a8, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a9, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a10, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a11, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a12, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a13, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a14, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a15, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a16, unsigned long);
MEMBER(struct arm_smccc_1_2_regs, a17, unsigned long);
_Static_assert(offsetof(struct arm_smccc_res, a3) == 3 * sizeof(long), "positional initialisers");
_Static_assert(offsetof(struct arm_smccc_1_2_regs, a4) == 4 * sizeof(long),
	       "positional initialisers");
_Static_assert(offsetof(struct arm_smccc_1_2_regs, a17) == 17 * sizeof(long),
	       "positional initialisers");

/* The types, as formats and assignments need them. */
#define SAME(expression, type)                                                                     \
	_Static_assert(__builtin_types_compatible_p(__typeof__(expression), type), #expression)
SAME((u8)0, unsigned char);
SAME((u16)0, unsigned short);
SAME((u32)0, unsigned int);
SAME((u64)0, unsigned long long);
SAME((__u64)0, unsigned long long);
SAME((s8)0, signed char);
SAME((s16)0, short);
SAME((s32)0, int);
SAME((s64)0, long long);
SAME((__s64)0, long long);
SAME((gpa_t)0, u64);
SAME((gfn_t)0, u64);
SAME((hpa_t)0, u64);
SAME((phys_addr_t)0, u64);
SAME((kvm_pfn_t)0, u64);
SAME((gfp_t)0, unsigned int);
SAME(PAGE_SIZE, unsigned long);
SAME(BIT(1), unsigned long);
SAME(BIT_ULL(1), unsigned long long);
SAME(GENMASK(2, 1), unsigned long);
SAME(UL(1), unsigned long);
SAME(PTE_S2_MEMATTR(MT_S2_FWB_NORMAL), unsigned long);
SAME(u64_get_bits(1, 1), u64);

/* The constants, by value. Case labels and array sizes are made of some. */
#define VALUE(name, value) _Static_assert((name) == (value), #name)
VALUE(PAGE_SIZE, 1UL << PAGE_SHIFT);
VALUE(SZ_4K, 0x1000);
VALUE(SZ_2M, 0x200000);
VALUE(PHYS_ADDR_MAX, ~(phys_addr_t)0);
VALUE(ARM_SMCCC_CALL_VAL(ARM_SMCCC_FAST_CALL, ARM_SMCCC_SMC_64, ARM_SMCCC_OWNER_STANDARD, 0x150),
      0xC4000150);
VALUE((unsigned long)SMCCC_RET_NOT_SUPPORTED, ~0UL);
VALUE(KVM_PTE_LEAF_ATTR_LO_S2_S2AP_R, 1 << 6);
VALUE(KVM_PTE_LEAF_ATTR_LO_S2_S2AP_W, 1 << 7);
VALUE(PTE_S2_MEMATTR(MT_S2_FWB_NORMAL), 6 << 2);
VALUE(VTCR_EL2_IPA(64 - 40), 40);
VALUE(ESR_ELx_EC(0x24UL << 26), 0x24);
VALUE(ESR_ELx_EC_MAX, 0x3f);
VALUE(ESR_ELx_EC_SYS64, 0x18);
VALUE(ESR_ELx_EC_IABT_LOW, 0x20);
VALUE(ESR_ELx_EC_DABT_LOW, 0x24);
VALUE(HPFAR_EL2_NS, 1UL << 63);
VALUE(SYS_ID_AA64DFR0_EL1, 0x180500);
VALUE(SYS_ID_AA64PFR0_EL1, 0x180400);
VALUE(ID_AA64PFR0_EL1_RME_SHIFT, 52);
VALUE(ID_AA64DFR0_EL1_BRPs_MASK, 0xf000);
VALUE(ID_AA64DFR0_EL1_WRPs_MASK, 0xf00000);
VALUE(ID_AA64DFR0_EL1_CTX_CMPs, 0xf0000000);
VALUE(INVALID_HWID, ~0UL);
VALUE(KVM_ARM_VCPU_PSCI_0_2, 2);
VALUE(FOLL_WRITE, 1);
VALUE(KVM_PFN_ERR_FAULT, 0x7ffULL << 52);
VALUE(GFP_KERNEL_ACCOUNT, GFP_KERNEL | __GFP_ACCOUNT);
VALUE((GFP_KERNEL | GFP_ATOMIC) & (__GFP_ZERO | __GFP_ACCOUNT), 0);
VALUE(__GFP_ZERO &__GFP_ACCOUNT, 0);
VALUE(KVM_EXIT_UNKNOWN, 0);
VALUE(KVM_EXIT_MMIO, 6);
VALUE(KVM_EXIT_SHUTDOWN, 8);
VALUE(KVM_EXIT_INTERNAL_ERROR, 17);
VALUE(KVM_EXIT_SYSTEM_EVENT, 24);
VALUE(KVM_EXIT_MEMORY_FAULT, 39);
VALUE(KVM_MEMORY_EXIT_FLAG_PRIVATE, 8);
VALUE(KVM_MEMORY_ATTRIBUTE_PRIVATE, 8);
VALUE(ICH_HCR_EL2_UIE, 1 << 1);
VALUE(ICH_HCR_EL2_LRENPIE, 1 << 2);
VALUE(ICH_HCR_EL2_NPIE, 1 << 3);
VALUE(ICH_HCR_EL2_VGrp0EIE, 1 << 4);
VALUE(ICH_HCR_EL2_VGrp0DIE, 1 << 5);
VALUE(ICH_HCR_EL2_VGrp1EIE, 1 << 6);
VALUE(ICH_HCR_EL2_VGrp1DIE, 1 << 7);
VALUE(ICH_HCR_EL2_TDIR, 1 << 14);
VALUE(EPERM, 1);
VALUE(ENOENT, 2);
VALUE(EIO, 5);
VALUE(ENXIO, 6);
VALUE(ENOMEM, 12);
VALUE(EFAULT, 14);
VALUE(EBUSY, 16);
VALUE(EEXIST, 17);
VALUE(EINVAL, 22);
VALUE(EOPNOTSUPP, 95);
VALUE(EHWPOISON, 133);

/* The functions, by prototype: a pointer of the type that callers expect must take those that are no macros. */
int (*const use_guest_abort)(struct kvm_vcpu *) = kvm_handle_guest_abort;
int (*const use_sys_reg)(struct kvm_vcpu *) = kvm_handle_sys_reg;
int (*const use_smccc_handler)(struct kvm_vcpu *) = kvm_smccc_call_handler;
void (*const use_timers)(struct kvm_vcpu *) = kvm_realm_timers_update;
void (*const use_free_pgd)(struct kvm_s2_mmu *) = kvm_free_stage2_pgd;
void (*const use_fault_exit)(struct kvm_vcpu *, gpa_t, gpa_t, bool, bool,
			     bool) = kvm_prepare_memory_fault_exit;
unsigned long (*const use_hva)(struct kvm_memory_slot *, gfn_t) = gfn_to_hva_memslot;
unsigned int (*const use_vmid_bits)(void) = kvm_get_vmid_bits;
int (*const use_find_region)(unsigned long *, unsigned int, int) = bitmap_find_free_region;
void (*const use_release_region)(unsigned long *, unsigned int, int) = bitmap_release_region;
int (*const use_min_pages)(struct kvm_s2_mmu *) = kvm_mmu_cache_min_pages;
int (*const use_free_objects)(struct kvm_mmu_memory_cache *) = kvm_mmu_memory_cache_nr_free_objects;
bool (*const use_retry)(struct kvm *, unsigned long, gfn_t) = mmu_invalidate_retry_gfn;
u64 (*const use_get_reg)(const struct kvm_vcpu *, u8) = vcpu_get_reg;
void (*const use_set_reg)(struct kvm_vcpu *, u8, u64) = vcpu_set_reg;
u64 (*const use_esr)(const struct kvm_vcpu *) = kvm_vcpu_get_esr;
unsigned long (*const use_mpidr)(struct kvm_vcpu *) = kvm_vcpu_get_mpidr_aff;
bool (*const use_is_realm)(struct kvm *) = kvm_is_realm;
bool (*const use_is_created)(struct kvm *) = kvm_realm_is_created;
enum realm_state (*const use_state)(struct kvm *) = kvm_realm_state;
gpa_t (*const use_gpa)(struct kvm *, phys_addr_t) = kvm_gpa_from_fault;
bool (*const use_is_rec)(struct kvm_vcpu *) = vcpu_is_rec;
#if SERIES >= 6
size_t (*const use_pgd_size)(u64) = kvm_pgtable_stage2_pgd_size;
#endif
#if SERIES <= 10
struct kvm_memory_slot *(*const use_slot)(struct kvm *, gfn_t) = gfn_to_memslot;
bool (*const use_can_be_private)(const struct kvm_memory_slot *) = kvm_slot_can_be_private;
struct vm_area_struct *(*const use_vma)(struct mm_struct *, unsigned long) = vma_lookup;
#endif
#if SERIES <= 5
int (*const use_get_pfn)(struct kvm *, struct kvm_memory_slot *, gfn_t, kvm_pfn_t *,
			 int *) = kvm_gmem_get_pfn;
kvm_pfn_t (*const use_slot_pfn)(const struct kvm_memory_slot *, gfn_t) = gfn_to_pfn_memslot;
void (*const use_release_pfn)(kvm_pfn_t) = kvm_release_pfn_clean;
#elif SERIES <= 10
int (*const use_get_pfn)(struct kvm *, struct kvm_memory_slot *, gfn_t, kvm_pfn_t *, struct page **,
			 int *) = kvm_gmem_get_pfn;
kvm_pfn_t (*const use_faultin)(const struct kvm_memory_slot *, gfn_t, unsigned int, bool *,
			       struct page **) = __kvm_faultin_pfn;
#endif
#if SERIES == 6 || SERIES == 7
void (*const use_release_faultin)(struct kvm *, struct page *, bool,
				  bool) = kvm_release_faultin_page;
#elif SERIES >= 8 && SERIES <= 10
void (*const use_release_clean)(struct page *) = kvm_release_page_clean;
#endif
#if SERIES >= 12
void (*const use_unmap)(struct kvm_s2_mmu *, phys_addr_t, u64, bool) = kvm_stage2_unmap_range;
u64 (*const use_ftr)(u32) = read_sanitised_ftr_reg;
struct kvm_memslots *(*const use_memslots)(struct kvm *) = kvm_memslots;
long (*const use_gup)(unsigned long, unsigned long, unsigned int, struct page **) = get_user_pages;
long (*const use_populate)(struct kvm *, gfn_t, void *, long,
			   int (*)(struct kvm *, gfn_t, kvm_pfn_t, void *, int, void *),
			   void *) = kvm_gmem_populate;
#endif
#if SERIES == 5 || SERIES >= 12
void (*const use_mmap_lock)(struct mm_struct *) = mmap_read_lock;
void (*const use_mmap_unlock)(struct mm_struct *) = mmap_read_unlock;
#endif

/* Those that may be macros, by what they give. */
void series_types(struct kvm *kvm, struct kvm_vcpu *vcpu, struct kvm_mmu_memory_cache *mc,
		  struct page *page);
void series_types(struct kvm *kvm, struct kvm_vcpu *vcpu, struct kvm_mmu_memory_cache *mc,
		  struct page *page)
{
	SAME(__get_free_page(GFP_KERNEL), unsigned long);
	SAME(get_zeroed_page(GFP_KERNEL), unsigned long);
	SAME(alloc_page(GFP_KERNEL), struct page *);
	SAME(free_page(0UL), void);
	SAME(__free_page(page), void);
	SAME(get_page(page), void);
	SAME(virt_to_phys((const volatile void *)mc), phys_addr_t);
	SAME(phys_to_virt((phys_addr_t)0), void *);
	SAME(page_to_phys(page), phys_addr_t);
	SAME(phys_to_page((phys_addr_t)0), struct page *);
	SAME(pfn_to_page((kvm_pfn_t)0), struct page *);
	SAME(kvm_mmu_memory_cache_alloc(mc), void *);
	SAME(kvm_mmu_topup_memory_cache(mc, 1), int);
	SAME(bitmap_zalloc(1u, GFP_KERNEL), unsigned long *);
	SAME(srcu_read_lock(&kvm->srcu), int);
	SAME(vcpu_gp_regs(vcpu), struct user_pt_regs *);
	SAME(kvm_read_vm_id_reg(kvm, SYS_ID_AA64DFR0_EL1), u64);
	SAME(current, struct task_struct *);
	SAME(current->mm, struct mm_struct *);
	SAME(u64_to_user_ptr((u64)0), void *);
	SAME(ALIGN((u64)1, PAGE_SIZE), u64);
	SAME(ALIGN_DOWN((unsigned long)1, 4), unsigned long);
#if SERIES >= 7
	SAME(kvm_account_pgtable_pages(mc, 1), void);
	SAME(cond_resched_rwlock_write(&kvm->mmu_lock), int);
#endif
#if SERIES >= 7 && SERIES <= 10
	SAME(cond_resched(), int);
#endif
#if SERIES >= 12
	SAME(page_to_pfn(page), kvm_pfn_t);
	SAME(cpuid_feature_extract_unsigned_field(0, 0), unsigned int);
#endif
#if SERIES <= 7 || SERIES >= 12
	SAME(put_page(page), void);
#endif
#if SERIES <= 10
	SAME(copy_from_user(mc, (void __user *)kvm, 1), unsigned long);
#endif
}

static DEFINE_SPINLOCK(vmid_lock);
static unsigned long *vmids;
static unsigned long features;
static DEFINE_STATIC_KEY_FALSE(used);
static DEFINE_STATIC_KEY_FALSE(not_used);

static bool has_feature(unsigned long feature)
{
	spinlock_t *lock = &vmid_lock;

	if (WARN_ON(!lock) || WARN(!feature, "feature %#lx", feature))
		return static_branch_unlikely(&not_used);
	static_branch_enable(&used);
	return !!u64_get_bits(features, feature);
}

int series_init(void);
int series_init(void)
{
	unsigned int vmid_count;
	struct arm_smccc_res res;

	BUILD_BUG_ON(sizeof(struct arm_smccc_res) != 32);
	if (PAGE_SIZE != SZ_4K)
		return 0;
	arm_smccc_1_1_invoke(ARM_SMCCC_CALL_VAL(ARM_SMCCC_FAST_CALL, ARM_SMCCC_SMC_64,
						ARM_SMCCC_OWNER_STANDARD, 0x150),
			     1, &res);
	if (res.a0 == SMCCC_RET_NOT_SUPPORTED)
		return -ENXIO;
	vmid_count = 1 << kvm_get_vmid_bits();
	vmids = bitmap_zalloc(vmid_count, GFP_KERNEL);
	if (!vmids)
		return -ENOMEM;
	spin_lock(&vmid_lock);
	if (bitmap_find_free_region(vmids, vmid_count, 0) < 0)
		kvm_err("no VMID of %u\n", vmid_count);
	bitmap_release_region(vmids, 0, 0);
	spin_unlock(&vmid_lock);
#if SERIES >= 12
	static_branch_enable(&kvm_rmi_is_available);
	if (!static_branch_unlikely(&kvm_rmi_is_available))
		return -EIO;
#else
	static_branch_enable(&kvm_rme_is_available);
	if (!static_branch_unlikely(&kvm_rme_is_available))
		return -EIO;
#endif
	kvm_info("features %#lx\n", features);
	return has_feature(BIT(9)) && static_branch_unlikely(&used);
}

int series_calls(struct kvm *kvm, unsigned long rd, phys_addr_t rtt, unsigned long *out);
int series_calls(struct kvm *kvm, unsigned long rd, phys_addr_t rtt, unsigned long *out)
{
	struct arm_smccc_1_2_regs regs = {0xc4000161, rd, 0, 0};
	struct arm_smccc_res res;
	long level = -1;

	arm_smccc_1_1_invoke(0xc4000150u, &res);
	arm_smccc_1_1_invoke(0xc4000151u, rtt, &res);
	arm_smccc_1_1_invoke(0xc4000152u, rd, rtt, &res);
	arm_smccc_1_1_invoke(0xc4000153u, rd, rtt, level, &res);
	arm_smccc_1_1_invoke(0xc4000154u, rd, rtt, level, 3, &res);
	arm_smccc_1_1_invoke(0xc4000155u, rd, rtt, level, 3, kvm->arch.pmcr_n, &res);
#if SERIES <= 8
	arm_smccc_1_2_smc(&regs, &regs);
#else
	arm_smccc_1_2_invoke(&regs, &regs);
#endif
	*out = regs.a1 | regs.a2 | regs.a3 | regs.a4;
	return res.a0;
}

int series_pages(struct kvm *kvm, struct kvm_mmu_memory_cache *mc);
int series_pages(struct kvm *kvm, struct kvm_mmu_memory_cache *mc)
{
	struct page *aux[BIT(PAGE_SHIFT) / SZ_4K] = {NULL};
	void *rd = (void *)__get_free_page(GFP_KERNEL);
	void *params = (void *)get_zeroed_page(GFP_KERNEL | __GFP_ACCOUNT);
	phys_addr_t pa = virt_to_phys(rd), no_table = PHYS_ADDR_MAX;
	void *table;
	int i;

	if (!rd || !params)
		return -ENOMEM;
	table = mc ? kvm_mmu_memory_cache_alloc(mc)
		   : (void *)__get_free_page(GFP_ATOMIC | __GFP_ZERO | __GFP_ACCOUNT);
	for (i = 0; i < (int)ARRAY_SIZE(aux); i++)
		aux[i] = alloc_page(GFP_KERNEL);
	for (i = 0; i < (int)ARRAY_SIZE(aux); i++)
		__free_page(aux[i]);
	get_page(phys_to_page(pa));
	pa = page_to_phys(pfn_to_page(pa >> PAGE_SHIFT));
	free_page((unsigned long)phys_to_virt(pa));
	free_page((unsigned long)params);
#if SERIES >= 7
	kvm_account_pgtable_pages(table, 1);
	kvm_account_pgtable_pages(table, -1);
#endif
#if SERIES <= 5
	clear_page(table);
	swap(rd, params);
#endif
	free_page((unsigned long)table);
#if SERIES == 7 || SERIES == 8
	free_page(__get_free_page(GFP_KERNEL_ACCOUNT));
#endif
#if SERIES <= 7 || SERIES >= 12
	put_page(aux[0]);
#endif
#if SERIES >= 12
	pa = __pfn_to_phys(page_to_pfn(aux[0]));
#endif
	return kvm_mmu_topup_memory_cache(mc, kvm_mmu_cache_min_pages(&kvm->arch.mmu)) &&
	       pa != no_table;
}

size_t series_tables(struct kvm *kvm, u64 ipa, ssize_t map_size);
size_t series_tables(struct kvm *kvm, u64 ipa, ssize_t map_size)
{
	struct kvm_s2_mmu *mmu = &kvm->arch.mmu;
	unsigned long end = min(ALIGN(ipa + 1, SZ_2M), ipa + SZ_2M);
	u64 desc = virt_to_phys(mmu->pgt) | PTE_S2_MEMATTR(MT_S2_FWB_NORMAL);
	size_t pgd = 0;

	if (!IS_ALIGNED(ipa, map_size) || ALIGN_DOWN(ipa, SZ_4K) != ipa)
		return 0;
#if SERIES >= 8
	desc |= KVM_PTE_LEAF_ATTR_LO_S2_S2AP_R | KVM_PTE_LEAF_ATTR_LO_S2_S2AP_W;
#endif
	switch (map_size) {
	case PAGE_SIZE:
		break;
	case SZ_2M:
		end = BIT(kvm->arch.realm.ia_bits - 1);
		break;
	}
#if SERIES <= 5
	pgd = mmu->pgt->pgd_pages * PAGE_SIZE;
#else
	pgd = kvm_pgtable_stage2_pgd_size(mmu->vtcr);
#endif
#if SERIES <= 6
	pgd += stage2_pgtable_levels(mmu->pgt->ia_bits);
#endif
	mmu->pgt = NULL;
	return pgd + VTCR_EL2_IPA(mmu->vtcr) + end + desc + mmu->pgd_phys;
}

int series_locks(struct kvm *kvm, struct kvm_vcpu *vcpu, bool may_block);
int series_locks(struct kvm *kvm, struct kvm_vcpu *vcpu, bool may_block)
{
	int index = srcu_read_lock(&kvm->srcu);

	mutex_lock(&vcpu->mutex);
	write_lock(&kvm->mmu_lock);
#if SERIES >= 7
	if (may_block)
		cond_resched_rwlock_write(&kvm->mmu_lock);
#endif
	write_unlock(&kvm->mmu_lock);
	mutex_unlock(&vcpu->mutex);
	srcu_read_unlock(&kvm->srcu, index);
#if SERIES >= 7 && SERIES <= 10
	cond_resched();
#endif
#if SERIES == 5 || SERIES >= 12
	mmap_read_lock(current->mm);
	mmap_read_unlock(current->mm);
#endif
	return may_block;
}

#if SERIES <= 10
int series_populate(struct kvm *kvm, struct kvm_enable_cap *cap);
int series_populate(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	void __user *argp = u64_to_user_ptr(cap->args[1]);
	struct kvm_memory_slot *slot;
	struct vm_area_struct *vma;
	struct page *page = NULL;
	kvm_pfn_t pfn;
	int ret = 0;

	switch (cap->args[0]) {
	case KVM_CAP_ARM_RME_CONFIG_REALM: {
#if SERIES <= 6
		struct kvm_cap_arm_rme_config_item cfg;
#else
		struct arm_rme_config cfg;
#endif

		if (copy_from_user(&cfg, argp, sizeof(cfg)))
			return -EFAULT;
#if SERIES <= 6
		ret = cfg.cfg == KVM_CAP_ARM_RME_CFG_RPV ||
		      cfg.hash_algo == KVM_CAP_ARM_RME_MEASUREMENT_ALGO_SHA256;
#elif SERIES <= 8
		ret = cfg.cfg == ARM_RME_CONFIG_RPV ||
		      cfg.hash_algo == ARM_RME_CONFIG_MEASUREMENT_ALGO_SHA512;
#else
		ret = cfg.cfg == ARM_RME_CONFIG_RPV ||
		      cfg.hash_algo == ARM_RME_CONFIG_HASH_ALGO_SHA512;
#endif
		memcpy(kvm->arch.realm.rd, cfg.rpv, sizeof(cfg.rpv));
		return ret;
	}
	case KVM_CAP_ARM_RME_ACTIVATE_REALM:
		return -EBUSY;
	}

	slot = gfn_to_memslot(kvm, gpa_to_gfn(cap->args[2]));
	if (!slot || slot->base_gfn + slot->npages < cap->args[3])
		return -EINVAL;
	if (!kvm_slot_can_be_private(slot))
		return -EPERM;
	vma = vma_lookup(current->mm, gfn_to_hva_memslot(slot, slot->base_gfn));
	if (!vma)
		return -EFAULT;
#if SERIES <= 5
	pfn = gfn_to_pfn_memslot(slot, slot->base_gfn);
	if (is_error_pfn(pfn))
		return -EFAULT;
	ret = kvm_gmem_get_pfn(kvm, slot, slot->base_gfn, &pfn, NULL);
	kvm_release_pfn_clean(pfn);
#else
	{
		bool writable;

		pfn = __kvm_faultin_pfn(slot, slot->base_gfn, FOLL_WRITE, &writable, &page);
		if (is_error_pfn(pfn))
			return -EFAULT;
	}
	ret = kvm_gmem_get_pfn(kvm, slot, slot->base_gfn, &pfn, &page, NULL);
#if SERIES <= 7
	kvm_release_faultin_page(kvm, page, ret, false);
#else
	kvm_release_page_clean(page);
#endif
#endif
	return ret ? ret : (int)(__pfn_to_phys(pfn) | page_to_phys(page));
}
#else
static int populated(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn, void __user *src, int order,
		     void *opaque)
{
	return kvm && gfn && pfn && src && order && opaque ? -EOPNOTSUPP : 0;
}

long series_populate(struct kvm *kvm, struct kvm_arm_rmi_populate *args);
long series_populate(struct kvm *kvm, struct kvm_arm_rmi_populate *args)
{
	struct kvm_memory_slot *slot;
	struct page *page;
	int bkt, index;
	long ret;

	if (args->flags & ~KVM_ARM_RMI_POPULATE_FLAGS_MEASURE || args->reserved)
		return -EINVAL;
	if (!irqchip_in_kernel(kvm) || kvm_has_sve(kvm))
		return -EOPNOTSUPP;
	if (!cpuid_feature_extract_unsigned_field(read_sanitised_ftr_reg(SYS_ID_AA64PFR0_EL1),
						  ID_AA64PFR0_EL1_RME_SHIFT))
		return -EPERM;
	guard(mutex)(&kvm->arch.config_lock);
	index = srcu_read_lock(&kvm->srcu);
	kvm_for_each_memslot (slot, bkt, kvm_memslots(kvm))
		if (kvm_slot_has_gmem(slot))
			kvm_err("slot at %#llx\n", gfn_to_gpa(slot->base_gfn));
	srcu_read_unlock(&kvm->srcu, index);
	kvm_stage2_unmap_range(&kvm->arch.mmu, 0, BIT(kvm->arch.realm.ia_bits - 1), true);
	ret = get_user_pages(args->source_uaddr, 1, 0, &page);
	if (ret != 1)
		return ret;
	mutex_lock(&kvm->slots_lock);
	ret = kvm_gmem_populate(kvm, gpa_to_gfn(args->base), u64_to_user_ptr(args->source_uaddr),
				args->size >> PAGE_SHIFT, populated, kvm);
	mutex_unlock(&kvm->slots_lock);
	return ret;
}
#endif

typedef int (*exit_handler)(struct kvm_vcpu *vcpu);

static int exit_unknown(struct kvm_vcpu *vcpu)
{
	vcpu_err(vcpu, "exit with ESR %#llx\n", kvm_vcpu_get_esr(vcpu));
	return -ENXIO;
}

static int exit_sys_reg(struct kvm_vcpu *vcpu)
{
	int rt = kvm_vcpu_sys_get_rt(vcpu);

	vcpu_set_reg(vcpu, rt, vcpu_get_reg(vcpu, 0));
	return kvm_handle_sys_reg(vcpu);
}

static int exit_data_abort(struct kvm_vcpu *vcpu)
{
	if (kvm_vcpu_dabt_iswrite(vcpu) && kvm_vcpu_dabt_isvalid(vcpu))
		vcpu_set_reg(vcpu, kvm_vcpu_dabt_get_rd(vcpu), 0);
	return kvm_handle_guest_abort(vcpu);
}

/* The range is overridden, as in the tree. */
#pragma GCC diagnostic ignored "-Woverride-init"
static exit_handler handlers[] = {
	[0 ... ESR_ELx_EC_MAX] = exit_unknown,
	[ESR_ELx_EC_SYS64] = exit_sys_reg,
	[ESR_ELx_EC_DABT_LOW] = exit_data_abort,
	[ESR_ELx_EC_IABT_LOW] = exit_unknown,
};

int series_exit(struct kvm_vcpu *vcpu, unsigned long *gprs);
int series_exit(struct kvm_vcpu *vcpu, unsigned long *gprs)
{
	struct kvm_run *run = vcpu->run;
	struct kvm_vcpu *other;
	unsigned long i;

	vcpu->arch.fault.esr_el2 = gprs[0];
	vcpu->arch.fault.far_el2 = gprs[1];
	vcpu->arch.fault.hpfar_el2 = gprs[2];
#if SERIES >= 9
	vcpu->arch.fault.hpfar_el2 |= HPFAR_EL2_NS;
#endif
#if SERIES <= 9
	__vcpu_sys_reg(vcpu, CNTV_CTL_EL0) = gprs[3];
	__vcpu_sys_reg(vcpu, CNTV_CVAL_EL0) = gprs[3];
	__vcpu_sys_reg(vcpu, CNTP_CTL_EL0) = gprs[3];
	__vcpu_sys_reg(vcpu, CNTP_CVAL_EL0) = gprs[3];
#else
	__vcpu_assign_sys_reg(vcpu, CNTV_CTL_EL0, gprs[3]);
	__vcpu_assign_sys_reg(vcpu, CNTV_CVAL_EL0, gprs[3]);
	__vcpu_assign_sys_reg(vcpu, CNTP_CTL_EL0, gprs[3]);
	__vcpu_assign_sys_reg(vcpu, CNTP_CVAL_EL0, gprs[3]);
#endif
	kvm_realm_timers_update(vcpu);
	vcpu->stat.hvc_exit_stat++;
	memcpy(vcpu_gp_regs(vcpu)->regs, gprs, sizeof(vcpu_gp_regs(vcpu)->regs));
	vcpu_gp_regs(vcpu)->pc += 4;
	kvm_for_each_vcpu (i, other, vcpu->kvm)
		if (kvm_vcpu_get_mpidr_aff(other) == gprs[1] && vcpu_is_rec(other))
			return kvm_smccc_call_handler(other);
	if (!vcpu_has_feature(vcpu, KVM_ARM_VCPU_PSCI_0_2) || !kvm_vcpu_has_pmu(vcpu))
		return -EINVAL;
#if SERIES <= 10
	if (!vcpu_has_sve(vcpu))
		return -EINVAL;
#endif
	if (!kvm_arm_vcpu_sve_finalized(vcpu))
		return -EPERM;
#if SERIES <= 8
	run->exit_reason = KVM_EXIT_UNKNOWN;
#else
	run->exit_reason = KVM_EXIT_SHUTDOWN;
#endif
	kvm_prepare_memory_fault_exit(vcpu, gprs[4], gprs[5], false, false, gprs[6] == 1);
	kvm_pr_unimpl("unsupported exit %lu\n", gprs[7]);
	WARN_RATELIMIT(1, "status %lu\n", gprs[8]);
#if SERIES <= 6
	WARN_ONCE(1, "once %d", 1);
	pr_err("error %d\n", 1);
#endif
	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	return handlers[ESR_ELx_EC(kvm_vcpu_get_esr(vcpu))](vcpu);
}

u64 series_identity(struct kvm *kvm, struct kvm_vcpu *vcpu);
u64 series_identity(struct kvm *kvm, struct kvm_vcpu *vcpu)
{
	u64 dfr0 = kvm_read_vm_id_reg(kvm, SYS_ID_AA64DFR0_EL1);
	u64 value = SYS_FIELD_GET(ID_AA64DFR0_EL1, BRPs, dfr0) |
		    SYS_FIELD_GET(ID_AA64DFR0_EL1, WRPs, dfr0) << 8;

	value &=
		~(ID_AA64DFR0_EL1_BRPs_MASK | ID_AA64DFR0_EL1_WRPs_MASK | ID_AA64DFR0_EL1_CTX_CMPs);
	value |= FIELD_PREP(ID_AA64DFR0_EL1_BRPs_MASK, u64_get_bits(features, GENMASK(19, 14)));
	value |= FIELD_GET(GENMASK(7, 0), features);
	if (kvm->arch.arm_pmu)
		value |= kvm->arch.pmcr_n | kvm->arch.nr_pmu_counters;
	value += sve_vl_from_vq(sve_vq_from_vl(vcpu->arch.sve_max_vl));
	WRITE_ONCE(kvm->arch.realm.state, REALM_STATE_NEW);
	if (kvm_is_realm(kvm) && kvm_realm_is_created(kvm) &&
	    kvm_realm_state(kvm) == REALM_STATE_NEW)
		value |= kvm_gpa_from_fault(kvm, READ_ONCE(vcpu->arch.hw_mmu)->pgd_phys);
#if SERIES >= 7 && SERIES <= 10
	value |= kvm_arm_rec_finalized(vcpu);
#elif SERIES == 6
	value |= kvm_arm_vcpu_rec_finalized(vcpu);
#endif
	vcpu->arch.rec.mpidr = INVALID_HWID;
	return value;
}

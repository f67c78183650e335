/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Life of a Realm and of its RECs. Included by a foreign tree's rme.c behind stage2.c. It wants of the
 * posting: FEATURES (name of the feature word), HAS_SVE(kvm, vcpu), SVE_LOCK(vcpu), SVE_UNLOCK(vcpu), PMU_COUNTERS(kvm), PGD_SIZE(mmu).
 */

static unsigned long FEATURES;
static unsigned long *vmids;
static DEFINE_SPINLOCK(vmids_lock);

static unsigned int vmids_num(void)
{
	return 1U << kvm_get_vmid_bits();
}

/* Whether the RMM is there and speaks 1.0. */
static bool rmm_probe(void)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_invoke(SMC_RMI_VERSION, 1UL << 16, &res);
	if (res.a0 == SMCCC_RET_NOT_SUPPORTED)
		return false;
	if (res.a0 != RMI_SUCCESS) {
		kvm_err("RMM ABI %lu.%lu is not supported\n", res.a1 >> 16, res.a1 & 0xFFFF);
		return false;
	}
	if (WARN_ON(rmi_features(0, &FEATURES)))
		return false;
	vmids = bitmap_zalloc(vmids_num(), GFP_KERNEL);
	return vmids;
}

static int vmid_take(void)
{
	int vmid;

	spin_lock(&vmids_lock);
	vmid = bitmap_find_free_region(vmids, vmids_num(), 0);
	spin_unlock(&vmids_lock);
	return vmid;
}

static void vmid_give(unsigned int vmid)
{
	spin_lock(&vmids_lock);
	bitmap_release_region(vmids, vmid, 0);
	spin_unlock(&vmids_lock);
}

/* -- a Realm -- */

/* Granules of the root that were handed over go back; pages of which the RMM keeps one are lost. */
static bool pgd_take_back(struct kvm *kvm, size_t size)
{
	bool all = true;
	size_t done;

	for (done = 0; done < size; done += RMM_PAGE_SIZE) {
		if (granule_take_back(kvm->arch.mmu.pgd_phys + done))
			continue;
		get_page(phys_to_page(kvm->arch.mmu.pgd_phys + done));
		all = false;
	}
	return all;
}

/* The same vector length for all vCPUs, or none. */
static int params_sve(struct kvm *kvm, struct realm_params *params)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;
	int ret = 0;

	kvm_for_each_vcpu (i, vcpu, kvm) {
		SVE_LOCK(vcpu);
		if (HAS_SVE(kvm, vcpu)) {
			const u64 vl = sve_vq_from_vl(vcpu->arch.sve_max_vl) - 1;

			if (!kvm_arm_vcpu_sve_finalized(vcpu) ||
			    (params->flags & RMI_REALM_PARAM_FLAG_SVE && params->sve_vl != vl))
				ret = -EINVAL;
			params->flags |= RMI_REALM_PARAM_FLAG_SVE;
			params->sve_vl = vl;
		}
		SVE_UNLOCK(vcpu);
	}
	return ret;
}

static int params_fill(struct kvm *kvm, struct realm_params *params, size_t pgd_size)
{
	struct realm *realm = &kvm->arch.realm;
	const u64 dfr0 = kvm_read_vm_id_reg(kvm, SYS_ID_AA64DFR0_EL1);
	const unsigned int one_root = 12 + 9 * (4 - root_level(realm));

	params->flags = 0;
	params->s2sz = realm->ia_bits;
	params->rtt_level_start = root_level(realm);
	params->rtt_num_start = realm->ia_bits > one_root ? BIT(realm->ia_bits - one_root) : 1;
	params->rtt_base = kvm->arch.mmu.pgd_phys;
	params->vmid = realm->vmid;
	params->num_bps = SYS_FIELD_GET(ID_AA64DFR0_EL1, BRPs, dfr0);
	params->num_wps = SYS_FIELD_GET(ID_AA64DFR0_EL1, WRPs, dfr0);
	if (kvm->arch.arm_pmu) {
		params->pmu_num_ctrs = PMU_COUNTERS(kvm);
		params->flags |= RMI_REALM_PARAM_FLAG_PMU;
	}
	if (params->rtt_num_start * RMM_PAGE_SIZE > pgd_size)
		return -EINVAL;
	return params_sve(kvm, params);
}

/* 0, or -errno and nothing is left but `params`. */
static int realm_make(struct kvm *kvm)
{
	struct realm *realm = &kvm->arch.realm;
	struct kvm_s2_mmu *mmu = &kvm->arch.mmu;
	size_t given = 0, pgd_size;
	unsigned long num_aux;
	phys_addr_t rd;
	int ret;

	if (!mmu->pgt)
		return -EINVAL;
	pgd_size = PGD_SIZE(mmu);
	ret = vmid_take();
	if (ret < 0)
		return ret;
	realm->vmid = ret;
	realm->ia_bits = VTCR_EL2_IPA(mmu->vtcr);
	ret = params_fill(kvm, realm->params, pgd_size);
	if (ret)
		goto out_vmid;
	ret = -ENOMEM;
	realm->rd = (void *)__get_free_page(GFP_KERNEL);
	if (!realm->rd)
		goto out_vmid;
	rd = virt_to_phys(realm->rd);

	ret = -ENXIO;
	if (rmi_granule_delegate(rd))
		goto out_rd;
	while (given < pgd_size) {
		if (rmi_granule_delegate(mmu->pgd_phys + given))
			goto out_pgd;
		given += RMM_PAGE_SIZE;
	}
	if (rmi_realm_create(rd, virt_to_phys(realm->params)))
		goto out_pgd;
	if (!rmi_rec_aux_count(rd, &num_aux) && num_aux <= REC_PARAMS_AUX_GRANULES) {
		realm->num_aux = num_aux;
		return 0;
	}
	if (WARN_ON(rmi_realm_destroy(rd))) {
		/* It lives, and so does all that it was made of. */
		mmu->pgt = NULL;
		realm->rd = NULL;
		return ret;
	}
out_pgd:
	if (!pgd_take_back(kvm, given))
		mmu->pgt = NULL;
	if (!granule_take_back(rd))
		realm->rd = NULL;
out_rd:
	free_page((unsigned long)realm->rd);
	realm->rd = NULL;
out_vmid:
	vmid_give(realm->vmid);
	realm->ia_bits = 0;
	return ret;
}

static int realm_create(struct kvm *kvm)
{
	struct realm *realm = &kvm->arch.realm;
	int ret;

	if (kvm_realm_is_created(kvm))
		return -EEXIST;
	ret = realm_make(kvm);
	if (ret)
		return ret;
	WRITE_ONCE(realm->state, REALM_STATE_NEW);
	free_page((unsigned long)realm->params);
	realm->params = NULL;
	return 0;
}

/* The VM ends; its vCPUs are gone and nothing is mapped any more. */
static void realm_end(struct kvm *kvm)
{
	struct realm *realm = &kvm->arch.realm;
	phys_addr_t rd;

	if (realm->params) {
		free_page((unsigned long)realm->params);
		realm->params = NULL;
	}
	if (!kvm_realm_is_created(kvm))
		return;
	WRITE_ONCE(realm->state, REALM_STATE_DYING);
	rd = realm_rd(realm);
	if (WARN_ON(rmi_realm_destroy(rd)))
		return;
	if (granule_take_back(rd))
		free_page((unsigned long)realm->rd);
	realm->rd = NULL;
	vmid_give(realm->vmid);
	pgd_take_back(kvm, PGD_SIZE(&kvm->arch.mmu));
	WRITE_ONCE(realm->state, REALM_STATE_DEAD);
	kvm_free_stage2_pgd(&kvm->arch.mmu);
}

static int ripas_init(struct kvm *kvm, unsigned long base, unsigned long size)
{
	struct realm *realm = &kvm->arch.realm;
	unsigned long top;
	int ret;

	if (base + size < base)
		return -EINVAL;
	if (kvm_realm_state(kvm) != REALM_STATE_NEW)
		return -EPERM;
	if (!IS_ALIGNED(base | size, PAGE_SIZE) || base + size > BIT(realm->ia_bits - 1))
		return -EINVAL;
	do
		ret = ripas_walk(realm, 0, base, base + size, NULL, false, &top);
	while (ret == -EAGAIN);
	return ret;
}

/* -- RECs -- */

static void aux_free(struct realm_rec *rec, unsigned int granules)
{
	unsigned int i, j;

	for (i = 0; i < granules; i += GRANULES_PER_PAGE) {
		struct page *page = rec->aux_pages[i / GRANULES_PER_PAGE];
		bool ours = true;

		for (j = i; j < granules && j < i + GRANULES_PER_PAGE; j++)
			ours &= granule_take_back(page_to_phys(page) + (j - i) * RMM_PAGE_SIZE);
		if (ours)
			__free_page(page);
		rec->aux_pages[i / GRANULES_PER_PAGE] = NULL;
	}
}

static int aux_alloc(struct realm_rec *rec, u64 *phys, unsigned int granules)
{
	struct page *page = NULL;
	unsigned int i;

	for (i = 0; i < granules; i++) {
		const unsigned int part = i % GRANULES_PER_PAGE;

		if (!part) {
			page = alloc_page(GFP_KERNEL);
			if (!page) {
				aux_free(rec, i);
				return -ENOMEM;
			}
			rec->aux_pages[i / GRANULES_PER_PAGE] = page;
		}
		phys[i] = page_to_phys(page) + part * RMM_PAGE_SIZE;
		if (rmi_granule_delegate(phys[i])) {
			if (!part)
				__free_page(page);
			aux_free(rec, i);
			return -ENXIO;
		}
	}
	return 0;
}

static void rec_pages_free(struct realm_rec *rec)
{
	free_page((unsigned long)rec->run);
	free_page((unsigned long)rec->rec_page);
	rec->run = NULL;
	rec->rec_page = NULL;
}

static int rec_make(struct kvm_vcpu *vcpu)
{
	struct realm *realm = &vcpu->kvm->arch.realm;
	struct realm_rec *rec = &vcpu->arch.rec;
	const unsigned long mpidr = kvm_vcpu_get_mpidr_aff(vcpu);
	struct rec_params *params;
	unsigned int i;
	int ret = -ENOMEM;

	if (kvm_realm_state(vcpu->kvm) != REALM_STATE_NEW)
		return -ENOENT;
	if (rec->run)
		return -EBUSY;
	if (!vcpu_has_feature(vcpu, KVM_ARM_VCPU_PSCI_0_2) ||
	    (vcpu->kvm->arch.arm_pmu && !kvm_vcpu_has_pmu(vcpu)))
		return -EINVAL;

	params = (void *)get_zeroed_page(GFP_KERNEL);
	rec->run = (void *)get_zeroed_page(GFP_KERNEL);
	rec->rec_page = (void *)__get_free_page(GFP_KERNEL);
	if (!params || !rec->run || !rec->rec_page)
		goto out;
	params->flags = vcpu->vcpu_id ? 0 : REC_PARAMS_FLAG_RUNNABLE;
	params->pc = vcpu_gp_regs(vcpu)->pc;
	for (i = 0; i < ARRAY_SIZE(params->gprs); i++)
		params->gprs[i] = vcpu_get_reg(vcpu, i);
	params->mpidr = mpidr;
	params->num_rec_aux = realm->num_aux;

	ret = -ENXIO;
	if (rmi_granule_delegate(virt_to_phys(rec->rec_page)))
		goto out;
	ret = aux_alloc(rec, params->aux, realm->num_aux);
	if (!ret) {
		if (!rmi_rec_create(realm_rd(realm), virt_to_phys(rec->rec_page),
				    virt_to_phys(params))) {
			rec->mpidr = mpidr;
			free_page((unsigned long)params);
			return 0;
		}
		ret = -ENXIO;
		aux_free(rec, realm->num_aux);
	}
	if (!granule_take_back(virt_to_phys(rec->rec_page)))
		rec->rec_page = NULL;
out:
	rec_pages_free(rec);
	free_page((unsigned long)params);
	return ret;
}

static void rec_end(struct kvm_vcpu *vcpu)
{
	struct realm_rec *rec = &vcpu->arch.rec;

	if (!vcpu_is_rec(vcpu) || !rec->run)
		return;
	rec->mpidr = INVALID_HWID;
	if (WARN_ON(rmi_rec_destroy(virt_to_phys(rec->rec_page)))) {
		rec->rec_page = NULL;
	} else {
		aux_free(rec, vcpu->kvm->arch.realm.num_aux);
		if (!granule_take_back(virt_to_phys(rec->rec_page)))
			rec->rec_page = NULL;
	}
	rec_pages_free(rec);
}

/* The answer to what the guest asked the host for. */
static void rec_answer(struct kvm_vcpu *vcpu)
{
	struct rec_run *run = vcpu->arch.rec.run;
	unsigned int i;

	if (run->exit.exit_reason != RMI_EXIT_PSCI && run->exit.exit_reason != RMI_EXIT_HOST_CALL)
		return;
	for (i = 0; i < REC_RUN_GPRS; i++)
		run->enter.gprs[i] = vcpu_get_reg(vcpu, i);
}

static int rec_run_it(struct kvm_vcpu *vcpu)
{
	struct realm_rec *rec = &vcpu->arch.rec;

	return rmi_rec_enter(virt_to_phys(rec->rec_page), virt_to_phys(rec->run));
}

static int psci_answer(struct kvm_vcpu *source, struct kvm_vcpu *target, unsigned long status)
{
	if (!source->arch.rec.rec_page || !target->arch.rec.rec_page)
		return -EINVAL;
	return rmi_psci_complete(virt_to_phys(source->arch.rec.rec_page),
				 virt_to_phys(target->arch.rec.rec_page), status)
		       ? -EINVAL
		       : 0;
}

static u64 dfr0_limit(struct kvm_vcpu *vcpu, u64 val)
{
	if (!kvm_is_realm(vcpu->kvm))
		return val;
	val &= ~(ID_AA64DFR0_EL1_BRPs_MASK | ID_AA64DFR0_EL1_WRPs_MASK | ID_AA64DFR0_EL1_CTX_CMPs);
	val |= FIELD_PREP(ID_AA64DFR0_EL1_BRPs_MASK,
			  u64_get_bits(FEATURES, RMI_FEATURE_REGISTER_0_NUM_BPS));
	val |= FIELD_PREP(ID_AA64DFR0_EL1_WRPs_MASK,
			  u64_get_bits(FEATURES, RMI_FEATURE_REGISTER_0_NUM_WPS));
	return val;
}

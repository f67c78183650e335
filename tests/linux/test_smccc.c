/* SPDX-License-Identifier: BSD-3-Clause */
/* test_smccc.c - what reaches the RMM's registers, and what comes back. */
#include "test.h"

#include <asm/kvm_emulate.h>
#include <linux/arm-smccc.h>
#include <linux/kvm_host.h>

/* SMC_RMI_VERSION and SMC_RMI_RTT_CREATE, as the specification numbers them. */
#define RMI_VERSION    0xc4000150ul
#define RMI_RTT_CREATE 0xc400015dul

START_TEST(numbers)
{
	ck_assert(ARM_SMCCC_CALL_VAL(ARM_SMCCC_FAST_CALL, ARM_SMCCC_SMC_64,
				     ARM_SMCCC_OWNER_STANDARD, 0x150) == RMI_VERSION);
	ck_assert((unsigned long)SMCCC_RET_NOT_SUPPORTED == ~0ul);
}
END_TEST

static void outputs_set(void)
{
	for (u32 i = 0; i < 18; i++)
		fake->smc_out[i] = 0x1000 + i;
}

START_TEST(invoke_1_1)
{
	struct arm_smccc_res res = {1, 2, 3, 4};
	int calls = 0, minus = -1;
	phys_addr_t rd = 0xffff0000f000ull;
	long level = -1;

	outputs_set();
	arm_smccc_1_1_invoke(RMI_RTT_CREATE, rd, 0x800001000ul, 0x40000000ul, level, &res);
	ck_assert_uint_eq(fake->smc_in[0], RMI_RTT_CREATE);
	ck_assert_uint_eq(fake->smc_in[1], rd);
	ck_assert_uint_eq(fake->smc_in[2], 0x800001000ul);
	ck_assert_uint_eq(fake->smc_in[3], 0x40000000ul);
	ck_assert_uint_eq(fake->smc_in[4], ~0ull);
	for (u32 i = 5; i < 18; i++)
		ck_assert_uint_eq(fake->smc_in[i], 0);
	ck_assert(res.a0 == 0x1000 && res.a1 == 0x1001 && res.a2 == 0x1002 && res.a3 == 0x1003);

	/* One to eight scalars; a negative int is sign-extended, each is evaluated once. */
	arm_smccc_1_1_invoke(RMI_VERSION, &res);
	ck_assert(fake->smc_in[0] == RMI_VERSION && fake->smc_in[1] == 0);
	arm_smccc_1_1_invoke(calls++, minus, &res);
	ck_assert_int_eq(calls, 1);
	ck_assert(fake->smc_in[0] == 0 && fake->smc_in[1] == ~0ull);
	arm_smccc_1_1_invoke(1, 2, 3, &res);
	arm_smccc_1_1_invoke(1, 2, 3, 4, &res);
	arm_smccc_1_1_invoke(1, 2, 3, 4, 5, 6, &res);
	ck_assert(fake->smc_in[5] == 6 && fake->smc_in[6] == 0);
	arm_smccc_1_1_invoke(1, 2, 3, 4, 5, 6, 7, 8, NULL);
	ck_assert(fake->smc_in[7] == 8);
	ck_assert_uint_eq(fake->smcs, 7);
	ck_assert_uint_eq(fake->sched_points[PORT_SCHED_SMC], 7);
}
END_TEST

START_TEST(invoke_1_2)
{
	struct arm_smccc_1_2_regs regs = {.a0 = RMI_RTT_CREATE, .a1 = 11, .a2 = 12, .a3 = -1ul};

	outputs_set();
	arm_smccc_1_2_invoke(&regs, &regs);
	ck_assert(fake->smc_in[0] == RMI_RTT_CREATE && fake->smc_in[2] == 12 &&
		  fake->smc_in[3] == ~0ull);
	ck_assert(fake->smc_in[4] == 0 && fake->smc_in[17] == 0);
	ck_assert(regs.a0 == 0x1000 && regs.a4 == 0x1004 && regs.a17 == 0x1011);
	arm_smccc_1_2_smc(&regs, &regs);
	ck_assert(fake->smc_in[17] == 0x1011);
}
END_TEST

DEFINE_STATIC_KEY_FALSE(kvm_rme_is_available);

START_TEST(vcpu_state)
{
	static struct kvm kvm;
	static struct kvm_vcpu vcpu;
	static struct kvm_run run;

	memset(&kvm, 0, sizeof(kvm));
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.kvm = &kvm;
	vcpu.run = &run;
	vcpu_set_reg(&vcpu, 3, 0x33);
	vcpu_set_reg(&vcpu, 31, 0x44);
	ck_assert(vcpu_get_reg(&vcpu, 3) == 0x33 && vcpu_get_reg(&vcpu, 31) == 0);
	/* A data abort: ISV, 8 bytes, SRT 17, WnR. */
	vcpu.arch.fault.esr_el2 =
		(0x24ull << 26) | (1ull << 24) | (3ull << 22) | (17ull << 16) | (1ull << 6) | 7;
	ck_assert(kvm_vcpu_dabt_isvalid(&vcpu) && kvm_vcpu_dabt_iswrite(&vcpu));
	ck_assert_int_eq(kvm_vcpu_dabt_get_rd(&vcpu), 17);
	ck_assert_int_eq(kvm_vcpu_dabt_get_as(&vcpu), 8);
	ck_assert_int_eq(kvm_vcpu_trap_get_fault(&vcpu), 7);
	vcpu.arch.fault.esr_el2 = (0x18ull << 26) | (9 << 5) | 1;
	ck_assert_int_eq(kvm_vcpu_sys_get_rt(&vcpu), 9);
	/* The NS bit of HPFAR is no address bit. */
	vcpu.arch.fault.hpfar_el2 = HPFAR_EL2_NS | (0x80123ull << 4);
	ck_assert(kvm_vcpu_get_fault_ipa(&vcpu) == 0x80123000ull);
	vcpu.vcpu_id = 0x25;
	ck_assert(kvm_vcpu_get_mpidr_aff(&vcpu) == 0x205);
	__vcpu_sys_reg(&vcpu, CNTV_CTL_EL0) = 5;
	__vcpu_assign_sys_reg(&vcpu, CNTP_CTL_EL0, 6);
	ck_assert(__vcpu_sys_reg(&vcpu, CNTV_CTL_EL0) == 5 &&
		  __vcpu_sys_reg(&vcpu, CNTP_CTL_EL0) == 6);

	kvm.arch.is_realm = true;
	kvm.arch.realm.ia_bits = 33;
	kvm.arch.vcpu_features = BIT(KVM_ARM_VCPU_REC);
	vcpu.arch.rec.mpidr = INVALID_HWID;
	ck_assert(!kvm_is_realm(&kvm) && !vcpu_is_rec(&vcpu));
	static_branch_enable(&kvm_rme_is_available);
	ck_assert(kvm_is_realm(&kvm) && !kvm_is_realm(NULL) && vcpu_is_rec(&vcpu));
	ck_assert(!kvm_realm_is_created(&kvm) && !kvm_arm_rec_finalized(&vcpu));
	kvm.arch.realm.state = REALM_STATE_DEAD;
	ck_assert(kvm_realm_is_created(&kvm));
	/* The shared half begins at bit ia_bits - 1. */
	ck_assert(kvm_gpa_from_fault(&kvm, 0x180001000ull) == 0x80001000ull);
	kvm.arch.is_realm = false;
	ck_assert(kvm_gpa_from_fault(&kvm, 0x180001000ull) == 0x180001000ull);
	static_branch_disable(&kvm_rme_is_available);

	kvm_prepare_memory_fault_exit(&vcpu, 0x80000000ull, 0x1000, false, false, true);
	ck_assert(run.exit_reason == 39 && run.memory_fault.flags == 8 &&
		  run.memory_fault.gpa == 0x80000000ull && run.memory_fault.size == 0x1000);
}
END_TEST

START_TEST(walks_in_order)
{
	struct kvm_memory_slot slots[2] = {{.base_gfn = 1}, {.base_gfn = 9}};
	struct kvm_memslots *memslots =
		(struct kvm_memslots *)kzalloc(sizeof(*memslots) + 2 * sizeof(slots), GFP_KERNEL);
	struct kvm *kvm = (struct kvm *)kzalloc(sizeof(*kvm), GFP_KERNEL);
	struct kvm_memory_slot *slot;
	struct kvm_vcpu vcpus[3], *vcpu;
	unsigned long i, n = 0;
	int bkt;

	memslots->used = 2;
	memslots->by_gfn[0] = &slots[0];
	memslots->by_gfn[1] = &slots[1];
	kvm_for_each_memslot (slot, bkt, memslots)
		ck_assert_ptr_eq(slot, &slots[n++]);
	ck_assert_uint_eq(n, 2);
	xa_init(&kvm->vcpu_array);
	for (i = 0; i < 3; i++)
		xa_store(&kvm->vcpu_array, i, &vcpus[2 - i], GFP_KERNEL);
	atomic_set(&kvm->online_vcpus, 3);
	n = 0;
	kvm_for_each_vcpu (i, vcpu, kvm)
		ck_assert_ptr_eq(vcpu, &vcpus[2 - n++]);
	ck_assert_uint_eq(n, 3);
	xa_destroy(&kvm->vcpu_array);
	kfree(kvm);
	kfree(memslots);
	test_nothing_left();
}
END_TEST

START_TEST(invalidations)
{
	static struct kvm kvm;

	memset(&kvm, 0, sizeof(kvm));
	kvm.mmu_invalidate_seq = 4;
	ck_assert(!mmu_invalidate_retry_gfn(&kvm, 4, 10));
	ck_assert(mmu_invalidate_retry_gfn(&kvm, 3, 10));
	kvm.mmu_invalidate_in_progress = 1;
	kvm.mmu_invalidate_range_start = 8;
	kvm.mmu_invalidate_range_end = 10;
	ck_assert(mmu_invalidate_retry_gfn(&kvm, 4, 9));
	ck_assert(!mmu_invalidate_retry_gfn(&kvm, 4, 10));
	ck_assert(is_error_pfn(KVM_PFN_ERR_FAULT) && is_error_pfn(1ull << 62) &&
		  is_error_pfn(1ull << 52));
	ck_assert(!is_error_pfn(0x80000) && !is_error_pfn(1ull << 63) &&
		  !is_error_pfn((1ull << 52) - 1));
}
END_TEST

void smccc_tests(Suite *suite)
{
	TCase *tcase = test_case(suite, "smccc");

	tcase_add_test(tcase, numbers);
	tcase_add_test(tcase, invoke_1_1);
	tcase_add_test(tcase, invoke_1_2);
	tcase_add_test(tcase, vcpu_state);
	tcase_add_test(tcase, walks_in_order);
	tcase_add_test(tcase, invalidations);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * asm/rmi_smc.h - the Realm Management Interface, version 1.0, as numbers and layouts: function
 * identifiers, return codes, and the structures that Host and RMM exchange in memory (DEN0137).
 */
#ifndef __ASM_RMI_SMC_H
#define __ASM_RMI_SMC_H

#include <linux/arm-smccc.h>

#define SMC_RMI_CALL(func)                                                                         \
	ARM_SMCCC_CALL_VAL(ARM_SMCCC_FAST_CALL, ARM_SMCCC_SMC_64, ARM_SMCCC_OWNER_STANDARD, (func))

#define SMC_RMI_VERSION               SMC_RMI_CALL(0x0150)
#define SMC_RMI_GRANULE_DELEGATE      SMC_RMI_CALL(0x0151)
#define SMC_RMI_GRANULE_UNDELEGATE    SMC_RMI_CALL(0x0152)
#define SMC_RMI_DATA_CREATE           SMC_RMI_CALL(0x0153)
#define SMC_RMI_DATA_CREATE_UNKNOWN   SMC_RMI_CALL(0x0154)
#define SMC_RMI_DATA_DESTROY          SMC_RMI_CALL(0x0155)
#define SMC_RMI_REALM_ACTIVATE        SMC_RMI_CALL(0x0157)
#define SMC_RMI_REALM_CREATE          SMC_RMI_CALL(0x0158)
#define SMC_RMI_REALM_DESTROY         SMC_RMI_CALL(0x0159)
#define SMC_RMI_REC_CREATE            SMC_RMI_CALL(0x015a)
#define SMC_RMI_REC_DESTROY           SMC_RMI_CALL(0x015b)
#define SMC_RMI_REC_ENTER             SMC_RMI_CALL(0x015c)
#define SMC_RMI_RTT_CREATE            SMC_RMI_CALL(0x015d)
#define SMC_RMI_RTT_DESTROY           SMC_RMI_CALL(0x015e)
#define SMC_RMI_RTT_MAP_UNPROTECTED   SMC_RMI_CALL(0x015f)
#define SMC_RMI_RTT_READ_ENTRY        SMC_RMI_CALL(0x0161)
#define SMC_RMI_RTT_UNMAP_UNPROTECTED SMC_RMI_CALL(0x0162)
#define SMC_RMI_PSCI_COMPLETE         SMC_RMI_CALL(0x0164)
#define SMC_RMI_FEATURES              SMC_RMI_CALL(0x0165)
#define SMC_RMI_RTT_FOLD              SMC_RMI_CALL(0x0166)
#define SMC_RMI_REC_AUX_COUNT         SMC_RMI_CALL(0x0167)
#define SMC_RMI_RTT_INIT_RIPAS        SMC_RMI_CALL(0x0168)
#define SMC_RMI_RTT_SET_RIPAS         SMC_RMI_CALL(0x0169)

/* The revision that this host speaks, and its place in a version word. */
#define RMI_ABI_MAJOR_VERSION          1
#define RMI_ABI_MINOR_VERSION          0
#define RMI_ABI_VERSION(major, minor)  (((major) << 16) | (minor))
#define RMI_ABI_VERSION_GET_MAJOR(ver) ((ver) >> 16)
#define RMI_ABI_VERSION_GET_MINOR(ver) ((ver) & 0xFFFF)

/* A return code is a status and, for some statuses, an index: for RMI_ERROR_RTT an RTT level. */
#define RMI_RETURN_STATUS(ret) ((ret) & 0xFF)
#define RMI_RETURN_INDEX(ret)  (((ret) >> 8) & 0xFF)

#define RMI_SUCCESS     0
#define RMI_ERROR_INPUT 1
#define RMI_ERROR_REALM 2
#define RMI_ERROR_REC   3
#define RMI_ERROR_RTT   4

/* State of an RTT entry, as RMI_RTT_READ_ENTRY reports it. */
enum rmi_rtt_entry_state {
	RMI_UNASSIGNED = 0,
	RMI_ASSIGNED = 1,
	RMI_TABLE = 2,
};

enum rmi_ripas {
	RMI_EMPTY = 0,
	RMI_RAM = 1,
	RMI_DESTROYED = 2,
};

#define RMI_NO_MEASURE_CONTENT 0
#define RMI_MEASURE_CONTENT    1

#define RMI_FEATURE_REGISTER_0_S2SZ           GENMASK(7, 0)
#define RMI_FEATURE_REGISTER_0_LPA2           BIT(8)
#define RMI_FEATURE_REGISTER_0_SVE_EN         BIT(9)
#define RMI_FEATURE_REGISTER_0_SVE_VL         GENMASK(13, 10)
#define RMI_FEATURE_REGISTER_0_NUM_BPS        GENMASK(19, 14)
#define RMI_FEATURE_REGISTER_0_NUM_WPS        GENMASK(25, 20)
#define RMI_FEATURE_REGISTER_0_PMU_EN         BIT(26)
#define RMI_FEATURE_REGISTER_0_PMU_NUM_CTRS   GENMASK(31, 27)
#define RMI_FEATURE_REGISTER_0_HASH_SHA_256   BIT(32)
#define RMI_FEATURE_REGISTER_0_HASH_SHA_512   BIT(33)
#define RMI_FEATURE_REGISTER_0_GICV3_NUM_LRS  GENMASK(37, 34)
#define RMI_FEATURE_REGISTER_0_MAX_RECS_ORDER GENMASK(41, 38)

#define RMI_REALM_PARAM_FLAG_LPA2 BIT(0)
#define RMI_REALM_PARAM_FLAG_SVE  BIT(1)
#define RMI_REALM_PARAM_FLAG_PMU  BIT(2)

#define RMI_HASH_SHA_256 0
#define RMI_HASH_SHA_512 1

/*
 * RmiRealmParams. Each field sits at a round offset of its own; what lies between must be zero. `rpv` and
 * what comes before are the VMM's choice, the rest is the Host's.
 */
struct realm_params {
	u64 flags;
	u64 s2sz;
	u64 sve_vl;
	u64 num_bps;
	u64 num_wps;
	u64 pmu_num_ctrs;
	u64 hash_algo;
	u8 reserved0[0x400 - 0x38];
	u8 rpv[64];
	u8 reserved1[0x800 - 0x440];
	u64 vmid;
	u64 rtt_base;
	s64 rtt_level_start;
	u64 rtt_num_start;
	u8 reserved2[0x1000 - 0x820];
};

/* How many general purpose registers REC_CREATE takes, and how many auxiliary granules at most. */
#define REC_CREATE_NR_GPRS      8
#define REC_PARAMS_AUX_GRANULES 16

#define REC_PARAMS_FLAG_RUNNABLE BIT_ULL(0)

/* RmiRecParams. */
struct rec_params {
	u64 flags;
	u8 reserved0[0x100 - 0x8];
	u64 mpidr;
	u8 reserved1[0x200 - 0x108];
	u64 pc;
	u8 reserved2[0x300 - 0x208];
	u64 gprs[REC_CREATE_NR_GPRS];
	u8 reserved3[0x800 - 0x340];
	u64 num_rec_aux;
	u64 aux[REC_PARAMS_AUX_GRANULES];
	u8 reserved4[0x1000 - 0x888];
};

#define REC_RUN_GPRS     31
#define REC_MAX_GIC_LRS  16

#define REC_ENTER_FLAG_EMULATED_MMIO  BIT(0)
#define REC_ENTER_FLAG_INJECT_SEA     BIT(1)
#define REC_ENTER_FLAG_TRAP_WFI       BIT(2)
#define REC_ENTER_FLAG_TRAP_WFE       BIT(3)
#define REC_ENTER_FLAG_RIPAS_RESPONSE BIT(4) /* set: the Host rejects the change to RAM */

/* The bits of ICH_HCR_EL2 that the Host decides about. */
#define RMI_PERMITTED_GICV3_HCR_BITS                                                               \
	(ICH_HCR_EL2_UIE | ICH_HCR_EL2_LRENPIE | ICH_HCR_EL2_NPIE | ICH_HCR_EL2_VGrp0EIE |         \
	 ICH_HCR_EL2_VGrp0DIE | ICH_HCR_EL2_VGrp1EIE | ICH_HCR_EL2_VGrp1DIE | ICH_HCR_EL2_TDIR)

/* RmiRecEnter: what the Host hands in at REC_ENTER. */
struct rec_enter {
	u64 flags;
	u8 reserved0[0x200 - 0x8];
	u64 gprs[REC_RUN_GPRS];
	u8 reserved1[0x300 - 0x2f8];
	u64 gicv3_hcr;
	u64 gicv3_lrs[REC_MAX_GIC_LRS];
	u8 reserved2[0x800 - 0x388];
};

#define RMI_EXIT_SYNC         0
#define RMI_EXIT_IRQ          1
#define RMI_EXIT_FIQ          2
#define RMI_EXIT_PSCI         3
#define RMI_EXIT_RIPAS_CHANGE 4
#define RMI_EXIT_HOST_CALL    5
#define RMI_EXIT_SERROR       6

/* RmiRecExit: what the RMM reports when the REC has left. */
struct rec_exit {
	u8 exit_reason;
	u8 reserved0[0x100 - 0x1];
	u64 esr;
	u64 far;
	u64 hpfar;
	u8 reserved1[0x200 - 0x118];
	u64 gprs[REC_RUN_GPRS];
	u8 reserved2[0x300 - 0x2f8];
	u64 gicv3_hcr;
	u64 gicv3_lrs[REC_MAX_GIC_LRS];
	u64 gicv3_misr;
	u64 gicv3_vmcr;
	u8 reserved3[0x400 - 0x398];
	u64 cntp_ctl;
	u64 cntp_cval;
	u64 cntv_ctl;
	u64 cntv_cval;
	u8 reserved4[0x500 - 0x420];
	u64 ripas_base;
	u64 ripas_top;
	u8 ripas_value;
	u8 reserved5[0x600 - 0x511];
	u16 imm;
	u8 reserved6[0x700 - 0x602];
	u8 pmu_ovf_status;
	u8 reserved7[0x800 - 0x701];
};

/* RmiRecRun: one page, its address is REC_ENTER's second argument. */
struct rec_run {
	struct rec_enter enter;
	struct rec_exit exit;
};

#define RMI_ASSERT_OFFSET(type, field, offset)                                                     \
	_Static_assert(__builtin_offsetof(struct type, field) == (offset), #type "." #field)
RMI_ASSERT_OFFSET(realm_params, hash_algo, 0x30);
RMI_ASSERT_OFFSET(realm_params, rpv, 0x400);
RMI_ASSERT_OFFSET(realm_params, vmid, 0x800);
RMI_ASSERT_OFFSET(realm_params, rtt_num_start, 0x818);
RMI_ASSERT_OFFSET(rec_params, mpidr, 0x100);
RMI_ASSERT_OFFSET(rec_params, pc, 0x200);
RMI_ASSERT_OFFSET(rec_params, gprs, 0x300);
RMI_ASSERT_OFFSET(rec_params, num_rec_aux, 0x800);
RMI_ASSERT_OFFSET(rec_params, aux, 0x808);
RMI_ASSERT_OFFSET(rec_enter, gprs, 0x200);
RMI_ASSERT_OFFSET(rec_enter, gicv3_hcr, 0x300);
RMI_ASSERT_OFFSET(rec_exit, esr, 0x100);
RMI_ASSERT_OFFSET(rec_exit, gprs, 0x200);
RMI_ASSERT_OFFSET(rec_exit, gicv3_hcr, 0x300);
RMI_ASSERT_OFFSET(rec_exit, gicv3_misr, 0x388);
RMI_ASSERT_OFFSET(rec_exit, cntp_ctl, 0x400);
RMI_ASSERT_OFFSET(rec_exit, ripas_base, 0x500);
RMI_ASSERT_OFFSET(rec_exit, ripas_value, 0x510);
RMI_ASSERT_OFFSET(rec_exit, imm, 0x600);
RMI_ASSERT_OFFSET(rec_exit, pmu_ovf_status, 0x700);
RMI_ASSERT_OFFSET(rec_run, exit, 0x800);
_Static_assert(sizeof(struct realm_params) == 0x1000, "RmiRealmParams");
_Static_assert(sizeof(struct rec_params) == 0x1000, "RmiRecParams");
_Static_assert(sizeof(struct rec_run) == 0x1000, "RmiRecRun");
#undef RMI_ASSERT_OFFSET

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rmi.h - the Realm Management Interface of RMM 1.0 (DEN0137): function identifiers, return codes,
 * structures in memory, encodings. This is what a Host sees; nothing here belongs to the model.
 *
 * All structures are little-endian and granule aligned where a command takes their address.
 */
#ifndef RMM_RMI_H
#define RMM_RMI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* Function identifiers (SMC64 fast calls). 0xC4000156, ...160 and ...163 are not used in RMM 1.0. */
#define RMI_VERSION		  0xC4000150u
#define RMI_GRANULE_DELEGATE	  0xC4000151u
#define RMI_GRANULE_UNDELEGATE	  0xC4000152u
#define RMI_DATA_CREATE		  0xC4000153u
#define RMI_DATA_CREATE_UNKNOWN	  0xC4000154u
#define RMI_DATA_DESTROY	  0xC4000155u
#define RMI_REALM_ACTIVATE	  0xC4000157u
#define RMI_REALM_CREATE	  0xC4000158u
#define RMI_REALM_DESTROY	  0xC4000159u
#define RMI_REC_CREATE		  0xC400015Au
#define RMI_REC_DESTROY		  0xC400015Bu
#define RMI_REC_ENTER		  0xC400015Cu
#define RMI_RTT_CREATE		  0xC400015Du
#define RMI_RTT_DESTROY		  0xC400015Eu
#define RMI_RTT_MAP_UNPROTECTED	  0xC400015Fu
#define RMI_RTT_READ_ENTRY	  0xC4000161u
#define RMI_RTT_UNMAP_UNPROTECTED 0xC4000162u
#define RMI_PSCI_COMPLETE	  0xC4000164u
#define RMI_FEATURES		  0xC4000165u
#define RMI_RTT_FOLD		  0xC4000166u
#define RMI_REC_AUX_COUNT	  0xC4000167u
#define RMI_RTT_INIT_RIPAS	  0xC4000168u
#define RMI_RTT_SET_RIPAS	  0xC4000169u

/* The range that the identifiers come from, for tables indexed by them. */
#define RMI_FID_FIRST 0xC4000150u
#define RMI_FID_LAST  0xC400018Fu

/* X0 of a function that does not exist, for RMI and RSI alike. */
#define SMCCC_NOT_SUPPORTED UINT64_C(0xFFFFFFFFFFFFFFFF)

/* Interface revisions are (major << 16) | minor. */
#define RMI_ABI_MAJOR_VERSION		     1u
#define RMI_ABI_MINOR_VERSION		     0u
#define RMI_ABI_VERSION_ENCODE(major, minor) (((uint64_t)(major) << 16) | (uint64_t)(minor))

/* Return code: status in bits 7:0, index in bits 15:8, the rest zero. */
#define RMI_SUCCESS	0u
#define RMI_ERROR_INPUT 1u
#define RMI_ERROR_REALM 2u
#define RMI_ERROR_REC	3u
#define RMI_ERROR_RTT	4u

#define RMI_RETURN_CODE(status, index) ((uint64_t)(status) | ((uint64_t)((index)&0xff) << 8))
#define RMI_RETURN_STATUS(code)	       ((unsigned int)((code)&0xff))
#define RMI_RETURN_INDEX(code)	       ((unsigned int)(((code) >> 8) & 0xff))

/* Realm IPA state, of RMI and RSI. */
#define RMI_RIPAS_EMPTY	    0u
#define RMI_RIPAS_RAM	    1u
#define RMI_RIPAS_DESTROYED 2u

/* RTT entry state as RTT_READ_ENTRY reports it; the _NS states use the same numbers. */
#define RMI_RTTE_UNASSIGNED 0u
#define RMI_RTTE_ASSIGNED   1u
#define RMI_RTTE_TABLE	    2u

/* RTT descriptor of RTT_MAP_UNPROTECTED and RTT_READ_ENTRY (without LPA2 unless it says so). */
#define RMI_DESC_MEMATTR_SHIFT	2
#define RMI_DESC_MEMATTR_MASK	UINT64_C(0x1c) /* MemAttr[2:0], FEAT_S2FWB encoding */
#define RMI_DESC_S2AP_SHIFT	6
#define RMI_DESC_S2AP_MASK	UINT64_C(0xc0)
#define RMI_DESC_S2AP_READ	UINT64_C(0x40)
#define RMI_DESC_S2AP_WRITE	UINT64_C(0x80)
#define RMI_DESC_ADDR_MASK	UINT64_C(0x0000fffffffff000)
#define RMI_DESC_ADDR_LPA2_MASK UINT64_C(0x0003fffffffff000) /* OA[49:12] */
#define RMI_DESC_OA_51_50_SHIFT 8			     /* LPA2: OA[51:50] in bits 9:8 */
#define RMI_DESC_OA_51_50_MASK	UINT64_C(0x300)

#define RMI_MEMATTR_DEVICE_NGNRNE 0u
#define RMI_MEMATTR_DEVICE_NGNRE  1u
#define RMI_MEMATTR_DEVICE_NGRE	  2u
#define RMI_MEMATTR_DEVICE_GRE	  3u
#define RMI_MEMATTR_RESERVED	  4u
#define RMI_MEMATTR_NORMAL_NC	  5u
#define RMI_MEMATTR_NORMAL_WB	  6u
#define RMI_MEMATTR_NORMAL_STAGE1 7u

/* Feature register 0 (RMI_FEATURES index 0): shift and width in bits of each field. */
#define RMI_FEATURE_0_S2SZ_SHIFT	   0
#define RMI_FEATURE_0_S2SZ_WIDTH	   8
#define RMI_FEATURE_0_LPA2_SHIFT	   8
#define RMI_FEATURE_0_SVE_EN_SHIFT	   9
#define RMI_FEATURE_0_SVE_VL_SHIFT	   10
#define RMI_FEATURE_0_SVE_VL_WIDTH	   4
#define RMI_FEATURE_0_NUM_BPS_SHIFT	   14
#define RMI_FEATURE_0_NUM_BPS_WIDTH	   6
#define RMI_FEATURE_0_NUM_WPS_SHIFT	   20
#define RMI_FEATURE_0_NUM_WPS_WIDTH	   6
#define RMI_FEATURE_0_PMU_EN_SHIFT	   26
#define RMI_FEATURE_0_PMU_NUM_CTRS_SHIFT   27
#define RMI_FEATURE_0_PMU_NUM_CTRS_WIDTH   5
#define RMI_FEATURE_0_HASH_SHA_256_SHIFT   32
#define RMI_FEATURE_0_HASH_SHA_512_SHIFT   33
#define RMI_FEATURE_0_GICV3_NUM_LRS_SHIFT  34
#define RMI_FEATURE_0_GICV3_NUM_LRS_WIDTH  4
#define RMI_FEATURE_0_MAX_RECS_ORDER_SHIFT 38
#define RMI_FEATURE_0_MAX_RECS_ORDER_WIDTH 4

#define RMI_HASH_SHA_256 0u
#define RMI_HASH_SHA_512 1u

/* RmiRealmParams.flags */
#define RMI_REALM_FLAG_LPA2 UINT64_C(1)
#define RMI_REALM_FLAG_SVE  UINT64_C(2)
#define RMI_REALM_FLAG_PMU  UINT64_C(4)

/* RmiRealmParams, of REALM_CREATE. Bytes named sbz should be zero and are not looked at. */
struct rmi_realm_params {
	uint64_t flags;
	uint8_t s2sz; /* IPA width in bits */
	uint8_t sbz_009[7];
	uint8_t sve_vl; /* vector length is (sve_vl + 1) * 128 bits */
	uint8_t sbz_011[7];
	uint8_t num_bps; /* breakpoints minus one; 0 is reserved */
	uint8_t sbz_019[7];
	uint8_t num_wps; /* watchpoints minus one; 0 is reserved */
	uint8_t sbz_021[7];
	uint8_t pmu_num_ctrs;
	uint8_t sbz_029[7];
	uint8_t hash_algo; /* RMI_HASH_* */
	uint8_t sbz_031[0x400 - 0x31];
	uint8_t rpv[64]; /* Realm Personalization Value */
	uint8_t sbz_440[0x800 - 0x440];
	uint16_t vmid;
	uint8_t sbz_802[6];
	uint64_t rtt_base;
	int64_t rtt_level_start;
	uint32_t rtt_num_start;
	uint8_t sbz_81c[0x1000 - 0x81c];
};

/* RmiRecParams.flags */
#define RMI_REC_FLAG_RUNNABLE UINT64_C(1)

#define RMI_REC_CREATE_GPRS 8
#define RMI_REC_MAX_AUX	    16

/* RmiRecParams, of REC_CREATE. */
struct rmi_rec_params {
	uint64_t flags;
	uint8_t sbz_008[0x100 - 0x8];
	uint64_t mpidr; /* RmiRecMpidr */
	uint8_t sbz_108[0x200 - 0x108];
	uint64_t pc;
	uint8_t sbz_208[0x300 - 0x208];
	uint64_t gprs[RMI_REC_CREATE_GPRS];
	uint8_t sbz_340[0x800 - 0x340];
	uint64_t num_aux;
	uint64_t aux[RMI_REC_MAX_AUX];
	uint8_t sbz_888[0x1000 - 0x888];
};

/* RmiRecMpidr: Aff0 in bits 3:0 (7:4 should be zero), Aff1 15:8, Aff2 23:16, Aff3 31:24. */
#define RMI_MPIDR_MASK UINT64_C(0xffffff0f)

/* RmiRecEnter.flags */
#define RMI_ENTER_FLAG_EMUL_MMIO      UINT64_C(1)
#define RMI_ENTER_FLAG_INJECT_SEA     UINT64_C(2)
#define RMI_ENTER_FLAG_TRAP_WFI	      UINT64_C(4)
#define RMI_ENTER_FLAG_TRAP_WFE	      UINT64_C(8)
#define RMI_ENTER_FLAG_RIPAS_RESPONSE UINT64_C(0x10) /* 0 ACCEPT, 1 REJECT */

#define RMI_RESPONSE_ACCEPT 0u
#define RMI_RESPONSE_REJECT 1u

#define RMI_REC_GPRS	  31
#define RMI_GICV3_MAX_LRS 16

/* Bits of ICH_HCR_EL2 that the Host may set: UIE, LRENPIE, NPIE, VGrp[01][ED]IE, TDIR. */
#define RMI_GICV3_HCR_ENTER_MASK    UINT64_C(0x40fe)
#define RMI_GICV3_HCR_EOICOUNT_MASK UINT64_C(0xf8000000)

/* RmiRecEnter: the first half of RmiRecRun. */
struct rmi_rec_enter {
	uint64_t flags;
	uint8_t sbz_008[0x200 - 0x8];
	uint64_t gprs[RMI_REC_GPRS];
	uint8_t sbz_2f8[8];
	uint64_t gicv3_hcr;
	uint64_t gicv3_lrs[RMI_GICV3_MAX_LRS];
	uint8_t sbz_388[0x800 - 0x388];
};

/* RmiRecExit.exit_reason */
#define RMI_EXIT_SYNC	      0u
#define RMI_EXIT_IRQ	      1u
#define RMI_EXIT_FIQ	      2u
#define RMI_EXIT_PSCI	      3u
#define RMI_EXIT_RIPAS_CHANGE 4u
#define RMI_EXIT_HOST_CALL    5u
#define RMI_EXIT_SERROR	      6u

/* RmiRecExit: the second half of RmiRecRun. */
struct rmi_rec_exit {
	uint8_t exit_reason; /* RMI_EXIT_* */
	uint8_t mbz_001[0x100 - 0x1];
	uint64_t esr;
	uint64_t far;
	uint64_t hpfar;
	uint8_t mbz_118[0x200 - 0x118];
	uint64_t gprs[RMI_REC_GPRS];
	uint8_t mbz_2f8[8];
	uint64_t gicv3_hcr;
	uint64_t gicv3_lrs[RMI_GICV3_MAX_LRS];
	uint64_t gicv3_misr;
	uint64_t gicv3_vmcr;
	uint8_t mbz_398[0x400 - 0x398];
	uint64_t cntp_ctl;
	uint64_t cntp_cval;
	uint64_t cntv_ctl;
	uint64_t cntv_cval;
	uint8_t mbz_420[0x500 - 0x420];
	uint64_t ripas_base;
	uint64_t ripas_top;
	uint8_t ripas_value; /* RMI_RIPAS_* */
	uint8_t mbz_511[0x600 - 0x511];
	uint16_t imm; /* of RSI_HOST_CALL */
	uint8_t mbz_602[0x700 - 0x602];
	uint8_t pmu_ovf_status; /* 0 not active, 1 active */
	uint8_t mbz_701[0x800 - 0x701];
};

/* RmiRecRun, of REC_ENTER. */
struct rmi_rec_run {
	struct rmi_rec_enter enter;
	struct rmi_rec_exit exit;
};

/* RMI_DATA_CREATE flags */
#define RMI_DATA_FLAG_MEASURE UINT64_C(1)

/* Exit syndromes: fields of ESR_EL2 as exit.esr carries them. */
#define RMI_ESR_EC_SHIFT      26
#define RMI_ESR_EC_MASK	      UINT64_C(0xfc000000)
#define RMI_ESR_EC_WFX	      UINT64_C(0x01)
#define RMI_ESR_EC_INST_ABORT UINT64_C(0x20)
#define RMI_ESR_EC_DATA_ABORT UINT64_C(0x24)
#define RMI_ESR_EC_SERROR     UINT64_C(0x2f)
#define RMI_ESR_IL	      (UINT64_C(1) << 25)
#define RMI_ESR_ISV	      (UINT64_C(1) << 24)
#define RMI_ESR_SAS_SHIFT     22
#define RMI_ESR_SAS_MASK      UINT64_C(0xc00000)
#define RMI_ESR_SSE	      (UINT64_C(1) << 21)
#define RMI_ESR_SRT_SHIFT     16
#define RMI_ESR_SRT_MASK      UINT64_C(0x1f0000)
#define RMI_ESR_SF	      (UINT64_C(1) << 15)
#define RMI_ESR_SET_MASK      UINT64_C(0x1800)
#define RMI_ESR_FNV	      (UINT64_C(1) << 10)
#define RMI_ESR_EA	      (UINT64_C(1) << 9)
#define RMI_ESR_S1PTW	      (UINT64_C(1) << 7)
#define RMI_ESR_WNR	      (UINT64_C(1) << 6)
#define RMI_ESR_FSC_MASK      UINT64_C(0x3f)
#define RMI_ESR_WFX_TI_MASK   UINT64_C(0x3) /* 0 WFI, 1 WFE, 2 WFIT, 3 WFET */

/* Fault status codes; add the level (0..3) to the first three. */
#define RMI_FSC_ADDRESS_SIZE	UINT64_C(0x00)
#define RMI_FSC_TRANSLATION	UINT64_C(0x04)
#define RMI_FSC_PERMISSION	UINT64_C(0x0c)
#define RMI_FSC_TRANSLATION_LM1 UINT64_C(0x2b) /* translation fault at level -1 */
#define RMI_FSC_EXTERNAL	UINT64_C(0x10)
#define RMI_FSC_GPF		UINT64_C(0x28)
#define RMI_FSC_SERROR		UINT64_C(0x11) /* DFSC of an SError whose syndrome is architectural */

#define RMI_ASSERT_OFFSET(type, member, offset)                                                    \
	static_assert(offsetof(struct type, member) == (offset), #type "." #member)

RMI_ASSERT_OFFSET(rmi_realm_params, flags, 0x000);
RMI_ASSERT_OFFSET(rmi_realm_params, s2sz, 0x008);
RMI_ASSERT_OFFSET(rmi_realm_params, sve_vl, 0x010);
RMI_ASSERT_OFFSET(rmi_realm_params, num_bps, 0x018);
RMI_ASSERT_OFFSET(rmi_realm_params, num_wps, 0x020);
RMI_ASSERT_OFFSET(rmi_realm_params, pmu_num_ctrs, 0x028);
RMI_ASSERT_OFFSET(rmi_realm_params, hash_algo, 0x030);
RMI_ASSERT_OFFSET(rmi_realm_params, rpv, 0x400);
RMI_ASSERT_OFFSET(rmi_realm_params, vmid, 0x800);
RMI_ASSERT_OFFSET(rmi_realm_params, rtt_base, 0x808);
RMI_ASSERT_OFFSET(rmi_realm_params, rtt_level_start, 0x810);
RMI_ASSERT_OFFSET(rmi_realm_params, rtt_num_start, 0x818);
static_assert(sizeof(struct rmi_realm_params) == 0x1000, "RmiRealmParams");

RMI_ASSERT_OFFSET(rmi_rec_params, flags, 0x000);
RMI_ASSERT_OFFSET(rmi_rec_params, mpidr, 0x100);
RMI_ASSERT_OFFSET(rmi_rec_params, pc, 0x200);
RMI_ASSERT_OFFSET(rmi_rec_params, gprs, 0x300);
RMI_ASSERT_OFFSET(rmi_rec_params, num_aux, 0x800);
RMI_ASSERT_OFFSET(rmi_rec_params, aux, 0x808);
static_assert(sizeof(struct rmi_rec_params) == 0x1000, "RmiRecParams");

RMI_ASSERT_OFFSET(rmi_rec_enter, flags, 0x000);
RMI_ASSERT_OFFSET(rmi_rec_enter, gprs, 0x200);
RMI_ASSERT_OFFSET(rmi_rec_enter, gicv3_hcr, 0x300);
RMI_ASSERT_OFFSET(rmi_rec_enter, gicv3_lrs, 0x308);
static_assert(sizeof(struct rmi_rec_enter) == 0x800, "RmiRecEnter");

RMI_ASSERT_OFFSET(rmi_rec_exit, exit_reason, 0x000);
RMI_ASSERT_OFFSET(rmi_rec_exit, esr, 0x100);
RMI_ASSERT_OFFSET(rmi_rec_exit, far, 0x108);
RMI_ASSERT_OFFSET(rmi_rec_exit, hpfar, 0x110);
RMI_ASSERT_OFFSET(rmi_rec_exit, gprs, 0x200);
RMI_ASSERT_OFFSET(rmi_rec_exit, gicv3_hcr, 0x300);
RMI_ASSERT_OFFSET(rmi_rec_exit, gicv3_lrs, 0x308);
RMI_ASSERT_OFFSET(rmi_rec_exit, gicv3_misr, 0x388);
RMI_ASSERT_OFFSET(rmi_rec_exit, gicv3_vmcr, 0x390);
RMI_ASSERT_OFFSET(rmi_rec_exit, cntp_ctl, 0x400);
RMI_ASSERT_OFFSET(rmi_rec_exit, cntp_cval, 0x408);
RMI_ASSERT_OFFSET(rmi_rec_exit, cntv_ctl, 0x410);
RMI_ASSERT_OFFSET(rmi_rec_exit, cntv_cval, 0x418);
RMI_ASSERT_OFFSET(rmi_rec_exit, ripas_base, 0x500);
RMI_ASSERT_OFFSET(rmi_rec_exit, ripas_top, 0x508);
RMI_ASSERT_OFFSET(rmi_rec_exit, ripas_value, 0x510);
RMI_ASSERT_OFFSET(rmi_rec_exit, imm, 0x600);
RMI_ASSERT_OFFSET(rmi_rec_exit, pmu_ovf_status, 0x700);
static_assert(sizeof(struct rmi_rec_exit) == 0x800, "RmiRecExit");

RMI_ASSERT_OFFSET(rmi_rec_run, exit, 0x800);
static_assert(sizeof(struct rmi_rec_run) == 0x1000, "RmiRecRun");

#undef RMI_ASSERT_OFFSET

#endif

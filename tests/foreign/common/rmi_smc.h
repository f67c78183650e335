/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RMI 1.0 as the foreign trees' asm/rmi_smc.h give it. RMI_RIPAS_VALUE_TYPE: of rec_exit.ripas_value, of
 * which the RMM writes one byte.
 */
#include <linux/arm-smccc.h>

#define RMI_FN(nr)                                                                                 \
	ARM_SMCCC_CALL_VAL(ARM_SMCCC_FAST_CALL, ARM_SMCCC_SMC_64, ARM_SMCCC_OWNER_STANDARD, nr)

#define SMC_RMI_VERSION		      RMI_FN(0x150)
#define SMC_RMI_GRANULE_DELEGATE      RMI_FN(0x151)
#define SMC_RMI_GRANULE_UNDELEGATE    RMI_FN(0x152)
#define SMC_RMI_DATA_CREATE	      RMI_FN(0x153)
#define SMC_RMI_DATA_CREATE_UNKNOWN   RMI_FN(0x154)
#define SMC_RMI_DATA_DESTROY	      RMI_FN(0x155)
#define SMC_RMI_REALM_ACTIVATE	      RMI_FN(0x157)
#define SMC_RMI_REALM_CREATE	      RMI_FN(0x158)
#define SMC_RMI_REALM_DESTROY	      RMI_FN(0x159)
#define SMC_RMI_REC_CREATE	      RMI_FN(0x15a)
#define SMC_RMI_REC_DESTROY	      RMI_FN(0x15b)
#define SMC_RMI_REC_ENTER	      RMI_FN(0x15c)
#define SMC_RMI_RTT_CREATE	      RMI_FN(0x15d)
#define SMC_RMI_RTT_DESTROY	      RMI_FN(0x15e)
#define SMC_RMI_RTT_MAP_UNPROTECTED   RMI_FN(0x15f)
#define SMC_RMI_RTT_READ_ENTRY	      RMI_FN(0x161)
#define SMC_RMI_RTT_UNMAP_UNPROTECTED RMI_FN(0x162)
#define SMC_RMI_PSCI_COMPLETE	      RMI_FN(0x164)
#define SMC_RMI_FEATURES	      RMI_FN(0x165)
#define SMC_RMI_RTT_FOLD	      RMI_FN(0x166)
#define SMC_RMI_REC_AUX_COUNT	      RMI_FN(0x167)
#define SMC_RMI_RTT_INIT_RIPAS	      RMI_FN(0x168)
#define SMC_RMI_RTT_SET_RIPAS	      RMI_FN(0x169)

#define RMI_RETURN_STATUS(ret) ((ret) & 0xFF)
#define RMI_RETURN_INDEX(ret)  (((ret) >> 8) & 0xFF)
enum { RMI_SUCCESS, RMI_ERROR_INPUT, RMI_ERROR_REALM, RMI_ERROR_REC, RMI_ERROR_RTT };
enum { RMI_UNASSIGNED, RMI_ASSIGNED, RMI_TABLE };
enum rmi_ripas { RMI_EMPTY, RMI_RAM, RMI_DESTROYED };

#define RMI_FEATURE_REGISTER_0_S2SZ	    GENMASK(7, 0)
#define RMI_FEATURE_REGISTER_0_SVE_EN	    BIT(9)
#define RMI_FEATURE_REGISTER_0_SVE_VL	    GENMASK(13, 10)
#define RMI_FEATURE_REGISTER_0_NUM_BPS	    GENMASK(19, 14)
#define RMI_FEATURE_REGISTER_0_NUM_WPS	    GENMASK(25, 20)
#define RMI_FEATURE_REGISTER_0_PMU_NUM_CTRS GENMASK(31, 27)
#define RMI_FEATURE_REGISTER_0_HASH_SHA_256 BIT(32)
#define RMI_FEATURE_REGISTER_0_HASH_SHA_512 BIT(33)
#define RMI_FEATURE_REGISTER_0_GICV3_NUM_LRS GENMASK(37, 34)
#define RMI_REALM_PARAM_FLAG_SVE	    BIT(1)
#define RMI_REALM_PARAM_FLAG_PMU	    BIT(2)

#define REC_CREATE_NR_GPRS	8
#define REC_PARAMS_AUX_GRANULES 16
#define REC_PARAMS_FLAG_RUNNABLE BIT_ULL(0)
#define REC_RUN_GPRS		31

#define REC_ENTER_FLAG_EMULATED_MMIO  BIT(0)
#define REC_ENTER_FLAG_INJECT_SEA     BIT(1)
#define REC_ENTER_FLAG_RIPAS_RESPONSE BIT(4)

enum {
	RMI_EXIT_SYNC,
	RMI_EXIT_IRQ,
	RMI_EXIT_FIQ,
	RMI_EXIT_PSCI,
	RMI_EXIT_RIPAS_CHANGE,
	RMI_EXIT_HOST_CALL,
	RMI_EXIT_SERROR
};

/* Each field is at a place of its own in a granule. */
struct realm_params {
	union {
		struct {
			u64 flags, s2sz, sve_vl, num_bps, num_wps, pmu_num_ctrs, hash_algo;
		};
		u8 part0[0x400];
	};
	union {
		u8 rpv[64];
		u8 part1[0x400];
	};
	union {
		struct {
			u64 vmid, rtt_base;
			s64 rtt_level_start;
			u64 rtt_num_start;
		};
		u8 part2[0x800];
	};
};

struct rec_params {
	union {
		u64 flags;
		u8 part0[0x100];
	};
	union {
		u64 mpidr;
		u8 part1[0x100];
	};
	union {
		u64 pc;
		u8 part2[0x100];
	};
	union {
		u64 gprs[REC_CREATE_NR_GPRS];
		u8 part3[0x500];
	};
	union {
		struct {
			u64 num_rec_aux, aux[REC_PARAMS_AUX_GRANULES];
		};
		u8 part4[0x800];
	};
};

struct rec_enter {
	union {
		u64 flags;
		u8 part0[0x200];
	};
	union {
		u64 gprs[REC_RUN_GPRS];
		u8 part1[0x600];
	};
};

struct rec_exit {
	union {
		u8 exit_reason;
		u8 part0[0x100];
	};
	union {
		struct {
			u64 esr, far, hpfar;
		};
		u8 part1[0x100];
	};
	union {
		u64 gprs[REC_RUN_GPRS];
		u8 part2[0x200];
	};
	union {
		struct {
			u64 cntp_ctl, cntp_cval, cntv_ctl, cntv_cval;
		};
		u8 part3[0x100];
	};
	union {
		struct {
			u64 ripas_base, ripas_top;
			RMI_RIPAS_VALUE_TYPE ripas_value;
		};
		u8 part4[0x100];
	};
	union {
		u16 imm;
		u8 part5[0x200];
	};
};

struct rec_run {
	struct rec_enter enter;
	struct rec_exit exit;
};

_Static_assert(sizeof(struct realm_params) == 0x1000 && sizeof(struct rec_params) == 0x1000 &&
		       sizeof(struct rec_run) == 0x1000,
	       "a granule each");
_Static_assert(__builtin_offsetof(struct rec_run, exit.ripas_base) == 0xd00, "in RmiRecExit");

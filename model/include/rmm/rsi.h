/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rsi.h - what a Realm calls: the Realm Services Interface of RMM 1.0 (DEN0137), and the part of
 * PSCI that the RMM offers. Function identifiers, return codes, structures, encodings.
 */
#ifndef RMM_RSI_H
#define RMM_RSI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define RSI_VERSION		       0xC4000190u
#define RSI_FEATURES		       0xC4000191u
#define RSI_MEASUREMENT_READ	       0xC4000192u
#define RSI_MEASUREMENT_EXTEND	       0xC4000193u
#define RSI_ATTESTATION_TOKEN_INIT     0xC4000194u
#define RSI_ATTESTATION_TOKEN_CONTINUE 0xC4000195u
#define RSI_REALM_CONFIG	       0xC4000196u
#define RSI_IPA_STATE_SET	       0xC4000197u
#define RSI_IPA_STATE_GET	       0xC4000198u
#define RSI_HOST_CALL		       0xC4000199u

#define RSI_FID_FIRST 0xC4000190u
#define RSI_FID_LAST  0xC40001CFu

/* Revisions are (major << 16) | minor. */
#define RSI_ABI_MAJOR_VERSION		     1u
#define RSI_ABI_MINOR_VERSION		     0u
#define RSI_ABI_VERSION_ENCODE(major, minor) (((uint64_t)(major) << 16) | (uint64_t)(minor))

/* X0 of an RSI command: a plain number. */
#define RSI_SUCCESS	  0u
#define RSI_ERROR_INPUT	  1u
#define RSI_ERROR_STATE	  2u
#define RSI_INCOMPLETE	  3u
#define RSI_ERROR_UNKNOWN 4u

#define RSI_RIPAS_EMPTY	    0u
#define RSI_RIPAS_RAM	    1u
#define RSI_RIPAS_DESTROYED 2u
#define RSI_RIPAS_DEV	    3u /* not used in RMM 1.0 */

/* RSI_IPA_STATE_SET flags (X4) and response (X2) */
#define RSI_CHANGE_DESTROYED UINT64_C(1)
#define RSI_RESPONSE_ACCEPT  0u
#define RSI_RESPONSE_REJECT  1u

/* Measurements: index 0 is the RIM, 1..4 are the REMs. */
#define RSI_MEASUREMENTS     5
#define RSI_MEASUREMENT_SIZE 64

#define RSI_HOST_CALL_GPRS  31
#define RSI_HOST_CALL_ALIGN 256u

/* RsiHostCall, 256-byte aligned. */
struct rsi_host_call {
	uint16_t imm;
	uint8_t sbz_002[6];
	uint64_t gprs[RSI_HOST_CALL_GPRS];
};

/* RsiRealmConfig, granule aligned. */
struct rsi_realm_config {
	uint64_t ipa_width; /* in bits */
	uint8_t hash_algo;  /* RMI_HASH_* */
	uint8_t mbz_009[0x200 - 0x9];
	uint8_t rpv[64];
	uint8_t mbz_240[0x1000 - 0x240];
};

/* Other SMCs of a Realm that are not refused. */
#define SMCCC_VERSION	      0x80000000u
#define PSCI_VERSION	      0x84000000u
#define PSCI_CPU_SUSPEND_32   0x84000001u
#define PSCI_CPU_SUSPEND      0xC4000001u
#define PSCI_CPU_OFF	      0x84000002u
#define PSCI_CPU_ON_32	      0x84000003u
#define PSCI_CPU_ON	      0xC4000003u
#define PSCI_AFFINITY_INFO_32 0x84000004u
#define PSCI_AFFINITY_INFO    0xC4000004u
#define PSCI_SYSTEM_OFF	      0x84000008u
#define PSCI_SYSTEM_RESET     0x84000009u
#define PSCI_FEATURES	      0x8400000Au

/* PSCI_VERSION's answer: 1.1 */
#define PSCI_VERSION_1_1 0x10001u

#define PSCI_SUCCESS		0
#define PSCI_AFFINITY_ON	0
#define PSCI_AFFINITY_OFF	1
#define PSCI_NOT_SUPPORTED	(-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_DENIED		(-3)
#define PSCI_ALREADY_ON		(-4)
#define PSCI_ON_PENDING		(-5)
#define PSCI_INTERNAL_FAILURE	(-6)
#define PSCI_NOT_PRESENT	(-7)
#define PSCI_DISABLED		(-8)
#define PSCI_INVALID_ADDRESS	(-9)

/* SMC32 functions take and return 32-bit values; bit 30 of the identifier tells. */
#define SMCCC_SMC64_BIT 0x40000000u
/* A hint of the caller that it holds no SVE state; no part of the function identifier. */
#define SMCCC_SVE_HINT_BIT 0x00010000u

/* smccc_fid - the function identifier that x0 of an SMC has: of its 32 bits (W0) those that are no hint. */
static inline uint32_t smccc_fid(uint64_t x0)
{
	return (uint32_t)x0 & ~SMCCC_SVE_HINT_BIT;
}

#define RSI_ASSERT_OFFSET(type, member, offset)                                                    \
	static_assert(offsetof(struct type, member) == (offset), #type "." #member)

RSI_ASSERT_OFFSET(rsi_host_call, imm, 0x0);
RSI_ASSERT_OFFSET(rsi_host_call, gprs, 0x8);
static_assert(sizeof(struct rsi_host_call) == 0x100, "RsiHostCall");
RSI_ASSERT_OFFSET(rsi_realm_config, ipa_width, 0x0);
RSI_ASSERT_OFFSET(rsi_realm_config, hash_algo, 0x8);
RSI_ASSERT_OFFSET(rsi_realm_config, rpv, 0x200);
static_assert(sizeof(struct rsi_realm_config) == 0x1000, "RsiRealmConfig");

#undef RSI_ASSERT_OFFSET

#endif

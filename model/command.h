/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * command.h - every command of the RMM with its failure conditions, and the macros by which the code
 * checks them. A condition's row is X(label, status, index, after, text), in canonical order; see
 * <rmm/conditions.h> for the columns.
 */
#ifndef MODEL_COMMAND_H
#define MODEL_COMMAND_H

#include <stdbool.h>
#include <rmm/conditions.h>
#include <rmm/rmi.h>
#include <rmm/rsi.h>
#include <rmm/rmm.h>
#include "granule.h"

/* The check groups that the specification repeats: GRAN(x, S) and NSBUF(p). */
#define GRAN(X, x_align, x_bound, x_state, x, S)                                                   \
	X(x_align, RMI_ERROR_INPUT, ZERO, "", x " is not granule aligned")                         \
	X(x_bound, RMI_ERROR_INPUT, ZERO, "", x " is not delegable memory")                        \
	X(x_state, RMI_ERROR_INPUT, ZERO, "", x " is not in state " S)

#define NSBUF(X, p_align, p_bound, p_pas, p)                                                       \
	X(p_align, RMI_ERROR_INPUT, ZERO, "", p " is not granule aligned")                         \
	X(p_bound, RMI_ERROR_INPUT, ZERO, "", p " is not delegable memory")                        \
	X(p_pas, RMI_ERROR_INPUT, ZERO, "", p " cannot be accessed in the Non-secure PAS")

#define GRAN_RD(X) GRAN(X, rd_align, rd_bound, rd_state, "rd", "RD")

#define CONDITIONS_VERSION(X)                                                                      \
	X(version, RMI_ERROR_INPUT, ZERO, "",                                                      \
	  "no revision compatible with the request is supported")

#define CONDITIONS_GRANULE_DELEGATE(X)                                                             \
	X(gran_align, RMI_ERROR_INPUT, ZERO, "", "addr is not granule aligned")                    \
	X(gran_bound, RMI_ERROR_INPUT, ZERO, "", "addr is not delegable memory")                   \
	X(gran_state, RMI_ERROR_INPUT, ZERO, "", "addr is not in state UNDELEGATED")               \
	X(gran_gpt, RMI_ERROR_INPUT, ZERO, "", "the GPT entry of addr is not NS")

#define CONDITIONS_GRANULE_UNDELEGATE(X)                                                           \
	GRAN(X, gran_align, gran_bound, gran_state, "addr", "DELEGATED")

#define CONDITIONS_DATA_CREATE(X)                                                                  \
	X(flags, RMI_ERROR_INPUT, ZERO, "", "a bit of flags other than bit 0 is set")              \
	NSBUF(X, src_align, src_bound, src_pas, "src")                                             \
	GRAN(X, data_align, data_bound, data_state, "data", "DELEGATED")                           \
	GRAN_RD(X)                                                                                 \
	X(realm_state, RMI_ERROR_REALM, ZERO, "rd_bound rd_state", "the Realm is not NEW")         \
	X(ipa_bound, RMI_ERROR_INPUT, ZERO, "", "ipa is not protected")                            \
	X(ipa_align, RMI_ERROR_INPUT, ZERO, "", "ipa is not granule aligned")                      \
	X(data_bound2, RMI_ERROR_INPUT, ZERO, "", "data is above 48 bits without LPA2")            \
	X(rtt_walk, RMI_ERROR_RTT, WALK, "rd_bound rd_state ipa_bound",                            \
	  "the walk ends above level 3")                                                           \
	X(rtte_state, RMI_ERROR_RTT, PAGE, "rd_bound rd_state ipa_bound",                          \
	  "the entry is not UNASSIGNED")

#define CONDITIONS_DATA_CREATE_UNKNOWN(X)                                                          \
	GRAN(X, data_align, data_bound, data_state, "data", "DELEGATED")                           \
	GRAN_RD(X)                                                                                 \
	X(ipa_bound, RMI_ERROR_INPUT, ZERO, "", "ipa is not protected")                            \
	X(ipa_align, RMI_ERROR_INPUT, ZERO, "", "ipa is not granule aligned")                      \
	X(data_bound2, RMI_ERROR_INPUT, ZERO, "", "data is above 48 bits without LPA2")            \
	X(rtt_walk, RMI_ERROR_RTT, WALK, "rd_bound rd_state ipa_bound",                            \
	  "the walk ends above level 3")                                                           \
	X(rtte_state, RMI_ERROR_RTT, PAGE, "rd_bound rd_state ipa_bound",                          \
	  "the entry is not UNASSIGNED")

#define CONDITIONS_DATA_DESTROY(X)                                                                 \
	GRAN_RD(X)                                                                                 \
	X(ipa_bound, RMI_ERROR_INPUT, ZERO, "", "ipa is not protected")                            \
	X(ipa_align, RMI_ERROR_INPUT, ZERO, "", "ipa is not granule aligned")                      \
	X(rtt_walk, RMI_ERROR_RTT, WALK, "rd_bound rd_state ipa_bound",                            \
	  "the walk ends above level 3")                                                           \
	X(rtte_state, RMI_ERROR_RTT, PAGE, "rd_bound rd_state ipa_bound",                          \
	  "the entry is not ASSIGNED")

#define CONDITIONS_REALM_ACTIVATE(X)                                                               \
	GRAN_RD(X)                                                                                 \
	X(realm_state, RMI_ERROR_REALM, ZERO, "rd_bound rd_state", "the Realm is not NEW")

#define CONDITIONS_REALM_CREATE(X)                                                                 \
	NSBUF(X, params_align, params_bound, params_pas, "params_ptr")                             \
	X(params_valid, RMI_ERROR_INPUT, ZERO, "", "params has an invalid encoding")               \
	X(params_supp, RMI_ERROR_INPUT, ZERO, "",                                                  \
	  "params asks for a feature that is not supported")                                       \
	X(alias, RMI_ERROR_INPUT, ZERO, "", "rd is one of the starting tables")                    \
	GRAN(X, rd_align, rd_bound, rd_state, "rd", "DELEGATED")                                   \
	X(rtt_align, RMI_ERROR_INPUT, ZERO, "",                                                    \
	  "rtt_base is not aligned to the size of all starting tables")                            \
	X(rtt_num_level, RMI_ERROR_INPUT, ZERO, "",                                                \
	  "s2sz, rtt_level_start and rtt_num_start do not fit together")                           \
	X(rtt_state, RMI_ERROR_INPUT, ZERO, "",                                                    \
	  "a starting table is not delegable memory in state DELEGATED")                           \
	X(vmid_valid, RMI_ERROR_INPUT, ZERO, "", "vmid is out of range or in use")

#define CONDITIONS_REALM_DESTROY(X)                                                                \
	GRAN_RD(X)                                                                                 \
	X(realm_live, RMI_ERROR_REALM, ZERO, "rd_bound rd_state",                                  \
	  "the Realm has a REC, or a starting table has a live entry")

#define CONDITIONS_REC_CREATE(X)                                                                   \
	NSBUF(X, params_align, params_bound, params_pas, "params_ptr")                             \
	X(num_aux_bound, RMI_ERROR_INPUT, ZERO, "", "num_aux is above 16")                         \
	X(aux_align, RMI_ERROR_INPUT, ZERO, "", "an auxiliary granule is not granule aligned")     \
	X(aux_state, RMI_ERROR_INPUT, ZERO, "",                                                    \
	  "an auxiliary granule is not delegable memory in state DELEGATED")                       \
	X(aux_alias, RMI_ERROR_INPUT, ZERO, "",                                                    \
	  "an auxiliary granule equals another one, rec or rd")                                    \
	GRAN(X, rec_align, rec_bound, rec_state, "rec", "DELEGATED")                               \
	GRAN_RD(X)                                                                                 \
	X(num_recs, RMI_ERROR_REALM, ZERO, "rd_bound rd_state",                                    \
	  "the Realm has as many RECs as there can be")                                            \
	X(realm_state, RMI_ERROR_REALM, ZERO, "rd_bound rd_state", "the Realm is not NEW")         \
	X(mpidr_index, RMI_ERROR_INPUT, ZERO, "", "mpidr is not that of the next REC index")       \
	X(num_aux, RMI_ERROR_INPUT, ZERO, "", "num_aux is not what REC_AUX_COUNT returns")

#define CONDITIONS_REC_DESTROY(X)                                                                  \
	GRAN(X, rec_align, rec_bound, rec_gran_state, "rec", "REC")                                \
	X(rec_state, RMI_ERROR_REC, ZERO, "rec_bound rec_gran_state", "the REC is RUNNING")

#define AFTER_REC_ENTER "rec_align rec_bound rec_gran_state run_align run_bound run_pas"

#define CONDITIONS_REC_ENTER(X)                                                                    \
	NSBUF(X, run_align, run_bound, run_pas, "run_ptr")                                         \
	GRAN(X, rec_align, rec_bound, rec_gran_state, "rec", "REC")                                \
	X(rec_state, RMI_ERROR_REC, ZERO, AFTER_REC_ENTER, "the REC is RUNNING")                   \
	X(run_enter_gpf, RMI_ERROR_INPUT, ZERO, "",                                                \
	  "reading the entry half takes a Granule Protection Fault")                               \
	X(realm_new, RMI_ERROR_REALM, ZERO, AFTER_REC_ENTER, "the Realm is NEW")                   \
	X(system_off, RMI_ERROR_REALM, ONE, AFTER_REC_ENTER, "the Realm is in state SYSTEM_OFF")   \
	X(rec_runnable, RMI_ERROR_REC, ZERO, AFTER_REC_ENTER, "the REC is not runnable")           \
	X(rec_psci, RMI_ERROR_REC, ZERO, AFTER_REC_ENTER, "a PSCI request of the REC is pending")  \
	X(rec_gicv3, RMI_ERROR_REC, ZERO, AFTER_REC_ENTER,                                         \
	  "gicv3_hcr or a list register is invalid")                                               \
	X(inject_sea, RMI_ERROR_REC, ZERO, "",                                                     \
	  "inject_sea without an abort at an unprotected IPA before (reference behaviour only)")   \
	X(rec_mmio, RMI_ERROR_REC, ZERO, AFTER_REC_ENTER,                                          \
	  "emul_mmio, but the last exit was not an Emulatable Data Abort")                         \
	X(run_exit_gpf, RMI_ERROR_INPUT, ZERO, "",                                                 \
	  "writing the exit half takes a Granule Protection Fault; the Realm has run")

#define LEVEL_BOUND_TABLE "level is not below the starting level, or is above 3"
#define AFTER_RTT	  "rd_bound rd_state level_bound ipa_bound"

#define CONDITIONS_RTT_CREATE(X)                                                                   \
	GRAN(X, rtt_align, rtt_bound, rtt_state, "rtt", "DELEGATED")                               \
	GRAN_RD(X)                                                                                 \
	X(level_bound, RMI_ERROR_INPUT, ZERO, "", LEVEL_BOUND_TABLE)                               \
	X(ipa_bound, RMI_ERROR_INPUT, ZERO, "", "ipa is outside the IPA space")                    \
	X(ipa_align, RMI_ERROR_INPUT, ZERO, "", "ipa is not aligned to what the table covers")     \
	X(rtt_bound2, RMI_ERROR_INPUT, ZERO, "", "rtt is above 48 bits without LPA2")              \
	X(rtt_walk, RMI_ERROR_RTT, WALK, AFTER_RTT, "the walk ends above the parent's level")      \
	X(rtte_state, RMI_ERROR_RTT, PARENT, AFTER_RTT, "the parent entry is a TABLE")

#define CONDITIONS_RTT_DESTROY(X)                                                                  \
	GRAN_RD(X)                                                                                 \
	X(level_bound, RMI_ERROR_INPUT, ZERO, "", LEVEL_BOUND_TABLE)                               \
	X(ipa_bound, RMI_ERROR_INPUT, ZERO, "", "ipa is outside the IPA space")                    \
	X(ipa_align, RMI_ERROR_INPUT, ZERO, "", "ipa is not aligned to what the table covers")     \
	X(rtt_walk, RMI_ERROR_RTT, WALK, AFTER_RTT, "the walk ends above the parent's level")      \
	X(rtte_state, RMI_ERROR_RTT, PARENT, AFTER_RTT, "the parent entry is not a TABLE")         \
	X(rtt_live, RMI_ERROR_RTT, LEVEL, "rd_bound rd_state", "the table is live")

#define CONDITIONS_RTT_MAP_UNPROTECTED(X)                                                          \
	X(level_bound, RMI_ERROR_INPUT, ZERO, "",                                                  \
	  "level cannot hold a block or page of this Realm")                                       \
	GRAN_RD(X)                                                                                 \
	X(attr_valid, RMI_ERROR_INPUT, ZERO, "",                                                   \
	  "desc has a field that the Host does not control, or a reserved memory type")            \
	X(addr_align, RMI_ERROR_INPUT, ZERO, "", "the output address is not aligned to level")     \
	X(addr_bound, RMI_ERROR_INPUT, ZERO, "",                                                   \
	  "the output address is above 48 bits without LPA2")                                      \
	X(ipa_bound, RMI_ERROR_INPUT, ZERO, "", "ipa is not unprotected")                          \
	X(ipa_align, RMI_ERROR_INPUT, ZERO, "", "ipa is not aligned to level")                     \
	X(rtt_walk, RMI_ERROR_RTT, WALK, AFTER_RTT, "the walk ends above level")                   \
	X(rtte_state, RMI_ERROR_RTT, LEVEL, AFTER_RTT, "the entry is not UNASSIGNED_NS")

#define CONDITIONS_RTT_READ_ENTRY(X)                                                               \
	GRAN_RD(X)                                                                                 \
	X(level_bound, RMI_ERROR_INPUT, ZERO, "", "level is above the starting level, or above 3") \
	X(ipa_bound, RMI_ERROR_INPUT, ZERO, "", "ipa is outside the IPA space")                    \
	X(ipa_align, RMI_ERROR_INPUT, ZERO, "", "ipa is not aligned to level")

#define CONDITIONS_RTT_UNMAP_UNPROTECTED(X)                                                        \
	X(level_bound, RMI_ERROR_INPUT, ZERO, "",                                                  \
	  "level cannot hold a block or page of this Realm")                                       \
	GRAN_RD(X)                                                                                 \
	X(ipa_bound, RMI_ERROR_INPUT, ZERO, "", "ipa is not unprotected")                          \
	X(ipa_align, RMI_ERROR_INPUT, ZERO, "", "ipa is not aligned to level")                     \
	X(rtt_walk, RMI_ERROR_RTT, WALK, AFTER_RTT, "the walk ends above level")                   \
	X(rtte_state, RMI_ERROR_RTT, LEVEL, AFTER_RTT, "the entry is not ASSIGNED_NS")

#define CONDITIONS_PSCI_COMPLETE(X)                                                                \
	X(alias, RMI_ERROR_INPUT, ZERO, "", "calling_rec and target_rec are the same")             \
	GRAN(X, calling_align, calling_bound, calling_state, "calling_rec", "REC")                 \
	GRAN(X, target_align, target_bound, target_state, "target_rec", "REC")                     \
	X(calling_running, RMI_ERROR_INPUT, ZERO, "", "the calling REC is RUNNING")                \
	X(pending, RMI_ERROR_INPUT, ZERO, "", "the calling REC has no PSCI request pending")       \
	X(owner, RMI_ERROR_INPUT, ZERO, "", "the RECs have different owners")                      \
	X(target, RMI_ERROR_INPUT, ZERO, "", "target_rec is not the REC that the request names")   \
	X(status, RMI_ERROR_INPUT, ZERO, "", "status is not permitted for the request")

#define CONDITIONS_RTT_FOLD(X)                                                                     \
	GRAN_RD(X)                                                                                 \
	X(level_bound, RMI_ERROR_INPUT, ZERO, "", LEVEL_BOUND_TABLE)                               \
	X(ipa_bound, RMI_ERROR_INPUT, ZERO, "", "ipa is outside the IPA space")                    \
	X(ipa_align, RMI_ERROR_INPUT, ZERO, "", "ipa is not aligned to what the table covers")     \
	X(rtt_walk, RMI_ERROR_RTT, WALK, AFTER_RTT, "the walk ends above the parent's level")      \
	X(rtte_state, RMI_ERROR_RTT, PARENT, AFTER_RTT, "the parent entry is not a TABLE")         \
	X(rtt_homo, RMI_ERROR_RTT, LEVEL, "rd_bound rd_state", "the table is not homogeneous")

#define CONDITIONS_REC_AUX_COUNT(X) GRAN_RD(X)

#define CONDITIONS_RTT_INIT_RIPAS(X)                                                               \
	X(size_valid, RMI_ERROR_INPUT, ZERO, "", "top is not above base")                          \
	GRAN_RD(X)                                                                                 \
	X(top_gran_align, RMI_ERROR_INPUT, ZERO, "", "top is not granule aligned")                 \
	X(top_bound, RMI_ERROR_INPUT, ZERO, "", "the last granule below top is not protected")     \
	X(base_gran_align, RMI_ERROR_INPUT, ZERO, "", "base is not granule aligned")               \
	X(realm_state, RMI_ERROR_REALM, ZERO, "rd_bound rd_state", "the Realm is not NEW")         \
	X(base_align, RMI_ERROR_RTT, WALK, "rd_bound rd_state realm_state",                        \
	  "base is not aligned to the level where the walk ends")                                  \
	X(rtte_state, RMI_ERROR_RTT, WALK, "rd_bound rd_state realm_state",                        \
	  "the entry is not UNASSIGNED")                                                           \
	X(no_progress, RMI_ERROR_RTT, WALK,                                                        \
	  "rd_bound rd_state realm_state base_align rtte_state top_gran_align",                    \
	  "the entry at base ends above top")

#define CONDITIONS_RTT_SET_RIPAS(X)                                                                \
	X(size_valid, RMI_ERROR_INPUT, ZERO, "", "top is not above base")                          \
	X(top_gran_align, RMI_ERROR_INPUT, ZERO, "", "top is not granule aligned")                 \
	GRAN_RD(X)                                                                                 \
	GRAN(X, rec_align, rec_bound, rec_gran_state, "rec", "REC")                                \
	X(rec_state, RMI_ERROR_REC, ZERO, "rec_bound rec_gran_state", "the REC is RUNNING")        \
	X(rec_owner, RMI_ERROR_REC, ZERO, "rec_bound rec_gran_state", "rd does not own the REC")   \
	X(base_bound, RMI_ERROR_INPUT, ZERO, "", "base is not where the REC's request stands")     \
	X(top_bound, RMI_ERROR_INPUT, ZERO, "", "top is above that of the REC's request")          \
	X(base_align, RMI_ERROR_RTT, WALK, "rd_bound rd_state base_bound",                         \
	  "base is not aligned to the level where the walk ends")                                  \
	X(no_progress, RMI_ERROR_RTT, WALK,                                                        \
	  "rd_bound rd_state base_bound base_align top_gran_align",                                \
	  "the entry at base ends above top, or is DESTROYED without consent")

/* The Realm's side. The specification gives these no labels and no order. */
#define CONDITIONS_RSI_VERSION(X)                                                                  \
	X(version, RSI_ERROR_INPUT, ZERO, "",                                                      \
	  "no revision compatible with the request is supported")

#define CONDITIONS_RSI_MEASUREMENT_READ(X)                                                         \
	X(index_bound, RSI_ERROR_INPUT, ZERO, "", "index is above 4")

#define CONDITIONS_RSI_MEASUREMENT_EXTEND(X)                                                       \
	X(index_bound, RSI_ERROR_INPUT, ZERO, "", "index is not 1..4")                             \
	X(size_bound, RSI_ERROR_INPUT, ZERO, "", "size is above 64")

#define CONDITIONS_RSI_ATTESTATION_TOKEN_INIT(X)                                                   \
	X(no_token, RSI_ERROR_UNKNOWN, ZERO, "", "this RMM can make no attestation token")

#define CONDITIONS_RSI_ATTESTATION_TOKEN_CONTINUE(X)                                               \
	X(addr_align, RSI_ERROR_INPUT, ZERO, "", "addr is not granule aligned")                    \
	X(addr_bound, RSI_ERROR_INPUT, ZERO, "", "addr is not protected")                          \
	X(offset_bound, RSI_ERROR_INPUT, ZERO, "", "offset is not below 4096")                     \
	X(size_overflow, RSI_ERROR_INPUT, ZERO, "", "offset + size overflows")                     \
	X(size_bound, RSI_ERROR_INPUT, ZERO, "", "offset + size is above 4096")                    \
	X(attest_state, RSI_ERROR_STATE, ZERO, "", "no token is in progress")

#define CONDITIONS_RSI_REALM_CONFIG(X)                                                             \
	X(addr_align, RSI_ERROR_INPUT, ZERO, "", "addr is not granule aligned")                    \
	X(addr_bound, RSI_ERROR_INPUT, ZERO, "", "addr is not protected")                          \
	X(addr_ripas, RSI_ERROR_INPUT, ZERO, "", "the RIPAS of addr is EMPTY")

#define CONDITIONS_RSI_IPA_STATE_SET(X)                                                            \
	X(base_align, RSI_ERROR_INPUT, ZERO, "", "base is not granule aligned")                    \
	X(top_align, RSI_ERROR_INPUT, ZERO, "", "top is not granule aligned")                      \
	X(size_valid, RSI_ERROR_INPUT, ZERO, "", "top is not above base")                          \
	X(rgn_bound, RSI_ERROR_INPUT, ZERO, "", "[base, top) is not protected")                    \
	X(ripas_valid, RSI_ERROR_INPUT, ZERO, "", "ripas is neither EMPTY nor RAM")

#define CONDITIONS_RSI_IPA_STATE_GET(X)                                                            \
	X(base_align, RSI_ERROR_INPUT, ZERO, "", "base is not granule aligned")                    \
	X(top_align, RSI_ERROR_INPUT, ZERO, "", "top is not granule aligned")                      \
	X(size_valid, RSI_ERROR_INPUT, ZERO, "", "top is not above base")                          \
	X(rgn_bound, RSI_ERROR_INPUT, ZERO, "", "[base, top) is not protected")

#define CONDITIONS_RSI_HOST_CALL(X)                                                                \
	X(addr_align, RSI_ERROR_INPUT, ZERO, "", "addr is not 256-byte aligned")                   \
	X(addr_bound, RSI_ERROR_INPUT, ZERO, "", "addr is not protected")                          \
	X(addr_ripas, RSI_ERROR_INPUT, ZERO, "", "the RIPAS of addr is EMPTY")

/*
 * Commands with conditions: C(command, interface, name, inputs, outputs), and those that cannot fail:
 * N(...), both by ascending FID within an interface. The FID's macro is the interface's prefix and the
 * name.
 */
#define RMI_COMMANDS(C, N)                                                                         \
	C(VERSION, RMI, VERSION, 1, 2)                                                             \
	C(GRANULE_DELEGATE, RMI, GRANULE_DELEGATE, 1, 0)                                           \
	C(GRANULE_UNDELEGATE, RMI, GRANULE_UNDELEGATE, 1, 0)                                       \
	C(DATA_CREATE, RMI, DATA_CREATE, 5, 0)                                                     \
	C(DATA_CREATE_UNKNOWN, RMI, DATA_CREATE_UNKNOWN, 3, 0)                                     \
	C(DATA_DESTROY, RMI, DATA_DESTROY, 2, 2)                                                   \
	C(REALM_ACTIVATE, RMI, REALM_ACTIVATE, 1, 0)                                               \
	C(REALM_CREATE, RMI, REALM_CREATE, 2, 0)                                                   \
	C(REALM_DESTROY, RMI, REALM_DESTROY, 1, 0)                                                 \
	C(REC_CREATE, RMI, REC_CREATE, 3, 0)                                                       \
	C(REC_DESTROY, RMI, REC_DESTROY, 1, 0)                                                     \
	C(REC_ENTER, RMI, REC_ENTER, 2, 0)                                                         \
	C(RTT_CREATE, RMI, RTT_CREATE, 4, 0)                                                       \
	C(RTT_DESTROY, RMI, RTT_DESTROY, 3, 2)                                                     \
	C(RTT_MAP_UNPROTECTED, RMI, RTT_MAP_UNPROTECTED, 4, 0)                                     \
	C(RTT_READ_ENTRY, RMI, RTT_READ_ENTRY, 3, 4)                                               \
	C(RTT_UNMAP_UNPROTECTED, RMI, RTT_UNMAP_UNPROTECTED, 3, 1)                                 \
	C(PSCI_COMPLETE, RMI, PSCI_COMPLETE, 3, 0)                                                 \
	N(FEATURES, RMI, FEATURES, 1, 1)                                                           \
	C(RTT_FOLD, RMI, RTT_FOLD, 3, 1)                                                           \
	C(REC_AUX_COUNT, RMI, REC_AUX_COUNT, 1, 1)                                                 \
	C(RTT_INIT_RIPAS, RMI, RTT_INIT_RIPAS, 3, 1)                                               \
	C(RTT_SET_RIPAS, RMI, RTT_SET_RIPAS, 4, 1)

#define RSI_COMMANDS(C, N)                                                                         \
	C(RSI_VERSION, RSI, VERSION, 1, 2)                                                         \
	N(RSI_FEATURES, RSI, FEATURES, 1, 1)                                                       \
	C(RSI_MEASUREMENT_READ, RSI, MEASUREMENT_READ, 1, 8)                                       \
	C(RSI_MEASUREMENT_EXTEND, RSI, MEASUREMENT_EXTEND, 10, 0)                                  \
	C(RSI_ATTESTATION_TOKEN_INIT, RSI, ATTESTATION_TOKEN_INIT, 8, 1)                           \
	C(RSI_ATTESTATION_TOKEN_CONTINUE, RSI, ATTESTATION_TOKEN_CONTINUE, 3, 1)                   \
	C(RSI_REALM_CONFIG, RSI, REALM_CONFIG, 1, 0)                                               \
	C(RSI_IPA_STATE_SET, RSI, IPA_STATE_SET, 4, 2)                                             \
	C(RSI_IPA_STATE_GET, RSI, IPA_STATE_GET, 2, 2)                                             \
	C(RSI_HOST_CALL, RSI, HOST_CALL, 1, 0)

#define COMMAND_ENUM(command, interface, name, inputs, outputs) COMMAND_##command,
enum command {
	RMI_COMMANDS(COMMAND_ENUM, COMMAND_ENUM) RSI_COMMANDS(COMMAND_ENUM, COMMAND_ENUM)
		NUM_COMMANDS
};
#undef COMMAND_ENUM

extern const struct rmm_command commands[NUM_COMMANDS];

#define CONDITIONS_EXTERN(command, interface, name, inputs, outputs)                               \
	extern const struct rmm_condition conditions_##command[];
#define CONDITIONS_NONE(command, interface, name, inputs, outputs)
RMI_COMMANDS(CONDITIONS_EXTERN, CONDITIONS_NONE)
RSI_COMMANDS(CONDITIONS_EXTERN, CONDITIONS_NONE)
#undef CONDITIONS_EXTERN
#undef CONDITIONS_NONE

/* What a command answers: x[1].. are the output registers, all zero when it starts. */
struct result {
	const struct rmm_condition *condition; /* the one that failed */
	uint64_t x[9];
};

static inline uint64_t command_fail(struct result *out, const struct rmm_condition *condition,
				    int index)
{
	out->condition = condition;
	return RMI_RETURN_CODE(condition->status, index);
}

/*
 * CHECKS(command) opens the checks of a command's function, whose `struct result *` is called `out`.
 * Then comes one FAIL_IF() for each row of CONDITIONS_command, in the same order, and CHECKS_END().
 * FAIL_IF_AT() also gives the index of the return code.
 */
#define CHECK_ENUM(label, status, index, after, text) CHECK_##label,
#define CHECKS(command)                                                                            \
	enum { CONDITIONS_##command(CHECK_ENUM) CHECK_COUNT, CHECK_BASE = __COUNTER__ };           \
	const struct rmm_condition *const checks = conditions_##command

#define FAIL_IF_AT(label, failed, at)                                                              \
	do {                                                                                       \
		_Static_assert(__COUNTER__ - CHECK_BASE - 1 == CHECK_##label,                      \
			       #label " is checked in another order than its table has");          \
		if (__builtin_expect(!!(failed), 0))                                               \
			return command_fail(out, &checks[CHECK_##label], at);                      \
	} while (0)
#define FAIL_IF(label, failed) FAIL_IF_AT(label, failed, 0)

#define CHECKS_END()                                                                               \
	_Static_assert(__COUNTER__ - CHECK_BASE - 1 == CHECK_COUNT, "a condition is never "        \
								    "checked")

/* A command's function: `x` are the caller's registers, read before anything else happens. */
typedef uint64_t (*rmi_fn)(struct rmm *rmm, const uint64_t *x, struct result *out);

/* smc_make - one call of the command whose function is `fn`. */
static inline __attribute__((always_inline)) void smc_make(struct rmm *rmm, struct rmm_regs *regs,
							   rmi_fn fn,
							   const struct rmm_command *command)
{
	struct result out;

	out.condition = NULL;
	out.x[1] = out.x[2] = out.x[3] = out.x[4] = 0;
	regs->x[0] = fn(rmm, regs->x, &out);
	regs->x[1] = out.x[1];
	regs->x[2] = out.x[2];
	regs->x[3] = out.x[3];
	regs->x[4] = out.x[4];
	/* Written last: REC_ENTER runs the Realm, and the Host may make other calls meanwhile. */
	rmm->last_call = (struct last_call){command, out.condition};
}

/* smc_serve - rmm_smc() without the checker. */
void smc_serve(struct rmm *rmm, struct rmm_regs *regs);

uint64_t rmi_granule_delegate(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_granule_undelegate(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_data_create(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_data_create_unknown(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_data_destroy(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_realm_activate(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_realm_create(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_realm_destroy(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_rec_aux_count(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_rec_create(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_rec_destroy(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_rec_enter(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_rtt_create(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_rtt_destroy(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_rtt_fold(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_rtt_read_entry(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_rtt_map_unprotected(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_rtt_unmap_unprotected(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_rtt_init_ripas(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_rtt_set_ripas(struct rmm *rmm, const uint64_t *x, struct result *out);
uint64_t rmi_psci_complete(struct rmm *rmm, const uint64_t *x, struct result *out);

#endif

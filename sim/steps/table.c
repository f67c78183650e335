/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * table.c - the vocabulary: every step that a VMM, a guest or (without a host) a test of the RMM
 * itself can take. The manual and the schema are made from the words in here.
 */
#include "steps.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "uapi.h"

#define ANY	    0, 0
#define OPTIONAL(n) false, (n)
#define REQUIRED    true, 0

static const char *const attribute_targets[] = {"private", "shared", NULL};
static const char *const vm_types[] = {"realm", "normal", NULL};
static const char *const extension_targets[] = {"vm", "system", NULL};
static const char *const extensions[] = {
	[STEP_CAP_ARM_RME] = "arm_rme",
	[STEP_CAP_USER_MEMORY2] = "user_memory2",
	[STEP_CAP_MEMORY_FAULT_INFO] = "memory_fault_info",
	[STEP_CAP_MEMORY_ATTRIBUTES] = "memory_attributes",
	[STEP_CAP_GUEST_MEMFD] = "guest_memfd",
	[STEP_CAP_VM_TYPES] = "vm_types",
	[STEP_CAP_ARM_VM_IPA_SIZE] = "arm_vm_ipa_size",
	[STEP_CAP_IMMEDIATE_EXIT] = "immediate_exit",
	[STEP_CAP_ARM_PSCI_0_2] = "arm_psci_0_2",
	NULL,
};
static const char *const irqchip_kinds[] = {"gicv3", "gicv2", "none", NULL};
static const char *const irqchip_inits[] = {"first_run", "now", "never", NULL};
static const char *const hashes[] = {"sha256", "sha512", NULL};
static const char *const registers[] = {
	"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",	 "x7",	"x8",  "x9",	 "x10", "x11",
	"x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",	 "x22", "x23",
	"x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",	"pc",  "pstate", NULL,
};
_Static_assert(sizeof(registers) / sizeof(registers[0]) == STEP_NUM_REGS + 1,
	       "one name a register");
static const char *const psci_statuses[] = {"success", "denied", "invalid_parameters", NULL};
static const char *const close_whats[] = {"everything", "vcpu", "vm", "gmem", NULL};
static const char *const advices[] = {
	[STEP_MADV_DONTNEED] = "dontneed", [STEP_MADV_REMOVE] = "remove",
	[STEP_MADV_HUGEPAGE] = "hugepage", [STEP_MADV_COLLAPSE] = "collapse",
	[STEP_MADV_PAGEOUT] = "pageout",   NULL,
};
static const char *const guest_timers[] = {
	[STEP_TIMER_VIRTUAL] = "virtual", [STEP_TIMER_PHYSICAL] = "physical", NULL};
static const char *const guest_events[] = {
	[STEP_EVENT_FIQ] = "fiq", [STEP_EVENT_SERROR] = "serror", NULL};
/* As KVM_SMCCC_FILTER_* number them. */
static const char *const filter_actions[] = {"handle", "deny", "fwd_to_user", NULL};
static const char *const ioctl_targets[] = {"vm", "vcpu", "system", "device", "gmem", NULL};
static const char *const requests[] = {
	[STEP_IOCTL_NUMBER] = "by_number",
	[STEP_IOCTL_CREATE_VM] = "KVM_CREATE_VM",
	[STEP_IOCTL_CHECK_EXTENSION] = "KVM_CHECK_EXTENSION",
	[STEP_IOCTL_CREATE_VCPU] = "KVM_CREATE_VCPU",
	[STEP_IOCTL_SET_USER_MEMORY_REGION2] = "KVM_SET_USER_MEMORY_REGION2",
	[STEP_IOCTL_ENABLE_CAP] = "KVM_ENABLE_CAP",
	[STEP_IOCTL_CREATE_GUEST_MEMFD] = "KVM_CREATE_GUEST_MEMFD",
	[STEP_IOCTL_SET_MEMORY_ATTRIBUTES] = "KVM_SET_MEMORY_ATTRIBUTES",
	[STEP_IOCTL_CREATE_DEVICE] = "KVM_CREATE_DEVICE",
	[STEP_IOCTL_SET_DEVICE_ATTR] = "KVM_SET_DEVICE_ATTR",
	[STEP_IOCTL_RUN] = "KVM_RUN",
	[STEP_IOCTL_GET_ONE_REG] = "KVM_GET_ONE_REG",
	[STEP_IOCTL_SET_ONE_REG] = "KVM_SET_ONE_REG",
	[STEP_IOCTL_ARM_VCPU_INIT] = "KVM_ARM_VCPU_INIT",
	[STEP_IOCTL_ARM_VCPU_FINALIZE] = "KVM_ARM_VCPU_FINALIZE",
	[STEP_IOCTL_GET_VCPU_EVENTS] = "KVM_GET_VCPU_EVENTS",
	[STEP_IOCTL_SET_VCPU_EVENTS] = "KVM_SET_VCPU_EVENTS",
	[STEP_IOCTL_ARM_VCPU_RMM_PSCI_COMPLETE] = "KVM_ARM_VCPU_RMM_PSCI_COMPLETE",
	NULL,
};
static const char *const ripas_values[] = {"empty", "ram", NULL};
static const char *const destroyed_values[] = {"allow", "keep", NULL};
static const char *const mmio_policies[] = {"emulate", "sea", "return", NULL};

#define RANGE(base_help, size_help)                                                                \
	[RANGE_BASE] = {"base", STEP_ADDRESS, REQUIRED, ANY, NULL, base_help}, [RANGE_SIZE] = {    \
										       "size",     \
										       STEP_SIZE,  \
										       REQUIRED,   \
										       ANY,        \
										       NULL,       \
										       size_help}
#define GUEST_RANGE RANGE("First guest physical address, in bytes.", "Length, in bytes.")

static const struct step_param range_params[] = {GUEST_RANGE};

static const struct step_param create_vm_params[] = {
	[CREATE_VM_TYPE] = {"type", STEP_ENUM, OPTIONAL(CREATE_VM_TYPE_REALM), ANY, vm_types,
			    "A realm, or an ordinary VM."},
	[CREATE_VM_IPA_BITS] =
		{"ipa_bits", STEP_NUMBER, OPTIONAL(0), 0, 255, NULL,
		 "Width of the IPA space in bits, 0 for KVM's default; without it that of "
		 "`realm:`."},
	[CREATE_VM_SLOTS] = {"slots", STEP_BOOL, OPTIONAL(1), ANY, NULL,
			     "Whether the slots of `realm:` are added at once."},
	[CREATE_VM_TYPE_BITS] =
		{"type_bits", STEP_NUMBER, OPTIONAL(0), ANY, NULL,
		 "Bits that are set in KVM_CREATE_VM's argument beside the others."},
};

static const struct step_param check_extension_params[] = {
	[CHECK_EXTENSION_NAME] =
		{"name", STEP_ENUM, OPTIONAL(STEP_CAP_ARM_RME), ANY, extensions,
		 "The capability by its name, which stands for the number that this "
		 "KVM's interface gives it."},
	[CHECK_EXTENSION_NUMBER] = {"number", STEP_NUMBER, OPTIONAL(0), 0, UINT32_MAX, NULL,
				    "The capability by its number, instead of `name`."},
	[CHECK_EXTENSION_FD] = {"fd", STEP_ENUM, OPTIONAL(CHECK_EXTENSION_FD_VM), ANY,
				extension_targets,
				"Which file descriptor is asked: the VM's, or /dev/kvm's."},
};

static const struct step_param irqchip_params[] = {
	[IRQCHIP_KIND] = {"kind", STEP_ENUM, OPTIONAL(IRQCHIP_KIND_GICV3), ANY, irqchip_kinds,
			  "The interrupt controller; `none` means that this VM runs without one."},
	[IRQCHIP_INIT] = {"init", STEP_ENUM, OPTIONAL(IRQCHIP_INIT_FIRST_RUN), ANY, irqchip_inits,
			  "When it is initialised, which has to come after the vCPUs were made."},
};

static const struct step_param config_params[] = {
	[CONFIG_HASH] = {"hash", STEP_ENUM, OPTIONAL(0), ANY, hashes,
			 "Hash algorithm of the measurements."},
	[CONFIG_RPV] = {"rpv", STEP_STRING, OPTIONAL(0), ANY, NULL,
			"Realm Personalization Value: up to 128 hexadecimal digits, zeros follow."},
	[CONFIG_ITEM] = {"item", STEP_NUMBER, OPTIONAL(0), 0, UINT32_MAX, NULL,
			 "Number of the configuration item, instead of `hash` and `rpv`."},
	[CONFIG_VALUE] = {"value", STEP_NUMBER, OPTIONAL(0), 0, UINT32_MAX, NULL,
			  "First four bytes of the item that `item` names, as a number."},
};

static const struct step_param create_realm_params[] = {
	[CREATE_REALM_CONFIG] =
		{"config", STEP_BOOL, OPTIONAL(1), ANY, NULL,
		 "Whether the hash and the RPV of `realm:` are configured first, unless "
		 "vmm.config came before."},
};

static const struct step_param create_vcpus_params[] = {
	[CREATE_VCPUS_COUNT] =
		{"count", STEP_NUMBER, OPTIONAL(0), 1, 512, NULL,
		 "How many vCPUs there are afterwards; without it `vcpus` of `realm:`."},
	[CREATE_VCPUS_FINALIZE] = {"finalize", STEP_BOOL, OPTIONAL(1), ANY, NULL,
				   "Whether their RECs are created now, which needs a realm."},
	[CREATE_VCPUS_REC] =
		{"rec", STEP_BOOL, OPTIONAL(1), ANY, NULL,
		 "Whether they are initialised with the feature REC; without it, if the VM is a "
		 "realm."},
	[CREATE_VCPUS_PSCI] = {"psci", STEP_BOOL, OPTIONAL(1), ANY, NULL,
			       "Whether they are initialised with the feature PSCI_0_2."},
	[CREATE_VCPUS_PMU] = {"pmu", STEP_BOOL, OPTIONAL(0), ANY, NULL,
			      "Whether they are initialised with the feature PMU_V3."},
	[CREATE_VCPUS_SVE] =
		{"sve", STEP_BOOL, OPTIONAL(0), ANY, NULL,
		 "Whether they are initialised with the feature SVE (4), which has to be finalized "
		 "before the realm is created."},
	[CREATE_VCPUS_PC] = {"pc", STEP_ADDRESS, OPTIONAL(0), ANY, NULL,
			     "Where vCPU 0 starts; without it the base of the first slot."},
};

static const struct step_param finalize_params[] = {
	[FINALIZE_FEATURE] = {"feature", STEP_NUMBER, OPTIONAL(0), 0, UINT32_MAX, NULL,
			      "The feature to finalize by its number; without it REC."},
};

static const struct step_param populate_params[] = {
	GUEST_RANGE,
	[POPULATE_MEASURE] = {"measure", STEP_BOOL, OPTIONAL(1), ANY, NULL,
			      "Whether the content goes into the Realm Initial Measurement."},
	[POPULATE_FLAGS] = {"flags", STEP_NUMBER, OPTIONAL(0), 0, UINT32_MAX, NULL,
			    "All flags as a number, instead of `measure`."},
};

static const struct step_param run_params[] = {
	[RUN_IMMEDIATE_EXIT] = {"immediate_exit", STEP_BOOL, OPTIONAL(0), ANY, NULL,
				"Whether kvm_run asks to come back before the guest runs."},
};

static const struct step_param one_reg_params[] = {
	[ONE_REG_NAME] = {"register", STEP_ENUM, OPTIONAL(0), ANY, registers,
			  "The core register by its name."},
	[ONE_REG_ID] = {"id", STEP_NUMBER, OPTIONAL(0), ANY, NULL,
			"The register by KVM's identifier, instead of `register`."},
	[ONE_REG_VALUE] = {"value", STEP_NUMBER, OPTIONAL(0), ANY, NULL,
			   "What to set it to; without it the register is read."},
};

static const struct step_param vcpu_events_params[] = {
	[VCPU_EVENTS_EXT_DABT] = {"ext_dabt", STEP_BOOL, OPTIONAL(0), ANY, NULL,
				  "Whether an external data abort is made pending."},
	[VCPU_EVENTS_SERROR] = {"serror", STEP_BOOL, OPTIONAL(0), ANY, NULL,
				"Whether an SError is made pending."},
	[VCPU_EVENTS_GET] =
		{"get", STEP_BOOL, OPTIONAL(0), ANY, NULL,
		 "Read the events instead: the value has SError in bit 0, the abort in 1."},
};

static const struct step_param psci_complete_params[] = {
	[PSCI_COMPLETE_TARGET] = {"target", STEP_NUMBER, OPTIONAL(0), 0, 511, NULL,
				  "Index of the vCPU that the request was about."},
	[PSCI_COMPLETE_MPIDR] = {"mpidr", STEP_NUMBER, OPTIONAL(0), ANY, NULL,
				 "Its MPIDR, instead of `target`."},
	[PSCI_COMPLETE_STATUS] = {"status", STEP_ENUM, OPTIONAL(0), ANY, psci_statuses,
				  "What the VMM decides."},
};

static const struct step_param close_params[] = {
	[CLOSE_WHAT] =
		{"what", STEP_ENUM, OPTIONAL(CLOSE_WHAT_EVERYTHING), ANY, close_whats,
		 "Which file descriptor; `everything` closes the vCPUs, the guest_memfds, the "
		 "interrupt controller and the VM."},
	[CLOSE_SLOT] = {"slot", STEP_NUMBER, OPTIONAL(0), 0, UINT32_MAX, NULL,
			"Number of the slot whose guest_memfd is meant."},
};

static const struct step_param add_slot_params[] = {
	GUEST_RANGE,
	[ADD_SLOT_SLOT] = {"slot", STEP_NUMBER, OPTIONAL(0), 0, UINT32_MAX, NULL,
			   "Its number; without it the lowest that is not in use."},
	[ADD_SLOT_GMEM] = {"gmem", STEP_BOOL, OPTIONAL(1), ANY, NULL,
			   "Whether a guest_memfd is behind it."},
	[ADD_SLOT_GMEM_OF] =
		{"gmem_of", STEP_NUMBER, OPTIONAL(0), 0, UINT32_MAX, NULL,
		 "Number of a present or removed slot whose guest_memfd and mapping are "
		 "used again; without it they are made anew."},
	[ADD_SLOT_GMEM_OFFSET] = {"gmem_offset", STEP_SIZE, OPTIONAL(0), ANY, NULL,
				  "Where in the guest_memfd the slot begins, in bytes."},
	[ADD_SLOT_LOG_DIRTY] = {"log_dirty", STEP_BOOL, OPTIONAL(0), ANY, NULL,
				"Whether KVM is asked to log what the guest writes."},
	[ADD_SLOT_READONLY] = {"readonly", STEP_BOOL, OPTIONAL(0), ANY, NULL,
			       "Whether the guest may only read it."},
	[ADD_SLOT_PRIVATE] =
		{"private", STEP_BOOL, OPTIONAL(1), ANY, NULL,
		 "Whether its attribute becomes PRIVATE at once; without it as `realm:` "
		 "has it. A slot without guest_memfd never does."},
};

static const struct step_param remove_slot_params[] = {
	[REMOVE_SLOT_SLOT] = {"slot", STEP_NUMBER, REQUIRED, 0, UINT32_MAX, NULL,
			      "Its number. Mapping and guest_memfd stay open."},
};

static const struct step_param set_attributes_params[] = {
	GUEST_RANGE,
	[SET_ATTRIBUTES_TO] = {"to", STEP_ENUM, OPTIONAL(SET_ATTRIBUTES_TO_PRIVATE), ANY,
			       attribute_targets, "Private to the guest, or shared with the host."},
	[SET_ATTRIBUTES_BITS] = {"attributes", STEP_NUMBER, OPTIONAL(0), ANY, NULL,
				 "All attribute bits as a number, instead of `to`."},
	[SET_ATTRIBUTES_FLAGS] = {"flags", STEP_NUMBER, OPTIONAL(0), ANY, NULL,
				  "The flags, of which KVM knows none."},
};

static const struct step_param madvise_params[] = {
	GUEST_RANGE,
	[MADVISE_ADVICE] = {"advice", STEP_ENUM, OPTIONAL(STEP_MADV_DONTNEED), ANY, advices,
			    "What madvise() is told about this part of the mapping."},
};

static const struct step_param vmm_write_params[] = {
	GUEST_RANGE,
	[VMM_WRITE_VALUE] = {"value", STEP_NUMBER, REQUIRED, 0, 255, NULL,
			     "The value of each byte."},
};

static const struct step_param smccc_filter_params[] = {
	[FILTER_FUNCTION] = {"function", STEP_NUMBER, REQUIRED, 0, UINT32_MAX, NULL,
			     "The first SMCCC function identifier that it is for."},
	[FILTER_COUNT] = {"count", STEP_NUMBER, OPTIONAL(1), 0, UINT32_MAX, NULL,
			  "How many identifiers from there on."},
	[FILTER_ACTION] =
		{"action", STEP_ENUM, OPTIONAL(2), ANY, filter_actions,
		 "What becomes of such calls: KVM handles or denies them, or they go to the VMM."},
};

static const struct step_param event_params[] = {
	[EVENT_WHAT] = {"event", STEP_ENUM, REQUIRED, ANY, guest_events, "What takes the REC out."},
};

static const struct step_param timer_params[] = {
	[TIMER_WHICH] = {"timer", STEP_ENUM, OPTIONAL(STEP_TIMER_VIRTUAL), ANY, guest_timers,
			 "Which timer of EL1."},
	[TIMER_CTL] = {"ctl", STEP_NUMBER, OPTIONAL(0), ANY, NULL,
		       "Its control register: bit 0 enables it, bit 1 masks its interrupt."},
	[TIMER_CVAL] = {"cval", STEP_NUMBER, OPTIONAL(0), ANY, NULL, "Its compare value."},
};

static const struct step_param signal_params[] = {
	[SIGNAL_PENDING] = {"pending", STEP_BOOL, OPTIONAL(1), ANY, NULL,
			    "Whether a signal is pending for the vCPU's thread when it next runs."},
};

static const struct step_param ioctl_params[] = {
	[IOCTL_FD] = {"fd", STEP_ENUM, OPTIONAL(IOCTL_FD_VM), ANY, ioctl_targets,
		      "Which file descriptor."},
	[IOCTL_REQUEST] = {"request", STEP_ENUM, OPTIONAL(STEP_IOCTL_NUMBER), ANY, requests,
			   "The ioctl by its name."},
	[IOCTL_NUMBER] = {"number", STEP_NUMBER, OPTIONAL(0), 0, UINT32_MAX, NULL,
			  "The ioctl by its encoded number, instead of `request`."},
	[IOCTL_ARG] = {"arg", STEP_NUMBER, OPTIONAL(0), ANY, NULL,
		       "The argument itself: a number, or an address of the process."},
	[IOCTL_DATA] =
		{"data", STEP_STRING, OPTIONAL(0), ANY, NULL,
		 "Bytes in hexadecimal digits, at most 4096 of them; the argument is then their "
		 "address."},
	[IOCTL_SLOT] = {"slot", STEP_NUMBER, OPTIONAL(0), 0, UINT32_MAX, NULL,
			"Number of the slot whose guest_memfd is meant."},
};

static const struct step_param set_ripas_params[] = {
	GUEST_RANGE,
	[SET_RIPAS_RIPAS] = {"ripas", STEP_ENUM, REQUIRED, ANY, ripas_values,
			     "What the range becomes."},
	[SET_RIPAS_DESTROYED] = {"destroyed", STEP_ENUM, OPTIONAL(SET_RIPAS_DESTROYED_ALLOW), ANY,
				 destroyed_values,
				 "Whether pages that the host destroyed may change too (the flag "
				 "CHANGE_DESTROYED)."},
};

static const struct step_param get_ripas_params[] = {
	[RANGE_BASE] = {"base", STEP_ADDRESS, REQUIRED, ANY, NULL, "First IPA, in bytes."},
	[RANGE_SIZE] = {"size", STEP_SIZE, OPTIONAL(4096), ANY, NULL, "Length, in bytes."},
};

#define ACCESS_IPA_PARAM                                                                           \
	[ACCESS_IPA] = {                                                                           \
		"ipa",                                                                             \
		STEP_ADDRESS,                                                                      \
		REQUIRED,                                                                          \
		ANY,                                                                               \
		NULL,                                                                              \
		"First IPA, in bytes; with the top IPA bit set it is in the unprotected half."}
#define ACCESS_SIZE_PARAM                                                                          \
	[ACCESS_SIZE] = {"size",                                                                   \
			 STEP_SIZE,                                                                \
			 OPTIONAL(1),                                                              \
			 1,                                                                        \
			 UINT64_MAX,                                                               \
			 NULL,                                                                     \
			 "Bytes, walked upwards with one access a granule."}
#define ACCESS_WIDTH_PARAM                                                                         \
	[ACCESS_SIZE] = {"width",                                                                  \
			 STEP_NUMBER,                                                              \
			 OPTIONAL(8),                                                              \
			 1,                                                                        \
			 8,                                                                        \
			 NULL,                                                                     \
			 "Bytes of the one register that is moved: 1, 2, 4 or 8."}
#define ACCESS_MMIO_PARAM                                                                          \
	[ACCESS_MMIO] = {                                                                          \
		"mmio",                                                                            \
		STEP_ENUM,                                                                         \
		OPTIONAL(MMIO_EMULATE),                                                            \
		ANY,                                                                               \
		mmio_policies,                                                                     \
		"What the VMM does with KVM_EXIT_MMIO: emulate the access, make an external "      \
		"abort pending, or end the step there."}

static const struct step_param write_params[] = {
	ACCESS_IPA_PARAM,
	ACCESS_SIZE_PARAM,
	ACCESS_MMIO_PARAM,
	[ACCESS_VALUE] = {"value", STEP_NUMBER, REQUIRED, 0, 255, NULL, "The value of each byte."},
};
static const struct step_param read_params[] = {
	ACCESS_IPA_PARAM,
	ACCESS_SIZE_PARAM,
	ACCESS_MMIO_PARAM,
	[ACCESS_ANSWER] = {"answer", STEP_NUMBER, OPTIONAL(0x5a5a5a5a5a5a5a5a), ANY, NULL,
			   "What the VMM's device answers when it emulates the read."},
};
static const struct step_param fetch_params[] = {ACCESS_IPA_PARAM, ACCESS_SIZE_PARAM};
static const struct step_param store_params[] = {
	ACCESS_IPA_PARAM,
	ACCESS_WIDTH_PARAM,
	ACCESS_MMIO_PARAM,
	[ACCESS_VALUE] = {"value", STEP_NUMBER, REQUIRED, ANY, NULL,
			  "What the register holds, of which the low `width` bytes are stored."},
};
static const struct step_param load_params[] = {
	ACCESS_IPA_PARAM,
	ACCESS_WIDTH_PARAM,
	ACCESS_MMIO_PARAM,
	[ACCESS_ANSWER] = {"answer", STEP_NUMBER, OPTIONAL(0x5a5a5a5a5a5a5a5a), ANY, NULL,
			   "What the VMM's device answers when it emulates the load."},
};

static const struct step_param host_call_params[] = {
	[HOST_CALL_IPA] =
		{"ipa", STEP_ADDRESS, REQUIRED, ANY, NULL,
		 "Where the guest puts the RsiHostCall structure: protected, 256 bytes aligned."},
	[HOST_CALL_IMM] = {"imm", STEP_NUMBER, OPTIONAL(0), 0, 0xffff, NULL,
			   "Its immediate value."},
	[HOST_CALL_X0] = {"x0", STEP_NUMBER, OPTIONAL(0), ANY, NULL, "gprs[0] of the structure."},
	[HOST_CALL_X1] = {"x1", STEP_NUMBER, OPTIONAL(0), ANY, NULL, "gprs[1] of the structure."},
	[HOST_CALL_X2] = {"x2", STEP_NUMBER, OPTIONAL(0), ANY, NULL, "gprs[2] of the structure."},
};

#define PSCI_TARGET_PARAMS                                                                         \
	[PSCI_TARGET] = {"target",                                                                 \
			 STEP_NUMBER,                                                              \
			 OPTIONAL(0),                                                              \
			 0,                                                                        \
			 511,                                                                      \
			 NULL,                                                                     \
			 "Index of the vCPU that is meant."},                                      \
	[PSCI_MPIDR] = {"mpidr",     STEP_NUMBER,                                                  \
			OPTIONAL(0), ANY,                                                          \
			NULL,	     "Its MPIDR as the guest gives it, instead of `target`."}
static const struct step_param cpu_on_params[] = {
	PSCI_TARGET_PARAMS,
	[PSCI_ENTRY] = {"entry", STEP_ADDRESS, OPTIONAL(0), ANY, NULL,
			"Where it starts; without it the base of the first slot."},
	[PSCI_CONTEXT] = {"context", STEP_NUMBER, OPTIONAL(0), ANY, NULL, "What it finds in x0."},
};
static const struct step_param affinity_info_params[] = {
	PSCI_TARGET_PARAMS,
	[PSCI_LEVEL] = {"level", STEP_NUMBER, OPTIONAL(0), ANY, NULL, "Lowest affinity level."},
};
static const struct step_param psci_features_params[] = {
	[PSCI_FEATURES_FUNCTION] = {"function", STEP_NUMBER, REQUIRED, 0, UINT32_MAX, NULL,
				    "The PSCI function identifier that is asked about."},
};

static const struct step_param measurement_read_params[] = {
	[MEASUREMENT_INDEX] =
		{"index", STEP_NUMBER, OPTIONAL(0), ANY, NULL,
		 "0 is the Realm Initial Measurement, 1 to 4 are the extensible ones."},
};
static const struct step_param extend_params[] = {
	[MEASUREMENT_INDEX] = {"index", STEP_NUMBER, REQUIRED, ANY, NULL,
			       "Which measurement, 1 to 4."},
	[EXTEND_SIZE] = {"size", STEP_SIZE, OPTIONAL(32), ANY, NULL, "Bytes, at most 64."},
	[EXTEND_VALUE] = {"value", STEP_NUMBER, REQUIRED, 0, 255, NULL, "The value of each byte."},
};
static const struct step_param realm_config_params[] = {
	[REALM_CONFIG_IPA] =
		{"ipa", STEP_ADDRESS, REQUIRED, ANY, NULL,
		 "Where the RMM puts the RsiRealmConfig structure: protected, granule aligned."},
};

#define RSI_ARG(n)                                                                                 \
	[RSI_X0 + (n)] = {"x" #n, STEP_NUMBER, OPTIONAL(0), ANY, NULL, "Register x" #n "."}
static const struct step_param rsi_params[] = {
	[RSI_X0] = {"x0", STEP_NUMBER, REQUIRED, ANY, NULL, "The function identifier."},
	RSI_ARG(1),
	RSI_ARG(2),
	RSI_ARG(3),
	RSI_ARG(4),
	RSI_ARG(5),
	RSI_ARG(6),
	RSI_ARG(7),
	RSI_ARG(8),
	RSI_ARG(9),
	RSI_ARG(10),
};

#define SMC_ARG(n)                                                                                 \
	[SMC_X1 + (n)-1] = {"x" #n, STEP_NUMBER, OPTIONAL(0), ANY, NULL, "Register x" #n "."}
static const struct step_param smc_params[] = {
	[SMC_COMMAND] = {"command", STEP_ENUM, OPTIONAL(0), ANY, command_names,
			 "The RMI command by its name."},
	[SMC_FID] = {"fid", STEP_NUMBER, OPTIONAL(0), ANY, NULL,
		     "The function identifier, instead of `command`."},
	SMC_ARG(1),
	SMC_ARG(2),
	SMC_ARG(3),
	SMC_ARG(4),
	SMC_ARG(5),
	SMC_ARG(6),
};

#define RMM_MEMORY_RANGE                                                                           \
	[RMM_MEMORY_PA] = {"pa", STEP_ADDRESS, REQUIRED, ANY, NULL, "Physical address, in bytes."}
static const struct step_param rmm_write_params[] = {
	RMM_MEMORY_RANGE,
	[RMM_MEMORY_SIZE] = {"size", STEP_SIZE, OPTIONAL(8), 1, UINT64_MAX, NULL,
			     "Bytes; above 8 the value is repeated."},
	[RMM_MEMORY_VALUE] = {"value", STEP_NUMBER, REQUIRED, ANY, NULL,
			      "What is stored, least significant byte first."},
};
static const struct step_param rmm_read_params[] = {
	RMM_MEMORY_RANGE,
	[RMM_MEMORY_SIZE] = {"size", STEP_SIZE, OPTIONAL(8), 1, 8, NULL, "How many bytes."},
};

static const char *const pas_names[] = {"ns", "secure", "root", "aap", NULL};
static const struct step_param rmm_set_gpt_params[] = {
	[RMM_GPT_PA] = {"pa", STEP_ADDRESS, REQUIRED, ANY, NULL,
			"Physical address of a granule that is UNDELEGATED, in bytes."},
	[RMM_GPT_PAS] = {"pas", STEP_ENUM, REQUIRED, ANY, pas_names,
			 "The physical address space that may access it, or `aap`: any."},
};
static const struct step_param rmm_set_gpf_params[] = {
	[RMM_GPF_NTH] = {"nth", STEP_NUMBER, OPTIONAL(1), 1, UINT64_MAX, NULL,
			 "Which access it is, from 1."},
};

#define PARAMS(p) (p), sizeof(p) / sizeof((p)[0])
#define NO_PARAMS NULL, 0
#define VMM(name, help, params, fn, claims)                                                        \
	{                                                                                          \
		"vmm." name, STEP_ACTOR_VMM, help, false, false, params, fn, claims                \
	}
#define VMM_RAW(name, help, params, fn, claims)                                                    \
	{                                                                                          \
		"vmm." name, STEP_ACTOR_VMM, help, true, false, params, fn, claims                 \
	}
#define GUEST(name, help, params, fn, claims)                                                      \
	{                                                                                          \
		"guest." name, STEP_ACTOR_GUEST, help, false, false, params, fn, claims            \
	}
#define GUEST_RAW(name, help, params, fn, claims)                                                  \
	{                                                                                          \
		"guest." name, STEP_ACTOR_GUEST, help, true, false, params, fn, claims             \
	}
#define RMM(name, help, params, fn, claims)                                                        \
	{                                                                                          \
		"rmm." name, STEP_ACTOR_RMM, help, true, true, params, fn, claims                  \
	}

static const struct step_def steps[] = {
	VMM("create_vm", "Creates the VM and adds the slots of the realm, private from the start.",
	    PARAMS(create_vm_params), vmm_create_vm, STEP_CLAIMS_ALL),
	VMM_RAW("check_extension", "Asks KVM_CHECK_EXTENSION; the value is its answer.",
		PARAMS(check_extension_params), vmm_check_extension, STEP_CLAIMS_NOTHING),
	VMM("create_irqchip",
	    "Creates the in-kernel interrupt controller, or says that there is none.",
	    PARAMS(irqchip_params), vmm_create_irqchip, STEP_CLAIMS_STATE),
	VMM("config",
	    "Configures the realm before it is created: what is not given comes from `realm:`.",
	    PARAMS(config_params), vmm_config, STEP_CLAIMS_STATE),
	VMM("create_realm", "Creates the realm: its Realm Descriptor and root tables.",
	    PARAMS(create_realm_params), vmm_create_realm, STEP_CLAIMS_STATE),
	VMM("create_vcpus", "Creates vCPUs and initialises them, and creates their RECs.",
	    PARAMS(create_vcpus_params), vmm_create_vcpus, STEP_CLAIMS_STATE),
	VMM_RAW("finalize_vcpu", "Creates the REC of one vCPU.", PARAMS(finalize_params),
		vmm_finalize_vcpu, STEP_CLAIMS_STATE),
	VMM_RAW("init_ripas", "Marks a range RAM before the realm is activated; it is measured.",
		PARAMS(range_params), vmm_init_ripas, STEP_CLAIMS_PAGES | STEP_CLAIMS_RIPAS),
	VMM("populate", "Copies the shared content of a range into private pages of the realm.",
	    PARAMS(populate_params), vmm_populate,
	    STEP_CLAIMS_PAGES | STEP_CLAIMS_RIPAS | STEP_CLAIMS_FILLS),
	VMM_RAW("activate", "Activates the realm: its RECs may run, nothing more is measured.",
		NO_PARAMS, vmm_activate, STEP_CLAIMS_STATE),
	VMM_RAW("run", "One KVM_RUN: the guest goes on with what it has not finished.",
		PARAMS(run_params), vmm_run, STEP_CLAIMS_QUEUE),
	VMM_RAW("one_reg", "Reads or sets one register of a vCPU.", PARAMS(one_reg_params),
		vmm_one_reg, STEP_CLAIMS_NOTHING),
	VMM_RAW("vcpu_events", "Makes exceptions pending for a vCPU, or reads which are.",
		PARAMS(vcpu_events_params), vmm_vcpu_events, STEP_CLAIMS_NOTHING),
	VMM_RAW("psci_complete", "Answers a PSCI request of the vCPU that came to the VMM.",
		PARAMS(psci_complete_params), vmm_psci_complete, STEP_CLAIMS_NOTHING),
	VMM_RAW("smccc_filter",
		"Says where the guest's SMCCC calls of a range go: KVM_ARM_VM_SMCCC_FILTER.",
		PARAMS(smccc_filter_params), vmm_smccc_filter, STEP_CLAIMS_NOTHING),
	VMM("close", "Closes file descriptors of the VM.", PARAMS(close_params), vmm_close,
	    STEP_CLAIMS_ALL),
	VMM_RAW("ioctl", "One ioctl with an argument of the scenario's own making.",
		PARAMS(ioctl_params), vmm_ioctl, STEP_CLAIMS_ALL),

	VMM("add_slot",
	    "Adds a memory slot: anonymous shared memory, and a guest_memfd for the private half.",
	    PARAMS(add_slot_params), vmm_add_slot,
	    STEP_CLAIMS_SLOT | STEP_CLAIMS_PAGES | STEP_CLAIMS_FILLS | STEP_CLAIMS_ATTRIBUTES |
		    STEP_CLAIMS_STATE),
	VMM_RAW("remove_slot", "Deletes a memory slot.", PARAMS(remove_slot_params),
		vmm_remove_slot,
		STEP_CLAIMS_SLOT | STEP_CLAIMS_PAGES | STEP_CLAIMS_ATTRIBUTES | STEP_CLAIMS_STATE),
	VMM_RAW("set_attributes", "Sets the memory attribute of a range.",
		PARAMS(set_attributes_params), vmm_set_attributes,
		STEP_CLAIMS_PAGES | STEP_CLAIMS_FILLS | STEP_CLAIMS_ATTRIBUTES),
	VMM("punch_hole", "Gives back what the guest_memfds hold for a range.",
	    PARAMS(range_params), vmm_punch_hole, STEP_CLAIMS_PAGES),
	VMM("mmap", "Maps fresh anonymous memory over the shared half of a range.",
	    PARAMS(range_params), vmm_mmap, STEP_CLAIMS_USER),
	VMM("munmap", "Unmaps the shared half of a range from the VMM.", PARAMS(range_params),
	    vmm_munmap, STEP_CLAIMS_USER),
	VMM("madvise", "Advises the kernel about the shared half of a range.",
	    PARAMS(madvise_params), vmm_madvise, STEP_CLAIMS_USER),
	VMM("oom_reap",
	    "The OOM reaper takes the shared half of a range from the VMM, in notifiers that must "
	    "not block.",
	    PARAMS(range_params), vmm_oom_reap, STEP_CLAIMS_USER),
	VMM("memory_failure",
	    "Hardware reports that what the guest_memfds hold for a range is broken: the guest "
	    "loses "
	    "it, and whoever asks for it until it is given back gets EHWPOISON.",
	    PARAMS(range_params), vmm_memory_failure, STEP_CLAIMS_PAGES),
	VMM("write", "The VMM fills shared memory through its own mapping.",
	    PARAMS(vmm_write_params), vmm_write, STEP_CLAIMS_NOTHING),
	VMM("read",
	    "The VMM reads shared memory through its own mapping; see guest.read for the value.",
	    PARAMS(range_params), vmm_read, STEP_CLAIMS_NOTHING),
	VMM_RAW("signal", "Makes a signal pending for a vCPU's thread, or takes it away.",
		PARAMS(signal_params), vmm_signal, STEP_CLAIMS_NOTHING),

	GUEST("set_ripas",
	      "The guest changes the RIPAS of a range, again from where each call stopped.",
	      PARAMS(set_ripas_params), guest_set_ripas,
	      STEP_CLAIMS_QUEUE | STEP_CLAIMS_PAGES | STEP_CLAIMS_RIPAS),
	GUEST("get_ripas",
	      "The guest asks for the RIPAS at the base: 0 empty, 1 ram, 2 destroyed; `done` is "
	      "how far it "
	      "is the same.",
	      PARAMS(get_ripas_params), guest_get_ripas, STEP_CLAIMS_QUEUE),
	GUEST("write", "The guest fills memory.", PARAMS(write_params), guest_write,
	      STEP_CLAIMS_QUEUE),
	GUEST("read",
	      "The guest reads memory. The value is the number that up to 8 bytes make; of more "
	      "bytes the "
	      "value that all of them have, or all ones.",
	      PARAMS(read_params), guest_read, STEP_CLAIMS_QUEUE),
	GUEST("fetch", "The guest executes from memory.", PARAMS(fetch_params), guest_fetch,
	      STEP_CLAIMS_QUEUE),
	GUEST("store", "One store instruction of the guest.", PARAMS(store_params), guest_store,
	      STEP_CLAIMS_QUEUE),
	GUEST("load", "One load instruction of the guest; the value is what it loaded.",
	      PARAMS(load_params), guest_load, STEP_CLAIMS_QUEUE),
	GUEST("host_call", "The guest calls the host; the value is gprs[0] of its answer.",
	      PARAMS(host_call_params), guest_host_call, STEP_CLAIMS_QUEUE | STEP_CLAIMS_BYTES),
	GUEST("psci_version", "PSCI_VERSION; the value is x0.", NO_PARAMS, guest_psci_version,
	      STEP_CLAIMS_QUEUE),
	GUEST("psci_features", "PSCI_FEATURES; the value is x0.", PARAMS(psci_features_params),
	      guest_psci_features, STEP_CLAIMS_QUEUE),
	GUEST("psci_cpu_suspend", "PSCI_CPU_SUSPEND; the value is x0 when the vCPU goes on.",
	      NO_PARAMS, guest_psci_cpu_suspend, STEP_CLAIMS_QUEUE),
	GUEST("psci_cpu_off", "PSCI_CPU_OFF: the vCPU stops until another turns it on.", NO_PARAMS,
	      guest_psci_cpu_off, STEP_CLAIMS_QUEUE),
	GUEST("psci_cpu_on", "PSCI_CPU_ON: starts another vCPU; the value is x0.",
	      PARAMS(cpu_on_params), guest_psci_cpu_on, STEP_CLAIMS_QUEUE),
	GUEST("psci_affinity_info", "PSCI_AFFINITY_INFO; the value is x0.",
	      PARAMS(affinity_info_params), guest_psci_affinity_info, STEP_CLAIMS_QUEUE),
	GUEST("psci_system_off", "PSCI_SYSTEM_OFF: the outcome is `shutdown`.", NO_PARAMS,
	      guest_psci_system_off, STEP_CLAIMS_QUEUE),
	GUEST("psci_system_reset", "PSCI_SYSTEM_RESET: the outcome is `shutdown`.", NO_PARAMS,
	      guest_psci_system_reset, STEP_CLAIMS_QUEUE),
	GUEST("measurement_read",
	      "RSI_MEASUREMENT_READ; the value is the first 8 bytes, as x1 has them.",
	      PARAMS(measurement_read_params), guest_measurement_read, STEP_CLAIMS_QUEUE),
	GUEST("measurement_extend", "RSI_MEASUREMENT_EXTEND.", PARAMS(extend_params),
	      guest_measurement_extend, STEP_CLAIMS_QUEUE),
	GUEST("realm_config", "RSI_REALM_CONFIG; the value is the IPA width in bits that it says.",
	      PARAMS(realm_config_params), guest_realm_config,
	      STEP_CLAIMS_QUEUE | STEP_CLAIMS_BYTES),
	GUEST_RAW("rsi", "One SMC of the guest: the value is x0, `done` is x1.", PARAMS(rsi_params),
		  guest_rsi,
		  STEP_CLAIMS_QUEUE | STEP_CLAIMS_PAGES | STEP_CLAIMS_RIPAS |
			  STEP_CLAIMS_EVERYWHERE),
	GUEST("event",
	      "Something takes the REC out while the guest runs, which then goes on behind it.",
	      PARAMS(event_params), guest_event, STEP_CLAIMS_QUEUE),
	GUEST("timer", "The guest sets a timer. No time passes, so that it never fires.",
	      PARAMS(timer_params), guest_timer, STEP_CLAIMS_QUEUE),
	GUEST("hvc", "The guest executes HVC, which is undefined in a realm.", NO_PARAMS, guest_hvc,
	      STEP_CLAIMS_QUEUE),

	RMM("smc", "One RMI call by hand: the value is x0, `done` is x1.", PARAMS(smc_params),
	    rmm_smc_step, STEP_CLAIMS_NOTHING),
	RMM("write", "A store of the host to physical memory that is Non-secure.",
	    PARAMS(rmm_write_params), rmm_write_step, STEP_CLAIMS_NOTHING),
	RMM("read", "A load of the host from physical memory that is Non-secure.",
	    PARAMS(rmm_read_params), rmm_read_step, STEP_CLAIMS_NOTHING),
	RMM("set_gpt",
	    "Another agent (the monitor, the Secure world) changes the GPT entry of a granule.",
	    PARAMS(rmm_set_gpt_params), rmm_set_gpt_step, STEP_CLAIMS_NOTHING),
	RMM("set_gpf",
	    "The nth next access of the RMM or of a guest to Non-secure memory takes a Granule "
	    "Protection Fault, as if another agent had changed the GPT for just that moment.",
	    PARAMS(rmm_set_gpf_params), rmm_set_gpf_step, STEP_CLAIMS_NOTHING),
};

#define NUM_STEPS (sizeof(steps) / sizeof(steps[0]))

#define CHECK_PARAMS(array, num)                                                                   \
	_Static_assert(sizeof(array) / sizeof((array)[0]) == (num), #array " has a row a "         \
									   "parameter")
CHECK_PARAMS(range_params, RANGE_NUM);
CHECK_PARAMS(create_vm_params, CREATE_VM_NUM);
CHECK_PARAMS(check_extension_params, CHECK_EXTENSION_NUM);
CHECK_PARAMS(irqchip_params, IRQCHIP_NUM);
CHECK_PARAMS(config_params, CONFIG_NUM);
CHECK_PARAMS(create_realm_params, CREATE_REALM_NUM);
CHECK_PARAMS(create_vcpus_params, CREATE_VCPUS_NUM);
CHECK_PARAMS(finalize_params, FINALIZE_NUM);
CHECK_PARAMS(populate_params, POPULATE_NUM);
CHECK_PARAMS(run_params, RUN_NUM);
CHECK_PARAMS(one_reg_params, ONE_REG_NUM);
CHECK_PARAMS(vcpu_events_params, VCPU_EVENTS_NUM);
CHECK_PARAMS(psci_complete_params, PSCI_COMPLETE_NUM);
CHECK_PARAMS(close_params, CLOSE_NUM);
CHECK_PARAMS(add_slot_params, ADD_SLOT_NUM);
CHECK_PARAMS(remove_slot_params, REMOVE_SLOT_NUM);
CHECK_PARAMS(set_attributes_params, SET_ATTRIBUTES_NUM);
CHECK_PARAMS(madvise_params, MADVISE_NUM);
CHECK_PARAMS(vmm_write_params, VMM_WRITE_NUM);
CHECK_PARAMS(signal_params, SIGNAL_NUM);
CHECK_PARAMS(ioctl_params, IOCTL_NUM);
CHECK_PARAMS(set_ripas_params, SET_RIPAS_NUM);
CHECK_PARAMS(get_ripas_params, RANGE_NUM);
CHECK_PARAMS(write_params, ACCESS_NUM);
CHECK_PARAMS(read_params, ACCESS_NUM);
CHECK_PARAMS(fetch_params, FETCH_NUM);
CHECK_PARAMS(store_params, ACCESS_NUM);
CHECK_PARAMS(load_params, ACCESS_NUM);
CHECK_PARAMS(host_call_params, HOST_CALL_NUM);
CHECK_PARAMS(cpu_on_params, PSCI_CPU_ON_NUM);
CHECK_PARAMS(affinity_info_params, PSCI_AFFINITY_INFO_NUM);
CHECK_PARAMS(psci_features_params, PSCI_FEATURES_NUM);
CHECK_PARAMS(event_params, EVENT_NUM);
CHECK_PARAMS(timer_params, TIMER_NUM);
CHECK_PARAMS(smccc_filter_params, FILTER_NUM);
CHECK_PARAMS(measurement_read_params, MEASUREMENT_READ_NUM);
CHECK_PARAMS(extend_params, EXTEND_NUM);
CHECK_PARAMS(realm_config_params, REALM_CONFIG_NUM);
CHECK_PARAMS(rsi_params, RSI_NUM);
CHECK_PARAMS(smc_params, SMC_NUM);
CHECK_PARAMS(rmm_write_params, RMM_MEMORY_NUM);
CHECK_PARAMS(rmm_read_params, RMM_MEMORY_VALUE);
CHECK_PARAMS(rmm_set_gpt_params, RMM_GPT_NUM);
CHECK_PARAMS(rmm_set_gpf_params, RMM_GPF_NUM);

const struct step_def *step_find(const char *name)
{
	for (size_t i = 0; i < NUM_STEPS; i++) {
		if (!strcmp(steps[i].name, name))
			return &steps[i];
	}
	return NULL;
}

const struct step_def *step_at(size_t index)
{
	return index < NUM_STEPS ? &steps[index] : NULL;
}

int step_param_find(const struct step_def *def, const char *name)
{
	for (size_t i = 0; i < def->num_params; i++) {
		if (!strcmp(def->params[i].name, name))
			return (int)i;
	}
	return -1;
}

void step_call_init(struct step_call *call, const struct step_def *def)
{
	memset(call, 0, sizeof(*call));
	call->def = def;
	for (size_t i = 0; i < def->num_params; i++)
		call->args[i].number = def->params[i].fallback;
}

void step_result_clear(struct step_result *result)
{
	free(result->exits);
	memset(result, 0, sizeof(*result));
}

const char *step_outcome_name(enum step_outcome outcome)
{
	static const char *const names[STEP_NUM_OUTCOMES] = {
		[STEP_OK] = "ok",
		[STEP_SEA] = "sea",
		[STEP_UNDEFINED] = "undefined",
		[STEP_STOPPED] = "stopped",
		[STEP_ERROR] = "error",
		[STEP_DATA_ABORT_EXIT] = "data_abort_exit",
		[STEP_INSTRUCTION_ABORT_EXIT] = "instruction_abort_exit",
		[STEP_SHUTDOWN] = "shutdown",
		[STEP_INCOMPLETE] = "incomplete",
	};

	return (unsigned int)outcome < STEP_NUM_OUTCOMES ? names[outcome] : NULL;
}

const char *step_outcome_help(enum step_outcome outcome)
{
	static const char *const texts[STEP_NUM_OUTCOMES] = {
		[STEP_OK] = "The guest did all of it, or the system call succeeded.",
		[STEP_SEA] = "A synchronous external abort was taken to the Realm.",
		[STEP_UNDEFINED] = "An Undefined exception was taken to the Realm.",
		[STEP_STOPPED] =
			("KVM_RUN returned and the VMM goes no further: its policy says so "
			 "(`on_memory_fault: return`), or the same exit came back although the VMM "
			 "had done what it does about it."),
		[STEP_ERROR] =
			("A system call failed (`errno` says how), or the RMM refused a call "
			 "by hand (`value` is its x0)."),
		[STEP_DATA_ABORT_EXIT] = "Without a host: the REC exited with a Data Abort.",
		[STEP_INSTRUCTION_ABORT_EXIT] =
			"Without a host: the REC exited with an Instruction Abort.",
		[STEP_SHUTDOWN] = "The guest turned the VM off, or reset it.",
		[STEP_INCOMPLETE] =
			"A change of RIPAS was accepted, but got no further than `done`.",
	};

	return (unsigned int)outcome < STEP_NUM_OUTCOMES ? texts[outcome] : NULL;
}

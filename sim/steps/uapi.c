/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * uapi.c - KVM's interface as a VMM sees it, in each posting of the Realm series (v5 to v10, v12).
 *
 * Eras A, B and C name their structures differently and lay them out alike, so that one set of them is
 * written here; capability, feature and ioctl numbers depend on the posting. Era D has none of the
 * sub-operations of KVM_ENABLE_CAP: first_run.c does what the steps mean there.
 */
#include "uapi.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define KVM_UAPI_ALL_ERAS
#include "sim/linux/include/uapi/linux/kvm.h"

#include "world.h"

/* mmap(2), madvise(2) and fallocate(2) on arm64 Linux. */
#define USER_PROT_READ_WRITE 0x3u
#define USER_MAP_SHARED	     0x01u
#define USER_MAP_FIXED	     0x10u
#define USER_MAP_ANONYMOUS   0x20u
#define USER_MADV_DONTNEED   4u
#define USER_MADV_REMOVE     9u
#define USER_MADV_HUGEPAGE   14u
#define USER_MADV_PAGEOUT    21u
#define USER_MADV_COLLAPSE   25u
#define FALLOC_KEEP_SIZE     0x01u
#define FALLOC_PUNCH_HOLE    0x02u

/*
 * Identifiers of KVM_{GET,SET}_ONE_REG: arm64, 64 bit, core; the rest is the offset in 32-bit
 * words.
 */
#define REG_CORE_U64 0x6030000000100000ull

struct uapi {
	unsigned int series;
	enum kvm_uapi_era era;
	const char *name;
	uint32_t cap_realm;
	uint32_t feature_rec;	/* number of KVM_ARM_VCPU_REC; of no meaning in era D */
	bool rec_in_init;	/* it is a feature of KVM_ARM_VCPU_INIT, too */
	uint32_t psci_complete; /* the encoded ioctl */
	bool fault_returns_0;	/* KVM_RUN, with KVM_EXIT_MEMORY_FAULT */
};

#define PSCI_COMPLETE(nr) __KVM_IOW(nr, struct kvm_arm_rmm_psci_complete)

/* In each era the last posting stands for those that are not known by name. */
static const struct uapi interfaces[] = {
	{5, KVM_UAPI_ERA_A, "A (v5)", 300, 8, false, PSCI_COMPLETE(0xd2), true},
	{6, KVM_UAPI_ERA_A, "A (v6)", 300, 8, true, PSCI_COMPLETE(0xd2), true},
	{7, KVM_UAPI_ERA_B, "B (v7)", 300, 8, true, PSCI_COMPLETE(0xd2), false},
	{8, KVM_UAPI_ERA_B, "B (v8)", 240, 9, true, PSCI_COMPLETE(0xd6), false},
	{9, KVM_UAPI_ERA_C, "C (v9)", 243, 9, true, PSCI_COMPLETE(0xd6), false},
	{10, KVM_UAPI_ERA_C, "C (v10)", 244, 9, true, PSCI_COMPLETE(0xd6), false},
	{12, KVM_UAPI_ERA_D, "D (v12)", 247, 9, false, PSCI_COMPLETE(0xd6), false},
};
#define NUM_INTERFACES (sizeof(interfaces) / sizeof(interfaces[0]))

/* What is written as era C's is laid out the same in A and B, and PSCI's answer in D. */
#define SAME_SIZE(a, b)		 _Static_assert(sizeof(a) == sizeof(b), #a)
#define SAME_PLACE(a, ma, b, mb) _Static_assert(offsetof(a, ma) == offsetof(b, mb), #mb)
SAME_SIZE(struct arm_rme_config, struct kvm_cap_arm_rme_config_item);
SAME_PLACE(struct arm_rme_config, rpv, struct kvm_cap_arm_rme_config_item, rpv);
SAME_PLACE(struct arm_rme_config, hash_algo, struct kvm_cap_arm_rme_config_item, hash_algo);
SAME_SIZE(struct arm_rme_populate_realm, struct kvm_cap_arm_rme_populate_realm_args);
SAME_PLACE(struct arm_rme_populate_realm, size, struct kvm_cap_arm_rme_populate_realm_args,
	   populate_ipa_size);
SAME_PLACE(struct arm_rme_populate_realm, flags, struct kvm_cap_arm_rme_populate_realm_args, flags);
SAME_SIZE(struct arm_rme_init_ripas, struct kvm_cap_arm_rme_init_ipa_args);
SAME_PLACE(struct arm_rme_init_ripas, size, struct kvm_cap_arm_rme_init_ipa_args, init_ipa_size);
SAME_SIZE(struct kvm_arm_rmm_psci_complete, struct kvm_arm_rmi_psci_complete);
SAME_PLACE(struct kvm_arm_rmm_psci_complete, psci_status, struct kvm_arm_rmi_psci_complete,
	   psci_status);
_Static_assert(KVM_CAP_ARM_RME_CREATE_RD == KVM_CAP_ARM_RME_CREATE_REALM &&
		       KVM_CAP_ARM_RME_INIT_IPA_REALM == KVM_CAP_ARM_RME_INIT_RIPAS_REALM &&
		       KVM_CAP_ARM_RME_CFG_RPV == ARM_RME_CONFIG_RPV &&
		       KVM_CAP_ARM_RME_CFG_HASH_ALGO == ARM_RME_CONFIG_HASH_ALGO &&
		       KVM_CAP_ARM_RME_MEASUREMENT_ALGO_SHA512 == ARM_RME_CONFIG_HASH_ALGO_SHA512 &&
		       ARM_RME_CONFIG_MEASUREMENT_ALGO_SHA512 == ARM_RME_CONFIG_HASH_ALGO_SHA512 &&
		       KVM_ARM_RMI_POPULATE_FLAGS_MEASURE == KVM_ARM_RME_POPULATE_FLAGS_MEASURE,
	       "numbers that the eras share");

const struct uapi *uapi_find(const struct kvm_build_info *info)
{
	unsigned long series =
		info->series && *info->series == 'v' ? strtoul(info->series + 1, NULL, 10) : 0;
	const struct uapi *found = NULL;

	for (size_t i = 0; i < NUM_INTERFACES; i++) {
		if (interfaces[i].era != info->uapi_era)
			continue;
		found = &interfaces[i];
		if (found->series == series)
			break;
	}
	return found;
}

const char *uapi_era_name(const struct uapi *uapi)
{
	return uapi->name;
}

unsigned int uapi_series(const struct uapi *uapi)
{
	return uapi->series;
}

bool uapi_first_run_activates(const struct uapi *uapi)
{
	return uapi->era == KVM_UAPI_ERA_D;
}

/* A call for the realm that concerns no guest addresses. */
static struct sys_scope scope_none(const struct world *world, const struct realm *realm,
				   const char *name)
{
	return (struct sys_scope){.name = name, .tid = world->tid, .rd = realm ? realm->rd : 0};
}

static struct sys_scope scope_range(int32_t tid, const struct realm *realm, const char *name,
				    uint64_t base, uint64_t size)
{
	uint64_t end = base + size < base ? UINT64_MAX - 1 : base + size;

	if (realm->raw)
		return (struct sys_scope){.name = name, .tid = tid, .end = UINT64_MAX};
	return (struct sys_scope){
		.name = name, .tid = tid, .rd = realm->rd, .start = base, .end = end};
}

/* An ioctl whose argument is the address of `data`. */
static int64_t ioctl_data(struct world *world, const struct sys_scope *scope, int32_t fd,
			  uint32_t cmd, const void *data, uint64_t size)
{
	int64_t ret = sys_user_write(world, scope->tid, world->scratch, data, size);

	if (ret != (int64_t)size)
		return -EFAULT;
	return sys_ioctl(world, scope, fd, cmd, world->scratch);
}

/* Reads back what an ioctl wrote. */
static int64_t ioctl_result(struct world *world, int32_t tid, int64_t ret, void *data,
			    uint64_t size)
{
	if (ret < 0)
		return ret;
	return sys_user_read(world, tid, world->scratch, data, size) == (int64_t)size ? ret
										      : -EFAULT;
}

int64_t uapi_open_kvm(struct world *world)
{
	return sys_open(world, "/dev/kvm");
}

int64_t uapi_vcpu_mmap_size(struct world *world)
{
	struct sys_scope scope = scope_none(world, NULL, "KVM_GET_VCPU_MMAP_SIZE");

	scope.positive = true;
	return sys_ioctl(world, &scope, world->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
}

uint64_t uapi_vm_type(bool is_realm, uint8_t ipa_bits)
{
	return (is_realm ? KVM_VM_TYPE_ARM_REALM : 0) | ipa_bits;
}

bool uapi_vm_type_is_realm(uint64_t type)
{
	return (type & KVM_VM_TYPE_ARM_MASK) == KVM_VM_TYPE_ARM_REALM;
}

uint8_t uapi_vm_type_ipa_bits(uint64_t type)
{
	return KVM_VM_TYPE_ARM_IPA_SIZE(type);
}

int64_t uapi_create_vm(struct world *world, uint64_t type)
{
	struct sys_scope scope = scope_none(world, NULL, "KVM_CREATE_VM");

	scope.positive = true;
	return sys_ioctl(world, &scope, world->kvm_fd, KVM_CREATE_VM, type);
}

int64_t uapi_check_extension(struct world *world, int32_t fd, enum step_cap cap)
{
	static const uint32_t numbers[STEP_NUM_CAPS] = {
		[STEP_CAP_USER_MEMORY2] = KVM_CAP_USER_MEMORY2,
		[STEP_CAP_MEMORY_FAULT_INFO] = KVM_CAP_MEMORY_FAULT_INFO,
		[STEP_CAP_MEMORY_ATTRIBUTES] = KVM_CAP_MEMORY_ATTRIBUTES,
		[STEP_CAP_GUEST_MEMFD] = KVM_CAP_GUEST_MEMFD,
		[STEP_CAP_VM_TYPES] = KVM_CAP_VM_TYPES,
		[STEP_CAP_ARM_VM_IPA_SIZE] = KVM_CAP_ARM_VM_IPA_SIZE,
		[STEP_CAP_IMMEDIATE_EXIT] = KVM_CAP_IMMEDIATE_EXIT,
		[STEP_CAP_ARM_PSCI_0_2] = KVM_CAP_ARM_PSCI_0_2,
	};

	return uapi_check_extension_number(
		world, fd, cap == STEP_CAP_ARM_RME ? world->uapi->cap_realm : numbers[cap]);
}

int64_t uapi_check_extension_number(struct world *world, int32_t fd, uint64_t number)
{
	struct sys_scope scope = scope_none(world, NULL, "KVM_CHECK_EXTENSION");

	scope.positive = true;
	return sys_ioctl(world, &scope, fd, KVM_CHECK_EXTENSION, number);
}

int64_t uapi_create_gmem(struct world *world, struct realm *realm, uint64_t size)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_CREATE_GUEST_MEMFD");
	struct kvm_create_guest_memfd args = {.size = size};

	scope.positive = true;
	return ioctl_data(world, &scope, realm->vm_fd, KVM_CREATE_GUEST_MEMFD, &args, sizeof(args));
}

int64_t uapi_set_slot(struct world *world, struct realm *realm, const struct slot *slot,
		      uint64_t size)
{
	/* A slot that moves or goes is unmapped where it was. */
	const struct slot *old = world_slot(realm, slot->id);
	const bool replaces = old && old->added;
	const uint64_t base = replaces && old->base < slot->base ? old->base : slot->base;
	const uint64_t old_end = replaces ? old->base + old->size : 0;
	const uint64_t end = range_end(slot->base, slot->size);
	struct sys_scope scope = scope_range(world->tid, realm, "KVM_SET_USER_MEMORY_REGION2", base,
					     (old_end > end ? old_end : end) - base);
	struct kvm_userspace_memory_region2 args = {
		.slot = slot->id,
		.guest_phys_addr = slot->base,
		.memory_size = size,
		.userspace_addr = slot->uaddr,
	};

	if (slot->readonly)
		args.flags |= KVM_MEM_READONLY;
	if (slot->log_dirty)
		args.flags |= KVM_MEM_LOG_DIRTY_PAGES;
	if (slot->gmem_fd >= 0) {
		args.flags |= KVM_MEM_GUEST_MEMFD;
		args.guest_memfd = (uint32_t)slot->gmem_fd;
		args.guest_memfd_offset = slot->gmem_offset;
	}
	return ioctl_data(world, &scope, realm->vm_fd, KVM_SET_USER_MEMORY_REGION2, &args,
			  sizeof(args));
}

uint64_t uapi_attribute_private(void)
{
	return KVM_MEMORY_ATTRIBUTE_PRIVATE;
}

int64_t uapi_set_attributes(struct world *world, struct realm *realm, int32_t tid, uint64_t base,
			    uint64_t size, uint64_t attributes, uint64_t flags)
{
	struct sys_scope scope = scope_range(tid, realm, "KVM_SET_MEMORY_ATTRIBUTES", base, size);
	struct kvm_memory_attributes args = {
		.address = base, .size = size, .attributes = attributes, .flags = flags};

	return ioctl_data(world, &scope, realm->vm_fd, KVM_SET_MEMORY_ATTRIBUTES, &args,
			  sizeof(args));
}

/* Other slots may be of the same part of the file. */
static struct sys_scope scope_file(int32_t tid, const struct realm *realm, const char *name,
				   uint64_t base, uint64_t size)
{
	if (realm->aliased)
		return (struct sys_scope){.name = name, .tid = tid, .end = UINT64_MAX};
	return scope_range(tid, realm, name, base, size);
}

int64_t uapi_punch_hole(struct world *world, struct realm *realm, int32_t tid, int32_t gmem_fd,
			uint64_t offset, uint64_t size, uint64_t base)
{
	struct sys_scope scope = scope_file(tid, realm, "fallocate(PUNCH_HOLE)", base, size);

	return sys_fallocate(world, &scope, gmem_fd, FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE, offset,
			     size);
}

int64_t uapi_memory_failure(struct world *world, struct realm *realm, int32_t tid, int32_t gmem_fd,
			    uint64_t offset, uint64_t size, uint64_t base)
{
	struct sys_scope scope = scope_file(tid, realm, "memory_failure", base, size);

	return sys_memory_failure(world, &scope, gmem_fd, offset, size);
}

int64_t uapi_create_irqchip(struct world *world, struct realm *realm, bool gicv3)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_CREATE_DEVICE");
	struct kvm_create_device args = {.type = gicv3 ? KVM_DEV_TYPE_ARM_VGIC_V3
						       : KVM_DEV_TYPE_ARM_VGIC_V2};
	int64_t ret;

	ret = ioctl_data(world, &scope, realm->vm_fd, KVM_CREATE_DEVICE, &args, sizeof(args));
	ret = ioctl_result(world, scope.tid, ret, &args, sizeof(args));
	return ret < 0 ? ret : (int64_t)args.fd;
}

int64_t uapi_init_irqchip(struct world *world, struct realm *realm)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_SET_DEVICE_ATTR");
	struct kvm_device_attr args = {.group = KVM_DEV_ARM_VGIC_GRP_CTRL,
				       .attr = KVM_DEV_ARM_VGIC_CTRL_INIT};

	return ioctl_data(world, &scope, realm->irqchip_fd, KVM_SET_DEVICE_ATTR, &args,
			  sizeof(args));
}

int64_t uapi_set_smccc_filter(struct world *world, struct realm *realm, uint32_t function,
			      uint32_t count, uint8_t action)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_SET_DEVICE_ATTR");
	struct {
		struct kvm_device_attr attr;
		struct kvm_smccc_filter filter;
	} args = {
		.attr = {.group = KVM_ARM_VM_SMCCC_CTRL,
			 .attr = KVM_ARM_VM_SMCCC_FILTER,
			 .addr = world->scratch + sizeof(args.attr)},
		.filter = {.base = function, .nr_functions = count, .action = action},
	};

	return ioctl_data(world, &scope, realm->vm_fd, KVM_SET_DEVICE_ATTR, &args, sizeof(args));
}

/*
 * KVM_ENABLE_CAP of the realm capability: sub-operation `op`, and its structure behind the first
 * one. NULL: the operation has none.
 */
static int64_t realm_op(struct world *world, const struct sys_scope *scope, struct realm *realm,
			uint32_t op, const void *args, uint64_t size)
{
	struct {
		struct kvm_enable_cap cap;
		uint8_t args[sizeof(struct arm_rme_config)];
	} data = {.cap = {.cap = world->uapi->cap_realm, .args = {op}}};

	if (world->uapi->era == KVM_UAPI_ERA_D)
		return UAPI_UNSUPPORTED;
	if (args) {
		data.cap.args[1] = world->scratch + sizeof(data.cap);
		memcpy(data.args, args, size);
	}
	return ioctl_data(world, scope, realm->vm_fd, KVM_ENABLE_CAP, &data,
			  sizeof(data.cap) + size);
}

static int64_t realm_config(struct world *world, struct realm *realm,
			    const struct arm_rme_config *args)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_CAP_ARM_RME_CONFIG_REALM");

	return realm_op(world, &scope, realm, KVM_CAP_ARM_RME_CONFIG_REALM, args, sizeof(*args));
}

int64_t uapi_config_hash(struct world *world, struct realm *realm, uint32_t algo)
{
	struct arm_rme_config args = {.cfg = ARM_RME_CONFIG_HASH_ALGO};

	args.hash_algo = algo ? ARM_RME_CONFIG_HASH_ALGO_SHA512 : ARM_RME_CONFIG_HASH_ALGO_SHA256;
	return realm_config(world, realm, &args);
}

int64_t uapi_config_rpv(struct world *world, struct realm *realm, const uint8_t rpv[64])
{
	struct arm_rme_config args = {.cfg = ARM_RME_CONFIG_RPV};

	memcpy(args.rpv, rpv, sizeof(args.rpv));
	return realm_config(world, realm, &args);
}

int64_t uapi_config_item(struct world *world, struct realm *realm, uint32_t item, uint32_t value)
{
	struct arm_rme_config args = {.cfg = item};

	args.hash_algo = value;
	return realm_config(world, realm, &args);
}

int64_t uapi_create_realm(struct world *world, struct realm *realm)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_CAP_ARM_RME_CREATE_REALM");
	int64_t ret = realm_op(world, &scope, realm, KVM_CAP_ARM_RME_CREATE_REALM, NULL, 0);

	world_refresh_rd(world, realm);
	return ret;
}

int64_t uapi_init_ripas(struct world *world, struct realm *realm, uint64_t base, uint64_t size)
{
	struct sys_scope scope =
		scope_range(world->tid, realm, "KVM_CAP_ARM_RME_INIT_RIPAS_REALM", base, size);
	struct arm_rme_init_ripas args = {.base = base, .size = size};

	return realm_op(world, &scope, realm, KVM_CAP_ARM_RME_INIT_RIPAS_REALM, &args,
			sizeof(args));
}

uint32_t uapi_populate_flag_measure(void)
{
	return KVM_ARM_RME_POPULATE_FLAGS_MEASURE;
}

int64_t uapi_populate(struct world *world, struct realm *realm, uint64_t base, uint64_t size,
		      uint32_t flags, uint64_t *done)
{
	struct sys_scope scope =
		scope_range(world->tid, realm, "KVM_CAP_ARM_RME_POPULATE_REALM", base, size);
	struct arm_rme_populate_realm args = {.base = base, .size = size, .flags = flags};
	int64_t ret =
		realm_op(world, &scope, realm, KVM_CAP_ARM_RME_POPULATE_REALM, &args, sizeof(args));

	/* This era does not say how far it came. */
	*done = ret ? 0 : size;
	return ret;
}

int64_t uapi_populate_from(struct world *world, struct realm *realm, uint64_t base, uint64_t size,
			   uint64_t source, uint32_t flags)
{
	struct sys_scope scope = scope_range(world->tid, realm, "KVM_ARM_RMI_POPULATE", base, size);
	struct kvm_arm_rmi_populate args = {
		.base = base, .size = size, .source_uaddr = source, .flags = flags};
	int64_t ret;

	if (world->uapi->era != KVM_UAPI_ERA_D)
		return UAPI_UNSUPPORTED;
	scope.positive = true;
	ret = ioctl_data(world, &scope, realm->vm_fd, KVM_ARM_RMI_POPULATE, &args, sizeof(args));
	world_refresh_rd(world, realm);
	return ret;
}

int64_t uapi_activate(struct world *world, struct realm *realm)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_CAP_ARM_RME_ACTIVATE_REALM");

	return realm_op(world, &scope, realm, KVM_CAP_ARM_RME_ACTIVATE_REALM, NULL, 0);
}

int64_t uapi_create_vcpu(struct world *world, struct realm *realm, unsigned int index)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_CREATE_VCPU");

	scope.positive = true;
	return sys_ioctl(world, &scope, realm->vm_fd, KVM_CREATE_VCPU, index);
}

int64_t uapi_init_vcpu(struct world *world, struct realm *realm, struct vcpu *vcpu, bool rec,
		       unsigned int features)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_ARM_VCPU_INIT");
	struct kvm_vcpu_init args = {.target = KVM_ARM_TARGET_GENERIC_V8};

	if (features & UAPI_VCPU_PSCI)
		args.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2;
	if (features & UAPI_VCPU_PMU)
		args.features[0] |= 1u << KVM_ARM_VCPU_PMU_V3;
	if (features & UAPI_VCPU_SVE)
		args.features[0] |= 1u << KVM_ARM_VCPU_SVE;
	if (rec && world->uapi->rec_in_init)
		args.features[0] |= 1u << world->uapi->feature_rec;
	/* As every VMM does: all but the first wait for PSCI_CPU_ON. */
	if (vcpu->index)
		args.features[0] |= 1u << KVM_ARM_VCPU_POWER_OFF;
	return ioctl_data(world, &scope, vcpu->fd, KVM_ARM_VCPU_INIT, &args, sizeof(args));
}

uint32_t uapi_feature_rec(const struct uapi *uapi)
{
	return uapi->feature_rec;
}

int64_t uapi_finalize_vcpu(struct world *world, struct realm *realm, struct vcpu *vcpu,
			   uint32_t feature)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_ARM_VCPU_FINALIZE");
	int32_t what = (int32_t)feature;

	return ioctl_data(world, &scope, vcpu->fd, KVM_ARM_VCPU_FINALIZE, &what, sizeof(what));
}

uint64_t uapi_reg_id(unsigned int reg)
{
	/* struct user_pt_regs: 31 registers, sp, pc, pstate, of 8 bytes each. */
	return REG_CORE_U64 | reg * 2u;
}

/* The value goes behind the structure that points to it. */
/* The widest register has 512 bits, all but the lowest 64 of which are 0 here. */
struct one_reg_data {
	struct kvm_one_reg reg;
	uint64_t value;
	uint64_t rest[7];
};

int64_t uapi_get_reg(struct world *world, struct realm *realm, struct vcpu *vcpu, uint64_t id,
		     uint64_t *value)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_GET_ONE_REG");
	struct one_reg_data data = {
		.reg = {.id = id, .addr = world->scratch + offsetof(struct one_reg_data, value)}};
	int64_t ret = ioctl_data(world, &scope, vcpu->fd, KVM_GET_ONE_REG, &data, sizeof(data));

	ret = ioctl_result(world, scope.tid, ret, &data, sizeof(data));
	*value = ret < 0 ? 0 : data.value;
	return ret;
}

int64_t uapi_set_reg(struct world *world, struct realm *realm, struct vcpu *vcpu, uint64_t id,
		     uint64_t value)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_SET_ONE_REG");
	struct one_reg_data data = {
		.reg = {.id = id, .addr = world->scratch + offsetof(struct one_reg_data, value)},
		.value = value};

	return ioctl_data(world, &scope, vcpu->fd, KVM_SET_ONE_REG, &data, sizeof(data));
}

int64_t uapi_get_events(struct world *world, struct realm *realm, struct vcpu *vcpu, bool *serror,
			bool *ext_dabt)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_GET_VCPU_EVENTS");
	struct kvm_vcpu_events args = {0};
	int64_t ret = sys_ioctl(world, &scope, vcpu->fd, KVM_GET_VCPU_EVENTS, world->scratch);

	ret = ioctl_result(world, scope.tid, ret, &args, sizeof(args));
	*serror = args.exception.serror_pending;
	*ext_dabt = args.exception.ext_dabt_pending;
	return ret;
}

int64_t uapi_set_events(struct world *world, struct realm *realm, struct vcpu *vcpu, int32_t tid,
			bool serror, bool ext_dabt)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_SET_VCPU_EVENTS");
	struct kvm_vcpu_events args = {
		.exception = {.serror_pending = serror, .ext_dabt_pending = ext_dabt}};

	scope.tid = tid;
	return ioctl_data(world, &scope, vcpu->fd, KVM_SET_VCPU_EVENTS, &args, sizeof(args));
}

int64_t uapi_psci_complete(struct world *world, struct realm *realm, struct vcpu *vcpu,
			   uint64_t mpidr, uint32_t status)
{
	struct sys_scope scope = scope_none(world, realm, "KVM_ARM_VCPU_RMM_PSCI_COMPLETE");
	struct kvm_arm_rmm_psci_complete args = {.target_mpidr = mpidr, .psci_status = status};

	return ioctl_data(world, &scope, vcpu->fd, world->uapi->psci_complete, &args, sizeof(args));
}

enum uapi_exit uapi_exit_class(uint32_t reason)
{
	switch (reason) {
	case KVM_EXIT_MEMORY_FAULT:
		return UAPI_EXIT_MEMORY_FAULT;
	case KVM_EXIT_MMIO:
		return UAPI_EXIT_MMIO;
	case KVM_EXIT_SHUTDOWN:
	case KVM_EXIT_SYSTEM_EVENT:
		return UAPI_EXIT_SHUTDOWN;
	case KVM_EXIT_HYPERCALL:
		return UAPI_EXIT_HYPERCALL;
	case KVM_EXIT_INTERNAL_ERROR:
	case KVM_EXIT_FAIL_ENTRY:
		return UAPI_EXIT_ERROR;
	default:
		return UAPI_EXIT_OTHER;
	}
}

const char *step_exit_reason_name(uint32_t reason)
{
	switch (reason) {
	case KVM_EXIT_UNKNOWN:
		return "unknown";
	case KVM_EXIT_EXCEPTION:
		return "exception";
	case KVM_EXIT_HYPERCALL:
		return "hypercall";
	case KVM_EXIT_DEBUG:
		return "debug";
	case KVM_EXIT_MMIO:
		return "mmio";
	case KVM_EXIT_SHUTDOWN:
		return "shutdown";
	case KVM_EXIT_FAIL_ENTRY:
		return "fail_entry";
	case KVM_EXIT_INTR:
		return "intr";
	case KVM_EXIT_INTERNAL_ERROR:
		return "internal_error";
	case KVM_EXIT_SYSTEM_EVENT:
		return "system_event";
	case KVM_EXIT_ARM_NISV:
		return "arm_nisv";
	case KVM_EXIT_MEMORY_FAULT:
		return "memory_fault";
	default:
		return NULL;
	}
}

/* As much of kvm_run as any exit that is decoded here needs. */
#define RUN_HEAD                                                                                   \
	(offsetof(struct kvm_run, system_event) + sizeof(((struct kvm_run *)0)->system_event))

static void exit_decode(const struct kvm_run *run, struct step_exit *exit)
{
	uint64_t data = 0;

	exit->reason = run->exit_reason;
	switch (run->exit_reason) {
	case KVM_EXIT_MEMORY_FAULT:
		exit->gpa = run->memory_fault.gpa;
		exit->size = run->memory_fault.size;
		exit->is_private = run->memory_fault.flags & KVM_MEMORY_EXIT_FLAG_PRIVATE;
		break;
	case KVM_EXIT_MMIO:
		exit->gpa = run->mmio.phys_addr;
		exit->size = run->mmio.len;
		exit->is_write = run->mmio.is_write;
		if (exit->is_write && exit->size <= sizeof(run->mmio.data))
			memcpy(&data, run->mmio.data, exit->size);
		exit->data = data;
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		exit->data = run->system_event.type;
		break;
	case KVM_EXIT_HYPERCALL:
		exit->data = run->hypercall.nr;
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		exit->data = run->internal.suberror;
		break;
	default:
		break;
	}
}

int64_t uapi_run(struct world *world, struct realm *realm, struct vcpu *vcpu, uint64_t start,
		 uint64_t end, struct step_exit *exit)
{
	const struct sys_scope scope = {
		.name = "KVM_RUN", .tid = vcpu->tid, .rd = realm->rd, .start = start, .end = end};
	struct kvm_run run;
	int64_t ret = sys_ioctl(world, &scope, vcpu->fd, KVM_RUN, 0);

	memset(exit, 0, sizeof(*exit));
	exit->err = ret < 0 ? (int)ret : 0;
	if (world->dead || !vcpu->run)
		return ret;
	if (sys_user_read(world, vcpu->tid, vcpu->run, &run, RUN_HEAD) != (int64_t)RUN_HEAD)
		return -EFAULT;
	exit_decode(&run, exit);
	if (!ret && exit->reason == KVM_EXIT_MEMORY_FAULT && world->uapi->fault_returns_0) {
		ret = -EFAULT;
		exit->err = -EFAULT;
	}
	if (trace_wants(world->trace, TRACE_EXIT)) {
		struct trace_event event = {
			.kind = TRACE_EXIT,
			.actor = vcpu->tid,
			.value = {exit->reason, exit->gpa, exit->size,
				  exit->is_private || exit->is_write},
			.result = {(uint64_t)ret},
			.name = step_exit_reason_name(exit->reason),
		};

		trace_emit(world->trace, &event);
	}
	return ret;
}

int64_t uapi_set_immediate_exit(struct world *world, struct vcpu *vcpu, bool on)
{
	uint8_t value = on;
	int64_t ret = sys_user_write(world, vcpu->tid,
				     vcpu->run + offsetof(struct kvm_run, immediate_exit), &value,
				     sizeof(value));

	return ret == sizeof(value) ? 0 : -EFAULT;
}

int64_t uapi_answer_mmio(struct world *world, struct vcpu *vcpu, uint64_t value)
{
	int64_t ret =
		sys_user_write(world, vcpu->tid, vcpu->run + offsetof(struct kvm_run, mmio.data),
			       &value, sizeof(value));

	return ret == sizeof(value) ? 0 : -EFAULT;
}

/* The kernel rounds the length of a mapping up to its pages. */
static struct sys_scope scope_pages(const struct world *world, int32_t tid,
				    const struct realm *realm, const char *name, uint64_t base,
				    uint64_t size)
{
	uint64_t mask = world->page_size - 1;
	bool any = realm->aliased;

	/* What a call by hand made a slot of may be any memory of the VMM's, another realm's too. */
	for (unsigned int i = 0; i < world->num_realms; i++)
		any |= world->realms[i].raw;
	if (any)
		return (struct sys_scope){.name = name, .tid = tid, .end = UINT64_MAX};
	return scope_range(tid, realm, name, base,
			   size + mask < size ? size : (size + mask) & ~mask);
}

int64_t uapi_mmap(struct world *world, struct realm *realm, int32_t tid, uint64_t addr,
		  uint64_t size, uint64_t base)
{
	struct sys_scope scope = scope_pages(world, tid, realm, "mmap", base, size);

	scope.positive = true;
	return sys_mmap(world, &scope, addr, size, USER_PROT_READ_WRITE,
			USER_MAP_SHARED | USER_MAP_ANONYMOUS | USER_MAP_FIXED, -1, 0);
}

int64_t uapi_munmap(struct world *world, struct realm *realm, int32_t tid, uint64_t addr,
		    uint64_t size, uint64_t base)
{
	struct sys_scope scope = scope_pages(world, tid, realm, "munmap", base, size);

	return sys_munmap(world, &scope, addr, size);
}

int64_t uapi_madvise(struct world *world, struct realm *realm, int32_t tid, uint64_t addr,
		     uint64_t size, uint64_t base, enum step_advice advice)
{
	static const uint32_t numbers[] = {
		[STEP_MADV_DONTNEED] = USER_MADV_DONTNEED,
		[STEP_MADV_REMOVE] = USER_MADV_REMOVE,
		[STEP_MADV_HUGEPAGE] = USER_MADV_HUGEPAGE,
		[STEP_MADV_COLLAPSE] = USER_MADV_COLLAPSE,
		[STEP_MADV_PAGEOUT] = USER_MADV_PAGEOUT,
	};
	struct sys_scope scope = scope_pages(world, tid, realm, "madvise", base, size);

	return sys_madvise(world, &scope, addr, size, numbers[advice]);
}

int64_t uapi_oom_reap(struct world *world, struct realm *realm, int32_t tid, uint64_t addr,
		      uint64_t size, uint64_t base)
{
	struct sys_scope scope = scope_pages(world, tid, realm, "oom_reap", base, size);

	return sys_oom_reap(world, &scope, addr, size);
}

int64_t uapi_mmap_anonymous(struct world *world, uint64_t addr, uint64_t size)
{
	struct sys_scope scope = scope_none(world, NULL, "mmap");

	scope.positive = true;
	return sys_mmap(world, &scope, addr, size, USER_PROT_READ_WRITE,
			USER_MAP_SHARED | USER_MAP_ANONYMOUS | USER_MAP_FIXED, -1, 0);
}

int64_t uapi_mmap_file(struct world *world, int32_t fd, uint64_t addr, uint64_t size)
{
	struct sys_scope scope = scope_none(world, NULL, "mmap");

	scope.positive = true;
	return sys_mmap(world, &scope, addr, size, USER_PROT_READ_WRITE,
			USER_MAP_SHARED | USER_MAP_FIXED, fd, 0);
}

int64_t uapi_munmap_file(struct world *world, uint64_t addr, uint64_t size)
{
	/* The mapping may be what holds the VM. */
	const struct sys_scope scope = {.name = "munmap", .tid = world->tid, .end = UINT64_MAX};

	return sys_munmap(world, &scope, addr, size);
}

bool uapi_ioctl_is_plain(const struct uapi *uapi, enum step_ioctl request)
{
	switch (request) {
	case STEP_IOCTL_ENABLE_CAP:
	case STEP_IOCTL_ARM_VCPU_INIT:
	case STEP_IOCTL_ARM_VCPU_FINALIZE:
	case STEP_IOCTL_ARM_VCPU_RMM_PSCI_COMPLETE:
		return uapi->series == 10;
	default:
		return true;
	}
}

uint32_t uapi_ioctl_number(enum step_ioctl request)
{
	static const uint32_t numbers[STEP_NUM_IOCTLS] = {
		[STEP_IOCTL_CREATE_VM] = KVM_CREATE_VM,
		[STEP_IOCTL_CHECK_EXTENSION] = KVM_CHECK_EXTENSION,
		[STEP_IOCTL_CREATE_VCPU] = KVM_CREATE_VCPU,
		[STEP_IOCTL_SET_USER_MEMORY_REGION2] = KVM_SET_USER_MEMORY_REGION2,
		[STEP_IOCTL_ENABLE_CAP] = KVM_ENABLE_CAP,
		[STEP_IOCTL_CREATE_GUEST_MEMFD] = KVM_CREATE_GUEST_MEMFD,
		[STEP_IOCTL_SET_MEMORY_ATTRIBUTES] = KVM_SET_MEMORY_ATTRIBUTES,
		[STEP_IOCTL_CREATE_DEVICE] = KVM_CREATE_DEVICE,
		[STEP_IOCTL_SET_DEVICE_ATTR] = KVM_SET_DEVICE_ATTR,
		[STEP_IOCTL_RUN] = KVM_RUN,
		[STEP_IOCTL_GET_ONE_REG] = KVM_GET_ONE_REG,
		[STEP_IOCTL_SET_ONE_REG] = KVM_SET_ONE_REG,
		[STEP_IOCTL_ARM_VCPU_INIT] = KVM_ARM_VCPU_INIT,
		[STEP_IOCTL_ARM_VCPU_FINALIZE] = KVM_ARM_VCPU_FINALIZE,
		[STEP_IOCTL_GET_VCPU_EVENTS] = KVM_GET_VCPU_EVENTS,
		[STEP_IOCTL_SET_VCPU_EVENTS] = KVM_SET_VCPU_EVENTS,
		[STEP_IOCTL_ARM_VCPU_RMM_PSCI_COMPLETE] = KVM_ARM_VCPU_RMM_PSCI_COMPLETE,
	};

	return numbers[request];
}

int64_t uapi_ioctl(struct world *world, struct realm *realm, const char *name, int32_t tid,
		   int32_t fd, uint32_t number, uint64_t arg)
{
	/* Nothing is known of the range that it is for. */
	const struct sys_scope scope = {
		.name = name, .tid = tid, .rd = realm->rd, .end = UINT64_MAX, .positive = true};

	return sys_ioctl(world, &scope, fd, number, arg);
}

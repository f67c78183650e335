/* SPDX-License-Identifier: BSD-3-Clause */
/* lifecycle.c - from an open /dev/kvm to a running realm, and back. */
#include "world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "steps.h"

static int64_t create_vm(struct world *world, struct realm *realm, uint64_t type, bool slots)
{
	const bool is_realm = uapi_vm_type_is_realm(type);
	const uint8_t ipa_bits = uapi_vm_type_ipa_bits(type);
	int64_t ret = uapi_create_vm(world, type);

	if (ret < 0)
		return ret;
	realm->vm_fd = (int32_t)ret;
	contract_vm(world->contract, realm->index, !is_realm ? 0 : ipa_bits ? ipa_bits : 40);
	realm->irqchip_fd = -1;
	realm->vm_made = true;
	realm->is_realm = is_realm;
	realm->ipa_bits = ipa_bits;
	realm->configured = false;
	realm->irqchip_decided = false;
	realm->irqchip_done = false;
	realm->rd = 0;
	realm->first = (struct first_run){0};
	realm->num_slots = 0;
	realm->aliased = realm->raw = false;
	realm->num_vcpus = 0;
	for (size_t i = 0; slots && i < realm->config.num_slots; i++) {
		const struct world_slot *from = &realm->config.slots[i];
		struct slot *slot = &realm->slots[realm->num_slots++];

		*slot = (struct slot){.id = (uint32_t)i,
				      .base = from->base,
				      .size = from->size,
				      .gmem_offset = from->gmem_offset,
				      .readonly = from->readonly,
				      .gmem_fd = -1};
		ret = memory_slot_add(world, realm, slot, !from->no_gmem,
				      is_realm && !realm->config.shared_at_first);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int lifecycle_create_vm(struct world *world, struct realm *realm, int64_t *ret)
{
	*ret = create_vm(world, realm, uapi_vm_type(true, realm->config.ipa_bits), true);
	return 0;
}

int vmm_create_vm(struct world *world, struct step_call *call, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	const struct step_value *args = call->args;
	uint8_t ipa_bits = args[CREATE_VM_IPA_BITS].given ? (uint8_t)args[CREATE_VM_IPA_BITS].number
							  : realm->config.ipa_bits;

	if (realm->vm_fd >= 0)
		return world_error(error, -EEXIST,
				   "%s: realm '%s' has a VM already; vmm.close ends it",
				   call->def->name, realm->config.name);
	return world_answer(
		world, call,
		create_vm(world, realm,
			  uapi_vm_type(args[CREATE_VM_TYPE].number == CREATE_VM_TYPE_REALM,
				       ipa_bits) |
				  args[CREATE_VM_TYPE_BITS].number,
			  args[CREATE_VM_SLOTS].number),
		error);
}

int vmm_check_extension(struct world *world, struct step_call *call, char **error)
{
	const struct step_value *args = call->args;
	int32_t fd = args[CHECK_EXTENSION_FD].number == CHECK_EXTENSION_FD_SYSTEM
			     ? world->kvm_fd
			     : world_call_realm(world, call)->vm_fd;
	int64_t ret;

	if (args[CHECK_EXTENSION_NUMBER].given)
		ret = uapi_check_extension_number(world, fd, args[CHECK_EXTENSION_NUMBER].number);
	else
		ret = uapi_check_extension(world, fd,
					   (enum step_cap)args[CHECK_EXTENSION_NAME].number);
	call->result.value = ret < 0 ? 0 : (uint64_t)ret;
	return world_answer(world, call, ret, error);
}

static int64_t irqchip_create(struct world *world, struct realm *realm, bool gicv3)
{
	int64_t ret = uapi_create_irqchip(world, realm, gicv3);

	if (ret < 0)
		return ret;
	realm->irqchip_fd = (int32_t)ret;
	return 0;
}

int vmm_create_irqchip(struct world *world, struct step_call *call, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	uint64_t kind = call->args[IRQCHIP_KIND].number;
	uint64_t init = call->args[IRQCHIP_INIT].number;
	int64_t ret;

	realm->irqchip_decided = true;
	if (kind == IRQCHIP_KIND_NONE) {
		realm->irqchip_done = true;
		return 0;
	}
	ret = irqchip_create(world, realm, kind == IRQCHIP_KIND_GICV3);
	if (ret >= 0 && init == IRQCHIP_INIT_NOW)
		ret = uapi_init_irqchip(world, realm);
	if (ret < 0 || init != IRQCHIP_INIT_FIRST_RUN)
		realm->irqchip_done = true;
	return world_answer(world, call, ret, error);
}

int64_t lifecycle_before_run(struct world *world, struct realm *realm)
{
	int64_t ret = 0;

	if (realm->irqchip_done || realm->vm_fd < 0)
		return 0;
	/* One that was made, but could not be initialised, is there already. */
	if (!realm->irqchip_decided && realm->irqchip_fd < 0)
		ret = irqchip_create(world, realm, true);
	if (ret >= 0)
		ret = uapi_init_irqchip(world, realm);
	if (ret < 0)
		return ret;
	realm->irqchip_decided = true;
	realm->irqchip_done = true;
	return 0;
}

/* Bytes from hexadecimal digits, at most `max`; their number, or -EINVAL with *error. */
static int64_t hex_bytes(const struct step_call *call, const char *digits, uint8_t *bytes,
			 size_t max, char **error)
{
	size_t num = 0;

	for (const char *p = digits; *p; p++) {
		static const char hex[] = "0123456789abcdef";
		const char *digit;

		if (*p == ' ' || *p == '_')
			continue;
		digit = strchr(hex, *p >= 'A' && *p <= 'F' ? *p - 'A' + 'a' : *p);
		if (!digit)
			return world_error(error, -EINVAL, "%s: '%c' is no hexadecimal digit",
					   call->def->name, *p);
		if (num == 2 * max)
			return world_error(error, -EINVAL, "%s: more than %zu hexadecimal digits",
					   call->def->name, 2 * max);
		if (num % 2)
			bytes[num / 2] |= (uint8_t)(digit - hex);
		else
			bytes[num / 2] = (uint8_t)((digit - hex) << 4);
		num++;
	}
	if (num % 2)
		return world_error(error, -EINVAL, "%s: an odd number of hexadecimal digits",
				   call->def->name);
	return (int64_t)(num / 2);
}

/* What the realm's VM answered, if it has one. */
static int64_t told(struct world *world, struct realm *realm,
		    const struct contract_request *request, int64_t ret)
{
	if (realm->vm_fd >= 0)
		contract_answer(world->contract, realm->index, request, ret);
	return ret;
}

static int64_t told_of(struct world *world, struct realm *realm, enum contract_call call,
		       int64_t ret)
{
	return told(world, realm, &(struct contract_request){.call = call}, ret);
}

static int64_t finalize_vcpu(struct world *world, struct vcpu *vcpu)
{
	return told(world, vcpu->realm,
		    &(struct contract_request){.call = CONTRACT_FINALIZE, .vcpu = vcpu->index},
		    uapi_finalize_vcpu(world, vcpu->realm, vcpu, uapi_feature_rec(world->uapi)));
}

static int64_t config_all(struct world *world, struct realm *realm, bool hash, uint32_t algo,
			  const uint8_t *rpv)
{
	int64_t ret = 0;

	if (hash)
		ret = told_of(world, realm, CONTRACT_CONFIG, uapi_config_hash(world, realm, algo));
	if (ret >= 0 && rpv)
		ret = told_of(world, realm, CONTRACT_CONFIG, uapi_config_rpv(world, realm, rpv));
	return ret;
}

int vmm_config(struct world *world, struct step_call *call, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	const struct step_value *args = call->args;
	bool any = args[CONFIG_HASH].given || args[CONFIG_RPV].given;
	uint8_t bytes[64] = {0};
	int64_t ret;

	if (uapi_first_run_activates(world->uapi))
		return first_run_config(world, call, error);
	realm->configured = true;
	if (args[CONFIG_ITEM].given) {
		ret = uapi_config_item(world, realm, (uint32_t)args[CONFIG_ITEM].number,
				       (uint32_t)args[CONFIG_VALUE].number);
		return world_answer(world, call, told_of(world, realm, CONTRACT_CONFIG, ret),
				    error);
	}
	if (!any) {
		ret = config_all(world, realm, true, realm->config.hash_algo,
				 realm->config.has_rpv ? realm->config.rpv : NULL);
		return world_answer(world, call, ret, error);
	}
	if (args[CONFIG_RPV].given) {
		ret = hex_bytes(call, args[CONFIG_RPV].string, bytes, sizeof(bytes), error);
		if (ret < 0)
			return (int)ret;
	}
	ret = config_all(world, realm, args[CONFIG_HASH].given, (uint32_t)args[CONFIG_HASH].number,
			 args[CONFIG_RPV].given ? bytes : NULL);
	return world_answer(world, call, ret, error);
}

int vmm_create_realm(struct world *world, struct step_call *call, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	int64_t ret = 0;

	if (uapi_first_run_activates(world->uapi))
		return first_run_create_realm(world, call, error);
	if (call->args[CREATE_REALM_CONFIG].number && !realm->configured) {
		ret = config_all(world, realm, true, realm->config.hash_algo,
				 realm->config.has_rpv ? realm->config.rpv : NULL);
		realm->configured = ret >= 0;
	}
	if (ret >= 0)
		ret = told_of(world, realm, CONTRACT_CREATE, uapi_create_realm(world, realm));
	return world_answer(world, call, ret, error);
}

/* The next vCPU, or one that failed half-way, with its thread and its kvm_run. */
static int64_t vcpu_create(struct world *world, struct realm *realm, unsigned int index)
{
	struct vcpu *vcpu = &realm->vcpus[index];
	int64_t ret = 0;

	if (index == realm->num_vcpus) {
		ret = uapi_create_vcpu(world, realm, index);
		if (ret < 0)
			return ret;
		*vcpu = (struct vcpu){.realm = realm,
				      .index = index,
				      .fd = (int32_t)ret,
				      .tid = world->tid,
				      .unfinished = true};
		realm->num_vcpus = index + 1;
		guest_reset(&vcpu->guest);
	}
	if (vcpu->stage == VCPU_MADE) {
		ret = world->kvm->thread_create(world->tid);
		if (ret < 0)
			return ret;
		vcpu->tid = (int32_t)ret;
		vcpu->stage = VCPU_THREAD;
	}
	if (vcpu->stage == VCPU_THREAD) {
		vcpu->run = world_user_alloc(world, world->run_size);
		ret = uapi_mmap_file(world, vcpu->fd, vcpu->run, world->run_size);
		if (ret < 0)
			vcpu->run = 0;
		else
			vcpu->stage = VCPU_MAPPED;
	}
	return ret;
}

/* Registers as a boot loader's contract has them. */
static int64_t vcpu_registers(struct world *world, struct realm *realm, struct vcpu *vcpu,
			      uint64_t pc)
{
	int64_t ret = 0;

	for (unsigned int i = 0; i <= 3 && ret >= 0; i++)
		ret = uapi_set_reg(world, realm, vcpu, uapi_reg_id(i), 0);
	if (ret >= 0)
		ret = uapi_set_reg(world, realm, vcpu, uapi_reg_id(STEP_REG_PC), pc);
	return ret;
}

static int realm_grow(struct realm *realm, unsigned int count)
{
	struct vcpu *grown;

	if (count <= realm->max_vcpus)
		return 0;
	grown = realloc(realm->vcpus, count * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	realm->vcpus = grown;
	realm->max_vcpus = count;
	return 0;
}

int vmm_create_vcpus(struct world *world, struct step_call *call, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	const struct step_value *args = call->args;
	unsigned int count = args[CREATE_VCPUS_COUNT].given
				     ? (unsigned int)args[CREATE_VCPUS_COUNT].number
				     : realm->config.vcpus;
	uint64_t pc = args[CREATE_VCPUS_PC].number;
	const bool wanted =
		uapi_first_run_activates(world->uapi) && args[CREATE_VCPUS_FINALIZE].number;
	unsigned int first = 0;
	unsigned int features = (args[CREATE_VCPUS_PSCI].number ? UAPI_VCPU_PSCI : 0) |
				(args[CREATE_VCPUS_PMU].number ? UAPI_VCPU_PMU : 0) |
				(args[CREATE_VCPUS_SVE].number ? UAPI_VCPU_SVE : 0);
	bool rec = args[CREATE_VCPUS_REC].given ? args[CREATE_VCPUS_REC].number : realm->is_realm;
	int64_t ret = 0;

	if (!args[CREATE_VCPUS_PC].given && realm->config.num_slots)
		pc = realm->config.slots[0].base;
	if (uapi_first_run_activates(world->uapi) && rec != realm->is_realm)
		return world_error(error, -EOPNOTSUPP,
				   "%s: KVM's interface of era %s: every vCPU of a realm is a REC",
				   call->def->name, uapi_era_name(world->uapi));
	if (realm_grow(realm, count))
		return world_error(error, -ENOMEM, "out of memory");
	/* What failed before is taken up where it was left. */
	while (first < realm->num_vcpus && !realm->vcpus[first].unfinished)
		first++;
	if (rec && wanted && first < count) {
		int err = first_run_may_finalize(world, call, realm, first, error);

		if (err)
			return err;
	}
	for (unsigned int i = first; i < count && ret >= 0; i++) {
		struct vcpu *vcpu = &realm->vcpus[i];

		ret = vcpu_create(world, realm, i);
		if (ret < 0)
			break;
		if (vcpu->stage != VCPU_READY) {
			ret = uapi_init_vcpu(world, realm, vcpu, rec, features);
			if (ret >= 0)
				ret = vcpu_registers(world, realm, vcpu, i ? 0 : pc);
			if (ret >= 0)
				vcpu->stage = VCPU_READY;
		}
		if (ret >= 0)
			call->result.done++;
	}
	/* Finalized in the order of their numbers, as REC indices demand. */
	for (unsigned int i = first; i < count && ret >= 0; i++) {
		if (rec && wanted) {
			int err = first_run_finalize(world, call, &realm->vcpus[i], error);

			if (err)
				return err;
		} else if (rec && args[CREATE_VCPUS_FINALIZE].number) {
			ret = finalize_vcpu(world, &realm->vcpus[i]);
		}
		if (ret >= 0)
			realm->vcpus[i].unfinished = false;
	}
	return world_answer(world, call, ret, error);
}

int vmm_finalize_vcpu(struct world *world, struct step_call *call, char **error)
{
	const struct step_value *feature = &call->args[FINALIZE_FEATURE];
	struct vcpu *vcpu;
	int err = world_vcpu(world, call, &vcpu, error);

	if (err)
		return err;
	if (uapi_first_run_activates(world->uapi) &&
	    (!feature->given || feature->number == uapi_feature_rec(world->uapi)))
		return first_run_finalize(world, call, vcpu, error);
	return world_answer(
		world, call,
		feature->given && feature->number != uapi_feature_rec(world->uapi)
			? uapi_finalize_vcpu(world, vcpu->realm, vcpu, (uint32_t)feature->number)
			: finalize_vcpu(world, vcpu),
		error);
}

int vmm_init_ripas(struct world *world, struct step_call *call, char **error)
{
	uint64_t base = call->args[RANGE_BASE].number, size = call->args[RANGE_SIZE].number;
	int64_t ret;

	if (uapi_first_run_activates(world->uapi))
		return first_run_init_ripas(world, call, error);
	ret = told(
		world, world_call_realm(world, call),
		&(struct contract_request){.call = CONTRACT_INIT_RIPAS, .base = base, .size = size},
		uapi_init_ripas(world, world_call_realm(world, call), base, size));
	contract_init_ripas(world->contract, call->realm, base, size, ret);
	return world_answer(world, call, ret, error);
}

int vmm_populate(struct world *world, struct step_call *call, char **error)
{
	const struct step_value *args = call->args;
	uint32_t flags = args[POPULATE_MEASURE].number ? uapi_populate_flag_measure() : 0;
	int64_t ret;

	if (args[POPULATE_FLAGS].given)
		flags = (uint32_t)args[POPULATE_FLAGS].number;
	if (uapi_first_run_activates(world->uapi))
		return first_run_populate(world, call, flags, error);
	ret = uapi_populate(world, world_call_realm(world, call), args[RANGE_BASE].number,
			    args[RANGE_SIZE].number, flags, &call->result.done);
	(void)told(
		world, world_call_realm(world, call),
		&(struct contract_request){.call = CONTRACT_POPULATE,
					   .base = args[RANGE_BASE].number,
					   .size = args[RANGE_SIZE].number,
					   .flags_known = !(flags & ~uapi_populate_flag_measure())},
		ret);
	contract_populate(world->contract, call->realm, args[RANGE_BASE].number,
			  args[RANGE_SIZE].number, ret);
	return world_answer(world, call, ret, error);
}

int vmm_activate(struct world *world, struct step_call *call, char **error)
{
	if (uapi_first_run_activates(world->uapi))
		return first_run_activate(world, call, error);
	return world_answer(world, call,
			    told_of(world, world_call_realm(world, call), CONTRACT_ACTIVATE,
				    uapi_activate(world, world_call_realm(world, call))),
			    error);
}

int vmm_run(struct world *world, struct step_call *call, char **error)
{
	struct vcpu *vcpu;
	int err = world_vcpu(world, call, &vcpu, error);

	if (!err)
		err = first_run_ready(world, call, vcpu->realm, error);
	if (err)
		return err;
	if (call->args[RUN_IMMEDIATE_EXIT].number) {
		int64_t ret = uapi_set_immediate_exit(world, vcpu, true);

		if (ret < 0)
			return world_answer(world, call, ret, error);
	}
	err = run_once(world, call, vcpu, error);
	if (call->args[RUN_IMMEDIATE_EXIT].number) {
		int64_t ret = uapi_set_immediate_exit(world, vcpu, false);

		if (!err && ret < 0)
			return world_answer(world, call, ret, error);
	}
	return err;
}

int vmm_smccc_filter(struct world *world, struct step_call *call, char **error)
{
	const struct step_value *args = call->args;

	return world_answer(world, call,
			    uapi_set_smccc_filter(world, world_call_realm(world, call),
						  (uint32_t)args[FILTER_FUNCTION].number,
						  (uint32_t)args[FILTER_COUNT].number,
						  (uint8_t)args[FILTER_ACTION].number),
			    error);
}

int vmm_one_reg(struct world *world, struct step_call *call, char **error)
{
	const struct step_value *args = call->args;
	uint64_t id = args[ONE_REG_ID].given ? args[ONE_REG_ID].number
					     : uapi_reg_id((unsigned int)args[ONE_REG_NAME].number);
	struct vcpu *vcpu;
	int64_t ret;
	int err = world_vcpu(world, call, &vcpu, error);

	if (err)
		return err;
	if (args[ONE_REG_VALUE].given)
		ret = uapi_set_reg(world, vcpu->realm, vcpu, id, args[ONE_REG_VALUE].number);
	else
		ret = uapi_get_reg(world, vcpu->realm, vcpu, id, &call->result.value);
	return world_answer(world, call, ret, error);
}

int vmm_vcpu_events(struct world *world, struct step_call *call, char **error)
{
	const struct step_value *args = call->args;
	bool serror = args[VCPU_EVENTS_SERROR].number, ext_dabt = args[VCPU_EVENTS_EXT_DABT].number;
	struct vcpu *vcpu;
	int64_t ret;
	int err = world_vcpu(world, call, &vcpu, error);

	if (err)
		return err;
	if (!args[VCPU_EVENTS_GET].number) {
		ret = uapi_set_events(world, vcpu->realm, vcpu, world->tid, serror, ext_dabt);
	} else {
		ret = uapi_get_events(world, vcpu->realm, vcpu, &serror, &ext_dabt);
		call->result.value = (uint64_t)serror | (uint64_t)ext_dabt << 1;
	}
	return world_answer(world, call, ret, error);
}

int vmm_psci_complete(struct world *world, struct step_call *call, char **error)
{
	static const int32_t statuses[] = {0, -3, -2};
	const struct step_value *args = call->args;
	uint64_t target = args[PSCI_COMPLETE_TARGET].number;
	uint64_t mpidr = (target & 0xf) | (target >> 4) << 8;
	struct vcpu *vcpu;
	int err = world_vcpu(world, call, &vcpu, error);

	if (err)
		return err;
	if (args[PSCI_COMPLETE_MPIDR].given)
		mpidr = args[PSCI_COMPLETE_MPIDR].number;
	return world_answer(
		world, call,
		uapi_psci_complete(world, vcpu->realm, vcpu, mpidr,
				   (uint32_t)statuses[args[PSCI_COMPLETE_STATUS].number]),
		error);
}

static int64_t close_fd(struct world *world, int32_t *fd)
{
	int64_t ret = sys_close(world, *fd);

	*fd = -1;
	return ret;
}

/* The mapping of kvm_run holds the file as well as the descriptor does. */
static int64_t close_vcpu(struct world *world, struct vcpu *vcpu)
{
	int64_t ret = 0;

	if (vcpu->run)
		ret = uapi_munmap_file(world, vcpu->run, world->run_size);
	/* What could not be unmapped is there as before. */
	if (ret < 0)
		return ret;
	vcpu->run = 0;
	return close_fd(world, &vcpu->fd);
}

/* Slots may share a descriptor. */
static int64_t close_gmem(struct world *world, struct realm *realm, int32_t fd)
{
	int64_t ret = sys_close(world, fd);

	for (unsigned int i = 0; i < realm->num_slots; i++) {
		if (realm->slots[i].gmem_fd == fd)
			realm->slots[i].gmem_fd = -1;
	}
	if (ret >= 0)
		contract_hole(world->contract, realm->index, fd, 0, UINT64_MAX);
	return ret;
}

static int64_t close_everything(struct world *world, struct realm *realm)
{
	int64_t ret = 0;

	for (unsigned int i = 0; i < realm->num_vcpus && ret >= 0; i++) {
		if (realm->vcpus[i].fd >= 0)
			ret = close_vcpu(world, &realm->vcpus[i]);
	}
	for (unsigned int i = 0; i < realm->num_slots && ret >= 0; i++) {
		if (realm->slots[i].gmem_fd >= 0)
			ret = close_gmem(world, realm, realm->slots[i].gmem_fd);
	}
	if (ret >= 0 && realm->irqchip_fd >= 0)
		ret = close_fd(world, &realm->irqchip_fd);
	if (ret >= 0 && realm->vm_fd >= 0)
		ret = close_fd(world, &realm->vm_fd);
	return ret;
}

int vmm_close(struct world *world, struct step_call *call, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	uint32_t id = (uint32_t)call->args[CLOSE_SLOT].number;
	struct slot *slot;
	struct vcpu *vcpu;
	int64_t ret = -EBADF;
	int err;

	switch (call->args[CLOSE_WHAT].number) {
	case CLOSE_WHAT_VCPU:
		err = world_vcpu(world, call, &vcpu, error);
		if (err)
			return err;
		ret = close_vcpu(world, vcpu);
		break;
	case CLOSE_WHAT_VM:
		ret = close_fd(world, &realm->vm_fd);
		break;
	case CLOSE_WHAT_GMEM:
		slot = world_slot(realm, id);
		if (!slot || slot->gmem_fd < 0)
			return world_error(error, -ENOENT, "%s: slot %u has no open guest_memfd",
					   call->def->name, id);
		ret = close_gmem(world, realm, slot->gmem_fd);
		break;
	default:
		ret = close_everything(world, realm);
		break;
	}
	world_refresh_rd(world, realm);
	return world_answer(world, call, ret, error);
}

int vmm_ioctl(struct world *world, struct step_call *call, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	const struct step_value *args = call->args;
	const enum step_ioctl request = (enum step_ioctl)args[IOCTL_REQUEST].number;
	const bool by_number = args[IOCTL_NUMBER].given || request == STEP_IOCTL_NUMBER;
	/* As the request is called, so that an error is judged as one of that call. */
	const char *name = by_number ? "ioctl" : call->def->params[IOCTL_REQUEST].names[request];
	uint32_t number = (uint32_t)args[IOCTL_NUMBER].number;
	uint64_t arg = args[IOCTL_ARG].number;
	int32_t fd = realm->vm_fd, tid = world->tid;
	uint8_t bytes[WORLD_MAX_DATA];
	struct slot *slot;
	struct vcpu *vcpu = NULL;
	uint64_t calls;
	int64_t ret;
	int err;

	if (!by_number && !uapi_ioctl_is_plain(world->uapi, request))
		return world_error(
			error, -EOPNOTSUPP,
			"%s: the bytes of this request are v10's, and KVM's interface is of "
			"era %s",
			call->def->name, uapi_era_name(world->uapi));
	if (!by_number)
		number = uapi_ioctl_number(request);
	switch (args[IOCTL_FD].number) {
	case IOCTL_FD_VCPU:
		err = world_vcpu(world, call, &vcpu, error);
		if (err)
			return err;
		fd = vcpu->fd;
		tid = vcpu->tid;
		break;
	case IOCTL_FD_SYSTEM:
		fd = world->kvm_fd;
		break;
	case IOCTL_FD_DEVICE:
		fd = realm->irqchip_fd;
		break;
	case IOCTL_FD_GMEM:
		slot = world_slot(realm, (uint32_t)args[IOCTL_SLOT].number);
		if (!slot)
			return world_error(error, -ENOENT, "%s: there is no slot %llu",
					   call->def->name,
					   (unsigned long long)args[IOCTL_SLOT].number);
		fd = slot->gmem_fd;
		break;
	default:
		break;
	}
	if (args[IOCTL_DATA].given) {
		ret = hex_bytes(call, args[IOCTL_DATA].string, bytes, sizeof(bytes), error);
		if (ret < 0)
			return (int)ret;
		/* No memory for the buffer: the VMM gets no further than that. */
		if (ret && sys_user_write(world, tid, world->scratch, bytes, (uint64_t)ret) != ret)
			return world_answer(world, call, -EFAULT, error);
		arg = world->scratch;
	}
	calls = machine_num_calls(world->machine);
	/* It may be KVM_RUN. */
	world->running = vcpu;
	ret = uapi_ioctl(world, realm, name, tid, fd, number, arg);
	world->running = NULL;
	/* Whatever it was, nobody here knows what it promised; what fails may have done something before. */
	if (ret >= 0 || machine_num_calls(world->machine) != calls)
		contract_blind(world->contract, call->realm);
	if (ret >= 0)
		realm->raw = true;
	world_refresh_rd(world, realm);
	call->result.value = ret < 0 ? 0 : (uint64_t)ret;
	return world_answer(world, call, ret, error);
}

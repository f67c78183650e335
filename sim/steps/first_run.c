/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * first_run.c - a realm's life where KVM has no calls for it but populating (era D): the first KVM_RUN
 * creates the realm, unless populating did, and its RECs, makes RAM of all slots with a guest_memfd, and
 * activates it.
 *
 * The steps only note what is wanted until vmm.activate, which is that first KVM_RUN, with immediate_exit,
 * so that the guest does not run. A scenario that wants something else than it does is unsupported there.
 */
#include "first_run.h"

#include <errno.h>

#include "steps.h"
#include "world.h"

static int unsupported(const struct world *world, const struct step_call *call, const char *why,
		       char **error)
{
	return world_error(error, -EOPNOTSUPP, "%s: KVM's interface of era %s: %s", call->def->name,
			   uapi_era_name(world->uapi), why);
}

/* Done, as far as it is done now. */
static int wanted(struct step_call *call)
{
	call->result.elsewhere = true;
	call->result.outcome = STEP_OK;
	return 0;
}

int first_run_config(struct world *world, struct step_call *call, char **error)
{
	const struct step_value *args = call->args;
	const struct realm *realm = world_call_realm(world, call);
	bool any = args[CONFIG_HASH].given || args[CONFIG_RPV].given;

	if (args[CONFIG_ITEM].given || args[CONFIG_RPV].given ||
	    (args[CONFIG_HASH].given && args[CONFIG_HASH].number) ||
	    (!any && (realm->config.hash_algo || realm->config.has_rpv)))
		return unsupported(world, call,
				   "a realm cannot be configured: SHA-256, and no personalisation "
				   "value",
				   error);
	return wanted(call);
}

int first_run_create_realm(struct world *world, struct step_call *call, char **error)
{
	struct realm *realm = world_call_realm(world, call);

	if (realm->config.hash_algo || realm->config.has_rpv)
		return unsupported(world, call,
				   "a realm cannot be configured: SHA-256, and no personalisation "
				   "value",
				   error);
	realm->first.create = true;
	return wanted(call);
}

static int add_ram(struct world *world, struct step_call *call, char **error)
{
	struct first_run *first = &world_call_realm(world, call)->first;
	uint64_t base = call->args[RANGE_BASE].number, size = call->args[RANGE_SIZE].number;

	if (first->num_ram == FIRST_RUN_MAX_RAM || base + size < base)
		return unsupported(world, call, "more ranges than can be kept in mind", error);
	first->ram[first->num_ram].base = base;
	first->ram[first->num_ram++].end = base + size;
	return 0;
}

int first_run_init_ripas(struct world *world, struct step_call *call, char **error)
{
	int err;

	if (!world_call_realm(world, call)->first.create)
		return unsupported(world, call,
				   "it has no call for this, and no realm to refuse it", error);
	err = add_ram(world, call, error);
	return err ? err : wanted(call);
}

int first_run_may_finalize(const struct world *world, const struct step_call *call,
			   const struct realm *realm, unsigned int index, char **error)
{
	if (index != realm->first.finalized || !realm->first.create)
		return unsupported(world, call,
				   "the first KVM_RUN makes all RECs, in the order of the vCPUs",
				   error);
	return 0;
}

int first_run_finalize(struct world *world, struct step_call *call, struct vcpu *vcpu, char **error)
{
	int err = first_run_may_finalize(world, call, vcpu->realm, vcpu->index, error);

	if (err)
		return err;
	vcpu->realm->first.finalized++;
	return wanted(call);
}

int first_run_populate(struct world *world, struct step_call *call, uint32_t flags, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	uint64_t base = call->args[RANGE_BASE].number, size = call->args[RANGE_SIZE].number;
	const bool creates = !realm->rd;
	unsigned int calls = 0;
	int64_t ret = 0;
	int err;

	if (!realm->first.create)
		return unsupported(world, call, "populating creates the realm", error);
	/* It goes into memory that is private already, as VMMs of this era have it. */
	if (realm->config.shared_at_first && size) {
		ret = uapi_set_attributes(world, realm, world->tid, base, size,
					  uapi_attribute_private(), 0);
		contract_attributes(world->contract, realm->index, base, size, true, ret);
	}
	while (ret >= 0 && call->result.done < size) {
		uint64_t ipa = base + call->result.done;
		const struct slot *slot = world_slot_at(realm, ipa);
		uint64_t source = slot ? slot->uaddr + (ipa - slot->base) : 0;

		calls++;
		ret = uapi_populate_from(world, realm, ipa, size - call->result.done, source,
					 flags);
		if (!ret)
			ret = -EFAULT;
		if (ret > 0)
			call->result.done += (uint64_t)ret;
	}
	contract_populate(world->contract, realm->index, base, size, ret < 0 ? ret : 0);
	if (ret >= 0) {
		err = add_ram(world, call, error);
		if (err)
			return err;
	}
	/* One call that succeeds means the same in all eras; the first one creates the realm, too. */
	call->result.here = ret >= 0 && calls <= 1 && !creates;
	call->result.elsewhere = !call->result.here;
	return world_answer(world, call, ret < 0 ? ret : 0, error);
}

/* Whether the `num` ranges hold all of [base, end). */
static bool covered(const struct first_run_range *ranges, unsigned int num, uint64_t base,
		    uint64_t end)
{
	bool moved = true;

	while (base < end && moved) {
		moved = false;
		for (unsigned int i = 0; i < num; i++) {
			if (ranges[i].base <= base && base < ranges[i].end) {
				base = ranges[i].end;
				moved = true;
			}
		}
	}
	return base >= end;
}

/* Whether what is to be RAM is all that the guest_memfds can back, and nothing else. */
static bool ram_is_all(const struct realm *realm)
{
	const struct first_run *first = &realm->first;
	struct first_run_range slots[WORLD_MAX_SLOTS];
	unsigned int num = 0;

	for (unsigned int i = 0; i < realm->num_slots; i++) {
		const struct slot *slot = &realm->slots[i];

		if (!slot->added || !slot->added_with_gmem)
			continue;
		slots[num++] = (struct first_run_range){slot->base, slot->base + slot->size};
		if (!covered(first->ram, first->num_ram, slot->base, slot->base + slot->size))
			return false;
	}
	for (unsigned int i = 0; i < first->num_ram; i++) {
		if (!covered(slots, num, first->ram[i].base, first->ram[i].end))
			return false;
	}
	return true;
}

int first_run_activate(struct world *world, struct step_call *call, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	struct step_exit exit;
	struct vcpu *vcpu;
	int64_t ret;

	if (!realm->first.create || !realm->num_vcpus || realm->vcpus[0].fd < 0)
		return unsupported(world, call, "only KVM_RUN of a realm's vCPU activates it",
				   error);
	if (realm->first.finalized != realm->num_vcpus)
		return unsupported(world, call, "the first KVM_RUN makes a REC of every vCPU",
				   error);
	if (!ram_is_all(realm))
		return unsupported(
			world, call,
			"the first KVM_RUN makes RAM of all slots with a guest_memfd, and "
			"the scenario wants something else",
			error);
	ret = lifecycle_before_run(world, realm);
	if (ret < 0)
		return world_answer(world, call, ret, error);
	vcpu = &realm->vcpus[0];
	ret = uapi_set_immediate_exit(world, vcpu, true);
	if (ret >= 0)
		ret = uapi_run(world, realm, vcpu, 0, UINT64_MAX, &exit);
	world_refresh_rd(world, realm);
	if (ret == -EINTR)
		ret = 0;
	if (!world->dead) {
		int64_t back = uapi_set_immediate_exit(world, vcpu, false);

		ret = ret < 0 ? ret : back;
	}
	/* Now it is promised; or nobody knows how far it came. A realm that is active only runs. */
	for (unsigned int i = 0; i < realm->first.num_ram && !realm->first.active; i++)
		contract_init_ripas(world->contract, realm->index, realm->first.ram[i].base,
				    realm->first.ram[i].end - realm->first.ram[i].base, ret);
	realm->first.active |= ret >= 0;
	call->result.elsewhere = true;
	return world_answer(world, call, ret, error);
}

int first_run_ready(const struct world *world, const struct step_call *call,
		    const struct realm *realm, char **error)
{
	if (!world->kvm || !uapi_first_run_activates(world->uapi) || !realm->is_realm ||
	    realm->first.active)
		return 0;
	return unsupported(world, call, "KVM_RUN of a realm that is not active activates it",
			   error);
}

bool world_is_behind(const struct world *world)
{
	for (size_t i = 0; i < world->num_realms; i++) {
		const struct realm *realm = &world->realms[i];

		if (realm->vm_fd >= 0 && realm->first.create && !realm->first.active)
			return true;
	}
	return false;
}

bool world_measures_alike(const struct world *world)
{
	return !world->kvm || !uapi_first_run_activates(world->uapi);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* memory.c - memory slots, attributes, and the VMM's own view of shared memory. */
#include "world.h"

#include <errno.h>
#include <string.h>

#include "steps.h"

/*
 * Whether `slot` is what the VMM means by its addresses: a removed one is hidden by one in its
 * place.
 */
static bool slot_visible(const struct realm *realm, const struct slot *slot)
{
	if (!slot->used)
		return false;
	if (slot->added)
		return true;
	for (unsigned int i = 0; i < realm->num_slots; i++) {
		const struct slot *other = &realm->slots[i];

		if (other->added && other->base < slot->base + slot->size &&
		    slot->base < other->base + other->size)
			return false;
	}
	return true;
}

/* The part of [base, end) that is in slot `i`; false if there is none. */
static bool slot_part(const struct realm *realm, unsigned int i, uint64_t base, uint64_t end,
		      uint64_t *part, uint64_t *size)
{
	const struct slot *slot = &realm->slots[i];
	uint64_t slot_end = slot->base + slot->size;

	if (!slot_visible(realm, slot) || base >= slot_end || end <= slot->base)
		return false;
	*part = base > slot->base ? base : slot->base;
	*size = (end < slot_end ? end : slot_end) - *part;
	return true;
}

/* The system calls with what they promise. */
static int64_t set_slot(struct world *world, struct realm *realm, const struct slot *slot,
			uint64_t size)
{
	int64_t ret = uapi_set_slot(world, realm, slot, size);

	if (ret >= 0)
		contract_slot(world->contract, realm->index, slot->id, slot->base, size,
			      slot->gmem_fd, slot->gmem_offset, slot->uaddr);
	return ret;
}

static int64_t set_attributes(struct world *world, struct realm *realm, int32_t tid, uint64_t base,
			      uint64_t size, uint64_t attributes, uint64_t flags)
{
	int64_t ret = uapi_set_attributes(world, realm, tid, base, size, attributes, flags);

	contract_attributes(world->contract, realm->index, base, size,
			    attributes == uapi_attribute_private(), ret);
	return ret;
}

int64_t memory_slot_add(struct world *world, struct realm *realm, struct slot *slot, bool gmem,
			bool make_private)
{
	int64_t ret;

	if (!slot->uaddr) {
		slot->uaddr = world_user_alloc(world, slot->size);
		ret = uapi_mmap(world, realm, world->tid, slot->uaddr, slot->size, slot->base);
		if (ret < 0)
			return ret;
	}
	slot->used = true;
	if (gmem && slot->gmem_fd < 0) {
		ret = uapi_create_gmem(world, realm, slot->gmem_offset + slot->size);
		if (ret < 0)
			return ret;
		slot->gmem_fd = (int32_t)ret;
	}
	ret = set_slot(world, realm, slot, slot->size);
	if (ret < 0)
		return ret;
	/* Without a size it is deleted. */
	slot->added = slot->size;
	slot->added_with_gmem = slot->added && slot->gmem_fd >= 0;
	if (slot->gmem_fd < 0 || !make_private)
		return 0;
	return set_attributes(world, realm, world->tid, slot->base, slot->size,
			      uapi_attribute_private(), 0);
}

static int slot_add(struct world *world, struct step_call *call, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	const struct step_value *args = call->args;
	struct slot slot = {.base = args[RANGE_BASE].number,
			    .size = args[RANGE_SIZE].number,
			    .gmem_offset = args[ADD_SLOT_GMEM_OFFSET].number,
			    .readonly = args[ADD_SLOT_READONLY].number,
			    .log_dirty = args[ADD_SLOT_LOG_DIRTY].number,
			    .gmem_fd = -1};
	bool gmem = args[ADD_SLOT_GMEM].number;
	bool make_private = args[ADD_SLOT_PRIVATE].given ? args[ADD_SLOT_PRIVATE].number
							 : !realm->config.shared_at_first;
	struct slot *place = NULL;
	int64_t ret;

	if (args[ADD_SLOT_SLOT].given) {
		slot.id = (uint32_t)args[ADD_SLOT_SLOT].number;
	} else {
		while (world_slot(realm, slot.id) && world_slot(realm, slot.id)->added)
			slot.id++;
	}
	if (args[ADD_SLOT_GMEM_OF].given) {
		const struct slot *other =
			world_slot(realm, (uint32_t)args[ADD_SLOT_GMEM_OF].number);

		if (!other)
			return world_error(error, -ENOENT, "%s: there was never a slot %llu",
					   call->def->name,
					   (unsigned long long)args[ADD_SLOT_GMEM_OF].number);
		slot.gmem_fd = other->gmem_fd;
		realm->aliased = true;
		if (slot.size <= other->size)
			slot.uaddr = other->uaddr;
	}
	/*
	 * The number of a slot that is still there is KVM's to judge: what the VMM knows stays as
	 * it is, unless KVM agrees.
	 */
	place = world_slot(realm, slot.id);
	if (!place && realm->num_slots == WORLD_MAX_SLOTS)
		return world_error(error, -ENOSPC, "%s: more than %d slots", call->def->name,
				   WORLD_MAX_SLOTS);
	ret = memory_slot_add(world, realm, &slot, gmem, make_private);
	if (slot.added || !place) {
		if (!place)
			place = &realm->slots[realm->num_slots++];
		*place = slot;
	}
	return world_answer(world, call, ret, error);
}

static int slot_remove(struct world *world, struct step_call *call, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	uint32_t id = (uint32_t)call->args[REMOVE_SLOT_SLOT].number;
	struct slot unknown = {.id = id, .gmem_fd = -1};
	struct slot *slot = world_slot(realm, id);
	int64_t ret;

	/*
	 * A slot that was never there is deleted by its number alone; KVM says what it thinks of
	 * it.
	 */
	ret = set_slot(world, realm, slot ? slot : &unknown, 0);
	if (ret >= 0 && slot)
		slot->added = false;
	return world_answer(world, call, ret, error);
}

static int slots_change(struct world *world, struct step_call *call, char **error,
			step_perform_fn *change)
{
	struct realm *realm = world_call_realm(world, call);
	int err;

	parallel_take(world, &realm->slots_busy);
	err = change(world, call, error);
	realm->slots_busy = false;
	return err;
}

int vmm_add_slot(struct world *world, struct step_call *call, char **error)
{
	return slots_change(world, call, error, slot_add);
}

int vmm_remove_slot(struct world *world, struct step_call *call, char **error)
{
	return slots_change(world, call, error, slot_remove);
}

int vmm_set_attributes(struct world *world, struct step_call *call, char **error)
{
	const struct step_value *args = call->args;
	uint64_t attributes = 0;

	if (args[SET_ATTRIBUTES_BITS].given)
		attributes = args[SET_ATTRIBUTES_BITS].number;
	else if (args[SET_ATTRIBUTES_TO].number == SET_ATTRIBUTES_TO_PRIVATE)
		attributes = uapi_attribute_private();
	return world_answer(world, call,
			    set_attributes(world, world_call_realm(world, call), world->tid,
					   args[RANGE_BASE].number, args[RANGE_SIZE].number,
					   attributes, args[SET_ATTRIBUTES_FLAGS].number),
			    error);
}

enum file_change { FILE_HOLE, FILE_BROKEN };

/* Changes what the guest_memfds hold for [base, base + size). */
static int64_t file_change(struct world *world, struct realm *realm, int32_t tid, uint64_t base,
			   uint64_t size, enum file_change change, bool *found)
{
	uint64_t end = range_end(base, size), part, length;
	int64_t ret = 0;

	*found = false;
	for (unsigned int i = 0; i < realm->num_slots && ret >= 0; i++) {
		const struct slot *slot = &realm->slots[i];
		/* Another thread may put a slot in its place during the call. */
		const int32_t fd = slot->gmem_fd;
		uint64_t offset;

		if (fd < 0 || !slot_part(realm, i, base, end, &part, &length))
			continue;
		*found = true;
		offset = slot->gmem_offset + (part - slot->base);
		if (change == FILE_HOLE) {
			ret = uapi_punch_hole(world, realm, tid, fd, offset, length, part);
			if (ret >= 0)
				contract_hole(world->contract, realm->index, fd, offset, length);
		} else {
			ret = uapi_memory_failure(world, realm, tid, fd, offset, length, part);
			if (ret >= 0)
				contract_broken(world->contract, realm->index, fd, offset, length);
		}
	}
	return ret;
}

static int no_slot(const struct realm *realm, const struct step_call *call, char **error)
{
	return world_error(error, -ENOENT, "%s: no slot of realm '%s' holds any of %#llx+%#llx",
			   call->def->name, realm->config.name,
			   (unsigned long long)call->args[RANGE_BASE].number,
			   (unsigned long long)call->args[RANGE_SIZE].number);
}

static int file_step(struct world *world, struct step_call *call, uint64_t base, uint64_t size,
		     enum file_change change, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	bool found;
	int64_t ret = file_change(world, realm, world->tid, base, size, change, &found);

	if (!found)
		return no_slot(realm, call, error);
	return world_answer(world, call, ret, error);
}

int vmm_punch_hole(struct world *world, struct step_call *call, char **error)
{
	return file_step(world, call, call->args[RANGE_BASE].number, call->args[RANGE_SIZE].number,
			 FILE_HOLE, error);
}

int vmm_memory_failure(struct world *world, struct step_call *call, char **error)
{
	const uint64_t mask = world->page_size - 1;
	const uint64_t base = call->args[RANGE_BASE].number;
	const uint64_t end = range_end(range_end(base, call->args[RANGE_SIZE].number), mask);

	/* The pages that broken bytes are in. */
	return file_step(world, call, base & ~mask, (end & ~mask) - (base & ~mask), FILE_BROKEN,
			 error);
}

enum mapping_change { MAPPING_FRESH, MAPPING_GONE, MAPPING_ADVICE, MAPPING_REAPED };

/* Changes the mapping of what [base, base + size) is for the guest. */
static int64_t mapping_change(struct world *world, struct realm *realm, int32_t tid, uint64_t base,
			      uint64_t size, enum mapping_change change, enum step_advice advice,
			      bool *found)
{
	const uint64_t page_mask = world->page_size - 1;
	uint64_t end = range_end(base, size), part, length;
	int64_t ret = 0;

	*found = false;
	for (unsigned int i = 0; i < realm->num_slots && ret >= 0; i++) {
		uint64_t addr;

		if (!slot_part(realm, i, base, end, &part, &length))
			continue;
		*found = true;
		addr = realm->slots[i].uaddr + (part - realm->slots[i].base);
		/* Whole pages, whatever the length. */
		contract_user_changed(world->contract, addr, length + world->page_size);
		switch (change) {
		case MAPPING_FRESH:
			ret = uapi_mmap(world, realm, tid, addr, length, part);
			if (ret >= 0)
				contract_user_fresh(world->contract, addr,
						    (length + page_mask) & ~page_mask);
			break;
		case MAPPING_GONE:
			ret = uapi_munmap(world, realm, tid, addr, length, part);
			break;
		case MAPPING_ADVICE:
			ret = uapi_madvise(world, realm, tid, addr, length, part, advice);
			break;
		case MAPPING_REAPED:
			ret = uapi_oom_reap(world, realm, tid, addr, length, part);
			break;
		}
	}
	return ret < 0 ? ret : 0;
}

static int mapping_step(struct world *world, struct step_call *call, enum mapping_change change,
			enum step_advice advice, char **error)
{
	struct realm *realm = world_call_realm(world, call);
	bool found;
	int64_t ret = mapping_change(world, realm, world->tid, call->args[RANGE_BASE].number,
				     call->args[RANGE_SIZE].number, change, advice, &found);

	if (!found)
		return no_slot(realm, call, error);
	return world_answer(world, call, ret, error);
}

int vmm_mmap(struct world *world, struct step_call *call, char **error)
{
	return mapping_step(world, call, MAPPING_FRESH, STEP_MADV_DONTNEED, error);
}

int vmm_munmap(struct world *world, struct step_call *call, char **error)
{
	return mapping_step(world, call, MAPPING_GONE, STEP_MADV_DONTNEED, error);
}

int vmm_madvise(struct world *world, struct step_call *call, char **error)
{
	return mapping_step(world, call, MAPPING_ADVICE,
			    (enum step_advice)call->args[MADVISE_ADVICE].number, error);
}

int vmm_oom_reap(struct world *world, struct step_call *call, char **error)
{
	return mapping_step(world, call, MAPPING_REAPED, STEP_MADV_DONTNEED, error);
}

/* Whether each byte of [base, base + size) is in some slot. */
static bool slots_hold(struct realm *realm, uint64_t base, uint64_t size)
{
	const uint64_t end = range_end(base, size);

	while (base < end) {
		const struct slot *slot = world_slot_any(realm, base);

		if (!slot)
			return false;
		base = range_end(slot->base, slot->size);
	}
	return true;
}

/* Walks shared memory in pieces that do not cross a granule; `write` fills it with `value`. */
static int user_walk(struct world *world, struct step_call *call, bool write, uint8_t value,
		     char **error)
{
	struct realm *realm = world_call_realm(world, call);
	struct step_result *result = &call->result;
	uint64_t base = call->args[RANGE_BASE].number;
	uint64_t size = call->args[RANGE_SIZE].number;
	uint64_t word = 0;
	bool mixed = false;

	if (!slots_hold(realm, base, size))
		return no_slot(realm, call, error);
	while (result->done < size) {
		uint64_t ipa = base + result->done;
		const struct slot *slot = world_slot_any(realm, ipa);
		uint64_t length = RMM_GRANULE_SIZE - ipa % RMM_GRANULE_SIZE;
		uint64_t addr = 0;
		int64_t ret;

		if (length > size - result->done)
			length = size - result->done;
		if (slot)
			addr = slot->uaddr + (ipa - slot->base);
		/* Another thread has put a slot of other addresses in its place: there is no memory for these any more. */
		if (!slot)
			ret = -EFAULT;
		else if (write)
			ret = sys_user_write(world, world->tid, addr, world_fill(world, value),
					     length);
		else
			ret = sys_user_read(world, world->tid, addr, world->buffers->read, length);
		if (ret <= 0) {
			result->err = ret < 0 ? (int)ret : -EFAULT;
			result->outcome = STEP_ERROR;
			return 0;
		}
		contract_user_access(world->contract, realm->index, addr, (uint64_t)ret, write,
				     write ? world_fill(world, value) : world->buffers->read);
		if (!write) {
			if (size <= sizeof(word))
				memcpy((uint8_t *)&word + result->done, world->buffers->read, (size_t)ret);
			else if (!result->done)
				word = world->buffers->read[0];
			mixed |= world->buffers->read[0] != (uint8_t)word ||
				 memcmp(world->buffers->read, world->buffers->read + 1, (size_t)ret - 1);
		}
		result->done += (uint64_t)ret;
	}
	if (!write)
		result->value = size > sizeof(word) && mixed ? UINT64_MAX : word;
	return 0;
}

int vmm_write(struct world *world, struct step_call *call, char **error)
{
	return user_walk(world, call, true, (uint8_t)call->args[VMM_WRITE_VALUE].number, error);
}

int vmm_read(struct world *world, struct step_call *call, char **error)
{
	return user_walk(world, call, false, 0, error);
}

int vmm_signal(struct world *world, struct step_call *call, char **error)
{
	struct vcpu *vcpu;
	int err = world_vcpu(world, call, &vcpu, error);

	if (err)
		return err;
	vcpu->signalled = call->args[SIGNAL_PENDING].number;
	world->kvm->signal_set(vcpu->tid, vcpu->signalled);
	return 0;
}

/*
 * To private: the shared copy goes first. To shared: a fresh one comes last. Errors are only
 * printed.
 */
static void convert_kvmtool(struct world *world, struct realm *realm, int32_t tid,
			    const struct step_exit *exit)
{
	bool found;

	if (exit->is_private) {
		(void)mapping_change(world, realm, tid, exit->gpa, exit->size, MAPPING_GONE,
				     STEP_MADV_DONTNEED, &found);
		(void)set_attributes(world, realm, tid, exit->gpa, exit->size,
				     uapi_attribute_private(), 0);
	} else {
		(void)set_attributes(world, realm, tid, exit->gpa, exit->size, 0, 0);
		(void)mapping_change(world, realm, tid, exit->gpa, exit->size, MAPPING_FRESH,
				     STEP_MADV_DONTNEED, &found);
	}
}

/*
 * The attribute first, then what is not needed any more is discarded. The region is looked up by
 * the start alone. A range without RAM is ignored when it becomes shared.
 */
static int64_t convert_qemu(struct world *world, struct realm *realm, int32_t tid,
			    const struct step_exit *exit)
{
	const struct slot *slot = world_slot_at(realm, exit->gpa);
	uint64_t page_mask = world->page_size - 1;
	bool found;
	int64_t ret;

	if (!exit->size || (exit->gpa | exit->size) & page_mask)
		return -EINVAL;
	if (!slot)
		return exit->is_private ? -EINVAL : 0;
	if (slot->gmem_fd < 0)
		return -EINVAL;
	ret = set_attributes(world, realm, tid, exit->gpa, exit->size,
			     exit->is_private ? uapi_attribute_private() : 0, 0);
	if (ret < 0)
		return ret;
	if (exit->is_private)
		return mapping_change(world, realm, tid, exit->gpa, exit->size, MAPPING_ADVICE,
				      STEP_MADV_REMOVE, &found);
	return file_change(world, realm, tid, exit->gpa, exit->size, FILE_HOLE, &found);
}

int64_t memory_convert(struct world *world, struct realm *realm, int32_t tid,
		       enum step_memory_fault policy, const struct step_exit *exit)
{
	parallel_step_converts(world);
	if (policy == STEP_CONVERT_QEMU)
		return convert_qemu(world, realm, tid, exit);
	if (policy == STEP_CONVERT_KVMTOOL)
		convert_kvmtool(world, realm, tid, exit);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "answers.h"

#include <errno.h>

#define MAX_ERRORS 9

/* Errors of what fails on the way, of a call that has nothing wrong in itself. They end with 0. */
static const int on_the_way[CONTRACT_NUM_CALLS][MAX_ERRORS] = {
	/* 3: an unknown item, an algorithm that the RMM does not have. */
	[CONTRACT_CONFIG] = {EFAULT, EINVAL},
	/* 3, 4: no VMID or page; the RMM; vCPUs that do not agree. */
	[CONTRACT_CREATE] = {EFAULT, ENOMEM, ENXIO, EINVAL},
	/* 3, 10: a page that the RMM does not change; tables. */
	[CONTRACT_INIT_RIPAS] = {EFAULT, EINVAL, ENOMEM, ENXIO},
	/* 3: later chunks; the source; what guest_memfd says, as it is; a signal. */
	[CONTRACT_POPULATE] = {EFAULT, EINVAL, EPERM, ENXIO, ENOMEM, EINTR, EIO, EHWPOISON},
	[CONTRACT_ACTIVATE] = {EFAULT, ENXIO},
	/* 9: features; a vCPU that was not initialised. */
	[CONTRACT_FINALIZE] = {EFAULT, EINVAL, ENOEXEC, ENOMEM, ENXIO},
};

static bool is_aligned(uint64_t value, uint64_t size)
{
	return value % size == 0;
}

/* 3: "size 0 -> success", before the alignment is looked at; a range that does not fit may be the RMM's to refuse. */
static int init_ripas_error(const struct contract_request *request,
			    const struct answer_facts *facts, int64_t ret)
{
	const uint64_t end = request->base + request->size;

	if (end < request->base)
		return EINVAL;
	if (facts->stage != ANSWER_NEW)
		return EPERM;
	if (!request->size)
		return 0;
	if (is_aligned(request->base, facts->page_size) &&
	    is_aligned(request->size, facts->page_size) && end <= facts->half)
		return 0;
	return ret == -ENXIO ? ENXIO : EINVAL;
}

static int populate_error(const struct contract_request *request, const struct answer_facts *facts)
{
	const uint64_t end = request->base + request->size;

	if (facts->stage != ANSWER_NEW)
		return EPERM;
	if (!is_aligned(request->base, facts->page_size) ||
	    !is_aligned(request->size, facts->page_size) || !request->flags_known ||
	    end < request->base)
		return EINVAL;
	if (!request->size)
		return 0;
	if (!facts->has_slot)
		return EFAULT;
	if (facts->slot_end < end && facts->slot_end - request->base < ANSWER_CHUNK)
		return EINVAL;
	return facts->has_gmem ? 0 : EPERM;
}

/* The error that is due before anything else can fail; 0: none. */
static int error_due(const struct contract_request *request, const struct answer_facts *facts,
		     int64_t ret)
{
	switch (request->call) {
	case CONTRACT_CONFIG:
		return facts->stage != ANSWER_NONE ? EBUSY : 0;
	case CONTRACT_CREATE:
		return facts->stage != ANSWER_NONE ? EEXIST : 0;
	case CONTRACT_INIT_RIPAS:
		return init_ripas_error(request, facts, ret);
	case CONTRACT_POPULATE:
		return populate_error(request, facts);
	case CONTRACT_ACTIVATE:
		return facts->stage != ANSWER_NEW ? EINVAL : 0;
	case CONTRACT_FINALIZE:
		/* 9; a vCPU that is no REC, or is nothing yet, is refused first. */
		if (facts->has_rec)
			return facts->stage == ANSWER_NEW ? EBUSY : ENOENT;
		if (facts->stage != ANSWER_NEW && ret != -EINVAL && ret != -ENOEXEC)
			return ENOENT;
		return 0;
	case CONTRACT_RUN:
		/* 1: it does not count as finalized. */
		if (facts->has_rec && facts->stage == ANSWER_ACTIVE)
			return 0;
		return ret == -ENOEXEC ? ENOEXEC : EPERM;
	case CONTRACT_NUM_CALLS:
		break;
	}
	return 0;
}

/* What does not fail by itself: of these errors somebody else is the cause, and that was seen. */
static bool error_has_cause(enum contract_call call, const struct answer_facts *facts, int64_t ret)
{
	switch (-ret) {
	case ENOMEM:
		/* 3: so it is without a VMID. */
		return facts->starved || call == CONTRACT_CREATE;
	case ENXIO:
		return facts->refused;
	case EHWPOISON:
		return facts->broken;
	default:
		return true;
	}
}

/* 7, 10: what a guest that runs can run into. `told`: the VMM was, by a memory fault exit. */
static bool run_error_fits(const struct answer_facts *facts, bool told, int64_t ret)
{
	/* 10: KVM_EXIT_SHUTDOWN. */
	if (facts->switched_off)
		return false;
	switch (-ret) {
	case EINVAL:
		return facts->plain;
	case EBUSY:
	case EOPNOTSUPP:
		/* 1: the irqchip is not as it should be, which is seen before anything else. */
		return !facts->calls;
	case ENXIO:
		return facts->refused || facts->fetched;
	case EFAULT:
		return told || facts->nowhere;
	case EINTR:
	case EIO:
	case ENOMEM:
	case EHWPOISON:
		return error_has_cause(CONTRACT_RUN, facts, ret);
	default:
		return false;
	}
}

bool answer_fits(const struct contract_request *request, const struct answer_facts *facts,
		 int64_t ret, int *error)
{
	const int *other = on_the_way[request->call];

	*error = error_due(request, facts, ret);
	/* Arguments that cannot be copied in are told first. */
	if (*error)
		return ret == -*error || (ret == -EFAULT && request->call != CONTRACT_RUN);
	if (ret >= 0)
		return true;
	if (request->call == CONTRACT_RUN)
		return run_error_fits(facts, request->told, ret);
	if (!error_has_cause(request->call, facts, ret))
		return false;
	while (*other && ret != -*other)
		other++;
	return *other;
}

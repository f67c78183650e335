/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * abort.c - memory accesses of a Realm: where they go, and what is told to whom when they do not get
 * there. Sections 6.3 to 6.5 of the facts.
 */
#include <string.h>
#include "command.h"
#include "cpu.h"
#include "invariant.h"

void cpu_take_exception(struct rmm_cpu_regs *regs, bool from_el0, uint64_t esr)
{
	uint64_t offset;

	if (from_el0)
		offset = regs->pstate & 0x10 ? 0x600 : 0x400; /* AArch32 or AArch64 */
	else
		offset = regs->pstate & 1 ? 0x200 : 0; /* SP_EL1 or SP_EL0 */
	regs->esr_el1 = esr;
	regs->elr_el1 = regs->pc;
	regs->spsr_el1 = regs->pstate;
	regs->pstate = PSTATE_EL1H_DAIF;
	regs->pc = regs->vbar_el1 + offset;
}

/* The syndrome of an abort as the Realm's EL1 sees it: EC says whether it came from EL0. */
static uint64_t esr_for_el1(uint64_t esr, bool from_el0)
{
	return from_el0 ? esr : esr + (UINT64_C(1) << RMI_ESR_EC_SHIFT);
}

void abort_inject_sea(struct rmm_cpu_regs *regs, bool from_el0, uint64_t esr, uint64_t far)
{
	esr &= ~(RMI_ESR_FSC_MASK | RMI_ESR_FNV | RMI_ESR_S1PTW);
	esr |= RMI_FSC_EXTERNAL | RMI_ESR_EA;
	cpu_take_exception(regs, from_el0, esr_for_el1(esr, from_el0));
	regs->far_el1 = far;
}

/* Stage 1 finds that an address is outside the IPA space. Only page tables could be at another level. */
static void inject_address_size_fault(struct rmm_cpu_regs *regs, bool from_el0, uint64_t esr,
				      uint64_t far)
{
	const bool mmu_on = regs->sctlr_el1 & 1;

	esr &= ~(RMI_ESR_FSC_MASK | RMI_ESR_FNV | RMI_ESR_S1PTW | RMI_ESR_EA);
	esr |= RMI_FSC_ADDRESS_SIZE + (mmu_on ? RTT_PAGE_LEVEL : 0);
	cpu_take_exception(regs, from_el0, esr_for_el1(esr, from_el0));
	regs->far_el1 = far;
}

static uint64_t fsc_translation(int level)
{
	return level < 0 ? RMI_FSC_TRANSLATION_LM1 : RMI_FSC_TRANSLATION + (uint64_t)level;
}

/* HPFAR_EL2 for `ipa`. */
static uint64_t hpfar(uint64_t ipa)
{
	return (ipa & ~GRANULE_MASK) >> 8;
}

void abort_exit_for_buffer(struct rmm_cpu *cpu, uint64_t ipa, int level)
{
	cpu_exit(cpu, RMI_EXIT_SYNC);
	cpu->exit.esr = RMI_ESR_EC_DATA_ABORT << RMI_ESR_EC_SHIFT | fsc_translation(level);
	cpu->exit.hpfar = hpfar(ipa);
}

static uint64_t size_mask(uint64_t esr)
{
	return UINT64_MAX >> (64 - (8u << ((esr & RMI_ESR_SAS_MASK) >> RMI_ESR_SAS_SHIFT)));
}

static unsigned int esr_srt(uint64_t esr)
{
	return (unsigned int)((esr & RMI_ESR_SRT_MASK) >> RMI_ESR_SRT_SHIFT);
}

void abort_complete_mmio(struct rmm_cpu *cpu, uint64_t value)
{
	const uint64_t esr = cpu->rec->abort_esr;
	const uint64_t mask = size_mask(esr);

	if (!(esr & RMI_ESR_WNR) && esr_srt(esr) != 31) {
		value &= mask;
		if (esr & RMI_ESR_SSE && value & (mask ^ (mask >> 1)))
			value |= ~mask;
		if (!(esr & RMI_ESR_SF))
			value &= UINT32_MAX;
		cpu->regs.gprs[esr_srt(esr)] = value;
	}
	cpu->regs.pc += 4;
}

/* Register SRT as a store of the size in `esr` writes it. */
static uint64_t stored_value(const struct rmm_cpu *cpu, uint64_t esr)
{
	return esr_srt(esr) == 31 ? 0 : cpu->regs.gprs[esr_srt(esr)] & size_mask(esr);
}

/* A Data Abort of a Realm whose syndrome at EL2 is `esr` goes to the Host: table of section 6.4. */
static void exit_data_abort(struct rmm_cpu *cpu, uint64_t esr, uint64_t ipa, uint64_t far)
{
	const bool unprotected = ipa >= realm_protected_end(cpu->rd);
	uint64_t shown =
		RMI_ESR_EC_MASK | RMI_ESR_SET_MASK | RMI_ESR_FNV | RMI_ESR_EA | RMI_ESR_FSC_MASK;

	cpu_exit(cpu, RMI_EXIT_SYNC);
	cpu->exit.hpfar = hpfar(ipa);
	if (unprotected && esr & RMI_ESR_ISV) {
		shown |= RMI_ESR_ISV | RMI_ESR_SAS_MASK | RMI_ESR_SF | RMI_ESR_WNR;
		cpu->exit.far = far & GRANULE_MASK;
		if (esr & RMI_ESR_WNR)
			cpu->exit.gprs[0] = stored_value(cpu, esr);
		cpu->rec->emulatable_abort = true;
	} else if (unprotected && rmm_follows_tfrmm(cpu->rmm, RMM_TFRMM_Q14)) {
		shown |= RMI_ESR_WNR;
		cpu->exit.far = far & GRANULE_MASK;
		if (esr & RMI_ESR_WNR)
			cpu->exit.gprs[0] = stored_value(cpu, esr);
	} else if (unprotected) {
		shown |= RMI_ESR_IL;
	}
	cpu->exit.esr = esr & shown;
	cpu->rec->unprotected_abort = unprotected;
}

/* An Instruction Abort. FnV can be set in no fetch of ours, so that the reference shows the same. */
static void exit_inst_abort(struct rmm_cpu *cpu, uint64_t esr, uint64_t ipa)
{
	cpu_exit(cpu, RMI_EXIT_SYNC);
	cpu->exit.esr = esr & (RMI_ESR_EC_MASK | RMI_ESR_SET_MASK | RMI_ESR_EA | RMI_ESR_FSC_MASK);
	cpu->exit.hpfar = hpfar(ipa);
}

/* ESR_EL2 of an abort with fault status `fsc`, as hardware makes it. */
static uint64_t access_esr(const struct rmm_access *access, uint64_t fsc)
{
	uint64_t esr = RMI_ESR_IL | fsc;

	if (access->s1ptw)
		esr |= RMI_ESR_S1PTW;
	if (access->type == RMM_FETCH)
		return esr | RMI_ESR_EC_INST_ABORT << RMI_ESR_EC_SHIFT;
	esr |= RMI_ESR_EC_DATA_ABORT << RMI_ESR_EC_SHIFT;
	if (access->type == RMM_WRITE)
		esr |= RMI_ESR_WNR;
	if (!access->isv || access->size > 8 || access->size & (access->size - 1))
		return esr;
	esr |= RMI_ESR_ISV | (uint64_t)__builtin_ctz(access->size) << RMI_ESR_SAS_SHIFT |
	       (uint64_t)(access->srt & 31) << RMI_ESR_SRT_SHIFT;
	if (access->sse)
		esr |= RMI_ESR_SSE;
	if (access->sf)
		esr |= RMI_ESR_SF;
	return esr;
}

/* Where the part of an access that lies in one granule goes. */
enum verdict {
	VERDICT_PROCEEDS,
	VERDICT_SEA,
	VERDICT_ADDRESS_SIZE,
	VERDICT_EXIT,
};

struct target {
	enum verdict verdict;
	uint64_t pa; /* of the byte; VERDICT_PROCEEDS */
	bool ns;
	uint64_t fsc; /* VERDICT_EXIT */
	uint64_t entry;
	uint64_t entry_size;
};

/* The table of section 6.3. */
static struct target target_find(const struct rmm_cpu *cpu, enum rmm_access_type type, uint64_t ipa)
{
	struct target target = {.verdict = VERDICT_PROCEEDS};
	const uint64_t s2ap = type == RMM_WRITE ? RMI_DESC_S2AP_WRITE : RMI_DESC_S2AP_READ;
	struct walk walk;

	if (ipa >= realm_ipa_end(cpu->rd)) {
		target.verdict = VERDICT_ADDRESS_SIZE;
		return target;
	}
	walk = rtt_walk(cpu->rmm, cpu->rd, ipa, RTT_PAGE_LEVEL);
	target.entry = walk.entry;
	target.entry_size = rtt_entry_size(walk.level);
	target.pa = rtte_addr(walk.entry) + (ipa & (target.entry_size - 1));
	target.ns = ipa >= realm_protected_end(cpu->rd);
	if (target.ns && type == RMM_FETCH) {
		target.verdict = VERDICT_SEA;
	} else if (!target.ns && rtte_ripas(walk.entry) == RMI_RIPAS_EMPTY) {
		target.verdict = VERDICT_SEA;
	} else if (!rtte_is_live(walk.entry) ||
		   (!target.ns && rtte_ripas(walk.entry) == RMI_RIPAS_DESTROYED)) {
		target.verdict = VERDICT_EXIT;
		target.fsc = fsc_translation(walk.level);
	} else if (target.ns && !(walk.entry & s2ap)) {
		target.verdict = VERDICT_EXIT;
		target.fsc = RMI_FSC_PERMISSION + (uint64_t)walk.level;
	} else if (target.ns && ns_faults(cpu->rmm, target.pa, type == RMM_WRITE)) {
		target.verdict = VERDICT_EXIT;
		target.fsc = RMI_FSC_GPF;
	}
	return target;
}

/* Whoever is told of an access at `ipa` that does not proceed. */
static enum rmm_outcome access_abort(struct rmm_cpu *cpu, const struct rmm_access *access,
				     const struct target *target, uint64_t ipa, uint64_t far)
{
	const uint64_t esr = access_esr(access, target->fsc);

	switch (target->verdict) {
	case VERDICT_PROCEEDS:
		return RMM_CONTINUE;
	case VERDICT_SEA:
		abort_inject_sea(&cpu->regs, access->from_el0, esr, far);
		return RMM_SEA;
	case VERDICT_ADDRESS_SIZE:
		inject_address_size_fault(&cpu->regs, access->from_el0, esr, far);
		return RMM_SEA;
	case VERDICT_EXIT:
		break;
	}
	if (access->type == RMM_FETCH)
		exit_inst_abort(cpu, esr, ipa);
	else
		exit_data_abort(cpu, esr, ipa, far);
	cpu->rec->abort_esr = esr;
	cpu->rec->abort_far = far;
	cpu->rec->abort_from_el0 = access->from_el0;
	return RMM_EXIT;
}

/* Copy the part of an access that lies in the granule of `target`. `data` may be NULL. */
static void access_copy(struct rmm_cpu *cpu, const struct target *target, enum rmm_access_type type,
			void *data, size_t size)
{
	struct rmm *rmm = cpu->rmm;

	if (type == RMM_WRITE && target->ns)
		ns_write(rmm, target->pa, data, size);
	else if (type == RMM_WRITE)
		granule_write(rmm, target->pa, data, size);
	else if (data && target->ns)
		ns_read(rmm, target->pa, data, size);
	else if (data)
		granule_read(rmm, target->pa, data, size);
}

static enum rmm_outcome access_serve(struct rmm_cpu *cpu, struct rmm_access *access)
{
	access->done = 0;
	if (cpu->exited)
		return RMM_EXIT;
	while (access->done < access->size) {
		const uint64_t ipa = access->ipa + access->done;
		const uint64_t room = RMM_GRANULE_SIZE - (ipa & GRANULE_MASK);
		const uint32_t left = access->size - access->done;
		const uint32_t size = left < room ? left : (uint32_t)room;
		const struct target target = target_find(cpu, access->type, ipa);

		if (target.verdict != VERDICT_PROCEEDS)
			return access_abort(cpu, access, &target, ipa, access->far + access->done);
		access_copy(cpu, &target, access->type,
			    access->data ? (uint8_t *)access->data + access->done : NULL, size);
		access->done += size;
	}
	return RMM_CONTINUE;
}

static enum rmm_outcome translate_serve(struct rmm_cpu *cpu, const struct rmm_access *access,
					struct rmm_translation *out)
{
	struct target target;

	if (cpu->exited)
		return RMM_EXIT;
	target = target_find(cpu, access->type, access->ipa);
	if (target.verdict != VERDICT_PROCEEDS)
		return access_abort(cpu, access, &target, access->ipa, access->far);
	if (access->type == RMM_WRITE && !target.ns)
		granule_dirty(granule_find(cpu->rmm, target.pa), GRANULE_DIRTY);
	else if (access->type == RMM_WRITE && cpu->rmm->config.platform.ns_write)
		cpu->rmm->config.platform.ns_write(cpu->rmm->config.platform.ctx,
						   target.pa & ~GRANULE_MASK);
	out->pa = target.pa & ~GRANULE_MASK;
	out->ns = target.ns;
	out->readable = !target.ns || target.entry & RMI_DESC_S2AP_READ;
	out->writable = !target.ns || target.entry & RMI_DESC_S2AP_WRITE;
	out->executable = !target.ns;
	out->memattr = (uint8_t)((target.entry & RTTE_MEMATTR) >> RMI_DESC_MEMATTR_SHIFT);
	out->size = target.entry_size;
	out->clean = target.ns ? ns_clean(cpu->rmm, target.pa)
			       : granule_find(cpu->rmm, target.pa)->clean;
	return RMM_CONTINUE;
}

enum rmm_outcome rmm_cpu_access(struct rmm_cpu *cpu, struct rmm_access *access)
{
	return __builtin_expect(cpu->rmm->checker != NULL, 0)
		       ? invariant_access(cpu, access, access_serve)
		       : access_serve(cpu, access);
}

enum rmm_outcome rmm_cpu_translate(struct rmm_cpu *cpu, const struct rmm_access *access,
				   struct rmm_translation *out)
{
	return __builtin_expect(cpu->rmm->checker != NULL, 0)
		       ? invariant_translate(cpu, access, out, translate_serve)
		       : translate_serve(cpu, access, out);
}

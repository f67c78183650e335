/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * invariant_output.c - what commands answer, O1..O10, and what a Realm meets while it runs: its accesses
 * and calls, which are judged when they happen.
 */
#include <string.h>
#include "invariant.h"

#define HEX(value)		   ((unsigned long long)(value))
#define RIPAS(entry)		   (((entry)&RTTE_RIPAS) >> RTTE_RIPAS_SHIFT)
#define HIPAS(entry)		   ((entry)&RTTE_HIPAS)
#define VIOLATED(call, label, ...) invariant_violated((call)->rmm, INVARIANT_##label, __VA_ARGS__)

static uint64_t entry_size(int level)
{
	return UINT64_C(1) << (39 - 9 * level);
}

static uint64_t protected_end(const struct shadow_realm *realm)
{
	return UINT64_C(1) << (realm->expected.ipa_width - 1);
}

/* --- the Host's calls --- */

void output_error(struct call *call)
{
	const uint64_t x0 = call->out[0];
	const unsigned int status = x0 & 0xff;
	const int index = (int8_t)(x0 >> 8 & 0xff);
	const int start = call->realm ? call->realm->expected.rtt_level_start : -1;
	int limit = RTT_PAGE_LEVEL;
	bool good;

	if (x0 == SMCCC_NOT_SUPPORTED) {
		if (rmm_command_by_fid(call->fid) &&
		    rmm_command_by_fid(call->fid)->interface == RMM_INTERFACE_RMI)
			VIOLATED(call, O1, "a command that exists is not supported");
		return;
	}
	if (status == RMI_ERROR_RTT)
		good = call->realm && index >= start && index <= RTT_PAGE_LEVEL;
	else
		good = index == 0 ||
		       (index == 1 && call->fid == RMI_REC_ENTER && status == RMI_ERROR_REALM);
	if (x0 >> 16 || status > RMI_ERROR_RTT || !good)
		VIOLATED(call, O1, "return code 0x%llx", HEX(x0));
	if (status != RMI_ERROR_RTT || !call->kind->level)
		return;
	limit = (int)call->x[call->kind->level];
	if (call->fid == RMI_RTT_CREATE)
		limit--;
	if (index > limit)
		VIOLATED(call, O2, "return code 0x%llx at level %lld", HEX(x0),
			 (long long)call->x[call->kind->level]);
	/* A table that exists is live, or not homogeneous: its own level says so. */
	if (call->child != PA_NONE && index != limit && !(call->rmm->config.tfrmm & RMM_TFRMM_Q2))
		VIOLATED(call, O2, "return code 0x%llx where there is a table of level %d", HEX(x0),
			 limit);
	/* Where there is none, the walk ends above. */
	if ((call->fid == RMI_RTT_FOLD || call->fid == RMI_RTT_DESTROY) && call->placed &&
	    call->child == PA_NONE && index != call->place.level)
		VIOLATED(call, O2, "return code 0x%llx where the walk ends at level %d", HEX(x0),
			 call->place.level);
}

static void check_top(struct call *call, uint64_t top)
{
	const uint64_t ipa = call->x[call->kind->ipa];
	const struct place *place = &call->place;
	uint64_t size, next;
	unsigned int i, num;

	if (!call->success && (call->out[0] & 0xff) != RMI_ERROR_RTT) {
		if (top)
			VIOLATED(call, O3, "top is 0x%llx after return code 0x%llx", HEX(top),
				 HEX(call->out[0]));
		return;
	}
	if (!call->placed)
		return;
	i = place->index;
	if (place->entries[i] & RTTE_LIVE) {
		if (top != ipa || call->success)
			VIOLATED(call, O3, "top is 0x%llx at a live entry for 0x%llx", HEX(top),
				 HEX(ipa));
		return;
	}
	size = entry_size(place->level);
	num = place->level < 0 ? 16 : RTT_ENTRIES;
	i = scan_other(place->entries, i + 1, num, RTTE_LIVE, 0);
	next = place->ipa + (i - place->index) * size;
	if (top != next || top <= ipa)
		VIOLATED(call, O3, "top is 0x%llx, after 0x%llx the next live entry is 0x%llx",
			 HEX(top), HEX(ipa), HEX(next));
}

void output_ripas(struct call *call)
{
	const uint64_t base = call->x[call->kind->ipa], top = call->x[call->kind->ipa + 1],
		       out = call->out[1];

	if (call->success && call->placed &&
	    (out <= base || out > top || out & (entry_size(call->place.level) - 1)))
		VIOLATED(call, O4, "out_top is 0x%llx of 0x%llx..0x%llx at level %d", HEX(out),
			 HEX(base), HEX(top), call->place.level);
}

void output_read_entry(struct call *call)
{
	const struct rd *rd;
	const uint64_t entry = call->place.entry, hipas = HIPAS(entry);
	const uint64_t state = hipas == RTTE_TABLE ? RMI_RTTE_TABLE
			       : entry & RTTE_LIVE ? RMI_RTTE_ASSIGNED
						   : RMI_RTTE_UNASSIGNED;
	const bool has_ripas = hipas == RTTE_UNASSIGNED || hipas == RTTE_ASSIGNED;
	uint64_t desc = 0;

	if (!call->success || !call->placed)
		return;
	rd = &call->realm->expected;
	if (entry & RTTE_LIVE)
		desc = entry & RTTE_ADDR;
	if (rd->lpa2)
		desc = (desc & RMI_DESC_ADDR_LPA2_MASK) | (desc >> 50 & 3)
								  << RMI_DESC_OA_51_50_SHIFT;
	if (hipas == RTTE_ASSIGNED_NS)
		desc |= entry & (RMI_DESC_MEMATTR_MASK | RMI_DESC_S2AP_MASK);
	if (hipas == RTTE_ASSIGNED && RIPAS(entry) == RMI_RIPAS_DESTROYED &&
	    call->rmm->config.tfrmm & RMM_TFRMM_Q1)
		desc = 0;
	if (call->out[1] != (uint64_t)(int64_t)call->place.level || call->out[2] != state ||
	    call->out[3] != desc || call->out[4] != (has_ripas ? RIPAS(entry) : 0))
		VIOLATED(
			call, O5,
			"IPA 0x%llx: level %lld, state %llu, desc 0x%llx, RIPAS %llu; the entry is "
			"0x%llx at level %d",
			HEX(call->x[2]), (long long)call->out[1], HEX(call->out[2]),
			HEX(call->out[3]), HEX(call->out[4]), HEX(entry), call->place.level);
}

static void check_returned(struct call *call)
{
	const uint64_t pa = call->out[1];
	const struct granule *granule = granule_find(call->rmm, pa);

	if (!call->success || !call->placed)
		return;
	if (pa != (call->place.entry & RTTE_ADDR) || !granule ||
	    granule->state != RMM_GRANULE_DELEGATED)
		VIOLATED(call, O8, "0x%llx is returned, the entry had 0x%llx", HEX(pa),
			 HEX(call->place.entry & RTTE_ADDR));
}

/* REALM_CREATE says that a VMID is in use: some Realm must have it. */
void output_realm_create(struct call *call)
{
	const struct rmm_condition *condition = call->rmm->last_call.condition;
	const uint16_t vmid = call->u.realm_params.vmid;

	if (!call->success && condition && call->buffer_permitted &&
	    !strcmp(condition->label, "vmid_valid") && !(vmid >> call->rmm->config.vmid_bits) &&
	    !call->checker->realms[vmid].exists)
		VIOLATED(call, I24, "VMID %u is refused but no Realm has it", vmid);
}

/* A live table is not where the scan looks: top is ipa then. */
void output_destroy(struct call *call)
{
	check_top(call, call->out[2]);
	check_returned(call);
}

void output_fold(struct call *call)
{
	check_returned(call);
}

void output_unmap(struct call *call)
{
	check_top(call, call->out[1]);
}

/* --- exits --- */

/* Clear what an exit of this kind may show; the rest must be zero. */
static void exit_clear_abort(const struct call *call, struct rmi_rec_exit *exit)
{
	const bool q14 = call->rmm->config.tfrmm & RMM_TFRMM_Q14;
	const bool is_unprotected = exit->hpfar << 8 >= protected_end(call->realm);
	uint64_t shown =
		RMI_ESR_EC_MASK | RMI_ESR_SET_MASK | RMI_ESR_FNV | RMI_ESR_EA | RMI_ESR_FSC_MASK;

	if (exit->esr >> RMI_ESR_EC_SHIFT == RMI_ESR_EC_INST_ABORT) {
		shown &= ~RMI_ESR_FNV;
	} else if (is_unprotected && exit->esr & RMI_ESR_ISV) {
		shown |= RMI_ESR_ISV | RMI_ESR_SAS_MASK | RMI_ESR_SF | RMI_ESR_WNR;
		exit->far &= ~GRANULE_MASK;
		if (exit->esr & RMI_ESR_WNR)
			exit->gprs[0] = 0;
	} else if (is_unprotected && q14) {
		shown |= RMI_ESR_WNR;
		exit->far &= ~GRANULE_MASK;
		exit->gprs[0] = 0;
	} else if (is_unprotected) {
		shown |= RMI_ESR_IL;
	}
	exit->esr &= ~shown;
	exit->hpfar &=
		UINT64_C(0xf) | ~((UINT64_C(1) << (call->realm->expected.ipa_width - 8)) - 1);
}

static void exit_clear_sync(const struct call *call, struct rmi_rec_exit *exit)
{
	switch (exit->esr >> RMI_ESR_EC_SHIFT) {
	case RMI_ESR_EC_WFX:
		if (exit->esr & 2)
			exit->gprs[0] = 0;
		/* The reference shows less of TI, and the deadline all the same. */
		if (call->rmm->config.tfrmm & RMM_TFRMM_Q23)
			exit->gprs[0] = 0;
		exit->esr &= ~(RMI_ESR_EC_MASK | RMI_ESR_WFX_TI_MASK);
		break;
	case RMI_ESR_EC_INST_ABORT:
	case RMI_ESR_EC_DATA_ABORT:
		exit_clear_abort(call, exit);
		break;
	}
}

static void exit_clear_common(struct rmi_rec_exit *exit)
{
	memset(exit->gicv3_lrs, 0, sizeof(exit->gicv3_lrs));
	exit->gicv3_hcr &= ~(RMI_GICV3_HCR_ENTER_MASK | RMI_GICV3_HCR_EOICOUNT_MASK);
	exit->gicv3_misr = exit->gicv3_vmcr = 0;
	exit->cntp_ctl = exit->cntp_cval = exit->cntv_ctl = exit->cntv_cval = 0;
	exit->pmu_ovf_status = exit->pmu_ovf_status > 1;
}

void output_exit(struct call *call)
{
	const struct rmi_rec_run *run = memory_find(call->rmm, call->x[2]);
	struct rmi_rec_exit exit = run->exit;
	const uint8_t reason = exit.exit_reason;
	const uint64_t esr = exit.esr;
	static const struct rmi_rec_exit nothing;

	exit_clear_common(&exit);
	exit.exit_reason = 0;
	switch (reason) {
	case RMI_EXIT_SYNC:
		exit_clear_sync(call, &exit);
		break;
	case RMI_EXIT_PSCI:
		memset(exit.gprs, 0, 4 * sizeof(exit.gprs[0]));
		break;
	case RMI_EXIT_RIPAS_CHANGE:
		exit.ripas_base = exit.ripas_top = 0;
		exit.ripas_value = exit.ripas_value > RMI_RIPAS_RAM;
		break;
	case RMI_EXIT_HOST_CALL:
		exit.imm = 0;
		memset(exit.gprs, 0, sizeof(exit.gprs));
		break;
	case RMI_EXIT_SERROR:
		/* EC, IDS, AET, EA, DFSC */
		exit.esr &= ~(RMI_ESR_EC_MASK | UINT64_C(1) << 24 | UINT64_C(7) << 10 | RMI_ESR_EA |
			      RMI_ESR_FSC_MASK);
		break;
	}
	if (!scan_is_same(&exit, &nothing, sizeof(exit)) || reason > RMI_EXIT_SERROR)
		VIOLATED(call, O9, "an exit for %u, esr 0x%llx, shows something else", reason,
			 HEX(esr));
}

/* Who is to be told of an access at `ipa` that did not proceed: section 6.3. */
void output_abort(struct rmm_cpu *cpu, enum rmm_access_type type, uint64_t ipa, bool sea)
{
	struct rmm *rmm = cpu->rmm;
	const struct shadow_realm *realm = realm_find(rmm, cpu->rec->owner);
	const struct granule *target;
	struct place place;
	bool to_host = false, either = false;

	if (!realm)
		return;
	if (ipa >= UINT64_C(1) << realm->expected.ipa_width) {
		if (!sea)
			invariant_violated(rmm, INVARIANT_O10, "an exit for IPA 0x%llx", HEX(ipa));
		return;
	}
	if (!place_find(rmm, realm, ipa, RTT_PAGE_LEVEL, &place))
		return;
	if (ipa < protected_end(realm)) {
		to_host = RIPAS(place.entry) == RMI_RIPAS_DESTROYED ||
			  (RIPAS(place.entry) == RMI_RIPAS_RAM && !(place.entry & RTTE_LIVE));
		/* ASSIGNED and RAM: neither; no abort at all. */
		if (RIPAS(place.entry) == RMI_RIPAS_RAM && place.entry & RTTE_LIVE)
			to_host = sea;
	} else if (type != RMM_FETCH) {
		target = granule_find(rmm, (place.entry & RTTE_ADDR) +
						   (ipa & (entry_size(place.level) - 1)));
		to_host = !(place.entry & RTTE_LIVE) ||
			  !(place.entry &
			    (type == RMM_WRITE ? RMI_DESC_S2AP_WRITE : RMI_DESC_S2AP_READ)) ||
			  !target || (target->gpt != RMM_GPT_NS && target->gpt != RMM_GPT_AAP);
		/* Or another agent changed the GPT at that moment. */
		either = rmm->config.platform.ns_fault != NULL;
	}
	if (to_host == sea && !(either && !sea))
		invariant_violated(rmm, INVARIANT_O10, "IPA 0x%llx, entry 0x%llx: %s", HEX(ipa),
				   HEX(place.entry),
				   sea ? "an exception is taken to the Realm" : "the REC exits");
}

/* --- what a Realm does --- */

/* `size` bytes at `ipa` were read or written, in one granule. */
static void access_happened(struct rmm_cpu *cpu, enum rmm_access_type type, uint64_t ipa)
{
	struct rmm *rmm = cpu->rmm;
	const struct shadow_realm *realm = realm_find(rmm, cpu->rec->owner);
	const struct granule *target;
	struct place place;
	uint64_t pa;

	if (!realm)
		return;
	if (ipa >= 2 * protected_end(realm) ||
	    !place_find(rmm, realm, ipa, RTT_PAGE_LEVEL, &place)) {
		invariant_violated(rmm, INVARIANT_O10, "an access at IPA 0x%llx proceeds",
				   HEX(ipa));
		return;
	}
	pa = (place.entry & RTTE_ADDR) + (ipa & (entry_size(place.level) - 1));
	target = granule_find(rmm, pa);
	if (ipa < protected_end(realm)) {
		if (HIPAS(place.entry) != RTTE_ASSIGNED || RIPAS(place.entry) != RMI_RIPAS_RAM)
			invariant_violated(rmm, INVARIANT_O10,
					   "an access at IPA 0x%llx proceeds through entry 0x%llx",
					   HEX(ipa), HEX(place.entry));
		else if (type == RMM_WRITE)
			data_written(rmm, pa);
		return;
	}
	if (HIPAS(place.entry) != RTTE_ASSIGNED_NS || type == RMM_FETCH ||
	    !(place.entry & (type == RMM_WRITE ? RMI_DESC_S2AP_WRITE : RMI_DESC_S2AP_READ)))
		invariant_violated(rmm, INVARIANT_O10,
				   "an access at IPA 0x%llx proceeds through entry 0x%llx",
				   HEX(ipa), HEX(place.entry));
	if (!target || (target->gpt != RMM_GPT_NS && target->gpt != RMM_GPT_AAP))
		invariant_violated(rmm, INVARIANT_I20,
				   "an access at IPA 0x%llx reaches 0x%llx, GPT entry %d", HEX(ipa),
				   HEX(pa), target ? target->gpt : -1);
}

static void access_judge(struct rmm_cpu *cpu, enum rmm_access_type type, uint64_t ipa,
			 uint64_t done, enum rmm_outcome outcome)
{
	for (uint64_t at = 0; at < done; at = ((ipa + at) | GRANULE_MASK) + 1 - ipa)
		access_happened(cpu, type, ipa + at);
	if (outcome == RMM_CONTINUE)
		return;
	output_abort(cpu, type, ipa + done, outcome == RMM_SEA);
}

/* Who gets DATA that the RMM gave unwritten is to find it wiped: all of it is looked at the first time. */
static void access_first(struct rmm_cpu *cpu, uint64_t ipa)
{
	const struct shadow_realm *realm = realm_find(cpu->rmm, cpu->rec->owner);
	struct shadow *shadow;
	struct place place;

	if (!realm || ipa >= protected_end(realm) ||
	    !place_find(cpu->rmm, realm, ipa, RTT_PAGE_LEVEL, &place) ||
	    HIPAS(place.entry) != RTTE_ASSIGNED)
		return;
	const uint64_t pa = (place.entry & RTTE_ADDR) + (ipa & (entry_size(place.level) - 1));

	shadow = shadow_find(cpu->rmm, pa);
	if (!shadow || !shadow->unchecked || shadow->expected.state != RMM_GRANULE_DATA)
		return;
	shadow->unchecked = false;
	if (!content_wiped(cpu->rmm, pa & ~GRANULE_MASK))
		invariant_violated(cpu->rmm, INVARIANT_I23,
				   "DATA 0x%llx was not wiped before a Realm got it",
				   HEX(pa & ~GRANULE_MASK));
}

enum rmm_outcome invariant_access(struct rmm_cpu *cpu, struct rmm_access *access, access_fn serve)
{
	const bool exited = cpu->exited;
	enum rmm_outcome outcome;

	if (!exited && access->size) {
		access_first(cpu, access->ipa);
		if ((access->ipa ^ (access->ipa + access->size - 1)) & ~GRANULE_MASK)
			access_first(cpu, access->ipa + access->size - 1);
	}
	outcome = serve(cpu, access);

	if (!exited)
		access_judge(cpu, access->type, access->ipa, access->done, outcome);
	return outcome;
}

enum rmm_outcome invariant_translate(struct rmm_cpu *cpu, const struct rmm_access *access,
				     struct rmm_translation *out, translate_fn serve)
{
	const bool exited = cpu->exited;
	enum rmm_outcome outcome;

	if (!exited)
		access_first(cpu, access->ipa);
	outcome = serve(cpu, access, out);

	if (!exited)
		access_judge(cpu, access->type, access->ipa, outcome == RMM_CONTINUE, outcome);
	return outcome;
}

/* O6: every page of [base, top) has `ripas`. */
static void check_state_get(struct rmm_cpu *cpu, const struct shadow_realm *realm, uint64_t base,
			    uint64_t top, uint64_t out_top, uint64_t ripas)
{
	uint64_t ipa = base;

	if (out_top <= base || out_top > top || out_top > protected_end(realm)) {
		invariant_violated(cpu->rmm, INVARIANT_O6, "out_top is 0x%llx of 0x%llx..0x%llx",
				   HEX(out_top), HEX(base), HEX(top));
		return;
	}
	while (ipa < out_top) {
		struct place place;

		if (!place_find(cpu->rmm, realm, ipa, RTT_PAGE_LEVEL, &place))
			return;
		if (RIPAS(place.entry) != ripas) {
			invariant_violated(cpu->rmm, INVARIANT_O6,
					   "IPA 0x%llx has RIPAS %llu, not %llu", HEX(ipa),
					   HEX(RIPAS(place.entry)), HEX(ripas));
			return;
		}
		ipa = place.ipa + entry_size(place.level);
	}
}

/* The page at `ipa`, which the RMM wrote for the Realm. */
static void buffer_written(struct rmm_cpu *cpu, const struct shadow_realm *realm, uint64_t ipa)
{
	struct place place;

	if (ipa < protected_end(realm) &&
	    place_find(cpu->rmm, realm, ipa, RTT_PAGE_LEVEL, &place) &&
	    HIPAS(place.entry) == RTTE_ASSIGNED)
		data_written(cpu->rmm,
			     (place.entry & RTTE_ADDR) + (ipa & (entry_size(place.level) - 1)));
}

enum rmm_outcome invariant_realm_smc(struct rmm_cpu *cpu, realm_smc_fn serve)
{
	struct rmm *rmm = cpu->rmm;
	struct shadow_realm *realm = realm_find(rmm, cpu->rec->owner);
	const struct rmm_cpu_regs before = cpu->regs;
	const uint64_t *x = before.gprs, *now = cpu->regs.gprs;
	const uint32_t fid = smccc_fid(x[0]);
	const bool runnable = cpu->rec->runnable;
	enum rmm_outcome outcome;

	if (cpu->exited || !realm)
		return serve(cpu);
	outcome = serve(cpu);
	switch (fid) {
	case RSI_MEASUREMENT_EXTEND:
		if (now[0] == RSI_SUCCESS && x[1] >= 1 && x[1] < RSI_MEASUREMENTS && x[2] <= 64)
			expect_rem(&realm->expected, x[1], &x[3], x[2],
				   rmm->config.rem_zero_padded);
		break;
	case RSI_IPA_STATE_GET:
		if (now[0] == RSI_SUCCESS)
			check_state_get(cpu, realm, x[1], x[2], now[1], now[2]);
		break;
	case RSI_IPA_STATE_SET:
		if (outcome == RMM_EXIT)
			shadow_find(rmm, cpu->rec_pa)->where = x[1];
		break;
	case RSI_REALM_CONFIG:
		if (outcome == RMM_CONTINUE && now[0] == RSI_SUCCESS)
			buffer_written(cpu, realm, x[1]);
		break;
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
		realm->expected.state = RMM_REALM_SYSTEM_OFF;
		break;
	}
	if (cpu->rec->runnable != runnable && (fid != PSCI_CPU_OFF || cpu->rec->runnable))
		invariant_violated(rmm, INVARIANT_T14, "the REC at 0x%llx becomes runnable=%d",
				   HEX(cpu->rec_pa), cpu->rec->runnable);
	if (outcome == RMM_EXIT && cpu->exit.exit_reason == RMI_EXIT_SYNC)
		output_abort(cpu, RMM_READ, cpu->exit.hpfar << 8, false);
	realm_compare(rmm, realm, false, false);
	rec_check(rmm, cpu->rec_pa);
	return outcome;
}

void invariant_complete(struct rmm_cpu *cpu, const struct rmi_rec_enter *enter, complete_fn serve)
{
	struct rmm *rmm = cpu->rmm;
	struct shadow_realm *realm = realm_find(rmm, cpu->rec->owner);
	const uint64_t base = shadow_find(rmm, cpu->rec_pa)->where, addr = cpu->rec->ripas_addr,
		       top = cpu->rec->ripas_top;
	const uint8_t value = cpu->rec->ripas_value;
	const bool host_call = cpu->rec->host_call_pending;

	rmm->checker->entries++;
	serve(cpu, enter);
	if (!realm)
		return;
	realm->entered = true;
	if (realm->expected.state == RMM_REALM_NEW)
		invariant_violated(rmm, INVARIANT_I25, "the REC at 0x%llx runs", HEX(cpu->rec_pa));
	if (host_call)
		buffer_written(cpu, realm, cpu->rec->host_call_ipa);
	if (cpu->exited && cpu->exit.exit_reason == RMI_EXIT_SYNC)
		output_abort(cpu, RMM_READ, cpu->exit.hpfar << 8, false);
	if (top) {
		const uint64_t new_base = cpu->regs.gprs[1], response = cpu->regs.gprs[2];

		if (new_base < base || new_base > top || new_base != addr || response > 1 ||
		    (response == RSI_RESPONSE_REJECT &&
		     (value != RMI_RIPAS_RAM || new_base >= top)))
			invariant_violated(rmm, INVARIANT_O7,
					   "RIPAS %u of 0x%llx..0x%llx: new_base 0x%llx, response "
					   "%llu",
					   value, HEX(base), HEX(top), HEX(new_base),
					   HEX(response));
	}
}

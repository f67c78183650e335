/* SPDX-License-Identifier: BSD-3-Clause */
/* rsi.c - the Realm's SMCs: RSI, and what else is not refused. */
#include <string.h>
#include "command.h"
#include "cpu.h"
#include "invariant.h"
#include "measurement.h"

/* SMCCC_VERSION: 1.2, the first that lets a call return more than four registers. */
#define SMCCC_VERSION_1_2 0x10002u

/*
 * A function of RSI gets the Realm's registers in `x`. If it exits, it has done all that is to be done
 * with them; otherwise its results are returned and the Realm goes on.
 */
typedef uint64_t (*rsi_fn)(struct rmm_cpu *cpu, const uint64_t *x, struct result *out);

static uint64_t rsi_version(struct rmm_cpu *cpu, const uint64_t *x, struct result *out)
{
	const uint64_t version =
		RSI_ABI_VERSION_ENCODE(RSI_ABI_MAJOR_VERSION, RSI_ABI_MINOR_VERSION);

	(void)cpu;
	out->x[1] = version;
	out->x[2] = version;
	CHECKS(RSI_VERSION);
	FAIL_IF(version, (x[1] & UINT64_C(0x7fffffff)) != version);
	CHECKS_END();
	return RSI_SUCCESS;
}

static uint64_t rsi_features(struct rmm_cpu *cpu, const uint64_t *x, struct result *out)
{
	(void)cpu;
	(void)x;
	(void)out; /* there is no feature register with anything in it */
	return RSI_SUCCESS;
}

static uint64_t rsi_measurement_read(struct rmm_cpu *cpu, const uint64_t *x, struct result *out)
{
	CHECKS(RSI_MEASUREMENT_READ);
	FAIL_IF(index_bound, x[1] >= RSI_MEASUREMENTS);
	CHECKS_END();

	memcpy(&out->x[1], cpu->rd->measurements[x[1]], RSI_MEASUREMENT_SIZE);
	return RSI_SUCCESS;
}

static uint64_t rsi_measurement_extend(struct rmm_cpu *cpu, const uint64_t *x, struct result *out)
{
	CHECKS(RSI_MEASUREMENT_EXTEND);
	FAIL_IF(index_bound, x[1] < 1 || x[1] >= RSI_MEASUREMENTS);
	FAIL_IF(size_bound, x[2] > RSI_MEASUREMENT_SIZE);
	CHECKS_END();

	measurement_extend(cpu->rd, (unsigned int)x[1], (const uint8_t *)&x[3], x[2],
			   cpu->rmm->config.rem_zero_padded);
	return RSI_SUCCESS;
}

static uint64_t rsi_attestation_token_init(struct rmm_cpu *cpu, const uint64_t *x,
					   struct result *out)
{
	(void)cpu;
	(void)x;
	CHECKS(RSI_ATTESTATION_TOKEN_INIT);
	FAIL_IF(no_token, true);
	CHECKS_END();
	return RSI_SUCCESS;
}

static uint64_t rsi_attestation_token_continue(struct rmm_cpu *cpu, const uint64_t *x,
					       struct result *out)
{
	const uint64_t addr = x[1], offset = x[2], size = x[3];

	CHECKS(RSI_ATTESTATION_TOKEN_CONTINUE);
	FAIL_IF(addr_align, !granule_aligned(addr));
	FAIL_IF(addr_bound, addr >= realm_protected_end(cpu->rd));
	FAIL_IF(offset_bound, offset >= RMM_GRANULE_SIZE);
	FAIL_IF(size_overflow, offset + size < offset);
	FAIL_IF(size_bound, offset + size > RMM_GRANULE_SIZE);
	/* TOKEN_INIT never starts one. */
	FAIL_IF(attest_state, true);
	CHECKS_END();
	return RSI_SUCCESS;
}

static bool rtte_is_assigned_ram(uint64_t entry)
{
	return rtte_is_live(entry) && rtte_ripas(entry) == RMI_RIPAS_RAM;
}

/* The physical address of `ipa`, where `walk` ended at a mapping. */
static uint64_t walk_pa(const struct walk *walk, uint64_t ipa)
{
	return rtte_addr(walk->entry) + (ipa & (rtt_entry_size(walk->level) - 1));
}

static uint64_t rsi_realm_config(struct rmm_cpu *cpu, const uint64_t *x, struct result *out)
{
	const uint64_t addr = x[1];
	struct rsi_realm_config config;
	struct walk walk;

	CHECKS(RSI_REALM_CONFIG);
	FAIL_IF(addr_align, !granule_aligned(addr));
	FAIL_IF(addr_bound, addr >= realm_protected_end(cpu->rd));
	walk = rtt_walk(cpu->rmm, cpu->rd, addr, RTT_PAGE_LEVEL);
	FAIL_IF(addr_ripas, rtte_ripas(walk.entry) == RMI_RIPAS_EMPTY);
	CHECKS_END();

	if (!rtte_is_assigned_ram(walk.entry)) {
		abort_exit_for_buffer(cpu, addr, walk.level);
		return RSI_SUCCESS;
	}
	memset(&config, 0, sizeof(config));
	config.ipa_width = cpu->rd->ipa_width;
	config.hash_algo = cpu->rd->hash_algo;
	memcpy(config.rpv, cpu->rd->rpv, sizeof(config.rpv));
	granule_write(cpu->rmm, walk_pa(&walk, addr), &config, sizeof(config));
	return RSI_SUCCESS;
}

static uint64_t rsi_ipa_state_set(struct rmm_cpu *cpu, const uint64_t *x, struct result *out)
{
	const uint64_t base = x[1], top = x[2], flags = x[4];
	const uint8_t ripas = (uint8_t)x[3];
	struct rec *rec = cpu->rec;

	CHECKS(RSI_IPA_STATE_SET);
	FAIL_IF(base_align, !granule_aligned(base));
	FAIL_IF(top_align, !granule_aligned(top));
	FAIL_IF(size_valid, top <= base);
	FAIL_IF(rgn_bound, top > realm_protected_end(cpu->rd));
	FAIL_IF(ripas_valid, ripas > RSI_RIPAS_RAM);
	CHECKS_END();

	cpu_exit(cpu, RMI_EXIT_RIPAS_CHANGE);
	cpu->exit.ripas_base = base;
	cpu->exit.ripas_top = top;
	cpu->exit.ripas_value = ripas;
	rec->ripas_addr = base;
	rec->ripas_top = top;
	rec->ripas_value = ripas;
	rec->ripas_destroyed = flags & RSI_CHANGE_DESTROYED;
	cpu->regs.pc += 4;
	return RSI_SUCCESS;
}

static uint64_t rsi_ipa_state_get(struct rmm_cpu *cpu, const uint64_t *x, struct result *out)
{
	const uint64_t base = x[1], top = x[2];
	unsigned int i, end;
	struct walk walk;
	uint64_t ipa;

	CHECKS(RSI_IPA_STATE_GET);
	FAIL_IF(base_align, !granule_aligned(base));
	FAIL_IF(top_align, !granule_aligned(top));
	FAIL_IF(size_valid, top <= base);
	FAIL_IF(rgn_bound, top > realm_protected_end(cpu->rd));
	CHECKS_END();

	/* As far as one table tells without going down: up to a TABLE or another RIPAS. */
	walk = rtt_walk(cpu->rmm, cpu->rd, base, RTT_PAGE_LEVEL);
	end = rtt_num_entries(walk.level);
	ipa = rtt_table_ipa(&walk, base) + walk.index * rtt_entry_size(walk.level);
	for (i = walk.index; i < end && ipa < top; i++) {
		if (rtte_is_table(walk.entries[i]) ||
		    rtte_ripas(walk.entries[i]) != rtte_ripas(walk.entry))
			break;
		ipa += rtt_entry_size(walk.level);
	}
	out->x[1] = ipa < top ? ipa : top;
	out->x[2] = rtte_ripas(walk.entry);
	return RSI_SUCCESS;
}

static uint64_t rsi_host_call(struct rmm_cpu *cpu, const uint64_t *x, struct result *out)
{
	const uint64_t addr = x[1];
	struct rsi_host_call call;
	struct walk walk;

	CHECKS(RSI_HOST_CALL);
	FAIL_IF(addr_align, addr % RSI_HOST_CALL_ALIGN);
	FAIL_IF(addr_bound, addr >= realm_protected_end(cpu->rd));
	walk = rtt_walk(cpu->rmm, cpu->rd, addr, RTT_PAGE_LEVEL);
	FAIL_IF(addr_ripas, rtte_ripas(walk.entry) == RMI_RIPAS_EMPTY);
	CHECKS_END();

	if (!rtte_is_assigned_ram(walk.entry)) {
		abort_exit_for_buffer(cpu, addr, walk.level);
		return RSI_SUCCESS;
	}
	granule_read(cpu->rmm, walk_pa(&walk, addr), &call, sizeof(call));
	cpu_exit(cpu, RMI_EXIT_HOST_CALL);
	cpu->exit.imm = call.imm;
	memcpy(cpu->exit.gprs, call.gprs, sizeof(cpu->exit.gprs));
	cpu->rec->host_call_pending = true;
	cpu->rec->host_call_ipa = addr;
	cpu->regs.pc += 4;
	return RSI_SUCCESS;
}

/* Results of a call of the Realm that has one register beside the status, or none. */
static void rsi_return(struct rmm_cpu_regs *regs, uint64_t status, uint64_t x1, uint64_t x2)
{
	regs->gprs[0] = status;
	regs->gprs[1] = x1;
	regs->gprs[2] = x2;
	regs->gprs[3] = 0;
}

static void ripas_change_complete(struct rmm_cpu *cpu, const struct rmi_rec_enter *enter)
{
	struct rec *rec = cpu->rec;
	/* The Host can refuse to give memory, but not to take it. */
	const bool reject = enter->flags & RMI_ENTER_FLAG_RIPAS_RESPONSE &&
			    rec->ripas_value == RMI_RIPAS_RAM && rec->ripas_addr != rec->ripas_top;

	rsi_return(&cpu->regs, RSI_SUCCESS, rec->ripas_addr,
		   reject ? RSI_RESPONSE_REJECT : RSI_RESPONSE_ACCEPT);
	rec->ripas_addr = 0;
	rec->ripas_top = 0;
	cpu->entry.ripas_done = true;
}

static void host_call_complete(struct rmm_cpu *cpu, const struct rmi_rec_enter *enter)
{
	const uint64_t ipa = cpu->rec->host_call_ipa;
	const struct walk walk = rtt_walk(cpu->rmm, cpu->rd, ipa, RTT_PAGE_LEVEL);

	if (rtte_is_assigned_ram(walk.entry)) {
		granule_write(cpu->rmm, walk_pa(&walk, ipa) + offsetof(struct rsi_host_call, gprs),
			      enter->gprs, sizeof(enter->gprs));
		rsi_return(&cpu->regs, RSI_SUCCESS, 0, 0);
	} else if (rtte_ripas(walk.entry) != RMI_RIPAS_EMPTY) {
		abort_exit_for_buffer(cpu, ipa, walk.level);
		return;
	}
	cpu->rec->host_call_pending = false;
	cpu->entry.host_call_done = true;
}

static void complete_serve(struct rmm_cpu *cpu, const struct rmi_rec_enter *enter)
{
	if (cpu->rec->ripas_top)
		ripas_change_complete(cpu, enter);
	if (cpu->rec->host_call_pending)
		host_call_complete(cpu, enter);
}

void rsi_complete(struct rmm_cpu *cpu, const struct rmi_rec_enter *enter)
{
	if (__builtin_expect(cpu->rmm->checker != NULL, 0))
		invariant_complete(cpu, enter, complete_serve);
	else
		complete_serve(cpu, enter);
}

#define SLOT(name, fn) [RSI_##name - RSI_FID_FIRST] = {fn, &commands[COMMAND_RSI_##name]}
static const struct {
	rsi_fn fn;
	const struct rmm_command *command;
} slots[] = {
	SLOT(VERSION, rsi_version),
	SLOT(FEATURES, rsi_features),
	SLOT(MEASUREMENT_READ, rsi_measurement_read),
	SLOT(MEASUREMENT_EXTEND, rsi_measurement_extend),
	SLOT(ATTESTATION_TOKEN_INIT, rsi_attestation_token_init),
	SLOT(ATTESTATION_TOKEN_CONTINUE, rsi_attestation_token_continue),
	SLOT(REALM_CONFIG, rsi_realm_config),
	SLOT(IPA_STATE_SET, rsi_ipa_state_set),
	SLOT(IPA_STATE_GET, rsi_ipa_state_get),
	SLOT(HOST_CALL, rsi_host_call),
};

static void rsi_call(struct rmm_cpu *cpu, unsigned int slot)
{
	const struct rmm_command *command = slots[slot].command;
	uint64_t *gprs = cpu->regs.gprs;
	struct result out;
	uint64_t status;

	memset(&out, 0, sizeof(out));
	status = slots[slot].fn(cpu, gprs, &out);
	cpu->rmm->last_realm_call = (struct last_call){command, out.condition};
	if (cpu->exited)
		return;
	rsi_return(&cpu->regs, status, out.x[1], out.x[2]);
	for (unsigned int i = 3; i <= command->outputs; i++)
		gprs[i] = out.x[i];
	cpu->regs.pc += 4;
}

static enum rmm_outcome realm_smc_serve(struct rmm_cpu *cpu)
{
	uint64_t *gprs = cpu->regs.gprs;
	const uint32_t fid = smccc_fid(gprs[0]);
	const uint32_t slot = fid - RSI_FID_FIRST;

	if (cpu->exited)
		return RMM_EXIT;
	if (slot < sizeof(slots) / sizeof(slots[0])) {
		rsi_call(cpu, slot);
		return cpu->exited ? RMM_EXIT : RMM_CONTINUE;
	}
	cpu->rmm->last_realm_call = (struct last_call){NULL, NULL};
	if (psci_call(cpu, fid))
		return cpu->exited ? RMM_EXIT : RMM_CONTINUE;
	gprs[0] = fid == SMCCC_VERSION ? SMCCC_VERSION_1_2 : SMCCC_NOT_SUPPORTED;
	cpu->regs.pc += 4;
	return RMM_CONTINUE;
}

enum rmm_outcome rmm_cpu_smc(struct rmm_cpu *cpu)
{
	return __builtin_expect(cpu->rmm->checker != NULL, 0)
		       ? invariant_realm_smc(cpu, realm_smc_serve)
		       : realm_smc_serve(cpu);
}

enum rmm_outcome rmm_cpu_hvc(struct rmm_cpu *cpu)
{
	const bool from_el0 = !(cpu->regs.pstate & 0xc);

	if (cpu->exited)
		return RMM_EXIT;
	/* EC 0: unknown reason. */
	cpu_take_exception(&cpu->regs, from_el0, RMI_ESR_IL);
	return RMM_CONTINUE;
}

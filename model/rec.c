/* SPDX-License-Identifier: BSD-3-Clause */
/* rec.c - the commands that create and destroy RECs. */
#include <string.h>
#include "command.h"
#include "measurement.h"
#include "rec.h"

uint32_t rec_index_by_rmi_mpidr(uint64_t mpidr)
{
	return (uint32_t)((mpidr & 0xf) | (mpidr >> 8 & 0xff) << 4 | (mpidr >> 16 & 0xff) << 12 |
			  (mpidr >> 24 & 0xff) << 20);
}

uint32_t rec_index_by_psci_mpidr(uint64_t mpidr)
{
	return (uint32_t)((mpidr & 0xf) | (mpidr >> 8 & 0xff) << 4 | (mpidr >> 16 & 0xff) << 12 |
			  (mpidr >> 32 & 0xff) << 20);
}

void rec_regs_reset(struct rmm_cpu_regs *regs)
{
	memset(regs, 0, sizeof(*regs));
	regs->pstate = PSTATE_EL1H_DAIF;
	/* SCTLR_EL1: bits 29, 28, 23, 22, 20 and 11 are one after reset; M, EE and E0E are zero. */
	regs->sctlr_el1 = UINT64_C(0x30d00800);
}

uint64_t rmi_rec_aux_count(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1];
	struct granule *rd_gran;
	const struct rd *rd;
	void *memory;

	CHECKS(REC_AUX_COUNT);
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	CHECKS_END();

	rd = memory;
	out->x[1] = rd->rec_aux;
	return RMI_SUCCESS;
}

/* The parameters, and not what is between them and behind. */
static void params_read(const struct rmm *rmm, uint64_t pa, struct rmi_rec_params *params)
{
	const struct rmi_rec_params *from = ns_view(rmm, pa);

	params->flags = from->flags;
	params->mpidr = from->mpidr;
	params->pc = from->pc;
	memcpy(params->gprs, from->gprs, sizeof(params->gprs));
	params->num_aux = from->num_aux;
	memcpy(params->aux, from->aux, sizeof(params->aux));
}

static bool aux_aligned(const struct rmi_rec_params *params)
{
	for (uint64_t i = 0; i < params->num_aux; i++) {
		if (!granule_aligned(params->aux[i]))
			return false;
	}
	return true;
}

static bool aux_delegated(const struct rmm *rmm, const struct rmi_rec_params *params)
{
	for (uint64_t i = 0; i < params->num_aux; i++) {
		if (!granule_in_state(rmm, params->aux[i], RMM_GRANULE_DELEGATED))
			return false;
	}
	return true;
}

static bool aux_distinct(const struct rmi_rec_params *params, uint64_t rec_pa, uint64_t rd_pa)
{
	for (uint64_t i = 0; i < params->num_aux; i++) {
		if (params->aux[i] == rec_pa || params->aux[i] == rd_pa)
			return false;
		for (uint64_t j = 0; j < i; j++) {
			if (params->aux[j] == params->aux[i])
				return false;
		}
	}
	return true;
}

uint64_t rmi_rec_create(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rd_pa = x[1], rec_pa = x[2], params_pa = x[3];
	struct granule *rec_gran, *rd_gran;
	struct rmi_rec_params params;
	struct rd *rd;
	void *memory;

	CHECKS(REC_CREATE);
	FAIL_IF(params_align, !granule_aligned(params_pa));
	FAIL_IF(params_bound, !granule_find_delegable(rmm, params_pa));
	FAIL_IF(params_pas, ns_faults(rmm, params_pa, false));
	params_read(rmm, params_pa, &params);
	FAIL_IF(num_aux_bound, params.num_aux > RMI_REC_MAX_AUX);
	FAIL_IF(aux_align, !aux_aligned(&params));
	FAIL_IF(aux_state, !aux_delegated(rmm, &params));
	FAIL_IF(aux_alias, !aux_distinct(&params, rec_pa, rd_pa));
	FAIL_IF(rec_align, !granule_aligned(rec_pa));
	FAIL_IF(rec_bound, !(rec_gran = granule_find_delegable(rmm, rec_pa)));
	FAIL_IF(rec_state, rec_gran->state != RMM_GRANULE_DELEGATED);
	FAIL_IF(rd_align, !granule_aligned(rd_pa));
	FAIL_IF(rd_bound, !(rd_gran = granule_find_named(rmm, rd_pa, &memory)));
	FAIL_IF(rd_state, rd_gran->state != RMM_GRANULE_RD);
	rd = memory;
	FAIL_IF(num_recs, rd_gran->refcount == (1u << rmm->config.max_recs_order) - 1);
	FAIL_IF(realm_state, rd->state != RMM_REALM_NEW);
	FAIL_IF(mpidr_index, params.mpidr & ~RMI_MPIDR_MASK ||
				     rec_index_by_rmi_mpidr(params.mpidr) != rd->rec_index);
	FAIL_IF(num_aux, params.num_aux != rd->rec_aux);
	CHECKS_END();

	struct rec *rec =
		granule_take(rmm, rec_pa, RMM_GRANULE_REC, granule_eighths(0, sizeof(*rec)));

	memset(rec, 0, sizeof(*rec));
	rec->owner = rd_pa;
	rec->mpidr = params.mpidr;
	rec->index = rd->rec_index;
	rec->runnable = params.flags & RMI_REC_FLAG_RUNNABLE;
	rec_regs_reset(&rec->regs);
	rec->regs.pc = params.pc;
	memcpy(rec->regs.gprs, params.gprs, sizeof(params.gprs));
	rec->num_aux = (uint8_t)params.num_aux;
	for (unsigned int i = 0; i < rec->num_aux; i++) {
		rec->aux[i] = params.aux[i];
		granule_set_state(rmm, granule_find(rmm, rec->aux[i]), RMM_GRANULE_REC_AUX);
	}
	if (rec->runnable)
		measurement_rec(rmm, rd, &params);
	rd->rec_index++;
	rd_gran->refcount++;
	return RMI_SUCCESS;
}

uint64_t rmi_rec_destroy(struct rmm *rmm, const uint64_t *x, struct result *out)
{
	const uint64_t rec_pa = x[1];
	struct granule *rec_gran;
	const struct rec *rec;

	CHECKS(REC_DESTROY);
	FAIL_IF(rec_align, !granule_aligned(rec_pa));
	FAIL_IF(rec_bound, !(rec_gran = granule_find_delegable(rmm, rec_pa)));
	FAIL_IF(rec_gran_state, rec_gran->state != RMM_GRANULE_REC);
	FAIL_IF(rec_state, rec_is_running(rec_gran));
	CHECKS_END();

	rec = granule_memory(rmm, rec_pa);
	for (unsigned int i = 0; i < rec->num_aux; i++)
		granule_release(rmm, rec->aux[i]);
	granule_find(rmm, rec->owner)->refcount--;
	granule_release(rmm, rec_pa);
	return RMI_SUCCESS;
}

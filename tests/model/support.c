/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <sys/mman.h>
#include "support.h"

static void *map(uint64_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ck_assert_ptr_ne(p, MAP_FAILED);
	return p;
}

static bool ns_fault(void *ctx, uint64_t pa, bool write)
{
	struct host *host = ctx;

	if (write)
		host->writes++;
	else
		host->reads++;
	if (host->fault_pa && pa == host->fault_pa)
		return true;
	return host->fault_in >= 0 && host->fault_in-- == 0;
}

static void run(void *ctx, struct rmm_cpu *cpu)
{
	struct host *host = ctx;

	host->entries++;
	if (host->realm)
		host->realm(host, cpu);
}

static void violation(void *ctx, const char *label, const char *text)
{
	(void)ctx;
	ck_abort_msg("invariant %s: %s", label, text);
}

void host_init_config(struct host *host)
{
	memset(host, 0, sizeof(*host));
	host->banks[0] = (struct rmm_bank){LOW_BASE, LOW_SIZE, map(LOW_SIZE), 0};
	host->banks[1] = (struct rmm_bank){HIGH_BASE, HIGH_SIZE, map(HIGH_SIZE), 0};
	host->banks[2] = (struct rmm_bank){DEVICE_BASE, DEVICE_SIZE, map(DEVICE_SIZE),
					   RMM_BANK_NOT_DELEGABLE};
	host->next = LOW_BASE;
	host->fault_in = -1;
	rmm_config_init(&host->config);
	host->config.banks = host->banks;
	host->config.num_banks = 3;
	host->config.run = run;
	host->config.run_ctx = host;
	host->config.platform.ctx = host;
	host->config.platform.ns_fault = ns_fault;
	host->config.rec_aux = 2;
	/* Whatever a test does, the invariants are to hold. */
	host->config.invariants = RMM_INVARIANTS_STEP;
	host->config.violation = violation;
}

void host_start(struct host *host)
{
	check_eq((uint64_t)rmm_create(&host->config, &host->rmm), 0);
}

void host_init(struct host *host)
{
	host_init_config(host);
	host_start(host);
}

void host_restart(struct host *host)
{
	rmm_reset(host->rmm);
	memset(host->banks[0].view, 0, host->next - LOW_BASE);
	host->next = LOW_BASE;
	host->realm = NULL;
	host->entries = 0;
	host->fault_in = -1;
	host->fault_pa = 0;
}

void host_end(struct host *host)
{
	rmm_destroy(host->rmm);
	for (size_t i = 0; i < 3; i++)
		munmap(host->banks[i].view, host->banks[i].size);
}

void *host_ptr(struct host *host, uint64_t pa)
{
	for (size_t i = 0; i < 3; i++) {
		const struct rmm_bank *bank = &host->banks[i];

		if (pa >= bank->base && pa < bank->base + bank->size)
			return (uint8_t *)bank->view + (pa - bank->base);
	}
	ck_abort_msg("no memory at %" PRIx64, pa);
	return NULL;
}

uint64_t host_pages(struct host *host, uint64_t n)
{
	const uint64_t size = n * PAGE;
	const uint64_t pa = (host->next + size - 1) / size * size;

	host->next = pa + size;
	check(host->next <= LOW_BASE + LOW_SIZE);
	return pa;
}

uint64_t host_page(struct host *host)
{
	return host_pages(host, 1);
}

uint64_t host_delegated_n(struct host *host, uint64_t n)
{
	const uint64_t pa = host_pages(host, n);

	for (uint64_t i = 0; i < n; i++)
		check_eq(call(host, RMI_GRANULE_DELEGATE, pa + i * PAGE), SUCCESS);
	return pa;
}

uint64_t host_delegated(struct host *host)
{
	return host_delegated_n(host, 1);
}

uint64_t call_regs(struct host *host, uint64_t fid, const uint64_t *args)
{
	const struct rmm_command *known = rmm_command_by_fid((uint32_t)fid & ~SMCCC_SVE_HINT_BIT);
	struct rmm_regs regs; /* a Realm that runs may make calls through the same host */

	memset(&regs, 0xa5, sizeof(regs));
	regs.x[0] = fid;
	for (int i = 0; i < 6; i++)
		regs.x[i + 1] = args[i];
	rmm_smc(host->rmm, &regs);
	/* Results are in x0..x4; nothing else is written. */
	check_eq(regs.x[5], args[4]);
	check_eq(regs.x[6], args[5]);
	for (int i = 7; i < 18; i++)
		check_eq(regs.x[i], UINT64_C(0xa5a5a5a5a5a5a5a5));
	/* A command that has fewer results leaves zeros in the others. */
	if (known && known->interface != RMM_INTERFACE_RMI)
		known = NULL;
	for (unsigned int i = known ? known->outputs + 1u : 1; i <= 4; i++)
		check_eq(regs.x[i], 0);
	host->regs = regs;
	return regs.x[0];
}

void expect_regs(struct host *host, const char *file, int line, uint64_t x0, const char *label,
		 uint64_t fid, const uint64_t *args)
{
	const char *name = rmm_command_by_fid((uint32_t)fid)->name;
	const uint64_t before = label ? rmm_inspect_hash(host->rmm) : 0;
	const uint64_t got = call_regs(host, fid, args);
	const struct rmm_call last = rmm_last_call(host->rmm);
	const char *condition = last.condition ? last.condition : "(none)";

	if (got != x0 || strcmp(condition, label ? label : "(none)") != 0)
		ck_abort_msg("%s:%d: %s(%" PRIx64 ", %" PRIx64 ", %" PRIx64 ", %" PRIx64
			     ", %" PRIx64 ") gave %" PRIx64 " %s, expected %" PRIx64 " %s",
			     file, line, name, args[0], args[1], args[2], args[3], args[4], got,
			     condition, x0, label ? label : "(none)");
	check(!strcmp(last.command, name));
	if (label && rmm_inspect_hash(host->rmm) != before)
		ck_abort_msg("%s:%d: %s failed by %s and changed something", file, line, name,
			     label);
}

enum rmm_granule_state state_of(struct host *host, uint64_t pa)
{
	struct rmm_granule_view view;

	check(rmm_inspect_granule(host->rmm, pa, &view));
	return view.state;
}

uint32_t refcount_of(struct host *host, uint64_t pa)
{
	struct rmm_granule_view view;

	check(rmm_inspect_granule(host->rmm, pa, &view));
	return view.refcount;
}

void realm_prepare_as(struct host *host, struct realm *realm, uint8_t s2sz, int level, uint32_t num)
{
	static uint16_t vmid;

	memset(realm, 0, sizeof(*realm));
	realm->rd = host_delegated(host);
	realm->rtt_base = host_delegated_n(host, num);
	realm->params = host_page(host);
	realm->run = host_page(host);
	realm->rec_params = host_page(host);
	realm->p = host_ptr(host, realm->params);
	realm->p->s2sz = s2sz;
	realm->p->num_bps = 5;
	realm->p->num_wps = 5;
	realm->p->vmid = ++vmid % 256;
	realm->p->rtt_base = realm->rtt_base;
	realm->p->rtt_level_start = level;
	realm->p->rtt_num_start = num;
}

void realm_prepare(struct host *host, struct realm *realm)
{
	realm_prepare_as(host, realm, 40, 1, 2);
}

void realm_create(struct host *host, struct realm *realm)
{
	realm_prepare(host, realm);
	ok(host, RMI_REALM_CREATE, realm->rd, realm->params);
}

uint64_t realm_add_rec(struct host *host, struct realm *realm, bool runnable)
{
	struct rmi_rec_params *params = host_ptr(host, realm->rec_params);
	const uint64_t rec = host_delegated(host);
	const uint64_t i = realm->num_recs++;

	memset(params, 0, sizeof(*params));
	params->flags = runnable;
	params->mpidr = i;
	params->num_aux = host->config.rec_aux;
	for (uint64_t j = 0; j < params->num_aux; j++)
		realm->aux[i][j] = params->aux[j] = host_delegated(host);
	ok(host, RMI_REC_CREATE, realm->rd, rec, realm->rec_params);
	return realm->rec[i] = rec;
}

void realm_tables(struct host *host, struct realm *realm, uint64_t ipa)
{
	struct rmm_entry_view entry;

	for (int level = 2; level <= 3; level++) {
		const uint64_t size = level == 2 ? GiB : 2 * MiB;

		check(rmm_inspect_entry(host->rmm, realm->rd, ipa, level, &entry));
		if (entry.level < level)
			ok(host, RMI_RTT_CREATE, realm->rd, host_delegated(host), ipa & ~(size - 1),
			   (uint64_t)level);
	}
}

uint64_t realm_ram(struct host *host, struct realm *realm, uint64_t ipa)
{
	const uint64_t src = host_page(host);
	const uint64_t data = host_delegated(host);

	realm_tables(host, realm, ipa);
	ok(host, RMI_DATA_CREATE, realm->rd, data, ipa, src);
	return data;
}

void realm_activate(struct host *host, struct realm *realm)
{
	ok(host, RMI_REALM_ACTIVATE, realm->rd);
}

void realm_running(struct host *host, struct realm *realm)
{
	realm_create(host, realm);
	realm_add_rec(host, realm, true);
	realm_tables(host, realm, 0);
	realm_activate(host, realm);
}

/* Take down everything that the table at `level` for `ipa` maps. */
static void destroy_below(struct host *host, struct realm *realm, uint64_t ipa, int level)
{
	const uint64_t size = PAGE << (9 * (3 - level));

	for (uint64_t i = 0; i < 512; i++, ipa += size) {
		struct rmm_entry_view entry;

		if (!rmm_inspect_entry(host->rmm, realm->rd, ipa, level, &entry))
			return;
		if (entry.hipas == RMM_ASSIGNED && level < 3) {
			ok(host, RMI_RTT_CREATE, realm->rd, host_delegated(host), ipa,
			   (uint64_t)level + 1);
			entry.hipas = RMM_TABLE;
		}
		if (entry.hipas == RMM_TABLE) {
			destroy_below(host, realm, ipa, level + 1);
			ok(host, RMI_RTT_DESTROY, realm->rd, ipa, (uint64_t)level + 1);
		} else if (entry.hipas == RMM_ASSIGNED) {
			ok(host, RMI_DATA_DESTROY, realm->rd, ipa);
		}
	}
}

void realm_destroy(struct host *host, struct realm *realm)
{
	const int level = (int)realm->p->rtt_level_start;

	for (uint64_t i = 0; i < realm->num_recs; i++) {
		if (state_of(host, realm->rec[i]) == RMM_GRANULE_REC)
			ok(host, RMI_REC_DESTROY, realm->rec[i]);
	}
	for (uint64_t i = 0; i < realm->p->rtt_num_start; i++)
		destroy_below(host, realm, i * (PAGE << (9 * (4 - level))), level);
	ok(host, RMI_REALM_DESTROY, realm->rd);
}

struct rmi_rec_enter *run_enter(struct host *host, const struct realm *realm)
{
	return &((struct rmi_rec_run *)host_ptr(host, realm->run))->enter;
}

const struct rmi_rec_exit *run_exit(struct host *host, const struct realm *realm)
{
	return &((struct rmi_rec_run *)host_ptr(host, realm->run))->exit;
}

const struct rmi_rec_exit *enter(struct host *host, struct realm *realm, realm_fn fn, void *arg)
{
	host->realm = fn;
	host->realm_arg = arg;
	ok(host, RMI_REC_ENTER, realm->rec[0], realm->run);
	host->realm = NULL;
	return run_exit(host, realm);
}

enum rmm_outcome realm_smc(struct rmm_cpu *cpu, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3,
			   uint64_t x4)
{
	uint64_t *gprs = rmm_cpu_regs(cpu)->gprs;

	gprs[0] = x0;
	gprs[1] = x1;
	gprs[2] = x2;
	gprs[3] = x3;
	gprs[4] = x4;
	return rmm_cpu_smc(cpu);
}

struct entry_now read_entry(struct host *host, const struct realm *realm, uint64_t ipa, int level)
{
	ok(host, RMI_RTT_READ_ENTRY, realm->rd, ipa, (uint64_t)level);
	return (struct entry_now){host->regs.x[1], host->regs.x[2], host->regs.x[3],
				  host->regs.x[4]};
}

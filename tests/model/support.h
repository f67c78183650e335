/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * support.h - a Host for tests: memory whose addresses are not those of the process, granules handed
 * out from it, calls with their expected results, and Realms to start from.
 */
#ifndef TESTS_MODEL_SUPPORT_H
#define TESTS_MODEL_SUPPORT_H

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <rmm/conditions.h>
#include <rmm/inspect.h>
#include <rmm/rmi.h>
#include <rmm/rmm.h>
#include <rmm/rsi.h>

#define KiB  UINT64_C(0x400)
#define MiB  UINT64_C(0x100000)
#define GiB  UINT64_C(0x40000000)
#define PAGE UINT64_C(0x1000)

/* As ck_assert(), for places that are passed so often that its bookkeeping (a write each time) hurts. */
#define check(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			ck_abort_msg("%s:%d: %s", __FILE__, __LINE__, #condition);                 \
	} while (0)
#define check_eq(got, expected)                                                                    \
	do {                                                                                       \
		const uint64_t got_ = (got), expected_ = (expected);                               \
		if (got_ != expected_)                                                             \
			ck_abort_msg("%s:%d: %s is %" PRIx64 ", expected %" PRIx64, __FILE__,      \
				     __LINE__, #got, got_, expected_);                             \
	} while (0)

/* Return codes as the facts write them. */
#define SUCCESS	     UINT64_C(0)
#define INPUT	     UINT64_C(1)
#define REALM(index) (UINT64_C(2) | (uint64_t)(index) << 8)
#define REC	     UINT64_C(3)
#define RTT(level)   (UINT64_C(4) | (uint64_t)((level)&0xff) << 8)

/* Where test memory is. LOW and HIGH lie on either side of 48 bits; DEVICE cannot be delegated. */
#define LOW_BASE    UINT64_C(0x100000000)
#define LOW_SIZE    (4 * GiB)
#define HIGH_BASE   UINT64_C(0x1000000000000)
#define HIGH_SIZE   MiB
#define DEVICE_BASE UINT64_C(0x80000000)
#define DEVICE_SIZE MiB
/* Granule aligned, and in no bank. */
#define NOWHERE UINT64_C(0x40000000)

struct host;
typedef void (*realm_fn)(struct host *host, struct rmm_cpu *cpu);

struct host {
	struct rmm *rmm;
	struct rmm_config config;
	struct rmm_bank banks[3];
	struct rmm_regs regs; /* of the last call */
	uint64_t next;	      /* first granule that was never handed out */
	realm_fn realm;	      /* what the Realm does when it runs; NULL: nothing */
	void *realm_arg;
	unsigned int entries; /* how often it ran */
	int64_t fault_in; /* this many accesses to Non-secure memory go well, then one faults; < 0: none */
	uint64_t fault_pa; /* accesses to this granule fault; 0: none */
	unsigned int reads, writes; /* of Non-secure memory, as ns_fault() was asked about them */
};

/* host_init_config - memory for everything above; `host->config` is the default with the banks. */
void host_init_config(struct host *host);
/* host_start - make the RMM from host->config. */
void host_start(struct host *host);
/* host_init - both. */
void host_init(struct host *host);
/* host_restart - as if the host had just been started, but sooner. */
void host_restart(struct host *host);
void host_end(struct host *host);

/* host_ptr - the memory at a physical address. */
void *host_ptr(struct host *host, uint64_t pa);

/* host_page - a Non-secure granule that nobody has had; host_pages - `n` together, aligned to all. */
uint64_t host_page(struct host *host);
uint64_t host_pages(struct host *host, uint64_t n);
/* host_delegated, host_delegated_n - the same, DELEGATED. */
uint64_t host_delegated(struct host *host);
uint64_t host_delegated_n(struct host *host, uint64_t n);

/* call - one RMI call; returns x0. */
uint64_t call_regs(struct host *host, uint64_t fid, const uint64_t *args);
#define call(host, fid, ...) call_regs(host, fid, (const uint64_t[6]){__VA_ARGS__})

/*
 * expect - a call that must give `x0`, or fail by the condition `label` without any change of the RMM's
 * state. `label` is NULL for success.
 */
void expect_regs(struct host *host, const char *file, int line, uint64_t x0, const char *label,
		 uint64_t fid, const uint64_t *args);
#define expect(host, x0, label, fid, ...)                                                          \
	expect_regs(host, __FILE__, __LINE__, x0, label, fid, (const uint64_t[6]){__VA_ARGS__})
#define ok(host, fid, ...) expect(host, SUCCESS, NULL, fid, __VA_ARGS__)

enum rmm_granule_state state_of(struct host *host, uint64_t pa);
uint32_t refcount_of(struct host *host, uint64_t pa);

/* A Realm that a test works on. */
struct realm {
	uint64_t rd, rtt_base, params, run;
	struct rmi_realm_params *p; /* params, writable until the Realm is created */
	uint64_t num_recs;
	uint64_t rec[4];
	uint64_t rec_params, aux[4][16];
};

/* realm_prepare - granules and parameters for a Realm: s2sz 40, starting level 1, two root tables. */
void realm_prepare(struct host *host, struct realm *realm);
/* realm_prepare_as - the same with another geometry. */
void realm_prepare_as(struct host *host, struct realm *realm, uint8_t s2sz, int level,
		      uint32_t num);
/* realm_create - realm_prepare() and REALM_CREATE. */
void realm_create(struct host *host, struct realm *realm);
/* realm_add_rec - the next REC, runnable or not; returns its granule. */
uint64_t realm_add_rec(struct host *host, struct realm *realm, bool runnable);
/* realm_tables - tables at levels 2 and 3 for `ipa`, where they are missing. */
void realm_tables(struct host *host, struct realm *realm, uint64_t ipa);
/* realm_ram - a page at `ipa`, ASSIGNED/RAM, by DATA_CREATE; returns its granule. */
uint64_t realm_ram(struct host *host, struct realm *realm, uint64_t ipa);
/* realm_running - a Realm with one runnable REC and tables for IPA 0, ACTIVE. */
void realm_running(struct host *host, struct realm *realm);
/* realm_activate */
void realm_activate(struct host *host, struct realm *realm);
/* realm_destroy - all of it, whatever is in it. */
void realm_destroy(struct host *host, struct realm *realm);

struct rmi_rec_enter *run_enter(struct host *host, const struct realm *realm);
const struct rmi_rec_exit *run_exit(struct host *host, const struct realm *realm);

/* enter - REC_ENTER of REC 0, which runs `fn`; the call must succeed. Returns the exit half. */
const struct rmi_rec_exit *enter(struct host *host, struct realm *realm, realm_fn fn, void *arg);

/* realm_smc - the Realm executes an SMC; its registers x0..x3 are in rmm_cpu_regs() afterwards. */
enum rmm_outcome realm_smc(struct rmm_cpu *cpu, uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3,
			   uint64_t x4);

struct entry_now {
	uint64_t level, state, desc, ripas;
};
/* read_entry - RTT_READ_ENTRY, which must succeed. */
struct entry_now read_entry(struct host *host, const struct realm *realm, uint64_t ipa, int level);

/* The suites. */
Suite *suite_worked(void);
Suite *suite_conditions(void);
Suite *suite_geometry(void);
Suite *suite_entries(void);
Suite *suite_access(void);
Suite *suite_run(void);
Suite *suite_rsi(void);
Suite *suite_psci(void);
Suite *suite_measurement(void);
Suite *suite_memory(void);
Suite *suite_random(void);

#endif

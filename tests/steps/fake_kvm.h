/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake_kvm.h - a KVM build that does what a test tells it to: it writes down each system call with
 * the structure that the VMM passed, answers from a script, and can break each rule that the audit
 * knows.
 */
#ifndef TESTS_STEPS_FAKE_KVM_H
#define TESTS_STEPS_FAKE_KVM_H

#include <sim/port.h>

#define FAKE_MAX_CALLS	512
#define FAKE_MAX_SCRIPT 64
#define FAKE_DATA	320
#define FAKE_SYMBOL	"fake_state"

struct fake_call {
	const char *name; /* "ioctl", "mmap", "munmap", ... */
	int32_t tid, fd;
	uint32_t cmd;
	uint64_t args[4]; /* as the system call has them, without tid, fd and cmd */
	int64_t ret;
	uint8_t data[FAKE_DATA]; /* an ioctl's structure */
	uint8_t sub[FAKE_DATA];	 /* KVM_ENABLE_CAP: what args[1] points to */
};

/* What the next KVM_RUN does. */
struct fake_run {
	int64_t ret;
	uint32_t reason;
	uint64_t gpa, size;
	bool is_private, is_write;
	uint64_t data;
};

enum fake_plant {
	FAKE_NOTHING,
	FAKE_RETURN_BELOW_ERRNO,
	FAKE_RETURN_POSITIVE,
	FAKE_LOCK_HELD,
	FAKE_PGTABLE_UNEVEN,
	FAKE_VMID_LOST,
	FAKE_DATA_UNCACHED, /* mapped, with the only reference, and in no file */
	FAKE_LEFT_DELEGATED,
	FAKE_UNDELEGATE_REFUSED,  /* as LEFT_DELEGATED, but the RMM refuses to give it back */
	FAKE_TAKEN_BACK_AND_LEFT, /* that page is given back, delegated again, and left so */
	FAKE_FREED_DELEGATED,
	FAKE_NEVER_ALLOCATED,
	FAKE_GMEM_REFERENCE,
	FAKE_DATA_IN_KERNEL_PAGE,
	FAKE_DATA_WITHOUT_REFERENCE,
	FAKE_WRONG_REALM,
	FAKE_OUTSIDE_RANGE,
	FAKE_TABLE_BESIDE_RANGE,
	FAKE_SHARED_BLOCK,  /* 2 MiB of the shared half of the range are mapped */
	FAKE_SHARED_DEVICE, /* the same, as a device */
	FAKE_RIPAS_TABLE, /* INIT_RIPAS of the range, which a hook refuses, and a table of pages at its beginning */
	FAKE_TABLE_KEPT, /* a table that the RMM refuses to give back, and stays accounted */
	FAKE_TABLE_KEPT_UNACCOUNTED,
	FAKE_MANY_CALLS, /* a hundred RMI calls that succeed */
	FAKE_ENDLESS,
	FAKE_ENDLESS_FOLDS,    /* that fail as the last one did, but for one call in a thousand */
	FAKE_GMEM_UNASKED,     /* a page in a guest_memfd that nobody asked for */
	FAKE_USER_UNASKED,     /* more of the VMM's memory than arguments can need */
	FAKE_ASKS_IN_VAIN,     /* RMI calls that fail, again and again */
	FAKE_WORKS_IN_VAIN,    /* RMI calls that succeed, far more than the range has granules */
	FAKE_TABLE_IDLE,       /* a table in the range that says nothing */
	FAKE_ALIAS_TABLE_IDLE, /* the same in the shared half */
	/* What is left when the process has exited. */
	FAKE_LEAVE_DELEGATED,
	FAKE_LEAVE_PAGE,
	FAKE_LEAVE_OBJECT,
	FAKE_LEAVE_GMEM,
	FAKE_LEAVE_USER,
	FAKE_LEAVE_FILE,
	FAKE_LEAVE_VM,
	FAKE_LEAVE_PGTABLE,
};

struct fake {
	struct fake_call calls[FAKE_MAX_CALLS];
	unsigned int num_calls;
	struct fake_run script[FAKE_MAX_SCRIPT];
	unsigned int num_script, next_script;
	bool repeat_script;
	/* The ioctl `fail_cmd` returns `fail_ret` instead. */
	uint32_t fail_cmd;
	int64_t fail_ret;
	enum fake_plant plant;	/* happens in the next ioctl of a VM or a vCPU */
	uint64_t rd;		/* of a Realm that CREATE_REALM made */
	uint8_t immediate_exit; /* as the last KVM_RUN found it */
	uint8_t mmio_data[8];	/* likewise */
	bool signals[16];	/* by tid, from FAKE_TID on */
	bool unlocked;		/* it holds no lock; else mmu_lock, for writing or */
	bool reads;		/* only for reading */
};

#define FAKE_TID     100
#define FAKE_FD_KVM  3
#define FAKE_FD_VM   10
#define FAKE_FD_VCPU 20
#define FAKE_FD_GMEM 30
#define FAKE_FD_GIC  40

/* The state of the loaded module. */
typedef struct fake *fake_state_fn(void);

#endif

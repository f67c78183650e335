/* SPDX-License-Identifier: BSD-3-Clause */
/* fake.h - what the fake KVM build does when it is told to: sys_ioctl(tid, fd, cmd, arg). */
#ifndef TESTS_MACHINE_FAKE_H
#define TESTS_MACHINE_FAKE_H

enum fake_cmd {
	FAKE_COUNT,    /* adds `arg` to a variable in .bss and one in .data; returns their sum */
	FAKE_COUNTERS, /* adds `arg` to each kind of coverage counter; returns their sum */
	FAKE_ALLOC,    /* a page of order `arg`: its physical address or -ENOMEM */
	FAKE_FREE,     /* the page at `arg`, order 0 */
	FAKE_WRITE,    /* one byte to the page at `arg` */
	FAKE_READ,     /* the first byte of the page at `arg` */
	FAKE_DELEGATE, /* RMI_GRANULE_DELEGATE of `arg`: the return code */
	FAKE_UNDELEGATE,
	FAKE_WARN,	/* a WARN */
	FAKE_EVENT,	/* a message, if wanted; returns event_mask */
	FAKE_FAULT,	/* asks fault_decide(arg) */
	FAKE_NONSECURE, /* asks is_nonsecure for the page at `arg` */
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake_port.h - a machine for sim/linux alone: memory from mmap, a simple frame allocator, and a
 * record of what was reported. Includes nothing of sim/linux, so that both sides can be compiled
 * with their own headers.
 */
#ifndef FAKE_PORT_H
#define FAKE_PORT_H

#include <sim/port.h>

#define FAKE_BASE	0x800000000ull
#define FAKE_MAX_WARNS	64
#define FAKE_MAX_EVENTS 4096

struct fake_warn {
	char rule[40];
	char message[256];
	char file[128];
	char function[64];
	int line;
};

struct fake_event {
	enum port_event_kind kind;
	uint64_t a, b, c, d;
	char text[128];
};

struct fake_port {
	struct sim_port port;
	uint64_t page_size;
	uint64_t num_frames;
	uint64_t bump;
	uint32_t free_head[24]; /* by order, index plus one; linked by port_frame.link */
	uint64_t frames_out;	/* handed out now */
	uint64_t allocations;
	uint8_t *secure; /* one byte a 4 KiB granule: not Non-secure */

	/* 1: the next question fails, 2: the one after it, ...; 0: none */
	int fault_in[PORT_NUM_FAULTS];
	uint64_t fault_asked[PORT_NUM_FAULTS];
	bool fault_always[PORT_NUM_FAULTS];

	uint64_t sched_points[4]; /* by enum port_sched */
	void (*on_sched)(struct fake_port *fake, enum port_sched kind, const char *object);
	void *sched_arg;

	uint64_t smc_in[18];
	uint64_t smc_out[18];
	uint64_t smcs;

	int num_warns;
	struct fake_warn warns[FAKE_MAX_WARNS];
	int num_events;
	struct fake_event events[FAKE_MAX_EVENTS];
};

/* fake_port_create - DRAM of `size` bytes, all free and clean. Aborts without memory. */
struct fake_port *fake_port_create(uint64_t size, uint64_t page_size);
void fake_port_destroy(struct fake_port *fake);
/* fake_warned - how many reports of this rule there are. */
int fake_warned(const struct fake_port *fake, const char *rule);
void fake_warns_clear(struct fake_port *fake);
/* fake_secure_set - the granule at `pa` leaves the Non-secure space, or comes back. */
void fake_secure_set(struct fake_port *fake, uint64_t pa, bool secure);
struct port_frame *fake_frame(struct fake_port *fake, uint64_t pa);

#endif

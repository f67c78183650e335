/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * order.c - the order in which locks are taken. Locks that were initialised at one source line are one
 * class, as for the kernel's lock checker. Whoever waits for a lock while holding another one lays down
 * that the one comes behind the other; the opposite order, at any time and by any thread, is reported with
 * both places, whether or not two threads meet there.
 *
 * Waiting for the readers of sleepable RCU is waiting for what they hold; entering a read section is not
 * waiting. Locks that are only tried for do not wait either. Two locks of one class are not ordered.
 */
#include <stdio.h>

#include <linux/sched.h>
#include <linux/string.h>

#include "internal.h"

#define MAX_CLASSES 32

struct order_class {
	u32 site;	  /* of the initialisation; 0: none, and the name tells them apart */
	const char *name;
};

/* Where `behind` was waited for, and where the lock in front of it had been taken. 0: never. */
struct order_edge {
	u32 front_site, behind_site;
};

static struct order_class classes[MAX_CLASSES];
static u32 num_classes;
static struct order_edge edges[MAX_CLASSES][MAX_CLASSES];
static bool reported[MAX_CLASSES][MAX_CLASSES];

void linux_order_boot(void)
{
	num_classes = 0;
	memset(edges, 0, sizeof(edges));
	memset(reported, 0, sizeof(reported));
}

static bool class_is(const struct order_class *class, const struct linux_lock *lock)
{
	return class->site == lock->site && (lock->site || class->name == linux_lock_name(lock));
}

/* Its number, or MAX_CLASSES if there are too many: then nothing is said about the lock. */
static u32 class_of(struct linux_lock *lock)
{
	u32 i;

	/* Static locks outlive the numbers that an earlier start gave to the classes. */
	if (lock->order_class && lock->order_class <= num_classes &&
	    class_is(&classes[lock->order_class - 1], lock))
		return lock->order_class - 1;
	for (i = 0; i < num_classes; i++) {
		if (class_is(&classes[i], lock))
			break;
	}
	if (i == MAX_CLASSES)
		return MAX_CLASSES;
	if (i == num_classes)
		classes[num_classes++] = (struct order_class){lock->site, linux_lock_name(lock)};
	lock->order_class = i + 1;
	return i;
}

/* The class that follows `from` on a way to `to`, or MAX_CLASSES if none leads there. */
static u32 path_find(u32 from, u32 to)
{
	u32 queue[MAX_CLASSES], first_hop[MAX_CLASSES];
	bool seen[MAX_CLASSES] = {false};
	u32 head = 0, tail = 0, next;

	seen[from] = true;
	queue[tail++] = from;
	first_hop[from] = MAX_CLASSES;
	while (head < tail) {
		u32 at = queue[head++];

		for (next = 0; next < num_classes; next++) {
			if (seen[next] || !edges[at][next].behind_site)
				continue;
			seen[next] = true;
			first_hop[next] = at == from ? next : first_hop[at];
			if (next == to)
				return first_hop[next];
			queue[tail++] = next;
		}
	}
	return MAX_CLASSES;
}

static const char *place(u32 site, char *buffer, size_t size)
{
	const struct linux_site *record = linux_site_get(site);

	if (record)
		snprintf(buffer, size, "%s (%s:%u)", record->function, record->file,
				  record->line);
	else
		snprintf(buffer, size, "an unknown place");
	return buffer;
}

void linux_order_wait(struct linux_lock *lock, const struct linux_site *site)
{
	const struct task_struct *task = current;
	u32 behind = class_of(lock), i;

	if (behind == MAX_CLASSES)
		return;
	for (i = 0; i < task->num_held; i++) {
		const struct linux_held_lock *held = &task->held[i];
		u32 front = class_of(held->lock), hop;
		char first[160], second[160];

		if (front == MAX_CLASSES || front == behind)
			continue;
		hop = edges[front][behind].behind_site ? MAX_CLASSES : path_find(behind, front);
		if (hop != MAX_CLASSES && !reported[behind][front]) {
			reported[behind][front] = true;
			linux_report("lock-order", site,
				     "waiting for %s while holding %s, taken in %s; the other way round: "
				     "%s taken while holding it in %s",
				     linux_lock_name(lock), linux_lock_name(held->lock),
				     place(held->site, first, sizeof(first)),
				     classes[hop].name,
				     place(edges[behind][hop].behind_site, second, sizeof(second)));
		}
		if (!edges[front][behind].behind_site)
			edges[front][behind] =
				(struct order_edge){held->site, linux_site_number(site)};
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "call_order.h"

#include <inttypes.h>
#include <rmm/rmi.h>
#include <sim/rmi_name.h>
#include <string.h>

#define GRANULE_MASK UINT64_C(0xffffffffff000) /* address bits 51 to 12 */
#define DIGEST_FIRST UINT64_C(0xcbf29ce484222325)

/* Registers that hold a physical address; a descriptor holds one among its attributes. */
static bool is_granule(const char *name)
{
	static const char *const names[] = {"rd",	  "addr",	 "data",      "src",
					    "params_ptr", "rec",	 "rtt",	      "run_ptr",
					    "desc",	  "calling_rec", "target_rec"};
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return false;
}

void call_order_init(struct call_order *order, bool listed)
{
	*order = (struct call_order){
		.granules = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
		.listed = listed,
		.digest = DIGEST_FIRST,
		.list = g_string_new(NULL)};
}

void call_order_clear(struct call_order *order)
{
	if (!order->granules)
		return;
	g_hash_table_unref(order->granules);
	g_string_free(order->list, TRUE);
	order->granules = NULL;
}

static void digest_add(struct call_order *order, uint64_t value)
{
	value ^= order->digest;
	value *= UINT64_C(0xbf58476d1ce4e5b9);
	order->digest = (value ^ value >> 31) + 1;
}

/* The number of a granule, from 1. */
static unsigned int granule_number(struct call_order *order, uint64_t address)
{
	unsigned int number = GPOINTER_TO_UINT(g_hash_table_lookup(order->granules, &address));

	if (!number) {
		int64_t *key = g_new(int64_t, 1);

		*key = (int64_t)address;
		number = g_hash_table_size(order->granules) + 1;
		g_hash_table_insert(order->granules, key, GUINT_TO_POINTER(number));
	}
	return number;
}

static void value_add(struct call_order *order, const char *name, uint64_t value)
{
	uint64_t address = value & GRANULE_MASK;
	unsigned int number = is_granule(name) && address ? granule_number(order, address) : 0;

	if (number)
		value &= ~GRANULE_MASK;
	if (!order->listed) {
		digest_add(order, number);
		digest_add(order, value);
		return;
	}
	g_string_append_printf(order->list, " %s=", name);
	if (number)
		g_string_append_printf(order->list, "granule:%u", number);
	if (number && value)
		g_string_append_printf(order->list, "+0x%" PRIx64, value);
	else if (!number && (int64_t)value < 10 && (int64_t)value > -10)
		g_string_append_printf(order->list, "%" PRId64, (int64_t)value);
	else if (!number)
		g_string_append_printf(order->list, "0x%" PRIx64, value);
}

void call_order_event(void *ctx, const struct trace_event *event)
{
	struct call_order *order = ctx;
	const struct rmi_command *command = rmi_command(event->value[0]);
	char text[RMI_RESULT_TEXT_SIZE];
	unsigned int i;

	order->num++;
	if (order->listed)
		g_string_append_printf(order->list, command ? "%s" : "unknown%s",
				       command ? command->name : "");
	if (command)
		digest_add(order, command->fid);
	else
		value_add(order, "fid", event->value[0]);
	for (i = 0; command && i < command->num_args; i++)
		value_add(order, command->args[i], event->value[i + 1]);
	if (order->listed)
		g_string_append_printf(order->list, " -> %s",
				       rmi_result_text(event->result[0], text));
	else
		digest_add(order, event->result[0]);
	for (i = 0; command && i < command->num_outs && event->result[0] == RMI_SUCCESS; i++)
		value_add(order, command->outs[i], event->result[i + 1]);
	if (order->listed)
		g_string_append_c(order->list, '\n');
}

char *call_order_take(struct call_order *order)
{
	char *text;

	if (order->listed)
		text = g_strdup(order->list->str);
	else if (order->num)
		text = g_strdup_printf("%" PRIu64 " calls, digest %016" PRIx64 "\n", order->num,
				       order->digest);
	else
		text = g_strdup("");
	g_string_truncate(order->list, 0);
	order->digest = DIGEST_FIRST;
	order->num = 0;
	return text;
}

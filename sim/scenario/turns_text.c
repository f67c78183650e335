/* SPDX-License-Identifier: BSD-3-Clause */
#include "turns_text.h"

#include <glib.h>
#include <inttypes.h>

char *turns_text(const struct plan_parallel *plan, const struct schedule_turn *turns, size_t num)
{
	GString *text = g_string_new(NULL);
	size_t i;

	for (i = 0; i < num; i++) {
		g_string_append_printf(text, "%s%s", i ? ", " : "",
				       plan->actors[turns[i].actor].name);
		if (turns[i].points)
			g_string_append_printf(text, "*%" PRIu64, turns[i].points);
	}
	return g_string_free(text, FALSE);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm_series.h"

#include "rmesim.h"

#include <string.h>

#define OLDEST 3u
#define NEWEST 99u

/* A name that only some postings have. */
struct mark {
	const char *name;
	unsigned int first, last;
	bool part; /* any name that contains this one, whatever its case */
};

static const struct mark marks[] = {
	{"handle_rme_exit", OLDEST, 4, false},
	{"gfn_to_pfn_memslot", OLDEST, 5, false},
	{"kvm_release_pfn_clean", OLDEST, 5, false},
	{"spare_page", OLDEST, 5, false},
	{"kvm_cap_arm_rme_config_item", OLDEST, 6, false},
	{"kvm_cap_arm_rme_populate_realm_args", OLDEST, 6, false},
	{"kvm_cap_arm_rme_init_ipa_args", OLDEST, 6, false},
	{"realm_is_addr_protected", OLDEST, 6, false},
	{"kvm_release_faultin_page", 6, 7, false},
	{"__kvm_faultin_pfn", 6, 10, false},
	{"arm_rme_config", 7, 10, false},
	{"arm_rme_populate_realm", 7, 10, false},
	{"arm_rme_init_ripas", 7, 10, false},
	{"ARM_RME_CONFIG_MEASUREMENT_ALGO_SHA256", 7, 8, false},
	{"kvm_realm_is_private_address", 7, NEWEST, false},
	{"kvm_account_pgtable_pages", 7, NEWEST, false},
	{"arm_smccc_1_2_smc", OLDEST, 8, false},
	{"kvm_release_page_clean", 8, 10, false},
	{"ARM_RME_CONFIG_HASH_ALGO_SHA256", 9, 10, false},
	{"arm_smccc_1_2_invoke", 9, NEWEST, false},
	{"kvm_rec_pre_enter", 9, NEWEST, false},
	{"__vcpu_sys_reg", OLDEST, 9, false},
	{"__vcpu_assign_sys_reg", 10, NEWEST, false},
	{"kvm_init_rme", OLDEST, 10, false},
	{"kvm_realm_enable_cap", OLDEST, 10, false},
	{"kvm_init_rmi", 12, NEWEST, false},
	{"kvm_arm_rmi_populate", 12, NEWEST, false},
	{"rmi_data_create", OLDEST, 12, false},
	{"SMC_RMI_DATA_CREATE", OLDEST, 12, false},
	{"rtt_data_map", 13, NEWEST, true},
	{"rtt_data_unmap", 13, NEWEST, true},
	{"range_delegate", 13, NEWEST, true},
	{"range_undelegate", 13, NEWEST, true},
	{"rmi_sro_", 14, NEWEST, true},
	{"rmi_delegate_range", 14, NEWEST, false},
	{"rmi_undelegate_range", 14, NEWEST, false},
	{"kvm_init_realm", 14, NEWEST, false},
};

static const unsigned int supported[] = {5, 6, 7, 8, 9, 10, 12};

bool kvm_series_supported(unsigned int number)
{
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(supported); i++) {
		if (supported[i] == number)
			return true;
	}
	return false;
}

const char *kvm_series_refusal(unsigned int number)
{
	if (kvm_series_supported(number))
		return NULL;
	if (number >= 13)
		return "speaks RMM ABI 2.0, and the model of the RMM speaks 1.0";
	return number == 11 ? "is not known" : "is older than v5, the first that is supported";
}

/* --- names ------------------------------------------------------------------------------------------- */

static bool starts_name(char c)
{
	return g_ascii_isalpha(c) || c == '_';
}

static bool is_name(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

/* Steps over a comment, a string or a character; returns what follows it, or `at` if none is there. */
static const char *skip_opaque(const char *at, unsigned int *line)
{
	char quote = *at;

	if (at[0] == '/' && at[1] == '/')
		return at + strcspn(at, "\n");
	if (at[0] == '/' && at[1] == '*') {
		for (at += 2; *at && !(at[0] == '*' && at[1] == '/'); at++)
			*line += *at == '\n';
		return *at ? at + 2 : at;
	}
	if (quote != '"' && quote != '\'')
		return at;
	for (at++; *at && *at != quote && *at != '\n'; at++) {
		if (*at == '\\' && at[1])
			*line += *++at == '\n';
	}
	return *at == quote ? at + 1 : at;
}

/* Adds where each name of the text stands first. */
static void collect_names(GHashTable *names, const char *path, const char *text)
{
	unsigned int line = 1;

	while (*text) {
		const char *next = skip_opaque(text, &line);
		char *name;

		if (next != text) {
			text = next;
		} else if (starts_name(*text)) {
			while (is_name(*next))
				next++;
			name = g_strndup(text, (size_t)(next - text));
			if (g_hash_table_contains(names, name))
				g_free(name);
			else
				g_hash_table_insert(names, name,
						    g_strdup_printf("%s:%u", path, line));
			text = next;
		} else if (g_ascii_isdigit(*text)) {
			/* What follows a digit is a part of the number. */
			while (is_name(*text))
				text++;
		} else {
			line += *text++ == '\n';
		}
	}
}

static const char *find_mark(GHashTable *names, GList *sorted, const struct mark *mark,
			     const char **name)
{
	GList *item;

	*name = mark->name;
	if (!mark->part)
		return g_hash_table_lookup(names, mark->name);
	for (item = sorted; item; item = item->next) {
		char *lower = g_ascii_strdown(item->data, -1);
		bool found = strstr(lower, mark->name) != NULL;

		g_free(lower);
		if (found) {
			*name = item->data;
			return g_hash_table_lookup(names, item->data);
		}
	}
	return NULL;
}

static void add_evidence(GString *evidence, const struct mark *mark, const char *name,
			 const char *where)
{
	if (mark->first == OLDEST)
		g_string_append_printf(evidence, "  v%u and before:", mark->last);
	else if (mark->last == NEWEST)
		g_string_append_printf(evidence, "  v%u and later:", mark->first);
	else
		g_string_append_printf(evidence, "  v%u to v%u:", mark->first, mark->last);
	g_string_append_printf(evidence, " %s (%s)\n", name, where);
}

/* The newest posting within the bounds that can be built; else the nearest to them. */
static void choose(unsigned int first, unsigned int last, struct kvm_series *out)
{
	unsigned int number, found = 0;

	if (first > last)
		return;
	for (number = first; number <= MIN(last, 14); number++) {
		if (kvm_series_supported(number)) {
			out->number = number;
			found++;
		}
	}
	if (!found)
		out->number = last < 5 ? last : first;
	out->sure = found <= 1;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool kvm_series_detect(const GPtrArray *files, struct kvm_series *out)
{
	GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	unsigned int first = OLDEST, last = NEWEST, i;
	GList *sorted = NULL;
	bool good = true;

	*out = (struct kvm_series){.evidence = g_string_new(NULL)};
	for (i = 0; i < files->len; i++) {
		const struct kvm_file *file = files->pdata[i];
		GError *error = NULL;
		char *text = NULL;

		if (!g_file_get_contents(file->path, &text, NULL, &error)) {
			usage_error("kvm-build: %s", error->message);
			g_error_free(error);
			good = false;
			continue;
		}
		collect_names(names, file->path, text);
		g_free(text);
	}
	sorted = g_list_sort(g_hash_table_get_keys(names), compare_names);
	for (i = 0; good && i < G_N_ELEMENTS(marks); i++) {
		const char *name, *where = find_mark(names, sorted, &marks[i], &name);

		if (!where)
			continue;
		add_evidence(out->evidence, &marks[i], name, where);
		first = MAX(first, marks[i].first);
		last = MIN(last, marks[i].last);
	}
	if (good && out->evidence->len)
		choose(first, last, out);
	g_list_free(sorted);
	g_hash_table_unref(names);
	return good;
}

void kvm_series_clear(struct kvm_series *series)
{
	if (series->evidence)
		g_string_free(series->evidence, TRUE);
	series->evidence = NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "kvm_missing.h"

#include <string.h>

#define MAX_OTHER_ERRORS 20u

enum missing_kind {
	MISSING_HEADER,
	MISSING_TYPE,
	MISSING_MEMBER,
	MISSING_FUNCTION,
	MISSING_NAME,
	NUM_KINDS
};

static const char *const kind_words[] = {
	[MISSING_HEADER] = "header",	 [MISSING_TYPE] = "type", [MISSING_MEMBER] = "member",
	[MISSING_FUNCTION] = "function", [MISSING_NAME] = "name",
};

struct missing_name {
	enum missing_kind kind;
	char *name;
	char *owner;	   /* of a member: "struct kvm_arch" */
	GPtrArray *places; /* "file:line" */
};

struct kvm_missing {
	GPtrArray *names;  /* struct missing_name */
	GPtrArray *others; /* char *: whole messages */
	GHashTable *seen;  /* of both */
};

/*
 * The words of gcc and clang, and of GNU ld, in LC_ALL=C. "%" stands for the quoted name; of two, the member
 * comes first, or last where `swapped`.
 */
static const struct {
	const char *before;
	enum missing_kind kind;
	bool member, swapped;
} patterns[] = {
	{"implicit declaration of function '", MISSING_FUNCTION, false, false},
	{"call to undeclared function '", MISSING_FUNCTION, false, false},
	{"undefined reference to `", MISSING_FUNCTION, false, false},
	{"unknown type name '", MISSING_TYPE, false, false},
	{"invalid use of undefined type '", MISSING_TYPE, false, false},
	{"dereferencing pointer to incomplete type '", MISSING_TYPE, false, false},
	{"invalid application of 'sizeof' to incomplete type '", MISSING_TYPE, false, false},
	{"invalid application of 'sizeof' to an incomplete type '", MISSING_TYPE, false, false},
	{"incomplete definition of type '", MISSING_TYPE, false, false},
	{"variable has incomplete type '", MISSING_TYPE, false, false},
	{"field has incomplete type '", MISSING_TYPE, false, false},
	{"use of undeclared identifier '", MISSING_NAME, false, false},
	{"' has no member named '", MISSING_MEMBER, true, true},
	{"no member named '", MISSING_MEMBER, true, false},
	{"' undeclared", MISSING_NAME, false, true},
	{": No such file or directory", MISSING_HEADER, false, true},
	{"' file not found", MISSING_HEADER, false, true},
};

static void missing_name_free(void *data)
{
	struct missing_name *name = data;

	g_free(name->name);
	g_free(name->owner);
	g_ptr_array_unref(name->places);
	g_free(name);
}

struct kvm_missing *kvm_missing_create(void)
{
	struct kvm_missing *missing = g_new0(struct kvm_missing, 1);

	missing->names = g_ptr_array_new_with_free_func(missing_name_free);
	missing->others = g_ptr_array_new_with_free_func(g_free);
	missing->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return missing;
}

void kvm_missing_destroy(struct kvm_missing *missing)
{
	g_ptr_array_unref(missing->names);
	g_ptr_array_unref(missing->others);
	g_hash_table_unref(missing->seen);
	g_free(missing);
}

static bool is_runtime_symbol(const char *name)
{
	static const char *const prefixes[] = {"__asan_",  "__ubsan_",	"__sanitizer_", "__lsan_",
					       "__llvm_",  "llvm_gcov", "__gcov",	"__sancov_",
					       "__start_", "__stop_"};
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		if (g_str_has_prefix(name, prefixes[i]))
			return true;
	}
	return false;
}

static struct missing_name *find_name(struct kvm_missing *missing, enum missing_kind kind,
				      const char *name, const char *owner)
{
	struct missing_name *found;
	unsigned int i;

	for (i = 0; i < missing->names->len; i++) {
		found = missing->names->pdata[i];
		/* A function that no header declares is missing for the linker, too. */
		if (!strcmp(found->name, name) && found->kind == kind &&
		    !g_strcmp0(found->owner, owner))
			return found;
	}
	found = g_new0(struct missing_name, 1);
	found->kind = kind;
	found->name = g_strdup(name);
	found->owner = g_strdup(owner);
	found->places = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(missing->names, found);
	return found;
}

/* The text up to a quote. g_free(). */
static char *quoted(const char *text)
{
	return g_strndup(text, strcspn(text, "'"));
}

/* The text between the last quote, or blank, before `end` and `end`. g_free(). */
static char *quoted_before(const char *start, const char *end)
{
	const char *at = end;

	while (at > start && at[-1] != '\'' && at[-1] != '"' && at[-1] != '<' && at[-1] != ' ')
		at--;
	/* A type has blanks in it, and its quote is further away. */
	if (at > start && at[-1] == ' ') {
		const char *quote = g_strrstr_len(start, end - start, "'");

		if (quote)
			at = quote + 1;
	}
	return g_strndup(at, (size_t)(end - at));
}

/* True if the message is about a missing name, which is then noted. */
static bool read_message(struct kvm_missing *missing, const char *place, const char *message)
{
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(patterns); i++) {
		const char *at = strstr(message, patterns[i].before), *after;
		char *name, *owner = NULL;

		if (!at)
			continue;
		after = at + strlen(patterns[i].before);
		if (patterns[i].member && patterns[i].swapped) {
			name = quoted(after);
			owner = quoted_before(message, at);
		} else if (patterns[i].member) {
			const char *in = strstr(after, "' in '");

			name = quoted(after);
			owner = in ? quoted(in + strlen("' in '")) : NULL;
		} else {
			name = patterns[i].swapped ? quoted_before(message, at) : quoted(after);
		}
		if (!is_runtime_symbol(name))
			g_ptr_array_add(find_name(missing, patterns[i].kind, name, owner)->places,
					g_strdup(place));
		g_free(name);
		g_free(owner);
		return true;
	}
	return false;
}

/* "FILE:LINE" of a message "FILE:LINE:COLUMN: ..." or "FILE:LINE: ..."; NULL if it names no line. */
static char *message_place(const char *line, const char *end)
{
	const char *at = line;

	while (at < end) {
		const char *colon = memchr(at, ':', (size_t)(end - at)), *digit;

		if (!colon)
			return NULL;
		digit = colon + 1;
		while (digit < end && g_ascii_isdigit(*digit))
			digit++;
		if (digit > colon + 1 && (digit == end || *digit == ':'))
			return g_strndup(line, (size_t)(digit - line));
		at = colon + 1;
	}
	return NULL;
}

/*
 * The linker's "FILE:LINE: multiple definition of `NAME'; OBJECT:FILE:LINE: first defined here", where there may be no
 * lines, and the program's name before. True if it is one.
 */
static bool read_double(struct kvm_missing *missing, const char *line)
{
	static const char words[] = ": multiple definition of `", behind[] = ": first defined here";
	const char *at = strstr(line, words), *colon, *other, *end;
	char *name, *second;

	if (!at)
		return false;
	name = quoted(at + strlen(words));
	second = g_strndup(line, (size_t)(at - line));
	colon = strstr(second, "ld: ");
	other = strstr(at, "'; ");
	end = other ? strstr(other, behind) : NULL;
	if (end) {
		const char *object = g_strstr_len(other, end - other, ".o:");

		other = object ? object + strlen(".o:") : other + strlen("'; ");
	}
	/* The same one of many objects. */
	if (g_hash_table_add(missing->seen, g_strdup_printf("twice %s", name)))
		g_ptr_array_add(
			missing->others,
			g_strdup_printf(
				"%s is defined twice, at %s and at %.*s: make yours static, "
				"or give it another name",
				name, colon ? colon + strlen("ld: ") : second,
				end ? (int)(end - other) : 0, end ? other : ""));
	g_free(second);
	g_free(name);
	return true;
}

static void read_line(struct kvm_missing *missing, const char *line)
{
	static const char *const heads[] = {"fatal error: ", "error: ", "undefined reference to "};
	unsigned int i;

	/* That has no such head. */
	if (read_double(missing, line) || strstr(line, "collect2: error: ") ||
	    strstr(line, "linker command failed"))
		return;

	for (i = 0; i < G_N_ELEMENTS(heads); i++) {
		const char *at = strstr(line, heads[i]);
		char *place;

		if (!at)
			continue;
		place = message_place(line, at);
		/* The same header is compiled with many sources. */
		if (g_hash_table_add(missing->seen, g_strdup(line)) &&
		    !read_message(missing, place ? place : "an object file", at))
			g_ptr_array_add(missing->others, g_strdup(line));
		g_free(place);
		return;
	}
}

void kvm_missing_read(struct kvm_missing *missing, const char *text)
{
	char **lines = g_strsplit(text, "\n", -1);
	unsigned int i;

	for (i = 0; lines[i]; i++)
		read_line(missing, lines[i]);
	g_strfreev(lines);
}

size_t kvm_missing_count(const struct kvm_missing *missing, size_t *others)
{
	if (others)
		*others = missing->others->len;
	return missing->names->len;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The header of ours that defines a type, "asm/kvm_host.h"; NULL: none. g_free(). */
static char *find_header(const char *directory, const char *below, const char *definition)
{
	char *path = g_build_filename(directory, below, NULL), *found = NULL;
	GPtrArray *entries = g_ptr_array_new_with_free_func(g_free);
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *entry;
	unsigned int i;

	while (dir && (entry = g_dir_read_name(dir)))
		g_ptr_array_add(entries, g_strdup(entry));
	g_ptr_array_sort(entries, compare_texts);
	for (i = 0; i < entries->len && !found; i++) {
		char *name = *below ? g_build_filename(below, entries->pdata[i], NULL)
				    : g_strdup(entries->pdata[i]);
		char *file = g_build_filename(directory, name, NULL), *text = NULL;

		if (g_file_test(file, G_FILE_TEST_IS_DIR)) {
			found = find_header(directory, name, definition);
		} else if (g_file_get_contents(file, &text, NULL, NULL) &&
			   strstr(text, definition)) {
			found = g_strdup(name);
		}
		g_free(text);
		g_free(file);
		g_free(name);
	}
	if (dir)
		g_dir_close(dir);
	g_ptr_array_unref(entries);
	g_free(path);
	return found;
}

static void print_member_advice(const struct missing_name *name, const GPtrArray *headers,
				FILE *out)
{
	char *definition = g_strdup_printf("%s {", name->owner ? name->owner : "");
	unsigned int i;

	for (i = 0; name->owner && i < headers->len; i++) {
		char *header = find_header(headers->pdata[i], "", definition);

		if (!header)
			continue;
		fprintf(out,
			"      to add it: copy %s/%s, add the member, and give the copy: --add "
			"%s=COPY\n",
			(const char *)headers->pdata[i], header, header);
		g_free(header);
		g_free(definition);
		return;
	}
	g_free(definition);
	fputs("      to add it: give a header of that type with the member: --add NAME.h=FILE\n",
	      out);
}

static void print_advice(const struct missing_name *name, const GPtrArray *headers, FILE *out)
{
	switch (name->kind) {
	case MISSING_HEADER:
		fprintf(out, "      to add it: --add %s=FILE, or --include DIR with %s in it\n",
			name->name, name->name);
		break;
	case MISSING_MEMBER:
		print_member_advice(name, headers, out);
		break;
	case MISSING_FUNCTION:
		fputs("      to add it: declare it in a header and define it in a source of your "
		      "own: "
		      "--add FILE.h --add FILE.c\n",
		      out);
		break;
	case MISSING_TYPE:
	case MISSING_NAME:
	case NUM_KINDS:
		fputs("      to add it: define it in a header of your own: --add FILE.h\n", out);
		break;
	}
}

void kvm_missing_print(const struct kvm_missing *missing, const GPtrArray *headers, FILE *out)
{
	unsigned int i;

	for (i = 0; i < missing->names->len; i++) {
		const struct missing_name *name = missing->names->pdata[i];

		fprintf(out, "  %s %s%s%s%s\n", kind_words[name->kind], name->name,
			name->kind == MISSING_FUNCTION ? "()" : "", name->owner ? " of " : "",
			name->owner ? name->owner : "");
		fprintf(out, "      used at %s", (const char *)name->places->pdata[0]);
		if (name->places->len > 1)
			fprintf(out, " and %u more place%s", name->places->len - 1,
				name->places->len == 2 ? "" : "s");
		fputc('\n', out);
		print_advice(name, headers, out);
	}
	for (i = 0; i < missing->others->len && i < MAX_OTHER_ERRORS; i++)
		fprintf(out, "  %s\n", (const char *)missing->others->pdata[i]);
	if (missing->others->len > MAX_OTHER_ERRORS)
		fprintf(out, "  and %u more errors\n", missing->others->len - MAX_OTHER_ERRORS);
}

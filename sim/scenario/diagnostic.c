/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/diagnostic.h>

#include <glib.h>
#include <stdarg.h>
#include <string.h>

/* Characters of a source line that are printed; longer ones are cut around the caret. */
#define EXCERPT_WIDTH 120u

struct remark {
	struct place place;
	char *path; /* when there is no source */
	char *text;
	bool is_note;
	GPtrArray *notes; /* struct remark */
	size_t serial;
};

struct diagnostics {
	GPtrArray *errors; /* struct remark */
	GHashTable *seen;  /* "order:line:column:text" of each error; only asked, never walked */
	struct remark *last;
};

static void remark_free(void *data)
{
	struct remark *remark = data;

	g_free(remark->path);
	g_free(remark->text);
	if (remark->notes)
		g_ptr_array_unref(remark->notes);
	g_free(remark);
}

struct diagnostics *diagnostics_create(void)
{
	struct diagnostics *diagnostics = g_new0(struct diagnostics, 1);

	diagnostics->errors = g_ptr_array_new_with_free_func(remark_free);
	diagnostics->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return diagnostics;
}

void diagnostics_destroy(struct diagnostics *diagnostics)
{
	if (!diagnostics)
		return;
	g_hash_table_unref(diagnostics->seen);
	g_ptr_array_unref(diagnostics->errors);
	g_free(diagnostics);
}

static void diagnostics_insert(struct diagnostics *diagnostics, struct remark *remark)
{
	char *key = g_strdup_printf("%d:%u:%u:%s:%s",
				    remark->place.source ? (int)remark->place.source->order : -1,
				    remark->place.line, remark->place.column,
				    remark->path ? remark->path : "", remark->text);

	if (!g_hash_table_add(diagnostics->seen, key)) {
		remark_free(remark);
		diagnostics->last = NULL;
		return;
	}
	remark->notes = g_ptr_array_new_with_free_func(remark_free);
	remark->serial = diagnostics->errors->len;
	g_ptr_array_add(diagnostics->errors, remark);
	diagnostics->last = remark;
}

void diagnostics_add(struct diagnostics *diagnostics, struct place place, const char *format, ...)
{
	struct remark *remark = g_new0(struct remark, 1);
	va_list args;

	remark->place = place;
	va_start(args, format);
	remark->text = g_strdup_vprintf(format, args);
	va_end(args);
	diagnostics_insert(diagnostics, remark);
}

void diagnostics_add_path(struct diagnostics *diagnostics, const char *path, const char *format,
			  ...)
{
	struct remark *remark = g_new0(struct remark, 1);
	va_list args;

	remark->path = g_strdup(path);
	va_start(args, format);
	remark->text = g_strdup_vprintf(format, args);
	va_end(args);
	diagnostics_insert(diagnostics, remark);
}

void diagnostics_note(struct diagnostics *diagnostics, struct place place, const char *format, ...)
{
	struct remark *remark;
	va_list args;

	if (!diagnostics->last)
		return;
	remark = g_new0(struct remark, 1);
	remark->place = place;
	remark->is_note = true;
	va_start(args, format);
	remark->text = g_strdup_vprintf(format, args);
	va_end(args);
	g_ptr_array_add(diagnostics->last->notes, remark);
}

size_t diagnostics_count(const struct diagnostics *diagnostics)
{
	return diagnostics->errors->len;
}

static int compare_numbers(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

static int remark_compare(const void *a, const void *b)
{
	const struct remark *left = *(const struct remark *const *)a;
	const struct remark *right = *(const struct remark *const *)b;
	const struct place *from = &left->place, *to = &right->place;
	int order;

	if (!from->source != !to->source)
		return from->source ? 1 : -1;
	if (from->source && from->source != to->source)
		return compare_numbers(from->source->order, to->source->order);
	order = compare_numbers(from->line, to->line);
	if (!order)
		order = compare_numbers(from->column, to->column);
	return order ? order : compare_numbers(left->serial, right->serial);
}

/* Names come from the user: nothing in them may drive the terminal. */
static void print_escaped(FILE *out, const char *text, size_t length)
{
	size_t at;

	for (at = 0; at < length; at++) {
		unsigned char byte = (unsigned char)text[at];

		if (byte < 0x20 || byte == 0x7f)
			fprintf(out, "\\x%02x", byte);
		else
			fputc(byte, out);
	}
}

static void remark_print(const struct remark *remark, FILE *out, bool color)
{
	const char *path = remark->place.source ? remark->place.source->path : remark->path;
	unsigned int i;

	if (color)
		fputs("\033[1m", out);
	print_escaped(out, path, strlen(path));
	if (remark->place.source && remark->place.line)
		fprintf(out, ":%u:%u", remark->place.line, remark->place.column);
	fputs(": ", out);
	if (remark->is_note)
		fprintf(out, "%snote:%s ", color ? "\033[36m" : "", color ? "\033[0m" : "");
	else
		fprintf(out, "%serror:%s ", color ? "\033[31m" : "", color ? "\033[0m" : "");
	print_escaped(out, remark->text, strlen(remark->text));
	fputc('\n', out);
	place_print_line(remark->place, out, "", color);
	for (i = 0; remark->notes && i < remark->notes->len; i++)
		remark_print(remark->notes->pdata[i], out, color);
}

void diagnostics_print(const struct diagnostics *diagnostics, FILE *out, bool color)
{
	GPtrArray *sorted = g_ptr_array_new();
	unsigned int i;

	for (i = 0; i < diagnostics->errors->len; i++)
		g_ptr_array_add(sorted, diagnostics->errors->pdata[i]);
	g_ptr_array_sort(sorted, remark_compare);
	for (i = 0; i < sorted->len; i++)
		remark_print(sorted->pdata[i], out, color);
	g_ptr_array_unref(sorted);
}

/* Length in bytes of the character at `text`; a byte that starts none counts as one. */
static size_t character_length(const char *text, size_t room)
{
	gunichar character = g_utf8_get_char_validated(text, (gssize)room);

	if (character == (gunichar)-1 || character == (gunichar)-2 || !*text)
		return 1;
	return (size_t)g_unichar_to_utf8(character, NULL);
}

/* Columns of a terminal that a character takes. */
static unsigned int character_width(const char *text, size_t length)
{
	gunichar character = length > 1 ? g_utf8_get_char(text) : (gunichar)*text;

	if (length > 1 && g_unichar_iszerowidth(character))
		return 0;
	return length > 1 && g_unichar_iswide(character) ? 2 : 1;
}

void place_print_line(struct place place, FILE *out, const char *indent, bool color)
{
	const struct source *source = place.source;
	const char *reset = color ? "\033[0m" : "", *mark = color ? "\033[32m" : "";
	size_t start, end, at, length;
	unsigned int column, first = 1, last, width;
	bool marked = false;
	GString *below;

	if (!source || !place.line || place.line > source->num_lines)
		return;
	start = source->lines[place.line - 1];
	end = place.line < source->num_lines ? source->lines[place.line] - 1 : source->size;
	if (end > start && source->text[end - 1] == '\r')
		end--;
	if (place.column > EXCERPT_WIDTH - 20)
		first = place.column - EXCERPT_WIDTH / 2;
	last = first + EXCERPT_WIDTH - 1;

	below = g_string_new(NULL);
	fprintf(out, "%s%5u | ", indent, place.line);
	if (first > 1) {
		fputs("...", out);
		g_string_append(below, "   ");
	}
	for (at = start, column = 1; at < end && column <= last; at += length, column++) {
		length = character_length(source->text + at, end - at);
		if (column < first)
			continue;
		if (source->text[at] == '\t') {
			fputc('\t', out);
		} else if ((length == 1 && (source->text[at] & 0x80)) ||
			   (unsigned char)source->text[at] < 0x20 || source->text[at] == 0x7f) {
			fputc('?', out);
		} else {
			fwrite(source->text + at, 1, length, out);
		}
		for (width = character_width(source->text + at, length); width; width--) {
			if (column < place.column)
				g_string_append_c(below, source->text[at] == '\t' ? '\t' : ' ');
			else if (column == place.column && !marked)
				g_string_append_c(below, '^');
			else if (column < place.column + place.width)
				g_string_append_c(below, '~');
			marked |= column == place.column;
		}
	}
	/* A place just behind the line's end. */
	for (; column <= place.column && column <= last; column++)
		g_string_append_c(below, column == place.column ? '^' : ' ');
	fprintf(out, "%s\n%s      | %s%s%s\n", at < end ? "..." : "", indent, mark, below->str,
		reset);
	g_string_free(below, TRUE);
}

/* Longer words are no misspelt names. */
#define MAX_WORD 64u

/*
 * Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`, or more than `limit` if it takes
 * more; both in lower case. Only the part of the table that `limit` edits can reach is filled.
 */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length,
			    size_t limit)
{
	/* Three rows of the table: the one that is filled, and the two above it. */
	uint8_t rows[3][MAX_WORD + 2];
	size_t least = 0, i, j;

	for (j = 0; j <= b_length; j++)
		rows[0][j] = (uint8_t)j;
	for (i = 1; i <= a_length; i++) {
		uint8_t *row = rows[i % 3];
		const uint8_t *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
		size_t first = i > limit ? i - limit : 1, last = MIN(b_length, i + limit);
		size_t least_above = least;

		row[first - 1] = (uint8_t)(first == 1 ? i : limit + 1);
		least = row[first - 1];
		for (j = first; j <= last; j++) {
			uint8_t best = (uint8_t)(above[j - 1] + (a[i - 1] != b[j - 1]));

			best = (uint8_t)MIN(best, above[j] + 1);
			best = (uint8_t)MIN(best, row[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = (uint8_t)MIN(best, before[j - 2] + 1);
			row[j] = best;
			least = MIN(least, best);
		}
		/* The next row reads one further. */
		if (last < b_length)
			row[last + 1] = (uint8_t)(limit + 1);
		if (MIN(least, least_above) > limit)
			return limit + 1;
	}
	return rows[a_length % 3][b_length];
}

static void word_lower(const char *from, size_t length, char *to)
{
	for (size_t i = 0; i < length; i++)
		to[i] = g_ascii_tolower(from[i]);
}

const char *name_nearest(const char *text, const char *const *names)
{
	const char *nearest = NULL;
	size_t length = strlen(text), best = SIZE_MAX, distance, limit;
	char word[MAX_WORD], name[MAX_WORD];

	if (length > MAX_WORD)
		return NULL;
	word_lower(text, length, word);
	for (; *names; names++) {
		size_t other = strlen(*names);

		limit = MIN((MAX(length, other) + 2) / 3, best - 1);
		/* The difference in length is the least that it takes. */
		if (other > MAX_WORD || MAX(length, other) - MIN(length, other) > limit)
			continue;
		word_lower(*names, other, name);
		distance = edit_distance(word, length, name, other, limit);
		if (distance <= limit) {
			best = distance;
			nearest = *names;
			if (!best)
				break;
		}
	}
	return nearest;
}

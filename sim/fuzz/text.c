/* SPDX-License-Identifier: BSD-3-Clause */
#include "text.h"

#include <string.h>

GPtrArray *lines_split(const char *text)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	while (*text) {
		size_t length = strcspn(text, "\n");

		bool cr = length && text[length - 1] == '\r';

		g_ptr_array_add(lines, g_strndup(text, length - cr));
		text += length + (text[length] == '\n');
	}
	return lines;
}

const char *line_at(const GPtrArray *lines, unsigned int line)
{
	return lines->pdata[line];
}

char *lines_join(const GPtrArray *lines, unsigned int first, unsigned int end)
{
	GString *text = g_string_new(NULL);
	unsigned int i;

	for (i = 0; i < lines->len; i++) {
		if (i < first || i >= end)
			g_string_append_printf(text, "%s\n", line_at(lines, i));
	}
	return g_string_free(text, FALSE);
}

unsigned int line_indent(const char *line)
{
	return (unsigned int)strspn(line, " ");
}

bool line_is_blank(const char *line)
{
	return !line[strspn(line, " \t")];
}

bool line_is_silent(const char *line)
{
	return line_is_blank(line) || line[line_indent(line)] == '#';
}

bool line_is_item(const char *line)
{
	line += line_indent(line);
	return *line == '-' && (!line[1] || line[1] == ' ');
}

bool line_key(const char *line, const char *key, const char **value)
{
	size_t length = strlen(key);

	line += strspn(line, " ");
	while (*line == '-' && line[1] == ' ')
		line += 1 + strspn(line + 1, " ");
	if (strncmp(line, key, length) || line[length] != ':')
		return false;
	line += length + 1;
	if (*line && *line != ' ')
		return false;
	if (value)
		*value = line + strspn(line, " ");
	return true;
}

unsigned int key_column(const char *line)
{
	const char *at = line + strspn(line, " ");

	while (*at == '-' && at[1] == ' ')
		at += 1 + strspn(at + 1, " ");
	return (unsigned int)(at - line);
}

unsigned int block_end(const GPtrArray *lines, unsigned int line)
{
	unsigned int indent = line_indent(line_at(lines, line)), end = line + 1, i;
	bool item = line_is_item(line_at(lines, line));

	for (i = line_is_silent(line_at(lines, line)) ? lines->len : end; i < lines->len; i++) {
		const char *text = line_at(lines, i);

		if (line_is_silent(text))
			continue;
		if (line_indent(text) < indent ||
		    (line_indent(text) == indent && (item || !line_is_item(text))))
			break;
		end = i + 1;
	}
	return end;
}

unsigned int key_line(const GPtrArray *lines, const char *key)
{
	unsigned int i;

	for (i = 0; i < lines->len; i++) {
		if (!line_indent(line_at(lines, i)) && !line_is_item(line_at(lines, i)) &&
		    line_key(line_at(lines, i), key, NULL))
			break;
	}
	return i;
}

GArray *steps_find(const GPtrArray *lines)
{
	GArray *steps = g_array_new(FALSE, FALSE, sizeof(unsigned int));
	unsigned int line = key_line(lines, "steps"), end = line + 1, indent = 0;

	while (++line < lines->len) {
		const char *text = line_at(lines, line);
		unsigned int spaces = line_indent(text);

		if (line_is_item(text) && (!steps->len || spaces <= indent)) {
			indent = spaces;
			g_array_append_val(steps, line);
		} else if (!line_is_blank(text) && !spaces && *text != '#') {
			break;
		}
		if (!line_is_blank(text))
			end = line + 1;
	}
	if (steps->len)
		g_array_append_val(steps, end);
	return steps;
}

unsigned int step_key(const GPtrArray *lines, unsigned int step, const char *key)
{
	unsigned int column, end, i;

	if (!line_is_item(line_at(lines, step)))
		return lines->len;
	column = key_column(line_at(lines, step));
	end = block_end(lines, step);
	for (i = step; i < end; i++) {
		if (key_column(line_at(lines, i)) == column &&
		    line_key(line_at(lines, i), key, NULL))
			return i;
	}
	return lines->len;
}

unsigned int steps_num(const char *text)
{
	GPtrArray *lines = lines_split(text);
	GArray *steps = steps_find(lines);
	unsigned int num = steps->len ? steps->len - 1 : 0;

	g_array_unref(steps);
	g_ptr_array_unref(lines);
	return num;
}

const char *element_end(const char *at)
{
	unsigned int depth = 0;
	char quote = 0;

	for (; *at && *at != '\n'; at++) {
		if (quote) {
			quote = *at == quote ? 0 : quote;
		} else if (*at == '"' || *at == '\'') {
			quote = *at;
		} else if (*at == '{' || *at == '[') {
			depth++;
		} else if (*at == '}' || *at == ']') {
			if (!depth--)
				return at;
		} else if (*at == ',' && !depth) {
			return at;
		}
	}
	return NULL;
}

char *text_without_element(const char *text, size_t offset)
{
	const char *at = text + offset, *end = element_end(at);

	if (!end || end == at)
		return NULL;
	if (*end == ',') {
		end += 1 + strspn(end + 1, " ");
	} else {
		/* The last one: with the comma before it. */
		while (at > text && at[-1] == ' ')
			at--;
		if (at > text && at[-1] == ',')
			at--;
	}
	return g_strdup_printf("%.*s%s", (int)(at - text), text, end);
}

size_t line_offset(const GPtrArray *lines, unsigned int line)
{
	size_t offset = 0;
	unsigned int i;

	for (i = 0; i < line; i++)
		offset += strlen(line_at(lines, i)) + 1;
	return offset;
}

size_t number_length(const char *text, const char *at, uint64_t *value)
{
	static const char units[] = "KMGT";
	const char *end = at, *unit;
	unsigned int base = 10;

	*value = 0;
	if (!g_ascii_isdigit(*at) || (at > text && (g_ascii_isalnum(at[-1]) || at[-1] == '_')))
		return 0;
	if (at[0] == '0' && at[1] == 'x') {
		base = 16;
		end += 2;
	}
	for (; *end == '_' || (base == 16 ? g_ascii_isxdigit(*end) : g_ascii_isdigit(*end));
	     end++) {
		if (*end != '_')
			*value = *value * base + (uint64_t)g_ascii_xdigit_value(*end);
	}
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		*value <<= 10 * (unit - units + 1);
		end++;
	}
	return g_ascii_isalnum(*end) || *end == '.' ? 0 : (size_t)(end - at);
}

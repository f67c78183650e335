/* SPDX-License-Identifier: BSD-3-Clause */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void source_find_lines(struct source *source)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(size_t));
	size_t at = 0;

	g_array_append_val(lines, at);
	for (at = 0; at < source->size; at++) {
		if (source->text[at] == '\n') {
			size_t next = at + 1;

			g_array_append_val(lines, next);
		}
	}
	source->num_lines = lines->len;
	source->lines = (size_t *)(void *)g_array_free(lines, FALSE);
}

struct source *source_from_text(const char *path, const char *text, size_t size, unsigned int order)
{
	struct source *source = g_new0(struct source, 1);

	/* A byte order mark says nothing in UTF-8, and is no column of the first line. */
	if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		size -= 3;
	}
	source->path = g_strdup(path);
	source->text = g_malloc(size + 1);
	memcpy(source->text, text, size);
	source->text[size] = '\0';
	source->size = size;
	source->order = order;
	source_find_lines(source);
	return source;
}

struct source *source_read(const char *path, unsigned int order, struct diagnostics *diagnostics)
{
	struct source *source = NULL;
	struct stat status;
	char *buffer = NULL;
	size_t size = 0;
	ssize_t got;
	int fd;

	/* Not blocking: opening a FIFO that nobody writes to must not hang. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		diagnostics_add_path(diagnostics, path, "cannot open: %s", strerror(errno));
		return NULL;
	}
	if (fstat(fd, &status) < 0 || S_ISDIR(status.st_mode)) {
		diagnostics_add_path(diagnostics, path, "is a directory, expected a file");
		goto out;
	}
	buffer = g_malloc(SOURCE_MAX_SIZE + 1);
	while (size <= SOURCE_MAX_SIZE) {
		got = read(fd, buffer + size, SOURCE_MAX_SIZE + 1 - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			diagnostics_add_path(diagnostics, path, "cannot read: %s", strerror(errno));
			goto out;
		}
		if (!got)
			break;
		size += (size_t)got;
	}
	if (size > SOURCE_MAX_SIZE) {
		diagnostics_add_path(diagnostics, path,
				     "the file is too large: a scenario file has at most %u MiB",
				     SOURCE_MAX_SIZE >> 20);
		goto out;
	}
	source = source_from_text(path, buffer, size, order);
out:
	g_free(buffer);
	close(fd);
	return source;
}

void source_destroy(struct source *source)
{
	if (!source)
		return;
	g_free(source->path);
	g_free(source->text);
	g_free(source->lines);
	g_free(source);
}

struct place source_offset_place(const struct source *source, size_t offset)
{
	size_t low = 0, high = source->num_lines;
	struct place place = {.source = source, .column = 1, .width = 1};
	size_t at;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (source->lines[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	place.line = (unsigned int)low + 1;
	for (at = source->lines[low]; at < offset; at++)
		place.column += ((unsigned char)source->text[at] & 0xc0) != 0x80;
	return place;
}

bool source_check_text(const struct source *source, struct diagnostics *diagnostics)
{
	const char *text = source->text;
	size_t at = 0;

	while (at < source->size) {
		unsigned char byte = (unsigned char)text[at];
		gunichar character;

		if (byte < 0x80) {
			if (byte == '\t' || byte == '\n' || byte == '\r' ||
			    (byte >= 0x20 && byte != 0x7f)) {
				at++;
				continue;
			}
			diagnostics_add(diagnostics, source_offset_place(source, at),
					"control character 0x%02x: expected UTF-8 text", byte);
			return false;
		}
		character = g_utf8_get_char_validated(text + at, (gssize)(source->size - at));
		if (character == (gunichar)-1 || character == (gunichar)-2) {
			diagnostics_add(diagnostics, source_offset_place(source, at),
					"byte 0x%02x is not UTF-8: expected UTF-8 text", byte);
			return false;
		}
		if (character < 0xa0 || character == 0xfeff || character == 0xfffe ||
		    character == 0xffff) {
			diagnostics_add(diagnostics, source_offset_place(source, at),
					"character U+%04X is not allowed: expected printable text",
					(unsigned int)character);
			return false;
		}
		at += (size_t)g_unichar_to_utf8(character, NULL);
	}
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/json.h>

#include <stdint.h>

/* Bytes of the UTF-8 character at `text`, 0 if it is none (overlong, surrogate, too large, cut off). */
static size_t utf8_length(const unsigned char *text)
{
	uint32_t value, least;
	size_t length;

	if (text[0] < 0x80)
		return 1;
	if ((text[0] & 0xe0) == 0xc0) {
		length = 2;
		value = text[0] & 0x1f;
		least = 0x80;
	} else if ((text[0] & 0xf0) == 0xe0) {
		length = 3;
		value = text[0] & 0x0f;
		least = 0x800;
	} else if ((text[0] & 0xf8) == 0xf0) {
		length = 4;
		value = text[0] & 0x07;
		least = 0x10000;
	} else {
		return 0;
	}
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (text[i] & 0x3f);
	}
	if (value < least || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	return length;
}

void json_put_string(FILE *file, const char *string)
{
	const unsigned char *text = (const unsigned char *)string;

	putc('"', file);
	while (*text) {
		size_t length = utf8_length(text);

		if (!length) {
			fputs("\\ufffd", file);
			length = 1;
		} else if (*text == '"' || *text == '\\') {
			fprintf(file, "\\%c", *text);
		} else if (*text == '\n') {
			fputs("\\n", file);
		} else if (*text == '\t') {
			fputs("\\t", file);
		} else if (*text < 0x20 || *text == 0x7f) {
			fprintf(file, "\\u%04x", *text);
		} else {
			fwrite(text, 1, length, file);
		}
		text += length;
	}
	putc('"', file);
}

void json_put_text(FILE *file, const char *text)
{
	if (text)
		json_put_string(file, text);
	else
		fputs("null", file);
}

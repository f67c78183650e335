/* SPDX-License-Identifier: BSD-3-Clause */
/* print.c - kernel messages, and the kernel's printf formats without addresses. */
#include <stdio.h>

#include <linux/err.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "internal.h"

#define MESSAGE_SIZE 1024

/*
 * One conversion: the text of "%...", with stars replaced, up to and without the length modifier.
 */
struct conversion {
	char spec[48];
	size_t used;
	int longs; /* 2: ll, 1: l or z or t or j, 0: none, -1: h, -2: hh */
	char type; /* the conversion's letter; 0 at the end of the format */
};

struct output {
	char *buffer;
	size_t size;
	size_t length; /* of the whole text, whether it fits or not */
};

static void output_add(struct output *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++, out->length++)
		if (out->length + 1 < out->size)
			out->buffer[out->length] = text[i];
}

static void spec_add(struct conversion *c, char letter)
{
	if (c->used + 8 < sizeof(c->spec))
		c->spec[c->used++] = letter;
}

static const char *conversion_parse(struct conversion *c, const char *fmt, va_list *args)
{
	memset(c, 0, sizeof(*c));
	spec_add(c, '%');
	for (; *fmt && strchr("-+ #0123456789.*", *fmt); fmt++) {
		if (*fmt == '*') {
			char number[16];
			int length = snprintf(number, sizeof(number), "%d", va_arg(*args, int));

			for (int i = 0; i < length; i++)
				spec_add(c, number[i]);
		} else {
			spec_add(c, *fmt);
		}
	}
	for (; *fmt && strchr("hlzjt", *fmt); fmt++)
		c->longs += *fmt == 'h' ? -1 : 1;
	c->type = *fmt;
	return *fmt ? fmt + 1 : fmt;
}

static void output_signed(struct output *out, struct conversion *c, va_list *args)
{
	char text[128];
	long long value;

	if (c->longs >= 2)
		value = va_arg(*args, long long);
	else if (c->longs == 1)
		value = va_arg(*args, long);
	else
		value = va_arg(*args, int);
	if (c->longs == -1)
		value = (short)value;
	else if (c->longs == -2)
		value = (signed char)value;
	memcpy(c->spec + c->used, "lld", 4);
	snprintf(text, sizeof(text), c->spec, value);
	output_add(out, text, strlen(text));
}

static void output_unsigned(struct output *out, struct conversion *c, va_list *args)
{
	char text[128];
	unsigned long long value;

	if (c->longs >= 2)
		value = va_arg(*args, unsigned long long);
	else if (c->longs == 1)
		value = va_arg(*args, unsigned long);
	else
		value = va_arg(*args, unsigned int);
	if (c->longs == -1)
		value = (unsigned short)value;
	else if (c->longs == -2)
		value = (unsigned char)value;
	c->spec[c->used] = 'l';
	c->spec[c->used + 1] = 'l';
	c->spec[c->used + 2] = c->type;
	c->spec[c->used + 3] = '\0';
	snprintf(text, sizeof(text), c->spec, value);
	output_add(out, text, strlen(text));
}

static void output_string(struct output *out, struct conversion *c, const char *string)
{
	char text[MESSAGE_SIZE];

	memcpy(c->spec + c->used, "s", 2);
	snprintf(text, sizeof(text), c->spec, string ? string : "(null)");
	output_add(out, text, strlen(text));
}

/* Pointers have letters behind the p; returns what follows them. */
static const char *output_pointer(struct output *out, const char *fmt, va_list *args)
{
	const void *pointer = va_arg(*args, const void *);
	char text[32] = "(ptr)";

	if (*fmt == 'a' && pointer && !IS_ERR(pointer))
		snprintf(text, sizeof(text), "0x%016llx", *(const unsigned long long *)pointer);
	else if (IS_ERR(pointer))
		snprintf(text, sizeof(text), "%ld", PTR_ERR(pointer));
	else if (!pointer)
		snprintf(text, sizeof(text), "(null)");
	output_add(out, text, strlen(text));
	while ((*fmt >= 'a' && *fmt <= 'z') || (*fmt >= 'A' && *fmt <= 'Z') ||
	       (*fmt >= '0' && *fmt <= '9'))
		fmt++;
	return fmt;
}

int linux_format(char *buffer, size_t size, const char *fmt, va_list args)
{
	struct output out = {.buffer = buffer, .size = size};
	struct conversion c;
	va_list copy;

	va_copy(copy, args);
	while (*fmt) {
		size_t plain = strcspn(fmt, "%");

		output_add(&out, fmt, plain);
		fmt += plain;
		if (!*fmt)
			break;
		fmt = conversion_parse(&c, fmt + 1, &copy);
		switch (c.type) {
		case 'd':
		case 'i':
			output_signed(&out, &c, &copy);
			break;
		case 'u':
		case 'o':
		case 'x':
		case 'X':
			output_unsigned(&out, &c, &copy);
			break;
		case 'c': {
			char letter = (char)va_arg(copy, int);

			output_add(&out, &letter, 1);
			break;
		}
		case 's':
			output_string(&out, &c, va_arg(copy, const char *));
			break;
		case 'p':
			fmt = output_pointer(&out, fmt, &copy);
			break;
		case '\0':
			break;
		default:
			output_add(&out, &c.type, 1);
			break;
		}
	}
	va_end(copy);
	if (size)
		buffer[out.length < size ? out.length : size - 1] = '\0';
	return (int)out.length;
}

int vprintk(const char *fmt, va_list args)
{
	char message[MESSAGE_SIZE];
	size_t length;
	int printed;

	/* The level: a control character and one more. */
	if (fmt[0] == KERN_SOH[0] && fmt[1])
		fmt += 2;
	printed = linux_format(message, sizeof(message), fmt, args);
	length = strlen(message);
	if (length && message[length - 1] == '\n')
		message[length - 1] = '\0';
	linux_event(PORT_EVENT_PRINT, 0, 0, 0, 0, message);
	return printed;
}

int _printk(const char *fmt, ...)
{
	va_list args;
	int printed;

	if (!linux_port || !(linux_port->event_mask & (1u << PORT_EVENT_PRINT)))
		return 0;
	va_start(args, fmt);
	printed = vprintk(fmt, args);
	va_end(args);
	return printed;
}

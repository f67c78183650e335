/* SPDX-License-Identifier: BSD-3-Clause */
#include "value.h"

#include <glib.h>
#include <string.h>

/* Reads digits with single `_` between them; false if there is none or an `_` is out of place. */
static bool digits_parse(const char **text, unsigned int base, uint64_t *out, bool *overflow)
{
	const char *at = *text;
	bool digit_before = false;
	uint64_t value = 0;

	for (;; at++) {
		int digit;

		if (*at == '_') {
			if (!digit_before || !g_ascii_isxdigit(at[1]))
				return false;
			digit_before = false;
			continue;
		}
		digit = base == 16 ? g_ascii_xdigit_value(*at) : g_ascii_digit_value(*at);
		if (digit < 0)
			break;
		digit_before = true;
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			*overflow = true;
	}
	if (at == *text || !digit_before)
		return false;
	*text = at;
	*out = value;
	return true;
}

static unsigned int unit_shift(char unit)
{
	switch (unit) {
	case 'K':
		return 10;
	case 'M':
		return 20;
	case 'G':
		return 30;
	case 'T':
		return 40;
	default:
		return 0;
	}
}

/* Reads one number from the front of *text and moves *text behind it. */
static const char *number_parse(const char **text, unsigned int flags, uint64_t *out)
{
	const char *at = *text;
	bool negative = false, overflow = false, hex;
	uint64_t value;
	unsigned int shift;

	if (*at == '-') {
		if (!(flags & VALUE_NEGATIVE))
			return "must not be negative";
		negative = true;
		at++;
	}
	hex = at[0] == '0' && at[1] == 'x';
	if (hex)
		at += 2;
	else if (at[0] == '0' && (g_ascii_isdigit(at[1]) || at[1] == '_'))
		return "must not have leading zeros (YAML 1.1 reads them as octal): write decimal, "
		       "or "
		       "hexadecimal with 0x";
	else if (at[0] == '0' && (at[1] == 'o' || at[1] == 'b' || at[1] == 'X'))
		return "must be decimal, or hexadecimal with 0x";
	if (!digits_parse(&at, hex ? 16 : 10, &value, &overflow))
		return flags & VALUE_UNIT ? "expected a number such as 4096, 4K or 0x8000_0000"
					  : "expected a number such as 12 or 0xff";
	shift = unit_shift(*at);
	if (shift) {
		if (!(flags & VALUE_UNIT))
			return "must be a plain number, without a unit";
		if (value > UINT64_MAX >> shift)
			overflow = true;
		else
			value <<= shift;
		at++;
	}
	if (overflow || (negative && value > (uint64_t)INT64_MAX + 1))
		return "does not fit in 64 bits";
	*out = negative ? -value : value;
	*text = at;
	return NULL;
}

const char *value_parse_number(const char *text, unsigned int flags, uint64_t *out)
{
	const char *problem = number_parse(&text, flags, out);

	if (!problem && *text)
		problem = flags & VALUE_UNIT ? "expected a number such as 4096, 4K or 0x8000_0000"
					     : "expected a number such as 12 or 0xff";
	return problem;
}

const char *value_parse_bool(const char *text, bool *out)
{
	static const char *const yaml_true[] = {"yes", "on", "y"}, *const yaml_false[] = {
									   "no", "off", "n"};
	unsigned int i;

	*out = !strcmp(text, "true");
	if (*out || !strcmp(text, "false"))
		return NULL;
	for (i = 0; i < G_N_ELEMENTS(yaml_true); i++) {
		if (!g_ascii_strcasecmp(text, yaml_true[i]))
			return "expected true or false (for this, write true)";
		if (!g_ascii_strcasecmp(text, yaml_false[i]))
			return "expected true or false (for this, write false)";
	}
	return "expected true or false";
}

const char *value_parse_range(const char *text, uint64_t lone, uint64_t *base, uint64_t *size)
{
	const char *problem = number_parse(&text, VALUE_UNIT, base);
	uint64_t end;

	if (problem)
		return problem;
	if (*text == '+') {
		text++;
		problem = number_parse(&text, VALUE_UNIT, size);
	} else if (text[0] == '.' && text[1] == '.') {
		text += 2;
		problem = number_parse(&text, VALUE_UNIT, &end);
		if (!problem && end <= *base)
			return "ends where it begins, or before: END is exclusive";
		if (!problem)
			*size = end - *base;
	} else if (lone && !*text) {
		*size = lone;
	} else {
		return "expected a range BASE+SIZE or BASE..END, such as 0x8000_0000+2M";
	}
	if (problem)
		return problem;
	if (*text)
		return "expected a range BASE+SIZE or BASE..END, such as 0x8000_0000+2M";
	if (!*size)
		return "is an empty range";
	if (*size - 1 > UINT64_MAX - *base)
		return "reaches beyond 2^64";
	return NULL;
}

const char *value_parse_count(const char *text, unsigned int flags, struct plan_count *out)
{
	static const struct {
		const char *text;
		enum plan_relation relation;
	} relations[] = {
		{">=", PLAN_GE}, {"<=", PLAN_LE}, {"==", PLAN_EQ},
		{"!=", PLAN_NE}, {">", PLAN_GT},  {"<", PLAN_LT},
	};
	const char *problem;
	unsigned int i;

	out->relation = PLAN_EQ;
	for (i = 0; i < G_N_ELEMENTS(relations); i++) {
		if (!g_str_has_prefix(text, relations[i].text))
			continue;
		out->relation = relations[i].relation;
		text += strlen(relations[i].text);
		while (*text == ' ')
			text++;
		break;
	}
	problem = value_parse_number(text, flags, &out->value);
	if (!problem || !g_str_has_prefix(problem, "expected"))
		return problem;
	return flags & VALUE_UNIT
		       ? "expected a number such as 4096 or 4K, or a comparison such as \">=4K\""
		       : "expected a number such as 12 or 0xff, or a comparison such as \">=1\"";
}

bool plan_count_holds(struct plan_count count, uint64_t actual)
{
	switch (count.relation) {
	case PLAN_EQ:
		return actual == count.value;
	case PLAN_NE:
		return actual != count.value;
	case PLAN_LT:
		return actual < count.value;
	case PLAN_LE:
		return actual <= count.value;
	case PLAN_GT:
		return actual > count.value;
	case PLAN_GE:
		return actual >= count.value;
	}
	return false;
}

const char *value_parse_bytes(const char *text, uint8_t *bytes, size_t max, size_t *num)
{
	size_t length = strlen(text), i;

	if (!length || length % 2)
		return "expected pairs of hexadecimal digits";
	if (length / 2 > max)
		return "is too long";
	for (i = 0; i < length; i++) {
		if (!g_ascii_isxdigit(text[i]))
			return "expected pairs of hexadecimal digits";
	}
	for (i = 0; i < length / 2; i++)
		bytes[i] = (uint8_t)(g_ascii_xdigit_value(text[2 * i]) << 4 |
				     g_ascii_xdigit_value(text[2 * i + 1]));
	*num = length / 2;
	return NULL;
}

bool value_is_joined(const char *text, char separator)
{
	bool part = false;

	for (; *text; text++) {
		if (*text == separator) {
			if (!part)
				return false;
			part = false;
		} else if (g_ascii_islower(*text) || g_ascii_isdigit(*text) || *text == '-') {
			part = true;
		} else {
			return false;
		}
	}
	return part;
}

const char *value_trap(const char *text)
{
	static const char *const booleans[] = {"yes", "no", "on", "off", "true", "false", "y", "n"};
	const char *at = text;
	bool digits = false, colon = false;
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(booleans); i++) {
		if (!g_ascii_strcasecmp(text, booleans[i]))
			return "a boolean";
	}
	if (!*text || !strcmp(text, "~") || !g_ascii_strcasecmp(text, "null"))
		return "nothing";
	if (*at == '-' || *at == '+')
		at++;
	if (at[0] == '0' && (at[1] == 'x' || at[1] == 'o' || at[1] == 'b') &&
	    g_ascii_isxdigit(at[2]))
		return at[strspn(at + 2, "0123456789abcdefABCDEF_") + 2] ? NULL : "a number";
	if (!g_ascii_isdigit(*at) && *at != '.')
		return NULL;
	/* Decimal, octal, floating point, and base 60 such as 12:30. */
	for (; *at; at++) {
		if (g_ascii_isdigit(*at)) {
			digits = true;
		} else if (*at == ':') {
			colon = true;
		} else if (*at != '_' && *at != '.' &&
			   !((*at == 'e' || *at == 'E') && digits && !colon) &&
			   !((*at == '-' || *at == '+') && (at[-1] == 'e' || at[-1] == 'E'))) {
			return NULL;
		}
	}
	return digits ? "a number" : NULL;
}

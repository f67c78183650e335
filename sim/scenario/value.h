/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * value.h - what a scalar of a scenario means. No function here knows a place: each returns NULL, or what
 * is wrong as the end of a sentence ("...: expected a size such as 4K").
 */
#ifndef SCENARIO_VALUE_H
#define SCENARIO_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sim/plan.h>

#define VALUE_UNIT (1u << 0) /* K, M, G or T may follow: addresses and sizes */
#define VALUE_NEGATIVE                                                                             \
	(1u << 1) /* a minus may stand before it; the result is its two's complement */

/*
 * value_parse_number - decimal without leading zeros, or 0x and hexadecimal digits; `_` between digits.
 * Octal and binary, which YAML 1.1 would read differently from YAML 1.2, are refused.
 */
const char *value_parse_number(const char *text, unsigned int flags, uint64_t *out);
/* value_parse_bool - `true` or `false` and nothing else. */
const char *value_parse_bool(const char *text, bool *out);
/*
 * value_parse_range - BASE+SIZE or BASE..END (END exclusive). A lone BASE is BASE+`lone` if `lone` is not
 * 0. The range is not empty and its last byte is below 2^64.
 */
const char *value_parse_range(const char *text, uint64_t lone, uint64_t *base, uint64_t *size);
/* value_parse_count - a number, or one of >= > <= < == != and a number. */
const char *value_parse_count(const char *text, unsigned int flags, struct plan_count *out);
/* value_parse_bytes - hexadecimal digits in pairs; at most `max` bytes. */
const char *value_parse_bytes(const char *text, uint8_t *bytes, size_t max, size_t *num);
/* value_is_joined - parts of [a-z0-9-], none empty, with `separator` between them, as in ripas.first. */
bool value_is_joined(const char *text, char separator);
/*
 * value_trap - NULL if every YAML reader takes the plain word `text` for text; otherwise what some reader
 * takes it for ("a boolean").
 */
const char *value_trap(const char *text);

#endif

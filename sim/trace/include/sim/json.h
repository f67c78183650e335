/* SPDX-License-Identifier: BSD-3-Clause */
/* json.h - text as JSON, for everything here that writes JSON. */
#ifndef SIM_JSON_H
#define SIM_JSON_H

#include <stdio.h>

/*
 * json_put_string - writes `text` as a JSON string in its quotes: control characters escaped, bytes that
 * are not UTF-8 as U+FFFD, all else as it is. What cannot be written is for the file's owner to ask
 * (ferror()).
 */
void json_put_string(FILE *file, const char *text);
/* json_put_text - the same; NULL is written as null. */
void json_put_text(FILE *file, const char *text);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SIM_MACHINE_ERROR_H
#define SIM_MACHINE_ERROR_H

/* error_set - say in words what went wrong, unless nobody asks (`error` is NULL); returns `err`. */
int error_set(char **error, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* version.c - the version of the library itself. */
#include <rmm/version.h>

const char *rmm_version(void)
{
	return RMM_VERSION_STRING;
}

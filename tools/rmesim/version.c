/* SPDX-License-Identifier: BSD-3-Clause */
#include "rmesim.h"

#include <commit.h>
#include <rmm/rmi.h>
#include <string.h>

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* Without sanitizers a stray host access to a page that the RMM has goes unseen. */
static const char *build_kind(void)
{
	return *RMESIM_SANITIZERS ? "build with sanitizers " RMESIM_SANITIZERS : "plain build";
}

void version_print(FILE *out)
{
	fprintf(out, "rmesim %s\n", RMESIM_VERSION);
	fprintf(out, "commit %s\n", RMESIM_COMMIT);
	fprintf(out, "port ABI %u, RMI ABI %u.%u\n", SIM_PORT_ABI, RMI_ABI_MAJOR_VERSION,
		RMI_ABI_MINOR_VERSION);
	fprintf(out, "built by %s, %s\n", COMPILER, build_kind());
}

char *version_line(void)
{
	return g_strdup_printf("rmesim %s (%s); port ABI %u, RMI ABI %u.%u; %s", RMESIM_VERSION,
			       RMESIM_COMMIT, SIM_PORT_ABI, RMI_ABI_MAJOR_VERSION,
			       RMI_ABI_MINOR_VERSION, build_kind());
}

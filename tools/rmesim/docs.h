/* SPDX-License-Identifier: BSD-3-Clause */
/* docs.h - documents that are made from the program's own tables. */
#ifndef TOOLS_DOCS_H
#define TOOLS_DOCS_H

#include "rmesim.h"

extern const struct command command_docs;

#endif

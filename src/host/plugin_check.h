/* What is no mistake in a plugin, but most likely not meant: for `tidemark plugin check`. */
#pragma once

#include "base/buf.h"
#include "host/plugin.h"

/* Adds a line each, "file:line: what": fixtures that no parser knows, parsers that no fixture reaches, globals that are not there
 * or assigned, capabilities that the project does not grant (project NULL: nothing of those). */
void plugin_check(const struct plugin *p, const char *lib_dir, const struct project *project, struct buf *warnings);

/* Inside plugin_check.c and plugin_fixtures.c. */
__attribute__((format(printf, 2, 3))) void plugin_warn(struct buf *out, const char *fmt, ...);
void plugin_check_fixtures(const struct plugin *p, struct buf *warnings);

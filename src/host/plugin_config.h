/* What a project's config says of a plugin, against what the plugin declares. Inside host/plugin*.c. */
#pragma once

#include "base/buf.h"
#include "host/plugin.h"
#include "host/project.h"

/* Fills config and grant. Mistakes ("tidemark.lua:7: plugins.youtube.region: …") are added, a line each. project NULL: the defaults.
 * -1: not a mistake but a failure. */
int plugin_configure(struct plugin *p, const struct project *project, struct vm *checker, struct buf *mistakes, struct err *e);

/* Mistakes about plugins that the config names and nobody has. names: of all that are there. */
int plugin_strangers(const struct project *project, const char *const *names, size_t n, struct vm *checker,
                     struct buf *mistakes, struct err *e);

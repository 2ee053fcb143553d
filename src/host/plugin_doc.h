/* A plugin's page, made from its description (lua/tidemark/contract_doc.lua). */
#pragma once

#include "base/buf.h"
#include "host/plugin.h"

/* format: "md" or "text". p NULL: the reference of the contract. */
int plugin_doc(const struct plugin *p, const char *lib_dir, const char *format, struct buf *out, struct err *e);

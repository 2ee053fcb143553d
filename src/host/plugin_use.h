/* What plugins used of their limits: gathered over one command, and added to tidemark.plugin_uses at its end, for "plugin list". */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "data/uuid.h"
#include "db/session.h"
#include "host/plugin.h"

struct plugin_uses {
    struct plugin_use *use; /* by plugin and part */
    size_t n;
};

/* A run of a part ("youtube.videos") has ended: what its plugin's state has measured of it counts. failed: NULL, or its error. */
void plugin_use_add(struct plugin_uses *uses, const struct plugin *p, const char *part, const struct err *failed);
/* One statement, in a transaction of its own. Statistics: what goes wrong is said in the log at level debug, and nothing fails. */
void plugin_use_write(struct plugin_uses *uses, struct db_session *s, const struct uuid *owner);
void plugin_uses_free(struct plugin_uses *uses);

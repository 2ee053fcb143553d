/* The statements that make the rest of a transaction an owner's, on a connection of the plugins' login.
 *
 * SET and never set_config(), and not tidemark.act_as(): that login may execute neither, and a distributed engine forwards only SET to
 * its workers. SET takes no parameters, so what stands in these texts is a UUID, or quoted (the role). */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "db/session.h"

enum { IDENTITY_WHO = 3, IDENTITY_SETTINGS = 6 };

/* sql[0] takes up the role, the others say who is asking. owner must be the text of a UUID (uuid_format). */
void identity_who(struct arena *a, const char *owner, const char *role, const char *sql[IDENTITY_WHO]);
/* Results are read by code, whatever the server prefers. */
extern const char *const identity_settings[IDENTITY_SETTINGS];

/* Inside a transaction of s: it reads or writes as the owner from now on, for timeout_ms a statement. */
int identity_take(struct db_session *s, const char *owner, unsigned timeout_ms, struct err *e);

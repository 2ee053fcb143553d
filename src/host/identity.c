#include "host/identity.h"

#include <string.h>

#include "data/uuid.h"

const char *const identity_settings[IDENTITY_SETTINGS] = {
    "SET LOCAL search_path = public, tidemark", "SET LOCAL TimeZone = 'UTC'",     "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'postgres'",     "SET LOCAL bytea_output = 'hex'", "SET LOCAL extra_float_digits = 1",
};

/* "name", with the quotes in it doubled. */
static const char *quoted_name(struct arena *a, const char *name)
{
    char *to = arena_alloc(a, strlen(name) * 2 + 3), *p = to;
    *p++ = '"';
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '"')
            *p++ = '"';
        *p++ = *c;
    }
    *p++ = '"';
    *p = '\0';
    return to;
}

/* Both settings of the claims: a leftover of the older one would win over the newer. */
void identity_who(struct arena *a, const char *owner, const char *role, const char *sql[IDENTITY_WHO])
{
    struct uuid id;
    must(uuid_parse(owner, &id));
    sql[0] = arena_printf(a, "SET LOCAL ROLE %s", quoted_name(a, role));
    sql[1] = arena_printf(a, "SET LOCAL \"request.jwt.claims\" = '{\"sub\": \"%s\", \"role\": \"authenticated\"}'", owner);
    sql[2] = arena_printf(a, "SET LOCAL \"request.jwt.claim.sub\" = '%s'", owner);
}

int identity_take(struct db_session *s, const char *owner, unsigned timeout_ms, struct err *e)
{
    struct arena a = {0};
    const char *who[IDENTITY_WHO];
    int rc = 0;
    identity_who(&a, owner, "authenticated", who);
    for (size_t i = 0; rc == 0 && i < IDENTITY_WHO; i++)
        rc = db_run(s, who[i], e);
    for (size_t i = 0; rc == 0 && i < IDENTITY_SETTINGS; i++)
        rc = db_run(s, identity_settings[i], e);
    if (rc == 0)
        rc = db_run(s, arena_printf(&a, "SET LOCAL statement_timeout = %u", timeout_ms), e);
    arena_free(&a);
    return rc;
}

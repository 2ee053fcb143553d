/* What the server or libpq said, as our errors: the kind from the SQLSTATE, never from the text, which may be translated. */
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/conn_private.h"

enum { STATEMENT_SHOWN = 160 };

void error_trimmed(const char *said, char *out, size_t size)
{
    size_t n = strlen(said);
    while (n > 0 && isspace((unsigned char)said[n - 1]))
        n--;
    if (n >= size)
        n = size - 1;
    memcpy(out, said, n);
    out[n] = '\0';
}

static bool of_class(const char *sqlstate, const char *class)
{
    return strncmp(sqlstate, class, strlen(class)) == 0;
}

static enum err_kind kind_of(const char *sqlstate, bool fatal, const struct db_req *req)
{
    if (strcmp(sqlstate, "57014") == 0) { /* a statement_timeout of the server's own is a time-out too */
        bool asked = req->priv->cancel == CANCEL_ASKED || req->priv->copy_error != NULL;
        return asked && req->priv->cancel != CANCEL_TIMEOUT ? ERR_CANCELLED : ERR_TEMPORARY;
    }
    if (fatal || of_class(sqlstate, "08") || of_class(sqlstate, "57P"))
        return ERR_LOST;
    if (of_class(sqlstate, "53") || strcmp(sqlstate, "55P03") == 0 || strcmp(sqlstate, "40001") == 0 ||
        strcmp(sqlstate, "40P01") == 0)
        return ERR_TEMPORARY;
    if (of_class(sqlstate, "23"))
        return ERR_CONFLICT;
    if (of_class(sqlstate, "28"))
        return ERR_UNAVAILABLE;
    return ERR_BUG;
}

static void add_statement(struct buf *text, const char *sql)
{
    while (isspace((unsigned char)*sql))
        sql++;
    size_t n = strcspn(sql, "\r\n");
    bool more = sql[n] != '\0';
    if (n > STATEMENT_SHOWN) {
        for (n = STATEMENT_SHOWN; n > 0 && ((unsigned char)sql[n] & 0xC0) == 0x80;) /* not inside a character */
            n--;
        more = true;
    }
    if (n > 0)
        buf_printf(text, "\nstatement: %.*s%s", (int)n, sql, more ? " …" : "");
}

static void add_field(struct buf *text, const PGresult *res, int field, const char *before)
{
    const char *value = PQresultErrorField(res, field);
    if (value != NULL)
        buf_printf(text, "%s%s", before, value);
}

void error_of_result(const PGresult *res, const struct db_req *req, struct err *e)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    bool fatal = severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
    const struct req_private *p = req->priv;
    if (p->refused != NULL) {
        err_set(e, ERR_BUG, "%s", p->refused);
        return;
    }
    struct buf text = {0};
    enum err_kind kind = state != NULL ? kind_of(state, fatal, req) : ERR_BUG;
    if (kind == ERR_TEMPORARY && p->cancel == CANCEL_TIMEOUT && strcmp(state, "57014") == 0)
        buf_printf(&text, "timed out after %u ms", p->timeout_ms);
    else if (kind == ERR_CANCELLED && p->copy_error == NULL)
        buf_str(&text, "cancelled");
    else {
        if (kind == ERR_LOST)
            buf_str(&text, "the connection to the database was lost: ");
        else if (state != NULL && strcmp(state, "53100") == 0)
            buf_str(&text, "the database's disk is full: ");
        char said[sizeof e->text];
        error_trimmed(message != NULL ? message : PQresultErrorMessage(res), said, sizeof said);
        buf_str(&text, said);
        add_field(&text, res, PG_DIAG_MESSAGE_DETAIL, "\ndetail: ");
        add_field(&text, res, PG_DIAG_MESSAGE_HINT, "\nhint: ");
        add_field(&text, res, PG_DIAG_CONTEXT, "\nwhere: "); /* the line and column of a COPY */
    }
    if (p->sql != NULL) /* of a batch: its sender knows them */
        add_statement(&text, p->sql);
    err_set(e, kind, "%s", text.data);
    if (state != NULL)
        memcpy(e->sqlstate, state, strnlen(state, 5) + 1);
    buf_free(&text);
}

/* libpq 15 keeps the SQLSTATE of a refused connection to itself and shows it in verbose messages only: "FATAL:  28P01: no".
 * Takes it out of a line; false when there is none. */
static bool take_sqlstate(const char *line, size_t n, char sqlstate[6], size_t *from, size_t *to)
{
    for (size_t i = 0; i + 10 <= n; i++) {
        if (strncmp(line + i, ":  ", 3) != 0 || line[i + 8] != ':' || line[i + 9] != ' ')
            continue;
        size_t k = 3;
        while (k < 8 && (isupper((unsigned char)line[i + k]) || isdigit((unsigned char)line[i + k])))
            k++;
        if (k < 8)
            continue;
        memcpy(sqlstate, line + i + 3, 5);
        sqlstate[5] = '\0';
        *from = i + 3;
        *to = i + 10;
        return true;
    }
    return false;
}

/* "LOCATION:  auth_failed, auth.c:335", whatever the first word is in the server's language. */
static bool is_location(const char *line, size_t n)
{
    size_t digits = n;
    while (digits > 0 && isdigit((unsigned char)line[digits - 1]))
        digits--;
    return digits < n && digits >= 3 && strncmp(line + digits - 3, ".c:", 3) == 0;
}

void error_of_connect(const struct db_conn *c, struct err *e)
{
    struct buf text = {0};
    char sqlstate[6] = "";
    const char *said = PQerrorMessage(c->pg);
    while (*said != '\0') {
        size_t n = strcspn(said, "\n"), from = 0, to = 0;
        take_sqlstate(said, n, sqlstate, &from, &to);
        if (n > 0 && !is_location(said, n)) {
            if (text.len > 0)
                buf_char(&text, '\n');
            buf_add(&text, said, from);
            buf_add(&text, said + to, n - to);
        }
        said += n + (said[n] == '\n');
    }
    if (sqlstate[0] == '\0' && PQconnectionNeedsPassword(c->pg))
        memcpy(sqlstate, "28000", 6);
    err_set(e, ERR_UNAVAILABLE, "cannot connect to %s: %s", c->target, text.len > 0 ? text.data : "no reason given");
    memcpy(e->sqlstate, sqlstate, sizeof sqlstate);
    buf_free(&text);
}

/* Whether trying again later could help: not against a wrong password, a missing database or a bad option. */
bool conn_worth_retrying(const struct err *e)
{
    if (e->kind == ERR_CONFIG)
        return false;
    return e->sqlstate[0] == '\0' || of_class(e->sqlstate, "57P") || of_class(e->sqlstate, "53") || of_class(e->sqlstate, "08");
}

/* libpq quotes what it stumbles over, and that may be a piece of the password ("invalid percent-encoded token: …"): then its
 * quotations are left out. */
int error_bad_uri(const char *uri, const char *said, struct err *e)
{
    char text[512];
    error_trimmed(said != NULL ? said : "out of memory", text, sizeof text);
    bool secret = strstr(uri, "pass") != NULL || strchr(uri, '@') != NULL || strstr(uri, "key") != NULL;
    struct buf out = {0};
    bool inside = false;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"') {
            inside = !inside;
            buf_str(&out, secret && inside ? "\"…" : "\"");
        } else if (!inside || !secret) {
            buf_char(&out, *p);
        }
    }
    err_set(e, ERR_CONFIG, "the database's address cannot be used: %s", out.len > 0 ? out.data : text);
    buf_free(&out);
    return -1;
}

#include "host/plugin_use.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/json.h"

enum { ERROR_MAX = 500 };

struct plugin_use {
    char *plugin, *part, *version, *error; /* error: the last run's that failed, or NULL */
    uint64_t runs, failures;
    uint64_t most[VM_METERS];
};

static const struct {
    enum vm_meter meter;
    const char *column;
} columns[] = {
    {VM_CPU, "cpu_ms_max"},    {VM_CALL, "call_ms_max"}, {VM_MEMORY, "memory_max"},       {VM_ROWS, "rows_max"},
    {VM_OUTPUT, "output_max"}, {VM_DB, "db_ms_max"},     {VM_LOG_LINES, "log_lines_max"}, {VM_RUN, "run_ms_max"},
};

static struct plugin_use *use_of(struct plugin_uses *uses, const struct plugin *p, const char *part)
{
    for (size_t i = 0; i < uses->n; i++)
        if (strcmp(uses->use[i].part, part) == 0 && strcmp(uses->use[i].plugin, p->name) == 0)
            return &uses->use[i];
    uses->use = mem_realloc(uses->use, (uses->n + 1) * sizeof *uses->use);
    struct plugin_use *u = &uses->use[uses->n++];
    *u = (struct plugin_use){.plugin = mem_dup(p->name), .part = mem_dup(part), .version = mem_dup(p->version)};
    return u;
}

/* The first line, not longer than a person reads, cut between characters. */
static char *short_text(const char *text)
{
    size_t n = strcspn(text, "\n");
    if (n > ERROR_MAX)
        for (n = ERROR_MAX; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
            n--;
    return mem_ndup(text, n);
}

void plugin_use_add(struct plugin_uses *uses, const struct plugin *p, const char *part, const struct err *failed)
{
    struct vm_usage usage;
    if (uses == NULL || p == NULL)
        return;
    struct plugin_use *u = use_of(uses, p, part);
    u->runs++;
    if (failed != NULL) {
        u->failures++;
        mem_free(u->error);
        u->error = short_text(failed->text);
    }
    vm_usage(p->vm, &usage);
    usage.of[VM_MEMORY].now = usage.of[VM_MEMORY].most; /* between two runs it says nothing */
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        enum vm_meter m = columns[i].meter;
        uint64_t n = usage.of[m].now;
        if (failed != NULL && n < usage.of[m].limit && strstr(failed->text, vm_limit_text(p->vm, m)) != NULL)
            n = usage.of[m].limit; /* it was stopped by who did not measure: the server */
        if (n > u->most[m])
            u->most[m] = n;
    }
}

/* --- writing ---------------------------------------------------------------------------------------------------------------- */

static const char sql[] =
    "INSERT INTO tidemark.plugin_uses AS t (user_id, plugin, part, version, runs, failures, cpu_ms_max, call_ms_max, "
    "memory_max,"
    "   rows_max, output_max, db_ms_max, log_lines_max, run_ms_max, last_run_at, last_error, last_error_at)"
    " SELECT $1::uuid, plugin, part, version, runs, failures, cpu_ms_max, call_ms_max, memory_max, rows_max, output_max,"
    "   db_ms_max, log_lines_max, run_ms_max, now(), error, CASE WHEN error IS NOT NULL THEN now() END"
    "  FROM jsonb_to_recordset($2::jsonb) AS r (plugin text, part text, version text, runs bigint, failures bigint,"
    "   cpu_ms_max integer, call_ms_max integer, memory_max bigint, rows_max bigint, output_max bigint, db_ms_max integer,"
    "   log_lines_max integer, run_ms_max integer, error text) ORDER BY plugin, part"
    " ON CONFLICT (user_id, plugin, part) DO UPDATE SET version = excluded.version, runs = t.runs + excluded.runs,"
    "   failures = t.failures + excluded.failures, cpu_ms_max = greatest(t.cpu_ms_max, excluded.cpu_ms_max),"
    "   call_ms_max = greatest(t.call_ms_max, excluded.call_ms_max), memory_max = greatest(t.memory_max, excluded.memory_max),"
    "   rows_max = greatest(t.rows_max, excluded.rows_max), output_max = greatest(t.output_max, excluded.output_max),"
    "   db_ms_max = greatest(t.db_ms_max, excluded.db_ms_max),"
    "   log_lines_max = greatest(t.log_lines_max, excluded.log_lines_max),"
    "   run_ms_max = greatest(t.run_ms_max, excluded.run_ms_max), last_run_at = excluded.last_run_at,"
    "   last_error = coalesce(excluded.last_error, t.last_error),"
    "   last_error_at = coalesce(excluded.last_error_at, t.last_error_at)";

static void put_text(struct buf *b, const char *name, const char *text)
{
    buf_printf(b, "\"%s\":", name);
    if (text != NULL)
        json_write_string(text, strlen(text), b);
    else
        buf_str(b, "null");
    buf_char(b, ',');
}

/* A row of the table each; the columns hold no more than an int4 where they are milliseconds. */
static void write_uses(const struct plugin_uses *uses, struct buf *b)
{
    buf_char(b, '[');
    for (size_t i = 0; i < uses->n; i++) {
        const struct plugin_use *u = &uses->use[i];
        buf_str(b, i > 0 ? ",{" : "{");
        put_text(b, "plugin", u->plugin);
        put_text(b, "part", u->part);
        put_text(b, "version", u->version);
        put_text(b, "error", u->error);
        for (size_t k = 0; k < sizeof columns / sizeof *columns; k++) {
            uint64_t n = u->most[columns[k].meter];
            buf_printf(b, "\"%s\":%" PRIu64 ",", columns[k].column,
                       n < INT32_MAX || columns[k].meter == VM_MEMORY ? n : INT32_MAX);
        }
        buf_printf(b, "\"runs\":%" PRIu64 ",\"failures\":%" PRIu64 "}", u->runs, u->failures);
    }
    buf_char(b, ']');
}

static int upsert(struct db_session *s, const struct uuid *owner, const char *json, struct err *e)
{
    struct db_params p = {0};
    db_uuid(&p, owner);
    db_text(&p, json);
    int rc = db_exec(s, sql, &p, NULL, e);
    db_params_clear(&p);
    return rc;
}

void plugin_use_write(struct plugin_uses *uses, struct db_session *s, const struct uuid *owner)
{
    struct buf json = {0};
    struct err e = {0};
    if (uses->n == 0)
        return;
    write_uses(uses, &json);
    int rc = db_begin(s, "", &e);
    if (rc == 0) {
        rc = db_run(s, "SET LOCAL ROLE service_role", &e);
        if (rc == 0)
            rc = db_run(s, "SET LOCAL lock_timeout = '2s'", &e);
        if (rc == 0)
            rc = upsert(s, owner, json.data, &e);
        if (rc == 0)
            rc = db_commit(s, &e);
        else
            db_rollback(s);
    }
    if (rc != 0)
        log_debug("what plugins used was not kept: %s", e.text);
    buf_free(&json);
    plugin_uses_free(uses);
}

void plugin_uses_free(struct plugin_uses *uses)
{
    for (size_t i = 0; i < uses->n; i++) {
        mem_free(uses->use[i].plugin);
        mem_free(uses->use[i].part);
        mem_free(uses->use[i].version);
        mem_free(uses->use[i].error);
    }
    mem_free(uses->use);
    *uses = (struct plugin_uses){0};
}

/* tidemark doctor: where everything is and whether it is well. Every check is made, whatever the others found. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "app/app.h"
#include "base/mem.h"
#include "data/table.h"
#include "db/migrate.h"

struct doctor {
    struct app *app;
    int faults;
};

__attribute__((format(printf, 4, 5))) static void say(struct doctor *d, bool good, const char *what, const char *fmt, ...)
{
    const struct term *t = &d->app->out;
    struct buf shown = {0};
    va_list ap;
    va_start(ap, fmt);
    char *text = mem_vprintf(fmt, ap);
    va_end(ap);
    const char *mark = good ? (t->ascii ? "ok    " : "✓") : (t->ascii ? "FAILED" : "✗");
    for (char *line = text, *next; line != NULL; line = next) {
        if ((next = strchr(line, '\n')) != NULL)
            *next++ = '\0';
        buf_clear(&shown);
        text_escape(line, t->ascii, &shown);
        const char *bold = !good && t->color ? "\x1b[1;31m" : "", *plain = !good && t->color ? "\x1b[0m" : "";
        printf("%s%s%s  %-10s %s\n", bold, line == text ? mark : (t->ascii ? "      " : " "), plain, line == text ? what : "",
               shown.data != NULL ? shown.data : "");
    }
    d->faults += !good;
    buf_free(&shown);
    mem_free(text);
}

static void check_project(struct doctor *d)
{
    struct err e = {0};
    if (app_need_project(d->app, &e) != 0) {
        say(d, false, "project", "%s", e.text);
        return;
    }
    const struct project *p = d->app->project;
    struct buf owners = {0};
    for (size_t i = 0; i < p->n_owner; i++)
        buf_printf(&owners, "%s%s%s", i ? ", " : "", p->owner[i].name, &p->owner[i] == p->default_owner ? " (default)" : "");
    say(d, true, "project", "%s", p->dir);
    say(d, p->n_owner > 0, "owners", "%s", p->n_owner > 0 ? owners.data : "none: add one under owners in tidemark.lua");
    buf_free(&owners);
}

static void check_plugins(struct doctor *d)
{
    struct err e = {0};
    size_t parsers = 0, reports = 0;
    if (app_need_plugins(d->app, NULL, &e) != 0) {
        say(d, false, "plugins", "%s", e.text);
        return;
    }
    for (size_t i = 0; i < d->app->registry->n_plugin; i++) {
        parsers += d->app->registry->plugin[i]->n_parser;
        reports += d->app->registry->plugin[i]->n_report;
    }
    say(d, true, "plugins", "%zu plugins, %zu parsers, %zu reports; bundled ones in %s", d->app->registry->n_plugin, parsers,
        reports, d->app->share.plugins);
}

static void check_embedded(struct doctor *d)
{
    static struct embedded_state s; /* large */
    struct err e = {0};
    struct statvfs fs;
    if (d->app->project == NULL)
        return;
    if (embedded_state(d->app->project->dir, &s, &e) != 0) {
        say(d, false, "server", "%s", e.text);
        return;
    }
    if (s.bindir[0] == '\0')
        say(d, false, "server", "no PostgreSQL server is installed: apt-get install postgresql-15");
    else
        say(d, true, "server", "PostgreSQL %d in %s, run as %s%s%s", s.server_version, s.bindir, s.account,
            s.pid != 0 ? ", running" : ", not running", s.pinned ? ", pinned" : "");
    say(d, true, "data", "%s%s", s.data, s.cluster_version == 0 ? " (not made yet)" : "");
    say(d, true, "socket", "%s", s.socket_dir);
    say(d, true, "log", "%s", s.log);
    char *at = mem_dup(s.data);
    while (statvfs(at, &fs) != 0 && strrchr(at, '/') > at) /* the folder may not be there yet: its nearest parent */
        *strrchr(at, '/') = '\0';
    if (statvfs(at, &fs) == 0) {
        unsigned long long left = (unsigned long long)fs.f_bavail * fs.f_frsize >> 20;
        say(d, left >= 256, "disk", "%llu MiB left%s", left, left < 256 ? ": that is little, a batch of rows may not fit" : "");
    }
    mem_free(at);
}

static void check_schema(struct doctor *d)
{
    struct err e = {0};
    struct buf text = {0};
    int problems = 0;
    if (migrate_status(d->app->session, d->app->share.schema, &text, &problems, &e) != 0)
        say(d, false, "schema", "%s", e.text);
    else if (problems > 0)
        say(d, false, "schema", "%d problem%s: tidemark db status", problems, problems == 1 ? "" : "s");
    else
        say(d, true, "schema", "current, nothing changed by hand");
    buf_free(&text);
}

/* The sum is enforced by a constraint, which somebody may have dropped; the reasons and the quarantine are beside it, and nothing but
 * this compares them. Deliveries of which something was dropped or put aside are few. */
static const char ledger_sql[] =
    "WITH aside AS (SELECT user_id, sha256, observed_at, count(*) AS n FROM tidemark.quarantine WHERE state = 'open'"
    "   GROUP BY user_id, sha256, observed_at)"
    " SELECT count(*), count(*) FILTER (WHERE received <> inserted + updated + unchanged + quarantined + dropped_total),"
    "  count(*) FILTER (WHERE (dropped_total <> 0 OR dropped <> '{}')"
    "   AND dropped_total <> (SELECT coalesce(sum(r.value::bigint), 0) FROM jsonb_each_text(dropped) r)),"
    "  count(*) FILTER (WHERE quarantined <> coalesce(aside.n, 0)), coalesce(sum(aside.n), 0),"
    "  coalesce(sum(received), 0)"
    " FROM tidemark.deliveries LEFT JOIN aside USING (user_id, sha256, observed_at)";

static void check_ledger(struct doctor *d)
{
    static const char *const faults[] = {
        "do not add up (received = inserted + updated + unchanged + quarantined + dropped)",
        "dropped another number than their reasons say",
        "put another number aside than there are in quarantine",
    };
    struct err e = {0};
    PGresult *res = NULL;
    bool good = true;
    if (db_exec(d->app->session, ledger_sql, NULL, &res, &e) != 0) {
        say(d, false, "ledger", "%s", e.text);
        return;
    }
    for (int i = 0; i < (int)(sizeof faults / sizeof *faults); i++) {
        const char *wrong = PQgetvalue(res, 0, i + 1);
        if (strcmp(wrong, "0") == 0)
            continue;
        good = false;
        say(d, false, "ledger", "%s of %s deliveries %s", wrong, PQgetvalue(res, 0, 0), faults[i]);
    }
    if (good)
        say(d, true, "ledger", "%s deliveries, every one of %s items accounted for; %s in quarantine", PQgetvalue(res, 0, 0),
            PQgetvalue(res, 0, 5), PQgetvalue(res, 0, 4));
    PQclear(res);
}

/* How far a plugin's statement could get. On another database it is for its operator to decide whether he trusts his plugins. */
static void check_wall(struct doctor *d)
{
    struct err e = {0};
    struct buf login = {0}, gaps = {0};
    if (app_plugin_gaps(d->app, &login, &gaps, &e) != 0)
        say(d, false, "plugins", "%s", e.text);
    else if (gaps.len == 0)
        say(d, true, "plugins", "their statements log in as %s, which may become an owner and nobody else", login.data);
    else
        say(d, true, "plugins",
            "their statements log in as %s, who could leave its owner: %s. Statements that try are refused by their text, "
            "which is a "
            "fence and no wall: docs/configuration.md, \"plugin_database\", says how to put one up",
            login.data, gaps.data);
    buf_free(&login);
    buf_free(&gaps);
}

static void check_database(struct doctor *d)
{
    struct err e = {0};
    PGresult *res = NULL;
    if (app_database_uri(d->app) == NULL)
        check_embedded(d);
    if (app_need_server(d->app, &e) != 0 ||
        db_exec(d->app->session, "SELECT current_database(), current_user, current_setting('server_version')", NULL, &res,
                &e) != 0) {
        say(d, false, "database", "%s", e.text);
        return;
    }
    say(d, true, "database", "%s as %s, PostgreSQL %s%s", PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 2),
        d->app->embedded != NULL ? ", private to this project" : "");
    PQclear(res);
    int before = d->faults;
    if (app_need_database(d->app, &e) != 0) {
        say(d, false, "schema", "%s", e.text);
        return;
    }
    check_schema(d);
    if (d->faults == before)
        check_ledger(d);
    if (d->faults == before)
        check_wall(d);
}

int cmd_doctor(struct app *app, int argc, char **argv, struct err *e)
{
    struct doctor d = {.app = app};
    const struct cli_option options[] = {APP_OPTIONS(app)};
    const struct cli_command c = {
        "doctor",          "doctor", "Says where everything is and checks it. Exit 1 when something is wrong.",
        "tidemark doctor", options,  sizeof options / sizeof *options};
    struct cli_list rest = {0};
    bool help;
    int rc = cli_parse(&c, argc, argv, false, &rest, &help, e);
    if (rc == 0 && help) {
        cli_help(&c);
    } else if (rc == 0 && rest.n > 0) {
        rc = err_set(e, ERR_USAGE, "doctor takes no argument '%s'", rest.item[0]);
    } else if (rc == 0 && (rc = app_begin(app, e)) == 0) {
        check_project(&d);
        check_plugins(&d);
        check_database(&d);
        rc = d.faults > 0;
    }
    cli_free(&rest);
    return rc;
}

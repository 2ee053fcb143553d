/* The database as plugins' statements meet it: on the embedded server a login of their own behind a wall, on another one the login that
 * the config names for them, or, for want of one, the host's own. */
#include <string.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/embedded_cluster.h"

enum { CONNECTIONS = 5, PATIENCE_US = 5000000 }; /* four for a run, one for the session */

static int wall_gaps(struct app *app, const char *login, struct buf *gaps, struct err *e)
{
    struct db_params p = {0};
    PGresult *res = NULL;
    db_text(&p, login);
    int rc = db_exec(app->session, "SELECT tidemark.wall_gaps($1::text::name)", &p, &res, e);
    for (int i = 0; rc == 0 && i < PQntuples(res); i++)
        buf_printf(gaps, "%s%s", gaps->len > 0 ? "; " : "", PQgetvalue(res, i, 0));
    PQclear(res);
    db_params_clear(&p);
    return rc;
}

/* Looked at every time: a dump that was read back, or a GRANT by hand, may have taken a stone out. */
static int keep_wall(struct app *app, struct err *e)
{
    struct buf gaps = {0};
    int rc = wall_gaps(app, EMBEDDED_PLUGIN_LOGIN, &gaps, e);
    if (rc == 0 && gaps.len > 0) {
        log_debug("the wall around plugins' statements is put up again: %s", gaps.data);
        buf_clear(&gaps);
        rc = db_run(app->session, "SELECT tidemark.wall()", e);
        if (rc == 0)
            rc = wall_gaps(app, EMBEDDED_PLUGIN_LOGIN, &gaps, e);
    }
    if (rc == 0 && gaps.len > 0)
        rc = err_set(e, ERR_CONFIG, "plugins' statements could become somebody else's in this database: %s", gaps.data);
    buf_free(&gaps);
    return rc;
}

static const char *uri_of_config(const struct app *app)
{
    const struct project *p = app->project;
    bool config = p != NULL && p->database != NULL && app_database_uri(app) == p->database;
    return config ? p->plugin_database : NULL;
}

/* A server that an older version started learns of the login when it reads its files again, which it does in its own time. */
static int open_session(struct app *app, struct err *e)
{
    const int64_t begin = clock_mono_us();
    while (db_session_open(app->plugin_pool, app->loop, &app->plugin_session, e) != 0) {
        bool early = app->embedded != NULL && strcmp(e->sqlstate, "28000") == 0 && clock_mono_us() - begin < PATIENCE_US;
        if (!early || loop_interrupted(app->loop))
            return -1;
        loop_sleep(app->loop, 20);
    }
    return 0;
}

/* Whether a login that an operator made is behind a wall is the server's to say. */
static int look_at_login(struct app *app, struct err *e)
{
    struct buf gaps = {0};
    PGresult *res = NULL;
    int rc = db_exec(app->plugin_session, "SELECT session_user", NULL, &res, e);
    if (rc == 0)
        rc = wall_gaps(app, PQgetvalue(res, 0, 0), &gaps, e);
    app->walled = rc == 0 && gaps.len == 0;
    PQclear(res);
    buf_free(&gaps);
    return rc;
}

int app_plugin_gaps(struct app *app, struct buf *login, struct buf *gaps, struct err *e)
{
    PGresult *res = NULL;
    if (app_need_plugin_db(app, e) != 0 || db_exec(app->plugin_session, "SELECT session_user", NULL, &res, e) != 0)
        return -1;
    buf_str(login, PQgetvalue(res, 0, 0));
    PQclear(res);
    return wall_gaps(app, login->data, gaps, e);
}

int app_need_plugin_db(struct app *app, struct err *e)
{
    if (app->plugin_session != NULL)
        return 0;
    if (app_need_database(app, e) != 0 || (app->embedded != NULL && keep_wall(app, e) != 0))
        return -1;
    const char *own = app->embedded != NULL ? embedded_plugin_uri(app->embedded) : uri_of_config(app);
    struct db_pool_options options = {
        .uri = own != NULL ? own : app_database_uri(app), .application_name = "tidemark plugin", .max = CONNECTIONS};
    if (app->plugin_pool == NULL)
        app->plugin_pool = db_pool_open(app->loop, &options);
    if (open_session(app, e) != 0)
        return err_in(e, "%s", own != NULL && app->embedded == NULL ? "plugin_database" : "the login of plugins' statements");
    app->walled = app->embedded != NULL;
    return own != NULL && app->embedded == NULL ? look_at_login(app, e) : 0;
}

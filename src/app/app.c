#include "app/app.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "data/datetime.h"
#include "db/migrate.h"

int app_begin(struct app *app, struct err *e)
{
    enum term_color color = TERM_AUTO;
    if (app->color != NULL) {
        if (strcmp(app->color, "always") == 0)
            color = TERM_ALWAYS;
        else if (strcmp(app->color, "never") == 0)
            color = TERM_NEVER;
        else if (strcmp(app->color, "auto") != 0)
            return err_set(e, ERR_USAGE, "--color %s: must be always, never or auto", app->color);
    }
    int year, month, day;
    if (app->zone != NULL && !datetime_day_of(app->zone, 0, &year, &month, &day))
        return err_set(e, ERR_USAGE, "--tz %s: there is no such time zone; write it as Europe/Berlin", app->zone);
    app->out = term_look(STDOUT_FILENO, color, app->ascii);
    app->err = term_look(STDERR_FILENO, color, app->ascii);
    return share_find(&app->share, e);
}

int app_want_project(struct app *app, struct err *e)
{
    if (app->project != NULL)
        return 0;
    char *dir = app->project_dir != NULL ? mem_dup(app->project_dir) : project_find(".");
    if (dir == NULL)
        return 0;
    int rc = project_load(dir, app->share.lua, &app->project, e);
    mem_free(dir);
    if (rc == 0 && app->zone == NULL)
        app->zone = app->project->zone;
    return rc;
}

int app_need_project(struct app *app, struct err *e)
{
    if (app_want_project(app, e) != 0)
        return -1;
    if (app->project == NULL)
        return err_set(e, ERR_CONFIG,
                       "no tidemark.lua here or above: type \"tidemark init\" to make a project in this folder, or "
                       "name one with --project");
    return 0;
}

int app_need_plugins(struct app *app, const char *only, struct err *e)
{
    struct plugin_paths paths = {
        .lib_dir = app->share.lua,
        .bundled_dir = app->share.plugins,
        .project_dir = app->project != NULL ? app->project->plugins : NULL,
        .limits = vm_limits_default,
        .project = app->project,
    };
    return registry_load(&paths, only, &app->registry, e);
}

const char *app_database_uri(const struct app *app)
{
    static const char *const pg[] = {"PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE"};
    if (app->database != NULL)
        return app->database;
    if (app->project != NULL && app->project->database != NULL)
        return app->project->database;
    const char *uri = getenv("TIDEMARK_DATABASE");
    if (uri != NULL && uri[0] != '\0')
        return uri;
    for (size_t i = 0; i < sizeof pg / sizeof *pg; i++) {
        const char *value = getenv(pg[i]);
        if (value != NULL && value[0] != '\0')
            return "";
    }
    return NULL;
}

void app_need_loop(struct app *app)
{
    if (app->loop != NULL)
        return;
    app->loop = loop_open();
    loop_catch_signals(app->loop);
}

int app_need_server(struct app *app, struct err *e)
{
    if (app->session != NULL)
        return 0;
    app_need_loop(app);
    const char *uri = app_database_uri(app);
    if (uri == NULL) {
        if (app_need_project(app, e) != 0)
            return -1;
        if (app->embedded == NULL && embedded_enter(app->loop, app->project->dir, &app->embedded, e) != 0)
            return -1;
        uri = embedded_uri(app->embedded);
    }
    struct db_pool_options options = {.uri = uri, .application_name = "tidemark", .max = 2};
    if (app->pool == NULL)
        app->pool = db_pool_open(app->loop, &options);
    return db_session_open(app->pool, app->loop, &app->session, e);
}

int app_need_database(struct app *app, struct err *e)
{
    int pending = 0;
    if (app_need_server(app, e) != 0 || migrate_check(app->session, app->share.schema, &pending, e) != 0)
        return -1;
    if (pending == 0)
        return 0;
    if (app->embedded == NULL)
        return err_set(e, ERR_CONFIG, "the schema of this database is %d step%s behind: type \"tidemark db migrate\"", pending,
                       pending == 1 ? "" : "s");
    struct migrate_report report;
    if (migrate_up(app->session, app->share.schema, &report, e) != 0)
        return -1;
    if (report.applied > 0)
        log_info("schema: %d migration%s applied to the embedded database", report.applied, report.applied == 1 ? "" : "s");
    else
        log_info("schema: views and functions of the embedded database brought up to date");
    return 0;
}

static int unknown_owner(const struct project *p, const char *who, struct err *e)
{
    struct buf list = {0};
    const char **names = mem_array(p->n_owner + 1, sizeof *names);
    for (size_t i = 0; i < p->n_owner; i++) {
        names[i] = p->owner[i].name;
        buf_printf(&list, "%s%s", i ? ", " : "", p->owner[i].name);
    }
    const char *near = who != NULL ? nearest(who, names, p->n_owner) : NULL;
    if (who == NULL)
        err_set(e, ERR_USAGE, "whose data? Name the owner with --owner or --as: %s", list.data);
    else if (near != NULL)
        err_set(e, ERR_USAGE, "unknown owner '%s', did you mean '%s'? (owners: %s)", who, near, list.data);
    else
        err_set(e, ERR_USAGE, "unknown owner '%s' (owners: %s; a UUID will do as well)", who, list.data);
    mem_free(names);
    buf_free(&list);
    return -1;
}

int app_owner(struct app *app, const char *who, struct uuid *owner, struct err *e)
{
    if (who != NULL && uuid_parse(who, owner))
        return 0;
    if (app_need_project(app, e) != 0)
        return -1;
    const struct project *p = app->project;
    const struct owner *found = NULL;
    if (p->owner == NULL || p->n_owner == 0)
        return err_set(e, ERR_USAGE, "%s has no owners: name one with a UUID, or add it under owners", p->file);
    if (who == NULL)
        found = p->default_owner != NULL ? p->default_owner : p->n_owner == 1 ? &p->owner[0] : NULL;
    for (size_t i = 0; who != NULL && i < p->n_owner; i++)
        if (strcmp(p->owner[i].name, who) == 0)
            found = &p->owner[i];
    if (found == NULL)
        return unknown_owner(p, who, e);
    *owner = found->id;
    return 0;
}

void app_explain_full_disk(const struct app *app, struct err *e)
{
    static struct embedded_state state; /* large */
    struct statvfs fs;
    struct err ignored;
    if (app->embedded == NULL || embedded_state(app->project->dir, &state, &ignored) != 0 || statvfs(state.data, &fs) != 0)
        return;
    unsigned long long left = (unsigned long long)fs.f_bavail * fs.f_frsize;
    if (left < 32ull << 20)
        err_set(e, ERR_TEMPORARY,
                "the disk of %s is full (%llu MiB left): make room and run it again; what was committed stays", state.data,
                left >> 20);
}

void app_close(struct app *app)
{
    db_session_close(&app->plugin_session);
    db_pool_close(&app->plugin_pool);
    db_session_close(&app->session);
    db_pool_close(&app->pool);
    embedded_leave(&app->embedded);
    loop_close(&app->loop);
    registry_free(&app->registry);
    project_free(&app->project);
    share_free(&app->share);
}

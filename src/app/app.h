/* What the commands share: global options, the project, the database, the owner. A command asks for what it needs; app_close
 * gives everything back. */
#pragma once

#include <stdbool.h>

#include "app/cli.h"
#include "app/term.h"
#include "base/err.h"
#include "data/uuid.h"
#include "db/embedded.h"
#include "db/session.h"
#include "host/plugin.h"
#include "host/project.h"

struct app {
    /* global options */
    const char *project_dir, *database, *color, *zone;
    bool ascii;

    struct term out, err; /* stdout, stderr */
    struct share share;   /* where our Lua, SQL and plugins are */
    struct project *project;
    struct registry *registry;
    struct loop *loop;
    struct embedded *embedded; /* NULL: another database */
    struct db_pool *pool;
    struct db_session *session;
    struct db_pool *plugin_pool; /* what plugins' statements go over; app_need_plugin_db */
    struct db_session *plugin_session;
    bool walled; /* the server itself keeps them from becoming anybody else */
};

struct app_command {
    const char *name, *summary;
    bool daily;                                                        /* else it stands under "more" in the help */
    int (*run)(struct app *app, int argc, char **argv, struct err *e); /* the exit code, or -1 with e */
};

/* The global options, to be put at the end of a command's own. */
#define APP_OPTIONS(app)                                                                                              \
    {"project", 0, CLI_VALUE, &(app)->project_dir, "DIR", "the project folder; else the nearest with tidemark.lua"},  \
        {"database", 0, CLI_VALUE, &(app)->database, "URI", "another database than the config's or the private one"}, \
        {"tz", 0, CLI_VALUE, &(app)->zone, "ZONE", "show times in this zone (Europe/Berlin)"},                        \
        {"color", 0, CLI_VALUE, &(app)->color, "WHEN", "always, never or auto"},                                      \
    {                                                                                                                 \
        "ascii", 0, CLI_FLAG, &(app)->ascii, NULL, "no glyphs beyond ASCII"                                           \
    }

/* After cli_parse: checks the global options and looks at the terminals. */
int app_begin(struct app *app, struct err *e);

int app_need_project(struct app *app, struct err *e);
/* The project where there is one; none is fine (--dry-run). */
int app_want_project(struct app *app, struct err *e);
/* only: NULL, or the one plugin that is wanted. */
int app_need_plugins(struct app *app, const char *only, struct err *e);
/* Which database --database, the config, the environment or nothing (embedded) name; NULL = the embedded one. "" = PG*. */
const char *app_database_uri(const struct app *app);
void app_need_loop(struct app *app);
/* Opens the database without looking at its schema; may be asked again after a failure. */
int app_need_server(struct app *app, struct err *e);
/* … and checks the schema: the embedded one is brought up to date, another must be current (else ERR_CONFIG says what to type). */
int app_need_database(struct app *app, struct err *e);
/* … and opens what plugins' statements go over: a login that may become an owner and nobody else (the embedded database), the one that
 * plugin_database names, or the host's own. Its session is for one report after the other; a run takes the pool (host/run_port.h). */
int app_need_plugin_db(struct app *app, struct err *e);
/* Doctor's: which login that is, and how a statement could leave its owner ("": in no way). */
int app_plugin_gaps(struct app *app, struct buf *login, struct buf *gaps, struct err *e);
/* WHO: a UUID or a name under owners; NULL = the default owner, or the only one. */
int app_owner(struct app *app, const char *who, struct uuid *owner, struct err *e);
void app_close(struct app *app);

/* A statement of the host's own as the result: table, csv or json (NULL: table). Runs as service_role, read-only. */
int app_print_query(struct app *app, const char *sql, const struct db_params *p, const struct table_layout *layout,
                    const char *format, struct err *e);
int app_check_format(const char *format, struct err *e); /* NULL is fine */
/* ERR_USAGE for a verb that the command does not have: the nearest match, or usage. word NULL: none was given. */
int app_bad_verb(const char *command, const char *word, const char *const *verbs, size_t n, const char *usage, struct err *e);

/* After a failure that a full disk may be behind: says so in e where the embedded database's disk is full (ERR_TEMPORARY). */
void app_explain_full_disk(const struct app *app, struct err *e);

int cmd_init(struct app *app, int argc, char **argv, struct err *e);
int cmd_today(struct app *app, int argc, char **argv, struct err *e); /* no command: the screen of today */
int cmd_ingest(struct app *app, int argc, char **argv, struct err *e);
int cmd_learn(struct app *app, int argc, char **argv, struct err *e);
int cmd_report(struct app *app, int argc, char **argv, struct err *e);
int cmd_run(struct app *app, int argc, char **argv, struct err *e);
int cmd_lua(struct app *app, int argc, char **argv, struct err *e);
int cmd_plugin(struct app *app, int argc, char **argv, struct err *e);
int cmd_explain(struct app *app, int argc, char **argv, struct err *e);
int cmd_playbook(struct app *app, int argc, char **argv, struct err *e);
int cmd_change(struct app *app, int argc, char **argv, struct err *e);
int cmd_content(struct app *app, int argc, char **argv, struct err *e);
int cmd_quarantine(struct app *app, int argc, char **argv, struct err *e);
int cmd_db(struct app *app, int argc, char **argv, struct err *e);
int cmd_doctor(struct app *app, int argc, char **argv, struct err *e);

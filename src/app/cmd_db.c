/* tidemark db: the embedded server by hand, and the schema of whatever database is in use. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/app.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/migrate.h"

struct db_args {
    struct app *app;
    struct cli_list rest; /* after the verb */
    bool force;
};

static int need_embedded(struct app *app, const char *verb, struct err *e)
{
    if (app_need_project(app, e) != 0)
        return -1;
    if (app_database_uri(app) != NULL)
        return err_set(e, ERR_USAGE, "db %s is for the embedded database; this project uses another one, run by somebody else",
                       verb);
    return 0;
}

static int db_start(struct db_args *a, struct err *e)
{
    if (need_embedded(a->app, "start", e) != 0 || app_need_database(a->app, e) != 0 ||
        embedded_pin(a->app->project->dir, e) != 0)
        return -1;
    printf("running: %s\nstop it with: tidemark db stop\n", embedded_uri(a->app->embedded));
    return 0;
}

static int db_stop(struct db_args *a, struct err *e)
{
    bool was_running = false, others = false;
    if (need_embedded(a->app, "stop", e) != 0)
        return -1;
    a->app->loop = loop_open();
    if (embedded_unpin(a->app->project->dir, e) != 0 ||
        embedded_stop(a->app->loop, a->app->project->dir, &was_running, &others, e) != 0)
        return -1;
    puts(others ? "in use: it stops when the last command ends" : was_running ? "stopped" : "was not running");
    return 0;
}

static int db_migrate(struct db_args *a, struct err *e)
{
    struct migrate_report r = {0};
    if (app_need_server(a->app, e) != 0 || migrate_up(a->app->session, a->app->share.schema, &r, e) != 0)
        return -1;
    printf("schema at version %d: %d migration%s applied, %d repeatable file%s renewed\n", r.current, r.applied,
           r.applied == 1 ? "" : "s", r.repeated, r.repeated == 1 ? "" : "s");
    return 0;
}

/* status and verify print lines and count what is wrong: exit 1 where that is not nothing. */
static int db_look(struct db_args *a, int (*look)(struct db_session *, const char *, struct buf *, int *, struct err *),
                   const char *good, struct err *e)
{
    struct buf out = {0};
    int wrong = 0;
    int rc = app_need_server(a->app, e);
    if (rc == 0)
        rc = look(a->app->session, a->app->share.schema, &out, &wrong, e);
    if (rc == 0) {
        fputs(out.data != NULL ? out.data : "", stdout);
        if (wrong == 0)
            printf("\n%s\n", good);
        else
            printf("\n%d %s\n", wrong, wrong == 1 ? "thing is not as it should be" : "things are not as they should be");
    }
    buf_free(&out);
    return rc != 0 ? rc : wrong > 0;
}

static int db_status(struct db_args *a, struct err *e)
{
    return db_look(a, migrate_status, "the schema is current; nothing was changed by hand", e);
}

static int db_verify(struct db_args *a, struct err *e)
{
    return db_look(a, migrate_verify, "every check holds", e);
}

static int db_revert(struct db_args *a, struct err *e)
{
    struct buf out = {0};
    int rc = app_need_server(a->app, e);
    if (rc == 0)
        rc = migrate_revert(a->app->session, a->app->share.schema, a->force, &out, e);
    if (rc == 0)
        fputs(out.data != NULL ? out.data : "", stdout);
    buf_free(&out);
    return rc;
}

/* Runs psql as a child, so that our share in the embedded server lasts as long as it does; Ctrl-C is psql's. */
static int run_psql(char **args, struct err *e)
{
    extern char **environ;
    pid_t pid;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE); /* we ignore it, psql must not: its output may be piped into head */
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    int status = 0, failed = posix_spawnp(&pid, "psql", NULL, &attributes, args, environ);
    posix_spawnattr_destroy(&attributes);
    if (failed == ENOENT)
        return err_set(e, ERR_CONFIG, "psql is not installed: apt-get install postgresql-client");
    if (failed != 0)
        return err_set(e, ERR_TEMPORARY, "cannot start psql: %s", strerror(failed));
    void (*before)(int) = signal(SIGINT, SIG_IGN);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    signal(SIGINT, before);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int db_psql(struct db_args *a, struct err *e)
{
    if (app_need_server(a->app, e) != 0)
        return -1;
    const char *uri = a->app->embedded != NULL ? embedded_uri(a->app->embedded) : app_database_uri(a->app);
    char **args = mem_array(a->rest.n + 4, sizeof *args);
    size_t n = 0;
    args[n++] = mem_dup("psql");
    if (uri[0] != '\0') {
        args[n++] = mem_dup("-d");
        args[n++] = mem_dup(uri);
    }
    for (size_t i = 0; i < a->rest.n; i++)
        args[n++] = mem_dup(a->rest.item[i]);
    int rc = run_psql(args, e);
    for (size_t i = 0; i < n; i++)
        mem_free(args[i]);
    mem_free(args);
    return rc;
}

static const struct {
    const char *name;
    int (*run)(struct db_args *a, struct err *e);
    bool takes_args;
} verbs[] = {
    {"start", db_start, false},   {"stop", db_stop, false},     {"migrate", db_migrate, false}, {"status", db_status, false},
    {"verify", db_verify, false}, {"revert", db_revert, false}, {"psql", db_psql, true},
};

static int run_verb(struct db_args *a, const struct cli_list *words, struct err *e)
{
    for (size_t i = 0; words->n > 0 && i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(words->item[0], verbs[i].name) != 0)
            continue;
        for (size_t k = 1; k < words->n; k++)
            cli_push(&a->rest, words->item[k]);
        if (a->force && verbs[i].run != db_revert)
            return err_set(e, ERR_USAGE, "--force goes with db revert, not with db %s", verbs[i].name);
        if (!verbs[i].takes_args && a->rest.n > 0)
            return err_set(e, ERR_USAGE, "db %s takes no argument '%s'", verbs[i].name, a->rest.item[0]);
        return verbs[i].run(a, e);
    }
    enum { N = sizeof verbs / sizeof *verbs };
    const char *names[N];
    for (size_t i = 0; i < N; i++)
        names[i] = verbs[i].name;
    return app_bad_verb("db", words->n > 0 ? words->item[0] : NULL, names, N,
                        "start, stop, migrate, status, verify, revert or psql", e);
}

int cmd_db(struct app *app, int argc, char **argv, struct err *e)
{
    struct db_args a = {.app = app};
    const struct cli_option options[] = {
        {"force", 0, CLI_FLAG, &a.force, NULL, "revert: even when rows would be lost"},
        APP_OPTIONS(app),
    };
    const struct cli_command c = {"db",
                                  "db start|stop|migrate|status|verify|revert|psql [ARG…]",
                                  "start    the embedded server, and keep it running until stop\n"
                                  "stop     the embedded server, once nobody uses it\n"
                                  "migrate  bring the schema up to date\n"
                                  "status   what is applied, pending, edited or changed by hand; exit 1 when anything is\n"
                                  "verify   run every migration's checks; exit 1 when one fails\n"
                                  "revert   take the last migration back\n"
                                  "psql     the real one, on this database; arguments go to it (after the word psql)",
                                  "tidemark db status\ntidemark db psql -c 'select count(*) from content'",
                                  options,
                                  sizeof options / sizeof *options};
    struct cli_list words = {0};
    bool help = false;
    /* what follows the verb psql is psql's own, options too */
    int rc = cli_parse(&c, argc, argv, false, &words, &help, e);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "psql") != 0)
            continue;
        cli_free(&words);
        rc = cli_parse(&c, i + 1, argv, true, &words, &help, e);
        for (int k = i + 1; k < argc; k++)
            cli_push(&words, argv[k]);
        break;
    }
    if (rc == 0 && help)
        cli_help(&c);
    else if (rc == 0 && (rc = app_begin(app, e)) == 0 && (rc = app_want_project(app, e)) == 0)
        rc = run_verb(&a, &words, e);
    cli_free(&words);
    cli_free(&a.rest);
    return rc;
}

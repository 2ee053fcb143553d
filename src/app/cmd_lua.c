/* tidemark lua: a prompt with the plugin API; code from -e or from a pipe, line by line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/editor.h"
#include "app/output.h"
#include "app/stop.h"
#include "app/when.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "host/lazy_port.h"
#include "script/part_call.h"
#include "script/prompt.h"

struct lua_cmd {
    struct app *app;
    struct cli_list code;
    struct when when;
    const char *who;
    bool read_only;
    struct part_print print;
    struct vm *vm;
    struct buf chunk; /* lines of a chunk that is not whole yet */
    int line;         /* of the chunk's first line in what is read */
    bool opened;      /* the database */
    struct err no_database;
};

static void print_to(void *arg, const char *text, size_t len)
{
    output_text(arg, text, len);
}

/* --- a chunk ------------------------------------------------------------------------------------------------------------------ */

/* The first statement of the session opens the database, a project's own server with it. */
static int open_database(void *arg, struct lazy_database *db, struct err *e)
{
    struct lua_cmd *c = arg;
    if (app_owner(c->app, c->who, &db->owner, e) != 0 || (!c->opened && app_need_plugin_db(c->app, e) != 0)) {
        c->no_database = *e;
        return -1;
    }
    c->opened = true;
    db_session_close(&c->app->plugin_session); /* all connections are the line's */
    db->pool = c->app->plugin_pool;
    db->walled = c->app->walled;
    return 0;
}

static void show_rows(const struct lua_cmd *c, const struct rowset *rows)
{
    const struct table_layout as_it_comes = {0};
    struct table_style style = term_style(&c->app->out, c->app->zone);
    struct buf out = {0};
    table_render(rows, &as_it_comes, &style, &out);
    fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
}

/* Rows as a table; what is one line goes side by side, as print has it. */
static void show(const struct lua_cmd *c, const struct prompt_call *call)
{
    for (size_t i = 0; i < call->n_value; i++) {
        const struct prompt_value *v = &call->value[i];
        if (v->rows != NULL) {
            show_rows(c, v->rows);
            continue;
        }
        output_text(c->app, v->text, strlen(v->text));
        bool goes_on = i + 1 < call->n_value && call->value[i + 1].rows == NULL && strchr(v->text, '\n') == NULL;
        fputc(goes_on ? '\t' : '\n', stdout);
    }
    fflush(stdout);
}

/* Runs the chunk that was compiled last. */
static int run_chunk(struct lua_cmd *c, struct err *e)
{
    struct prompt_call call = {.width = c->app->out.width};
    struct lazy_port_options lazy = {
        .loop = c->app->loop, .writes = !c->read_only, .what = "lua", .open = open_database, .arg = c};
    struct lazy_port *port = lazy_port_open(&lazy);
    int64_t now = clock_wall_us();
    struct run_options o = {.kind = RUN_SCRIPT,
                            .what = "lua",
                            .port = lazy_port(port),
                            .now = (double)now / 1e6,
                            .as_of = (double)(c->when.as_of_text != NULL ? c->when.as_of : now) / 1e6};
    struct buf unsaved = {0};
    const struct run_code code = prompt_code(&call);
    c->no_database.kind = ERR_NONE;
    stop_begin(c->vm);
    int rc = stop_end(run_function(c->vm, &o, &code, &unsaved, e), e);
    if (rc != 0 && c->no_database.kind != ERR_NONE && strstr(e->text, c->no_database.text) != NULL)
        e->kind = c->no_database.kind; /* not the code's fault */
    lazy_port_close(&port);
    buf_free(&unsaved); /* ctx.state is a plugin's: the prompt has globals */
    if (rc == 0)
        show(c, &call);
    prompt_free(&call);
    return rc;
}

/* Adds a line to the chunk and runs it once it is whole. PROMPT_READY: it ran, with rc; else as prompt_compile. */
static enum prompt_state take_line(struct lua_cmd *c, const char *line, const char *name, int *rc, struct err *e)
{
    if (c->chunk.len > 0)
        buf_char(&c->chunk, '\n');
    buf_reserve(&c->chunk, 1);
    buf_str(&c->chunk, line);
    enum prompt_state state = prompt_compile(c->vm, c->chunk.data, name, c->line, e);
    if (state == PROMPT_UNFINISHED)
        return state;
    *rc = state == PROMPT_READY ? run_chunk(c, e) : -1;
    for (const char *p = c->chunk.data; *p != '\0'; p++)
        c->line += *p == '\n';
    c->line++;
    buf_clear(&c->chunk);
    return state;
}

/* --- -e, and a pipe --------------------------------------------------------------------------------------------------------------- */

static int run_options(struct lua_cmd *c, struct err *e)
{
    for (size_t i = 0; i < c->code.n; i++) {
        int rc = 0;
        c->line = 1;
        enum prompt_state state = take_line(c, c->code.item[i], "-e", &rc, e);
        if (state != PROMPT_READY) /* what was typed is wrong, nothing ran */
            e->kind = ERR_USAGE;
        if (state != PROMPT_READY || rc != 0)
            return -1;
    }
    return 0;
}

static int run_pipe(struct lua_cmd *c, struct err *e)
{
    char *line = NULL;
    size_t room = 0;
    int rc = 0;
    enum prompt_state state = PROMPT_READY;
    c->line = 1;
    for (ssize_t n; rc == 0 && (n = getline(&line, &room, stdin)) >= 0;) {
        if (n > 0 && line[n - 1] == '\n')
            line[--n] = '\0';
        if (strlen(line) != (size_t)n) {
            free(line);
            return err_set(e, ERR_INPUT, "stdin:%d: a NUL byte, which no Lua text has", c->line);
        }
        state = take_line(c, line, "stdin", &rc, e);
    }
    free(line);
    if (state != PROMPT_READY)
        e->kind = ERR_INPUT;
    return state != PROMPT_READY ? -1 : rc;
}

/* --- the prompt --------------------------------------------------------------------------------------------------------------------- */

static void complete(void *arg, const char *word, void (*found)(void *list, const char *name), void *list)
{
    const struct lua_cmd *c = arg;
    prompt_complete(c->vm, word, found, list);
}

static void greet(struct lua_cmd *c)
{
    struct err e = {0};
    printf("tidemark %s, Lua 5.4: ctx, json, time, stats, require. Ctrl-D ends, Ctrl-C cancels, Tab completes.\n",
           TIDEMARK_VERSION);
    c->line = 1;
    if (prompt_compile(c->vm, "", "prompt", 1, &e) == PROMPT_READY) /* from now on there is a ctx to complete */
        run_chunk(c, &e);
}

static void run_prompt(struct lua_cmd *c)
{
    char *file = editor_history_file("lua_history");
    struct editor *ed = editor_open(file, complete, c);
    const char *line = NULL;
    greet(c);
    for (enum editor_end end; (end = editor_read(ed, c->chunk.len > 0 ? ">> " : "> ", &line)) != EDITOR_EOF;) {
        struct err e = {0};
        int rc = 0;
        if (end == EDITOR_CANCEL) {
            buf_clear(&c->chunk);
            continue;
        }
        if (c->chunk.len == 0 && line[strspn(line, " \t")] == '\0')
            continue;
        c->line = 1;
        c->app->out.width = term_look(STDOUT_FILENO, TERM_AUTO, false).width;
        enum prompt_state state = take_line(c, line, "prompt", &rc, &e);
        if (state != PROMPT_UNFINISHED && rc != 0 && e.kind == ERR_CANCELLED)
            fputs("cancelled\n", stderr);
        else if (state != PROMPT_UNFINISHED && rc != 0)
            log_error("%s", e.text);
        loop_forget_signal(c->app->loop); /* Ctrl-C was for this line */
    }
    editor_close(&ed);
    mem_free(file);
}

/* --- the command ------------------------------------------------------------------------------------------------------------------ */

static int run(struct lua_cmd *c, const struct cli_list *words, struct err *e)
{
    struct app *app = c->app;
    if (words->n > 0)
        return err_set(e, ERR_USAGE, "lua takes no argument '%s': code is given with -e, a file runs with \"tidemark run %s\"",
                       words->item[0], words->item[0]);
    if (app_begin(app, e) != 0 || when_read(&c->when, e) != 0 || app_want_project(app, e) != 0)
        return -1;
    app_need_loop(app);
    c->print = (struct part_print){.write = print_to, .arg = app};
    c->vm = vm_new("lua", app->share.lua, ".", app->project != NULL ? &app->project->limits : NULL);
    if (c->when.timeout_ms > 0)
        part_time_limit(c->vm, c->when.timeout_ms, "--timeout");
    if (part_print_to(c->vm, &c->print, e) != 0)
        return -1;
    if (c->code.n > 0)
        return run_options(c, e);
    if (!isatty(STDIN_FILENO))
        return run_pipe(c, e);
    run_prompt(c);
    return 0;
}

int cmd_lua(struct app *app, int argc, char **argv, struct err *e)
{
    struct lua_cmd c = {.app = app};
    const struct cli_option options[] = {
        {"execute", 'e', CLI_LIST, &c.code, "CODE", "runs CODE and ends; may be repeated"},
        {"as", 0, CLI_VALUE, &c.who, "WHO", "whose data: a name from the config or a UUID"},
        {"owner", 0, CLI_VALUE, &c.who, "WHO", "the same"},
        {"as-of", 0, CLI_VALUE, &c.when.as_of_text, "TIME", "the clock ctx.as_of: 2026-03-01T12:00:00Z or now-7d"},
        {"timeout", 0, CLI_VALUE, &c.when.timeout_text, "SPAN", "how long a line may take; 60 s unless the config says"},
        {"read-only", 0, CLI_FLAG, &c.read_only, NULL, "nothing can be written"},
        APP_OPTIONS(app),
    };
    const struct cli_command cmd = {
        "lua",
        "lua [-e CODE]… [--as WHO] [--read-only]",
        "A prompt with the plugin API: ctx, json, time, stats and, with require, tidemark's Lua and the folder it was started "
        "in. An expression prints its value, rows print as a table. Globals last from line to line, locals do not. A chunk "
        "that "
        "is not whole goes on at the next line (>>). From a pipe, lines run without a prompt up to the first error. The "
        "database "
        "is opened by the first ctx.db.",
        "tidemark lua -e 'ctx.db.value(\"SELECT count(*) FROM tidemark.posts\")'\n"
        "tidemark lua -e 'rows = ctx.db.query(\"SELECT platform FROM tidemark.accounts\")' -e '#rows'",
        options,
        sizeof options / sizeof *options};
    struct cli_list words = {0};
    bool help;
    int rc = cli_parse(&cmd, argc, argv, false, &words, &help, e);
    if (rc == 0 && help)
        cli_help(&cmd);
    else if (rc == 0)
        rc = run(&c, &words, e);
    vm_free(&c.vm);
    buf_free(&c.chunk);
    cli_free(&words);
    cli_free(&c.code);
    return rc;
}

/* tidemark without a command: today's state on one screen, put together from reports that can be asked for by themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "base/buf.h"
#include "base/mem.h"
#include "data/table_cell.h"
#include "host/report.h"

enum { MOST_UP = 4, MOST_DOWN = 2, MOST_CHANGES = 5, MOST_NAMES = 3 };

struct today {
    struct app *app;
    const char *who;
    char owner[37];
    struct buf out;
    bool learnt, measured; /* rules have run; there are observations at 24 h */
    size_t accounts;
};

/* A report's rows and its layout; report is the registry's. */
struct answer {
    const struct report *report;
    struct rowset *rows;
};

static int ask(struct today *t, const char *name, const char *var, const char *value, struct answer *a, struct err *e)
{
    char *plugin = mem_ndup(name, strcspn(name, "."));
    registry_free(&t->app->registry);
    int rc = app_need_plugins(t->app, plugin, e);
    mem_free(plugin);
    a->report = rc == 0 ? report_find(t->app->registry, name) : NULL;
    if (rc == 0 && a->report == NULL)
        rc = err_set(e, ERR_CONFIG, "report %s is missing: is the installation whole?", name);
    return rc == 0
               ? report_run(a->report, t->app->plugin_session, t->owner, &(struct report_var){var, value}, var ? 1 : 0, &a->rows, e)
               : rc;
}

static const char *cell(const struct rowset *r, size_t row, const char *name)
{
    size_t i = rowset_find(r, name);
    return i < r->n_column ? rowset_cell(r, row, i) : NULL;
}

static bool is(const struct rowset *r, size_t row, const char *name, const char *value)
{
    const char *c = cell(r, row, name);
    return c != NULL && strcmp(c, value) == 0;
}

static struct table_style style_of(const struct today *t)
{
    return term_style(&t->app->out, t->app->zone);
}

/* A headline: bold up to two blanks, dim behind them; or, without bold, a plain line. */
static void say(struct today *t, const char *text)
{
    static const struct rowset none;
    char *copy = mem_dup(text), empty[] = "";
    struct table_style style = style_of(t);
    struct table_layout layout = {.title = copy, .empty = empty, .headings = true};
    struct buf line = {0};
    table_render(&none, &layout, &style, &line);
    buf_add(&t->out, line.data, strcspn(line.data, "\n"));
    buf_char(&t->out, '\n');
    buf_free(&line);
    mem_free(copy);
}

/* --- what works, and whether the AI is better ------------------------------------------------------------------------------ */

enum { PART, GLYPH, PATTERN, LIFT, LO, HI, N, Q, INSTEAD, VERDICT, N_WORKS };
static const struct column works_columns[N_WORKS] = {
    [PART] = {"part", COLUMN_TEXT},       [GLYPH] = {"glyph", COLUMN_TEXT}, [PATTERN] = {"pattern", COLUMN_TEXT},
    [LIFT] = {"lift", COLUMN_NUMBER},     [LO] = {"lo", COLUMN_NUMBER},     [HI] = {"hi", COLUMN_NUMBER},
    [N] = {"n", COLUMN_INTEGER},          [Q] = {"q", COLUMN_NUMBER},       [INSTEAD] = {"instead", COLUMN_TEXT},
    [VERDICT] = {"verdict", COLUMN_TEXT},
};

static void add_row(struct rowset *to, const struct rowset *from, size_t row, const char *part, const char *pattern,
                    const char *verdict)
{
    const char *cells[N_WORKS] = {[PART] = part, [VERDICT] = verdict};
    static const char *const same[N_WORKS] = {
        [GLYPH] = "glyph", [LIFT] = "lift", [LO] = "lo", [HI] = "hi", [N] = "n", [Q] = "q", [INSTEAD] = "instead"};
    for (size_t i = 0; i < N_WORKS; i++)
        if (same[i] != NULL)
            cells[i] = cell(from, row, same[i]);
    cells[PATTERN] = pattern;
    rowset_add(to, cells);
}

/* A lift in engagement that was found: not a share of posts, not a trend of views, not a change. */
static bool is_lift(const struct rowset *r, size_t row)
{
    return is(r, row, "decision", "written") && cell(r, row, "section") == NULL;
}

/* findings lists the best lift first: the first are what to do, the last what to avoid. */
static void add_works(struct rowset *to, const struct rowset *from)
{
    static const char part[] = "What works now  lift in engagement rate at 7 d";
    size_t up = 0, down = 0, seen = 0;
    for (size_t row = 0; row < from->n_row; row++)
        down += is_lift(from, row) && is(from, row, "glyph", "down");
    for (size_t row = 0; row < from->n_row; row++) {
        if (!is_lift(from, row))
            continue;
        bool falls = is(from, row, "glyph", "down");
        bool shown = falls ? down - seen <= MOST_DOWN : up < MOST_UP;
        seen += falls;
        up += !falls;
        if (shown)
            add_row(to, from, row, part, cell(from, row, "pattern"), NULL);
    }
}

/* What a plugin says by statistics of its own is told apart, by show_own. */
static bool is_change(const struct rowset *r, size_t row)
{
    return is(r, row, "subject_type", "change") && cell(r, row, "own_statistics") == NULL;
}

/* The changes of the newest run, each with its verdict; what stands alone against its own past is marked. */
static size_t add_changes(struct rowset *to, const struct rowset *from)
{
    size_t controlled = 0, all = 0, shown = 0;
    for (size_t row = 0; row < from->n_row; row++) {
        all += is_change(from, row);
        controlled += is_change(from, row) && is(from, row, "controlled", "t");
    }
    char *part =
        mem_printf("Did the AI get better?  %s", controlled == all ? "against accounts left unchanged"
                                                 : controlled == 0 ? "uncontrolled: before and after only"
                                                                   : "against accounts left unchanged; * uncontrolled");
    for (size_t row = 0; row < from->n_row && shown < MOST_CHANGES; row++) {
        if (!is_change(from, row))
            continue;
        bool written = is(from, row, "decision", "written"), alone = !is(from, row, "controlled", "t");
        const char *verdict = !written ? "no evidence" : is(from, row, "glyph", "down") ? "worse" : "improved";
        char *name = mem_printf("%s%s", cell(from, row, "pattern"), alone && controlled > 0 ? " *" : "");
        add_row(to, from, row, part, name, is(from, row, "decision", "insufficient") ? NULL : verdict);
        mem_free(name);
        shown++;
    }
    mem_free(part);
    return all;
}

static void show_works(struct today *t, const struct rowset *found)
{
    char pattern[] = "pattern", lift[] = "lift", lo[] = "lo", hi[] = "hi", q[] = "q", n95[] = "95", percent[] = "%",
         part[] = "part", glyph[] = "glyph", instead[] = "instead", verdict[] = "verdict";
    struct table_column columns[] = {
        {.name = pattern, .decimals = -1, .cut = true},
        {.name = lift, .unit = percent, .sign = true},
        {.name = lo, .title = n95, .unit = percent},
        {.name = q, .decimals = -1, .pvalue = true, .drop = 1},
    };
    struct table_layout layout = {.column = columns, .n_column = sizeof columns / sizeof *columns, .headings = true};
    layout.role[TABLE_CENTER] = lift;
    layout.role[TABLE_LO] = lo;
    layout.role[TABLE_HI] = hi;
    layout.role[TABLE_SECTION] = part;
    layout.role[TABLE_GLYPH] = glyph;
    layout.role[TABLE_INSTEAD] = instead;
    layout.role[TABLE_TAIL] = verdict;
    struct table_style style = style_of(t);
    struct rowset *rows = rowset_new(works_columns, N_WORKS);
    add_works(rows, found);
    if (rows->n_row == 0) {
        say(t, "What works now");
        const char *tests = found->n_row > 0 ? cell(found, 0, "tests") : "0";
        buf_printf(&t->out, "  nothing is above chance yet: %s patterns tested\n\n", tests);
    }
    size_t changes = add_changes(rows, found);
    if (rows->n_row > 0)
        table_render(rows, &layout, &style, &t->out);
    if (changes > MOST_CHANGES)
        buf_printf(&t->out, "  %zu more: tidemark report ai.improvement\n", changes - MOST_CHANGES);
    if (changes == 0) {
        buf_char(&t->out, '\n');
        say(t, "Did the AI get better?  no change is recorded: tidemark change add model v7");
    }
    rowset_free(&rows);
}

/* The findings that rest on a plugin's own statistics: how many, and whose. Their rows stand together, plugin by plugin. */
static void show_own(struct today *t, const struct rowset *found)
{
    struct buf text = {0};
    const char *last = "";
    size_t n = 0;
    for (size_t row = 0; row < found->n_row; row++) {
        const char *plugin = cell(found, row, "own_statistics");
        if (plugin == NULL || !is(found, row, "decision", "written"))
            continue;
        if (strcmp(plugin, last) != 0)
            buf_printf(&text, "%s%s", n > 0 ? ", " : "", plugin);
        last = plugin;
        n++;
    }
    if (n == 0)
        return;
    char *line = mem_printf(
        "Plugins' own statistics  %zu finding%s that tidemark did not compute, of plugin %s: tidemark report findings", n,
        n == 1 ? "" : "s", text.data);
    buf_char(&t->out, '\n');
    say(t, line);
    mem_free(line);
    buf_free(&text);
}

/* --- views, what is stale, what to type ------------------------------------------------------------------------------------- */

static int show_weeks(struct today *t, struct err *e)
{
    struct answer a = {0};
    int rc = ask(t, "content.weeks", NULL, NULL, &a, e);
    if (rc == 0 && a.rows->n_row > 0) {
        struct table_layout layout = report_layout(a.report, NULL, 0), shown = layout;
        struct table_style style = style_of(t);
        char title[] = "Views at 24 h  median post, 13 weeks, own scales; last 4 weeks against 9 before";
        shown.title = title;
        shown.headings = true;
        shown.n_note = shown.n_next = 0;
        buf_char(&t->out, '\n');
        table_render(a.rows, &shown, &style, &t->out);
        table_layout_free(&layout);
        t->measured = true;
    }
    rowset_free(&a.rows);
    return rc;
}

/* The accounts that were quiet longest: "tt1 (tiktok, 2 d), …". */
static char *name_stale(const struct rowset *r, bool ascii)
{
    struct buf names = {0};
    size_t n = 0;
    for (size_t row = 0; row < r->n_row && n < MOST_NAMES; row++) {
        const char *state = cell(r, row, "state"), *hours = cell(r, row, "hours_ago");
        if (state == NULL || state[0] != '!')
            continue;
        buf_str(&names, n++ > 0 ? ", " : "  ");
        text_cut(cell(r, row, "account"), ascii, 16, &names);
        buf_printf(&names, " (%s, ", cell(r, row, "platform"));
        if (hours == NULL)
            buf_str(&names, "never)");
        else
            buf_printf(&names, "%.0f d)", strtod(hours, NULL) / 24);
    }
    return names.data ? buf_take(&names) : mem_dup("");
}

static int show_stale(struct today *t, struct err *e)
{
    struct answer a = {0};
    int rc = ask(t, "freshness", NULL, NULL, &a, e);
    t->accounts = rc == 0 ? a.rows->n_row : 0;
    const char *stale = t->accounts > 0 ? cell(a.rows, 0, "stale") : NULL;
    if (stale != NULL) {
        bool none = strcmp(stale, "0") == 0;
        char *text = none ? mem_dup("What is stale  nothing: every account was observed in the last 36 h")
                          : mem_printf("What is stale  %s of %zu accounts, quiet for more than 36 h", stale, t->accounts);
        char *names = name_stale(a.rows, t->app->out.ascii);
        buf_char(&t->out, '\n');
        say(t, text);
        if (!none) { /* escaped already; only cut here */
            struct table_style style = style_of(t);
            char *line =
                mem_printf("%s%s", names, strtoul(stale, NULL, 10) > MOST_NAMES ? (style.ascii ? ", ..." : ", …") : "");
            text_cut(line, style.ascii, style.width ? style.width : SIZE_MAX, &t->out);
            buf_char(&t->out, '\n');
            mem_free(line);
        }
        mem_free(names);
        mem_free(text);
    }
    rowset_free(&a.rows);
    return rc;
}

/* How far the data goes, and how much was asked of it. */
static void show_data(struct today *t, const struct rowset *found)
{
    const char *until = cell(found, 0, "data_until");
    struct table_style style = style_of(t);
    struct table_column plain = {.decimals = -1};
    struct arena arena = {0};
    if (until == NULL)
        return;
    bool years = table_needs_years(found, rowset_find(found, "data_until"), &style);
    char *zone = table_zone_enter(style.zone);
    struct table_cell when = table_cell_make(until, COLUMN_TIME, &plain, &style, years, &arena);
    table_zone_leave(zone);
    buf_printf(&t->out, "\n%s of %s tested patterns were found. Data to %s %s.\n", cell(found, 0, "written"),
               cell(found, 0, "tests"), when.text, style.zone ? style.zone : "UTC");
    arena_free(&arena);
}

static void show_next(struct today *t, const struct rowset *found)
{
    const char *explain = found->n_row > 0 ? cell(found, 0, "explain") : NULL;
    buf_str(&t->out, "\n");
    if (t->accounts == 0) {
        buf_str(&t->out, "next    tidemark ingest FILE\n");
        return;
    }
    if (!t->learnt) {
        buf_str(&t->out, "next    tidemark learn\n        tidemark report content.top\n");
        return;
    }
    buf_str(&t->out, "next    tidemark report findings\n");
    if (explain != NULL)
        buf_printf(&t->out, "        tidemark explain %-15s where a number comes from\n", explain);
    buf_str(&t->out, "        tidemark report freshness\n");
}

/* One tag may be found by two rules: it is one thing to do. */
static void show_playbook(struct today *t, const struct rowset *found)
{
    size_t todo = 0, avoid = 0;
    for (size_t row = 0; row < found->n_row; row++) {
        bool counts = is(found, row, "decision", "written") && cell(found, row, "own_statistics") == NULL &&
                      !is_change(found, row) && !is(found, row, "subject_type", "account") &&
                      !is(found, row, "subject_type", "hashtag") && !is(found, row, "subject_type", "platform");
        for (size_t other = 0; counts && other < row; other++)
            counts = !(is(found, other, "decision", "written") && is(found, other, "pattern", cell(found, row, "pattern")));
        todo += counts && is(found, row, "glyph", "up");
        avoid += counts && is(found, row, "glyph", "down");
    }
    char *text = mem_printf("Tell the AI  tidemark playbook: %zu to do, %zu to avoid", todo, avoid);
    buf_char(&t->out, '\n');
    say(t, text);
    mem_free(text);
}

static int compose(struct today *t, struct err *e)
{
    struct answer found = {0};
    int rc = ask(t, "findings", "limit", "100000", &found, e);
    t->learnt = rc == 0 && found.rows->n_row > 0;
    if (t->learnt) {
        show_works(t, found.rows);
        show_own(t, found.rows);
    }
    if (rc == 0 && (rc = show_weeks(t, e)) == 0)
        rc = show_stale(t, e);
    if (rc == 0) {
        if (!t->learnt && t->accounts > 0) {
            struct buf rest = t->out;
            t->out = (struct buf){0};
            say(t, "What works now  not learnt yet: type tidemark learn");
            buf_add(&t->out, rest.data, rest.len);
            buf_free(&rest);
        } else if (!t->learnt) {
            say(t, "No data yet  take some in: tidemark ingest FILE");
        } else {
            show_playbook(t, found.rows);
            show_data(t, found.rows);
        }
        show_next(t, found.rows);
    }
    rowset_free(&found.rows);
    return rc;
}

static int run(struct today *t, struct err *e)
{
    struct uuid owner;
    if (app_begin(t->app, e) != 0 || app_need_project(t->app, e) != 0 || app_owner(t->app, t->who, &owner, e) != 0 ||
        app_need_plugin_db(t->app, e) != 0)
        return -1;
    uuid_format(&owner, t->owner);
    int rc = compose(t, e);
    if (rc == 0)
        fwrite(t->out.data, 1, t->out.len, stdout);
    buf_free(&t->out);
    return rc;
}

int cmd_today(struct app *app, int argc, char **argv, struct err *e)
{
    struct today t = {.app = app};
    const struct cli_option options[] = {
        {"as", 0, CLI_VALUE, &t.who, "WHO", "the owner whose data is shown: a name from the config or a UUID"},
        {"owner", 0, CLI_VALUE, &t.who, "WHO", "the same"},
        APP_OPTIONS(app),
    };
    const struct cli_command c = {"",
                                  "[--as WHO]",
                                  "Without a command: what works, whether the AI got better, how views go, what is stale.",
                                  "tidemark --as studio",
                                  options,
                                  sizeof options / sizeof *options};
    struct cli_list rest = {0};
    bool help;
    int rc = cli_parse(&c, argc, argv, false, &rest, &help, e);
    if (rc == 0 && rest.n > 0)
        rc = err_set(e, ERR_USAGE, "the screen of today takes no argument '%s'; a command comes first: tidemark --help",
                     rest.item[0]);
    if (rc == 0 && help)
        cli_help(&c);
    else if (rc == 0)
        rc = run(&t, e);
    cli_free(&rest);
    return rc;
}

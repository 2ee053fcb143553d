/* What the boundary between C and Lua costs, as ratios: a statement asked from a plugin against the same by bare libpq, a row through
 * a parser against a plain walk of the same document. Each number is the median of several rounds, and each round does all of
 * them, so that a busy machine hits them alike. Run by tests/bench/boundary, beside a throw-away server. */
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "base/mem.h"
#include "data/datetime.h"
#include "data/uuid.h"
#include "host/parser.h"
#include "host/run_port.h"
#include "script/run.h"

enum { ROUNDS = 9, STATEMENTS = 2000, ITEMS = 5000 };

#define OWNER "aaaaaaaa-0000-7000-8000-000000000001"
#define STATEMENT "SELECT $1::bigint + 1"

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

struct measure {
    const char *what;
    double us[ROUNDS]; /* for one */
};

static double median(const struct measure *m)
{
    double sorted[ROUNDS];
    memcpy(sorted, m->us, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof *sorted, by_value);
    return sorted[ROUNDS / 2];
}

static void print(const char *title, const struct measure *m, size_t n)
{
    printf("%-58s %9s %7s\n", title, "µs", "ratio");
    for (size_t i = 0; i < n; i++)
        printf("  %-56s %8.2f %7.2f\n", m[i].what, median(&m[i]), median(&m[i]) / median(&m[0]));
}

static void check(int rc, const struct err *e)
{
    if (rc == 0)
        return;
    fprintf(stderr, "boundary: %s\n", e->text);
    exit(1);
}

/* --- a statement ----------------------------------------------------------------------------------------------------------------- */

static double bare(PGconn *pg, bool transaction)
{
    static const char *const value[] = {"41"};
    int64_t begin = clock_mono_us();
    for (int i = 0; i < STATEMENTS; i++) {
        if (transaction)
            PQclear(PQexec(pg, "BEGIN"));
        PGresult *res = PQexecParams(pg, STATEMENT, 1, NULL, value, NULL, NULL, 0);
        if (PQntuples(res) != 1 || strcmp(PQgetvalue(res, 0, 0), "42") != 0) {
            fprintf(stderr, "boundary: %s", PQerrorMessage(pg));
            exit(1);
        }
        PQclear(res);
        if (transaction)
            PQclear(PQexec(pg, "COMMIT"));
    }
    return (double)(clock_mono_us() - begin) / STATEMENTS;
}

static int now(lua_State *L)
{
    lua_pushnumber(L, (double)clock_mono_us());
    return 1;
}

static int push_queries(lua_State *L, void *arg)
{
    static const char code[] = "local ctx, n, now = ... local from for i = 0, n do if i == 1 then from = now() end"
                               " assert(ctx.db.query('" STATEMENT " AS v', 41)[1].v == 42) end return (now() - from) / n";
    (void)arg;
    if (luaL_loadstring(L, code) != LUA_OK)
        return lua_error(L);
    run_push_ctx(L);
    lua_pushinteger(L, STATEMENTS);
    lua_pushcfunction(L, now);
    return 3;
}

static void take(lua_State *L, int n, void *arg)
{
    double *to = arg;
    *to = n > 0 ? lua_tonumber(L, 1) : 0;
}

/* Without the first statement, which connects and begins. */
static double through_lua(struct loop *loop, struct db_pool *pool, const char *lib, bool writes)
{
    struct uuid owner;
    struct err e = {0};
    double us = 0;
    must(uuid_parse(OWNER, &owner));
    struct run_port *p = run_port_open(
        loop, pool, &owner, &(struct run_port_options){.writes = writes, .walled = true, .plugin = "b", .what = "b.b"});
    struct vm *vm = vm_new("b", lib, NULL, NULL);
    struct run_options o = {.kind = writes ? RUN_JOB : RUN_REPORT, .what = "b.b", .port = run_port(p)};
    struct run_code code = {.push = push_queries, .take = take, .arg = &us};
    check(run_function(vm, &o, &code, NULL, &e), &e);
    vm_free(&vm);
    run_port_close(&p);
    return us;
}

static void statements(const char *lib)
{
    static struct measure m[] = {{"libpq: PQexecParams", {0}},
                                 {"ctx.db.query of a run that reads", {0}},
                                 {"libpq: BEGIN, PQexecParams, COMMIT", {0}},
                                 {"ctx.db.query of a run that writes: a transaction each", {0}}};
    PGconn *pg = PQconnectdb("");
    PQclear(PQexec(pg, "CREATE ROLE authenticated NOLOGIN"));
    struct loop *loop = loop_open();
    struct db_pool *pool = db_pool_open(loop, &(struct db_pool_options){.max = RUN_PORT_CONNECTIONS});
    for (int i = 0; i < ROUNDS; i++) {
        m[0].us[i] = bare(pg, false);
        m[1].us[i] = through_lua(loop, pool, lib, false);
        m[2].us[i] = bare(pg, true);
        m[3].us[i] = through_lua(loop, pool, lib, true);
    }
    db_pool_close(&pool);
    loop_close(&loop);
    PQfinish(pg);
    print("a statement there and back: " STATEMENT, m, sizeof m / sizeof *m);
}

/* --- a row ----------------------------------------------------------------------------------------------------------------------- */

static const char plugin[] =
    "return { name = 'b', api = 1, about = 'The same document three times.', parsers = {\n"
    "['b.declared'] = { match = { kind = 'declared' }, each = 'items', post = { id = 'id', title = 'snippet.title',\n"
    "  published_at = 'snippet.publishedAt' }, counts = { views = 'statistics.viewCount', likes = 'statistics.likeCount',\n"
    "  comments = 'statistics.commentCount' } },\n"
    "['b.lua'] = { match = { kind = 'lua' }, parse = function(doc, out)\n"
    "  for _, v in ipairs(doc.items) do local s, n = v.snippet, v.statistics\n"
    "    out.post{ id = v.id, title = s.title, published_at = s.publishedAt }\n"
    "    out.counts{ views = n.viewCount, likes = n.likeCount, comments = n.commentCount } end end },\n"
    "} }\n";

static struct json_doc *document(const char *kind)
{
    struct buf text = {0};
    struct json_doc *doc = NULL;
    struct err e = {0};
    buf_printf(&text, "{\"kind\": \"%s\", \"items\": [", kind);
    for (int i = 0; i < ITEMS; i++)
        buf_printf(
            &text,
            "%s{\"id\": \"v%06d\", \"etag\": \"e%d\", \"snippet\": {\"publishedAt\": \"2024-03-%02dT12:00:00Z\", \"title\": "
            "\"The title of video %d\", \"channelId\": \"UC1\", \"tags\": [\"a\", \"b\"]}, \"statistics\": {\"viewCount\": "
            "\"%d\", \"likeCount\": \"%d\", \"commentCount\": \"%d\"}}",
            i ? ", " : "", i, i, 1 + i % 28, i, i * 17, i * 3, i % 50);
    buf_str(&text, "]}");
    check(json_parse(text.data, text.len, NULL, &doc, &e), &e);
    buf_free(&text);
    return doc;
}

struct plain {
    const char *id, *title;
    int64_t published_at, views, likes, comments;
};

/* What a programmer would write for this one document. */
static double walk(const struct json_doc *doc)
{
    struct arena a = {0};
    struct plain *row = mem_array(ITEMS, sizeof *row), *r = row;
    int64_t begin = clock_mono_us();
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(json_root(doc), "items", 5))
    {
        const cJSON *snippet = json_get(item, "snippet", 7), *statistics = json_get(item, "statistics", 10);
        r->id = arena_dup(&a, json_text(json_get(item, "id", 2)));
        r->title = arena_dup(&a, json_text(json_get(snippet, "title", 5)));
        datetime_parse(json_text(json_get(snippet, "publishedAt", 11)), &r->published_at);
        json_int64(json_get(statistics, "viewCount", 9), &r->views);
        json_int64(json_get(statistics, "likeCount", 9), &r->likes);
        json_int64(json_get(statistics, "commentCount", 12), &r->comments);
        r++;
    }
    double us = (double)(clock_mono_us() - begin) / ITEMS;
    must(r - row == ITEMS && row[7].views == 119);
    arena_free(&a);
    mem_free(row);
    return us;
}

static double parse(const struct registry *registry, const struct json_doc *doc)
{
    const struct parser_input in = {.platform = "b", .format = "json"};
    const struct parser_spec *spec = NULL;
    struct rows rows = {0};
    struct err e = {0};
    check(parser_match(registry, NULL, doc, &in, &spec, &e), &e);
    int64_t begin = clock_mono_us();
    check(parser_run(spec, doc, &in, &rows, &e), &e);
    double us = (double)(clock_mono_us() - begin) / ITEMS;
    must(rows.n_row == ITEMS && rows.row[7].views.value == 119);
    rows_free(&rows);
    return us;
}

static void rows_of_a_document(const char *lib)
{
    static struct measure m[] = {
        {"a plain walk in C", {0}}, {"a declared parser (paths)", {0}}, {"a parser in Lua (a function)", {0}}};
    char dir[] = "/tmp/tidemark-boundary-XXXXXX";
    must(mkdtemp(dir) != NULL);
    char *path = mem_printf("%s/b.lua", dir);
    FILE *f = fopen(path, "we");
    must(f != NULL && fputs(plugin, f) >= 0 && fclose(f) == 0);
    struct plugin_paths paths = {.lib_dir = lib, .bundled_dir = dir, .limits = {.call_ms = 10000, .memory = 256u << 20}};
    struct registry *registry = NULL;
    struct err e = {0};
    check(registry_load(&paths, NULL, &registry, &e), &e);
    struct json_doc *declared = document("declared"), *lua = document("lua");
    for (int i = 0; i < ROUNDS; i++) {
        m[0].us[i] = walk(declared);
        m[1].us[i] = parse(registry, declared);
        m[2].us[i] = parse(registry, lua);
    }
    json_free(&declared);
    json_free(&lua);
    registry_free(&registry);
    unlink(path);
    rmdir(dir);
    mem_free(path);
    print("a row of a document of 5 000", m, sizeof m / sizeof *m);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: bench_boundary LUA-FOLDER\n");
        return 64;
    }
    printf("medians of %d rounds\n", ROUNDS);
    statements(argv[1]);
    rows_of_a_document(argv[1]);
    return 0;
}

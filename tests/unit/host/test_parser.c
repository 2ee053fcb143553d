/* A plugin file from the disk, a document through its parsers, the rows it gives: what docs/parsers.md promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "host/parser.h"

static char dir[] = "/tmp/tidemark-parser-XXXXXX";
static struct registry *registry;
static struct rows rows;
static char *file;

static int load(const char *parsers, struct err *e)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fprintf(f, "return { name = 'p', api = 1, about = 'a', parsers = {\n%s\n} }", parsers);
    fclose(f);
    registry_free(&registry);
    const char *source = getenv("TIDEMARK_SOURCE");
    char *lib = mem_printf("%s/lua", source ? source : ".");
    struct plugin_paths paths = {.lib_dir = lib, .bundled_dir = dir};
    int rc = registry_load(&paths, NULL, &registry, e);
    mem_free(lib);
    return rc;
}

static int parse(const char *text, struct err *e)
{
    struct json_doc *doc = NULL;
    assert_int_equal(json_parse(text, strlen(text), NULL, &doc, e), 0);
    const struct parser_input in = {.platform = "p", .line = 3, .format = "json", .url = "https://a.example.com/v2/x"};
    const struct parser_spec *p = NULL;
    int rc = parser_match(registry, NULL, doc, &in, &p, e);
    rows_reset(&rows);
    if (rc == 0)
        rc = parser_run(p, doc, &in, &rows, e);
    rows_collapse(&rows); /* as the caller does at the end of a delivery */
    json_free(&doc);
    return rc;
}

static void give(const char *parsers, const char *text)
{
    struct err e = {0};
    if (load(parsers, &e) != 0 || parse(text, &e) != 0)
        fail_msg("%s", e.text);
}

static void refused(const char *parsers, const char *text, enum err_kind kind, const char *want)
{
    struct err e = {0};
    assert_int_equal(load(parsers, &e) != 0 || parse(text, &e) != 0, true);
    if (strstr(e.text, want) == NULL || e.kind != kind)
        fail_msg("'%s' is not in: %s", want, e.text);
}

static void paths_fill_rows(void **state)
{
    (void)state;
    give("['p.a'] = { match = { k = 'v' }, each = 'list.0.items',"
         " post = { id = { first = { 'no', 'id' } }, account = '^who', title = 't', published_at = { 'at', unit = 'epoch_ms' } "
         "},"
         " counts = { views = { sum = { 's.a', 's.b' } }, likes = 's.l', comments = 's.c',"
         "   average_watch_time = { 'w', unit = 'ms' }, metrics = { reach = 's.r' } }, extra = 's' }",
         "{\"k\":\"v\",\"who\":\"me\",\"list\":[{\"items\":[{\"id\":12345678901234567890,\"t\":\"T\",\"at\":1700000000000,"
         "\"w\":1500,"
         "\"s\":{\"a\":1,\"b\":\"2\",\"l\":\"\",\"c\":null,\"r\":7,\"other\":9007199254740993}}]}]}");
    assert_int_equal(rows.n_row, 1);
    const struct row *r = &rows.row[0];
    assert_string_equal(r->external_id, "12345678901234567890");
    assert_string_equal(r->account, "me");
    assert_string_equal(r->platform, "p");
    assert_true(r->views.known && r->views.value == 3);
    assert_false(r->likes.known);
    assert_false(r->comments.known);
    assert_string_equal(r->notes, "likes: \"\" is no count");
    assert_true(r->average_watch_ms.known && r->average_watch_ms.value == 1500);
    assert_true(r->has_published_at && r->published_at == INT64_C(1700000000000000));
    assert_string_equal(r->metrics, "{\"reach\":7}");
    assert_string_equal(r->extra, "{\"other\":9007199254740993}");
}

static void accounts_are_observed(void **state)
{
    (void)state;
    give("['p.a'] = { match = { users = true }, each = 'users', drop = { { when = { type = 'bot' }, reason = 'bot' } },"
         " account = { id = 'id', handle = 'name', metrics = { followers = { first = { 'f', 'g' } }, videos = 'v' },"
         "  audience = 'who' } }",
         "{\"users\":[{\"id\":12345678901234567890,\"name\":\"@a\",\"f\":\"12\",\"v\":\"many\",\"who\":{\"DE\":12.5}},"
         "{\"id\":\"b\"},{\"f\":1},{\"id\":\"c\",\"type\":\"bot\"},7,{\"id\":\"12345678901234567890\",\"v\":3}]}");
    assert_int_equal(rows.n_row, 0);
    assert_int_equal(rows_accounts_observed(&rows), 1);
    const struct row_account *a = &rows.account[0];
    assert_string_equal(a->external_id, "12345678901234567890");
    assert_string_equal(a->handle, "@a");
    assert_string_equal(a->metrics, "{\"followers\":12,\"videos\":3}");
    assert_string_equal(a->audience, "{\"DE\":12.5}");
    assert_string_equal(a->notes, "videos: \"many\" is no number");
    assert_int_equal(rows.n_account, 2);
    assert_string_equal(rows.account[1].external_id, "b");
    assert_int_equal(rows.n_bad, 2);
    assert_string_equal(rows.bad[0].text, "item 2: no id of an account at 'id'");
    assert_string_equal(rows.bad[1].code, "bad_shape");
    assert_int_equal(rows.n_drop, 3);
    assert_string_equal(rows.drop[0].reason, "account"); /* b: nothing but who it is */
    assert_string_equal(rows.drop[1].reason, "bot");
    assert_string_equal(rows.drop[2].reason, "duplicate");
}

static void audiences_stand_with_posts_and_accounts(void **state)
{
    (void)state;
    give("['p.a'] = { match = { items = true }, each = 'items', post = { id = 'id' },"
         " counts = { views = 'n', audience = { country = 'who.land', gender = 'who.sex' } },"
         " account = { id = '^by', metrics = { posts = '^total' } } }",
         "{\"by\":\"me\",\"total\":2,\"items\":[{\"id\":\"1\",\"n\":1,\"who\":{\"land\":{\"DE\":1}}},{\"id\":\"2\"}]}");
    assert_int_equal(rows.n_row, 2);
    assert_string_equal(rows.row[0].audience, "{\"country\":{\"DE\":1}}");
    assert_null(rows.row[1].audience);
    assert_int_equal(rows.n_account, 1); /* named with each post, observed once */
    assert_string_equal(rows.account[0].metrics, "{\"posts\":2}");
    assert_int_equal(rows.n_drop, 0);

    give("['p.a'] = { match = { x = true }, parse = function(doc, out)"
         " out.account{ id = 'a', metrics = { followers = '7', by_day = { ['2026-01-01'] = 1 }, name = 'x' }, audience = {} }"
         " out.account{ audience = { country = doc.x } } out.account{ handle = 'nobody' }"
         " out.post{ id = 'p' } out.counts{ audience = { country = doc.x } }"
         " out.post{ id = 'q' } out.counts{ views = 1, audience = 'all' } end }",
         "{\"x\":{\"DE\":0.5}}");
    assert_int_equal(rows.n_account, 2);
    assert_string_equal(rows.account[0].metrics, "{\"by_day\":{\"2026-01-01\":1},\"followers\":7}");
    assert_string_equal(rows.account[0].notes, "name: \"x\" is no number");
    assert_null(rows.account[0].audience);
    assert_null(rows.account[1].external_id);
    assert_string_equal(rows.account[1].audience, "{\"country\":{\"DE\":0.5}}");
    assert_string_equal(rows.row[0].audience, "{\"country\":{\"DE\":0.5}}");
    assert_string_equal(row_kind(&rows.row[0]), "demographics");
    assert_string_equal(rows.row[1].notes, "audience: \"all\" is no table of names");
    assert_string_equal(row_kind(&rows.row[1]), "content");
}

static void bad_items_leave_the_good_ones(void **state)
{
    (void)state;
    give("['p.a'] = { match = { items = true }, each = 'items', post = { id = 'a.id' },"
         " drop = { { when = { type = 'ad' }, reason = 'ad' } } }",
         "{\"items\":[{\"a\":{\"id\":\"1\"}},{\"x\":1},7,{\"type\":\"ad\"},{\"a\":{\"id\":\"1\"}}]}");
    assert_int_equal(rows.n_row, 1);
    assert_int_equal(rows.n_bad, 2);
    assert_string_equal(rows.bad[0].code, "missing_id");
    assert_string_equal(rows.bad[0].text, "item 1: no id at 'a.id'");
    assert_int_equal(rows.bad[0].line, 3);
    assert_int_equal(rows.row[0].line, 3);
    assert_string_equal(rows.bad[0].body, "{\"x\":1}");
    assert_string_equal(rows.bad[1].code, "bad_shape");
    assert_string_equal(rows.bad[1].text, "item 2: number where an object was expected");
    assert_int_equal(rows.n_drop, 2);
    assert_string_equal(rows.drop[0].reason, "ad");
    assert_string_equal(rows.drop[1].reason, "duplicate");
}

static void a_post_has_other_ids(void **state)
{
    (void)state;
    give("['p.a'] = { match = { items = true }, each = 'items', post = { id = 'id', aliases = 'ids' } }",
         "{\"items\":[{\"id\":\"3\",\"ids\":[1,\"3\",\"2\",\"2\",\"\",{}]},{\"id\":\"4\",\"ids\":\"5\"},{\"id\":\"6\"},"
         "{\"id\":\"4\",\"ids\":[\"7\",\"5\"]}]}");
    assert_int_equal(rows.n_row, 3);
    assert_int_equal(rows.row[0].n_alias, 2);
    assert_string_equal(rows.row[0].alias[0], "1");
    assert_string_equal(rows.row[0].alias[1], "2");
    assert_string_equal(rows.row[0].notes, "aliases: \"\" is no id; aliases: {} is no id");
    assert_int_equal(rows.row[1].n_alias, 2); /* of both rows that became one */
    assert_string_equal(rows.row[1].alias[0], "5");
    assert_string_equal(rows.row[1].alias[1], "7");
    assert_int_equal(rows.row[2].n_alias, 0);
}

static void a_map_of_ids_makes_no_rows(void **state)
{
    (void)state;
    give("['p.a'] = { match = { items = true }, each = 'items', skip = 'id-map', same = { id = 'a', aliases = 'b' } }",
         "{\"items\":[{\"a\":\"1\",\"b\":2},{\"a\":\"1\",\"b\":\"1\"},{\"b\":\"3\"}]}");
    assert_int_equal(rows.n_row, 0);
    assert_int_equal(rows.n_same, 1);
    assert_string_equal(rows.same[0].external_id, "1");
    assert_string_equal(rows.same[0].alias, "2");
    assert_int_equal(rows.drop[0].count, 3);
}

static void a_date_is_a_day_in_the_zone(void **state)
{
    (void)state;
    give("['p.a'] = { match = { id = true }, post = { id = 'id' }, counts = { window_start = 'd' }, window = 'day',"
         " zone = 'America/Los_Angeles' }",
         "{\"id\":\"1\",\"d\":\"2024-03-10\"}");
    const struct row *r = &rows.row[0];
    assert_true(r->has_window_start && r->has_window_end);
    assert_true(r->window_start == INT64_C(1710057600000000));
    assert_true(r->window_end - r->window_start == INT64_C(23) * 3600 * 1000000); /* summer time begins */
}

static void the_most_conditions_win(void **state)
{
    (void)state;
    static const char *const parsers =
        "['p.b'] = { match = { k = 'v' }, skip = 'b' }, ['p.a'] = { match = { k = { 'v', 'w' } }, skip = 'a' },"
        "['p.c'] = { match = { k = 'v', url = '%.example%.com/v2/' }, skip = 'c' },"
        "['p.d'] = { match = function(doc, input) return doc.k == 'z' and input.platform == 'p' and 5 end, skip = 'd' },"
        "['p.e'] = { match = { k = true, n = false, kind_of = { k = 'number' } }, refuse = { code = 'k', text = 'why' } }";
    give(parsers, "{\"k\":\"v\"}");
    assert_string_equal(rows.drop[0].reason, "c");
    give(parsers, "{\"k\":\"w\"}");
    assert_string_equal(rows.drop[0].reason, "a");
    give(parsers, "{\"k\":\"z\"}");
    assert_string_equal(rows.drop[0].reason, "d");
    give(parsers, "{\"k\":190,\"why\":\"quota\"}");
    assert_string_equal(rows.refused_code, "190");
    assert_string_equal(rows.refused_text, "quota");
    refused(parsers, "{\"x\":1,\"y\":2}", ERR_INPUT, "no parser knows this payload (keys: x, y)");
}

static void the_nearest_parser_is_named_with_what_it_misses(void **state)
{
    (void)state;
    static const char *const parsers = "['p.a'] = { match = { ['f.kind'] = { 'p#a', 'p#b' }, kind_of = { ['f.items'] = 'array' "
                                       "}, error = false }, skip = 'a' },"
                                       "['p.b'] = { match = { other = true, url = 'nowhere' }, skip = 'b' }";
    refused(
        parsers, "{\"f\":{\"kind\":\"q\",\"items\":[]}}", ERR_INPUT,
        "no parser knows this payload (keys: f); nearest is p.a: 2 of 3 conditions met, but f.kind is \"q\", not \"p#a\" or "
        "\"p#b\"");
    refused(parsers, "{\"f\":{\"kind\":\"p#a\",\"items\":{}}}", ERR_INPUT, "f.items is an object, not a list");
    refused(parsers, "{\"f\":{\"kind\":\"p#a\",\"items\":[]},\"error\":null}", ERR_INPUT,
            "error is null and must not be there");
    struct err e = {0};
    struct buf said = {0};
    assert_int_equal(load(parsers, &e), 0);
    parser_conditions(registry->plugin[0]->parser[0], &said);
    assert_string_equal(said.data, "error is not there, f.kind is \"p#a\" or \"p#b\", f.items is a list");
    buf_free(&said);
}

static void parse_functions_fill_the_same_rows(void **state)
{
    (void)state;
    give("['p.a'] = { match = { items = true }, parse = function(doc, out)\n"
         "for i, v in ipairs(doc.items) do out.post{ id = v.id, published_at = 1700000000, tags = v.tags }\n"
         "out.counts{ views = v.views, likes = json.null, metrics = { reach = '5' } }\n"
         "out.counts{ views = 1, window = 'day', window_start = time.day_start('2024-03-10', 'UTC') } end\n"
         "out.post{ id = 'bare' } out.post{} out.skip('account', 2) out.bad('odd', 'because', { a = 1 }) out.account{ id = 7 } "
         "end }",
         "{\"items\":[{\"id\":12345678901234567890,\"views\":\"42\",\"tags\":[\"a\"]}]}");
    assert_int_equal(rows.n_row, 3);
    assert_string_equal(rows.row[0].external_id, "12345678901234567890");
    assert_true(rows.row[0].views.known && rows.row[0].views.value == 42);
    assert_false(rows.row[0].likes.known);
    assert_string_equal(rows.row[0].tags, "[\"a\"]");
    assert_string_equal(rows.row[0].metrics, "{\"reach\":5}");
    assert_int_equal(rows.row[1].window, WINDOW_DAY);
    assert_true(rows.row[1].has_window_end);
    assert_string_equal(rows.row[2].external_id, "bare");
    assert_int_equal(rows.n_bad, 2);
    assert_string_equal(rows.bad[1].code, "odd");
    assert_string_equal(rows.bad[1].body, "{\"a\":1}");
    assert_string_equal(rows.bad[0].code, "missing_id");
    assert_string_equal(rows.account[0].external_id, "7");
}

static void facts_are_rows_of_their_own(void **state)
{
    (void)state;
    give("['p.a'] = { match = { a = true }, parse = function(doc, out)\n"
         "out.post{ id = 'x' }\n"
         "out.facts{ id = 'x', platform = 'q', features = { visual = { b = 1, a = 0.5 }, caption = 'no', _facts = 1 },"
         " notes = { visual = 'c: left out', audio = 7 } }\n"
         "out.facts{ id = 'x' } out.facts{ features = { visual = {} } } end }",
         "{\"a\":1}");
    assert_int_equal(rows.n_row, 3);
    assert_false(rows.row[0].facts_only);
    const struct row *facts = &rows.row[1];
    assert_true(facts->facts_only);
    assert_int_equal(facts->item, 1);
    assert_string_equal(facts->platform, "q");
    assert_string_equal(facts->features, "{\"visual\":{\"a\":0.5,\"b\":1}}");
    assert_string_equal(facts->fact_notes, "{\"visual\":\"c: left out\"}");
    assert_string_equal(facts->notes, "_facts: 1 is a name that the platform's payload fills; "
                                      "caption: \"no\" is a name that the platform's payload fills; visual: c: left out");
    assert_string_equal(row_kind(facts), "facts");
    assert_string_equal(rows.row[2].platform, "p");
    assert_null(rows.row[2].features);
    assert_int_equal(rows.n_bad, 1);
    assert_string_equal(rows.bad[0].code, "missing_id");
    assert_string_equal(rows.bad[0].text, "out.facts: no id");
}

static void views_show_the_document(void **state)
{
    (void)state;
    give("['p.a'] = { match = { a = true }, parse = function(doc, out)\n"
         "assert(doc.a[1] == 1 and doc.a[2] == json.null and doc.a[3] == nil and #doc.a == 2 and doc.A == nil)\n"
         "assert(json.kind(doc.e) == 'array' and json.kind(doc.o) == 'object' and json.kind(doc.x) == 'absent')\n"
         "assert(json.get(doc, 'a.0') == 1 and json.get(doc, 'a.9.z') == nil and doc.big == '12345678901234567')\n"
         "local n = 0 for k in pairs(doc) do n = n + 1 end assert(n == 5)\n"
         "assert(json.encode(doc) == '{\"a\":[1,null],\"e\":[],\"o\":{},\"big\":12345678901234567,\"s\":\"x\"}')\n"
         "assert(json.encode({ b = 1, a = { 1, 2 } }) == '{\"a\":[1,2],\"b\":1}')\n"
         "assert(json.encode(json.decode('{\"a\":[],\"b\":{}}')) == '{\"a\":[],\"b\":{}}')\n"
         "local t = {} t.t = t for _, bad in ipairs { 0/0, print, t, '\\xff', { 1, nil, 3 } } do assert(not pcall(json.encode, "
         "bad)) end\n"
         "assert(not pcall(function() doc.a = 1 end)) end }",
         "{\"a\":[1,null],\"e\":[],\"o\":{},\"big\":12345678901234567,\"s\":\"x\"}");
    static const char *const keeps =
        "['p.a'] = { match = { a = true }, parse = function(doc) if kept then return kept.a end kept = doc end }";
    give(keeps, "{\"a\":1}");
    struct err e = {0};
    assert_int_equal(parse("{\"a\":1}", &e), -1);
    assert_non_null(strstr(e.text, "this payload is gone"));
}

/* match is given objects and lists only: a value alone is nobody's payload. */
static void a_value_alone_is_no_payload(void **state)
{
    (void)state;
    static const char *const parsers = "['p.a'] = { match = function(doc) return doc.kind == nil and 1 end, skip = 'x' }";
    refused(parsers, "null", ERR_INPUT, "no parser knows this payload (null)");
    refused(parsers, "7", ERR_INPUT, "no parser knows this payload (number)");
    refused(parsers, "\"x\"", ERR_INPUT, "no parser knows this payload (string)");
    give(parsers, "[]");
}

/* What a plugin catches leaves nothing behind of the call that failed. */
static void half_an_event_is_taken_back(void **state)
{
    (void)state;
    give("['p.a'] = { match = { a = true }, parse = function(doc, out)\n"
         "assert(not pcall(out.post, { id = 1, title = print }))\n"
         "out.post{ id = 2 } out.counts{ views = 3 }\n"
         "assert(not pcall(out.post, { id = 3, features = { bad = 0/0 } }))\n"
         "assert(not pcall(out.counts, { views = 4 }))\n"
         "assert(not pcall(out.bad, 'code', 'text', { function() end })) end }",
         "{\"a\":1}");
    assert_int_equal(rows.n_row, 1);
    assert_int_equal(rows.n_bad, 0);
    assert_string_equal(rows.row[0].external_id, "2");
    assert_int_equal(rows.row[0].views.value, 3);
}

static void an_id_may_stand_in_the_url_alone(void **state)
{
    (void)state;
    give("['p.a'] = { match = { k = true }, each = 'days', id_from_url = { '/v1/(%w+)', '/v2/([^/]+)' },"
         " counts = { views = 'n', window_start = 'd' }, window = 'day' }",
         "{\"k\":1,\"days\":[{\"n\":1,\"d\":\"2024-03-01\"},{\"n\":2,\"d\":\"2024-03-02\"}]}");
    assert_int_equal(rows.n_row, 2);
    assert_string_equal(rows.row[0].external_id, "x");
    assert_string_equal(rows.row[1].external_id, "x");
    assert_false(rows.row[0].id_given);
    give("['p.a'] = { match = { k = true }, id_from_url = '/v2/(%w+)', post = { id = 'id' } }", "{\"k\":1,\"id\":\"own\"}");
    assert_string_equal(rows.row[0].external_id, "own");
    give("['p.a'] = { match = { k = true }, id_from_url = '/v2/(%w+)', parse = function(doc, out) out.post{} end }",
         "{\"k\":1}");
    assert_string_equal(rows.row[0].external_id, "x");
    give("['p.a'] = { match = { k = true }, id_from_url = '/v3/(%w+)', post = { id = 'id' } }", "{\"k\":1}");
    assert_int_equal(rows.n_row, 0);
    assert_string_equal(rows.bad[0].text,
                        "item 0: no id at 'id', and none in a wrapper's url by '/v3/(%w+)'; name the post with "
                        "--content ID");
    refused("['p.a'] = { match = { k = true }, id_from_url = '/v2/%w+' }", "{}", ERR_CONFIG,
            "parsers.p.a.id_from_url: needs exactly one capture, the id: \"/pins/(%d+)/analytics\"");
    refused("['p.a'] = { match = { k = true }, id_from_url = '/v2/(%w+' }", "{}", ERR_CONFIG,
            "parsers.p.a.id_from_url: needs exactly one capture");
    refused("['p.a'] = { match = { k = true }, skip = 'x', id_from_url = '/v2/(%w+)' }", "{}", ERR_CONFIG,
            "parsers.p.a.id_from_url: has no meaning beside 'skip'");
}

static void mistakes_of_code_are_named(void **state)
{
    (void)state;
    refused("['p.a'] = { match = { a = true }, parse = function(doc, out)\n out.counts{} end }", "{\"a\":1}", ERR_PLUGIN,
            "p.a (plugins/p.lua:3): out.counts comes before any out.post");
    refused("['p.a'] = { match = { a = true }, parse = function(doc, out)\n out.post{ id = 1 } out.facts{ id = 1 } "
            "out.counts{} end }",
            "{\"a\":1}", ERR_PLUGIN, "out.counts comes before any out.post");
    refused("['p.a'] = { match = { a = true }, parse = function(doc, out) out.facts{ id = 1, views = 2 } end }", "{\"a\":1}",
            ERR_PLUGIN, "out.facts: unknown key 'views' (known: id, platform, features, notes)");
    refused("['p.a'] = { match = { a = true }, parse = function(doc, out)\n out.post{ idd = 1 } end }", "{\"a\":1}", ERR_PLUGIN,
            "out.post: unknown key 'idd' (known: id, platform,");
    refused("['p.a'] = { match = { a = true }, parse = function(doc, out) for i = 1, 60000 do out.post{ id = i } end end }",
            "{\"a\":1}", ERR_INPUT, "more than 50,000 rows");
    refused("['p.a'] = { match = { a = true }, parse = function() while true do end end }", "{\"a\":1}", ERR_PLUGIN,
            "used more than 200 ms of CPU (limits.call_ms)");
    refused("['p.a'] = { matsch = 1 }", "{}", ERR_CONFIG,
            "plugins/p.lua:2: parsers.p.a.matsch: unknown key, did you mean 'match'?");
    refused("x x", "{}", ERR_CONFIG, "plugins/p.lua:2: '}' expected (to close '{' at line 1) near 'x'");
    assert_null(registry);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    file = mem_printf("%s/p.lua", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    registry_free(&registry);
    rows_free(&rows);
    unlink(file);
    mem_free(file);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_fill_rows),
        cmocka_unit_test(accounts_are_observed),
        cmocka_unit_test(audiences_stand_with_posts_and_accounts),
        cmocka_unit_test(bad_items_leave_the_good_ones),
        cmocka_unit_test(a_post_has_other_ids),
        cmocka_unit_test(a_map_of_ids_makes_no_rows),
        cmocka_unit_test(a_date_is_a_day_in_the_zone),
        cmocka_unit_test(the_most_conditions_win),
        cmocka_unit_test(the_nearest_parser_is_named_with_what_it_misses),
        cmocka_unit_test(parse_functions_fill_the_same_rows),
        cmocka_unit_test(facts_are_rows_of_their_own),
        cmocka_unit_test(views_show_the_document),
        cmocka_unit_test(a_value_alone_is_no_payload),
        cmocka_unit_test(half_an_event_is_taken_back),
        cmocka_unit_test(an_id_may_stand_in_the_url_alone),
        cmocka_unit_test(mistakes_of_code_are_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* A rule's find: what it asks arrives as columns, what it is told it can read, and nothing it does makes evidence of its own. */
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
#include "script/code.h"
#include "script/rule_call.h"
#include "script/trusted.h"

static char dir[] = "/tmp/tidemark-rule-XXXXXX";
static char *lib;

static int make_dir(void **state)
{
    (void)state;
    const char *source = getenv("TIDEMARK_SOURCE");
    lib = mem_printf("%s/lua", source != NULL ? source : ".");
    return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
    (void)state;
    mem_free(lib);
    return rmdir(dir);
}

static struct frame *some_posts(void)
{
    struct frame *f = frame_new();
    size_t platform = frame_column(f, "platform", FRAME_TEXT), y = frame_column(f, "y", FRAME_NUMBER),
           tags = frame_column(f, "tags", FRAME_LIST), facts = frame_column(f, "facts", FRAME_JSON),
           gained = frame_column(f, "gained", FRAME_DAILY);
    const char *const two[] = {"a", "b"};
    const double days[] = {5, 7.5};
    for (size_t i = 0; i < 4; i++) {
        frame_row(f);
        frame_text(f, platform, i, i < 2 ? "x" : "youtube");
        frame_number(f, y, i, (double)i / 2);
    }
    frame_list(f, tags, 0, two, 2);
    frame_text(f, facts, 1, "{\"visual\":{\"brightness\":0.5}}");
    frame_daily(f, gained, 2, 20000, days, 2);
    return f;
}

/* Loads a plugin whose one rule has this body of find(posts, ctx). */
static struct vm *load(const char *body)
{
    struct err e = {0};
    struct json_doc *description = NULL;
    char *path = mem_printf("%s/plugin.lua", dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fprintf(f,
            "return { name = 't', api = 1, about = 'a', rules = { ['t.r'] = { about = 'a', find = function(posts, "
            "ctx)\n%s\nend } } }\n",
            body);
    fclose(f);
    struct vm *vm = vm_new("t", lib, dir, NULL);
    if (code_load(vm, path, "plugins/t/plugin.lua", "t", &description, &e) != 0)
        fail_msg("%s", e.text);
    json_free(&description);
    unlink(path);
    mem_free(path);
    return vm;
}

struct asked {
    char text[400]; /* of each question: kind, opts */
    char by[200];   /* the labels or facts of the last one, row by row */
    int rc;
    bool returned;
    char state[200]; /* what is not kept yet */
    struct err err;
};

static void note_extra(const struct frame *extra, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t row = 0; row < extra->n_row; row++)
        for (size_t c = 0; c < extra->n_column; c++) {
            const struct frame_column *col = &extra->column[c];
            const char *text = col->kind == FRAME_TEXT ? col->text[row] : NULL;
            char number[32];
            if (col->kind == FRAME_NUMBER)
                snprintf(number, sizeof number, "%s=%g", col->name, col->number[row]), text = number;
            if (col->kind == FRAME_LIST && col->list[row] != NULL)
                snprintf(number, sizeof number, "%zu:%s", col->list[row]->n, col->list[row]->text[0]), text = number;
            len += (size_t)snprintf(out + len, size - len, "%s;", text != NULL ? text : "-");
        }
}

/* The port of a rule that only asks. */
struct asker {
    struct port_req req;
    struct asked *asked;
    const char *answer;
};

static struct port_req *port_ask(void *host, const struct port_question *q)
{
    struct asker *asker = host;
    struct asked *a = asker->asked;
    size_t len = strlen(a->text);
    snprintf(a->text + len, sizeof a->text - len, "%s %s;", q->kind, q->opts);
    note_extra(q->extra, a->by, sizeof a->by);
    asker->req = (struct port_req){.answer = asker->answer};
    return &asker->req;
}

static void port_await(void *host, struct wait *w)
{
    struct asker *asker = host;
    wait_done(&asker->req.wait);
    assert_true(w->done);
}

static void port_free(struct port_req **req)
{
    *req = NULL;
}

static struct asked run_in(struct vm *vm, const char *answer)
{
    struct asked a = {0};
    struct asker asker = {.asked = &a, .answer = answer};
    const struct port port = {.host = &asker, .ask = port_ask, .await = port_await, .free = port_free};
    struct frame *posts = some_posts();
    struct rule_answers answers;
    struct buf unsaved = {0};
    const struct rule_call call = {.vm = vm, .rule = "t.r", .posts = posts, .now = 100, .as_of = 50, .port = &port};
    a.rc = rule_call(&call, &answers, &unsaved, &a.err);
    a.returned = answers.n > 0 && answers.returned[0];
    snprintf(a.state, sizeof a.state, "%s", unsaved.data != NULL ? unsaved.data : "none");
    buf_free(&unsaved);
    mem_free(answers.returned);
    frame_free(&posts);
    return a;
}

static struct asked run(const char *body)
{
    struct vm *vm = load(body);
    struct asked a = run_in(vm, "[{\"n\":{\"used\":7},\"subject\":{\"key\":\"k\"}}]");
    vm_free(&vm);
    return a;
}

static void labels_arrive_as_columns(void **state)
{
    (void)state;
    struct asked a =
        run("return ctx.rank(posts, { by = function(p) if p.y > 0 then return p.platform end end, per = 'platform' })");
    assert_int_equal(a.rc, 0);
    assert_string_equal(a.text, "rank {\"per\":\"platform\"};");
    assert_string_equal(a.by, "-;x;youtube;youtube;");
    assert_true(a.returned);
    a = run("return ctx.compare(posts, { by = function(p) return p.tags end })");
    assert_string_equal(a.by, "2:a;-;-;-;");
    a = run("return ctx.rank(posts, { by = function(p) return p.y // 1 end })"); /* a number is a label, too */
    assert_string_equal(a.by, "0;0;1;1;");
}

static void facts_arrive_as_numbers(void **state)
{
    (void)state;
    struct asked a = run("return ctx.correlate(posts, { facet = 'visual', facts = function(p)\n"
                         "return p.facts and { bright = p.facts.visual.brightness, dark = false } end })");
    assert_int_equal(a.rc, 0);
    assert_non_null(strstr(a.by, "=0.5"));
    assert_string_equal(a.text, "correlate {\"facet\":\"visual\"};");
}

static void days_are_numbers_with_a_beginning(void **state)
{
    (void)state;
    struct asked a =
        run("return ctx.rank(posts, { by = function(p) return p.gained and p.gained.first_day .. '/' .. #p.gained .. '/'\n"
            ".. p.gained[2] end })");
    assert_string_equal(a.by, "-;-;20000/2/7.5;-;");
}

static void an_answer_can_be_read_and_withheld(void **state)
{
    (void)state;
    struct asked a =
        run("local first = ctx.rank(posts, { by = function() return 'l' end })\n"
            "local second = ctx.rank(posts, { by = function() return first[1].subject.key .. first[1].n.used end })\n"
            "return second");
    assert_int_equal(a.rc, 0);
    assert_string_equal(a.by, "k7;k7;k7;k7;");
    assert_false(a.returned);
    a = run("local list = {} for i = 1, 3 do list[i] = ctx.rank(posts, { by = function() return 'l' end }) end return list");
    assert_int_equal(a.rc, 0);
    assert_true(a.returned);
}

static void fails(const char *body, const char *text)
{
    struct asked a = run(body);
    assert_int_equal(a.rc, -1);
    assert_int_equal(a.err.kind, ERR_PLUGIN);
    if (strstr(a.err.text, text) == NULL)
        fail_msg("'%s' is not in: %s", text, a.err.text);
}

static void evidence_cannot_be_made_up(void **state)
{
    (void)state;
    const char *text = "find must return what ctx.rank, ctx.correlate, ctx.compare, ctx.trend or ctx.before_after gave";
    fails("return { { n = { used = 1000 }, effect = 5 } }", text);
    fails("return nil", text);
    fails("return {}", text);
    fails("local a = ctx.rank(posts, { by = function() return 'l' end }) return { a, { n = 1 } }", text);
    fails("local a = ctx.rank(posts, { by = function() return 'l' end }) return a[1]", text);
}

static void mistakes_say_what_is_wrong(void **state)
{
    (void)state;
    fails("return ctx.rank(posts, { bye = function() end })",
          "t.r (plugins/t/plugin.lua:2): ctx.rank: unknown option 'bye', did you mean 'by'?");
    fails("return ctx.rank(posts, {})", "ctx.rank needs by = function(p) … end: what it says of each post");
    fails("return ctx.rank(posts, { by = function() return true end })",
          "ctx.rank: by must return a text, a number, a list of them or nil, not a boolean");
    fails("return ctx.rank(posts, { by = function(p) return p.y > 0 and 'a' or { 'b' } end })",
          "ctx.rank: by returned a single label for some posts and a list for others");
    fails("return ctx.rank(posts, { by = function(p) return p.platfrom end })",
          "a post has no field 'platfrom', did you mean 'platform'?");
    fails("return ctx.rank(posts, { by = function(p) p.y = 1 end })", "posts cannot be changed");
    fails("return ctx.rank({}, { by = function() end })", "posts expected");
    fails("return ctx.correlate(posts, { facts = function() return { a = 'x' } end })",
          "ctx.correlate: fact 'a' must be a number, not a string");
    fails("return ctx.rank(posts, { by = function() return '' end })", "ctx.rank: by returned a label of 0 bytes");
    fails("return posts.platform", "posts are a list: posts[1] to posts[#posts], not posts.platform");
    fails("return coroutine.wrap(function() return ctx.rank(posts, { by = function() end }) end)()",
          "ctx.rank waits, so it cannot be called inside a coroutine of your own");
    fails("return ctx.best(posts)",
          "ctx has no 'best' here (it has as_of, before_after, compare, config, correlate, db, log, now, own, ");
    fails("return ctx.rank(posts, { by = function() error('mine') end })", "mine");
    fails("return ctx.rank(posts, { by = function() ctx.sleep(1) end })",
          "ctx.sleep waits, so it cannot be called from a function");
    fails("ctx.db.query('SELECT 1')", "ctx.db.query: there is no database here");
}

static void what_was_kept_is_dead_afterwards(void **state)
{
    (void)state;
    struct vm *vm = load("kept = kept or { posts, posts[1], ctx }\n"
                         "if kept[1] ~= posts then\n"
                         "  local ok, why = pcall(function() return kept[2].y end)\n"
                         "  if ok or not why:find('these posts are gone', 1, true) then error('a row lives on') end\n"
                         "  if pcall(function() return #kept[1] end) then error('the list lives on') end\n"
                         "end\n"
                         "return ctx.rank(posts, { by = function() return 'l' end })");
    for (int i = 0; i < 2; i++) {
        struct asked a = run_in(vm, "[]");
        if (a.rc != 0)
            fail_msg("%s", a.err.text);
    }
    vm_free(&vm);
}

static void a_rule_remembers(void **state)
{
    (void)state;
    struct asked a =
        run("ctx.state.seen = #posts ctx.log('hm')\n"
            "local both = { ctx.parallel(function() return ctx.rank(posts, { by = function() return 'l' end }) end,\n"
            "  function() ctx.state.list = { 1 } return 1 end) }\n"
            "return both[1]");
    assert_int_equal(a.rc, 0);
    assert_true(a.returned);
    assert_non_null(strstr(a.state, "\"seen\":4"));
    assert_non_null(strstr(a.state, "\"list\":[1]"));
    a = run("return ctx.rank(posts, { by = function() return ctx.state.x end })");
    assert_string_equal(a.state, "");
}

static void the_trusted_state_answers_in_json(void **state)
{
    (void)state;
    struct vm *vm = trusted_open(lib, 1000, (size_t)64 << 20);
    struct buf out = {0};
    struct err e = {0};
    const struct trusted_arg args[] = {{.kind = TRUSTED_JSON, .text = "[3,1]"}};
    assert_int_equal(trusted_call(vm, "tidemark.jsonlist", "array", args, 1, &out, &e), 0);
    assert_string_equal(out.data, "[3,1]");
    /* Evidence of e = 51234567890123456 was written without a point, and came back as the text of an id. */
    const struct trusted_arg large[] = {{.kind = TRUSTED_JSON, .text = "[51234567890123456.0]"}};
    assert_int_equal(trusted_call(vm, "tidemark.jsonlist", "array", large, 1, &out, &e), 0);
    assert_string_equal(out.data, "[5.123456789012346e+16]");
    assert_int_equal(trusted_call(vm, "tidemark.jsonlist", "nothing", args, 1, &out, &e), -1);
    assert_int_equal(e.kind, ERR_BUG);
    buf_free(&out);
    vm_free(&vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_arrive_as_columns),
        cmocka_unit_test(facts_arrive_as_numbers),
        cmocka_unit_test(days_are_numbers_with_a_beginning),
        cmocka_unit_test(an_answer_can_be_read_and_withheld),
        cmocka_unit_test(evidence_cannot_be_made_up),
        cmocka_unit_test(mistakes_say_what_is_wrong),
        cmocka_unit_test(what_was_kept_is_dead_afterwards),
        cmocka_unit_test(the_trusted_state_answers_in_json),
        cmocka_unit_test(a_rule_remembers),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

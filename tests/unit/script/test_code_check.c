/* A plugin's file looked at by the host: a copy of its table that no metamethod touches, the contract out of its reach, and the globals
 * it names. */
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
#include "data/json.h"
#include "script/code.h"
#include "script/globals.h"

struct made {
    char *lib, path[64];
    struct vm *vm, *checker;
    struct json_doc *description;
    struct buf mistakes;
    struct err e;
    int rc;
};

static void write_file(struct made *m, const char *source)
{
    snprintf(m->path, sizeof m->path, "/tmp/tidemark-code.XXXXXX");
    int fd = mkstemp(m->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, source, strlen(source)), (ssize_t)strlen(source));
    close(fd);
    const char *root = getenv("TIDEMARK_SOURCE");
    m->lib = mem_printf("%s/lua", root != NULL ? root : ".");
}

static void check(struct made *m, const char *source)
{
    *m = (struct made){0};
    write_file(m, source);
    m->vm = vm_new("t", m->lib, NULL, NULL);
    m->checker = code_checker(m->lib);
    struct code_file file = {.path = m->path, .shown = "plugins/t.lua", .name = "t"};
    m->rc = code_check(m->vm, m->checker, &file, &m->description, &m->mistakes, &m->e);
}

static void done(struct made *m)
{
    unlink(m->path);
    vm_free(&m->vm);
    vm_free(&m->checker);
    json_free(&m->description);
    buf_free(&m->mistakes);
    mem_free(m->lib);
}

static void a_table_is_described(void **state)
{
    (void)state;
    struct made m;
    check(&m, "return { name = 't', api = 1, about = 'a', jobs = { ['t.j'] = { about = 'j', run = function() end } } }");
    if (m.rc != 0)
        fail_msg("%s", m.e.text);
    assert_string_equal(json_text(json_path(json_root(m.description), "jobs.0.name")), "t.j");
    done(&m);
}

/* It bends what the contract is written with; the contract runs elsewhere. */
static void a_plugin_cannot_bend_its_check(void **state)
{
    (void)state;
    struct made m;
    check(&m, "require = function() return { check = function() return {} end } end\n"
              "string.format = nil table.sort = nil string.find = function() return 1 end\n"
              "return { name = 't', api = 1, about = 'a', rulez = {} }");
    assert_int_equal(m.rc, -1);
    assert_int_equal(m.e.kind, ERR_CONFIG);
    assert_string_equal(m.e.text, "plugins/t.lua:3: rulez: unknown key, did you mean 'rules'?");
    assert_string_equal(m.mistakes.data, m.e.text);
    done(&m);
}

static void metamethods_do_not_run(void **state)
{
    (void)state;
    struct made m;
    check(&m, "return setmetatable({ name = 't', api = 1, about = 'a' }, { __pairs = function() error('pairs') end,\n"
              "  __index = function() error('index') end, __len = function() error('len') end })");
    if (m.rc != 0)
        fail_msg("%s", m.e.text);
    done(&m);
}

static void a_table_inside_itself_is_told(void **state)
{
    (void)state;
    struct made m;
    check(&m, "local t = { name = 't', api = 1, about = 'a' } t.rules = { ['t.a'] = t } return t");
    assert_int_equal(m.rc, -1);
    assert_string_equal(m.e.text,
                        "plugins/t.lua:1: the file returns a table deeper than 50 levels, or inside itself: a plugin's "
                        "table is plain");
    done(&m);
}

static void every_kind_of_value_has_its_name(void **state)
{
    (void)state;
    struct made m;
    check(&m, "return { name = coroutine.create(function() end), api = 1.5, about = json.null, [true] = 1,\n"
              "  [1.5] = 2 }");
    assert_int_equal(m.rc, -1);
    assert_non_null(strstr(m.e.text, "api: must be the whole number 1, not 1.5; write api = 1"));
    assert_non_null(strstr(m.e.text, "about: must be a string, not a userdata"));
    assert_non_null(strstr(m.e.text, "holds a list where keys with names were expected"));
    done(&m);
}

/* --- globals -------------------------------------------------------------------------------------------------------------- */

static void globals(const char *source, struct globals *g)
{
    struct made m = {0};
    write_file(&m, source);
    m.vm = vm_new("t", m.lib, NULL, NULL);
    if (globals_of(m.vm, m.path, "t.lua", g, &m.e) != 0)
        fail_msg("%s", m.e.text);
    done(&m);
}

static void globals_are_found_with_their_lines(void **state)
{
    (void)state;
    struct globals g;
    globals("local a = 1\n"
            "function made(x)\n"
            "  local print = a\n"
            "  return function()\n"
            "    return print, x, tonumbr(a), missing.field\n"
            "  end\n"
            "end\n"
            "return pairs, made, { tonumbr = 1 }\n",
            &g);
    const struct {
        const char *name, *near;
        int line;
        bool assigned, known;
    } wanted[] = {
        {"made", NULL, 2, true, false},  {"missing", NULL, 5, false, false}, {"tonumbr", "tonumber", 5, false, false},
        {"made", NULL, 8, false, false}, {"pairs", NULL, 8, false, true},
    };
    assert_int_equal(g.n, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < g.n; i++) {
        assert_string_equal(g.use[i].name, wanted[i].name);
        assert_int_equal(g.use[i].line, wanted[i].line);
        assert_int_equal(g.use[i].assigned, wanted[i].assigned);
        assert_int_equal(g.use[i].known, wanted[i].known);
        if (wanted[i].near != NULL)
            assert_string_equal(g.use[i].near, wanted[i].near);
    }
    globals_free(&g);
}

/* Lines far apart are written down in another form than near ones. */
static void lines_are_right_over_long_gaps(void **state)
{
    (void)state;
    struct buf source = {0};
    buf_str(&source, "local x = pairs");
    buf_fill(&source, '\n', 500);
    buf_str(&source, "x = far");
    buf_fill(&source, '\n', 40);
    buf_str(&source, "x = further\n");
    struct globals g;
    globals(source.data, &g);
    assert_int_equal(g.n, 3);
    assert_string_equal(g.use[1].name, "far");
    assert_int_equal(g.use[1].line, 501);
    assert_string_equal(g.use[2].name, "further");
    assert_int_equal(g.use[2].line, 541);
    globals_free(&g);
    buf_free(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_described),
        cmocka_unit_test(a_plugin_cannot_bend_its_check),
        cmocka_unit_test(metamethods_do_not_run),
        cmocka_unit_test(a_table_inside_itself_is_told),
        cmocka_unit_test(every_kind_of_value_has_its_name),
        cmocka_unit_test(globals_are_found_with_their_lines),
        cmocka_unit_test(lines_are_right_over_long_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

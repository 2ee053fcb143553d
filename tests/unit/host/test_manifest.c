/* Lists of works beside payloads: what they may hold, and every mistake with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/manifest.h"

static char dir[] = "/tmp/tidemark-manifest.XXXXXX";

static char *put(const char *name, const char *text)
{
    char *path = mem_printf("%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return path;
}

static void reads(const char *name, const char *text, struct manifest *m)
{
    struct err e = {0};
    char *path = put(name, text);
    if (manifest_read(path, m, &e) != 0)
        fail_msg("%s", e.text);
    mem_free(path);
}

static void refuses(const char *name, const char *text, const char *want)
{
    struct err e = {0};
    struct manifest m;
    char *path = put(name, text);
    assert_int_equal(manifest_read(path, &m, &e), -1);
    if (strstr(e.text, want) == NULL || strstr(e.text, path) != e.text || e.kind != ERR_INPUT)
        fail_msg("'%s' is not in: %s", want, e.text);
    mem_free(path);
}

static void json_lists_works(void **state)
{
    (void)state;
    struct manifest m;
    reads("a.json",
          "{\"works\":[{\"key\":\"k\",\"title\":\"T\",\"posts\":[\"x:1\",\"https://e.example/2\"]},"
          "{\"posts\":[\"x:3\",\"x:3\"],\"title\":null}]}",
          &m);
    assert_int_equal(m.n, 2);
    assert_string_equal(m.work[0].key, "k");
    assert_string_equal(m.work[0].title, "T");
    assert_string_equal(m.work[0].post[1], "https://e.example/2");
    assert_null(m.work[1].key);
    assert_null(m.work[1].title);
    assert_int_equal(m.work[1].n_post, 2);
    manifest_free(&m);
}

static void csv_lists_a_post_a_line(void **state)
{
    (void)state;
    struct manifest m;
    reads("a.csv", "title,work,post\r\nOne,a,x:1\r\n,b,x:2\r\n,a,\"x:3\"\r\n", &m);
    assert_int_equal(m.n, 2);
    assert_string_equal(m.work[0].key, "a");
    assert_string_equal(m.work[0].title, "One");
    assert_int_equal(m.work[0].n_post, 2);
    assert_string_equal(m.work[0].post[1], "x:3");
    assert_string_equal(m.work[1].post[0], "x:2");
    manifest_free(&m);
    reads("b.csv", "work,post\n", &m);
    assert_int_equal(m.n, 0);
    manifest_free(&m);
}

static void mistakes_have_their_place(void **state)
{
    (void)state;
    refuses("a.json", "{\"works\":[", "line 1");
    refuses("a.json", "", ": ");
    refuses("a.json", "[]", "no list of works");
    refuses("a.json", "{\"work\":[]}", "unknown key 'work', did you mean 'works'?");
    refuses("a.json", "{\"works\":[7]}", "works[0] is no object");
    refuses("a.json", "{\"works\":[{\"posts\":[\"x:1\"]},{\"post\":[\"x:2\"]}]}",
            "works[1]: unknown key 'post', did you mean 'posts'?");
    refuses("a.json", "{\"works\":[{\"posts\":[]}]}", "works[0]: posts must be a list");
    refuses("a.json", "{\"works\":[{\"posts\":[\"x:1\",2]}]}", "works[0]: posts[1] is no text");
    refuses("a.json", "{\"works\":[{\"key\":\"\",\"posts\":[\"x:1\"]}]}", "works[0]: key and title must be texts");
    refuses("a.json", "{\"works\":[{\"posts\":[\"x:1\"]},{\"posts\":[\"x:1\"]}]}", "x:1 stands in two works");
    refuses("a.csv", "work,title\na,b\n", ":1: needs the columns work and post");
    refuses("a.csv", "work,post\na,x:1\n,x:2\n", ":3: no work");
    refuses("a.csv", "work,post\na,\n", ":2: no post");
    refuses("a.csv", "work,post,title\na,x:1,T\na,x:2,U\n", ":3: work 'a' has another title above: 'T'");
    refuses("a.csv", "work,post\na\n", "line 2");
    refuses("a.csv", "", ": ");
}

static void found_beside_payloads(void **state)
{
    (void)state;
    struct input_paths found = {0};
    char *sub = mem_printf("%s/sub", dir), *file = put("payload.json", "{}");
    assert_int_equal(mkdir(sub, 0700), 0);
    char *one = put("tidemark.content.json", "{}"), *two = put("sub/tidemark.content.csv", "");
    manifest_beside(file, &found);
    assert_int_equal(found.n, 1);
    manifest_beside(dir, &found);
    manifest_beside(sub, &found);
    manifest_beside("-", &found);
    assert_int_equal(found.n, 2);
    assert_string_equal(found.path[0], one);
    assert_string_equal(found.path[1], two);
    assert_true(manifest_is_name(one) && manifest_is_name("tidemark.content.csv"));
    assert_false(manifest_is_name(file));
    input_paths_free(&found);
    char *const texts[] = {sub, file, one, two};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        mem_free(texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_lists_works),
        cmocka_unit_test(csv_lists_a_post_a_line),
        cmocka_unit_test(mistakes_have_their_place),
        cmocka_unit_test(found_beside_payloads),
    };
    if (mkdtemp(dir) == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char *remove = mem_printf("rm -rf %s", dir);
    if (system(remove) != 0)
        failed++;
    mem_free(remove);
    return failed;
}

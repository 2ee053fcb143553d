/* Files are cut into the same pieces for the same bytes, and what they are is read off the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "host/glob.h"
#include "host/input.h"

static char path[64];

static void put(const char *suffix, const void *data, size_t n)
{
    snprintf(path, sizeof path, "/tmp/tidemark-input-%d%s", (int)getpid(), suffix);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    fclose(f);
}

static struct input *open_file(void)
{
    struct input *in = NULL;
    struct err e = {0};
    if (input_open(path, &in, &e) != 0)
        fail_msg("%s", e.text);
    return in;
}

static void expect_error(const char *suffix, const char *data, size_t n, const char *text)
{
    struct err e = {0};
    struct piece p;
    put(suffix, data, n);
    struct input *in = open_file();
    assert_int_equal(input_next(in, &p, &e), -1);
    assert_int_equal(e.kind, ERR_INPUT);
    if (strstr(e.text, text) == NULL)
        fail_msg("'%s' is not in '%s'", text, e.text);
    input_close(&in);
    unlink(path);
}

static void kinds_are_read_off_the_bytes(void **state)
{
    static const struct {
        const char *suffix, *text;
        enum piece_format format;
    } cases[] = {
        {".json", "{\"a\": 1}", PIECE_JSON},          {".txt", "\xEF\xBB\xBF [1, 2]\n\n", PIECE_JSON},
        {".json", "{\n \"a\": 1\n}\n", PIECE_JSON},   {".json", "{\"a\": 1}\n{\"a\": 2}\n", PIECE_LINES},
        {".ndjson", "{\"a\": 1}\n", PIECE_LINES},     {".jsonl", "{\"a\": \n", PIECE_LINES},
        {".csv", "id,views\n1,2\n", PIECE_CSV},       {".txt", "\"id\",\"views\"\n", PIECE_CSV},
        {".json", "{\"a\": \"}{\\\"\"}", PIECE_JSON},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct piece p;
        struct err e = {0};
        put(cases[i].suffix, cases[i].text, strlen(cases[i].text));
        struct input *in = open_file();
        assert_int_equal(input_next(in, &p, &e), 1);
        if (p.format != cases[i].format)
            fail_msg("case %zu: format %d", i, (int)p.format);
        assert_true(p.last);
        assert_int_equal(input_next(in, &p, &e), 0);
        input_close(&in);
        unlink(path);
    }
}

static void what_cannot_be_taken_says_why(void **state)
{
    (void)state;
    expect_error(".json", "", 0, "is empty");
    expect_error(".json", " \n\t", 3, "nothing but blanks");
    size_t n = (size_t)INPUT_DOCUMENT_MAX + 2;
    char *big = mem_alloc(n);
    memset(big, 'a', n);
    memcpy(big, "{\"a\":\"", 6);
    memcpy(big + n - 2, "\"}", 2);
    expect_error(".json", big, n, "document of 16 MiB is larger than 16 MiB");
    mem_free(big);
}

/* All pieces joined are the file; returns how many there were. */
static size_t read_all(struct buf *joined, size_t *last_line)
{
    struct input *in = open_file();
    struct piece p;
    struct err e = {0};
    size_t n = 0;
    int rc;
    while ((rc = input_next(in, &p, &e)) > 0) {
        buf_add(joined, p.data, p.len);
        *last_line = p.first_line;
        n++;
    }
    assert_int_equal(rc, 0);
    input_close(&in);
    return n;
}

static void lines_are_cut_whole(void **state)
{
    (void)state;
    struct buf text = {0}, joined = {0};
    size_t last_line = 0;
    for (int i = 0; i < 60000; i++)
        buf_printf(&text, "{\"line\": %d, \"pad\": \"%0*d\"}\n", i, i % 90, 0);
    put(".ndjson", text.data, text.len);
    size_t n = read_all(&joined, &last_line);
    assert_true(n >= text.len / INPUT_PIECE && n <= text.len / INPUT_PIECE + 1);
    assert_int_equal(joined.len, text.len);
    assert_memory_equal(joined.data, text.data, text.len);
    assert_true(last_line > 1 && last_line < 60000);
    unlink(path);
    buf_free(&text);
    buf_free(&joined);
}

static void csv_pieces_carry_the_header(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_str(&text, "id,note\r\n");
    for (int i = 0; i < 50000; i++)
        buf_printf(&text, "%d,\"two\nlines, and a comma %0*d\"\r\n", i, i % 60, 0);
    put(".csv", text.data, text.len);
    struct input *in = open_file();
    struct piece p;
    struct err e = {0};
    size_t total = 0, n = 0;
    while (input_next(in, &p, &e) > 0) {
        assert_int_equal(p.header_len, 9);
        assert_memory_equal(p.header, "id,note\r\n", 9);
        assert_memory_equal(p.data + p.len - 3, "\"\r\n", 3);
        total += p.len;
        n++;
    }
    assert_int_equal(total + 9, text.len);
    assert_true(n > 2);
    input_close(&in);
    unlink(path);
    buf_free(&text);
}

static void a_csv_piece_can_be_had_whole(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_str(&text, "id,views\n");
    for (int i = 0; i < 300000; i++)
        buf_printf(&text, "%d,%d\n", i, i);
    put(".csv", text.data, text.len);
    struct input *in = open_file();
    struct piece p;
    struct err e = {0};
    assert_int_equal(input_next(in, &p, &e), 1);
    assert_true(p.first && !p.last);
    assert_int_equal(input_whole(in, &p, &e), 0);
    assert_int_equal(p.len + 9, text.len);
    assert_true(p.first && p.last);
    assert_int_equal(input_next(in, &p, &e), 0);
    input_close(&in);
    unlink(path);
    buf_free(&text);
}

/* What stays readable of a file that is too large to be summed is no sum. */
static void nothing_comes_after_a_csv_that_is_too_large_to_be_had_whole(void **state)
{
    (void)state;
    struct buf text = {0};
    struct piece p;
    struct err e = {0};
    buf_str(&text, "id,views\n");
    while (text.len <= (size_t)INPUT_DOCUMENT_MAX + (1 << 20))
        buf_str(&text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,1000000\n");
    put(".csv", text.data, text.len);
    struct input *in = open_file();
    assert_int_equal(input_next(in, &p, &e), 1);
    size_t len = p.len;
    assert_int_equal(input_whole(in, &p, &e), -1);
    assert_int_equal(e.kind, ERR_INPUT);
    assert_non_null(strstr(e.text, "is larger than 16 MiB, and this kind of export is summed over its rows"));
    assert_int_equal(p.len, len);
    assert_memory_equal(p.data, text.data + 9, len);
    assert_int_equal(input_next(in, &p, &e), 0);
    input_close(&in);
    unlink(path);
    buf_free(&text);
}

static void only_the_first_piece_is_the_first(void **state)
{
    (void)state;
    struct buf text = {0};
    struct piece p;
    struct err e = {0};
    for (int i = 0; i < 200000; i++)
        buf_printf(&text, "{\"line\": %d}\n", i);
    put(".ndjson", text.data, text.len);
    struct input *in = open_file();
    for (size_t n = 0; input_next(in, &p, &e) > 0; n++)
        assert_true(p.first == (n == 0));
    input_close(&in);
    unlink(path);
    buf_free(&text);
}

static void a_line_over_the_limit_is_passed_over(void **state)
{
    (void)state;
    struct buf text = {0};
    struct piece p;
    struct err e = {0};
    buf_str(&text, "{\"first\": 1}\n{\"a\": \"");
    buf_fill(&text, 'x', (size_t)INPUT_DOCUMENT_MAX + (4 << 20));
    buf_str(&text, "\"}\n{\"last\": 1}\n");
    put(".ndjson", text.data, text.len);
    struct input *in = open_file();
    assert_int_equal(input_next(in, &p, &e), 1);
    assert_int_equal(p.len, 13);
    assert_int_equal(input_next(in, &p, &e), 1);
    assert_int_equal(p.first_line, 2);
    assert_true(p.too_long > (size_t)INPUT_DOCUMENT_MAX);
    assert_int_equal(input_next(in, &p, &e), 1);
    assert_int_equal(p.first_line, 3);
    assert_memory_equal(p.data, "{\"last\": 1}\n", 12);
    assert_int_equal(input_next(in, &p, &e), 0);
    input_close(&in);
    unlink(path);
    buf_free(&text);
}

/* What the shell's gzip and zstd make of bytes; the file is put beside it with the ending of the packer. */
static void pack(const char *tool, const char *ending, const char *suffix, const void *data, size_t n)
{
    put(suffix, data, n);
    char *command = mem_printf("%s %s && rm -f %s", tool, path, path);
    assert_int_equal(system(command), 0);
    mem_free(command);
    size_t len = strlen(path);
    snprintf(path + len, sizeof path - len, "%s", ending);
}

static void lines_of(struct buf *text, int n)
{
    for (int i = 0; i < n; i++)
        buf_printf(text, "{\"line\": %d, \"pad\": \"%0*d\"}\n", i, i % 90, 0);
}

static void packed_files_are_their_content(void **state)
{
    static const char *const tools[][2] = {{"gzip -k", ".gz"}, {"zstd -q", ".zst"}};
    (void)state;
    struct buf text = {0};
    lines_of(&text, 60000);
    for (size_t i = 0; i < 2; i++) {
        struct buf joined = {0};
        size_t last_line = 0;
        pack(tools[i][0], tools[i][1], ".ndjson", text.data, text.len);
        assert_true(read_all(&joined, &last_line) > 2);
        assert_int_equal(joined.len, text.len);
        assert_memory_equal(joined.data, text.data, text.len);
        buf_free(&joined);
        unlink(path);
    }
    buf_free(&text);
}

/* cat a.gz b.gz is a gzip file too. */
static void members_follow_each_other(void **state)
{
    (void)state;
    struct buf joined = {0};
    size_t last_line = 0;
    put(".ndjson", "", 0);
    char *command = mem_printf("{ printf '{}\\n' | gzip; : | gzip; printf '[1]\\n' | gzip; printf '\\0\\0\\0'; } > %s", path);
    assert_int_equal(system(command), 0);
    read_all(&joined, &last_line);
    assert_int_equal(joined.len, 7);
    assert_memory_equal(joined.data, "{}\n[1]\n", 7);
    unlink(path);
    mem_free(command);
    buf_free(&joined);
}

static int last_error(size_t *bytes, const char **code, struct err *e)
{
    struct input *in = open_file();
    struct piece p;
    int rc;
    *bytes = 0;
    while ((rc = input_next(in, &p, e)) > 0)
        *bytes += p.len;
    *code = input_code(in);
    input_close(&in);
    return rc;
}

static void of_a_cut_file_the_whole_lines_come(void **state)
{
    (void)state;
    struct buf text = {0};
    struct err e = {0};
    const char *code;
    size_t bytes;
    for (int i = 0; i < 200000; i++)
        buf_printf(&text, "{\"line\": %d, \"pad\": \"%x\"}\n", i, (unsigned)i * 2654435761U);
    pack("gzip -k", ".gz", ".ndjson", text.data, text.len);
    assert_int_equal(truncate(path, 500000), 0);
    assert_int_equal(last_error(&bytes, &code, &e), -1);
    assert_string_equal(code, "packed_badly");
    assert_non_null(strstr(e.text, "cannot be unpacked to its end: the file was cut"));
    assert_true(bytes > 500000 && text.data[bytes - 1] == '\n');
    unlink(path);
    buf_free(&text);
}

static void what_unpacks_without_end_is_stopped(void **state)
{
    (void)state;
    struct buf text = {0};
    struct err e = {0};
    const char *code;
    size_t bytes;
    put(".ndjson.gz", "", 0);
    char *command = mem_printf("yes '{}' | head -c 200000000 | gzip > %s", path);
    assert_int_equal(system(command), 0);
    assert_int_equal(last_error(&bytes, &code, &e), -1);
    assert_string_equal(code, "bomb");
    assert_non_null(strstr(e.text, "unpacks to more than 250 times its size (limit, from 64 MiB on)"));
    assert_true(bytes < 70000000);
    unlink(path);
    mem_free(command);
    buf_free(&text);
}

static void other_packers_are_named(void **state)
{
    (void)state;
    expect_error(".json", "PK\3\4xxxx", 8, "is a zip archive: unpack it first");
    expect_error(".json", "BZh91AY", 7, "is packed with bzip2");
    expect_error(".json", "\x1F\x8B\x08\0\0\0\0\0\0\3\xFF\xFF\xFF", 13, "the gzip data is broken");
    expect_error(".json", "\x28\xB5\x2F\xFD\xFF\xFF\xFF\xFF\xFF", 9, "cannot be unpacked");
}

static void patterns_fit_names_and_paths(void **state)
{
    static const struct {
        const char *pattern, *path;
        bool fits;
    } cases[] = {
        {"*.json", "a.json", true},
        {"*.json", "x/y/a.json", true},
        {"*.json", "a.jsonl", false},
        {"x/*.json", "x/a.json", true},
        {"x/*.json", "x/y/a.json", false},
        {"x/**", "x/y/a.json", true},
        {"**/a.json", "a.json", true},
        {"**/a.json", "x/y/a.json", true},
        {"**/a.json", "x/ya.json", false},
        {"x/**/b/*.c", "x/b/1.c", true},
        {"x/**/b/*.c", "x/q/b/1.c", true},
        {"x/**/b/*.c", "x/b/q/1.c", false},
        {"a-[0-9]?.csv", "a-12.csv", true},
        {"a-[!0-9].csv", "a-1.csv", false},
        {"[]a]", "]", true},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"*a*b*c", "xaxbxxc", true},
        {"*a*b*c", "xaxbxx", false},
        {"**x", "y/zx", true},
        {"", "", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (glob_match(cases[i].pattern, cases[i].path) != cases[i].fits)
            fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].path);
    assert_null(glob_wrong("a[x]/**"));
    assert_string_equal(glob_wrong("a[x"), "has a '[' without its ']'");
    assert_string_equal(glob_wrong("a\\"), "ends with a backslash");
    char many[400];
    memset(many, '*', sizeof many);
    for (size_t i = 1; i < sizeof many; i += 2)
        many[i] = 'a';
    many[sizeof many - 1] = '\0';
    assert_false(glob_match(many, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_read_off_the_bytes),
        cmocka_unit_test(what_cannot_be_taken_says_why),
        cmocka_unit_test(lines_are_cut_whole),
        cmocka_unit_test(csv_pieces_carry_the_header),
        cmocka_unit_test(a_csv_piece_can_be_had_whole),
        cmocka_unit_test(a_line_over_the_limit_is_passed_over),
        cmocka_unit_test(nothing_comes_after_a_csv_that_is_too_large_to_be_had_whole),
        cmocka_unit_test(only_the_first_piece_is_the_first),
        cmocka_unit_test(packed_files_are_their_content),
        cmocka_unit_test(members_follow_each_other),
        cmocka_unit_test(of_a_cut_file_the_whole_lines_come),
        cmocka_unit_test(what_unpacks_without_end_is_stopped),
        cmocka_unit_test(other_packers_are_named),
        cmocka_unit_test(patterns_fit_names_and_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

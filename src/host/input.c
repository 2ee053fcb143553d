#include "host/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "data/csv.h"
#include "host/source.h"

struct input {
    struct byte_source *source;
    bool eof, sniffed;
    const char *code;  /* why input_next gave -1 */
    struct err broken; /* the bytes end too early, and why: told once those that came are given out */
    enum piece_format format;
    bool named_lines;    /* the file's name says NDJSON */
    struct buf buf;      /* buf.data[start..len) is still to be given out */
    size_t start, given; /* given: length of the piece given last, which lies at start */
    size_t given_lines;  /* lines in it */
    size_t line;         /* line of buf.data[start] */
    struct buf header;
    size_t pieces;
    bool over; /* the rest of the file is of no use */
};

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcasecmp(s + n - m, end) == 0;
}

/* "posts.ndjson", "posts.jsonl.gz" */
static bool names_lines(const char *name)
{
    static const char *const ends[] = {".ndjson", ".jsonl"}, *const packs[] = {"", ".gz", ".zst"};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 3; k++) {
            char end[16];
            snprintf(end, sizeof end, "%s%s", ends[i], packs[k]);
            if (ends_with(name, end))
                return true;
        }
    return false;
}

static struct input *input_new(const char *name, struct byte_source *source)
{
    struct input *in = mem_alloc(sizeof *in);
    *in = (struct input){.source = source, .line = 1, .named_lines = names_lines(name)};
    return in;
}

int input_open(const char *path, struct input **out, struct err *e)
{
    struct stat st;
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, ERR_INPUT, "%s", strerror(errno));
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        return err_set(e, ERR_INPUT, "is a folder");
    }
    *out = input_new(path, source_of_file(fd));
    return 0;
}

struct input *input_of(const char *name, const char *data, size_t n)
{
    return input_new(name, source_of_bytes(data, n));
}

void input_close(struct input **pin)
{
    struct input *in = *pin;
    if (in == NULL)
        return;
    source_free(&in->source);
    buf_free(&in->buf);
    buf_free(&in->header);
    mem_free(in);
    *pin = NULL;
}

size_t input_bytes_read(const struct input *in)
{
    return source_taken(in->source);
}

const char *input_code(const struct input *in)
{
    return in->code != NULL ? in->code : "cannot_read";
}

static size_t left(const struct input *in)
{
    return in->buf.len - in->start;
}

/* Reads until want bytes are there or the file ends, or breaks. */
static void fill(struct input *in, size_t want)
{
    while (!in->eof && left(in) < want) {
        buf_reserve(&in->buf, 256 << 10);
        ssize_t n = source_read(in->source, in->buf.data + in->buf.len, 256 << 10, &in->broken);
        in->eof = n <= 0;
        in->buf.len += n > 0 ? (size_t)n : 0;
        if (n < 0)
            in->code = source_code(in->source);
    }
}

/* What was given out goes; the rest moves to the front, so that the buffer stays as small as the largest piece. */
static void forget_given(struct input *in)
{
    in->start += in->given;
    in->line += in->given_lines;
    in->given = in->given_lines = 0;
    if (in->start > 0) {
        memmove(in->buf.data, in->buf.data + in->start, left(in));
        in->buf.len -= in->start;
        in->start = 0;
    }
}

static size_t count_lines(const char *p, size_t n)
{
    size_t lines = 0;
    for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        lines++;
    return lines;
}

/* Where the first JSON value ends: one past its last byte, 0 when it does not end in these bytes. Only brackets and strings are
 * looked at; whether it is JSON is the parser's to say. */
static size_t first_value_end(const char *s, size_t n)
{
    size_t depth = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '"') {
            for (i++; i < n && s[i] != '"'; i++)
                if (s[i] == '\\')
                    i++;
        } else if (s[i] == '{' || s[i] == '[') {
            depth++;
        } else if ((s[i] == '}' || s[i] == ']') && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

static size_t skip_blank(const char *s, size_t i, size_t n)
{
    if (i == 0 && n >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0)
        i = 3;
    while (i < n && strchr(" \t\r\n", s[i]) != NULL && s[i] != '\0')
        i++;
    return i;
}

static int fail(struct input *in, const char *code, struct err *e, const char *text)
{
    in->code = code;
    return err_set(e, ERR_INPUT, "%s", text);
}

static int too_large(struct input *in, struct err *e)
{
    struct stat st;
    in->code = "too_large";
    if (!source_packed(in->source) && fstat(source_fd(in->source), &st) == 0 && S_ISREG(st.st_mode))
        return err_set(e, ERR_INPUT, "document of %.0f MiB is larger than 16 MiB; NDJSON and CSV may be of any size",
                       (double)st.st_size / (1 << 20));
    return err_set(e, ERR_INPUT, "document is larger than 16 MiB; NDJSON and CSV may be of any size");
}

/* The bytes ended before the file did: what it was is told in the end. */
static bool is_broken(const struct input *in)
{
    return in->broken.text[0] != '\0';
}

static int tell_broken(const struct input *in, struct err *e)
{
    *e = in->broken;
    return -1;
}

/* A document is read to its end; so is what is none, for the parser to say where. */
static int be_document(struct input *in, struct err *e)
{
    in->format = PIECE_JSON;
    fill(in, INPUT_DOCUMENT_MAX + 1);
    if (is_broken(in))
        return tell_broken(in, e);
    return in->eof && left(in) <= INPUT_DOCUMENT_MAX ? 0 : too_large(in, e);
}

/* A value, a line's end and more: one document a line. */
static bool has_lines(const struct input *in, size_t first, bool *sure)
{
    const char *s = in->buf.data;
    size_t n = left(in), end = first_value_end(s + first, n - first);
    bool one_line = end > 0 && memchr(s + first, '\n', end) == NULL;
    *sure = in->eof || (end > 0 && (!one_line || skip_blank(s, first + end, n) < n));
    return one_line && skip_blank(s, first + end, n) < n && memchr(s + first + end, '\n', n - first - end) != NULL;
}

static int sniff_json(struct input *in, size_t first, struct err *e)
{
    bool sure = in->named_lines, lines = sure || has_lines(in, first, &sure);
    if (!sure) {
        fill(in, INPUT_DOCUMENT_MAX + 1);
        lines = has_lines(in, first, &sure) || (!in->eof && !sure && lines);
    }
    if (!lines)
        return be_document(in, e);
    in->format = PIECE_LINES;
    return 0;
}

static int sniff(struct input *in, struct err *e)
{
    in->sniffed = true;
    fill(in, INPUT_PIECE);
    const char *s = in->buf.data;
    size_t n = left(in), first = n > 0 ? skip_blank(s, 0, n) : 0;
    if (first >= n && is_broken(in))
        return tell_broken(in, e);
    if (first >= n)
        return fail(in, "empty", e, n == 0 ? "is empty" : "holds nothing but blanks");
    if (s[first] == '{' || s[first] == '[')
        return sniff_json(in, first, e);
    const char *eol = memchr(s + first, '\n', n - first);
    size_t line = eol != NULL ? (size_t)(eol - s) - first : n - first;
    if (s[first] == '<' || memchr(s + first, ',', line) == NULL || memchr(s + first, '\0', line) != NULL)
        return be_document(in, e);
    in->format = PIECE_CSV;
    return 0;
}

static void give(struct input *in, size_t n, struct piece *out)
{
    in->given = n;
    in->given_lines = count_lines(in->buf.data + in->start, n);
    *out = (struct piece){
        .format = in->format,
        .data = in->buf.data + in->start,
        .len = n,
        .first_line = in->line,
        .header = in->header.data,
        .header_len = in->header.len,
        .first = in->pieces++ == 0,
        .last = in->eof && n == left(in) && !is_broken(in),
    };
}

/* Of bytes that end too early the last line is no line. */
static void drop_begun_line(struct input *in)
{
    if (!in->eof || !is_broken(in))
        return;
    const char *from = in->buf.data + in->start, *eol = left(in) > 0 ? memrchr(from, '\n', left(in)) : NULL;
    in->buf.len = in->start + (eol != NULL ? (size_t)(eol - from) + 1 : 0);
}

static int at_end(const struct input *in, struct err *e)
{
    return is_broken(in) ? tell_broken(in, e) : 0;
}

/* A line that no document may be: passed over to its end without keeping it. */
static int skip_line(struct input *in, struct piece *out)
{
    size_t length = 0;
    for (;;) {
        const char *eol = left(in) > 0 ? memchr(in->buf.data + in->start, '\n', left(in)) : NULL;
        size_t n = eol != NULL ? (size_t)(eol - in->buf.data) - in->start + 1 : left(in);
        length += n;
        in->given = n;
        forget_given(in);
        if (eol != NULL || (in->eof && left(in) == 0))
            break;
        fill(in, 1);
    }
    *out = (struct piece){.format = PIECE_LINES,
                          .data = "",
                          .first_line = in->line,
                          .too_long = length,
                          .first = in->pieces++ == 0,
                          .last = in->eof && left(in) == 0};
    in->line++;
    return 1;
}

static int next_lines(struct input *in, struct piece *out, struct err *e)
{
    size_t want = INPUT_PIECE;
    for (;;) {
        fill(in, want);
        drop_begun_line(in);
        if (in->eof && left(in) <= INPUT_PIECE)
            break;
        const char *from = in->buf.data + in->start + INPUT_PIECE - 1;
        const char *eol = memchr(from, '\n', left(in) - (INPUT_PIECE - 1));
        if (eol != NULL) {
            give(in, (size_t)(eol - in->buf.data) - in->start + 1, out);
            return 1;
        }
        if (left(in) > INPUT_PIECE + INPUT_DOCUMENT_MAX) { /* the last line begins in the first MiB and is over the limit */
            const char *begin = memrchr(in->buf.data + in->start, '\n', INPUT_PIECE - 1);
            if (begin == NULL)
                return skip_line(in, out);
            give(in, (size_t)(begin - in->buf.data) - in->start + 1, out);
            return 1;
        }
        if (in->eof)
            break;
        want = left(in) + INPUT_PIECE;
    }
    if (left(in) == 0)
        return at_end(in, e);
    give(in, left(in), out);
    return 1;
}

static int record_too_large(struct input *in, struct err *e)
{
    in->code = "too_large";
    return err_set(e, ERR_INPUT, "line %zu: a record of more than 16 MiB (limit; a quote that is never closed?)", in->line);
}

static int next_csv(struct input *in, struct piece *out, struct err *e)
{
    bool first = in->header.data == NULL; /* a header alone is a piece too: an export without rows */
    if (first) {
        size_t n = csv_cut(in->buf.data + in->start, left(in), 1);
        if (n > INPUT_PIECE)
            return record_too_large(in, e);
        buf_add(&in->header, in->buf.data + in->start, n);
        in->given = n;
        in->given_lines = count_lines(in->header.data, n);
        forget_given(in);
    }
    for (size_t want = 2 * INPUT_PIECE;; want *= 2) {
        fill(in, want);
        drop_begun_line(in);
        size_t n = left(in) > 0 ? csv_cut(in->buf.data + in->start, left(in), INPUT_PIECE) : 0;
        if (n < left(in) || in->eof) {
            if (n > INPUT_PIECE + INPUT_DOCUMENT_MAX)
                return record_too_large(in, e);
            give(in, n, out);
            return n > 0 || first ? 1 : at_end(in, e);
        }
        if (left(in) > INPUT_PIECE + INPUT_DOCUMENT_MAX)
            return record_too_large(in, e);
    }
}

int input_next(struct input *in, struct piece *out, struct err *e)
{
    if (!in->sniffed && sniff(in, e) != 0)
        return -1;
    forget_given(in);
    if (in->over)
        return 0;
    if (in->format == PIECE_CSV)
        return next_csv(in, out, e);
    if (in->format == PIECE_LINES)
        return next_lines(in, out, e);
    if (left(in) == 0)
        return 0;
    give(in, left(in), out);
    return 1;
}

int input_whole(struct input *in, struct piece *out, struct err *e)
{
    fill(in, INPUT_DOCUMENT_MAX + 1);
    out->data = in->buf.data + in->start; /* the buffer has moved */
    in->over = true;
    if (is_broken(in))
        return tell_broken(in, e);
    if (!in->eof || left(in) > INPUT_DOCUMENT_MAX)
        return fail(in, "too_large", e,
                    "is larger than 16 MiB, and this kind of export is summed over its rows, so it must be read "
                    "whole: export fewer days at a time");
    bool first = out->first;
    give(in, left(in), out);
    out->first = first;
    return 0;
}

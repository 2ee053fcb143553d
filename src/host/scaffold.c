#include "host/scaffold.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/csv.h"
#include "data/json.h"
#include "host/envelope.h"
#include "host/input.h"
#include "host/parser.h"
#include "script/trusted.h"

enum { NAME_MAX_LEN = 40, LINES_LOOKED_AT = 20, BUDGET_MS = 20000 };
static const struct json_limits no_limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};

/* --- the name ------------------------------------------------------------------------------------------------------------ */

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

int scaffold_check(const struct scaffold_options *o, struct err *e)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz", rest[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t n = strlen(o->name);
    if (n == 0 || n > NAME_MAX_LEN || strchr(first, o->name[0]) == NULL || strspn(o->name, rest) != n)
        return err_set(e, ERR_USAGE, "'%s': a plugin's name is lower-case letters, digits and _, a letter first, at most %d",
                       o->name, NAME_MAX_LEN);
    if (registry_find(o->bundled, o->name) != NULL)
        return err_set(e, ERR_USAGE, "%s is a plugin that comes with tidemark: one of that name would replace it; take another",
                       o->name);
    char *dir = mem_printf("%s/%s", o->plugins, o->name), *file = mem_printf("%s/%s.lua", o->plugins, o->name);
    const char *there = exists(dir) ? dir : exists(file) ? file : NULL;
    int rc = there == NULL ? 0 : err_set(e, ERR_USAGE, "%s is there already: nothing was changed; take another name", there);
    mem_free(dir);
    mem_free(file);
    return rc;
}

/* --- the payload --------------------------------------------------------------------------------------------------------- */

struct payload {
    struct buf docs; /* a JSON array of documents */
    struct buf text; /* as it stands in the file */
    const char *format;
    bool wrapped;
    struct json_doc *first; /* the first document: whom else it looks like */
    size_t n;
};

static void payload_free(struct payload *p)
{
    buf_free(&p->docs);
    buf_free(&p->text);
    json_free(&p->first);
}

static void keep_document(struct payload *p, struct json_doc **doc)
{
    buf_str(&p->docs, p->n++ > 0 ? "," : "[");
    json_write(json_root(*doc), &p->docs);
    if (p->first == NULL) {
        p->first = *doc;
        *doc = NULL;
    }
    json_free(doc);
}

static int take_json(struct payload *p, const char *data, size_t n, struct err *e)
{
    struct json_doc *doc = NULL;
    struct envelope env = {0};
    int rc = json_parse(data, n, NULL, &doc, e);
    if (rc == 0) {
        bool wrapper = envelope_is(doc);
        rc = envelope_open(&doc, &env, e);
        if (rc == 0 && env.format != NULL && strcmp(env.format, "csv") == 0)
            rc = err_set(e, ERR_INPUT, "its wrapper holds a CSV: give the CSV itself");
        p->wrapped = p->wrapped || wrapper;
    }
    if (rc == 0)
        keep_document(p, &doc); /* before the wrapper goes: a text body's document is its own */
    json_free(&doc);
    envelope_free(&env);
    return rc;
}

static int take_lines(struct payload *p, const struct piece *piece, struct err *e)
{
    const char *s = piece->data, *end = piece->data + piece->len;
    for (size_t line = piece->first_line; s < end && p->n < LINES_LOOKED_AT; line++) {
        const char *eol = memchr(s, '\n', (size_t)(end - s));
        size_t n = eol != NULL ? (size_t)(eol - s) : (size_t)(end - s);
        if (strspn(s, " \t\r") < n && take_json(p, s, n, e) != 0)
            return err_in(e, "line %zu", line);
        s += n + 1;
    }
    return 0;
}

static int take_csv(struct payload *p, const struct piece *piece, struct err *e)
{
    struct json_doc *doc = NULL;
    buf_add(&p->text, piece->header, piece->header_len);
    if (csv_parse(piece->header, piece->header_len, piece->data, piece->len, piece->first_line, &doc, e) != 0)
        return -1;
    keep_document(p, &doc);
    return 0;
}

/* Looks at the first piece: of NDJSON and CSV that is about a MiB, which says enough. */
static int read_payload(const char *path, struct payload *p, struct err *e)
{
    struct input *in = NULL;
    struct piece piece = {0};
    if (input_open(path, &in, e) != 0)
        return err_in(e, "%s", path);
    int rc = input_next(in, &piece, e) > 0 ? 0 : -1;
    if (rc == 0) {
        p->format = piece.format == PIECE_CSV ? "csv" : piece.format == PIECE_LINES ? "ndjson" : "json";
        if (piece.format == PIECE_CSV)
            rc = take_csv(p, &piece, e);
        else if (piece.format == PIECE_LINES)
            rc = take_lines(p, &piece, e);
        else
            rc = take_json(p, piece.data, piece.len, e);
        buf_add(&p->text, piece.data != NULL ? piece.data : "", piece.len);
        if (rc == 0 && p->n == 0)
            rc = err_set(e, ERR_INPUT, "nothing to read in it");
    }
    buf_str(&p->docs, "]");
    input_close(&in);
    return rc != 0 ? err_in(e, "%s", path) : 0;
}

/* The bundled parser that takes this payload with the most conditions; NULL: none does. */
static const struct parser_spec *find_rival(const struct registry *r, const struct payload *p, int *score)
{
    const struct parser_input in = {.format = strcmp(p->format, "csv") == 0 ? "csv" : "json"};
    const struct parser_spec *best = NULL;
    *score = -1;
    for (size_t i = 0; i < r->n_plugin; i++)
        for (size_t k = 0; k < r->plugin[i]->n_parser; k++) {
            struct err ignored = {0};
            int one = -1;
            if (parser_score(r->plugin[i]->parser[k], p->first, &in, &one, &ignored) == 0 && one > *score) {
                *score = one;
                best = r->plugin[i]->parser[k];
            }
        }
    return best;
}

/* --- what to make -------------------------------------------------------------------------------------------------------- */

static void add_member(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, ",\"%s\":", name);
    json_write_string(value, strlen(value), out);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* A name that any shell and any archive takes, with an ending that says what it is. */
static char *fixture_name(const struct payload *p, const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const char *name = base_name(path), *ending = strcmp(p->format, "json") == 0  ? ".json"
                                                  : strcmp(p->format, "csv") == 0 ? ".csv"
                                                                                  : ".ndjson";
    size_t n = strcspn(name, ".");
    bool good = n > 0 && name[strspn(name, plain)] == '\0' && name[0] != '-';
    return good ? mem_printf("%.*s%s", (int)n, name, ending) : mem_printf("payload%s", ending);
}

static void write_question(const struct scaffold_options *o, const struct payload *p, struct buf *out)
{
    buf_str(out, "{\"name\":");
    json_write_string(o->name, strlen(o->name), out);
    buf_printf(out, ",\"parser\":%s,\"rule\":%s,\"report\":%s,\"lua\":%s", o->parser ? "true" : "false",
               o->rule ? "true" : "false", o->report ? "true" : "false", o->lua ? "true" : "false");
    if (p->first != NULL) {
        int score;
        const struct parser_spec *rival = find_rival(o->bundled, p, &score);
        char *file = fixture_name(p, o->payload);
        buf_printf(out, ",\"payload\":{\"wrapped\":%s,\"docs\":%s", p->wrapped ? "true" : "false", p->docs.data);
        add_member(out, "format", p->format);
        add_member(out, "file", file);
        buf_str(out, ",\"text\":");
        json_write_string(p->text.data, p->text.len, out);
        buf_char(out, '}');
        mem_free(file);
        if (rival != NULL) {
            buf_printf(out, ",\"rival\":{\"score\":%d", score);
            add_member(out, "parser", parser_name(rival));
            buf_char(out, '}');
        }
    }
    buf_char(out, '}');
}

static int ask(const struct scaffold_options *o, const struct payload *p, struct json_doc **answer, struct err *e)
{
    struct buf question = {0}, text = {0};
    write_question(o, p, &question);
    struct vm *vm = trusted_open(o->lib_dir, BUDGET_MS, (size_t)1 << 30);
    const struct trusted_arg arg = {.kind = TRUSTED_JSON, .text = question.data};
    int rc = trusted_call(vm, "tidemark.scaffold", "make", &arg, 1, &text, e);
    if (rc == 0)
        rc = json_parse(text.data, text.len, &no_limits, answer, e);
    vm_free(&vm);
    buf_free(&question);
    buf_free(&text);
    const cJSON *why = rc == 0 ? json_get(json_root(*answer), "why", 3) : NULL;
    if (why != NULL)
        rc = err_set(e, ERR_INPUT, "%s: %s; write the parser by hand: tidemark plugin new %s --kind parser", o->payload,
                     json_text(why), o->name);
    return rc;
}

/* --- the files ------------------------------------------------------------------------------------------------------------- */

static int make_parents(char *path, struct err *e)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = mkdir(path, 0777) == 0 || errno == EEXIST;
        int why = errno;
        if (!made)
            err_set(e, why == ENOSPC ? ERR_TEMPORARY : ERR_CONFIG, "cannot make %s: %s", path, strerror(why));
        *slash = '/';
        if (!made)
            return -1;
    }
    return 0;
}

static int write_file(const char *dir, const char *name, const char *text, struct err *e)
{
    char *path = mem_printf("%s/%s", dir, name);
    int rc = make_parents(path, e);
    FILE *f = rc == 0 ? fopen(path, "wxe") : NULL;
    bool bad = rc == 0 && f == NULL;
    if (f != NULL) {
        bad = fputs(text, f) < 0;
        bad = fclose(f) != 0 || bad;
    }
    if (bad)
        rc = err_set(e, errno == ENOSPC ? ERR_TEMPORARY : ERR_CONFIG, "cannot write %s: %s", path, strerror(errno));
    mem_free(path);
    return rc;
}

/* Takes back what was written of list, and the folders that are empty then. */
static void remove_files(const char *dir, const cJSON *list)
{
    static const char *const folders[] = {"/fixtures", "/reports", "/spec", ""};
    for (const cJSON *one = list->child; one != NULL; one = one->next) {
        char *path = mem_printf("%s/%s", dir, json_text(json_get(one, "path", 4)));
        unlink(path);
        mem_free(path);
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *path = mem_printf("%s%s", dir, folders[i]);
        rmdir(path);
        mem_free(path);
    }
}

static int write_files(const struct scaffold_options *o, const cJSON *list, struct buf *files, struct err *e)
{
    char *made = mem_printf("%s/.%s.%ld", o->plugins, o->name, (long)getpid());
    char *dir = mem_printf("%s/%s", o->plugins, o->name);
    int rc = 0;
    for (const cJSON *one = list->child; one != NULL && rc == 0; one = one->next) {
        const char *path = json_text(json_get(one, "path", 4));
        rc = write_file(made, path, json_text(json_get(one, "text", 4)), e);
        buf_printf(files, "%s%s", files->len > 0 ? " " : "", path);
    }
    if (rc == 0 && rename(made, dir) != 0)
        rc = err_set(e, ERR_CONFIG, "cannot make %s: %s", dir, strerror(errno));
    if (rc != 0)
        remove_files(made, list);
    mem_free(made);
    mem_free(dir);
    return rc;
}

int scaffold_make(const struct scaffold_options *o, struct buf *said, struct buf *files, struct err *e)
{
    struct payload payload = {0};
    struct json_doc *answer = NULL;
    int rc = o->payload != NULL && o->parser ? read_payload(o->payload, &payload, e) : 0;
    if (rc == 0)
        rc = ask(o, &payload, &answer, e);
    if (rc == 0)
        rc = write_files(o, json_get(json_root(answer), "files", 5), files, e);
    for (const cJSON *one = rc == 0 ? json_get(json_root(answer), "said", 4)->child : NULL; one != NULL; one = one->next)
        buf_printf(said, "%s\n", json_text(one));
    json_free(&answer);
    payload_free(&payload);
    return rc;
}

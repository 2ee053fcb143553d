#include "host/plugin_config.h"

#include <string.h>

#include "base/mem.h"
#include "data/json.h"
#include "script/code.h"
#include "script/trusted.h"

static const cJSON *member(const cJSON *object, const char *name)
{
    return object != NULL ? json_get(object, name, strlen(name)) : NULL;
}

static size_t length(const cJSON *list)
{
    return json_kind(list) == JSON_ARRAY ? json_size(list) : 0;
}

static void add_text(struct buf *out, const char *key, const char *text)
{
    buf_printf(out, "\"%s\":", key);
    json_write_string(text, strlen(text), out);
    buf_char(out, ',');
}

/* Only its lines and names matter, so that a file in another encoding does no harm. */
static void add_source(struct buf *out, const char *source)
{
    char *plain = mem_dup(source);
    for (char *c = plain; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    add_text(out, "source", plain);
    mem_free(plain);
}

static int ask(struct vm *checker, const char *function, const struct buf *project, const char *second, struct json_doc **out,
               struct err *e)
{
    struct json_limits limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};
    const struct trusted_arg args[] = {{.kind = TRUSTED_JSON, .text = project->data}, {.kind = TRUSTED_JSON, .text = second}};
    struct buf answer = {0};
    int failed = trusted_call(checker, "tidemark.contract_project", function, args, 2, &answer, e);
    if (!failed)
        failed = json_parse(answer.data, answer.len, &limits, out, e);
    buf_free(&answer);
    return failed;
}

static void add_mistakes(const cJSON *list, struct buf *mistakes)
{
    for (size_t i = 0; i < length(list); i++)
        buf_printf(mistakes, "%s%s", mistakes->len ? "\n" : "", json_text(json_at(list, i)));
}

static char **texts(const cJSON *list, size_t *n)
{
    *n = length(list);
    char **out = mem_array(*n + 1, sizeof *out);
    for (size_t i = 0; i < *n; i++)
        out[i] = mem_dup(json_text(json_at(list, i)));
    return out;
}

static void take_grant(struct plugin_grant *grant, const cJSON *given)
{
    grant->http = texts(member(given, "http"), &grant->n_http);
    grant->table = texts(member(given, "tables"), &grant->n_table);
    grant->role = mem_dup(json_text(member(given, "role")));
    grant->own_statistics = cJSON_IsTrue(member(given, "own_statistics"));
}

int plugin_configure(struct plugin *p, const struct project *project, struct vm *checker, struct buf *mistakes, struct err *e)
{
    const cJSON *given = project != NULL ? member(member(json_root(project->config), "plugins"), p->name) : NULL;
    const cJSON *declared = json_root(p->description);
    p->config = mem_dup("{}");
    if (given == NULL && member(declared, "config") == NULL)
        return 0;
    struct buf what = {0}, description = {0}, text = {0};
    buf_char(&what, '{');
    if (project != NULL) {
        add_text(&what, "file", "tidemark.lua");
        add_source(&what, project->source);
    }
    buf_str(&what, "\"given\":");
    if (given != NULL)
        json_write(given, &what);
    buf_str(&what, given != NULL ? "}" : "{}}");
    json_write(declared, &description);
    struct json_doc *answer = NULL;
    int failed = ask(checker, "given", &what, description.data, &answer, e);
    if (!failed) {
        const cJSON *config = member(json_root(answer), "config");
        if (project != NULL) /* without one there is nobody who could give what is required */
            add_mistakes(member(json_root(answer), "mistakes"), mistakes);
        json_write(config, &text);
        mem_free(p->config);
        p->config = buf_take(&text);
        take_grant(&p->grant, member(given, "grant"));
        failed = code_set_config(p->vm, config, e);
    }
    json_free(&answer);
    buf_free(&what);
    buf_free(&description);
    buf_free(&text);
    return failed;
}

int plugin_strangers(const struct project *project, const char *const *names, size_t n, struct vm *checker,
                     struct buf *mistakes, struct err *e)
{
    const cJSON *given = project != NULL ? member(json_root(project->config), "plugins") : NULL;
    if (given == NULL)
        return 0;
    struct buf what = {0}, list = {0};
    buf_char(&what, '{');
    add_text(&what, "file", "tidemark.lua");
    add_source(&what, project->source);
    buf_str(&what, "\"plugins\":");
    json_write(given, &what);
    buf_char(&what, '}');
    buf_char(&list, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_char(&list, ',');
        json_write_string(names[i], strlen(names[i]), &list);
    }
    buf_char(&list, ']');
    struct json_doc *answer = NULL;
    int failed = ask(checker, "strangers", &what, list.data, &answer, e);
    if (!failed)
        add_mistakes(member(json_root(answer), "mistakes"), mistakes);
    json_free(&answer);
    buf_free(&what);
    buf_free(&list);
    return failed;
}

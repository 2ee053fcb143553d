#include "host/envelope.h"

#include <string.h>

#include "data/csv.h"
#include "data/datetime.h"

static const char *const keys[] = {"body", "platform", "url", "status", "fetched_at", "headers", "method"};
enum { N_KEYS = sizeof keys / sizeof *keys, N_TELLING = 5 }; /* headers and a method alone do not make a wrapper */

bool envelope_is(const struct json_doc *doc)
{
    const cJSON *root = json_root(doc), *member;
    bool body = false, telling = false;
    if (json_kind(root) != JSON_OBJECT)
        return false;
    cJSON_ArrayForEach(member, root)
    {
        size_t i = 0;
        while (i < N_KEYS && strcmp(member->string, keys[i]) != 0)
            i++;
        if (i == N_KEYS)
            return false;
        body = body || i == 0;
        telling = telling || (i > 0 && i < N_TELLING);
    }
    return body && telling;
}

static const cJSON *get(const cJSON *root, const char *key)
{
    const cJSON *item = json_get(root, key, strlen(key));
    return json_kind(item) == JSON_NULL ? NULL : item;
}

static int read_text(const cJSON *root, const char *key, const char **to, struct err *e)
{
    const cJSON *item = get(root, key);
    if (item == NULL)
        return 0;
    if (json_kind(item) != JSON_STRING)
        return err_set(e, ERR_INPUT, "wrapper: %s must be text, not %s", key, json_kind_name(json_kind(item)));
    *to = json_text(item);
    return 0;
}

static int read_facts(const cJSON *root, struct envelope *out, struct err *e)
{
    const char *time = NULL;
    const cJSON *status = get(root, "status");
    int64_t code = 0;
    if (read_text(root, "platform", &out->platform, e) != 0 || read_text(root, "url", &out->url, e) != 0 ||
        read_text(root, "fetched_at", &time, e) != 0)
        return -1;
    if (status != NULL && (!json_int64(status, &code) || code < 100 || code > 599))
        return err_set(e, ERR_INPUT, "wrapper: status must be an HTTP status such as 200");
    out->status = (int)code;
    if (time != NULL && !datetime_parse(time, &out->fetched_at))
        return err_set(e, ERR_INPUT, "wrapper: fetched_at '%s' is not an ISO 8601 time such as 2026-03-01T12:00:00Z", time);
    out->has_time = time != NULL;
    return 0;
}

/* A body that came as text: JSON or CSV, as for a file. */
static int read_body(const char *text, struct json_doc **body, struct envelope *out, struct err *e)
{
    size_t n = strlen(text), i = strspn(text, " \t\r\n");
    if (text[i] == '\0')
        return err_set(e, ERR_INPUT, "wrapper: the body is empty");
    size_t line = strcspn(text, "\n");
    if (text[i] != '{' && text[i] != '[' && text[i] != '<' && memchr(text, ',', line) != NULL) {
        size_t header = csv_cut(text, n, 1);
        out->format = "csv";
        if (csv_parse(text, header, text + header, n - header, 2, body, e) != 0)
            return err_in(e, "wrapper: body");
        return 0;
    }
    if (json_parse(text, n, NULL, body, e) != 0)
        return err_in(e, "wrapper: body");
    return 0;
}

int envelope_open(struct json_doc **doc, struct envelope *out, struct err *e)
{
    *out = (struct envelope){.format = "json"};
    if (!envelope_is(*doc))
        return 0;
    const cJSON *root = json_root(*doc), *body = get(root, "body");
    if (read_facts(root, out, e) != 0)
        return -1;
    if (body == NULL)
        return err_set(e, ERR_INPUT, "wrapper: there is no body");
    if (json_kind(body) != JSON_STRING) {
        json_narrow(*doc, body);
        return 0;
    }
    struct json_doc *inner = NULL;
    if (read_body(json_text(body), &inner, out, e) != 0)
        return -1;
    out->outer = *doc;
    *doc = inner;
    return 0;
}

void envelope_free(struct envelope *env)
{
    json_free(&env->outer);
    *env = (struct envelope){0};
}

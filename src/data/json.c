/* Documents: parsing, and trees that we build ourselves. */
#include "data/json.h"

#include <stdio.h>
#include <string.h>

#include "data/json_private.h"

const struct json_limits json_limits_default = {.bytes = (size_t)16 << 20, .nodes = 500000, .depth = 64};

static void note(struct json_doc *doc, const struct json_duplicates *twice, size_t replaced)
{
    if (twice->count == 0 && replaced == 0)
        return;
    struct buf b = {0};
    if (twice->count > 0) {
        buf_str(&b, "duplicate key ");
        json_write_string(twice->first, strlen(twice->first), &b);
        if (twice->count > 1)
            buf_printf(&b, " and %zu more", twice->count - 1);
        buf_str(&b, ": the last value counts");
    }
    if (replaced > 0)
        buf_printf(&b, "%sU+FFFD in place of %zu escape%s (\\u0000 or half of a surrogate pair)", b.len > 0 ? "; " : "",
                   replaced, replaced == 1 ? "" : "s");
    if (b.len > 0)
        doc->notes = arena_dup(&doc->arena, b.data);
    buf_free(&b);
}

int json_parse(const char *text, size_t len, const struct json_limits *limits, struct json_doc **doc, struct err *e)
{
    struct json_doc *d = json_new();
    struct json_seen seen;
    *doc = NULL;
    if (json_read(d, text, len, limits != NULL ? limits : &json_limits_default, &seen, e) != 0) {
        json_free(&d);
        return -1;
    }
    note(d, &seen.twice, seen.replaced);
    *doc = d;
    return 0;
}

void json_free(struct json_doc **doc)
{
    if (*doc == NULL)
        return;
    arena_free(&(*doc)->arena);
    mem_free(*doc);
    *doc = NULL;
}

const cJSON *json_root(const struct json_doc *doc)
{
    return doc->root;
}

const char *json_notes(const struct json_doc *doc)
{
    return doc->notes;
}

struct json_doc *json_new(void)
{
    struct json_doc *doc = mem_alloc(sizeof *doc);
    doc->notes = "";
    return doc;
}

static cJSON *new_item(struct json_doc *doc, int type)
{
    cJSON *item = arena_zero(&doc->arena, sizeof *item);
    item->type = type;
    return item;
}

cJSON *json_new_object(struct json_doc *doc)
{
    return new_item(doc, cJSON_Object);
}

cJSON *json_new_array(struct json_doc *doc)
{
    return new_item(doc, cJSON_Array);
}

cJSON *json_new_null(struct json_doc *doc)
{
    return new_item(doc, cJSON_NULL);
}

/* The tree holds C strings, so a NUL becomes U+FFFD, as \u0000 does. */
static char *without_nul(struct json_doc *doc, const char *s, size_t n)
{
    char *copy = arena_alloc(&doc->arena, n * 3 + 1), *out = copy;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\0')
            out = (char *)memcpy(out, JSON_REPLACEMENT, 3) + 3;
        else
            *out++ = s[i];
    }
    *out = '\0';
    return copy;
}

cJSON *json_new_string(struct json_doc *doc, const char *s, size_t n)
{
    cJSON *item = new_item(doc, cJSON_String);
    if (n > 0 && s[0] == JSON_MARK) {
        char *escaped = mem_alloc(n + 1);
        escaped[0] = JSON_MARK;
        memcpy(escaped + 1, s, n);
        item->valuestring = without_nul(doc, escaped, n + 1);
        mem_free(escaped);
    } else if (n > 0 && memchr(s, '\0', n) != NULL) {
        item->valuestring = without_nul(doc, s, n);
    } else {
        item->valuestring = arena_ndup(&doc->arena, n > 0 ? s : "", n);
    }
    return item;
}

void json_append(cJSON *array, cJSON *item)
{
    cJSON *head = array->child;
    if (head == NULL) {
        array->child = item->prev = item;
    } else { /* as in cJSON, the first child's prev is the last child */
        item->prev = head->prev;
        head->prev->next = item;
        head->prev = item;
    }
    item->next = NULL;
    array->valueint++;
    array->valuestring = NULL; /* the table of children, if there was one */
}

void json_put_borrowed(cJSON *object, const char *key, cJSON *item)
{
    item->string = (char *)(uintptr_t)key;
    item->type |= cJSON_StringIsConst;
    json_append(object, item);
}

void json_put(struct json_doc *doc, cJSON *object, const char *key, cJSON *item)
{
    json_put_borrowed(object, arena_dup(&doc->arena, key), item);
}

void json_narrow(struct json_doc *doc, const cJSON *item)
{
    doc->root = (cJSON *)(uintptr_t)item;
}

void json_set_root(struct json_doc *doc, cJSON *root)
{
    doc->root = root;
    json_index(&doc->arena, root);
}

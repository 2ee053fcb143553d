#include "host/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/nearest.h"
#include "data/csv.h"
#include "data/json.h"

enum { BYTES_MAX = 16 << 20 };

static const char json_name[] = "tidemark.content.json", csv_name[] = "tidemark.content.csv";

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

bool manifest_is_name(const char *path)
{
    const char *name = base_name(path);
    return strcmp(name, json_name) == 0 || strcmp(name, csv_name) == 0;
}

/* --- reading --------------------------------------------------------------------------------------------------------------- */

static int read_file(const char *path, struct buf *out, struct err *e)
{
    char chunk[1 << 14];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return err_set(e, ERR_INPUT, "%s: %s", path, strerror(errno));
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0 && out->len <= BYTES_MAX)
        buf_add(out, chunk, n);
    bool bad = ferror(f) != 0;
    int why = errno;
    fclose(f);
    if (bad)
        return err_set(e, ERR_INPUT, "%s: %s", path, strerror(why));
    if (out->len > BYTES_MAX)
        return err_set(e, ERR_INPUT, "%s: larger than the 16 MiB that a list of works may have", path);
    return 0;
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return json_get(object, name, strlen(name));
}

/* A text that is there and not empty; NULL with ok where it is absent or null. */
static const char *text_of(struct manifest *m, const cJSON *value, bool *ok)
{
    if (value == NULL || json_kind(value) == JSON_NULL)
        return NULL;
    const char *text = json_kind(value) == JSON_STRING ? json_text(value) : NULL;
    *ok = *ok && text != NULL && *text != '\0';
    return text != NULL ? arena_dup(&m->arena, text) : NULL;
}

static int check_keys(const char *path, const char *where, const cJSON *object, const char *const *known, size_t n,
                      struct err *e)
{
    for (const cJSON *c = object->child; c != NULL; c = c->next) {
        size_t i = 0;
        while (i < n && strcmp(c->string, known[i]) != 0)
            i++;
        if (i < n)
            continue;
        const char *near = nearest(c->string, known, n);
        return near != NULL
                   ? err_set(e, ERR_INPUT, "%s: %s: unknown key '%s', did you mean '%s'?", path, where, c->string, near)
                   : err_set(e, ERR_INPUT, "%s: %s: unknown key '%s'", path, where, c->string);
    }
    return 0;
}

static int json_work(struct manifest *m, const char *path, size_t i, const cJSON *d, struct err *e)
{
    static const char *const keys[] = {"key", "title", "posts"};
    struct manifest_work *w = &m->work[m->n++];
    char where[40];
    bool ok = true;
    snprintf(where, sizeof where, "works[%zu]", i);
    if (json_kind(d) != JSON_OBJECT)
        return err_set(e, ERR_INPUT, "%s: %s is no object; write {\"title\": \"…\", \"posts\": [\"youtube:ID\", …]}", path,
                       where);
    if (check_keys(path, where, d, keys, 3, e) != 0)
        return -1;
    *w = (struct manifest_work){.key = text_of(m, member(d, "key"), &ok), .title = text_of(m, member(d, "title"), &ok)};
    if (!ok)
        return err_set(e, ERR_INPUT, "%s: %s: key and title must be texts that are not empty", path, where);
    const cJSON *posts = member(d, "posts");
    if (json_kind(posts) != JSON_ARRAY || json_size(posts) == 0)
        return err_set(e, ERR_INPUT, "%s: %s: posts must be a list of posts, such as [\"youtube:ID\", \"https://…\"]", path,
                       where);
    w->post = arena_alloc(&m->arena, json_size(posts) * sizeof *w->post);
    for (const cJSON *c = posts->child; c != NULL; c = c->next) {
        const char *post = c->type == cJSON_NULL ? NULL : text_of(m, c, &ok);
        if (post == NULL || !ok)
            return err_set(e, ERR_INPUT, "%s: %s: posts[%zu] is no text; write \"platform:id\" or an address", path, where,
                           w->n_post);
        w->post[w->n_post++] = post;
    }
    return 0;
}

static int read_json(struct manifest *m, const char *path, const struct buf *text, struct err *e)
{
    static const char *const keys[] = {"works"};
    struct json_doc *doc = NULL;
    struct err bad = {0};
    if (json_parse(text->data != NULL ? text->data : "", text->len, NULL, &doc, &bad) != 0)
        return err_set(e, ERR_INPUT, "%s: %s", path, bad.text);
    const cJSON *root = json_root(doc), *works = member(root, "works");
    int rc = 0;
    if (json_kind(root) == JSON_OBJECT)
        rc = check_keys(path, "the list", root, keys, 1, e);
    if (rc == 0 && json_kind(works) != JSON_ARRAY)
        rc = err_set(e, ERR_INPUT, "%s: no list of works: {\"works\": [{\"key\": \"…\", \"title\": \"…\", \"posts\": […]}]}",
                     path);
    m->work = arena_zero(&m->arena, (json_size(works) + 1) * sizeof *m->work);
    size_t i = 0;
    for (const cJSON *c = rc == 0 ? works->child : NULL; rc == 0 && c != NULL; c = c->next)
        rc = json_work(m, path, i++, c, e);
    json_free(&doc);
    return rc;
}

static struct manifest_work *work_of(struct manifest *m, const char *key)
{
    for (size_t i = m->n; i > 0; i--) /* mostly the one before */
        if (strcmp(m->work[i - 1].key, key) == 0)
            return &m->work[i - 1];
    m->work[m->n] = (struct manifest_work){.key = key};
    return &m->work[m->n++];
}

static int csv_row(struct manifest *m, const char *path, const cJSON *row, size_t n_row, struct err *e)
{
    bool ok = true;
    const char *key = text_of(m, member(row, "work"), &ok), *post = text_of(m, member(row, "post"), &ok);
    const char *title = text_of(m, member(row, "title"), &ok);
    if (key == NULL || post == NULL)
        return err_set(e, ERR_INPUT, "%s:%zu: no %s", path, csv_line(row), key == NULL ? "work" : "post");
    struct manifest_work *w = work_of(m, key);
    if (title != NULL && w->title != NULL && strcmp(title, w->title) != 0)
        return err_set(e, ERR_INPUT, "%s:%zu: work '%s' has another title above: '%s'", path, csv_line(row), key, w->title);
    if (title != NULL)
        w->title = title;
    if (w->post == NULL)
        w->post = arena_alloc(&m->arena, n_row * sizeof *w->post);
    w->post[w->n_post++] = post;
    return 0;
}

static int read_csv(struct manifest *m, const char *path, const struct buf *text, struct err *e)
{
    struct json_doc *doc = NULL;
    struct err bad = {0};
    const char *data = text->data != NULL ? text->data : "";
    size_t header = csv_cut(data, text->len, 1);
    if (csv_parse(data, header, data + header, text->len - header, 2, &doc, &bad) != 0)
        return err_set(e, ERR_INPUT, "%s: %s", path, bad.text);
    const cJSON *rows = member(json_root(doc), "rows"), *columns = member(json_root(doc), "columns");
    bool work = false, post = false;
    for (const cJSON *c = columns->child; c != NULL; c = c->next) {
        work = work || strcmp(json_text(c), "work") == 0;
        post = post || strcmp(json_text(c), "post") == 0;
    }
    int rc = work && post ? 0 : err_set(e, ERR_INPUT, "%s:1: needs the columns work and post (and may have title)", path);
    m->work = arena_zero(&m->arena, (json_size(rows) + 1) * sizeof *m->work);
    for (const cJSON *c = rows->child; rc == 0 && c != NULL; c = c->next)
        rc = csv_row(m, path, c, json_size(rows), e);
    json_free(&doc);
    return rc;
}

/* --- checks ------------------------------------------------------------------------------------------------------------------ */

struct place {
    const char *post;
    size_t work;
};

static int by_post(const void *a, const void *b)
{
    return strcmp(((const struct place *)a)->post, ((const struct place *)b)->post);
}

/* One post in two works would make them one. */
static int check_twice(const struct manifest *m, const char *path, struct err *e)
{
    size_t n = 0;
    int rc = 0;
    for (size_t i = 0; i < m->n; i++)
        n += m->work[i].n_post;
    struct place *place = mem_array(n + 1, sizeof *place);
    n = 0;
    for (size_t i = 0; i < m->n; i++)
        for (size_t k = 0; k < m->work[i].n_post; k++)
            place[n++] = (struct place){m->work[i].post[k], i};
    qsort(place, n, sizeof *place, by_post);
    for (size_t i = 1; rc == 0 && i < n; i++)
        if (place[i].work != place[i - 1].work && strcmp(place[i].post, place[i - 1].post) == 0)
            rc = err_set(e, ERR_INPUT, "%s: %s stands in two works: one post belongs to one work", path, place[i].post);
    mem_free(place);
    return rc;
}

int manifest_read(const char *path, struct manifest *out, struct err *e)
{
    struct buf text = {0};
    size_t n = strlen(path);
    *out = (struct manifest){0};
    int rc = read_file(path, &text, e);
    if (rc == 0)
        rc = n > 4 && strcmp(path + n - 4, ".csv") == 0 ? read_csv(out, path, &text, e) : read_json(out, path, &text, e);
    buf_free(&text);
    if (rc == 0)
        rc = check_twice(out, path, e);
    if (rc != 0)
        manifest_free(out);
    return rc;
}

void manifest_free(struct manifest *m)
{
    arena_free(&m->arena);
    *m = (struct manifest){0};
}

/* --- finding ---------------------------------------------------------------------------------------------------------------- */

static void take_path(struct input_paths *out, char *path)
{
    for (size_t i = 0; i < out->n; i++) {
        if (strcmp(out->path[i], path) == 0) {
            mem_free(path);
            return;
        }
    }
    out->path = mem_realloc(out->path, (out->n + 1) * sizeof *out->path);
    out->path[out->n++] = path;
}

static void in_folder(const char *dir, struct input_paths *out)
{
    const char *const names[] = {json_name, csv_name};
    for (size_t i = 0; i < 2; i++) {
        char *path = mem_printf("%s/%s", dir, names[i]);
        struct stat st;
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
            take_path(out, path);
        else
            mem_free(path);
    }
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static void below(const char *dir, struct input_paths *out)
{
    struct dirent **entry = NULL;
    int n = scandir(dir, &entry, visible, by_name);
    in_folder(dir, out);
    for (int i = 0; i < n; i++) {
        char *path = mem_printf("%s/%s", dir, entry[i]->d_name);
        struct stat st;
        if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
            below(path, out);
        mem_free(path);
        free(entry[i]);
    }
    free(entry);
}

void manifest_beside(const char *name, struct input_paths *out)
{
    struct stat st;
    if (strcmp(name, "-") == 0 || stat(name, &st) != 0)
        return;
    char *dir = mem_dup(name);
    for (size_t n = strlen(dir); n > 1 && dir[n - 1] == '/'; n--)
        dir[n - 1] = '\0';
    if (S_ISDIR(st.st_mode)) {
        below(dir, out);
    } else {
        char *slash = strrchr(dir, '/');
        if (slash != NULL)
            *slash = '\0';
        in_folder(slash == NULL ? "." : slash == dir ? "/" : dir, out);
    }
    mem_free(dir);
}

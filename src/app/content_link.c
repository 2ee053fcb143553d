#include "app/content_link.h"

#include "base/log.h"
#include "data/text.h"

static void tell(const char *path, const struct manifest *m, const struct works_result *r)
{
    log_info("%s: %zu work%s, %zu post%s of them %s here%s", path, m->n, m->n == 1 ? "" : "s", r->posts,
             r->posts == 1 ? "" : "s", r->posts == 1 ? "is" : "are", r->linked + r->named == 0 ? "; nothing new in it" : "");
    if (r->linked > 0)
        log_info("%s: %zu content%s became part of another", path, r->linked, r->linked == 1 ? "" : "s");
    if (r->n_missing > 0)
        log_warn("%s: %zu post%s not here yet, linked by a later ingest: %s", path, r->n_missing,
                 r->n_missing == 1 ? " is" : "s are", r->missing.data);
}

int content_link_file(struct app *app, const struct uuid *owner, const char *path, struct err *e)
{
    struct manifest m;
    struct works_result r = {0};
    if (manifest_read(path, &m, e) != 0)
        return -1;
    int rc = works_link(app->session, owner, &m, "manifest", false, &r, e);
    if (rc == 0)
        tell(path, &m, &r);
    works_result_free(&r);
    manifest_free(&m);
    return rc;
}

void content_link_beside(struct app *app, const struct uuid *owner, const char *const *names, size_t n, void *ctx,
                         void (*problem)(void *ctx, const char *path, const char *code, const char *text))
{
    struct input_paths found = {0};
    for (size_t i = 0; i < n; i++)
        manifest_beside(names[i], &found);
    for (size_t i = 0; i < found.n; i++) {
        struct err e = {0};
        struct manifest m = {0};
        int rc = owner != NULL ? content_link_file(app, owner, found.path[i], &e) : manifest_read(found.path[i], &m, &e);
        manifest_free(&m);
        if (rc != 0)
            problem(ctx, NULL, e.kind == ERR_INPUT ? "bad_manifest" : "not_linked", e.text);
    }
    input_paths_free(&found);
}

#include "host/rule.h"

#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"

static const cJSON *member(const cJSON *object, const char *name)
{
    return json_get(object, name, strlen(name));
}

static int64_t whole(const cJSON *object, const char *name)
{
    int64_t value = 0;
    must(json_int64(member(object, name), &value));
    return value;
}

static bool yes(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(member(object, name));
}

struct rule *rule_new(const struct plugin *plugin, const cJSON *description)
{
    const cJSON *needs = member(description, "needs");
    struct rule *r = mem_alloc(sizeof *r);
    r->plugin = plugin;
    r->name = mem_dup(json_text(member(description, "name")));
    r->about = mem_dup(json_text(member(description, "about")));
    r->every = mem_dup(json_text(member(description, "every")));
    r->metric = mem_dup(json_text(member(needs, "metric")));
    r->age_h = (int)whole(needs, "age_h");
    r->since_s = whole(needs, "since_s");
    r->gained = yes(needs, "gained");
    r->changes = yes(needs, "changes");
    return r;
}

void rule_free(struct rule **r)
{
    if (*r == NULL)
        return;
    mem_free((*r)->name);
    mem_free((*r)->about);
    mem_free((*r)->every);
    mem_free((*r)->metric);
    mem_free(*r);
    *r = NULL;
}

const struct rule *rule_find(const struct registry *r, const char *name)
{
    for (size_t i = 0; i < r->n_plugin; i++)
        for (size_t k = 0; k < r->plugin[i]->n_rule; k++)
            if (strcmp(r->plugin[i]->rule[k]->name, name) == 0)
                return r->plugin[i]->rule[k];
    return NULL;
}

int rule_unknown(const struct registry *r, const char *name, struct err *e)
{
    const char **names = NULL;
    size_t n = 0;
    struct buf list = {0};
    for (size_t i = 0; i < r->n_plugin; i++)
        for (size_t k = 0; k < r->plugin[i]->n_rule; k++) {
            names = mem_realloc(names, (n + 1) * sizeof *names);
            names[n++] = r->plugin[i]->rule[k]->name;
            buf_printf(&list, "%s%s", n > 1 ? ", " : "", names[n - 1]);
        }
    const char *near = n > 0 ? nearest(name, names, n) : NULL;
    if (near != NULL)
        err_set(e, ERR_USAGE, "unknown rule '%s', did you mean '%s'?", name, near);
    else
        err_set(e, ERR_USAGE, "unknown rule '%s' (rules: %s)", name, n > 0 ? list.data : "none");
    mem_free(names);
    buf_free(&list);
    return -1;
}

int rule_check_own(const struct rule *rule, struct err *e)
{
    const struct plugin *p = rule->plugin;
    if (p->grant.own_statistics)
        return 0;
    char *grant = plugin_grant_line(p, "own_statistics", NULL);
    const cJSON *declared = member(p->description != NULL ? json_root(p->description) : NULL, "capabilities");
    const char *why = "tidemark cannot check what it says";
    if (yes(declared, "own_statistics"))
        err_set(e, ERR_PLUGIN, "%s: ctx.own is not granted: %s. Where you trust plugin %s, add to tidemark.lua: %s", rule->name,
                why, p->name, grant);
    else
        err_set(e, ERR_PLUGIN,
                "%s: ctx.own needs a capability, since %s. Add to %s: capabilities = { own_statistics = true }; and to "
                "tidemark.lua: %s",
                rule->name, why, p->shown, grant);
    mem_free(grant);
    return -1;
}

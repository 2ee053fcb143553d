#include "host/plugin_parts.h"

#include <string.h>

#include "base/mem.h"
#include "host/parser_spec.h"
#include "host/report_lua.h"
#include "host/rule.h"

static const cJSON *member(const cJSON *object, const char *name)
{
    return json_get(object, name, strlen(name));
}

static size_t length(const cJSON *list)
{
    return json_kind(list) == JSON_ARRAY ? json_size(list) : 0;
}

static char *text_of(const cJSON *object, const char *name)
{
    return mem_dup(json_text(member(object, name)));
}

static void take_jobs(struct plugin *p, const cJSON *list)
{
    size_t n = length(list);
    p->job = mem_realloc(p->job, (p->n_job + n + 1) * sizeof *p->job);
    for (size_t i = 0; i < n; i++) {
        const cJSON *d = json_at(list, i);
        int64_t timeout = 0;
        json_int64(member(d, "timeout_s"), &timeout);
        p->job[p->n_job++] = (struct plugin_job){
            .name = text_of(d, "name"),
            .about = text_of(d, "about"),
            .every = text_of(d, "every"),
            .platform = text_of(d, "platform"),
            .timeout_s = (unsigned)timeout,
        };
    }
}

void plugin_parts_take(struct plugin *p, struct json_doc *description)
{
    const cJSON *root = json_root(description), *parsers = member(root, "parsers"), *rules = member(root, "rules");
    p->description = description;
    p->about = text_of(root, "about");
    p->parser = mem_array(length(parsers) + 1, sizeof(struct parser_spec *));
    for (; p->n_parser < length(parsers); p->n_parser++)
        p->parser[p->n_parser] = parser_spec_new(p, json_at(parsers, p->n_parser));
    p->rule = mem_array(length(rules) + 1, sizeof(struct rule *));
    for (; p->n_rule < length(rules); p->n_rule++)
        p->rule[p->n_rule] = rule_new(p, json_at(rules, p->n_rule));
    const cJSON *reports = member(root, "reports");
    p->report = mem_array(length(reports) + 1, sizeof(struct report *));
    for (; p->n_report < length(reports); p->n_report++)
        p->report[p->n_report] = report_of_lua(p, json_at(reports, p->n_report));
    take_jobs(p, member(root, "jobs"));
    take_jobs(p, member(root, "collectors"));
}

void plugin_parts_twice(const struct plugin *p, struct buf *mistakes)
{
    const cJSON *reports = p->description != NULL ? member(json_root(p->description), "reports") : NULL;
    for (size_t i = 0; i < length(reports); i++) {
        const char *name = json_text(member(json_at(reports, i), "name"));
        for (size_t k = 0; k < p->n_report; k++)
            if (strcmp(p->report[k]->name, name) == 0 && p->report[k]->sql != NULL)
                buf_printf(mistakes, "%s%s:1: report %s is there twice, here and in %s: rename one of the two",
                           mistakes->len ? "\n" : "", p->report[k]->file, name, p->shown);
    }
}

void plugin_parts_warnings(const struct plugin *p, struct buf *out)
{
    const cJSON *list = member(json_root(p->description), "warnings");
    for (size_t i = 0; i < length(list); i++)
        buf_printf(out, "%s%s", out->len ? "\n" : "", json_text(json_at(list, i)));
}

int plugin_line(const struct plugin *p, const char *part, const char *name)
{
    int64_t line = 1;
    const cJSON *lines = member(json_root(p->description), "lines");
    if (lines != NULL && member(lines, part) != NULL)
        json_int64(member(member(lines, part), name), &line);
    return (int)line;
}

/* Is it granted, or, where it is "*.example.com", some host below it? */
static bool is_granted(char *const *list, size_t n, const char *value)
{
    size_t len = strlen(value);
    for (size_t i = 0; i < n; i++) {
        size_t given = strlen(list[i]);
        if (strcmp(list[i], value) == 0 ||
            (value[0] == '*' && given >= len && strcmp(list[i] + given - (len - 1), value + 1) == 0))
            return true;
    }
    return false;
}

struct plugin_capability *plugin_capabilities(const struct plugin *p, size_t *n)
{
    const cJSON *all = member(json_root(p->description), "capabilities");
    const cJSON *http = all != NULL ? member(all, "http") : NULL, *tables = all != NULL ? member(all, "tables") : NULL;
    const struct plugin_grant *g = &p->grant;
    struct plugin_capability *list = mem_array(length(http) + length(tables) + 1, sizeof *list);
    *n = 0;
    for (size_t i = 0; i < length(http); i++) {
        const char *value = json_text(json_at(http, i));
        list[(*n)++] = (struct plugin_capability){"http", value, is_granted(g->http, g->n_http, value)};
    }
    for (size_t i = 0; i < length(tables); i++) {
        const char *value = json_text(json_at(tables, i));
        list[(*n)++] = (struct plugin_capability){"tables", value, is_granted(g->table, g->n_table, value)};
    }
    if (all != NULL && cJSON_IsTrue(member(all, "own_statistics")))
        list[(*n)++] = (struct plugin_capability){"own_statistics", NULL, g->own_statistics};
    return list;
}

char *plugin_grant_line(const struct plugin *p, const char *capability, const char *value)
{
    if (value == NULL)
        return mem_printf("plugins = { %s = { grant = { %s = true } } }", p->name, capability);
    return mem_printf("plugins = { %s = { grant = { %s = { \"%s\" } } } }", p->name, capability, value);
}

static void free_texts(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        mem_free(list[i]);
    mem_free(list);
}

void plugin_parts_free(struct plugin *p)
{
    for (size_t i = 0; i < p->n_parser; i++)
        parser_spec_free(&p->parser[i]);
    for (size_t i = 0; i < p->n_report; i++)
        report_free(&p->report[i]);
    for (size_t i = 0; i < p->n_rule; i++)
        rule_free(&p->rule[i]);
    for (size_t i = 0; i < p->n_job; i++) {
        mem_free(p->job[i].name);
        mem_free(p->job[i].about);
        mem_free(p->job[i].every);
        mem_free(p->job[i].platform);
    }
    mem_free(p->parser);
    mem_free(p->report);
    mem_free(p->rule);
    mem_free(p->job);
    mem_free(p->about);
    mem_free(p->config);
    json_free(&p->description);
    free_texts(p->grant.http, p->grant.n_http);
    free_texts(p->grant.table, p->grant.n_table);
    mem_free(p->grant.role);
}

#include "host/plugin_doc.h"

#include <string.h>

#include "base/mem.h"
#include "data/json.h"
#include "host/report.h"
#include "host/report_file.h"
#include "script/trusted.h"

enum { DOC_MS = 10000, DOC_BYTES = 128 << 20 };

static void add(struct buf *out, const char *key, const char *text)
{
    if (text == NULL)
        return;
    buf_printf(out, "%s\"%s\":", out->data[out->len - 1] == '{' ? "" : ",", key);
    json_write_string(text, strlen(text), out);
}

static void add_report(struct buf *out, const struct report *r)
{
    buf_char(out, '{');
    add(out, "name", r->name);
    add(out, "about", r->about);
    buf_str(out, ",\"args\":[");
    for (size_t i = 0; i < r->n_arg; i++) {
        buf_str(out, i ? ",{" : "{");
        add(out, "name", r->arg[i].name);
        add(out, "type", arg_type_name(r->arg[i].type));
        add(out, "default", r->arg[i].fallback);
        add(out, "about", r->arg[i].about);
        buf_char(out, '}');
    }
    buf_str(out, "],\"columns\":[");
    for (size_t i = 0; i < r->layout.n_column; i++) {
        const struct table_column *c = &r->layout.column[i];
        buf_str(out, i ? ",{" : "{");
        add(out, "name", c->name);
        add(out, "title", c->title);
        add(out, "unit", c->unit);
        buf_printf(out, ",\"hide\":%s}", c->hide ? "true" : "false");
    }
    buf_str(out, "]}");
}

static void add_capabilities(struct buf *out, const struct plugin *p)
{
    size_t n;
    struct plugin_capability *list = plugin_capabilities(p, &n);
    buf_str(out, ",\"capabilities\":[");
    for (size_t i = 0; i < n; i++) {
        char *line = plugin_grant_line(p, list[i].name, list[i].value);
        buf_str(out, i ? ",{" : "{");
        add(out, "name", list[i].name);
        add(out, "value", list[i].value);
        add(out, "line", line);
        buf_printf(out, ",\"granted\":%s}", list[i].granted ? "true" : "false");
        mem_free(line);
    }
    buf_char(out, ']');
    mem_free(list);
}

static void describe(const struct plugin *p, struct buf *out)
{
    buf_str(out, "{\"description\":");
    json_write(json_root(p->description), out);
    buf_str(out, ",\"sql_reports\":[");
    bool first = true;
    for (size_t i = 0; i < p->n_report; i++) {
        if (p->report[i]->sql == NULL) /* in Lua: the description has it */
            continue;
        buf_str(out, first ? "" : ",");
        add_report(out, p->report[i]);
        first = false;
    }
    buf_char(out, ']');
    add_capabilities(out, p);
    buf_char(out, '}');
}

int plugin_doc(const struct plugin *p, const char *lib_dir, const char *format, struct buf *out, struct err *e)
{
    struct buf info = {0}, answer = {0};
    struct json_limits limits = {.bytes = SIZE_MAX / 2, .nodes = SIZE_MAX / 2, .depth = 100};
    struct json_doc *page = NULL;
    struct vm *vm = trusted_open(lib_dir, DOC_MS, DOC_BYTES);
    int failed;
    if (p != NULL) {
        describe(p, &info);
        const struct trusted_arg args[] = {{.kind = TRUSTED_JSON, .text = info.data}, {.kind = TRUSTED_TEXT, .text = format}};
        failed = trusted_call(vm, "tidemark.contract_doc", "page", args, 2, &answer, e);
    } else {
        const struct trusted_arg args[] = {{.kind = TRUSTED_TEXT, .text = format}};
        failed = trusted_call(vm, "tidemark.contract_doc", "reference", args, 1, &answer, e);
    }
    if (!failed)
        failed = json_parse(answer.data, answer.len, &limits, &page, e);
    if (!failed)
        buf_str(out, json_text(json_root(page)));
    json_free(&page);
    vm_free(&vm);
    buf_free(&info);
    buf_free(&answer);
    return failed;
}

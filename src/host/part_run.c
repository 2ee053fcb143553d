#include "host/part_run.h"

#include "base/buf.h"
#include "db/session.h"
#include "host/plugin_use.h"
#include "host/run_port.h"
#include "script/vm.h"

/* Whose ctx.state a script's is: not a plugin's, whatever the file is called. */
static const char script_state[] = "script";

static int run_over(const struct part_run *r, struct run_port *port, const struct run_code *code, struct err *e)
{
    const struct plugin_grant *grant = r->plugin != NULL ? &r->plugin->grant : NULL;
    struct buf state = {0};
    int rc = 0;
    if (grant != NULL && (grant->n_table > 0 || grant->role != NULL))
        rc = run_port_check(port, (const char *const *)grant->table, grant->n_table, e);
    if (rc == 0)
        rc = run_port_state(port, &state, e);
    if (rc == 0) {
        const struct run_options o = {
            .kind = r->kind,
            .what = r->what,
            .port = run_port(port),
            .now = r->now,
            .as_of = r->as_of,
            .config = r->plugin != NULL ? r->plugin->config : NULL,
            .state = state.data,
        };
        rc = run_function(r->vm, &o, code, NULL, e);
    }
    buf_free(&state);
    return rc;
}

/* A run that was stopped, or that the database left alone, says nothing of the plugin. */
static void keep_use(const struct part_run *r, const struct err *failed)
{
    struct plugin_uses uses = {0};
    if (r->plugin == NULL || r->session == NULL || (failed != NULL && failed->kind != ERR_PLUGIN))
        return;
    plugin_use_add(&uses, r->plugin, r->what, failed);
    plugin_use_write(&uses, r->session, &r->owner);
    plugin_uses_free(&uses);
}

int part_run(const struct part_run *r, const struct run_code *code, struct err *e)
{
    struct vm_usage usage;
    vm_usage(r->vm, &usage);
    const struct run_port_options o = {
        .writes = r->kind != RUN_REPORT && r->kind != RUN_RULE && !r->read_only,
        .walled = r->walled,
        .plugin = r->plugin != NULL ? r->plugin->name : script_state,
        .what = r->what,
        .role = r->plugin != NULL ? r->plugin->grant.role : NULL,
        .db_ms = (unsigned)usage.of[VM_DB].limit,
    };
    struct run_port *port = run_port_open(r->loop, r->pool, &r->owner, &o);
    int rc = run_over(r, port, code, e);
    run_port_close(&port);
    keep_use(r, rc != 0 ? e : NULL);
    return rc;
}

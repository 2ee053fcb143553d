/* A rule of a plugin: what it is called and what the host has to bring it. Its code stays in the plugin's state. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/json.h"
#include "host/plugin.h"

struct rule {
    const struct plugin *plugin;
    char *name, *about, *every; /* every NULL: no schedule of its own */
    char *metric;               /* "engagement" or "reach" */
    int age_h;                  /* posts are compared at this age; meaningless where gained */
    int64_t since_s;            /* how far back from the run's clock */
    bool gained;                /* it wants what posts gained day by day */
    bool changes;               /* it wants what changed in the AI */
};

/* description: what lua/tidemark/contract_rule.lua makes of it. */
struct rule *rule_new(const struct plugin *plugin, const cJSON *description);
void rule_free(struct rule **r);

/* NULL where no plugin has it. */
const struct rule *rule_find(const struct registry *r, const char *name);
/* ERR_USAGE for a name that no plugin has, with the nearest one. */
int rule_unknown(const struct registry *r, const char *name, struct err *e);

/* May the rule call ctx.own: does its plugin declare statistics of its own, and does the project grant them? ERR_PLUGIN with the lines to
 * add where not. */
int rule_check_own(const struct rule *rule, struct err *e);

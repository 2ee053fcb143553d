/* One question of a spec (lua/tidemark/testkit.lua, testkit.host()): JSON in, JSON out. Inside host/plugin_test*.c. */
#pragma once

#include "data/json.h"
#include "host/plugin_test.h"

struct ask {
    struct plugin_test *t;
    const cJSON *args;
    struct uuid owner;
    struct buf *out;
};

/* A member of the question; NULL where it is absent or null. */
const cJSON *ask_arg(const cJSON *args, const char *name);
const char *ask_text(const cJSON *args, const char *name); /* NULL also where it is no text */
int ask_when(const cJSON *args, const char *name, bool *has, int64_t *to, struct err *e);

/* The next member of the object that out ends in; text NULL is null. */
void ask_add_text(struct buf *out, const char *name, const char *text);
void ask_add_int(struct buf *out, const char *name, int64_t v);

int ask_need_plugins(struct plugin_test *t, struct err *e);
int ask_need_owner(struct ask *a, struct err *e); /* and the database */

/* plugin_test_run.c */
int ask_learn(struct ask *a, struct err *e);
int ask_report(struct ask *a, struct err *e);
int ask_run(struct ask *a, struct err *e);
int ask_query(struct ask *a, struct err *e);

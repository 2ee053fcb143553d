/* A parser, compiled: what lua/tidemark/contract.lua says of it, with its paths split once. Inside host/parser*.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/rows.h"
#include "host/parser.h"

struct step {
    const char *key;
    size_t len;
    size_t index; /* the key as a whole number */
    bool is_index;
};

struct path {
    const char *text; /* without the ^ */
    bool from_doc;
    struct step *step;
    size_t n;
};

enum unit { UNIT_NONE, UNIT_S, UNIT_MS, UNIT_EPOCH_S, UNIT_EPOCH_MS };

/* Where a field comes from: the first of the paths that is there and not null, or their sum. */
struct source {
    struct path *path;
    size_t n; /* 0: not mapped */
    bool sum;
    enum unit unit;
};

struct named_source {
    const char *name;
    struct source source;
};

struct named_list {
    struct named_source *item;
    size_t n;
};

/* Who the audience was: one object, or values put together under names. */
struct audience_source {
    struct source whole;
    struct named_list named;
};

struct condition {
    struct path path;
    enum { CONDITION_TEXT, CONDITION_THERE, CONDITION_ABSENT, CONDITION_KIND } what;
    const char **any; /* CONDITION_TEXT: one of these */
    size_t n_any;
    const char *kind;
};

struct condition_list {
    struct condition *item;
    size_t n;
};

struct drop_rule {
    const char *reason;
    struct condition_list when;
};

/* The fields of a row, in one table for the declarative form and for out.post and out.counts. */
enum field {
    FIELD_ID,
    FIELD_PLATFORM,
    FIELD_ACCOUNT,
    FIELD_TITLE,
    FIELD_CAPTION,
    FIELD_URL,
    FIELD_PUBLISHED_AT,
    FIELD_TAGS,
    FIELD_DURATION_S,
    FIELD_MEDIA_KIND,
    FIELD_AI_VERSION,
    FIELD_ALIASES,
    FIELD_VIEWS,
    FIELD_LIKES,
    FIELD_SHARES,
    FIELD_COMMENTS,
    FIELD_SAVES,
    FIELD_AVERAGE_WATCH_TIME,
    FIELD_WINDOW_START,
    FIELD_WINDOW_END,
    FIELD_MAX
};
enum { FIELD_FIRST_COUNT = FIELD_VIEWS };
extern const char *const field_names[FIELD_MAX];

struct parser_spec {
    struct arena arena;
    const struct plugin *plugin;
    const char *name;
    bool csv, whole, wide_export, is_code, match_is_code;

    struct condition_list match;
    const char **column;
    size_t n_column;
    const char *url;          /* a Lua pattern */
    const char **id_from_url; /* Lua patterns with one capture */
    size_t n_id_from_url;

    struct path *each;
    size_t n_each; /* 0: the document */
    struct source field[FIELD_MAX];
    struct named_list features, metrics, extra;
    struct audience_source audience;
    bool has_extra_from;
    struct path extra_from;
    const char **extra_used; /* members of extra_from that a field takes */
    size_t n_extra_used;
    bool has_account, has_same;
    struct source account_id, account_handle;
    struct named_list account_metrics;
    struct audience_source account_audience;
    bool only_accounts; /* the items are observations of accounts: there is no post */
    struct source same_id, same_aliases;
    struct drop_rule *drop;
    size_t n_drop;
    const char *skip;
    bool refuses;
    struct source refuse_code, refuse_text;
    enum window window;
    const char *zone; /* NULL: UTC */
};

/* description: one element of the contract's parsers. It has been checked there, so this cannot fail. */
struct parser_spec *parser_spec_new(const struct plugin *plugin, const cJSON *description);
void parser_spec_free(struct parser_spec **p);

const cJSON *path_get(const struct path *p, const cJSON *item, const cJSON *doc);
/* The value of a source with how = first; NULL when none is there. */
const cJSON *source_get(const struct source *s, const cJSON *item, const cJSON *doc);
bool condition_met(const struct condition *c, const cJSON *item, const cJSON *doc);
/* All of them are met? */
bool conditions_met(const struct condition_list *list, const cJSON *item, const cJSON *doc);

/* The id of a post of a document whose items name none: what the request knew. parser_given.c */
struct given_id {
    const char *id;  /* NULL: nobody knows it; lives in the rows' arena */
    bool by_content; /* said by --content, not read off the url */
};
int parser_given_id(const struct parser_spec *p, const struct parser_input *in, struct rows *out, struct given_id *given,
                    struct err *e);

/* parser_walk.c and parser_events.c: what parser_run does */
int parser_walk(const struct parser_spec *p, const cJSON *doc, const struct given_id *given, struct rows *out, struct err *e);
void parser_events(const struct parser_spec *p, const cJSON *events, const struct given_id *given, struct rows *out);

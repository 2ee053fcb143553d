/* What a parser yields from one document, before anything is resolved against the database. Everything lives in the arena. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

/* In posts.features: when each of the facts that no platform sent was observed, by which parser, and what it could not take. */
#define FACTS_ABOUT "_facts"

struct count {
    bool known; /* false: NULL, never 0 */
    int64_t value;
};

enum window { WINDOW_LIFETIME, WINDOW_DAY, WINDOW_WEEK, WINDOW_DAYS_28, WINDOW_RANGE };
const char *window_name(enum window w); /* "lifetime", "day", "week", "days_28", "range" */
bool window_parse(const char *name, enum window *out);

/* One observation of one post, or facts about it. Texts are NUL-terminated UTF-8 or NULL where absent. */
struct row {
    size_t item; /* 0-based position among what the parser was given; for messages */
    size_t line; /* 1-based line in the file for NDJSON and CSV, else 0 */

    const char *external_id; /* never NULL in a row that passed the contract */
    const char *platform;    /* the plugin's unless the parser said otherwise */
    const char *account;     /* the account's external id, or NULL */

    const char *title, *caption, *url, *media_kind, *ai_version;
    const char *tags;     /* a JSON array of strings, or NULL */
    const char *features; /* a JSON object, or NULL */
    const char **alias;   /* other ids of the same post, n_alias of them; none twice, none the id itself */
    size_t n_alias;
    bool has_published_at, has_duration;
    int64_t published_at; /* microseconds */
    double duration_s;

    struct count views, likes, shares, comments, saves;
    struct count average_watch_ms; /* thousandths of a second */
    enum window window;
    bool has_window_start, has_window_end;
    int64_t window_start, window_end;
    const char *metrics;  /* a JSON object of registry names without a column, or NULL */
    const char *audience; /* a JSON object: who the audience was, or NULL */
    const char *extra;    /* a JSON object of leftovers under the platform's own names, or NULL */
    const char *notes;    /* "a count could not be read" and the like, or NULL */
    bool wide_export;     /* several media families filled at once: only like and comment counts were taken */

    bool id_given; /* the document named no id: external_id is what the user said it is */

    uint64_t sum; /* of what it says about its post, for who writes it */

    /* Not from the platform: features alone, which join the post's own. It makes no snapshot. */
    bool facts_only;
    const char *fact_notes; /* a JSON object: what could not be taken of a feature, as text, or NULL */
};

/* An account: facts, or with metrics or audience an observation of it, which is received as a row is. */
struct row_account {
    const char *platform, *external_id, *handle; /* external_id NULL: of an observation whose payload names no account */
    const char *metrics, *audience;              /* JSON objects, or NULL */
    const char *notes;                           /* what could not be read, or NULL */
    size_t item, line;
    bool beside_post; /* came with a post: the same again is no item of its own */
};
bool row_account_observed(const struct row_account *a);

/* Ids that are one post, of a document that says nothing else about it. */
struct row_same {
    const char *platform, *external_id, *alias;
};

/* Items that are no rows: reason is "account", "demographics", "retweet", … */
struct row_drop {
    const char *reason;
    size_t count;
};

/* An item that broke the contract: it goes to quarantine, whole. */
struct row_bad {
    size_t item, line;
    const char *code; /* "missing_id", "bad_shape", "bad_json", … */
    const char *text; /* what, where, for a person */
    const char *body; /* the item as JSON, or the line as it came */
    size_t body_len;  /* 0: up to the NUL; a line may hold some */
};

struct rows {
    struct arena arena;
    struct row *row;
    size_t n_row, cap_row;
    struct row_account *account;
    size_t n_account, cap_account;
    struct row_same *same;
    size_t n_same, cap_same;
    struct row_drop *drop;
    size_t n_drop, cap_drop;
    struct row_bad *bad;
    size_t n_bad, cap_bad;

    /* An error envelope: the whole document is refused, with the platform's own words. */
    const char *refused_code; /* NULL: not refused */
    const char *refused_text;
};

struct row *rows_add(struct rows *r); /* zeroed; valid until the next rows_add */
void rows_account(struct rows *r, const struct row_account *account);
size_t rows_accounts_observed(const struct rows *r); /* how many of them are observations */
void rows_same(struct rows *r, const char *platform, const char *external_id, const char *alias);
void rows_drop(struct rows *r, const char *reason, size_t count); /* counts of equal reasons add up */
void rows_bad(struct rows *r, const struct row_bad *bad);         /* texts are copied */
void rows_reset(struct rows *r);
void rows_free(struct rows *r);

/* Rows of one document with the same key (platform, external_id, window, window_start) are one: the later one wins where it
 * has a value, the earlier one's values stay where it has none; each row that went counts as dropped "duplicate". Rows of facts
 * stay as they are. Observations of one account are one in the same way. */
void rows_collapse(struct rows *r);
/* What is later wins, member by member. true: it changed something. */
bool row_account_merge(struct arena *arena, struct row_account *into, const struct row_account *later);

/* Brings later's values into a row of the same key: a value wins over the old one, an absent one leaves it. Texts are shared, not
 * copied (later's arena must live as long); merged objects come from arena. true: what is stored of a snapshot changed. */
bool row_merge(struct arena *arena, struct row *into, const struct row *later);

/* The union of two JSON objects' members: where both have one, b's counts, unless it is null. NULL is no object. */
const char *rows_merge_objects(struct arena *arena, const char *a, const char *b);

/* "facts", "demographics" (an audience and no counts), "content-wide-export", "content-period", "content-no-metrics" or
 * "content". */
const char *row_kind(const struct row *r);
bool row_is_audience(const struct row *r); /* … of the kind "demographics" */

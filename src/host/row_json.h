/* A row as one JSON object a line, and as cells: what a dry run shows. */
#pragma once

#include "base/buf.h"
#include "data/rows.h"
#include "data/rowset.h"

/* {"platform", "external_id", "account", "title", "views", "likes", "shares", "comments", "saves", "average_watch_time",
 * "published_at", "metric_window", "window_start", "window_end", "kind"}: null where absent; times ISO 8601 in UTC, watch time in
 * seconds. Facts have no window. Appended without a newline. */
void row_json(const struct row *r, struct buf *out);

/* Everything of the row that is known, under the same keys and caption, url, tags, duration_s, media_kind, ai_version, features, metrics,
 * audience, extra, notes: what is recorded of a parser. */
void row_json_whole(const struct row *r, struct buf *out);

/* An observation of an account: {"platform", "account", "handle", "metrics", "audience", "notes", "kind": "account"}, what is known of
 * it. Appended without a newline. */
void row_json_account(const struct row_account *a, struct buf *out);

struct rowset *row_table_new(void); /* the same keys as columns */
void row_table_add(struct rowset *t, const struct row *r);

/* Values of a document into the fields of a row, whichever form the parser has. A value that cannot be read is NULL with a
 * note; nothing here refuses a row. Inside host/parser*.c. */
#pragma once

#include "host/parser_spec.h"

struct maker {
    const struct parser_spec *p;
    struct rows *out;
    const struct given_id *given; /* for posts that name no id */
    struct buf notes;             /* of the row in work */
    size_t item;
};

/* What a field is to be made of. */
struct fact {
    const cJSON *value;
    enum unit unit;
};

/* id, account, title, …, ai_version. false: there is no id (the row is not filled). */
bool row_post(struct maker *m, const struct fact facts[FIELD_MAX], struct row *row);
/* Where else an id was looked for, and what a person can do: "; no url came with it …". Appended to the text of a missing id. */
void row_id_advice(const struct maker *m, struct buf *text);
/* views … window_end; window must be set in the row. */
void row_counts(struct maker *m, const struct fact facts[FIELD_MAX], struct row *row);
/* One member of metrics, appended to an object that is being written ("" at first, or "{…"). */
void row_metric(struct maker *m, const char *name, const cJSON *value, enum unit unit, struct buf *object);
void row_member(const char *name, size_t len, const cJSON *value, struct buf *object);
const char *row_object(struct maker *m, struct buf *object); /* closes it; NULL when nothing was added; frees */
/* The other ids of a post: a list or one, into the arena; none twice, none that is id. How many. */
size_t row_aliases(struct maker *m, const cJSON *value, const char *id, const char ***out);
const char *row_text(struct maker *m, const char *name, const cJSON *value);
struct count row_count(struct maker *m, const char *name, const cJSON *value);
void row_note(struct maker *m, const char *name, const cJSON *value, const char *what);
/* One member of an account's metrics: a number, or an object or list of such, which is kept as it stands. */
void row_account_metric(struct maker *m, const char *name, const cJSON *value, enum unit unit, struct buf *object);
/* An object with members, as it stands; NULL where there is none. */
const char *row_audience(struct maker *m, const cJSON *value);
/* Adds the account and takes the notes over. false: it is nothing (no id, and no observation). */
bool row_account(struct maker *m, const struct row_account *account);
/* Puts the notes into the row and is ready for the next. */
void row_done(struct maker *m, struct row *row);

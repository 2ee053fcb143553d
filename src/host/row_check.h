/* What the database could not take is found before it is sent: one row's odd value must not cost its whole batch. */
#pragma once

#include "data/rows.h"

enum { ROW_ID_MAX = 512, ROW_PLATFORM_MAX = 50 };

/* Facts and averages out of the database's range become absent, with a note; a row whose identity or window cannot be stored
 * goes to the bad ones ("id_too_long", "bad_platform", "bad_window"), and so does an account's. */
void rows_check(struct rows *rows);

/* Rows whose id the user gave (--content) are one post's. Two of them over the same window are two posts, or one twice: nobody
 * can tell, so all rows with a given id go to the bad ones ("ambiguous_id"). */
void rows_check_given(struct rows *rows);

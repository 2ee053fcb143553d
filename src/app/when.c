#include "app/when.h"

#include <stddef.h>

#include "base/clock.h"
#include "data/datetime.h"
#include "script/part_call.h"

int when_read(struct when *w, struct err *e)
{
    const int64_t second = 1000000, day = 86400 * second;
    int64_t span = 0;
    w->now = w->as_of = clock_wall_us();
    if (w->as_of_text != NULL && !datetime_parse_when(w->as_of_text, w->now, &w->as_of))
        return err_set(e, ERR_USAGE, "--as-of %s: not a time; write 2026-03-01T12:00:00Z or now-7d", w->as_of_text);
    if (w->as_of > w->now)
        return err_set(e, ERR_USAGE, "--as-of %s: lies in the future; nothing has been observed there yet", w->as_of_text);
    if (w->timeout_text == NULL)
        return 0;
    if (!datetime_parse_duration(w->timeout_text, &span) || span < second || span > day)
        return err_set(e, ERR_USAGE, "--timeout %s: not a span from 1 s to 24 h; write 30s, 10m or 2h", w->timeout_text);
    w->timeout_ms = (unsigned)(span / 1000);
    return 0;
}

void when_set(const struct when *w, struct app *app, struct part_run *part)
{
    if (w->timeout_ms > 0)
        part_time_limit(part->vm, w->timeout_ms, "--timeout");
    part->loop = app->loop;
    db_session_close(&app->plugin_session);
    part->pool = app->plugin_pool;
    part->walled = app->walled;
    part->session = app->session;
    part->now = (double)w->now / 1e6;
    part->as_of = (double)w->as_of / 1e6;
}

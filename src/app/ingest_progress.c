#include "app/ingest_progress.h"

#include <inttypes.h>

enum { SURE_AFTER = 2 }; /* seconds: before, a rate says little */

/* Rounded as a person would say it: the end is never known to the second. */
static void put_left(double seconds, struct buf *out)
{
    if (seconds < 60)
        buf_printf(out, "  %.0f s left", seconds < 1 ? 1 : seconds);
    else if (seconds < 90 * 60)
        buf_printf(out, "  %.0f min left", seconds / 60);
    else
        buf_printf(out, "  %.1f h left", seconds / 3600);
}

void ingest_progress_text(const struct ingest_progress *p, int64_t rows, double seconds, struct buf *out)
{
    buf_str(out, "ingest");
    if (p->files_all > 1)
        buf_printf(out, "  file %zu of %zu", p->files < p->files_all ? p->files + 1 : p->files_all, p->files_all);
    if (p->bytes_all > 0)
        buf_printf(out, "  %.0f %%", 100 * (double)(p->bytes < p->bytes_all ? p->bytes : p->bytes_all) / (double)p->bytes_all);
    else
        buf_printf(out, "  %.1f MiB", (double)p->bytes / (1 << 20));
    buf_printf(out, "  %" PRId64 " rows", rows);
    if (seconds > 0)
        buf_printf(out, "  %.1f k rows/s", (double)rows / seconds / 1000);
    if (seconds > SURE_AFTER && p->bytes > 0 && p->bytes < p->bytes_all)
        put_left(seconds * (double)(p->bytes_all - p->bytes) / (double)p->bytes, out);
}

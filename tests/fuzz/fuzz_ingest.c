/* Bytes to rows, as ingest goes: unpacked, cut, unwrapped, recognised by all parsers there are, checked, collapsed. What must
 * hold for any bytes: every item is a row, bad, dropped or refused with a reason, and a row can be written and stored.
 * tests/fuzz/run builds and runs it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/json.h"
#include "host/ingest.h"
#include "host/row_check.h"
#include "host/row_json.h"

#define claim(what) ((what) ? (void)0 : abort())

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct registry *registry;

static void check_row(const struct row *row)
{
    struct buf text = {0};
    struct json_doc *doc;
    struct err e = {0};
    struct json_limits wide = {SIZE_MAX, SIZE_MAX, 1000};
    claim(row->external_id != NULL && row->external_id[0] != '\0' && strlen(row->external_id) <= ROW_ID_MAX);
    claim(row->platform != NULL && strlen(row->platform) <= ROW_PLATFORM_MAX);
    row_json_whole(row, &text);
    claim(json_parse(text.data, text.len, &wide, &doc, &e) == 0);
    json_free(&doc);
    buf_free(&text);
}

static int take(void *ctx, struct delivery *d, struct err *e)
{
    (void)ctx;
    (void)e;
    claim(d->received == (int64_t)(d->rows.n_row + rows_accounts_observed(&d->rows)) + d->quarantined + d->dropped ||
          (d->state == DELIVERY_REFUSED && d->received == 1 && d->quarantined == 1));
    claim(d->state != DELIVERY_REFUSED || (d->code != NULL && d->text != NULL && d->text[0] != '\0'));
    for (size_t i = 0; i < d->rows.n_row; i++)
        check_row(&d->rows.row[i]);
    for (size_t i = 0; i < d->rows.n_bad; i++)
        claim(d->rows.bad[i].code != NULL && d->rows.bad[i].text != NULL && d->rows.bad[i].body != NULL);
    delivery_free(&d);
    return 0;
}

static void problem(void *ctx, const char *path, const char *code, const char *text)
{
    (void)ctx;
    (void)path;
    claim(code[0] != '\0' && text[0] != '\0');
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    const char *root = getenv("TIDEMARK_SOURCE");
    struct err e = {0};
    char *lib = mem_printf("%s/lua", root ? root : "."), *plugins = mem_printf("%s/plugins", root ? root : ".");
    struct plugin_paths paths = {.lib_dir = lib, .bundled_dir = plugins};
    if (registry_load(&paths, NULL, &registry, &e) != 0) {
        log_error("%s", e.text);
        exit(78);
    }
    mem_free(lib);
    mem_free(plugins);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct ingest_options options = {.content = "given", .account = "account"};
    const struct ingest_sink sink = {.take = take, .problem = problem};
    struct err e = {0};
    claim(ingest_bytes(registry, &options, "-", (const char *)data, n, &sink, &e) == 0);
    return 0;
}

/* Linking works by manifests, for the command and for the ingest. */
#pragma once

#include "app/app.h"
#include "host/works.h"

/* Reads one and links what it names; tells on stderr what came of it. */
int content_link_file(struct app *app, const struct uuid *owner, const char *path, struct err *e);

/* Those that stand beside payloads. owner NULL: they are read only. problem is told of each that could not be taken. */
void content_link_beside(struct app *app, const struct uuid *owner, const char *const *names, size_t n, void *ctx,
                         void (*problem)(void *ctx, const char *path, const char *code, const char *text));

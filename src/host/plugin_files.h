/* The files a plugin is made of. Inside host/plugin*.c. */
#pragma once

#include "host/plugin.h"

struct files {
    char **name;
    size_t n;
};

/* Names in a folder, sorted; hidden ones left out. A folder that is not there has none. */
int files_list(const char *dir, struct files *out, struct err *e);
void files_free(struct files *list);
bool files_is_dir(const char *path);
bool files_ends_with(const char *s, const char *end); /* and has more than that */

/* Sets version: the name and a digest of its Lua and SQL. */
int plugin_set_version(struct plugin *p, struct err *e);

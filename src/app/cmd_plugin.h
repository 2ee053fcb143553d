/* The verbs of tidemark plugin, a file each. Each takes the words from its own name on. */
#pragma once

#include "app/app.h"

int cmd_plugin_list(struct app *app, int argc, char **argv, struct err *e);
int cmd_plugin_new(struct app *app, int argc, char **argv, struct err *e);
int cmd_plugin_check(struct app *app, int argc, char **argv, struct err *e);
int cmd_plugin_test(struct app *app, int argc, char **argv, struct err *e);
int cmd_plugin_doc(struct app *app, int argc, char **argv, struct err *e);
int cmd_plugin_fuzz(struct app *app, int argc, char **argv, struct err *e);

#include "app/cmd_plugin.h"

int cmd_plugin_doc(struct app *app, int argc, char **argv, struct err *e)
{
    (void)app, (void)argc, (void)argv;
    return err_set(e, ERR_BUG, "plugin doc is not there yet");
}

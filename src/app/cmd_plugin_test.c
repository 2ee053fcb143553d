#include "app/cmd_plugin.h"

int cmd_plugin_test(struct app *app, int argc, char **argv, struct err *e)
{
    (void)app, (void)argc, (void)argv;
    return err_set(e, ERR_BUG, "plugin test is not there yet");
}

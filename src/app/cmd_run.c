#include "app/app.h"

int cmd_run(struct app *app, int argc, char **argv, struct err *e)
{
    (void)app, (void)argc, (void)argv;
    return err_set(e, ERR_BUG, "run is not there yet");
}

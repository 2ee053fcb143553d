/* A run's port whose database is opened by the first call that needs one: a prompt works without.
 *
 * Sleeping, logging and waiting go on over a port of no database; what asks for rows opens the real one (host/run_port.h) first. A
 * failure to open it is the failure of that call. ctx.state is not kept. */
#pragma once

#include "data/uuid.h"
#include "db/pool.h"
#include "script/port.h"

struct lazy_port;

struct lazy_database {
    struct db_pool *pool;
    struct uuid owner;
    bool walled;
};

struct lazy_port_options {
    struct loop *loop;
    bool writes;
    const char *what;
    unsigned db_ms; /* 0: the default */
    /* Gives pool, owner and whether the pool's login is walled in (host/run_port.h). Called beneath the Lua that asks, so on the plain stack of the loop: it may wait. */
    int (*open)(void *arg, struct lazy_database *db, struct err *e);
    void *arg;
};

struct lazy_port *lazy_port_open(const struct lazy_port_options *o);
const struct port *lazy_port(struct lazy_port *l); /* as long as l */
void lazy_port_close(struct lazy_port **l);

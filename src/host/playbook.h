/* The playbook: what the AI should make next, for an account, a creator or all of an owner (lua/tidemark/playbook.lua computes it). */
#pragma once

#include "base/buf.h"
#include "db/session.h"
#include "host/posts.h"

struct playbook_options {
    struct uuid owner;
    const char *whom;    /* an account ("platform:id", id or handle) or a creator; NULL: all of the owner's */
    const char *format;  /* "md" or "json" */
    const char *lib_dir; /* the folder that holds tidemark/ */
    int64_t now;         /* microseconds */
};

/* Reads posts and findings and writes the playbook as text, at most 2 KB. ERR_USAGE: nobody is called whom. */
int playbook_make(struct db_session *s, const struct playbook_options *o, struct buf *out, struct err *e);

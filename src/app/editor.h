/* A line typed at a terminal: edited (libedit), completed with Tab, remembered in a file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct editor;

enum editor_end {
    EDITOR_LINE,   /* a line is there */
    EDITOR_CANCEL, /* Ctrl-C: what was typed is dropped */
    EDITOR_EOF,    /* Ctrl-D on an empty line, the terminal is gone, or SIGTERM */
};

/* Tells found every name that word could become. */
typedef void editor_complete_fn(void *arg, const char *word, void (*found)(void *list, const char *name), void *list);

/* history_file: NULL where there is none. Both are copied or called as long as the editor lives. */
struct editor *editor_open(const char *history_file, editor_complete_fn *complete, void *arg);
void editor_close(struct editor **ed);

/* *line is valid until the next call and has no newline. SIGINT and SIGTERM have their old handlers again when this returns. */
enum editor_end editor_read(struct editor *ed, const char *prompt, const char **line);

/* The user's file for that, its folder made: $XDG_STATE_HOME/tidemark/NAME, else ~/.local/state/tidemark/NAME. NULL where neither can
 * be had. mem_free. */
char *editor_history_file(const char *name);

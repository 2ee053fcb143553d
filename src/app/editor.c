#include "app/editor.h"

#include <errno.h>
#include <histedit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

enum { HISTORY_MAX = 1000 };

struct editor {
    EditLine *el;
    History *history;
    HistEvent event;
    char *history_file;
    const char *prompt;
    struct buf line;
    editor_complete_fn *complete;
    void *arg;
};

/* --- signals while a line is typed ----------------------------------------------------------------------------------------- */

/* The loop's own handlers only write to the loop, which does not run while somebody types. */
static volatile sig_atomic_t interrupted, asked_to_end, resized, continued;

static void on_signal(int number)
{
    switch (number) {
    case SIGINT: interrupted = 1; break;
    case SIGWINCH: resized = 1; break;
    case SIGCONT: continued = 1; break;
    default: asked_to_end = 1; break;
    }
}

enum { N_SIGNAL = 5 };
static const int signals[N_SIGNAL] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT};

static void catch_signals(struct sigaction before[N_SIGNAL])
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: read has to come back */
    sigemptyset(&action.sa_mask);
    interrupted = 0;
    for (size_t i = 0; i < N_SIGNAL; i++)
        sigaction(signals[i], &action, &before[i]);
}

static void give_signals_back(const struct sigaction before[N_SIGNAL])
{
    for (size_t i = 0; i < N_SIGNAL; i++)
        sigaction(signals[i], &before[i], NULL);
}

/* libedit's own reader tries again after a signal, so that Ctrl-C would do nothing. */
static int read_key(EditLine *el, wchar_t *key)
{
    mbstate_t state = {0};
    for (;;) {
        if (interrupted || asked_to_end) {
            errno = EINTR;
            return -1;
        }
        char byte;
        ssize_t n = read(STDIN_FILENO, &byte, 1);
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -1;
        if (n < 0) {
            if (continued)
                el_set(el, EL_PREP_TERM, 1);
            if (resized || continued)
                el_resize(el);
            if (continued)
                el_set(el, EL_REFRESH);
            continued = resized = 0;
            continue;
        }
        size_t used = mbrtowc(key, &byte, 1, &state);
        if (used == 0 || used == 1)
            return 1;
        if (used == (size_t)-1) { /* no character of this locale: the byte is left out */
            state = (mbstate_t){0};
        }
    }
}

/* --- completion ------------------------------------------------------------------------------------------------------------ */

struct matches {
    char **name;
    size_t n;
};

static void add_match(void *list, const char *name)
{
    struct matches *m = list;
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->name[i], name) == 0)
            return;
    m->name = mem_realloc(m->name, (m->n + 1) * sizeof *m->name);
    m->name[m->n++] = mem_dup(name);
}

static size_t common_prefix(const struct matches *m)
{
    size_t n = strlen(m->name[0]);
    for (size_t i = 1; i < m->n; i++)
        while (strncmp(m->name[0], m->name[i], n) != 0)
            n--;
    return n;
}

/* Several names: side by side below the line. */
static void list_matches(const struct matches *m)
{
    fputc('\n', stdout);
    for (size_t i = 0; i < m->n; i++)
        printf("%s%s", m->name[i], i + 1 < m->n ? (i % 4 == 3 ? "\n" : "   ") : "\n");
    fflush(stdout);
}

static unsigned char on_tab(EditLine *el, int key)
{
    (void)key;
    struct editor *ed = NULL;
    el_get(el, EL_CLIENTDATA, &ed);
    const LineInfo *info = el_line(el);
    const char *begin = info->cursor;
    while (begin > info->buffer && strchr(" \t()[]{}<>=~+-*/%^#,;\"'&|", begin[-1]) == NULL)
        begin--;
    char *word = mem_ndup(begin, (size_t)(info->cursor - begin));
    struct matches m = {0};
    ed->complete(ed->arg, word, add_match, &m);
    unsigned char what = CC_ERROR;
    size_t have = strlen(word), common = m.n > 0 ? common_prefix(&m) : 0;
    if (common > have) {
        char *rest = mem_ndup(m.name[0] + have, common - have);
        el_insertstr(el, rest);
        mem_free(rest);
        what = CC_REFRESH;
    } else if (m.n > 1) {
        list_matches(&m);
        what = CC_REDISPLAY;
    }
    for (size_t i = 0; i < m.n; i++)
        mem_free(m.name[i]);
    mem_free(m.name);
    mem_free(word);
    return what;
}

/* --- the editor -------------------------------------------------------------------------------------------------------------- */

static char *prompt_of(EditLine *el)
{
    static char none[] = "";
    struct editor *ed = NULL;
    el_get(el, EL_CLIENTDATA, &ed);
    return ed != NULL && ed->prompt != NULL ? (char *)ed->prompt : none;
}

struct editor *editor_open(const char *history_file, editor_complete_fn *complete, void *arg)
{
    struct editor *ed = mem_alloc(sizeof *ed);
    ed->complete = complete;
    ed->arg = arg;
    ed->history_file = mem_dup(history_file);
    ed->history = history_init();
    ed->el = el_init("tidemark", stdin, stdout, stderr);
    must(ed->history != NULL && ed->el != NULL);
    history(ed->history, &ed->event, H_SETSIZE, HISTORY_MAX);
    history(ed->history, &ed->event, H_SETUNIQUE, 1);
    if (history_file != NULL)
        history(ed->history, &ed->event, H_LOAD, history_file);
    el_set(ed->el, EL_CLIENTDATA, ed);
    el_set(ed->el, EL_PROMPT, prompt_of);
    el_set(ed->el, EL_EDITOR, "emacs");
    el_set(ed->el, EL_HIST, history, ed->history);
    el_set(ed->el, EL_GETCFN, read_key);
    /* the narrow form copies the texts and never gives them back */
    el_wset(ed->el, EL_ADDFN, L"complete-name", L"completes a name", on_tab);
    el_set(ed->el, EL_BIND, "^I", "complete-name", NULL);
    el_source(ed->el, NULL); /* ~/.editrc: the user's own keys */
    return ed;
}

void editor_close(struct editor **out)
{
    struct editor *ed = *out;
    if (ed == NULL)
        return;
    el_end(ed->el);
    history_end(ed->history);
    buf_free(&ed->line);
    mem_free(ed->history_file);
    mem_free(ed);
    *out = NULL;
}

/* After every line: a session that is killed has lost nothing. */
static void remember(struct editor *ed, const char *line)
{
    if (line[strspn(line, " \t")] == '\0')
        return;
    history(ed->history, &ed->event, H_ENTER, line);
    if (ed->history_file != NULL)
        history(ed->history, &ed->event, H_SAVE, ed->history_file);
}

enum editor_end editor_read(struct editor *ed, const char *prompt, const char **line)
{
    struct sigaction before[N_SIGNAL];
    int n = 0;
    ed->prompt = prompt;
    catch_signals(before);
    el_resize(ed->el);
    el_set(ed->el, EL_PREP_TERM, 1); /* before the prompt is there: a Ctrl-D right behind it would get lost */
    const char *got = el_gets(ed->el, &n);
    give_signals_back(before);
    if (interrupted) {
        interrupted = 0;
        fputs("^C\n", stdout);
        return EDITOR_CANCEL;
    }
    if (got == NULL || n <= 0) {
        fputc('\n', stdout);
        return EDITOR_EOF;
    }
    size_t len = strlen(got);
    if (len > 0 && got[len - 1] == '\n')
        len--;
    buf_clear(&ed->line);
    buf_reserve(&ed->line, len + 1);
    buf_add(&ed->line, got, len);
    remember(ed, ed->line.data);
    *line = ed->line.data;
    return EDITOR_LINE;
}

/* --- where the lines are kept ------------------------------------------------------------------------------------------------- */

static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

char *editor_history_file(const char *name)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *path = NULL;
    if (state != NULL && state[0] == '/') /* a relative one is to be ignored */
        path = mem_printf("%s/tidemark/%s", state, name);
    else if (home != NULL && home[0] == '/')
        path = mem_printf("%s/.local/state/tidemark/%s", home, name);
    if (path != NULL && make_folders(path))
        return path;
    mem_free(path);
    return NULL;
}

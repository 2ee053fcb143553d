/* Reads a statement as the server's lexer does, as far as it takes to find where words, literals and comments end. */
#include "host/run_guard.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum token { TOKEN_END, TOKEN_WORD, TOKEN_NAME, TOKEN_OTHER, TOKEN_OPEN };

struct lexer {
    const char *at;    /* what comes next */
    const char *start; /* the token */
    size_t len;
    const char *unclosed; /* what the text ends in the middle of */
};

static bool begins_word(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool goes_on(char c)
{
    return begins_word(c) || isdigit((unsigned char)c) || c == '$';
}

/* Past the closing quote; doubled quotes, and with escapes also what follows a backslash, belong to the text. */
static void skip_quoted(struct lexer *l, char quote, bool escapes)
{
    const char *p = l->at + 1;
    for (; *p != '\0'; p++) {
        if (escapes && *p == '\\' && p[1] != '\0')
            p++;
        else if (*p == quote && p[1] == quote)
            p++;
        else if (*p == quote)
            break;
    }
    if (*p == '\0')
        l->unclosed = quote == '"' ? "a quoted name" : "a text";
    l->at = *p != '\0' ? p + 1 : p;
}

/* $tag$ … $tag$; false: a parameter or an operator. */
static bool skip_dollar(struct lexer *l)
{
    const char *p = l->at + 1;
    if (begins_word(*p))
        while (goes_on(*p) && *p != '$')
            p++;
    if (*p != '$')
        return false;
    size_t n = (size_t)(p - l->at) + 1;
    char *tag = mem_ndup(l->at, n);
    const char *end = strstr(p + 1, tag);
    mem_free(tag);
    if (end == NULL)
        l->unclosed = "a dollar-quoted text";
    l->at = end != NULL ? end + n : p + strlen(p);
    return true;
}

static void skip_comment(struct lexer *l)
{
    int depth = 1; /* they nest */
    const char *p = l->at + 2;
    while (*p != '\0' && depth > 0) {
        int step = p[0] == '/' && p[1] == '*' ? 1 : p[0] == '*' && p[1] == '/' ? -1 : 0;
        depth += step;
        p += step != 0 ? 2 : 1;
    }
    if (depth > 0)
        l->unclosed = "a comment";
    l->at = p;
}

static void skip_blanks(struct lexer *l)
{
    for (;;) {
        if (isspace((unsigned char)*l->at))
            l->at++;
        else if (l->at[0] == '-' && l->at[1] == '-')
            l->at += strcspn(l->at, "\r\n");
        else if (l->at[0] == '/' && l->at[1] == '*')
            skip_comment(l);
        else
            return;
    }
}

static enum token next(struct lexer *l)
{
    skip_blanks(l);
    const char *p = l->start = l->at;
    enum token token = TOKEN_OTHER;
    bool unicode = (*p == 'u' || *p == 'U') && p[1] == '&';
    if (*p == '\0') {
        token = TOKEN_END;
    } else if (*p == '\'' || ((*p == 'e' || *p == 'E') && p[1] == '\'')) {
        l->at += *p != '\'';
        skip_quoted(l, '\'', *p != '\'');
    } else if (unicode && (p[2] == '\'' || p[2] == '"')) {
        l->at += 2;
        token = p[2] == '"' ? TOKEN_NAME : TOKEN_OTHER;
        skip_quoted(l, p[2], false);
    } else if (*p == '"') {
        token = TOKEN_NAME;
        skip_quoted(l, '"', false);
    } else if (begins_word(*p)) {
        token = TOKEN_WORD;
        while (goes_on(*l->at))
            l->at++;
    } else if (*p != '$' || !skip_dollar(l)) {
        token = *p == '(' ? TOKEN_OPEN : TOKEN_OTHER;
        l->at++;
    }
    l->len = (size_t)(l->at - l->start);
    return token;
}

static bool is_word(const struct lexer *l, const char *word)
{
    return strlen(word) == l->len && strncasecmp(l->start, word, l->len) == 0;
}

static int check_first(struct lexer *l, enum run_guard_for use, struct err *e)
{
    static const char *const allowed[] = {"SELECT", "WITH",   "VALUES", "TABLE",   "INSERT",
                                          "UPDATE", "DELETE", "MERGE",  "EXPLAIN", NULL};
    enum token token;
    do
        token = next(l);
    while (token == TOKEN_OPEN); /* (SELECT …) UNION … */
    if (token == TOKEN_END)
        return err_set(e, ERR_PLUGIN, "the statement is empty");
    for (int i = 0; token == TOKEN_WORD && allowed[i] != NULL && (i < 4 || use == GUARD_QUERY); i++)
        if (is_word(l, allowed[i]))
            return 0;
    int shown = l->len < 40 ? (int)l->len : 40;
    if (use == GUARD_CURSOR)
        return err_set(e, ERR_PLUGIN,
                       "rows one by one come of SELECT, WITH, VALUES or TABLE only, and this statement begins with '%.*s'",
                       shown, l->start);
    return err_set(
        e, ERR_PLUGIN,
        "a plugin's statement must be SELECT, WITH, VALUES, TABLE, INSERT, UPDATE, DELETE, MERGE or EXPLAIN, and this "
        "one begins with '%.*s'",
        shown, l->start);
}

/* Functions that could make the session somebody else's, or run text as a statement, which could. */
static const char *const fenced[] = {"set_config",
                                     "query_to_xml",
                                     "query_to_xmlschema",
                                     "query_to_xml_and_xmlschema",
                                     "ts_stat",
                                     "ts_rewrite",
                                     "cursor_to_xml",
                                     "cursor_to_xmlschema",
                                     "act_as",
                                     "pg_settings",
                                     "dblink",
                                     "dblink_exec",
                                     "dblink_open",
                                     "dblink_send_query"};

static int check_name(const struct lexer *l, enum token token, struct err *e)
{
    bool quoted = token == TOKEN_NAME;
    if (quoted && l->start[0] != '"')
        return err_set(e, ERR_PLUGIN, "a name written as U&\"…\" is not taken here: write it in plain letters");
    for (size_t i = 0; i < sizeof fenced / sizeof *fenced; i++)
        if (quoted ? l->len == strlen(fenced[i]) + 2 && strncmp(l->start + 1, fenced[i], l->len - 2) == 0
                   : is_word(l, fenced[i]))
            return err_set(e, ERR_PLUGIN,
                           "%s is not a plugin's to use: on this database it could change whose data a statement sees",
                           fenced[i]);
    return 0;
}

int run_guard(const char *sql, enum run_guard_for use, bool careful, struct err *e)
{
    struct lexer l = {.at = sql};
    if (check_first(&l, use, e) != 0)
        return -1;
    for (enum token token; (token = next(&l)) != TOKEN_END;) {
        if (careful && (token == TOKEN_WORD || token == TOKEN_NAME) && check_name(&l, token, e) != 0)
            return -1;
        if (l.start[0] == ';' && next(&l) != TOKEN_END)
            return err_set(e, ERR_PLUGIN, "one statement at a time: something comes after the ';', beginning with '%.*s'",
                           l.len < 40 ? (int)l.len : 40, l.start);
    }
    if (l.unclosed != NULL)
        return err_set(e, ERR_PLUGIN, "the statement ends in the middle of %s", l.unclosed);
    return 0;
}

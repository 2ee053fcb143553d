#include "host/glob.h"

#include <stddef.h>
#include <string.h>

/* The set that begins behind '[': its end (at ']') and whether c is in it. NULL: it has no end. */
static const char *set(const char *p, char c, bool *in)
{
    bool not_in = *p == '!' || *p == '^';
    p += not_in;
    *in = false;
    for (const char *first = p; *p != '\0' && (*p != ']' || p == first); p++) {
        unsigned char low = (unsigned char)*p, high = low;
        if (p[1] == '-' && p[2] != ']' && p[2] != '\0') {
            high = (unsigned char)p[2];
            p += 2;
        }
        *in = *in || ((unsigned char)c >= low && (unsigned char)c <= high);
    }
    *in = *in != not_in && c != '/';
    return *p == ']' ? p : NULL;
}

/* One element of the pattern that is no star against one character; where the pattern goes on, NULL: no match. */
static const char *one(const char *p, char c)
{
    bool in;
    if (*p == '?')
        return c != '/' ? p + 1 : NULL;
    if (*p == '[') {
        p = set(p + 1, c, &in);
        return p != NULL && in ? p + 1 : NULL;
    }
    p += *p == '\\' && p[1] != '\0';
    return *p == c ? p + 1 : NULL;
}

/* Where to come back to when what follows a star does not fit: the star then takes one character, or name, more. */
struct retry {
    const char *p, *s; /* NULL: there was no star */
    bool names;        /* "**" with a slash takes whole names */
};

static bool again(struct retry *r, bool deep, const char **p, const char **s)
{
    if (r->p == NULL || *r->s == '\0' || (!deep && *r->s == '/'))
        return false;
    const char *slash = r->names ? strchr(r->s, '/') : r->s;
    if (slash == NULL)
        return false;
    *s = r->s = slash + 1;
    *p = r->p;
    return true;
}

/* Only the last star of each kind is come back to, so that a pattern of many stars takes no time without end. */
static bool match(const char *p, const char *s)
{
    struct retry star = {0}, deep = {0};
    for (;;) {
        if (p[0] == '*' && p[1] == '*') {
            p += 2;
            bool names = *p == '/';
            p += names;
            deep = (struct retry){p, s, names};
            star = (struct retry){0};
            continue;
        }
        if (*p == '*') {
            star = (struct retry){++p, s, false};
            continue;
        }
        if (*s == '\0' && *p == '\0')
            return true;
        const char *next = *s != '\0' && *p != '\0' ? one(p, *s) : NULL;
        if (next != NULL) {
            p = next;
            s++;
        } else if (!again(&star, false, &p, &s)) {
            star = (struct retry){0};
            if (!again(&deep, true, &p, &s))
                return false;
        }
    }
}

bool glob_match(const char *pattern, const char *path)
{
    const char *name = strrchr(path, '/');
    return match(pattern, strchr(pattern, '/') == NULL && name != NULL ? name + 1 : path);
}

const char *glob_wrong(const char *pattern)
{
    bool in;
    if (*pattern == '\0')
        return "is empty";
    for (const char *p = pattern; *p != '\0'; p++) {
        if (*p == '\\' && *++p == '\0')
            return "ends with a backslash";
        if (*p == '[' && (p = set(p + 1, 'a', &in)) == NULL)
            return "has a '[' without its ']'";
    }
    return NULL;
}

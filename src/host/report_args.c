/* What a person may say with --var: names against the report's args, values against their types. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/nearest.h"
#include "data/datetime.h"
#include "host/report_file.h"

static const struct {
    const char *name, *sql;
} types[] = {
    [ARG_TEXT] = {"text", "text"},          [ARG_INTEGER] = {"integer", "integer"},    [ARG_NUMBER] = {"number", "numeric"},
    [ARG_BOOLEAN] = {"boolean", "boolean"}, [ARG_INTERVAL] = {"interval", "interval"}, [ARG_TIME] = {"time", "timestamptz"},
};

bool arg_type_parse(const char *word, enum arg_type *out)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, word) == 0) {
            *out = (enum arg_type)i;
            return true;
        }
    return false;
}

const char *arg_type_names(void)
{
    return "text, integer, number, boolean, interval, time";
}

const char *arg_type_name(enum arg_type type)
{
    return types[type].name;
}

const char *arg_type_sql(enum arg_type type)
{
    return types[type].sql;
}

static char *integer_value(const char *value, const char **why)
{
    char *end;
    errno = 0;
    long long n = strtoll(value, &end, 10);
    *why = "not a whole number";
    if (end == value || *end != '\0' || isspace((unsigned char)*value))
        return NULL;
    *why = "too large (at most 2147483647 either way)";
    if (errno == ERANGE || n > INT_MAX || n < -INT_MAX)
        return NULL;
    return mem_printf("%lld", n);
}

static char *number_value(const char *value, const char **why)
{
    char *end;
    double d = strtod(value, &end);
    *why = "not a number";
    if (end == value || *end != '\0' || !isfinite(d) || isspace((unsigned char)*value) || strpbrk(value, "xX") != NULL)
        return NULL;
    return mem_dup(value);
}

static char *boolean_value(const char *value, const char **why)
{
    static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(value, yes[i]) == 0)
            return mem_dup("true");
        if (strcmp(value, no[i]) == 0)
            return mem_dup("false");
    }
    *why = "neither true nor false";
    return NULL;
}

/* "7d", "30 days", "6 months": one number and one unit, in words that PostgreSQL's interval has too. */
static char *interval_value(const char *value, const char **why)
{
    static const char *const units[][6] = {
        {"seconds", "s", "sec", "second"},
        {"minutes", "m", "min", "minute"},
        {"hours", "h", "hour"},
        {"days", "d", "day"},
        {"weeks", "w", "week"},
        {"months", "month"},
        {"years", "y", "year"},
    };
    *why = "not a duration such as 7d, 12h or \"6 months\"";
    size_t digits = strspn(value, "0123456789");
    if (digits == 0 || digits > 6)
        return NULL;
    const char *unit = value + digits + strspn(value + digits, " ");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        for (size_t j = 0; j < 6 && units[i][j] != NULL; j++)
            if (strcmp(unit, units[i][j]) == 0)
                return mem_printf("%.*s %s", (int)digits, value, units[i][0]);
    return NULL;
}

static char *time_value(const char *value, const char **why)
{
    int64_t us;
    char text[32];
    *why = "not a time such as 2026-11-21, 2026-11-21T08:00:00Z or now-7d";
    if (!datetime_parse_when(value, clock_wall_us(), &us))
        return NULL;
    datetime_format(us, text, sizeof text);
    return mem_dup(text);
}

char *arg_value(enum arg_type type, const char *value, const char **why)
{
    switch (type) {
    case ARG_INTEGER: return integer_value(value, why);
    case ARG_NUMBER: return number_value(value, why);
    case ARG_BOOLEAN: return boolean_value(value, why);
    case ARG_INTERVAL: return interval_value(value, why);
    case ARG_TIME: return time_value(value, why);
    case ARG_TEXT: break;
    }
    return mem_dup(value);
}

const char *arg_find(const struct report *r, size_t i, const struct report_var *vars, size_t n)
{
    for (size_t v = 0; v < n; v++)
        if (strcmp(vars[v].name, r->arg[i].name) == 0)
            return vars[v].value;
    return r->arg[i].fallback;
}

static int unknown_var(const struct report *r, const char *name, struct err *e)
{
    if (r->n_arg == 0)
        return err_set(e, ERR_USAGE, "unknown variable '%s' (report %s takes none)", name, r->name);
    struct buf takes = {0};
    const char **names = mem_array(r->n_arg, sizeof *names);
    for (size_t i = 0; i < r->n_arg; i++) {
        names[i] = r->arg[i].name;
        buf_printf(&takes, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = nearest(name, names, r->n_arg);
    if (near != NULL)
        err_set(e, ERR_USAGE, "unknown variable '%s', did you mean '%s'? (report %s takes: %s)", name, near, r->name,
                takes.data);
    else
        err_set(e, ERR_USAGE, "unknown variable '%s' (report %s takes: %s)", name, r->name, takes.data);
    mem_free(names);
    buf_free(&takes);
    return -1;
}

static int check_names(const struct report *r, const struct report_var *vars, size_t n, struct err *e)
{
    for (size_t v = 0; v < n; v++) {
        bool known = false;
        for (size_t i = 0; i < r->n_arg; i++)
            known = known || strcmp(r->arg[i].name, vars[v].name) == 0;
        if (!known)
            return unknown_var(r, vars[v].name, e);
        for (size_t other = 0; other < v; other++)
            if (strcmp(vars[other].name, vars[v].name) == 0)
                return err_set(e, ERR_USAGE, "--var %s is given twice", vars[v].name);
    }
    return 0;
}

char *report_value(const struct report *r, size_t i, const struct report_var *vars, size_t n, struct err *e)
{
    const struct report_arg *arg = &r->arg[i];
    const char *given = arg_find(r, i, vars, n), *why = "";
    if (given == NULL) {
        err_set(e, ERR_USAGE, "report %s needs --var %s=%s: %s", r->name, arg->name, types[arg->type].name, arg->about);
        return NULL;
    }
    char *value = arg_value(arg->type, given, &why);
    if (value == NULL)
        err_set(e, ERR_USAGE, "--var %s=%s: %s", arg->name, given, why);
    return value;
}

int report_check_vars(const struct report *r, const struct report_var *vars, size_t n, struct err *e)
{
    if (check_names(r, vars, n, e) != 0)
        return -1;
    for (size_t i = 0; i < r->n_arg; i++) {
        char *value = report_value(r, i, vars, n, e);
        if (value == NULL)
            return -1;
        mem_free(value);
    }
    return 0;
}

int report_bind(const struct report *r, const struct report_var *vars, size_t n, struct db_params *p, struct err *e)
{
    if (check_names(r, vars, n, e) != 0)
        return -1;
    for (size_t i = 0; i < r->n_param; i++) {
        char *value = report_value(r, r->param[i], vars, n, e);
        if (value == NULL)
            return -1;
        db_text(p, value);
        mem_free(value);
    }
    return 0;
}

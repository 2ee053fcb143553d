#include "app/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"

void cli_push(struct cli_list *list, const char *item)
{
    list->item = mem_realloc(list->item, (list->n + 1) * sizeof *list->item);
    list->item[list->n++] = item;
}

void cli_free(struct cli_list *list)
{
    mem_free(list->item);
    *list = (struct cli_list){0};
}

static const struct cli_option *find_long(const struct cli_command *c, const char *name, size_t len)
{
    for (size_t i = 0; i < c->n_option; i++)
        if (strlen(c->option[i].name) == len && strncmp(c->option[i].name, name, len) == 0)
            return &c->option[i];
    return NULL;
}

static const struct cli_option *find_letter(const struct cli_command *c, char letter)
{
    for (size_t i = 0; i < c->n_option; i++)
        if (c->option[i].letter != 0 && c->option[i].letter == letter)
            return &c->option[i];
    return NULL;
}

static int unknown_long(const struct cli_command *c, const char *name, size_t len, struct err *e)
{
    char *word = mem_ndup(name, len);
    const char **names = mem_array(c->n_option, sizeof *names);
    for (size_t i = 0; i < c->n_option; i++)
        names[i] = c->option[i].name;
    const char *near = nearest(word, names, c->n_option);
    if (near != NULL)
        err_set(e, ERR_USAGE, "unknown option --%s, did you mean --%s?", word, near);
    else
        err_set(e, ERR_USAGE, "unknown option --%s; tidemark %s --help lists them", word, c->name);
    mem_free(names);
    mem_free(word);
    return -1;
}

static void store(const struct cli_option *o, const char *value)
{
    switch (o->kind) {
    case CLI_FLAG: *(bool *)o->to = true; break;
    case CLI_VALUE: *(const char **)o->to = value; break;
    case CLI_LIST: cli_push(o->to, value); break;
    }
}

/* One option at argv[*i]; a value may stand in the same word or in the next one. */
static int take(const struct cli_command *c, const struct cli_option *o, const char *inline_value, int argc, char **argv,
                int *i, struct err *e)
{
    if (o->kind == CLI_FLAG) {
        if (inline_value != NULL)
            return err_set(e, ERR_USAGE, "--%s takes no value", o->name);
        store(o, NULL);
        return 0;
    }
    if (inline_value == NULL) {
        if (*i + 1 >= argc)
            return err_set(e, ERR_USAGE, "--%s needs a value: %s (tidemark %s --help)", o->name, o->arg, c->name);
        inline_value = argv[++*i];
    }
    store(o, inline_value);
    return 0;
}

static int take_long(const struct cli_command *c, int argc, char **argv, int *i, struct err *e)
{
    const char *name = argv[*i] + 2;
    const char *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const struct cli_option *o = find_long(c, name, len);
    if (o == NULL)
        return unknown_long(c, name, len, e);
    return take(c, o, equals ? equals + 1 : NULL, argc, argv, i, e);
}

static int take_letters(const struct cli_command *c, int argc, char **argv, int *i, struct err *e)
{
    const char *word = argv[*i];
    for (const char *p = word + 1; *p != '\0'; p++) {
        const struct cli_option *o = find_letter(c, *p);
        if (o == NULL)
            return err_set(e, ERR_USAGE, "unknown option -%c; tidemark %s --help lists them", *p, c->name);
        if (o->kind != CLI_FLAG)
            return take(c, o, p[1] != '\0' ? p + 1 : NULL, argc, argv, i, e);
        store(o, NULL);
    }
    return 0;
}

int cli_parse(const struct cli_command *c, int argc, char **argv, bool stop_at_word, struct cli_list *rest, bool *help,
              struct err *e)
{
    *help = false;
    bool options = true;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (!options || word[0] != '-' || word[1] == '\0') {
            cli_push(rest, word);
            if (stop_at_word)
                options = false;
        } else if (strcmp(word, "--") == 0) {
            options = false;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            *help = true;
            return 0;
        } else if ((word[1] == '-' ? take_long(c, argc, argv, &i, e) : take_letters(c, argc, argv, &i, e)) != 0) {
            return -1;
        }
    }
    return 0;
}

void cli_help(const struct cli_command *c)
{
    printf("tidemark %s\n\n%s\n", c->usage, c->about);
    if (c->n_option > 0)
        printf("\noptions\n");
    for (size_t i = 0; i < c->n_option; i++) {
        const struct cli_option *o = &c->option[i];
        char *left = mem_printf("%s%c%s--%s%s%s", o->letter ? "-" : "  ", o->letter ? o->letter : ' ', o->letter ? ", " : " ",
                                o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        printf("  %-26s %s\n", left, o->help);
        mem_free(left);
    }
    printf("\nexample\n");
    for (const char *line = c->example; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        printf("  %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

/* tidemark init: a project folder that works at once. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/json.h"

static int make_dir(const char *path, struct err *e)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    return err_set(e, errno == ENOSPC ? ERR_TEMPORARY : ERR_CONFIG, "cannot make %s: %s", path, strerror(errno));
}

/* Never over a file that is there. */
static int write_file(const char *dir, const char *name, const char *text, struct err *e)
{
    char *path = mem_printf("%s/%s", dir, name);
    FILE *f = fopen(path, "wxe");
    int rc = 0;
    if (f == NULL && errno != EEXIST)
        rc = err_set(e, ERR_CONFIG, "cannot write %s: %s", path, strerror(errno));
    else if (f != NULL) {
        bool bad = fputs(text, f) < 0;
        bad = fclose(f) != 0 || bad;
        if (bad)
            rc = err_set(e, ERR_TEMPORARY, "cannot write %s: %s", path, strerror(errno));
    }
    mem_free(path);
    return rc;
}

static int check_owner(const char *name, struct err *e)
{
    bool good = islower((unsigned char)name[0]) != 0;
    for (const char *p = name; *p != '\0'; p++)
        good = good && (islower((unsigned char)*p) || isdigit((unsigned char)*p) || *p == '_');
    if (!good || strlen(name) > 40)
        return err_set(e, ERR_USAGE, "--owner '%s': a name is lower-case letters, digits and _, beginning with a letter", name);
    static const char *const lua[] = {"and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
                                      "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
                                      "repeat",   "return", "then", "true", "until",  "while"};
    for (size_t i = 0; i < sizeof lua / sizeof *lua; i++)
        if (strcmp(name, lua[i]) == 0)
            return err_set(e, ERR_USAGE, "--owner %s: that is a word of Lua, which the config is written in; take another name",
                           name);
    return 0;
}

static int check_owners(const struct cli_list *owners, struct err *e)
{
    for (size_t i = 0; i < owners->n; i++) {
        if (check_owner(owners->item[i], e) != 0)
            return -1;
        for (size_t k = 0; k < i; k++)
            if (strcmp(owners->item[i], owners->item[k]) == 0)
                return err_set(e, ERR_USAGE, "--owner %s is there twice", owners->item[i]);
    }
    return 0;
}

static void write_config(const struct cli_list *owners, struct buf *out)
{
    buf_str(out, "-- The project's config. `tidemark doctor` says what is in force.\n"
                 "---@type tidemark.Project\n"
                 "return {\n"
                 "  -- Whose data this is: a name and the UUID that stands in every row (user_id).\n"
                 "  owners = {\n");
    for (size_t i = 0; i < owners->n; i++) {
        struct uuid id = uuid_v4();
        char text[37];
        uuid_format(&id, text);
        buf_printf(out, "    %s = \"%s\",\n", owners->item[i], text);
    }
    buf_printf(out,
               "  },\n"
               "  default_owner = \"%s\",\n\n"
               "  -- Without a database named here, in TIDEMARK_DATABASE or in PGHOST, tidemark runs a private PostgreSQL\n"
               "  -- for this folder.\n"
               "  -- database = \"postgresql://me@db.example/content\",\n\n"
               "  -- The zone times are shown in.\n"
               "  -- time_zone = \"Europe/Berlin\",\n"
               "}\n",
               owners->item[0]);
}

/* What lua-language-server needs to know the plugin API: the definitions lie beside the library, in lua/tidemark/meta. The
 * globals are busted's, for specs. */
static void write_editor(const char *lua_dir, struct buf *out)
{
    buf_str(out, "{\n"
                 "  \"runtime\": { \"version\": \"Lua 5.4\" },\n"
                 "  \"workspace\": {\n"
                 "    \"library\": [");
    json_write_string(lua_dir, strlen(lua_dir), out);
    buf_str(out,
            "],\n"
            "    \"checkThirdParty\": false,\n"
            "    \"ignoreDir\": [\".tidemark\"]\n"
            "  },\n"
            "  \"completion\": { \"callSnippet\": \"Replace\" },\n"
            "  \"diagnostics\": {\n"
            "    \"globals\": [\"describe\", \"it\", \"pending\", \"finally\", \"before_each\", \"after_each\", \"setup\", "
            "\"teardown\"]\n"
            "  }\n"
            "}\n");
}

static int make_project(const char *dir, const char *lua_dir, const struct cli_list *owners, struct err *e)
{
    char *plugins = mem_printf("%s/plugins", dir), *file = mem_printf("%s/tidemark.lua", dir);
    struct buf config = {0}, editor = {0};
    int rc = -1;
    if (access(file, F_OK) == 0) {
        err_set(e, ERR_USAGE, "%s is there already: this folder is a project; nothing was changed", file);
        goto out;
    }
    write_config(owners, &config);
    write_editor(lua_dir, &editor);
    if (make_dir(dir, e) != 0 || make_dir(plugins, e) != 0 || write_file(dir, ".gitignore", ".tidemark/\n", e) != 0 ||
        write_file(dir, ".luarc.json", editor.data, e) != 0)
        goto out;
    rc = write_file(dir, "tidemark.lua", config.data, e); /* last: with it the folder is a project */
out:
    buf_free(&config);
    buf_free(&editor);
    mem_free(plugins);
    mem_free(file);
    return rc;
}

static void tell_made(const char *dir, const struct cli_list *owners)
{
    printf("made %s/tidemark.lua for", dir);
    for (size_t i = 0; i < owners->n; i++)
        printf("%s %s", i ? "," : "", owners->item[i]);
    printf("\n\nnext    ");
    if (strcmp(dir, ".") != 0)
        printf(strchr(dir, ' ') != NULL ? "cd \"%s\"\n        " : "cd %s\n        ", dir);
    printf("tidemark ingest -p PLATFORM FILE\n"
           "plugin  tidemark plugin new NAME --kind parser --from PAYLOAD\n"
           "        tidemark plugin check\n"
           "        tidemark plugin test NAME\n"
           "editor  .luarc.json tells lua-language-server the plugin API\n");
}

int cmd_init(struct app *app, int argc, char **argv, struct err *e)
{
    struct cli_list owners = {0}, rest = {0};
    const struct cli_option options[] = {
        {"owner", 0, CLI_LIST, &owners, "NAME", "an owner of data, made with a new UUID; the first is the default (me)"},
        APP_OPTIONS(app),
    };
    const struct cli_command c = {"init",
                                  "init [--owner NAME]… [DIR]",
                                  "Makes a project folder: tidemark.lua (the config), plugins/, .gitignore, .luarc.json. DIR "
                                  "is this folder unless named.",
                                  "tidemark init studio\ntidemark init --owner studio --owner solo demo",
                                  options,
                                  sizeof options / sizeof *options};
    bool help;
    int rc = cli_parse(&c, argc, argv, false, &rest, &help, e);
    if (rc == 0 && help) {
        cli_help(&c);
    } else if (rc == 0 && (rc = app_begin(app, e)) == 0) {
        if (owners.n == 0)
            cli_push(&owners, "me");
        if (rest.n > 1)
            rc = err_set(e, ERR_USAGE, "init takes one folder, not %zu", rest.n);
        const char *dir = rest.n == 1 ? rest.item[0] : ".";
        if (rc == 0 && dir[0] == '\0')
            rc = err_set(e, ERR_USAGE, "init: the folder's name is empty");
        if (rc == 0)
            rc = check_owners(&owners, e);
        if (rc == 0 && (rc = make_project(dir, app->share.lua, &owners, e)) == 0)
            tell_made(dir, &owners);
    }
    cli_free(&owners);
    cli_free(&rest);
    return rc;
}

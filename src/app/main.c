/* tidemark: argv to one command, one command to one exit code. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/nearest.h"

static const struct app_command commands[] = {
    {"init", "make a project folder", true, cmd_init},
    {"ingest", "payloads of the platforms to rows", true, cmd_ingest},
    {"learn", "what works: rules over the posts, with their evidence", true, cmd_learn},
    {"report", "what the data says: tables, CSV, JSON", true, cmd_report},
    {"playbook", "what the AI should do, avoid, ignore and try", true, cmd_playbook},
    {"explain", "where a finding's numbers come from", false, cmd_explain},
    {"run", "a script of your own, once, with the plugin API", false, cmd_run},
    {"lua", "a prompt with the plugin API", false, cmd_lua},
    {"plugin", "plugins: list, new, check, test, doc, fuzz", false, cmd_plugin},
    {"change", "what changed in the AI, and when: add, list", false, cmd_change},
    {"content", "which posts are one work: link, unlink, show, list", false, cmd_content},
    {"quarantine", "what could not be taken, and why: list, show", false, cmd_quarantine},
    {"db", "the database: start, stop, migrate, status, verify, revert, psql", false, cmd_db},
    {"doctor", "where everything is and whether it is well", false, cmd_doctor},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void help_group(bool daily)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (commands[i].daily == daily)
            printf("  %-11s %s\n", commands[i].name, commands[i].summary);
}

static void help(void)
{
    printf("tidemark %s: how content performs on every platform, and what works\n\ntidemark COMMAND [OPTION…] [ARG…]\n"
           "tidemark [--as WHO]                       today on one screen\n\n",
           TIDEMARK_VERSION);
    help_group(true);
    printf("\nmore\n");
    help_group(false);
    printf("\n\"tidemark COMMAND --help\" tells the rest.\n"
           "\nexit codes\n"
           "  0 done   1 a check failed   2 done in part   64 usage   65 bad input\n"
           "  69 no database   70 a bug   75 try again   76 a plugin failed\n"
           "  78 config, plugin file or schema\n\nexample\n"
           "  tidemark init studio && cd studio\n  tidemark ingest -p youtube videos.json\n  tidemark report content.top\n");
}

static int unknown(const char *word)
{
    const char *names[N_COMMANDS + 2] = {"--help", "--version"};
    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i + 2] = commands[i].name;
    const char *what = word[0] == '-' ? "option" : "command";
    const char *near = nearest(word, names, N_COMMANDS + 2);
    if (near != NULL)
        log_error("unknown %s '%s', did you mean '%s'?", what, word, near);
    else
        log_error("unknown %s '%s'; tidemark --help lists them", what, word);
    return 64;
}

static bool is_word(const char *arg, const char *word)
{
    return arg != NULL && strcmp(arg, word) == 0;
}

/* "tidemark --as studio": options of the screen of today, which has no name. */
static bool is_option_of_today(const char *word)
{
    static const char *const options[] = {"--as", "--owner", "--project", "--database", "--tz", "--color", "--ascii"};
    for (size_t i = 0; word != NULL && i < sizeof options / sizeof *options; i++) {
        size_t n = strlen(options[i]);
        if (strncmp(word, options[i], n) == 0 && (word[n] == '\0' || word[n] == '='))
            return true;
    }
    return false;
}

static bool in_project(void)
{
    char *dir = project_find(".");
    bool found = dir != NULL;
    mem_free(dir);
    return found;
}

static int run(const struct app_command *command, int argc, char **argv)
{
    struct app app = {0};
    struct err e = {0};
    int rc = command->run(&app, argc, argv, &e);
    if (rc < 0) {
        log_error("%s", e.text);
        rc = err_exit_code(e.kind);
    }
    app_close(&app);
    if (fflush(stdout) != 0 && rc == 0) {
        log_error("cannot write the result: is the disk full?");
        rc = 75;
    }
    return rc;
}

int main(int argc, char **argv)
{
    mem_tune();
    setlocale(LC_CTYPE, "");
    bool asked = is_word(argv[1], "--help") || is_word(argv[1], "-h") || is_word(argv[1], "help");
    char *name = asked ? argv[2] : argv[1];
    static const struct app_command today = {"", "", true, cmd_today};
    if (!asked && (is_option_of_today(name) || (name == NULL && in_project())))
        return run(&today, argc, argv);
    if (name == NULL) {
        help();
        return 0;
    }
    if (is_word(name, "--version")) {
        printf("tidemark %s\n", TIDEMARK_VERSION);
        return 0;
    }
    char help_option[] = "--help";
    char *help_of[] = {name, help_option, NULL}; /* "tidemark help report" is "tidemark report --help" */
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return asked ? run(&commands[i], 2, help_of) : run(&commands[i], argc - 1, argv + 1);
    return unknown(name);
}

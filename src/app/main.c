/* tidemark: argv to one command, one command to one exit code. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "base/log.h"
#include "base/nearest.h"

static const struct app_command commands[] = {
    {"init", "make a project folder", true, cmd_init},
    {"ingest", "payloads of the platforms -> rows", true, cmd_ingest},
    {"report", "what the data says: tables, CSV, JSON", true, cmd_report},
    {"change", "what changed in the AI, and when: add, list", false, cmd_change},
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
    printf("tidemark %s: how content performs on every platform, and what works\n\ntidemark COMMAND [OPTION…] [ARG…]\n\n",
           TIDEMARK_VERSION);
    help_group(true);
    printf("\nmore\n");
    help_group(false);
    printf(
        "\n\"tidemark COMMAND --help\" tells the rest. Exit codes: 0 done, 1 a check failed, 2 done in part, 64 usage,\n"
        "65 bad input, 69 database unavailable, 70 a bug, 75 try again, 76 a plugin failed, 78 config or schema.\n\nexample\n"
        "  tidemark init studio && cd studio\n  tidemark ingest -p youtube videos.json\n  tidemark report content.top\n");
}

static int unknown(const char *word)
{
    const char *names[N_COMMANDS];
    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i].name;
    const char *near = nearest(word, names, N_COMMANDS);
    if (near != NULL)
        log_error("unknown command '%s', did you mean '%s'?", word, near);
    else
        log_error("unknown command '%s'; tidemark --help lists them", word);
    return 64;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        help();
        return argc < 2 ? 64 : 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("tidemark %s\n", TIDEMARK_VERSION);
        return 0;
    }
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        struct app app = {0};
        struct err e = {0};
        int rc = commands[i].run(&app, argc - 1, argv + 1, &e);
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
    return unknown(argv[1]);
}

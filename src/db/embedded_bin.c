/* Which PostgreSQL server programs are installed. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "db/embedded_cluster.h"
#include "db/embedded_run.h"

static bool has_server(const char *dir)
{
    static const char *const programs[] = {"postgres", "initdb"};
    bool all = true;
    for (size_t i = 0; i < 2; i++) {
        char *path = mem_printf("%s/%s", dir, programs[i]);
        all = access(path, X_OK) == 0 && all;
        mem_free(path);
    }
    return all;
}

/* The first line of what a program prints, "" when it fails; the caller's. */
static char *first_line(const struct embedded_paths *p, char *const argv[])
{
    struct buf out = {0};
    struct err ignored = {0};
    int status = -1;
    struct embedded_tool tool = {.argv = argv};
    if (embedded_run_tool(p, &tool, &out, &status, &ignored) != 0 || status != 0)
        buf_clear(&out);
    char *text = buf_take(&out);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

/* "postgres (PostgreSQL) 15.20 (Debian …)" */
static int ask_version(const struct embedded_paths *p, const char *dir)
{
    char *program = mem_printf("%s/postgres", dir);
    char option[] = "--version";
    char *line = first_line(p, (char *const[]){program, option, NULL});
    int version = 0;
    if (sscanf(line, "postgres (PostgreSQL) %d", &version) != 1)
        version = 0;
    mem_free(line);
    mem_free(program);
    return version;
}

/* Takes dir (its memory too) when it serves better than what is there. */
static void offer(struct embedded_bin *best, int want, char *dir, int version)
{
    bool better = best->dir == NULL || (best->version != want && (version == want || version > best->version));
    if (version <= 0 || !better) {
        mem_free(dir);
        return;
    }
    mem_free(best->dir);
    *best = (struct embedded_bin){.dir = dir, .version = version};
}

static void offer_installed(struct embedded_bin *best, int want)
{
    glob_t found;
    if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            if (has_server(found.gl_pathv[i]))
                offer(best, want, mem_dup(found.gl_pathv[i]), atoi(found.gl_pathv[i] + strlen("/usr/lib/postgresql/")));
    globfree(&found);
}

static void offer_configured(const struct embedded_paths *p, struct embedded_bin *best, int want)
{
    char env[] = "/usr/bin/env", program[] = "pg_config", option[] = "--bindir";
    char *dir = first_line(p, (char *const[]){env, program, option, NULL});
    if (dir[0] == '/' && has_server(dir))
        offer(best, want, dir, ask_version(p, dir));
    else
        mem_free(dir);
}

void embedded_bin_find(const struct embedded_paths *p, int want, struct embedded_bin *bin)
{
    *bin = (struct embedded_bin){0};
    const char *given = getenv("TIDEMARK_PG_BINDIR");
    if (given != NULL) {
        if (has_server(given))
            offer(bin, want, mem_dup(given), ask_version(p, given));
        return;
    }
    offer_installed(bin, want);
    if (bin->dir == NULL || (want != 0 && bin->version != want))
        offer_configured(p, bin, want);
}

void embedded_bin_fini(struct embedded_bin *bin)
{
    mem_free(bin->dir);
    *bin = (struct embedded_bin){0};
}

/* The private PostgreSQL after kills, with stale files, on a full disk, and where it must refuse: it comes back, or says in a
 * line what is wrong and what to do, and leaves nothing half-made. */
#include "embedded_fixture.h"

#include <sched.h>
#include <sys/mount.h>

static struct project shared;

static int make_shared(void **state)
{
    (void)state;
    new_project(&shared);
    struct embedded *pg = enter(&shared);
    assert_answer(pg, "CREATE TABLE kept AS SELECT 42 AS n", "");
    embedded_leave(&pg);
    return 0;
}

static int drop_shared(void **state)
{
    (void)state;
    drop_project(&shared);
    return 0;
}

static void find(const struct project *p, struct embedded_paths *paths)
{
    struct err e = {0};
    assert_int_equal(embedded_paths_find(p->dir, paths, &e), 0);
}

static void assert_works(const struct project *p)
{
    struct embedded *pg = enter(p);
    assert_answer(pg, "SELECT n FROM kept", "42");
    embedded_leave(&pg);
    assert_int_equal(server_of(p), 0);
}

static void a_killed_server_is_started_again(void **state)
{
    (void)state;
    struct embedded *first = enter(&shared);
    assert_answer(first, "CREATE TABLE IF NOT EXISTS committed AS SELECT 7 AS n", "");
    pid_t pid = server_of(&shared);
    assert_int_equal(kill(pid, SIGKILL), 0);
    struct embedded *second = enter(&shared);
    assert_true(server_of(&shared) != pid);
    assert_answer(second, "SELECT n FROM committed", "7");
    embedded_leave(&first);
    embedded_leave(&second);
    assert_int_equal(server_of(&shared), 0);
}

/* A command that goes no further than having its share. Returns when it has it. */
static pid_t start_command(void)
{
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct embedded *pg = NULL;
        struct err e = {0};
        bool good = embedded_enter(NULL, shared.dir, &pg, &e) == 0 && write(ready[1], "x", 1) == 1;
        for (; good;)
            pause();
        _exit(1);
    }
    char byte;
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void the_server_of_a_killed_command_is_adopted(void **state)
{
    (void)state;
    pid_t child = start_command();
    pid_t server = server_of(&shared);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(server_of(&shared), server);
    struct embedded *pg = enter(&shared);
    assert_int_equal(server_of(&shared), server);
    assert_answer(pg, "SELECT n FROM kept", "42");
    embedded_leave(&pg);
    assert_int_equal(server_of(&shared), 0);
}

static void a_server_on_its_way_out_is_waited_for(void **state)
{
    (void)state;
    pid_t child = start_command();
    pid_t server = server_of(&shared);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    kill(server, SIGINT);
    assert_works(&shared);
}

static void making_it_may_be_killed_at_any_time(void **state)
{
    (void)state;
    struct project p;
    struct embedded_paths paths;
    new_project(&p);
    find(&p, &paths);
    char *half = mem_printf("%s/pg.new.*/global", paths.base);
    pid_t child = fork();
    if (child == 0) {
        struct embedded *pg = NULL;
        struct err e = {0};
        embedded_enter(NULL, p.dir, &pg, &e);
        _exit(0);
    }
    for (int i = 0; i < 1000 && !exists(half); i++)
        pause_ms(5);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_false(exists(paths.data));
    struct embedded *pg = enter(&p);
    assert_true(embedded_was_made(pg));
    embedded_leave(&pg);
    assert_false(exists(half));
    mem_free(half);
    embedded_paths_fini(&paths);
    drop_project(&p);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* A process number is used again: what has it now is no server, though it runs as the server's account. */
static void a_stale_pid_file_of_a_living_stranger_is_no_obstacle(void **state)
{
    (void)state;
    struct embedded_paths paths;
    find(&shared, &paths);
    pid_t stranger = fork();
    if (stranger == 0) {
        if (geteuid() == 0 && (setgid(paths.gid) != 0 || setuid(paths.uid) != 0))
            _exit(1);
        for (;;)
            pause();
    }
    char *path = mem_printf("%s/postmaster.pid", paths.data);
    char *text =
        mem_printf("%d\n%s\n1700000000\n5432\n%s\n\n  123456 7\nready   \n", (int)stranger, paths.data, paths.socket_dir);
    write_text(path, text);
    assert_int_equal(server_of(&shared), 0);
    assert_works(&shared);
    assert_int_equal(kill(stranger, 0), 0);
    kill(stranger, SIGKILL);
    waitpid(stranger, NULL, 0);
    mem_free(path);
    mem_free(text);
    embedded_paths_fini(&paths);
}

static void stale_sockets_are_no_obstacle(void **state)
{
    (void)state;
    struct embedded_paths paths;
    struct err e = {0};
    find(&shared, &paths);
    assert_int_equal(embedded_paths_make_sockets(&paths, &e), 0);
    char *socket = mem_printf("%s/.s.PGSQL.5432", paths.socket_dir);
    char *lock = mem_printf("%s.lock", socket);
    char *text = mem_printf("%d\n%s\n1700000000\n5432\n%s\n", (int)getpid(), paths.data, paths.socket_dir);
    write_text(socket, "");
    write_text(lock, text);
    assert_works(&shared);
    mem_free(socket);
    mem_free(lock);
    mem_free(text);
    embedded_paths_fini(&paths);
}

static void a_server_whose_socket_was_removed_is_started_again(void **state)
{
    (void)state;
    struct err e = {0};
    struct embedded *pg = enter(&shared);
    assert_int_equal(embedded_pin(shared.dir, &e), 0);
    pid_t pid = server_of(&shared);
    struct embedded_paths paths;
    find(&shared, &paths);
    char *socket = mem_printf("%s/.s.PGSQL.5432", paths.socket_dir);
    assert_int_equal(unlink(socket), 0);
    assert_refused(&shared, ERR_UNAVAILABLE, "were removed while others use the server");
    embedded_leave(&pg);
    pg = enter(&shared);
    assert_true(server_of(&shared) != pid);
    assert_int_equal(embedded_unpin(shared.dir, &e), 0);
    embedded_leave(&pg);
    mem_free(socket);
    embedded_paths_fini(&paths);
}

static void long_paths(void **state)
{
    (void)state;
    struct project base;
    new_project(&base);
    char *dir = mem_dup(base.dir);
    char *runtime = mem_printf("%s/%090d", base.dir, 0);
    assert_int_equal(mkdir(runtime, 0700), 0);
    setenv("XDG_RUNTIME_DIR", runtime, 1);
    for (int i = 0; i < 8; i++) {
        char *longer = mem_printf("%s/%0100d", dir, i);
        mem_free(dir);
        dir = longer;
        assert_int_equal(mkdir(dir, 0755), 0);
    }
    struct embedded *pg = NULL;
    struct err e = {0};
    if (embedded_enter(NULL, dir, &pg, &e) != 0)
        fail_msg("%s", e.text);
    char *expected =
        geteuid() == 0 ? mem_dup("host=/run/tidemark/") : mem_printf("host=/tmp/tidemark-%u/", (unsigned)geteuid());
    assert_int_equal(strncmp(embedded_uri(pg), expected, strlen(expected)), 0);
    assert_answer(pg, "SELECT 1", "1");
    embedded_leave(&pg);
    if (geteuid() == 0) { /* its data lies elsewhere */
        char *base_of = mem_dup("");
        struct embedded_paths paths;
        assert_int_equal(embedded_paths_find(dir, &paths, &e), 0);
        mem_free(base_of);
        base_of = mem_printf("rm -rf %s", paths.base);
        run_shell(base_of);
        mem_free(base_of);
        embedded_paths_fini(&paths);
    } else {
        char *longer = mem_printf("%s/%0150d", dir, 0);
        assert_int_equal(mkdir(longer, 0755), 0);
        assert_int_equal(embedded_enter(NULL, longer, &pg, &e), -1);
        assert_int_equal(e.kind, ERR_CONFIG);
        assert_non_null(strstr(e.text, "too long for PostgreSQL"));
        mem_free(longer);
    }
    unsetenv("XDG_RUNTIME_DIR");
    mem_free(expected);
    mem_free(runtime);
    mem_free(dir);
    drop_project(&base);
}

static void another_major_version_is_refused_by_both_names(void **state)
{
    (void)state;
    struct embedded_paths paths;
    struct embedded_state s;
    struct err e = {0};
    find(&shared, &paths);
    assert_int_equal(embedded_state(shared.dir, &s, &e), 0);
    char *path = mem_printf("%s/PG_VERSION", paths.data);
    char *text = mem_printf("%d\n", s.cluster_version);
    write_text(path, "13\n");
    char *part =
        mem_printf("was made by PostgreSQL 13, but the server in %s is %d: install the package postgresql-13, or bring the "
                   "data over with pg_upgrade",
                   s.bindir, s.server_version);
    assert_refused(&shared, ERR_CONFIG, part);
    write_text(path, "old\n");
    assert_refused(&shared, ERR_CONFIG, "not the version number of a PostgreSQL cluster");
    write_text(path, text);
    assert_works(&shared);
    mem_free(path);
    mem_free(part);
    mem_free(text);
    embedded_paths_fini(&paths);
}

static void a_folder_that_is_no_cluster_is_left_alone(void **state)
{
    (void)state;
    struct project p;
    struct embedded_paths paths;
    struct err e = {0};
    new_project(&p);
    find(&p, &paths);
    assert_int_equal(embedded_paths_make(&paths, &e), 0);
    assert_int_equal(mkdir(paths.data, 0700), 0);
    char *file = mem_printf("%s/letter", paths.data);
    write_text(file, "dear");
    assert_refused(&p, ERR_CONFIG, "is no PostgreSQL cluster (no file PG_VERSION in it): move it away");
    assert_true(exists(file));
    assert_int_equal(unlink(file), 0);
    struct embedded *pg = enter(&p); /* an empty one is as good as none */
    assert_true(embedded_was_made(pg));
    embedded_leave(&pg);
    mem_free(file);
    embedded_paths_fini(&paths);
    drop_project(&p);
}

static void no_server_in_the_given_folder(void **state)
{
    (void)state;
    setenv("TIDEMARK_PG_BINDIR", "/usr/share", 1);
    assert_refused(&shared, ERR_CONFIG, "no PostgreSQL server in TIDEMARK_PG_BINDIR=/usr/share");
    unsetenv("TIDEMARK_PG_BINDIR");
}

static void a_broken_start_shows_the_end_of_the_log(void **state)
{
    (void)state;
    struct embedded_paths paths;
    find(&shared, &paths);
    char *command =
        mem_printf("cp -p '%s/postgresql.conf' '%s/kept.conf' && echo 'no_such_setting = 1' >> '%s/postgresql.conf'",
                   paths.data, paths.data, paths.data);
    run_shell(command);
    mem_free(command);
    assert_refused(&shared, ERR_UNAVAILABLE, "unrecognized configuration parameter \"no_such_setting\"");
    command = mem_printf("mv '%s/kept.conf' '%s/postgresql.conf'", paths.data, paths.data);
    run_shell(command);
    mem_free(command);
    assert_works(&shared);
    embedded_paths_fini(&paths);
}

/* In /tmp anybody may have been there first. */
static void a_socket_folder_that_is_not_ours_alone_is_refused(void **state)
{
    (void)state;
    struct embedded_paths paths;
    struct err e = {0};
    find(&shared, &paths);
    assert_int_equal(embedded_paths_make_sockets(&paths, &e), 0);
    assert_int_equal(chmod(paths.socket_dir, 0755), 0);
    assert_refused(&shared, ERR_CONFIG, "has mode 0755, it must have 0700");
    assert_int_equal(rmdir(paths.socket_dir), 0);
    assert_int_equal(symlink("/tmp", paths.socket_dir), 0);
    assert_refused(&shared, ERR_CONFIG, "is not a folder");
    assert_int_equal(unlink(paths.socket_dir), 0);
    if (geteuid() == 0) {
        assert_int_equal(mkdir(paths.socket_dir, 0700), 0);
        assert_int_equal(chown(paths.socket_dir, 65534, 65534), 0);
        assert_refused(&shared, ERR_CONFIG, "it must belong to postgres");
        assert_int_equal(rmdir(paths.socket_dir), 0);
    }
    assert_works(&shared);
    embedded_paths_fini(&paths);
}

/* What follows wants a file system of its own: root's child in its own mount namespace, so that nobody else sees it. */
static void in_a_namespace(void (*body)(void))
{
    if (geteuid() != 0)
        skip();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
            _exit(77); /* a container without the right to mount */
        body();
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

/* In the child a failed assertion must not run the parent's remaining tests. */
static void need(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        _exit(1);
    }
}

static void try_full_disk(const struct embedded_paths *paths, const char *project, const char *options)
{
    struct embedded *pg = NULL;
    struct err e = {0};
    need(mount("none", paths->base, "tmpfs", 0, options) == 0, "mount");
    need(embedded_enter(NULL, project, &pg, &e) == -1, "a full disk went unnoticed");
    need(e.kind == ERR_TEMPORARY && strstr(e.text, "the disk is full: ") == e.text, e.text);
    need(strstr(e.text, paths->base) != NULL && strstr(e.text, " MiB free, a new database needs about 60 MiB") != NULL, e.text);
    char *half = mem_printf("%s/pg*/*", paths->base), *data = mem_printf("%s/pg", paths->base);
    need(!exists(half) && !exists(data), "something half-made stays");
    mem_free(half);
    mem_free(data);
    need(umount2(paths->base, MNT_DETACH) == 0, "umount");
}

static void fill_disk_as_root(void)
{
    struct embedded_paths paths;
    struct err e = {0};
    struct project p;
    new_project(&p);
    find(&p, &paths);
    need(embedded_paths_make(&paths, &e) == 0, e.text);
    try_full_disk(&paths, p.dir, "size=8m,mode=711");
    try_full_disk(&paths, p.dir, "size=42m,mode=711"); /* initdb has room, the database has not */
    embedded_paths_fini(&paths);
    drop_project(&p);
}

static void fill_disk_as_nobody(void)
{
    struct project p;
    new_project(&p);
    char *base = mem_printf("%s/.tidemark", p.dir);
    need(mkdir(base, 0700) == 0 && chmod(p.dir, 0755) == 0, base);
    need(mount("none", base, "tmpfs", 0, "size=8m,mode=700,uid=65534,gid=65534") == 0, "mount");
    pid_t child = fork();
    if (child == 0) {
        struct embedded *pg = NULL;
        struct err e = {0};
        need(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0, "setuid");
        need(embedded_enter(NULL, p.dir, &pg, &e) == -1, "a full disk went unnoticed");
        need(e.kind == ERR_TEMPORARY && strstr(e.text, "the disk is full: ") == e.text && strstr(e.text, base) != NULL, e.text);
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    need(status == 0, "as nobody");
    umount2(base, MNT_DETACH);
    mem_free(base);
    drop_project(&p);
}

static void hide_servers(void)
{
    struct project p;
    struct embedded *pg = NULL;
    struct err e = {0};
    new_project(&p);
    need(mount("none", "/usr/lib/postgresql", "tmpfs", 0, "size=1m") == 0, "mount");
    need(embedded_enter(NULL, p.dir, &pg, &e) == -1 && e.kind == ERR_CONFIG, e.text);
    need(strcmp(e.text,
                "no PostgreSQL server is installed: install the package postgresql-15 (Debian, Ubuntu) or \"postgresql\", "
                "or give a server of your own with --database") == 0,
         e.text);
    drop_project(&p);
}

static void a_full_disk_is_told_in_our_line_and_leaves_nothing(void **state)
{
    (void)state;
    in_a_namespace(fill_disk_as_root);
    in_a_namespace(fill_disk_as_nobody);
}

static void a_missing_server_is_told_with_the_package(void **state)
{
    (void)state;
    in_a_namespace(hide_servers);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_server_is_started_again),
        cmocka_unit_test(the_server_of_a_killed_command_is_adopted),
        cmocka_unit_test(a_server_on_its_way_out_is_waited_for),
        cmocka_unit_test(making_it_may_be_killed_at_any_time),
        cmocka_unit_test(a_stale_pid_file_of_a_living_stranger_is_no_obstacle),
        cmocka_unit_test(stale_sockets_are_no_obstacle),
        cmocka_unit_test(a_server_whose_socket_was_removed_is_started_again),
        cmocka_unit_test(long_paths),
        cmocka_unit_test(another_major_version_is_refused_by_both_names),
        cmocka_unit_test(a_folder_that_is_no_cluster_is_left_alone),
        cmocka_unit_test(no_server_in_the_given_folder),
        cmocka_unit_test(a_broken_start_shows_the_end_of_the_log),
        cmocka_unit_test(a_socket_folder_that_is_not_ours_alone_is_refused),
        cmocka_unit_test(a_full_disk_is_told_in_our_line_and_leaves_nothing),
        cmocka_unit_test(a_missing_server_is_told_with_the_package),
    };
    return cmocka_run_group_tests(tests, make_shared, drop_shared);
}

int main(void)
{
    return run_as_both(run);
}

/* The private PostgreSQL's ordinary life: made once, shared, stopped by the last one out, kept by a pin. */
#include "embedded_fixture.h"

static struct project shared;

static int make_shared(void **state)
{
    (void)state;
    new_project(&shared);
    return 0;
}

static int drop_shared(void **state)
{
    (void)state;
    drop_project(&shared);
    return 0;
}

static void first_start_makes_a_database_as_promised(void **state)
{
    (void)state;
    struct embedded *pg = enter(&shared);
    assert_true(embedded_was_made(pg));
    assert_answer(pg, "SELECT current_database() || ' ' || current_user", "tidemark tidemark");
    assert_answer(pg, "SHOW data_checksums", "on");
    assert_answer(pg, "SHOW server_encoding", "UTF8");
    assert_answer(pg, "SELECT datcollate FROM pg_database WHERE datname = 'tidemark'", "C.UTF-8");
    assert_answer(pg, "SHOW listen_addresses", "");
    assert_answer(pg, "SHOW TimeZone", "UTC");
    assert_answer(pg, "SHOW lc_messages", "C");
    assert_answer(pg, "SHOW fsync", "on");
    assert_answer(pg, "SHOW jit", "off");
    assert_answer(pg, "SELECT string_agg(DISTINCT auth_method || ' ' || type, ',') FROM pg_hba_file_rules", "peer local");
    assert_answer(pg, "SELECT inet_server_addr() IS NULL", "t");
    assert_answer(pg, "CREATE TABLE kept AS SELECT 42 AS n", "");
    embedded_leave(&pg);
    assert_null(pg);
}

static void data_stays_and_is_not_made_again(void **state)
{
    (void)state;
    struct embedded *pg = enter(&shared);
    assert_false(embedded_was_made(pg));
    assert_answer(pg, "SELECT n FROM kept", "42");
    embedded_leave(&pg);
}

static void last_one_out_stops_the_server(void **state)
{
    (void)state;
    struct embedded *a = enter(&shared), *b = enter(&shared);
    pid_t pid = server_of(&shared);
    assert_true(pid > 0);
    embedded_leave(&a);
    assert_int_equal(server_of(&shared), pid);
    assert_answer(b, "SELECT n FROM kept", "42");
    embedded_leave(&b);
    assert_int_equal(server_of(&shared), 0);
    assert_true(has_ended(pid));
}

static void socket_folder_is_private_and_goes_with_the_server(void **state)
{
    (void)state;
    struct embedded *pg = enter(&shared);
    struct embedded_state s;
    struct err e = {0};
    struct stat st;
    assert_int_equal(embedded_state(shared.dir, &s, &e), 0);
    assert_int_equal(lstat(s.socket_dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    const struct passwd *pw = geteuid() == 0 ? getpwnam("postgres") : getpwuid(geteuid());
    assert_int_equal(st.st_uid, pw->pw_uid);
    assert_string_equal(s.account, pw->pw_name);
    assert_int_equal(strncmp(s.data, geteuid() == 0 ? "/var/lib/tidemark/" : shared.dir, 18), 0);
    embedded_leave(&pg);
    assert_int_equal(lstat(s.socket_dir, &st), -1);
}

static void server_has_its_own_session_and_holds_no_lock(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0); /* not close-on-exec, as a shell's 3>file is not */
    struct embedded *pg = enter(&shared);
    pid_t pid = server_of(&shared);
    assert_int_equal(getsid(pid), pid);
    char path[64], target[4096];
    for (int fd = 0; fd < 256; fd++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
        ssize_t n = readlink(path, target, sizeof target - 1);
        target[n > 0 ? n : 0] = '\0';
        if (strstr(target, "pg.lock") != NULL || strstr(target, "pg.use") != NULL)
            fail_msg("the server holds %s", target);
    }
    close(ends[1]);
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 0); /* nobody else has the other end */
    close(ends[0]);
    embedded_leave(&pg);
}

static void pin_keeps_the_server_until_stop(void **state)
{
    (void)state;
    struct err e = {0};
    struct embedded *pg = enter(&shared);
    assert_int_equal(embedded_pin(shared.dir, &e), 0);
    embedded_leave(&pg);
    pid_t pid = server_of(&shared);
    assert_true(pid > 0);
    pg = enter(&shared);
    embedded_leave(&pg);
    assert_int_equal(server_of(&shared), pid);
    bool was_running = false, others = true;
    assert_int_equal(embedded_stop(NULL, shared.dir, &was_running, &others, &e), 0);
    assert_true(was_running);
    assert_false(others);
    assert_int_equal(server_of(&shared), 0);
    assert_int_equal(embedded_stop(NULL, shared.dir, &was_running, &others, &e), 0);
    assert_false(was_running);
}

static void stop_waits_for_others_to_leave(void **state)
{
    (void)state;
    struct err e = {0};
    struct embedded *pg = enter(&shared);
    assert_int_equal(embedded_pin(shared.dir, &e), 0);
    bool was_running = false, others = false;
    assert_int_equal(embedded_stop(NULL, shared.dir, &was_running, &others, &e), 0);
    assert_true(was_running && others);
    assert_answer(pg, "SELECT n FROM kept", "42");
    embedded_leave(&pg);
    assert_int_equal(server_of(&shared), 0);
}

static void unpin_leaves_the_stop_to_the_last_one(void **state)
{
    (void)state;
    struct err e = {0};
    struct embedded *pg = enter(&shared);
    assert_int_equal(embedded_pin(shared.dir, &e), 0);
    assert_int_equal(embedded_unpin(shared.dir, &e), 0);
    assert_true(server_of(&shared) > 0);
    embedded_leave(&pg);
    assert_int_equal(server_of(&shared), 0);
}

/* One command of many: its answer says whether it made the cluster (10), or that something failed. */
static int one_command(const struct project *p, int i)
{
    struct embedded *pg = NULL;
    struct err e = {0};
    if (embedded_enter(NULL, p->dir, &pg, &e) != 0) {
        fprintf(stderr, "command %d: %s\n", i, e.text);
        return 1;
    }
    PGconn *c = PQconnectdb(embedded_uri(pg));
    bool good = PQstatus(c) == CONNECTION_OK;
    if (!good)
        fprintf(stderr, "command %d: %s\n", i, PQerrorMessage(c));
    PQfinish(c);
    pause_ms(i * 37 % 150);
    bool made = embedded_was_made(pg);
    embedded_leave(&pg);
    return !good ? 1 : made ? 10 : 0;
}

static void commands_at_the_same_time_share_one_server(void **state)
{
    (void)state;
    struct project p;
    new_project(&p);
    enum { COMMANDS = 6 };
    pid_t pids[COMMANDS];
    for (int i = 0; i < COMMANDS; i++)
        if ((pids[i] = fork()) == 0)
            _exit(one_command(&p, i));
    int made = 0;
    for (int i = 0; i < COMMANDS; i++) {
        int status = -1;
        waitpid(pids[i], &status, 0);
        assert_true(WIFEXITED(status));
        assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 10);
        made += WEXITSTATUS(status) == 10;
    }
    assert_int_equal(made, 1);
    assert_int_equal(server_of(&p), 0);
    drop_project(&p);
}

static void state_counts_the_other_commands(void **state)
{
    (void)state;
    struct embedded_state s;
    struct err e = {0};
    int go[2];
    assert_int_equal(pipe(go), 0);
    struct embedded *pg = enter(&shared);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        struct embedded *other = NULL;
        close(go[1]);
        int rc = embedded_enter(NULL, shared.dir, &other, &e);
        (void)!write(2, "", 0);
        (void)!read(go[0], &byte, 1);
        embedded_leave(&other);
        _exit(rc == 0 ? 0 : 1);
    }
    for (int i = 0; i < 500; i++) {
        assert_int_equal(embedded_state(shared.dir, &s, &e), 0);
        if (s.users == 1)
            break;
        pause_ms(20);
    }
    assert_int_equal(s.users, 1);
    assert_true(s.server_version >= 15);
    assert_int_equal(s.cluster_version, s.server_version);
    close(go[1]);
    close(go[0]);
    int status = -1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    embedded_leave(&pg);
}

static void environment_has_no_say(void **state)
{
    (void)state;
    setenv("PGHOST", "/nowhere", 1);
    setenv("PGPORT", "1", 1);
    setenv("PGDATABASE", "other", 1);
    setenv("PGOPTIONS", "-c work_mem=128kB", 1);
    setenv("PGDATA", "/nowhere", 1);
    setenv("LC_ALL", "tlh_QO.UTF-8", 1);
    unsetenv("LANG");
    struct embedded *pg = enter(&shared);
    assert_answer(pg, "SELECT current_setting('work_mem') || ' ' || current_database()", "4MB tidemark");
    embedded_leave(&pg);
    assert_null(getenv("PGOPTIONS"));
    unsetenv("LC_ALL");
    struct project fresh;
    new_project(&fresh);
    setenv("LANG", "tlh_QO.UTF-8", 1);
    pg = enter(&fresh);
    assert_answer(pg, "SHOW lc_messages", "C");
    embedded_leave(&pg);
    unsetenv("LANG");
    drop_project(&fresh);
}

static void socket_of_the_running_server_is_used(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* root's sockets do not follow XDG_RUNTIME_DIR */
    char runtime[] = "/tmp/tidemark-xdg.XXXXXX";
    assert_non_null(mkdtemp(runtime));
    setenv("XDG_RUNTIME_DIR", runtime, 1);
    struct embedded *a = enter(&shared);
    assert_non_null(strstr(embedded_uri(a), runtime));
    unsetenv("XDG_RUNTIME_DIR"); /* as in a cron job */
    struct embedded *b = enter(&shared);
    assert_string_equal(embedded_uri(a), embedded_uri(b));
    embedded_leave(&a);
    embedded_leave(&b);
    assert_int_equal(server_of(&shared), 0);
    char *parent = mem_printf("%s/tidemark", runtime);
    rmdir(parent);
    mem_free(parent);
    assert_int_equal(rmdir(runtime), 0);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_start_makes_a_database_as_promised),
        cmocka_unit_test(data_stays_and_is_not_made_again),
        cmocka_unit_test(last_one_out_stops_the_server),
        cmocka_unit_test(socket_folder_is_private_and_goes_with_the_server),
        cmocka_unit_test(server_has_its_own_session_and_holds_no_lock),
        cmocka_unit_test(pin_keeps_the_server_until_stop),
        cmocka_unit_test(stop_waits_for_others_to_leave),
        cmocka_unit_test(unpin_leaves_the_stop_to_the_last_one),
        cmocka_unit_test(commands_at_the_same_time_share_one_server),
        cmocka_unit_test(state_counts_the_other_commands),
        cmocka_unit_test(environment_has_no_say),
        cmocka_unit_test(socket_of_the_running_server_is_used),
    };
    return cmocka_run_group_tests(tests, make_shared, drop_shared);
}

int main(void)
{
    return run_as_both(run);
}

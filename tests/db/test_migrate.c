/* The migration engine on a real server: what is applied is applied whole, once, and known afterwards. */
#include "fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "db/migrate.h"

/* A database and a schema folder for each test. */
struct ground {
    struct fixture f;
    struct db_session *s;
    char dir[96], uri[64];
};

static int serial;

static void put(const struct ground *g, const char *file, const char *text)
{
    char *path = mem_printf("%s/%s", g->dir, file);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    mem_free(path);
}

static void on_postgres(const char *sql)
{
    PGconn *pg = PQconnectdb("dbname=postgres");
    PGresult *res = PQexec(pg, sql);
    if (PQresultStatus(res) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    PQclear(res);
    PQfinish(pg);
}

static void ground_open(struct ground *g, const char *more)
{
    char *create = mem_printf("CREATE DATABASE migrate_%d", ++serial), *name = mem_printf("migrate_%d", serial);
    on_postgres(create);
    mem_free(create);
    setenv("PGDATABASE", name, 1);
    mem_free(name);
    snprintf(g->uri, sizeof g->uri, "dbname=migrate_%d %s", serial, more);
    fixture_open(&g->f, (struct db_pool_options){.uri = g->uri});
    g->s = session(&g->f);
    snprintf(g->dir, sizeof g->dir, "%s/schema.XXXXXX", getenv("PGHOST")); /* goes with the server, whatever happens here */
    assert_non_null(mkdtemp(g->dir));
    char *sub = mem_printf("%s/migrations", g->dir), *sub2 = mem_printf("%s/repeatable", g->dir);
    assert_int_equal(mkdir(sub, 0755) + mkdir(sub2, 0755), 0);
    mem_free(sub);
    mem_free(sub2);
    put(g, "migrations/0001_first.sql",
        "-- deploy\nCREATE TABLE tidemark.one (id int PRIMARY KEY, note text);\n"
        "-- verify\nSELECT count(*) = 0 FROM tidemark.one;\n-- revert\nDROP TABLE tidemark.one CASCADE;\n");
    put(g, "repeatable/10_view.sql", "CREATE OR REPLACE VIEW tidemark.seen AS SELECT id FROM tidemark.one;\n");
}

static void ground_close(struct ground *g)
{
    char *rm = mem_printf("rm -rf %s", g->dir);
    assert_int_equal(system(rm), 0);
    mem_free(rm);
    db_session_close(&g->s);
    fixture_close(&g->f);
}

static struct migrate_report up(struct ground *g)
{
    struct migrate_report r;
    struct err e = {0};
    if (migrate_up(g->s, g->dir, &r, &e) != 0)
        fail_msg("%s", e.text);
    return r;
}

static void up_fails(struct ground *g, enum err_kind kind, const char *text)
{
    struct migrate_report r;
    struct err e = {0};
    assert_int_equal(migrate_up(g->s, g->dir, &r, &e), -1);
    contains(e.text, text);
    assert_int_equal(e.kind, kind);
}

static int pending(struct ground *g)
{
    int n = -1;
    struct err e = {0};
    if (migrate_check(g->s, g->dir, &n, &e) != 0)
        fail_msg("%s", e.text);
    return n;
}

static void status_is(struct ground *g, int problems, const char *text)
{
    struct buf out = {0};
    struct err e = {0};
    int n = -1;
    if (migrate_status(g->s, g->dir, &out, &n, &e) != 0)
        fail_msg("%s", e.text);
    contains(out.data, text);
    if (n != problems)
        fail_msg("%d problems, not %d: %s", n, problems, out.data);
    buf_free(&out);
}

static void applies_once_and_says_what(void **state)
{
    (void)state;
    struct ground g;
    ground_open(&g, "");
    assert_int_equal(pending(&g), 2);
    status_is(&g, 2, "0001_first: pending");
    struct migrate_report r = up(&g);
    assert_int_equal(r.applied, 1);
    assert_int_equal(r.repeated, 1);
    assert_int_equal(r.current, 1);
    assert_int_equal(pending(&g), 0);
    status_is(&g, 0, "10_view: applied");
    r = up(&g);
    assert_int_equal(r.applied + r.repeated, 0);
    assert_int_equal(r.current, 1);
    put(&g, "repeatable/10_view.sql", "CREATE OR REPLACE VIEW tidemark.seen AS SELECT id, note FROM tidemark.one;\n");
    status_is(&g, 1, "10_view: pending: the file changed");
    assert_int_equal(up(&g).repeated, 1);
    assert_string_equal(side(&g.f, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'seen'"), "2");
    status_is(&g, 0, "10_view: applied");
    ground_close(&g);
}

static void a_failure_in_the_middle_leaves_nothing(void **state)
{
    (void)state;
    struct ground g;
    ground_open(&g, "");
    put(&g, "migrations/0001_first.sql",
        "-- deploy\nCREATE TABLE tidemark.one (id int);\nINSERT INTO tidemark.one VALUES (1);\n\nSELECT 1 / 0;\n"
        "-- verify\nSELECT true;\n-- revert\nDROP TABLE tidemark.one;\n");
    up_fails(&g, ERR_CONFIG, "migrations/0001_first.sql:5: division by zero");
    assert_string_equal(side(&g.f, "SELECT to_regnamespace('tidemark') IS NULL"), "t");
    put(&g, "migrations/0001_first.sql",
        "-- deploy\nCREATE TABLE tidemark.one (id int);\n-- verify\nSELECT count(*) = 1 FROM tidemark.one;\n"
        "-- revert\nDROP TABLE tidemark.one;\n");
    up_fails(&g, ERR_CONFIG, "migrations/0001_first.sql:4: verify: this is not true: SELECT count(*) = 1");
    assert_string_equal(side(&g.f, "SELECT to_regnamespace('tidemark') IS NULL"), "t");
    ground_close(&g);
}

static void the_second_migration_fails_and_the_first_stays(void **state)
{
    (void)state;
    struct ground g;
    ground_open(&g, "");
    put(&g, "migrations/0002_second.sql",
        "-- deploy\nCREATE TABLE tidemark.two (id int);\nCREATE TABLE tidemark.one (id int);\n"
        "-- verify\nSELECT true;\n-- revert\nDROP TABLE tidemark.two;\n");
    up_fails(&g, ERR_CONFIG, "migrations/0002_second.sql:3: relation \"one\" already exists");
    assert_string_equal(side(&g.f, "SELECT string_agg(name, ',') FROM tidemark.schema_migrations"), "0001_first");
    assert_string_equal(side(&g.f, "SELECT to_regclass('tidemark.two') IS NULL"), "t");
    put(&g, "migrations/0002_second.sql",
        "-- deploy\nCREATE TABLE tidemark.two (id int);\n-- verify\nSELECT true;\n-- revert\nDROP TABLE tidemark.two;\n");
    assert_int_equal(up(&g).current, 2);
    status_is(&g, 0, "0002_second: applied");
    ground_close(&g);
}

static void an_edited_migration_is_refused_by_name(void **state)
{
    (void)state;
    struct ground g;
    ground_open(&g, "");
    up(&g);
    put(&g, "migrations/0001_first.sql", "-- deploy\nSELECT 1;\n-- verify\nSELECT true;\n-- revert\nSELECT 1;\n");
    up_fails(&g, ERR_CONFIG, "migration 0001_first was edited after it was applied");
    int n;
    struct err e = {0};
    assert_int_equal(migrate_check(g.s, g.dir, &n, &e), -1);
    contains(e.text, "migration 0001_first was edited");
    status_is(&g, 1, "0001_first: edited after it was applied");
    ground_close(&g);
}

static void a_newer_schema_is_refused(void **state)
{
    (void)state;
    struct ground g;
    ground_open(&g, "");
    up(&g);
    side(&g.f, "INSERT INTO tidemark.schema_migrations VALUES (7, '0007_future', 'x')");
    up_fails(&g, ERR_CONFIG, "schema is at version 7, and this tidemark knows versions up to 1");
    int n;
    struct err e = {0};
    assert_int_equal(migrate_check(g.s, g.dir, &n, &e), -1);
    assert_int_equal(e.kind, ERR_CONFIG);
    ground_close(&g);
}

static void broken_folders_are_named(void **state)
{
    (void)state;
    struct ground g;
    ground_open(&g, "");
    put(&g, "migrations/0003_gap.sql", "-- deploy\nSELECT 1;\n-- verify\nSELECT true;\n-- revert\nSELECT 1;\n");
    up_fails(&g, ERR_CONFIG, "migrations/0003_gap.sql: number 0002 was expected here");
    char *away = mem_printf("rm %s/migrations/0003_gap.sql", g.dir);
    assert_int_equal(system(away), 0);
    mem_free(away);
    put(&g, "migrations/0002_half.sql", "-- deploy\nSELECT 1;\n-- revert\nSELECT 1;\n");
    up_fails(&g, ERR_CONFIG, "migrations/0002_half.sql: the line \"-- verify\" is missing");
    put(&g, "migrations/0002_half.sql", "-- deploy\nSELECT 1;\n-- verify\n\n-- revert\nSELECT 'x;\n");
    up_fails(&g, ERR_CONFIG, "migrations/0002_half.sql: 3: nothing follows \"-- verify\"");
    assert_string_equal(side(&g.f, "SELECT to_regnamespace('tidemark') IS NULL"), "t");
    ground_close(&g);
}

static void what_was_changed_by_hand_is_said_and_not_blessed(void **state)
{
    (void)state;
    struct ground g;
    ground_open(&g, "");
    up(&g);
    side(&g.f, "CREATE OR REPLACE VIEW tidemark.seen AS SELECT id FROM tidemark.one WHERE id > 1");
    status_is(&g, 1, "view tidemark.seen: changed by hand");
    assert_int_equal(up(&g).repeated, 1); /* what is repeatable is put back */
    status_is(&g, 0, "10_view: applied");
    side(&g.f, "ALTER TABLE tidemark.one ADD COLUMN extra int");
    side(&g.f, "CREATE INDEX by_hand ON tidemark.one (note)");
    side(&g.f, "ALTER TABLE tidemark.one ENABLE ROW LEVEL SECURITY");
    status_is(&g, 2, "index tidemark.by_hand: added by hand");
    status_is(&g, 2, "table tidemark.one: changed by hand");
    side(&g.f, "GRANT SELECT ON tidemark.one TO PUBLIC");
    status_is(&g, 3, "grants on tidemark.one: changed by hand");
    put(&g, "migrations/0002_second.sql",
        "-- deploy\nCREATE TABLE tidemark.two (id int);\n-- verify\nSELECT true;\n-- revert\nDROP TABLE tidemark.two;\n");
    up(&g); /* another migration does not make them ours */
    status_is(&g, 3, "table tidemark.one: changed by hand");
    side(&g.f, "DROP TABLE tidemark.two");
    status_is(&g, 5, "table tidemark.two: dropped by hand");
    ground_close(&g);
}

static void reverts_the_last_one_and_keeps_rows_unless_forced(void **state)
{
    (void)state;
    struct ground g;
    struct buf out = {0};
    struct err e = {0};
    ground_open(&g, "");
    put(&g, "migrations/0002_second.sql",
        "-- deploy\nALTER TABLE tidemark.one ADD COLUMN two int;\n-- verify\nSELECT two FROM tidemark.one;\n"
        "-- revert\nALTER TABLE tidemark.one DROP COLUMN two;\n");
    up(&g);
    side(&g.f, "INSERT INTO tidemark.one VALUES (1, 'x', 2)");
    assert_int_equal(migrate_revert(g.s, g.dir, false, &out, &e), -1);
    assert_int_equal(e.kind, ERR_CONFIG);
    contains(e.text, "reverting 0002_second would drop rows (tidemark.one.two)");
    assert_string_equal(side(&g.f, "SELECT two FROM tidemark.one"), "2");
    assert_int_equal(migrate_revert(g.s, g.dir, true, &out, &e), 0);
    assert_string_equal(out.data, "0002_second: reverted\n");
    assert_string_equal(side(&g.f, "SELECT max(version) FROM tidemark.schema_migrations"), "1");
    assert_int_equal(pending(&g), 2);
    buf_clear(&out);
    side(&g.f, "DELETE FROM tidemark.one");
    assert_int_equal(migrate_revert(g.s, g.dir, false, &out, &e), 0); /* no rows: nothing to ask for */
    assert_int_equal(migrate_revert(g.s, g.dir, false, &out, &e), -1);
    contains(e.text, "there is nothing to revert");
    assert_int_equal(up(&g).applied, 2);
    status_is(&g, 0, "0002_second: applied");
    buf_free(&out);
    ground_close(&g);
}

static void verify_tells_what_no_longer_holds(void **state)
{
    (void)state;
    struct ground g;
    struct buf out = {0};
    struct err e = {0};
    int failed = -1;
    ground_open(&g, "");
    up(&g);
    assert_int_equal(migrate_verify(g.s, g.dir, &out, &failed, &e), 0);
    assert_int_equal(failed, 0);
    assert_string_equal(out.data, "0001_first: ok\n");
    side(&g.f, "INSERT INTO tidemark.one VALUES (1)");
    assert_int_equal(migrate_verify(g.s, g.dir, &out, &failed, &e), 0);
    assert_int_equal(failed, 1);
    contains(out.data, "0001_first: migrations/0001_first.sql:4: verify: this is not true");
    buf_free(&out);
    ground_close(&g);
}

/* Each in a process of its own; both have to end well, and together apply each migration once. */
static void two_at_once(void **state)
{
    (void)state;
    struct ground g;
    ground_open(&g, "");
    put(&g, "migrations/0002_second.sql",
        "-- deploy\nCREATE TABLE tidemark.two (id int);\nSELECT pg_sleep(0.2);\n-- verify\nSELECT true;\n"
        "-- revert\nDROP TABLE tidemark.two;\n");
    pid_t child[2];
    for (int i = 0; i < 2; i++) {
        child[i] = fork();
        if (child[i] != 0)
            continue;
        struct loop *loop = loop_open();
        struct db_pool *pool = db_pool_open(loop, &(struct db_pool_options){.uri = g.uri});
        struct db_session *s = NULL;
        struct migrate_report r = {0};
        struct err e = {0};
        if (db_session_open(pool, loop, &s, &e) != 0 || migrate_up(s, g.dir, &r, &e) != 0) {
            fprintf(stderr, "%s\n", e.text);
            _exit(100);
        }
        _exit(r.applied);
    }
    int applied = 0;
    for (int i = 0; i < 2; i++) {
        int status;
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_true(WIFEXITED(status));
        applied += WEXITSTATUS(status);
    }
    assert_int_equal(applied, 2);
    assert_string_equal(side(&g.f, "SELECT string_agg(name, ',' ORDER BY version) FROM tidemark.schema_migrations"),
                        "0001_first,0002_second");
    ground_close(&g);
}

static void a_lock_that_is_not_had_is_temporary(void **state)
{
    (void)state;
    struct ground g;
    ground_open(&g, "options='-c lock_timeout=100ms'");
    side(&g.f, "SELECT pg_advisory_lock(hashtextextended('tidemark.migrate', 0))");
    up_fails(&g, ERR_TEMPORARY, "another process is changing this database's schema");
    side(&g.f, "SELECT pg_advisory_unlock_all()");
    assert_int_equal(up(&g).applied, 1);
    ground_close(&g);
}

static void a_role_that_would_see_no_row_is_refused(void **state)
{
    (void)state;
    struct ground g;
    on_postgres("CREATE ROLE blind LOGIN");
    ground_open(&g, "user=blind");
    up_fails(&g, ERR_CONFIG, "role \"blind\" cannot migrate: it needs BYPASSRLS");
    ground_close(&g);
    on_postgres("DROP ROLE blind");
}

/* The schema that is shipped: all the way up, back to nothing, and up again. */
static void the_real_schema(void **state)
{
    (void)state;
    struct ground g;
    struct err e = {0};
    struct buf out = {0};
    struct migrate_report r;
    ground_open(&g, "");
    const char *source = getenv("TIDEMARK_SOURCE");
    char *dir = mem_printf("%s/schema", source != NULL ? source : ".");
    side(&g.f, "CREATE TABLE public.content (theirs int)");
    assert_int_equal(migrate_up(g.s, dir, &r, &e), -1);
    assert_int_equal(e.kind, ERR_CONFIG);
    contains(e.text, "this database is not tidemark's: public.content is there already");
    assert_string_equal(side(&g.f, "SELECT count(*) FROM pg_namespace WHERE nspname IN ('auth', 'tidemark')"), "0");
    side(&g.f, "DROP TABLE public.content");
    for (int round = 0; round < 2; round++) {
        int problems = -1, failed = -1;
        if (migrate_up(g.s, dir, &r, &e) != 0)
            fail_msg("%s", e.text);
        assert_int_equal(migrate_status(g.s, dir, &out, &problems, &e), 0);
        if (problems != 0)
            fail_msg("%s", out.data);
        assert_int_equal(migrate_verify(g.s, dir, &out, &failed, &e), 0);
        assert_int_equal(failed, 0);
        for (int i = r.current; i > 0; i--) {
            if (migrate_revert(g.s, dir, false, &out, &e) != 0)
                fail_msg("%s", e.text);
        }
        assert_string_equal(side(&g.f, "SELECT string_agg(c.oid::regclass::text, ' ') FROM pg_class c JOIN pg_namespace n ON"
                                       " n.oid = relnamespace WHERE nspname IN ('public', 'tidemark', 'tidemark_parts', 'auth')"
                                       " AND relkind IN ('r', 'p', 'v') AND relname NOT LIKE 'schema\\_%'"),
                            "");
        assert_string_equal(side(&g.f, "SELECT count(*) FROM pg_proc WHERE pronamespace::regnamespace::text IN ('public',"
                                       " 'tidemark', 'auth')"),
                            "0");
    }
    buf_free(&out);
    mem_free(dir);
    ground_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(applies_once_and_says_what),
        cmocka_unit_test(a_failure_in_the_middle_leaves_nothing),
        cmocka_unit_test(the_second_migration_fails_and_the_first_stays),
        cmocka_unit_test(an_edited_migration_is_refused_by_name),
        cmocka_unit_test(a_newer_schema_is_refused),
        cmocka_unit_test(broken_folders_are_named),
        cmocka_unit_test(what_was_changed_by_hand_is_said_and_not_blessed),
        cmocka_unit_test(reverts_the_last_one_and_keeps_rows_unless_forced),
        cmocka_unit_test(verify_tells_what_no_longer_holds),
        cmocka_unit_test(two_at_once),
        cmocka_unit_test(a_lock_that_is_not_had_is_temporary),
        cmocka_unit_test(a_role_that_would_see_no_row_is_refused),
        cmocka_unit_test(the_real_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

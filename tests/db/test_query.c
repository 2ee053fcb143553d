/* Statements, their parameters, and the errors they end with. */
#include "fixture.h"

static char *value_of(struct db_session *s, const char *sql, const struct db_params *p)
{
    static char value[4096];
    PGresult *res = NULL;
    struct err e = {0};
    if (db_exec(s, sql, p, &res, &e) != 0)
        fail_msg("%s: %s", sql, e.text);
    assert_int_equal(PQntuples(res), 1);
    snprintf(value, sizeof value, "%s", PQgetisnull(res, 0, 0) ? "<null>" : PQgetvalue(res, 0, 0));
    PQclear(res);
    return value;
}

static void parameters_arrive_as_they_are(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){0});
    struct db_session *s = session(&f);
    struct uuid u;
    assert_true(uuid_parse("0192f0c1-2345-7abc-8def-0123456789ab", &u));
    struct db_params p = {0};
    db_text(&p, "it's \"é\" \\ ; drop");
    db_int(&p, INT64_MIN);
    db_bool(&p, 1);
    db_uuid(&p, &u);
    db_time(&p, 1704164645678901);
    db_bytes(&p, "a\0b", 3);
    db_text(&p, NULL);
    db_time(&p, INT64_MIN);
    db_bytes(&p, "", 0);
    assert_string_equal(value_of(s,
                                 "SELECT concat_ws('|', $1::text, $2::int8, $3::bool, $4::uuid, $5::timestamptz AT TIME ZONE "
                                 "'UTC', encode($6::bytea, 'hex'), $7::text IS NULL, $8::timestamptz, length($9::bytea))",
                                 &p),
                        "it's \"é\" \\ ; drop|-9223372036854775808|t|0192f0c1-2345-7abc-8def-0123456789ab|"
                        "2024-01-02 03:04:05.678901|610062|t|-infinity|0");
    db_params_clear(&p);
    db_session_close(&s);
    fixture_close(&f);
}

static void arrays_arrive_element_by_element(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){0});
    struct db_session *s = session(&f);
    struct db_params p = {0};
    struct db_array a;
    struct buf storage = {0};
    static const char *const texts[] = {"", "NULL", "a,b", "{}", "q\"q", "back\\slash", " blank ", "é\n"};
    db_array_begin(&a, &storage);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        db_array_text(&a, texts[i]);
    db_array_null(&a);
    db_array_end(&p, &a);
    db_array_begin(&a, &storage);
    db_array_int(&a, 7777777777777777777);
    db_array_int(&a, -1);
    db_array_end(&p, &a);
    db_array_begin(&a, &storage);
    db_array_bytes(&a, "\0\xff", 2);
    db_array_end(&p, &a);
    db_array_begin(&a, &storage);
    db_array_time(&a, INT64_MIN);
    db_array_time(&a, 0);
    db_array_end(&p, &a);
    db_array_begin(&a, &storage);
    db_array_end(&p, &a);
    const char *sql =
        "SELECT array_to_json($1::text[])::text || array_to_json($2::int8[]) || encode(($3::bytea[])[1], 'hex') || "
        "($4::timestamptz[])[1] || extract(epoch FROM ($4::timestamptz[])[2])::int || cardinality($5::uuid[])";
    assert_string_equal(value_of(s, sql, &p), "[\"\",\"NULL\",\"a,b\",\"{}\",\"q\\\"q\",\"back\\\\slash\",\" blank \","
                                              "\"é\\n\",null][7777777777777777777,-1]00ff-infinity00");
    buf_free(&storage);
    db_params_clear(&p);
    db_session_close(&s);
    fixture_close(&f);
}

static void errors_have_kind_place_and_statement(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){0});
    struct db_session *s = session(&f);
    run_ok(s, "CREATE TEMP TABLE t (id int PRIMARY KEY CHECK (id > 0))");
    run_ok(s, "INSERT INTO t VALUES (1)");
    struct err e = {0};
    assert_int_equal(db_run(s, "\n  INSERT INTO t\n VALUES (1)", &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_string_equal(e.sqlstate, "23505");
    contains(e.text, "duplicate key value violates unique constraint \"t_pkey\"\ndetail: Key (id)=(1) already exists.");
    contains(e.text, "\nstatement: INSERT INTO t …");
    run_fails(s, "INSERT INTO t VALUES (-1)", ERR_CONFLICT, "t_id_check");
    run_fails(s, "SELECT nothing", ERR_BUG, "column \"nothing\" does not exist");
    run_fails(s, "SELECT 1; SELECT 2", ERR_BUG, "multiple commands");
    run_fails(s, "COPY t FROM STDIN", ERR_BUG, "has to be started as a COPY");
    run_fails(s, "COPY t TO STDOUT", ERR_BUG, "COPY … TO STDOUT is not supported");
    run_fails(s, "DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$", ERR_TEMPORARY,
              "disk is full: no room");
    run_fails(s, "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$", ERR_TEMPORARY, "x");
    run_ok(s, "SET statement_timeout = 50");
    run_fails(s, "SELECT pg_sleep(60)", ERR_TEMPORARY, "statement timeout");
    run_ok(s, "RESET statement_timeout");
    side(&f, "BEGIN; CREATE TABLE locked (x int); COMMIT; BEGIN; LOCK locked");
    run_ok(s, "SET lock_timeout = 50");
    run_fails(s, "SELECT * FROM locked", ERR_TEMPORARY, "lock timeout");
    side(&f, "ROLLBACK; DROP TABLE locked");
    run_ok(s, "SELECT 1");
    db_session_close(&s);
    fixture_close(&f);
}

static void rows_touched_are_counted(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){0});
    struct db_session *s = session(&f);
    struct err e = {0};
    run_ok(s, "CREATE TEMP TABLE t (id int)");
    assert_int_equal(db_exec_count(s, "INSERT INTO t SELECT generate_series(1, 12)", NULL, &e), 12);
    assert_int_equal(db_exec_count(s, "DELETE FROM t WHERE id > 10", NULL, &e), 2);
    assert_int_equal(db_exec_count(s, "DELETE FROM missing", NULL, &e), -1);
    db_session_close(&s);
    fixture_close(&f);
}

static void commit_of_a_failed_transaction_is_an_error(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){0});
    struct db_session *s = session(&f);
    struct err e = {0};
    assert_int_equal(db_begin(s, "READ ONLY", &e), 0);
    assert_string_equal(value_of(s, "SHOW transaction_read_only", NULL), "on");
    run_fails(s, "SELECT 1 / 0", ERR_BUG, "division by zero");
    assert_int_equal(db_commit(s, &e), -1);
    contains(e.text, "the transaction was rolled back");
    assert_int_equal(db_begin(s, "", &e), 0);
    assert_int_equal(db_commit(s, &e), 0);
    db_session_close(&s);
    fixture_close(&f);
}

static void answers_do_not_depend_on_the_servers_taste(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.uri = "options='-c datestyle=SQL,DMY -c timezone=Asia/Tokyo'"});
    struct db_session *s = session(&f);
    assert_string_equal(value_of(s, "SELECT to_timestamp(0)::text", NULL), "1970-01-01 00:00:00+00");
    assert_string_equal(value_of(s, "SHOW client_encoding", NULL), "UTF8");
    assert_string_equal(value_of(s, "SHOW application_name", NULL), "tidemark");
    db_session_close(&s);
    fixture_close(&f);
}

static void requests_queue_and_one_can_be_taken_back(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){0});
    struct db_session *s = session(&f);
    struct db_conn *c = db_session_conn(s);
    struct db_req *req[4];
    for (int i = 0; i < 4; i++) {
        struct db_params p = {0}; /* gone before the statement is sent: values are copied */
        db_int(&p, i);
        req[i] = db_conn_query(c, "SELECT $1::int8", &p, 0);
        db_params_clear(&p);
    }
    assert_false(req[0]->wait.done);
    wait_drop(&req[2]->wait);
    assert_true(req[2]->wait.done);
    loop_await(f.loop, &req[3]->wait);
    assert_string_equal(PQgetvalue(req[1]->result, 0, 0), "1");
    assert_string_equal(PQgetvalue(req[3]->result, 0, 0), "3");
    assert_int_equal(req[2]->err.kind, ERR_CANCELLED);
    for (int i = 0; i < 4; i++)
        db_req_unref(&req[i]);
    db_session_close(&s);
    fixture_close(&f);
}

static void notices_go_to_the_log_by_their_weight(void **state)
{
    (void)state;
    char path[] = "/tmp/tidemark-notices-XXXXXX";
    int fd = mkstemp(path), old = dup(2);
    unlink(path);
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){0});
    struct db_session *s = session(&f);
    fflush(stderr);
    dup2(fd, 2);
    run_ok(s, "DO $$ BEGIN RAISE WARNING 'heavy'; RAISE NOTICE 'light'; END $$");
    dup2(old, 2);
    close(old);
    char said[1024] = "";
    assert_true(pread(fd, said, sizeof said - 1, 0) > 0);
    close(fd);
    contains(said, "tidemark: warn: database: WARNING:  heavy");
    assert_null(strstr(said, "light"));
    db_session_close(&s);
    f.fds -= 2; /* fd and old were open when it was counted */
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_arrive_as_they_are),
        cmocka_unit_test(arrays_arrive_element_by_element),
        cmocka_unit_test(errors_have_kind_place_and_statement),
        cmocka_unit_test(rows_touched_are_counted),
        cmocka_unit_test(commit_of_a_failed_transaction_is_an_error),
        cmocka_unit_test(answers_do_not_depend_on_the_servers_taste),
        cmocka_unit_test(requests_queue_and_one_can_be_taken_back),
        cmocka_unit_test(notices_go_to_the_log_by_their_weight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

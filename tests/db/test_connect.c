/* Addresses of all kinds, and what is said when there is no way in. The server also listens on TCP with a password: the test
 * starts itself again under such a server when it has none. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "fixture.h"

static int open_fails(const char *uri, unsigned timeout_ms, struct err *e)
{
    struct fixture f;
    fixture_open(&f, (struct db_pool_options){.uri = uri, .connect_timeout_ms = timeout_ms});
    struct db_session *s = NULL;
    int rc = db_session_open(f.pool, f.loop, &s, e);
    db_session_close(&s);
    fixture_close(&f);
    return rc;
}

static void refused(const char *uri, enum err_kind kind, const char *text)
{
    struct err e = {0};
    assert_int_equal(open_fails(uri, 2000, &e), -1);
    contains(e.text, text);
    assert_int_equal(e.kind, kind);
    if (strstr(e.text, "hunter") != NULL)
        fail_msg("the password is in: %s", e.text);
}

static void the_texts_say_where_and_why(void **state)
{
    (void)state;
    char *uri = mem_printf("postgresql://postgres:hunter2@127.0.0.1:%s/postgres", getenv("PGPORT"));
    char *where =
        mem_printf("cannot connect to database \"postgres\" on 127.0.0.1 port %s as \"postgres\": ", getenv("PGPORT"));
    refused(uri, ERR_UNAVAILABLE, where);
    refused(uri, ERR_UNAVAILABLE, "FATAL:  password authentication failed for user \"postgres\"");
    struct err e = {0};
    assert_int_equal(open_fails(uri, 2000, &e), -1);
    assert_string_equal(e.sqlstate, "28P01");
    assert_null(strstr(e.text, "28P01"));
    assert_null(strstr(e.text, "auth.c"));
    mem_free(uri);
    mem_free(where);
    uri = mem_printf("host=127.0.0.1 passfile=/dev/null port=%s", getenv("PGPORT"));
    refused(uri, ERR_UNAVAILABLE, "no password supplied");
    mem_free(uri);
    refused("dbname=missing", ERR_UNAVAILABLE, "database \"missing\" does not exist");
    refused("host=127.0.0.1 port=1", ERR_UNAVAILABLE, "Connection refused");
    refused("host=/nowhere", ERR_UNAVAILABLE, "No such file or directory");
    refused("host=no.such.host.invalid", ERR_UNAVAILABLE, "no.such.host.invalid");
}

static void a_bad_address_is_the_configs_fault(void **state)
{
    (void)state;
    refused("postgresql://u@h/d?colour=red", ERR_CONFIG, "the database's address cannot be used: invalid URI query parameter");
    refused("host", ERR_CONFIG, "missing \"=\" after \"host\"");
    refused("port=many", ERR_CONFIG, "\"many\" is not a port (1 to 65535)");
    refused("postgresql://h:1,h:70000/d", ERR_CONFIG, "\"70000\" is not a port");
    refused("sslmode=perhaps", ERR_CONFIG, "invalid sslmode value: \"perhaps\"");
    refused("service=unheard", ERR_CONFIG, "definition of service \"unheard\" not found");
    /* libpq would quote the piece it stumbles over, and that is the password's. */
    refused("postgresql://u:hunter%zz@h/d", ERR_CONFIG, "invalid percent-encoded token: \"…\"");
    refused("host=h password=my hunter2", ERR_CONFIG, "missing \"…\" after \"…\"");
}

static void connects(const char *uri)
{
    struct err e = {0};
    if (open_fails(uri, 5000, &e) != 0)
        fail_msg("%s", e.text);
}

static void every_form_of_address_works(void **state)
{
    (void)state;
    const char *port = getenv("PGPORT"), *host = getenv("PGHOST");
    char *uri = mem_printf("postgresql://postgres:secret@127.0.0.1:%s/postgres?connect_timeout=5&sslmode=disable", port);
    connects(uri);
    mem_free(uri);
    uri = mem_printf("postgresql://postgres:secret@127.0.0.1:1,127.0.0.1:%s/postgres?target_session_attrs=read-write", port);
    connects(uri);
    mem_free(uri);
    uri = mem_printf("host=anything hostaddr=127.0.0.1 port=%s password=secret options='-c search_path=pg_catalog'", port);
    connects(uri);
    mem_free(uri);
    uri = mem_printf("postgresql:///postgres?host=%s", host);
    connects(uri);
    mem_free(uri);

    char dir[] = "/tmp/tidemark-connect-XXXXXX";
    assert_non_null(mkdtemp(dir));
    char *service = mem_printf("%s/service", dir), *pass = mem_printf("%s/pass", dir);
    FILE *out = fopen(service, "w");
    fprintf(out, "[stats]\nhost=127.0.0.1\nport=%s\nuser=postgres\npassfile=%s\n", port, pass);
    fclose(out);
    out = fopen(pass, "w");
    fprintf(out, "*:*:*:postgres:secret\n");
    fclose(out);
    chmod(pass, 0600);
    setenv("PGSERVICEFILE", service, 1);
    connects("service=stats");
    unsetenv("PGSERVICEFILE");
    unlink(service);
    unlink(pass);
    rmdir(dir);
    mem_free(service);
    mem_free(pass);
}

static void the_whole_connect_has_one_time_limit(void **state)
{
    (void)state;
    int silent = socket(AF_INET, SOCK_STREAM, 0); /* accepts, and never says a word */
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    assert_int_equal(bind(silent, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(silent, 8), 0);
    getsockname(silent, (struct sockaddr *)&at, &n);
    char *uri = mem_printf("host=127.0.0.1,127.0.0.1 port=%d,%d", ntohs(at.sin_port), ntohs(at.sin_port));
    struct err e = {0};
    assert_int_equal(open_fails(uri, 100, &e), -1);
    assert_int_equal(e.kind, ERR_UNAVAILABLE);
    contains(e.text, "no answer within 100 ms");
    mem_free(uri);
    close(silent);
}

int main(int argc, char **argv)
{
    (void)argc;
    const char *with_postgres = getenv("TIDEMARK_WITH_POSTGRES");
    if (with_postgres != NULL && getenv("TIDEMARK_PG_TCP") == NULL) {
        setenv("TIDEMARK_PG_TCP", "1", 1);
        execl(with_postgres, with_postgres, argv[0], (char *)NULL);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_texts_say_where_and_why),
        cmocka_unit_test(a_bad_address_is_the_configs_fault),
        cmocka_unit_test(every_form_of_address_works),
        cmocka_unit_test(the_whole_connect_has_one_time_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

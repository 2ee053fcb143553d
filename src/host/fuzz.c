#include "host/fuzz.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/fuzz_inside.h"
#include "host/fuzz_mutate.h"
#include "host/ingest.h"
#include "host/parser.h"

enum { CHILD_DONE = 0, CHILD_FAILED = 3, SLICE = 500 };
static const int64_t AT_US = INT64_C(1772366400) * 1000000; /* when everything is observed: the same in each run */

const char *fuzz_kind_name(enum fuzz_kind kind)
{
    static const char *const names[] = {"fine", "crash", "stuck", "over a budget", "raised an error", "broke the contract"};
    return names[kind];
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- one document ----------------------------------------------------------------------------------------------------------- */

struct taking {
    const struct fuzzer *f;
    const char *data;
    size_t n, deliveries;
    struct fuzz_report *sum;
    struct verdict *v;
    struct delivery *first; /* looked at once it is known whether it is the only one */
    char parser[64];
};

static void count_outcome(struct fuzz_report *sum, const char *name)
{
    size_t i = 0;
    if (sum == NULL)
        return;
    while (i < sum->n_outcome && strncmp(sum->outcome[i].name, name, sizeof sum->outcome[i].name - 1) != 0)
        i++;
    if (i == FUZZ_OUTCOMES)
        i--;
    if (i == sum->n_outcome)
        snprintf(sum->outcome[sum->n_outcome++].name, sizeof sum->outcome[0].name, "%s", name);
    sum->outcome[i].n++;
}

static void blame(struct verdict *v, enum fuzz_kind kind, const char *parser, const char *text)
{
    if (v->kind != FUZZ_FINE)
        return;
    v->kind = kind;
    if (parser != NULL)
        snprintf(v->text, sizeof v->text, "%s: %.500s", parser, text);
    else
        snprintf(v->text, sizeof v->text, "%.599s", text);
}

static const char *plugin_failure(const struct delivery *d)
{
    if (d->state == DELIVERY_REFUSED)
        return d->text;
    for (size_t i = 0; i < d->rows.n_bad; i++)
        if (strcmp(d->rows.bad[i].code, "parser_failed") == 0)
            return d->rows.bad[i].text;
    return "the parser failed";
}

static void look_at(struct taking *t, const struct delivery *d)
{
    char text[500];
    if (d->parser != NULL)
        snprintf(t->parser, sizeof t->parser, "%s", d->parser);
    if (d->plugin_failed) {
        const char *said = plugin_failure(d);
        blame(t->v, strstr(said, "(limits.") != NULL ? FUZZ_BUDGET : FUZZ_RAISED, NULL, said);
    }
    const char *broken = fuzz_check(t->f, d, t->data, t->n, t->deliveries == 1, text, sizeof text);
    if (broken != NULL)
        blame(t->v, FUZZ_CONTRACT, d->parser, broken);
    if (t->sum == NULL)
        return;
    t->sum->rows += (int64_t)d->rows.n_row;
    t->sum->dropped += d->dropped;
    t->sum->quarantined += d->quarantined;
    count_outcome(t->sum, d->state == DELIVERY_REFUSED ? d->code : d->received > 0 ? "taken" : "nothing in it");
}

static int take(void *ctx, struct delivery *d, struct err *e)
{
    struct taking *t = ctx;
    (void)e;
    if (t->deliveries++ == 0) {
        t->first = d;
        return 0;
    }
    look_at(t, d);
    delivery_free(&d);
    return 0;
}

static void problem(void *ctx, const char *path, const char *code, const char *text)
{
    (void)code;
    struct taking *t = ctx;
    (void)path;
    if (text == NULL || *text == '\0')
        blame(t->v, FUZZ_CONTRACT, NULL, "a file that is not read, without a reason");
    count_outcome(t->sum, "not read");
}

void fuzz_document(const struct fuzzer *f, const char *name, const char *data, size_t n, struct fuzz_report *sum,
                   struct verdict *v)
{
    *v = (struct verdict){0};
    struct taking t = {.f = f, .data = data, .n = n, .sum = sum, .v = v};
    const struct ingest_sink sink = {.ctx = &t, .take = take, .problem = problem};
    const struct ingest_options options = {.platform = n % 2 == 0 ? f->plugin->name : NULL, .has_at = true, .at = AT_US};
    struct err e = {0};
    int64_t before = cpu_ns();
    if (ingest_bytes(f->registry, &options, name, data, n, &sink, &e) != 0)
        blame(v, FUZZ_CONTRACT, NULL, e.text);
    int64_t used = cpu_ns() - before;
    if (t.first != NULL)
        look_at(&t, t.first);
    delivery_free(&t.first);
    if (sum == NULL || used <= sum->slowest_ns)
        return;
    sum->slowest_ns = used;
    sum->slowest = f->shared->at;
    sum->slowest_bytes = n;
    snprintf(sum->slowest_parser, sizeof sum->slowest_parser, "%s", t.parser[0] != '\0' ? t.parser : "no parser");
}

/* --- children ------------------------------------------------------------------------------------------------------------------ */

/* Waits for a child; what ended it otherwise than by itself becomes the verdict. false: nothing more to tell. */
static bool ended_badly(pid_t child, struct verdict *v)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && (WEXITSTATUS(status) == CHILD_DONE || WEXITSTATUS(status) == CHILD_FAILED))
        return false;
    *v = (struct verdict){.kind = FUZZ_CRASH};
    if (WIFEXITED(status) && WEXITSTATUS(status) == err_exit_code(ERR_PLUGIN)) {
        v->kind = FUZZ_STUCK;
        snprintf(v->text, sizeof v->text, "code was stuck inside a C function, and the process was ended");
    } else if (WIFSIGNALED(status)) {
        snprintf(v->text, sizeof v->text, "the process died of %s", strsignal(WTERMSIG(status)));
    } else {
        snprintf(v->text, sizeof v->text, "the process ended with %d", WEXITSTATUS(status));
    }
    return true;
}

void fuzz_probe(const struct fuzzer *f, const char *name, const char *data, size_t n, struct verdict *v)
{
    struct verdict *shared = &f->shared->verdict;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) /* what it tells has been told */
            _exit(CHILD_FAILED);
        fuzz_document(f, name, data, n, NULL, shared);
        _exit(CHILD_DONE);
    }
    if (!ended_badly(child, v))
        *v = *shared;
}

static const struct fixture *make_case(const struct fuzzer *f, uint64_t number, struct buf *doc)
{
    struct chance c = chance_of(f->options->seed, number);
    const struct fixture *from = &f->corpus.fixture[chance_below(&c, f->corpus.n)];
    buf_clear(doc);
    mutate(&f->corpus, from, f->plugin->name, &c, doc);
    return from;
}

/* In a child: cases until one fails. */
static void run_cases(const struct fuzzer *f, uint64_t from, uint64_t to)
{
    struct fuzz_shared *shared = f->shared;
    struct buf doc = {0};
    struct vm_usage use;
    for (uint64_t i = from; i < to; i++) {
        shared->at = i;
        const struct fixture *fixture = make_case(f, i, &doc);
        fuzz_document(f, fixture->name, doc.data != NULL ? doc.data : "", doc.len, &shared->sum, &shared->verdict);
        shared->sum.cases++;
        if (shared->verdict.kind != FUZZ_FINE)
            break;
    }
    vm_usage(f->plugin->vm, &use);
    if (use.of[VM_CALL].most > shared->sum.call_ms)
        shared->sum.call_ms = use.of[VM_CALL].most;
    if (use.of[VM_MEMORY].most > shared->sum.memory)
        shared->sum.memory = use.of[VM_MEMORY].most;
    _exit(shared->verdict.kind != FUZZ_FINE ? CHILD_FAILED : CHILD_DONE);
}

/* --- failures -------------------------------------------------------------------------------------------------------------------- */

static int keep_document(const struct fuzzer *f, struct fuzz_failure *failure, const struct fixture *from,
                         const struct buf *doc, struct err *e)
{
    failure->file =
        mem_printf("%s/fuzz-%s-%llu-%llu.%s", f->options->keep, f->plugin->name, (unsigned long long)f->options->seed,
                   (unsigned long long)failure->number, doc_ending[from->format]);
    failure->bytes = doc->len;
    FILE *out = fopen(failure->file, "wbe");
    bool ok = out != NULL && fwrite(doc->data != NULL ? doc->data : "", 1, doc->len, out) == doc->len;
    if (out != NULL && fclose(out) != 0)
        ok = false;
    return ok ? 0 : err_set(e, ERR_CONFIG, "cannot write %s: %s", failure->file, strerror(errno));
}

static int add_failure(struct fuzzer *f, uint64_t number, const struct verdict *v, struct err *e)
{
    struct fuzz_report *r = f->report;
    for (size_t i = 0; i < r->n_failure; i++) {
        struct verdict known = {.kind = r->failure[i].kind};
        memcpy(known.text, r->failure[i].text, sizeof known.text);
        if (fuzz_alike(&known, v)) {
            r->failure[i].times++;
            return 0;
        }
    }
    if (r->n_failure == FUZZ_FAILURES)
        return 0;
    struct fuzz_failure *failure = &r->failure[r->n_failure++];
    *failure = (struct fuzz_failure){.kind = v->kind, .number = number, .times = 1};
    memcpy(failure->text, v->text, sizeof failure->text);
    struct buf doc = {0};
    const struct fixture *from = make_case(f, number, &doc);
    fuzz_shrink(f, from->name, from->format, v, &doc);
    int failed = keep_document(f, failure, from, &doc, e);
    buf_free(&doc);
    return failed;
}

/* --- the run ------------------------------------------------------------------------------------------------------------------------ */

/* A slice of cases in a child: each child's memory is its own, so that nothing adds up over the run. */
static int run_slice(struct fuzzer *f, uint64_t *next, uint64_t to, struct err *e)
{
    struct verdict v = {0};
    f->shared->verdict = v;
    f->shared->at = *next;
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        return err_set(e, ERR_TEMPORARY, "cannot start a process: %s", strerror(errno));
    if (child == 0)
        run_cases(f, *next, to);
    bool bad = ended_badly(child, &v);
    if (!bad)
        v = f->shared->verdict;
    if (v.kind == FUZZ_FINE) {
        *next = to;
        return 0;
    }
    f->shared->sum.cases += bad;
    *next = f->shared->at + 1;
    return add_failure(f, f->shared->at, &v, e);
}

static int run_all(struct fuzzer *f, struct err *e)
{
    const struct fuzz_options *o = f->options;
    uint64_t next = o->has_only ? o->only : 0, end = o->has_only ? o->only + 1 : o->cases;
    while (next < end) {
        if (run_slice(f, &next, next + SLICE < end ? next + SLICE : end, e) != 0)
            return -1;
        if (o->progress != NULL && !o->progress(o->ctx, next, f->report->n_failure)) {
            f->report->stopped = true;
            return 0;
        }
    }
    return 0;
}

/* Fixtures that are not the parser's go: its name is what the unbent document goes to. */
static int only_parser(struct fuzzer *f, struct err *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->corpus.n; i++) {
        struct fixture *x = &f->corpus.fixture[i];
        struct buf doc = {0};
        struct verdict v;
        struct fuzz_report sum = {0};
        node_write(x->root, x->format, &doc);
        sum.slowest_ns = -1;
        fuzz_document(f, x->name, doc.data, doc.len, &sum, &v);
        buf_free(&doc);
        if (strcmp(sum.slowest_parser, f->options->parser) == 0)
            f->corpus.fixture[kept++] = *x;
        else
            mem_free(x->name);
    }
    f->corpus.n = kept;
    if (kept > 0)
        return 0;
    return err_set(e, ERR_USAGE, "no fixture of %s is a payload of %s", f->plugin->name, f->options->parser);
}

static int run(struct fuzzer *f, const char *dir, struct err *e)
{
    if (corpus_load(dir, &f->corpus, e) != 0 || (f->options->parser != NULL && only_parser(f, e) != 0))
        return -1;
    f->shared->sum = (struct fuzz_report){0};
    int failed = run_all(f, e);
    const struct fuzz_report *sum = &f->shared->sum;
    struct fuzz_report *out = f->report;
    memcpy(out->outcome, sum->outcome, sizeof out->outcome);
    memcpy(out->slowest_parser, sum->slowest_parser, sizeof out->slowest_parser);
    out->n_outcome = sum->n_outcome;
    out->cases = sum->cases;
    out->fixtures = f->corpus.n;
    out->rows = sum->rows;
    out->dropped = sum->dropped;
    out->quarantined = sum->quarantined;
    out->slowest_ns = sum->slowest_ns;
    out->slowest = sum->slowest;
    out->slowest_bytes = sum->slowest_bytes;
    out->call_ms = sum->call_ms;
    out->memory = sum->memory;
    return failed;
}

int fuzz_run(const struct registry *registry, const struct fuzz_options *options, struct fuzz_report *out, struct err *e)
{
    struct fuzzer f = {.registry = registry, .options = options, .report = out};
    *out = (struct fuzz_report){0};
    f.plugin = registry_find(registry, options->plugin);
    must(f.plugin != NULL);
    if (f.plugin->dir == NULL || f.plugin->n_parser == 0)
        return err_set(e, ERR_USAGE, "%s has %s", options->plugin,
                       f.plugin->n_parser == 0 ? "no parser"
                                               : "no folder, so no fixtures: make it a folder with plugin.lua and fixtures/");
    f.shared = mmap(NULL, sizeof *f.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (f.shared == MAP_FAILED)
        return err_set(e, ERR_TEMPORARY, "no shared memory: %s", strerror(errno));
    char *dir = mem_printf("%s/fixtures", f.plugin->dir);
    int failed = run(&f, dir, e);
    mem_free(dir);
    corpus_free(&f.corpus);
    munmap(f.shared, sizeof *f.shared);
    return failed;
}

void fuzz_report_free(struct fuzz_report *r)
{
    for (size_t i = 0; i < r->n_failure; i++)
        mem_free(r->failure[i].file);
    *r = (struct fuzz_report){0};
}

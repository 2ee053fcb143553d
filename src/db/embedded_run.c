#include "db/embedded_run.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

extern char **environ;

int embedded_pause(struct loop *loop, unsigned ms, struct err *e)
{
    if (loop == NULL) {
        struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
        nanosleep(&ts, NULL);
        return 0;
    }
    loop_sleep(loop, ms);
    if (loop_interrupted(loop))
        return err_set(e, ERR_CANCELLED, "interrupted while waiting for the embedded PostgreSQL");
    return 0;
}

/* Variables that would change what the server or initdb does. */
static bool is_unwanted(const char *var)
{
    static const char *const prefixes[] = {"PG", "LC_", "LANG", "TZ=", "LISTEN_", "NOTIFY_SOCKET="};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(var, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/* The texts are the caller's environment's: only the array is new. */
static char **clean_environment(void)
{
    static char locale[] = "LC_ALL=C.UTF-8";
    size_t n = 0, kept = 0;
    while (environ != NULL && environ[n] != NULL)
        n++;
    char **env = mem_array(n + 2, sizeof *env);
    for (size_t i = 0; i < n; i++)
        if (!is_unwanted(environ[i]))
            env[kept++] = environ[i];
    env[kept] = locale;
    return env;
}

/* Between fork and exec: async-signal-safe calls only. */
static _Noreturn void become(const struct embedded_paths *p, const struct embedded_start *s, char **env, pid_t parent)
{
    static const char no_account[] = "tidemark: cannot become the server's account\n",
                      no_exec[] = "tidemark: cannot execute it\n";
    sigset_t none;
    sigemptyset(&none);
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    dup2(s->in, 0);
    dup2(s->out, 1);
    dup2(s->out, 2);
    close_range(3, ~0U, 0);
    if (p->root && (setgroups(1, &p->gid) != 0 || setgid(p->gid) != 0 || setuid(p->uid) != 0)) {
        (void)!write(2, no_account, sizeof no_account - 1);
        _exit(126);
    }
    if (!s->for_good) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* after setuid, which clears it */
        if (getppid() != parent)
            _exit(126);
    }
    umask(077);
    if (chdir("/") == 0)
        execve(s->argv[0], s->argv, env);
    (void)!write(2, no_exec, sizeof no_exec - 1);
    _exit(127);
}

int embedded_run_start(const struct embedded_paths *p, const struct embedded_start *s, pid_t *pid, struct err *e)
{
    char **env = clean_environment();
    pid_t parent = getpid();
    *pid = fork();
    if (*pid == 0)
        become(p, s, env, parent);
    int saved = errno;
    mem_free(env);
    if (*pid < 0)
        return err_set(e, ERR_TEMPORARY, "cannot start a process for %s: %s", s->argv[0], strerror(saved));
    return 0;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int open_pipe(int ends[2], struct err *e)
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(e, ERR_TEMPORARY, "cannot make a pipe: %s", strerror(errno));
    ends[0] = embedded_high_fd(ends[0]);
    ends[1] = embedded_high_fd(ends[1]);
    return 0;
}

/* Until the tool closes its output. */
static int read_all(int fd, struct loop *loop, struct buf *out, struct err *e)
{
    char chunk[4096];
    for (;;) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        if (poll(&pfd, 1, 20) == 0) {
            if (embedded_pause(loop, 0, e) != 0)
                return -1;
            continue;
        }
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n > 0)
            buf_add(out, chunk, (size_t)n);
        else if (n == 0 || errno != EINTR)
            return 0;
    }
}

int embedded_run_tool(const struct embedded_paths *p, const struct embedded_tool *t, struct buf *out, int *status,
                      struct err *e)
{
    int in[2] = {-1, -1}, back[2] = {-1, -1}, rc = -1;
    pid_t pid = -1;
    if (open_pipe(in, e) != 0 || open_pipe(back, e) != 0)
        goto out;
    struct embedded_start start = {.argv = t->argv, .in = in[0], .out = back[1], .for_good = false};
    if (embedded_run_start(p, &start, &pid, e) != 0)
        goto out;
    close_fd(&in[0]);
    close_fd(&back[1]);
    /* What does not fit or is not wanted any more shows in the tool's answer; a dead reader must not kill us. */
    if (t->input != NULL) {
        void (*before)(int) = signal(SIGPIPE, SIG_IGN);
        (void)!write(in[1], t->input, strlen(t->input));
        signal(SIGPIPE, before);
    }
    close_fd(&in[1]);
    rc = read_all(back[0], t->loop, out, e);
    if (rc != 0)
        kill(-pid, SIGKILL); /* its session: what it started goes too */
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
out:
    for (int i = 0; i < 2; i++) {
        close_fd(&in[i]);
        close_fd(&back[i]);
    }
    return rc;
}

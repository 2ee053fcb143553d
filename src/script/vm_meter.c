/* What a state uses, against its limits. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "script/vm_state.h"
#include "script/watchdog.h"

const struct vm_limits vm_limits_default = {
    .memory = (size_t)64 << 20,
    .load_ms = 500,
    .call_ms = 200,
    .stuck_ms = 5000,
    .run_ms = 60000,
    .cpu_ms = 60000,
    .db_ms = 60000,
    .log_lines = 1000,
    .rows = 1000000,
    .output = (size_t)64 << 20,
};

static void or_default(unsigned *value, unsigned usual)
{
    if (*value == 0)
        *value = usual;
}

void meter_defaults(struct vm_limits *limits)
{
    const struct vm_limits *usual = &vm_limits_default;
    or_default(&limits->load_ms, usual->load_ms);
    or_default(&limits->call_ms, usual->call_ms);
    or_default(&limits->stuck_ms, usual->stuck_ms);
    or_default(&limits->run_ms, usual->run_ms);
    or_default(&limits->cpu_ms, usual->cpu_ms);
    or_default(&limits->db_ms, usual->db_ms);
    or_default(&limits->log_lines, usual->log_lines);
    if (limits->memory == 0)
        limits->memory = usual->memory;
    if (limits->rows == 0)
        limits->rows = usual->rows;
    if (limits->output == 0)
        limits->output = usual->output;
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return ((int64_t)t.tv_sec * 1000000000 + t.tv_nsec) / WATCHDOG_SLOWDOWN;
}

int64_t vm_cpu_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

int64_t vm_wall_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t meter_limit(const struct vm *vm, enum vm_meter meter)
{
    const struct vm_limits *l = &vm->limits;
    switch (meter) {
    case VM_MEMORY: return l->memory;
    case VM_LOAD: return l->load_ms;
    case VM_CALL: return l->call_ms;
    case VM_RUN: return l->run_ms;
    case VM_CPU: return l->cpu_ms;
    case VM_ROWS: return l->rows;
    case VM_OUTPUT: return l->output;
    case VM_DB: return l->db_ms;
    case VM_LOG_LINES: return l->log_lines;
    case VM_NONE:
    case VM_METERS: break;
    }
    return 0;
}

const char *vm_meter_name(enum vm_meter meter)
{
    static const char *const names[VM_METERS] = {"none", "memory", "load",   "call", "run",
                                                 "cpu",  "rows",   "output", "db",   "log_lines"};
    return names[meter < VM_METERS ? meter : VM_NONE];
}

static const struct {
    const char *what, *key; /* what: with the amount in it */
} words[VM_METERS] = {
    [VM_MEMORY] = {"used more than %s of memory", "memory_mb"},
    [VM_LOAD] = {"used more than %s of CPU", "load_ms"},
    [VM_CALL] = {"used more than %s of CPU", "call_ms"},
    [VM_RUN] = {"took longer than %s", "run_s"},
    [VM_CPU] = {"used more than %s of CPU", "cpu_s"},
    [VM_ROWS] = {"read or gave back more than %s rows", "rows"},
    [VM_OUTPUT] = {"put out more than %s", "output_mb"},
    [VM_DB] = {"used more than %s of database time", "db_s"},
    [VM_LOG_LINES] = {"wrote more than %s lines to the log", "log_lines"},
};

static void amount(enum vm_meter meter, uint64_t n, char *text, size_t size)
{
    const uint64_t mib = (uint64_t)1 << 20;
    if (meter == VM_ROWS || meter == VM_LOG_LINES)
        snprintf(text, size, "%llu", (unsigned long long)n);
    else if (meter == VM_MEMORY || meter == VM_OUTPUT)
        snprintf(text, size, n % mib == 0 ? "%llu MiB" : "%llu KiB", (unsigned long long)(n % mib == 0 ? n / mib : n / 1024));
    else if (meter == VM_RUN || meter == VM_CPU || meter == VM_DB)
        snprintf(text, size, n % 1000 == 0 ? "%llu s" : "%llu ms", (unsigned long long)(n % 1000 == 0 ? n / 1000 : n));
    else
        snprintf(text, size, "%llu ms", (unsigned long long)n);
}

void meter_texts(struct vm *vm, bool keys)
{
    for (enum vm_meter m = VM_MEMORY; m < VM_METERS; m++) {
        char n[32], *text = vm->limit_text[m];
        const size_t size = sizeof vm->limit_text[m];
        const char *sign = strstr(words[m].what, "%s");
        amount(m, meter_limit(vm, m), n, sizeof n);
        snprintf(text, size, "%.*s%s%s", (int)(sign - words[m].what), words[m].what, n, sign + 2);
        if (keys)
            snprintf(text + strlen(text), size - strlen(text), " (limits.%s)", words[m].key);
    }
}

const char *vm_limit_text(const struct vm *vm, enum vm_meter meter)
{
    return vm->limit_text[meter < VM_METERS ? meter : VM_NONE];
}

/* --- counting ------------------------------------------------------------------------------------------------------------- */

static void set(struct vm *vm, enum vm_meter meter, uint64_t n)
{
    vm->use[meter].now = n;
    if (n > vm->use[meter].most)
        vm->use[meter].most = n;
}

int vm_count(struct vm *vm, enum vm_meter meter, size_t n)
{
    must(meter >= VM_ROWS && meter < VM_METERS);
    uint64_t limit = meter_limit(vm, meter), now = vm->use[meter].now;
    set(vm, meter, n > UINT64_MAX - now ? UINT64_MAX : now + n);
    if (vm->use[meter].now <= limit)
        return 0;
    vm->hit = meter;
    return -1;
}

enum vm_meter vm_hit(const struct vm *vm)
{
    return vm->hit;
}

void vm_usage(const struct vm *vm, struct vm_usage *usage)
{
    for (int i = 0; i < VM_METERS; i++) {
        usage->of[i] = vm->use[i];
        usage->of[i].limit = meter_limit(vm, (enum vm_meter)i);
    }
    usage->of[VM_MEMORY].now = vm->used;
    usage->of[VM_MEMORY].most = vm->peak;
}

/* --- runs and calls ------------------------------------------------------------------------------------------------------- */

static int64_t ns_of(unsigned ms)
{
    return (int64_t)ms * 1000000;
}

static uint64_t ms_of(int64_t ns)
{
    return ns > 0 ? (uint64_t)(ns + 999999) / 1000000 : 0;
}

static void start_counters(struct vm *vm)
{
    vm->hit = VM_NONE;
    for (int i = VM_ROWS; i < VM_METERS; i++)
        vm->use[i].now = 0;
}

void vm_run_begin(struct vm *vm)
{
    must(!vm->running && vm->depth == 0);
    vm->running = vm->had_run = true;
    vm->run_cpu_ns = 0;
    vm->run_started_ns = vm_wall_ns();
    vm->wall_deadline_ns = vm->run_started_ns + ns_of(vm->limits.run_ms);
    set(vm, VM_CPU, 0);
    set(vm, VM_RUN, 0);
    start_counters(vm);
}

void vm_run_end(struct vm *vm)
{
    must(vm->running && vm->depth == 0);
    set(vm, VM_RUN, ms_of(vm_wall_ns() - vm->run_started_ns));
    vm->running = false;
}

unsigned vm_run_left_ms(const struct vm *vm)
{
    int64_t left = vm->wall_deadline_ns - vm_wall_ns();
    if (!vm->running || left <= 0)
        return 0;
    return (unsigned)(ms_of(left) * WATCHDOG_SLOWDOWN);
}

void vm_run_extend(struct vm *vm, int64_t ns)
{
    if (vm->running && ns > 0)
        vm->wall_deadline_ns += ns / WATCHDOG_SLOWDOWN;
}

void meter_begin(struct vm *vm, bool load)
{
    int64_t budget = ns_of(load ? vm->limits.load_ms : vm->limits.call_ms);
    vm->meter = load ? VM_LOAD : VM_CALL;
    vm->over = VM_NONE;
    vm->memory_hit = false;
    vm->started_ns = vm_cpu_ns();
    vm->wall_started_ns = vm_wall_ns();
    if (vm->running) {
        vm->meter = VM_CPU;
        budget = ns_of(vm->limits.cpu_ms) - vm->run_cpu_ns;
        vm->over = vm->wall_started_ns >= vm->wall_deadline_ns ? VM_RUN : budget <= 0 ? VM_CPU : VM_NONE;
    } else {
        if (!vm->had_run) /* else it cleans up after a run, whose counts are still asked for */
            start_counters(vm);
        vm->wall_deadline_ns = vm->wall_started_ns + ns_of(vm->limits.run_ms);
    }
    vm->deadline_ns = vm->started_ns + budget;
}

void meter_end(struct vm *vm)
{
    int64_t used = vm_cpu_ns() - vm->started_ns;
    if (vm->running) {
        vm->run_cpu_ns += used;
        used = vm->run_cpu_ns;
    }
    set(vm, vm->meter, ms_of(used));
    if (vm->running)
        set(vm, VM_RUN, ms_of(vm_wall_ns() - vm->run_started_ns));
    if (vm->over)
        vm->hit = (enum vm_meter)vm->over;
}

/* All bundled plugins, loaded and given back again and again: no memory stays. TIDEMARK_TEST_CYCLES=10000 is the full number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "data/json.h"
#include "script/code.h"
#include "script/vm.h"

static const char *const names[] = {"ai",     "content", "findings", "freshness", "instagram", "patterns", "style",
                                    "styles", "tiktok",  "timing",   "trends",    "x",         "youtube"};

/* Pages of this process that lie in memory, in KiB. */
static size_t resident(void)
{
    unsigned long all = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lu %lu", &all, &pages), 2);
    fclose(f);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void load_all(const char *source)
{
    char *lib = mem_printf("%s/lua", source);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct err e = {0};
        struct json_doc *description = NULL;
        char *dir = mem_printf("%s/plugins/%s", source, names[i]), *path = mem_printf("%s/plugin.lua", dir);
        struct vm_limits patient = {.load_ms = 60000, .call_ms = 60000};
        struct vm *vm = vm_new(names[i], lib, dir, &patient);
        if (code_load(vm, path, "plugin.lua", names[i], &description, &e) != 0)
            fail_msg("%s", e.text);
        json_free(&description);
        vm_free(&vm);
        assert_null(vm);
        mem_free(dir);
        mem_free(path);
    }
    mem_free(lib);
}

static void memory_stays_flat(void **state)
{
    (void)state;
#if defined( \
    __SANITIZE_ADDRESS__) /* it keeps what was freed for a while (256 MiB), to see who still uses it; leaks it tells at the end */
    enum { WARM_UP = 10, ALLOWED_KIB = 400 << 10 };
#else
    enum { WARM_UP = 10, ALLOWED_KIB = 8 << 10 }; /* what the allocator keeps at hand, whatever the number of cycles */
#endif
    const char *source = getenv("TIDEMARK_SOURCE"), *wanted = getenv("TIDEMARK_TEST_CYCLES");
    long cycles = wanted != NULL ? strtol(wanted, NULL, 10) : 25;
    for (int i = 0; i < WARM_UP; i++)
        load_all(source != NULL ? source : ".");
    size_t before = resident();
    for (long i = 0; i < cycles; i++)
        load_all(source != NULL ? source : ".");
    size_t after = resident();
    print_message("%ld cycles of %zu plugins: %zu KiB before, %zu KiB after\n", cycles, sizeof names / sizeof *names, before,
                  after);
    assert_true(after < before + ALLOWED_KIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_stays_flat)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

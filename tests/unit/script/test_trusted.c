/* The state of the host's own Lua: what it may give back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "script/trusted.h"

/* Ten thousand results with their evidence were "more than 16 MiB of JSON", as if a plugin had made them. */
static void more_than_a_plugin_may_give_comes_back(void **state)
{
    (void)state;
    enum { BYTES = 17 << 20 };
    const char *source = getenv("TIDEMARK_SOURCE");
    char *lib = mem_printf("%s/lua", source != NULL ? source : ".");
    struct vm *vm = trusted_open(lib, 10000, (size_t)256 << 20);
    struct buf text = {0}, out = {0};
    struct err e = {0};
    buf_str(&text, "[\"");
    buf_fill(&text, 'x', BYTES);
    buf_str(&text, "\"]");
    const struct trusted_arg args[] = {{.kind = TRUSTED_JSON, .text = text.data}};
    if (trusted_call(vm, "tidemark.jsonlist", "array", args, 1, &out, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(out.len, BYTES + 4);
    buf_free(&text);
    buf_free(&out);
    vm_free(&vm);
    mem_free(lib);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(more_than_a_plugin_may_give_comes_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

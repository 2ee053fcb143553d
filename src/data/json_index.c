/* One walk over a finished tree: counts, tables for json_at, duplicate keys. Without recursion, O(n log n) at worst. */
#include <stdlib.h>
#include <string.h>

#include "data/json_private.h"

static bool is_container(const cJSON *item)
{
    return cJSON_IsObject(item) || cJSON_IsArray(item);
}

static uint32_t hash_of(const char *key)
{
    uint32_t h = 2166136261U;
    for (; *key != '\0'; key++)
        h = (h ^ (unsigned char)*key) * 16777619U;
    return h;
}

static void seen_twice(struct json_duplicates *twice, const char *key)
{
    if (twice->count++ == 0)
        twice->first = key;
}

static void compare_pairs(const cJSON *object, struct json_duplicates *twice)
{
    uint32_t hash[JSON_FEW_KEYS];
    const char *key[JSON_FEW_KEYS];
    size_t n = 0;
    for (const cJSON *c = object->child; c != NULL; c = c->next, n++) {
        hash[n] = hash_of(key[n] = c->string);
        for (size_t i = 0; i < n; i++) {
            if (hash[i] == hash[n] && strcmp(key[i], key[n]) == 0) {
                seen_twice(twice, key[n]);
                break;
            }
        }
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorting and not hashing: no choice of keys makes it slow. */
static void compare_sorted(const cJSON *object, size_t n, struct json_duplicates *twice)
{
    const char **keys = mem_array(n, sizeof *keys);
    size_t i = 0;
    for (const cJSON *c = object->child; c != NULL; c = c->next)
        keys[i++] = c->string;
    qsort(keys, n, sizeof *keys, by_text);
    for (i = 1; i < n; i++) {
        if (strcmp(keys[i - 1], keys[i]) == 0)
            seen_twice(twice, keys[i]);
    }
    mem_free(keys);
}

void json_index_one(struct arena *arena, cJSON *item, struct json_duplicates *twice)
{
    size_t n = 0;
    for (const cJSON *c = item->child; c != NULL; c = c->next)
        n++;
    item->valueint = (int)n;
    if (n == 0)
        return;
    if (cJSON_IsArray(item)) {
        cJSON **table = arena_alloc(arena, n * sizeof *table);
        size_t i = 0;
        for (cJSON *c = item->child; c != NULL; c = c->next)
            table[i++] = c;
        item->valuestring = (char *)table;
    } else if (n <= JSON_FEW_KEYS) {
        compare_pairs(item, twice);
    } else {
        compare_sorted(item, n, twice);
    }
}

struct json_duplicates json_index(struct arena *arena, cJSON *root)
{
    struct json_duplicates twice = {0};
    cJSON *at[JSON_DEPTH_MAX + 2]; /* the item looked at on each level */
    size_t level = 0;
    at[0] = root;
    for (;;) {
        cJSON *item = at[level];
        if (is_container(item)) {
            json_index_one(arena, item, &twice);
            if (item->child != NULL) {
                must(level < JSON_DEPTH_MAX);
                at[++level] = item->child;
                continue;
            }
        }
        while (level > 0 && at[level]->next == NULL)
            level--;
        if (level == 0)
            return twice;
        at[level] = at[level]->next;
    }
}

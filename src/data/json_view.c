/* Looking at a tree: kinds, members, values. Knows the marks of json_private.h. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/json_private.h"

bool json_is_marked(const cJSON *item)
{
    return cJSON_IsString(item) && item->valuestring[0] == JSON_MARK && item->valuestring[1] == '#';
}

enum json_kind json_kind(const cJSON *item)
{
    if (item == NULL)
        return JSON_ABSENT;
    switch (item->type & 0xFF) {
    case cJSON_NULL: return JSON_NULL;
    case cJSON_True:
    case cJSON_False: return JSON_BOOL;
    case cJSON_Number: return JSON_NUMBER;
    case cJSON_String: return json_is_marked(item) ? JSON_NUMBER : JSON_STRING;
    case cJSON_Array: return JSON_ARRAY;
    case cJSON_Object: return JSON_OBJECT;
    default: return JSON_ABSENT;
    }
}

const char *json_kind_name(enum json_kind kind)
{
    static const char *const names[] = {"absent", "null", "boolean", "number", "string", "array", "object"};
    return names[kind];
}

/* From the end, so that the last of duplicate keys is the first that is met. */
const cJSON *json_get(const cJSON *obj, const char *key, size_t key_len)
{
    if (obj == NULL || (obj->type & 0xFF) != cJSON_Object || obj->child == NULL)
        return NULL;
    for (const cJSON *c = obj->child->prev;; c = c->prev) {
        if ((key_len == 0 || c->string[0] == key[0]) && strncmp(c->string, key, key_len) == 0 && c->string[key_len] == '\0')
            return c;
        if (c == obj->child)
            return NULL;
    }
}

const cJSON *json_at(const cJSON *array, size_t index)
{
    if (!cJSON_IsArray(array) || index >= (size_t)array->valueint)
        return NULL;
    if (array->valuestring != NULL)
        return ((cJSON *const *)(const void *)array->valuestring)[index];
    const cJSON *c = array->child;
    while (index-- > 0)
        c = c->next;
    return c;
}

size_t json_size(const cJSON *item)
{
    return cJSON_IsArray(item) || cJSON_IsObject(item) ? (size_t)item->valueint : 0;
}

static const cJSON *path_step(const cJSON *item, const char *step, size_t n)
{
    if (!cJSON_IsArray(item))
        return json_get(item, step, n);
    size_t index = 0;
    if (n == 0 || n > 9)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (!isdigit((unsigned char)step[i]))
            return NULL;
        index = index * 10 + (size_t)(step[i] - '0');
    }
    return json_at(item, index);
}

const cJSON *json_path(const cJSON *item, const char *path)
{
    if (path[0] == '\0' || strcmp(path, ".") == 0)
        return item;
    while (item != NULL) {
        size_t n = strcspn(path, ".");
        item = path_step(item, path, n);
        if (path[n] == '\0')
            break;
        path += n + 1;
    }
    return item;
}

const char *json_text(const cJSON *item)
{
    if (!cJSON_IsString(item))
        return NULL;
    const char *s = item->valuestring;
    if (s[0] != JSON_MARK)
        return s;
    return s + (s[1] == '#' ? 2 : 1);
}

/* The shortest text that reads back as the same number; whole ones without an exponent as far as a double is exact. */
void json_number_text(double d, char out[32])
{
    if (d == trunc(d) && fabs(d) < 1e15) {
        snprintf(out, 32, "%lld", (long long)d);
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(out, 32, "%.*g", precision, d);
        if (strtod(out, NULL) == d)
            return;
    }
}

const char *json_id(const cJSON *item, struct arena *arena)
{
    if (!cJSON_IsNumber(item))
        return json_text(item);
    char text[32];
    json_number_text(item->valuedouble, text);
    return arena_dup(arena, text);
}

bool json_int64(const cJSON *item, int64_t *out)
{
    if (cJSON_IsNumber(item)) {
        double d = item->valuedouble;
        if (d != trunc(d) || d < -0x1p63 || d >= 0x1p63)
            return false;
        *out = (int64_t)d;
        return true;
    }
    const char *s = json_text(item);
    if (s == NULL)
        return false;
    size_t sign = s[0] == '-' ? 1 : 0, n = strspn(s + sign, "0123456789");
    if (n == 0 || s[sign + n] != '\0')
        return false;
    errno = 0;
    long long v = strtoll(s, NULL, 10);
    if (errno == ERANGE)
        return false;
    *out = v;
    return true;
}

/* strtod alone would take blanks, hexadecimal, "inf" and "nan" too. */
static bool looks_numeric(const char *s)
{
    if (*s == '-')
        s++;
    size_t whole = strspn(s, "0123456789"), part = 0;
    s += whole;
    if (*s == '.') {
        part = strspn(s + 1, "0123456789");
        s += 1 + part;
    }
    if (whole + part == 0)
        return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        if (*s == '+' || *s == '-')
            s++;
        size_t n = strspn(s, "0123456789");
        if (n == 0)
            return false;
        s += n;
    }
    return *s == '\0';
}

bool json_double(const cJSON *item, double *out)
{
    double d;
    if (cJSON_IsNumber(item)) {
        d = item->valuedouble;
    } else {
        const char *s = json_text(item);
        if (s == NULL || !looks_numeric(s))
            return false;
        d = strtod(s, NULL);
    }
    if (!isfinite(d))
        return false;
    *out = d;
    return true;
}

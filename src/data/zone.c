#include "data/zone.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/calendar.h"
#include "data/zone_rule.h"

enum { NAME_MAX_BYTES = 64, FILE_MAX = 1 << 20, HEADER = 44, TYPE = 6, TYPES_MAX = 256, BUCKETS = 64 };
static const int64_t FAR = 26 * 3600; /* no clock is further from UTC */

struct zone_type {
    int32_t offset;
    bool dst;
    char abbreviation[12];
};

struct zone {
    char name[NAME_MAX_BYTES];
    struct zone *next; /* in its bucket */
    size_t n, n_type;
    int64_t *at;   /* n changes, ascending … */
    uint8_t *type; /* … and what holds from each on */
    struct zone_type types[TYPES_MAX];
    bool has_rule;
    struct zone_rule rule;
};

/* --- the file ------------------------------------------------------------------------------------------------------------- */

struct reader {
    const uint8_t *data;
    size_t len, pos;
};

struct counts {
    uint32_t utc, standard, leap, change, type, text;
};

static const uint8_t *take(struct reader *r, size_t n)
{
    if (n > r->len - r->pos)
        return NULL;
    r->pos += n;
    return r->data + r->pos - n;
}

static int64_t big_endian(const uint8_t *p, size_t n)
{
    uint64_t v = (n == 4 && p[0] >= 0x80) || (n == 8 && p[0] >= 0x80) ? UINT64_MAX : 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

static bool read_header(struct reader *r, int *version, struct counts *c)
{
    const uint8_t *p = take(r, HEADER);
    if (p == NULL || memcmp(p, "TZif", 4) != 0)
        return false;
    *version = p[4] == 0 ? 1 : p[4] - '0';
    uint32_t *const into[] = {&c->utc, &c->standard, &c->leap, &c->change, &c->type, &c->text};
    for (size_t i = 0; i < 6; i++)
        *into[i] = (uint32_t)big_endian(p + 20 + i * 4, 4);
    return c->change < FILE_MAX && c->type >= 1 && c->type <= TYPES_MAX && c->text < FILE_MAX && c->leap < FILE_MAX &&
           c->utc < FILE_MAX && c->standard < FILE_MAX;
}

static size_t body_size(const struct counts *c, size_t time)
{
    return c->change * (time + 1) + c->type * (size_t)TYPE + c->text + c->leap * (time + 4) + c->standard + c->utc;
}

static bool read_types(struct zone *z, const uint8_t *types, const char *text, const struct counts *c)
{
    for (size_t i = 0; i < c->type; i++) {
        const uint8_t *p = types + i * TYPE;
        struct zone_type *t = &z->types[i];
        size_t n = p[5] < c->text ? strnlen(text + p[5], c->text - p[5]) : 0;
        t->offset = (int32_t)big_endian(p, 4);
        t->dst = p[4] != 0;
        if (t->offset <= -FAR || t->offset >= FAR || n >= sizeof t->abbreviation)
            return false;
        memcpy(t->abbreviation, text + (n > 0 ? p[5] : 0), n);
    }
    z->n_type = c->type;
    return true;
}

/* Files that count leap seconds would put every instant off by them. */
static bool read_body(struct reader *r, struct zone *z, const struct counts *c, size_t time)
{
    const uint8_t *p = take(r, body_size(c, time));
    if (p == NULL || c->leap > 0)
        return false;
    const uint8_t *index = p + c->change * time, *types = index + c->change;
    z->n = c->change;
    z->at = mem_array(z->n + 1, sizeof *z->at);
    z->type = mem_array(z->n + 1, 1);
    for (size_t i = 0; i < z->n; i++) {
        z->at[i] = big_endian(p + i * time, time);
        z->type[i] = index[i];
        if (index[i] >= c->type || (i > 0 && z->at[i] <= z->at[i - 1]))
            return false;
    }
    return read_types(z, types, (const char *)types + c->type * (size_t)TYPE, c);
}

static bool read_footer(struct reader *r, struct zone *z)
{
    char text[128];
    size_t n = r->len - r->pos;
    if (n < 2 || r->data[r->pos] != '\n' || r->data[r->len - 1] != '\n' || n - 2 >= sizeof text)
        return false;
    memcpy(text, r->data + r->pos + 1, n - 2);
    text[n - 2] = '\0';
    z->has_rule = n > 2;
    return n == 2 || zone_rule_parse(text, &z->rule);
}

/* A version 1 block of 32-bit times comes first; where there is a second one with 64 bits, that is the zone. */
static bool read_zone(struct reader *r, struct zone *z)
{
    struct counts c;
    int version;
    if (!read_header(r, &version, &c))
        return false;
    if (version < 2)
        return read_body(r, z, &c, 4);
    return take(r, body_size(&c, 4)) != NULL && read_header(r, &version, &c) && read_body(r, z, &c, 8) && read_footer(r, z);
}

static bool load(struct zone *z)
{
    char path[512];
    const char *dir = getenv("TZDIR");
    if (snprintf(path, sizeof path, "%s/%s", dir != NULL ? dir : "/usr/share/zoneinfo", z->name) >= (int)sizeof path)
        return false;
    FILE *f = fopen(path, "rbe");
    if (f == NULL)
        return false;
    uint8_t *data = mem_alloc(FILE_MAX);
    struct reader r = {.data = data, .len = fread(data, 1, FILE_MAX, f)};
    fclose(f);
    bool ok = r.len < FILE_MAX && read_zone(&r, z);
    mem_free(data);
    return ok;
}

/* --- by name --------------------------------------------------------------------------------------------------------------- */

/* A name, not a path. */
static bool good_name(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n >= NAME_MAX_BYTES || name[0] == '/' || strstr(name, "..") != NULL)
        return false;
    for (; *name != '\0'; name++)
        if (!isalnum((unsigned char)*name) && strchr("/_+-", *name) == NULL)
            return false;
    return true;
}

static struct zone *known[BUCKETS];

const struct zone *zone_utc(void)
{
    static const struct zone utc = {.name = "UTC", .n_type = 1, .types = {{.abbreviation = "UTC"}}};
    return &utc;
}

const struct zone *zone_find(const char *name)
{
    uint32_t h = 0;
    if (strcmp(name, "UTC") == 0)
        return zone_utc();
    for (const char *p = name; *p != '\0'; p++)
        h = h * 31 + (unsigned char)*p;
    struct zone **bucket = &known[h % BUCKETS];
    for (struct zone *z = *bucket; z != NULL; z = z->next)
        if (strcmp(z->name, name) == 0)
            return z;
    if (!good_name(name))
        return NULL;
    struct zone *z = mem_alloc(sizeof *z);
    memcpy(z->name, name, strlen(name) + 1);
    if (!load(z)) {
        mem_free(z->at);
        mem_free(z->type);
        mem_free(z);
        return NULL;
    }
    z->next = *bucket;
    *bucket = z;
    return z;
}

/* --- what holds when -------------------------------------------------------------------------------------------------------- */

static void set_type(struct zone_span *s, int32_t offset, bool dst, const char *abbreviation)
{
    s->offset = offset;
    s->dst = dst;
    snprintf(s->abbreviation, sizeof s->abbreviation, "%s", abbreviation);
}

/* After the table, by the rule: its changes of the years around are looked through in their order. */
static void span_by_rule(const struct zone *z, int64_t seconds, struct zone_span *s)
{
    const struct zone_rule *r = &z->rule;
    int64_t year;
    int month, day;
    if (!r->has_daylight) {
        if (z->n == 0)
            set_type(s, r->standard_offset, false, r->standard);
        return;
    }
    calendar_date(calendar_floor(seconds, 86400) / 86400, &year, &month, &day);
    int64_t after = z->n > 0 ? z->at[z->n - 1] : INT64_MIN;
    for (int64_t y = year - 1; y <= year + 1; y++) {
        int64_t at[2];
        zone_rule_year(r, y, &at[0], &at[1]);
        bool southern = at[1] < at[0];
        for (int i = 0; i < 2; i++) {
            bool begins = (i == 0) != southern;
            int64_t t = begins ? at[0] : at[1];
            if (t <= after)
                continue;
            if (t > seconds) {
                s->until = t < s->until ? t : s->until;
                return;
            }
            s->from = t;
            set_type(s, begins ? r->daylight_offset : r->standard_offset, begins, begins ? r->daylight : r->standard);
        }
    }
}

struct zone_span zone_at(const struct zone *z, int64_t seconds)
{
    struct zone_span s = {.from = INT64_MIN, .until = INT64_MAX};
    size_t low = 0, high = z->n; /* the number of changes at or before the instant */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (z->at[middle] <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    const struct zone_type *t = &z->types[low > 0 ? z->type[low - 1] : 0];
    set_type(&s, t->offset, t->dst, t->abbreviation);
    if (low > 0)
        s.from = z->at[low - 1];
    if (low < z->n)
        s.until = z->at[low];
    else if (z->has_rule)
        span_by_rule(z, seconds, &s);
    return s;
}

int zone_instants(const struct zone *z, int64_t local, int64_t at[2], int64_t *change)
{
    int n = 0;
    struct zone_span s = zone_at(z, local - FAR), next;
    for (;; s = next) {
        int64_t t = local - s.offset;
        if (t >= s.from && t < s.until && n < 2)
            at[n++] = t;
        if (s.until > local + FAR) {
            if (n == 0)
                at[n++] = t; /* only a file that contradicts itself gets here */
            return n;
        }
        next = zone_at(z, s.until);
        if (n == 0 && t >= s.until && local - next.offset < next.from) {
            at[0] = local - next.offset;
            at[1] = t;
            *change = next.from;
            return 0;
        }
    }
}

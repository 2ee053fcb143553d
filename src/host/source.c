#include "host/source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/mem.h"

/* 16 MiB: what zstd makes up to level 19 is half of that. */
enum { CHUNK = 128 << 10, ZSTD_WINDOW_LOG = 24, MAGIC = 6 };

struct byte_source {
    int fd;
    char *raw; /* raw[at..len) is read and not yet used */
    size_t at, len, cap;
    bool ended;  /* nothing comes after raw */
    bool looked; /* the first bytes were looked at */
    enum { PLAIN, GZIP, ZSTD } pack;
    z_stream gzip;
    ZSTD_DCtx *zstd;
    bool between; /* of two members or frames: an end here is a good end */
    bool begun;   /* the first of them was met */
    size_t taken, made;
    const char *code;
};

static struct byte_source *source_new(int fd, size_t cap)
{
    struct byte_source *s = mem_alloc(sizeof *s);
    *s = (struct byte_source){.fd = fd, .raw = mem_alloc(cap), .cap = cap, .between = true};
    return s;
}

struct byte_source *source_of_file(int fd)
{
    return source_new(fd, CHUNK);
}

struct byte_source *source_of_bytes(const char *data, size_t n)
{
    struct byte_source *s = source_new(-1, n > 0 ? n : 1);
    if (n > 0)
        memcpy(s->raw, data, n);
    s->len = s->taken = n;
    s->ended = true;
    return s;
}

void source_free(struct byte_source **ps)
{
    struct byte_source *s = *ps;
    if (s == NULL)
        return;
    if (s->fd >= 0)
        close(s->fd);
    if (s->pack == GZIP)
        inflateEnd(&s->gzip);
    ZSTD_freeDCtx(s->zstd);
    mem_free(s->raw);
    mem_free(s);
    *ps = NULL;
}

static int fail(struct byte_source *s, const char *code, struct err *e, const char *text)
{
    s->code = code;
    return err_set(e, ERR_INPUT, "%s", text);
}

static ssize_t read_some(struct byte_source *s, char *to, size_t cap, struct err *e)
{
    ssize_t n;
    do
        n = read(s->fd, to, cap);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        s->code = "cannot_read";
        return err_set(e, ERR_INPUT, "cannot be read: %s", strerror(errno));
    }
    s->ended = n == 0;
    s->taken += (size_t)n;
    return n;
}

/* Fills raw until want bytes are in it or the source ends. */
static int have(struct byte_source *s, size_t want, struct err *e)
{
    while (!s->ended && s->len - s->at < want) {
        memmove(s->raw, s->raw + s->at, s->len - s->at);
        s->len -= s->at;
        s->at = 0;
        ssize_t n = read_some(s, s->raw + s->len, s->cap - s->len, e);
        if (n < 0)
            return -1;
        s->len += (size_t)n;
    }
    return 0;
}

/* Packed in ways that are not unpacked here, with what to do. */
static const char *other_pack(const char *p, size_t n)
{
    static const struct {
        const char *magic, *text;
        size_t n;
    } known[] = {
        {"PK\3\4", "is a zip archive: unpack it first (unzip)", 4},
        {"BZh", "is packed with bzip2: unpack it first (bunzip2), or pack it with gzip or zstd", 3},
        {"\xFD"
         "7zXZ",
         "is packed with xz: unpack it first (unxz), or pack it with gzip or zstd", 5},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (n >= known[i].n && memcmp(p, known[i].magic, known[i].n) == 0)
            return known[i].text;
    return NULL;
}

static bool is_gzip(const char *p, size_t n)
{
    return n >= 2 && memcmp(p, "\x1F\x8B", 2) == 0;
}

static bool is_zstd(const char *p, size_t n)
{
    return n >= 4 && memcmp(p, "\x28\xB5\x2F\xFD", 4) == 0;
}

static int look(struct byte_source *s, struct err *e)
{
    if (have(s, MAGIC, e) != 0)
        return -1;
    const char *p = s->raw + s->at;
    size_t n = s->len - s->at;
    const char *other = other_pack(p, n);
    s->looked = true;
    if (other != NULL)
        return fail(s, "packed", e, other);
    if (is_gzip(p, n)) {
        s->pack = GZIP;
        if (inflateInit2(&s->gzip, 15 + 16) != Z_OK)
            return fail(s, "cannot_read", e, "cannot be unpacked: no memory");
    } else if (is_zstd(p, n)) {
        s->pack = ZSTD;
        s->zstd = ZSTD_createDCtx();
        if (s->zstd == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG)))
            return fail(s, "cannot_read", e, "cannot be unpacked: no memory");
    }
    return 0;
}

/* One step of inflate; gzip files may be several, one after the other, with zeros behind them. */
static int step_gzip(struct byte_source *s, char *to, size_t cap, size_t *made, struct err *e)
{
    z_stream *z = &s->gzip;
    if (s->between && s->begun && !is_gzip(s->raw + s->at, s->len - s->at)) {
        while (s->at < s->len && s->raw[s->at] == '\0') /* padding, as tapes have it */
            s->at++;
        if (s->at < s->len)
            return fail(s, "packed_badly", e, "cannot be unpacked to its end: behind the gzip data comes something else");
        return 0;
    }
    if (s->between && s->begun)
        inflateReset(z);
    s->begun = true;
    s->between = false;
    z->next_in = (Bytef *)(s->raw + s->at);
    z->avail_in = (uInt)(s->len - s->at);
    z->next_out = (Bytef *)to;
    z->avail_out = (uInt)cap;
    int rc = inflate(z, Z_NO_FLUSH);
    s->at = s->len - z->avail_in;
    *made = cap - z->avail_out;
    s->between = rc == Z_STREAM_END;
    if (rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR)
        return 0;
    s->code = "packed_badly";
    return err_set(e, ERR_INPUT, "cannot be unpacked: the gzip data is broken (%s)", z->msg != NULL ? z->msg : "unknown");
}

static int step_zstd(struct byte_source *s, char *to, size_t cap, size_t *made, struct err *e)
{
    ZSTD_inBuffer in = {s->raw + s->at, s->len - s->at, 0};
    ZSTD_outBuffer out = {to, cap, 0};
    size_t rc = ZSTD_decompressStream(s->zstd, &out, &in);
    s->at += in.pos;
    *made = out.pos;
    s->between = rc == 0;
    if (!ZSTD_isError(rc))
        return 0;
    if (ZSTD_getErrorCode(rc) == ZSTD_error_frameParameter_windowTooLarge)
        return fail(s, "packed", e,
                    "cannot be unpacked: it needs a window of more than 16 MiB (limit), as zstd --ultra and --long make them; "
                    "pack it again with zstd -19 or less");
    s->code = "packed_badly";
    return err_set(e, ERR_INPUT, "cannot be unpacked: the zstd data is broken (%s)", ZSTD_getErrorName(rc));
}

static bool is_bomb(const struct byte_source *s)
{
    size_t used = s->taken - (s->len - s->at);
    return s->made > SOURCE_FREE && s->made / SOURCE_RATIO_MAX > used;
}

static ssize_t unpack(struct byte_source *s, char *to, size_t cap, struct err *e)
{
    size_t made = 0, before = 0;
    for (bool stuck = false; made == 0; stuck = s->at == before) {
        if (have(s, stuck ? s->len - s->at + 1 : 2, e) != 0)
            return -1;
        if (s->at == s->len && s->between)
            return 0;
        if (s->ended && (s->at == s->len || stuck))
            return fail(s, "packed_badly", e,
                        "cannot be unpacked to its end: the file was cut; what came before the cut was taken");
        before = s->at;
        if ((s->pack == GZIP ? step_gzip : step_zstd)(s, to, cap, &made, e) != 0)
            return -1;
    }
    s->made += made;
    if (is_bomb(s)) {
        s->code = "bomb";
        return err_set(e, ERR_INPUT,
                       "unpacks to more than %d times its size (limit, from %d MiB on): is it what it claims to be?",
                       SOURCE_RATIO_MAX, SOURCE_FREE >> 20);
    }
    return (ssize_t)made;
}

ssize_t source_read(struct byte_source *s, char *to, size_t cap, struct err *e)
{
    if (!s->looked && look(s, e) != 0)
        return -1;
    if (s->pack != PLAIN)
        return unpack(s, to, cap, e);
    size_t n = s->len - s->at;
    if (n == 0)
        return s->ended ? 0 : read_some(s, to, cap, e);
    n = n < cap ? n : cap;
    memcpy(to, s->raw + s->at, n);
    s->at += n;
    return (ssize_t)n;
}

const char *source_code(const struct byte_source *s)
{
    return s->code != NULL ? s->code : "cannot_read";
}

size_t source_taken(const struct byte_source *s)
{
    return s->taken;
}

int source_fd(const struct byte_source *s)
{
    return s->fd;
}

bool source_packed(const struct byte_source *s)
{
    return s->pack != PLAIN;
}

/* UTF-8 as RFC 3629 has it: the shortest form only, no surrogates, nothing beyond U+10FFFF. */
#include <stdio.h>
#include <string.h>

#include "data/json_private.h"

static bool in(unsigned char c, unsigned char low, unsigned char high)
{
    return c >= low && c <= high;
}

/* The bytes that may follow a lead byte: the second one's range rules out overlong forms, surrogates and what is too large. */
static unsigned char second_low(unsigned char lead)
{
    return lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
}

static unsigned char second_high(unsigned char lead)
{
    return lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
}

static size_t length_by_lead(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (in(lead, 0xC2, 0xDF))
        return 2;
    if (in(lead, 0xE0, 0xEF))
        return 3;
    return in(lead, 0xF0, 0xF4) ? 4 : 0;
}

size_t json_utf8_len(const unsigned char *p, size_t left)
{
    size_t n = length_by_lead(p[0]);
    if (n <= 1)
        return n;
    if (n > left || !in(p[1], second_low(p[0]), second_high(p[0])))
        return 0;
    for (size_t i = 2; i < n; i++) {
        if (!in(p[i], 0x80, 0xBF))
            return 0;
    }
    return n;
}

/* The text ends inside a character that is right as far as it goes. */
static bool is_cut(const unsigned char *p, size_t left)
{
    size_t n = length_by_lead(p[0]);
    if (n <= left)
        return false;
    if (left > 1 && !in(p[1], second_low(p[0]), second_high(p[0])))
        return false;
    return left < 3 || in(p[2], 0x80, 0xBF);
}

static void explain_cut(const unsigned char *p, size_t left, char *out, size_t size)
{
    int n = snprintf(out, size, "truncated UTF-8: the text ends in the middle of a character (0x%02X", p[0]);
    for (size_t i = 1; i < left && n > 0 && (size_t)n < size; i++)
        n += snprintf(out + n, size - (size_t)n, " 0x%02X", p[i]);
    if (n > 0 && (size_t)n < size)
        snprintf(out + n, size - (size_t)n, ")");
}

static unsigned char first_that_does_not_continue(const unsigned char *p)
{
    for (size_t i = 1;; i++) { /* ends: json_utf8_len said that one of them is wrong */
        if (!in(p[i], 0x80, 0xBF))
            return p[i];
    }
}

void json_utf8_explain(const unsigned char *p, size_t left, char *out, size_t size)
{
    unsigned char lead = p[0], next = left > 1 ? p[1] : 0;
    bool follows = left > 1 && in(next, 0x80, 0xBF);
    if (is_cut(p, left))
        explain_cut(p, left, out, size);
    else if (in(lead, 0x80, 0xBF))
        snprintf(out, size, "not UTF-8: byte 0x%02X cannot begin a character", lead);
    else if (lead >= 0xF5 || (lead == 0xF4 && follows && next > 0x8F))
        snprintf(out, size, "not UTF-8: byte 0x%02X begins a character beyond U+10FFFF", lead);
    else if (lead <= 0xC1 || (follows && next < second_low(lead)))
        snprintf(out, size, "not UTF-8: byte 0x%02X begins an overlong form of a character", lead);
    else if (lead == 0xED && follows && next > 0x9F)
        snprintf(out, size, "not UTF-8: bytes 0x%02X 0x%02X begin half of a surrogate pair", lead, next);
    else
        snprintf(out, size, "not UTF-8: byte 0x%02X begins a character that byte 0x%02X does not continue", lead,
                 first_that_does_not_continue(p));
}

/* Exact decimals, as PostgreSQL's numeric: a value with its digits as text. Inside script/ only.
 *
 * tostring(n) and .. give the digits as they came ("12.30"). + - * and unary minus are exact with numerics and integers, comparisons
 * too; with a float, and for / // % ^, the result is a float. n:tonumber() is an integer where it is whole and fits, else the nearest
 * float. NaN and the infinities are kept; computing with them gives floats. */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

void numeric_types(lua_State *L); /* once a state */
/* Pushes what PostgreSQL's text says: an integer where it is one that fits 64 bits, else a numeric. May raise. */
void numeric_push(lua_State *L, const char *text, size_t len);
/* A numeric in any case; false, and nothing is pushed, where text is none ("12", "-1.50", ".5", "1e3", "NaN"). May raise. */
bool numeric_make(lua_State *L, const char *text, size_t len);
/* The digits of the numeric at index, NUL-terminated; NULL where it is none. Does not raise. */
const char *numeric_text(lua_State *L, int index, size_t *len);

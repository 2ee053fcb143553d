/* Evidence that may be looked at while it grows, and random numbers that are the same everywhere. */
#include <math.h>

#include "data/stats.h"

static const double largest_exponent = 600; /* of an e-value: e^600 decides everything and is still a number */

double stats_sprt_e(double b, double se, double tau, enum stats_sided sided)
{
    if (!isfinite(b) || !isfinite(se) || !isfinite(tau) || !(se > 0) || !(tau > 0))
        return NAN;
    double size = hypot(se, tau), share = tau / size, z = b / se; /* share^2 = tau^2 / (se^2 + tau^2) */
    double zs = z * share, e = se / size * exp(fmin(largest_exponent, 0.5 * zs * zs));
    switch (sided) {
    case STATS_TWO_SIDED: break;
    case STATS_GREATER: e *= 2 * stats_normal_cdf(zs); break;
    case STATS_LESS: e *= 2 * stats_normal_sf(zs); break;
    }
    return e;
}

double stats_halfnormal_e(double S, double V, double tau)
{
    return isfinite(S) && isfinite(V) && V > 0 ? stats_sprt_e(S / V, 1 / sqrt(V), tau, STATS_GREATER) : NAN;
}

/* --- random numbers ---------------------------------------------------------------------------------------------------------- */

void stats_random_seed(struct stats_random *r, uint64_t seed)
{
    uint64_t z = seed + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    *r = (struct stats_random){.state = z != 0 ? z : 1};
}

uint64_t stats_random_bits(struct stats_random *r)
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return r->state * 0x2545f4914f6cdd1du;
}

double stats_random_uniform(struct stats_random *r)
{
    return ((double)(stats_random_bits(r) >> 12) + 0.5) * 0x1p-52;
}

double stats_random_normal(struct stats_random *r)
{
    if (r->has_spare) {
        r->has_spare = false;
        return r->spare;
    }
    double u, v, s;
    do {
        u = 2 * stats_random_uniform(r) - 1;
        v = 2 * stats_random_uniform(r) - 1;
        s = u * u + v * v;
    } while (s >= 1 || s == 0);
    double scale = sqrt(-2 * log(s) / s);
    r->spare = v * scale;
    r->has_spare = true;
    return u * scale;
}

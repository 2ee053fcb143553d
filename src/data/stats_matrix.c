/* Small symmetric matrices, row by row. */
#include <math.h>

#include "data/stats.h"

const char *stats_cholesky(double *m, size_t n)
{
    if (n == 0)
        return "no matrix";
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            if (!isfinite(m[i * n + k]))
                return "a value is infinite or not a number";
            else if (fabs(m[i * n + k] - m[k * n + i]) > 1e-9 * (fabs(m[i * n + i]) + fabs(m[k * n + k])))
                return "the matrix is not symmetric";
    for (size_t j = 0; j < n; j++) {
        double diagonal = m[j * n + j], rest = diagonal;
        for (size_t k = 0; k < j; k++)
            rest -= m[j * n + k] * m[j * n + k];
        if (!(rest > 1e-14 * diagonal))
            return "the matrix is not positive definite";
        double root = m[j * n + j] = sqrt(rest);
        for (size_t i = j + 1; i < n; i++) {
            double sum = m[i * n + j];
            for (size_t k = 0; k < j; k++)
                sum -= m[i * n + k] * m[j * n + k];
            m[i * n + j] = sum / root;
        }
        for (size_t k = j + 1; k < n; k++)
            m[j * n + k] = 0;
    }
    return NULL;
}

void stats_lower_solve(const double *l, size_t n, double *b)
{
    for (size_t i = 0; i < n; i++) {
        double sum = b[i];
        for (size_t k = 0; k < i; k++)
            sum -= l[i * n + k] * b[k];
        b[i] = sum / l[i * n + i];
    }
}

void stats_lower_solve_t(const double *l, size_t n, double *b)
{
    for (size_t i = n; i-- > 0;) {
        b[i] /= l[i * n + i];
        for (size_t k = 0; k < i; k++)
            b[k] -= l[i * n + k] * b[i];
    }
}

void stats_cholesky_solve(const double *l, size_t n, double *b)
{
    stats_lower_solve(l, n, b);
    stats_lower_solve_t(l, n, b);
}

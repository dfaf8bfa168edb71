"""Symmetric eigenvalues and singular values in loops alone, for small matrices: they run on CUDA, one a thread.

The columns of a matrix are turned in pairs until all are orthogonal, which leaves its singular values as their norms
(Hestenes 1958; Demmel, *Applied Numerical Linear Algebra*, section 5.4.3). Of a symmetric matrix that a multiple of the
identity has made positive definite, the columns then are its eigenvectors.
"""

# Numba types these functions, also numba-cuda, by the arguments of a call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

SWEEPS = 40
"""Many times what converges: about ten for matrices of a hundred columns."""


def precision(w):
    """Columns whose cosine is below it count as orthogonal."""
    return 2e-15 if w.itemsize == 8 else 1e-6


def size_of(w):
    """The root of the sum of squares."""
    total = 0.0
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            total += w[i, j] * w[i, j]
    return math.sqrt(total)


def product(w, p, q):
    """The inner product of two columns."""
    total = 0.0
    for i in range(w.shape[0]):
        total += w[i, p] * w[i, q]
    return total


def turn(w, p, q, cosine, sine):
    """Turn two columns in their plane."""
    for i in range(w.shape[0]):
        x, y = w[i, p], w[i, q]
        w[i, p] = cosine * x - sine * y
        w[i, q] = sine * x + cosine * y


def exchange(w, p, q):
    """Exchange two columns."""
    for i in range(w.shape[0]):
        w[i, p], w[i, q] = w[i, q], w[i, p]


def orthogonalise(w, v, follows):
    """Turn the columns of ``w`` until they are orthogonal, and if it ``follows`` those of ``v`` alike.

    Columns that are nothing beside the whole of ``w`` stay. False when that takes too long.
    """
    eps = precision(w)
    nothing = eps * size_of(w)
    for _ in range(SWEEPS):
        is_done = True
        for q in range(1, w.shape[1]):
            for p in range(q):
                a, b = math.sqrt(product(w, p, p)), math.sqrt(product(w, q, q))
                c = product(w, p, q)
                if min(a, b) > nothing and abs(c) > eps * a * b:
                    is_done = False
                    slope = (b - a) * (b + a) / (2 * c)
                    tangent = 1 / (abs(slope) + math.sqrt(1 + slope * slope))
                    if slope < 0:
                        tangent = -tangent
                    cosine = 1 / math.sqrt(1 + tangent * tangent)
                    turn(w, p, q, cosine, cosine * tangent)
                    if follows:
                        turn(v, p, q, cosine, cosine * tangent)
        if is_done:
            return True
    return False


def complete(w, j):
    """Make column ``j`` a unit vector that is orthogonal to those before it."""
    m = w.shape[0]
    for start in range(m):
        for i in range(m):
            w[i, j] = 1 if i == start else 0
        for _ in range(2):  # the second time for what rounding leaves of the first
            for before in range(j):
                along = product(w, before, j)
                for i in range(m):
                    w[i, j] -= along * w[i, before]
        size = math.sqrt(product(w, j, j))
        if size * size * 2 * m >= 1:
            for i in range(m):
                w[i, j] /= size
            return


def values_in_order(w, s, v):
    """Take the norms of orthogonal columns as values ``s``, the largest first; the columns become unit vectors."""
    k = s.size
    nothing = precision(w) * size_of(w)
    for j in range(k):
        s[j] = math.sqrt(product(w, j, j))
    for j in range(k):
        largest = j
        for i in range(j + 1, k):
            if s[i] > s[largest]:
                largest = i
        if largest != j:
            s[j], s[largest] = s[largest], s[j]
            exchange(w, j, largest)
            exchange(v, j, largest)
        if s[j] <= nothing:
            complete(w, j)
        else:
            for i in range(w.shape[0]):
                w[i, j] /= s[j]


def singular_values(w, s, v):
    """Decompose what is in ``w`` (at least as many rows as columns) as ``(w * s) @ v.T``; nan if it takes too long."""
    for i in range(v.shape[0]):
        for j in range(v.shape[1]):
            v[i, j] = 1 if i == j else 0
    is_done = orthogonalise(w, v, True)
    values_in_order(w, s, v)
    if not is_done:
        for j in range(s.size):
            s[j] = math.nan


def svd(u, s, vt, a):
    """As ``svd_into``."""
    m, n = a.shape
    wide = m < n
    for i in range(m):
        for j in range(n):
            if wide:
                vt[i, j] = a[i, j]
            else:
                u[i, j] = a[i, j]
    if wide:
        singular_values(vt.T, s, u)
    else:
        singular_values(u, s, vt.T)


def element(a, i, j, upper):
    """An element of the symmetric matrix of which ``a`` holds one triangle."""
    return a[i, j] if (j >= i) == (upper == 1) or i == j else a[j, i]


def eigh(w, v, a, upper):
    """As ``eigh_into``: by the singular values of ``a`` and a multiple of the identity."""
    n = w.size
    shift = 0.0
    for i in range(n):
        total = 0.0
        for j in range(n):
            v[i, j] = element(a, i, j, upper)
            total += abs(v[i, j])
        shift = max(shift, 2 * total)
    for i in range(n):
        v[i, i] += shift if shift > 0 else 1
    is_done = orthogonalise(v, v, False)
    for j in range(n):
        size = math.sqrt(product(v, j, j))
        for i in range(n):
            v[i, j] /= size
        value = 0.0
        for i in range(n):
            for k in range(n):
                value += v[i, j] * element(a, i, k, upper) * v[k, j]
        w[j] = value if is_done else math.nan
    for j in range(n):
        least = j
        for i in range(j + 1, n):
            if w[i] < w[least]:
                least = i
        if least != j:
            w[j], w[least] = w[least], w[j]
            exchange(v, j, least)

"""Eigenvalues and eigenvectors of symmetric matrices (Giles 2008, section 3.1, with ``v^-1 = v^T``).

One triangle of the matrix is read, so the derivative is that of a function of this triangle. Eigenvectors whose
eigenvalues coincide have no derivative. When only the vectors are used, and in a way that doesn't change when those
are turned among themselves (a projector, say), the reverse sweep is right all the same. When the values are used too,
what the vectors contribute can't be told from these, and the reverse sweep gives nan: take the values from
``eigvalsh``.
"""

# The rules are read as kernels, and Numba types what they call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from jitad.plugin import array, composite
from jitad_linalg import jacobi, samples
from jitad_linalg.dtypes import as_floats, require_square
from jitad_linalg.lapack import routines
from jitad_linalg.spectra import KINK, noise_of, over_gap, resolution

EighResult = type(np.linalg.eigh(np.eye(1)))


@array(outs=2, layouts="C", cost=500_000, kink=KINK)
def eigh_into(w, v, a, upper):
    """Ascending eigenvalues and eigenvectors (columns) of the symmetric matrix of which ``a`` holds one triangle."""
    vt = np.empty(a.shape, a.dtype)
    routines.transpose_into(vt, a)
    if routines.syevd(w, vt, upper == 1) != 0:
        raise np.linalg.LinAlgError("Eigenvalues did not converge")
    routines.transpose_into(v, vt)


eigh_into.loops(jacobi.eigh)


@eigh_into.vjp
def eigh_vjp(w, w_bar, v, v_bar, a, a_bar, upper, upper_bar):
    if a_bar is not None:
        n = w.size
        inner = np.zeros_like(v)
        if v_bar is not None:
            turn = v.T @ v_bar
            width, noise = resolution(w), noise_of(turn)
            for i in range(n):
                for j in range(i):
                    part = 0.5 * over_gap(turn[i, j] - turn[j, i], w[j] - w[i], width, noise, w_bar is None)
                    inner[i, j] = part
                    inner[j, i] = part
        if w_bar is not None:
            for i in range(n):
                inner[i, i] = w_bar[i]
        whole = v @ (inner @ v.T)
        for i in range(n):
            a_bar[i, i] += whole[i, i]
            for j in range(i):
                if upper == 1:
                    a_bar[j, i] += whole[i, j] + whole[j, i]
                else:
                    a_bar[i, j] += whole[i, j] + whole[j, i]


@eigh_into.jvp
def eigh_jvp(w, w_dot, v, v_dot, a, a_dot, upper, upper_dot):
    if a_dot is not None:
        n = w.size
        whole = np.empty_like(v)
        for i in range(n):
            whole[i, i] = a_dot[i, i]
            for j in range(i):
                whole[i, j] = a_dot[j, i] if upper == 1 else a_dot[i, j]
                whole[j, i] = whole[i, j]
        inner = v.T @ (whole @ v)
        if w_dot is not None:
            for i in range(n):
                w_dot[i] += inner[i, i]
        if v_dot is not None:
            width, noise = resolution(w), noise_of(inner)
            turn = np.zeros_like(v)
            for i in range(n):
                for j in range(i):
                    part = over_gap(0.5 * (inner[i, j] + inner[j, i]), w[j] - w[i], width, noise, True)
                    turn[i, j] = part
                    turn[j, i] = -part
            v_dot += v @ turn


def decomposed(a, uplo):
    require_square(a)
    a = as_floats(a)
    w, v = np.empty(a.shape[0], a.dtype), np.empty_like(a)
    eigh_into(w, v, a, 1 if uplo in ("U", "u") else 0)
    return w, v


@composite(np.linalg.eigh, kink=KINK, cases=[samples.symmetric])
def eigh(a, UPLO="L"):  # noqa: N803 (NumPy's name)
    """The ascending eigenvalues (n,) and the eigenvectors (n, n) of a symmetric matrix (n, n); one triangle is read."""
    w, v = decomposed(a, UPLO)
    return EighResult(w, v)


@composite(np.linalg.eigvalsh, kink=KINK, cases=[samples.symmetric])
def eigvalsh(a, UPLO="L"):  # noqa: N803 (NumPy's name)
    """The ascending eigenvalues (n,) of a symmetric matrix (n, n) of which one triangle is read."""
    return decomposed(a, UPLO)[0]

"""Eigenvalues and eigenvectors of general matrices, in the form that LAPACK gives them.

With ``a v = v diag(w)`` and ``m = v^-1 a_dot v``, ``w_dot`` is the diagonal of ``m``, and ``v_dot = v c`` where
``c[i, j] = m[i, j] / (w[j] - w[i])`` off the diagonal (Giles 2008, section 3.1). The diagonal of c follows from how
LAPACK scales eigenvectors: each has the norm 1, and its largest component is real (the first one of several). So the
derivatives are those of LAPACK's vectors, also for functions that depend on how these are scaled.

All numbers are pairs (..., 2) here. The matrix may be real; LAPACK then works in real numbers.
"""

# The rules are read as kernels, and Numba types what they call.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

import jitad
from jitad.plugin import array, composite
from jitad_linalg import samples
from jitad_linalg.complex_lu import complex_factors, complex_inverse
from jitad_linalg.complexes import adjoint, times
from jitad_linalg.dtypes import as_floats, require_square
from jitad_linalg.lapack import routines
from jitad_linalg.spectra import noise_of

EigResult = type(np.linalg.eig(np.eye(1)))
REAL_ONLY = "eig() of a real matrix must have real eigenvalues: pass a.astype(np.complex128) for complex ones"

KINK = (
    "where eigenvalues coincide, each has the derivative along its own vector (nan if the matrix is defective); "
    "vectors have none: nan, unless the result doesn't change when these vectors are mixed among themselves"
)


@array(outs=2, layouts="C", cost=2_000_000, kink=KINK)
def eig_into(w, v, a):
    """Eigenvalues (n, 2) and eigenvectors (columns, (n, n, 2)) of a complex matrix (n, n, 2)."""
    n = a.shape[0]
    at, vt = np.empty(a.shape, a.dtype), np.empty(a.shape, a.dtype)
    for i in range(n):
        for j in range(n):
            at[j, i, 0] = a[i, j, 0]
            at[j, i, 1] = a[i, j, 1]
    if routines.complex_geev(w, vt, at) != 0:
        raise np.linalg.LinAlgError("Eigenvalues did not converge")
    for i in range(n):
        for j in range(n):
            v[i, j, 0] = vt[j, i, 0]
            v[i, j, 1] = vt[j, i, 1]


@eig_into.vjp
def eig_vjp(w, w_bar, v, v_bar, a, a_bar):
    if a_bar is not None:
        a_bar += pulled_back(w, w_bar, v, v_bar, noise_width(a))


@eig_into.jvp
def eig_jvp(w, w_dot, v, v_dot, a, a_dot):
    if a_dot is not None:
        push_forward(w, w_dot, v, v_dot, a_dot, noise_width(a))


@array(outs=2, layouts="C", cost=1_000_000, kink=KINK)
def real_eig_into(w, v, a):
    """``eig_into`` of a real matrix (n, n)."""
    n = a.shape[0]
    at, vt = np.empty(a.shape, a.dtype), np.empty(a.shape, a.dtype)
    real, imaginary = np.empty(n, a.dtype), np.empty(n, a.dtype)
    routines.transpose_into(at, a)
    if routines.geev(real, imaginary, vt, at) != 0:
        raise np.linalg.LinAlgError("Eigenvalues did not converge")
    for j in range(n):
        w[j, 0] = real[j]
        w[j, 1] = imaginary[j]
        first = j - 1 if imaginary[j] < 0 else j
        for i in range(n):
            v[i, j, 0] = vt[first, i]
            v[i, j, 1] = 0.0
            if imaginary[j] != 0:
                v[i, j, 1] = vt[first + 1, i] if imaginary[j] > 0 else -vt[first + 1, i]


@real_eig_into.vjp
def real_eig_vjp(w, w_bar, v, v_bar, a, a_bar):
    if a_bar is not None:
        a_bar += pulled_back(w, w_bar, v, v_bar, noise_width(a.reshape((*a.shape, 1))))[:, :, 0]


@real_eig_into.jvp
def real_eig_jvp(w, w_dot, v, v_dot, a, a_dot):
    if a_dot is not None:
        step = np.zeros_like(v)
        step[:, :, 0] = a_dot
        push_forward(w, w_dot, v, v_dot, step, noise_width(a.reshape((*a.shape, 1))))


def pulled_back(w, w_bar, v, v_bar, width):
    """The adjoint of the matrix: ``v^-H (diag(w_bar) + ...) v^H``."""
    n = w.shape[0]
    inverse, spread = inverse_of(v)
    inner = np.zeros_like(v)
    if v_bar is not None:
        turn = times(adjoint(v), without_scale(v, v_bar))
        noise = noise_of(turn[:, :, 0]) + noise_of(turn[:, :, 1])
        for i in range(n):
            for j in range(n):
                if i != j:
                    real, imaginary = over_difference(
                        turn[i, j], w[j], w[i], -1.0, width * (spread[i] + spread[j]), noise, w_bar is None
                    )
                    inner[i, j, 0] = real
                    inner[i, j, 1] = imaginary
    if w_bar is not None:
        for j in range(n):
            if is_lost(w, j, spread, width):
                inner[j, j] = np.nan
            else:
                inner[j, j] += w_bar[j]
    return times(adjoint(inverse), times(inner, adjoint(v)))


def push_forward(w, w_dot, v, v_dot, a_dot, width):
    """Add to the tangents."""
    n = w.shape[0]
    inverse, spread = inverse_of(v)
    inner = times(inverse, times(a_dot, v))
    if w_dot is not None:
        for j in range(n):
            if is_lost(w, j, spread, width):
                w_dot[j] = np.nan
            else:
                w_dot[j] += inner[j, j]
    if v_dot is not None:
        noise = noise_of(inner[:, :, 0]) + noise_of(inner[:, :, 1])
        turn = np.zeros_like(v)
        for i in range(n):
            for j in range(n):
                if i != j:
                    real, imaginary = over_difference(
                        inner[i, j], w[j], w[i], 1.0, width * (spread[i] + spread[j]), noise, True
                    )
                    turn[i, j, 0] = real
                    turn[i, j, 1] = imaginary
        u = times(v, turn)
        for j in range(n):
            k = real_component(v, j)
            size, phase = 0.0 * u[k, j, 0], -u[k, j, 1] / v[k, j, 0]
            for i in range(n):
                size -= v[i, j, 0] * u[i, j, 0] + v[i, j, 1] * u[i, j, 1]
            for i in range(n):
                v_dot[i, j, 0] += u[i, j, 0] + size * v[i, j, 0] - phase * v[i, j, 1]
                v_dot[i, j, 1] += u[i, j, 1] + size * v[i, j, 1] + phase * v[i, j, 0]


def without_scale(v, v_bar):
    """The adjoint of vectors that are scaled to norm 1, with a real largest component, afterwards."""
    out = v_bar.copy()
    for j in range(v.shape[0]):
        size, phase = 0.0 * v[0, j, 0], 0.0 * v[0, j, 0]
        for i in range(v.shape[0]):
            size += v[i, j, 0] * v_bar[i, j, 0] + v[i, j, 1] * v_bar[i, j, 1]
            phase += v[i, j, 0] * v_bar[i, j, 1] - v[i, j, 1] * v_bar[i, j, 0]
        out[:, j] -= size * v[:, j]
        k = real_component(v, j)
        out[k, j, 1] -= phase / v[k, j, 0]
    return out


def real_component(v, j):
    """The row of the component that LAPACK made real: the largest of a column, the first of several."""
    found = 0
    for i in range(v.shape[0]):
        if v[i, j, 1] == 0 and (v[found, j, 1] != 0 or abs(v[i, j, 0]) > abs(v[found, j, 0])):
            found = i
    return found


def inverse_of(v):
    """The inverse of the eigenvectors, and the norms (n,) of its rows: how sensitive each eigenvalue is."""
    n = v.shape[0]
    lu, piv, regular = complex_factors(v)
    inverse = np.full_like(v, np.nan)
    spread = np.full(n, np.inf)
    if regular[0] == 1:
        inverse = complex_inverse(lu, piv, v)
        for i in range(n):
            spread[i] = np.sqrt(np.sum(inverse[i] ** 2))
    return inverse, spread


def noise_width(a):
    """The size of the rounding errors of eigenvalues that aren't sensitive."""
    return 4.0 * a.shape[0] * np.finfo(a.dtype).eps * np.sqrt(np.sum(a**2))


def over_difference(number, first, second, sign, width, noise, is_certain):
    """``number / (first - second)``, or over its conjugate for ``sign`` -1; small gaps are as in ``over_gap``."""
    x, y = first[0] - second[0], sign * (first[1] - second[1])
    gap = np.hypot(x, y)
    if gap > width:
        x, y = x / gap, y / gap
        return (number[0] * x + number[1] * y) / gap, (number[1] * x - number[0] * y) / gap
    if is_certain and np.hypot(number[0], number[1]) <= noise:
        return 0.0 * x, 0.0 * x
    return np.nan * x, np.nan * x


def is_lost(w, j, spread, width):
    """True if an eigenvalue coincides with another one and has no vector of its own: the matrix is defective."""
    if spread[j] * np.sqrt(np.finfo(w.dtype).eps) > 0.01:
        for i in range(w.shape[0]):
            gap = np.hypot(w[i, 0] - w[j, 0], w[i, 1] - w[j, 1])
            if i != j and not gap > width * (spread[i] + spread[j]):
                return True
    return False


# NumPy's and SciPy's functions


def decomposed(a):
    """Eigenvalues and eigenvectors of a complex or a real matrix, as pairs."""
    require_square(a)
    n = a.shape[0]
    if np.iscomplexobj(a):
        x = jitad.view_as_real(a)
        w, v = np.empty((n, 2), x.dtype), np.empty_like(x)
        eig_into(w, v, x)
        return w, v
    a = as_floats(a)
    w, v = np.empty((n, 2), a.dtype), np.empty((n, n, 2), a.dtype)
    real_eig_into(w, v, a)
    return w, v


def real_part(w):
    """The real eigenvalues of a real matrix; ValueError when some aren't real."""
    for j in range(w.shape[0]):
        if w[j, 1] != 0:
            raise ValueError(REAL_ONLY)
    return w[:, 0].copy()


@composite(np.linalg.eig, kink=KINK, cases=samples.SPECTRA, takes_complex=True)
def eig(a):
    """The eigenvalues (n,) and the eigenvectors (columns, (n, n)) of a matrix.

    As with Numba, those of a real matrix are real: ValueError when they aren't.
    """
    w, v = decomposed(a)
    if np.iscomplexobj(a):
        return EigResult(jitad.view_as_complex(w), jitad.view_as_complex(v))
    return EigResult(real_part(w), v[:, :, 0].copy())


@composite(np.linalg.eigvals, kink=KINK, cases=samples.SPECTRA, takes_complex=True)
def eigvals(a):
    """The eigenvalues (n,) of a matrix, as ``eig`` gives them."""
    w, _ = decomposed(a)
    if np.iscomplexobj(a):
        return jitad.view_as_complex(w)
    return real_part(w)


@composite("scipy.linalg:eig", name="scipy_eig", kink=KINK, cases=samples.COMPLEX_SPECTRA, takes_complex=True)
def scipy_eig(a, b=None, left=False, right=True, overwrite_a=False, overwrite_b=False, check_finite=True):
    """The complex eigenvalues (n,) of a matrix, and its eigenvectors (columns, (n, n)) if ``right``."""
    if b is not None:
        raise NotImplementedError("jitad has eig of one matrix only: pass np.linalg.solve(b, a)")
    if left:
        raise NotImplementedError("jitad has the right eigenvectors only: the left ones are np.linalg.inv(v).conj().T")
    w, v = decomposed(a)
    if not right:
        return jitad.view_as_complex(w)
    return jitad.view_as_complex(w), jitad.view_as_complex(v)


@composite("scipy.linalg:eigvals", name="scipy_eigvals", kink=KINK, cases=samples.COMPLEX_SPECTRA, takes_complex=True)
def scipy_eigvals(a, b=None, overwrite_a=False, check_finite=True):
    """The complex eigenvalues (n,) of a matrix."""
    if b is not None:
        raise NotImplementedError("jitad has eigvals of one matrix only: pass np.linalg.solve(b, a)")
    w, _ = decomposed(a)
    return jitad.view_as_complex(w)

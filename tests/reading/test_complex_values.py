"""Complex numbers and arrays in kernels: every kernel here computes what NumPy computes, arguments changed alike."""

from __future__ import annotations

import cmath
from typing import Any

import numpy as np
import pytest

import jitad
from tests.reading.driver import compare, leaves, run

random = np.random.default_rng(11)


def numbers(*shape: int) -> np.ndarray:
    return random.normal(size=shape) + 1j * random.normal(size=shape)


V, W, M, N, T, Q = numbers(4), numbers(4), numbers(3, 4), numbers(4, 3), numbers(2, 3, 4), numbers(3, 3)
X, AT, B, S = random.normal(size=4), np.array([2, 0, 1]), np.array([True, False, True, True]), 1.5 - 0.5j


def scalars(s):
    return s + 1, 1 - s, s * 2, 2 / s, s**2, 2**s, -s, s**0.5, s / 2, pow(s, 3), s**-2, s**0, s == s, s != 1, bool(s)


def array_arithmetic(v, x):
    return v + x, x - v, v * x, x / v, v / x, v**2, 2**v, v**x, x**v, -v, v + 1, v * 1j, x * 1j, v[:, None] * x


def mixed(i, b, v):
    return i * v[:3], i * 1j, b * v, np.sqrt(i + 0j), v * np.float64(2.0), 3 * v + i[0]


def parts(v, s):
    whole = np.real(v), np.imag(v), np.angle(v), np.conj(v), np.abs(v), v.real, v.imag, v.conj(), np.angle(v, deg=True)
    return whole, (s.real, s.imag, np.angle(s), np.conj(s), abs(s), s.conjugate())


def told_of_numbers(v):
    kinds = np.iscomplex(v), np.isreal(v), np.iscomplexobj(v), np.isrealobj(v), isinstance(v[0], complex)
    return kinds, np.isnan(v), np.isinf(v), np.isfinite(v), np.any(v), np.all(v), np.count_nonzero(v), np.nonzero(v)


def of_cmath(a, x):
    functions = cmath.exp(a), cmath.sqrt(-2.0), cmath.log(a), cmath.phase(a), cmath.polar(a), cmath.rect(x, 0.5)
    return functions, cmath.log10(a), cmath.sinh(a), cmath.acosh(a), cmath.log(a, 2), cmath.isnan(a), cmath.atanh(a)


def made(x, a):
    return complex(x, 2), complex(a), complex(x), complex(a, a), np.complex128(a), a.imag, 0j, x.imag


def created(v, x):
    like = np.zeros_like(v), np.ones_like(v), np.full_like(v, 2j), np.zeros_like(x, dtype=complex)
    full = np.zeros(3, complex), np.ones((2, 3), dtype="complex64"), np.eye(3, dtype=complex), np.full((2, 2), 1j)
    return like, full, np.array([1j, 2, 3.0]), np.array([[v[0], 1], [2, 1j]]), np.array(x, dtype=complex), v.copy()


def converted(v, x):
    return x.astype(complex), x.astype(np.complex64), v.astype(np.complex64), np.asarray(v), v.dtype.type(2.0)


def indexed(m, i):
    views = m[1], m[:, 1], m[1, 2], m[::-1, ::2], m[..., 0], m[-1, -1], m[None], m.T[1:]
    return views, m[i], m[:, i], m[i, i], m[m.real > 0], (m * 2)[1, 1], np.take(m, i, axis=1)


def reshaped(m, t):
    moved = np.transpose(t, (2, 0, 1)), np.swapaxes(t, 0, 1), np.moveaxis(t, 0, -1), np.expand_dims(m, 1), m.T
    flips = np.flip(m), np.fliplr(m), np.flipud(m), np.roll(m, 1), np.roll(m, 1, axis=1), np.rot90(m)
    return moved, flips, m.reshape(2, 6), m.reshape((-1,)), m.T.ravel(), m.flatten(), np.squeeze(m[:, None])


def taken_apart(v, m, q):
    less = np.delete(v, 1)
    more = np.resize(v, (3, 2))
    ends = np.diff(v), np.tile(v, 2), np.repeat(v, 2), less, np.ediff1d(v), more
    return np.split(v, 2), np.array_split(v, 3), ends, np.trace(q), np.diag(q), np.diag(v), np.tril(m), np.triu(m, 1)


def put_together(v, w, x, m):
    rows = np.vstack((v, x)), np.hstack((x, w)), np.column_stack((x, v)), np.stack((v, w), axis=1), np.dstack((v, w))
    return rows, np.concatenate((v, x, v * w)), np.append(v, 1j), np.insert(v, 1, 2j), np.concatenate((m, m), axis=1)


def reduced(m, v, x):
    sums = np.sum(m), np.sum(m, axis=0), m.sum(axis=-1), np.mean(m), m.mean(axis=1), np.cumsum(v), sum(v)
    norms = sum([v[0], 1]), np.linalg.norm(m[0])
    spread = np.var(v), np.std(v), np.var(m, axis=0), np.prod(v), np.cumprod(v), np.trapezoid(v, x), np.trapezoid(v)
    norms = norms, np.linalg.norm(m), np.linalg.norm(v), np.linalg.norm(v, 1), np.linalg.norm(v, np.inf)
    return sums, spread, norms, np.linalg.norm(m, axis=0), np.isclose(v, v + 1e-9), np.allclose(v, m[0])


def multiplied(m, n, v, x):
    products = m @ n, m @ v, v @ n, x @ v, m @ n.real, n.real @ m, x.dot(v), np.dot(2j, v), np.inner(m, m)
    return products, np.dot(v, v), np.vdot(v, m[0]), np.vdot(x, v), np.outer(v, x), np.kron(v, x), np.kron(m, n)


def chosen(v, w, x):
    sides = np.where(x > 0, v, 0), np.where(x > 0, v, x), np.where(x > 0, np.sqrt(v), w), np.where(x > 0, 2, 1j)
    return sides, np.where(x[0] > 0, v[0], 1), np.where(v.real > 0), np.extract(x > 0, v)


def iterated(v):
    total = 0
    for a in v:
        total += a
    for j, a in enumerate(v):
        total += j * a
    for a, b in zip(v, v.real):  # noqa: B905
        total += a * b
    for place, a in np.ndenumerate(v):
        total = total + a * place[0]
    a, b, c, d = v
    pairs = [item * 2 for item in (1j, a)]
    return total + b * c - a / d, pairs, [1j, 2.0][0], len(v), v[::-1][0]


def swapped(v, n):
    u, w = v, v * 1j
    last = 1
    for i in range(n):
        u, w = w, u + 0.1
        if abs(last) > 2.0:
            last = 1.0
        else:
            last = last * w[i % 4]
    return u, w, last


def stores(z, m):
    z[0] = 2
    z[1:3] = [1j, 2]
    z[3] -= 1
    z /= 2
    z **= 2
    m.T[0] = m[0, 0]
    m[:, 1] = m[:, 0] + 1
    m[m.imag > 0] *= 1j
    m[m.real > 0] = -1
    m[np.array([0, 2])] += 1
    m[1][2] = 5j
    m[:, ::2].real[:] = 3.0
    np.fill_diagonal(m, 1j)
    row = m[0]
    row *= 2
    whole = m.real
    whole += 1


def parts_into_each_other(z):
    z.real[:] = z.imag
    z.real[:] = (z * z).imag
    z.imag[1:] = z.imag[:-1]


def reversed_into_itself(z):
    z[:] = z[::-1]
    z[1:] += z[:-1]
    z *= z[0]
    z[:] = np.conj(z) * z[::-1]
    z[z.real > z.imag] = z[0]
    z[np.array([2, 3, 0, 1])] = 0.5 * z


def seen_as_real(v):
    parts = jitad.view_as_real(v)
    parts[:, 0] = 1
    again = jitad.view_as_complex(parts)
    again[0] = 3j
    return jitad.view_as_real(v * 2).shape, again[1:]


def empties(z):
    return np.sum(z), z * 2, z.real, z.reshape(0, 1), np.concatenate((z, z)), jitad.view_as_real(z)


def without_axes(z):
    return z * 2, z + 1, abs(z)


def in_functions(s, v):
    def twice(z, factor=2j):
        return z * factor

    holder = {"a": s, "b": (v, s * 1j)}
    return twice(s), twice(v, factor=holder["a"]), holder["b"][1]


CASES: list[tuple[Any, tuple[Any, ...]]] = [
    (scalars, (S,)),
    (array_arithmetic, (V, np.abs(X))),
    (mixed, (AT, B, V)),
    (parts, (V, S)),
    (told_of_numbers, (np.array([1.0, 2j, 0.0, -1.0]),)),
    (of_cmath, (S, 1.5)),
    (made, (1.5, S)),
    (created, (V, X)),
    (converted, (V, X)),
    (indexed, (M, AT)),
    (reshaped, (M, T)),
    (taken_apart, (V, M, Q)),
    (put_together, (V, W, X, M)),
    (reduced, (M, V, X)),
    (multiplied, (M, N, V, X)),
    (chosen, (V, W, X)),
    (iterated, (V,)),
    (swapped, (V, 5)),
    (stores, (V, M)),
    (parts_into_each_other, (V,)),
    (reversed_into_itself, (V,)),
    (seen_as_real, (V,)),
    (empties, (np.zeros(0, complex),)),
    (without_axes, (np.array(1 + 2j),)),
    (in_functions, (S, V)),
]


@pytest.mark.parametrize(("kernel", "args"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_values_are_numpys(kernel, args):
    compare(kernel, *args)


@pytest.mark.parametrize("kernel", [array_arithmetic, chosen, reduced, multiplied, put_together])
def test_dtypes_are_numpys(kernel):
    args = dict(CASES)[kernel]
    for actual, expected in zip(leaves(run(kernel, *args)), leaves(kernel(*args)), strict=True):
        assert np.asarray(actual).dtype == np.asarray(expected).dtype


def test_nan_and_infinity_are_told():
    compare(told_of_numbers, np.array([1, np.nan * 1j, np.inf + 0j, 2]))


@pytest.mark.parametrize(
    "memory", [np.asfortranarray(M), numbers(6, 8)[::2, ::-2], M[:, ::-1], numbers(1, 4), M.astype(np.complex64)]
)
def test_any_memory(memory):
    def kernel(m):
        m[0] *= 2.0
        m.real[:, 1] += m.imag[:, 0]
        return m * 1.5j, m.T.copy(), m.sum(axis=0), jitad.view_as_real(m)[0], m[:, 1:]

    def at_single(tree):
        return [np.asarray(leaf, np.complex64) for leaf in leaves(tree)]

    if memory.dtype == np.complex64:
        mine, theirs = memory.copy(), memory.copy()
        for a, b in zip(at_single(run(kernel, mine)), at_single(kernel(theirs)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)
        return
    mine, theirs = np.array(memory, order="K"), np.array(memory, order="K")
    for a, b in zip(leaves(run(kernel, mine)), leaves(kernel(theirs)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)
    np.testing.assert_allclose(mine, theirs, rtol=1e-13)


def test_single_precision_is_typed_as_numba_types_it():
    def kernel(z, x):
        return z * 2, z * np.float32(2.0), z * 2.0, z[0] * 2, abs(z), z * 1j, x * np.complex64(1j), z + x, z**2, z / 3

    dtypes = [np.asarray(leaf).dtype.name for leaf in leaves(run(kernel, V.astype(np.complex64), X.astype(np.float32)))]
    single = "complex64"
    expected = [single, single, "complex128", "complex128", "float32", "complex128", single, single, single, single]
    assert dtypes == expected


constant = np.array([1 + 1j, 2.0])
scale = 2.0 - 1j


def test_what_is_captured_is_seen_anew(monkeypatch):
    def kernel(x):
        return np.sum(x * constant * scale).imag

    with jitad.api.mode.uncompiled():
        value_and_grad = jitad.value_and_grad(kernel)
        for other in (scale, 3j):
            monkeypatch.setitem(globals(), "scale", other)
            constant[1] = other
            value, gradient = value_and_grad(1.5)
            assert value == pytest.approx(np.sum(1.5 * constant * other).imag)
            assert gradient == pytest.approx(np.sum(constant * other).imag)

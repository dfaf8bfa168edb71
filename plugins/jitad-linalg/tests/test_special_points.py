"""Coinciding eigenvalues and singular values, singular matrices, triangles that aren't read."""

from __future__ import annotations

import numpy as np

import jitad
from jitad.testing import check_grads

DOUBLE = np.diag([1.0, 1.0, 3.0])
TURN = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
HIDDEN = TURN @ DOUBLE @ TURN.T
C = np.array([[1.0, 2.0, 3.0], [2.0, -1.0, 0.5], [3.0, 0.5, 2.0]])


def projector(a):
    _, v = np.linalg.eigh(a)
    return np.sum((v[:, :2] @ v[:, :2].T) * C)


def top_vector(a):
    return np.sum(np.linalg.eigh(a)[1][:, 2] ** 2 * C[0]) + np.linalg.eigvalsh(a)[2]


def top_vector_with_value(a):
    w, v = np.linalg.eigh(a)
    return np.sum(v[:, 2] ** 2 * C[0]) + w[2]


def same_again(a):
    w, v = np.linalg.eigh(a)
    return np.sum((v * w) @ v.T * C)


def rebuilt(a):
    w, v = np.linalg.eigh(a)
    return np.sum((v * np.exp(w)) @ v.T * C)


def one_vector(a):
    return np.sum(np.linalg.eigh(a)[1][:, 0] * C[0])


def symmetric_difference(kernel, a, step=1e-5):
    out = np.zeros_like(a)
    for i in range(3):
        for j in range(i + 1):
            move = np.zeros_like(a)
            move[i, j] = move[j, i] = step
            out[i, j] = (kernel(a + move) - kernel(a - move)) / (2 * step)
    return out


def test_functions_of_a_subspace_have_gradients():
    for kernel in (projector, top_vector):
        for a in (DOUBLE, HIDDEN):
            np.testing.assert_allclose(jitad.grad(kernel)(a), symmetric_difference(kernel, a), atol=1e-8)


def test_what_the_vectors_alone_do_not_tell_is_nan():
    for kernel in (rebuilt, one_vector, top_vector_with_value):
        assert np.isnan(jitad.grad(kernel)(DOUBLE)).any()
    assert np.isnan(jitad.grad(same_again)(np.zeros((3, 3)))).any()
    assert np.isnan(jitad.jvp(one_vector, (DOUBLE,), (C,))[1])


def test_symmetric_functions_of_the_values():
    found = jitad.grad(lambda a: np.sum(np.linalg.eigvalsh(a) ** 3))(HIDDEN)
    both = 3 * HIDDEN @ HIDDEN
    np.testing.assert_allclose(found, np.tril(2 * both, -1) + np.diag(np.diag(both)), atol=1e-12)
    np.testing.assert_allclose(jitad.grad(lambda a: np.linalg.norm(a, "nuc"))(np.eye(3)), np.eye(3), atol=1e-14)


def test_singular_vectors_of_one_subspace():
    def polar(a):
        u, _, vt = np.linalg.svd(a, full_matrices=False)
        return np.sum(u @ vt * C)

    check_grads(polar, (TURN @ np.diag([2.0, 1.0, 0.5]),), order=1)
    expected = 0.5 * TURN @ (TURN.T @ C - C.T @ TURN) / 2.0
    np.testing.assert_allclose(jitad.grad(polar)(2.0 * TURN), expected, atol=1e-13)


def test_determinants_of_singular_matrices():
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_allclose(jitad.grad(np.linalg.det)(a), [[4.0, -2.0], [-2.0, 1.0]], atol=1e-14)
    zero = np.zeros((3, 3))
    np.testing.assert_array_equal(jitad.grad(np.linalg.det)(zero), zero)
    check_grads(lambda a: np.linalg.det(a) * a[0, 0], (np.diag([1.0, 2.0, 0.0]),), order=2)


def test_only_one_triangle_is_read():
    a = np.array([[4.0, np.nan], [1.0, 3.0]])
    for function in (np.linalg.cholesky, np.linalg.eigvalsh):
        found = jitad.grad(lambda a, function=function: np.sum(function(a) ** 2))(a)
        assert np.isfinite(found).all()
        assert found[0, 1] == 0
    upper = jitad.grad(lambda a: np.sum(np.linalg.eigvalsh(a, "U") ** 2))(a.T)
    assert upper[1, 0] == 0
    assert np.isfinite(upper).all()

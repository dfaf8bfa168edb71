"""Complex matrices, and eigenvectors of general ones."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from jitad_linalg import samples

import jitad
from jitad.api.mode import compiling
from jitad.testing import check_grads

RANDOM = np.random.default_rng(0)
(A,) = samples.complex_general(RANDOM)
B = RANDOM.standard_normal(4) + 1j * RANDOM.standard_normal(4)
C = RANDOM.standard_normal((4, 4)) + 1j * RANDOM.standard_normal((4, 4))


def response(a, b):
    """The power in the response of a network."""
    x = np.linalg.solve(a, b)
    sign, logarithm = np.linalg.slogdet(a)
    return np.sum(np.abs(x) ** 2) + logarithm + sign.imag + np.abs(np.linalg.det(a)) + np.linalg.inv(a)[0, 1].real


def test_systems_in_both_modes():
    check_grads(response, (A[:3, :3].copy(), B[:3]), order=1)


def test_holomorphic_rules():
    """A cotangent w comes back as ``conj(f'(z)) w``."""
    _, pullback = jitad.vjp(np.linalg.det, A)
    np.testing.assert_allclose(pullback(1.0 - 2.0j)[0], (1.0 - 2.0j) * np.conj(np.linalg.det(A) * np.linalg.inv(A)).T)
    _, pullback = jitad.vjp(np.linalg.inv, A)
    x = np.linalg.inv(A).conj().T
    np.testing.assert_allclose(pullback(C)[0], -x @ C @ x, rtol=1e-11, atol=1e-13)


def test_exponential_of_a_complex_matrix():
    a = 0.3 * A[:3, :3]
    value, tangent = jitad.jvp(scipy.linalg.expm, (a,), (C[:3, :3],))
    expected = scipy.linalg.expm_frechet(a, C[:3, :3])
    np.testing.assert_allclose(value, expected[0], rtol=1e-12)
    np.testing.assert_allclose(tangent, expected[1], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_dtypes(dtype):
    assert jitad.grad(response)(A.astype(dtype), B.astype(dtype)).dtype == dtype
    assert jitad.grad(lambda a: np.abs(np.linalg.eigvals(a)[0]))(A.astype(dtype)).dtype == dtype


def test_a_singular_complex_matrix():
    singular = np.array([[1.0, 1.0j], [1.0j, -1.0]])
    for kernel, message in (
        (lambda a: np.sum(np.abs(np.linalg.inv(a))), "Singular matrix"),
        (lambda a: np.linalg.det(a).real, "isn't offered"),
    ):
        with pytest.raises(np.linalg.LinAlgError, match=message):
            jitad.grad(kernel)(singular)


# Eigenvalues


def growth(a):
    """Depends on how LAPACK scales eigenvectors."""
    w, v = scipy.linalg.eig(a)
    return np.sum(v.imag * C.real[:3, :3]) + np.sum(np.abs(w) ** 2 * v.real[0])


@pytest.mark.parametrize("a", [samples.COMPLEX_VALUES, samples.REAL_VALUES, samples.COMPLEX_MATRIX])
def test_functions_of_the_scale(a):
    check_grads(growth, (a,), order=1)


def test_functions_of_the_matrix():
    def rebuilt(a):
        w, v = np.linalg.eig(a)
        return ((v * np.exp(w)) @ np.linalg.inv(v) * C).sum().real

    expected = scipy.linalg.expm_frechet(A.conj().T, C.conj())[1]
    np.testing.assert_allclose(jitad.grad(rebuilt)(A), expected, rtol=1e-9, atol=1e-9)


TURN = RANDOM.standard_normal((3, 3))
DEFECTIVE = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 3.0]])


def test_coinciding_eigenvalues():
    def squares(a):
        return np.sum(np.linalg.eigvals(a) ** 2)

    with np.errstate(all="ignore"):
        for a in (np.diag([1.0, 1.0, 3.0]), np.eye(3)):
            np.testing.assert_allclose(jitad.grad(squares)(a), 2.0 * a.T, atol=1e-12)
        a = np.diag([1.0, 1.0, 3.0])
        vectors = jitad.grad(lambda a: np.sum(np.linalg.eig(a)[1] * C.real[:3, :3]))(a)
        alone = jitad.grad(lambda a: np.sum(np.linalg.eig(a)[1][:, 2] ** 3))(a)
    assert np.isnan(vectors).any()
    assert np.isfinite(alone).all()


@pytest.mark.parametrize("turn", [np.eye(3), TURN])
def test_defective_matrices_are_nan(turn):
    a = (turn @ DEFECTIVE @ np.linalg.inv(turn)).astype(complex)
    double = np.argsort(np.abs(np.linalg.eigvals(a)))[:2]
    with np.errstate(all="ignore"):
        gradient = jitad.grad(lambda a: np.sum(np.abs(np.linalg.eigvals(a))))(a)
        _, tangents = jitad.jvp(lambda a: np.abs(np.linalg.eigvals(a)), (a,), (a,))
    assert np.isnan(gradient).any()
    assert np.flatnonzero(np.isnan(tangents)).tolist() == sorted(double)


def network(a, b):
    w, v = np.linalg.eig(a)
    return np.sum(np.abs(np.linalg.solve(a, b * w)) ** 2) + v[0, 0].real


def test_compiled():
    a, b = samples.COMPLEX_MATRIX, B[:3]
    expected = jitad.grad(network)(a, b)
    with compiling():
        found = jitad.grad(network)(a, b)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)

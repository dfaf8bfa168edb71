"""What has no result, and what has no derivative, is refused with a reason."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

import jitad
from jitad.errors import UnsupportedCallError

SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
INDEFINITE = np.diag([1.0, -1.0])
OBLONG = np.ones((2, 3))
B = np.ones(2)

RAISING = [
    (lambda a: np.sum(np.linalg.solve(a, B)), SINGULAR, np.linalg.LinAlgError, "Singular matrix"),
    (lambda a: np.sum(np.linalg.inv(a)), SINGULAR, np.linalg.LinAlgError, "Singular matrix"),
    (lambda a: np.sum(np.linalg.cholesky(a)), INDEFINITE, np.linalg.LinAlgError, "not positive definite"),
    (lambda a: np.sum(scipy.linalg.sqrtm(a)), INDEFINITE, np.linalg.LinAlgError, "negative eigenvalue"),
    (lambda a: np.sum(scipy.linalg.solve_triangular(a, B)), np.tril(SINGULAR) * 0, np.linalg.LinAlgError, "singular"),
    (lambda a: np.sum(scipy.linalg.solve_banded((0, 0), a, B)), np.zeros((1, 2)), np.linalg.LinAlgError, "singular"),
    (lambda a: np.sum(scipy.linalg.solve_sylvester(a, -a, a)), SINGULAR, np.linalg.LinAlgError, "singular"),
    (lambda a: np.sum(np.linalg.lstsq(a, B)[0]), SINGULAR, np.linalg.LinAlgError, "full rank"),
    (lambda a: np.sum(np.linalg.pinv(a)), SINGULAR, np.linalg.LinAlgError, "full rank"),
    (np.linalg.det, OBLONG, np.linalg.LinAlgError, "square"),
    (lambda a: np.sum(np.linalg.solve(a, B)), OBLONG, np.linalg.LinAlgError, "square"),
    (lambda a: np.sum(np.linalg.solve(a, np.ones(3))), INDEFINITE, ValueError, "numbers of rows"),
    (lambda a: np.sum(np.linalg.svd(a)[1]), OBLONG, ValueError, "full_matrices=False"),
    (lambda a: np.sum(np.linalg.qr(a, "complete")[1]), OBLONG, ValueError, "mode='reduced'"),
]


@pytest.mark.parametrize(("kernel", "a", "error", "message"), RAISING)
def test_refused(kernel, a, error, message):
    with pytest.raises(error, match=message):
        jitad.grad(kernel)(a)


@pytest.mark.parametrize(("kernel", "a", "error", "message"), [RAISING[0], RAISING[2], RAISING[5]])
def test_refused_compiled(compiled, kernel, a, error, message):
    with pytest.raises(error, match=message):
        jitad.grad(kernel)(a)


ROTATION = np.array([[0.0, -1.0], [1.0, 0.0]])


@pytest.mark.parametrize("function", [lambda a: np.linalg.eig(a)[0], np.linalg.eigvals])
def test_complex_eigenvalues_of_a_real_matrix(function):
    with pytest.raises(ValueError, match="complex128"):
        jitad.grad(lambda a: np.sum(function(a)))(ROTATION)


COMPLEX_MATRIX = np.array([[2.0, 1.0j], [-1.0j, 3.0]])


@pytest.mark.parametrize(
    "function",
    [np.linalg.cholesky, np.linalg.eigvalsh, np.linalg.pinv, lambda a: np.linalg.svd(a)[1], scipy.linalg.sqrtm],
)
def test_what_has_no_rule_for_complex_matrices(function):
    with pytest.raises(UnsupportedCallError, match="complex"):
        jitad.grad(lambda a: np.sum(np.abs(function(a))))(COMPLEX_MATRIX)


def test_generalised_and_left_eigenvectors():
    for kernel in (
        lambda a: np.sum(np.abs(scipy.linalg.eig(a, a)[0])),
        lambda a: np.sum(np.abs(scipy.linalg.eig(a, left=True)[0])),
        lambda a: np.sum(np.abs(scipy.linalg.eigvals(a, a))),
    ):
        with pytest.raises(NotImplementedError, match="jitad has"):
            jitad.grad(kernel)(INDEFINITE)

"""Matrices for tests: each function takes a ``numpy.random.Generator`` and gives the arguments of one call."""

from __future__ import annotations

from typing import Any

import numpy as np

Rng = np.random.Generator
Args = tuple[Any, ...]


def general(rng: Rng) -> Args:
    """A well-conditioned square matrix."""
    return (rng.standard_normal((4, 4)) + 3 * np.eye(4),)


def system(rng: Rng) -> Args:
    """A square matrix and a vector."""
    return (*general(rng), rng.standard_normal(4))


def system_of_two(rng: Rng) -> Args:
    """A square matrix and two right-hand sides."""
    return (*general(rng), rng.standard_normal((4, 2)))


def complex_general(rng: Rng) -> Args:
    """A well-conditioned complex matrix."""
    return (general(rng)[0] + 1j * rng.standard_normal((4, 4)),)


def complex_system(rng: Rng) -> Args:
    """A square complex matrix and a complex vector."""
    return (*complex_general(rng), rng.standard_normal(4) + 1j * rng.standard_normal(4))


def half_complex_system(rng: Rng) -> Args:
    """A square real matrix and two complex right-hand sides."""
    return (*general(rng), rng.standard_normal((4, 2)) + 1j * rng.standard_normal((4, 2)))


SYSTEMS = (system, system_of_two, complex_system, half_complex_system)


def solved_by_lu(rng: Rng) -> Args:
    """The triangles and pivots of a matrix, and a right-hand side."""
    from scipy.linalg import lu_factor

    a, b = system(rng)
    return lu_factor(a), b


def solved_by_transposed_lu(rng: Rng) -> Args:
    """The triangles and pivots of a matrix, two right-hand sides, and ``trans``."""
    from scipy.linalg import lu_factor

    a, b = system_of_two(rng)
    return lu_factor(a), b, 1


def solved_by_cholesky(rng: Rng) -> Args:
    """A Cholesky factor with its triangle, and a right-hand side."""
    from scipy.linalg import cho_factor

    return cho_factor(*definite(rng)), rng.standard_normal(4)


def solved_by_lower_cholesky(rng: Rng) -> Args:
    """A lower Cholesky factor, and two right-hand sides."""
    from scipy.linalg import cho_factor

    return cho_factor(*definite(rng), lower=True), rng.standard_normal((4, 2))


def definite(rng: Rng) -> Args:
    """A symmetric positive definite matrix."""
    a = rng.standard_normal((4, 4))
    return (a @ a.T + 2 * np.eye(4),)


def symmetric(rng: Rng) -> Args:
    """A symmetric matrix with distinct eigenvalues."""
    a = rng.uniform(-0.5, 0.5, (4, 4))
    return (a + a.T + np.diag([1.0, 5.0, 10.0, 20.0]),)


def triangle(rng: Rng) -> Args:
    """A matrix whose triangles are well-conditioned, and two right-hand sides."""
    return (rng.uniform(-0.5, 0.5, (4, 4)) + 2 * np.eye(4), rng.standard_normal((4, 2)))


def tall(rng: Rng) -> Args:
    """A matrix of full column rank with distinct singular values."""
    return (rng.uniform(-0.5, 0.5, (5, 3)) + np.eye(5, 3) * [9.0, 5.0, 2.0],)


def wide(rng: Rng) -> Args:
    """A matrix of full row rank."""
    return (tall(rng)[0].T.copy(),)


def tall_system(rng: Rng) -> Args:
    """An overdetermined system."""
    return (*tall(rng), rng.standard_normal(5))


def small(rng: Rng) -> Args:
    """A matrix of norm about 1."""
    return (rng.uniform(-0.4, 0.4, (4, 4)),)


def positive_spectrum(rng: Rng) -> Args:
    """A matrix without eigenvalues on the negative real axis, some of them complex."""
    a = rng.uniform(-0.3, 0.3, (4, 4)) + np.diag([2.0, 2.0, 3.0, 4.0])
    a[0, 1], a[1, 0] = 1.0, -1.0
    return (a,)


def sylvester(rng: Rng) -> Args:
    """The three matrices of Sylvester's equation."""
    return (*general(rng), rng.standard_normal((3, 3)) + 4 * np.eye(3), rng.standard_normal((4, 3)))


def lyapunov(rng: Rng) -> Args:
    """The two matrices of Lyapunov's equation."""
    return (*general(rng), rng.standard_normal((4, 4)))


def toeplitz(rng: Rng) -> Args:
    """A column that dominates its own reflection, and a right-hand side."""
    return (np.array([4.0, 1.0, 0.5, -0.3]) + rng.uniform(-0.1, 0.1, 4), rng.standard_normal(4))


def reduced_tall(rng: Rng) -> Args:
    """A matrix and ``full_matrices=False``."""
    return (*tall(rng), False)


def wide_system(rng: Rng) -> Args:
    """An underdetermined system with two right-hand sides."""
    return (*wide(rng), rng.standard_normal((3, 2)))


def power(rng: Rng) -> Args:
    """A matrix and an exponent."""
    return (*small(rng), 5)


def negative_power(rng: Rng) -> Args:
    """A matrix and a negative exponent."""
    return (*general(rng), -3)


def complex_power(rng: Rng) -> Args:
    """A complex matrix and a negative exponent."""
    return (*complex_general(rng), -3)


POWERS = (power, negative_power, complex_power)


def banded(rng: Rng) -> Args:
    """The numbers of diagonals, a band matrix, and a right-hand side."""
    ab = rng.uniform(-0.5, 0.5, (4, 6))
    ab[2] += 3.0
    return ((1, 2), ab, rng.standard_normal(6))


# LAPACK turns eigenvectors of these as little as moves of the matrix do: it keeps signs, the order and the components
# that it makes real.
REAL_VALUES = np.array([[1.4, 0.3, -0.5], [0.4, 4.5, 0.2], [-0.3, 0.4, 9.0]])
COMPLEX_VALUES = np.array([[0.5, 4.4, 0.3], [-0.7, 1.2, 0.2], [0.3, -0.4, 8.8]])
COMPLEX_MATRIX = np.array(
    [[0.8 + 0.9j, -0.5 - 0.4j, 0.2 + 0.1j], [0.1 - 0.1j, 5.5 - 0.5j, 0.2 + 0.2j], [0.2 - 0.1j, -0.4 + 0.2j, 9.0 + 1.8j]]
)
SPECTRA = ((REAL_VALUES,), (COMPLEX_MATRIX,))
COMPLEX_SPECTRA = ((COMPLEX_VALUES,), (COMPLEX_MATRIX,))

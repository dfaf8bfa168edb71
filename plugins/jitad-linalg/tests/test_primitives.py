"""All that the primitives state, against NumPy's and SciPy's functions and differences of them."""

from __future__ import annotations

import numpy as np
import pytest
from jitad_linalg import (
    cholesky,
    complex_lu,
    eig,
    eigh,
    factored,
    lu,
    qr,
    samples,
    structured,
    svd,
    sylvester,
    triangular,
)

import jitad
from jitad.testing import check_primitive, primitives_of

RNG = np.random.default_rng(4)
(GENERAL,), (DEFINITE,), (SYMMETRIC,), (TALL,) = (
    draw(RNG) for draw in (samples.general, samples.definite, samples.symmetric, samples.tall)
)
WIDE = TALL.T.copy()
TWO = RNG.standard_normal((4, 2))
SQUARE = np.empty((4, 4))


# The derivatives of lu_solve and cho_solve by the factors are checked in test_modes.py.
@pytest.mark.parametrize("primitive", primitives_of("jitad_linalg"), ids=str)
def test_primitive(primitive):
    check_primitive(primitive, compiled=False)


IN_PLACE = [
    (triangular.triangular_into, (np.empty((4, 2)), GENERAL, TWO, 1, 0, 0)),
    (triangular.triangular_into, (np.empty((4, 2)), GENERAL, TWO, 0, 1, 1)),
    (cholesky.cholesky_into, (SQUARE, DEFINITE)),
    (cholesky.adjoint_into, (SQUARE, np.linalg.cholesky(DEFINITE), GENERAL)),
    (qr.qr_into, (np.empty((5, 3)), np.empty((3, 3)), TALL)),
    (eigh.eigh_into, (np.empty(4), SQUARE, SYMMETRIC, 0)),
    (eigh.eigh_into, (np.empty(4), SQUARE, SYMMETRIC, 1)),
    (svd.svd_into, (np.empty((5, 3)), np.empty(3), np.empty((3, 3)), TALL)),
    (svd.svd_into, (np.empty((3, 3)), np.empty(3), np.empty((3, 5)), WIDE)),
    (factored.lu_into, (SQUARE, np.empty(4, np.int32), GENERAL)),
]


# What isn't differentiated by follows from the other arguments.


def lu_of(a, *others):
    return lu.factors(a)[0]


def pivots_of(a, *others):
    return lu.factors(a)[1]


def sign_of(a):
    return lu.factors(a)[2]


def schur_of_first(a, *others):
    return sylvester.schur_form(a)[0]


def basis_of_first(a, *others):
    return sylvester.schur_form(a)[1]


def schur_of_second(a, b, *others):
    return sylvester.schur_form(b)[0]


def basis_of_second(a, b, *others):
    return sylvester.schur_form(b)[1]


def root_of(a):
    return sylvester.root_form(a)[0]


def root_basis_of(a):
    return sylvester.root_form(a)[1]


def band_of(ab, b, lower, upper, trans):
    return structured.band_factors(ab, lower, upper)[0]


def band_pivots_of(ab, b, lower, upper, trans):
    return structured.band_factors(ab, lower, upper)[1]


(ROOTED,) = samples.positive_spectrum(RNG)
_, BAND, _ = samples.banded(RNG)
_, SMALL, RIGHT = samples.sylvester(RNG)
ONE, SIX = np.empty(1), RNG.standard_normal((6, 2))
SCHUR = (schur_of_first, basis_of_first, schur_of_second, basis_of_second)

IN_PLACE += [
    *[(lu.apply_into, (np.empty((4, 2)), lu_of, pivots_of, GENERAL, TWO, trans)) for trans in (0, 1)],
    (lu.product_into, (ONE, lu_of, pivots_of, sign_of, GENERAL)),
    (lu.logarithm_into, (ONE, lu_of, pivots_of, GENERAL)),
    (lu.inverse_into, (SQUARE, lu_of, pivots_of, GENERAL)),
    *[(sylvester.sylvester_into, (np.empty((4, 3)), *SCHUR, GENERAL, SMALL, RIGHT, trans)) for trans in (0, 1)],
    (sylvester.root_into, (SQUARE, root_of, root_basis_of, ROOTED)),
    *[
        (structured.band_apply_into, (np.empty((6, 2)), band_of, band_pivots_of, BAND, SIX, 1, 2, trans))
        for trans in (0, 1)
    ],
]


# Complex matrices, as pairs


def complex_lu_of(a, *others):
    return complex_lu.complex_factors(a)[0]


def complex_pivots_of(a, *others):
    return complex_lu.complex_factors(a)[1]


COMPLEX = RNG.standard_normal((4, 4, 2))
COMPLEX[:, :, 0] += 3.0 * np.eye(4)
COMPLEX_RIGHT, NUMBER = RNG.standard_normal((4, 2, 2)), np.empty(2)
VALUES, VECTORS = np.empty((3, 2)), np.empty((3, 3, 2))

IN_PLACE += [
    *[
        (
            complex_lu.complex_apply_into,
            (np.empty((4, 2, 2)), complex_lu_of, complex_pivots_of, COMPLEX, COMPLEX_RIGHT, trans),
        )
        for trans in (0, 1)
    ],
    (complex_lu.complex_product_into, (NUMBER, complex_lu_of, complex_pivots_of, COMPLEX)),
    (complex_lu.complex_logarithm_into, (NUMBER, ONE, complex_lu_of, complex_pivots_of, COMPLEX)),
    (eig.eig_into, (VALUES, VECTORS, jitad.view_as_real(samples.COMPLEX_MATRIX))),
    (eig.real_eig_into, (VALUES, VECTORS, samples.REAL_VALUES)),
    (eig.real_eig_into, (VALUES, VECTORS, samples.COMPLEX_VALUES)),
]


@pytest.mark.parametrize(("definition", "case"), IN_PLACE, ids=lambda value: getattr(value, "__name__", ""))
def test_in_place(definition, case):
    check_primitive(definition, [case], compiled=False)

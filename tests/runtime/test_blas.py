"""Matrix products for every pair of ranks and layouts, against NumPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numba import njit

from jitad.errors import ShapeMismatchError
from jitad.runtime import plain
from jitad.runtime.blas import matmul, matmul_accumulate

SHAPES = [
    *(((3, 4), (4, 5)), ((3, 4), (4,)), ((4,), (4, 5)), ((4,), (4,)), ((1, 4), (4, 1)), ((3, 1), (1, 2))),
    *(((3, 0), (0, 2)), ((0, 3), (3, 2)), ((3, 0), (0,)), ((0, 3), (3,)), ((0,), (0,))),
]


@njit
def overwrite(out, a, b):
    matmul(out, a, b)


@njit
def add(out, a, b):
    matmul_accumulate(out, a, b)


def _laid_out(x, layout):
    if x.ndim == 0 or layout == "C":
        return x
    if layout == "F":
        return np.asfortranarray(x)
    block = np.zeros(tuple(2 * n + 1 for n in x.shape), x.dtype)[tuple(slice(0, 2 * n, 2) for n in x.shape)]
    block[...] = x
    return block


@pytest.mark.parametrize(
    ("layouts", "dtype"),
    [("CCC", "float64"), ("FCF", "float64"), ("CFC", "float32"), ("CAC", "float64"), ("ACF", "int64")],
)
def test_products(layouts, dtype):
    random = np.random.default_rng(1)
    for a_shape, b_shape in SHAPES:
        a = _laid_out(np.array(9 * random.random(a_shape)).astype(dtype), layouts[0])
        b = _laid_out(np.array(9 * random.random(b_shape)).astype(dtype), layouts[1])
        expected = np.asarray(a @ b)
        for (replace, accumulate), start in itertools.product(
            [(overwrite, add), (plain.matmul, plain.matmul_accumulate)], [0, 3]
        ):
            out = _laid_out(np.full(expected.shape, start, dtype), layouts[2])
            accumulate(out, a, b)
            np.testing.assert_allclose(out, start + expected, rtol=1e-6)
            replace(out, a, b)
            np.testing.assert_allclose(out, expected, rtol=1e-6)


def test_rows_of_a_wider_matrix_go_to_blas_as_they_are():
    wide = np.arange(30.0).reshape(5, 6)
    out = np.empty((2, 3))
    overwrite(out, wide[1:3, 1:4], wide[2:5, 2:5])
    np.testing.assert_allclose(out, wide[1:3, 1:4] @ wide[2:5, 2:5])


def test_shapes_that_do_not_fit():
    with pytest.raises(ShapeMismatchError, match="inner dimensions differ"):
        overwrite(np.zeros((2, 2)), np.zeros((2, 3)), np.zeros((2, 2)))


def test_large_products_of_strided_operands():
    random = np.random.default_rng(2)
    a, b, x, out = (_laid_out(random.random(shape), "A") for shape in ((70, 80), (80, 90), (80,), (70,)))
    c = random.random((70, 70))
    for result, one, other in [(_laid_out(np.ones((70, 90)), "A"), a, b), (out, c, a[:, 0]), (out, c, x[:70][::-1])]:
        expected = one @ other
        overwrite(result, one, other)
        np.testing.assert_allclose(result, expected, rtol=1e-12)

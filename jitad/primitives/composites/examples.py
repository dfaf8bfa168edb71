"""The arguments that NumPy's functions of this package are tested with, a list of cases for each of them."""

from __future__ import annotations

from typing import Any

import numpy as np

# Numbers of both signs in no order, apart from each other, from zero and from halves
V = np.array([0.73, -1.21, 0.16, 1.57, -0.34, -0.87])
W = np.array([-0.42, 0.95, 1.38, -1.63, 0.23, -0.68])
M = np.array([[0.81, -0.37, 1.42, 0.12], [-1.18, 0.58, -0.76, 1.93], [0.29, -1.64, 1.07, -0.23]])
T = np.array([[[0.31, -0.82], [1.13, 0.57], [-0.24, 1.71]], [[-1.36, 0.93], [0.44, -0.61], [1.28, -0.17]]])
P = np.abs(V) + 0.4
N = np.array([0.71, np.nan, -0.43, 1.94, np.nan, 0.26])
ORDERED = np.array([-1.1, -0.2, 0.4, 1.5])
I = np.array([2, 0, 3, 2, 1])  # noqa: E741
EDGE = np.array([0, 0, 2, 3, 0])

EXAMPLES: dict[str, list[tuple[Any, ...]]] = {
    # comparing
    "isclose": [(V, W), (1.5, 1.5 + 1e-9)],
    "allclose": [(V, W)],
    "array_equal": [(V, V)],
    "isneginf": [(V,)],
    "isposinf": [(V,)],
    "isscalar": [(1.3,)],
    "iscomplex": [(V,)],
    "isreal": [(V,)],
    "iscomplexobj": [(V,)],
    "isrealobj": [(V,)],
    "conjugate": [(V,)],
    "real": [(M,)],
    "imag": [(V,)],
    "angle": [(V,), (V, True)],
    # limiting
    "clip": [(V, -0.5, 0.6), (M, None, 0.9), (0.7, 0.2, 0.4)],
    "around": [(V,), (2.347, 1)],
    "nan_to_num": [(N,)],
    # grids
    "tri": [(3, 4, 1)],
    "tril": [(M, 1)],
    "triu": [(M, -1), (T,)],
    "tril_indices": [(3, 1)],
    "triu_indices": [(3,)],
    "tril_indices_from": [(M,)],
    "triu_indices_from": [(M,)],
    "logspace": [(0.2, 1.1, 4)],
    "geomspace": [(0.5, 3.1, 4)],
    "vander": [(V, 3), (V[:3], None, True)],
    "bartlett": [(5,)],
    "hanning": [(5,)],
    "hamming": [(5,)],
    "blackman": [(5,)],
    "kaiser": [(5, 4.2)],
    # neighbours
    "ediff1d": [(V,), (M, W[:2], P[:1])],
    "trapezoid": [(V,), (V, W), (M, None, 0.3, 0)],
    "unwrap": [(6.0 * V,)],
    # ordering
    "np_argsort": [(M, 0)],
    "sort": [(V,), (M, 0)],
    "sort_in_place": [(V,), (M, 0)],
    "partition": [(V[:3], 1)],
    "partition_in_place": [(V[:3], 1)],
    "argpartition": [(V[:3], 1)],
    "median": [(V,), (M,)],
    "nanmedian": [(N,)],
    "quantile": [(V, 0.33), (M, np.array([0.21, 0.74]))],
    "percentile": [(V, 33.0)],
    "nanquantile": [(N, 0.4)],
    "nanpercentile": [(N, 40.0)],
    # products
    "kron": [(V[:2], W[:3]), (M[:2, :2], M)],
    "cross": [(V[:3], W[:3]), (T.reshape(4, 3), V[3:])],
    # rearranging
    "rot90": [(M,), (M, 2)],
    "repeat": [(V, 2), (M, 2)],
    "resize": [(V, (3, 4))],
    "atleast_3d": [(M,)],
    "dstack": [((M, 2.0 * M),)],
    "row_stack": [((V, W),)],
    "asfortranarray": [(M,)],
    "asarray_chkfinite": [(V,)],
    "diagflat": [(V[:3], 1)],
    "fill_diagonal": [(M, 1.5)],
    # searching
    "argwhere": [(V,)],
    "searchsorted": [(ORDERED, V)],
    "digitize": [(V, ORDERED)],
    "bincount": [(I,), (I, P[:5])],
    "histogram": [(V, 3)],
    # selecting
    "take": [(V, I), (M, I, 1)],
    "take_along_axis": [(M, np.argsort(M, axis=1), 1)],
    "extract": [(V > 0.0, V)],
    "np_select": [([V > 0.5, V < 0.0], [V, W], 0.5)],
    "delete": [(V, 2), (V, I)],
    "insert": [(V, 2, 1.5)],
    "trim_zeros": [(V,), (EDGE,)],
    # sets
    "unique": [(V,)],
    "union1d": [(V, W)],
    "isin": [(V, W)],
    "intersect1d": [(I, EDGE)],
    "setdiff1d": [(V, W)],
    "setxor1d": [(V, W)],
    # skipping_nan
    "nansum": [(N,), (M, 0)],
    "nanprod": [(N,), (M, 1)],
    "nancumsum": [(N,)],
    "nancumprod": [(N,)],
    "nanmax": [(N,), (M, 0)],
    "nanmin": [(N,)],
    "nanargmax": [(N,)],
    "nanargmin": [(N,)],
    "nanmean": [(N,), (M, 0)],
    "nanvar": [(N,), (M, 1)],
    "nanstd": [(N,)],
    # statistics
    "ptp": [(V,), (M, 0)],
    "average": [(V,), (V, None, P), (M, 0)],
    "cov": [(M,), (V, W)],
    "corrcoef": [(V, W), (M,)],
}

"""A call of each NumPy function that rearranges, makes or selects elements."""

from __future__ import annotations

import numpy as np

from tests.coverage.case import C, I, M, N, S, T, V, W, case

case("append", lambda a, b: (np.append(a, b), np.append(a, 2.0), np.append(a[None, :], b[None, :], axis=0)), V, W)
case("array", lambda a, s: (np.array(a), np.array([s, 2.0 * s]), np.array(((s, a[0]), (a[1], 1.0)))), V, S)
case("array_split", lambda a, m: (*np.array_split(a, 4), *np.array_split(m, (1, 3), axis=1)), V, M)
case("asarray", lambda a, s: (np.asarray(a), np.asarray((s, a[1]))), V, S)
case("asarray_chkfinite", lambda a: np.asarray_chkfinite(a * a), V)
case("ascontiguousarray", lambda m: np.ascontiguousarray(m.T) * 2.0, M)
case("asfortranarray", lambda m: np.asfortranarray(m) * m, M)
case("atleast_1d", lambda a, s: (np.atleast_1d(s), np.atleast_1d(a)), V, S)
case("atleast_2d", lambda a, s: (np.atleast_2d(s), np.atleast_2d(a)), V, S)
case("atleast_3d", lambda a, m, s: (np.atleast_3d(s), np.atleast_3d(a), np.atleast_3d(m)), V, M, S)
case("broadcast_arrays", lambda a, m: np.broadcast_arrays(a, m, a[None, :]), V, M)
case("broadcast_to", lambda a: np.broadcast_to(a, (3, 6)), V)
case("column_stack", lambda a, b: np.column_stack((a, b)), V, W)
case("concatenate", lambda a, m: (np.concatenate((a, m[0])), np.concatenate((m, m[:, :2] ** 2), axis=1)), V, M)
case("copy", lambda a: np.copy(a) ** 2, V)
case("delete", lambda a, m: (np.delete(a, 2), np.delete(a, [0, -2]), np.delete(m, 5)), V, M)
case("diag", lambda a, m: (np.diag(a), np.diag(m), np.diag(m, 1), np.diag(a, -1)), V, M)
case("diagflat", lambda a, m: (np.diagflat(a, 1), np.diagflat(m[:2, :2])), V, M)
case("dsplit", lambda t: np.dsplit(t, 3), T)
case("dstack", lambda a, m: (np.dstack((a, 2.0 * a)), np.dstack((m, m * m))), V, M)
case("expand_dims", lambda a, m: (np.expand_dims(a, 0), np.expand_dims(m, -1)), V, M)
case("extract", lambda a, m: (np.extract(a > 0, a), np.extract(m < 0.2, m)), V, M)


def _fill_diagonal(m, a, s):
    square, tall, wrapped = m[:, :4].copy(), m.T.copy(), m.T.copy()
    np.fill_diagonal(square, s * s)
    np.fill_diagonal(tall, a[:3])
    np.fill_diagonal(wrapped, a[:2], True)
    return square, tall, wrapped


case("fill_diagonal", _fill_diagonal, M, V, S)
case("flip", lambda m: (np.flip(m), np.flip(m, 1)), M)
case("fliplr", lambda m: np.fliplr(m), M)
case("flipud", lambda m: np.flipud(m), M)
case("full", lambda s: np.full((2, 3), s * s), S)
case("full_like", lambda a, s: np.full_like(a, s), V, S)
case("hsplit", lambda a, m: (*np.hsplit(a, 2), *np.hsplit(m, (2,))), V, M)
case("hstack", lambda a, m: (np.hstack((a, a[:2])), np.hstack((m, m * 2.0))), V, M)
case("insert", lambda a, s: (np.insert(a, 2, s), np.insert(a, -1, 1.5), np.insert(a, [4, 1], [s, s * s])), V, S)
case("moveaxis", lambda t: np.moveaxis(t, 0, -1), T)
case("permute_dims", lambda t: np.permute_dims(t, (2, 0, 1)), T)
case("ravel", lambda m: (np.ravel(m), np.ravel(m.T)), M)
case("repeat", lambda a, m: (np.repeat(a, 3), np.repeat(m, 2), np.repeat(a[:3], np.array([1, 0, 2]))), V, M)
case("reshape", lambda m: (np.reshape(m, (6, 4)), np.reshape(m, -1)), M)
case("resize", lambda a, m: (np.resize(a, (4, 2)), np.resize(m, 3)), V, M)
case("roll", lambda a, m: (np.roll(a, 2), np.roll(m, -3), np.roll(m, 1, axis=0)), V, M)
case("rot90", lambda m: (np.rot90(m), np.rot90(m, 2), np.rot90(m, -1), np.rot90(m, 0)), M)
case("row_stack", lambda a, b: np.vstack((a, b)), V, W)
case("select", lambda a, b: (np.select([a > 0.5, a > -0.5], [a * b, b], 7.0), np.select((a > 0,), (a,))), V, W)
case("split", lambda a, m: (*np.split(a, 3), *np.split(m, [1, 2], axis=1)), V, M)
case("stack", lambda a, b: (np.stack((a, b)), np.stack((a, b), axis=1)), V, W)
case("swapaxes", lambda t: np.swapaxes(t, 0, 2), T)
case("take", lambda a, m: (np.take(a, 2), np.take(m, I), np.take(m, I, axis=1), np.take(a, (0, -1))), V, M)
case("take_along_axis", lambda m: np.take_along_axis(m, np.argsort(m, axis=1)[:, :2], axis=1), M)
case("transpose", lambda t: (np.transpose(t), np.transpose(t, (1, 0, 2))), T)
case("tril", lambda m, t: (np.tril(m), np.tril(m, -1), np.tril(t, 1)), M, T)
case("trim_zeros", lambda a: (np.trim_zeros(np.concatenate((np.zeros(2), a, np.zeros(1)))), np.trim_zeros(a, "f")), V)
case("triu", lambda m, t: (np.triu(m), np.triu(m, 2), np.triu(t, -1)), M, T)
case("vsplit", lambda m: np.vsplit(m, 2), M)
case("vstack", lambda a, m: (np.vstack((a, a)), np.vstack((m, a))), V, M)
case("where", lambda a, b: (np.where(a > b, a, b), np.where(a > 0, np.sqrt(a), 0.0)), V, W)
case("diff", lambda a, m: (np.diff(a), np.diff(m), np.diff(a, 2)), V, M)
case("ediff1d", lambda a, m, s: (np.ediff1d(a), np.ediff1d(m, s, (1.0, s))), V, M, S)
case("trace", lambda m: np.trace(m), M)

# sorting and sets

case("sort", lambda a, m: (np.sort(a), np.sort(m), np.sort(m, axis=0), np.sort(m, axis=None)), V, M)
case("partition", lambda a, m: (np.sort(np.partition(a, 2)), np.partition(m, 1)[:, 1]), V, M)
case("median", lambda a, m: (np.median(a), np.median(a[1:]), np.median(m)), V, M)
case(
    "quantile",
    lambda a, s: (np.quantile(a, 0.3), np.quantile(a, np.array([0.0, 0.41, 1.0])), np.quantile(a, 0.1 * s)),
    V,
    S,
)
case("percentile", lambda a, m: (np.percentile(a, 30), np.percentile(m, [10.0, 62.0])), V, M)
case("unique", lambda a, b: np.unique(np.concatenate((a, b))), V, W)
case("union1d", lambda a, b: np.union1d(a, b), V, W)
case("intersect1d", lambda a, b: np.intersect1d(a, b[::2]), C, C, is_smooth=False)
case("setdiff1d", lambda a, b: np.setdiff1d(a, b[::2]), C, C, is_smooth=False)
case("setxor1d", lambda a, b: np.setxor1d(a, b[::2]), C, C, is_smooth=False)
case("nanmedian", lambda a: (np.nanmedian(a), np.nanmedian(a[:3])), N)
case("nanquantile", lambda a: np.nanquantile(a, 0.3), N)
case("nanpercentile", lambda a: np.nanpercentile(a, (20.0, 70.0)), N)


def _ndenumerate(m):
    total = 0.0
    for (i, j), x in np.ndenumerate(m):
        total += x * x * (i + 2 * j)
    return total


case("ndenumerate", _ndenumerate, M)


def _nditer(m):
    total = 0.0
    for x in np.nditer(m):
        total += x.item() ** 2 * x[()]
        m[0, 0] = 2.0
        total += x * 3.0
    return total


case("nditer", _nditer, M)


def _ndindex(m):
    total = 0.0
    for index in np.ndindex(m.shape):
        total += m[index] ** 2 * index[1]
    for i, j in np.ndindex(2, 3):
        total += m[i, j] * (i + 2 * j)
    return total


case("ndindex", _ndindex, M)

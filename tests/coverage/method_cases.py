"""A use of each method and attribute of arrays that Numba knows."""

from __future__ import annotations

import numpy as np

from tests.coverage.case import M, V, case

for _name in ("sum", "prod", "mean", "var", "std", "max", "min", "cumsum", "cumprod"):
    case(f"ndarray.{_name}", lambda a, name=_name: getattr(a, name)(), V)
for _name in ("conj", "conjugate", "copy", "flatten", "ravel"):
    case(f"ndarray.{_name}", lambda m, name=_name: getattr(m, name)(), M)
for _name in ("T", "real"):
    case(f"ndarray.{_name}", lambda m, name=_name: getattr(m, name) * m[0, 0], M)
case("ndarray.transpose", lambda m: (m.transpose(), m.transpose(1, 0)), M)
case("ndarray.reshape", lambda m: (m.reshape(-1), m.reshape(6, 4)), M)
case("ndarray.astype", lambda a: a.astype(np.float64) * 2.0, V)
case("ndarray.clip", lambda a: a.clip(-0.4, 0.9), V)
case("ndarray.dot", lambda m, a: m.dot(a), M, V)
case("ndarray.item", lambda a: a[:1].item() * a[1], V)
case("ndarray.repeat", lambda a: a.repeat(2), V)
case("ndarray.take", lambda a: a.take(np.array([1, 1, 3])), V)


def _sorted(a, m):
    b, n = a.copy(), m.copy()
    b.sort()
    n.sort()
    return b, n


def _filled(a):
    b = a.copy()
    b.fill(a[0] * a[1])
    return b


def _flat(m):
    total = 0.0
    for x in m.flat:
        total += x**3
    return total * m.flat[5]


case("ndarray.sort", _sorted, V, M)
case("ndarray.fill", _filled, V)
case("ndarray.flat", _flat, M)

for _name in ("all", "any", "argmax", "argmin", "argsort", "nonzero"):
    case(f"ndarray.{_name}", lambda a, name=_name: getattr(a, name)(), V)
for _name in ("dtype", "shape", "size", "ndim", "itemsize", "nbytes", "imag"):
    if _name != "dtype":
        case(f"ndarray.{_name}", lambda m, name=_name: getattr(m, name), M)
case("ndarray.dtype", lambda m: np.zeros(2, m.dtype), M)

"""A call of each NumPy function that computes numbers from numbers: reductions, products, elementwise functions."""

from __future__ import annotations

import numpy as np

from tests.coverage.case import I, M, N, P, S, T, V, W, case

# reductions

case("sum", lambda m: (np.sum(m), np.sum(m * m, axis=0), m.sum(axis=1)), M)
case("prod", lambda a, m: (np.prod(a), np.prod(m, axis=1)), V, M)
case("mean", lambda m: (np.mean(m), np.mean(m, axis=0)), M)
case("var", lambda m: (np.var(m), np.var(m, axis=1), np.var(m, ddof=1)), M)
case("std", lambda m: (np.std(m), np.std(m, axis=0), m.std(ddof=1)), M)
case("max", lambda m: (np.max(m), np.max(m, axis=1)), M)
case("min", lambda m: (np.min(m), m.min(axis=0)), M)
case("amax", lambda m: np.amax(m), M)
case("amin", lambda m: np.amin(m), M)
case("ptp", lambda m: (np.ptp(m), np.ptp(m, axis=0)), M)
case("cumsum", lambda a, m: (np.cumsum(a), np.cumsum(m, axis=0)), V, M)
case("cumprod", lambda a, m: (np.cumprod(a), np.cumprod(m, axis=1)), V, M)
case("average", lambda a, w, m: (np.average(a), np.average(a, weights=w), np.average(m, axis=1, weights=w)), V, P, M)
case("cov", lambda a, b, m: (np.cov(a), np.cov(a, b), np.cov(m), np.cov(m, rowvar=False, bias=True)), V, W, M)
case("corrcoef", lambda a, b, m: (np.corrcoef(a, b), np.corrcoef(m, rowvar=False)), V, W, M)
case("nansum", lambda a: np.nansum(2.0 * a), N)
case("nanprod", lambda a: np.nanprod(a), N)
case("nancumsum", lambda a: np.nancumsum(2.0 * a), N)
case("nancumprod", lambda a: np.nancumprod(a), N)
case("nanmax", lambda a: np.nanmax(a), N)
case("nanmin", lambda a: np.nanmin(a), N)
case("nanmean", lambda a: np.nanmean(a), N)
case("nanvar", lambda a: (np.nanvar(a), np.nanvar(a, ddof=1)), N)
case("nanstd", lambda a: np.nanstd(a), N)
case("bincount", lambda w: np.bincount(I + 1, w), P[:4])
case("histogram", lambda a: np.histogram(a, 3), V)
case("trapezoid", lambda a, x, m: (np.trapezoid(a, x), np.trapezoid(m), np.trapezoid(m, axis=0, dx=0.3)), V, W, M)
case("unwrap", lambda a: np.unwrap(6.0 * a), V)
case("vander", lambda a: (np.vander(a), np.vander(a, 3, increasing=True)), V)

# products

case("dot", lambda a, b, m: (np.dot(a, b), np.dot(m, a), np.dot(m, m.T)), V, W, M)
case("vdot", lambda a, b: np.vdot(a, b), V, W)
case("outer", lambda a, b: np.outer(a, b), V, W)
case("kron", lambda a, m: (np.kron(a, a[:2]), np.kron(m[:2, :3], m[2:, 3:])), V, M)
case("cross", lambda a, t: (np.cross(a[:3], a[3:]), np.cross(t, t[::-1]), np.cross(t, a[:3])), V, T)
case(
    "linalg.norm", lambda a, m: (np.linalg.norm(a), np.linalg.norm(a, 1), np.linalg.norm(m), np.linalg.norm(a, 3)), V, M
)

# spacings

case("linspace", lambda a: np.linspace(a[0], a[1], 5), V)
case("logspace", lambda a: np.logspace(a[0], a[1], 5), V)
case("geomspace", lambda a: (np.geomspace(a[0], a[1], 5), np.geomspace(-a[0], -a[1], 3)), P)
case("arange", lambda s: np.arange(0.0, 1.0, 0.25) * s, S)
case("kaiser", lambda s: np.kaiser(5, s), 4.2)

# elementwise


def _elementwise(name, x, *others):
    function = getattr(np, name, None)
    if function is None:  # a name of NumPy 2
        return
    case(name, lambda a, *rest: function(a, *rest), x, *others)


for _name in (
    *("absolute", "abs", "cbrt", "cos", "cosh", "deg2rad", "degrees", "exp", "exp2", "expm1", "fabs", "negative"),
    *(
        "positive",
        "rad2deg",
        "radians",
        "sin",
        "sinc",
        "sinh",
        "square",
        "tan",
        "tanh",
        "arctan",
        "arcsinh",
        "reciprocal",
    ),
    *("atan", "asinh", "conj", "conjugate", "real", "nan_to_num"),
):
    _elementwise(_name, V)
for _name in ("log", "log10", "log1p", "log2", "sqrt"):
    _elementwise(_name, P)
for _name in ("arcsin", "arccos", "arctanh", "asin", "acos", "atanh"):
    _elementwise(_name, 0.6 * V)
for _name in ("arccosh", "acosh"):
    _elementwise(_name, 1.0 + P)
for _name in ("add", "subtract", "multiply", "divide", "true_divide", "arctan2", "atan2", "maximum", "minimum"):
    _elementwise(_name, V, W)
for _name in ("fmax", "fmin", "hypot", "logaddexp", "logaddexp2"):
    _elementwise(_name, V, W)
for _name in ("fmod", "mod", "remainder"):
    _elementwise(_name, 3.0 * V, P)
for _name in ("power", "pow", "float_power"):
    _elementwise(_name, P, V)
case("copysign", lambda a, b: np.copysign(a, b), V, W)
case("ldexp", lambda a: np.ldexp(a, 3), V)
case("nextafter", lambda a, b: np.nextafter(a, b), V, W)
case("clip", lambda a, s: (np.clip(a, -0.5, 0.7 * s), np.clip(a, None, s), a.clip(0.1)), V, S)
case("divmod", lambda a, b: np.divmod(3.0 * a, b), V, P)
case("complex128", lambda a: (np.complex128(2.0) * a * (1j - a)).imag, V)
case("complex64", lambda a: (np.complex64(2j) * (1.5 - 1j) * a).real, V)
case("float32", lambda a: np.float32(np.float64(1.0)) * a, V)
case("float64", lambda a: np.float64(a[0]) * a, V)
for _name in ("double", "single"):
    _type = getattr(np, _name)
    case(_name, lambda a, type_=_type: type_(a[0]) * a, V)

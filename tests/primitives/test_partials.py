"""Each partial derivative against high-accuracy differences of the primitive's own uncompiled function."""

import math

import numpy as np
import pytest

from jitad.primitives import registry
from jitad.primitives.spec import ZERO, ScalarPrimitive
from jitad.program.evaluator import operation

# Where to test functions that aren't smooth, or aren't defined, at the usual points.
POINTS = {
    "asin": [(-0.9,), (0.0,), (0.5,)],
    "acos": [(-0.9,), (0.0,), (0.5,)],
    "atanh": [(-0.9,), (0.0,), (0.5,)],
    "acosh": [(1.1,), (7.0,)],
    "log1p": [(-0.5,), (0.1,), (7.0,)],
    "lgamma": [(0.1,), (1.5,), (7.3,), (40.0,), (-0.5,), (-3.7,)],
    "gamma": [(0.1,), (1.5,), (7.3,), (-0.5,), (-3.7,)],
    "digamma": [(0.1,), (1.5,), (7.3,), (40.0,), (-0.5,), (-3.7,)],
    "polygamma": [(1.0, 0.3), (1.0, 7.0), (1.0, -2.3), (2.0, 0.7), (2.0, -0.4), (3.0, 4.5)],
    "sinc": [(0.01,), (0.09,), (0.1,), (1.3,), (-2.2,)],
    "select": [(True, 1.5, 2.5), (False, 1.5, 2.5)],
    "ldexp": [(1.3, 4), (-0.7, -3)],
    "erf": [(-2.5,), (0.0,), (0.3,), (1.9,), (3.5,)],
    "erfc": [(-2.5,), (0.0,), (0.3,), (1.9,), (3.5,)],
}
UNARY = [(0.3,), (1.7,), (6.1,)]
BINARY = [(0.3, 1.7), (2.6, 0.9), (5.5, 2.25)]
ACTIVE = [
    (p, position)
    for p in registry.primitives()
    if isinstance(p, ScalarPrimitive)
    for position, partial in enumerate(p.partials)
    if callable(partial) and not p.name.startswith("to_") and p.name != "heaviside"
]


def difference(function, args, position):
    """Central difference of order six in longdouble."""
    h = np.longdouble(1e-3) * max(abs(args[position]) * 0.2, 0.01)
    total = np.longdouble(0)
    for shift, weight in ((1, 45), (2, -9), (3, 1)):
        for sign in (1, -1):
            moved = [np.longdouble(a) if isinstance(a, float) else a for a in args]
            moved[position] = moved[position] + sign * shift * h
            total += sign * weight * function(*moved)
    return total / (60 * h)


@pytest.mark.parametrize(("primitive", "position"), ACTIVE, ids=lambda x: getattr(x, "name", str(x)))
def test_partial(primitive, position):
    function = operation(primitive)
    for args in POINTS.get(primitive.name, UNARY if primitive.arity == 1 else BINARY):
        wide = [np.longdouble(a) if isinstance(a, float) else a for a in args]
        expected = difference(function, args, position)
        result = float(function(*wide))
        found = primitive.partials[position](*args, result)
        assert found == pytest.approx(float(expected), rel=2e-11, abs=2e-12), (primitive, args)


def rule(name, position=0):
    return registry.by_name(name).partials[position]


def test_special_points():
    assert rule("abs")(0.0, 0.0) == 0.0
    assert rule("fabs")(0.0, 0.0) == 0.0
    assert rule("hypot", 0)(0.0, 0.0, 0.0) == rule("hypot", 1)(0.0, 0.0, 0.0) == 0.0
    assert rule("pow", 1)(0.0, 2.0, 0.0) == 0.0
    assert rule("pow", 0)(0.0, 0, 1.0) == 0.0
    assert rule("sinc")(0.0, 1.0) == 0.0
    assert rule("logaddexp", 0)(-math.inf, -math.inf, -math.inf) == 0.5
    with np.errstate(divide="ignore"):
        assert rule("sqrt")(np.float64(0.0), np.float64(0.0)) == math.inf
        assert rule("cbrt")(np.float64(0.0), np.float64(0.0)) == math.inf


@pytest.mark.parametrize("name", ["max", "min", "maximum", "minimum", "fmax", "fmin"])
def test_a_tie_goes_to_the_first_argument(name):
    assert (rule(name, 0)(2.0, 2.0, 2.0), rule(name, 1)(2.0, 2.0, 2.0)) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("name", "numpy_function"), [("maximum", np.maximum), ("minimum", np.minimum), ("fmax", np.fmax), ("fmin", np.fmin)]
)
def test_choices_treat_nan_as_numpy_does(name, numpy_function):
    for a in (1.0, 2.0, math.nan):
        for b in (1.0, 2.0, math.nan):
            found = operation(registry.by_name(name))(a, b)
            assert found == numpy_function(a, b) or (math.isnan(found) and math.isnan(numpy_function(a, b)))


def test_rounding_has_a_declared_zero_derivative():
    for name in ("math_floor", "np_floor", "np_ceil", "np_trunc", "np_rint", "sign", "isnan", "logical_and"):
        assert registry.by_name(name).is_zero, name
    assert all(partial is ZERO for partial in registry.by_name("eq").partials)


@pytest.mark.parametrize("x", [0.05, 0.7, 1.5, 3.0, 9.9, 123.0, -0.3, -7.6])
def test_special_functions_agree_with_scipy(x):
    from scipy import special

    from jitad.primitives import kernels, precise

    assert kernels.digamma(x) == pytest.approx(special.digamma(x), rel=1e-13, abs=1e-14)
    for n in (1, 2, 3, 6):
        if x > 0:
            assert kernels.polygamma(n, x) == pytest.approx(special.polygamma(n, x), rel=1e-13)
    wide = np.longdouble(x)
    assert float(precise.digamma(wide)) == pytest.approx(special.digamma(x), rel=1e-13, abs=1e-14)
    for name, reference in (("erf", special.erf), ("erfc", special.erfc), ("lgamma", special.gammaln)):
        assert float(getattr(precise, name)(wide)) == pytest.approx(reference(x), rel=1e-13, abs=1e-300)
    assert float(precise.gamma(wide)) == pytest.approx(special.gamma(x), rel=1e-13)

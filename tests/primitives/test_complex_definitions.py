"""The definitions of complex functions: NumPy's values on both sides of branch cuts, and complex derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled
from jitad.primitives.complexes import arithmetic, elementary, inverse

NAMES: dict[str, Any] = {
    **{name: getattr(elementary, name) for name in ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt")},
    **{name: getattr(elementary, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"arc{name[1:]}": getattr(inverse, name) for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh")},
    "square": arithmetic.square,
    "reciprocal": arithmetic.reciprocal,
}
AXES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.3, -30.0, 1e-9]
random = np.random.default_rng(5)
SPREAD = random.normal(size=(200, 2)) * np.exp(random.normal(size=(200, 2)))


@pytest.mark.parametrize("name", NAMES)
def test_values_are_numpys(name: str) -> None:
    points = [complex(x, y) for x in AXES for y in AXES] + [complex(x, y) for x, y in SPREAD]
    for z in points:
        with np.errstate(all="ignore"):
            expected = getattr(np, name)(np.complex128(z))
            if not np.isfinite(expected):
                continue
            actual = complex(*NAMES[name](np.float64(z.real), np.float64(z.imag)))
        error = 5e-16 * (1.0 + abs(z)) if name == "log1p" else 0.0  # NumPy's own error
        assert abs(actual - expected) <= 2e-15 * abs(expected) + error, z
        if name not in ("log1p", "exp2"):
            for mine, theirs in ((actual.real, expected.real), (actual.imag, expected.imag)):
                assert mine != 0.0 or math.copysign(1.0, mine) == math.copysign(1.0, theirs), z


FUNCTIONS = {
    "exp": np.exp,
    "log": lambda z: 1 / z,
    "sqrt": lambda z: 0.5 / np.sqrt(z),
    "tan": lambda z: 1 / np.cos(z) ** 2,
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "log1p": lambda z: 1 / (1 + z),
    "expm1": np.exp,
    "arcsin": lambda z: 1 / np.cos(np.arcsin(z)),
    "arccos": lambda z: -1 / np.sin(np.arccos(z)),
    "arctan": lambda z: 1 / (1 + z * z),
    "arcsinh": lambda z: 1 / np.cosh(np.arcsinh(z)),
    "arccosh": lambda z: 1 / np.sinh(np.arccosh(z)),
    "arctanh": lambda z: 1 / (1 - z * z),
    "reciprocal": lambda z: -1 / z**2,
}
"""Derivatives, with the branch cuts of the functions."""

POINTS = [2.0, -2.0, 0.5, -0.5, 2j, -2j, 0.5j, -0.5j, 1 + 1j, -1 + 1j, 30 + 1j, -30 - 1j, 0.6 + 0.8j, 1e-9 + 1e-9j]
CUTS = [complex(-2.0, -0.0), complex(2.0, -0.0), complex(-0.0, 2.0), complex(-0.0, -2.0)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_are_complex_derivatives(name: str) -> None:
    """Also on the axes and on the cuts, where the derivative is that of the side whose value is taken."""
    function = getattr(np, name)

    def kernel(z: Any) -> Any:
        return function(z)

    with uncompiled():
        for z in map(complex, [*POINTS, *CUTS]):
            _, along = jitad.jvp(kernel, (z,), (1.0 + 0j,))
            _, across = jitad.jvp(kernel, (z,), (1j,))
            expected = FUNCTIONS[name](np.complex128(z))
            assert across == pytest.approx(1j * along, rel=1e-12, abs=1e-13), z
            assert along == pytest.approx(complex(expected), rel=1e-9, abs=1e-12), z


def test_quotients_neither_overflow_nor_vanish() -> None:
    for x, y, u, v in ((1e300, 1e300, 1e300, -1e299), (1e-200, 1e-200, 1e-200, 3e-200), (1.0, 2.0, 0.0, 1e200)):
        expected = np.complex128(complex(x, y)) / np.complex128(complex(u, v))
        assert complex(*arithmetic.divide(x, y, u, v)) == pytest.approx(complex(expected), rel=1e-14)
    assert complex(*elementary.sqrt(1.5e308, 1.5e308)) == pytest.approx(complex(np.sqrt(1.5e308 + 1.5e308j)))


@pytest.mark.parametrize(("power", "slope"), [(0, 0), (1, 1), (2, 0), (3, 0)])
def test_powers_at_zero(power: int, slope: float) -> None:
    kernels = {0: lambda z: z**0, 1: lambda z: z**1, 2: lambda z: z**2, 3: lambda z: z**3}
    with uncompiled():
        for kernel, args in ((kernels[power], (0j,)), (lambda z, w: z**w, (0j, float(power)))):
            value, derivative = jitad.jvp(kernel, args, (1.0 + 1j,), argnums=(0,))
            assert (value, derivative) == (0j**power, slope * (1 + 1j))


def test_a_general_power_at_zero_has_its_second_derivative_or_none() -> None:
    def kernel(z: Any, w: Any) -> Any:
        return (z**w).real

    with uncompiled():
        assert jitad.hvp(kernel, (0j, 2.0), 1j, argnums=0) == -2j
        with np.errstate(all="ignore"):
            assert not np.isfinite(jitad.hvp(kernel, (0j, 1.5), 1j, argnums=0))
            assert not np.isfinite(jitad.grad(kernel)(0j, 0.5))


def test_the_size_has_derivative_zero_at_zero_and_the_root_none() -> None:
    with uncompiled(), np.errstate(all="ignore"):
        assert jitad.grad(abs)(0j) == 0
        assert not np.isfinite(jitad.grad(lambda z: np.sqrt(z).real)(0j))
        assert not np.isfinite(jitad.grad(lambda z: np.sqrt(z).imag)(0j))


def test_an_exponent_of_zero_has_a_derivative() -> None:
    with uncompiled():
        _, derivative = jitad.jvp(lambda z, w: z**w, (1 + 2j, 0j), (1.0,), argnums=(1,))
    assert derivative == pytest.approx(complex(np.log(1 + 2j)))

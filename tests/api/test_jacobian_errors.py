"""What the functions for Jacobians and Hessians refuse, and what they say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import jitad

MODES = (jitad.jacfwd, jitad.jacrev, jitad.jacobian)
X = np.array([1.1, 0.7, -0.4])


def polar(r, angle):
    return r * math.cos(angle), r * math.sin(angle)


def squares(x):
    return x * x


def integers(x):
    return np.array([1, 2]), x.shape[0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: jitad.jacfwd(squares)(3), jitad.ArgumentError, "argument 0 of 'squares' is a number of dtype int64"),
        (
            lambda: jitad.jacrev(squares)(np.arange(3)),
            jitad.ArgumentError,
            "argument 0 of 'squares' is an array of dtype int64, and only floating-point numbers have derivatives",
        ),
        (lambda: jitad.jacobian(squares, argnums=2)(X), jitad.ArgumentError, "asks for argument 2, but .* gives 1"),
        (lambda: jitad.jacfwd(squares, argnums=[[0]]), jitad.ArgumentError, r"argnums=\[\[0\]\] isn't a position"),
        (lambda: jitad.jacfwd(squares, has_aux=...), jitad.ArgumentError, "has_aux=Ellipsis isn't True or False"),
        (lambda: jitad.jacrev(squares, has_aux=[]), jitad.ArgumentError, r"has_aux=\[\] isn't True or False"),
        (lambda: jitad.jacobian(3.0), jitad.ArgumentError, "A function was expected to differentiate, not 3.0"),
        (
            lambda: jitad.jacobian(integers)(X),
            jitad.ArgumentError,
            "'integers' returns no floating-point number and no floating-point array",
        ),
        (
            lambda: jitad.jacobian(lambda x: jitad.jacrev(integers)(x)[0] * x)(X),
            jitad.ArgumentError,
            "'jitad.jacrev\\(integers\\)' differentiates returns no floating-point number and no floating-point array",
        ),
        (
            lambda: jitad.jacobian(lambda x: jitad.jacfwd(lambda k: None)(x) * x)(2.0),
            jitad.ArgumentError,
            "differentiates returns no floating-point number and no floating-point array",
        ),
        (
            lambda: jitad.jacrev(lambda x: (x.shape[0], x), has_aux=True)(X),
            jitad.ArgumentError,
            "returns no floating-point number and no floating-point array as its value",
        ),
        (
            lambda: jitad.jacfwd(squares, has_aux=True)(X),
            jitad.ArgumentError,
            "'squares' doesn't return a pair, and has_aux=True asks for a pair",
        ),
        (lambda: jitad.hessian(squares)(X), jitad.NonScalarResultError, "'squares' returns an array"),
        (lambda: jitad.jacfwd(polar)(1.0), jitad.UnsupportedCallError, r"polar\(\) misses the argument 'angle'"),
        (lambda: jitad.jacfwd(polar)(1.0, r=2.0), jitad.ArgumentError, "doesn't fit the parameters of 'polar'"),
        (lambda: jitad.jacfwd(squares)([1.0, "a"]), jitad.ArgumentError, r"argument 0\[1\] of 'squares' is 'a'"),
    ],
)
def test_bad_input_is_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_an_argument_named_twice_is_refused() -> None:
    with pytest.raises(jitad.ArgumentError, match="names an argument of 'polar' twice"):
        jitad.jacfwd(polar, argnums=(0, -2))(1.0, 2.0)


def test_shared_memory_is_refused() -> None:
    def overwrites(x, y):
        x[0] = y[1]
        return x * y

    for mode in MODES:
        with pytest.raises(jitad.SharedMemoryError, match="'x' and 'y' share memory"):
            mode(overwrites)(X, X)


def test_the_kernels_own_errors_come_out() -> None:
    def strict(x):
        if x[0] > 1.0:
            raise ValueError("too large")
        return x * x

    for mode in MODES:
        with pytest.raises(ValueError, match="too large"):
            mode(strict)(X)

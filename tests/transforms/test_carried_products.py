"""A carried product starts from the factor that it is multiplied by, where nothing else reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jitad.primitives import core
from jitad.program.checker import check
from jitad.program.queries import walk
from jitad.program.statements import Compute, Program
from tests.transforms.kernels import adjoint_of, assert_gradient, loops

C, X = np.array([0.3, -1.2, 0.7, 2.0]), np.array([0.5, -0.9, 1.1])


def misfit(c, x):
    total = 0.0
    for i in range(x.shape[0]):
        fitted = 0.0
        power = 1.0
        for j in range(c.shape[0]):
            fitted += c[j] * power
            power *= x[i]
        total += (fitted - 1.0) * (fitted - 1.0)
    return total


def within_a_branch(c, x):
    total = 0.0
    for i in range(x.shape[0]):
        fitted = 0.0
        power = 1.0
        for j in range(c.shape[0]):
            if j % 2 == 0:
                fitted += c[j] * power
            power = x[i] * power
        total += fitted * fitted
    return total


def read_after_the_loop(c, x):
    total = 0.0
    for i in range(x.shape[0]):
        fitted = 0.0
        power = 1.0
        for j in range(c.shape[0]):
            fitted += c[j] * power
            power *= x[i]
        total += fitted * fitted * power
    return total


def two_factors(c, x):
    total = 0.0
    for i in range(x.shape[0]):
        fitted = 0.0
        other = 0.0
        power = 1.0
        for j in range(c.shape[0]):
            fitted += c[j] * power
            other += c[j] * c[j] * power
            power *= x[i]
        total += fitted * other
    return total


def inner_products(program: Program) -> int:
    """How many products the loops that run most often compute."""
    innermost = [loop for loop in loops(program) if not any(hasattr(s, "body") for s in loop.body)]
    return sum(isinstance(s, Compute) and s.primitive is core.mul for loop in innermost for s in walk(loop.body))


@pytest.mark.parametrize(("kernel", "products"), [(misfit, 3), (within_a_branch, 3)])
def test_products_of_a_reverse_sweep(kernel: Callable[..., Any], products: int) -> None:
    program = adjoint_of(kernel, C, X).program
    check(program)
    assert inner_products(program) == products


@pytest.mark.parametrize("kernel", [misfit, within_a_branch, read_after_the_loop, two_factors])
def test_gradients(kernel: Callable[..., Any]) -> None:
    assert_gradient(kernel, C, X)
    assert_gradient(kernel, C[:0], X)

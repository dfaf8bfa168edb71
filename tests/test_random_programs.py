"""Derivatives of random kernels, against differences and against each other."""

from __future__ import annotations

import hashlib
import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, note, settings

import jitad
from jitad.api.mode import uncompiled
from jitad.testing import Uncompiled
from tests.differences import directional
from tests.random_programs import kernels
from tests.second_order import SecondOrder, inner_product, largest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ARGNUMS = (0, 1, 2, 3, 4)
TOLERANCE = 1e-8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random_programs")


def load(source: str, folder: Path) -> Callable[..., Any]:
    """The kernel of a module, in a file of its own so that its source can be found."""
    name = "random_" + hashlib.sha256(source.encode()).hexdigest()[:16]
    path = folder / f"{name}.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.kernel


def arguments() -> tuple[Any, ...]:
    random = np.random.default_rng(7)
    a, b, m = random.uniform(-1.2, 1.2, 4), random.uniform(-1.2, 1.2, 4), random.uniform(-1.2, 1.2, (3, 4))
    return 0.83, -0.46, a, b, m, 3


def coinciding_arguments() -> tuple[Any, ...]:
    """Arguments with zeros and many equal numbers among them."""
    random, few = np.random.default_rng(5), np.array([0.0, 0.0, 1.0, -1.0, 0.5])
    return 0.5, 0.0, random.choice(few, 4), random.choice(few, 4), random.choice(few, (3, 4)), 3


def checked(examples: int) -> settings:
    """The same examples in every run."""
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(max_examples=examples, derandomize=True, database=None, deadline=None, suppress_health_check=slow)


def check_second_derivatives(run: Uncompiled) -> None:
    """Compare the ways to the Hessian's product with a vector, and differences of tangents."""
    made = SecondOrder(run, run.leaf_positions(ARGNUMS))
    number = made.tangent_of_tangent()
    product, other = made.adjoint_of_tangent(), made.adjoint_of_gradient()
    allowed = TOLERANCE * max(1.0, largest(*product, number))
    for a, b in zip(product, other, strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=allowed)
    assert inner_product(product, made.u) == pytest.approx(number, rel=0, abs=allowed)
    assert made.tangent_of_gradient() == pytest.approx(number, rel=0, abs=allowed)
    estimate = made.difference_of_tangent()
    assume(estimate.error < allowed / 3)  # else a kink or a jump is too near
    assert number == pytest.approx(estimate.value, rel=0, abs=allowed)


def evaluated_gradient(run: Uncompiled) -> list[Any]:
    """The gradient on the evaluator."""
    return run.value_and_gradient(run.leaf_positions(ARGNUMS))[1]


@checked(150)
@given(source=kernels())
def test_gradients_of_random_kernels(source: str, folder: Path) -> None:
    note(source)
    kernel = load(source, folder)
    run = Uncompiled(kernel, arguments())
    np.testing.assert_allclose(run.value(), kernel(*arguments()), rtol=1e-12, atol=1e-12)

    gradients = evaluated_gradient(run)
    random = np.random.default_rng(11)
    direction = [random.uniform(-1.0, 1.0, np.shape(run.leaves[p])) for p in run.leaf_positions(ARGNUMS)]
    estimate = directional(run.program, run.leaves, [1.0], [*direction, None])
    allowed = TOLERANCE * max(1.0, abs(estimate.value))
    assume(estimate.error < allowed / 3)  # else a kink or a jump is too near
    actual = sum(float(np.sum(g * d)) for g, d in zip(gradients, direction, strict=True))
    assert abs(actual - estimate.value) <= allowed, f"{actual} instead of {estimate.value}"


@checked(100)
@given(source=kernels())
def test_emitted_source_of_random_kernels(source: str, folder: Path) -> None:
    note(source)
    kernel = load(source, folder)
    expected = evaluated_gradient(Uncompiled(kernel, arguments()))
    with uncompiled():
        value, gradients = jitad.value_and_grad(kernel, argnums=ARGNUMS)(*arguments())
    np.testing.assert_allclose(value, kernel(*arguments()), rtol=1e-12, atol=1e-12)
    for gradient, wanted in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, wanted, rtol=1e-10, atol=1e-12)


@checked(60)
@given(source=kernels())
def test_both_modes_agree_at_kinks(source: str, folder: Path) -> None:
    note(source)
    run = Uncompiled(load(source, folder), coinciding_arguments())
    made = SecondOrder(run, run.leaf_positions(ARGNUMS))
    along = made.tangent_along_v()
    assume(np.isfinite(along))  # not at a pole
    assert made.gradient_times_v() == pytest.approx(along, rel=TOLERANCE, abs=TOLERANCE)


@checked(60)
@given(source=kernels())
def test_second_derivatives_of_random_kernels(source: str, folder: Path) -> None:
    note(source)
    check_second_derivatives(Uncompiled(load(source, folder), arguments()))


@checked(60)
@given(source=kernels(derivatives=3))
def test_random_kernels_that_take_derivatives(source: str, folder: Path) -> None:
    note(source)
    kernel = load(source, folder)
    run = Uncompiled(kernel, arguments())
    try:
        value = run.value()
    except jitad.SharedMemoryError:  # a function overwrites what it also captures
        assume(False)
    with uncompiled():
        np.testing.assert_allclose(value, kernel(*arguments()), rtol=1e-11, atol=1e-11)
    made = SecondOrder(run, run.leaf_positions(ARGNUMS))
    along, estimate = made.tangent_along_v(), made.difference_along_v()
    allowed = TOLERANCE * max(1.0, abs(along))
    assert made.gradient_times_v() == pytest.approx(along, rel=0, abs=allowed)
    assume(estimate.error < allowed / 3)
    assert along == pytest.approx(estimate.value, rel=0, abs=allowed)


@checked(25)
@given(source=kernels(derivatives=2))
def test_second_derivatives_of_random_kernels_that_take_derivatives(source: str, folder: Path) -> None:
    note(source)
    run = Uncompiled(load(source, folder), arguments())
    try:
        run.program  # noqa: B018
    except jitad.SharedMemoryError:
        assume(False)
    check_second_derivatives(run)

"""Every kernel of the corpus: what is read computes what Python does, and its derivatives are right in every mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitad
from jitad.api.mode import uncompiled
from jitad.testing import Uncompiled
from tests.corpus import Case, cases
from tests.differences import assert_close, entries
from tests.second_order import SecondOrder, inner_product, largest

TOLERANCE = {"float64": 1e-9, "float32": 2e-5}
TWICE = {"float64": 1e-9, "float32": 3e-4}


def flat(tree: Any) -> list[Any]:
    """The numbers and arrays of a structure in order."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, tuple | list):
        return [leaf for item in tree for leaf in flat(item)]
    return [] if tree is None else [tree]


def value_of(case: Case) -> Any:
    """What Python computes; derivatives that the kernel takes are run one by one."""
    with uncompiled():
        return case.function(*case.make_args())


def tolerance(case: Case, table: dict[str, float] = TOLERANCE) -> float:
    return table["float32" if "float32" in case.tags else "float64"]


def cotangents_of(run: Uncompiled, values: list[Any]) -> list[Any]:
    """A fixed cotangent, without symmetry, for each floating-point result of a program."""
    random = np.random.default_rng(1)
    drawn = []
    for result, value in zip(run.program.results, values, strict=True):
        if result.type.is_float:
            drawn.append(random.uniform(0.5, 1.5, np.shape(value)).astype(result.type.dtype)[()])
    return drawn


def expected_gradients(run: Uncompiled, positions: list[int], cotangents: list[Any]) -> list[tuple[Any, Any]]:
    """The derivatives by differences of the program, with their errors."""
    given = iter(cotangents)
    weights = [next(given) if result.type.is_float else None for result in run.program.results]
    return [entries(run.program, run.leaves, weights, position) for position in positions]


def assert_gradients(
    case: Case, run: Uncompiled, actual: list[Any], positions: list[int], cotangents: list[Any]
) -> None:
    expected = expected_gradients(run, positions, cotangents)
    assert len(actual) == len(expected)
    scale = max((float(np.max(np.abs(value), initial=0.0)) for value, _ in expected), default=1.0)
    for position, gradient, (value, error) in zip(positions, actual, expected, strict=True):
        what = f"the gradient of {case} by {run.program.params[position].name}"
        assert_close(gradient, value, error, tolerance(case), scale, what)


def gradient_of_case(case: Case) -> tuple[Any, Any]:
    argnums = case.argnums if len(case.argnums) > 1 else case.argnums[0]
    return jitad.value_and_grad(case.function, argnums=argnums)(*case.make_args())


@pytest.mark.parametrize("case", cases(), ids=str)
def test_the_program_computes_what_the_kernel_does(case: Case) -> None:
    actual, expected = flat(Uncompiled(case.function, case.make_args()).value()), flat(value_of(case))
    assert len(actual) == len(expected)
    rtol = 1e-6 if "float32" in case.tags else 1e-13
    for a, e in zip(actual, expected, strict=True):
        assert np.shape(a) == np.shape(e)
        np.testing.assert_allclose(a, e, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_the_adjoint_is_the_derivative(case: Case) -> None:
    args = case.make_args()
    run = Uncompiled(case.function, args)
    positions = run.leaf_positions(case.argnums)
    if "vjp" in case.tags:
        cotangents = cotangents_of(run, flat(value_of(case)))
        _, gradients = run.pullback(positions, cotangents)
    else:
        cotangents = [1.0]
        _, gradients = run.value_and_gradient(positions)
    assert_gradients(case, run, gradients, positions, cotangents)
    for after, before in zip(flat(args), flat(case.make_args()), strict=True):
        np.testing.assert_array_equal(after, before)


def second_order(case: Case) -> SecondOrder:
    run = Uncompiled(case.function, case.make_args())
    return SecondOrder(run, run.leaf_positions(case.argnums))


@pytest.mark.parametrize("case", cases(), ids=str)
def test_first_derivatives_agree(case: Case) -> None:
    made = second_order(case)
    along = made.tangent_along_v()
    assert along == pytest.approx(made.gradient_times_v(), rel=tolerance(case, TWICE), abs=tolerance(case, TWICE))
    if "inner" in case.tags or "vjp" in case.tags:
        estimate = made.difference_along_v()
        assert_close(along, estimate.value, estimate.error, tolerance(case, TWICE), abs(along), "the tangent")
    product = inner_product(made.gradient_by_adjoint_of_product(), made.v)
    assert along == pytest.approx(product, rel=tolerance(case, TWICE), abs=tolerance(case, TWICE))


@pytest.mark.parametrize("case", cases(), ids=str)
def test_second_derivatives_agree(case: Case) -> None:
    made = second_order(case)
    product, other = made.adjoint_of_tangent(), made.adjoint_of_gradient()
    number = made.tangent_of_tangent()
    scale, allowed = max(1e-3, largest(*product, number)), tolerance(case, TWICE)
    for a, b in zip(product, other, strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=allowed * scale)
    assert inner_product(product, made.u) == pytest.approx(number, rel=0, abs=allowed * scale)
    assert made.tangent_of_gradient() == pytest.approx(number, rel=0, abs=allowed * scale)
    estimate = made.difference_of_tangent()
    assert_close(number, estimate.value, estimate.error, allowed, scale, "the second derivative")


@pytest.mark.parametrize("case", cases(without=("inner",)), ids=str)
def test_third_derivatives_agree(case: Case) -> None:
    made = second_order(case)
    expected = made.adjoint_of_tangent_of_tangent()
    allowed = tolerance(case, TWICE) * max(1e-3, largest(*expected))
    for a, b in zip(expected, made.adjoint_of_gradient_of_gradient(), strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=allowed)


@pytest.mark.parametrize("case", cases(without=("vjp",)), ids=str)
def test_the_emitted_source_computes_the_same(case: Case) -> None:
    with uncompiled():
        value, gradient = gradient_of_case(case)
    run = Uncompiled(case.function, case.make_args())
    rtol = 1e-5 if "float32" in case.tags else 1e-12
    np.testing.assert_allclose(value, value_of(case), rtol=rtol)
    _, expected = run.value_and_gradient(run.leaf_positions(case.argnums))
    for a, e in zip(flat(gradient), expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=rtol, atol=rtol)


def assert_tangent_of_gradient(case: Case) -> None:
    """Compare ``jvp`` of ``grad``, by the arguments themselves, with the evaluator."""
    made = second_order(case)
    args = case.make_args()
    gradient = jitad.grad(case.function, argnums=case.argnums)
    _, dots = jitad.jvp(gradient, args, tuple(made.v), argnums=case.argnums)
    expected = made.adjoint_of_tangent()
    allowed = tolerance(case, TWICE) * max(1e-3, largest(*expected))
    for a, b in zip(flat(dots), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=allowed)


def is_flat(case: Case) -> bool:
    """True when what a case is differentiated by are numbers and arrays."""
    return not any(isinstance(case.make_args()[at], tuple | list | dict) for at in case.argnums)


@pytest.mark.parametrize("case", [c for c in cases(without=("vjp", "inner")) if is_flat(c)], ids=str)
def test_the_emitted_tangent_of_the_gradient(case: Case) -> None:
    with uncompiled():
        assert_tangent_of_gradient(case)


COMPILED_TWICE = ("swapped_references", "rebound_to_fresh_arrays", "callee_fills_an_array")


@pytest.mark.parametrize("case", [c for c in cases(compiled=True) if c.name in COMPILED_TWICE], ids=str)
def test_the_compiled_tangent_of_the_gradient(case: Case) -> None:
    assert_tangent_of_gradient(case)


@pytest.mark.parametrize("case", cases(compiled=True), ids=str)
def test_the_compiled_gradient_is_the_derivative(case: Case) -> None:
    args = case.make_args()
    argnums = case.argnums if len(case.argnums) > 1 else case.argnums[0]
    value, gradient = jitad.value_and_grad(case.function, argnums=argnums)(*args)
    np.testing.assert_allclose(value, value_of(case), rtol=tolerance(case))
    run = Uncompiled(case.function, case.make_args())
    assert_gradients(case, run, flat(gradient), run.leaf_positions(case.argnums), [1.0])
    for after, before in zip(flat(args), flat(case.make_args()), strict=True):
        np.testing.assert_array_equal(after, before)


def test_the_corpus_is_large_enough() -> None:
    assert len(cases()) >= 120
    assert len(cases(compiled=True)) >= 25

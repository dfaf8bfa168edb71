"""``check_grads`` passes right derivatives and fails wrong ones, with messages that name the place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import njit

import jitad
from jitad.api.mode import compiling, uncompiled
from jitad.primitives import linear, registry
from jitad.primitives.hooks import hookimpl
from jitad.primitives.spec import ScalarPrimitive
from jitad.testing import check_grads
from tests.corpus import Case, cases


@pytest.fixture(autouse=True)
def _uncompiled() -> Iterator[None]:
    with uncompiled():
        yield


class Pair(NamedTuple):
    a: Any
    b: Any


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def structured(weights, n, pair):
    return pair.a * np.sin(weights["w"]) * weights["w"][0, 1], (n, np.sum(weights["b"]) * pair.b)


def in_place(x, k):
    for i in range(1, x.size):
        x[i] *= x[i - 1] * k
    return x


# Names of kernels that round to single precision on the way, so that differences are only that good.
ROUNDING = {"mixed_precision"}


@pytest.mark.parametrize("case", cases(), ids=str)
def test_the_corpus_passes(case: Case) -> None:
    order = 1 if case.theme.startswith("inner_") else 2  # these hold derivatives already
    rtol = 1e-3 if case.name in ROUNDING else None
    check_grads(case.function, case.make_args(), order, argnums=case.argnums, rtol=rtol)


@pytest.mark.parametrize("modes", [("fwd",), ("rev",), ("fwd", "rev")])
@pytest.mark.parametrize("order", [1, 2])
def test_structures_integers_and_results_in_place(modes: tuple[str, ...], order: int) -> None:
    weights = {"w": np.arange(6.0).reshape(2, 3) / 4 + 0.1, "b": [1.0, 2.0]}
    check_grads(structured, (weights, 3, Pair(0.5, np.ones(2))), order, modes)
    x = np.array([1.1, 0.7, -0.4])
    check_grads(in_place, (x, 2.0), order, modes)
    np.testing.assert_array_equal(x, [1.1, 0.7, -0.4])


def test_single_precision_has_a_tolerance_of_its_own() -> None:
    check_grads(lambda x, k: np.sum(np.exp(x) * k), (np.linspace(0, 1, 4, dtype=np.float32), np.float32(1.5)))


def test_arguments_of_all_sizes() -> None:
    check_grads(lambda x, y: math.log(x) * y * y, (1e-9, 1e12))
    check_grads(lambda x: np.sum(np.sqrt(x)), (np.array([1.0, 1e-6, 2.0]),))


def test_derivatives_that_vanish() -> None:
    check_grads(lambda x: math.sin(x) ** 2 + math.cos(x) ** 2, (1.0,))
    check_grads(lambda x, y: (x * 0.0 + 1e3, y * y), (1.0, 2.0))
    check_grads(lambda x: np.sum(np.floor(x)) * 1.0, (np.array([0.5, 1.5]),))


def test_keyword_arguments_and_argnums() -> None:
    check_grads(lambda x, y, *, k: x * x * k + abs(y), (2.0, 0.0), argnums=0, kwargs={"k": 3.0})


def test_orders_above_two() -> None:
    check_grads(rosenbrock, (np.array([0.3, -1.2, 2.0]),), 4)
    check_grads(in_place, (np.array([1.1, 0.7, -0.4]), 2.0), 3)


@pytest.mark.parametrize("make", [jitad.grad, jitad.hessian, jitad.value_and_grad])
def test_derivatives_are_checked_like_kernels(make: Callable[..., Any]) -> None:
    check_grads(make(rosenbrock), (np.array([0.3, -1.2, 2.0]),), 2)


def test_a_compiled_kernel() -> None:
    with compiling():
        check_grads(njit(rosenbrock), (np.array([0.3, -1.2, 2.0]),), 2)


# Wrong rules


def triple(x):
    return 3.0 * x * x


@pytest.fixture
def wrong_factor() -> Iterator[None]:
    """``triple`` with a rule that has a factor of 6.003 in the place of 6."""

    def partial(x, result):
        return 6.003 * x

    primitive = ScalarPrimitive(
        name="triple",
        callables=(triple,),
        template="3.0 * {0} * {0}",
        typed_as=np.square,
        partials=(partial,),
    )
    registry.register(SimpleNamespace(jitad_primitives=hookimpl(lambda: [primitive])), "wrong")
    yield
    registry.unregister("wrong")


@pytest.fixture
def wrong_product(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, Any], None]]:
    """Sets a wrong rule of the matrix product; the right one comes back."""
    saved = {kind: getattr(linear.matmul, kind) for kind in ("jvp", "vjp")}
    yield lambda kind, rule: object.__setattr__(linear.matmul, kind, rule)
    for kind, rule in saved.items():
        object.__setattr__(linear.matmul, kind, rule)


@pytest.mark.usefixtures("wrong_factor")
def test_a_factor_of_2_001_is_found_in_both_modes() -> None:
    def kernel(p, k):
        return np.array([p["w"][0, 0] * k, triple(p["w"][1, 2])])

    args = ({"b": np.ones(2), "w": np.arange(6.0).reshape(2, 3) - 3.0}, 2.0)
    with pytest.raises(
        AssertionError,
        match=r"^forward mode, order 1: the derivative of the result\[1\] by argument 0\['w'\]\[1, 2\] is 12\.006, but "
        r"12(\.0+\d*)? by differences \(smallest step [\d.e-]+, estimated error [\d.]+e-1\d\)\. They differ by 0\.006, "
        r"and 1\.2e-06 is allowed\.$",
    ):
        check_grads(kernel, args, 1)
    with pytest.raises(
        AssertionError,
        match=r"^reverse mode, order 1: the derivative of the results' weighted sum by argument 0\['w'\]\[1, 2\] is",
    ):
        check_grads(kernel, args, 1, modes=("rev",))


@pytest.mark.usefixtures("wrong_factor")
def test_the_wrong_entry_of_many_is_named() -> None:
    def kernel(x, k):
        return k * np.sum(np.sin(x)) + triple(x[777])

    with pytest.raises(AssertionError, match=r"order 1: the derivative of the result by argument 0\[777\] is"):
        check_grads(kernel, (np.linspace(0.0, 9.0, 1000), 2.0))


def test_a_mode_that_is_wrong_alone(wrong_product: Callable[[str, Any], None]) -> None:
    def wrong_vjp(out, out_bar, a, a_bar, b, b_bar):
        if a_bar is not None:
            a_bar += 1.0005 * (out_bar @ b.T)

    def kernel(a):
        return np.sum(np.sin(a @ np.array([[1.0, 2.0], [0.5, -1.0]])))

    a = np.array([[0.3, 0.2], [1.0, -0.4]])
    wrong_product("vjp", wrong_vjp)
    check_grads(kernel, (a,), 1, modes=("fwd",))
    with pytest.raises(AssertionError, match=r"^reverse mode, order 1: .* by argument 0\[\d, \d\] is"):
        check_grads(kernel, (a,), 1)


def test_a_second_derivative_that_is_wrong_alone(wrong_product: Callable[[str, Any], None]) -> None:
    def wrong_jvp(out, out_dot, a, a_dot, b, b_dot):
        if a_dot is not None:
            out_dot += 1.0005 * (a_dot @ b)

    def kernel(a):
        return np.sum(np.sin(a @ np.array([[1.0, 2.0], [0.5, -1.0]])))

    a = np.array([[0.3, 0.2], [1.0, -0.4]])
    wrong_product("jvp", wrong_jvp)
    check_grads(kernel, (a,), 1, modes=("rev",))
    with pytest.raises(
        AssertionError,
        match=r"^reverse mode, order 2: the derivative of \(the derivative by argument 0\[\d, \d\]\) by argument 0\[\d",
    ):
        check_grads(kernel, (a,), 2, modes=("rev",))
    with pytest.raises(AssertionError, match=r"^forward mode, order 1: the derivative of the result by argument 0"):
        check_grads(kernel, (a,), 1, modes=("fwd",))


def test_a_derivative_that_is_zero_on_purpose_is_not_what_differences_say() -> None:
    with pytest.raises(AssertionError, match=r"by argument 0 is 2, but (4|3\.9\d*) by differences"):
        check_grads(lambda x: x * jitad.stop_gradient(x), (2.0,))


def test_a_wrong_custom_derivative_is_found() -> None:
    @jitad.custom_vjp
    def cube(x):
        return x * x * x

    def forward(x):
        return cube(x), x

    def backward(x, cotangent):
        return (3.003 * x * x * cotangent,)

    cube.defvjp(forward, backward)

    def kernel(x):
        return np.array([x[0], cube(x[1])])

    with pytest.raises(
        AssertionError, match=r"the derivative of the result\[1\] by argument 0\[1\] is 12\.012, but 12"
    ):
        check_grads(kernel, (np.array([1.0, 2.0]),))


def test_a_custom_derivative_that_is_right_only_to_first_order_is_found() -> None:
    @jitad.custom_jvp
    def cube(x):
        return x * x * x

    def rule(primals, tangents):
        (x,), (x_dot,) = primals, tangents
        return cube(x), 3.0 * x * jitad.stop_gradient(x) * x_dot

    cube.defjvp(rule)
    check_grads(cube, (2.0,), 1)
    with pytest.raises(AssertionError, match=r"order 2: .* by argument 0 is \S+, but"):
        check_grads(cube, (2.0,), 2)


# Points without a derivative


def test_a_kink_is_named() -> None:
    with pytest.raises(
        AssertionError,
        match=r"^forward mode, order 1: the result has a kink at this point: its slopes on the two sides, by "
        r"argument 0\[1\], differ by 2\. There is no derivative to compare with: check at another point\.$",
    ):
        check_grads(lambda x: np.sum(np.abs(x)), (np.array([1.0, 0.0, 2.0]),))


def test_a_kink_of_the_derivative_is_named() -> None:
    def kernel(x):
        return x * x * x if x > 0.0 else 2.0 * x * x

    check_grads(kernel, (1e-3,), 2)
    with pytest.raises(AssertionError, match="order 2: the derivative along a random direction has a kink"):
        check_grads(lambda x: abs(x) * x + x, (0.0,), 2, modes=("fwd",))


@pytest.mark.parametrize("kernel", [lambda x: x if x < 1.0 else x + 1.0, lambda x: math.sqrt(x - 1.0)])
def test_what_differences_cannot_tell_does_not_pass(kernel: Callable[..., Any]) -> None:
    with pytest.raises(
        AssertionError, match=r"differences can't tell the derivative of the result by argument 0: it is"
    ):
        check_grads(kernel, (1.0,))


# What can't be checked


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: check_grads(rosenbrock, (3,)), "no argument that is floating-point throughout"),
        (lambda: check_grads(lambda x: x.size, (np.ones(2),)), "holds no floating-point number, so nothing to check"),
        (lambda: check_grads(rosenbrock, (np.ones(2),), 0), "order=0 isn't an order"),
        (lambda: check_grads(rosenbrock, (np.ones(2),), modes=("forward",)), r"modes=\('forward',\) isn't a tuple"),
        (lambda: check_grads(rosenbrock, (np.ones(2),), argnums=1), "argnums=1 asks for argument 1"),
        (lambda: check_grads(structured, (1.0, 3, 2.0), argnums=1), "argument 1 of 'structured' is a number of dtype"),
        (lambda: check_grads(3.0, (1.0,)), "A function was expected"),
    ],
)
def test_what_cannot_be_checked_is_refused(make: Callable[[], None], message: str) -> None:
    with pytest.raises(jitad.ArgumentError, match=message):
        make()

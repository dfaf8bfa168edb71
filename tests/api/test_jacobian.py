"""``jacfwd``, ``jacrev``, ``jacobian``, ``value_and_jacobian`` and ``hessian``: values, structures, errors."""

from __future__ import annotations

import math
import pickle
from typing import Any, NamedTuple

import numpy as np
import pytest

import jitad
from jitad.api.jacobian_entry import JacobianEntry
from jitad.api.jacobian_programs import CROSSING
from jitad.transforms import jacobian as jacobian_program
from jitad.transforms import lanes
from tests.api.jacobian_kernels import coupled, coupled_by_hand, polar

MODES = (jitad.jacfwd, jitad.jacrev, jitad.jacobian)
X = np.array([1.1, 0.7, -0.4])
RNG = np.random.default_rng(3)


class Pair(NamedTuple):
    left: Any
    right: Any


def mixed(parts, scale):
    a, b = parts["a"], parts["b"]
    return Pair(a * b[0], [np.sum(a) * scale, a.shape[0]]), {"outer": np.outer(a, b) * scale * scale}


def squares(x):
    return x * x


def in_place(x):
    for i in range(1, x.shape[0]):
        x[i] = x[i] * x[i - 1]
    return x


@pytest.mark.parametrize("mode", MODES)
def test_a_dense_jacobian(mode: Any) -> None:
    x = RNG.uniform(0.0, 6.0, 19)
    np.testing.assert_allclose(mode(coupled)(x, 0.3), coupled_by_hand(x, 0.3), rtol=1e-13)


@pytest.mark.parametrize("mode", MODES)
def test_numbers_by_numbers_are_numbers(mode: Any) -> None:
    by_both = mode(polar, argnums=(0, 1))(2.0, 0.5)
    c, s = math.cos(0.5), math.sin(0.5)
    assert by_both == (pytest.approx((c, -2.0 * s)), pytest.approx((s, 2.0 * c)))
    assert all(type(number) is float for row in by_both for number in row)
    assert mode(polar, argnums=1)(2.0, 0.5) == (by_both[0][1], by_both[1][1])
    assert type(mode(lambda x: x * x)(np.float32(3.0))) is np.float32


@pytest.mark.parametrize("mode", MODES)
def test_blocks_have_the_shape_of_the_value_then_of_the_argument(mode: Any) -> None:
    a, b = np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])
    pair, rest = mode(mixed, argnums=(0, 1))({"a": a, "b": b}, 2.0)
    assert type(pair) is Pair and type(pair.right) is list
    by_parts, by_scale = pair.left
    np.testing.assert_array_equal(by_parts["a"], 3.0 * np.eye(2))
    np.testing.assert_array_equal(by_parts["b"], [[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    np.testing.assert_array_equal(by_scale, [0.0, 0.0])
    summed, count = pair.right
    assert count is None
    np.testing.assert_array_equal(summed[0]["a"], [2.0, 2.0])
    assert summed[1] == 3.0
    assert rest["outer"][0]["a"].shape == (2, 3, 2)
    assert rest["outer"][0]["b"].shape == (2, 3, 3)
    np.testing.assert_array_equal(rest["outer"][0]["a"][:, :, 1], [[0.0, 0.0, 0.0], 4.0 * b])
    np.testing.assert_array_equal(rest["outer"][1], 4.0 * np.outer(a, b))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", ["C", "F", "strided"])
def test_axes_in_any_order(mode: Any, order: str) -> None:
    values = RNG.normal(size=(3, 4))
    x = (
        np.asfortranarray(values)
        if order == "F"
        else np.repeat(values, 2, axis=1)[:, ::2]
        if order == "strided"
        else values
    )
    expected = np.einsum("jk,il->ijkl", np.eye(4), np.eye(3)).transpose(1, 0, 3, 2) * 0.0
    for i in range(3):
        for j in range(4):
            expected[j, i, i, j] = 2.0 * values[i, j]
    np.testing.assert_array_equal(mode(lambda x: (x * x).T.copy())(x), expected)


@pytest.mark.parametrize("mode", MODES)
def test_single_precision_keeps_its_dtype(mode: Any) -> None:
    x = np.array([1.0, 2.0], np.float32)
    found = mode(squares)(x)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.diag(2 * x))

    widened = mode(lambda x: x * np.ones(2))(x)
    assert widened.dtype == np.float64


@pytest.mark.parametrize("mode", MODES)
def test_nothing_by_nothing(mode: Any) -> None:
    assert mode(squares)(np.zeros(0)).shape == (0, 0)
    assert mode(lambda x, y: x * y[0], argnums=1)(np.zeros(0), X).shape == (0, 3)
    assert mode(lambda x, y: y * (1.0 + np.sum(x)))(np.zeros((2, 0)), X).shape == (3, 2, 0)


@pytest.mark.parametrize("mode", MODES)
def test_groups_span_arguments(mode: Any) -> None:
    def joined(a, b, c, d):
        return np.concatenate((a * b, c[:1] * d, c * c[0]))

    a, b, c, d = RNG.normal(size=5), 2.0, RNG.normal(size=6), 3.0
    blocks = mode(joined, argnums=(0, 1, 2, 3))(a, b, c, d)
    np.testing.assert_array_equal(blocks[0], np.vstack([b * np.eye(5), np.zeros((7, 5))]))
    np.testing.assert_array_equal(blocks[1], [*a, *np.zeros(7)])
    by_c = np.zeros((12, 6))
    by_c[5, 0] = d
    by_c[6:] = c[0] * np.eye(6)
    by_c[6:, 0] += c
    np.testing.assert_allclose(blocks[2], by_c, rtol=1e-15)
    np.testing.assert_array_equal(blocks[3], [*np.zeros(5), c[0], *np.zeros(6)])


@pytest.mark.parametrize("mode", MODES)
def test_arguments_are_never_changed(mode: Any) -> None:
    x = X.copy()
    found = mode(in_place)(x)
    np.testing.assert_array_equal(x, X)
    expected = [[1, 0, 0], [X[1], X[0], 0], [X[1] * X[2], X[0] * X[2], X[0] * X[1]]]
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_value_and_jacobian() -> None:
    value, found = jitad.value_and_jacobian(coupled)(X, 2.0)
    np.testing.assert_allclose(value, coupled(X, 2.0), rtol=1e-15)
    np.testing.assert_allclose(found, coupled_by_hand(X, 2.0), rtol=1e-14)


@pytest.mark.parametrize("mode", MODES)
def test_aux_is_handed_through(mode: Any) -> None:
    found, aux = mode(lambda x: (x * x, (np.sin(x), x.shape[0])), has_aux=True)(X)
    np.testing.assert_array_equal(found, np.diag(2 * X))
    np.testing.assert_array_equal(aux[0], np.sin(X))
    assert aux[1] == 3


def test_hessian_of_several_arguments() -> None:
    def energy(x, k):
        return k * k * np.sum(x * x * x)

    (by_x, by_x_and_k), (by_k_and_x, by_k) = jitad.hessian(energy, argnums=(0, 1))(X, 2.0)
    np.testing.assert_allclose(by_x, np.diag(24.0 * X), rtol=1e-15)
    np.testing.assert_allclose(by_x_and_k, 12.0 * X * X, rtol=1e-15)
    np.testing.assert_allclose(by_k_and_x, 12.0 * X * X, rtol=1e-15)
    assert by_k == pytest.approx(2.0 * np.sum(X**3))
    assert jitad.hessian(energy, argnums=1)(X, 2.0) == by_k


def test_hessian_structure_twice() -> None:
    found = jitad.hessian(lambda p: p["a"] * p["a"] * p["b"][0])({"a": 3.0, "b": [5.0, None]})
    assert found == {"a": {"a": 10.0, "b": [6.0, None]}, "b": [{"a": 6.0, "b": [0.0, None]}, None]}


def test_a_constant_has_zeros() -> None:
    np.testing.assert_array_equal(jitad.hessian(lambda x: 3.0)(X), np.zeros((3, 3)))
    for mode in MODES:
        np.testing.assert_array_equal(mode(lambda x: np.ones(2))(X), np.zeros((2, 3)))
        assert mode(lambda x: 3.0)(1.0) == 0.0


# As functions


class Model:
    def __init__(self, k: float) -> None:
        self.k = k

    @jitad.jacobian
    def slope(self, x):
        return self.k * x * x


@jitad.hessian
def decorated(x, power=3):
    """The sum of powers."""
    return np.sum(x**power)


@jitad.jacfwd(argnums=1)
def by_second(x, y=2.0):
    return x * y


jacobian_of_squares = jitad.jacrev(squares)


def test_decorators_methods_and_names() -> None:
    np.testing.assert_array_equal(Model(2.0).slope(X), np.diag(4.0 * X))
    np.testing.assert_allclose(decorated(X), np.diag(6.0 * X))
    np.testing.assert_allclose(decorated(X, power=2), 2.0 * np.eye(3))
    assert decorated.__doc__ == "The sum of powers."
    assert by_second(3.0) == 3.0
    assert repr(decorated) == "<Hessian of decorated by argument 0>"
    assert repr(jitad.value_and_jacobian(squares)) == "<value and Jacobian of squares by argument 0>"


def test_functions_are_pickled() -> None:
    for function in (decorated, jacobian_of_squares, jitad.value_and_jacobian(squares)):
        again = pickle.loads(pickle.dumps(function))
        assert repr(again) == repr(function)
    np.testing.assert_array_equal(again(X)[1], np.diag(2.0 * X))


def test_captured_arrays_are_seen_as_they_are() -> None:
    weights = np.ones(3)
    found = jitad.jacobian(lambda x: weights * x)
    np.testing.assert_array_equal(found(X), np.eye(3))
    weights[:] = 2.0
    np.testing.assert_array_equal(found(X), 2.0 * np.eye(3))


def test_a_derivative_of_a_derivative() -> None:
    hessian = jitad.jacfwd(jitad.grad(lambda x: np.sum(x * x * x)))
    np.testing.assert_allclose(hessian(X), np.diag(6.0 * X), rtol=1e-15)
    thirds = jitad.jacrev(jitad.hessian(lambda x: np.sum(x * x * x)))(X)
    expected = np.zeros((3, 3, 3))
    expected[[0, 1, 2], [0, 1, 2], [0, 1, 2]] = 6.0
    np.testing.assert_allclose(thirds, expected, rtol=1e-15)


# Which mode


def outputs(x, n):
    out = np.zeros(n)
    for i in range(n):
        out[i] = x[i % x.shape[0]]
    return out


@pytest.mark.parametrize(("inputs", "results"), [(1, 12), (12, 1), (3, 3)])
def test_the_mode_goes_by_the_numbers_of_inputs_and_outputs(inputs: int, results: int) -> None:
    explanation = jitad.explain(jitad.jacobian(outputs), np.ones(inputs), results)
    assert explanation.mode == ("forward" if inputs <= CROSSING * results else "reverse")
    counted = [f"{n} {what}{'s' if n > 1 else ''}" for n, what in ((inputs, "input"), (results, "output"))]
    assert explanation.why.startswith(f"{', '.join(counted)}; ")
    assert explanation.mode in str(explanation)


def test_the_mode_goes_by_lengths_that_are_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []

    def call(entry: JacobianEntry, mode: str, real: Any = JacobianEntry.call) -> Any:
        called.append(mode)
        return real(entry, mode)

    monkeypatch.setattr(JacobianEntry, "call", call)
    function = jitad.jacobian(outputs)
    for n in (1, 12, 1):
        np.testing.assert_array_equal(function(np.ones(4), n), np.eye(4)[np.arange(n) % 4])
    assert called == ["reverse", "forward", "reverse"]


def test_explained_derivatives() -> None:
    assert jitad.explain(jitad.jacfwd(squares), X).mode == "forward"
    assert jitad.explain(jitad.jacrev(squares), X).mode == "reverse"
    assert jitad.explain(jitad.hessian(decorated.kernel), X).mode == "forward over reverse"
    assert jitad.explain(jitad.grad(polar_sum, argnums=1), 1.0, 2.0).mode == "reverse"
    assert (
        jitad.explain(jitad.jacobian(polar, argnums=(0, 1)), 1.0, 2.0).why == "2 inputs, 2 outputs; all columns at once"
    )
    assert jitad.explain(jitad.jacobian(squares), X).why == "3 inputs, 3 outputs; 16 columns at a time"


def polar_sum(r, angle):
    return r * angle


@jitad.custom_jvp
def doubled(x):
    return 2.0 * x


@doubled.defjvp
def doubled_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    if np.sum(x_dot) > 1e9:  # lanes can't decide this
        return doubled(x), x_dot
    return doubled(x), 2.0 * x_dot


def test_where_lanes_would_decide_there_is_one_at_a_time() -> None:
    function = jitad.jacfwd(lambda x: doubled(x) * x)
    np.testing.assert_array_equal(function(X), np.diag(4.0 * X))
    assert jitad.explain(function, X).why == "asked for; 1 column at a time"


@pytest.mark.parametrize(("missing", "mode"), [("forward", "reverse"), ("reverse", "forward")])
def test_a_mode_without_a_rule_is_not_chosen(missing: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise jitad.MissingRuleError(f"no {missing} rule")

    monkeypatch.setattr(jacobian_program, f"{missing}_jacobian", refuse)
    function = jitad.jacobian(outputs)
    for inputs, results in ((1, 12), (12, 1)):
        expected = np.eye(inputs)[np.arange(results) % inputs]
        np.testing.assert_array_equal(function(np.ones(inputs), results), expected)
    n = 1 if missing == "forward" else 12
    explanation = jitad.explain(function, np.ones(n), 13 - n)
    assert explanation.mode == mode
    assert f", no {missing} rule;" in explanation.why
    asked_for = jitad.jacfwd if missing == "forward" else jitad.jacrev
    with pytest.raises(jitad.MissingRuleError, match=f"no {missing} rule"):
        asked_for(outputs)(np.ones(2), 2)


def test_without_lanes_one_column_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise lanes.NotLaneable("a test")

    monkeypatch.setattr(lanes, "lanes", refuse)
    for mode, unit in ((jitad.jacfwd, "column"), (jitad.jacrev, "row"), (jitad.jacobian, "column")):
        function = mode(lambda x: x * x)
        np.testing.assert_array_equal(function(X), np.diag(2.0 * X))
        assert jitad.explain(function, X).why.endswith(f"; 1 {unit} at a time")


def test_many_numbers() -> None:
    def product(p):
        total = 1.0
        for each in p:
            total *= each
        return total, p[0] + p[3]

    values = tuple(RNG.uniform(0.5, 2.0, 20))
    whole = float(np.prod(values))
    for mode in MODES:
        by_product, by_sum = mode(product)(values)
        assert by_product == pytest.approx(tuple(whole / value for value in values), rel=1e-13)
        assert by_sum == tuple(1.0 if at in (0, 3) else 0.0 for at in range(20))
    second = jitad.hessian(lambda p: product(p)[0])(values)
    assert second[4][11] == pytest.approx(whole / values[4] / values[11], rel=1e-13)
    assert second[7][7] == pytest.approx(0.0, abs=1e-12)


def test_numbers_of_both_precisions() -> None:
    def mixed_numbers(a, b, c):
        return a * c, b * np.float32(2.0), (a * np.ones(2), b * np.ones((1, 2), np.float32))

    for mode in MODES:
        first, second, (third, fourth) = mode(mixed_numbers, argnums=(0, 1, 2))(2.0, np.float32(3.0), 5.0)
        assert first == (5.0, 0.0, 2.0) and all(type(number) is float for number in first)
        assert second == (0.0, 2.0, 0.0) and all(type(number) is np.float32 for number in second)
        assert [block.dtype for block in (*third, *fourth)] == [np.float64] * 3 + [np.float32] * 3
        np.testing.assert_array_equal(third, [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
        np.testing.assert_array_equal(fourth[1], [[1.0, 1.0]])

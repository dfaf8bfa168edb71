"""Calls of gradients in programs: their derivatives, and what they do to the tape when they are written out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.building.compile import build
from jitad.emission.emit import emit
from jitad.primitives.spec import ProgramPrimitive
from jitad.program.builder import const_int
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Alloc, Call, Program, Release, Var
from jitad.program.types import INT64, Array
from jitad.transforms.adjoint import adjoint
from jitad.transforms.expand import expand
from jitad.transforms.give_back import give_back
from jitad.transforms.nodes import GradientNode
from jitad.transforms.scope import releases
from jitad.transforms.tangent import tangent
from tests.second_order import gradient_times_direction
from tests.transforms.kernels import overwritten, program_of

X = np.array([0.4, -0.7, 1.1])
V = np.array([1.0, 0.5, -0.25])


def nodes(program: Program) -> list[GradientNode]:
    """The gradients that a program calls."""
    calls = [s for s in walk(program.body) if isinstance(s, Call)]
    return [call.primitive for call in calls if isinstance(call.primitive, GradientNode)]


def norm_of_gradient(x):
    g = jitad.grad(overwritten)(x)
    return np.sum(g * g)


def gradient_at_a_constant(x):
    return x * jitad.grad(lambda y: math.sin(x * y))(1.0)


def gradients_in_a_loop(x, n):
    total = 0.0
    for i in range(n):
        total += jitad.grad(overwritten)(x * i)[0]
    return total


def value_of_value_and_gradient(x):
    return jitad.value_and_grad(overwritten)(x)[0]


def records_below_an_array(x, n):
    def loss(y):
        p, q = y[0], y[1]
        if p < 0.3:
            q = math.tanh(q)
        else:
            p = math.sin(p)
            q = math.cos(p)
        v = np.zeros(3)
        return np.sum(v * y) + p * q * y[2]

    total = x[0]
    for i in range(n):
        total = total * math.sin(total + x[i])
        total += jitad.grad(loss)(x * total)[1]
        x[i] = total * x[i]
    return total


def test_a_tangent_of_a_gradient_is_one_call() -> None:
    made = tangent(program_of(norm_of_gradient, X), (0,)).program
    (node,) = nodes(made)
    assert len(node.wrt) == 2  # by the direction, which gives the gradient, and by x, which gives its tangent
    assert node.program.name.endswith("_tangent")


def test_an_adjoint_of_a_gradient_calls_the_gradient_of_the_tangent() -> None:
    made = adjoint(program_of(norm_of_gradient, X), (0,)).program
    forward, pulled = nodes(made)
    assert forward.wrt == (0,)
    assert pulled.program.name == f"{forward.program.name}_tangent"


def test_a_gradient_where_what_it_goes_by_stands_still() -> None:
    program = program_of(gradient_at_a_constant, 0.7)
    made = tangent(program, (0,)).program
    assert len(nodes(made)) == 2
    value, dot = evaluate(expand(made), [0.7, 1.0])
    assert value == pytest.approx(0.7**2 * math.cos(0.7), rel=1e-15)
    assert dot == pytest.approx(2 * 0.7 * math.cos(0.7) - 0.49 * math.sin(0.7), rel=1e-15)


def test_a_value_alone_needs_no_reverse_sweep() -> None:
    made = expand(tangent(program_of(value_of_value_and_gradient, X), (0,)).program)
    *_, dot = evaluate(made, [X, V])
    gradient = np.zeros(3)
    evaluate(adjoint(program_of(overwritten, X), (0,)).program, [X, gradient])
    assert dot == pytest.approx(np.sum(gradient * V), rel=1e-14)


@pytest.mark.parametrize("layout", ["C", "F", "A"])
def test_arguments_and_gradients_in_any_layout(layout: str) -> None:
    def loss(a):
        a[0, 1] = a[0, 0] * a[1, 2]
        return np.sum(np.sin(a) * a)

    base = np.linspace(-1.0, 1.5, 24).reshape(4, 6)
    a = {"C": base[:2, :3].copy(), "F": np.asfortranarray(base[:2, :3]), "A": base[::2, ::-2]}[layout]
    program = program_of(loss, a)
    assert program.params[0].type == Array("float64", 2, layout)
    dot = expand(gradient_times_direction(program, (0,)))
    check(dot)
    v = np.array(np.cos(a), order="F" if layout == "F" else "C")
    (actual,) = evaluate(dot, [a, v])
    *_, expected = evaluate(tangent(program, (0,)).program, [a, v])
    assert actual == pytest.approx(expected, rel=1e-14)


def test_nothing_is_left_to_expand() -> None:
    made = expand(adjoint(program_of(norm_of_gradient, X), (0,)).program)
    assert not any(isinstance(s, Call) and isinstance(s.primitive, ProgramPrimitive) for s in walk(made.body))
    plain = program_of(overwritten, X)
    assert expand(plain) is plain


def run_with_tape(program: Program, args: list[Any], length: int) -> list[Any]:
    emitted = emit(program)
    status, *results = build(emitted, compiled=False)(*args, *(np.empty(length, dtype) for dtype in emitted.tapes))
    assert status == 0, f"a tape of {length} elements is too short"
    return results


@pytest.mark.parametrize("count", [1, 50])
def test_the_tape_does_not_grow_with_the_number_of_gradients(count: int) -> None:
    program = expand(give_back(program_of(gradients_in_a_loop, X, 2)))
    (total,) = run_with_tape(program, [X, count], 24)
    single = program_of(overwritten, X)
    expected = 0.0
    for i in range(count):
        gradient = np.zeros(3)
        evaluate(adjoint(single, (0,)).program, [X * i, gradient])
        expected += gradient[0]
    assert total == pytest.approx(expected, rel=1e-13)


def test_a_gradient_leaves_the_tape_as_it_was() -> None:
    program = program_of(records_below_an_array, X, 3)
    gradient = np.zeros(3)
    evaluate(expand(adjoint(program, (0,)).program), [X, 3, gradient])  # which checks that what is popped was pushed
    emitted = np.zeros(3)
    run_with_tape(expand(adjoint(program, (0,)).program), [X, 3, emitted], 1000)
    np.testing.assert_allclose(emitted, gradient, rtol=1e-14)
    *_, dot = evaluate(expand(tangent(program, (0,)).program), [X, 3, V])
    assert dot == pytest.approx(np.sum(gradient * V), rel=1e-13)


def alloc(dtype: str) -> Alloc:
    return Alloc(Var("a", Array(dtype, 1, "C")), Var("at", INT64), (const_int(2),), None)


def test_only_what_is_still_held_is_released() -> None:
    first, second, third, integers = alloc("float64"), alloc("float64"), alloc("float64"), alloc("int64")
    found = releases([first, second, Release("float64", second.offset), third, integers])
    assert [(r.dtype, r.offset) for r in found] == [("float64", first.offset), ("int64", integers.offset)]
    assert releases([first, second, Release("float64", first.offset)]) == []
    below = Var("below", INT64)
    assert releases([first, Release("float64", below)]) == []
    (release,) = releases([first, Release("float64", first.offset), second])
    assert release.offset is second.offset


def test_a_program_with_an_array_for_its_result_has_no_gradient() -> None:
    program = program_of(lambda x: x * 2.0, X)
    with pytest.raises(AssertionError):
        GradientNode(name="wrong", program=program, wrt=(0,), dependents=(0,))

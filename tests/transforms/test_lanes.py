"""Programs with lanes compute in every lane what they compute without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jitad
from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.checker import CheckError, check
from jitad.program.evaluator import evaluate
from jitad.program.printer import show
from jitad.program.queries import walk
from jitad.program.rewrite import inline
from jitad.program.statements import (
    Alloc,
    Block,
    Compute,
    Load,
    Loop,
    Program,
    Push,
    Statement,
    Store,
    Var,
    counted_loop,
)
from jitad.program.types import FLOAT64, INT64, Array, Scalar
from jitad.transforms.lanes import NotLaneable, laned_type, lanes
from tests.corpus import CASES, Case, cases
from tests.transforms import kernels
from tests.transforms.in_lanes import WIDTH, Linear, adjoint_of, hessian_of, read_case, tangent_of, with_lanes
from tests.transforms.kernels import program_of


@pytest.mark.parametrize("case", cases(), ids=str)
def test_the_tangent_in_lanes(case: Case) -> None:
    made = tangent_of(*read_case(case))
    made.check_evaluated()
    made.check_emitted(compiled=False)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_the_adjoint_in_lanes(case: Case) -> None:
    made = adjoint_of(*read_case(case))
    made.check_evaluated()
    made.check_emitted(compiled=False)


@pytest.mark.parametrize("case", cases(without=("vjp",)), ids=str)
def test_the_adjoint_of_the_tangent_in_lanes(case: Case) -> None:
    made = hessian_of(*read_case(case))
    made.check_evaluated()
    made.check_emitted(compiled=False)


VECTOR = np.linspace(0.5, 1.5, 6)

COMPILED = (
    "branch_in_a_loop_in_a_branch",
    "fortran_order",
    "lorenz",
    "matrix_times_matrix",
    "n_body_energy",
    "newton_square_root",
    "rebound_to_fresh_arrays",
    "single_precision",
    "slices_updated",
    "stencil_scaled_in_the_same_iteration",
    "turned_around_in_a_loop",
    "while_counts_on_the_data",
)


@pytest.mark.parametrize("make", [tangent_of, adjoint_of, hessian_of])
@pytest.mark.parametrize("name", COMPILED)
def test_compiled_lanes(name: str, make: Callable[..., Linear]) -> None:
    cases()
    make(*read_case(CASES[name])).check_emitted(compiled=True)


# The primal's own values in lanes


def affine(x, y, k, n):
    z = x - y
    for i in range(n):
        z = k * z + (+x if i % 2 == 0 else -y) / 3.0
    return z, k * 2.0, x


def test_numbers() -> None:
    made = with_lanes(affine, [1.0, 2.0, 3.0, 5], (0, 1), compiled=True)
    assert [str(param.type) for param in made.params] == ["float64[:]", "float64[:]", "float64", "int64"]
    assert [str(result.type) for result in made.results] == ["float64[:]", "float64", "float64[:]"]
    assert "float64x3" in show(made)


def test_the_lanes_of_numbers_are_stored_side_by_side() -> None:
    program = program_of(lambda x, y: (x * y, np.float32(2.0) * y, x, x), 1.0, np.float32(3.0))
    made = lanes(program, (0, 1), 4)
    assert [str(result.type) for result in made.results] == ["float64[:]", "float32[:]", "float64[:]", "float64[:]"]
    assert [s.out.type.dtype for s in walk(made.body) if isinstance(s, Alloc)] == ["float64", "float32"]
    x, y = np.arange(4.0), np.arange(1.0, 5.0, dtype=np.float32)
    for found, expected in zip(evaluate(made, [x, y]), (x * y, 2.0 * y, x, x), strict=True):
        np.testing.assert_array_equal(found, expected)


def narrowed(x, y):
    z = np.float32(x) + y
    return np.float64(z) * x


def test_precisions() -> None:
    with_lanes(narrowed, [1.5, np.float32(0.3)], (0, 1), compiled=True)
    with_lanes(narrowed, [1.5, np.float32(0.3)], (1,), compiled=True)


def stopped(x, y):
    return jitad.stop_gradient(x) + y


def test_a_value_with_a_derivative_that_is_declared_zero_keeps_its_lanes_or_is_refused() -> None:
    with pytest.raises(NotLaneable, match="stop_gradient"):
        lanes(program_of(stopped, 1.0, 2.0), (0,), WIDTH)


def sine(x):
    return np.sin(x)


def decides(x):
    return 1.0 if x > 0 else x


def places(x, a):
    return a[int(x)]


def order(a):
    return a[np.argsort(a)]


@pytest.mark.parametrize(
    ("function", "args", "reason"),
    [
        (sine, [1.0], "sin"),
        (decides, [1.0], "gt"),
        (places, [1.0, VECTOR], "to_int64"),
        (order, [VECTOR], "stop_gradient"),
    ],
)
def test_lanes_decide_no_control_flow_and_no_index(function: Any, args: list[Any], reason: str) -> None:
    with pytest.raises(NotLaneable, match=reason) as caught:
        lanes(program_of(function, *args), (0,), WIDTH)
    assert caught.value.reason == str(caught.value)


def test_what_the_tape_holds_has_lanes() -> None:
    made = hessian_of(program_of(kernels.lorenz, 1.0, 1.1, 1.2, 7), [1.0, 1.1, 1.2, 7], [0, 1, 2])
    made.check_evaluated()
    made.check_emitted(compiled=False)
    pushed = [value.type for s in walk(made.laned_program().body) if isinstance(s, Push) for value in s.values]
    assert Scalar("float64", WIDTH) in pushed
    assert FLOAT64 in pushed


def test_loops_keep_their_rows() -> None:
    cases()
    made = hessian_of(*read_case(CASES["update_needs_the_old_value"]))
    before = [s.rows for s in walk(made.program.body) if isinstance(s, Loop)]
    after = [s.rows for s in walk(made.laned_program().body) if isinstance(s, Loop)]
    assert any(before)
    assert before == after


@pytest.mark.parametrize("kernel", [kernels.nonlinear_stencil, kernels.linear_stencil_in_place])
def test_strided_and_empty_arrays(kernel: Any) -> None:
    for array in (np.linspace(0.5, 1.5, 12)[::2], np.zeros(0), np.ones(1)):
        leaves = [array, 3]
        for make in (tangent_of, adjoint_of):
            made = make(program_of(kernel, *leaves), leaves, [0])
            made.check_evaluated()
            made.check_emitted(compiled=False)


def test_a_copy_of_a_program_with_lanes_computes_the_same() -> None:
    made = tangent_of(program_of(kernels.overwritten, VECTOR), [VECTOR], [0])
    program = made.laned_program()
    params = [Var(param.name, param.type) for param in program.params]
    builder = Builder()
    results = inline(program, dict(zip(program.params, params, strict=True)), builder)
    copied = Program("copied", params, builder.block, results)
    check(copied)
    args = [VECTOR, *made.laned_arguments()]
    for actual, expected in zip(evaluate(copied, args), evaluate(program, args), strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_types_of_parameters() -> None:
    assert str(laned_type(FLOAT64, 4)) == "float64[:]"
    assert str(laned_type(Array("float32", 2), 4)) == "float32[:,:,:]"
    assert str(laned_type(Array("float32", 2, "F"), 4)) == "float32[:,:,:]A"


def checked(statements: list[Statement], *results: Any) -> None:
    check(Program("p", [ARRAY, NUMBER], Block(statements), list(results)))


ARRAY, NUMBER = Var("a", Array("float64", 2)), Var("x", FLOAT64)


def test_the_checker_knows_lanes() -> None:
    vector, other = Var("v", Scalar("float64", 4)), Var("w", Scalar("float64", 2))
    zero = const_int(0)
    loaded = [Load(vector, ARRAY, (zero,)), Load(other, ARRAY, (zero,))]
    checked([*loaded, Store(ARRAY, (zero,), vector)])
    with pytest.raises(CheckError, match="indexed with 2 indices"):
        checked([Load(vector, ARRAY, (zero, zero))])
    with pytest.raises(CheckError, match="different lanes"):
        checked([*loaded, Compute(Var("sum", vector.type), core.add, (vector, other))])
    with pytest.raises(CheckError, match="different lanes"):
        checked([*loaded, Compute(Var("sum", FLOAT64), core.neg, (vector,))])
    with pytest.raises(CheckError, match="has lanes"):
        checked(loaded, vector)
    index = Var("i", INT64)
    loop = counted_loop(index, (zero, zero, const_int(1)), Block())
    loop.params, loop.inits = [Var("p", FLOAT64)], [NUMBER]
    loop.yields, loop.results = [vector], [Var("r", FLOAT64)]
    with pytest.raises(CheckError, match="different types"):
        checked([*loaded, loop])

"""Jacobian programs of every kernel of the corpus: both modes agree with products, and with each other."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from jitad.building.compile import build
from jitad.emission.emit import emit
from jitad.program.builder import Builder, const_int
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Alloc, Compute, Program, Var
from jitad.program.types import Array
from jitad.testing import Uncompiled
from jitad.transforms.accumulated import accumulated_jacobian
from jitad.transforms.elements import NotAccumulable
from jitad.transforms.expand import expand
from jitad.transforms.jacobian import count_program, forward_jacobian, hessian_program, reverse_jacobian
from jitad.transforms.lanes import NotLaneable
from jitad.transforms.tangent import tangent
from jitad.transforms.units import only_read
from tests.corpus import Case, cases

FEWER = cases(compiled=True)
"""The kernels that are tried without lanes, too."""

STEP = 2.0**-16


def ran(program: Program, args: list[Any], precision: str | None = None) -> list[Any]:
    """The results of a program that may hold calls of programs."""
    return evaluate(expand(program), args, precision=precision)


def blocks_of(program: Program, run: Uncompiled, count: int) -> list[Any]:
    """The last ``count`` results of a checked program, which leaves its arguments as they were."""
    check(program)
    leaves = run.fresh_leaves()
    before = copy.deepcopy(leaves)
    results = ran(program, leaves)
    for old, new in zip(before, leaves, strict=True):
        np.testing.assert_array_equal(old, new)
    return results[len(results) - count :]


def floating(program: Program) -> list[int]:
    return [at for at, result in enumerate(program.results) if result.type.is_float]


def blocks_at_once(run: Uncompiled, wrt: list[int], of: list[int]) -> list[Any]:
    """The blocks from a program without a loop over columns; none where there is no such program."""
    try:
        program = accumulated_jacobian(run.program, wrt, of)
    except NotAccumulable:
        return []
    results = ran(program, run.fresh_leaves())
    for value, expected in zip(results, ran(run.program, run.fresh_leaves()), strict=False):
        np.testing.assert_allclose(value, expected, rtol=1e-14)
    return blocks_of(program, run, len(wrt) * len(of))


def loads_of_elements(x, y):
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            total += x[i, j] * y * (x[j, i] if i < j else 1.0)
    return total, x[0, 1] * y


def other_shapes(x, y):
    flat = x.ravel()
    return flat[0] * y + flat[4], y


@pytest.mark.parametrize(("kernel", "is_computed"), [(loads_of_elements, True), (other_shapes, False)])
def test_unit_vectors_need_no_memory_where_elements_are_read(kernel: Any, is_computed: bool) -> None:
    x, y = np.array([[0.5, -1.0, 2.0], [3.0, 0.25, 1.5], [0.1, 0.2, 0.3]]), 1.5
    run = Uncompiled(kernel, (x, y))
    program = forward_jacobian(run.program, [0, 1], 4)
    shapes = [s.shape for s in walk(program.body) if isinstance(s, Alloc) and "dot" in s.out.name]
    assert any(len(shape) == 3 for shape in shapes) is not is_computed
    found, expected = (blocks_of(forward_jacobian(run.program, [0, 1], width), run, 4) for width in (4, 1))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_single_lanes_are_read_from_memory() -> None:
    x = Var("x", Array("float64", 2, "C"))
    for index, lanes, expected in (((0,), 4, {x}), ((0, 1), 0, set())):
        builder = Builder()
        read = builder.load(x, [const_int(at) for at in index], lanes)
        assert only_read(Program("reads", [x], builder.block, [read]), [x]) == expected


@pytest.mark.parametrize(("case", "width"), [*((case, 3) for case in cases()), *((case, 1) for case in FEWER)], ids=str)
def test_columns_and_rows_agree_with_a_direction(case: Case, width: int) -> None:
    run = Uncompiled(case.function, case.make_args())
    wrt = run.leaf_positions(case.argnums)
    of = floating(run.program)
    count = len(wrt) * len(of)
    columns = blocks_of(forward_jacobian(run.program, wrt, width), run, count)
    rows = blocks_of(reverse_jacobian(run.program, wrt, width, values=False), run, count)
    tolerance = 1e-4 if "float32" in case.tags else 1e-10
    for found, column in zip(blocks_at_once(run, wrt, of) if width > 1 else (), columns, strict=False):
        np.testing.assert_allclose(found, column, rtol=tolerance, atol=tolerance)
    random = np.random.default_rng(1)
    directions = []
    for leaf in (run.leaves[at] for at in wrt):
        drawn = np.asarray(random.uniform(-1.0, 1.0, np.shape(leaf)), np.asarray(leaf).dtype)
        directions.append(np.asfortranarray(drawn) if np.ndim(leaf) > 1 and leaf.flags.f_contiguous else drawn)
    results = ran(tangent(run.program, wrt).program, [*run.fresh_leaves(), *directions])
    for place, tangent_ in enumerate(results[len(run.program.results) :]):
        total = np.zeros(np.shape(tangent_))
        for at, direction in enumerate(directions):
            block, row = columns[place * len(wrt) + at], rows[place * len(wrt) + at]
            assert np.shape(block) == np.shape(tangent_) + np.shape(direction)
            np.testing.assert_allclose(row, block, rtol=tolerance, atol=tolerance)
            total += np.tensordot(np.asarray(block, float), np.asarray(direction, float), np.ndim(direction))
        np.testing.assert_allclose(tangent_, total, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("case", "width"),
    [*((case, 4) for case in cases(without=("vjp",))), *((case, 1) for case in FEWER if "vjp" not in case.tags)],
    ids=str,
)
def test_hessians_are_jacobians_of_gradients(case: Case, width: int) -> None:
    run = Uncompiled(case.function, case.make_args())
    wrt = run.leaf_positions(case.argnums)
    blocks = blocks_of(hessian_in_lanes(run.program, wrt, width), run, len(wrt) ** 2)
    random = np.random.default_rng(2)
    directions = [random.choice([-1.0, -0.5, 0.5, 1.0], np.shape(run.leaves[at])) for at in wrt]
    ahead, behind = (gradients(run, wrt, directions, step) for step in (STEP, -STEP))
    tolerance = 1e-3 if "float32" in case.tags else 1e-6
    for i, (more, less) in enumerate(zip(ahead, behind, strict=True)):
        found = np.zeros(np.shape(more))
        for j, direction in enumerate(directions):
            block = np.asarray(blocks[i * len(wrt) + j], float)
            found += np.tensordot(block, direction, np.ndim(direction))
        expected = np.asarray((more - less) / (2 * STEP), float)
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def hessian_in_lanes(program: Program, wrt: list[int], width: int) -> Program:
    """The program of a Hessian, with one lane where its calls stay calls."""
    try:
        return hessian_program(program, wrt, width, values=False)
    except NotLaneable:
        return hessian_program(program, wrt, 1, values=False)


def gradients(run: Uncompiled, wrt: list[int], directions: list[Any], step: float) -> list[Any]:
    """The gradients by ``wrt`` a step along the directions, in extended precision."""
    leaves = [np.array(leaf, order="K") for leaf in run.fresh_leaves()]
    for at, direction in zip(wrt, directions, strict=True):
        leaves[at] = np.array(leaves[at], np.longdouble, order="K") + step * direction
    params = [run.program.params[at] for at in wrt]
    arrays = {
        at: np.zeros(leaves[at].shape, np.longdouble, "F" if leaves[at].flags.fnc else "C")
        for at, param in zip(wrt, params, strict=True)
        if isinstance(param.type, Array)
    }
    given = [
        leaf if isinstance(param.type, Array) else leaf[()]
        for leaf, param in zip(leaves, run.program.params, strict=True)
    ]
    results = ran(run.adjoint(wrt).program, [*given, *arrays.values()], precision="longdouble")
    numbers = iter(results[len(run.program.results) :])
    return [arrays[at] if at in arrays else next(numbers) for at in wrt]


@pytest.mark.parametrize("case", [case for case in cases() if "vjp" in case.tags], ids=str)
def test_outputs_are_counted(case: Case) -> None:
    run = Uncompiled(case.function, case.make_args())
    of = floating(run.program)
    counted = ran(count_program(run.program, of), run.fresh_leaves())
    results = ran(run.program, run.fresh_leaves())
    assert counted == [sum(np.size(results[at]) for at in of)]


def test_a_run_recomputes_no_values_that_it_does_not_need() -> None:
    def rotated(x):
        y = np.empty(x.shape[0])
        for i in range(x.shape[0]):
            y[i] = np.sin(x[i]) + x[0]
        return y

    run = Uncompiled(rotated, (np.ones(3),))
    for make in (forward_jacobian, reverse_jacobian):
        program = make(run.program, [0], values=False)
        used = [s.primitive.name for s in walk(program.body) if isinstance(s, Compute)]
        assert used.count("cos") == 1
        assert not {"sin", "math_sin"} & set(used)


def test_the_tape_does_not_grow_with_the_number_of_runs() -> None:
    def powers(x, results):
        y = np.ones(50)
        for _ in range(2):
            z = np.sin(y * x[0])
            y = z * y
        return np.sum(y) * np.ones(results)

    for make in (forward_jacobian, reverse_jacobian):
        peaks = []
        for n in (1, 6):
            run = Uncompiled(powers, (np.ones(n), n))
            emitted = emit(make(run.program, [0], values=False), measured=True)
            results = build(emitted, compiled=False)(*run.leaves, *(np.empty(10_000, t) for t in emitted.tapes))
            peaks.append(sum(results[-len(emitted.tapes) :]))
        assert 0 < peaks[1] - peaks[0] < 100  # a run takes more than this

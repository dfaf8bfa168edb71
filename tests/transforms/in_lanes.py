"""Run a program lane by lane and with all lanes at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jitad.api.structure import describe, flatten
from jitad.building.compile import build
from jitad.emission.emit import emit
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.queries import walk
from jitad.program.statements import Call, Program, Var
from jitad.program.types import Array
from jitad.reading.kernel import read_kernel
from jitad.transforms.adjoint import adjoint
from jitad.transforms.expand import expand
from jitad.transforms.lanes import lanes
from jitad.transforms.tangent import tangent
from tests.corpus import Case
from tests.transforms.kernels import program_of

WIDTH = 3


def read_case(case: Case) -> tuple[Program, list[Any], list[int]]:
    """A kernel's program, the values of its parameters, and the positions of those that are differentiated by."""
    args = case.make_args()
    kernel = read_kernel(case.function, [describe(arg, f"argument {i}") for i, arg in enumerate(args)])
    leaves: list[Any] = []
    wrt = []
    for at, arg in enumerate(args):
        first = len(leaves)
        flatten(arg, leaves)
        if at in case.argnums:
            wrt += [i for i in range(first, len(leaves)) if kernel.program.params[i].type.is_float]
    leaves += [capture.getter() for capture in kernel.captures]
    return kernel.program, leaves, wrt


def run_emitted(program: Program, args: list[Any], *, compiled: bool) -> list[Any]:
    """The results of a program's emitted source."""
    emitted = emit(program)
    run = build(emitted, compiled=compiled)
    tapes = [np.empty(1 << 16, dtype) for dtype in emitted.tapes]
    status, *flat = run(*args, *tapes)
    assert status == 0
    results = []
    for kind in emitted.results:
        if kind is None:
            results.append(flat.pop(0))
            continue
        dtype, ndim = kind
        offset, *shape = (flat.pop(0) for _ in range(ndim + 1))
        size = int(np.prod(shape, dtype=int))
        results.append(tapes[emitted.tapes.index(dtype)][offset : offset + size].reshape(shape).copy())
    return results


def fresh(leaves: list[Any]) -> list[Any]:
    return [leaf.copy(order="K") if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]


class Linear:
    """A program, made to be linear in the parameters from ``first`` on, with values for these in ``WIDTH`` lanes."""

    def __init__(self, program: Program, leaves: list[Any], values: list[list[Any]]) -> None:
        self.program = expand(program)
        self.leaves = leaves
        self.values = values  # of each lane

    def laned_arguments(self) -> list[Any]:
        """The values with lanes along a trailing axis, as the program with lanes takes them."""
        params = self.program.params[len(self.leaves) :]
        return [stacked(param, parts) for param, parts in zip(params, zip(*self.values, strict=True), strict=True)]

    def one_by_one(self) -> list[list[Any]]:
        """The results and then the arrays that may have been written, of each lane."""
        found = []
        for values in self.values:
            given = fresh(values)
            found.append([*evaluate(self.program, [*fresh(self.leaves), *given]), *_arrays(given)])
        return found

    def assert_same(self, actual: list[Any], given: list[Any], *, exact: bool) -> None:
        laned = self.laned_program()
        params = self.program.params[len(self.leaves) :]
        given = [v for v, p in zip(given, params, strict=True) if isinstance(p.type, Array)]
        expected = self.one_by_one()
        ndims = [np.ndim(value) for value in expected[0]]
        assert len(actual) == len(laned.results)
        for at, (value, ndim) in enumerate(zip([*actual, *given], ndims, strict=True)):
            for lane, results in enumerate(expected):
                part = value[..., lane] if np.ndim(value) > ndim else value
                if exact:
                    np.testing.assert_array_equal(part, results[at])
                else:
                    tolerance = 1e-5 if np.asarray(value).dtype == np.float32 else 1e-12
                    np.testing.assert_allclose(part, results[at], rtol=tolerance, atol=tolerance)

    def laned_program(self) -> Program:
        made = lanes(self.program, range(len(self.leaves), len(self.program.params)), WIDTH)
        check(made)
        return made

    def check_evaluated(self) -> None:
        given = self.laned_arguments()
        exact = not any(isinstance(statement, Call) for statement in walk(self.program.body))
        self.assert_same(evaluate(self.laned_program(), [*fresh(self.leaves), *given]), given, exact=exact)

    def check_emitted(self, *, compiled: bool) -> None:
        given = self.laned_arguments()
        actual = run_emitted(self.laned_program(), [*fresh(self.leaves), *given], compiled=compiled)
        self.assert_same(actual, given, exact=False)


def stacked(param: Var, parts: Sequence[Any]) -> np.ndarray:
    """The values of a parameter's lanes along a trailing axis, laid out as ``laned_type`` says."""
    if not isinstance(param.type, Array) or param.type.layout == "C":
        return np.stack(parts, axis=-1)
    axes = [*reversed(range(param.type.ndim)), param.type.ndim]
    return np.stack([part.T for part in parts], axis=-1).transpose(axes)


def _arrays(values: list[Any]) -> list[Any]:
    return [value for value in values if np.ndim(value) > 0 or isinstance(value, np.ndarray)]


def drawn(random: np.random.Generator, param: Var, shape: tuple[int, ...]) -> Any:
    value = random.uniform(-1.0, 1.0, shape).astype(param.type.dtype)
    if not isinstance(param.type, Array):
        return value[()]
    return np.asarray(value, order="F" if param.type.layout == "F" else "C")


def tangent_of(program: Program, leaves: list[Any], wrt: list[int]) -> Linear:
    made = tangent(program, wrt).program
    random = np.random.default_rng(1)
    params = made.params[len(leaves) :]
    values = [[drawn(random, p, np.shape(leaves[at])) for p, at in zip(params, wrt, strict=True)] for _ in range(WIDTH)]
    return Linear(made, leaves, values)


def adjoint_of(program: Program, leaves: list[Any], wrt: list[int]) -> Linear:
    made = adjoint(program, wrt, seeded=True).program
    results = [
        v for r, v in zip(program.results, evaluate(expand(program), fresh(leaves)), strict=True) if r.type.is_float
    ]
    random = np.random.default_rng(2)
    params = made.params[len(leaves) :]
    values = []
    for _ in range(WIDTH):
        seeds = [drawn(random, p, np.shape(r)) for p, r in zip(params, results, strict=False)]
        shapes = [np.shape(leaves[at]) for at in wrt if isinstance(program.params[at].type, Array)]
        sums = [drawn(random, p, shape) for p, shape in zip(params[len(seeds) :], shapes, strict=True)]
        values.append([*seeds, *sums])
    return Linear(made, leaves, values)


def hessian_of(program: Program, leaves: list[Any], wrt: list[int]) -> Linear:
    """The adjoint of the tangent, with lanes in the directions and the gradients."""
    pushed = tangent(program, wrt).program
    made = adjoint(pushed, wrt, dependents=[1]).program
    random = np.random.default_rng(3)
    params = made.params[len(leaves) :]
    arrays = [at for at in wrt if isinstance(program.params[at].type, Array)]
    values = [
        [drawn(random, p, np.shape(leaves[at])) for p, at in zip(params, [*wrt, *arrays], strict=True)]
        for _ in range(WIDTH)
    ]
    return Linear(made, leaves, values)


def with_lanes(function: Any, args: list[Any], moving: Sequence[int], *, compiled: bool = False) -> Program:
    """Check the program of a function with lanes in the arguments at ``moving``; the program with lanes."""
    program = program_of(function, *args)
    random = np.random.default_rng(4)
    values = [
        [drawn(random, program.params[at], np.shape(arg)) if at in moving else arg for at, arg in enumerate(args)]
        for _ in range(WIDTH)
    ]
    made = lanes(program, moving, WIDTH)
    check(made)
    given = [
        stacked(param, [v[at] for v in values]) if at in moving else args[at] for at, param in enumerate(program.params)
    ]
    for actual in (evaluate(made, given), run_emitted(made, given, compiled=compiled)):
        for lane, single in enumerate(values):
            for result, expected in zip(actual, evaluate(program, single), strict=True):
                part = result[..., lane] if np.ndim(result) > np.ndim(expected) else result
                np.testing.assert_allclose(part, expected, rtol=1e-13, atol=1e-13)
    return made

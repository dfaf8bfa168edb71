"""Second and third derivatives of programs, by every order of modes, on the evaluator."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from jitad.program.builder import Builder
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.rewrite import inline
from jitad.program.statements import Call, Const, Operand, Program, Var, array_type
from jitad.program.types import FLOAT64, Array, Scalar
from jitad.testing import Uncompiled
from jitad.testing.differences import Estimate
from jitad.transforms.adjoint import adjoint
from jitad.transforms.expand import expand
from jitad.transforms.localize import for_each
from jitad.transforms.nodes import GradientNode
from jitad.transforms.tangent import tangent
from tests.differences import directional


class SecondOrder:
    """Derivatives of a kernel by the leaves at ``positions``, along fixed vectors ``u`` and ``v``.

    A kernel that doesn't return one number has its results summed with fixed weights first. What follows from the
    same derivative by different transforms has to agree.
    """

    def __init__(self, run: Uncompiled, positions: list[int]) -> None:
        self.run = run
        self.positions = tuple(positions)
        random = np.random.default_rng(3)
        values = evaluate(expand(run.program), run.fresh_leaves())
        weights = [
            random.uniform(0.5, 1.5, np.shape(value)) if result.type.is_float else None
            for result, value in zip(run.program.results, values, strict=True)
        ]
        self.loss, extra = weighted(run.program, weights)
        self.leaves = [*run.fresh_leaves(), *extra]
        self.v, self.u = ([self._drawn(random, at) for at in positions] for _ in range(2))

    def _drawn(self, random: np.random.Generator, at: int) -> Any:
        """A direction of the leaf's dtype, in the layout that a tangent program takes."""
        type_ = self.loss.params[at].type
        drawn = random.uniform(-1.0, 1.0, np.shape(self.leaves[at]))
        drawn = np.array(drawn, type_.dtype, order="F" if _is_fortran(type_) else "C")
        return drawn if isinstance(type_, Array) else drawn[()]

    @cached_property
    def pushed(self) -> Program:
        """The loss, and its derivative along a direction."""
        return tangent(self.loss, self.positions).program

    @cached_property
    def dot(self) -> Program:
        """The product of the gradient, taken by a call, with a direction."""
        return gradient_times_direction(self.loss, self.positions)

    # First derivatives

    def gradient_times_v(self) -> float:
        return float(self._evaluate(self.dot, [self.v])[0])

    def tangent_along_v(self) -> float:
        return float(self._evaluate(self.pushed, [self.v])[1])

    def difference_along_v(self) -> Estimate:
        moves = dict(zip(self.positions, self.v, strict=True))
        return directional(self.loss, self.leaves, [1.0], [moves.get(at) for at in range(len(self.leaves))])

    def gradient_by_adjoint_of_product(self) -> list[Any]:
        """The derivative of the gradient's product with ``v`` by ``v``."""
        count = len(self.loss.params)
        return self._reverse(self.dot, [self.v], 0, range(count, count + len(self.positions)))

    # The Hessian times v

    def adjoint_of_tangent(self) -> list[Any]:
        return self._reverse(self.pushed, [self.v], 1, self.positions)

    def adjoint_of_gradient(self) -> list[Any]:
        return self._reverse(self.dot, [self.v], 0, self.positions)

    # u times the Hessian times v

    def tangent_of_tangent(self) -> float:
        return float(self._evaluate(tangent(self.pushed, self.positions).program, [self.v, self.u])[3])

    def tangent_of_gradient(self) -> float:
        return float(self._evaluate(tangent(self.dot, self.positions).program, [self.v, self.u])[1])

    def difference_of_tangent(self) -> Estimate:
        moves = dict(zip(self.positions, self.u, strict=True))
        args = [*self.leaves, *self.v]
        return directional(self.pushed, args, [None, 1.0], [moves.get(at) for at in range(len(args))])

    # The derivative of that

    def adjoint_of_tangent_of_tangent(self) -> list[Any]:
        return self._reverse(tangent(self.pushed, self.positions).program, [self.v, self.u], 3, self.positions)

    def adjoint_of_tangent_of_gradient(self) -> list[Any]:
        return self._reverse(tangent(self.dot, self.positions).program, [self.v, self.u], 1, self.positions)

    def adjoint_of_gradient_of_gradient(self) -> list[Any]:
        twice = gradient_times_direction(self.dot, self.positions)
        return self._reverse(twice, [self.v, self.u], 0, self.positions)

    # Running

    def _evaluate(self, program: Program, directions: list[list[Any]]) -> list[Any]:
        """The results of a program; its arguments stay as they are."""
        return self._run(program, [*self.leaves, *(d for group in directions for d in group)], [])

    def _reverse(self, program: Program, directions: list[list[Any]], dependent: int, wrt: Any) -> list[Any]:
        """The gradient of one result by the parameters at ``wrt``."""
        args = [*self.leaves, *(d for group in directions for d in group)]
        arrays: dict[int, Any] = {}
        for at in wrt:
            type_ = program.params[at].type
            if isinstance(type_, Array):
                arrays[at] = np.zeros(np.shape(args[at]), type_.dtype, order="F" if _is_fortran(type_) else "C")
        made = adjoint(program, tuple(wrt), dependents=[dependent]).program
        numbers = iter(self._run(made, args, [*arrays.values()])[len(program.results) :])
        return [arrays[at] if at in arrays else next(numbers) for at in wrt]

    def _run(self, program: Program, args: list[Any], gradients: list[Any]) -> list[Any]:
        check(program)
        expanded = expand(program)
        check(expanded)
        before = [np.array(arg) for arg in args]
        results = evaluate(expanded, [*args, *gradients])
        for arg, kept in zip(args, before, strict=True):
            np.testing.assert_array_equal(arg, kept)
        return results


def _is_fortran(type_: Any) -> bool:
    return isinstance(type_, Array) and type_.layout == "F"


def inner_product(a: list[Any], b: list[Any]) -> float:
    """The sum of the products of the entries of two vectors of numbers and arrays."""
    return sum(float(np.sum(np.multiply(x, y, dtype=float))) for x, y in zip(a, b, strict=True))


def largest(*parts: Any) -> float:
    """The largest entry of numbers and arrays, without its sign."""
    return max(float(np.max(np.abs(part), initial=0.0)) for part in parts)


def weighted(program: Program, weights: list[Any]) -> tuple[Program, list[Any]]:
    """The sum of a program's floating-point results times weights, and the arguments that it takes besides.

    A program with one number for its result is left as it is.
    """
    if len(program.results) == 1 and isinstance(program.results[0].type, Scalar) and program.results[0].type.is_float:
        return program, []
    builder = Builder()
    params = [Var(param.name, param.type) for param in program.params]
    results = inline(program, dict(zip(program.params, params, strict=True)), builder)
    sums = builder.alloc("sum", "float64", (), 0)
    extra: dict[Var, Any] = {}
    for result, weight in zip(results, weights, strict=True):
        if weight is None:
            continue
        if isinstance(result.type, Scalar):
            builder.accumulate(sums, (), builder.times(builder.cast(result, FLOAT64), Const(float(weight), FLOAT64)))
            continue
        assert isinstance(result, Var)
        along = Var("weight", Array("float64", array_type(result).ndim, "C"))
        _add_products(builder, sums, result, along)
        extra[along] = weight
    total = builder.load(sums, ())
    loss = Program(f"{program.name}_loss", [*params, *extra], builder.block, [total], program.origin)
    return loss, [*extra.values()]


def gradient_times_direction(program: Program, wrt: tuple[int, ...]) -> Program:
    """The gradient of a program, by a call, times a direction, which has a parameter for each of ``wrt`` at the end."""
    builder = Builder()
    params = [Var(param.name, param.type) for param in program.params]
    args = [_boxed(builder, param) for param in params]
    directions, outs = [], []
    for at in wrt:
        type_, arg = params[at].type, args[at]
        if isinstance(type_, Array):
            type_ = Array(type_.dtype, type_.ndim, "F" if type_.layout == "F" else "C")
        directions.append(Var(f"{params[at].name}_v", type_))
        shape = [builder.dim(arg, axis) for axis in range(array_type(arg).ndim)]
        outs.append(builder.alloc("gradient", type_.dtype, shape))
    (result,) = program.results
    assert isinstance(result.type, Scalar)
    node = GradientNode(name="inner", program=program, wrt=wrt, dependents=(0,))
    builder.add(Call(node, tuple(outs), (*args, Const(1.0, result.type))))
    sums = builder.alloc("sum", "float64", (), 0)
    for out, direction in zip(outs, directions, strict=True):
        _add_products(builder, sums, out, _boxed(builder, direction))
    total = builder.load(sums, ())
    return Program(f"{program.name}_dot", [*params, *directions], builder.block, [total], program.origin)


def _boxed(builder: Builder, param: Var) -> Var:
    """A floating-point number in a 0-d array, as calls of gradients take it; anything else as it is."""
    if not isinstance(param.type, Scalar) or not param.type.is_float:
        return param
    box = builder.alloc(param.name, param.type.dtype, ())
    builder.store(box, (), param)
    return box


def _add_products(builder: Builder, sums: Var, a: Var, b: Var) -> None:
    def element(inner: Builder, index: list[Operand]) -> None:
        product = inner.times(inner.cast(inner.load(a, index), FLOAT64), inner.cast(inner.load(b, index), FLOAT64))
        inner.accumulate(sums, (), product)

    for_each(builder, a, element)

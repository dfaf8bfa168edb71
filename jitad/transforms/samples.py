"""Samples in lanes: a program that does for ``width`` samples at once what it did for one.

Unlike the directions of ``jitad.transforms.lanes``, samples differ in the primal too, so that a comparison of what
depends on them, an index or a number of iterations forbids it.

Postcondition: lane ``k`` of each result is, bit for bit, the result for sample ``k``.
"""

from __future__ import annotations

from collections.abc import Collection

from jitad.analysis.laned import Laned
from jitad.primitives.lanes import lane_by_lane
from jitad.program.builder import Builder
from jitad.program.queries import definitions, walk
from jitad.program.statements import Call, Compute, Loop, Program, Var
from jitad.program.types import Scalar
from jitad.transforms.lanes import Laner, NotLaneable, with_lanes


def samples(program: Program, params: Collection[int], width: int) -> Program:
    """The program for ``width`` samples of the parameters at the positions ``params`` (floating-point ones).

    Types and results are those of ``jitad.transforms.lanes.lanes``.
    Raises ``NotLaneable`` where samples may take different ways through the program, where a loop of elementary
    functions runs in vector registers already, for calls of libraries, and for a program that has lanes.
    """
    inputs = [program.params[at] for at in params]
    assert all(var.type.is_float for var in inputs), inputs
    for statement in walk(program.body):
        if any(isinstance(var.type, Scalar) and var.type.lanes for var in definitions(statement)):
            raise NotLaneable("the program has lanes already")
    return with_lanes(program, _Sampler(Laned(program, inputs, by_value=True), width))


class _Sampler(Laner):
    def __init__(self, laned: Laned, width: int) -> None:
        super().__init__(laned, width, drop_rows=False)
        self._in_free_loop = False

    def other(self, statement: Compute, out: Var, builder: Builder) -> None:
        """A primitive that is computed for one lane after the other."""
        primitive, args = statement.primitive, statement.args
        if self._in_free_loop:
            raise NotLaneable(f"{primitive.name} is called in a loop that runs in vector registers by itself")
        of_lanes = lane_by_lane(primitive, self._width, tuple(arg in self._laned for arg in args))
        builder.add(Compute(out, of_lanes, tuple(map(self, args))))

    def call(self, call: Call, builder: Builder) -> None:
        """A call of a library, if it is the same for all samples."""
        if any(operand in self._laned for operand in (*call.outs, *call.args)):
            raise NotLaneable(f"{call.primitive.name} is a call of a library")
        builder.add(call)

    def loop(self, loop: Loop, builder: Builder) -> None:
        """A loop and what it carries."""
        outside, self._in_free_loop = self._in_free_loop, self._in_free_loop or loop.order_free
        super().loop(loop, builder)
        self._in_free_loop = outside

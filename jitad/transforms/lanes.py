"""Lanes: a program that does for ``width`` values of some parameters at once what it did for one.

Meant for derivative programs, with directions or seeds in lanes: they are linear in these, so that lanes never decide
control flow or an index, and what a sweep computes of the primal alone is shared by all lanes (the vector modes
of Griewank and Walther, *Evaluating Derivatives* (2008), section 3.2).

Postcondition: lane ``k`` of each result is, bit for bit, the result for lane ``k`` of the parameters, except for sums
within a call of a library.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from jitad.analysis.laned import Laned
from jitad.primitives import core, guarded
from jitad.primitives import lanes as lane_primitives
from jitad.primitives.sums import add_to_sum
from jitad.program.builder import Builder, const_int
from jitad.program.queries import operands, walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    AtOffset,
    Block,
    Branch,
    Call,
    Compute,
    Dim,
    Load,
    Loop,
    OffsetOf,
    Operand,
    Pop,
    Program,
    Push,
    Reshape,
    Statement,
    Store,
    Var,
    View,
    ViewAxis,
)
from jitad.program.types import INT64, Array, Scalar, Type
from jitad.transforms.lane_calls import LanedCall, write_call

WIDTH = 16
"""Lanes by default: a direction took 1, 0.50, 0.25, 0.14, 0.09 with 1, 2, 4, 8, 16 (Lorenz, Kuramoto; both dtypes)."""

_ARITHMETIC = {core.add, core.sub, core.mul, core.truediv, core.neg, core.pos}
_CASTS = {core.casts[dtype]: primitive for dtype, primitive in lane_primitives.casts.items()}


class NotLaneable(Exception):
    """Lanes would decide control flow or an index, or go through a function that has no form for lanes.

    ``reason`` says which; callers fall back to one lane at a time.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def laned_type(type_: Type, width: int) -> Array:
    """The type of a parameter or a result that has lanes.

    An array gets a trailing axis of length ``width``; a number becomes a 1-d array. The last axis is contiguous: a
    C-contiguous array stays so, and any other is laid out as before with ``width`` neighbours in place of each element
    (for Fortran order: a C-contiguous array of the reversed shape and ``width``, with its leading axes reversed).
    """
    if isinstance(type_, Scalar):
        return Array(type_.dtype, 1)
    return Array(type_.dtype, type_.ndim + 1, "C" if type_.layout == "C" else "A")


def lanes(program: Program, params: Collection[int], width: int) -> Program:
    """The program for ``width`` values of each of the parameters at the positions ``params`` (floating-point ones).

    Parameters and results that have lanes have the types that ``laned_type`` tells; a result that doesn't depend on
    parameters with lanes keeps its own. Results that are numbers are put on the tape last.
    Raises ``NotLaneable`` where lanes would decide more than values.
    """
    inputs = [program.params[at] for at in params]
    assert width > 0 and all(var.type.is_float for var in inputs), (width, inputs)
    return with_lanes(program, Laner(Laned(program, inputs), width, calls_in_rows(program)))


def with_lanes(program: Program, pass_: Laner) -> Program:
    """The program that a pass makes."""
    builder = Builder()
    bound = [pass_.parameter(param, builder) for param in program.params]
    pass_.block(program.body, builder)
    return Program(program.name, bound, builder.block, pass_.results(program.results, builder), program.origin)


def calls_in_rows(program: Program) -> bool:
    """True when a loop that pushes in rows calls anything: memory for the call's lanes would be in their way."""
    return any(
        isinstance(statement, Loop) and statement.rows and any(isinstance(s, Call) for s in walk(statement.body))
        for statement in walk(program.body)
    )


class Laner:
    """Copies a program with lanes in what is ``laned``; with ``drop_rows`` no loop pushes in rows any more."""

    def __init__(self, laned: Laned, width: int, drop_rows: bool) -> None:
        self._laned = laned
        self._width = width
        self._drop_rows = drop_rows
        self._vars: dict[Var, Var] = {}

    # Names

    def __call__(self, operand: Operand) -> Operand:
        """What stands for an operand."""
        return self._vars.get(operand, operand) if isinstance(operand, Var) else operand

    def _array(self, var: Var) -> Var:
        return self._vars.get(var, var)

    def _bind(self, var: Var) -> Var:
        """The name that stands for one that is bound here: itself, or a new one that has lanes."""
        if var not in self._laned:
            return var
        type_ = var.type
        with_lanes: Type = (
            Scalar(type_.dtype, self._width) if isinstance(type_, Scalar) else laned_type(type_, self._width)
        )
        self._vars[var] = Var(var.name, with_lanes)
        return self._vars[var]

    def _spread(self, operand: Operand, builder: Builder) -> Operand:
        """A number with lanes; one without has the same value in all of them."""
        if operand in self._laned:
            return self(operand)
        splat = lane_primitives.splat(self._width)
        return builder.compute_typed(splat, (operand,), Scalar(operand.type.dtype, self._width))

    # The program's ends

    def parameter(self, param: Var, builder: Builder) -> Var:
        """The parameter that stands for one; a number's lanes are loaded at once."""
        new = self._bind(param)
        if new is param or isinstance(param.type, Array):
            return new
        array = Var(param.name, laned_type(param.type, self._width))
        builder.add(Load(new, array, ()))
        return array

    def results(self, results: Sequence[Operand], builder: Builder) -> list[Operand]:
        """What stands for the results; the lanes of numbers are stored, side by side for each dtype."""
        numbers: dict[str, list[Operand]] = {}
        for result in dict.fromkeys(results):
            if result in self._laned and isinstance(result.type, Scalar):
                numbers.setdefault(result.type.dtype, []).append(result)
        stored: dict[Operand, Operand] = {}
        for dtype, alike in numbers.items():
            memory = builder.alloc("results", dtype, [const_int(len(alike)), const_int(self._width)])
            for place, result in enumerate(alike):
                builder.store(memory, (const_int(place),), self(result))
                axis = ViewAxis(const_int(self._width), 1, const_int(1))
                stored[result] = builder.view(memory, (const_int(place), const_int(0)), [axis], "C")
        return [stored[result] if result in stored else self(result) for result in results]

    # Statements

    def block(self, block: Block, builder: Builder) -> None:
        """Append a block with its lanes to ``builder``."""
        for statement in block:
            with builder.at(statement.origin):
                self._statement(statement, builder)

    def _nested(self, block: Block, builder: Builder) -> Builder:
        inner = builder.nested()
        self.block(block, inner)
        return inner

    def _statement(self, statement: Statement, builder: Builder) -> None:
        match statement:
            case Compute(out=out) if out in self._laned:
                self._compute(statement, builder)
            case Load(out=out, array=array) if array in self._laned:
                builder.add(replace(statement, out=self._bind(out), array=self._array(array)))
            case Store(array=array, value=value) | Accumulate(array=array, value=value) if array in self._laned:
                spread = self._spread(value, builder)
                builder.add(replace(statement, array=self._array(array), value=spread))
            case Dim(array=array):
                builder.add(replace(statement, array=self._array(array)))
            case Alloc() | View() | Reshape() | AtOffset() | OffsetOf():
                builder.add(self._memory(statement))
            case Push(values=values):
                builder.add(Push(tuple(map(self, values))))
            case Pop(outs=outs):
                builder.add(Pop(tuple(map(self._bind, outs))))
            case Call():
                self.call(statement, builder)
            case Loop():
                self.loop(statement, builder)
            case Branch():
                self._branch(statement, builder)
            case _:
                if any(operand in self._laned for operand in operands(statement)):
                    what = statement.primitive.name if isinstance(statement, Compute) else type(statement).__name__
                    raise NotLaneable(f"{what} has no form for lanes, and the derivative is an argument of it")
                builder.add(statement)

    def _compute(self, statement: Compute, builder: Builder) -> None:
        primitive, args = statement.primitive, statement.args
        out = self._bind(statement.out)
        if primitive is add_to_sum:
            primitive = core.add
        if primitive in _ARITHMETIC and all(arg.type.dtype == out.type.dtype for arg in args):
            builder.add(Compute(out, primitive, tuple(map(self, args))))
        elif primitive is core.select:
            condition, *values = args
            spread = (self._spread(value, builder) for value in values)
            builder.add(Compute(out, primitive, (condition, *spread)))
        elif primitive is guarded.times:
            both = tuple(self._spread(arg, builder) for arg in args)
            builder.add(Compute(out, lane_primitives.guarded_times, both))
        elif primitive in _CASTS:
            builder.add(Compute(out, _CASTS[primitive], (self(args[0]),)))
        else:
            self.other(statement, out, builder)

    def other(self, statement: Compute, out: Var, builder: Builder) -> None:
        """A primitive without a form for lanes, of arguments that have lanes."""
        raise NotLaneable(f"{statement.primitive.name} has no form for lanes, and the derivative is an argument of it")

    def _memory(self, statement: Alloc | View | Reshape | AtOffset | OffsetOf) -> Statement:
        """Memory for lanes, or another way to see it: the trailing axis goes along."""
        width, one = const_int(self._width), const_int(1)
        match statement:
            case Alloc(out=out, shape=shape) if out in self._laned:
                return replace(statement, out=self._bind(out), shape=(*shape, width))
            case View(out=out, base=base, starts=starts, axes=axes) if out in self._laned:
                trailing = ViewAxis(width, len(starts), one)
                whole = (*starts, const_int(0)), (*axes, trailing)
                return replace(statement, out=self._bind(out), base=self._array(base), starts=whole[0], axes=whole[1])
            case Reshape(out=out, base=base, shape=shape) if out in self._laned:
                return replace(statement, out=self._bind(out), base=self._array(base), shape=(*shape, width))
            case AtOffset(out=out, shape=shape, again=again, strides=strides) if out in self._laned:
                return replace(
                    statement,
                    out=self._bind(out),
                    shape=(*shape, width),
                    again=self._array(again),
                    strides=(*strides, one) if strides else (),
                )
            case OffsetOf(array=array, strides=strides) if array in self._laned:
                ends = (*strides, Var("stride", INT64)) if strides else ()
                return replace(statement, array=self._array(array), strides=ends)
        return statement

    def call(self, call: Call, builder: Builder) -> None:
        """A call of a library."""
        if not any(operand in self._laned for operand in (*call.outs, *call.args)):
            builder.add(call)
            return
        if not all(out in self._laned for out in call.outs):
            raise NotLaneable(f"{call.primitive.name} has results without lanes, and the derivative is an argument")
        write_call(LanedCall(call, dict(self._vars), self._width), builder)

    # Control flow

    def loop(self, loop: Loop, builder: Builder) -> None:
        """A loop and what it carries."""
        inits = [self._like(param, init, builder) for param, init in zip(loop.params, loop.inits, strict=True)]
        params = [self._bind(param) for param in loop.params]
        head = None if loop.condition_block is None else self._nested(loop.condition_block, builder).block
        body = self._nested(loop.body, builder)
        yields = [self._like(param, new, body) for param, new in zip(loop.params, loop.yields, strict=True)]
        rows = loop.rows and not self._drop_rows
        takes_more = _allocates_more(body.block, loop.body)
        stays_free = rows or not (loop.rows or takes_more)
        builder.add(
            replace(
                loop,
                params=params,
                inits=inits,
                condition_block=head,
                body=body.block,
                yields=yields,
                results=[self._bind(result) for result in loop.results],
                order_free=loop.order_free and stays_free,
                rows=rows,
                apart=loop.apart and not takes_more,
            )
        )

    def _branch(self, branch: Branch, builder: Builder) -> None:
        arms, yields = [], []
        for block, values in ((branch.then, branch.then_yields), (branch.otherwise, branch.otherwise_yields)):
            arm = self._nested(block, builder)
            arms.append(arm.block)
            yields.append([self._like(r, value, arm) for r, value in zip(branch.results, values, strict=True)])
        builder.add(
            replace(
                branch,
                then=arms[0],
                then_yields=yields[0],
                otherwise=arms[1],
                otherwise_yields=yields[1],
                results=[self._bind(result) for result in branch.results],
            )
        )

    def _like(self, target: Var, operand: Operand, builder: Builder) -> Operand:
        """An operand that flows into ``target``: with lanes where that has lanes."""
        is_spread = isinstance(target.type, Scalar) and target in self._laned
        return self._spread(operand, builder) if is_spread else self(operand)


def _allocates_more(new: Block, old: Block) -> bool:
    counts: Sequence[int] = [sum(isinstance(s, Alloc) for s in walk(block)) for block in (new, old)]
    return counts[0] > counts[1]

"""Check a program between passes: names, scopes, types, and the balance of the tape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from jitad.primitives.spec import ProgramPrimitive
from jitad.program.printer import Printer
from jitad.program.queries import definitions, operands, walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    AtOffset,
    Block,
    Branch,
    Call,
    Compute,
    Const,
    Dim,
    Draw,
    Fail,
    Load,
    Loop,
    OffsetOf,
    Operand,
    Pop,
    Program,
    Push,
    Release,
    Reshape,
    Run,
    Statement,
    Store,
    Var,
    View,
    array_type,
)
from jitad.program.types import BOOL, INT64, Array, Scalar

_NEIGHBOURS = 4


class CheckError(AssertionError):
    """A program that breaks the rules of ``statements``; the message shows the place in the program."""


def check(program: Program) -> None:
    """Raise CheckError unless every name is bound once and before it is read, types agree, and what is popped
    was pushed (in number and dtype; that the order matches too is for the evaluator to find)."""
    _Checker(program).run()


class _Checker:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.bound: set[Var] = set()
        self.visible: list[set[Var]] = [set()]
        self.statement: Statement | None = None
        self.siblings: Block = program.body

    def run(self) -> None:
        for operand in (*self.program.params, *self.program.results):
            self.require(_lanes(operand) == 0, f"{_typed(operand)} has lanes, and is a parameter or a result")
        for param in self.program.params:
            self.bind(param)
        self.block(self.program.body)
        self.statement = None
        self.read_all(self.program.results)
        self.balance()

    def fail(self, problem: str) -> NoReturn:
        shown = "\n".join(self.surroundings())
        raise CheckError(f"{self.program.name}: {problem}\n{shown}")

    def surroundings(self) -> list[str]:
        """The statements around the one at fault, which is marked."""
        printer = Printer(marked=self.statement)
        around = self.siblings.statements
        at = around.index(self.statement) if self.statement in around else len(around)
        lines = []
        for statement in around[max(at - _NEIGHBOURS, 0) : at + _NEIGHBOURS + 1]:
            text = printer.statement(statement, "    ")
            lines += text if len(text) <= 2 * _NEIGHBOURS else [*text[:_NEIGHBOURS], "        …"]
        return lines

    def require(self, holds: bool, problem: str) -> None:
        if not holds:
            self.fail(problem)

    # Names

    def bind(self, var: Var) -> None:
        self.require(var not in self.bound, f"{var} is bound twice")
        self.bound.add(var)
        self.visible[-1].add(var)

    def read(self, operand: Operand) -> None:
        if isinstance(operand, Var) and not any(operand in scope for scope in self.visible):
            self.fail(f"{operand} is read {'out of its scope' if operand in self.bound else 'before it is bound'}")

    def read_all(self, operands: Iterable[Operand]) -> None:
        for operand in operands:
            self.read(operand)

    @contextmanager
    def scope(self) -> Iterator[None]:
        self.visible.append(set())
        yield
        self.visible.pop()

    def block(self, block: Block) -> None:
        saved = self.siblings, self.statement
        self.siblings = block
        for statement in block:
            self.statement = statement
            self.read_all(operands(statement))
            self.types(statement)
            for var in definitions(statement):
                self.bind(var)
        self.siblings, self.statement = saved

    # Types

    def same(self, pairs: Sequence[tuple[Operand, Operand]], what: str) -> None:
        for a, b in pairs:
            self.require(a.type == b.type, f"{what}: {_typed(a)} and {_typed(b)} have different types")

    def paired(self, a: Sequence[Operand], b: Sequence[Operand], what: str) -> None:
        self.require(len(a) == len(b), f"{what}: {len(a)} and {len(b)} values")
        self.same(list(zip(a, b, strict=True)), what)

    def scalar(self, operand: Operand, what: str) -> Scalar:
        if not isinstance(operand.type, Scalar):
            self.fail(f"{what} {_typed(operand)} isn't a scalar")
        return operand.type

    def array(self, var: Operand, what: str) -> Array:
        if not isinstance(var, Var) or not isinstance(var.type, Array):
            self.fail(f"{what} {_typed(var)} isn't an array")
        return array_type(var)

    def integers(self, operands: Sequence[Operand], what: str) -> None:
        for operand in operands:
            dtype = self.scalar(operand, what).dtype
            self.require(dtype.startswith(("int", "uint")), f"{what} {_typed(operand)} isn't an integer")

    def index(self, array: Var, index: Sequence[Operand], axes: int) -> Array:
        type_ = self.array(array, "the indexed value")
        self.require(len(index) == type_.ndim - axes, f"{_typed(array)} is indexed with {len(index)} indices")
        self.integers(index, "the index")
        return type_

    def element(self, value: Operand, array: Var, index: Sequence[Operand]) -> None:
        found = self.scalar(value, "the element").dtype
        dtype = self.index(array, index, 1 if _lanes(value) else 0).dtype
        self.require(found == dtype, f"{_typed(value)} is an element of {_typed(array)}, of another dtype")

    def lanes(self, out: Var, args: Sequence[Operand]) -> None:
        """All arguments with lanes have as many as the result; only floating-point numbers have lanes."""
        for operand in (out, *args):
            count = _lanes(operand)
            self.require(count in (0, _lanes(out)), f"{_typed(operand)} and {_typed(out)} have different lanes")
            self.require(not count or operand.type.is_float, f"{_typed(operand)} has lanes")

    def types(self, statement: Statement) -> None:
        match statement:
            case Compute(out=out, primitive=primitive, args=args):
                self.require(len(args) == primitive.arity, f"{primitive} takes {primitive.arity} arguments")
                for operand in (out, *args):
                    self.scalar(operand, "the operand")
                self.lanes(out, args)
            case Draw(out=out, primitive=sampler, args=args):
                for operand, dtype in zip((out, *args), (sampler.result, *sampler.params), strict=True):
                    self.require(operand.type == Scalar(dtype), f"{_typed(operand)} isn't a number of dtype {dtype}")
            case Dim(out=out, array=array, axis=axis):
                self.require(0 <= axis < self.array(array, "the operand").ndim, f"{_typed(array)} has no axis {axis}")
                self.require(out.type == INT64, f"the length {_typed(out)} isn't an int64")
            case Alloc(out=out, offset=offset, shape=shape):
                self.shaped(out, shape)
                self.require(offset.type == INT64, f"the offset {_typed(offset)} isn't an int64")
            case AtOffset(out=out, offset=offset, shape=shape, strides=strides):
                self.shaped(out, shape, contiguous=not strides)
                self.integers((offset, *strides), "the offset")
            case OffsetOf(out=out, array=array, strides=strides):
                self.array(array, "the operand")
                for var in (out, *strides):
                    self.require(var.type == INT64, f"the offset {_typed(var)} isn't an int64")
            case Release(offset=offset):
                self.integers((offset,), "the offset")
            case View():
                self.view(statement)
            case Reshape(out=out, base=base, shape=shape):
                dtype, layout = self.array(base, "the base").dtype, self.array(base, "the base").layout
                self.shaped(out, shape)
                self.require(array_type(out).dtype == dtype, f"{_typed(out)} has another dtype than {_typed(base)}")
                self.require(layout == "C", f"{_typed(base)} is reshaped but isn't C-contiguous")
            case Load(out=value, array=array, index=index) | Store(array=array, index=index, value=value):
                self.element(value, array, index)
            case Accumulate(array=array, index=index, value=value):
                self.element(value, array, index)
            case Call(outs=outs, args=args, primitive=primitive, accumulate=accumulate):
                for out in outs:
                    self.array(out, "the destination")
                self.require(not any(map(_lanes, args)), f"{primitive} is called with lanes")
                adds = isinstance(primitive, ProgramPrimitive) or primitive.accumulating is not None
                self.require(adds or not accumulate, f"{primitive} can't accumulate")
            case Run(outs=outs, program=program, args=args):
                self.paired(outs, program.results, "the results")
                self.paired(args, program.params, "the arguments")
            case Fail(condition=condition):
                self.require(condition.type == BOOL, f"the condition {_typed(condition)} isn't a bool")
            case Push(values=values):
                for value in values:
                    self.scalar(value, "the pushed value")
            case Pop(outs=outs):
                for out in outs:
                    self.scalar(out, "the popped value")
            case Loop():
                self.loop(statement)
            case Branch():
                self.branch(statement)
            case _:
                self.fail(f"no such statement: {type(statement).__name__}")

    def shaped(self, out: Var, shape: Sequence[Operand], *, contiguous: bool = True) -> None:
        type_ = self.array(out, "the result")
        self.require(type_.layout == "C" or not contiguous, f"{_typed(out)} isn't C-contiguous")
        self.require(type_.ndim == len(shape), f"{_typed(out)} gets a shape of {len(shape)} lengths")
        self.integers(shape, "the length")

    def view(self, view: View) -> None:
        base, out = self.array(view.base, "the base"), self.array(view.out, "the view")
        self.require(base.dtype == out.dtype, f"{_typed(view.out)} has another dtype than {_typed(view.base)}")
        self.require(len(view.starts) == base.ndim, f"{_typed(view.base)} gets {len(view.starts)} starts")
        self.require(len(view.axes) == out.ndim, f"{_typed(view.out)} gets {len(view.axes)} axes")
        self.integers(view.starts, "the start")
        for axis in view.axes:
            self.integers((axis.length, axis.step), "the length or step")
            inside = axis.base_axis is None or 0 <= axis.base_axis < base.ndim
            self.require(inside, f"{_typed(view.base)} has no axis {axis.base_axis}")

    def loop(self, loop: Loop) -> None:
        self.paired(loop.params, loop.inits, "what a loop carries and starts from")
        self.paired(loop.params, loop.results, "what a loop carries and results in")
        bounds = [o for o in (loop.start, loop.stop, loop.step) if o is not None]
        self.require(len(bounds) in (0, 3), "a loop has all of start, stop and step, or none")
        self.integers([*bounds, loop.index], "the bound")
        conditional = (loop.condition_block is not None, loop.condition is not None)
        self.require(conditional == (not bounds, not bounds), "a loop is counted or has a condition, not both")
        self.require(loop.count is None or not bounds, "only a conditional loop binds its count")
        drawn = loop.order_free and any(isinstance(statement, Draw) for statement in walk(loop.body))
        self.require(not drawn, "an order-free loop draws random numbers")
        with self.scope():
            for var in (loop.index, *loop.params):
                self.bind(var)
            if loop.condition_block is not None and loop.condition is not None:
                self.block(loop.condition_block)
                self.read(loop.condition)
                self.require(loop.condition.type == BOOL, f"the condition {_typed(loop.condition)} isn't a bool")
            self.block(loop.body)
            self.read_all(loop.yields)
        self.paired(loop.params, loop.yields, "what a loop carries and yields")

    def branch(self, branch: Branch) -> None:
        self.require(branch.condition.type == BOOL, f"the condition {_typed(branch.condition)} isn't a bool")
        for block, yields in ((branch.then, branch.then_yields), (branch.otherwise, branch.otherwise_yields)):
            with self.scope():
                self.block(block)
                self.read_all(yields)
            self.paired(branch.results, yields, "what a branch results in and yields")

    # Tape

    def balance(self) -> None:
        """Each dtype is popped as often as it is pushed, in a program that pops at all."""
        pushed: Counter[str] = Counter()
        popped: Counter[str] = Counter()
        for statement in walk(self.program.body):
            match statement:
                case Push(values=values):
                    pushed.update(str(v.type) for v in values)
                case Pop(outs=outs):
                    popped.update(str(o.type) for o in outs)
        self.siblings = Block([s for s in walk(self.program.body) if isinstance(s, Push | Pop)])
        if popped:
            for dtype in sorted(pushed | popped):
                counts = f"{pushed[dtype]} times and popped {popped[dtype]} times"
                self.require(pushed[dtype] == popped[dtype], f"{dtype} is pushed {counts} in the program's text")


def _lanes(operand: Operand) -> int:
    return operand.type.lanes if isinstance(operand.type, Scalar) else 0


def _typed(operand: Operand) -> str:
    return f"{operand.value!r}: {operand.type}" if isinstance(operand, Const) else repr(operand)

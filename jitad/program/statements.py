"""The statements of a program (the intermediate representation).

Scalars are single-assignment; arrays are memory. Control flow is structured: a loop names the values that
it carries, a branch the values that it yields. Indices are never negative: the reader resolves Python's
negative indices before it emits a statement.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jitad.program.origin import Origin
from jitad.program.types import Array, Scalar, Type

if TYPE_CHECKING:
    from jitad.primitives.spec import ArrayPrimitive, ProgramPrimitive, RandomPrimitive, ScalarPrimitive
    from jitad.program.threads import Threads


_serials = itertools.count()


class Var:
    """A name bound once. ``name`` is a hint for readers; identity is the object's own; ``serial`` tells older ones."""

    __slots__ = ("name", "serial", "type")

    def __init__(self, name: str, type: Type) -> None:
        self.name = name
        self.type = type
        self.serial = next(_serials)

    def __repr__(self) -> str:
        return f"{self.name}: {self.type}"


@dataclass(frozen=True)
class Const:
    """A literal scalar."""

    value: int | float | bool
    type: Scalar

    def __repr__(self) -> str:
        return repr(self.value)


Operand = Var | Const


@dataclass(eq=False, kw_only=True)
class Statement:
    """Base of all statements; ``origin`` is the user's place that it came from."""

    origin: Origin | None = None


@dataclass(eq=False)
class Compute(Statement):
    """``out = primitive(*args)`` on scalars; the arguments have the types that the primitive is typed for."""

    out: Var
    primitive: ScalarPrimitive
    args: tuple[Operand, ...]


@dataclass(eq=False)
class Draw(Statement):
    """``out = primitive(*args)``: the next number of a random generator (or another change of one).

    Each run of it gives another number. So no pass merges, repeats, leaves out or reorders draws, and no loop that
    holds one is order-free.
    """

    out: Var
    primitive: RandomPrimitive
    args: tuple[Operand, ...]


@dataclass(eq=False)
class Dim(Statement):
    """``out = array.shape[axis]``."""

    out: Var
    array: Var
    axis: int


@dataclass(eq=False)
class Alloc(Statement):
    """A fresh C-contiguous array on the tape, filled with ``fill`` (None leaves it uninitialised).

    ``offset`` is bound to its position on the tape of its dtype, in elements. ``at_end`` takes it from the far
    end of the tape (for results, and for memory that only the reverse sweep of a block takes).
    """

    out: Var
    offset: Var
    shape: tuple[Operand, ...]
    fill: int | float | bool | None
    at_end: bool = False


@dataclass(eq=False)
class AtOffset(Statement):
    """``out`` is the array of this shape whose first element is at ``offset`` on the tape (no allocation).

    It is C-contiguous, or has the ``strides`` given, in elements. ``again`` is the name that the array had where
    its offset was taken, for those who ask what shares memory.
    """

    out: Var
    offset: Operand
    shape: tuple[Operand, ...]
    again: Var
    strides: tuple[Operand, ...] = ()


@dataclass(eq=False)
class OffsetOf(Statement):
    """``out`` is the position of a tape array on the tape of its dtype, in elements; so are its ``strides``.

    ``strides`` is empty for an array that is C-contiguous.
    """

    out: Var
    array: Var
    strides: tuple[Var, ...] = ()


@dataclass(eq=False)
class Release(Statement):
    """Give back the tape of ``dtype`` from ``offset`` on; with ``at_end`` what lies before it at the far end.

    ``unread``: also what was pushed there and isn't popped.
    """

    dtype: str
    offset: Operand
    at_end: bool = False
    unread: bool = False


@dataclass(frozen=True)
class ViewAxis:
    """One axis of a view: it has ``length`` elements and steps ``step`` along ``base_axis`` (None: broadcast)."""

    length: Operand
    base_axis: int | None
    step: Operand


@dataclass(eq=False)
class View(Statement):
    """An alias of part of ``base``: element ``j`` is ``base[starts + sum over axes k of step_k * j_k]``.

    ``own`` promises that this part is memory of its own, which nothing else names but what is made from ``out``.
    Copies of a statement promise nothing.
    """

    out: Var
    base: Var
    starts: tuple[Operand, ...]
    axes: tuple[ViewAxis, ...]
    own: bool = False


@dataclass(eq=False)
class Reshape(Statement):
    """The C-contiguous ``base`` seen with another shape of the same size."""

    out: Var
    base: Var
    shape: tuple[Operand, ...]


@dataclass(eq=False)
class Load(Statement):
    """``out = array[index]``; numbers with lanes are the whole last axis, at an index of the other axes."""

    out: Var
    array: Var
    index: tuple[Operand, ...]


@dataclass(eq=False)
class Store(Statement):
    """``array[index] = value``; numbers with lanes fill the last axis, at an index of the other axes."""

    array: Var
    index: tuple[Operand, ...]
    value: Operand


@dataclass(eq=False)
class Accumulate(Statement):
    """``array[index] += value``; numbers with lanes are added along the last axis, at an index of the other axes."""

    array: Var
    index: tuple[Operand, ...]
    value: Operand


@dataclass(eq=False)
class Call(Statement):
    """An array primitive that writes its results into existing arrays.

    ``accumulate`` adds to the first destination instead of overwriting it (primitives that allow it say so).
    """

    primitive: ArrayPrimitive | ProgramPrimitive
    outs: tuple[Var, ...]
    args: tuple[Operand, ...]
    accumulate: bool = False


@dataclass(eq=False)
class Run(Statement):
    """``outs = program(*args)``: what several places run, as a function of its own in emitted code.

    The results are numbers, arrays among the arguments may be written, and the tape is left as it was. Only programs
    that are about to be emitted have such statements.
    """

    outs: tuple[Var, ...]
    program: Program
    args: tuple[Operand, ...]


@dataclass(eq=False)
class Fail(Statement):
    """Raise ``exception(*args)`` if ``condition`` holds; the arguments are constants."""

    condition: Operand
    exception: type[BaseException]
    args: tuple[object, ...]


@dataclass(eq=False)
class Push(Statement):
    """Put scalars on the tapes of their dtypes, in this order."""

    values: tuple[Operand, ...]


@dataclass(eq=False)
class Pop(Statement):
    """Take back the scalars that the matching ``Push`` put there, in the order of that push."""

    outs: tuple[Var, ...]


@dataclass(eq=False)
class Block:
    """Statements in order."""

    statements: list[Statement] = field(default_factory=list)

    def __iter__(self) -> Iterator[Statement]:
        return iter(self.statements)


@dataclass(eq=False)
class Loop(Statement):
    """A counted or conditional loop with carried values.

    Counted: ``index`` runs over ``range(start, stop, step)``; ``descending`` runs the same range from its
    end (the adjoint of a loop needs that). Conditional (``start`` is None): before each iteration
    ``condition_block`` runs and the loop ends when ``condition`` is false; ``index`` counts 0, 1, 2, …, and
    ``count`` (when not None) is bound after the loop to the number of iterations run.

    At the start ``params`` are ``inits``; after an iteration they become ``yields``; after the loop
    ``results`` are bound to the final values. ``order_free`` promises that iterations may run in any order
    (stores of different iterations never meet, except for ``Accumulate`` and sums into carried scalars).

    With ``rows``, which only an order-free loop with step 1 has, the pushes of its iterations (all directly in
    its body) may be laid out by value rather than by iteration; the loop that pops them has ``rows`` too.

    ``parallel`` asks for threads, wherever iterations may run in any order. ``apart`` promises that they may, on tapes
    of their own: each leaves the tape as it found it. ``threads`` says how they are shared among threads.
    """

    index: Var
    start: Operand | None
    stop: Operand | None
    step: Operand | None
    params: list[Var]
    inits: list[Operand]
    body: Block
    yields: list[Operand]
    results: list[Var]
    condition_block: Block | None = None
    condition: Operand | None = None
    count: Var | None = None
    order_free: bool = False
    descending: bool = False
    rows: bool = False
    parallel: bool = False
    apart: bool = False
    threads: Threads | None = None

    @property
    def is_counted(self) -> bool:
        return self.start is not None


@dataclass(eq=False)
class Branch(Statement):
    """Run one of two blocks; ``results`` are bound to that block's yields."""

    condition: Operand
    then: Block
    then_yields: list[Operand]
    otherwise: Block
    otherwise_yields: list[Operand]
    results: list[Var]


@dataclass(eq=False)
class Program:
    """A whole program: parameters (scalars and arrays), a body, and results (scalars and tape arrays)."""

    name: str
    params: list[Var]
    body: Block
    results: list[Operand]
    origin: Origin | None = None


def array_type(array: Var) -> Array:
    """The type of an array variable."""
    assert isinstance(array.type, Array), array
    return array.type


def counted_loop(index: Var, bounds: tuple[Operand, Operand, Operand], body: Block) -> Loop:
    """``for index in range(*bounds)`` with no carried values yet."""
    start, stop, step = bounds
    return Loop(index, start, stop, step, [], [], body, [], [])

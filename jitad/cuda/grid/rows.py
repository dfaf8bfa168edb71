"""Record the numbers of order-free loops in arrays, with an axis for each of the loops around them.

On the CPU such a loop puts rows of numbers on the tape, and a loop around it puts rows on rows, in its order. Here each
of these numbers has an array to itself, so that the loops around may run in any order too. The arrays are allocated
before the outermost of these loops; their places are pushed after it, and popped before its reversal.

Postcondition: no loop has ``rows``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jitad.analysis.places import bound_in
from jitad.errors import UnsupportedOnCudaError
from jitad.primitives import core
from jitad.program.builder import Builder, const_int, is_const
from jitad.program.queries import sub_blocks
from jitad.program.statements import (
    Alloc,
    AtOffset,
    Block,
    Branch,
    Compute,
    Dim,
    Load,
    Loop,
    Operand,
    Pop,
    Program,
    Push,
    Release,
    Statement,
    Store,
    Var,
)
from jitad.program.types import INT64, Array, Scalar


def rows_in_arrays(program: Program) -> Program:
    """The same program with its rows in arrays."""
    nests = list(_nests(program.body, program))
    pushing = [nest for nest in nests if nest.pushes]
    popping = [nest for nest in reversed(nests) if not nest.pushes]
    paired = len(pushing) == len(popping) and all(map(_fit, pushing, popping))
    kept = nests if paired else [nest.innermost() for nest in nests]
    by_loop = {nest.loops[0]: nest for nest in kept}
    return replace(program, body=_block(program.body, by_loop)) if by_loop else program


@dataclass(frozen=True)
class _Nest:
    """A loop with rows, after the loops around it that hold nothing else; the rows' dtypes are in a fixed order."""

    loops: tuple[Loop, ...]
    pushes: bool
    dtypes: tuple[str, ...]

    def innermost(self) -> _Nest:
        return replace(self, loops=self.loops[-1:])

    @property
    def bounds(self) -> list[tuple[object, object]]:
        return [(_identity(loop.start), _identity(loop.stop)) for loop in self.loops]


def _identity(operand: Operand | None) -> object:
    return operand if isinstance(operand, Var) else repr(operand)


def _fit(pushing: _Nest, popping: _Nest) -> bool:
    """True when a nest that pops may be the reversal of one that pushes."""
    return pushing.dtypes == popping.dtypes and pushing.bounds == popping.bounds


def _nests(block: Block, program: Program) -> Iterator[_Nest]:
    """The largest nests of a program, in its order."""
    for statement in block:
        found = _nest(statement, program) if isinstance(statement, Loop) else None
        if found is not None:
            yield found
        else:
            for inner in sub_blocks(statement):
                yield from _nests(inner, program)


def _nest(loop: Loop, program: Program) -> _Nest | None:
    loops = [loop]
    while not loops[-1].rows:
        *before, last = [None, *loops[-1].body.statements]
        is_plain = loops[-1].is_counted and is_const(loops[-1].step, 1)
        if not is_plain or any(isinstance(param.type, Array) for param in loops[-1].params):
            return None
        if not isinstance(last, Loop) or not all(isinstance(s, Compute | Dim | Load) for s in before[1:]):
            return None
        loops.append(last)
    bound = bound_in(loop)
    if any(o in bound for inner in loops[1:] for o in (inner.start, inner.stop)):
        return None
    pushed = sorted(v.type.dtype for s in loops[-1].body if isinstance(s, Push) for v in s.values)
    popped = sorted(v.type.dtype for s in loops[-1].body if isinstance(s, Pop) for v in s.outs)
    if pushed and popped:
        raise UnsupportedOnCudaError(
            "a loop takes what it has recorded from the tape and records again.", "use the CPU.", program.origin
        )
    return _Nest(tuple(loops), bool(pushed), tuple(pushed or popped))


def _block(block: Block, nests: dict[Loop, _Nest]) -> Block:
    builder = Builder()
    for statement in block:
        if isinstance(statement, Loop) and statement in nests:
            with builder.at(statement.origin):
                _Writer(builder, nests[statement]).write()
        elif isinstance(statement, Loop):
            head = None if statement.condition_block is None else _block(statement.condition_block, nests)
            builder.add(replace(statement, body=_block(statement.body, nests), condition_block=head))
        elif isinstance(statement, Branch):
            then, otherwise = _block(statement.then, nests), _block(statement.otherwise, nests)
            builder.add(replace(statement, then=then, otherwise=otherwise))
        else:
            builder.add(statement)
    return builder.block


class _Writer:
    """Writes one nest, with its rows in arrays."""

    def __init__(self, builder: Builder, nest: _Nest) -> None:
        self._builder = builder
        self._nest = nest
        self._arrays: dict[Operand, Var] = {}

    def write(self) -> None:
        """Append the nest, after what allocates or finds its arrays, and before what keeps or gives them back."""
        body = self._nest.loops[-1].body
        values = [v for s in body if isinstance(s, Push) for v in s.values]
        outs = [v for s in reversed(body.statements) if isinstance(s, Pop) for v in s.outs]
        recorded: list[Operand] = sorted([*values, *outs], key=_dtype)
        arrays = [Var(f"{getattr(one, 'name', 'value')}_row", self._type(one)) for one in recorded]
        offsets = [Var(f"{array.name}_at", INT64) for array in arrays]
        lengths = tuple(map(self._trips, self._nest.loops))
        self._rows = list(zip(recorded, arrays, strict=True))
        if self._nest.pushes:
            for array, offset in zip(arrays, offsets, strict=True):
                self._builder.add(Alloc(array, offset, lengths, None))
        elif arrays:
            self._builder.add(Pop(tuple(offsets)))
            for array, offset in zip(arrays, offsets, strict=True):
                self._builder.add(AtOffset(array, offset, lengths, array))
        self._builder.add(self._loop())
        if self._nest.pushes:
            self._builder.add(Push(tuple(offsets)))
        first: dict[str, Var] = {}
        for one, offset in zip(recorded, offsets, strict=True):
            first.setdefault(_dtype(one), offset)
        if not self._nest.pushes:
            for dtype, offset in first.items():
                self._builder.add(Release(dtype, offset))

    def _type(self, recorded: Operand) -> Array:
        return Array(_dtype(recorded), len(self._nest.loops), "C")

    def _trips(self, loop: Loop) -> Operand:
        assert loop.start is not None and loop.stop is not None
        count = self._builder.minus(loop.stop, loop.start)
        return self._builder.select(self._builder.compute(core.lt, count, const_int(0)), const_int(0), count)

    def _loop(self) -> Loop:
        inner = Builder()
        index: list[Operand] = []
        for loop in self._nest.loops:
            assert loop.start is not None
            index.append(loop.index if is_const(loop.start, 0) else inner.minus(loop.index, loop.start))
        rows = iter(self._in_order())
        statements = [new for s in self._nest.loops[-1].body for new in self._stored(s, tuple(index), rows)]
        block = Block([*inner.block.statements, *statements])
        for loop in reversed(self._nest.loops):
            made = replace(loop, body=block, rows=False, descending=loop.descending and not loop.order_free)
            outer = self._nest.loops.index(loop) - 1
            block = Block([*self._nest.loops[outer].body.statements[:-1], made])
        return made

    def _in_order(self) -> Sequence[Var]:
        """The arrays in the order of the body's statements: a value that is pushed twice has two."""
        left = list(self._rows)
        found = []
        for statement in self._nest.loops[-1].body:
            given = statement.values if isinstance(statement, Push) else getattr(statement, "outs", ())
            for one in given if isinstance(statement, Push | Pop) else ():
                at = next(at for at, (recorded, _) in enumerate(left) if recorded is one)
                found.append(left.pop(at)[1])
        return found

    def _stored(self, statement: Statement, index: tuple[Operand, ...], rows: Iterator[Var]) -> Iterator[Statement]:
        if isinstance(statement, Push):
            for value in statement.values:
                yield Store(next(rows), index, value, origin=statement.origin)
        elif isinstance(statement, Pop):
            for out in statement.outs:
                yield Load(out, next(rows), index, origin=statement.origin)
        else:
            yield statement


def _dtype(recorded: Operand) -> str:
    assert isinstance(recorded.type, Scalar)
    return recorded.type.dtype

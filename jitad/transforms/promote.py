"""Turn 0-d arrays that one block only loads from and stores to into plain values.

Numbers are passed to calls of programs in such arrays; once the calls are written out, most of these need no memory.
Postcondition: a 0-d allocation that is left is stored to in a nested block, or is used by something else than loads
and stores.
"""

from __future__ import annotations

from jitad.program.builder import Builder, const_int
from jitad.program.queries import operands, sub_blocks, walk
from jitad.program.rewrite import Copier, as_they_are
from jitad.program.statements import (
    Accumulate,
    Alloc,
    AtOffset,
    Block,
    Branch,
    Const,
    Load,
    Loop,
    Operand,
    Program,
    Release,
    Statement,
    Store,
    Var,
    array_type,
)
from jitad.program.types import Array


def promote(program: Program) -> Program:
    """The same program with values in the place of such arrays."""
    chosen = _chosen(program)
    if not chosen:
        return program
    promoter = _Promoter(program.params, chosen)
    builder = Builder()
    promoter.block(program.body, builder)
    results = [promoter(result) for result in program.results]
    return Program(program.name, program.params, builder.block, results, program.origin)


def _chosen(program: Program) -> set[Var]:
    """The arrays that can be values."""
    found = {s.out for s in walk(program.body) if isinstance(s, Alloc) and not s.shape}
    found.difference_update(result for result in program.results if isinstance(result, Var))
    offsets: dict[Operand, Var] = {s.offset: s.out for s in walk(program.body) if isinstance(s, Alloc)}
    _drop(program.body, found, offsets)
    return found


def _drop(block: Block, found: set[Var], offsets: dict[Operand, Var]) -> None:
    """Remove from ``found`` what a block uses in another way than by loads, and by stores where it is allocated."""
    own = {s.out for s in block if isinstance(s, Alloc)}
    for statement in block:
        used: set[object] = set(operands(statement))
        match statement:
            case Load(array=array):
                used.discard(array)
            case Store(array=array) | Accumulate(array=array) if array in own:
                used.discard(array)
            case Release(offset=offset) if offsets.get(offset) in own:
                used.discard(offset)
            case AtOffset(again=again):
                used.add(again)
            case Loop(yields=yields):
                used.update(yields)
            case Branch(then_yields=thens, otherwise_yields=elses):
                used.update((*thens, *elses))
        found -= used
        found.difference_update(offsets[o] for o in used if isinstance(o, Var) and o in offsets)
        for inner in sub_blocks(statement):
            _drop(inner, found, offsets)


class _Promoter(Copier):
    def __init__(self, params: list[Var], chosen: set[Var]) -> None:
        super().__init__(as_they_are(params))
        self._chosen = chosen
        self._now: dict[Var, Operand] = {}
        self._marked: set[Operand] = set()
        self._unmarked: set[Operand] = set()

    def block(self, block: Block, builder: Builder) -> None:
        self._find_marks(block)
        super().block(block, builder)

    def statement(self, statement: Statement, builder: Builder) -> None:
        match statement:
            case Alloc(out=out, offset=offset, fill=fill) if out in self._chosen:
                if offset in self._marked:
                    mark = Var("mark", Array(array_type(out).dtype, 1))
                    builder.add(Alloc(mark, self.fresh(offset), (const_int(0),), None))
                self._now[out] = Const(fill if fill is not None else 0, array_type(out).element)
            case Load(out=out, array=array) if array in self._chosen:
                self._copied[out] = self._now[array]
            case Store(array=array, value=value) if array in self._chosen:
                self._now[array] = builder.cast(self(value), array_type(array).element)
            case Accumulate(array=array, value=value) if array in self._chosen:
                self._now[array] = builder.plus(self._now[array], builder.cast(self(value), array_type(array).element))
            case Release(offset=offset) if offset in self._unmarked and offset not in self._marked:
                pass
            case _:
                super().statement(statement, builder)

    def _find_marks(self, block: Block) -> None:
        """Where what other arrays took is given back from a promoted array on, its place is still needed."""
        for at, statement in enumerate(block.statements):
            if not isinstance(statement, Alloc) or statement.out not in self._chosen:
                continue
            taken = False
            for later in block.statements[at + 1 :]:
                if isinstance(later, Alloc) and later.out not in self._chosen:
                    taken = taken or _same_stack(later, statement)
                elif isinstance(later, Release) and later.offset is statement.offset:
                    (self._marked if taken else self._unmarked).add(statement.offset)


def _same_stack(one: Alloc, other: Alloc) -> bool:
    return not one.at_end and array_type(one.out).dtype == array_type(other.out).dtype

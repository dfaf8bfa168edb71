"""Remove what fills arrays that nothing reads.

Postcondition: no statement stores into an array of the program's own whose group nothing loads from, takes as an
argument, or returns; an allocation that nothing mentions is gone. Memory that the caller gave is never concerned.
"""

from __future__ import annotations

from dataclasses import replace

from jitad.analysis.aliasing import Aliases
from jitad.primitives.spec import ArrayPrimitive
from jitad.program.queries import operands, walk
from jitad.program.statements import (
    Accumulate,
    Alloc,
    AtOffset,
    Block,
    Branch,
    Call,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    Var,
)
from jitad.program.types import Array
from jitad.transforms.deadcode import remove_dead_code


def remove_dead_arrays(program: Program) -> Program:
    """The same program without dead statements and without what works only on arrays that nothing reads."""
    while True:
        program = remove_dead_code(program)
        pass_ = _Remover(program)
        body = pass_.block(program.body)
        if not pass_.changed:
            return program
        program = replace(program, body=body)


class _Remover:
    def __init__(self, program: Program) -> None:
        self._aliases = Aliases(program)
        self._read = {self._aliases.root(v) for v in _read(program) if isinstance(v.type, Array)}
        self._mentioned = _mentioned(program)
        self.changed = False

    def block(self, block: Block) -> Block:
        kept = []
        for statement in block:
            new = self._statement(statement)
            self.changed |= new is None
            if new is not None:
                kept.append(new)
        return Block(kept)

    def _statement(self, statement: Statement) -> Statement | None:
        match statement:
            case Store(array=array) | Accumulate(array=array):
                return statement if self._is_read(array) else None
            case Call(outs=outs):
                return statement if _is_effect(statement) or any(map(self._is_read, outs)) else None
            case Alloc(out=out, offset=offset, fill=fill):
                if out not in self._mentioned and offset not in self._mentioned:
                    return None
                return statement if fill is None or self._is_read(out) else replace(statement, fill=None)
            case Loop(body=body, condition_block=head):
                return replace(
                    statement, body=self.block(body), condition_block=None if head is None else self.block(head)
                )
            case Branch(then=then, otherwise=otherwise):
                return replace(statement, then=self.block(then), otherwise=self.block(otherwise))
        return statement

    def _is_read(self, array: Var) -> bool:
        return self._aliases.root(array) in self._read


def _is_effect(call: Call) -> bool:
    """True for a call that does more than to write its results: it uses a random generator."""
    if isinstance(call.primitive, ArrayPrimitive):
        return call.primitive.is_effect
    return bool(call.primitive.generators)


def _read(program: Program) -> set[Var]:
    """The arrays that something outside may read, or that a statement reads elements of."""
    found: set[Operand] = {*program.params, *program.results}
    for statement in walk(program.body):
        match statement:
            case Load(array=array):
                found.add(array)
            case Call(outs=outs, args=args):
                found.update(args)
                found.update(outs if _is_effect(statement) else ())
    return {operand for operand in found if isinstance(operand, Var)}


def _mentioned(program: Program) -> set[Operand]:
    """Everything that a statement reads, yields or refers to, and the results."""
    found: set[Operand] = set(program.results)
    for statement in walk(program.body):
        found.update(operands(statement))
        match statement:
            case AtOffset(again=again):
                found.add(again)
            case Loop(yields=yields):
                found.update(yields)
            case Branch(then_yields=thens, otherwise_yields=elses):
                found.update((*thens, *elses))
    return found

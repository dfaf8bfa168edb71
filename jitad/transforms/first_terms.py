"""Store into shadows and gradients what would be added to zeros.

A shadow begins as zeros, and adjoints are added to it. Where what first touches one adds once to every element, it may
as well store there: the shadow needn't be filled, and isn't read back. What is added to single elements before comes
after it then. Nor need an element be set to zero, because its array's was overwritten, to which the same block adds
next.

Postcondition: the same values, but that a sum of nothing but -0.0 keeps its sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from jitad.analysis.aliasing import Aliases
from jitad.analysis.filling import clipped, filling, only_adds
from jitad.primitives.spec import ArrayPrimitive
from jitad.program.builder import is_const
from jitad.program.queries import walk
from jitad.program.rewrite import with_bodies
from jitad.program.statements import (
    Accumulate,
    Alloc,
    Block,
    Call,
    Const,
    Dim,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Store,
    Var,
    array_type,
)
from jitad.program.types import INT64, Array


def store_first_terms(program: Program, adjoints: Iterable[Var]) -> Program:
    """The same program with the sums described above stored; ``adjoints`` are the shadows."""
    return replace(program, body=_Pass(program, set(adjoints)).block(program.body))


def store_first_gradients(program: Program, wrt: Sequence[int]) -> tuple[Program, frozenset[int]]:
    """An adjoint program with first terms of its gradient arrays stored, and by which of ``wrt`` these arrays are.

    Those arrays need no zeros from the caller. The program's first parameters are the primal's, the last ones the
    gradient arrays.
    """
    inputs = [at for at in wrt if isinstance(program.params[at].type, Array)]
    gradients = program.params[len(program.params) - len(inputs) :]
    stored = set()
    for at, gradient in zip(inputs, gradients, strict=True):
        body = _Pass(program, {gradient}).gradient(program.body, gradient, program.params[at])
        if body is not None:
            program = replace(program, body=body)
            stored.add(at)
    return program, frozenset(stored)


class _Pass:
    def __init__(self, program: Program, adjoints: set[Var]) -> None:
        self._program = program
        self._adjoints = adjoints
        self._aliases = Aliases(program)
        self._roots = {self._aliases.root(array) for array in adjoints}
        self._lengths = clipped(program)
        self._know_shapes({s.out: s.shape for s in walk(program.body) if isinstance(s, Alloc)})

    def _know_shapes(self, shapes: Mapping[Var, Sequence[Operand]]) -> None:
        for statement in walk(self._program.body):
            if isinstance(statement, Dim) and statement.array in shapes:
                length = shapes[statement.array][statement.axis]
                self._lengths[statement.out] = self._lengths.get(length, length)

    def gradient(self, block: Block, gradient: Var, param: Var) -> Block | None:
        """A program's body with the first term of a gradient stored; None when that isn't a term of every element."""
        shape: list[Operand] = [Var("length", INT64) for _ in range(array_type(param).ndim)]
        for statement in reversed([s for s in walk(block) if isinstance(s, Dim) and s.array in (param, gradient)]):
            shape[statement.axis] = statement.out
        self._know_shapes({param: shape, gradient: shape})
        done = list(block)
        fresh = Alloc(gradient, Var("offset", INT64), tuple(shape), 0)
        return Block(done) if self._store_first(done, 0, fresh) else None

    def block(self, block: Block) -> Block:
        """A block with what is added first to its fresh arrays stored there."""
        done = self._without_zeros([with_bodies(statement, self.block) for statement in block])
        for at, statement in enumerate(done):
            if not isinstance(statement, Alloc) or statement.fill != 0 or statement.out not in self._adjoints:
                continue
            if self._store_first(done, at + 1, statement):
                done[at] = replace(statement, fill=None)
        return Block(done)

    def _without_zeros(self, statements: list[Statement]) -> list[Statement]:
        """Statements in order, without the zeros to whose place they add next."""
        done: list[Statement | None] = []
        zeros: dict[Var, int] = {}
        for statement in statements:
            new = statement
            if isinstance(statement, Accumulate):
                at = zeros.get(self._aliases.root(statement.array))
                zero = None if at is None else done[at]
                if at is not None and isinstance(zero, Store) and _place(zero) == _place(statement):
                    new = _as_store(statement)
                    done[at] = None
            touched = [root for root in zeros if self._aliases.touches(statement, root)]
            for root in touched:
                del zeros[root]
            if isinstance(statement, Store) and is_const(statement.value, 0) and self._is_shadow(statement.array):
                zeros[self._aliases.root(statement.array)] = len(done)
            done.append(new)
        return [statement for statement in done if statement is not None]

    def _is_shadow(self, array: Var) -> bool:
        return self._aliases.root(array) in self._roots

    def _store_first(self, done: list[Statement], start: int, fresh: Alloc) -> bool:
        """Change what first touches an array from ``start`` on, if that adds once to every element.

        What adds to single elements before it comes after it.
        """
        touching = [k for k in range(start, len(done)) if self._aliases.touches(done[k], fresh.out)]
        early = list(takewhile(lambda k: _adds(done[k], fresh.out), touching))
        if len(early) == len(touching):
            return False
        first = touching[len(early)]
        changed: Statement | None = None
        statement = done[first]
        if early and isinstance(statement, Loop) and not only_adds(statement, fresh.out):
            return False
        if isinstance(statement, Call):
            alone = self._aliases.mentions(statement, fresh.out) == 1 and statement.outs == (fresh.out,)
            if alone and statement.accumulate and isinstance(statement.primitive, ArrayPrimitive):
                changed = replace(statement, accumulate=False)
        elif isinstance(statement, Loop) and self._is_accessed_by_name(statement, fresh.out):
            term = filling(statement, fresh, Accumulate, lengths=self._lengths)
            changed = None if term is None else _with(statement, term, _as_store(term))
        if changed is None:
            return False
        done[first : first + 1] = [changed, *(done[k] for k in early)]
        for k in reversed(early):
            del done[k]
        return True

    def _is_accessed_by_name(self, loop: Loop, array: Var) -> bool:
        """True when a loop does nothing with an array but read and write its elements, under this name."""
        touching = (s for s in walk(Block([loop])) if self._aliases.mentions(s, array))
        return all(isinstance(s, Load | Store | Accumulate) and s.array is array for s in touching)


def _with(statement: Statement, old: Accumulate, new: Store) -> Statement:
    """A statement with ``new`` in the place of ``old``, which is in loops of its; what adds before comes after it."""
    if statement is old:
        return new
    assert isinstance(statement, Loop)
    body = list(statement.body)
    at = next(k for k, inner in enumerate(body) if any(s is old for s in walk(Block([inner]))))
    early = [s for s in body[:at] if _adds(s, old.array)]
    before = [s for s in body[:at] if s not in early]
    return replace(statement, body=Block([*before, _with(body[at], old, new), *early, *body[at + 1 :]]))


def _adds(statement: Statement, array: Var) -> bool:
    return isinstance(statement, Accumulate) and statement.array is array


def _as_store(term: Store | Accumulate) -> Store:
    return Store(term.array, term.index, term.value, origin=term.origin)


def _place(access: Store | Accumulate) -> tuple[object, ...]:
    return (access.array, *(o.value if isinstance(o, Const) else o for o in access.index))

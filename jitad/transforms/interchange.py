"""Put the loop inside whose index runs along rows: elements that lie side by side are then visited in turn.

``for k: for j: A[j, k] += v(k, j)`` jumps from row to row. Adjoints are sums, and sums may be added in any order, so
the two loops change places where fewer accesses jump then. What an iteration of the outer loop reads before the inner
one becomes part of the innermost iteration; a sum that the inner loop carries into an element is added term by term.

Concerned are loops with one loop in them which read arrays and add to adjoints, but never to an array that they read.
Postcondition: the same sums, in another order of addition.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from jitad.analysis.aliasing import Aliases
from jitad.analysis.lines import jumps
from jitad.analysis.sums import carried_sums
from jitad.primitives import core
from jitad.primitives.sums import add_to_sum
from jitad.program.builder import Builder, is_const
from jitad.program.queries import definitions, operands
from jitad.program.rewrite import Copier
from jitad.program.statements import (
    Accumulate,
    Block,
    Branch,
    Compute,
    Const,
    Dim,
    Load,
    Loop,
    Operand,
    Program,
    Statement,
    Var,
)

_PURE = (Compute, Dim, Load)
MOST_REPEATED = 4
"""Additions that the arithmetic between the loops may take: it is done in every innermost iteration then."""

LEAST_TRIPS = 16
"""A loop that is known to run less often isn't worth being the innermost one."""


def interchange_loops(program: Program, adjoints: Iterable[Var]) -> Program:
    """The same program with the loops described above inside out; ``adjoints`` are the arrays whose sums are free."""
    aliases = Aliases(program)
    pass_ = _Interchanger(aliases, {aliases.root(array) for array in adjoints})
    return replace(program, body=pass_.block(program.body))


@dataclass(frozen=True, eq=False)
class _Pair:
    """A loop, what it does before the one inside, that one, and where its sums go after it."""

    outer: Loop
    before: list[Statement]
    inner: Loop
    after: list[Statement]

    @property
    def statements(self) -> list[Statement]:
        return [*self.before, *self.inner.body, *self.after]


class _Interchanger:
    def __init__(self, aliases: Aliases, adjoints: Collection[Var]) -> None:
        self._aliases = aliases
        self._adjoints = adjoints

    def block(self, block: Block) -> Block:
        return Block([self._statement(statement) for statement in block])

    def _statement(self, statement: Statement) -> Statement:
        match statement:
            case Loop():
                loop = replace(statement, body=self.block(statement.body))
                pair = _pair(loop)
                return loop if pair is None or not self._is_better(pair) else _turned(pair) or loop
            case Branch(then=then, otherwise=otherwise):
                return replace(statement, then=self.block(then), otherwise=self.block(otherwise))
        return statement

    def _is_better(self, pair: _Pair) -> bool:
        """True when the loops may change places and fewer accesses jump then."""
        sums = {self._aliases.root(s.array) for s in pair.statements if isinstance(s, Accumulate)}
        read = {self._aliases.root(s.array) for s in pair.statements if isinstance(s, Load)}
        between = sum(core.cost(s) for s in (*pair.before, *pair.after) if isinstance(s, Compute))
        if not sums or not sums <= set(self._adjoints) or not sums.isdisjoint(read) or between > MOST_REPEATED:
            return False
        return jumps(pair.statements, pair.outer.index) < jumps(pair.statements, pair.inner.index)


def _pair(outer: Loop) -> _Pair | None:
    """The two loops, if there is nothing else that matters."""
    loops = [at for at, s in enumerate(outer.body) if isinstance(s, Loop)]
    if len(loops) != 1 or not _is_plain(outer) or is_short(outer):
        return None
    (at,) = loops
    before, inner, after = outer.body.statements[:at], outer.body.statements[at], outer.body.statements[at + 1 :]
    assert isinstance(inner, Loop)
    if not _is_plain(inner) or not all(isinstance(s, _PURE) for s in before):
        return None
    if not all(isinstance(s, (*_PURE, Accumulate)) for s in inner.body):
        return None
    bound = {outer.index, *outer.params, *(var for s in before for var in definitions(s))}
    if not bound.isdisjoint((inner.start, inner.stop)) or not _is_linear(after, inner.results):
        return None
    return _Pair(outer, before, inner, after)


def _is_linear(statements: list[Statement], sums: Sequence[Var]) -> bool:
    """True when statements do nothing but add multiples of these sums, to elements or to carried sums."""
    multiples: set[Operand] = set(sums)
    for statement in statements:
        reads = [operand in multiples for operand in operands(statement)]
        match statement:
            case Compute(primitive=core.mul, args=args) if sum(reads) == 1 and len(args) == 2:
                multiples.add(statement.out)
            case Compute(primitive=core.neg) if any(reads):
                multiples.add(statement.out)
            case Compute(args=(_, _)) if statement.primitive is add_to_sum and reads == [False, True]:
                pass
            case Accumulate(value=value) if value in multiples:
                pass
            case _:
                return False
    return True


def _is_plain(loop: Loop) -> bool:
    stays = loop.rows or loop.parallel or loop.apart
    return loop.is_counted and is_const(loop.step, 1) and not stays


def is_short(loop: Loop) -> bool:
    """True for a loop that is known to be too short to be the innermost one."""
    bounds = [bound.value for bound in (loop.start, loop.stop) if isinstance(bound, Const)]
    return len(bounds) == 2 and bounds[1] - bounds[0] < LEAST_TRIPS


def _turned(pair: _Pair) -> Loop | None:
    """The loops inside out; None where a sum goes another way than into elements or through both loops."""
    outer, inner = pair.outer, pair.inner
    made = {s.out: s for s in inner.body if isinstance(s, Compute)}
    through: dict[Operand, int] = {}
    chains: dict[Var, list[Compute]] = {}
    sums = carried_sums(inner)
    for at, (param, new) in enumerate(zip(inner.params, inner.yields, strict=True)):
        chain = _chain(param, new, made)
        if inner.inits[at] in outer.params and (new is param or (chain and at in sums)):
            through[inner.results[at]] = at
        elif chain and is_const(inner.inits[at], 0):
            chains[inner.results[at]] = chain
        else:
            return None
    gone = {s for chain in chains.values() for s in chain}
    body = Builder()
    for statement in (*pair.before, *(s for s in inner.body if s not in gone)):
        body.add(statement)
    terms = {result: _total(body, [s.args[1] for s in chain[::-1]]) for result, chain in chains.items()}
    carried = [inner.params[through[new]] if new in through else Var(p.name, p.type) for p, new in _carried(outer)]
    here = {**terms, **dict(zip(outer.params, carried, strict=True))}
    copier = Copier(lambda var: here.get(var, var))
    copier.block(Block(pair.after), body)
    yields = [inner.yields[through[new]] if new in through else copier(new) for _, new in _carried(outer)]
    if not _reads_only(body.block, yields, {*inner.params, *outer.params, *(s.out for s in gone)} - {*carried}):
        return None
    results = [Var(param.name, param.type) for param in carried]
    innermost = replace(
        outer,
        params=carried,
        inits=[*outer.params],
        body=body.block,
        yields=yields,
        results=results,
        order_free=True,
        descending=False,
    )
    return replace(
        inner,
        params=outer.params,
        inits=outer.inits,
        body=Block([innermost]),
        yields=[*results],
        results=outer.results,
        order_free=True,
        descending=False,
    )


def _carried(loop: Loop) -> Iterable[tuple[Var, Operand]]:
    return zip(loop.params, loop.yields, strict=True)


def _reads_only(block: Block, yields: Sequence[Operand], gone: Collection[Operand]) -> bool:
    """True when nothing reads what isn't there any more."""
    return not any(operand in gone for operand in (*(o for s in block for o in operands(s)), *yields))


def _chain(param: Var, new: Operand, made: dict[Var, Compute]) -> list[Compute] | None:
    """The additions that lead from a carried sum to its next value, the last one first."""
    found = []
    while new is not param:
        last = made.get(new) if isinstance(new, Var) else None
        if last is None or last.primitive is not add_to_sum:
            return None
        found.append(last)
        new = last.args[0]
    return found


def _total(builder: Builder, terms: Sequence[Operand]) -> Operand:
    total = terms[0]
    for term in terms[1:]:
        total = builder.compute(core.add, total, term)
    return total

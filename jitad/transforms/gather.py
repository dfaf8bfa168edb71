"""Turn scattered sums of order-free loops into gathers: the adjoint of a stencil becomes a stencil.

``for i: A[i + c1] += v1(i); A[i + c2] += v2(i)`` reads and writes every element of ``A`` several times, one after
the other. Where the indices are loop indices plus literals, ``for t: A[t] += v1(t - c1) + v2(t - c2)`` writes it
once, and neighbouring elements are independent (see ``Gathered``). Sums that the loops carry stay in a nest of their
own, which leaves the gather free of what must run in order.

Postcondition: the same sums, in another order of addition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from jitad.primitives import core
from jitad.program.builder import Builder
from jitad.program.queries import definitions, operands, sub_blocks
from jitad.program.rewrite import with_bodies
from jitad.program.statements import (
    Accumulate,
    Block,
    Compute,
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
from jitad.transforms.gathered import Gathered, Term, copied

MOST_WORK = 48
"""Additions per element that the shifted copies of the terms may take together."""

LEAST_WORK_BESIDE_SUMS = 16
"""Additions that an iteration of a loop with carried sums takes at least where its other sums are gathered.

Such a loop waits for its carried sums, which hides about so much. Gradient over primal, with the loop as it is and with
gathers: 1.3 and 1.55 for (x[i + 1] - x[i])**2, 1.6 and 1.6 with the fourth power added, 2.0 and 1.6 for Rosenbrock's
function; 1.6 and 1.85 for the root of 1 + (x[i + 1] - x[i])**2, 2.0 and 2.9 for Rosenbrock's of strided elements.
"""

Kind = Callable[[list[Loop], list[Statement], list[Statement]], "Nest"]


def gather_scattered_sums(program: Program, kind: Kind | None = None) -> Program:
    """The same program with the loops described above rewritten, wherever the index maps allow.

    ``kind`` decides which sums are worth it, and what is written in the place of a nest.
    """
    return replace(program, body=_block(program.body, kind or Nest))


def _block(block: Block, kind: Kind) -> Block:
    builder = Builder()
    for statement in block:
        nest = _nest(statement, kind) if isinstance(statement, Loop) else None
        targets = [] if nest is None else nest.targets()
        if nest is not None and targets:
            nest.rewrite(builder, targets)
        else:
            builder.add(with_bodies(statement, lambda inner: _block(inner, kind)))
    return builder.block


def _nest(loop: Loop, kind: Kind) -> Nest | None:
    """The perfect nest of order-free loops that starts at ``loop``, or None."""
    loops: list[Loop] = []
    pure: list[Statement] = []
    while True:
        plain = loop.order_free and loop.is_counted and not loop.rows
        if not plain or not isinstance(loop.step, Const) or loop.step.value != 1 or loop.descending:
            return None
        loops.append(loop)
        inner = loop.body.statements
        if not inner or not isinstance(inner[-1], Loop):
            break
        if not all(isinstance(s, Compute | Dim) for s in inner[:-1]):
            return None
        pure += inner[:-1]
        loop = inner[-1]
    if any(sub_blocks(s) or not isinstance(s, Compute | Dim | Load | Accumulate | Store) for s in inner):
        return None
    nest = kind(loops, pure, inner)
    return nest if nest.is_rectangular() else None


class Nest:
    """A perfect nest of loops, and the sums in it that are better gathered."""

    most_work = MOST_WORK

    def __init__(self, loops: list[Loop], pure: list[Statement], inner: list[Statement]) -> None:
        self.loops = loops
        self._level: dict[Operand, int] = {loop.index: at for at, loop in enumerate(loops)}
        self._pure = [*pure, *(s for s in inner if isinstance(s, Compute | Dim | Load))]
        self._inner = inner
        self._made_by = {s.out: s for s in self._pure if isinstance(s, Compute)}
        self._late = self._known_late([*pure, *inner])

    def _known_late(self, statements: list[Statement]) -> set[Operand]:
        """What the loops carry, what is loaded from arrays written before in the iteration, and what these make."""
        written: set[Var] = set()
        late: set[Operand] = {param for loop in self.loops for param in loop.params}
        for statement in statements:
            if isinstance(statement, Accumulate | Store):
                written.add(statement.array)
            elif not late.isdisjoint(operands(statement)):
                late.update(definitions(statement))
            elif isinstance(statement, Load) and any(self.may_share(statement.array, array) for array in written):
                late.add(statement.out)
        return late

    def may_share(self, array: Var, other: Var) -> bool:
        """True when an iteration may find the same memory under two names."""
        return array is other

    def is_rectangular(self) -> bool:
        """True when no loop's range depends on another loop of the nest."""
        inside = {var for s in self._pure for var in definitions(s)} | set(self._level) | self._late
        return not any(o in inside for loop in self.loops for o in (loop.start, loop.stop))

    def targets(self) -> list[list[Term]]:
        """The terms of each array whose sums are worth gathering, and may run before the rest of the nest."""
        used = [s.array for s in self._inner if isinstance(s, Load | Store)]
        groups: dict[Var, list[Term | None]] = {}
        for statement in self._inner:
            if isinstance(statement, Accumulate):
                groups.setdefault(statement.array, []).append(self._term(statement))
        found = []
        for array, terms in groups.items():
            known = [term for term in terms if term is not None and term.statement.value not in self._late]
            same_axes = len({term.axes for term in known}) == 1
            if (
                any(self.may_share(array, other) for other in used)
                or len(known) < len(terms)
                or len(known) < 2
                or not same_axes
            ):
                continue
            shifted = len({term.offset for term in known}) > 1
            if (
                shifted
                and self.is_faster(known)
                and sum(self._work(term.statement.value) for term in known) <= self.most_work
            ):
                found.append(known)
        return found

    def is_faster(self, terms: list[Term]) -> bool:
        """False where loops that carry sums had better add the terms themselves, in the time that they wait."""
        if not any(loop.params for loop in self.loops):
            return True
        statements = self._needed({term.statement.value for term in terms})
        arrays = [terms[0].statement.array, *(s.array for s in statements if isinstance(s, Load))]
        is_plain = all(core.cost(s) <= 2 for s in statements if isinstance(s, Compute))
        total = sum(core.cost(s) for s in self._inner if isinstance(s, Compute))
        return is_plain and total >= LEAST_WORK_BESIDE_SUMS and all(array_type(a).layout == "C" for a in arrays)

    def _needed(self, values: set[Operand]) -> list[Statement]:
        """The statements of the nest that make these values."""
        found = []
        for statement in reversed(self._pure):
            if any(var in values for var in definitions(statement)):
                values.update(operands(statement))
                found.append(statement)
        return found[::-1]

    def _term(self, statement: Accumulate) -> Term | None:
        axes, offset = [], []
        for operand in statement.index:
            shift = 0
            while operand not in self._level:
                made = self._made_by.get(operand) if isinstance(operand, Var) else None
                if made is None or made.primitive not in (core.add, core.sub) or not isinstance(made.args[1], Const):
                    return None
                shift += int(made.args[1].value) * (1 if made.primitive is core.add else -1)
                operand = made.args[0]
            axes.append(self._level[operand])
            offset.append(shift)
        if sorted(axes) != list(range(len(self.loops))):
            return None
        return Term(statement, tuple(axes), tuple(offset))

    def _work(self, operand: Operand) -> int:
        made = self._made_by.get(operand) if isinstance(operand, Var) else None
        return 1 if made is None else core.cost(made) + sum(self._work(arg) for arg in made.args)

    def rewrite(self, builder: Builder, targets: list[list[Term]]) -> None:
        """Append what replaces the nest: gathers, borders, and the nest with what is left of it."""
        gathered = {id(term.statement) for terms in targets for term in terms}
        with builder.at(self.loops[0].origin):
            for terms in targets:
                self.gather(builder, terms)
            rest = [s for s in self._inner if id(s) not in gathered]
            if any(isinstance(s, Accumulate | Store) for s in rest) or any(loop.params for loop in self.loops):
                builder.add(self._with_inner(rest))

    def _with_inner(self, statements: list[Statement]) -> Loop:
        block = Block(statements)
        for loop in reversed(self.loops):
            rebuilt = replace(loop, body=block)
            outer = self.loops.index(loop) - 1
            block = Block([*self.loops[outer].body.statements[:-1], rebuilt])
        return rebuilt

    def offsets(self, terms: Sequence[Term], level: int) -> list[int]:
        """How far from the index of a loop terms lie."""
        return [term.offset[term.axes.index(level)] for term in terms]

    def gather(self, builder: Builder, terms: Sequence[Term]) -> None:
        """Append what adds terms into one array, each element once, unless rows are short."""
        Gathered(self.loops, terms, self._needed).write(builder)

    def copied(self, value: Operand, indices: Mapping[Var, Operand], builder: Builder) -> Operand:
        """``value`` at other indices of the nest's loops; only what it needs is copied."""
        return copied(self._needed({value}), value, indices, builder)

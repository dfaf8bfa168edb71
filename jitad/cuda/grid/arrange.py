"""Arrange sums for many threads: each element is added to by one thread, once, wherever that can be had.

Postcondition: the same sums, in another order of addition.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from jitad.analysis.aliasing import Aliases
from jitad.analysis.exchanges import Exchanges
from jitad.cuda.grid.branches import carry_sums_of_branches
from jitad.cuda.grid.owners import give_sums_to_owners
from jitad.cuda.grid.rows import rows_in_arrays
from jitad.cuda.grid.views import see_through_views
from jitad.primitives import core
from jitad.program.builder import Builder, const_int
from jitad.program.statements import Block, Branch, Const, Operand, Program, Var, array_type, counted_loop
from jitad.program.types import BOOL, INT64
from jitad.transforms.adjoint import Arrangement
from jitad.transforms.deadcode import remove_dead_code
from jitad.transforms.gather import Nest, Term, gather_scattered_sums
from jitad.transforms.hoist import hoist_sums
from jitad.transforms.order_free import mark_order_free

AS_IT_IS = Arrangement(lambda program: program, lambda program, adjoints: program)
"""Nothing: sums are arranged when the whole program is known."""


def for_threads(program: Program) -> Program:
    """The same program with its scattered sums arranged for kernels."""
    seen = mark_order_free(rows_in_arrays(see_through_views(program)))
    gathered = gather_scattered_sums(seen, partial(_WholeNest, Aliases(seen), Exchanges(seen)))
    carried = carry_sums_of_branches(hoist_sums(give_sums_to_owners(gathered)))
    return mark_order_free(remove_dead_code(carried))


class _WholeNest(Nest):
    """One nest over all elements that any of the terms reaches; each element takes the terms that reach it."""

    most_work = 400
    """Much arithmetic costs less than a second pass over memory."""

    def __init__(self, aliases: Aliases, exchanges: Exchanges, *nest: Any) -> None:
        self._aliases = aliases
        self._exchanges = exchanges
        super().__init__(*nest)

    def may_share(self, array: Var, other: Var) -> bool:
        """True when an iteration may find the same memory under two names."""
        is_one = self._aliases.root(array) is self._aliases.root(other)
        return is_one and not self._exchanges.apart(array, other)

    def is_faster(self, terms: Sequence[Term]) -> bool:
        """Threads don't wait for each other's sums."""
        return True

    def gather(self, builder: Builder, terms: Sequence[Term]) -> None:
        """Append what adds terms into one array, each element once."""
        targets = [Var(loop.index.name, INT64) for loop in self.loops]
        builders = [builder]
        for _ in self.loops:
            builders.append(builders[-1].nested())
        array = terms[0].statement.array
        total, reached = self._gathered(builders[-1], terms, targets)
        arm = builders[-1].nested()
        arm.accumulate(array, [targets[level] for level in terms[0].axes], total)
        builders[-1].add(Branch(reached, arm.block, [], Block(), [], []))
        for level, loop in reversed(list(enumerate(self.loops))):
            offsets = self.offsets(terms, level)
            assert loop.start is not None and loop.stop is not None
            low = builder.plus(loop.start, const_int(min(offsets)))
            high = builder.plus(loop.stop, const_int(max(offsets)))
            made = counted_loop(targets[level], (low, high, const_int(1)), builders[level + 1].block)
            made.order_free, made.parallel = True, loop.parallel
            builders[level].add(made)

    def _gathered(self, inner: Builder, terms: Sequence[Term], targets: Sequence[Var]) -> tuple[Operand, Operand]:
        """The sum of the terms that reach an element, and whether any does."""
        groups: dict[tuple[int, ...], list[Term]] = {}
        for term in terms:
            groups.setdefault(term.offset, []).append(term)
        element = array_type(terms[0].statement.array).element
        total: Operand = Const(0.0, element)
        reached: Operand = Const(False, BOOL)
        for offset, group in groups.items():
            here: dict[Var, Operand] = {}
            inside: Operand = Const(True, BOOL)
            for level, loop in enumerate(self.loops):
                source = inner.minus(targets[level], const_int(offset[group[0].axes.index(level)]))
                here[loop.index] = source
                assert loop.start is not None and loop.stop is not None
                fits = (inner.compute(core.ge, source, loop.start), inner.compute(core.lt, source, loop.stop))
                for test in fits:
                    inside = test if isinstance(inside, Const) else inner.compute(core.and_, inside, test)
            arm = inner.nested()
            added = total
            for term in group:
                added = arm.plus(added, self.copied(term.statement.value, here, arm))
            result = Var("gathered", element)
            inner.add(Branch(inside, arm.block, [added], Block(), [total], [result]))
            total = result
            reached = inside if isinstance(reached, Const) else inner.compute(core.or_, reached, inside)
        return total, reached

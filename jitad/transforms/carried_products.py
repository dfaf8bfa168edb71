"""Let a product that a loop carries start from the factor that it is multiplied by again and again.

Where a loop carries ``p`` with ``p = p * q``, and reads it only in products with one number ``c`` from outside, it may
carry ``c * p``: the reverse sweep of a polynomial carries the adjoint of each term, as one would write it by hand.

Postcondition: a product like this isn't computed in an iteration. The factors are multiplied in another order.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from jitad.analysis.places import bound_in
from jitad.primitives import core
from jitad.program.builder import Builder
from jitad.program.queries import own_reads, walk
from jitad.program.statements import Block, Branch, Compute, Loop, Operand, Program, Statement, Var
from jitad.transforms.deadcode import remove_dead_code
from jitad.transforms.induction import without_copies


def start_products(program: Program) -> Program:
    """The same program with such products started from their factors."""
    reads: Counter[Operand] = Counter(program.results)
    for statement in walk(program.body):
        reads.update(own_reads(statement))
    pass_ = _Products(reads)
    body = pass_.block(program.body)
    return remove_dead_code(without_copies(replace(program, body=body))) if pass_.found else program


class _Products:
    """Copies blocks; ``reads`` counts how often each value of the program is read."""

    def __init__(self, reads: Counter[Operand]) -> None:
        self._reads = reads
        self.found = False

    def block(self, block: Block) -> Block:
        builder = Builder()
        for statement in block:
            match statement:
                case Loop():
                    self._loop(replace(statement, body=self.block(statement.body)), builder)
                case Branch(then=then, otherwise=otherwise):
                    builder.add(replace(statement, then=self.block(then), otherwise=self.block(otherwise)))
                case _:
                    builder.add(statement)
        return builder.block

    def _loop(self, loop: Loop, builder: Builder) -> None:
        inits, body = list(loop.inits), loop.body
        for at, param in enumerate(loop.params):
            factor = self._factor(loop, at)
            if factor is not None:
                self.found = True
                inits[at] = builder.times(inits[at], factor)
                body = _renamed(body, param, factor)
        builder.add(replace(loop, inits=inits, body=body))

    def _factor(self, loop: Loop, at: int) -> Var | None:
        """The number from outside that a carried product is multiplied by wherever it is read, if there is one."""
        param, new = loop.params[at], loop.yields[at]
        if not param.type.is_float or self._reads[loop.results[at]] or self._reads[new] != 1:
            return None
        update = next((s for s in loop.body if isinstance(s, Compute) and s.out is new), None)
        if update is None or update.primitive is not core.mul or not _is_product(update, param):
            return None
        readers = [s for s in walk(loop.body) if s is not update and param in own_reads(s)]
        factors = {_other(s, param) for s in readers if isinstance(s, Compute) and _is_product(s, param)}
        if (
            not readers
            or len(factors) != 1
            or not all(isinstance(s, Compute) and _is_product(s, param) for s in readers)
        ):
            return None
        (factor,) = factors
        count = sum(param in own_reads(s) for s in readers) + 1
        if not isinstance(factor, Var) or factor in bound_in(loop):
            return None
        return factor if self._reads[param] == count else None


def _is_product(statement: Compute, param: Var) -> bool:
    """True for a product of ``param`` and another number of its type."""
    args = statement.args
    alike = all(operand.type == param.type for operand in (*args, statement.out))
    return statement.primitive is core.mul and alike and sum(arg is param for arg in args) == 1


def _other(statement: Compute, param: Var) -> Operand:
    first, second = statement.args
    return second if first is param else first


def _renamed(block: Block, param: Var, factor: Var) -> Block:
    """A block in which products of the two are other names of ``param``."""
    return Block([_renamed_in(statement, param, factor) for statement in block])


def _renamed_in(statement: Statement, param: Var, factor: Var) -> Statement:
    match statement:
        case Compute() if _is_product(statement, param) and _other(statement, param) is factor:
            return replace(statement, primitive=core.pos, args=(param,))
        case Loop(body=body, condition_block=head):
            head = None if head is None else _renamed(head, param, factor)
            return replace(statement, body=_renamed(body, param, factor), condition_block=head)
        case Branch(then=then, otherwise=otherwise):
            return replace(statement, then=_renamed(then, param, factor), otherwise=_renamed(otherwise, param, factor))
    return statement

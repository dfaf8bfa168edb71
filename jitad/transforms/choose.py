"""Differentiate loops that choose, for a minimum or a maximum, through the chosen iteration alone.

In ``for j: best = f(j) if better(f(j), best) else best`` the derivative of the final ``best`` is that of the last
``f(j)`` that was taken. The loop needs no reverse sweep when it carries that ``j``: after it, ``f`` is computed once
more, there, and everything before is a constant. Nothing is recorded, and what lost is never visited again.

Postcondition: the same results. A carried number of a loop that was rewritten has no derivative any more. The sweeps
have its value from the loop (``use_known_values``): what is computed again is left out where only that is needed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jitad.analysis.activity import Activity
from jitad.primitives import core
from jitad.primitives.known import known_value
from jitad.program.builder import Builder, const_int
from jitad.program.queries import definitions, free_variables, own_reads, sub_blocks, walk
from jitad.program.rewrite import Copier
from jitad.program.statements import (
    Block,
    Branch,
    Compute,
    Const,
    Dim,
    Load,
    Loop,
    Operand,
    Program,
    Reshape,
    Statement,
    Var,
    View,
)
from jitad.program.types import BOOL, INT64
from jitad.transforms.deadcode import remove_dead_code
from jitad.transforms.induction import without_copies

_PURE = (Compute, Dim, Load, View, Reshape, Loop, Branch)


def differentiate_choices(program: Program, activity: Activity) -> Program:
    """The same program with the loops described above rewritten, where they are active."""
    return replace(program, body=_block(program.body, activity))


def _block(block: Block, activity: Activity) -> Block:
    builder = Builder()
    for statement in block:
        match statement:
            case Loop(body=body):
                loop = replace(statement, body=_block(body, activity))
                choice = _choice(loop, activity)
                if choice is None:
                    builder.add(loop)
                else:
                    with builder.at(loop.origin):
                        choice.write(builder)
            case Branch(then=then, otherwise=otherwise):
                builder.add(replace(statement, then=_block(then, activity), otherwise=_block(otherwise, activity)))
            case _:
                builder.add(statement)
    return builder.block


def use_known_values(program: Program) -> Program:
    """The same program without ``known_value``, and without what was computed for that alone."""
    if not any(isinstance(s, Compute) and s.primitive is known_value for s in walk(program.body)):
        return program
    return remove_dead_code(without_copies(replace(program, body=_known(program.body))))


def _known(block: Block) -> Block:
    """A block in which known values are other names."""
    found: list[Statement] = []
    for statement in block:
        match statement:
            case Compute(primitive=primitive, args=args) if primitive is known_value:
                found.append(replace(statement, primitive=core.pos, args=args[:1]))
            case Loop(body=body, condition_block=head):
                head = None if head is None else _known(head)
                found.append(replace(statement, body=_known(body), condition_block=head))
            case Branch(then=then, otherwise=otherwise):
                found.append(replace(statement, then=_known(then), otherwise=_known(otherwise)))
            case _:
                found.append(statement)
    return Block(found)


@dataclass(frozen=True, eq=False)
class _Choice:
    """A loop that takes the ``candidates``, by the positions of what it carries, where ``condition`` is ``taken_if``.

    An iteration makes them by ``statements``, those of its arms that run then among them.
    """

    loop: Loop
    condition: Operand
    taken_if: bool
    candidates: dict[int, Operand]
    statements: list[Statement]

    def write(self, builder: Builder) -> None:
        """Append the loop, which carries the index that was chosen, and then the candidates of that iteration."""
        loop = self.loop
        chosen, found = Var("chosen", INT64), Var("found", BOOL)
        body = Builder(Block([*loop.body]))
        takes = self.condition if self.taken_if else body.compute(core.not_, self.condition)
        results = [Var(r.name, r.type) if at in self.candidates else r for at, r in enumerate(loop.results)]
        last, is_any = Var("chosen", INT64), Var("found", BOOL)
        whole = replace(
            loop,
            params=[*loop.params, chosen, found],
            inits=[*loop.inits, const_int(0), Const(False, BOOL)],
            yields=[*loop.yields, body.select(takes, loop.index, chosen), body.compute(core.or_, takes, found)],
            body=body.block,
            results=[*results, last, is_any],
        )
        builder.add(whole)
        arm = builder.nested()
        copier = Copier(lambda var: last if var is loop.index else var)
        for statement in self.needed():
            copier.statement(statement, arm)
        at_last = [copier(candidate) for candidate in self.candidates.values()]
        before = [loop.inits[at] for at in self.candidates]
        again = [Var(loop.results[at].name, loop.results[at].type) for at in self.candidates]
        builder.add(Branch(is_any, arm.block, at_last, Block(), before, again))
        for at, second in zip(self.candidates, again, strict=True):
            builder.add(Compute(loop.results[at], known_value, (results[at], second)))

    def needed(self) -> list[Statement]:
        """The statements of an iteration that make the candidates."""
        values: set[Operand] = set(self.candidates.values())
        found = []
        for statement in reversed(self.statements):
            if not values.isdisjoint(definitions(statement)):
                values.update(_reads(statement))
                found.append(statement)
        return found[::-1]

    def is_independent(self) -> bool:
        """True when the candidates of an iteration can be had without what the loop carries."""
        made = self.needed()
        read = {operand for statement in made for operand in _reads(statement)} | set(self.candidates.values())
        return read.isdisjoint(self.loop.params)


def _choice(loop: Loop, activity: Activity) -> _Choice | None:
    """What a loop chooses; None when it does anything else that has derivatives."""
    active = [at for at, param in enumerate(loop.params) if param in activity]
    if not active or not loop.is_counted or not all(isinstance(s, _PURE) for s in walk(loop.body)):
        return None
    made_by = {var: s for s in loop.body for var in definitions(s)}
    rules: set[tuple[Operand, bool]] = set()
    candidates: dict[int, Operand] = {}
    arms: dict[Branch, Block] = {}
    for at in active:
        param, new = loop.params[at], loop.yields[at]
        made = made_by.get(new) if isinstance(new, Var) else None
        sides = _sides(made, new)
        if made is None or sides is None or _read_otherwise(loop, param, made, new):
            return None
        condition, then, otherwise = sides
        if (then is param) == (otherwise is param):
            return None
        rules.add((condition, otherwise is param))
        candidates[at] = then if otherwise is param else otherwise
        if isinstance(made, Branch):
            arms[made] = made.then if otherwise is param else made.otherwise
    if len(rules) > 1:
        return None
    ((condition, taken_if),) = rules
    statements = [*loop.body, *(s for arm in arms.values() for s in arm)]
    choice = _Choice(loop, condition, taken_if, candidates, statements)
    return choice if condition.type == BOOL and choice.is_independent() else None


def _sides(made: Statement | None, new: Operand) -> tuple[Operand, Operand, Operand] | None:
    """The condition of a selection or a branch, and what it makes ``new`` where that holds, and where it doesn't."""
    match made:
        case Compute(primitive=core.select, args=(condition, then, otherwise)):
            return condition, then, otherwise
        case Branch(results=results):
            at = [result is new for result in results].index(True)
            return made.condition, made.then_yields[at], made.otherwise_yields[at]
    return None


def _read_otherwise(loop: Loop, param: Var, chooser: Statement, new: Operand) -> bool:
    """True when an iteration reads a carried number, or its next value, elsewhere than where no derivative flows."""
    watched = {param, new}
    for statement in walk(loop.body):
        reads = sum(operand in watched for operand in own_reads(statement))
        if reads > (statement is chooser) and not (isinstance(statement, Compute) and statement.primitive.is_zero):
            return True
    return sum(each in watched for each in loop.yields) > 1


def _reads(statement: Statement) -> set[Operand]:
    """What a statement, with all that is nested in it, reads from outside."""
    read: set[Operand] = set(own_reads(statement))
    for block in sub_blocks(statement):
        read.update(free_variables(block, ()))
    return read

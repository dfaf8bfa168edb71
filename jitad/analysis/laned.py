"""Which values get lanes: those that depend on parameters that have lanes, through memory and the tape too.

Postcondition of ``Laned``: what isn't in it has the same value in every lane.
"""

from __future__ import annotations

from collections.abc import Iterable

from jitad.analysis.activity import Flow, flows
from jitad.analysis.aliasing import Aliases
from jitad.program.queries import sub_blocks, walk
from jitad.program.statements import (
    Block,
    Branch,
    Call,
    Compute,
    Loop,
    Operand,
    Pop,
    Program,
    Push,
    Release,
    Statement,
    Var,
)
from jitad.program.types import Array


class Laned:
    """The values of a program that depend on ``inputs``, as far as they are floating-point.

    A value that depends on the inputs only where the derivative is declared zero isn't among them, unless ``by_value``.
    """

    def __init__(self, program: Program, inputs: Iterable[Var], *, by_value: bool = False) -> None:
        self._aliases = Aliases(program)
        self._found: set[Var] = set(self._keys(inputs))
        spread = _spread if by_value else flows
        steps = [flow for statement in walk(program.body) for flow in spread(statement)]
        steps += [([value], [out]) for push, pop in matched_pushes(program) for value, out in _rows(push, pop)]
        size = -1
        while size != len(self._found):
            size = len(self._found)
            for sources, targets in steps:
                if any(key in self._found for key in self._keys(sources)):
                    self._found.update(self._keys(targets))

    def __contains__(self, operand: object) -> bool:
        return isinstance(operand, Var) and operand.type.is_float and self._key(operand) in self._found

    def _key(self, var: Var) -> Var:
        return self._aliases.root(var) if isinstance(var.type, Array) else var

    def _keys(self, operands: Iterable[Operand]) -> Iterable[Var]:
        return (self._key(o) for o in operands if isinstance(o, Var) and o.type.is_float)


def _spread(statement: Statement) -> list[Flow]:
    """The flows of one statement, those without a derivative too."""
    match statement:
        case Compute(out=out, args=args):
            return [(args, [out])]
        case Call(outs=outs, args=args):
            return [(args, outs)]
    return flows(statement)


def _rows(push: Push, pop: Pop) -> Iterable[tuple[Operand, Var]]:
    return zip(push.values, pop.outs, strict=True)


_Stack = list["Push | tuple[_Stack, _Stack]"]
"""The pushes that are still on the tape, in the order of the text; a branch leaves those of its arms together."""


def matched_pushes(program: Program) -> list[tuple[Push, Pop]]:
    """Each pop with the push whose values it takes back.

    A reverse sweep mirrors its forward sweep, so the text alone tells: the tape is a stack of the pushes of loops'
    bodies, each once, and of branches, whose arms are popped by the arms of one branch. A branch may also pop what a
    loop before it has pushed, or give it back unread.
    """
    pairs: list[tuple[Push, Pop]] = []
    _match(program.body, [], pairs)
    return pairs


def _match(block: Block, stack: _Stack, pairs: list[tuple[Push, Pop]]) -> None:
    for statement in block:
        match statement:
            case Push():
                stack.append(statement)
            case Pop():
                push = stack.pop()
                assert isinstance(push, Push), "a branch pushes what no branch pops"
                pairs.append((push, statement))
            case Loop():
                for inner in sub_blocks(statement):
                    _match(inner, stack, pairs)
            case Branch(then=then, otherwise=otherwise) if _gives_back(otherwise):
                _match(then, stack, pairs)
            case Branch(then=then, otherwise=otherwise):
                _match_arms(then, otherwise, stack, pairs)


def _match_arms(then: Block, otherwise: Block, stack: _Stack, pairs: list[tuple[Push, Pop]]) -> None:
    arms: tuple[_Stack, _Stack] = ([], [])
    if _growth(then) + _growth(otherwise) < 0:
        popped = stack.pop()
        assert isinstance(popped, tuple), "a branch pops what no branch pushes"
        arms = popped
    for block, own in zip((then, otherwise), arms, strict=True):
        _match(block, own, pairs)
    if any(arms):
        stack.append(arms)


def _gives_back(block: Block) -> bool:
    """True for an arm that gives back what the other one pops."""
    return any(isinstance(statement, Release) and statement.unread for statement in block)


def _growth(block: Block) -> int:
    """By how many pushes of its text a block makes the tape longer."""
    return sum(
        isinstance(statement, Push) - isinstance(statement, Pop) + sum(map(_growth, sub_blocks(statement)))
        for statement in block
    )

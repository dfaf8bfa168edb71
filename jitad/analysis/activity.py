"""Which values carry derivatives: those that depend on the inputs and that a result depends on.

Postcondition of ``Activity``: a scalar or an alias group of arrays that isn't active has a zero derivative, by
declaration of its primitives, and needs no adjoint.
"""

from __future__ import annotations

from collections.abc import Iterable

from jitad.analysis.aliasing import Aliases
from jitad.primitives.spec import ZERO
from jitad.program.queries import walk
from jitad.program.statements import Accumulate, Branch, Call, Compute, Draw, Load, Loop, Operand, Program, Store, Var
from jitad.program.types import Array


class Activity:
    """The active values of a program, for derivatives of ``results`` by ``inputs``."""

    def __init__(
        self, program: Program, aliases: Aliases, inputs: Iterable[Operand], results: Iterable[Operand]
    ) -> None:
        self._aliases = aliases
        self._statements = list(walk(program.body))
        self._varied = varied = self._closure(set(self._keys(inputs)), self._forward)
        useful = self._closure(set(self._keys(results)), self._backward)
        self._active = varied & useful

    def __contains__(self, operand: object) -> bool:
        return isinstance(operand, Var) and operand.type.is_float and self._key(operand) in self._active

    def varies(self, operand: Operand) -> bool:
        """True for a floating-point value that depends on the inputs, whether a result depends on it or not."""
        return isinstance(operand, Var) and operand.type.is_float and self._key(operand) in self._varied

    def _key(self, var: Var) -> Var:
        return self._aliases.root(var) if isinstance(var.type, Array) else var

    def _keys(self, operands: Iterable[Operand]) -> Iterable[Var]:
        return (self._key(o) for o in operands if isinstance(o, Var) and o.type.is_float)

    def _closure(self, found: set[Var], step: object) -> set[Var]:
        assert callable(step)
        size = -1
        while size != len(found):
            size = len(found)
            step(found)
        return found

    def _forward(self, varied: set[Var]) -> None:
        """Spread from arguments to results."""
        for statement in self._statements:
            for sources, targets in flows(statement):
                if any(key in varied for key in self._keys(sources)):
                    varied.update(self._keys(targets))

    def _backward(self, useful: set[Var]) -> None:
        """Spread from results to arguments."""
        for statement in reversed(self._statements):
            for sources, targets in flows(statement):
                if any(key in useful for key in self._keys(targets)):
                    useful.update(self._keys(sources))


Flow = tuple[Iterable[Operand], Iterable[Operand]]


def flows(statement: object) -> list[Flow]:
    """Pairs (what may have a derivative, what depends on it) of one statement."""
    match statement:
        case Compute(out=out, primitive=primitive, args=args):
            smooth = [arg for arg, partial in zip(args, primitive.partials, strict=True) if partial is not ZERO]
            return [(smooth, [out])]
        case Draw(out=out, args=args):
            return [(args, [out])]
        case Load(out=out, array=array):
            return [([array], [out])]
        case Store(array=array, value=value) | Accumulate(array=array, value=value):
            return [([value], [array])]
        case Call(primitive=primitive, outs=outs, args=args):
            return [([arg for at, arg in enumerate(args) if at not in primitive.inert], outs)]
        case Loop(params=params, inits=inits, yields=yields, results=results):
            flows: list[Flow] = []
            for param, init, new, result in zip(params, inits, yields, results, strict=True):
                flows.append(([init, new], [param]))
                flows.append(([param, init, new], [result]))
            return flows
        case Branch(then_yields=thens, otherwise_yields=elses, results=results):
            return [([a, b], [r]) for a, b, r in zip(thens, elses, results, strict=True)]
    return []

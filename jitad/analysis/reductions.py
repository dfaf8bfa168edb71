"""Which of the numbers that a loop carries are reductions: sums, products, maxima and minima."""

from __future__ import annotations

from jitad.analysis.sums import Chains
from jitad.primitives import core
from jitad.primitives.sums import ADDITIONS
from jitad.program.queries import operands, walk
from jitad.program.statements import Branch, Compute, Loop, Operand, Var
from jitad.program.types import Array

_COMPARISONS = (core.lt, core.le, core.gt, core.ge)
_EXTREMES = ("maximum", "minimum", "fmax", "fmin", "largest", "smallest")


def is_reduction(loop: Loop, at: int) -> bool:
    """True when the number carried at a position is a reduction that nothing else in the loop reads."""
    param, new = loop.params[at], loop.yields[at]
    if isinstance(param.type, Array):
        return False
    if new is param:
        return True
    folds = ((ADDITIONS, core.sub), ((core.mul,), core.truediv))
    return any(Chains(loop, *fold).has(param, new) for fold in folds) or _Extreme(loop).has(param, new)


class _Extreme:
    """Follows comparisons of a carried number with others, and choices of one of the two that are compared."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def has(self, param: Var, new: Operand) -> bool:
        """True when ``new`` is ``param`` or a greater (or smaller) number, and only the comparisons tell which."""
        chain: set[Operand] = {param}
        tests: set[Operand] = set()
        for statement in walk(self._loop.body):
            if isinstance(statement, Compute):
                reads = [arg for arg in statement.args if arg in chain]
                if statement.primitive in _COMPARISONS and len(reads) == 1:
                    tests.add(statement.out)
                elif reads and (statement.primitive.name in _EXTREMES or _chooses(statement, tests)):
                    chain.add(statement.out)
                elif reads or any(arg in tests for arg in statement.args):
                    return False
            elif isinstance(statement, Branch) and statement.condition in tests:
                rows = zip(statement.then_yields, statement.otherwise_yields, statement.results, strict=True)
                chosen = [result for then, otherwise, result in rows if then in chain or otherwise in chain]
                if len(chosen) != len(statement.results):
                    return False
                chain.update(chosen)
            elif any(operand in chain or operand in tests for operand in operands(statement)) or (
                isinstance(statement, Loop) and not chain.isdisjoint(statement.yields)
            ):
                return False
        others = [y for y, p in zip(self._loop.yields, self._loop.params, strict=True) if p is not param]
        return new in chain and not any(y in chain for y in others)


def _chooses(statement: Compute, tests: set[Operand]) -> bool:
    return statement.primitive is core.select and statement.args[0] in tests

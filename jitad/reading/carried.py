"""Which memory the arrays are that a loop carries: assumed while its body is read, and checked afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from jitad.program.statements import Var
from jitad.reading import arrays
from jitad.reading.arrays.maps import is_whole
from jitad.reading.values import ArrayValue, Value, memory_of

if TYPE_CHECKING:
    from jitad.reading.reader import Reader


@dataclass(frozen=True)
class Carried:
    """What is assumed of carried arrays, by their names.

    Iterations only exchange the ``apart`` arrays, which stay different memory from each other. The ``drawn`` arrays are
    those from before the loop, or fresh memory of an earlier iteration.
    """

    apart: Mapping[str, Var]
    drawn: Mapping[str, Var]

    def note(self, reader: Reader, variables: Mapping[str, Sequence[Var]]) -> None:
        """Remember it of the variables that stand for these names."""
        arrays.note_exchanged(reader, _of(self.apart, variables), self.apart.values())
        arrays.note_drawn(reader, _of(self.drawn, variables), self.drawn.values())

    def checked(self, reader: Reader, index: Var, before: Mapping[str, Value], after: Mapping[str, Value]) -> Carried:
        """What of it is true of an iteration that leads from the values ``before`` to those ``after``.

        ``index`` is the loop's index, which is older than anything of the iteration.
        """
        if not _only_exchanged(self.apart, before, after):
            return Carried({}, {**self.apart, **self.drawn})
        if not _only_drawn(reader, self.drawn, index, before, after):
            return Carried(self.apart, {})
        return self


def assumed(reader: Reader, inits: Mapping[str, Value]) -> Carried:
    """What to assume first for names with these values before the loop."""
    found = _arrays(inits, inits)
    whole = {each: value.base for each, value in found.items() if is_whole(reader.builder, value)}
    alone = all(not arrays.may_alias(reader, a, b) for a, b in combinations(whole.values(), 2))
    apart = whole if alone and len(whole) > 1 else {}
    return Carried(apart, {each: value.base for each, value in found.items() if each not in apart})


def _of(names: Iterable[str], variables: Mapping[str, Sequence[Var]]) -> list[Var]:
    return [variable for each in names for variable in variables.get(each, ())]


def _bases(names: Iterable[str], values: Mapping[str, Value]) -> list[Var]:
    return [value.base for value in _arrays(names, values).values()]


def _arrays(names: Iterable[str], values: Mapping[str, Value]) -> dict[str, ArrayValue]:
    found = ((each, memory_of(values.get(each))) for each in names)
    return {each: memory for each, memory in found if memory is not None}


def _only_exchanged(apart: Mapping[str, Var], before: Mapping[str, Value], after: Mapping[str, Value]) -> bool:
    bases = _bases(apart, after)
    return len(bases) == len(apart) and set(bases) == set(_bases(apart, before))


def _only_drawn(
    reader: Reader, drawn: Mapping[str, Var], index: Var, before: Mapping[str, Value], after: Mapping[str, Value]
) -> bool:
    bases = _bases(drawn, after)
    allowed = {*_bases(drawn, before), *(arrays.root(reader, source) for source in drawn.values())}
    return len(bases) == len(drawn) and all(arrays.is_drawn_from(reader, base, allowed, index) for base in bases)

"""Lines of source and the expressions in them: what every part of the emitter writes with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jitad.emission.literals import literal
from jitad.emission.naming import Names
from jitad.emission.usage import foldable
from jitad.primitives.spec import ArrayPrimitive
from jitad.program.queries import walk
from jitad.program.statements import Call, Compute, Const, Draw, Operand, Program, Statement, Var
from jitad.program.types import Scalar
from jitad.runtime import lanes, memory, plain

DEEPEST = 12
"""Nested parentheses in one emitted expression, for the reader's sake."""

HELPERS = (
    *("load", "store", "accumulate", "elements", "tape_array", "fill", "view", "reshaped", "offset_of", "stride_of"),
    *("trip_count", "local_array", "unforeseen"),
)
LANE_HELPERS = ("load_lanes", "store_lanes", "accumulate_lanes")


class Writer:
    """The source of one program as it grows, and the names in it.

    ``own_names`` are names that it writes as they are, so that no variable may have them.
    """

    own_names: tuple[str, ...] = ()

    def __init__(self, program: Program, tapes: tuple[str, ...], functions: Mapping[Program, str]) -> None:
        self._program = program
        self._tapes = tapes
        self._functions = functions
        self.names_used: dict[str, Any] = {}
        self.plain_names_used: dict[str, Any] = {}
        self._collect_primitives()
        tape_names = {f"{kind}_{t}" for kind in ("tape", "top", "limit", "peak") for t in tapes}
        reserved = {*HELPERS, *LANE_HELPERS, *self.own_names, *self.names_used, *tape_names, *functions.values()}
        self._names = Names({*reserved, "inf", "nan"})
        self.entry = self._names.fresh(program.name)
        self._foldable = foldable(program)
        self._texts: dict[Var, tuple[str, int]] = {}
        self._lines: list[str] = []
        self._indent = 1
        self._place = ""

    # Names

    def _use(self, name: str, compiled: Any, uncompiled: Any) -> str:
        self.names_used[name] = compiled
        self.plain_names_used[name] = uncompiled
        return name

    def _helper(self, name: str) -> str:
        return self._use(name, getattr(lanes if name in LANE_HELPERS else memory, name), getattr(plain, name))

    def _collect_primitives(self) -> None:
        for statement in walk(self._program.body):
            if isinstance(statement, Compute):
                plain_names = dict(statement.primitive.plain_names)
                for name, compiled in statement.primitive.names:
                    self._use(name, compiled, plain_names.get(name, compiled))
            elif isinstance(statement, Draw):
                function = statement.primitive.function
                self._use(function.__name__, function, function)
            elif isinstance(statement, Call):
                self._use(*called(statement))

    # Expressions

    def _text(self, operand: Operand) -> str:
        """An operand as source; a value that is read once is written out where it is read."""
        if isinstance(operand, Const):
            return literal(operand, self._use)
        if operand in self._texts:
            return self._texts[operand][0]
        return self._names[operand]

    def _depth(self, operand: Operand) -> int:
        return self._texts[operand][1] if isinstance(operand, Var) and operand in self._texts else 0

    def _tuple(self, operands: tuple[Operand, ...]) -> str:
        return f"({''.join(f'{self._text(o)}, ' for o in operands).rstrip(' ') if operands else ''})"

    def _read(self, out: Operand, *place: str) -> str:
        """What reads a number, or lanes, from a place in an array."""
        if lane_count(out):
            return f"{self._helper('load_lanes')}({', '.join([str(lane_count(out)), *place])})"
        return f"{self._helper('load')}({', '.join(place)})"

    def _write(self, helper: str, value: Operand, *place: str) -> str:
        """What stores (or accumulates) a number, or lanes, at a place in an array."""
        name = self._helper(f"{helper}_lanes" if lane_count(value) else helper)
        return f"{name}({', '.join([*place, self._text(value)])})"

    def _place_in(self, array: Var, index: tuple[Operand, ...], value: Operand) -> list[str]:
        """An array and a full index into it; lanes begin at the start of the last axis."""
        return [self._text(array), *(self._text(i) for i in index), *(["0"] if lane_count(value) else [])]

    # Lines

    def _line(self, text: str) -> None:
        self._lines.append("    " * self._indent + text)

    def _mark(self, statement: Statement) -> None:
        """A comment with the user's file and line wherever it changes."""
        if statement.origin is None:
            return
        place = f"{Path(statement.origin.file).name}:{statement.origin.line}"
        if place != self._place:
            self._place = place
            self._line(f"# {place}: {statement.origin.text.strip()}")

    def _compute(self, statement: Compute) -> None:
        text = statement.primitive.template.format(*(self._text(arg) for arg in statement.args))
        depth = 1 + max(self._depth(arg) for arg in statement.args)
        if statement.out in self._foldable and depth <= DEEPEST:
            self._texts[statement.out] = (text, depth)
            return
        self._mark(statement)
        self._line(f"{self._names.bind(statement.out)} = {bare(text)}")


def lane_count(operand: Operand) -> int:
    """How many lanes a value has; 0 for a plain number."""
    return operand.type.lanes if isinstance(operand.type, Scalar) else 0


def bare(text: str) -> str:
    """Drop a pair of parentheses around a whole expression."""
    if not text.startswith("(") or not text.endswith(")"):
        return text
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0 and at < len(text) - 1:
            return text
    return text[1:-1] if text[1:-1].strip() and not text[1:-1].rstrip().endswith(",") else text


def called(call: Call) -> tuple[str, Any, Any]:
    """The name by which an array primitive is called, what it stands for, and what it stands for uncompiled."""
    primitive = call.primitive
    assert isinstance(primitive, ArrayPrimitive), f"{primitive} is still to be expanded"
    if call.accumulate:
        return f"{primitive.name}_accumulate", primitive.accumulating, primitive.plain_accumulating
    return primitive.name, primitive.implementation, primitive.plain

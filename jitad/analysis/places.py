"""Which elements of arrays from outside the iterations of a loop touch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jitad.primitives import core
from jitad.program.builder import is_const
from jitad.program.queries import definitions, walk
from jitad.program.statements import Alloc, AtOffset, Branch, Compute, Const, Loop, Operand, Program, Reshape, Var, View
from jitad.program.types import Array


def bound_in(loop: Loop) -> set[Operand]:
    """The names whose values may differ between iterations."""
    inside: set[Operand] = {loop.index, *loop.params}
    for statement in walk(loop.body):
        inside.update(definitions(statement))
        if isinstance(statement, Loop):
            inside.update((statement.index, *statement.params))
    return inside


@dataclass(frozen=True)
class Place:
    """An element of an array from outside a loop, by its index along each axis (None where that isn't one operand).

    ``varies`` tells where the index takes another value in each iteration, ``offset`` what is added to the loop's
    index there if that is a literal.
    """

    array: Var
    index: tuple[object, ...]
    varies: tuple[bool, ...]
    offset: tuple[int | None, ...]


class Layouts:
    """The arrays of a program whose elements, at different indices, are different memory for certain."""

    def __init__(self, program: Program) -> None:
        handed_on = list(_handed_on(program))
        refuted: set[Var] = set()
        while True:
            self._plain = _plain(program, {array for array, _ in handed_on} - refuted)
            wrong = {array for array, sources in handed_on if not self._plain.issuperset(sources)} - refuted
            if not wrong:
                break
            refuted |= wrong

    def __contains__(self, array: object) -> bool:
        return array in self._plain


def _plain(program: Program, assumed: set[Var]) -> set[Var]:
    """The plain arrays of a program, if those are that are ``assumed`` to be."""
    plain: set[Var] = {param for param in program.params if isinstance(param.type, Array)} | assumed
    for statement in walk(program.body):
        match statement:
            case Alloc(out=out) | AtOffset(out=out, strides=()):
                plain.add(out)
            case View(out=out, base=base) if base in plain and _is_injective(statement):
                plain.add(out)
            case Reshape(out=out, base=base) if base in plain:
                plain.add(out)
    return plain


def _handed_on(program: Program) -> Iterator[tuple[Var, list[Operand]]]:
    """The arrays that loops carry and that branches choose, each with what it may be."""
    for statement in walk(program.body):
        if isinstance(statement, Loop):
            rows = zip(statement.params, statement.results, statement.inits, statement.yields, strict=True)
            for param, result, init, new in rows:
                yield from ((one, [init, new]) for one in (param, result) if isinstance(one.type, Array))
        elif isinstance(statement, Branch):
            rows_ = zip(statement.results, statement.then_yields, statement.otherwise_yields, strict=True)
            yield from ((one, [then, other]) for one, then, other in rows_ if isinstance(one.type, Array))


def _is_injective(view: View) -> bool:
    """True when a view repeats no element of its base."""
    walked = [axis.base_axis for axis in view.axes]
    steps = [axis.step for axis in view.axes]
    return (
        None not in walked
        and len(set(walked)) == len(walked)
        and all(isinstance(step, Const) and step.value != 0 for step in steps)
    )


class Places:
    """Follows views that an iteration makes of arrays from outside the loop."""

    def __init__(self, loop: Loop, layouts: Layouts | None = None) -> None:
        """Follow the views of ``loop``; without ``layouts``, arrays from outside are taken to be plain."""
        self._loop = loop
        self._layouts = layouts
        self._inside = bound_in(loop)
        self._made_by: dict[Operand, Compute] = {}
        self._views: dict[Var, View | Reshape] = {}
        for statement in walk(loop.body):
            if isinstance(statement, Compute):
                self._made_by[statement.out] = statement
            elif isinstance(statement, View | Reshape):
                self._views[statement.out] = statement

    def of(self, array: Var, index: Sequence[Operand]) -> Place | None:
        """The place of an element; None when it isn't known in which array, or which other indices lead to it."""
        found: list[Operand | None] = list(index)
        while array in self._views:
            view = self._views[array]
            if isinstance(view, Reshape):
                return None
            found = _in_base(view, found)
            array = view.base
        if array in self._inside or (self._layouts is not None and array not in self._layouts):
            return None
        offsets = tuple(None if operand is None else self._offset(operand) for operand in found)
        varies = tuple(operand is not None and self._varies(operand) for operand in found)
        return Place(array, tuple(_identity(operand) for operand in found), varies, offsets)

    def _varies(self, operand: Operand) -> bool:
        """True for the loop's index, plus or minus what doesn't change in the loop."""
        while operand is not self._loop.index:
            made = self._made_by.get(operand)
            if made is None or made.primitive not in (core.add, core.sub):
                return False
            first, second = made.args
            if second not in self._inside:
                operand = first
            elif first not in self._inside:
                operand = second
            else:
                return False
        return True

    def _offset(self, operand: Operand) -> int | None:
        """``c`` when an operand is the loop's index plus a literal ``c``, and the loop visits every index."""
        if not is_const(self._loop.step, 1):
            return None
        offset = 0
        while operand is not self._loop.index:
            made = self._made_by.get(operand)
            if made is None or made.primitive not in (core.add, core.sub) or not isinstance(made.args[1], Const):
                return None
            offset += int(made.args[1].value) * (1 if made.primitive is core.add else -1)
            operand = made.args[0]
        return offset


def _in_base(view: View, index: list[Operand | None]) -> list[Operand | None]:
    """The index in the base of an element of a view."""
    found: list[Operand | None] = list(view.starts)
    walked: set[int] = set()
    for axis, operand in zip(view.axes, index, strict=True):
        if axis.base_axis is None:
            continue
        is_plain = is_const(axis.step, 1) and is_const(view.starts[axis.base_axis], 0)
        found[axis.base_axis] = operand if is_plain and axis.base_axis not in walked else None
        walked.add(axis.base_axis)
    return found


def _identity(operand: Operand | None) -> object:
    return operand.value if isinstance(operand, Const) else operand

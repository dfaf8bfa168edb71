"""The text of statements that work on memory and on the tape."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from jitad.analysis.local_arrays import elements_of
from jitad.emission.literals import literal
from jitad.emission.overflow import Rows, words
from jitad.emission.writer import Writer
from jitad.program.builder import is_const
from jitad.program.queries import walk
from jitad.program.statements import (
    Alloc,
    AtOffset,
    Const,
    OffsetOf,
    Operand,
    Pop,
    Program,
    Push,
    Release,
    Statement,
    Var,
    View,
    array_type,
)
from jitad.program.types import Array, Scalar


def tape_dtypes(programs: Iterable[Program], without: Collection[Alloc] = ()) -> tuple[str, ...]:
    """The dtypes that programs put on the tape, ``without`` the allocations that are elsewhere."""
    statements = (s for program in programs for s in walk(program.body))
    return dtypes_of(s for s in statements if isinstance(s, Alloc | AtOffset | Push) and s not in without)


def dtypes_of(statements: Iterable[Statement]) -> tuple[str, ...]:
    """The dtypes of the tapes that statements use."""
    found: set[str] = set()
    for statement in statements:
        match statement:
            case Alloc(out=out) | AtOffset(out=out):
                found.add(array_type(out).dtype)
            case OffsetOf(array=array):
                found.add(array_type(array).dtype)
            case Release(dtype=dtype):
                found.add(dtype)
            case Push(values=values) | Pop(outs=values):
                found.update(words(values))
    return tuple(sorted(found))


class MemoryWriter(Writer):
    """Writes arrays, views, pushes and pops; the allocations in ``local`` take nothing from the tape."""

    def __init__(
        self,
        program: Program,
        tapes: tuple[str, ...],
        functions: Mapping[Program, str],
        measured: bool,
        local: Collection[Alloc] = (),
    ) -> None:
        super().__init__(program, tapes, functions)
        self._measured = measured
        self._local = local
        self._covered = False
        self._rows: Rows | None = None

    def _tape_array(self, out: Var, at: str, shape: tuple[Operand, ...]) -> None:
        dtype = array_type(out).dtype
        call = f"{self._helper('tape_array')}(tape_{dtype}, {at}, {self._tuple(shape)})"
        self._line(f"{self._names.bind(out)} = {call}")

    def _strided_array(self, statement: AtOffset) -> None:
        out = array_type(statement.out)
        lengths, strides = self._tuple(statement.shape), self._tuple(statement.strides)
        place = f"tape_{out.dtype}, ({self._text(statement.offset)},), {lengths}, {strides}"
        call = f"{self._helper('view')}({place}, {(0,) * out.ndim}, {out.layout!r})"
        self._line(f"{self._names.bind(statement.out)} = {call}")

    def _offset_of(self, statement: OffsetOf) -> None:
        name, dtype = self._text(statement.array), array_type(statement.array).dtype
        self._line(f"{self._names.bind(statement.out)} = {self._helper('offset_of')}(tape_{dtype}, {name})")
        for axis, stride in enumerate(statement.strides):
            place = f"tape_{dtype}, {name}, {axis}"
            self._line(f"{self._names.bind(stride)} = {self._helper('stride_of')}({place})")

    def _alloc(self, statement: Alloc) -> None:
        dtype = array_type(statement.out).dtype
        if statement in self._local:
            self._alloc_locally(statement, dtype)
        else:
            self._alloc_on_tape(statement, dtype)
        if statement.fill is not None:
            fill = literal(Const(statement.fill, Scalar(dtype)), self._use)
            self._line(f"{self._helper('fill')}({self._names[statement.out]}, {fill})")

    def _alloc_locally(self, statement: Alloc, dtype: str) -> None:
        if dtype in self._tapes:  # what gives the array back finds the tape as it was
            top = "limit" if statement.at_end else "top"
            self._line(f"{self._names.bind(statement.offset)} = {top}_{dtype}")
        numpy_type = np.dtype(dtype).type
        element = self._use(numpy_type.__name__, numpy_type, numpy_type)
        self._line(f"{self._names.bind(statement.out)} = {self._local_array(elements_of(statement), element)}")

    def _local_array(self, shape: tuple[int, ...], element: str) -> str:
        return f"{self._helper('local_array')}({shape!r}, {element})"

    def _alloc_on_tape(self, statement: Alloc, dtype: str) -> None:
        if any(is_const(length, 0) for length in statement.shape):  # a mark: where the tape's top is
            self._line(f"{self._names.bind(statement.offset)} = {'limit' if statement.at_end else 'top'}_{dtype}")
            self._tape_array(statement.out, self._names[statement.offset], statement.shape)
            return
        length = self._names.fresh("size")
        self._line(f"{length} = {self._size(statement.shape)}")
        self._check(dtype, length)
        offset = self._names.bind(statement.offset)
        if statement.at_end:
            self._line(f"limit_{dtype} -= {length}")
            self._line(f"{offset} = limit_{dtype}")
        else:
            self._line(f"{offset} = top_{dtype}")
            self._line(f"top_{dtype} += {length}")
        self._measure(dtype)
        self._tape_array(statement.out, offset, statement.shape)

    def _release(self, release: Release) -> None:
        if release.dtype in self._tapes:
            self._line(f"{'limit' if release.at_end else 'top'}_{release.dtype} = {self._text(release.offset)}")

    def _size(self, shape: tuple[Operand, ...]) -> str:
        """How many elements an array has; a product of lengths could wrap around."""
        if len(shape) < 2:
            return self._text(shape[0]) if shape else "1"
        return f"{self._helper('elements')}({self._tuple(shape)})"

    def _check(self, dtype: str, amount: str) -> None:
        self._line(f"if top_{dtype} + {amount} > limit_{dtype}:")
        self._stop(str(1 + self._tapes.index(dtype)))

    def _stop(self, status: str) -> None:
        """Return, under the condition in the line before, because a tape is too small."""
        self._line(f"    return ({', '.join([status, *self._no_results()])},)")

    def _no_results(self) -> list[str]:
        """Zeros of the results' types."""
        parts = []
        for result in self._program.results:
            if isinstance(result.type, Array):
                parts += ["0"] * (1 + result.type.ndim)
            else:
                zero = False if result.type.dtype == "bool" else 0
                parts.append(literal(Const(zero, result.type), self._use))
        return parts + ["0"] * (len(self._tapes) if self._measured else 0)

    def _measure(self, dtype: str) -> None:
        if self._measured:
            used = f"top_{dtype} + tape_{dtype}.size - limit_{dtype}"
            self._line(f"peak_{dtype} = max(peak_{dtype}, {used})")

    def _push(self, values: tuple[Operand, ...]) -> None:
        for dtype, group in _by_dtype(values).items():
            amount = words(group)[dtype]
            if not self._covered:
                self._check(dtype, str(amount))
            for place, value in zip(self._places(dtype, group, push=True), group, strict=True):
                self._line(self._write("store", value, f"tape_{dtype}", place))
            if self._rows is None:
                self._line(f"top_{dtype} += {amount}")
                self._measure(dtype)

    def _pop(self, outs: tuple[Var, ...]) -> None:
        for dtype, group in _by_dtype(outs).items():
            if self._rows is None:
                self._line(f"top_{dtype} -= {words(group)[dtype]}")
            for place, out in zip(self._places(dtype, group, push=False), group, strict=True):
                assert isinstance(out, Var)
                self._line(f"{self._names.bind(out)} = {self._read(out, f'tape_{dtype}', place)}")

    def _places(self, dtype: str, group: list[Operand], *, push: bool) -> list[str]:
        """Where the next values go on the tape (or come from): above its top, or in the rows of a loop."""
        sizes = [words([value])[dtype] for value in group]
        if self._rows is None:
            return [_plus(f"top_{dtype}", sum(sizes[:at])) for at in range(len(group))]
        return self._rows.places(dtype, sizes, push=push)

    def _view(self, view: View) -> None:
        axes = tuple(-1 if axis.base_axis is None else axis.base_axis for axis in view.axes)
        parts = [
            self._text(view.base),
            self._tuple(view.starts),
            self._tuple(tuple(axis.length for axis in view.axes)),
            self._tuple(tuple(axis.step for axis in view.axes)),
            repr(axes),
            repr(array_type(view.out).layout),
        ]
        self._line(f"{self._names.bind(view.out)} = {self._helper('view')}({', '.join(parts)})")


def _by_dtype(values: tuple[Any, ...]) -> dict[str, list[Operand]]:
    groups: dict[str, list[Operand]] = {}
    for value in values:
        groups.setdefault(value.type.dtype, []).append(value)
    return groups


def _plus(name: str, amount: int) -> str:
    return name if amount == 0 else f"{name} + {amount}"

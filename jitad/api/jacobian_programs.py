"""The programs of a kernel's Jacobian in each mode, and the structure of what its caller gets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.analysis.plan import AUTO
from jitad.api.derived import Derived, shifted
from jitad.errors import ArgumentError, MissingRuleError
from jitad.program.statements import Alloc, Const
from jitad.program.types import Array
from jitad.reading.results import (
    ArrayResult,
    DictResult,
    ResultTree,
    ScalarResult,
    SequenceResult,
    StaticResult,
    holds_complex,
)

if TYPE_CHECKING:
    from jitad.api.differentiate import Reading
    from jitad.program.statements import Operand, Program
    from jitad.transforms.adjoint import Adjoint

FORWARD, REVERSE, EITHER, HESSIAN = "forward", "reverse", "either", "forward over reverse"
"""The modes; ``EITHER`` leaves the choice between the first two to the shapes of arguments and results."""

AT_ONCE = "all columns at once"
"""How a Jacobian is found where it takes no loop over columns."""

CROSSING = 1.3
"""Forward mode is chosen for at most this many inputs per output.

A row costs 1.0 to 1.2 (Kuramoto, a network, A x, Cholesky), 1.6 (Burgers) or 2.4 (Lorenz 96) times a column.
"""


class JacobianPrograms:
    """The Jacobian of a reading of a kernel by the parameters at ``wrt``, which have the structure ``by``.

    ``dependents`` are the positions of the results that are differentiated. The results of a program are those of the
    kernel, if ``values`` are asked for, and then the blocks. Leaves of ``value`` count in the kernel's results, leaves
    of ``blocks`` in the blocks. Programs have at most ``widest`` lanes.
    Raises ArgumentError for a kernel without a floating-point result, and for Hessians NonScalarResultError.
    """

    def __init__(
        self,
        reading: Reading,
        wrt: Sequence[int],
        by: ResultTree,
        mode: str,
        *,
        has_aux: bool,
        values: bool,
        storage: str = AUTO,
    ) -> None:
        from jitad.api.differentiate import require_scalar
        from jitad.transforms.lanes import WIDTH

        self.widest = WIDTH
        self._at_once: dict[bool, Program | None] = {}
        if mode == HESSIAN:
            require_scalar(reading)
        self.reading = reading
        self.wrt = wrt
        self.mode = mode
        self.values = values
        self.storage = storage
        self.value = reading.kernel.result
        of = _differentiated(reading, has_aux=has_aux)
        if holds_complex(of) or holds_complex(by):
            raise ArgumentError(
                f"a Jacobian of {reading.program.name!r} is by or of complex numbers, and is more than one complex "
                "matrix.",
                "use jitad.jvp or jitad.vjp, or real arrays: jitad.view_as_real, jitad.view_as_complex.",
                reading.program.origin,
            )
        self.dependents = _dependents(reading, of, has_aux=has_aux)
        places = {at: place for place, at in enumerate(self.dependents)}
        if mode == HESSIAN:
            of, places = by, {at: at for at in range(len(wrt))}
        self.blocks = _blocks(of, by, places, len(wrt))

    @property
    def value_count(self) -> int:
        """How many results of a program come before the blocks."""
        return len(self.reading.program.results) if self.values else 0

    def derived(self, *, with_value: bool, has_aux: bool) -> Derived:
        """The Jacobian, after the value or before the aux, where these are asked for."""
        program = self._either() if self.mode == EITHER else self.program(self.mode, in_bundles=False)[0]
        return Derived(self.reading, program, (), self.output(with_value=with_value, has_aux=has_aux))

    def output(self, *, with_value: bool, has_aux: bool) -> ResultTree:
        """The structure of what the caller gets; its leaves count the kernel's results, and then the blocks."""
        output = shifted(self.blocks, self.value_count)
        if with_value:
            return SequenceResult(tuple, (self.value, output))
        if has_aux:
            assert isinstance(self.value, SequenceResult)
            return SequenceResult(tuple, (output, self.value.items[1]))
        return output

    def _either(self) -> Program:
        """Both modes in one program; one alone where a rule is missing in the other."""
        from jitad.transforms.jacobian import either_jacobian

        made, missing = [], None
        for mode in (FORWARD, REVERSE):
            try:
                program, steps = self.program(mode, in_bundles=False)
                if steps == AT_ONCE:
                    return program
                made.append(program)
            except MissingRuleError as error:
                missing = missing or error
        if missing is not None:
            if not made:
                raise missing
            return made[0]
        forward, reverse = made
        return either_jacobian(self.reading.program, self.wrt, self.dependents, forward, reverse, CROSSING)

    def program(self, mode: str, *, in_bundles: bool = True) -> tuple[Program, str]:
        """The program of a mode and how it goes about it.

        In forward mode all columns are found at once where that costs less; the number of lanes is 1 where lanes would
        decide control flow. Its blocks are those of bundles, which ``taken_apart`` knows, or the parts by themselves.
        Raises MissingRuleError when a derivative would flow through a function without a rule.
        """
        from jitad.transforms.lanes import NotLaneable

        found = self.at_once(in_bundles=in_bundles) if mode == FORWARD else None
        if found is not None:
            return found, AT_ONCE
        width = self._width(mode)
        try:
            program = self._program(mode, width, in_bundles=in_bundles)
        except NotLaneable:
            width = 1
            program = self._program(mode, width, in_bundles=in_bundles)
        unit = "row" if mode == REVERSE else "column"
        return program, f"{width} {unit}{'' if width == 1 else 's'} at a time"

    def at_once(self, *, in_bundles: bool = True) -> Program | None:
        """The program that finds all columns at once; None where that can't be, or costs more than lanes."""
        from jitad.transforms.accumulated import accumulated_jacobian
        from jitad.transforms.elements import NotAccumulable

        if in_bundles not in self._at_once:
            found = None
            with suppress(NotAccumulable, MissingRuleError):
                found = accumulated_jacobian(
                    self.reading.program,
                    self.wrt,
                    self.dependents,
                    width=self._width(FORWARD),
                    values=self.values,
                    in_bundles=in_bundles,
                )
            self._at_once[in_bundles] = found
        return self._at_once[in_bundles]

    def _program(self, mode: str, width: int, *, in_bundles: bool) -> Program:
        from jitad.transforms.jacobian import forward_jacobian, hessian_program, reverse_jacobian

        primal, how = self.reading.program, {"values": self.values, "in_bundles": in_bundles}
        if mode == HESSIAN:
            return hessian_program(primal, self.wrt, width, dependent=self.dependents[0], storage=self.storage, **how)
        if mode == FORWARD:
            return forward_jacobian(primal, self.wrt, width, dependents=self.dependents, **how)
        return reverse_jacobian(primal, self.wrt, width, dependents=self.dependents, storage=self.storage, **how)

    def taken_apart(self, *, in_batches: bool = False) -> Callable[[Sequence[Any]], list[Any]]:
        """A function from a program's blocks of bundles to the blocks that the leaves of ``blocks`` count.

        Blocks ``in_batches`` have one axis more, the first, which their parts have too.
        """
        from jitad.transforms.bundles import bundled, parts

        columns = [self.reading.program.params[at].type for at in self.wrt]
        rows = columns if self.mode == HESSIAN else [self.reading.program.results[at].type for at in self.dependents]
        count = len(rows) * len(columns)
        found: list[tuple[bool, list[int], list[tuple[Any, ...]]]] = []
        for of in bundled(rows):
            for by in bundled(columns):
                inside = list(parts(of, by))
                places = [part.row * len(columns) + part.column for part in inside]
                found.append((not of.is_array and not by.is_array, places, [(*part.index, ...) for part in inside]))

        def take_apart(results: Sequence[Any]) -> list[Any]:
            blocks: list[Any] = [None] * count
            for block, (are_numbers, places, indices) in zip(results, found, strict=True):
                if in_batches:
                    taken = [block[(slice(None), *index)] for index in indices]
                elif are_numbers:
                    numbers = block.ravel()
                    taken = numbers.tolist() if block.dtype == np.float64 else list(numbers)
                else:
                    taken = [block] if indices == [(...,)] else [block[index] for index in indices]
                for place, part in zip(places, taken, strict=True):
                    blocks[place] = part
            return blocks

        return take_apart

    def _width(self, mode: str) -> int:
        """How many columns or rows at a time: not many more than there are, where that is known."""
        program = self.reading.program
        rows = [program.results[at] for at in self.dependents]
        columns = [program.params[at] for at in self.wrt]
        sizes = [_size(program, operand) for operand in (rows if mode == REVERSE else columns)]
        total = sum(size for size in sizes if size is not None)
        return self.widest if None in sizes else min(self.widest, 1 << max(total - 1, 0).bit_length())

    def adjoint(self, mode: str) -> Adjoint | None:
        """The adjoint that a mode runs again and again; None in forward mode, which runs the tangent."""
        from jitad.transforms.jacobian import column_adjoint, row_adjoint

        if mode == FORWARD:
            return None
        if mode == HESSIAN:
            return column_adjoint(self.reading.program, self.wrt, self.dependents[0], self.storage)
        return row_adjoint(self.reading.program, self.wrt, self.dependents, self.storage)


def _size(program: Program, operand: Operand) -> int | None:
    """How many elements a parameter or a result has; None where that isn't known while reading."""
    if not isinstance(operand.type, Array):
        return 1
    for statement in program.body:
        if isinstance(statement, Alloc) and statement.out is operand:
            lengths = [length.value for length in statement.shape if isinstance(length, Const)]
            return int(math.prod(lengths)) if len(lengths) == len(statement.shape) else None
    return None


def _differentiated(reading: Reading, *, has_aux: bool) -> ResultTree:
    """The part of a kernel's result that is differentiated."""
    from jitad.api.differentiate import is_pair

    tree = reading.kernel.result
    if not has_aux:
        return tree
    if not is_pair(tree):
        program = reading.program
        raise ArgumentError(
            f"{program.name!r} doesn't return a pair, and has_aux=True asks for a pair (value, aux).",
            "return (value, aux) from the kernel, or leave has_aux out.",
            program.origin,
        )
    assert isinstance(tree, SequenceResult)
    return tree.items[0]


def _dependents(reading: Reading, of: ResultTree, *, has_aux: bool) -> list[int]:
    """The floating-point results in a part of the kernel's value, in order."""
    program = reading.program
    found = [at for at in dict.fromkeys(_leaves(of)) if program.results[at].type.is_float]
    if not found:
        raise ArgumentError(
            f"{program.name!r} returns no floating-point number and no floating-point array"
            f"{' as its value' if has_aux else ''}, and only these have derivatives.",
            "return floating-point numbers (1.0 * n, a.astype(float)).",
            program.origin,
        )
    return found


def _leaves(tree: ResultTree) -> list[int]:
    match tree:
        case ScalarResult(index) | ArrayResult(index):
            return [index]
        case SequenceResult(items=items):
            return [index for item in items for index in _leaves(item)]
        case DictResult(items=pairs):
            return [index for _, item in pairs for index in _leaves(item)]
    return []


def _blocks(of: ResultTree, by: ResultTree, places: Mapping[int, int], count: int) -> ResultTree:
    """``of`` with ``by`` in the place of each leaf; result ``at`` has the ``count`` blocks from ``places[at]`` on."""
    match of:
        case ScalarResult(index) | ArrayResult(index):
            return shifted(by, places[index] * count) if index in places else StaticResult(None)
        case SequenceResult(kind, items):
            return SequenceResult(kind, tuple(_blocks(item, by, places, count) for item in items))
        case DictResult(pairs):
            return DictResult(tuple((name, _blocks(item, by, places, count)) for name, item in pairs))
    return StaticResult(None)

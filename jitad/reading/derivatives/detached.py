"""A function that is called in a kernel, read as a program of its own, so that it can be differentiated there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jitad.analysis.effects import written_params
from jitad.errors import ArgumentError, SharedMemoryError
from jitad.program.builder import Builder
from jitad.program.queries import free_variables
from jitad.program.rewrite import Copier
from jitad.program.statements import Operand, Program, Var
from jitad.program.types import Array
from jitad.reading import arrays, complexes
from jitad.reading.custom_memory import refuse_shared_values
from jitad.reading.layouts import one_layout_per_flow
from jitad.reading.merging import describe
from jitad.reading.structures import mapped
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    DictValue,
    LazyValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

Leaf = ScalarValue | ArrayValue


@dataclass(frozen=True, eq=False)
class Detached:
    """A part of a kernel as a program: first the parameters that it is differentiated by, then what it reads besides.

    ``args`` are what the kernel has for the parameters; different arrays among them are different memory.
    """

    program: Program
    args: tuple[Operand, ...]
    leaves: tuple[Leaf, ...]

    @property
    def wrt(self) -> tuple[int, ...]:
        """The positions of the parameters that it is differentiated by."""
        return tuple(range(len(self.leaves)))


@dataclass(eq=False)
class Mirror:
    """Replaces the floating-point numbers and arrays in values by parameters of a program that is read next.

    ``lenient`` leaves what has no derivative as it is, instead of refusing it.
    """

    reader: Reader
    builder: Builder
    lenient: bool = False
    params: list[Var] = field(default_factory=list)
    args: list[Operand] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)

    def __call__(self, value: Value, what: str) -> Value:
        """The same structure of parameters. Refuses what has no derivative, naming it."""
        match value:
            case ScalarValue(operand) if operand.type.is_float:
                self._add(Var("x", operand.type), operand, value)
                return ScalarValue(self.params[-1])
            case ArrayValue() if value.dtype.startswith("float"):
                array = arrays.as_variable(self.reader, value)
                param = Var(array.name, array.type)
                self._add(param, array, value)
                arrays.note_distinct(self.reader, param)
                self.builder.know_shape(param, value.shape)
                return arrays.from_variable(self.builder, param)
            case LazyValue():
                return self(arrays.materialize(self.reader, value, "argument"), what)
            case ComplexValue() | ComplexArrayValue():
                return mapped(value, lambda leaf: self(leaf, what))
            case ComplexLazy():
                return self(complexes.in_memory(self.reader, value, "argument"), what)
            case SequenceValue(items, kind, fields):
                parts = [self(item, f"{what}[{at}]") for at, item in enumerate(items)]
                return SequenceValue(tuple(parts), kind, fields)
            case DictValue(items):
                return DictValue({key: self(item, f"{what}[{key!r}]") for key, item in items.items()})
            case StaticValue(None):
                return value
        if self.lenient:
            return value
        self.reader.refuse(
            ArgumentError,
            f"{what} is {describe(value)}, and only floating-point numbers have derivatives",
            "pass a float (2.0, not 2), an array of floats, or choose another argument with argnums",
        )

    def _add(self, param: Var, arg: Operand, leaf: Leaf) -> None:
        self.params.append(param)
        self.args.append(arg)
        self.leaves.append(leaf)


def detach(reader: Reader, mirror: Mirror, results: Sequence[Operand], name: str) -> Detached:
    """The program of what ``mirror.builder`` has built, with these results."""
    program, free = as_program(reader, mirror, results, name)
    return Detached(program, tuple(apart(reader, program, [*mirror.args, *free])), tuple(mirror.leaves))


def as_program(reader: Reader, mirror: Mirror, results: Sequence[Operand], name: str) -> tuple[Program, list[Var]]:
    """The program of what ``mirror.builder`` has built; its last parameters stand for the names given besides."""
    block = mirror.builder.block
    own = set(mirror.params)
    free = [var for var in free_variables(block, results) if var not in own]
    params = [*mirror.params, *(Var(var.name, var.type) for var in free)]
    renamed: dict[Var, Operand] = dict(zip([*mirror.params, *free], params, strict=True))
    builder, copier = Builder(), Copier(renamed.__getitem__)
    copier.block(block, builder)
    program = Program(name, params, builder.block, [copier(result) for result in results], reader.origin)
    refuse_shared_values(program)
    return one_layout_per_flow(program), free


def apart(reader: Reader, program: Program, args: Sequence[Operand]) -> list[Operand]:
    """The arguments with copies in the place of arrays that may be memory of another argument."""
    written = set(written_params(program))
    found: list[Operand] = []
    for at, arg in enumerate(args):
        if not isinstance(arg, Var) or not isinstance(arg.type, Array):
            found.append(arg)
            continue
        twins = [i for i, other in enumerate(found) if isinstance(other, Var) and _may_alias(reader, arg, other)]
        if twins and not written.isdisjoint((at, *twins)):
            names = [program.params[i].name for i in (at, twins[0])]
            reader.refuse(
                SharedMemoryError,
                f"what is differentiated writes to {names[0]!r}, which may share memory with "
                f"{'another argument' if names[0] == names[1] else repr(names[1])}",
                "pass a copy of one of them: .copy()",
            )
        if twins:
            whole = arrays.from_variable(reader.builder, arg)
            arg = arrays.as_variable(reader, arrays.materialize(reader, whole, arg.name, fresh=True))
        found.append(arg)
    return found


def _may_alias(reader: Reader, a: Var, b: Var) -> bool:
    return isinstance(b.type, Array) and arrays.may_alias(reader, a, b)

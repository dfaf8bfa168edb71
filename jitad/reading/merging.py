"""Values where control flow joins: which types they get, and how they are carried.

A template says how a name's value travels through a join: which parts are variables of the program, and of
which type, and which parts are the same on every path.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jitad.errors import KernelTypeError
from jitad.inference import unify
from jitad.program.builder import const_int
from jitad.program.statements import Const, Operand, Var, array_type
from jitad.program.types import BOOL, COMPLEX_DTYPES, REAL_DTYPES, Array, Scalar
from jitad.reading import complexes, lists
from jitad.reading.sameness import same, same_operand
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    DerivativeValue,
    DictValue,
    FunctionValue,
    GeneratorValue,
    ItemType,
    ListValue,
    MaybeValue,
    PartialValue,
    ScalarValue,
    SequenceValue,
    StaticValue,
    UndefinedValue,
    Value,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader


class Template:
    """Base of the templates."""


@dataclass(frozen=True, eq=False)
class Fixed(Template):
    """The same value on every path (a function, None, an array that isn't rebound)."""

    value: Value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fixed) and same(self.value, other.value)

    def __hash__(self) -> int:
        return hash(Fixed)


@dataclass(frozen=True)
class Unbound(Template):
    """A name that no path has bound so far."""


@dataclass(frozen=True)
class Number(Template):
    """A scalar variable."""

    type: Scalar


@dataclass(frozen=True)
class Rebound(Template):
    """An array variable; ``shape`` holds the lengths that are the same on every path, None for the others."""

    type: Array
    shape: tuple[Operand | None, ...]


@dataclass(frozen=True)
class ComplexNumber(Template):
    """Two scalar variables of one type, the parts of a complex number."""

    type: Scalar

    @property
    def dtype(self) -> str:
        return COMPLEX_DTYPES[self.type.dtype]


@dataclass(frozen=True)
class ComplexRebound(Template):
    """A complex array: the template of its memory as a real array."""

    pair: Rebound


@dataclass(frozen=True)
class Growing(Template):
    """A list of such items whose length differs: its memory and its length."""

    item: ItemType


@dataclass(frozen=True)
class Items(Template):
    """A tuple, list or named tuple, item by item, or a dict, value by value (``keys``)."""

    items: tuple[Template, ...]
    kind: type
    fields: tuple[str, ...] = ()
    keys: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Maybe(Template):
    """A name that isn't bound on every path: a flag says whether it is."""

    bound: Template


def template_of(value: Value, carried: bool) -> Template:
    """The template of one value; ``carried`` makes array variables of its arrays."""
    match value:
        case ScalarValue():
            return Number(value.type)
        case ArrayValue() if carried:
            layout = array_type(value.base).layout if _is_whole(value) else "A"
            return Rebound(Array(value.dtype, value.ndim, layout), value.shape)
        case ComplexValue():
            return ComplexNumber(value.type)
        case ComplexArrayValue(pair) if carried:
            template = template_of(pair, carried)
            assert isinstance(template, Rebound)
            return ComplexRebound(template)
        case ListValue(type=type_) if carried and value.ndim == 1:
            return Growing(type_)
        case SequenceValue(items, kind, fields):
            return Items(tuple(template_of(item, carried) for item in items), kind, fields)
        case DictValue(items):
            return Items(tuple(template_of(v, carried) for v in items.values()), dict, (), tuple(items))
        case MaybeValue(inner):
            return Maybe(template_of(inner, carried))
        case UndefinedValue():
            return Unbound()
    return Fixed(value)


def _is_whole(value: ArrayValue) -> bool:
    return len(value.axes) == array_type(value.base).ndim and all(
        isinstance(start, Const)
        and start.value == 0
        and axis.base_axis == i
        and isinstance(axis.step, Const)
        and axis.step.value == 1
        for i, (start, axis) in enumerate(zip(value.starts, value.axes, strict=True))
    )


def without_shapes(template: Template) -> Template:
    """The template with no length known."""
    match template:
        case Rebound(type_, shape):
            return Rebound(type_, tuple(None for _ in shape))
        case ComplexRebound(pair):
            lengths = tuple(None for _ in pair.shape[:-1])
            return ComplexRebound(Rebound(pair.type, (*lengths, pair.shape[-1])))
        case Items(items, kind, fields, keys):
            return Items(tuple(without_shapes(item) for item in items), kind, fields, keys)
        case Maybe(bound):
            return Maybe(without_shapes(bound))
    return template


def maybe(name: str, template: Template) -> Template:
    """The template of a name that one path doesn't bind (jitad's own names are never read there)."""
    return template if isinstance(template, Maybe | Unbound) or name.startswith("$") else Maybe(template)


def describe(value: Value) -> str:
    """A value in words."""
    match value:
        case ScalarValue():
            return f"a number ({value.type})"
        case ArrayValue():
            return f"a {value.ndim}-d array of {value.dtype}"
        case ComplexValue():
            return f"a complex number ({value.dtype})"
        case ComplexArrayValue() | ComplexLazy():
            return f"a {value.ndim}-d array of {value.dtype}"
        case SequenceValue():
            return f"a {value.kind.__name__} of {len(value.items)}"
        case ListValue(type=type_):
            what = "tuples" if type_.kind is not None else "numbers" if value.ndim == 1 else "rows"
            return f"a list of {what} ({', '.join(type_.dtypes)})"
        case GeneratorValue():
            return "a generator expression"
        case DictValue():
            return f"a dict with the keys {', '.join(map(repr, value.items))}"
        case StaticValue(None):
            return "None"
        case StaticValue(obj):
            return repr(obj) if isinstance(obj, str) else f"{getattr(obj, '__name__', None) or obj!r}"
        case FunctionValue():
            return f"the function {value.name!r}"
        case MaybeValue(inner):
            return describe(inner)
        case PartialValue(function):
            return f"functools.partial of {describe(function)}"
        case DerivativeValue(function=inner):
            return f"a derivative of {describe(inner)}"
        case UndefinedValue():
            return "nothing"
    return type(value).__name__.removesuffix("Value").lower()


def join(reader: Reader, name: str, template: Template, before: Value, value: Value) -> Template:
    """The template that takes ``value`` too; ``before`` is a value that ``template`` was made for.

    Raises KernelTypeError when the two can't be one variable.
    """
    if isinstance(value, UndefinedValue):
        return maybe(name, template)
    if isinstance(value, MaybeValue):
        return maybe(name, join(reader, name, template, before, value.value))
    match template:
        case Unbound():
            return maybe(name, without_shapes(template_of(value, carried=True)))
        case Maybe(bound):
            return Maybe(join(reader, name, bound, before.value if isinstance(before, MaybeValue) else before, value))
        case Number(type_) if isinstance(value, ScalarValue):
            if reader.builder.weak_constants and type_.is_float and isinstance(value.operand, Const):
                return template
            unified = unify((type_, value.type))
            if unified is not None:
                return Number(unified)
        case Number(type_) if isinstance(value, ComplexValue):
            return _complex_number((type_.dtype, value.dtype))
        case ComplexNumber() if isinstance(value, ScalarValue | ComplexValue):
            if reader.builder.weak_constants and isinstance(value, ScalarValue) and isinstance(value.operand, Const):
                return template
            return _complex_number((template.dtype, complexes.typed(value)[0]))
        case Fixed(kept):
            if same(kept, value):
                return template
            if isinstance(kept, ComplexArrayValue) and isinstance(value, ComplexArrayValue):
                return join(reader, name, template_of(kept, carried=True), kept, value)
            if isinstance(kept, ListValue) and lists.is_list(value) and kept.ndim == 1:
                return join(reader, name, template_of(kept, carried=True), kept, value)
            if isinstance(kept, ArrayValue) and isinstance(value, ArrayValue):
                return join(reader, name, template_of(kept, carried=True), kept, value)
        case Rebound(type_, shape) if isinstance(value, ArrayValue):
            if (type_.dtype, type_.ndim) == (value.dtype, value.ndim):
                other = template_of(value, carried=True)
                assert isinstance(other, Rebound)
                layout = type_.layout if type_.layout == other.type.layout else "A"
                kept_lengths = tuple(
                    a if a is not None and same_operand(a, b) else None for a, b in zip(shape, value.shape, strict=True)
                )
                return Rebound(Array(type_.dtype, type_.ndim, layout), kept_lengths)
        case ComplexRebound(pair) if isinstance(value, ComplexArrayValue) and isinstance(before, ComplexArrayValue):
            if (pair.type.dtype, pair.type.ndim) == (value.pair.dtype, value.pair.ndim):
                merged = join(reader, name, pair, before.pair, value.pair)
                assert isinstance(merged, Rebound)
                return ComplexRebound(merged)
        case Growing(item) if lists.is_list(value):
            return _growing(reader, item, value)
        case Items(items, kind=kind) if kind is list and _differs_in_length(value, len(items)):
            held = [assemble(reader, item, name, iter(variables(item, name))) for item in items]
            return _growing(reader, lists.type_with(reader, None, held) if items else None, value)
        case Items(items, kind, fields, keys):
            given = _parts(value)
            same_keys = not isinstance(value, DictValue) or tuple(value.items) == keys
            if given is not None and len(given) == len(items) and kind is _kind(value) and same_keys:
                olds = _parts(before) or [UndefinedValue(name)] * len(items)
                joined = (join(reader, name, *each) for each in zip(items, olds, given, strict=True))
                return Items(tuple(joined), kind, fields, keys)
    reader.refuse(
        KernelTypeError,
        f"{_shown(name)} is {describe(before)} on one path and {describe(value)} on another",
        "give the two different names, or make them of one type, dtype and number of dimensions",
    )


def _differs_in_length(value: Value, length: int) -> bool:
    return isinstance(value, ListValue) or (lists.is_list(value) and len(_parts(value) or ()) != length)


def _growing(reader: Reader, item: ItemType | None, value: Value) -> Template:
    """The template of a list of items of a type (None for none so far) that may be ``value`` too."""
    return Growing(lists.type_with(reader, item, [value] if isinstance(value, ListValue) else _parts(value) or []))


def _complex_number(dtypes: tuple[str, str]) -> Template:
    dtype = complexes.unified(dtypes)
    assert dtype is not None, dtypes
    return ComplexNumber(Scalar(REAL_DTYPES[dtype]))


def _shown(name: str) -> str:
    return "the returned value" if name.startswith("$") else repr(name)


def _parts(value: Value) -> list[Value] | None:
    if isinstance(value, SequenceValue):
        return list(value.items)
    return list(value.items.values()) if isinstance(value, DictValue) else None


def _kind(value: Value) -> type:
    return value.kind if isinstance(value, SequenceValue) else dict


def variables(template: Template, name: str) -> list[Var]:
    """Fresh variables for the parts of a template that vary."""
    match template:
        case Number(type_) | Rebound(type_):
            return [Var(name.lstrip("$"), type_)]
        case ComplexNumber(type_):
            return [Var(f"{name.lstrip('$')}_{part}", type_) for part in ("re", "im")]
        case ComplexRebound(pair):
            return variables(pair, name)
        case Growing(item):
            return lists.variables(name.lstrip("$"), item)
        case Items(items):
            return [variable for item in items for variable in variables(item, name)]
        case Maybe(bound):
            return [Var(f"{name.lstrip('$')}_is_bound", BOOL), *variables(bound, name)]
    return []


def assemble(reader: Reader, template: Template, name: str, operands: Iterator[Operand]) -> Value:
    """The value that a template makes of the operands of its parts."""
    match template:
        case Maybe(bound):
            flag = next(operands)
            return MaybeValue(assemble(reader, bound, name, operands), flag)
        case Number():
            return ScalarValue(next(operands))
        case Rebound(_, shape):
            variable = next(operands)
            assert isinstance(variable, Var)
            return reader.array_variable(variable, shape)
        case ComplexNumber():
            re, im = next(operands), next(operands)
            return ComplexValue(re, im)
        case ComplexRebound(pair):
            whole = assemble(reader, pair, name, operands)
            assert isinstance(whole, ArrayValue)
            return ComplexArrayValue(whole)
        case Growing(item):
            return lists.assembled(reader, item, [next(operands) for _ in (*item.dtypes, "length")])
        case Items(items, kind, fields, keys):
            parts = tuple(assemble(reader, item, name, operands) for item in items)
            return (
                DictValue(dict(zip(keys, parts, strict=True))) if kind is dict else SequenceValue(parts, kind, fields)
            )
        case Fixed(value):
            return value
    return UndefinedValue(name)


def flatten(reader: Reader, template: Template, value: Value) -> list[Operand]:
    """The operands that a value gives to the variables of a template; emits casts and views where needed."""
    from jitad.reading import arrays

    match template:
        case Maybe(bound):
            if isinstance(value, MaybeValue):
                return [value.bound, *flatten(reader, bound, value.value)]
            return [Const(not isinstance(value, UndefinedValue), BOOL), *flatten(reader, bound, value)]
        case Number(type_):
            if isinstance(value, UndefinedValue):
                return [reader.builder.cast(const_int(0), type_)]
            assert isinstance(value, ScalarValue)
            return [reader.builder.cast(value.operand, type_)]
        case ComplexNumber(type_):
            if isinstance(value, UndefinedValue):
                return [complexes.constant(type_)] * 2
            assert isinstance(value, ScalarValue | ComplexValue)
            number = complexes.number_of(reader.builder, value, type_)
            return [number.re, number.im]
        case ComplexRebound(pair):
            return flatten(reader, pair, value.pair if isinstance(value, ComplexArrayValue) else value)
        case Rebound(type_):
            if isinstance(value, UndefinedValue):
                return [reader.builder.alloc("unbound", type_.dtype, [const_int(0)] * type_.ndim, 0)]
            assert isinstance(value, ArrayValue)
            return [arrays.as_variable(reader, value)]
        case Growing(item):
            return lists.flattened(reader, value, item)
        case Items(items):
            parts = _parts(value) or [UndefinedValue("")] * len(items)
            return [o for item, part in zip(items, parts, strict=True) for o in flatten(reader, item, part)]
    return []

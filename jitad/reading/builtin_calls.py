"""Python's builtin functions, type conversions, and methods of tuples and dicts."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from jitad.errors import KernelTypeError, KernelValueError, UnsupportedCallError
from jitad.inference import unify
from jitad.primitives import core
from jitad.program.builder import const_int
from jitad.program.statements import Const, Operand
from jitad.program.types import BOOL, FLOAT64, INT64
from jitad.reading import arrays, complexes, comprehensions, lists
from jitad.reading.iteration import ENDLESS, known_items, make_range, range_length
from jitad.reading.list_names import as_growing
from jitad.reading.merging import describe
from jitad.reading.sameness import same
from jitad.reading.values import (
    ArrayValue,
    ComplexArrayValue,
    ComplexLazy,
    ComplexValue,
    DictValue,
    GeneratorValue,
    LazyValue,
    ListValue,
    RangeValue,
    ScalarValue,
    SequenceValue,
    SliceValue,
    StaticValue,
    Value,
    ZippedValue,
)

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

Args = Sequence[Value]
Kwargs = Mapping[str, Value]
Handler = Callable[["Reader", Args, Kwargs], Value]


def _plain(reader: Reader, name: str, args: Args, kwargs: Kwargs, least: int, most: int) -> None:
    if kwargs:
        reader.no_call(f"{name}() takes no keyword arguments in a kernel", "pass the arguments by position")
    if not least <= len(args) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        reader.no_call(f"{name}() takes {wanted} arguments and gets {len(args)}", "pass that many")


def _range(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    _plain(reader, "range", args, kwargs, 1, 3)
    return make_range(reader, list(args))


def _len(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    _plain(reader, "len", args, kwargs, 1, 1)
    match args[0]:
        case SequenceValue(items) | DictValue(items):
            return ScalarValue(const_int(len(items)))
        case ArrayValue() | LazyValue() if args[0].ndim:
            return ScalarValue(arrays.length(reader, args[0]))
        case ComplexArrayValue() | ComplexLazy() if args[0].ndim:
            return ScalarValue(args[0].shape[0])
        case ListValue(count=count):
            return ScalarValue(count)
        case RangeValue():
            length = range_length(reader, args[0])
            return ScalarValue(_larger(reader, length, const_int(0)))
        case StaticValue(obj) if isinstance(obj, str):
            return ScalarValue(const_int(len(obj)))
    reader.no_call(f"len of {describe(args[0])}", "take the length of an array, a tuple, a list or a dict")


def _larger(reader: Reader, a: Operand, b: Operand) -> Operand:
    return reader.builder.select(reader.builder.compute(core.lt, a, b), b, a)


def _extreme(reader: Reader, args: Args, kwargs: Kwargs, name: str) -> Value:
    if kwargs:
        reader.no_call(f"{name}() takes no keyword arguments in a kernel", "write the comparison in a loop")
    items = args
    if len(args) == 1:
        if isinstance(args[0], ArrayValue | LazyValue):
            whole: Value = arrays.HANDLERS[getattr(np, name)](reader, args[0])
            return whole
        if isinstance(args[0], GeneratorValue | ListValue):
            return lists.extreme(reader, name, as_growing(reader, args[0]))
        known = known_items(reader, args[0])
        if known is None:
            reader.no_call(f"{name}() of {describe(args[0])}", "pass numbers, a tuple or an array")
        items = known
    if not items:
        reader.refuse(KernelValueError, f"{name}() of nothing", "pass at least one number")
    best = reader.scalar(items[0], f"an argument of {name}()")
    for item in items[1:]:
        best = _better(
            reader, best, reader.scalar(item, f"an argument of {name}()"), core.lt if name == "min" else core.gt
        )
    return ScalarValue(best)


def _better(reader: Reader, best: Operand, other: Operand, test: Any) -> Operand:
    """``other if other < best else best``, as Python's ``min`` does it (``>`` for ``max``)."""
    unified = unify((best.type, other.type))
    if unified is None:
        reader.refuse(KernelTypeError, f"no type fits {best.type} and {other.type}", "convert one of them")
    builder = reader.builder
    best, other = builder.cast(best, unified), builder.cast(other, unified)
    return builder.select(builder.compute(test, other, best), other, best)


def _min(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    return _extreme(reader, args, kwargs, "min")


def _max(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    return _extreme(reader, args, kwargs, "max")


def _sum(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    _plain(reader, "sum", args, kwargs, 1, 2)
    if isinstance(args[0], ArrayValue | LazyValue) and args[0].ndim == 1:
        total: Value = arrays.HANDLERS[np.sum](reader, args[0])
        return total if len(args) == 1 else reader.apply(core.add, [args[1], total])
    if isinstance(args[0], ListValue):
        return reader.call(builtins.sum, [lists.numbers(reader, args[0]), *args[1:]], {}, "sum")
    if isinstance(args[0], GeneratorValue):
        return comprehensions.summed(reader, args[0], args[1] if len(args) == 2 else ScalarValue(const_int(0)))
    items = known_items(reader, args[0])
    if items is None:
        reader.no_call(f"sum() of {describe(args[0])}", "add the terms up in a loop")
    result: Value = args[1] if len(args) == 2 else ScalarValue(const_int(0))
    for item in items:
        result = reader.apply(core.add, [result, item])
    return result


def _all_any(reader: Reader, args: Args, kwargs: Kwargs, primitive: Any, start: bool) -> Value:
    from jitad.reading.joins import truth

    name = "all" if start else "any"
    if len(args) == 1 and isinstance(args[0], GeneratorValue):
        return comprehensions.tested(reader, args[0], name)
    if len(args) == 1 and isinstance(args[0], ListValue):
        args = [lists.numbers(reader, args[0])]
    items = known_items(reader, args[0]) if len(args) == 1 else None
    if items is None:
        handler = arrays.HANDLERS.get(getattr(np, name))
        if handler is None or len(args) != 1 or not isinstance(args[0], ArrayValue | LazyValue):
            reader.no_call(f"{name}() of {describe(args[0])}", "test the elements in a loop")
        tested: Value = handler(reader, args[0])
        return tested
    result: Operand = Const(start, BOOL)
    for item in items:
        one = truth(reader, item)
        if isinstance(result, Const):
            result = one if bool(result.value) is start else result
        elif isinstance(one, Const):
            result = result if bool(one.value) is start else one
        else:
            result = reader.builder.compute(primitive, result, one)
    return ScalarValue(result)


def _all(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    return _all_any(reader, args, kwargs, core.and_, True)


def _any(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    return _all_any(reader, args, kwargs, core.or_, False)


def _zip(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    strict = kwargs.get("strict")
    if set(kwargs) - {"strict"} or (strict is not None and not same(strict, ScalarValue(Const(False, BOOL)))):
        reader.no_call("zip() with strict=True", "compare the lengths before the loop")
    if not args:
        return SequenceValue(())
    return ZippedValue(tuple(reader.settle(arg) for arg in args))


def _enumerate(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    given = [*args, *([kwargs["start"]] if set(kwargs) == {"start"} else [])]
    _plain(reader, "enumerate", given, {} if set(kwargs) <= {"start"} else kwargs, 1, 2)
    start = reader.integer(given[1], "the start of enumerate") if len(given) == 2 else const_int(0)
    return ZippedValue((RangeValue(start, const_int(ENDLESS), const_int(1)), reader.settle(given[0])))


def _reversed(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    _plain(reader, "reversed", args, kwargs, 1, 1)
    match args[0]:
        case RangeValue(start, stop, step):
            builder = reader.builder
            if isinstance(step, Const) and step.value == 1:
                return RangeValue(builder.minus(stop, const_int(1)), builder.minus(start, const_int(1)), const_int(-1))
            last = builder.minus(range_length(reader, args[0]), const_int(1))
            first = builder.plus(start, builder.times(last, step))
            return RangeValue(first, builder.minus(start, step), builder.negative(step))
        case SequenceValue(items):
            return SequenceValue(items[::-1], list)
        case ListValue():
            backwards = SliceValue(None, None, ScalarValue(const_int(-1)))
            if args[0].type.kind is not None:
                return lists.part_of(reader, args[0], backwards)
            return _reversed(reader, [lists.numbers(reader, args[0])], kwargs)
        case ArrayValue() | LazyValue():
            return arrays.getitem(reader, args[0], SliceValue(None, None, ScalarValue(const_int(-1))))
        case ComplexArrayValue() | ComplexLazy():
            return complexes.getitem(reader, args[0], SliceValue(None, None, ScalarValue(const_int(-1))))
    reader.no_call(f"reversed() of {describe(args[0])}", "reverse a range, an array, a tuple or a list")


def _divmod(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    _plain(reader, "divmod", args, kwargs, 2, 2)
    return SequenceValue((reader.apply(core.floordiv, args), reader.apply(core.mod, args)))


def _pow(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    _plain(reader, "pow", args, kwargs, 2, 2)
    return reader.apply(core.pow_, args)


def sequence(kind: type) -> Handler:
    """The handler of ``list`` or ``tuple``."""

    def convert(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
        _plain(reader, kind.__name__, args, kwargs, 0, 1)
        if not args:
            return SequenceValue((), kind)
        made = comprehensions.as_list(reader, args[0])
        if isinstance(made, ListValue) and kind is list:
            return made
        if not isinstance(made, SequenceValue):
            reader.no_call(
                f"{kind.__name__}() of {describe(args[0])}", "use an array for what has a length known only at run time"
            )
        return SequenceValue(made.items, kind)

    return convert


def dict_(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    """``dict(...)``."""
    _plain(reader, "dict", args, {}, 0, 1)
    if args and not isinstance(args[0], DictValue):
        reader.no_call(f"dict() of {describe(args[0])}", "write dict(name=value, ...) or {...}")
    first = args[0].items if args and isinstance(args[0], DictValue) else {}
    return DictValue({**first, **kwargs})


def _isinstance(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    from jitad.reading.comparisons import static_of

    _plain(reader, "isinstance", args, kwargs, 2, 2)
    classes = static_of(reader, args[1], "the class in isinstance")
    return ScalarValue(Const(issubclass(_class_of(args[0]), classes), BOOL))


def _class_of(value: Value) -> type:
    match value:
        case ScalarValue():
            plain = {FLOAT64: float, INT64: int, BOOL: bool}.get(value.type)
            return plain if plain is not None else np.dtype(value.type.dtype).type
        case ComplexValue():
            return complex if value.dtype == "complex128" else np.complex64
        case ArrayValue() | LazyValue() | ComplexArrayValue() | ComplexLazy():
            return np.ndarray
        case SequenceValue():
            return value.kind
        case ListValue():
            return list
        case DictValue():
            return dict
        case StaticValue(obj):
            return type(obj)
    return object


def _cast(dtype: str) -> Handler:
    def convert(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
        _plain(reader, dtype, args, kwargs, 0, 1)
        if not args:
            return ScalarValue(core.convert_constant(const_int(0), core.Scalar(dtype)))
        if isinstance(args[0], StaticValue) and isinstance(args[0].obj, str) and dtype.startswith("float"):
            try:
                return ScalarValue(Const(float(args[0].obj), core.Scalar(dtype)))
            except ValueError as error:
                reader.refuse(KernelValueError, str(error), "write a number")
        if dtype == "bool":
            from jitad.reading.joins import truth

            if not (isinstance(args[0], ArrayValue | LazyValue) and args[0].ndim):
                return ScalarValue(truth(reader, args[0]))
        if isinstance(args[0], ArrayValue | LazyValue) and args[0].ndim:
            return reader.apply(core.casts[dtype], args)
        return ScalarValue(
            reader.builder.cast(reader.scalar(args[0], f"the argument of {dtype}()"), core.Scalar(dtype))
        )

    return convert


def _sorted(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    from jitad.reading.comparisons import static_of

    backwards = static_of(reader, kwargs["reverse"], "the order") if set(kwargs) == {"reverse"} else False
    if len(args) != 1 or set(kwargs) - {"reverse"}:
        reader.no_call("sorted() with a key", "sort with np.argsort of the keys")
    listed: Value = lists.numbers(reader, as_growing(reader, args[0]))
    if isinstance(listed, ComplexArrayValue):
        reader.no_call("sorted() of complex numbers", "sort by a real number: np.argsort(abs(z))")
    if backwards:  # equal items stay in their order, counted from the end
        listed = reader.call(builtins.reversed, [listed], {}, "reversed")
    found = reader.call(np.sort, [listed], {}, "sorted")
    return lists.of_array(reader, reader.call(builtins.reversed, [found], {}, "reversed") if backwards else found)


def _round(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    _plain(reader, "round", args, kwargs, 1, 2)
    from jitad.reading.calls import call_object

    rounded = call_object(reader, np.round, args, {}, "round")
    if len(args) == 1:
        return ScalarValue(reader.builder.cast(reader.scalar(rounded, "round()"), INT64))
    return rounded


def _getattr(reader: Reader, args: Args, kwargs: Kwargs) -> Value:
    from jitad.reading.attributes import attribute
    from jitad.reading.comparisons import static_of

    _plain(reader, "getattr", args, kwargs, 2, 2)
    return attribute(reader, args[0], str(static_of(reader, args[1], "the name of an attribute")), "the object")


def _refused(what: str, remedy: str) -> Handler:
    def refuse(reader: Reader, args: Args, kwargs: Kwargs) -> NoReturn:
        reader.refuse(UnsupportedCallError, f"A kernel can't call {what}.", remedy)

    return refuse


BUILTINS: dict[Any, Handler] = {
    builtins.range: _range,
    builtins.len: _len,
    builtins.min: _min,
    builtins.max: _max,
    builtins.sum: _sum,
    builtins.all: _all,
    builtins.any: _any,
    builtins.zip: _zip,
    builtins.enumerate: _enumerate,
    builtins.reversed: _reversed,
    builtins.divmod: _divmod,
    builtins.pow: _pow,
    builtins.tuple: sequence(tuple),
    builtins.list: sequence(list),
    builtins.dict: dict_,
    builtins.isinstance: _isinstance,
    builtins.getattr: _getattr,
    builtins.round: _round,
    builtins.float: _cast("float64"),
    builtins.int: _cast("int64"),
    builtins.bool: _cast("bool"),
    np.bool_: _cast("bool"),
    **{getattr(np, dtype): _cast(dtype) for dtype in core.DTYPES if dtype != "bool"},
    builtins.print: _refused("print inside an expression", "make it a statement of its own"),
    builtins.input: _refused("input", "read the value outside the kernel and pass it in"),
    builtins.open: _refused("open", "read the file outside the kernel and pass an array in"),
    builtins.eval: _refused("eval", "write the expression itself"),
    builtins.exec: _refused("exec", "write the statements themselves"),
    builtins.sorted: _sorted,
    builtins.map: _refused("map", "write a comprehension: [f(v) for v in x]"),
    builtins.filter: _refused("filter", "write a comprehension: [v for v in x if f(v)]"),
    builtins.str: _refused("str", "format text outside the kernel"),
    builtins.setattr: _refused("setattr", "return the value instead"),
    builtins.iter: _refused("iter", "write a for loop"),
    builtins.next: _refused("next", "write a for loop"),
    builtins.super: _refused("super", "call the base class's function by name"),
}

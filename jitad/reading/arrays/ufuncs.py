"""Functions made by ``numba.vectorize`` and ``numba.guvectorize``: loops around the function that they are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from jitad.errors import KernelTypeError, ShapeMismatchError
from jitad.program.builder import Builder, is_const
from jitad.program.statements import Operand
from jitad.program.types import Scalar
from jitad.reading.arrays.agreement import broadcast_shape, require_equal
from jitad.reading.arrays.broadcasting import aligned, array_or_number
from jitad.reading.arrays.indexing import getitem
from jitad.reading.arrays.loops import for_each
from jitad.reading.arrays.maps import ZERO, allocate, as_lazy
from jitad.reading.arrays.materialize import materialize
from jitad.reading.context import Context
from jitad.reading.values import ArrayValue, LazyValue, ScalarValue, SequenceValue, StaticValue, Value

_DIMENSIONS = re.compile(r"\(([^)]*)\)")


def is_vectorized(obj: Any) -> bool:
    """True for a function made by ``numba.vectorize``."""
    return _made_by(obj, "DUFunc")


def is_generalized(obj: Any) -> bool:
    """True for a function made by ``numba.guvectorize``."""
    return _made_by(obj, "GUFunc")


def _made_by(obj: Any, name: str) -> bool:
    kind = type(obj)
    return kind.__name__ == name and kind.__module__.startswith("numba.") and isinstance(_function(obj), FunctionType)


def _function(obj: Any) -> Any:
    """The Python function that is called for each element."""
    dispatcher = getattr(obj, "_dispatcher", None) or getattr(obj, "gufunc_builder", None)
    return getattr(dispatcher, "py_func", None)


def call_vectorized(ctx: Context, obj: Any, args: Sequence[Value], text: str) -> Value:
    """The function's value for numbers, or for each element of arrays, which broadcast as in NumPy.

    Arguments are converted as NumPy does: to the types of the first signature that takes them safely. A function
    without signatures is read for the types that it gets.
    """
    if len(args) != obj.nin:
        ctx.refuse(KernelTypeError, f"{text} takes arguments: {obj.nin}, and gets {len(args)}", "pass that many")
    parts = [array_or_number(ctx, arg, text) for arg in args]
    loop = _loop(ctx, obj, [part.type if isinstance(part, ScalarValue) else Scalar(part.dtype) for part in parts], text)
    arrays = [part for part in parts if isinstance(part, LazyValue)]
    if not arrays:
        return _of_numbers(ctx, obj, [ctx.scalar(part, "an argument") for part in parts], loop, text)
    shape = broadcast_shape(ctx, arrays, text)
    elements, _, _ = aligned(ctx, parts, shape)
    found: list[ArrayValue] = []
    outer = ctx.builder

    def body(builder: Builder, index: Sequence[Operand]) -> None:
        value = _of_numbers(ctx, obj, [element(builder, index) for element in elements], loop, text)
        if not found:
            with ctx.block(outer):
                found.append(allocate(ctx, text, value.type.dtype, shape))
        ctx.builder.store(found[0].base, tuple(index), value.operand)

    for_each(ctx, shape, body, order_free=False)
    return found[0]


def _of_numbers(
    ctx: Context, obj: Any, operands: Sequence[Operand], loop: Sequence[Scalar] | None, text: str
) -> ScalarValue:
    """The function's value for one number each, in the types of a loop: those of the arguments, then the result's."""
    given = operands if loop is None else [ctx.builder.cast(o, t) for o, t in zip(operands, loop[:-1], strict=True)]
    value = ctx.call(_function(obj), [ScalarValue(operand) for operand in given], {}, text)
    if not isinstance(value, ScalarValue):
        ctx.refuse(KernelTypeError, f"{text} doesn't give a number for each element", "return a number from it")
    return value if loop is None else ScalarValue(ctx.builder.cast(value.operand, loop[-1]))


def _loop(ctx: Context, obj: Any, types: Sequence[Scalar], text: str) -> list[Scalar] | None:
    """The types of the signature that NumPy chooses for arguments; None for a function without signatures."""
    if not obj._frozen:
        return None
    for loop in obj.types:
        given, result = loop.split("->")
        wanted = [np.dtype(code) for code in given]
        if all(np.can_cast(t.dtype, w, "safe") for t, w in zip(types, wanted, strict=True)):
            names = [t.name for t in (*wanted, np.dtype(result))]
            if not any(name.startswith("complex") for name in names):
                return [Scalar(name) for name in names]
    listed = ", ".join(map(str, types))
    ctx.refuse(KernelTypeError, f"{text} has no signature for ({listed})", "convert the arguments with astype")


def call_generalized(ctx: Context, obj: Any, args: Sequence[Value], text: str) -> Value:
    """Call the function for each index of the loop dimensions, with views; results are stored into the last arguments.

    This is how Numba calls such a function in compiled code: the arrays for its results are passed to it.
    """
    dimensions = [[d.strip() for d in ds.split(",") if d.strip()] for ds in _DIMENSIONS.findall(obj.signature)]
    if len(args) != len(dimensions):
        ctx.refuse(
            KernelTypeError,
            f"{text} takes {len(dimensions)} arguments in a kernel, its results among them, and gets {len(args)}",
            "make arrays for its results and pass them last",
        )
    results = obj.signature.partition("->")[0].count("(")
    parts = [_part(ctx, obj, position, arg, text) for position, arg in enumerate(args)]
    loops = [part.ndim - len(own) for part, own in zip(parts, dimensions, strict=True)]
    if min(loops) < 0:
        ctx.refuse(KernelTypeError, f"{text}: an argument has too few axes for {obj.signature}", "pass one with more")
    _require_lengths(ctx, parts, dimensions, text)
    heads = [replace(as_lazy(part), shape=tuple(part.shape[:count])) for part, count in zip(parts, loops, strict=True)]
    shape = broadcast_shape(ctx, heads, text)
    if any(count != len(shape) for count in loops[results:]):
        ctx.refuse(ShapeMismatchError, f"{text}: a result has too few axes", "give it the loop's axes first")

    def body(builder: Builder, index: Sequence[Operand]) -> None:
        given = [
            _view(ctx, part, index[len(shape) - count :], is_result=at >= results)
            for at, (part, count) in enumerate(zip(parts, loops, strict=True))
        ]
        ctx.call(_function(obj), given, {}, text)

    for_each(ctx, shape, body, order_free=False)
    return StaticValue(None)


def _require_lengths(ctx: Context, parts: Sequence[ArrayValue], dimensions: Sequence[Sequence[str]], text: str) -> None:
    """Check that axes of one name have one length."""
    lengths: dict[str, Operand] = {}
    for part, names in zip(parts, dimensions, strict=True):
        for length, name in zip(part.shape[part.ndim - len(names) :], names, strict=True):
            require_equal(ctx, length, lengths.setdefault(name, length), text, [part.shape])


def _part(ctx: Context, obj: Any, position: int, arg: Value, text: str) -> ArrayValue:
    """An argument in memory; it must have the type that a signature has there."""
    part = arg if isinstance(arg, ArrayValue) else array_or_number(ctx, arg, text)
    dtype = part.type.dtype if isinstance(part, ScalarValue) else part.dtype
    codes = [loop.replace("->", "")[position] for loop in obj.types]
    if codes and np.dtype(dtype).char not in codes:
        what = f"{text} has no signature with {dtype} as argument {position + 1}"
        ctx.refuse(KernelTypeError, what, "convert it with astype")
    return materialize(ctx, part)


def _view(ctx: Context, part: ArrayValue, index: Sequence[Operand], *, is_result: bool) -> Value:
    """What the function gets at an index of the loop: a view; a number, or one place for it, where it has no axes."""
    at = [ZERO if is_const(length, 1) else i for i, length in zip(index, part.shape, strict=False)]
    items: list[Value] = [ScalarValue(i) for i in at]
    if len(items) < part.ndim:
        return getitem(ctx, part, SequenceValue((*items, StaticValue(Ellipsis))))
    if is_result:
        return getitem(ctx, part, SequenceValue((*items, StaticValue(None))))
    return ScalarValue(ctx.scalar(getitem(ctx, part, SequenceValue(tuple(items))), "an argument"))

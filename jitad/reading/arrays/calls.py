"""Calls of array primitives in kernels: functions that write into their first arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jitad.errors import KernelTypeError, SharedMemoryError, UnsupportedCallError
from jitad.primitives.spec import ArrayPrimitive, parameter_names
from jitad.program.statements import Call, Const, Operand, Var, array_type
from jitad.program.types import Array
from jitad.reading.arrays.facts import may_alias
from jitad.reading.arrays.maps import allocate, as_variable, from_variable
from jitad.reading.arrays.materialize import FilledValue, contiguous, materialize
from jitad.reading.arrays.stores import assign
from jitad.reading.context import Context
from jitad.reading.values import ArrayValue, LazyValue, ScalarValue, StaticValue, Value


def call_array(
    ctx: Context, primitive: ArrayPrimitive, args: Sequence[Value], kwargs: Mapping[str, Value], text: str
) -> Value:
    """A call of an array primitive; its value is None.

    Refuses results that may share memory with anything else in the call: what it does then depends on the order in
    which it reads and writes.
    """
    names = parameter_names(primitive.implementation) or tuple(f"argument {at}" for at in range(len(args)))
    if kwargs or len(args) != len(names):
        ctx.refuse(
            UnsupportedCallError,
            f"{text} takes {', '.join(names)} and gets {len(args)} arguments{' and keywords' if kwargs else ''}",
            "pass all of them, by position",
        )
    targets = [_target(ctx, arg, name, text) for arg, name in zip(args, names[: primitive.outs], strict=False)]
    given = [
        _argument(ctx, primitive, arg, at, f"the argument {name!r} of {text}")
        for at, (arg, name) in enumerate(zip(args[primitive.outs :], names[primitive.outs :], strict=True))
    ]
    outs: list[Var] = []
    copied: list[tuple[ArrayValue, Var]] = []
    for target, name in zip(targets, names, strict=False):
        out = as_variable(ctx, target)
        for other, label in zip((*outs, *given), (*names[: len(outs)], *names[primitive.outs :]), strict=True):
            _require_apart(ctx, out, other, f"{text} writes into {name!r}, which may share memory with {label!r}")
        outs.append(out)
    for at, (target, out) in enumerate(zip(targets, outs, strict=True)):
        if array_type(out).layout not in primitive.layouts:
            outs[at] = allocate(ctx, target.base.name, target.dtype, target.shape).base
            copied.append((target, outs[at]))
    ctx.builder.add(Call(primitive, tuple(outs), tuple(given)))
    for target, out in copied:
        assign(ctx, target, from_variable(ctx.builder, out))
    return StaticValue(None)


def _require_apart(ctx: Context, out: Var, other: Operand, what: str) -> None:
    if isinstance(other, Var) and isinstance(other.type, Array) and may_alias(ctx, out, other):
        ctx.refuse(SharedMemoryError, what, "pass a copy of it: .copy()")


def _target(ctx: Context, value: Value, name: str, text: str) -> ArrayValue:
    if isinstance(value, FilledValue):
        return materialize(ctx, value, name)
    if not isinstance(value, ArrayValue):
        ctx.refuse(
            KernelTypeError,
            f"{text} writes into {name!r}, which must be an array",
            "make one first (np.empty of the right shape and dtype) and pass it",
        )
    return value


def _argument(ctx: Context, primitive: ArrayPrimitive, value: Value, at: int, what: str) -> Operand:
    if isinstance(value, ScalarValue):
        if value.type.is_float and not isinstance(value.operand, Const) and at not in primitive.inert:
            ctx.refuse(
                KernelTypeError,
                f"{what} is a floating-point number, and derivatives flow through arrays only",
                "pass an array of one element (or have the primitive declare that argument inert)",
            )
        return value.operand
    if not isinstance(value, ArrayValue | LazyValue):
        ctx.refuse(KernelTypeError, f"{what} must be an array or a number", "pass one")
    return contiguous(ctx, value, primitive.layouts)

"""A reader without Python's syntax: array operations are recorded by running a function on traced values."""

from __future__ import annotations

import operator
from contextlib import contextmanager
from typing import Any

import numpy as np

from jitad.errors import JitadError
from jitad.primitives.registry import by_name, lookup
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.builder import Builder
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.program.statements import Const, Fail, Program, Var
from jitad.program.types import BOOL, FLOAT64, INT64, Array, Scalar
from jitad.reading import arrays
from jitad.reading.values import (
    ArrayValue,
    LazyValue,
    MethodValue,
    ScalarValue,
    SequenceValue,
    SliceValue,
    StaticValue,
    Value,
)


class TracingContext:
    """The parts of the reader that the array functions use."""

    bounds_checked = False
    origin = None

    def __init__(self) -> None:
        self.builder = Builder()

    def refuse(self, error, reason, remedy):
        raise error(reason, remedy)

    def fail_if(self, condition, error, reason, remedy):
        if isinstance(condition, Const):
            if condition.value:
                self.refuse(error, reason, remedy)
            return
        self.builder.add(Fail(condition, error, (reason, remedy)))

    def scalar(self, value, what):
        if isinstance(value, ArrayValue | LazyValue) and value.ndim == 0:
            return arrays.getitem(self, value, SequenceValue(())).operand
        if not isinstance(value, ScalarValue):
            self.refuse(JitadError, f"{what} must be a number", "")
        return value.operand

    def apply(self, primitive, args):
        if any(isinstance(arg, ArrayValue | LazyValue) for arg in args):
            return arrays.elementwise(self, primitive, args)
        return ScalarValue(self.builder.compute(primitive, *[self.scalar(arg, "an argument") for arg in args]))

    def array_primitive(self, name):
        return by_name(name)

    @contextmanager
    def block(self, builder):
        saved, self.builder = self.builder, builder
        try:
            yield builder
        finally:
            self.builder = saved


def unwrap(obj: Any) -> Value:
    """The value of a traced or plain Python object."""
    match obj:
        case Traced():
            return obj.value
        case slice():
            bounds = (None if bound is None else unwrap(bound) for bound in (obj.start, obj.stop, obj.step))
            return SliceValue(*bounds)
        case tuple() | list():
            return SequenceValue(tuple(unwrap(item) for item in obj), type(obj))
        case bool():
            return ScalarValue(Const(obj, BOOL))
        case int():
            return ScalarValue(Const(obj, INT64))
        case float():
            return ScalarValue(Const(obj, FLOAT64))
    return StaticValue(obj)


def wrap(ctx: TracingContext, value: Any) -> Any:
    if isinstance(value, SequenceValue):
        return tuple(wrap(ctx, item) for item in value.items)
    if isinstance(value, StaticValue):
        return value.obj
    if isinstance(value, ScalarValue) and isinstance(value.operand, Const):
        return value.operand.value
    return Traced(ctx, value)


class Traced:
    """A number or array whose operations are recorded."""

    def __init__(self, ctx: TracingContext, value: Value) -> None:
        self.ctx, self.value = ctx, value

    def _apply(self, function, *args):
        return wrap(self.ctx, self.ctx.apply(lookup(function), [unwrap(arg) for arg in args]))

    def __getitem__(self, index):
        return wrap(self.ctx, arrays.getitem(self.ctx, self.value, unwrap(index)))

    def __setitem__(self, index, value):
        arrays.setitem(self.ctx, self.value, unwrap(index), unwrap(value))

    def __getattr__(self, name):
        found = arrays.attribute(self.ctx, self.value, name)
        if isinstance(found, MethodValue):
            return lambda *args, **kwargs: wrap(
                self.ctx,
                arrays.call_method(
                    self.ctx, found, [unwrap(a) for a in args], {k: unwrap(v) for k, v in kwargs.items()}
                ),
            )
        return wrap(self.ctx, found)

    def __matmul__(self, other):
        return wrap(self.ctx, arrays.matmul(self.ctx, self.value, unwrap(other)))

    def _in_place(self, function, other):
        if not isinstance(self.value, ArrayValue):
            return self._apply(function, self, other)
        return wrap(self.ctx, arrays.update_whole(self.ctx, self.value, lookup(function), unwrap(other)))

    def __iadd__(self, other):
        return self._in_place(operator.add, other)

    def __imul__(self, other):
        return self._in_place(operator.mul, other)

    def __neg__(self):
        return self._apply(operator.neg, self)

    def __invert__(self):
        return self._apply(operator.invert, self)

    __hash__ = None  # type: ignore[assignment]


def _binary(function, *, reflected=False):
    def method(self, other):
        return self._apply(function, *((other, self) if reflected else (self, other)))

    return method


for _name in ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv"):
    setattr(Traced, f"__{_name}__", _binary(getattr(operator, _name)))
    setattr(Traced, f"__r{_name}__", _binary(getattr(operator, _name), reflected=True))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Traced, f"__{_name}__", _binary(getattr(operator, _name)))
for _name, _function in (("and", operator.and_), ("or", operator.or_)):
    setattr(Traced, f"__{_name}__", _binary(_function))


class Namespace:
    """NumPy as traced kernels see it; ``keep`` is an assignment to a name, ``update`` is ``A[i] op= v``."""

    def __init__(self, ctx: TracingContext | None, module: Any = np) -> None:
        self.ctx, self.module = ctx, module

    def __getattr__(self, name):
        function = getattr(self.module, name)
        if name == "linalg":
            return Namespace(self.ctx, function)
        if self.ctx is None or not callable(function) or isinstance(function, type):
            return function
        ctx = self.ctx
        if function in arrays.HANDLERS:
            return lambda *args, **kwargs: wrap(
                ctx,
                arrays.HANDLERS[function](ctx, *map(unwrap, args), **{k: unwrap(v) for k, v in kwargs.items()}),
            )
        primitive = lookup(function)
        assert isinstance(primitive, ScalarPrimitive), function
        return lambda *args: wrap(ctx, ctx.apply(primitive, [unwrap(arg) for arg in args]))

    def keep(self, value):
        if self.ctx is not None and isinstance(value, Traced) and isinstance(value.value, LazyValue):
            return Traced(self.ctx, arrays.materialize(self.ctx, value.value, "kept"))
        return value

    def update(self, target, index, function, value):
        if self.ctx is None:
            target[index] = function(target[index], value)
        else:
            arrays.update_item(self.ctx, unwrap(target), unwrap(index), lookup(function), unwrap(value))


def record(kernel, args, *, bounds_checked=False) -> Program:
    """The program of ``kernel(np, *args)``."""
    ctx = TracingContext()
    ctx.bounds_checked = bounds_checked
    params, traced = [], []
    for position, arg in enumerate(args):
        name = "abcdefg"[position]
        if isinstance(arg, np.ndarray):
            layout = "C" if arg.flags.c_contiguous else "F" if arg.flags.f_contiguous else "A"
            var = Var(name, Array(arg.dtype.name, arg.ndim, layout))
            arrays.note_distinct(ctx, var)
            traced.append(Traced(ctx, arrays.from_variable(ctx.builder, var)))
        else:
            var = Var(name, Scalar("bool" if isinstance(arg, bool) else "int64" if isinstance(arg, int) else "float64"))
            traced.append(Traced(ctx, ScalarValue(var)))
        params.append(var)
    returned = kernel(Namespace(ctx), *traced)
    results = []
    for item in returned if isinstance(returned, tuple) else (returned,):
        value = unwrap(item)
        if isinstance(value, ScalarValue):
            results.append(value.operand)
        else:
            results.append(arrays.as_variable(ctx, arrays.materialize(ctx, value, "result", fresh=True)))
    return Program("traced", params, ctx.builder.block, results)


def _copied(args):
    return [arg.copy(order="K") if isinstance(arg, np.ndarray) else arg for arg in args]


def compare(kernel, *args, rtol=1e-13, same_dtype=True) -> Program:
    """Check that the recorded program does what NumPy does: results and changes to the arguments."""
    program = record(kernel, args)
    check(program)
    ours, theirs = _copied(args), _copied(args)
    found = evaluate(program, ours)
    with np.errstate(all="ignore"):
        expected = kernel(Namespace(None), *theirs)
    expected = expected if isinstance(expected, tuple) else (expected,)
    assert len(found) == len(expected)
    for got, want in zip([*found, *ours], [*expected, *theirs], strict=True):
        assert np.shape(got) == np.shape(want), (np.shape(got), np.shape(want))
        np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-13)
    for got, want in zip(found, expected, strict=True):
        if same_dtype and isinstance(want, np.ndarray | np.generic):
            assert np.asarray(got).dtype == want.dtype, (np.asarray(got).dtype, want.dtype)
    return program

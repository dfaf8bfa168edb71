"""Random numbers: functions of ``np.random`` and ``random``, which are kernels that are read in place."""

from __future__ import annotations

import inspect
import random
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.errors import KernelTypeError
from jitad.primitives import (
    distributions,
    python_random,  # noqa: F401 (adds its kernels)
)
from jitad.primitives.draws import SAMPLERS
from jitad.primitives.jitable import jitable
from jitad.primitives.spec import RandomPrimitive
from jitad.program.types import Scalar
from jitad.reading.arrays.arguments import is_absent
from jitad.reading.values import ScalarValue, StaticValue, Value

if TYPE_CHECKING:
    from jitad.reading.reader import Reader


class Draw:
    """A call of a function that draws a number."""

    def __init__(self, primitive: RandomPrimitive) -> None:
        self._primitive = primitive

    def __call__(self, reader: Reader, *args: Value) -> Value:
        primitive = self._primitive
        jitable(primitive.function)
        operands = []
        for value, dtype in zip(args, primitive.params, strict=True):
            operand = reader.scalar(value, f"a parameter of {primitive.name}")
            if operand.type.is_float and dtype == "int64":
                reader.refuse(
                    KernelTypeError,
                    f"{primitive.name} gets a floating-point number, and takes an integer there",
                    "convert it: int(x)",
                )
            operands.append(reader.builder.cast(operand, Scalar(dtype)))
        return ScalarValue(reader.builder.draw(primitive, operands))


class Defined:
    """A call of a function that a kernel defines, at the place of the user's call."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        reader = inspect.Parameter("reader", inspect.Parameter.POSITIONAL_ONLY)
        params = inspect.signature(kernel).parameters.values()
        self.__signature__ = inspect.Signature([reader, *params])

    def __call__(self, reader: Reader, *args: Value, **kwargs: Value) -> Value:
        return _read_at_call(reader, self._kernel, args, kwargs)


class Number:
    """A call of a function of numbers that gives one, or with ``size`` (unless ``dtype`` is None) an array of them."""

    def __init__(self, kernel: Any, dtype: str | None) -> None:
        self._kernel = kernel
        self._dtype = StaticValue(None if dtype is None else np.dtype(dtype).type)
        self._own = inspect.signature(kernel).parameters
        reader = inspect.Parameter("reader", inspect.Parameter.POSITIONAL_ONLY)
        size = inspect.Parameter("size", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)
        self.__signature__ = inspect.Signature([reader, *self._own.values(), *([] if dtype is None else [size])])

    def __call__(self, reader: Reader, *args: Value, **kwargs: Value) -> Value:
        given: dict[str, Any] = dict(self.__signature__.bind(reader, *args, **kwargs).arguments)
        del given["reader"]
        size = given.pop("size", None)
        for name, value in given.items():
            if not is_absent(value):
                given[name] = ScalarValue(reader.scalar(value, f"the argument {name!r} of a distribution"))
        if is_absent(size):
            return _read_at_call(reader, self._kernel, (), given)
        assert size is not None
        own = [given[name] if name in given else _lifted(reader, param) for name, param in self._own.items()]
        return _read_at_call(reader, distributions.filled, (size, self._dtype, StaticValue(self._kernel), *own), {})


def _lifted(reader: Reader, param: inspect.Parameter) -> Value:
    """The default value of a parameter."""
    return reader.captures.lift(reader, param.default, None, param.name)


def refuse_generator(reader: Reader, obj: Any, text: str) -> None:
    """Refuse a method of a random generator that is an object of its own, or one that Numba doesn't have."""
    owner = getattr(obj, "__self__", None)
    if not isinstance(owner, np.random.Generator | np.random.RandomState | random.Random):
        return
    if getattr(random, obj.__name__, None) == obj:
        reader.no_call(
            f"{text!r} is a function of Python's random that Numba doesn't have",
            "use one that it has (random.random, gauss, randrange, …), or draw outside the kernel and pass it in",
        )
    else:
        reader.no_call(
            f"{text!r} draws from a {type(owner).__name__} object, whose stream a kernel can't go on with",
            "draw with np.random (np.random.normal(...), after np.random.seed), or outside the kernel and pass it in",
        )


def _read_at_call(reader: Reader, kernel: Any, args: Any, kwargs: Any) -> Value:
    """A kernel of jitad's own read in place; the user's call is the origin of all its statements."""
    saved, reader.pinned = reader.pinned, reader.origin
    try:
        return reader.call(kernel, args, kwargs, kernel.__name__)
    finally:
        reader.pinned = saved


RANDOM: dict[Any, Any] = {
    **{function: Draw(primitive) for function, primitive in SAMPLERS.items()},
    **{function: Number(kernel, dtype) for function, (kernel, dtype) in distributions.NUMBERS.items()},
    **{function: Defined(kernel) for function, kernel in distributions.KERNELS.items()},
}
"""The handlers of functions that draw random numbers."""

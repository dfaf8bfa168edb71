"""What of a program has a counterpart on CUDA, and which: the functions that programs call, and their twins there."""

from __future__ import annotations

import builtins
import math
import types
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from jitad.cuda.target import is_simulated
from jitad.errors import UnsupportedOnCudaError
from jitad.primitives import core, elementary
from jitad.primitives.linear import matmul
from jitad.primitives.sorting import argsort
from jitad.primitives.spec import ScalarPrimitive
from jitad.program.queries import definitions, walk
from jitad.program.statements import Call, Compute, Const, Draw, Program, Statement
from jitad.program.types import Scalar

_SERVED_CALLS = (matmul, argsort)

_POWERS: dict[float, ScalarPrimitive] = {
    2: replace(core.pow_, name="power_2", template="({0} * {0})"),
    3: replace(core.pow_, name="power_3", template="({0} * {0} * {0})"),
    4: replace(core.pow_, name="power_4", template="(({0} * {0}) * ({0} * {0}))"),
}
"""Powers as products: on CUDA a power is a call of a function, also with a literal exponent."""

_EXACT = {
    core.add: "exact_add({0}, {1})",
    core.sub: "exact_sub({0}, {1})",
    core.mul: "exact_mul({0}, {1})",
    elementary.square: "exact_mul({0}, {0})",
    _POWERS[2]: "exact_mul({0}, {0})",
    _POWERS[3]: "exact_mul(exact_mul({0}, {0}), {0})",
    _POWERS[4]: "exact_mul(exact_mul({0}, {0}), exact_mul({0}, {0}))",
}
"""Sums, differences and products that are rounded by themselves."""


def check_supported(program: Program) -> None:
    """Raise UnsupportedOnCudaError, naming the user's line, for what can't run on CUDA."""
    for statement in walk(program.body):
        match statement:
            case Draw(primitive=primitive):
                raise _refused(
                    statement,
                    f"{primitive.name} draws from a random generator of the host, which CUDA doesn't have.",
                    "draw them before the call (in a kernel of your own, with numba.cuda.random), and pass them.",
                )
            case Call(primitive=primitive, accumulate=accumulate) if not _is_served_call(primitive, accumulate):
                raise _refused(
                    statement,
                    f"{primitive.name} has an implementation for the CPU only.",
                    "write it with loops in the kernel (a plugin's author: add its .loops), or use the CPU.",
                )
            case Compute(primitive=primitive):
                for _, function in primitive.names:
                    if not _is_served(function):
                        raise _refused(
                            statement,
                            f"{primitive.name} is computed by {_named(function)}, which CUDA doesn't have.",
                            "write it with functions of math or NumPy, or use the CPU.",
                        )
        for var in definitions(statement):
            assert not (isinstance(var.type, Scalar) and var.type.lanes), "lanes are for the CPU"


def _refused(statement: Statement, reason: str, remedy: str) -> UnsupportedOnCudaError:
    return UnsupportedOnCudaError(reason, remedy, statement.origin)


def _named(function: Any) -> str:
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__name__', function)}".lstrip(".")


def _is_served_call(primitive: Any, accumulate: bool) -> bool:
    return primitive in _SERVED_CALLS or (primitive.loops is not None and not accumulate)


@cache
def in_loops(primitive: Any) -> Any:
    """The array primitive as it runs on CUDA: by its loops, unless CUDA has a function of its own for it."""
    if primitive in _SERVED_CALLS:
        return primitive
    return replace(primitive, implementation=primitive.loops, plain=primitive.loops)


def _is_served(function: Any) -> bool:
    if isinstance(function, types.FunctionType) or hasattr(function, "py_func"):
        return True
    return _key(function) in _twins() or _is_native(function)


def _is_native(function: Any) -> bool:
    """True for what numba-cuda compiles under its own name."""
    if isinstance(function, type):
        return function is bool or issubclass(function, np.number | np.bool_)
    if getattr(function, "__module__", None) == "math":
        return function is not math.gcd
    return function in (builtins.round, builtins.abs, builtins.max, builtins.min)


def _key(function: Any) -> str:
    return "" if isinstance(function, types.FunctionType) else str(getattr(function, "__name__", ""))


@cache
def _twins() -> dict[str, str]:
    """The names of functions with a twin in ``jitad.cuda.functions``, and the twins' names."""
    ufuncs = (
        "logaddexp",
        "logaddexp2",
        "cbrt",
        "reciprocal",
        "fmod",
        "nextafter",
        "spacing",
        "rint",
        "sign",
        "signbit",
    )
    own = ("lcm", "gcd", "largest", "smallest")
    return {name: name for name in (*ufuncs, *own)} | {name: f"np_{name}" for name in ("floor", "ceil", "trunc")}


def on_device(function: Any) -> Any:
    """What a kernel calls for what compiled code on the CPU calls."""
    from jitad.cuda import functions, memory

    if isinstance(function, _CudaName):
        return getattr(memory, function.name)
    if function in (matmul.implementation, matmul.accumulating, argsort.implementation):
        return getattr(functions, function.__name__)
    if isinstance(function, types.FunctionType) or hasattr(function, "py_func"):
        return functions.device_form(function)
    if _is_native(function):
        return function
    name = _twins().get(_key(function))
    return function if name is None else getattr(functions, name)


class _CudaName:
    """A function of ``jitad.cuda.memory`` that has no counterpart on the CPU."""

    def __init__(self, name: str) -> None:
        self.name = name


def device_primitive(statement: Compute, *, exact: bool) -> ScalarPrimitive:
    """The primitive for an operation on CUDA; an ``exact`` sum, difference or product is rounded by itself."""
    primitive, (base, *rest) = statement.primitive, statement.args
    if primitive is core.pow_ and isinstance(rest[0], Const) and base.type == statement.out.type and base.type.is_float:
        primitive = _POWERS.get(float(rest[0].value), primitive)
    return _exact_form(primitive) if exact and primitive in _EXACT and not is_simulated() else primitive


@cache
def _exact_form(primitive: ScalarPrimitive) -> ScalarPrimitive:
    template = _EXACT[primitive]
    name = template.partition("(")[0]
    return replace(primitive, template=template, names=((name, _CudaName(name)),))

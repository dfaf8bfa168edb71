"""Read a kernel for given arguments, evaluate its program, and compare with the Python function itself."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from jitad.api.structure import describe, flatten
from jitad.program.checker import check
from jitad.program.evaluator import evaluate
from jitad.reading.kernel import Kernel, read_kernel
from jitad.reading.results import rebuild
from jitad.reading.signature import ArgSpec, DictSpec, ScalarSpec, SequenceSpec, StaticSpec, array_spec


def spec(value: Any) -> ArgSpec:
    match value:
        case np.ndarray():
            return array_spec(value)
        case complex():
            return describe(value, "value")
        case np.generic():
            return ScalarSpec(value.dtype.name)
        case bool():
            return ScalarSpec("bool")
        case int():
            return ScalarSpec("int64")
        case float():
            return ScalarSpec("float64")
        case tuple() | list():
            return SequenceSpec(type(value), tuple(map(spec, value)))
        case dict():
            return DictSpec(tuple((key, spec(item)) for key, item in value.items()))
    return StaticSpec(value)


def leaves(value: Any) -> list[Any]:
    """Numbers and arrays of a structure, in order."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value] if isinstance(value, int | float | complex | np.ndarray | np.generic) else []


def read(function: Any, *args: Any) -> Kernel:
    kernel = read_kernel(function, [spec(arg) for arg in args])
    check(kernel.program)
    return kernel


def run(function: Any, *args: Any) -> Any:
    """The kernel's value by way of its program; ``args`` are changed as the kernel changes them."""
    kernel = read(function, *args)
    given: list[Any] = []
    for arg in (*args, *(capture.getter() for capture in kernel.captures)):
        flatten(arg, given)
    return rebuild(kernel.result, evaluate(kernel.program, given))


def compare(function: Any, *args: Any) -> None:
    """Assert that the program gives what Python gives, and changes the arguments in the same way."""
    ours, theirs = copy.deepcopy(args), copy.deepcopy(args)
    actual, expected = leaves(run(function, *ours)), leaves(function(*theirs))
    assert len(actual) == len(expected)
    for a, e in zip([*actual, *leaves(ours)], [*expected, *leaves(theirs)], strict=True):
        assert np.shape(a) == np.shape(e)
        np.testing.assert_allclose(a, e, rtol=1e-13, atol=1e-14)

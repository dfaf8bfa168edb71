"""Emitted functions are compiled by fewer passes, which ask Numba once for each kind of operation."""

from __future__ import annotations

import operator
from collections import Counter
from typing import Any

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError
from numba.core.typing.context import Context

from jitad.building.pipeline import KernelCompiler


def polynomial(x, y, n):
    a = x * y + x * x + y * y + 2.0 * x
    for i in range(n):
        a = a * x + y * i + 3 * y
    return a * y + x * a


def test_each_kind_of_operation_is_typed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[Any] = Counter()
    resolve = Context.resolve_function_type

    def counting(context: Any, function: Any, args: Any, kwargs: Any) -> Any:
        if getattr(function, "typing_key", None) in (operator.add, operator.mul):
            asked[function, args] += 1
        return resolve(context, function, args, kwargs)

    monkeypatch.setattr(Context, "resolve_function_type", counting)
    function = njit(pipeline_class=KernelCompiler)(polynomial)
    assert function(1.5, 0.5, 3) == polynomial(1.5, 0.5, 3)
    assert asked
    assert set(asked.values()) == {1}


def mixed(x, n, z):
    return x * x, n * n, n * x, z * z, z * x, x / n, n // 2, n / 2


def test_the_types_of_an_operation_depend_on_its_arguments() -> None:
    args = (1.5, 4, np.float32(0.1))
    assert njit(pipeline_class=KernelCompiler)(mixed)(*args) == njit(mixed)(*args)


def test_errors_of_typing_are_numbas() -> None:
    function = njit(pipeline_class=KernelCompiler)(lambda x: x + "text")
    with pytest.raises(TypingError, match="No implementation of function"):
        function(1.0)

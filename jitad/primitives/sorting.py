"""The order that sorts an array: integers, without a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.primitives.spec import ArrayPrimitive, Primitive
from jitad.runtime import sorting


def order(a: Any) -> Any:
    """The indices that sort a vector; equal elements keep their order, NaNs come last."""
    return np.argsort(a, kind="stable")


def _argsort_vjp(out: Any, out_bar: Any, a: Any, a_bar: Any) -> None:
    """An order is constant wherever it is smooth at all (kink: where two elements are equal)."""


def _argsort_jvp(out: Any, out_dot: Any, a: Any, a_dot: Any) -> None:
    """See ``_argsort_vjp``."""


argsort = ArrayPrimitive(
    name="argsort",
    implementation=sorting.argsort,
    plain=sorting.argsort,
    vjp=_argsort_vjp,
    jvp=_argsort_jvp,
    cases=((np.empty(4, np.int64), np.array([0.4, -1.2, 2.0, 0.7])),),
)

PRIMITIVES: tuple[Primitive, ...] = (argsort,)

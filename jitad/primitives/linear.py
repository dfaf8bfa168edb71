"""Linear algebra on whole arrays: the matrix product with its reverse rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitad.primitives.spec import ArrayPrimitive, Primitive
from jitad.runtime import blas, plain


def _matmul_vjp(out: Any, out_bar: Any, a: Any, a_bar: Any, b: Any, b_bar: Any) -> None:
    """Matrix by matrix, matrix by vector, or vector by matrix (Giles, *Collected matrix derivative results*, 2.2)."""
    if a_bar is not None:
        if a.ndim == 1:
            a_bar += b @ out_bar
        elif b.ndim == 1:
            for i in range(a.shape[0]):
                for j in range(a.shape[1]):
                    a_bar[i, j] += out_bar[i] * b[j]
        else:
            a_bar += out_bar @ b.T
    if b_bar is not None:
        if b.ndim == 1:
            b_bar += out_bar @ a
        elif a.ndim == 1:
            for i in range(b.shape[0]):
                for j in range(b.shape[1]):
                    b_bar[i, j] += a[i] * out_bar[j]
        else:
            b_bar += a.T @ out_bar


def _matmul_jvp(out: Any, out_dot: Any, a: Any, a_dot: Any, b: Any, b_dot: Any) -> None:
    """The product rule."""
    if a_dot is not None:
        out_dot += a_dot @ b
    if b_dot is not None:
        out_dot += a @ b_dot


def _case(out: tuple[int, ...], a: tuple[int, ...], b: tuple[int, ...]) -> Any:
    return lambda random: (np.empty(out), random.normal(size=a), random.normal(size=b))


matmul = ArrayPrimitive(
    name="matmul",
    implementation=blas.matmul,
    accumulating=blas.matmul_accumulate,
    plain=plain.matmul,
    plain_accumulating=plain.matmul_accumulate,
    vjp=_matmul_vjp,
    jvp=_matmul_jvp,
    cases=(_case((2, 3), (2, 4), (4, 3)), _case((3,), (3, 2), (2,)), _case((3,), (2,), (2, 3))),
)

PRIMITIVES: tuple[Primitive, ...] = (matmul,)

"""The types of values in a program: scalars and arrays of one dtype."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FLOATS = ("float32", "float64")

COMPLEX_DTYPES = {"float32": "complex64", "float64": "complex128"}
"""The dtype of complex numbers by that of their parts. Programs hold the parts only."""

REAL_DTYPES = {whole: part for part, whole in COMPLEX_DTYPES.items()}
"""The dtype of the parts of complex numbers."""


@dataclass(frozen=True)
class Scalar:
    """A number of one dtype, named as NumPy names it (``"float64"``, ``"int64"``, ``"bool"``).

    With ``lanes`` it is that many numbers side by side, on which arithmetic works at once (``"float64x4"``).
    """

    dtype: str
    lanes: int = 0

    @property
    def is_float(self) -> bool:
        return self.dtype in FLOATS

    @property
    def words(self) -> int:
        """How many elements it takes on the tape."""
        return self.lanes or 1

    def __str__(self) -> str:
        return f"{self.dtype}x{self.lanes}" if self.lanes else self.dtype


@dataclass(frozen=True)
class Array:
    """An array of one dtype; ``layout`` is ``"C"``, ``"F"`` or ``"A"`` (any strides)."""

    dtype: str
    ndim: int
    layout: str = "C"

    @property
    def is_float(self) -> bool:
        return self.dtype in FLOATS

    @property
    def element(self) -> Scalar:
        return Scalar(self.dtype)

    def __str__(self) -> str:
        axes = ",".join(":" * self.ndim)
        return f"{self.dtype}[{axes}]{'' if self.layout == 'C' else self.layout}"


Type = Scalar | Array

FLOAT64 = Scalar("float64")
FLOAT32 = Scalar("float32")
INT64 = Scalar("int64")
BOOL = Scalar("bool")


def itemsize(dtype: str) -> int:
    """Bytes of one element."""
    return np.dtype(dtype).itemsize

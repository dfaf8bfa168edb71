"""The dtypes of results: what kernels that define functions ask of their arguments while they are read."""

from __future__ import annotations

from typing import Any

import numpy as np


def common_type(*values: Any) -> Any:
    """The type that numbers and arrays are converted to when they are put together (``np.float64``, say).

    Beside arrays, numbers of the same kind don't count: a float32 array and a float give float32, as in NumPy 2.

    >>> common_type(np.zeros(3, np.float32), 1.0) is np.float32
    True
    """
    return chosen_type([(np.asarray(value).dtype, bool(np.ndim(value))) for value in values])


def float_type(*values: Any) -> Any:
    """``common_type``, and ``np.float64`` where that is an integer type: the type of a mean.

    >>> float_type(np.arange(3)) is np.float64
    True
    """
    return as_float(common_type(*values))


def chosen_type(parts: list[tuple[np.dtype[Any], bool]]) -> Any:
    """``common_type`` of dtypes, each with whether it is that of an array."""
    arrays = [dtype for dtype, is_array in parts if is_array]
    if not arrays:
        return np.result_type(*(dtype for dtype, _ in parts)).type
    common = np.result_type(*arrays)
    for dtype, is_array in parts:
        if not is_array and _KINDS.index(dtype.kind) > _KINDS.index(common.kind):
            common = np.result_type(common, dtype)
    return common.type


def as_float(type_: Any) -> Any:
    """The type itself if it is of floats, else ``np.float64``."""
    return type_ if np.dtype(type_).kind in "fc" else np.float64


_KINDS = "buifc"

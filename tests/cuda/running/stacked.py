"""Arguments of two samples from those of one."""

from __future__ import annotations

from typing import Any

import numpy as np

FACTORS = (1.0, 1.001)


def scaled(arg: Any, factor: float) -> Any:
    """The argument with its floating-point numbers and arrays scaled."""
    if isinstance(arg, tuple | list):
        items = [scaled(item, factor) for item in arg]
        return type(arg)(*items) if hasattr(arg, "_fields") else type(arg)(items)
    if isinstance(arg, dict):
        return {name: scaled(item, factor) for name, item in arg.items()}
    if _varies(arg):
        return (arg * np.asarray(arg).dtype.type(factor))[()] if isinstance(arg, np.generic) else _times(arg, factor)
    return arg


def _times(arg: Any, factor: float) -> Any:
    if isinstance(arg, float | complex):
        return arg * factor
    made = np.empty_like(arg)
    made[...] = arg * np.asarray(factor, made.real.dtype)
    return made


def _varies(arg: Any) -> bool:
    if isinstance(arg, np.ndarray):
        return arg.ndim > 0 and arg.dtype.kind in "fc"
    return isinstance(arg, float | complex | np.floating | np.complexfloating)


def stacked(samples: list[Any]) -> tuple[Any, Any]:
    """One argument of all samples, and its axes: what doesn't vary is shared."""
    first = samples[0]
    if isinstance(first, tuple | list):
        pairs = [stacked([sample[at] for sample in samples]) for at in range(len(first))]
        items, axes = [item for item, _ in pairs], [axis for _, axis in pairs]
        if hasattr(first, "_fields"):
            return type(first)(*items), tuple(axes)
        return type(first)(items), tuple(axes) if isinstance(first, tuple) else axes
    if isinstance(first, dict):
        found = {name: stacked([sample[name] for sample in samples]) for name in first}
        return {name: item for name, (item, _) in found.items()}, {name: axis for name, (_, axis) in found.items()}
    return (np.stack(samples), 0) if _varies(first) else (first, None)


def rows(tree: Any, at: int) -> Any:
    """The results of one sample."""
    if isinstance(tree, tuple | list):
        items = [rows(item, at) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    if isinstance(tree, dict):
        return {name: rows(item, at) for name, item in tree.items()}
    return tree if tree is None else tree[at]

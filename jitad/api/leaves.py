"""The numbers and arrays of arguments that a derivative is by, and the structure of the gradients by them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from jitad.api.structure import leaf_paths, leaf_specs
from jitad.errors import ArgumentError
from jitad.program.types import REAL_DTYPES
from jitad.reading.results import (
    ComplexResult,
    DictResult,
    ResultTree,
    ScalarResult,
    SequenceResult,
    StaticResult,
    complex_array_of,
)
from jitad.reading.signature import ArgSpec, ArraySpec, ComplexSpec, DictSpec, ScalarSpec, SequenceSpec, StaticSpec


def name_of(function: Any) -> str:
    """How messages name a function."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", None) or type(function).__name__


def active_leaves(
    function: Any, specs: Sequence[ArgSpec], positions: Sequence[int]
) -> tuple[list[int], tuple[ResultTree, ...]]:
    """The program parameters that the arguments at ``positions`` are made of, and each gradient's structure.

    Raises ArgumentError for an argument that can't be differentiated, naming the part that is to blame.
    """
    firsts, total = [], 0
    for spec in specs:
        firsts.append(total)
        total += len(leaf_specs(spec))
    wrt: list[int] = []
    trees = []
    for at in positions:
        leaves = leaf_paths(specs[at], f"argument {at}")
        for path, leaf in leaves:
            _refuse_inactive(function, path, leaf, is_whole=len(leaves) == 1 and leaf is specs[at])
        count = len(leaf_specs(specs[at]))
        if count == 0:
            raise ArgumentError(
                f"argument {at} of {name_of(function)!r} holds no number and no array to differentiate by.",
                "choose another argument with argnums.",
            )
        trees.append(_tree(specs[at], iter(range(len(wrt), len(wrt) + count))))
        wrt.extend(range(firsts[at], firsts[at] + count))
    return wrt, tuple(trees)


def _refuse_inactive(function: Any, path: str, leaf: ArgSpec, *, is_whole: bool) -> None:
    if isinstance(leaf, StaticSpec):
        if leaf.obj is None and not is_whole:
            return
        what = f"is {leaf.obj!r}, which has no derivative"
    elif isinstance(leaf, ScalarSpec | ArraySpec) and not leaf.dtype.startswith(("float", "complex")):
        kind = "an array of dtype" if isinstance(leaf, ArraySpec) else "a number of dtype"
        what = f"is {kind} {leaf.dtype}, and only floating-point numbers have derivatives"
    else:
        return
    if not is_whole:
        remedy = "pass it as a separate argument, which argnums leaves out."
    elif isinstance(leaf, ArraySpec):
        remedy = "pass floating-point numbers (x.astype(float)), or choose another argument with argnums."
    else:
        remedy = "pass a float (2.0, not 2), or choose another argument with argnums."
    raise ArgumentError(f"{path} of {name_of(function)!r} {what}.", remedy)


def _tree(spec: ArgSpec, count: Any) -> ResultTree:
    """The structure of an argument's gradient; leaves count in the list of gradients."""
    match spec:
        case ComplexSpec(kind, items):
            return ComplexResult(kind, tuple(_tree(item, count) for item in items))
        case SequenceSpec(kind, items):
            return SequenceResult(kind, tuple(_tree(item, count) for item in items))
        case DictSpec(pairs):
            return DictResult(tuple((name, _tree(item, count)) for name, item in pairs))
        case StaticSpec():
            return StaticResult(None)
    return leaf_tree(spec, ScalarResult(next(count)))


def leaf_tree(spec: ArgSpec, place: ScalarResult) -> ResultTree:
    """What is at a place, as a complex array if the argument there is one."""
    is_complex = isinstance(spec, ArraySpec) and spec.dtype in REAL_DTYPES
    return ComplexResult(complex_array_of, (place,)) if is_complex else place

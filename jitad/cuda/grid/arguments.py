"""The arguments of one evaluation on CUDA: their numbers, and their arrays where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jitad.api.structure import flatten
from jitad.cuda.arrays import is_on_device
from jitad.cuda.batch_memory import CudaMemory
from jitad.reading.results import make_sequence


@dataclass
class Arguments:
    """``args`` and ``named`` have NumPy arrays in C order in the place of all arrays, for their types.

    ``leaves`` are the numbers and arrays, in the order of ``jitad.api.structure.flatten``; ``given`` has the arrays
    that the caller passed, and None for numbers. ``stay`` is true when some of them are on the device, where results
    stay then.
    """

    args: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)
    leaves: list[Any] = field(default_factory=list)
    given: list[Any] = field(default_factory=list)
    stay: bool = False


def take_apart(args: Sequence[Any], kwargs: Mapping[str, Any], stream: Any) -> Arguments:
    """The arguments of a call. Raises ArgumentError for arrays on another device."""
    taken, memory = Arguments(), CudaMemory(stream)
    taken.args = tuple(_taken(arg, taken, memory) for arg in args)
    taken.named = {name: _taken(arg, taken, memory) for name, arg in kwargs.items()}
    return taken


def _taken(arg: Any, taken: Arguments, memory: CudaMemory) -> Any:
    if memory.holds(arg):
        seen = memory.seen(arg)
        array = memory.shared(seen)
        taken.stay |= is_on_device(arg)
        taken.leaves.append(memory.as_real(array))
        taken.given.append(seen)
        return _stand_in(array)
    if isinstance(arg, tuple | list) and (type(arg) in (tuple, list) or hasattr(arg, "_fields")):
        return make_sequence(type(arg), [_taken(item, taken, memory) for item in arg])
    if type(arg) is dict:
        return {name: _taken(item, taken, memory) for name, item in arg.items()}
    before = len(taken.leaves)
    flatten(arg, taken.leaves)
    taken.given += [None] * (len(taken.leaves) - before)
    return arg


def _stand_in(array: Any) -> np.ndarray:
    """A small NumPy array of the same type; device arrays may be larger than the host's memory."""
    if isinstance(array, np.ndarray):
        return array
    return np.empty(tuple(min(int(length), 2) for length in array.shape), np.dtype(array.dtype))


def is_array(leaf: Any) -> bool:
    """True for arrays, of NumPy or on the device; NumPy's numbers aren't."""
    return isinstance(leaf, np.ndarray) or getattr(leaf, "__cuda_ndarray__", False)

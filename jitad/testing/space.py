"""The floating-point numbers in a structure of arguments or results, as the entries of one vector.

A complex number is two entries, its real and its imaginary part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jitad.reading.results import make_sequence

Path = tuple[Any, ...]
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Leaf:
    """A floating-point number or array, real or complex, whose entries are ``[start, stop)`` of the vector."""

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    start: int
    stop: int
    is_array: bool

    def entry(self, at: int) -> str:
        """The name of an entry, such as ``argument 0['w'][2, 1]`` or ``the result.imag``."""
        place, part = divmod(at - self.start, 2) if self.is_complex else (at - self.start, 0)
        suffix = (".real", ".imag")[part] if self.is_complex else ""
        if not self.shape:
            return self.name + suffix
        index = np.unravel_index(place, self.shape)
        return f"{self.name}[{', '.join(str(int(i)) for i in index)}]{suffix}"

    @property
    def is_complex(self) -> bool:
        """True when each number is two entries."""
        return self.dtype.kind == "c"

    def entries(self, part: Any) -> Vector:
        """The entries of what is in its place. Raises ValueError for another shape."""
        array = np.asarray(part, dtype=np.complex128 if self.is_complex else np.float64)
        if array.shape != self.shape:
            raise ValueError(f"{self.name} has shape {array.shape}, not {self.shape}")
        return np.ascontiguousarray(array).ravel().view(np.float64)

    def numbers(self, vector: Vector) -> np.ndarray:
        """Its entries in a vector as numbers, in double precision."""
        part = vector[self.start : self.stop]
        return (np.ascontiguousarray(part).view(np.complex128) if self.is_complex else part).reshape(self.shape)


class Space:
    """The floating-point leaves of the items of ``tree``, a tuple with a name for each item."""

    def __init__(self, tree: Sequence[Any], names: Sequence[str]) -> None:
        self.leaves: list[Leaf] = []
        self.size = 0
        for at, (item, name) in enumerate(zip(tree, names, strict=True)):
            for path, leaf in walk(item, (at,)):
                if is_floating(leaf):
                    shape, dtype = np.shape(leaf), np.asarray(leaf).dtype
                    full_name = name + "".join(f"[{step!r}]" for step in path[1:])
                    stop = self.size + int(np.prod(shape)) * (2 if dtype.kind == "c" else 1)
                    is_array = isinstance(leaf, np.ndarray)
                    self.leaves.append(Leaf(path, full_name, shape, dtype, self.size, stop, is_array))
                    self.size = stop

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(leaf.path for leaf in self.leaves)

    def vector(self, tree: Any) -> Vector:
        """The entries of a structure of this kind. Raises ValueError for other shapes."""
        found = np.empty(self.size)
        for leaf in self.leaves:
            found[leaf.start : leaf.stop] = leaf.entries(follow(tree, leaf.path))
        return found

    def epsilons(self, tree: Any) -> Vector:
        """For each entry, the relative rounding error of the dtype that it has in ``tree``."""
        found = np.empty(self.size)
        for leaf in self.leaves:
            dtype = np.asarray(follow(tree, leaf.path)).dtype
            found[leaf.start : leaf.stop] = np.finfo(dtype if dtype.kind in "fc" else np.float64).eps
        return found

    def rounded(self, vector: Vector) -> Vector:
        """The entries as the leaves' dtypes hold them."""
        parts = [leaf.entries(leaf.numbers(vector).astype(leaf.dtype)) for leaf in self.leaves]
        return np.concatenate([np.empty(0), *parts])

    def structure(self, vector: Vector, like: Sequence[Any]) -> tuple[Any, ...]:
        """The entries put in the structure of ``like``, in the leaves' dtypes, and None for everything else."""
        return self.replaced(like, lambda leaf, _: self._part(vector, leaf), keep_others=False)

    def moved(self, tree: Sequence[Any], vector: Vector) -> tuple[Any, ...]:
        """``tree`` with the entries of ``vector`` added in float64; arrays are fresh and keep their order of axes."""

        def move(leaf: Leaf, old: Any) -> Any:
            step = leaf.numbers(vector)
            double = np.complex128 if leaf.is_complex else np.float64
            if not isinstance(old, np.ndarray):
                return (double(old) + step).item()
            array = old.astype(double, order="K")
            array += step
            return array

        return self.replaced(tree, move, keep_others=True)

    def replaced(self, tree: Sequence[Any], make: Callable[[Leaf, Any], Any], *, keep_others: bool) -> tuple[Any, ...]:
        """``tree`` with other leaves, and everything that isn't one kept (arrays are copied) or None."""
        by_path = {leaf.path: leaf for leaf in self.leaves}

        def replace(node: Any, path: Path) -> Any:
            if path in by_path:
                return make(by_path[path], node)
            if isinstance(node, dict):
                return {key: replace(item, (*path, key)) for key, item in node.items()}
            if isinstance(node, tuple | list):
                return make_sequence(type(node), [replace(item, (*path, at)) for at, item in enumerate(node)])
            if not keep_others:
                return None
            return node.copy(order="K") if isinstance(node, np.ndarray) else node

        return tuple(replace(item, (at,)) for at, item in enumerate(tree))

    def scales(self, tree: Any) -> Vector:
        """For each entry the largest size of an entry in its leaf, or 1 where all are zero."""
        found = np.ones(self.size)
        for leaf in self.leaves:
            largest = np.max(np.abs(leaf.entries(follow(tree, leaf.path))), initial=0.0)
            if 0.0 < largest < np.inf:
                found[leaf.start : leaf.stop] = largest
        return found

    def name(self, at: int) -> str:
        """The name of an entry."""
        return next(leaf.entry(at) for leaf in self.leaves if leaf.start <= at < leaf.stop)

    def name_direction(self, direction: Vector) -> str:
        """The name of the one entry that a direction moves, or of the leaves that it moves parts of."""
        support = np.flatnonzero(direction)
        if support.size == 1:
            return self.name(int(support[0]))
        touched = [leaf.name for leaf in self.leaves if np.any(direction[leaf.start : leaf.stop])]
        return f"{support.size} entries of {', '.join(touched)} along a random direction"

    def _part(self, vector: Vector, leaf: Leaf) -> Any:
        part = leaf.numbers(vector).astype(leaf.dtype)
        return part if leaf.is_array else part[()]


def is_floating(leaf: Any) -> bool:
    """True for a floating-point number, real or complex, or an array of them."""
    if isinstance(leaf, np.ndarray):
        return leaf.dtype.kind in "fc"
    return isinstance(leaf, float | complex | np.inexact)


def follow(tree: Any, path: Path) -> Any:
    """The part of a structure at a path of indices and keys."""
    for step in path:
        tree = tree[step]
    return tree


def walk(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Everything in a structure that isn't a tuple, a list or a dict, with its path."""
    if isinstance(tree, dict):
        for key, item in tree.items():
            yield from walk(item, (*path, key))
    elif isinstance(tree, tuple | list):
        for at, item in enumerate(tree):
            yield from walk(item, (*path, at))
    else:
        yield path, tree

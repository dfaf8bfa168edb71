"""The floating-point numbers in a structure of arguments or results, as the entries of one vector."""

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
    """A floating-point number or array, whose entries are ``[start, stop)`` of the vector."""

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    start: int
    stop: int
    is_array: bool

    def entry(self, at: int) -> str:
        """The name of an entry, such as ``argument 0['w'][2, 1]``."""
        if not self.shape:
            return self.name
        index = np.unravel_index(at - self.start, self.shape)
        return f"{self.name}[{', '.join(str(int(i)) for i in index)}]"


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
                    stop = self.size + int(np.prod(shape))
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
            part = np.asarray(follow(tree, leaf.path), dtype=np.float64)
            if part.shape != leaf.shape:
                raise ValueError(f"{leaf.name} has shape {part.shape}, not {leaf.shape}")
            found[leaf.start : leaf.stop] = part.ravel()
        return found

    def epsilons(self, tree: Any) -> Vector:
        """For each entry, the relative rounding error of the dtype that it has in ``tree``."""
        found = np.empty(self.size)
        for leaf in self.leaves:
            dtype = np.asarray(follow(tree, leaf.path)).dtype
            found[leaf.start : leaf.stop] = np.finfo(dtype if dtype.kind == "f" else np.float64).eps
        return found

    def rounded(self, vector: Vector) -> Vector:
        """The entries as the leaves' dtypes hold them."""
        parts = [vector[leaf.start : leaf.stop].astype(leaf.dtype) for leaf in self.leaves]
        return np.concatenate([np.empty(0), *parts]).astype(np.float64)

    def structure(self, vector: Vector, like: Sequence[Any]) -> tuple[Any, ...]:
        """The entries put in the structure of ``like``, in the leaves' dtypes, and None for everything else."""
        return self.replaced(like, lambda leaf, _: self._part(vector, leaf), keep_others=False)

    def moved(self, tree: Sequence[Any], vector: Vector) -> tuple[Any, ...]:
        """``tree`` with the entries of ``vector`` added in float64; arrays are fresh and keep their order of axes."""

        def move(leaf: Leaf, old: Any) -> Any:
            step = vector[leaf.start : leaf.stop].reshape(leaf.shape)
            if not isinstance(old, np.ndarray):
                return float(old) + float(step)
            array = old.astype(np.float64, order="K")
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
            largest = np.max(np.abs(np.asarray(follow(tree, leaf.path), dtype=np.float64)), initial=0.0)
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
        part = vector[leaf.start : leaf.stop].astype(leaf.dtype).reshape(leaf.shape)
        return part if leaf.is_array else part[()]


def is_floating(leaf: Any) -> bool:
    """True for a floating-point number or an array of them."""
    return isinstance(leaf, float | np.floating) or (isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f")


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

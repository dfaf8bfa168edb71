"""``vjp``: the value of a kernel, and a function that pulls cotangents of its results back to its arguments."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.analysis.plan import AUTO
from jitad.api.derivative import Entry, describe_all, describe_named, table_for
from jitad.api.forward import is_number
from jitad.api.gradient import checked_storage, refuse_uncallable
from jitad.api.leaves import leaf_tree, name_of
from jitad.api.mode import bounds_checked, mode
from jitad.api.structure import copied, flatten, leaf_specs, shown
from jitad.errors import ArgumentError
from jitad.primitives.views import view_as_real
from jitad.program.statements import Program
from jitad.program.types import COMPLEX_DTYPES, Array
from jitad.reading.results import (
    ArrayResult,
    ComplexResult,
    DictResult,
    ResultTree,
    ScalarResult,
    SequenceResult,
    StaticResult,
)
from jitad.reading.signature import ArgSpec, ComplexSpec, DictSpec, SequenceSpec, StaticSpec

if TYPE_CHECKING:
    from jitad.api.differentiate import Reading
    from jitad.api.running import Call
    from jitad.runtime.generators import Restore


def vjp(f: Callable[..., Any], *args: Any, storage: str = AUTO) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of ``f(*args)`` and its pullback.

    ``pullback(cotangent)`` takes a cotangent with the structure of the value: a number for a number, an array of the
    same shape and dtype for an array, None for anything that isn't floating-point. It gives a tuple with one entry per
    argument, in the argument's structure: the cotangents of its floating-point numbers and arrays, and None in the
    place of anything else. Of complex numbers it is the transpose for the real inner product Re(conj(a) b): where ``f``
    has the complex derivative f', the cotangent w gives conj(f') w. It may be called many times; later changes of the
    arguments' arrays don't matter to it. ``storage`` is that of ``grad``, for the sweeps of the pullback.

    Raises ArgumentError for arguments that a kernel doesn't take, and from the pullback for a cotangent that doesn't
    fit, naming the part that is to blame; and the errors of reading a kernel (see ``jitad.errors``).

    >>> import numpy as np
    >>> import jitad
    >>> value, pullback = jitad.vjp(lambda x, k: k * x * x, np.array([1.0, 2.0]), 3.0)
    >>> value
    array([ 3., 12.])
    >>> pullback(np.array([1.0, 10.0]))
    (array([  6., 120.]), 41.0)
    """
    from jitad.api.running import rebuilder

    refuse_uncallable(f)
    args = copied(args)
    leaves: list[Any] = []
    key = tuple([flatten(arg, leaves) for arg in args])
    entry, captured = table_for(f, PullbackRequest(bounds_checked(), checked_storage(storage))).current(key, args, {})
    leaves += copied(captured)
    drawn = entry.forward.kept_generators()
    results, _ = entry.forward(leaves)
    pullback = Pullback(f, entry, leaves, [np.shape(result) for result in results], drawn)
    return rebuilder(entry.reading.kernel.result)(results), pullback


@dataclass(frozen=True)
class PullbackRequest:
    """Ask for the pullback by every floating-point part of the positional arguments; ``storage`` is as for ``grad``."""

    bounds_checked: bool = False
    storage: str = AUTO

    def build(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> PullbackEntry:
        """Read a function and compile its forward sweep; the reverse sweep is compiled when first used."""
        from jitad.api.differentiate import forward_only, make_sweeps, read
        from jitad.api.running import Call

        specs = describe_all(args)
        reading = read(function, specs, describe_named(kwargs), bounds_checked=self.bounds_checked)
        forward = make_sweeps(forward_only(reading), reading, compiled=mode.compiled)
        return PullbackEntry(reading, specs, Call(reading, forward, ()), self.storage)


class PullbackEntry(Entry):
    """The compiled forward sweep of a kernel, and the sweeps of its pullback."""

    def __init__(self, reading: Reading, specs: Sequence[ArgSpec], forward: Call, storage: str) -> None:
        super().__init__(reading)
        self.forward = forward
        self.storage = storage
        self.is_compiled = mode.compiled
        self.wrt: list[int] = []
        self.trees = _argument_trees(specs, self.wrt)
        self.dependents = [at for at, result in enumerate(reading.program.results) if result.type.is_float]
        self._reverse: Call | None = None
        self._lock = threading.Lock()

    def reverse(self) -> Call:
        """The sweeps that take cotangents."""
        from jitad.api.differentiate import make_sweeps, pullback_adjoint
        from jitad.api.running import Call

        with self._lock:
            if self._reverse is None:
                adjoint = pullback_adjoint(self.reading, self.wrt, self.dependents, self.storage)
                sweeps = make_sweeps(adjoint.program, self.reading, compiled=self.is_compiled)
                self._reverse = Call(self.reading, sweeps, self.wrt)
            return self._reverse


class Pullback:
    """Pulls cotangents of a kernel's results back to its arguments; see ``vjp``.

    ``drawn`` puts the random generators back to where they were before the value was computed.
    """

    def __init__(
        self,
        function: Any,
        entry: PullbackEntry,
        leaves: list[Any],
        shapes: Sequence[tuple[int, ...]],
        drawn: Restore | None,
    ) -> None:
        self._function = function
        self._entry = entry
        self._leaves = leaves
        self._shapes = shapes
        self._drawn = drawn

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """The cotangents of the arguments for a cotangent of the value."""
        from jitad.api.running import rebuilder

        entry = self._entry
        found: dict[int, Any] = {}
        self._collect(entry.reading.kernel.result, cotangent, "the cotangent", entry.reading.program, found)
        if not entry.dependents or not entry.wrt:
            gradients = self._zeros()
        else:
            seeds = [found[at] for at in entry.dependents]
            _, gradients = entry.reverse().replay(self._drawn, self._leaves, seeds)
        return tuple(rebuilder(tree)(gradients) for tree in entry.trees)

    def _zeros(self) -> list[Any]:
        """What a kernel without a floating-point result gives: it doesn't depend smoothly on anything."""
        leaves = [self._leaves[at] for at in self._entry.wrt]
        return [np.zeros_like(leaf) if isinstance(leaf, np.ndarray) else type(leaf)(0) for leaf in leaves]

    def _collect(self, tree: ResultTree, cotangent: Any, path: str, program: Program, found: dict[int, Any]) -> None:
        """Take the leaves of a cotangent, after checks, into ``found``, by the position of their results."""
        match tree:
            case ComplexResult(items=(ScalarResult(re), ScalarResult(im))):
                if not is_number(cotangent):
                    raise self._misfit(path, cotangent, "a complex number")
                for at, part in ((re, cotangent.real), (im, cotangent.imag)):
                    found[at] = self._leaf(float(part), path, program.results[at].type, ())
            case ComplexResult(items=(ArrayResult(at),)):
                dtype, shape = COMPLEX_DTYPES[program.results[at].type.dtype], self._shapes[at][:-1]
                if not isinstance(cotangent, np.ndarray) or cotangent.shape != shape or cotangent.dtype.name != dtype:
                    raise self._misfit(path, cotangent, f"an array of dtype {dtype} and shape {shape}")
                found[at] = view_as_real(np.array(cotangent, order="C", subok=False))
            case SequenceResult(kind, items):
                if not isinstance(cotangent, tuple | list) or len(cotangent) != len(items):
                    raise self._misfit(path, cotangent, f"a {kind.__name__} of {len(items)}")
                for at, (item, part) in enumerate(zip(items, cotangent, strict=True)):
                    self._collect(item, part, f"{path}[{at}]", program, found)
            case DictResult(pairs):
                if not isinstance(cotangent, dict) or set(cotangent) != {name for name, _ in pairs}:
                    raise self._misfit(path, cotangent, f"a dict with the keys {[name for name, _ in pairs]}")
                for name, item in pairs:
                    self._collect(item, cotangent[name], f"{path}[{name!r}]", program, found)
            case StaticResult(obj):
                if cotangent is not None:
                    raise self._misfit(path, cotangent, f"None, since the value there is {obj!r}")
            case _:
                at = tree.index  # type: ignore[attr-defined]
                found[at] = self._leaf(cotangent, path, program.results[at].type, self._shapes[at])

    def _leaf(self, cotangent: Any, path: str, type_: Any, shape: tuple[int, ...]) -> Any:
        if not type_.is_float:
            if cotangent is not None:
                raise self._misfit(path, cotangent, f"None, since the value there is of dtype {type_.dtype}")
            return None
        if isinstance(type_, Array):
            if not isinstance(cotangent, np.ndarray) or cotangent.shape != shape or cotangent.dtype.name != type_.dtype:
                raise self._misfit(path, cotangent, f"an array of dtype {type_.dtype} and shape {shape}")
            return np.array(cotangent, dtype=type_.dtype, order="C", subok=False)
        is_number = isinstance(cotangent, int | float | np.floating | np.integer) and not isinstance(cotangent, bool)
        if not is_number:
            raise self._misfit(path, cotangent, f"a number of dtype {type_.dtype}")
        return np.dtype(type_.dtype).type(cotangent)

    def _misfit(self, path: str, cotangent: Any, expected: str) -> ArgumentError:
        return ArgumentError(
            f"{path} for the pullback of {name_of(self._function)!r} is {shown(cotangent)}; expected {expected}.",
            "give the cotangent the structure, shape and dtype of the value that jitad.vjp returned.",
        )

    def __repr__(self) -> str:
        return f"<pullback of {name_of(self._function)}>"


def _argument_trees(specs: Sequence[ArgSpec], wrt: list[int]) -> tuple[ResultTree, ...]:
    """The structure of each argument's cotangent; the floating-point leaves' positions are appended to ``wrt``."""
    first = 0
    trees = []
    for spec in specs:
        count = len(leaf_specs(spec))
        trees.append(_argument_tree(spec, iter(range(first, first + count)), wrt))
        first += count
    return tuple(trees)


def _argument_tree(spec: ArgSpec, positions: Any, wrt: list[int]) -> ResultTree:
    match spec:
        case ComplexSpec(kind, items):
            tree: ResultTree = ComplexResult(kind, tuple(_argument_tree(item, positions, wrt) for item in items))
        case SequenceSpec(kind, items):
            tree = SequenceResult(kind, tuple(_argument_tree(item, positions, wrt) for item in items))
        case DictSpec(pairs):
            tree = DictResult(tuple((name, _argument_tree(item, positions, wrt)) for name, item in pairs))
        case StaticSpec():
            return StaticResult(None)
        case _:
            at = next(positions)
            if not spec.dtype.startswith(("float", "complex")):  # type: ignore[attr-defined]
                return StaticResult(None)
            wrt.append(at)
            return leaf_tree(spec, ScalarResult(len(wrt) - 1))
    return tree if _has_leaf(tree) else StaticResult(None)


def _has_leaf(tree: ResultTree) -> bool:
    match tree:
        case SequenceResult(items=items):
            return any(map(_has_leaf, items))
        case DictResult(items=pairs):
            return any(_has_leaf(item) for _, item in pairs)
    return isinstance(tree, ScalarResult)

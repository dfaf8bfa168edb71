"""``linearize``: the value of a kernel, and its derivative there as a linear function with a transpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from jitad.analysis.plan import AUTO
from jitad.api.derivative import describe_all, describe_named, table_for
from jitad.api.forward import collected, is_floating, tangent_tree
from jitad.api.gradient import checked_storage, refuse_uncallable
from jitad.api.leaves import active_leaves, name_of
from jitad.api.mode import bounds_checked, mode
from jitad.api.pullback import Pullback, PullbackEntry
from jitad.api.structure import copied, flatten
from jitad.reading.signature import ArgSpec

if TYPE_CHECKING:
    from jitad.api.differentiate import Reading
    from jitad.api.running import Call
    from jitad.runtime.generators import Restore


def linearize(f: Callable[..., Any], *primals: Any, storage: str = AUTO) -> tuple[Any, Linear]:
    """The value of ``f(*primals)`` and its derivative there, as a linear function.

    ``linear(*tangents)`` takes one tangent for each argument that is floating-point throughout, in order, with that
    argument's structure, shapes and dtypes, and gives the tangent of the value: its structure, shapes and dtypes, with
    None for what isn't floating-point (see ``jvp``). ``linear.transpose(cotangent)`` takes a cotangent of the value and
    gives one cotangent per argument (see ``vjp``). Both may be called many times; later changes of the arguments'
    arrays don't matter to them. ``storage`` is that of ``grad``, for the sweeps of the transpose.

    Raises ArgumentError for arguments that a kernel doesn't take, and from the linear function for tangents and
    cotangents that don't fit, naming the part that is to blame; and the errors of reading a kernel (see
    ``jitad.errors``).

    >>> import numpy as np
    >>> import jitad
    >>> value, linear = jitad.linearize(lambda x, k: k * x * x, np.array([1.0, 2.0]), 3.0)
    >>> value
    array([ 3., 12.])
    >>> linear(np.array([1.0, 0.0]), 1.0)
    array([7., 4.])
    >>> linear.transpose(np.array([1.0, 10.0]))
    (array([  6., 120.]), 41.0)
    """
    from jitad.api.running import rebuilder

    refuse_uncallable(f)
    primals = copied(primals)
    leaves: list[Any] = []
    key = tuple([flatten(arg, leaves) for arg in primals])
    entry, captured = table_for(f, LinearRequest(bounds_checked(), checked_storage(storage))).current(key, primals, {})
    leaves += copied(captured)
    drawn = entry.forward.kept_generators()
    results, _ = entry.forward(leaves)
    shapes = [np.shape(result) for result in results]
    return rebuilder(entry.reading.kernel.result)(results), Linear(f, entry, primals, leaves, shapes, drawn)


@dataclass(frozen=True)
class LinearRequest:
    """Ask for the tangents along every floating-point argument, and for the pullback."""

    bounds_checked: bool = False
    storage: str = AUTO

    def build(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> LinearEntry:
        """Read a function and compile its forward sweep; the derivatives are compiled when first used."""
        from jitad.api.differentiate import forward_only, make_sweeps, read
        from jitad.api.running import Call

        specs = describe_all(args)
        reading = read(function, specs, describe_named(kwargs), bounds_checked=self.bounds_checked)
        forward = make_sweeps(forward_only(reading), reading, compiled=mode.compiled)
        return LinearEntry(function, reading, specs, Call(reading, forward, ()), self.storage)


class LinearEntry(PullbackEntry):
    """The compiled forward sweep of a kernel, its tangent and its pullback."""

    def __init__(self, function: Any, reading: Reading, specs: Sequence[ArgSpec], forward: Call, storage: str) -> None:
        from jitad.api.running import rebuilder

        super().__init__(reading, specs, forward, storage)
        self.argnums = tuple(at for at, spec in enumerate(specs) if is_floating(spec))
        self.specs = [specs[at] for at in self.argnums]
        self._along, _ = active_leaves(function, specs, self.argnums)
        places = {at: place for place, at in enumerate(self.dependents)}
        self.rebuilt_tangent = rebuilder(tangent_tree(reading.kernel.result, places))
        self._tangent: Call | None = None

    def tangent(self) -> Call:
        """The compiled tangent, without the value."""
        from jitad.api.differentiate import make_sweeps
        from jitad.api.running import Call
        from jitad.transforms.deadarrays import remove_dead_arrays
        from jitad.transforms.tangent import tangent

        with self._lock:
            if self._tangent is None:
                made = tangent(self.reading.program, self._along).program
                count = len(self.reading.program.results)
                made = remove_dead_arrays(replace(made, results=made.results[count:]))
                sweeps = make_sweeps(made, self.reading, compiled=self.is_compiled)
                self._tangent = Call(self.reading, sweeps, ())
            return self._tangent


class Linear:
    """The derivative of a kernel at some arguments; see ``linearize``."""

    def __init__(
        self,
        function: Any,
        entry: LinearEntry,
        primals: tuple[Any, ...],
        leaves: list[Any],
        shapes: Sequence[tuple[int, ...]],
        drawn: Restore | None,
    ) -> None:
        self._function = function
        self._entry = entry
        self._primals = primals
        self._leaves = leaves
        self._drawn = drawn
        self._pullback = Pullback(function, entry, leaves, shapes, drawn)

    def __call__(self, *tangents: Any) -> Any:
        """The tangent of the value along tangents of the floating-point arguments."""
        entry = self._entry
        directions = collected(
            *(self._function, entry.argnums, entry.specs, self._primals, tangents), "the linear function"
        )
        results, _ = entry.tangent().replay(self._drawn, self._leaves, directions)
        return entry.rebuilt_tangent(results)

    def transpose(self, cotangent: Any) -> tuple[Any, ...]:
        """The cotangents of the arguments for a cotangent of the value."""
        return self._pullback(cotangent)

    def __repr__(self) -> str:
        return f"<derivative of {name_of(self._function)} as a linear function>"

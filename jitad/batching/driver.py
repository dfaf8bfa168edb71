"""The compiled loop over samples: it calls the sweeps of a program for one after the other.

It is a function of ``(gate, work, first, last, block, place, *leaves, *outputs, *scratch, *tapes)``. It runs the
samples from ``first`` to ``last``, and then takes pieces of the ``work`` until nothing is left; it lets the helpers of
``gate`` in, and sees them off (see ``jitad.runtime.turns``). Outputs are, for each result of the program that isn't a
gradient, an array with the samples along its first axis; for each gradient that differs between samples such an array;
and for each sum an array of rows, one for ``block`` samples, and (where the gradient is an array) an array of zeros for
the gradient of the sample at hand. ``place[0]`` is the sample at hand, and the last word of ``place`` says where the
piece at hand ends. The function returns 0; or 1 + the number of a tape that was too small for that sample; or -1 - the
number of an array result that has another shape than its output expects, with its shape in ``place`` from 1 on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from jitad.api.differentiate import Sweeps
from jitad.batching.work import Gradient, Work
from jitad.building.compile import build, dispatcher_in, raising_as
from jitad.emission.emit import Emitted
from jitad.emission.naming import Names
from jitad.program.types import Array
from jitad.runtime import rows, turns

PLACES = 64
"""Words of ``place``: more than an array has axes, and more than a cache line."""

END = PLACES - 1


class Driver:
    """The loop for a ``Work`` and its sweeps; ``results`` and ``gradients`` describe the outputs in order."""

    def __init__(self, work: Work, sweeps: Sweeps) -> None:
        self.gradients, self.results = work.gradients, work.results
        self.tapes = sweeps.emitted.tapes
        self.needed: dict[str, int] = {}
        self.run = built(self.emitted(work, sweeps), work, sweeps)

    width = 1
    """How many samples are computed at once."""

    def emitted(self, work: Work, sweeps: Sweeps) -> Emitted:
        """The source of the loop."""
        return _Source(self, work, sweeps).emitted()

    def part(self, gradient: Gradient, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """The shape of the memory for the gradient of the sample at hand; None where it goes to its place at once."""
        return shape if gradient.is_array and gradient.is_summed else None

    def scratch(self, leaves: Sequence[Any]) -> list[tuple[tuple[int, ...], np.dtype[Any]]]:
        """The shapes and dtypes of the memory for the leaves of the samples at hand."""
        return []


def built(emitted: Emitted, work: Work, sweeps: Sweeps) -> Callable[..., Any]:
    fastmath = work.reading.kernel.options.get("fastmath", False)
    run = build(emitted, compiled=sweeps.compiled, fastmath=fastmath)
    return raising_as(sweeps.run, run) if sweeps.compiled else run


NAMES = ("gate", "work", "first", "last", "block", "place", "i")
"""The loop's own names: its first parameters, and the sample at hand."""

TURNS: tuple[tuple[Any, Any], ...] = (
    (turns.take, turns.plain_take),
    (turns.let_in, turns.plain_nobody),
    (turns.see_off, turns.plain_nobody),
)


def looped(entry: str, names: Sequence[str], params: Sequence[str], step: int, body: Sequence[str]) -> list[str]:
    """The lines of a loop that takes samples, ``step`` at a time; ``names`` stand for ``NAMES``."""
    gate, work, first, last, _, place, i = names
    return [
        f"def {entry}({', '.join([*names[:-1], *params])}):",
        f"    let_in({gate})",
        "    while True:",
        f"        if {first} >= {last}:",
        f"            {first}, {last} = take({work})",
        f"        if {first} >= {last}:",
        f"            see_off({gate})",
        "            return 0",
        f"        {place}[{END}] = {last}",
        f"        for {i} in range({first}, {last}, {step}):",
        f"            {place}[0] = {i}",
        *(f"            {line}" for line in body),
        f"        {first} = {last}",
    ]


def written(lines: list[str], entry: str, functions: Sequence[tuple[Any, Any]], sweeps: Sweeps) -> Emitted:
    """The source of a loop, which calls the ``sweep`` and these functions, each with its uncompiled twin."""
    functions = (*functions, *TURNS)
    uses: dict[str, Any] = {function.__name__: function for function, _ in functions}
    plain: dict[str, Any] = {function.__name__: twin for function, twin in functions}
    if sweeps.compiled:
        uses["sweep"] = dispatcher_in(sweeps.run)
    else:
        plain["sweep"] = sweeps.run
    return Emitted("\n".join(lines) + "\n", entry, uses, plain, (), ())


_FUNCTIONS: tuple[tuple[Any, Any], ...] = (
    (rows.row, rows.plain_row),
    (rows.put_row, rows.plain_put_row),
    (rows.pour, rows.plain_pour),
)


class _Source:
    """Writes the source of one loop."""

    def __init__(self, driver: Driver, work: Work, sweeps: Sweeps) -> None:
        self._driver = driver
        self._work = work
        self._sweeps = sweeps
        self._names = Names({"sweep", *(function.__name__ for function, _ in (*_FUNCTIONS, *TURNS))})
        self._own = [self._names.fresh(name) for name in NAMES]
        *_, self._block, self._place, self._i = self._own
        self._flat = self._names.fresh("flat")
        self._after: list[str] = []

    def emitted(self) -> Emitted:
        """The loop's source, and what it uses."""
        name = self._sweeps.program.name
        entry = self._names.fresh(f"{name}_batch")
        leaves = [self._names.fresh(param.name) for param in self._work.reading.program.params]
        results = [self._names.fresh(f"out_{at}") for at in range(len(self._driver.results))]
        gradients = [self._names.fresh(f"{leaves[gradient.leaf]}_bar") for gradient in self._driver.gradients]
        parts = {
            at: self._names.fresh(f"{gradients[at]}_part")
            for at, gradient in enumerate(self._driver.gradients)
            if gradient.is_summed and gradient.is_array
        }
        tapes = [self._names.fresh(f"tape_{dtype}") for dtype in self._driver.tapes]
        given = [self._leaf(name, at) for at, name in enumerate(leaves)]
        given += [parts.get(at, self._row(gradients[at])) for at, g in enumerate(self._driver.gradients) if g.is_array]
        slots = self._slots(results, tapes)
        self._sum_or_store(gradients, parts, slots)
        params = [*leaves, *results]
        for at, gradient in enumerate(gradients):
            params += [gradient, *([parts[at]] if at in parts else [])]
        body = [
            f"{self._flat} = sweep({', '.join([*given, *tapes])})",
            f"if {self._flat}[0] != 0:",
            f"    return {self._flat}[0]",
            *self._after,
        ]
        return written(looped(entry, self._own, [*params, *tapes], 1, body), entry, _FUNCTIONS, self._sweeps)

    def _row(self, name: str) -> str:
        return f"row({name}, {self._i})"

    def _leaf(self, name: str, at: int) -> str:
        """A leaf of the sample at hand."""
        if not self._work.batched[at]:
            return name
        is_array = isinstance(self._work.reading.program.params[at].type, Array)
        return self._row(name) if is_array else f"{name}[{self._i}]"

    def _slots(self, results: list[str], tapes: list[str]) -> Iterator[str]:
        """Take the results out of the sweep's; then the texts of the numbers that follow them."""
        at = 1
        shapes, stores = [], []
        for number, (name, result) in enumerate(zip(results, self._driver.results, strict=True)):
            if result.ndim is None:
                stores.append(f"{name}[{self._i}] = {self._flat}[{at}]")
                at += 1
                continue
            tape = tapes[self._driver.tapes.index(result.dtype)]
            stores.append(f"put_row({name}, {self._i}, {tape}, {self._flat}[{at}])")
            axes = [f"{self._flat}[{at + 1 + axis}]" for axis in range(result.ndim)]
            at += 1 + result.ndim
            if not axes:
                continue
            differs = " or ".join(f"{axis} != {name}.shape[{k + 1}]" for k, axis in enumerate(axes))
            shapes.append(f"if {differs}:")
            shapes += [f"    {self._place}[{k + 1}] = {axis}" for k, axis in enumerate(axes)]
            shapes.append(f"    return {-1 - number}")
        self._after += [*shapes, *stores]
        return (f"{self._flat}[{k}]" for k in range(at, at + len(self._driver.gradients)))

    def _sum_or_store(self, gradients: list[str], parts: dict[int, str], slots: Iterator[str]) -> None:
        for at, (name, gradient) in enumerate(zip(gradients, self._driver.gradients, strict=True)):
            block = f"{self._i} // {self._block}"
            if at in parts:
                self._after.append(f"pour({name}, {block}, {parts[at]})")
            elif not gradient.is_array and gradient.is_summed:
                self._after.append(f"{name}[{block}, 0] += {next(slots)}")
            elif not gradient.is_array:
                self._after.append(f"{name}[{self._i}] = {next(slots)}")

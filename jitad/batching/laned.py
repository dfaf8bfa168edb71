"""The loop over samples that computes several at once, in the lanes of vector registers.

It is as the loop of ``jitad.batching.driver``, and a sample's results are the same to the last bit. Samples are copied
to ``scratch`` memory, side by side; where fewer are left than there are lanes, the others repeat the last one. Every
gradient by an array has memory for the samples at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jitad.api.differentiate import Sweeps, make_sweeps
from jitad.batching.driver import NAMES, TURNS, Driver, looped, written
from jitad.batching.work import Gradient, Work
from jitad.emission.emit import Emitted
from jitad.emission.naming import Names
from jitad.program.types import Array
from jitad.runtime import rows
from jitad.transforms.expand import expand
from jitad.transforms.lanes import NotLaneable
from jitad.transforms.samples import samples

WIDTH = 8
"""Samples at once: a gradient of predator and prey took 1, 0.26, 0.15, 0.12 for a sample with 1, 4, 8, 16."""

MOST_ELEMENTS = 1024
"""Larger samples are computed one by one: their own loops fill the registers, and side by side they leave the cache."""

_FUNCTIONS: tuple[tuple[Any, Any], ...] = (
    (rows.pack, rows.plain_pack),
    (rows.unpack, rows.plain_unpack),
    (rows.unpack_tape, rows.plain_unpack_tape),
    (rows.put_rows, rows.plain_put_rows),
    (rows.pour_lanes, rows.plain_pour_lanes),
)


def laned_driver(work: Work, *, compiled: bool) -> LanedDriver | None:
    """The loop for a ``Work`` in lanes; None where samples may take different ways through it."""
    params = work.program.params
    batched = [at for at, has_samples in enumerate(work.batched) if has_samples]
    if not all(params[at].type.is_float for at in batched):
        return None
    program = expand(work.program)
    try:
        made = samples(program, [*batched, *range(work.leaf_count, len(params))], WIDTH)
    except NotLaneable:
        return None
    return LanedDriver(work, make_sweeps(made, work.reading, compiled=compiled))


class LanedDriver(Driver):
    """The loop for a ``Work`` and its sweeps of ``WIDTH`` samples."""

    width = WIDTH

    def __init__(self, work: Work, sweeps: Sweeps) -> None:
        self._work = work
        super().__init__(work, sweeps)

    def emitted(self, work: Work, sweeps: Sweeps) -> Emitted:
        """The source of the loop."""
        return _Source(self, work, sweeps).emitted()

    def part(self, gradient: Gradient, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """The shape of the memory for the gradients of the samples at hand."""
        return (*shape, WIDTH) if gradient.is_array else None

    def scratch(self, leaves: Sequence[Any]) -> list[tuple[tuple[int, ...], np.dtype[Any]]]:
        """The shapes and dtypes of the memory for the leaves of the samples at hand."""
        return [
            ((*leaf.shape[1:], WIDTH), leaf.dtype)
            for leaf, has_samples in zip(leaves, self._work.batched, strict=True)
            if has_samples
        ]


class _Source:
    """Writes the source of one loop."""

    def __init__(self, driver: LanedDriver, work: Work, sweeps: Sweeps) -> None:
        self._driver = driver
        self._work = work
        self._sweeps = sweeps
        self._names = Names({"sweep", *(function.__name__ for function, _ in (*_FUNCTIONS, *TURNS))})
        self._own = [self._names.fresh(name) for name in NAMES]
        _, _, _, self._last, self._block, self._place, self._i = self._own
        self._count, self._flat, self._k = map(self._names.fresh, ("count", "flat", "k"))
        self._number = 0
        self._at = 1
        self._checks: list[str] = []
        self._after: list[str] = []

    def emitted(self) -> Emitted:
        """The loop's source, and what it uses."""
        fresh, driver = self._names.fresh, self._driver
        entry = fresh(f"{self._sweeps.program.name}_batch")
        leaves = [fresh(param.name) for param in self._work.reading.program.params]
        lanes = {at: fresh(f"{leaves[at]}_lanes") for at, has in enumerate(self._work.batched) if has}
        results = [fresh(f"out_{at}") for at in range(len(driver.results))]
        gradients = [fresh(f"{leaves[gradient.leaf]}_bar") for gradient in driver.gradients]
        parts = {at: fresh(f"{gradients[at]}_lanes") for at, g in enumerate(driver.gradients) if g.is_array}
        tapes = [fresh(f"tape_{dtype}") for dtype in driver.tapes]
        for at, name in enumerate(results):
            self._result(at, name, tapes)
        for at, gradient in enumerate(driver.gradients):
            self._gradient(at, gradient, gradients[at], parts.get(at), tapes)
        params = [*leaves, *results]
        for at, gradient_name in enumerate(gradients):
            params += [gradient_name, *([parts[at]] if at in parts else [])]
        given = [lanes.get(at, name) for at, name in enumerate(leaves)]
        i, count, flat = self._i, self._count, self._flat
        packs = [f"pack({lanes[at]}, {leaves[at]}, {i}, {count})" for at in lanes]
        body = [
            f"{count} = min({self._last} - {i}, {driver.width})",
            *packs,
            f"{flat} = sweep({', '.join([*given, *parts.values(), *tapes])})",
            f"if {flat}[0] != 0:",
            f"    return {flat}[0]",
            *self._checks,
            *self._after,
        ]
        lines = looped(entry, self._own, [*params, *lanes.values(), *tapes], driver.width, body)
        return written(lines, entry, _FUNCTIONS, self._sweeps)

    def _slot(self, tapes: list[str]) -> tuple[str, str, list[str]]:
        """The next result's tape (empty for a number), its slot, and those of its shape."""
        kind = self._sweeps.emitted.results[self._number]
        first = self._at
        self._number += 1
        self._at += 1 if kind is None else 1 + kind[1]
        if kind is None:
            return "", f"{self._flat}[{first}]", []
        shape = [f"{self._flat}[{first + 1 + axis}]" for axis in range(kind[1])]
        return tapes[self._driver.tapes.index(kind[0])], f"{self._flat}[{first}]", shape

    def _result(self, at: int, name: str, tapes: list[str]) -> None:
        """Check the shape of a result, and take it out of the sweep's."""
        ndim = self._driver.results[at].ndim
        has_lanes = self._has_lanes(at)
        tape, slot, shape = self._slot(tapes)
        if ndim:
            self._checks.append(f"if {' or '.join(f'{shape[k]} != {name}.shape[{k + 1}]' for k in range(ndim))}:")
            self._checks += [f"    {self._place}[{k + 1}] = {shape[k]}" for k in range(ndim)]
            self._checks.append(f"    return {-1 - at}")
        if has_lanes:
            self._unpack(name, tape, slot)
        elif ndim is not None:
            self._after.append(f"put_rows({name}, {self._i}, {self._count}, {tape}, {slot})")
        else:
            self._each(f"{name}[{self._i} + {self._k}] = {slot}")

    def _gradient(self, at: int, gradient: Gradient, name: str, part: str | None, tapes: list[str]) -> None:
        """Put a gradient where it belongs, or add it up."""
        block = f"{self._i} // {self._block}"
        if part is not None and gradient.is_summed:
            self._after.append(f"pour_lanes({name}, {block}, {self._count}, {part})")
        elif part is not None:
            self._after.append(f"unpack({name}, {self._i}, {self._count}, {part})")
        else:
            has_lanes = self._has_lanes(self._number)
            tape, slot, _ = self._slot(tapes)
            if gradient.is_summed:
                number = f"{tape}[{slot} + {self._k}]" if has_lanes else slot
                self._each(f"{name}[{block}, 0] += {number}")
            elif has_lanes:
                self._unpack(name, tape, slot)
            else:
                self._each(f"{name}[{self._i} + {self._k}] = {slot}")

    def _has_lanes(self, at: int) -> bool:
        """True for a result of the sweeps that differs between samples."""
        old, new = self._work.program.results[at].type, self._sweeps.program.results[at].type
        return isinstance(new, Array) and (not isinstance(old, Array) or new.ndim > old.ndim)

    def _unpack(self, name: str, tape: str, slot: str) -> None:
        self._after.append(f"unpack_tape({name}, {self._i}, {self._count}, {tape}, {slot}, {self._driver.width})")

    def _each(self, line: str) -> None:
        """Run a line for each sample at hand."""
        self._after += [f"for {self._k} in range({self._count}):", f"    {line}"]

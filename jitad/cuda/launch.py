"""The kernel that runs a ``Work``: one thread a sample, on a chunk of the samples.

It is a function of ``(count, status, *leaves, *outputs, *tapes)``. ``status`` has an element for each thread; threads
from ``count`` on have no sample. Outputs are, for each result of the program that isn't a gradient, an array with the
samples along its first axis (a number), or an integer array with a column for each thread: the result's offset on the
tape and its shape. Then, for each gradient that differs between samples, an array with the samples along its first
axis; for each sum an array with a column for each thread. Tapes have a column for each thread too. ``status`` becomes
what the sweeps return first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jitad.batching.work import Work
from jitad.cuda.build import build_function, function_names
from jitad.cuda.emit import emit_device
from jitad.cuda.target import cuda
from jitad.emission.naming import Names
from jitad.transforms.expand import expand


class Launch:
    """The kernel of a ``Work``; ``results`` and ``gradients`` describe its outputs in order.

    Raises UnsupportedOnCudaError for a program that can't run on CUDA.
    """

    def __init__(self, work: Work) -> None:
        self.code = emit_device(expand(work.program))
        self.gradients, self.results = work.gradients, work.results
        body_source, kernel_source = _Source(self, work).texts()
        sweep = build_function(self.code.source, self.code.entry, function_names(self.code), kernel=False)
        helpers = function_names(self.code, "tape_array", "fill", "reshaped")
        body = build_function(body_source, "body", {**helpers, "sweep": sweep}, kernel=False)
        self.kernel = build_function(kernel_source, "kernel", {"body": body, "cuda": cuda}, kernel=True)


class _Source:
    """Writes the source of one kernel."""

    def __init__(self, launch: Launch, work: Work) -> None:
        self._launch = launch
        self._work = work
        self._params = work.reading.program.params
        self._names = Names({"tape_array", "fill", "reshaped", "sweep", "body", "kernel", "cuda"})
        names = ("lane", "count", "status", "flat")
        self._lane, self._count, self._status, self._flat = map(self._names.fresh, names)
        self._before: list[str] = []
        self._after: list[str] = []

    def texts(self) -> tuple[str, str]:
        """The device function that does the work of a thread, and the kernel that calls it."""
        fresh, launch = self._names.fresh, self._launch
        leaves = [fresh(param.name) for param in self._params]
        outputs = [fresh(f"out_{at}") for at in range(len(launch.results))]
        gradients = [fresh(f"{leaves[gradient.leaf]}_bars") for gradient in launch.gradients]
        tapes = [fresh(f"tape_{dtype}") for dtype in launch.code.tapes]
        given = [self._leaf(name, at) for at, name in enumerate(leaves)]
        given += list(self._bars(leaves, gradients))
        given += [f"{tape}[:, {self._lane}]" for tape in tapes]
        self._take_results(outputs, gradients)
        params = ", ".join([self._count, self._status, *leaves, *outputs, *gradients, *tapes])
        lines = [
            f"def body({self._lane}, {params}):",
            f"    if {self._lane} >= {self._status}.shape[0]:",
            "        return",
            *(f"    {line}" for line in self._before),
            f"    {self._status}[{self._lane}] = 0",
            f"    if {self._lane} >= {self._count}:",
            "        return",
            f"    {self._flat} = sweep({', '.join(given)})",
            f"    {self._status}[{self._lane}] = {self._flat}[0]",
            f"    if {self._flat}[0] == 0:",
            *(f"        {line}" for line in self._after),
            *([] if self._after else ["        pass"]),
        ]
        kernel = f"def kernel({params}):\n    body(cuda.grid(1), {params})\n"
        return "\n".join(lines) + "\n", kernel

    def _leaf(self, name: str, at: int) -> str:
        """A leaf of the thread's sample."""
        return f"{name}[{self._lane}]" if self._work.batched[at] else name

    def _bars(self, leaves: list[str], gradients: list[str]) -> Iterator[str]:
        """The arrays in which the sweeps leave gradients, set to zeros, also where there is no sample."""
        for name, gradient in zip(gradients, self._launch.gradients, strict=True):
            param: Any = self._params[gradient.leaf]
            if not gradient.is_array:
                if gradient.is_summed:
                    self._before.append(f"{name}[0, {self._lane}] = 0")
                continue
            bar, ndim = self._names.fresh(f"{param.name}_bar"), param.type.ndim
            if gradient.is_summed:
                shape = "".join(f"{leaves[gradient.leaf]}.shape[{axis}], " for axis in range(ndim))
                self._before.append(f"{bar} = tape_array({name}[:, {self._lane}], 0, ({shape.rstrip()}))")
                self._before.append(f"fill({bar}, 0.0)")
            else:
                row = f"{name}[{self._lane}]"
                if ndim == 0:
                    row = f"reshaped({name}[{self._lane}:{self._lane} + 1], ())"
                self._before += [f"if {self._lane} < {self._count}:", f"    fill({row}, 0.0)"]
                bar = row
            yield bar

    def _take_results(self, outputs: list[str], gradients: list[str]) -> None:
        at = 1
        for name, result in zip(outputs, self._launch.results, strict=True):
            if result.ndim is None:
                self._after.append(f"{name}[{self._lane}] = {self._flat}[{at}]")
                at += 1
                continue
            for place in range(1 + result.ndim):
                self._after.append(f"{name}[{place}, {self._lane}] = {self._flat}[{at + place}]")
            at += 1 + result.ndim
        for name, gradient in zip(gradients, self._launch.gradients, strict=True):
            if not gradient.is_array:
                row = "0, " if gradient.is_summed else ""
                self._after.append(f"{name}[{row}{self._lane}] = {self._flat}[{at}]")
                at += 1


# Kernels that follow it


def copy_rows(out: Any, tape: Any, places: Any, count: int) -> None:
    """Copy an array result of each thread from its tape to a row of the 2-d ``out``."""
    lane = cuda.grid(1)
    if lane < count:
        offset = places[0, lane]
        for k in range(out.shape[1]):
            out[lane, k] = tape[offset + k, lane]


def fold(parts: Any, block: int, half: int) -> None:
    """Add the second ``half`` of twice as many columns to the first, in each ``block`` of columns."""
    at = cuda.grid(1)
    per_row = parts.shape[1] // block * half
    if at < parts.shape[0] * per_row:
        row, place = at // per_row, at % per_row
        column = place // half * block + place % half
        parts[row, column] += parts[row, column + half]


def take_sums(sums: Any, first: int, parts: Any, block: int) -> None:
    """Add the first column of each ``block`` of columns to the columns of ``sums`` from ``first`` on."""
    at = cuda.grid(1)
    blocks = parts.shape[1] // block
    if at < parts.shape[0] * blocks:
        row, column = at // blocks, at % blocks
        sums[row, first + column] += parts[row, column * block]


def clear(array: Any) -> None:
    """Set a 2-d array to zeros."""
    at = cuda.grid(1)
    if at < array.shape[0] * array.shape[1]:
        array[at // array.shape[1], at % array.shape[1]] = 0

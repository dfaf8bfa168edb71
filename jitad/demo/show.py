"""What the demonstrations print: progress, tables, checks and timings."""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


class Progress:
    """Counts iterations on standard error: a tqdm bar where tqdm is installed, else a line of plain text.

    >>> with Progress("fitting") as progress:
    ...     progress.advance(loss=1.5)
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._count = 0
        self._shown_at = -math.inf
        self._last_loss = math.nan
        self._bar: Any = None

    def __enter__(self) -> Self:
        try:
            from tqdm import tqdm
        except ImportError:
            return self
        self._bar = tqdm(desc=self._title, unit=" iterations", file=sys.stderr, dynamic_ncols=True)
        return self

    def advance(self, loss: float) -> None:
        """One more iteration is done, and the loss is now ``loss``."""
        self._count += 1
        self._last_loss = loss
        if self._bar is not None:
            self._bar.set_postfix_str(f"loss {loss:.6g}", refresh=False)
            self._bar.update()
        elif time.monotonic() - self._shown_at > 0.2:
            self._shown_at = time.monotonic()
            self._print_line(end="")

    def _print_line(self, end: str) -> None:
        line = f"\r{self._title}: {self._count} iterations, loss {self._last_loss:.6g}"
        print(line.ljust(79), end=end, file=sys.stderr, flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        else:
            self._print_line(end="\n")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of text, the first aligned left, the others right.

    >>> print(table(("name", "value"), [("alpha", "0.5")]))
    name   value
    alpha    0.5
    """
    lines = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(header))]

    def aligned(line: Sequence[str]) -> str:
        first = line[0].ljust(widths[0])
        return "  ".join([first, *(text.rjust(width) for text, width in zip(line[1:], widths[1:], strict=True))])

    return "\n".join(aligned(line) for line in lines)


def relative_errors(ours: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entrywise |ours - reference| over the larger of |reference| and a thousandth of its largest entry."""
    return np.abs(ours - reference) / np.maximum(np.abs(reference), 1e-3 * np.abs(reference).max())


def gradient_table(names: Sequence[str], ours: NDArray[np.float64], reference: NDArray[np.float64]) -> str:
    """A table that sets a gradient beside its finite differences."""
    errors = relative_errors(ours, reference)
    return table(
        ("entry", "jitad", "finite difference", "relative error"),
        [
            (name, f"{a:.8g}", f"{b:.8g}", f"{error:.1e}")
            for name, a, b, error in zip(names, ours, reference, errors, strict=True)
        ],
    )


def median_seconds(function: Callable[[], object], budget: float = 0.15) -> float:
    """The median time of one call, from repeated runs that take about ``budget`` seconds together."""
    function()
    start = time.perf_counter()
    function()
    once = max(time.perf_counter() - start, 1e-7)
    calls = max(1, round(budget / 15 / once))
    runs = []
    for _ in range(15):
        start = time.perf_counter()
        for _ in range(calls):
            function()
        runs.append((time.perf_counter() - start) / calls)
    return statistics.median(runs)


def timing_line(what: str, kernel: Callable[[], object], gradient: Callable[[], object]) -> str:
    """Times of a compiled kernel and of its gradient, and their ratio."""
    kernel_time = median_seconds(kernel)
    gradient_time = median_seconds(gradient)
    return (
        f"{what}: kernel {kernel_time * 1e6:.1f} µs, value and gradient {gradient_time * 1e6:.1f} µs,"
        f" ratio {gradient_time / kernel_time:.2f}"
    )

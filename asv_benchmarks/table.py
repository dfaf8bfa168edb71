"""Print every ratio and every bar in one run: ``python -m asv_benchmarks.table [WORD ...] [--quick] [--no-probes]``.

Words choose the kernels whose names contain them. The exit status is 1 when a bar is missed or a gradient is wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path

from .benchmarks import probe
from .benchmarks.calls import work_seconds
from .benchmarks.case import HAND_BAR, Case, Prepared
from .benchmarks.catalogue import ALL
from .benchmarks.compiling import CASES as COMPILED_CASES
from .benchmarks.compiling import compile_ratio
from .benchmarks.directions import CASES as DIRECTED_CASES
from .benchmarks.directions import HVP_BAR, JVP_BAR, Directed
from .benchmarks.jacobians import BAR, MODES, BundleAdjustment, Kuramoto
from .benchmarks.kernels.small import small_inputs, sum_of_squares
from .benchmarks.tape import LIMITS, peak_bytes
from .benchmarks.timing import Paired, seconds

ALLOWED_ERROR = 1e-5
BY_HAND = "over hand: "


@dataclass(frozen=True)
class Row:
    """A line of the table; ``figure`` should be at most ``bar``."""

    name: str
    base: str
    other: str
    figure: float
    unit: str
    bar: float
    note: str = ""
    right: bool = True

    @property
    def ok(self) -> bool:
        return self.figure <= self.bar and self.right

    def text(self) -> str:
        verdict = "ok" if self.ok else "MISSED" if self.right else "WRONG"
        figure = f"{self.figure:.3g} {self.unit}"
        bar = f"{self.bar:g}" if isfinite(self.bar) else ""
        return f"{self.name:46} {self.base:>12} {self.other:>12} {figure:>12} {bar:>7}  {verdict:6}  {self.note}"


HEADER = f"{'':46} {'base':>12} {'gradient':>12} {'figure':>12} {'bar':>7}"


def ratio_row(case: Case, budget: float) -> Row:
    """Gradient over primal."""
    prepared = Prepared(case)
    error = prepared.error()
    return timed_row(case.name, prepared.ratio(budget), case.bar, error)


def hand_row(case: Case, budget: float) -> Row:
    """Gradient over the adjoint written by hand, which must be right itself."""
    prepared = Prepared(case)
    error = prepared.error(prepared.by_hand)
    return timed_row(f"{BY_HAND}{case.name}", prepared.ratio_by_hand(budget), HAND_BAR, error)


def bundle_row(mode: str, budget: float) -> Row:
    """Small Jacobians in compiled code over those written by hand."""
    prepared = BundleAdjustment()
    prepared.setup(mode)
    name = f"{BY_HAND}bundle adjustment, {mode}"
    return timed_row(name, prepared.ratio_by_hand(budget), HAND_BAR, prepared.track_error(mode))


def timed_row(name: str, timing: Paired, bar: float, error: float) -> Row:
    """A ratio of times, and the error of what was timed."""
    times = (f"{1e3 * timing.base:.3f} ms", f"{1e3 * timing.other:.3f} ms")
    return Row(name, *times, timing.ratio, "x", bar, f"error {error:.0e}", right=error <= ALLOWED_ERROR)


def jacobian_row(mode: str, budget: float) -> Row:
    """A dense Jacobian over one call of the kernel."""
    prepared = Kuramoto()
    prepared.setup(mode)
    return timed_row(f"{mode}: Kuramoto, 200 x 200", prepared.ratio(budget), BAR, prepared.track_error(mode))


def direction_row(what: str, case: Case, budget: float) -> Row:
    """The derivative along a direction over the kernel, or the Hessian's product over the gradient."""
    directed = Directed(case)
    error = directed.error(what)
    timing, bar = (directed.jvp_ratio(budget), JVP_BAR) if what == "jvp" else (directed.hvp_ratio(budget), HVP_BAR)
    return timed_row(f"{what}: {case.name.partition(',')[0]}", timing, bar, error)


def call_row() -> Row:
    """What a gradient call on ten numbers costs beyond its work."""
    import jitad

    (x,) = small_inputs()
    gradient = jitad.grad(sum_of_squares)
    gradient(x)
    work, call = work_seconds(x), seconds(partial(gradient, x))
    times = (f"{1e6 * work:.3f} us", f"{1e6 * call:.3f} us")
    return Row("call on 10 numbers, beyond its work", *times, 1e6 * (call - work), "us", 5.0)


def tape_row(name: str) -> Row:
    """The highest use of the tape, in bytes."""
    peak = peak_bytes(name)
    return Row(f"tape: {name}", "", f"{peak} B", peak, "B", LIMITS[name].bytes, LIMITS[name].note(peak))


def start_rows() -> Iterator[Row]:
    """Import, first gradient on an empty cache, first gradient in a second process."""
    with tempfile.TemporaryDirectory() as folder:
        taken = min(probe.run("import", Path(folder))["import_seconds"] for _ in range(3))
    yield Row("import jitad after numba", "", f"{taken:.3f} s", taken, "s", 0.2)
    for case in COMPILED_CASES:
        with tempfile.TemporaryDirectory() as folder:
            cold, warm = probe.run(case.name, Path(folder)), probe.run(case.name, Path(folder))
        times = (f"{cold['kernel_seconds']:.2f} s", f"{cold['first_gradient_seconds']:.2f} s")
        yield Row(f"compile: {case.name}", *times, compile_ratio(cold), "x", 6.0)
        note = f"{warm['first_gradient_seconds']:.2f} s"
        yield Row(f"warm start: {case.name}", "", note, warm["compilations"], "compiled", 0.0)


def rows(words: list[str], *, quick: bool, probes: bool) -> Iterator[Row | str]:
    """The table's rows as they are measured; a text where measuring failed."""
    budget = 0.2 if quick else 1.0
    makers: list[tuple[str, Callable[[], Row]]] = [(case.name, partial(ratio_row, case, budget)) for case in ALL]
    makers += [(f"{BY_HAND}{case.name}", partial(hand_row, case, budget)) for case in ALL if case.by_hand]
    makers += [(f"{BY_HAND}bundle adjustment", partial(bundle_row, mode, budget)) for mode in BundleAdjustment.params]
    for what in ("jvp", "hvp over gradient"):
        makers += [(f"{what}: {case.name}", partial(direction_row, what, case, budget)) for case in DIRECTED_CASES]
    makers += [(f"{mode}: Kuramoto", partial(jacobian_row, mode, budget)) for mode in MODES]
    makers += [("call", call_row), *((f"tape: {name}", partial(tape_row, name)) for name in LIMITS)]
    for name, make in makers:
        if not words or any(word.lower() in name.lower() for word in words):
            try:
                yield make()
            except Exception:  # noqa: BLE001 - the other rows are still worth having
                yield f"{name:46} FAILED\n{traceback.format_exc(limit=-3)}"
    if probes and not words:
        yield from start_rows()


def main() -> int:
    """Print the table; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m asv_benchmarks.table", description=__doc__)
    parser.add_argument("words", nargs="*", help="only kernels whose names contain one of these")
    parser.add_argument("--quick", action="store_true", help="a fifth of a second for each ratio instead of one")
    parser.add_argument("--no-probes", action="store_true", help="leave out what needs fresh processes")
    chosen = parser.parse_args()
    print(HEADER)
    ok = True
    for row in rows(chosen.words, quick=chosen.quick, probes=not chosen.no_probes):
        print(row if isinstance(row, str) else row.text(), flush=True)
        ok = ok and isinstance(row, Row) and row.ok
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

"""Gradients of one kernel by everything that can compute them, timed by turns."""

from __future__ import annotations

import statistics
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from math import exp, log
from typing import Any

import numpy as np

from .benchmarks import engines
from .benchmarks.case import Case, Prepared
from .benchmarks.catalogue import ALL, ARRAY_STYLE
from .benchmarks.jacobians import BundleAdjustment
from .benchmarks.timing import by_turns, ratio

ALLOWED_DIFFERENCE = 1e-7
"""How far two gradients may be apart, over the largest element; sums are added up in different orders."""

ROUNDS = 5

Clock = Callable[[], float]


@dataclass
class Row:
    """A kernel: its time in seconds, and others' times over it; what differs in its gradient or failed, and why."""

    name: str
    primal: float = 0.0
    ratios: dict[str, float] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        return not self.wrong

    def progress(self) -> str:
        """A line to read while the others are measured."""
        times = ", ".join(f"{who} {times:.2f}" for who, times in self.ratios.items())
        faults = "".join(f"\n    {who}: {why}" for who, why in self.wrong.items())
        return f"{self.name}: {1e3 * self.primal:.3f} ms; {times}{faults}"


def compared(words: list[str], without: set[str], budget: float, clock: Clock, cores: int) -> Iterator[Row]:
    """A row for each kernel whose name has one of the words (all, if there are none), as it is measured.

    On several ``cores`` jitad runs its loops on threads.
    """
    present = [engine for engine in engines.installed() if engine not in without]
    makers: list[tuple[str, Callable[[], Row]]] = [
        (case.name, partial(case_row, case, present, budget, clock, parallel=cores > 1)) for case in ALL
    ]
    for mode in BundleAdjustment.params:
        makers.append((f"bundle adjustment, {mode}", partial(bundle_row, mode, present, budget, clock)))
    for name, make in makers:
        if not words or any(word.lower() in name.lower() for word in words):
            try:
                yield make()
            except Exception as failure:  # noqa: BLE001 - the other rows are still worth having
                yield Row(name, wrong={"all": traceback.format_exc(limit=-1) or str(failure)})


def case_row(case: Case, present: list[str], budget: float, clock: Clock, *, parallel: bool) -> Row:
    """A case by jitad, by hand, and by each engine that has a form of its kernel."""
    import jitad

    prepared = Prepared(case, parallel=parallel)
    row = Row(case.name)
    gradients: dict[str, Callable[[], Any]] = {"jitad": prepared.gradient}
    if prepared.by_hand is not None:
        gradients["by hand"] = prepared.by_hand
    for engine in present:
        try:
            gradients.update(engines.calls(case, prepared.arguments, engine))
        except Exception as failure:  # noqa: BLE001 - another engine's failure is a finding, not ours
            row.wrong[engine] = repr(failure)
    _, expected = prepared.gradient()
    for who, call in list(gradients.items()):
        try:
            apart = _apart(call()[1], expected)
        except Exception as failure:  # noqa: BLE001 - as above
            row.wrong[who] = repr(failure)
            del gradients[who]
            continue
        if not apart <= ALLOWED_DIFFERENCE:
            row.wrong[who] = f"differs from jitad's by {apart:.1e}"
    _time(row, prepared.primal, gradients, budget, clock)
    # By itself: a pullback keeps its thread's tape, so that the next gradient has to make another.
    forward = partial(jitad.vjp, case.kernel, *prepared.arguments)
    _time(row, prepared.primal, {"forward": forward}, 0.3 * budget, clock)
    return row


def bundle_row(mode: str, present: list[str], budget: float, clock: Clock) -> Row:
    """The Jacobians of bundle adjustment by one mode."""
    prepared = BundleAdjustment()
    prepared.setup(mode)
    calls: dict[str, Callable[[], Any]] = {"jitad": prepared.jacobian, "by hand": prepared.by_hand}
    row = Row(f"bundle adjustment, {mode}")
    if "jax" in present:
        calls["jax"] = _bundle_by_jax(mode, prepared.arguments)
    for who, call in calls.items():
        apart = _apart((call(),), (prepared.by_hand(),))
        if not apart <= ALLOWED_DIFFERENCE:
            row.wrong[who] = f"differs from the one by hand by {apart:.1e}"
    _time(row, prepared.primal, calls, budget, clock)
    return row


def _bundle_by_jax(mode: str, arguments: tuple[Any, ...]) -> Callable[[], Any]:
    from .benchmarks.kernels.bundle_adjustment import reprojection

    jax = engines.configured_jax()
    form = engines.forms("jax", reprojection)
    assert form is not None
    jacobians = jax.jit(form.residual_jacobians(mode))
    held = [jax.numpy.asarray(value) for value in arguments]
    return lambda: jax.block_until_ready(jacobians(*held))


def _time(
    row: Row, primal: Callable[[], Any], calls: dict[str, Callable[[], Any]], budget: float, clock: Clock
) -> None:
    base, *others = by_turns((primal, *calls.values()), budget, ROUNDS, clock)
    row.primal = statistics.median(base)
    row.ratios |= {who: ratio(base, samples) for who, samples in zip(calls, others, strict=True)}


def _apart(found: Any, expected: Any) -> float:
    """The largest difference of two gradients, over the largest element of the expected one's."""
    return max(
        float(np.max(np.abs(np.asarray(f) - np.asarray(e))) / max(float(np.max(np.abs(np.asarray(e)))), 1e-300))
        for f, e in zip(found, expected, strict=True)
    )


TITLES = {
    "forward": "jitad, forward sweep",
    "by hand": "gradient by hand",
    "jitad": "jitad",
    "jax": "JAX",
    "jax_by_library": "JAX, library",
    "torch": "PyTorch",
    "autograd": "autograd",
    "casadi": "CasADi",
}


OWN = ("jitad", "forward")


def table(rows: list[Row]) -> str:
    """The rows in Markdown, and below them how jitad compares with each other column."""
    shown = {who: title for who, title in TITLES.items() if any(who in row.ratios for row in rows)}
    lines = [f"| kernel | kernel, ms | {' | '.join(shown.values())} |", f"|---|{'---:|' * (1 + len(shown))}"]
    for row in rows:
        cells = (
            f"{row.ratios[who]:.3g}" + ("!" if who in row.wrong else "") if who in row.ratios else "" for who in shown
        )
        lines.append(f"| {row.name} | {1e3 * row.primal:.3g} | {' | '.join(cells)} |")
    array_style = {case.name for case in ARRAY_STYLE}
    for group, members in (("", rows), ("in array style, ", [row for row in rows if row.name in array_style])):
        lines.append("")
        found = (summary(who, f"{group}{title}", members) for who, title in shown.items() if who not in OWN)
        lines += filter(None, found)
    return "\n".join(lines).rstrip()


def summary(who: str, title: str, rows: list[Row]) -> str:
    """How many times jitad's time somebody needs, over the kernels that both have; empty if there are none."""
    times = [row.ratios[who] / row.ratios["jitad"] for row in rows if {who, "jitad"} <= set(row.ratios)]
    if not times:
        return ""
    mean = exp(sum(map(log, times)) / len(times))
    return (
        f"- {title}: {mean:.2f} times jitad's time in the geometric mean of {len(times)} kernels, "
        f"{min(times):.2f} to {max(times):.2f}; jitad is faster on {sum(t > 1.0 for t in times)}."
    )

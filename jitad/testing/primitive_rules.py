"""The rules of primitives by themselves, run as the Python functions that they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from jitad.primitives.spec import ArrayPrimitive, ScalarPrimitive
from jitad.testing.differences import Estimate, differentiate
from jitad.testing.primitive_judge import Place
from jitad.testing.primitive_kernels import Function, Trial, copied_args, weights_for
from jitad.testing.space import Vector
from jitad.testing.subject import UNUSABLE

EXACT = 1e-12
"""Rules are linear in the derivatives that they take, up to rounding."""


def name_partial(primitive: ScalarPrimitive, at: int) -> str:
    """A partial derivative, for messages."""
    function = primitive.partials[at]
    named = f" ({function.__name__})" if callable(function) else f" (declared {function})"
    return f"the partial derivative by argument {at}{named}"


def check_partials(place: Place, rtol: float) -> None:
    """Each partial derivative of a function of numbers against differences, in long doubles where it has them."""
    trial = place.trial
    primitive, args = trial.primitive, trial.args
    assert isinstance(primitive, ScalarPrimitive)
    wide = np.longdouble if _takes_long_doubles(trial) else np.float64
    with np.errstate(all="ignore"):
        result = trial.reference(*args)
        for at in trial.moving:
            partial = primitive.partials[at]
            size = abs(args[at]) or 1.0

            def along(t: Any, at: int = at, size: float = size) -> Any:
                moved = [wide(arg) if isinstance(arg, float) else arg for arg in args]
                moved[at] = moved[at] + t * size
                try:
                    return np.asarray(trial.reference(*moved), dtype=wide)
                except UNUSABLE:
                    return wide(np.nan)

            found = partial(*args, result) if callable(partial) else 0.0
            slope = differentiate(along, dtype=wide, enough=1e-3 * rtol)
            value = np.ravel(np.float64(result))
            place.by_differences(
                name_partial(primitive, at),
                np.ravel(np.float64(found)),
                Estimate(slope.value / size, slope.error / size, slope.step * size),
                value,
                np.abs(value) * np.finfo(np.float64).eps,
                rtol,
                lambda _, at=at: f"the result by argument {at}",  # type: ignore[misc]
            )


def _takes_long_doubles(trial: Trial) -> bool:
    """True for NumPy's own functions of long doubles; others may take them and compute with less."""
    function = trial.references[0]
    return isinstance(function, np.ufunc) and any(kinds.endswith("->g") for kinds in function.types)


class ArrayRules:
    """The rules of an array primitive at a point, with random adjoints and tangents."""

    def __init__(self, place: Place, random: np.random.Generator, rtol: float) -> None:
        assert isinstance(place.trial.primitive, ArrayPrimitive)
        self.place, self.trial, self.rtol = place, place.trial, rtol
        self.primitive: ArrayPrimitive = place.trial.primitive
        self.subject = self.trial.subject
        known = [arg for arg in self.trial.args[self.trial.outs :] if not callable(arg)]
        given = [arg(*known) if callable(arg) else arg for arg in self.trial.args[self.trial.outs :]]
        self.values = [*self._written(self.primitive.plain, copied_args(given), poisoned=True), *given]
        self.bars = [self._random(out, random) for out in self.values[: self.trial.outs]]
        self.dots = [self._random(self.values[at], random) for at in self.trial.moving]

    @staticmethod
    def _random(like: np.ndarray, random: np.random.Generator) -> Any:
        if like.dtype.kind != "f":
            return None
        scale = np.max(np.abs(like), initial=0.0) or 1.0
        return (scale * weights_for(random, like.size)).reshape(like.shape).astype(like.dtype)

    def check(self) -> None:
        """Both rules: right, linear, adding, and leaving everything else as it is."""
        if self.primitive.vjp is not None:
            self._check_vjp()
        if self.primitive.jvp is not None:
            self._check_jvp()

    def _written(self, function: Function, given: Sequence[Any], *, poisoned: bool) -> list[Any]:
        outs = [np.full_like(out, _poison(out) if poisoned else 0) for out in self.trial.args[: self.trial.outs]]
        with np.errstate(all="ignore"):
            function(*outs, *given)
        return outs

    def check_function(self) -> None:
        """The function itself writes all of its results, and reads its arguments only."""
        count, rule = self.trial.outs, "the function itself"
        given = copied_args(self.values[count:])
        again = self._written(self.primitive.plain, given, poisoned=False)
        for at, (now, before) in enumerate(zip(given, self.values[count:], strict=True), start=count):
            if isinstance(now, np.ndarray) and now.tobytes() != before.tobytes():
                self.place.fail(rule, f"it changes {self._name(at)}, which it must only read.")
        for at, (now, before) in enumerate(zip(again, self.values, strict=False)):
            if not np.array_equal(now, before, equal_nan=now.dtype.kind == "f"):
                self.place.fail(rule, f"it reads {self._name(at)}, or doesn't write all of it.")
        if self.primitive.plain_accumulating is not None:
            start = 3.0 * self.bars[0]
            sums = [start.copy(), *self.values[1:count]]
            self.primitive.plain_accumulating(*sums, *given)
            whose = ("after the accumulating form added to it", "before and added")
            name = self._entry(self._name(0))
            self.place.agree("the accumulating form", sums[0], start + self.values[0], EXACT, name, whose)

    def _check_vjp(self) -> None:
        rule = "vjp rule"
        zeros = [np.zeros_like(self.values[at]) for at in self.trial.moving]
        alone = self._pull(self.bars, zeros)
        weights = self._flat(self.bars)
        self._by_differences(rule, alone, lambda slope, direction: weights @ slope, reverse=True)
        before = [3.0 * dot for dot in self.dots]
        after = self._pull(self.bars, before)
        for at, (start, end, own) in enumerate(zip(before, after, alone, strict=True)):
            name = self._name(self.trial.moving[at], "_bar")
            if self._same(end, own) and not self._same(end, start + own):
                self.place.fail(rule, f"it overwrites {name}, and must add to it.")
            self.place.agree(
                rule, end, start + own, EXACT, self._entry(name), ("after adding to an adjoint", "before and added")
            )
        for part, chosen in self._single(self.trial.moving):
            found = self._pull(self.bars, [zero if use else None for zero, use in zip(zeros, chosen, strict=True)])
            name = self._name(part, "_bar")
            at = self.trial.moving.index(part)
            whose = ("when only this adjoint is asked for", "when all are")
            self.place.agree(rule, found[at], alone[at], EXACT, self._entry(name), whose)
        if len(self.bars) > 1:
            self._check_single_outs(zeros, alone)

    def _check_single_outs(self, zeros: Sequence[Any], alone: Sequence[Any]) -> None:
        totals = [np.zeros_like(part) for part in alone]
        for _, chosen in self._single(range(len(self.bars))):
            bars = [bar if use else None for bar, use in zip(self.bars, chosen, strict=True)]
            for total, found in zip(totals, self._pull(bars, zeros), strict=True):
                total += found
        for at, total, own in zip(self.trial.moving, totals, alone, strict=True):
            whose = ("as the sum over single results (the others' adjoints being None)", "for all results at once")
            self.place.agree("vjp rule", total, own, EXACT, self._entry(self._name(at, "_bar")), whose)

    def _check_jvp(self) -> None:
        rule = "jvp rule"
        alone = self._push(self.dots)
        self._by_differences(rule, alone, None, reverse=False)
        totals = [np.zeros_like(part) if len(self.dots) > 1 else part.copy() for part in alone]
        for _, chosen in self._single(self.trial.moving):
            found = self._push([dot if use else None for dot, use in zip(self.dots, chosen, strict=True)])
            for total, part in zip(totals, found, strict=True):
                total += part
        for at, (total, own) in enumerate(zip(totals, alone, strict=True)):
            whose = ("as the sum over single arguments (the others' tangents being None)", "for all at once")
            self.place.agree(rule, total, own, EXACT, self._entry(self._name(at, "_dot")), whose)
        if self.primitive.vjp is not None:
            bars = self._pull(self.bars, [np.zeros_like(self.values[at]) for at in self.trial.moving])
            forwards = sum(float(np.vdot(bar, dot)) for bar, dot in zip(self._floating(self.bars), alone, strict=True))
            backwards = sum(float(np.vdot(bar, dot)) for bar, dot in zip(bars, self.dots, strict=True))
            sizes = [np.abs(bar).ravel() @ np.abs(dot).ravel() for bar, dot in zip(bars, self.dots, strict=True)]
            if not abs(forwards - backwards) <= 0.1 * self.rtol * max(sum(sizes), abs(forwards)):
                self.place.fail(
                    "jvp rule and vjp rule",
                    f"they disagree: w·(J v) is {forwards:.12g}, and (w·J) v is {backwards:.12g}.",
                )

    def _by_differences(self, rule: str, found: Sequence[Any], weigh: Any, *, reverse: bool) -> None:
        """Along all arguments together, then each alone (forwards with the others' tangents zero)."""
        subject = self.subject
        value, epsilons = subject.centre
        noise = np.abs(value) * epsilons
        starts = np.concatenate([[0], np.cumsum([dot.size for dot in self.dots])])
        everywhere = self._flat(self.dots)
        for first, last in [(0, len(self.dots)), *((at, at + 1) for at in range(len(self.dots)) if len(self.dots) > 1)]:
            direction = np.zeros_like(everywhere)
            direction[starts[first] : starts[last]] = everywhere[starts[first] : starts[last]]
            slope = subject.slope(direction, 1e-3 * self.rtol)
            by = subject.space.name_direction(direction)
            if reverse:
                sizes = np.abs(self._flat(self.bars))
                along = Estimate(
                    *(
                        np.ravel(part)
                        for part in (weigh(slope.value, direction), sizes @ slope.error, np.min(slope.step))
                    )
                )
                actual = np.ravel(self._flat(found) @ direction)
                value_size, noise_size = np.ravel(sizes @ np.abs(value)), np.ravel(sizes @ noise)
                name = f"the results' weighted sum by {by}"
                self.place.by_differences(rule, actual, along, value_size, noise_size, self.rtol, lambda _, n=name: n)  # type: ignore[misc]
            else:
                dots = [dot if first <= at < last else np.zeros_like(dot) for at, dot in enumerate(self.dots)]
                actual = self._flat(self._push(dots))

                def entry(at: int, by: str = by) -> str:
                    return f"{subject.results.name(at)} by {by}"

                self.place.by_differences(rule, actual, slope, value, noise, self.rtol, entry)

    def _pull(self, bars: Sequence[Any], start: Sequence[Any]) -> list[Any]:
        """The arguments' adjoints after the reverse rule was run on copies of ``start``."""
        ends = [None if part is None else part.copy() for part in start]
        by_position = dict(zip(self.trial.moving, ends, strict=True))
        derivatives = [
            *bars,
            *(by_position.get(at + self.trial.outs) for at in range(len(self.values) - self.trial.outs)),
        ]
        self._run("vjp rule", self.primitive.vjp, derivatives, written=set(self.trial.moving), suffix="_bar")
        return ends

    def _push(self, dots: Sequence[Any]) -> list[Any]:
        """The results' tangents after the forward rule was run."""
        outs = [None if out.dtype.kind != "f" else np.zeros_like(out) for out in self.values[: self.trial.outs]]
        by_position = dict(zip(self.trial.moving, dots, strict=True))
        derivatives = [
            *outs,
            *(by_position.get(at + self.trial.outs) for at in range(len(self.values) - self.trial.outs)),
        ]
        self._run("jvp rule", self.primitive.jvp, derivatives, written=set(range(self.trial.outs)), suffix="_dot")
        return self._floating(outs)

    def _run(self, rule: str, function: Any, derivatives: Sequence[Any], written: set[int], suffix: str) -> None:
        """Run a rule; fail when it changes anything but the derivatives of what is ``written``."""
        python: Function = getattr(function, "py_func", function)
        values = [value.copy(order="K") if isinstance(value, np.ndarray) else value for value in self.values]
        kept = [part.copy() if part is not None and at not in written else None for at, part in enumerate(derivatives)]
        with np.errstate(all="ignore"):
            python(*(part for pair in zip(values, derivatives, strict=True) for part in pair))
        for at, (now, before) in enumerate(zip(values, self.values, strict=True)):
            if isinstance(now, np.ndarray) and now.tobytes() != before.tobytes():
                self.place.fail(rule, f"it changes {self._name(at)}, which it must only read.")
        for at, (now, before) in enumerate(zip(derivatives, kept, strict=True)):
            if before is not None and now.tobytes() != before.tobytes():
                self.place.fail(rule, f"it changes {self._name(at, suffix)}, which it must only read.")

    def _name(self, at: int, suffix: str = "") -> str:
        name = self.trial.names[at]
        return f"argument {at}{suffix}" if name.startswith("argument ") else name + suffix

    @staticmethod
    def _entry(name: str) -> Any:
        return lambda at: f"entry {at} of {name}"

    @staticmethod
    def _single(positions: Sequence[int] | range) -> Iterator[tuple[int, list[bool]]]:
        """Each of several positions alone."""
        if len(positions) > 1:
            for chosen in positions:
                yield chosen, [at == chosen for at in positions]

    @staticmethod
    def _floating(parts: Sequence[Any]) -> list[Any]:
        return [part for part in parts if part is not None]

    def _flat(self, parts: Sequence[Any]) -> Vector:
        return np.concatenate([np.empty(0), *(np.ravel(part) for part in self._floating(parts))])

    @staticmethod
    def _same(a: Any, b: Any) -> bool:
        return bool(np.allclose(a, b, rtol=EXACT, atol=0.0, equal_nan=True))


def _poison(out: np.ndarray) -> Any:
    """What a result holds before it is written."""
    return np.nan if out.dtype.kind == "f" else out.dtype.type(1)

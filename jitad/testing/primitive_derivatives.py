"""A primitive's derivatives as kernels get them: in both modes, to second order, in all forms of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

import jitad
from jitad.primitives.spec import CompositePrimitive, ScalarPrimitive
from jitad.testing.differences import Estimate
from jitad.testing.primitive_complex import as_pairs
from jitad.testing.primitive_judge import SINGLE_RTOL, Place
from jitad.testing.primitive_kernels import (
    Trial,
    and_its_arguments,
    copied_args,
    elementwise,
    in_a_loop,
    mapped,
    weights_for,
)
from jitad.testing.primitive_rules import name_partial
from jitad.testing.space import Path, Vector, follow, is_floating, walk
from jitad.testing.subject import EPSILON, Subject
from jitad.testing.uncompiled import Uncompiled

LIKE = 1e-11
"""The same derivatives made in another way differ by rounding only."""


class Derivatives:
    """The derivatives of a primitive at a point by jitad, along one direction and for one set of weights.

    Both are made of ``seed``, so that other forms of the same arguments have the same ones.
    """

    def __init__(self, place: Place, modes: Sequence[str], rtol: float, seed: int) -> None:
        self.place, self.trial, self.modes, self.rtol = place, place.trial, modes, rtol
        self.subject = self.trial.subject
        self._seed = seed

    @cached_property
    def _numbers(self) -> tuple[Vector, Vector]:
        random = np.random.default_rng(self._seed)
        space, results = self.subject.space, self.subject.results
        scales = space.scales([mapped(arg, np.float64) for arg in self.subject.moving])
        return scales * weights_for(random, space.size), weights_for(random, results.size)

    @property
    def direction(self) -> Vector:
        """A direction through all arguments, as their dtypes hold it."""
        return self.subject.space.rounded(self._numbers[0])

    @property
    def weights(self) -> Vector:
        """Weights of the results, as their dtypes hold them."""
        return self.subject.results.rounded(self._numbers[1])

    @cached_property
    def tangent(self) -> Vector:
        """The derivative of the results along the direction, in forward mode."""
        return self._pushed[1]

    @cached_property
    def _pushed(self) -> tuple[Vector, Vector]:
        """The results and their derivative along the direction, in forward mode."""
        subject = self.subject
        tangents = subject.space.structure(self.direction, subject.moving)
        value, tangent = jitad.jvp(subject.function, subject.args, tangents, subject.argnums)
        return subject.results.vector((value,)), subject.results.vector((tangent,))

    @cached_property
    def gradient(self) -> Vector:
        """The gradient of the weighted results, in reverse mode."""
        return self.subject.cotangent(self.weights)

    @cached_property
    def rule(self) -> str:
        """The rule that derivatives are made of, for messages."""
        primitive = self.trial.primitive
        if isinstance(primitive, CompositePrimitive):
            return "the definition"
        if isinstance(primitive, ScalarPrimitive):
            found = [name_partial(primitive, at) for at in self.trial.moving]
            return found[0] if len(found) == 1 else "the partial derivatives"
        return "the rules"

    # The first order

    def check_value(self) -> None:
        """The value by jitad is that of each Python function that the primitive stands for."""
        primitive, args = self.trial.primitive, self.trial.args
        for function in self.trial.references:
            if isinstance(primitive, ScalarPrimitive):
                function = elementwise(function)
            own = Trial(primitive, args)
            own.__dict__["reference"] = function
            with np.errstate(all="ignore"):
                expected = own.kernel(*copied_args(own.point))
            self._compare_values(self._value, expected, getattr(function, "__name__", repr(function)))

    @cached_property
    def _value(self) -> Any:
        if self.subject.argnums:
            return self.subject.value
        return Uncompiled(self.trial.kernel, ()).value()

    def _compare_values(self, actual: Any, expected: Any, name: str) -> None:
        ours, theirs = dict(walk(actual)), dict(walk(expected))
        if set(ours) != set(theirs):
            self.place.fail("its value", f"it has {len(ours)} parts by jitad, but {len(theirs)} by {name}.")
        whose = ("by jitad", f"by {name}")
        for path, part in ours.items():
            other = theirs[path]
            where = "the result" + "".join(f"[{step!r}]" for step in path)
            if np.shape(part) != np.shape(other):
                self.place.fail(
                    "its value", f"{where} has shape {np.shape(part)} by jitad, but {np.shape(other)} by {name}."
                )
            if isinstance(part, np.ndarray) and self.is_numpy and part.dtype != np.asarray(other).dtype:
                numba = self._dtype_by_numba(path)
                if part.dtype != numba:
                    self.place.fail(
                        "its value",
                        f"{where} has dtype {part.dtype} by jitad, but {np.asarray(other).dtype} by {name}"
                        f"{'' if numba is None else f' and {numba} by Numba'}.",
                    )
            if part is not None:

                def entry(at: int, where: str = where) -> str:
                    return f"{where}, entry {at}," if at else where

                rtol = self._rtol(part, other) if np.asarray(part).dtype.kind == "f" else self.rtol
                self.place.agree("its value", part, other, rtol, entry, whose)

    def _dtype_by_numba(self, path: Path) -> Any:
        """The dtype that a part of the result has in the user's own compiled code; None when Numba can't tell."""
        from numba import njit
        from numba.core.errors import NumbaError

        function = self.trial.references[0]
        names = [f"a{at}" for at in range(len(self.trial.args))]
        namespace: dict[str, Any] = {"function": function}
        exec(f"def call({', '.join(names)}): return function({', '.join(names)})", namespace)
        try:
            result = njit(namespace["call"])(*copied_args(self.trial.args))
            return as_pairs(np.asarray(follow((result,), (0, *path)))).dtype
        except (NumbaError, TypeError, ValueError):
            return None

    @property
    def is_numpy(self) -> bool:
        """True when the reference has NumPy's dtypes."""
        first = self.trial.references[0]
        return isinstance(first, np.ufunc) or not isinstance(self.trial.primitive, ScalarPrimitive)

    def _rtol(self, *parts: Any) -> float:
        """The tolerance for results of these dtypes."""
        is_single = any(np.asarray(part).dtype == np.float32 for part in parts)
        return max(SINGLE_RTOL, self.rtol) if is_single else self.rtol

    @cached_property
    def reachable_rtol(self) -> float:
        """The tolerance for the dtypes of these arguments and results."""
        if np.any(self.subject.centre[1] > EPSILON):  # differences themselves are in single precision
            return max(10.0 * SINGLE_RTOL, self.rtol)
        return self._rtol(*(part for tree in (self.subject.value, self.subject.args) for _, part in walk(tree)))

    @property
    def like(self) -> float:
        """How far the same derivatives made in another way may be off."""
        return LIKE if self.reachable_rtol == self.rtol else SINGLE_RTOL

    def check_first_order(self) -> None:
        """Both modes against differences, and against each other; the arguments stay as they are."""
        subject = self.subject
        kept = copied_args(subject.args)
        rtol = self.reachable_rtol
        value, epsilons = subject.centre
        noise = np.abs(value) * epsilons
        parts = [slice(leaf.start, leaf.stop) for leaf in subject.space.leaves]
        for part in [slice(None), *(parts if len(parts) > 1 else [])]:
            direction = np.zeros_like(self.direction)
            direction[part] = self.direction[part]
            slope = subject.slope(direction, 1e-3 * rtol)
            by = subject.space.name_direction(direction)
            if "fwd" in self.modes:

                def entry(at: int, by: str = by) -> str:
                    return f"{subject.results.name(at)} by {by}"

                tangent = subject.tangent(direction)
                self.place.by_differences(f"{self.rule}, in forward mode", tangent, slope, value, noise, rtol, entry)
            if "rev" in self.modes:
                sizes = np.abs(self.weights)
                along = Estimate(
                    *(np.ravel(p) for p in (self.weights @ slope.value, sizes @ slope.error, np.min(slope.step)))
                )
                self.place.by_differences(
                    f"{self.rule}, in reverse mode",
                    np.ravel(self.gradient @ direction),
                    along,
                    np.ravel(sizes @ np.abs(value)),
                    np.ravel(sizes @ noise),
                    rtol,
                    lambda _, by=by: f"the results' weighted sum by {by}",  # type: ignore[misc]
                )
        if {"fwd", "rev"} <= set(self.modes):
            self._check_agreement(rtol)
        for name, now, before in zip(
            (self.trial.names[at] for at in self.trial.moving), subject.args, kept, strict=True
        ):
            for (_, one), (_, other) in zip(walk(now), walk(before), strict=True):
                if np.asarray(one).tobytes() != np.asarray(other).tobytes():
                    self.place.fail(self.rule, f"differentiating changes {name}.")

    def _check_agreement(self, rtol: float) -> None:
        forwards, backwards = self.weights @ self.tangent, self.gradient @ self.direction
        scale = np.abs(self.weights) @ np.abs(self.tangent) + np.abs(self.gradient) @ np.abs(self.direction)
        if not abs(forwards - backwards) <= 0.1 * rtol * scale + 1e-14 * np.sum(np.abs(self.subject.centre[0])):
            self.place.fail(
                self.rule,
                f"forward and reverse mode disagree: w·(J v) is {forwards:.12g}, and (w·J) v is {backwards:.12g}.",
            )

    # The second order

    @cached_property
    def _weighted(self) -> Subject:
        return self.trial.named(self.subject.weighted(self.weights))

    def check_second_order(self) -> None:
        """Products with the Hessian of the weighted results against differences of first derivatives."""
        subject, rule = self._weighted, f"{self.rule}, second order"
        random = np.random.default_rng(self._seed + 1)
        other = subject.space.rounded(subject.space.scales(subject.moving) * weights_for(random, subject.space.size))
        by = "along a random direction"
        product = subject.hessian_product(self.direction)
        noise = subject.gradient_noise
        slope = subject.gradient_slope(self.direction, 1e-3 * self.rtol)
        name = subject.space.name
        self.place.by_differences(
            f"{rule}, in reverse mode", product, slope, noise / EPSILON, noise, self.rtol,
            lambda at: f"the derivative by {name(at)} {by}",
        )  # fmt: skip
        slope = subject.tangent_slope(self.direction, other, 1e-3 * self.rtol)
        noise = subject.tangent_noise(other)
        self.place.by_differences(
            f"{rule}, in forward mode", np.ravel(other @ product), slope, noise / EPSILON, noise, self.rtol,
            lambda _: "the derivative along one random direction by another",
        )  # fmt: skip

    # The same in other ways

    def check_like(self, other: Derivatives, rtol: float, whose: tuple[str, str], *, values: bool = True) -> None:
        """The same results and derivatives, in another form or run in another way."""
        space, results = self.subject.space, self.subject.results
        value, expected = (one.subject.results.vector((one.subject.value,)) for one in (self, other))
        if values:
            self.place.agree("its value", value, expected, rtol, results.name, whose)
        sizes = np.nan_to_num(np.abs(expected), posinf=0.0)
        if "fwd" in self.modes:
            rule = f"{self.rule}, in forward mode"

            def tangent(at: int) -> str:
                return f"the tangent of {results.name(at)}"

            self.place.agree(rule, self.tangent, other.tangent, rtol, tangent, whose, sizes)
            if values:
                self.place.agree("its value, in forward mode", self._pushed[0], expected, rtol, results.name, whose)
        if "rev" in self.modes:
            rule = f"{self.rule}, in reverse mode"

            def adjoint(at: int) -> str:
                return f"the adjoint of {space.name(at)}"

            size = np.abs(other.weights) @ sizes / other.subject.space.scales(other.subject.moving)
            self.place.agree(rule, self.gradient, other.gradient, rtol, adjoint, whose, size)

    def check_dtypes(self, expected: type) -> None:
        """Derivatives have the dtypes of what they are derivatives by, or of; results have NumPy's."""
        subject = self.subject
        moving = subject.space.structure(self.direction, subject.moving)
        value, kernel = subject.value, self.trial.kernel
        with np.errstate(all="ignore"):
            reference = kernel(*copied_args(subject.args))
        self._compare_values(value, reference, getattr(self.trial.references[0], "__name__", "the function itself"))
        if "fwd" in self.modes:
            tangents = jitad.jvp(kernel, subject.args, moving, subject.argnums)[1]
            for (_, part), (_, tangent) in zip(walk(value), walk(tangents), strict=True):
                if is_floating(part) and np.asarray(tangent).dtype != np.asarray(part).dtype:
                    self.place.fail(
                        f"{self.rule}, in forward mode",
                        f"the tangent of a {np.asarray(part).dtype} result is {np.asarray(tangent).dtype}.",
                    )
        if "rev" in self.modes:
            (seed,) = subject.results.structure(self.weights, (value,))
            gradients = jitad.vjp(kernel, *subject.args)[1](seed)
            for leaf in subject.space.leaves:
                found: Any = gradients
                for step in leaf.path:
                    found = found[step]
                if np.asarray(found).dtype != expected:
                    self.place.fail(
                        f"{self.rule}, in reverse mode",
                        f"the adjoint of {leaf.name} is {np.asarray(found).dtype}, not {np.dtype(expected)}.",
                    )

    def check_adding(self) -> None:
        """Adjoints are added to what other uses of the arguments give: here twice their values."""
        subject = self.trial.subject_of(and_its_arguments(self.trial.kernel, self.subject.space.paths))
        weights = np.concatenate([self.weights, np.ones(subject.space.size)])
        whose = ("where 2 is added by other uses of the arguments", "without them and 2 added")
        self.place.agree(
            f"{self.rule}, in reverse mode", subject.cotangent(weights), self.gradient + 2.0, self.like,
            lambda at: f"the adjoint of {subject.space.name(at)}", whose,
        )  # fmt: skip

    def check_in_a_loop(self) -> None:
        """The gradient in a loop of three turns, and the same statement by statement with the tape checked."""
        weighted = self._weighted
        kernel = in_a_loop(weighted.function)
        name: Callable[[int], str] = lambda at: f"the adjoint of {self.subject.space.name(at)}"  # noqa: E731
        looped = Subject(kernel, weighted.args, weighted.argnums, hidden=1)
        rule = f"{self.rule}, in reverse mode"
        self.place.agree(rule, looped.cotangent(np.ones(1)), 6.0 * self.gradient, self.like, name, _LOOP)
        run = Uncompiled(kernel, weighted.args)
        try:
            leaves = run.value_and_gradient(run.leaf_positions(weighted.argnums))[1]
        except AssertionError as error:
            self.place.fail(rule, f"the tape isn't as it was, or is read wrongly: {error}.")
        found = np.concatenate([np.empty(0), *(np.ravel(leaf) for leaf in leaves)])
        self.place.agree(rule, found, 6.0 * self.gradient, self.like, name, _EVALUATED)

    def check_jacobians(self) -> None:
        """Jacobians by columns and by rows, several side by side, against the single derivatives."""
        subject = self.subject
        if len(list(walk(subject.value))) != 1 or subject.results.size * subject.space.size > MOST_JACOBIAN:
            return
        shape = (subject.results.size, -1)
        for mode, make, known in (
            ("fwd", jitad.jacfwd, lambda whole: (whole @ self.direction, self.tangent)),
            ("rev", jitad.jacrev, lambda whole: (self.weights @ whole, self.gradient)),
        ):
            if mode not in self.modes or any(len(leaf.path) > 1 for leaf in subject.space.leaves):
                continue
            result: Any = make(subject.function, argnums=subject.argnums)(*subject.args)
            while isinstance(result, tuple | list) and len(result) == 1 and len(subject.argnums) != 1:
                result = result[0]
            blocks = [part for _, part in walk(result)]
            whole = np.concatenate([np.reshape(part, shape) for part in blocks], axis=1)
            actual, expected = known(whole)
            whose = (f"of the Jacobian by jitad.{make.__name__}", "by itself")
            self.place.agree(self.rule, actual, expected, self.like, lambda at: f"entry {at} of a product", whose)


MOST_JACOBIAN = 64
"""Jacobians with more entries aren't made."""

_LOOP = ("in a loop of turns with weights 1, 2 and 3", "as 6 times that of one turn")
_EVALUATED = ("evaluated statement by statement", "as 6 times that of one turn")


def check_special(place: Place, expected: Sequence[Any], modes: Sequence[str]) -> None:
    """The derivatives of the sum of the results at a special point, to the last bit; None isn't checked."""
    derivatives = Derivatives(place, modes, 0.0, 0)
    subject, trial = derivatives.subject, place.trial
    if len(expected) != len(trial.args) - trial.outs:
        place.fail("its special points", f"{len(expected)} derivatives are stated for {len(trial.args)} arguments.")
    stated = [expected[at - trial.outs] for at in trial.moving]
    wanted, asked = np.zeros(subject.space.size), np.zeros(subject.space.size, bool)
    for leaf in subject.space.leaves:
        value = stated[leaf.path[0]]
        if value is not None:
            wanted[leaf.start : leaf.stop] = np.broadcast_to(value, leaf.shape).ravel()
            asked[leaf.start : leaf.stop] = True
    ones = np.ones(subject.results.size)
    found: dict[str, Vector] = {}
    if "rev" in modes:
        found["reverse"] = subject.cotangent(ones)
    if "fwd" in modes:
        units = np.eye(subject.space.size)
        found["forward"] = np.array([np.sum(subject.tangent(unit)) for unit in units])
    for mode, numbers in found.items():
        for at in np.flatnonzero(asked):
            same = numbers[at] == wanted[at] or (np.isnan(numbers[at]) and np.isnan(wanted[at]))
            if not same:
                name = subject.space.name(int(at))
                place.fail(
                    f"{derivatives.rule}, in {mode} mode",
                    f"the derivative by {name} is {float(numbers[at])!r}, and {float(wanted[at])!r} is stated.",
                )

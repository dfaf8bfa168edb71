"""``check_grads``: are a kernel's derivatives what differences of the kernel say?"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from jitad.api.derivative import GradientRequest, describe_all
from jitad.api.gradient import checked_argnums, refuse_uncallable
from jitad.api.leaves import active_leaves
from jitad.api.structure import copied
from jitad.errors import ArgumentError
from jitad.testing.judge import ROUNDING, Comparison, Judge, Tolerance
from jitad.testing.space import Vector
from jitad.testing.subject import Subject, floating_argnums

MODES = ("fwd", "rev")
RTOL = {"float64": 1e-7, "float32": 1e-4, "complex128": 1e-7, "complex64": 1e-4}
MOST_ENTRIES = 20
"""So many entries are checked one by one; the others only along random directions."""


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    modes: Sequence[str] = ("fwd", "rev"),
    *,
    kwargs: Mapping[str, Any] | None = None,
    argnums: int | Sequence[int] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    seed: int = 0,
) -> None:
    """Check the derivatives of ``f`` at ``args``, up to ``order``, against differences. Returns None when all is well.

    ``args`` are numbers, arrays and structures of them; those at ``argnums`` are differentiated by (by default all that
    are floating-point throughout; others, such as integers, stay as they are, and so do ``kwargs``). The result of
    ``f`` may be any structure; its floating-point parts are checked, their values first. ``modes`` says what else:

    - ``"fwd"``: ``jitad.jvp``; at order 2, products with the Hessian against differences of ``jvp``;
    - ``"rev"``: ``jitad.vjp``; at order 2, products with the Hessian against differences of the gradient;
    - with both, also that they agree with each other: w·(J v) = (w·J) v.

    A kernel whose result isn't one number is checked beyond order 1 as a sum of its results with random weights.
    Each order above 2 checks ``jitad.grad`` of the order before it, contracted with random weights.
    The derivative along a random direction through all arguments, then through each array or number alone, and then
    by single entries (20 of them, chosen with ``seed``) is compared with central differences of ``f`` itself,
    run as it is given, in float64, extrapolated to vanishing steps (Ridders 1982). The differences tell their own
    error, and the step is chosen by that alone. ``rtol`` (by default 1e-7, with float32 1e-4) and ``atol`` (by default
    a thousandth of ``rtol`` times the largest derivative) are allowed on top of ten times that error.

    Raises AssertionError with the mode, the order, the argument's entry, both numbers, the step and its
    error when a derivative is wrong; when the differences are too inaccurate to tell (more than a part in 10^4 off: a
    discontinuity, a pole, noise), so that these don't pass unchecked; and at a kink, or within 10^-5 of an argument's
    size of one, where there is nothing to compare. Raises ArgumentError for arguments that can't be differentiated.

    What it can't see: any point but ``args``; a branch that isn't taken there; derivatives smaller than the rounding
    error of the value; entries beyond the 20 whose derivative is below ``rtol`` of the others'. Steps are at most an
    eighth of the largest entry of each array, and ``f`` is called hundreds of times. ``jitad.stop_gradient`` makes a
    derivative differ from differences on purpose.

    >>> import numpy as np
    >>> from jitad.testing import check_grads
    >>> def energy(x, k):
    ...     return 0.5 * k * np.sum(x * x)
    >>> check_grads(energy, (np.array([1.0, -2.0]), 3.0))
    """
    refuse_uncallable(f)
    _refuse_options(order, modes)
    args = tuple(copied(arg) for arg in args)
    asked = floating_argnums(args) if argnums is None else checked_argnums(argnums)
    positions = GradientRequest(asked).positions(f, len(args))
    active_leaves(f, describe_all(args), positions)
    subject = Subject(functools.partial(f, **kwargs) if kwargs else f, args, positions)
    if not subject.results.size:
        raise ArgumentError(
            f"the result of {getattr(f, '__name__', f)!r} holds no floating-point number, so nothing to check.",
            "return a float or an array of floats.",
        )
    dtypes = {leaf.dtype.name for leaf in (*subject.space.leaves, *subject.results.leaves)}
    tolerance = Tolerance(rtol if rtol is not None else max(RTOL.get(dtype, RTOL["float64"]) for dtype in dtypes), atol)
    random = np.random.default_rng(seed)
    check = _Check(subject, tuple(modes), tolerance, random)
    check.value()
    check.first_order()
    for reached in range(2, order + 1):
        if reached == 2 and not subject.is_scalar:
            subject = subject.weighted(_weights(random, subject.results.size))
        elif reached > 2:
            subject = subject.differentiated(_weights(random, subject.space.size))
        _Check(subject, tuple(modes), tolerance, random).second_order(reached)


class _Check:
    """The checks of one kernel at one point, along the same directions."""

    def __init__(
        self, subject: Subject, modes: Sequence[str], tolerance: Tolerance, random: np.random.Generator
    ) -> None:
        self.subject = subject
        self.modes = modes
        self.tolerance = tolerance
        self.random = random
        self.other = self._direction_everywhere()
        self.directions = list(self._directions())

    def _direction_everywhere(self) -> Vector:
        space = self.subject.space
        return space.rounded(space.scales(self.subject.moving) * _weights(self.random, space.size))

    def _directions(self) -> Iterator[Vector]:
        """Through all entries, through each leaf, and through single entries; each entry has its own component."""
        space = self.subject.space
        everywhere = self._direction_everywhere()
        yield everywhere
        parts = [slice(leaf.start, leaf.stop) for leaf in space.leaves] if len(space.leaves) > 1 else []
        singles = sorted(self.random.permutation(space.size)[:MOST_ENTRIES]) if space.size > 1 else []
        for part in [*parts, *(slice(at, at + 1) for at in singles)]:
            direction = np.zeros(space.size)
            direction[part] = everywhere[part]
            yield direction

    def value(self) -> None:
        """The value by jitad is that of the function itself."""
        subject = self.subject
        ours, plain = subject.results.vector((subject.value,)), subject.plain(subject.args)
        allowed = self.tolerance.rtol * np.max(np.abs(plain), initial=0.0)
        same = (np.abs(ours - plain) <= allowed) | (ours == plain) | (np.isnan(ours) & np.isnan(plain))
        for at in np.flatnonzero(~same)[:1]:
            raise AssertionError(
                f"{subject.results.name(at)} is {ours[at]:.12g} by jitad, but {plain[at]:.12g} by the function itself."
            )

    def first_order(self) -> None:
        """``jvp`` and ``vjp`` against differences, and against each other."""
        subject, enough = self.subject, self.tolerance.enough
        weights = subject.results.rounded(_weights(self.random, subject.results.size))
        noise = subject.noise

        def forward(direction: Vector) -> Comparison:
            slope = subject.slope(direction, enough)
            return Comparison(subject.tangent(direction), slope.value, slope.error, slope.step, noise)

        def reverse(direction: Vector) -> Comparison:
            slope, sizes = subject.slope(direction, enough), np.abs(weights)
            sums = gradient @ direction, weights @ slope.value, sizes @ slope.error, np.min(slope.step), sizes @ noise
            return Comparison(*(np.array([total]) for total in sums))

        if "fwd" in self.modes:
            judge = Judge("forward mode, order 1", subject.space, subject.results.name, forward, self.tolerance)
            self._judge(judge, subject.gap)
        if "rev" in self.modes:
            gradient = subject.cotangent(weights)
            name = subject.results.name(0) if subject.results.size == 1 else "the results' weighted sum"
            judge = Judge("reverse mode, order 1", subject.space, lambda _: name, reverse, self.tolerance)
            self._judge(judge, lambda direction: np.array([np.abs(weights) @ subject.gap(direction)]))
        if {"fwd", "rev"} <= set(self.modes):
            for direction in self.directions:
                tangent = subject.tangent(direction)
                forwards, backwards = weights @ tangent, gradient @ direction
                scale = np.abs(weights) @ np.abs(tangent) + np.abs(gradient) @ np.abs(direction)
                rounding = ROUNDING * np.abs(weights) @ noise
                if not abs(forwards - backwards) <= self.tolerance.rtol * scale + rounding:
                    raise AssertionError(
                        f"order 1: forward and reverse mode differ, by {subject.space.name_direction(direction)}: "
                        f"w·(J v) is {forwards:.12g}, and (w·J) v is {backwards:.12g}."
                    )

    def second_order(self, order: int) -> None:
        """Products of a scalar kernel's Hessian with vectors against differences, and against each other."""
        subject, enough, other = self.subject, self.tolerance.enough, self.other

        def forward(direction: Vector) -> Comparison:
            slope = subject.tangent_slope(direction, other, enough)
            product = np.array([other @ subject.hessian_product(direction)])
            return Comparison(product, slope.value, slope.error, slope.step, subject.tangent_noise(other))

        def reverse(direction: Vector) -> Comparison:
            slope = subject.gradient_slope(direction, enough)
            product = subject.hessian_product(direction)
            return Comparison(product, slope.value, slope.error, slope.step, subject.gradient_noise)

        if "fwd" in self.modes:
            name = "the derivative along a random direction"
            judge = Judge(f"forward mode, order {order}", subject.space, lambda _: name, forward, self.tolerance)
            self._judge(judge, lambda direction: subject.tangent_gap(direction, other))
        if "rev" in self.modes:

            def entry(at: int) -> str:
                return f"(the derivative by {subject.space.name(at)})"

            judge = Judge(f"reverse mode, order {order}", subject.space, entry, reverse, self.tolerance)
            self._judge(judge, subject.gradient_gap)
        direction = self.directions[0]
        product, other_product = subject.hessian_product(direction), subject.hessian_product(other)
        left, right = other @ product, direction @ other_product
        scale = np.abs(other) @ np.abs(product) + np.abs(direction) @ np.abs(other_product)
        rounding = ROUNDING * (np.abs(other) + np.abs(direction)) @ subject.gradient_noise
        if not abs(left - right) <= self.tolerance.rtol * scale + rounding:
            raise AssertionError(
                f"order {order}: products with the Hessian aren't symmetric: u·(H v) is {left:.12g}, and v·(H u) is "
                f"{right:.12g}."
            )

    def _judge(self, judge: Judge, gap: Callable[[Vector], Vector]) -> None:
        judge.refuse_kink(self.directions[0], gap)
        for direction in self.directions:
            judge.check(direction)


def _weights(random: np.random.Generator, size: int) -> Vector:
    """Random numbers of both signs, none near zero."""
    return random.uniform(0.5, 1.5, size) * random.choice([-1.0, 1.0], size)


def _refuse_options(order: Any, modes: Any) -> None:
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ArgumentError(f"order={order!r} isn't an order of differentiation.", "use 1, 2, 3, …")
    known = isinstance(modes, tuple | list) and modes and all(mode in MODES for mode in modes)
    if not known:
        raise ArgumentError(f"modes={modes!r} isn't a tuple of modes.", 'use ("fwd",), ("rev",) or ("fwd", "rev").')

"""A kernel at a point, with its derivatives there by jitad and by differences, all as vectors of entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

import jitad
from jitad.api.structure import copied
from jitad.errors import ArgumentError
from jitad.testing.differences import Estimate, differentiate, kink_gap
from jitad.testing.space import Path, Space, Vector, is_floating, walk

EPSILON = float(np.finfo(np.float64).eps)

UNUSABLE = (ArithmeticError, AssertionError, ValueError)
"""What a kernel may raise outside its domain: such points are left out of the differences."""


class Subject:
    """``function(*args)``, whose arguments at ``argnums`` move. The first ``hidden`` arguments have no name.

    Differences are made in float64, whatever the arguments' dtypes, of ``function`` itself, run as it is.
    """

    def __init__(
        self, function: Callable[..., Any], args: Sequence[Any], argnums: tuple[int, ...], *, hidden: int = 0
    ) -> None:
        self.function = function
        self.args = tuple(args)
        self.argnums = argnums
        self.hidden = hidden
        self.space = Space(self.moving, [f"argument {at - hidden}" for at in argnums])
        self._estimates: dict[bytes, Estimate] = {}

    @property
    def moving(self) -> tuple[Any, ...]:
        """The arguments that are differentiated by."""
        return tuple(self.args[at] for at in self.argnums)

    def moved(self, direction: Vector) -> tuple[Any, ...]:
        """The arguments, moved by ``direction`` and in float64."""
        args = list(self.args)
        for at, arg in zip(self.argnums, self.space.moved(self.moving, direction), strict=True):
            args[at] = arg
        return tuple(args)

    @cached_property
    def value(self) -> Any:
        """The value by jitad."""
        return jitad.vjp(self.function, *self.args)[0]

    @cached_property
    def results(self) -> Space:
        """The floating-point entries of the value, which jitad decides about."""
        return Space((self.value,), ["the result"])

    @property
    def is_scalar(self) -> bool:
        """True when the value is one floating-point number and nothing else."""
        return (
            len(self.results.leaves) == 1
            and self.results.leaves[0].path == (0,)
            and not self.results.leaves[0].shape
            and not self.results.leaves[0].is_complex
        )

    def plain(self, args: Sequence[Any]) -> Vector:
        """The value of the function itself."""
        return self.results.vector((self.function(*_copied(args)),))

    def plain_or_nan(self, args: Sequence[Any]) -> Vector:
        """The value of the function itself; NaN where it raises what functions raise outside their domain."""
        return _or_nan(lambda: self.plain(args), self.results.size)

    @cached_property
    def centre(self) -> tuple[Vector, Vector]:
        """The value of the function itself in float64, and the rounding error of each entry."""
        value = self.function(*_copied(self.moved(np.zeros(self.space.size))))
        return self.results.vector((value,)), self.results.epsilons((value,))

    @property
    def noise(self) -> Vector:
        """The rounding error of the value's entries, if nothing before them was larger."""
        centre, epsilons = self.centre
        return np.abs(centre) * epsilons

    @property
    def gradient_noise(self) -> Vector:
        """The rounding error of a scalar value's gradient: its own, and that of a value over the arguments' size."""
        gradient = np.abs(self.cotangent(np.ones(1)))
        return EPSILON * np.maximum(gradient, np.abs(self.centre[0]) / self.space.scales(self.moving))

    def tangent_noise(self, direction: Vector) -> Vector:
        """The same for a scalar value's derivative along a direction."""
        return EPSILON * np.maximum(np.abs(self.tangent(direction)), np.abs(self.centre[0]))

    def slope(self, direction: Vector, enough: float) -> Estimate:
        """The derivative of the value along a direction, by differences."""
        key = direction.tobytes()
        if key not in self._estimates:
            self._estimates[key] = differentiate(
                lambda t: self.plain_or_nan(self.moved(t * direction)), enough=enough, epsilon=self.centre[1]
            )
        return self._estimates[key]

    def gap(self, direction: Vector) -> Vector:
        """How far the value's slopes on the two sides differ along a direction, where there is a kink."""
        return kink_gap(lambda t: self.plain_or_nan(self.moved(t * direction)), self.centre[0], self.noise)

    def tangent(self, direction: Vector) -> Vector:
        """The derivative of the value along a direction, in forward mode."""
        tangents = self.space.structure(direction, self.moving)
        return self.results.vector((jitad.jvp(self.function, self.args, tangents, self.argnums)[1],))

    def cotangent(self, weights: Vector) -> Vector:
        """The gradient of the value weighted with ``weights``, in reverse mode."""
        value, pullback = jitad.vjp(self.function, *self.args)
        (seed,) = self.results.structure(weights, (value,))
        gradients = pullback(seed)
        return self.space.vector(tuple(gradients[at] for at in self.argnums))

    def hessian_product(self, direction: Vector) -> Vector:
        """The Hessian of a scalar value times a vector."""
        return self.space.vector(
            jitad.hvp(self.function, self.args, self.space.structure(direction, self.moving), self.argnums)
        )

    def gradient_slope(self, direction: Vector, enough: float) -> Estimate:
        """The derivative of a scalar value's gradient along a direction, by differences of gradients."""
        return differentiate(self._gradient_along(direction), enough=enough, noise=self.gradient_noise)

    def gradient_gap(self, direction: Vector) -> Vector:
        """As ``gap``, of a scalar value's gradient."""
        along = self._gradient_along(direction)
        return kink_gap(along, along(0.0), self.gradient_noise)

    def _gradient_along(self, direction: Vector) -> Callable[[float], Vector]:
        gradient = jitad.grad(self.function, argnums=self.argnums)

        def along(t: float) -> Vector:
            args = self.moved(t * direction)
            return _or_nan(lambda: self.space.vector(gradient(*args)), self.space.size)

        return along

    def tangent_slope(self, direction: Vector, inner: Vector, enough: float) -> Estimate:
        """The derivative, along a direction, of a scalar value's derivative along ``inner``, by differences."""
        return differentiate(self._tangent_along(direction, inner), enough=enough, noise=self.tangent_noise(inner))

    def tangent_gap(self, direction: Vector, inner: Vector) -> Vector:
        """As ``gap``, of a scalar value's derivative along ``inner``."""
        along = self._tangent_along(direction, inner)
        return kink_gap(along, along(0.0), self.tangent_noise(inner))

    def _tangent_along(self, direction: Vector, inner: Vector) -> Callable[[float], Vector]:
        def along(t: float) -> Vector:
            args = self.moved(t * direction)
            moving = tuple(args[at] for at in self.argnums)
            tangents = Space(moving, [""] * len(moving)).structure(inner, moving)
            return _or_nan(lambda: np.array([jitad.jvp(self.function, args, tangents, self.argnums)[1]]), 1)

        return along

    def weighted(self, weights: Vector) -> Subject:
        """The value as one number: the sum of its entries, each times its weight."""
        return self._contracted(self.function, (self.value,), self.results, weights)

    def differentiated(self, weights: Vector) -> Subject:
        """The gradient of a scalar value as one number: the sum of its entries, each times its weight."""
        gradient = jitad.grad(self.function, argnums=self.argnums)
        wrapped = Space((self.moving,), [""])
        return self._contracted(gradient, (self.moving,), wrapped, weights)

    def _contracted(self, function: Any, value: tuple[Any], space: Space, weights: Vector) -> Subject:
        (structured,) = space.structure(weights, value)
        paths = tuple(path[1:] for path in space.paths)
        has_complex = any(leaf.is_complex for leaf in space.leaves)
        kernel = complex_contraction(function, paths) if has_complex else contraction(function, paths)
        argnums = tuple(at + 1 for at in self.argnums)
        return Subject(kernel, (structured, *self.args), argnums, hidden=self.hidden + 1)


def contraction(function: Callable[..., Any], paths: Sequence[Path]) -> Callable[..., Any]:
    """A kernel of weights and the function's arguments: the sum of its value's parts at ``paths``, weighted."""

    def contracted(weights, *args):  # type: ignore[no-untyped-def]
        value = function(*args)
        total = 0.0
        for path in paths:
            part = value
            weight = weights
            for step in path:
                part = part[step]
                weight = weight[step]
            total += np.sum(part * weight)
        return total

    return contracted


def complex_contraction(function: Callable[..., Any], paths: Sequence[Path]) -> Callable[..., Any]:
    """As ``contraction``, of a value with complex parts: their real and imaginary parts, each times its weight."""

    def contracted(weights, *args):  # type: ignore[no-untyped-def]
        value = function(*args)
        total = 0.0
        for path in paths:
            part = value
            weight = weights
            for step in path:
                part = part[step]
                weight = weight[step]
            total += np.sum((np.conj(weight) * part).real)
        return total

    return contracted


def floating_argnums(args: Sequence[Any]) -> tuple[int, ...]:
    """The arguments that are floating-point throughout. Raises ArgumentError when there are none."""
    found = []
    for at, arg in enumerate(args):
        parts = [part for _, part in walk(arg)]
        if parts and all(is_floating(part) for part in parts):
            found.append(at)
    if not found:
        raise ArgumentError(
            "check_grads was given no argument that is floating-point throughout.",
            "pass floats (2.0, not 2), complex numbers, or arrays of them.",
        )
    return tuple(found)


def _copied(args: Sequence[Any]) -> list[Any]:
    return [copied(arg) for arg in args]


def _or_nan(evaluate: Callable[[], Vector], size: int) -> Vector:
    try:
        return evaluate()
    except UNUSABLE:
        return np.full(size, np.nan)

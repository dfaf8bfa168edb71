"""Derivatives asked for inside a kernel: ``jitad.grad(f)(x)``, ``jitad.jvp(f, (x,), (v,))`` and the like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jitad.reading.derivatives.directions import jvp
from jitad.reading.derivatives.gradients import gradient, hvp
from jitad.reading.derivatives.jacobians import jacobian
from jitad.reading.derivatives.options import hessian, jacfwd, make, of_object, value_and_jacobian
from jitad.reading.derivatives.parts import Args, Named, settled
from jitad.reading.values import DerivativeValue, Value

if TYPE_CHECKING:
    from jitad.reading.reader import Reader

__all__ = ["READERS", "call_derivative", "of_object"]


def call_derivative(reader: Reader, derivative: DerivativeValue, args: Args, kwargs: Named, text: str) -> Value:
    """The value of a derivative function's call."""
    args, kwargs = settled(reader, args, kwargs)
    read = jacobian if derivative.form.kind == "jacobian" else gradient
    return read(reader, derivative, args, kwargs, text)


READERS: dict[str, Callable[..., Value]] = {
    "grad": make("gradient"),
    "value_and_grad": make("gradient", with_value=True),
    "jacfwd": jacfwd,
    "jacrev": make("jacobian"),
    "jacobian": make("jacobian"),
    "value_and_jacobian": value_and_jacobian,
    "hessian": hessian,
    "jvp": jvp,
    "hvp": hvp,
}
"""What reads a call of a function of jitad's, by its name."""

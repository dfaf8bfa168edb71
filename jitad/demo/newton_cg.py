"""Newton's method without a Hessian: conjugate gradients on products of the Hessian with vectors.

``python -m jitad.demo.newton_cg`` minimises Rosenbrock's function of 50 variables.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Minimum(NamedTuple):
    """Where a function is least, its value and the norm of its gradient there, and what it took to find it."""

    x: Array
    value: float
    gradient_norm: float
    iterations: int
    products: int


def rosenbrock(x: Any) -> float:
    """Sum of 100 (x[i+1] - x[i]²)² + (1 - x[i])², least at x = 1; ``x`` has shape (n,)."""
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def newton_step(product: Callable[[Array], Array], gradient: Array) -> tuple[Array, int]:
    """A direction p with H p ≈ -gradient by conjugate gradients, and the products with the Hessian that it took.

    ``product`` multiplies the Hessian H with a vector. Conjugate gradients stop at the residual
    min(1/2, ‖gradient‖^(1/2)) ‖gradient‖, for which Newton's method still converges superlinearly, or where the Hessian
    has negative curvature (J. Nocedal and S. Wright, *Numerical Optimization*, 2nd ed., algorithm 7.1).
    """
    norm = float(np.linalg.norm(gradient))
    enough = min(0.5, math.sqrt(norm)) * norm
    step = np.zeros_like(gradient)
    residual = gradient.copy()
    direction = -residual
    square = float(residual @ residual)
    products = 0
    while math.sqrt(square) > enough and products < 10 * gradient.size:
        curved = product(direction)
        products += 1
        curvature = float(direction @ curved)
        if curvature <= 0.0:
            return (step if products > 1 else direction), products
        length = square / curvature
        step += length * direction
        residual += length * curved
        new_square = float(residual @ residual)
        direction = -residual + new_square / square * direction
        square = new_square
    return step, products


def minimise(
    f: Callable[..., Any], start: Array, args: Sequence[Any] = (), *, tolerance: float = 1e-8, most: int = 500
) -> Minimum:
    """A local minimum of ``f(x, *args)`` near ``start``, an array of shape (n,), with jitad's derivatives.

    Each step is the Newton step, shortened until the value falls by a ten-thousandth of what its slope promises.
    It ends when the gradient's norm is at most ``tolerance``.

    Raises RuntimeError after ``most`` iterations, or when no step makes the value smaller.

    >>> def bowl(x, height):
    ...     return height + 3.0 * (x[0] - 1.0) ** 2 + (x[1] + 2.0) ** 4
    >>> found = minimise(bowl, np.array([5.0, 5.0]), (7.0,))
    >>> found.x.round(2), round(found.value, 6)
    (array([ 1., -2.]), 7.0)
    """
    import jitad

    value_and_grad = jitad.value_and_grad(f)
    x, products = np.array(start, dtype=np.float64), 0
    value, gradient = value_and_grad(x, *args)
    for iteration in range(most):
        norm = float(np.linalg.norm(gradient))
        if norm <= tolerance:
            return Minimum(x, value, norm, iteration, products)
        step, taken = newton_step(partial(jitad.hvp, f, (x, *args)), gradient)
        products += taken
        slope, length = float(gradient @ step), 1.0
        new_value, new_gradient = value_and_grad(x + step, *args)
        while not new_value <= value + 1e-4 * length * slope:
            length *= 0.5
            if length < 1e-12:
                raise RuntimeError(f"no step makes the value smaller than {value:.6g} (gradient norm {norm:.2g})")
            new_value, new_gradient = value_and_grad(x + length * step, *args)
        x, value, gradient = x + length * step, new_value, new_gradient
    raise RuntimeError(f"after {most} iterations the gradient's norm is still {norm:.2g}")


def main() -> None:
    """Minimise Rosenbrock's function of 50 variables, and say what it took."""
    found = minimise(rosenbrock, np.resize([1.3, 0.7, 0.8, 1.9, 1.2], 50))
    print(f"Rosenbrock's function of 50 variables: {found.iterations} iterations,")
    print(f"{found.products} products of the Hessian with a vector; value {found.value:.1e},")
    print(f"largest distance of a variable from 1: {np.abs(found.x - 1.0).max():.1e}")


if __name__ == "__main__":
    main()

"""Gradients from values alone, to compare with: finite differences, and differences along random directions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jitad.errors import ArgumentError

_STENCILS = {
    1: ((0.0, 1.0), (-1.0, 1.0)),
    2: ((-1.0, 1.0), (-0.5, 0.5)),
    4: ((-2.0, -1.0, 1.0, 2.0), (1 / 12, -8 / 12, 8 / 12, -1 / 12)),
}
"""For each order of accuracy the points, in steps, and the weights of their values."""


def finite_difference_gradient(f: Callable[[Any], float], x: Any, *, order: int = 2, step: float | None = None) -> Any:
    """The gradient of ``f`` at ``x`` by finite differences, one entry at a time.

    ``f`` takes a float, or a float64 array of any shape such as ``x``, and returns a number. The result has the kind
    and the shape of ``x``, which stays as it is. For ``n`` entries, with step h:

    =========  ==========================================================  =========  ==============
    ``order``  an entry of the gradient                                    calls      error
    =========  ==========================================================  =========  ==============
    1          (f(x+h) - f(x)) / h (forward)                               n + 1      h f''/2
    2          (f(x+h) - f(x-h)) / 2h (central)                            2 n        h² f'''/6
    4          (f(x-2h) - 8 f(x-h) + 8 f(x+h) - f(x+2h)) / 12h             4 n        h⁴ f⁽⁵⁾/30
    =========  ==========================================================  =========  ==============

    Rounding adds about ε |f| / h, with ε = 2.2e-16. By default h = ε^(1/(order+1)) max(1, |x_i|), where both errors
    balance when ``f`` and its derivatives are near one, at about 1e-8, 4e-11 and 3e-13 (J. Nocedal and S. Wright,
    *Numerical Optimization*, 2nd ed., section 8.1). ``step`` is a fixed h.

    Raises ArgumentError for another order, or an ``x`` that isn't floating-point.

    >>> import numpy as np
    >>> finite_difference_gradient(lambda x: x[0] ** 2 * x[1], np.array([3.0, 5.0])).round(6)
    array([30.,  9.])
    """
    if order not in _STENCILS:
        raise ArgumentError(f"order={order!r} isn't an order of finite differences.", "use 1, 2 or 4.")
    points, weights = _STENCILS[order]
    moving, give = _moving(f, x)
    gradient = np.empty_like(moving)
    relative_step = float(np.finfo(np.float64).eps) ** (1 / (order + 1))
    centre = give(moving) if 0.0 in points else 0.0
    for at in np.ndindex(moving.shape):
        old = float(moving[at])
        h = step if step is not None else relative_step * max(1.0, abs(old))
        total = 0.0
        for point, weight in zip(points, weights, strict=True):
            moving[at] = old + point * h
            total += weight * (give(moving) if point else centre)
        moving[at] = old
        gradient[at] = total / h
    return gradient if isinstance(x, np.ndarray) else float(gradient[()])


def zero_order_gradient(
    f: Callable[[Any], float],
    x: Any,
    samples: int = 1,
    *,
    smoothing: float | None = None,
    central: bool = False,
    seed: int | np.random.Generator = 0,
) -> Any:
    """A random estimate of the gradient of ``f`` at ``x`` from pairs of values along random directions.

    It is the mean over ``samples`` directions u, standard normal, of the two-point estimator of Gaussian smoothing

        (f(x + μ u) - f(x)) / μ · u,   or (``central``)   (f(x + μ u) - f(x - μ u)) / 2μ · u

    (Y. Nesterov and V. Spokoiny, "Random gradient-free minimization of convex functions", *Foundations of
    Computational Mathematics* 17, 2017, section 3, with B the identity). It takes samples + 1 calls of ``f``, or
    2 ``samples`` if ``central``, whatever the number of entries n; but the error falls slowly: for small μ the mean
    square of ‖estimate - gradient‖ is (n + 1) ‖gradient‖² / samples, so that a relative error of e takes (n + 1) / e²
    samples. Smoothing adds a bias of at most μ L (n + 3)^1.5 / 2, where L is the Lipschitz constant of the gradient
    (their lemma 3).

    ``f`` takes a float, or a float64 array of the shape of ``x``, and returns a number. ``smoothing`` is μ, by default
    ε^(1/2), or with ``central`` ε^(1/3), times max(1, max|x|), with ε = 2.2e-16. ``seed`` starts the directions, or is
    the generator that gives them. The result has the kind and the shape of ``x``.

    Raises ArgumentError for fewer than 1 samples, or an ``x`` that isn't floating-point.

    >>> import numpy as np
    >>> estimate = zero_order_gradient(lambda x: x @ x, np.array([1.0, 2.0]), samples=10_000)
    >>> bool(np.linalg.norm(estimate - [2.0, 4.0]) < 0.2)
    True
    """
    if isinstance(samples, bool) or not isinstance(samples, int | np.integer) or samples < 1:
        raise ArgumentError(f"samples={samples!r} isn't a number of random directions.", "use 1 or more.")
    centre, give = _moving(f, x)
    random = np.random.default_rng(seed)
    scale = max(1.0, float(np.max(np.abs(centre), initial=0.0)))
    epsilon = float(np.finfo(np.float64).eps)
    mu = smoothing if smoothing is not None else epsilon ** (1 / 3 if central else 1 / 2) * scale
    total = np.zeros_like(centre)
    base = 0.0 if central else give(centre)
    for _ in range(samples):
        u = random.standard_normal(centre.shape)
        if central:
            total += (give(centre + mu * u) - give(centre - mu * u)) / (2 * mu) * u
        else:
            total += (give(centre + mu * u) - base) / mu * u
    estimate = total / samples
    return estimate if isinstance(x, np.ndarray) else float(estimate)


def _moving(f: Callable[[Any], float], x: Any) -> tuple[np.ndarray, Callable[[np.ndarray], float]]:
    """A fresh float64 array of the entries of ``x``, and ``f`` of such an array."""
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        return x.astype(np.float64), lambda point: float(f(point.copy()))
    if isinstance(x, float | np.floating):
        return np.array(x, dtype=np.float64), lambda point: float(f(float(point)))
    raise ArgumentError(
        f"the point of a gradient estimate is {x!r}.", "pass a float or an array of floats (x.astype(float))."
    )

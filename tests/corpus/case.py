"""What a case of the corpus is: a kernel, arguments for it, and what to differentiate by."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


class Draw:
    """Seeded arguments that stay away from kinks: nothing is within 0.05 of zero or of another element."""

    def __init__(self, name: str) -> None:
        self._random = np.random.default_rng(zlib.crc32(name.encode()))

    def uniform(self, low: float, high: float, *shape: int) -> np.ndarray:
        """Values between ``low`` and ``high``."""
        return self._random.uniform(low, high, shape)

    def positive(self, *shape: int) -> np.ndarray:
        """Values between 0.5 and 1.5."""
        return self.uniform(0.5, 1.5, *shape)

    def signed(self, *shape: int) -> np.ndarray:
        """Values of both signs, well apart from zero and from each other, in no order."""
        size = int(np.prod(shape))
        spread = np.linspace(0.23, 1.81, size) * np.where(np.arange(size) % 2 == 0, 1.0, -1.0)
        return self._random.permutation(spread).reshape(shape)

    def spd(self, n: int) -> np.ndarray:
        """A symmetric positive definite matrix, well conditioned."""
        a = self.uniform(-1.0, 1.0, n, n)
        return a @ a.T + n * np.eye(n)

    def dominant(self, n: int) -> np.ndarray:
        """A diagonally dominant matrix: elimination needs no pivots."""
        return self.uniform(-1.0, 1.0, n, n) + 2.0 * n * np.eye(n)


@dataclass(frozen=True)
class Case:
    """``function(*make_args())`` is differentiated by the arguments at ``argnums``.

    Tags: ``vjp``, the result isn't one number; ``not-numba``, plain Numba can't compile the kernel with these
    arguments; ``float32``, compare at single precision; ``inner``, the kernel takes derivatives itself.
    """

    name: str
    function: Callable[..., Any]
    draw: Callable[[Draw], tuple[Any, ...]]
    argnums: tuple[int, ...] = (0,)
    compiled: bool = False
    tags: frozenset[str] = field(default_factory=frozenset)

    def make_args(self) -> tuple[Any, ...]:
        """Fresh arguments, the same ones each time."""
        return self.draw(Draw(self.name))

    @property
    def theme(self) -> str:
        """The file that the kernel is in."""
        return self.function.__module__.rpartition(".")[2]

    def __str__(self) -> str:
        return f"{self.theme}-{self.name}"


CASES: dict[str, Case] = {}
"""Every case, by its kernel's name."""


def kernel(
    args: Callable[[Draw], tuple[Any, ...]],
    argnums: tuple[int, ...] = (0,),
    compiled: bool = False,
    tags: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the decorated kernel in the corpus and leave it as it is."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        if name in CASES:
            raise ValueError(f"two kernels are named {name}")
        CASES[name] = Case(name, function, args, argnums, compiled, frozenset(tags))
        return function

    return register

"""NumPy functions that Numba knows and kernels can't call, each with the reason and what to do instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from jitad.errors import UnsupportedCallError
from jitad.reading.context import Context
from jitad.reading.values import Value


class Refusal:
    """A handler that refuses the call."""

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        self.name, self.reason, self.remedy = name, reason, remedy

    def __call__(self, ctx: Context, *args: Value, **kwargs: Value) -> NoReturn:
        ctx.refuse(UnsupportedCallError, f"{self.name}: {self.reason}", self.remedy)


_LINALG = (
    "matrix decompositions are in a plugin of their own",
    "install jitad-linalg (plugins/jitad-linalg), or write the elimination out",
)
_SIGNAL = (
    "signal processing is in a plugin of its own",
    "install jitad-signal (plugins/jitad-signal), or write the loop out",
)
_ROOTS = ("there is no rule for it", "find the roots outside the kernel, or as eigenvalues of the companion matrix")
_BYTES = ("it gives the bytes of an array another meaning, which has no derivative", "do it outside the kernel")
_TIMES = ("kernels have no dates and times", "compare numbers")
_RANDOM = (
    "Numba doesn't draw such random numbers",
    "use a distribution that Numba has (np.random.normal, uniform, …), or draw outside the kernel and pass it in",
)

_REASONS: dict[str, tuple[str, str]] = {
    **{
        f"linalg.{name}": _LINALG
        for name in (
            *("cholesky", "cond", "det", "eig", "eigh", "eigvals", "eigvalsh", "inv", "lstsq", "matrix_power"),
            *("matrix_rank", "pinv", "qr", "slogdet", "solve", "svd"),
        )
    },
    **{
        f"random.{name}": _RANDOM
        for name, function in vars(np.random).items()
        if callable(function) and not isinstance(function, type) and not name.startswith("_")
    },
    **{f"fft.{prefix}{name}": _SIGNAL for name in ("fft", "fft2", "fftn") for prefix in ("", "i", "r", "ir")},
    **dict.fromkeys(("fft.hfft", "fft.ihfft"), _SIGNAL),
    "roots": _ROOTS,
    "convolve": _SIGNAL,
    "correlate": _SIGNAL,
    "interp": _SIGNAL,
    "frombuffer": _BYTES,
    "isnat": _TIMES,
}


def _find(name: str) -> Any:
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part)
    return found


REFUSALS: dict[Any, Callable[..., Value]] = {
    _find(name): Refusal(f"np.{name}", reason, remedy) for name, (reason, remedy) in _REASONS.items()
}
"""The handlers that refuse, by function. A primitive that a plugin registers for the function goes first."""

"""Arguments that a vector function must be right for."""

from __future__ import annotations

import numpy as np

RANGES = {
    "exp": [(-760, 720), (-110, 95)],
    "exp2": [(-1080, 1030), (-155, 130)],
    "expm1": [(-50, 720), (-1e-3, 1e-3)],
    "log": [(0, 2), (0.99, 1.01)],
    "log2": [(0, 2), (0.99, 1.01)],
    "log10": [(0, 2), (0.99, 1.01)],
    "log1p": [(-1, 1), (0, 1e6)],
    "sin": [(-50, 50), (-1e5, 1e5), (-1e10, 1e10)],
    "cos": [(-50, 50), (-1e5, 1e5), (-1e10, 1e10)],
    "tan": [(-50, 50), (-1e5, 1e5), (-1e10, 1e10)],
    "asin": [(-1e-2, 1e-2), (0.99, 1)],
    "acos": [(-1e-2, 1e-2), (0.99, 1)],
    "atanh": [(-1e-2, 1e-2), (0.99, 1)],
    "acosh": [(1, 2), (1, 1e6)],
    "sinh": [(-720, 720), (-90, 90)],
    "cosh": [(-720, 720), (-90, 90)],
    "tanh": [(-25, 25), (-0.1, 0.1)],
    "erf": [(-7, 7), (-0.1, 0.1)],
    "erfc": [(-7, 30), (-1, 11)],
}
"""Where a function turns, overflows, or loses digits."""

SPECIAL = np.array(
    [
        *(0.0, 0.5, 1.0, 2.0, 3.0, np.pi, 27.3, 1e22, 1e300, np.inf, np.nan, np.nextafter(1.0, 0.0), 1.0 + 2.0**-52),
        *(709.78, 710.5, 745.13, 746.0, 88.72, 104.0, 126.0, 128.0, 149.0, 150.0, 1024.0, 1074.0, 1075.0),
        *(1e-310, 5e-324, 1e-45, 1e-40, 2.2250738585072014e-308, 1.1754944e-38, 1.7976931348623157e308, 3.4028235e38),
    ]
)


def arguments(name: str, dtype: str, arity: int, count: int) -> tuple[np.ndarray, ...]:
    """Special numbers (in all pairs), numbers over the whole range of exponents, and some where it matters."""
    rng = np.random.default_rng(1)
    with np.errstate(over="ignore", under="ignore"):
        special = np.concatenate([SPECIAL, -SPECIAL]).astype(dtype)
    if arity == 1:
        ranges = [(-10, 10), (-1, 1), *RANGES.get(name, [])]
        inner = [rng.uniform(*bounds, count // 2 // len(ranges)).astype(dtype) for bounds in ranges]
        return (np.concatenate([special, _any(rng, dtype, count // 2), *inner]),)
    pairs = [special.repeat(special.size), np.tile(special, special.size)]
    third = count // 3
    wide = [_any(rng, dtype, third) for _ in range(2)]
    near = [rng.uniform(0, 10, third).astype(dtype), rng.uniform(-50, 50, third).astype(dtype)]
    ones = [rng.normal(0, 1, third).astype(dtype), np.round(rng.normal(0, 4, third) * 2).astype(dtype) / 2]
    return tuple(np.concatenate(parts).astype(dtype) for parts in zip(pairs, wide, near, ones, strict=True))


def _any(rng, dtype, count):
    """Numbers with all bits at random."""
    bits = {"float64": np.uint64, "float32": np.uint32}[dtype]
    return rng.integers(0, np.iinfo(bits).max, count, dtype=bits, endpoint=True).view(dtype)


class Judge:
    """Compares results with true values."""

    def __init__(self, true: np.ndarray, dtype: str) -> None:
        top = np.finfo(dtype).max
        self._true = true
        with np.errstate(all="ignore"):
            rounded = np.minimum(np.abs(true.astype(dtype)), np.nextafter(top, top.dtype.type(0)))
            self._unit = np.spacing(rounded).astype(np.longdouble)
        self._largest = np.longdouble(top) + np.spacing(np.nextafter(top, top.dtype.type(0)))

    def worst(self, result: np.ndarray) -> tuple[float, int]:
        """The largest error in units in the last place, and where.

        An infinity counts as the number after the largest one, so that it may stand for a number that rounds
        to it with an error.
        """
        with np.errstate(all="ignore"):
            error = np.abs(self._bounded(result) - self._bounded(self._true)) / self._unit
        error[np.isnan(error)] = 0
        at = int(np.argmax(error))
        return float(error[at]), at

    def wrong(self, result: np.ndarray) -> np.ndarray:
        """Where a NaN, an infinity or a zero isn't what it should be, or stands where it shouldn't."""
        true = self._true
        zero = (true == 0) & ((result != 0) | (np.signbit(result) != np.signbit(true)))
        return np.flatnonzero((np.isnan(result) != np.isnan(true)) | zero | (np.isinf(true) & (result != true)))

    def _bounded(self, values: np.ndarray) -> np.ndarray:
        return np.clip(values.astype(np.longdouble), -self._largest, self._largest)

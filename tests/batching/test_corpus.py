"""Kernels of the corpus in batches, in lanes where that is possible: the same numbers as for one sample alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitad
from jitad.reading.results import make_sequence
from tests.corpus import Case, cases
from tests.test_corpus import flat

COUNT = 3

WITHOUT_AXES = ("zero_dimensional_argument", "gradient_by_an_array_without_axes")
"""Their samples would be numbers."""

SOME = [case for case in cases() if case.name not in WITHOUT_AXES][::5]


def moved(arg: Any, by: float) -> Any:
    """The argument with its floating-point numbers scaled."""
    if isinstance(arg, tuple | list):
        return make_sequence(type(arg), [moved(item, by) for item in arg])
    if isinstance(arg, dict):
        return {name: moved(item, by) for name, item in arg.items()}
    if isinstance(arg, np.ndarray) and arg.dtype.kind in "fc":
        return arg * arg.real.dtype.type(by)
    return type(arg)(arg * by) if isinstance(arg, float | complex | np.floating) else arg


def stacked(args: list[Any]) -> Any:
    """The same structure of arrays of samples, and its axes: None for what isn't floating-point."""
    first = args[0]
    if isinstance(first, tuple | list):
        both = [stacked([arg[at] for arg in args]) for at in range(len(first))]
        return make_sequence(type(first), [one for one, _ in both]), tuple(axes for _, axes in both)
    if isinstance(first, dict):
        named = {name: stacked([arg[name] for arg in args]) for name in first}
        return {name: one for name, (one, _) in named.items()}, {name: axes for name, (_, axes) in named.items()}
    is_floating = np.asarray(first).dtype.kind in "fc" and first is not None
    return (np.array(args), 0) if is_floating else (first, None)


@pytest.mark.parametrize("case", SOME, ids=str)
def test_samples_are_what_they_are_alone(case: Case) -> None:
    samples = []
    for k in range(COUNT):
        args = case.make_args()
        samples.append([moved(arg, 1.0 + 0.001 * k) if at in case.argnums else arg for at, arg in enumerate(args)])
    args: list[Any] = []
    axes: list[Any] = []
    for at, first in enumerate(samples[0]):
        one, own = stacked([sample[at] for sample in samples]) if at in case.argnums else (first, None)
        args.append(one)
        axes.append(own)
    function = case.function if "vjp" in case.tags else jitad.value_and_grad(case.function, argnums=case.argnums)
    found = jitad.batch(function, in_axes=axes)(*args)
    for k, sample in enumerate(samples):
        alone = jitad.vjp(case.function, *sample)[0] if "vjp" in case.tags else function(*sample)
        for part, expected in zip(flat(found), flat(alone), strict=True):
            np.testing.assert_array_equal(part[k], expected)

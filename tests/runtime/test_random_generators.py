"""States of random generators, kept in arrays and put back."""

from __future__ import annotations

import random

import numpy as np
import pytest
from numba import njit

from jitad.errors import UnsupportedCallError
from jitad.runtime import generators
from jitad.runtime.generators import WORDS


@njit
def draw():
    return np.random.normal(), np.random.random(), random.gauss(0.0, 1.0), random.random()


@njit
def replayed(first, numpy, python):
    """Ten rounds of numbers from the same states, which wait in the middle of pairs of normal numbers."""
    draw()
    generators.keep_numpy(numpy)
    generators.keep_python(python)
    rounds = []
    for _ in range(10):
        rounds.append(draw())
        for _ in range(700):
            draw()
        generators.put_numpy(first, numpy)
        generators.put_python(first, python)
    return rounds


def test_compiled() -> None:
    numpy, python = np.zeros(WORDS, np.int64), np.zeros(WORDS, np.int64)
    assert len(set(replayed(np.zeros(1, np.int64), numpy, python))) == 1


def test_python() -> None:
    np.random.normal(), random.gauss(0.0, 1.0)
    numpy, python, first = np.zeros(WORDS, np.int64), np.zeros(WORDS, np.int64), np.zeros(1, np.int64)
    generators.plain_keep_numpy(numpy)
    generators.plain_keep_python(python)
    rounds = []
    for _ in range(3):
        rounds.append(draw.py_func())
        for _ in range(700):
            draw.py_func()
        generators.plain_put_numpy(first, numpy)
        generators.plain_put_python(first, python)
    assert len(set(rounds)) == 1


@pytest.mark.parametrize("compiled", [False, True])
def test_between_runs(compiled: bool) -> None:
    run = draw if compiled else draw.py_func
    both = ("numpy", "python")
    restore = generators.kept(both, compiled=compiled)
    drawn, later = run(), generators.kept(both, compiled=compiled)
    expected = run()
    later()
    with generators.replaying(restore, both, compiled=compiled):
        assert run() == drawn
    assert run() == expected


def test_another_generator_of_numpys() -> None:
    saved = np.random.get_bit_generator()
    np.random.set_bit_generator(np.random.PCG64(1))
    try:
        with pytest.raises(UnsupportedCallError, match="PCG64"):
            generators.plain_keep_numpy(np.zeros(WORDS, np.int64))
        restore = generators.kept(("numpy",), compiled=False)
        drawn = np.random.random()
        restore()
        assert np.random.random() == drawn
    finally:
        np.random.set_bit_generator(saved)

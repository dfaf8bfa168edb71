"""Loops of the reverse sweep around loops are made one where an array only goes from one to the next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitad
from jitad.program.queries import walk
from jitad.program.statements import Alloc, Load, Loop, Program
from tests.fixtures import own_cache, run_uncompiled
from tests.transforms.kernels import adjoint_of, assert_gradient, loops

__all__ = ["own_cache", "run_uncompiled"]

X = np.linspace(-0.8, 1.3, 4)
L = np.linspace(0.3, 0.9, 6)
POINTS = np.linspace(-0.5, 1.0, 20).reshape(5, 4)


def below_the_diagonal(lower, x):
    d = x.shape[0]
    total = 1.0
    for _ in range(2):
        centred = np.empty(d)
        scaled = np.empty(d)
        for a in range(d):
            centred[a] = total - x[a]
            scaled[a] = x[a] * centred[a]
        at = 0
        for a in range(d):
            for b in range(a + 1, d):
                scaled[b] += lower[at] * centred[a]
                at += 1
        squared = 0.0
        for a in range(d):
            squared += scaled[a] * scaled[a]
        total = 1.0 + 0.1 * squared
    return total


def passed_on_reversed(lower, x):
    d = x.shape[0]
    total = 1.0
    for _ in range(2):
        centred = np.empty(d)
        scaled = np.zeros(d)
        for a in range(d):
            centred[d - 1 - a] = total - x[a]
        for a in range(d):
            for b in range(d):
                scaled[b] += lower[a] * centred[a] * centred[a]
        squared = 0.0
        for a in range(d):
            squared += scaled[a] * scaled[a]
        total = 1.0 + 0.1 * squared
    return total


def through_a_function(lower, x):
    d = x.shape[0]
    total = 1.0
    for _ in range(2):
        centred = np.empty(d)
        scaled = np.zeros(d)
        for a in range(d):
            centred[a] = np.exp(0.1 * (total - x[a]))
        for a in range(d):
            for b in range(a, d):
                scaled[b] += lower[a] * centred[a]
        squared = 0.0
        for a in range(d):
            squared += scaled[a] * scaled[a]
        total = 1.0 + 0.1 * squared
    return total


def with_another_reader(lower, x):
    d = x.shape[0]
    total = 1.0
    for _ in range(2):
        centred = np.empty(d)
        scaled = np.zeros(d)
        for a in range(d):
            centred[a] = total - x[a]
        for a in range(d):
            for b in range(a, d):
                scaled[b] += lower[a] * centred[a]
        squared = centred[0] * centred[d - 1]
        for a in range(d):
            squared += scaled[a] * scaled[a]
        total = 1.0 + 0.1 * squared
    return total


KERNELS = [below_the_diagonal, passed_on_reversed, through_a_function, with_another_reader]


def shadows(program: Program) -> set[str]:
    return {s.out.name for s in walk(program.body) if isinstance(s, Alloc) and s.out.name.endswith("_bar")}


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.__name__)
def test_gradients_are_right(kernel: Any) -> None:
    assert_gradient(kernel, L, X)
    assert_gradient(kernel, L, X[:1])


def test_what_one_loop_passes_to_the_next_is_a_number() -> None:
    program = adjoint_of(below_the_diagonal, L, X, wrt=(0, 1)).program
    assert shadows(program) == {"scaled_bar"}
    reverse = [loop for loop in loops(program) if any(isinstance(s, Loop) for s in loop.body)][-1]
    (inner,) = [s for s in reverse.body if isinstance(s, Loop)]
    fixed = [s for s in inner.body if isinstance(s, Load) and inner.index not in s.index]
    assert [len(s.index) for s in fixed] == [1]  # an element of lower, by the position in the triangle


@pytest.mark.parametrize("kernel", KERNELS[1:], ids=lambda k: k.__name__)
def test_what_else_stays_in_memory(kernel: Any) -> None:
    assert "centred_bar" in shadows(adjoint_of(kernel, L, X, wrt=(0, 1)).program)


def mixture(diagonal, lower, means, points):
    k, d = means.shape
    centred, scaled, terms = np.empty(d), np.empty(d), np.empty(k)
    likelihood = 0.0
    for i in range(points.shape[0]):
        for j in range(k):
            for a in range(d):
                centred[a] = points[i, a] - means[j, a]
                scaled[a] = diagonal[j, a] * centred[a]
            at = 0
            for a in range(d):
                for b in range(a + 1, d):
                    scaled[b] += lower[j, at] * centred[a]
                    at += 1
            squared = 0.0
            for a in range(d):
                squared += scaled[a] * scaled[a]
            terms[j] = -0.5 * squared
        total = 0.0
        for j in range(k):
            total += np.exp(terms[j])
        likelihood += np.log(total)
    return likelihood


def test_the_tape_of_a_mixture() -> None:
    rng = np.random.default_rng(1)
    k, d = 3, 4
    args = (rng.normal(size=(k, d)), rng.normal(size=(k, 6)), rng.normal(size=(k, d)), POINTS)
    assert_gradient(mixture, *args)
    explained = jitad.explain(mixture, *args, argnums=(0, 1, 2))
    rows = 2 * k * d  # each component's distances, before and after they are scaled
    terms = 2 * k  # with their adjoints: the exponentials are off the tape again
    assert explained.tape_bytes == {"float64": 8 * (rows + terms + d)}
